"""Values of a scenario by dotted path: `card.weight_kg`, `steps.12.to_depth_mm`; steps count from 1, as when told."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dekomp_sim.errors import InputError

MOST_NAMED: Final = 12
"""Keys named in a message. Assumption: more are not read."""

Record = Mapping[str, Any]
"""A scenario as plain values, every field of it, as a journal's header holds it."""


def value_at(record: Record, key: str) -> Any:
    """The value at a dotted path.

    Raises
    ------
    InputError
        If the scenario has no such key.

    Examples
    --------
    >>> value_at({"steps": [{"do": "wait", "seconds": 60}]}, "steps.1.seconds")
    60
    """
    value: Any = record
    for depth, step in enumerate(key.split(".")):
        names = _names(value)
        if step not in names:
            raise _unknown(key, depth, names)
        value = value[_place(value, step)]
    return value


def with_value(record: Record, key: str, value: Any) -> dict[str, Any]:
    """A copy in which another value stands at a dotted path; what does not lie on the path is shared.

    Examples
    --------
    >>> with_value({"card": {"age_y": 42, "leg_pain": 7}}, "card.age_y", 60)
    {'card': {'age_y': 60, 'leg_pain': 7}}
    """
    replaced: dict[str, Any] = _replaced(record, key.split("."), value)
    return replaced


def with_values(record: Record, values: Mapping[str, Any]) -> Record:
    """A copy in which each of the paths has its value."""
    for key, value in values.items():
        record = with_value(record, key, value)
    return record


def _replaced(whole: Any, steps: list[str], value: Any) -> Any:
    if not steps:
        return value
    place = _place(whole, steps[0])
    copy = dict(whole) if isinstance(whole, Mapping) else list(whole)
    copy[place] = _replaced(whole[place], steps[1:], value)
    return copy


def _place(whole: Any, step: str) -> Any:
    return step if isinstance(whole, Mapping) else int(step) - 1


def _names(value: Any) -> tuple[str, ...]:
    """Words that may come next in a path."""
    if isinstance(value, Mapping):
        return tuple(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(number) for number in range(1, len(value) + 1))
    return ()


def _unknown(key: str, depth: int, names: Sequence[str]) -> InputError:
    steps = key.split(".")
    above = ".".join(steps[:depth])
    if not names:
        return InputError(f"--vary {key}", f"{above}, which has no keys below it", f"{above} itself")
    if all(name.isdecimal() for name in names):
        return InputError(f"--vary {key}", steps[depth], f"1 to {len(names)} for {above}", "explain numbers the steps")
    close = difflib.get_close_matches(steps[depth], names, n=1, cutoff=0.5)
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    where = f" in {above}" if above else ""
    return InputError(
        f"--vary {key}", f"the key {steps[depth]}{where}", shown, f"The nearest is {close[0]}" if close else ""
    )
