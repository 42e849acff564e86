"""Heart rate, blood pressure and saturation: a rest state and what pulls it up or down, each with a course of its own.

Every influence has a closed form, so the vital signs at a moment follow from the record alone, whatever the steps
between. It teaches cause and remedy; it is no model of a circulation, and no number of it may guide a treatment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """What moves the vital signs."""

    ANXIETY = "anxiety"
    PAIN = "pain"
    VASOVAGAL = "vasovagal"
    LIGHT_SEDATION = "light_sedation"
    DEEP_SEDATION = "deep_sedation"
    BLEEDING = "bleeding"
    ALLERGY = "allergy"
    SPINAL_BLOCK = "spinal_block"
    OXYGEN = "oxygen"
    FLUID = "fluid"
    LEGS_UP = "legs_up"
    ATROPINE = "atropine"
    ADRENALINE = "adrenaline"


@dataclass(frozen=True, slots=True)
class Course:
    """What an influence of strength 1 does when it works fully, and how fast it comes and goes.

    Its part of the full effect after t seconds is (1 - exp(-t / rise)) exp(-t / fall).
    """

    heart_bpm: float
    systolic_mmhg: float
    saturation_percent: float
    rise_s: float
    fall_s: float = math.inf

    def part(self, age_s: float) -> float:
        """Part of the full effect after `age_s`; 0 before it begins.

        Examples
        --------
        >>> round(Course(0.0, 0.0, 0.0, rise_s=10.0).part(10.0), 3)
        0.632
        """
        if age_s <= 0.0:
            return 0.0
        return -math.expm1(-age_s / self.rise_s) * math.exp(-age_s / self.fall_s)


COURSES: Final = {
    Cause.ANXIETY: Course(20.0, 15.0, 0.0, rise_s=10.0),
    Cause.PAIN: Course(20.0, 30.0, 0.0, rise_s=5.0, fall_s=60.0),
    Cause.VASOVAGAL: Course(-45.0, -70.0, -1.0, rise_s=20.0, fall_s=300.0),
    Cause.LIGHT_SEDATION: Course(-5.0, -8.0, -1.0, rise_s=90.0, fall_s=3600.0),
    Cause.DEEP_SEDATION: Course(-8.0, -20.0, -14.0, rise_s=90.0, fall_s=3600.0),
    Cause.BLEEDING: Course(55.0, -70.0, -2.0, rise_s=400.0),
    Cause.ALLERGY: Course(50.0, -90.0, -16.0, rise_s=120.0, fall_s=7200.0),
    Cause.SPINAL_BLOCK: Course(-15.0, -45.0, -1.0, rise_s=180.0, fall_s=3600.0),
    Cause.OXYGEN: Course(0.0, 0.0, 9.0, rise_s=40.0),
    Cause.FLUID: Course(-8.0, 22.0, 0.0, rise_s=240.0, fall_s=7200.0),
    Cause.LEGS_UP: Course(0.0, 18.0, 0.0, rise_s=15.0),
    Cause.ATROPINE: Course(35.0, 25.0, 0.0, rise_s=45.0, fall_s=3600.0),
    Cause.ADRENALINE: Course(10.0, 70.0, 12.0, rise_s=60.0, fall_s=900.0),
}
"""Change by each cause at strength 1: anxiety and pain of 10, one faint, one sedation, an opened aorta, an
anaphylaxis, 2 mL of anaesthetic in the sac, one standard dose of each remedy.

Assumption: no source gives these figures together; directions and order of size are textbook knowledge (a faint slows
the heart and lowers the pressure, blood loss and anaphylaxis quicken it while the pressure falls, deep sedation lowers
the saturation), the times are those in which a team sees them come and go.
"""

STANDARD_DOSE: Final = {
    Cause.OXYGEN: "oxygen 6 L/min by mask",
    Cause.FLUID: "500 mL of balanced fluid",
    Cause.LEGS_UP: "legs raised",
    Cause.ATROPINE: "atropine 0.5 mg intravenously",
    Cause.ADRENALINE: "adrenaline 0.5 mg into the thigh's muscle",
}
"""What one treatment is: doses of the Resuscitation Council UK's guidelines on bradycardia (atropine 0.5 mg) and
anaphylaxis (adrenaline 0.5 mg intramuscularly, fluid 500 mL)."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Something that moves the vital signs, from when on, and how strongly: 1 is what `COURSES` states."""

    cause: Cause
    since_s: float
    strength: float = 1.0

    def part(self, clock_s: float) -> float:
        """How much of its full effect at strength 1 it has now."""
        return self.strength * COURSES[self.cause].part(clock_s - self.since_s)


@dataclass(frozen=True, slots=True)
class Vitals:
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


def vitals(influences: Iterable[Influence], clock_s: float) -> Vitals:
    """Vital signs at a moment: rest, and the sum of what works then.

    Examples
    --------
    >>> vitals((), 0.0) == REST
    True
    """
    heart, systolic, saturation = REST.heart_bpm, REST.systolic_mmhg, REST.saturation_percent
    for one in influences:
        course, part = COURSES[one.cause], one.part(clock_s)
        heart += part * course.heart_bpm
        systolic += part * course.systolic_mmhg
        saturation += part * course.saturation_percent
    return Vitals(
        min(max(heart, LEAST.heart_bpm), MOST.heart_bpm),
        min(max(systolic, LEAST.systolic_mmhg), MOST.systolic_mmhg),
        min(max(saturation, LEAST.saturation_percent), MOST.saturation_percent),
    )


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
