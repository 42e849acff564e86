"""What a lesson's conditions may ask of a case: numbers with their unit in the name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.strand_distance import strand_distances_mm
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import pressure_kpa
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Pain, Refusal
from dekomp_sim.procedure.lesson.words import Quantity


def value(case: Case, quantity: Quantity) -> float | None:
    """The number now; None where there is none, as the distance of a tip while no instrument is in the patient."""
    return _READ[quantity](case)


def _tips(case: Case) -> FloatArray:
    """(n, 3) tips of the instruments in the patient."""
    return np.array([placement.tip_mm for placement in case.placements.values()]).reshape(-1, 3)


def _tip_to(*structures: Structure) -> Callable[[Case], float | None]:
    def read(case: Case) -> float | None:
        strands = [strand for strand in case.patient.strands if strand.structure in structures]
        tips = _tips(case)
        away_mm = float(strand_distances_mm(strands, tips, tips).min(initial=math.inf))
        return max(0.0, away_mm) if math.isfinite(away_mm) else None

    return read


def _tip_to_target_mm(case: Case) -> float | None:
    points = _tips(case)
    return float(np.linalg.norm(points - case.plan.target_mm, axis=1).min()) if len(points) else None


def _depth_mm(case: Case) -> float | None:
    return max((placement.depth_mm for placement in case.placements.values()), default=None)


def _pain(case: Case) -> float | None:
    return next((event.rating for event in reversed(case.events) if isinstance(event, Pain)), 0.0)


_READ: Final[Mapping[Quantity, Callable[[Case], float | None]]] = MappingProxyType({
    Quantity.CLOCK_S: lambda case: case.clock_s,
    Quantity.FLUOROSCOPY_S: lambda case: case.fluoroscopy_s,
    Quantity.EXPOSURES: lambda case: float(case.presses),
    Quantity.KAP_GYCM2: lambda case: math.fsum(exposure.dose.kap_gycm2 for exposure in case.exposures),
    Quantity.CT_DLP_MGYCM: lambda case: math.fsum(taken.dose.dlp_mgycm for taken in case.acquisitions),
    Quantity.CT_FLUOROSCOPY_S: lambda case: case.ct_fluoroscopy_s,
    Quantity.TIP_TO_ROOT_MM: _tip_to(Structure.NERVE_ROOT, Structure.GANGLION),
    Quantity.TIP_TO_SAC_MM: _tip_to(Structure.THECAL_SAC),
    Quantity.TIP_TO_TARGET_MM: _tip_to_target_mm,
    Quantity.TIP_DEPTH_MM: _depth_mm,
    Quantity.SKIN_PUNCTURES: lambda case: float(len(case.punctures)),
    Quantity.REDIRECTS: lambda case: float(case.redirects),
    Quantity.LIDOCAINE_MG: lambda case: math.fsum(deposit.lidocaine_mg for deposit in case.deposits),
    Quantity.CONTRAST_ML: lambda case: math.fsum(injection.volume_ml for injection in case.injections),
    Quantity.PRESSURE_KPA: lambda case: pressure_kpa(case.disc),
    Quantity.REMOVED_ML: lambda case: case.removed_ml,
    Quantity.PAIN: _pain,
    Quantity.REFUSED: lambda case: float(sum(isinstance(event, Refusal) for event in case.events)),
    Quantity.HEART_BPM: lambda case: case.vitals.heart_bpm,
    Quantity.SYSTOLIC_MMHG: lambda case: case.vitals.systolic_mmhg,
    Quantity.SATURATION_PERCENT: lambda case: case.vitals.saturation_percent,
})  # fmt: skip
