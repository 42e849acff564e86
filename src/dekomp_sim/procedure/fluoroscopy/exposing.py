"""Turning the C-arm and pressing the pedal: pose, technique and dose; who wants the picture makes it from these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.radiation.dose import DoseRecord, Technique, dose_of
from dekomp_sim.imaging.stand.brightness import (
    Brightness,
    Fluoroscopy,
    Held,
    Sensed,
    controlled,
    ma_by_hand,
    spot_controlled,
)
from dekomp_sim.imaging.stand.collimator import Collimator, active, zoom
from dekomp_sim.imaging.stand.machine import hindrances, pair_collides
from dekomp_sim.matter import Beam, soft_and_bone_from_hu
from dekomp_sim.procedure.actions import Expose, MoveTable, SetCollimator, SetField, SetFluoroscopy, SetView, View
from dekomp_sim.procedure.case import Case, Controls
from dekomp_sim.procedure.clinic.breathing import breath_mm
from dekomp_sim.procedure.events import Event, Risk, Severity
from dekomp_sim.procedure.fluoroscopy.views import (
    OBLIQUE_DEG,
    OVER_THE_BACK_DEG,
    Angles,
    angles_of,
    biplane_pair,
    process_turn_deg,
)
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.units import MM_PER_CM

TURN_S: Final = 15.0
"""Time in s to turn the C-arm. Assumption."""

MOVE_TABLE_S: Final = 8.0
"""Time in s to move the table. Assumption."""

SET_S: Final = 3.0
"""Time in s to set something at the console. Assumption."""

SPOT_S: Final = 1.0
"""Time in s that a picture to keep takes, preparation included. Assumption."""

RAY_STEP_MM: Final = 2.0
"""Step in mm at which rays are sampled for automatic exposure: about a voxel."""

SENSOR_SHARE: Final = 0.5
"""Side of the control's measuring field over that of the open field. Assumption: consoles measure in the middle."""

SENSOR_RAYS: Final = 5
"""Rays along each side of the measuring field: what a mean needs that a single pedicle or gas bubble must not sway."""

HELD_WORDS: Final = {
    Held.LEAST: "the generator's least",
    Held.MOST: "the generator's most",
    Held.LAW: "the law's limit of air kerma rate",
}
"""What a trainee is told of a control that could not give what the detector wants."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse as the generator gives it, its tube current, and what held the control back."""

    technique: Technique
    ma: float
    held: Held = Held.NOTHING


def angles_asked(case: Case, action: SetView) -> Angles:
    """Positioner angles that an action asks for."""
    if action.view is None:
        return Angles(float(action.primary_deg or 0.0), float(action.secondary_deg or 0.0))
    now = case.carm.primary_deg if case.carm else OVER_THE_BACK_DEG
    oblique = OBLIQUE_DEG
    if action.view is View.OBLIQUE:
        oblique = process_turn_deg(case.patient, case.level, case.side)
    return angles_of(action.view, case.shape, case.side, case.plan.direction, now, oblique)


def posed(case: Case, angles: Angles, shift_mm: tuple[float, float, float]) -> CArm:
    """The C-arm about the treated disc's centre, the table moved left, up and headward from there."""
    isocentre = case.shape.patient_from_disc.translation_mm - np.array(shift_mm)
    machine = case.machine
    return CArm(*angles, isocentre, machine.source_to_isocentre_mm, machine.source_to_detector_mm)


def why_not_posed(case: Case, carm: CArm, shift_mm: tuple[float, float, float]) -> str | None:
    """The first reason why the C-arm cannot stand like this, the table moved so; None where it can."""
    machine = case.machine
    gantry = machine.gantry.facing(case.side)
    table = replace(machine.table, height_mm=machine.table.height_mm + shift_mm[1])
    found = hindrances(gantry, carm, machine.detector, table, body_of(case.patient.volume))
    return found[0] if found else None


def shift_asked(action: MoveTable) -> tuple[float, float, float]:
    """Where the table is to be, in the patient frame: left, up (posterior, for he lies prone) and headward."""
    return (action.left_mm, action.up_mm, action.head_mm)


def planes_asked(case: Case, action: SetView) -> tuple[CArm, CArm | None]:
    """The C-arm at the view asked for, and the second plane where two are asked for."""
    shift = case.controls.shift_mm
    if action.view is not View.BIPLANE:
        return posed(case, angles_asked(case, action), shift), None
    frontal, lateral = biplane_pair(case.shape, case.side)
    return posed(case, frontal, shift), posed(case, lateral, shift)


def why_not_turned(case: Case, action: SetView) -> str | None:
    """The first reason why the view asked for cannot be taken; None where it can."""
    frontal, lateral = planes_asked(case, action)
    shift, machine = case.controls.shift_mm, case.machine
    if lateral is None:
        return why_not_posed(case, frontal, shift)
    if machine.planes == 1:
        return "This machine has one plane: take AP and lateral one after the other."
    together = pair_collides(machine.gantry, frontal, lateral, machine.detector)
    return why_not_posed(case, frontal, shift) or why_not_posed(case, lateral, shift) or next(iter(together), None)


def why_not_shifted(case: Case, action: MoveTable) -> str | None:
    """The first reason why the table cannot be moved there under the C-arm as it stands; None where it can."""
    shift = shift_asked(action)
    planes = [_again(case, carm, shift) for carm in (case.carm, case.lateral) if carm is not None]
    return next((reason for carm in planes if (reason := why_not_posed(case, carm, shift))), None)


def turned(case: Case, action: SetView) -> Case:
    """The C-arm at the view asked for."""
    carm, lateral = planes_asked(case, action)
    return replace(case, carm=carm, lateral=lateral, clock_s=case.clock_s + TURN_S)


def shifted(case: Case, action: MoveTable) -> Case:
    """The table where it is wanted; the C-arm stays where it stands in the room."""
    return _lying(replace(case, clock_s=case.clock_s + MOVE_TABLE_S), shift_asked(action))


def nudged(case: Case, moved_mm: tuple[float, float, float]) -> Case:
    """The patient moved on the table, as a table moved with him would: left, posterior, headward."""
    left, up, head = (old + new for old, new in zip(case.controls.shift_mm, moved_mm, strict=True))
    return _lying(case, (left, up, head))


def _lying(case: Case, shift_mm: tuple[float, float, float]) -> Case:
    """The patient where the shift says, the C-arm where it stands in the room."""
    carm, lateral = (_again(case, one, shift_mm) if one is not None else None for one in (case.carm, case.lateral))
    return replace(case, carm=carm, lateral=lateral, controls=replace(case.controls, shift_mm=shift_mm))


def switched(case: Case, action: SetCollimator | SetField | SetFluoroscopy) -> Case:
    """The console as it is wanted."""
    match action:
        case SetCollimator():
            controls = replace(case.controls, collimator=Collimator(action.across, action.along, action.iris))
        case SetField():
            controls = replace(case.controls, field=action.field)
        case SetFluoroscopy():
            controls = replace(case.controls, fluoroscopy=Fluoroscopy(action.rate, action.pulses_per_s))
    return replace(case, controls=controls, clock_s=case.clock_s + SET_S)


def exposed(case: Case, carm: CArm, action: Expose) -> Case:
    """The case with one more exposure in its records; with two where two planes are in use, at the same time."""
    first = _exposed(case, carm, action)
    if case.lateral is None:
        return first
    both = _exposed(replace(first, clock_s=case.clock_s), case.lateral, action)
    return replace(both, clock_s=first.clock_s)


def _again(case: Case, carm: CArm, shift_mm: tuple[float, float, float]) -> CArm:
    """A C-arm at its angles, the table moved."""
    return posed(case, Angles(carm.primary_deg, carm.secondary_deg), shift_mm)


def _exposed(case: Case, carm: CArm, action: Expose) -> Case:
    pulse = _pulse(case, carm, action)
    controls = case.controls
    used = active(case.machine.detector, controls.field)
    one = dose_of(pulse.technique, carm, used, controls.collimator.open_share(used))
    exposure = Exposure(
        case.clock_s,
        len(case.exposures),
        carm,
        pulse.technique,
        action.frames,
        _times(one, action.frames),
        action.note,
        pulse.ma,
        0.0 if action.spot else controls.fluoroscopy.pulses_per_s,
        controls.collimator,
        controls.field,
        breath_mm(case, case.clock_s),
        action.held,
    )
    took = action.frames * SPOT_S if action.spot else exposure.seconds
    return replace(
        case,
        exposures=(*case.exposures, exposure),
        events=(*case.events, *(() if action.held else _notice(case, pulse))),
        clock_s=case.clock_s + took,
    )


def sensed(case: Case, carm: CArm, controls: Controls) -> Sensed:
    """What the control's sensor stands behind: rays spread over the middle of the open field. Instruments count not."""
    used = active(case.machine.detector, controls.field)
    spread = np.linspace(-0.5, 0.5, SENSOR_RAYS) * SENSOR_SHARE
    right = spread * used.width_mm * controls.collimator.across
    up = spread * used.height_mm * controls.collimator.along
    on_panel = right[None, :, None] * carm.image_right + up[:, None, None] * carm.image_up
    rays = (carm.detector_centre_mm + on_panel - carm.source_mm).reshape(-1, 3)
    lengths = np.linalg.norm(rays, axis=1, keepdims=True)
    depths = np.arange(0.0, carm.source_to_detector_mm, RAY_STEP_MM)
    points = carm.source_mm + depths[None, :, None] * (rays / lengths)[:, None, :]
    soft, bone = soft_and_bone_from_hu(case.patient.volume.hu_at(points).astype(np.int16))
    step_cm = RAY_STEP_MM / MM_PER_CM
    return Sensed(soft.sum(axis=1, dtype=np.float64) * step_cm, bone.sum(axis=1, dtype=np.float64) * step_cm)


def chosen(case: Case, carm: CArm, action: Expose) -> Brightness:
    """What automatic brightness control gives for an exposure."""
    kv = None if action.kv == "auto" else action.kv
    controls = case.controls
    before = sensed(case, carm, controls)
    if action.spot:
        return spot_controlled(before, carm, kv, zoom(controls.field))
    return controlled(before, carm, controls.fluoroscopy, kv, zoom(controls.field))


def _pulse(case: Case, carm: CArm, action: Expose) -> Pulse:
    if action.mas == "auto":
        found = chosen(case, carm, action)
        return Pulse(found.technique, found.ma, found.held)
    beam = chosen(case, carm, action).technique.beam if action.kv == "auto" else Beam(action.kv)
    return Pulse(Technique(beam, action.mas), ma_by_hand(beam.kv))


def _notice(case: Case, pulse: Pulse) -> tuple[Event, ...]:
    if pulse.held not in {Held.MOST, Held.LAW}:
        return ()
    words = f"Automatic exposure is at {HELD_WORDS[pulse.held]}: the picture will be noisy."
    return (Risk(case.clock_s, "exposure_limited", words, Severity.NOTICE),)


def _times(one: DoseRecord, frames: int) -> DoseRecord:
    return replace(
        one,
        mas=one.mas * frames,
        air_kerma_reference_mgy=one.air_kerma_reference_mgy * frames,
        kap_gycm2=one.kap_gycm2 * frames,
    )
