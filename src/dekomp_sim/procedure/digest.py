"""A case as one number: the same actions on the same patient give the same digest, on any number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
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
    total = hashlib.sha256()
    for part in _parts(case):
        total.update(part.encode())
        total.update(b"\n")
    return total.hexdigest()


def _parts(value: Any) -> Iterator[str]:
    """A value as lines of text in a fixed order."""
    if isinstance(value, Patient):
        yield f"patient {value.name} {value.digest}"
    elif isinstance(value, Disc):
        yield f"disc {value.digest().hex()}"
    elif isinstance(value, bool) or value is None:
        yield repr(value)
    elif isinstance(value, str):
        yield f"{str(value)!r}"
    elif isinstance(value, float | int | np.generic):
        yield f"{round(float(value), DECIMALS) + 0.0:.{DECIMALS}f}"
    else:
        yield from _nested(value)


def _nested(value: Any) -> Iterator[str]:
    if is_dataclass(value):
        yield type(value).__name__
        for one in fields(value):
            yield one.name
            yield from _parts(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield repr(str(key))
            yield from _parts(value[key])
    else:
        yield f"[{len(value)}]"
        for item in value:
            yield from _parts(item)
