"""How a case went over time: depth, pressure, volume, dose and clearance, one value per case on the case's clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.debrief.track import gaps_of
from dekomp_sim.disc import pressure_kpa
from dekomp_sim.imaging.radiation.dose import totals
from dekomp_sim.instruments import CATALOGUE
from dekomp_sim.procedure.case import Case


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Series (n,) over the n cases of a procedure.

    Parameters
    ----------
    clock_s
        Time of each case; never falls, but may stand still.
    depth_mm
        By instrument, depth of its tip below the skin; 0 at the moment it is out, NaN while it is not in the patient.
    pressure_kpa
        In the treated disc.
    removed_ml
        Tissue taken out so far.
    kap_gycm2, air_kerma_mgy
        Dose so far.
    clearance_mm
        Least gap between an instrument now in the patient and a nerve, vessel or organ; NaN without an instrument.
    heart_bpm, systolic_mmhg, saturation_percent
        What the monitor showed.
    """

    clock_s: FloatArray
    depth_mm: Mapping[str, FloatArray]
    pressure_kpa: FloatArray
    removed_ml: FloatArray
    kap_gycm2: FloatArray
    air_kerma_mgy: FloatArray
    clearance_mm: FloatArray
    heart_bpm: FloatArray
    systolic_mmhg: FloatArray
    saturation_percent: FloatArray


def curves(cases: Sequence[Case]) -> Curves:
    """The series of a procedure.

    Parameters
    ----------
    cases
        All cases in order, the opening first.
    """
    used = [key for key in CATALOGUE if any(key in case.placements for case in cases)]
    dose = [totals(exposure.dose for exposure in case.exposures) for case in cases]
    shown = [case.vitals for case in cases]
    return Curves(
        clock_s=frozen([case.clock_s for case in cases]),
        depth_mm=MappingProxyType({key: _depth_mm(cases, key) for key in used}),
        pressure_kpa=frozen([pressure_kpa(case.disc) for case in cases]),
        removed_ml=frozen([case.removed_ml for case in cases]),
        kap_gycm2=frozen([one.kap_gycm2 for one in dose]),
        air_kerma_mgy=frozen([one.air_kerma_reference_mgy for one in dose]),
        clearance_mm=_clearance_mm(cases),
        heart_bpm=frozen([one.heart_bpm for one in shown]),
        systolic_mmhg=frozen([one.systolic_mmhg for one in shown]),
        saturation_percent=frozen([one.saturation_percent for one in shown]),
    )


def _depth_mm(cases: Sequence[Case], key: str) -> FloatArray:
    inside = [key in case.placements for case in cases]
    was_inside = [False, *inside[:-1]]
    return frozen(
        [
            case.placements[key].depth_mm if now else 0.0 if before else math.nan
            for case, now, before in zip(cases, inside, was_inside, strict=True)
        ]
    )


def _clearance_mm(cases: Sequence[Case]) -> FloatArray:
    gaps = [[gap for placed in case.placements.values() for gap in gaps_of(case.patient, placed)] for case in cases]
    least = [min((gap.distance_mm for gap in one), default=math.inf) for one in gaps]
    return frozen([gap if math.isfinite(gap) else math.nan for gap in least])
