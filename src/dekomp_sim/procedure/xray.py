"""Turning the C-arm and pressing the pedal: pose, technique and dose; who wants the picture makes it from these."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.dose import (
    FRAME_DETECTOR_UGY,
    SPOT_DETECTOR_UGY,
    DoseRecord,
    Technique,
    automatic_exposure,
    dose_of,
)
from dekomp_sim.matter import Beam, soft_and_bone_from_hu
from dekomp_sim.procedure.actions import Expose, SetView
from dekomp_sim.procedure.case import FRAMES_PER_S, Case, Exposure
from dekomp_sim.procedure.events import Event, Risk, Severity
from dekomp_sim.procedure.views import OVER_THE_BACK_DEG, angles_of
from dekomp_sim.units import MM_PER_CM

TURN_S: Final = 15.0
"""Time in s to turn the C-arm. Assumption."""

RAY_STEP_MM: Final = 1.0
"""Step in mm at which the central ray is sampled for automatic exposure: about a voxel."""


def turned(case: Case, action: SetView) -> Case:
    """The C-arm at the view asked for, about the treated disc's centre."""
    if action.view is not None:
        now = case.carm.primary_deg if case.carm else OVER_THE_BACK_DEG
        primary, secondary = angles_of(action.view, case.shape, case.side, case.plan.direction, now)
    else:
        primary, secondary = float(action.primary_deg or 0.0), float(action.secondary_deg or 0.0)
    machine = case.machine
    centre = case.shape.patient_from_disc.translation_mm
    carm = CArm(primary, secondary, centre, machine.source_to_isocentre_mm, machine.source_to_detector_mm)
    return replace(case, carm=carm, clock_s=case.clock_s + TURN_S)


def exposed(case: Case, carm: CArm, action: Expose) -> Case:
    """The case with one more exposure in its records."""
    technique, limited = _technique(case, carm, action)
    record = _times(dose_of(technique, carm, case.machine.detector), action.frames)
    exposure = Exposure(case.clock_s, len(case.exposures), carm, technique, action.frames, record, action.note)
    events: tuple[Event, ...] = ()
    if limited:
        words = f"Automatic exposure is at the generator's limit, {technique.mas:.2g} mAs: the picture will be noisy."
        events = (Risk(case.clock_s, "exposure_limited", words, Severity.NOTICE),)
    return replace(
        case,
        exposures=(*case.exposures, exposure),
        events=(*case.events, *events),
        clock_s=case.clock_s + action.frames / FRAMES_PER_S,
    )


def central_ray_g_cm2(case: Case, carm: CArm) -> tuple[float, float]:
    """Soft tissue and bone mineral on the central ray, g/cm2: what the automatic exposure's sensor stands behind."""
    depths = np.arange(0.0, carm.source_to_detector_mm, RAY_STEP_MM)
    hu = case.patient.volume.hu_at(carm.source_mm + depths[:, None] * carm.towards_detector)
    soft, bone = soft_and_bone_from_hu(hu.astype(np.int16))
    step_cm = RAY_STEP_MM / MM_PER_CM
    return float(soft.sum(dtype=np.float64)) * step_cm, float(bone.sum(dtype=np.float64)) * step_cm


def _technique(case: Case, carm: CArm, action: Expose) -> tuple[Technique, bool]:
    beam = Beam(action.kv)
    if action.mas != "auto":
        return Technique(beam, action.mas), False
    wanted = SPOT_DETECTOR_UGY if action.spot else FRAME_DETECTOR_UGY
    chosen = automatic_exposure(beam, *central_ray_g_cm2(case, carm), carm, wanted)
    return chosen.technique, chosen.limited


def _times(one: DoseRecord, frames: int) -> DoseRecord:
    return replace(
        one,
        mas=one.mas * frames,
        air_kerma_reference_mgy=one.air_kerma_reference_mgy * frames,
        kap_gycm2=one.kap_gycm2 * frames,
    )
