"""The fields of an action as controls of a form, read off its dataclass: names, ranges and choices stand there once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields
from enum import Enum, StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le

from dekomp_sim.errors import InputError
from dekomp_sim.instruments import CATALOGUE, Kind
from dekomp_sim.procedure.actions import Action, Point

UNITS: Final = {
    "rate_ml_s": "mL/s", "iodine_mg_ml": "mg/mL", "pulses_per_s": "/s", "seconds": "s", "kv": "kV", "mas": "mAs",
    "rpm": "/min", "mm": "mm", "deg": "°", "ml": "mL", "g": "g", "percent": "%",
}  # fmt: skip
"""How a unit in a field's name is written: whole names first, else the part behind the last underscore."""

MEASURED_IN: Final = ("rate_ml_s", "iodine_mg_ml", "pulses_per_s")
"""Names of which more than the last part is unit."""

WORDS: Final = {
    "kv": "kV",
    "mas": "mAs",
    "rpm": "Speed",
    "to": "To mark",
    "left_mm": "To the left",
    "head_mm": "To the head",
    "up_mm": "Up",
    "primary_deg": "Primary, + to the left",
    "secondary_deg": "Secondary, + to the head",
    "drape_c_arm": "Drape the C-arm",
    "across": "Open across",
    "along": "Open along",
    "medial_deg": "To the midline",
    "cranial_deg": "To the head",
    "seconds": "Time",
    "spot": "Picture to keep",
}
"""Labels of fields whose name alone does not say it."""

STEPS_OF_A_RANGE: Final = 100.0
"""Steps in which a control crosses its range, at least. Assumption: what a slider of 200 pixels can tell apart."""

ROUNDED_UP: Final = 0.1
"""Powers of ten by which a step may be larger than that: 90 degrees are crossed in steps of 1, not of 0.1."""

STEP_AT_MOST: Final = 1.0
"""Largest step where no default says how a number is usually told. Assumption."""

UNASKED: Final = ("do", "held")
"""Fields that no form asks for: the action's own word, and what the pedal knows itself."""

INSTRUMENTS: Final = tuple(key for key, item in CATALOGUE.items() if item.kind is not Kind.BLADE)
"""What a field named `instrument` may hold: the tray but the scalpel, which cuts with an action of its own."""


class ControlKind(StrEnum):
    """What a form shows for a field."""

    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    FLAG = "flag"
    TEXT = "text"
    POINT = "point"


@dataclass(frozen=True, slots=True)
class Control:
    """One field of an action for a form.

    Parameters
    ----------
    name
        The field's.
    words, unit
        For a reader.
    kind
        What to show.
    low, high
        Least and greatest value of a number; None where open.
    step
        By how much it goes up and down; None where it is no number.
    choices
        Words it may hold; for numbers and points those that stand instead of one ("auto", "planned").
    default
        What it holds if nothing is entered; None where something must be, or where `optional`.
    optional
        It may be left empty.
    """

    name: str
    words: str
    unit: str
    kind: ControlKind
    low: float | None
    high: float | None
    step: float | None
    choices: tuple[str, ...]
    default: Any
    optional: bool


@cache
def controls(do: str) -> tuple[Control, ...]:
    """The controls of an action, by its word in a scenario file.

    Raises
    ------
    InputError
        If there is no such action.

    Examples
    --------
    >>> [(one.name, one.unit, one.low, one.high) for one in controls("sedate") + controls("bandage")]
    [('level', '', None, None)]
    >>> print(controls("anaesthetise")[0])
    Control(name='volume_ml', words='Volume', unit='mL', kind=<ControlKind.NUMBER: 'number'>, low=0.0, high=50.0,
        step=0.1, choices=(), default=None, optional=False)
    """
    if do not in ACTIONS:
        raise InputError("do", do, ", ".join(ACTIONS))
    hints = get_type_hints(ACTIONS[do], include_extras=True)
    return tuple(_control(one, hints[one.name]) for one in fields(ACTIONS[do]) if one.name not in UNASKED)


def _word_of(action: Any) -> str:
    return str(next(one.default for one in fields(action) if one.name == "do"))


ACTIONS: Final = MappingProxyType({_word_of(kind): kind for kind in get_args(Action)})
"""Every kind of action by its word."""


def title(do: str) -> str:
    """An action's word as a button says it.

    Examples
    --------
    >>> title("set_view")
    'Set view'
    """
    return do.replace("_", " ").capitalize()


def _control(one: Field[Any], hint: Any) -> Control:
    leaves = [leaf for leaf in _leaves(hint) if leaf[0] is not NoneType]
    default = None if one.default is MISSING else one.default
    kind = _kind(one.name, [leaf[0] for leaf in leaves])
    low, high = _range([meta for leaf in leaves for meta in leaf[1]])
    words, unit = _named(one.name)
    step = _step(kind, low, high, default)
    optional = one.default is None
    told = default.value if isinstance(default, Enum) else default
    return Control(one.name, words, unit, kind, low, high, step, _choices(one.name, leaves), told, optional)


def _leaves(hint: Any, metas: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The members of a union, each a class or a literal, with the bounds that annotate it."""
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        yield from _leaves(inner, (*metas, *more))
    elif get_origin(hint) in {UnionType, Union}:
        for part in get_args(hint):
            yield from _leaves(part, metas)
    else:
        yield hint, metas


def _kind(name: str, types: list[Any]) -> ControlKind:
    for cls, kind in (
        (bool, ControlKind.FLAG),
        (Point, ControlKind.POINT),
        (int, ControlKind.INTEGER),
        (float, ControlKind.NUMBER),
    ):
        if cls in types:
            return kind
    if name == "instrument" or any(isinstance(one, type) and issubclass(one, Enum) for one in types):
        return ControlKind.CHOICE
    return ControlKind.TEXT


def _choices(name: str, leaves: list[tuple[Any, tuple[Any, ...]]]) -> tuple[str, ...]:
    if name == "instrument":
        return INSTRUMENTS
    found: list[str] = []
    for leaf, _ in leaves:
        if get_origin(leaf) is Literal:
            found += map(str, get_args(leaf))
        elif isinstance(leaf, type) and issubclass(leaf, Enum):
            found += [str(member.value) for member in leaf]
    return tuple(found)


def _range(metas: list[Any]) -> tuple[float | None, float | None]:
    low = next((float(m.ge if isinstance(m, Ge) else m.gt) for m in metas if isinstance(m, Ge | Gt)), None)  # type: ignore[arg-type]
    high = next((float(m.le) for m in metas if isinstance(m, Le)), None)  # type: ignore[arg-type]
    return low, high


def _named(name: str) -> tuple[str, str]:
    """A field's name as words and unit."""
    tail = next((known for known in MEASURED_IN if name == known), "")
    unit = UNITS.get(tail or name, UNITS.get(name.rpartition("_")[2], "") if "_" in name else "")
    if tail:
        stem = name.partition("_")[0]
    elif name in UNITS or not unit:
        stem = name
    else:
        stem = name.rpartition("_")[0]
    return WORDS.get(name, stem.replace("_", " ").capitalize()), unit


def _step(kind: ControlKind, low: float | None, high: float | None, default: Any) -> float | None:
    """A power of ten that fits the range, and into the default."""
    if kind is ControlKind.INTEGER:
        return 1.0
    if kind is not ControlKind.NUMBER:
        return None
    span = high - low if low is not None and high is not None else STEPS_OF_A_RANGE / 10.0
    power = math.floor(math.log10(span / STEPS_OF_A_RANGE) + ROUNDED_UP)
    told = isinstance(default, int | float) and default
    if not told:
        return float(min(10.0**power, STEP_AT_MOST))
    while math.remainder(float(default), 10.0**power) > 1e-9 * 10.0**power:
        power -= 1
    return float(10.0**power)
