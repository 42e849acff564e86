"""The patient breathes: the spine moves on the table, so that two pictures of one view differ by a breath.

Breathed out the patient lies as planned. Breathing in lifts the back and draws the spine headward; the course is that
of Lujan et al. (Med Phys 1999;26:715), range x cos^4(pi t / period - phase), which rests long near expiration. The
spine moves as one, with all that sticks in it; kidneys, which move ten times as far, are left out.
"""

from __future__ import annotations

import math
from typing import Final

from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import DEEP_FROM
from dekomp_sim.procedure.clinic.courses import sedation_depth

PERIOD_S: Final = 4.0
"""Time in s of one breath. Assumption: 15 a minute, as an adult at rest (12 to 20), sedated or not."""

SHALLOWER: Final = 0.07
"""Share of a breath that each light sedation takes.

Assumption: sedated breaths are shallower, a deep sedation's by a fifth; the spine's motion grows with the volume of a
breath (Global Spine J 2019, PMC6686387).
"""

INHALED: Final = (0.0, 0.9, math.sqrt(1.0 - 0.9**2))
"""Direction in which the spine goes on breathing in, patient frame: up, for he lies prone, and somewhat headward.

Assumption: only the size of the motion was found.
"""

GRAIN_MM: Final = 0.1
"""Step in mm to which the motion is told: a third of a pixel; so breaths come back to the very same poses."""

BREATHES_S: Final = 10.0
"""Time in s to breathe freely before the next hold. Assumption: two or three breaths."""


def breath_mm(case: Case, at_s: float) -> tuple[float, float, float]:
    """Where the breath has moved the patient on the table, from where he lies breathed out; patient frame.

    Parameters
    ----------
    case
        The case now: its card, seed, sedation and held breath count.
    at_s
        Time on its clock, since the last step but before the next.
    """
    if at_s < case.breath_held_until_s:
        return (0.0, 0.0, 0.0)
    turns = at_s / PERIOD_S + float(generator(case.seed, Purpose.BREATH, 0).random())
    share = math.cos(math.pi * turns) ** 4
    depth = max(1.0 - SHALLOWER * sedation_depth(case.influences, at_s), 0.0)
    way_mm = round(case.card.breath_mm * depth * share / GRAIN_MM) * GRAIN_MM
    return (way_mm * INHALED[0], way_mm * INHALED[1], way_mm * INHALED[2])


def why_not_held(case: Case) -> str | None:
    """Why the patient cannot hold the breath now; None where he can."""
    if case.sedation_depth >= DEEP_FROM:
        return "Deeply sedated: the patient does not hold the breath when asked."
    rested_s = case.breath_held_until_s + BREATHES_S
    if case.breath_held_until_s > 0.0 and case.clock_s < rested_s:
        return f"Let the patient breathe first: in {rested_s - case.clock_s:.0f} s."
    return None
