"""Dose of an exposure at the interventional reference point, and totals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.matter import (
    MIN_KV,
    Beam,
    Substance,
    air_kerma_ugy_per_mas_at_1m,
    mass_attenuation_cm2_g,
    spectrum,
)

REFERENCE_TO_ISOCENTRE_MM: Final = 150.0
"""Distance of the patient entrance reference point from the isocentre, toward the focus (IEC 60601-2-43)."""

GENERATOR_MAX_KV: Final = 125.0
"""Assumption: highest tube voltage of the C-arm's generator; makers of C-arms state 110 to 125 kV."""

GENERATOR_MAS: Final = (0.01, 20.0)
"""Assumption: least and most charge of one exposure, mAs: a short pulse of 1 mA, and 100 mA for 0.2 s."""

FRAME_DETECTOR_UGY: Final = 0.05
"""Assumption: air kerma automatic exposure asks at the detector for one fluoroscopy frame. 15 frames/s then give 0.75
uGy/s, half the 1.5 uGy/s that Belgium's regulator allows for fluoroscopy (FANC)."""

SPOT_DETECTOR_UGY: Final = 0.5
"""Assumption: the same for one picture kept as evidence (needle at the annulus, discogram): ten fluoroscopy frames."""


UNCERTAINTY: Final = 0.35
"""Relative uncertainty that a C-arm's own display of air kerma and kerma-area product may have (IEC 60601-2-43). What
is computed from them (dose of the skin, of staff) is less certain still."""

UNCERTAINTY_WORDS: Final = f"simulated, the true value may differ by more than {UNCERTAINTY:.0%}."
"""What every computed dose says of itself."""


@dataclass(frozen=True, slots=True)
class Technique:
    """What the generator gives in one exposure.

    Parameters
    ----------
    beam
        Voltage and filter.
    mas
        Charge.

    Raises
    ------
    OutOfRangeError
        If the generator cannot give it.
    """

    beam: Beam
    mas: float

    def __post_init__(self) -> None:
        if self.beam.kv > GENERATOR_MAX_KV:
            raise OutOfRangeError("kv", f"{self.beam.kv:g} kV", f"{MIN_KV:g} to {GENERATOR_MAX_KV:g} kV")
        if not GENERATOR_MAS[0] <= self.mas <= GENERATOR_MAS[1]:
            raise OutOfRangeError("mas", f"{self.mas:g} mAs", f"{GENERATOR_MAS[0]:g} to {GENERATOR_MAS[1]:g} mAs")


@dataclass(frozen=True, slots=True)
class DoseRecord:
    """Dose of one exposure, free in air, without backscatter and table.

    Parameters
    ----------
    kv, mas
        The technique.
    air_kerma_reference_mgy
        Air kerma at the reference point.
    field_area_cm2
        Area of the beam there.
    kap_gycm2
        Kerma-area product.
    """

    kv: float
    mas: float
    air_kerma_reference_mgy: float
    field_area_cm2: float
    kap_gycm2: float


@dataclass(frozen=True, slots=True)
class DoseTotals:
    """Sums over exposures.

    Parameters
    ----------
    exposures
        How many.
    mas, air_kerma_reference_mgy, kap_gycm2
        Sums of the records' fields.
    """

    exposures: int
    mas: float
    air_kerma_reference_mgy: float
    kap_gycm2: float


def dose_of(technique: Technique, carm: CArm, detector: Detector, open_share: float = 1.0) -> DoseRecord:
    """Dose of one exposure: kerma(1 m) * mAs / distance^2, and that times the beam's area.

    Parameters
    ----------
    technique
        Beam and charge.
    carm, detector
        The beam covers the detector's active area.
    open_share
        Share of that area which the collimator leaves open, 0 to 1.

    Returns
    -------
    The record. Air between 1 m and the reference point (0.4 % at 50 keV) is not put back.

    Raises
    ------
    OutOfRangeError
        If the reference point would lie behind the focus, or the share outside 0 to 1.

    Examples
    --------
    >>> record = dose_of(Technique(Beam(80.0), 1.0), CArm(180.0, 0.0, (0, 0, 0)), Detector())
    >>> f"{record.air_kerma_reference_mgy:.3f} mGy, {record.kap_gycm2:.4f} Gy cm2"
    '0.170 mGy, 0.0313 Gy cm2'
    """
    reference_mm = reference_distance_mm(carm)
    if not 0.0 <= open_share <= 1.0:
        raise OutOfRangeError("open_share", f"{open_share:g}", "0 to 1")
    kerma_ugy = air_kerma_ugy_per_mas_at_1m(technique.beam) * technique.mas * (1000.0 / reference_mm) ** 2
    shrink = reference_mm / carm.source_to_detector_mm
    area_cm2 = detector.height_mm * detector.width_mm * shrink**2 / 100.0 * open_share
    return DoseRecord(technique.beam.kv, technique.mas, kerma_ugy / 1e3, area_cm2, kerma_ugy / 1e6 * area_cm2)


def reference_distance_mm(carm: CArm) -> float:
    """Distance from the focus to the patient entrance reference point.

    Raises
    ------
    OutOfRangeError
        If the isocentre is so near that the point would lie behind the focus.
    """
    distance = carm.source_to_isocentre_mm - REFERENCE_TO_ISOCENTRE_MM
    if not distance > 0.0:
        raise OutOfRangeError(
            "source_to_isocentre_mm", f"{carm.source_to_isocentre_mm:g} mm", f"above {REFERENCE_TO_ISOCENTRE_MM:g} mm"
        )
    return distance


def totals(records: Iterable[DoseRecord]) -> DoseTotals:
    """The sums over exposures, rounded once, so that the order of records does not matter."""
    held = tuple(records)
    return DoseTotals(
        len(held),
        math.fsum(record.mas for record in held),
        math.fsum(record.air_kerma_reference_mgy for record in held),
        math.fsum(record.kap_gycm2 for record in held),
    )


def detector_ugy_per_mas(beam: Beam, soft_g_cm2: float, bone_g_cm2: float, carm: CArm) -> float:
    """Air kerma per mAs at the detector behind a patient, primary beam only: no scatter, grid or table top, uGy/mAs.

    Parameters
    ----------
    beam
        Voltage and filter.
    soft_g_cm2, bone_g_cm2
        Soft tissue and bone mineral on the ray.
    carm
        Gives the distance from focus to detector.
    """
    made = spectrum(beam)
    depth = mass_attenuation_cm2_g(Substance.SOFT_TISSUE, made.energies_kev) * soft_g_cm2
    depth = depth + mass_attenuation_cm2_g(Substance.BONE_MINERAL, made.energies_kev) * bone_g_cm2
    behind = float(made.kerma_ugy_per_mas_by_bin @ np.exp(-depth))
    return behind * (1000.0 / carm.source_to_detector_mm) ** 2
