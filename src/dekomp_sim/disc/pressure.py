"""Pressure in the disc: a closed form for the prone patient, and one for a disc under load.

Prone and over minutes the disc is volume-controlled: what goes in raises the pressure and what comes out lowers it, by
the elastance of its Dallas grade, down to nothing. Under load (standing, or a testing machine) it is load-controlled:
losing nucleus lowers and bulges it. The two never mix. Creep and poro-elasticity are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dekomp_sim.disc.voxels import Disc
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.units import MM3_PER_ML, kpa_from_psi

ELASTANCE_PSI_ML: Final[Mapping[int, float]] = MappingProxyType({0: 43.0, 1: 39.5, 2: 35.0, 3: 30.5, 4: 13.2, 5: 6.9})
"""Mean elastance by modified Dallas grade, psi/mL (automated pressure-controlled discography, 19 patients, 49 discs,
PMC2729819; standard deviations 9.6, 8.3, 22.3, 22.3, 8.3, 3.8). Assumption: grade 2 is midway between its neighbours;
the abstract prints grade 3's 30.5 +- 22.3 for it too, which is probably a slip.
"""

ANNULAR_ELASTANCE_KPA_ML: Final = 1200.0
"""Assumption: a needle in the annulus reads this much more per mL injected there: four times a grade 0 nucleus."""

LEAK_RESISTANCE_KPA_S_ML: Final = 2000.0
"""Assumption: resistance of a full-thickness tear (grade 5), so that at 0.05 mL/s the pressure levels off 100 kPa
(14.5 psi) above opening. No measured value was found.
"""


def elastance_kpa_ml(dallas_grade: int) -> float:
    """Rise of pressure per mL injected, kPa/mL.

    Raises
    ------
    OutOfRangeError
        If the grade is not 0 to 5.

    Examples
    --------
    >>> round(elastance_kpa_ml(0)), round(elastance_kpa_ml(5))
    (296, 48)
    """
    if dallas_grade not in ELASTANCE_PSI_ML:
        raise OutOfRangeError("dallas_grade", str(dallas_grade), "0, 1, 2, 3, 4 or 5")
    return kpa_from_psi(ELASTANCE_PSI_ML[dallas_grade])


def surplus_ml(disc: Disc) -> float:
    """Volume in the nucleus above what it held at rest: injected less leaked less removed, mL; negative after removal.

    What was injected into the annulus or ran off into veins does not count.
    """
    contrast = disc.contrast
    nuclear = contrast.injected_ml - contrast.annular_ml - contrast.vascular_ml - contrast.leaked_ml
    return nuclear - contrast.removed_ml - disc.removed_ml


def pressure_kpa(disc: Disc) -> float:
    """Static pressure in the nucleus of the prone patient, kPa: max(0, P0 + E (V_in - V_leaked - V_out))."""
    return max(0.0, disc.opening_kpa + elastance_kpa_ml(disc.dallas_grade) * surplus_ml(disc))


def manometer_kpa(disc: Disc, *, needle_in_nucleus: bool = True) -> float:
    """What the manometer shows with the plunger at rest, kPa; higher with the needle in the annulus."""
    local = 0.0 if needle_in_nucleus else ANNULAR_ELASTANCE_KPA_ML * disc.contrast.annular_ml
    return pressure_kpa(disc) + local


WATER_MPA_S: Final = 0.69
"""Viscosity of water at 37 C, mPa s (standard tables)."""

CONTRAST_MPA_S: Final = 6.3
"""Viscosity at 37 C of iohexol of 300 mg/mL iodine, mPa s (product label; 11.8 at 20 C)."""

CONTRAST_MG_ML: Final = 300.0
"""The concentration of that."""


def needle_resistance_kpa_s_ml(bore_mm: float, length_mm: float, iodine_mg_ml: float = CONTRAST_MG_ML) -> float:
    """Resistance R of a needle to slow flow, 8 viscosity L / (pi r^4) (Hagen-Poiseuille), kPa s/mL.

    While contrast flows at Q the manometer at the syringe shows R Q more than with the plunger at rest. That of disc
    and tip is left out: the size of the whole gap is not published. Assumption: viscosity grows exponentially with
    iodine between water's and contrast's, and the fluid in the needle is as warm as the patient.

    Examples
    --------
    >>> round(0.05 * needle_resistance_kpa_s_ml(0.413, 152.4))  # 22 G, 6 in, at 0.05 mL/s: 10 psi
    67
    """
    viscosity = WATER_MPA_S * math.exp(math.log(CONTRAST_MPA_S / WATER_MPA_S) * iodine_mg_ml / CONTRAST_MG_ML)
    per_mm3_s = 8.0 * viscosity * 1e-3 * length_mm / (math.pi * (bore_mm / 2.0) ** 4)  # Pa s / mm3, mm throughout
    return per_mm3_s * MM3_PER_ML / 1000.0


def leaked_during_ml(disc: Disc, rate_ml_s: float, seconds: float) -> float:
    """What leaves through a grade 5 tear in `seconds` of injecting at `rate_ml_s` (0 at rest); 0 for other grades.

    Only fluid above the opening pressure leaks: Q_leak = (P - P0) / R with P - P0 = E v gives v' = Q - v R^-1 E, whose
    exact solution is used, so the result does not depend on how the time is cut up.
    """
    if disc.dallas_grade < 5:
        return 0.0
    start_ml, left_s = surplus_ml(disc), seconds
    if start_ml < 0.0:
        filling_s = math.inf if rate_ml_s <= 0.0 else -start_ml / rate_ml_s
        if filling_s >= seconds:
            return 0.0
        start_ml, left_s = 0.0, seconds - filling_s
    time_constant_s = LEAK_RESISTANCE_KPA_S_ML / elastance_kpa_ml(5)
    level_ml = rate_ml_s * time_constant_s
    end_ml = level_ml + (start_ml - level_ml) * math.exp(-left_s / time_constant_s)
    return rate_ml_s * left_s - (end_ml - start_ml)


def volume_to_reach_ml(disc: Disc, above_opening_kpa: float, rate_ml_s: float, *, in_nucleus: bool = True) -> float:
    """What must be injected from now, at a rate, until the disc is at a pressure above opening; infinite where never.

    Solved from the same closed forms that `inject` follows: E v without a leak, with one the exponential of
    `leaked_during_ml`, and the annulus's own elastance for a needle in it. 0 where the pressure is there already.

    Parameters
    ----------
    disc
        The disc before.
    above_opening_kpa
        The pressure looked for, above 0.
    rate_ml_s
        How fast; it matters only where the disc leaks.
    in_nucleus
        Whether the needle reads the nucleus.

    Examples
    --------
    >>> from dekomp_sim.anatomy import DiscShape, Level
    >>> from dekomp_sim.disc.voxels import voxelise
    >>> from dekomp_sim.geometry import Rigid
    >>> whole = voxelise(DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 14.0, 9.0), 0, voxel_mm=2.0)
    >>> round(volume_to_reach_ml(whole, kpa_from_psi(50.0), 0.05), 2)
    1.16
    """
    if not in_nucleus:
        now_kpa = manometer_kpa(disc, needle_in_nucleus=False) - disc.opening_kpa
        return max(0.0, above_opening_kpa - now_kpa) / ANNULAR_ELASTANCE_KPA_ML
    start_ml, goal_ml = surplus_ml(disc), above_opening_kpa / elastance_kpa_ml(disc.dallas_grade)
    if goal_ml <= start_ml:
        return 0.0
    if disc.dallas_grade < 5:
        return goal_ml - start_ml
    filling_ml, start_ml = max(0.0, -start_ml), max(0.0, start_ml)
    time_constant_s = LEAK_RESISTANCE_KPA_S_ML / elastance_kpa_ml(5)
    level_ml = rate_ml_s * time_constant_s
    if goal_ml >= level_ml:
        return math.inf
    return filling_ml + rate_ml_s * time_constant_s * math.log((level_ml - start_ml) / (level_ml - goal_ml))


HEIGHT_MM_PER_G: Final = -0.8
"""Change of height per g of central tissue removed, under load (Brinckmann & Grootenboer, Spine 1991;16:641)."""

BULGE_MM_PER_G: Final = 0.2
"""Change of radial bulge per g of central tissue removed, under load (same source)."""

PRESSURE_DECAY_PER_G: Final = 0.305
"""Under load the pressure falls as exp(-0.305 m): 40 % is left at 3 g (same source). One point is published; a straight
line 1 - 0.2 m fits it as well.
"""

GREATEST_STUDIED_G: Final = 3.0
"""Most tissue removed in that study; beyond it the closed form is not used."""


@dataclass(frozen=True, slots=True)
class LoadedResponse:
    """A loaded disc after removal: changes of height and bulge in mm, and its pressure over the pressure before."""

    height_mm: float
    bulge_mm: float
    pressure_ratio: float


def loaded_response(removed_g: float) -> LoadedResponse:
    """What a disc under load does when `removed_g` of central tissue is gone; never applied to the prone patient.

    Raises
    ------
    OutOfRangeError
        If the mass is not 0 to 3 g.

    Examples
    --------
    >>> response = loaded_response(3.0)
    >>> round(response.height_mm, 2), round(response.bulge_mm, 2), round(response.pressure_ratio, 2)
    (-2.4, 0.6, 0.4)
    """
    if not 0.0 <= removed_g <= GREATEST_STUDIED_G:
        raise OutOfRangeError("removed_g", f"{removed_g} g", f"0 to {GREATEST_STUDIED_G} g")
    ratio = math.exp(-PRESSURE_DECAY_PER_G * removed_g)
    return LoadedResponse(HEIGHT_MM_PER_G * removed_g, BULGE_MM_PER_G * removed_g, ratio)


CASTRO_PER_DRY_G: Final[Mapping[str, tuple[float, float, float]]] = MappingProxyType(
    {"manual": (-3.2, 1.0, -940.0), "automated": (-4.7, 1.5, -1880.0)}
)
"""Change of height mm, bulge mm and pressure kPa per g of freeze-dried nucleus removed, 40 loaded lumbar segments
(Castro, Eur Spine J 1992;1:96, printed per 0.1 g and in bar).
"""


def protrusion_retraction(now_kpa: float, opening_kpa: float, share: float) -> float:
    """Hypothesis, evidence mixed: share of its depth by which a contained protrusion goes back, share (1 - P/P0).

    `share` is the scenario's own, 0 to 1. It does not follow from the disc's bulge, which grows.

    Examples
    --------
    >>> protrusion_retraction(25.0, 100.0, 0.4)
    0.30000000000000004
    """
    return share * _pressure_lost(now_kpa, opening_kpa)


def root_relief(now_kpa: float, opening_kpa: float, share: float) -> float:
    """Hypothesis, evidence mixed: share of the leg's pain that goes, share (1 - P/P0).

    `share` is the scenario's own, 0 to 1, and not that of the retraction: a root may be relieved without it (less
    leakage of irritants is one conjecture), and stay sore in spite of it.
    """
    return share * _pressure_lost(now_kpa, opening_kpa)


def _pressure_lost(now_kpa: float, opening_kpa: float) -> float:
    """Share of the opening pressure that is gone, 0 to 1."""
    return max(0.0, 1.0 - now_kpa / opening_kpa) if opening_kpa > 0.0 else 0.0
