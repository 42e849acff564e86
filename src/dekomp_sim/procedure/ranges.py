"""Whether the numbers of an action lie in the ranges its type states."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le

from dekomp_sim.procedure.actions import Action


def out_of_range(action: Action) -> str | None:
    """The first number of an action that is not finite or outside its range, as a sentence; None where all are in.

    Examples
    --------
    >>> from dekomp_sim.procedure.actions import Wait
    >>> out_of_range(Wait(seconds=-1.0))
    'seconds is -1, it must be above 0 and at most 86400.'
    >>> out_of_range(Wait(seconds=5.0)) is None
    True
    """
    return _wrong(action)


def _wrong(thing: Any) -> str | None:
    for one in fields(thing):
        value = getattr(thing, one.name)
        reason = _wrong(value) if is_dataclass(value) else _wrong_number(type(thing), one.name, value)
        if reason is not None:
            return reason
    return None


def _wrong_number(kind: Any, name: str, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    bounds = _bounds(kind, name)
    if math.isfinite(value) and all(_holds(bound, value) for bound in bounds):
        return None
    return f"{name} is {value:g}, it must be {' and '.join(map(_said, bounds)) or 'finite'}."


@cache
def _bounds(kind: Any, name: str) -> tuple[Ge | Gt | Le, ...]:
    return tuple(_found(get_type_hints(kind, include_extras=True)[name]))


def _found(hint: Any) -> list[Ge | Gt | Le]:
    if get_origin(hint) is Annotated:
        return [meta for meta in get_args(hint)[1:] if isinstance(meta, Ge | Gt | Le)]
    return [bound for part in get_args(hint) for bound in _found(part)]


def _holds(bound: Ge | Gt | Le, value: float) -> bool:
    match bound:
        case Ge(limit):
            return bool(value >= limit)  # type: ignore[operator]
        case Gt(limit):
            return bool(value > limit)  # type: ignore[operator]
        case Le(limit):
            return bool(value <= limit)  # type: ignore[operator]


def _said(bound: Ge | Gt | Le) -> str:
    words = {Ge: ("at least", "ge"), Gt: ("above", "gt"), Le: ("at most", "le")}
    phrase, name = words[type(bound)]
    return f"{phrase} {getattr(bound, name):g}"
