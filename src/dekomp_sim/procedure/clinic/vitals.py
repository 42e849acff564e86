"""Heart rate, blood pressure and saturation: a rest state and what pulls it up or down.

The vital signs at a moment follow from the record alone, whatever the steps between. It teaches cause and remedy; it is
no model of a circulation, and no number of it may guide a treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure.clinic.courses import COURSES, Influence, deepens


class Vitals(NamedTuple):
    """What the monitor shows."""

    heart_bpm: float
    systolic_mmhg: float
    saturation_percent: float


REST: Final = Vitals(72.0, 125.0, 98.0)
"""Vital signs of an adult at rest. Assumption: the middle of what is normal (60 to 100 bpm, 100 to 140 mmHg, 95 to
100 %)."""

LEAST: Final = Vitals(25.0, 30.0, 50.0)
"""Lowest values shown. Assumption: below them a monitor reads nothing."""

MOST: Final = Vitals(190.0, 230.0, 100.0)
"""Highest values shown. Assumption: a frightened heart beats no faster."""

FIT: Final = Vitals(45.0, 85.0, 90.0)
"""Below any of these the team stops and treats first. Assumption: the limits at which monitors are set to ring."""

COLLAPSE: Final = Vitals(30.0, 50.0, 75.0)
"""Below any of these the patient has lost consciousness. Assumption: a mean arterial pressure near 35 mmHg is below
what the brain's blood flow can follow."""


BREATH_LOST_PERCENT: Final = 1.0
"""Fall of the saturation in percent in a light sedation. Assumption: a sleeping adult's."""

BREATH_EXPONENT: Final = 2.4
"""Exponent of that fall over the depth of sedation. Assumption: three light doses together are a deep sedation, in
which an adult on room air falls to the middle eighties."""


def vitals(influences: Sequence[Influence], clock_s: float) -> Vitals:
    """Vital signs at a moment: rest, the sum of what works then, and the breathing lost to sedation.

    saturation = rest + sum - `BREATH_LOST_PERCENT` depth ^ `BREATH_EXPONENT`

    Examples
    --------
    >>> vitals((), 0.0) == REST
    True
    """
    return Vitals(*monitored(influences, np.array([clock_s]))[0].tolist())


def monitored(influences: Sequence[Influence], clocks_s: FloatArray) -> FloatArray:
    """(n, 3) heart rate, systolic pressure and saturation, as `vitals` has them, at each of some moments (n,)."""
    rise_s, fall_s, since_s, strength, *full = np.array([_row(one) for one in influences]).reshape(-1, 8).T
    ages = np.maximum(clocks_s[:, None] - since_s, 0.0)
    works = (strength * -np.expm1(-ages / rise_s) * np.exp(-ages / fall_s)) @ np.array(full).T
    signs = np.add(works[:, 1:], REST)
    signs[:, 2] -= BREATH_LOST_PERCENT * np.maximum(works[:, 0], 0.0) ** BREATH_EXPONENT
    return np.asarray(np.minimum(np.maximum(signs, LEAST), MOST))


def first_below(shown: FloatArray, limits: Vitals) -> int | None:
    """The first of some moments (n, 3) at which a sign is below its limit."""
    low = np.flatnonzero((shown < limits).any(axis=1))
    return int(low[0]) if low.size else None


def _row(one: Influence) -> tuple[float, ...]:
    """An influence as numbers: its course in time, then what it does when it works fully."""
    course = COURSES[one.cause]
    return (
        course.rise_s, course.fall_s, one.since_s, one.strength,
        deepens(one.cause), course.heart_bpm, course.systolic_mmhg, course.saturation_percent,
    )  # fmt: skip


def below(shown: Vitals, limits: Vitals) -> tuple[str, ...]:
    """What of the vital signs is below its limit, in words; empty where all is well.

    Examples
    --------
    >>> below(Vitals(40.0, 120.0, 97.0), FIT)
    ('heart rate 40 bpm',)
    """
    signs = (
        ("heart rate", shown.heart_bpm, limits.heart_bpm, "bpm"),
        ("systolic pressure", shown.systolic_mmhg, limits.systolic_mmhg, "mmHg"),
        ("saturation", shown.saturation_percent, limits.saturation_percent, "%"),
    )
    return tuple(f"{name} {value:.0f} {unit}" for name, value, limit, unit in signs if value < limit)
