"""Local anaesthetic in tissue: where it lies, how it spreads and fades, and how much of a pain it takes away.

A deposit begins as a ball of tissue soaked by the fluid; from then on the drug diffuses and is carried off by the
blood. Both have a closed form, so numbness depends on place and time alone, never on how often it was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.units import MM3_PER_ML

LIDOCAINE_MG_KG_AT_MOST: Final = 4.5
"""Largest dose of plain lidocaine in mg per kg of body weight (product label of plain lidocaine)."""

LIDOCAINE_MG_AT_MOST: Final = 300.0
"""Largest dose of plain lidocaine in mg, whatever the body weight (product label of plain lidocaine)."""

SPREAD: Final = 0.15
"""Part of the tissue's volume that infiltrated fluid takes up.

Assumption: with 0.15 a deposit of 2 mL soaks a ball of 15 mm radius, one of 5 mL a ball of 20 mm.
"""

DIFFUSION_MM2_S: Final = 7e-4
"""Diffusion of lidocaine in tissue in mm2/s.

Assumption: that of a molecule of 234 g/mol in water; it moves the deposit's rim by about 3 mm in an hour.
"""

HALF_LIFE_S: Final = 1320.0
"""Time in s in which the blood carries off half of a deposit.

Assumption: with it 1 % falls to `HALF_NUMB_PERCENT` in one hour, the end of the 30 to 60 min that the label of plain
lidocaine states for infiltration.
"""

HALF_NUMB_PERCENT: Final = 0.15
"""Strength of the fluid in percent that takes away half of what can be. Assumption: 0.5 % is the weakest in use."""

LEAST_PERCENT: Final = 1e-6
"""Strength in percent below which nothing is numb: far below `HALF_NUMB_PERCENT`, above where powers overflow."""

STEEPNESS: Final = 4.0
"""Exponent of numbness over strength (Hill). Assumption: an infiltrated place is numb or it is not."""

ONSET_S: Final = 30.0
"""Time constant in s of each of the two steps to the block, to the nerve and into its fibres.

Assumption: numb enough to cut in 40 s, nearly all in two minutes; one to two minutes are commonly taught.
"""

NUMBS: Final = 0.9
"""Most of a structure's pain that lidocaine takes away. Assumption: nearly all."""

NUMB_ENOUGH: Final = 0.5
"""Part of a pain that must be gone before the skin is cut, and from which on a root no longer warns. Assumption."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Local anaesthetic lying in tissue.

    Parameters
    ----------
    clock_s
        When it was given.
    at_mm
        Its centre, patient frame.
    volume_ml, concentration_percent
        How much of what; 1 percent is 10 mg/mL.
    """

    clock_s: float
    at_mm: tuple[float, float, float]
    volume_ml: float
    concentration_percent: float

    @property
    def radius_mm(self) -> float:
        """Radius of the soaked ball: volume over `SPREAD` as a sphere."""
        return float((3.0 * self.volume_ml * MM3_PER_ML / (4.0 * np.pi * SPREAD)) ** (1.0 / 3.0))

    @property
    def lidocaine_mg(self) -> float:
        """Mass of drug."""
        return self.volume_ml * self.concentration_percent * 10.0

    def strength_percent(self, distance_mm: float, age_s: float) -> float:
        """Strength of the fluid at a distance from the centre, `age_s` after the injection; 0 before it."""
        if age_s < 0.0:
            return 0.0
        left = self.concentration_percent * math.pow(0.5, age_s / HALF_LIFE_S)
        return left * diffused_ball(distance_mm, self.radius_mm, math.sqrt(4.0 * DIFFUSION_MM2_S * age_s))


class Lumen(StrEnum):
    """Where the bore of a needle opens."""

    TISSUE = "tissue"
    VESSEL = "vessel"
    SAC = "sac"


@dataclass(frozen=True, slots=True)
class Syringe:
    """One press of the syringe.

    Parameters
    ----------
    deposit
        What was given, where and when; 0 mL where aspiration has warned.
    lumen
        Where it went.
    aspirated
        Whether the syringe was drawn back first.
    chance, drawn
        The chance of a vein of the foramen there, and the number from 0 to 1 drawn against it; 0 and None elsewhere.
    """

    deposit: Deposit
    lumen: Lumen
    aspirated: bool = True
    chance: float = 0.0
    drawn: float | None = None


def diffused_ball(distance_mm: float, radius_mm: float, reach_mm: float) -> float:
    """A ball of strength 1 after diffusion, at a distance from its centre (Crank, The Mathematics of Diffusion, ch. 3).

    c = (erf a + erf b) / 2 - (exp -a^2 - exp -b^2) L / (2 r sqrt pi),  a = (R - r) / L,  b = (R + r) / L

    Parameters
    ----------
    distance_mm
        r, 0 or more.
    radius_mm
        R of the ball before it diffused.
    reach_mm
        L, the square root of four times diffusion coefficient times time.

    Examples
    --------
    >>> diffused_ball(3.0, 5.0, 0.0), diffused_ball(7.0, 5.0, 0.0)
    (1.0, 0.0)
    """
    if reach_mm == 0.0:
        return 1.0 if distance_mm <= radius_mm else 0.0
    near = max(distance_mm, 1e-6 * radius_mm)  # at the centre the formula is 0 / 0
    a, b = (radius_mm - near) / reach_mm, (radius_mm + near) / reach_mm
    rim = (math.exp(-a * a) - math.exp(-b * b)) * reach_mm / (2.0 * near * math.sqrt(math.pi))
    return max(0.5 * (math.erf(a) + math.erf(b)) - rim, 0.0)


def dose_at_most_mg(weight_kg: float) -> float:
    """Most plain lidocaine in mg that a patient may get.

    Examples
    --------
    >>> dose_at_most_mg(60.0), dose_at_most_mg(100.0)
    (270.0, 300.0)
    """
    return min(LIDOCAINE_MG_KG_AT_MOST * weight_kg, LIDOCAINE_MG_AT_MOST)


def numbness(deposits: Iterable[Deposit], at_mm: FloatArray, clock_s: float) -> float:
    """How much of a pain at `at_mm` (3,) is taken away now, 0 to `NUMBS`; neighbouring deposits add up."""
    strength, settled = 0.0, 0.0
    at = at_mm.tolist()
    for deposit in deposits:
        age_s = clock_s - deposit.clock_s
        share = deposit.strength_percent(math.dist(at, deposit.at_mm), age_s)
        strength += share
        settled += share * (1.0 - math.exp(-max(age_s, 0.0) / ONSET_S)) ** 2
    if strength < LEAST_PERCENT:
        return 0.0
    blocked = 1.0 / (1.0 + math.pow(HALF_NUMB_PERCENT / strength, STEEPNESS))
    return NUMBS * blocked * settled / strength
