"""What moves a patient's vital signs and how deeply sedated the patient is: causes and remedies, each with a course.

A course has a closed form, so what works at a moment follows from the record alone, whatever the steps between.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from dekomp_sim.procedure.actions import Sedation


class Cause(StrEnum):
    """What moves the vital signs."""

    ANXIETY = "anxiety"
    PAIN = "pain"
    VASOVAGAL = "vasovagal"
    SEDATION = "sedation"
    BLEEDING = "bleeding"
    ALLERGY = "allergy"
    SPINAL_BLOCK = "spinal_block"
    TOXIC_PRODROME = "toxic_prodrome"
    TOXIC_SEIZURE = "toxic_seizure"
    TOXIC_HEART = "toxic_heart"
    OXYGEN = "oxygen"
    FLUID = "fluid"
    LEGS_UP = "legs_up"
    ATROPINE = "atropine"
    ADRENALINE = "adrenaline"
    LIPID = "lipid"
    STIMULATE = "stimulate"
    FLUMAZENIL = "flumazenil"
    NALOXONE = "naloxone"


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
        age = max(age_s, 0.0)
        return -math.expm1(-age / self.rise_s) * math.exp(-age / self.fall_s)

    @property
    def peak_s(self) -> float:
        """When it works most: where the derivative is zero, rise ln(1 + fall / rise).

        Examples
        --------
        >>> round(Course(0.0, 0.0, 0.0, rise_s=100.0, fall_s=1800.0).peak_s)
        294
        """
        return self.rise_s * math.log1p(self.fall_s / self.rise_s)


SEDATION_COURSE: Final = Course(-2.7, -7.0, 0.0, rise_s=100.0, fall_s=1800.0)
"""Midazolam with fentanyl in a vein: the effect peaks after 5 min and is half gone after half an hour, nearly gone
after an hour (labels: midazolam works in 3 to 5 min and sedates for 30 to 60, fentanyl eases pain for 30 to 60).

Saturation is not here: breathing answers to the depth, not to each dose (`vitals.vitals`).
"""

COURSES: Final = {
    Cause.ANXIETY: Course(20.0, 15.0, 0.0, rise_s=10.0),
    Cause.PAIN: Course(20.0, 30.0, 0.0, rise_s=5.0, fall_s=60.0),
    Cause.VASOVAGAL: Course(-45.0, -70.0, -1.0, rise_s=20.0, fall_s=300.0),
    Cause.SEDATION: SEDATION_COURSE,
    Cause.BLEEDING: Course(55.0, -70.0, -2.0, rise_s=400.0),
    Cause.ALLERGY: Course(50.0, -90.0, -16.0, rise_s=120.0, fall_s=7200.0),
    Cause.SPINAL_BLOCK: Course(-15.0, -45.0, -1.0, rise_s=180.0, fall_s=3600.0),
    Cause.TOXIC_PRODROME: Course(10.0, 15.0, 0.0, rise_s=15.0, fall_s=450.0),
    Cause.TOXIC_SEIZURE: Course(30.0, 20.0, -45.0, rise_s=60.0, fall_s=300.0),
    Cause.TOXIC_HEART: Course(-50.0, -110.0, -5.0, rise_s=60.0, fall_s=900.0),
    Cause.OXYGEN: Course(0.0, 0.0, 9.0, rise_s=40.0),
    Cause.FLUID: Course(-8.0, 22.0, 0.0, rise_s=240.0, fall_s=7200.0),
    Cause.LEGS_UP: Course(0.0, 18.0, 0.0, rise_s=15.0),
    Cause.ATROPINE: Course(35.0, 25.0, 0.0, rise_s=45.0, fall_s=3600.0),
    Cause.ADRENALINE: Course(10.0, 70.0, 12.0, rise_s=60.0, fall_s=900.0),
    Cause.LIPID: Course(10.0, 45.0, 6.0, rise_s=60.0, fall_s=1800.0),
    Cause.STIMULATE: Course(3.0, 3.0, 0.0, rise_s=5.0, fall_s=120.0),
    Cause.FLUMAZENIL: Course(3.0, 3.0, 0.0, rise_s=40.0, fall_s=2400.0),
    Cause.NALOXONE: Course(3.0, 3.0, 0.0, rise_s=40.0, fall_s=1800.0),
}
"""Change by each cause at strength 1: anxiety and pain of 10, one faint, one light sedation, an opened aorta, an
anaphylaxis, 2 mL of anaesthetic in the sac, each stage of lidocaine in the blood, one standard dose of each remedy.

Assumption: no source gives these figures together; directions and order of size are textbook knowledge (a faint slows
the heart and lowers the pressure, blood loss and anaphylaxis quicken it while the pressure falls, a seizure stops the
breath, lidocaine at last slows and weakens the heart), the times are those in which a team sees them come and go.
"""

STANDARD_DOSE: Final = {
    Cause.OXYGEN: "oxygen 6 L/min by mask",
    Cause.FLUID: "500 mL of balanced fluid",
    Cause.LEGS_UP: "legs raised",
    Cause.ATROPINE: "atropine 0.5 mg intravenously",
    Cause.ADRENALINE: "adrenaline 0.5 mg into the thigh's muscle",
    Cause.LIPID: "lipid emulsion 20 %, 1.5 mL/kg intravenously",
    Cause.STIMULATE: "a loud word, a press on the shoulder, a lift of the jaw",
    Cause.FLUMAZENIL: "flumazenil 0.2 mg intravenously",
    Cause.NALOXONE: "naloxone 0.1 mg intravenously",
}
"""What one treatment is: doses of the Resuscitation Council UK's guidelines on bradycardia (atropine 0.5 mg) and
anaphylaxis (adrenaline 0.5 mg intramuscularly, fluid 500 mL), of the Association of Anaesthetists' on local anaesthetic
toxicity (lipid 20 % 1.5 mL/kg), and first doses of the labels of flumazenil and naloxone."""

DOSES: Final = {Sedation.NONE: 0.0, Sedation.LIGHT: 1.0, Sedation.DEEP: 3.0, Sedation.GENERAL: 10.0}
"""Dose for each level, in light sedations. Assumption: three light doses at once are a deep sedation."""

DEEPENS: Final = {
    Cause.SEDATION: 1.0,
    Cause.STIMULATE: -0.6,
    Cause.FLUMAZENIL: -1.0,
    Cause.NALOXONE: -1.0,
}
"""By how much each deepens a sedation at its peak, in light sedations. Assumption: a light sedation is half
benzodiazepine and half opioid in effect, and a first dose of either antidote wakes by one of them."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Something that moves the vital signs, from when on, and how strongly: 1 is what `COURSES` states."""

    cause: Cause
    since_s: float
    strength: float = 1.0

    def part(self, clock_s: float) -> float:
        """How much of its full effect at strength 1 it has now."""
        return self.strength * COURSES[self.cause].part(clock_s - self.since_s)


def sedation_depth(influences: Iterable[Influence], clock_s: float) -> float:
    """How deeply sedated a patient is at a moment: 0 awake, 1 light, 3 deep; doses add up and wear off.

    Each is scaled so that it is full at its own peak.

    Examples
    --------
    >>> light = Influence(Cause.SEDATION, 0.0)
    >>> [round(sedation_depth((light,), 60.0 * minutes), 2) for minutes in (0, 5, 30, 60)]
    [0.0, 1.0, 0.46, 0.17]
    """
    return max(sum(one.part(clock_s) * deepens(one.cause) for one in influences if one.cause in DEEPENS), 0.0)


@cache
def deepens(cause: Cause) -> float:
    """How much a cause deepens a sedation, per part of its full effect; scaled to be full at its peak, 0 for most."""
    if cause not in DEEPENS:
        return 0.0
    course = COURSES[cause]
    return DEEPENS[cause] / course.part(course.peak_s)
