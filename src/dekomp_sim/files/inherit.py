"""A document that inherits from another: what it does not say comes from there, and mistakes are told where they stand.

`inherits` names a shipped scenario, or a file beside the one that inherits. Mappings are laid over each other key by
key, everything else replaces what was inherited; `steps_before` and `steps_after` add to the steps.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files.marks import Mark, Marked, Place, read_marked
from dekomp_sim.files.shipped import shipped

KEY: Final = "inherits"
"""The key that names what a document inherits from."""

STEPS: Final = ("steps_before", "steps", "steps_after")
"""Keys whose lists become one."""


def may_inherit(into: Any) -> bool:
    """Whether documents of a dataclass may inherit: it has a field for it."""
    return is_dataclass(into) and any(one.name == KEY for one in fields(into))


def inheriting(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of documents that may inherit: what is required may be inherited, and steps may be added."""
    properties = dict(schema["properties"])
    for key in STEPS[::2]:
        properties[key] = {**properties["steps"], "minItems": 0}
    needed = {"if": {"required": [KEY]}, "else": {"required": schema.get("required", [])}}
    return {**schema, "properties": properties, "required": [], **needed}


def with_inherited(marked: Marked) -> Marked:
    """A document with all that it inherits laid under it.

    Raises
    ------
    InputError
        If what it inherits from is not there or is no YAML, or if it inherits from itself, however far off.
    """
    return _folded(_above(marked, (marked.path.resolve(),)))


def _above(marked: Marked, chain: tuple[Path, ...]) -> Marked:
    if KEY not in marked.values:
        return marked
    where = marked.where((KEY,))
    source = _source(marked, where)
    if source.resolve() in chain:
        names = [path.name for path in (*chain, source)]
        raise InputError(where, f"a circle: {' inherits '.join(names)}", "a scenario that does not inherit from itself")
    try:
        base = read_marked(source)
    except DekompSimError as wrong:
        if source.is_file():
            raise
        raise InputError(where, f"{KEY}: {marked.values[KEY]}", "a shipped scenario, or a file", str(wrong)) from None
    return _laid_over(_above(base, (*chain, source.resolve())), marked)


def _source(marked: Marked, where: str) -> Path:
    name = marked.values[KEY]
    if not isinstance(name, str) or not name.strip():
        raise InputError(where, f"{KEY}: {name}", "the name of a shipped scenario, or a file")
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return marked.path.parent / name
    try:
        return shipped("scenarios", name)
    except InputError as wrong:
        raise InputError(where, f"{KEY}: {name}", f"a file, or one of {wrong.allowed}", wrong.remedy) from None


def _laid_over(base: Marked, own: Marked) -> Marked:
    """`own` over `base`, marks and all."""
    marks, keys = dict(base.marks), dict(base.keys)
    values = _merged(base.values, own.values, (), (marks, keys))
    marks.update(own.marks)
    keys.update(own.keys)
    return Marked(own.path, values, marks, keys)


def _merged(
    base: dict[str, Any], own: dict[str, Any], place: Place, marks: tuple[dict[Place, Mark], dict[Place, Mark]]
) -> dict[str, Any]:
    """Two mappings as one; the marks of what is replaced are dropped."""
    merged = dict(base)
    for key, value in own.items():
        here = (*place, key)
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merged[key] = _merged(base[key], value, here, marks)
            continue
        if key in base:
            for table in marks:
                for old in [one for one in table if one[: len(here)] == here]:
                    del table[old]
        merged[key] = value
    return merged


def _folded(marked: Marked) -> Marked:
    """The document with the steps before and after put into its steps."""
    if not any(key in marked.values for key in STEPS[::2]):
        return marked
    lists = [(key, marked.values[key]) for key in STEPS if isinstance(marked.values.get(key), list)]
    values = {key: value for key, value in marked.values.items() if key not in STEPS[::2]}
    values["steps"] = [step for _, steps in lists for step in steps]
    moved = {(key, m): n for n, (key, m) in enumerate((key, m) for key, steps in lists for m in range(len(steps)))}
    return Marked(marked.path, values, _moved(marked.marks, moved), _moved(marked.keys, moved))


def _moved(table: dict[Place, Mark], moved: dict[tuple[str, int], int]) -> dict[Place, Mark]:
    """Marks at the places to which their steps were moved."""
    found: dict[Place, Mark] = {}
    for place, mark in table.items():
        number = moved.get(place[:2]) if len(place) > 1 else None  # type: ignore[arg-type]
        found[place if number is None else ("steps", number, *place[2:])] = mark
    return found
