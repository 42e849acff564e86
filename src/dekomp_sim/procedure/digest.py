"""A case as one number: the same actions on the same patient give the same digest, on any number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.disc import Disc
from dekomp_sim.procedure.case import Case

DECIMALS: Final = 9
"""Decimals that count: a nanometre, a nanosecond; below it machines may round differently."""


def case_digest(case: Case) -> str:
    """SHA-256 in hex of everything a case holds; the patient by its own digest, the disc by its arrays.

    Numbers count to 1e-9, so that the last bit of a sine on another machine does not.
    """
    lines: list[str] = []
    _tell(case, lines)
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _tell(value: Any, lines: list[str]) -> None:
    """Add a value as lines of text in a fixed order."""
    if isinstance(value, str):
        lines.append(f"{str(value)!r}")
    elif isinstance(value, bool) or value is None:
        lines.append(repr(value))
    elif isinstance(value, float | int | np.generic):
        lines.append(f"{round(float(value), DECIMALS) + 0.0:.{DECIMALS}f}")
    elif isinstance(value, Patient):
        lines.append(f"patient {value.name} {value.digest}")
    elif isinstance(value, Disc):
        lines.append(f"disc {value.digest().hex()}")
    else:
        _tell_parts(value, lines)


def _tell_parts(value: Any, lines: list[str]) -> None:
    if is_dataclass(value) and not isinstance(value, type):
        lines.append(type(value).__name__)
        for name in _names(type(value)):
            lines.append(name)
            _tell(getattr(value, name), lines)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            lines.append(repr(str(key)))
            _tell(value[key], lines)
    else:
        lines.append(f"[{len(value)}]")
        for item in value:
            _tell(item, lines)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """Names of a dataclass's fields."""
    return tuple(one.name for one in fields(kind))
