"""Reads YAML into frozen dataclasses and says, file and line, what is wrong with it.

The dataclasses are the format: their fields are the keys, their annotations the ranges. Unknown keys are refused, text
is never taken for a number, and all the mistakes of a file are reported at once, each with the nearest allowed word.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files.inherit import inheriting, may_inherit, with_inherited
from dekomp_sim.files.marks import Marked, MistakesError, Place, kind_of, read_marked

T = TypeVar("T")

_KINDS: Final = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys",
    "null": "nothing",
}

_BOUNDS: Final = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "above {:g}",
    "maximum": "at most {:g}",
    "exclusiveMaximum": "below {:g}",
    "minItems": "at least {:g} entries",
    "maxItems": "at most {:g} entries",
}


def read_yaml(path: Path | str, into: type[T]) -> T:
    """The dataclass `into` that a YAML file describes.

    Parameters
    ----------
    path
        A UTF-8 file whose top is a mapping.
    into
        A dataclass; its fields may be dataclasses, tuples, enums, mappings, and unions told apart by their key `do`.

    Raises
    ------
    InputError
        If the file does not describe `into`: one line of the message for each mistake, with file, line and column,
        what was found, what is allowed and the nearest allowed word.
    OutOfRangeError
        If `into` itself refuses a value; the place in the file is put before its words.
    """
    marked = read_marked(Path(path))
    if may_inherit(into):
        marked = with_inherited(marked)
    text = json.dumps(marked.values)
    kind: Any = into
    try:
        # JSON, because strict reading then takes lists for tuples and words for enums, yet never text for a number.
        value: T = _validator(kind).validate_json(text, strict=True)
    except ValidationError as wrong:
        raise MistakesError(_mistakes(marked, schema(kind), wrong.errors(include_url=False))) from None
    except DekompSimError as wrong:
        raise _placed(marked, wrong) from None
    return value


@cache
def schema(into: type[Any]) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of the files that `read_yaml` takes for `into`."""
    found = TypeAdapter(into).json_schema()
    for part in _mappings(found):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
    if may_inherit(into):
        found = inheriting(found)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


@cache
def _validator(into: type[Any]) -> SchemaValidator:
    """Pydantic's validator of `into` with unknown keys forbidden at every depth.

    Plain dataclasses ignore unknown keys unless their class is marked; the marks are set in the schema instead, so that
    the rooms that own the classes need not know of pydantic.
    """
    core: Any = TypeAdapter(into).core_schema
    for part in _mappings(core):
        if part.get("type") == "dataclass-args":
            part["extra_behavior"] = "forbid"
    return SchemaValidator(core)


def _mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Every dict within nested dicts and lists."""
    if isinstance(tree, dict):
        yield tree
        for part in list(tree.values()):
            yield from _mappings(part)
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from _mappings(part)


def _mistakes(marked: Marked, top: dict[str, Any], errors: list[ErrorDetails]) -> list[InputError]:
    """One mistake for each place, in the file's order: members of a union complain each for itself."""
    found: dict[tuple[bool, str, int, int, str], InputError] = {}
    for error in _without_echoes(errors):
        place = _place_in_file(marked, error["loc"])
        mistake = _mistake(marked, top, place, error)
        file, line, column = mistake.where.rsplit(":", 2)
        found.setdefault((file != str(marked.path), file, int(line), int(column), mistake.found), mistake)
    return [found[key] for key in sorted(found)]


def _without_echoes(errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """All but lists that are too short only because an entry of theirs is wrong."""
    places = [error["loc"] for error in errors]
    for error in errors:
        own = error["loc"]
        inside = any(place[: len(own)] == own and len(place) > len(own) for place in places)
        if not (error["type"] == "too_short" and inside):
            yield error


def _place_in_file(marked: Marked, loc: tuple[int | str, ...]) -> Place:
    """Pydantic's location without the names of union members, which are no keys of the file."""
    place: Place = ()
    for step in loc:
        if (*place, step) in marked.marks:
            place = (*place, step)
    return place


def _mistake(marked: Marked, top: dict[str, Any], place: Place, error: ErrorDetails) -> InputError:
    kind, last = error["type"], error["loc"][-1] if error["loc"] else ""
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        words = _keys(_schemas_at(marked, top, place[:-1]))
        return InputError(
            marked.where_key(place), f"the key {last}", ", ".join(words) or "no keys", _nearest(str(last), words)
        )
    if kind in {"missing", "missing_argument"} and isinstance(last, str):
        wanted = _property(_schemas_at(marked, top, place), last)
        meaning = _described(top, [wanted] if wanted else [])
        return InputError(marked.where(place), f"no key {last}", f"{last}: {meaning}", f"Add {last}")
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return _wrong_tag(marked, place, error)
    if last == "[key]":
        names = [part["propertyNames"] for part in _schemas_at(marked, top, place[:-1]) if "propertyNames" in part]
        remedy = _nearest(str(place[-1]), _words(top, names))
        return InputError(marked.where_key(place), f"the key {place[-1]}", _described(top, names), remedy)
    schemas = _schemas_at(marked, top, place)
    if kind == "value_error" and not _words(top, schemas):
        return InputError(marked.where(place), _shown(marked.at(place)), error["msg"].removeprefix("Value error, "))
    value = marked.at(place)
    remedy = _nearest(value, _words(top, schemas)) if isinstance(value, str) else ""
    return InputError(marked.where(place), _shown(value, place), _described(top, schemas) or error["msg"], remedy)


def _wrong_tag(marked: Marked, place: Place, error: ErrorDetails) -> InputError:
    key = str(error["ctx"]["discriminator"]).strip("'")
    if error["type"] == "union_tag_not_found":
        return InputError(
            marked.where(place), f"no key {key}", f"a mapping with {key}", f"Say with {key} what is meant"
        )
    words = [word.strip().strip("'") for word in error["ctx"]["expected_tags"].split(", ")]
    tag = str(error["ctx"]["tag"])
    return InputError(marked.where((*place, key)), f"{key}: {tag}", ", ".join(words), _nearest(tag, words))


def _shown(value: Any, place: Place = ()) -> str:
    """A value as a person wrote it, with its key; long ones by their kind."""
    key = next((f"{step}: " for step in reversed(place) if isinstance(step, str)), "")
    if isinstance(value, str) and len(value) > 60:
        return f"{key}{value[:57]}..."
    if isinstance(value, list):
        return f"{key}a list of {len(value)} entries"
    return f"{key}{kind_of(value) if value is None or isinstance(value, dict) else json.dumps(value)}"


def _nearest(word: str, words: list[str]) -> str:
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"The nearest is {close[0]}" if close else ""


def _schemas_at(marked: Marked, top: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    """The parts of the JSON schema that speak of the value at `place`: several where a union allows several."""
    schemas = _alternatives(top, top, marked.values)
    for depth, step in enumerate(place):
        value = marked.at(place[: depth + 1])
        below = [_below(part, step) for part in schemas]
        schemas = [choice for part in below if part is not None for choice in _alternatives(top, part, value)]
    return schemas


def _below(part: dict[str, Any], step: str | int) -> dict[str, Any] | None:
    """The schema of a mapping's or list's member."""
    if isinstance(step, str):
        found = part.get("properties", {}).get(step, part.get("additionalProperties"))
    else:
        prefix = part.get("prefixItems", [])
        found = prefix[step] if step < len(prefix) else part.get("items")
    return found if isinstance(found, dict) else None


def _alternatives(top: dict[str, Any], part: dict[str, Any], value: Any) -> list[dict[str, Any]]:
    """A schema with references followed and unions spread; one told apart by a key shrinks to a member."""
    if "$ref" in part:
        return _alternatives(top, top["$defs"][part["$ref"].rsplit("/", 1)[1]], value)
    choices = part.get("anyOf") or part.get("oneOf") or part.get("allOf")
    if not choices:
        return [part]
    tagged = part.get("discriminator", {})
    tag = value.get(tagged.get("propertyName")) if isinstance(value, dict) else None
    if isinstance(tag, str) and tag in tagged.get("mapping", {}):
        choices = [{"$ref": tagged["mapping"][tag]}]
    return [choice for member in choices for choice in _alternatives(top, member, value)]


def _keys(schemas: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for part in schemas for key in part.get("properties", {})))


def _property(schemas: list[dict[str, Any]], key: str) -> dict[str, Any] | None:
    return next((part["properties"][key] for part in schemas if key in part.get("properties", {})), None)


def _words(top: dict[str, Any], schemas: list[dict[str, Any]]) -> list[str]:
    """Every word that these schemas allow."""
    choices = [choice for part in schemas for choice in _alternatives(top, part, None)]
    return [str(word) for part in choices for word in part.get("enum", [part["const"]] if "const" in part else [])]


def _described(top: dict[str, Any], schemas: list[dict[str, Any]]) -> str:
    """What these schemas allow, in words."""
    choices = [choice for part in schemas for choice in _alternatives(top, part, None)]
    described = list(dict.fromkeys(_description(part) for part in choices))
    return " or ".join(text for text in described if text)


def _description(part: dict[str, Any]) -> str:
    words = _words({}, [part])
    if words:
        return " or ".join(words)
    text = _KINDS.get(part.get("type", ""), "")
    bounds = [form.format(part[key]) for key, form in _BOUNDS.items() if key in part]
    if part.get("minItems") == part.get("maxItems") and "minItems" in part:
        bounds = [f"of {part['minItems']} entries"]
    keys = f" ({', '.join(part['properties'])})" if part.get("properties") else ""
    return f"{text}{keys} {' and '.join(bounds)}".strip()


def _placed(marked: Marked, wrong: DekompSimError) -> DekompSimError:
    """The same error with the file's place of the key it names put first."""
    steps = wrong.where.replace("[", ".").replace("]", "").split(".")
    named = [place for place in marked.keys if [str(step) for step in place][-len(steps) :] == steps]
    where = marked.where(named[0]) if named else str(marked.path)
    return type(wrong)(f"{where}: {wrong.where}", wrong.found, wrong.allowed, wrong.remedy)
