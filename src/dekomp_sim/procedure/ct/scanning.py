"""Moving couch and gantry, and taking slices: places, times and dose; who wants the pictures makes them from these."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import discogram
from dekomp_sim.geometry import Rigid
from dekomp_sim.imaging.ct.gantry import Gantry, patient_from_scan, tilt_along_deg
from dekomp_sim.imaging.ct.protocol import PROTOCOLS, Protocol
from dekomp_sim.imaging.radiation.ct_dose import CtDose, ct_dose_of, scan_dose_of
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.actions import CtFluoroscopy, CtScan, CtStep, LayGrid, MoveGantry, Through
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.breathing import breath_mm
from dekomp_sim.procedure.ct.acquired import Acquisition, Manner, Vector
from dekomp_sim.procedure.ct.grid import grid_over, middle_mm
from dekomp_sim.procedure.events import Event, Said

MOVE_S: Final = 6.0
"""Time in s to move the couch to another place. Assumption."""

LEAN_S: Final = 10.0
"""Time in s to lean the gantry. Assumption: 1 to 3 degrees a second."""

GRID_S: Final = 60.0
"""Time in s to tape the grid to the back. Assumption."""

STEP_OUT_S: Final = 10.0
"""Time in s to leave the room, or to come back. Assumption."""

QUICK_S: Final = 1.0
"""Time in s from pressing the pedal to the beam. Assumption."""

FEED_MM_S: Final = 40.0
"""Way of the couch in a second of scanning. Assumption: 20 mm of collimation a turn of half a second."""

BORE_MM: Final = 700.0
"""Diameter of the gantry's opening (GE LightSpeed VCT)."""

BODY_FIELD_MM: Final = 300.0
"""From this field on the picture is centred on the body; below on the disc and the way to it. Assumption."""

DISC_FIELD_MM: Final = 160.0
"""Up to this field the picture is centred on the disc. Assumption: a way of 11 cm would not fit in."""

TOWARDS_ENTRY_MM: Final = (35.0, 25.0)
"""By how much fields between are moved to the side of approach and backward. Assumption: disc and entry then lie in a
field of 200 mm."""

SHOWN_MM: Final = 0.5
"""How far beyond a slice a tip may lie and still be seen in it. Assumption: the focus' penumbra."""

DISC_SHOWN_MM: Final = 3.0
"""How far from a disc's middle a slice may pass and still show its contrast. Assumption: within its lower third."""

NO_SCANNER: Final = "There is no CT scanner in this room: the scenario is guided by fluoroscopy."
NO_C_ARM: Final = "There is no C-arm in this room: the scenario is guided by CT."

Taking = CtScan | CtStep | CtFluoroscopy


def protocol_asked(action: Taking) -> Protocol:
    """Settings of a turn: the preset's, as far as nothing else is asked; mA over the time of a turn make its mAs."""
    preset = PROTOCOLS[action.preset]
    asked = {
        "kv": action.kv,
        "mas": None if action.ma is None else action.ma * Gantry().rotation_s,
        "thickness_mm": action.thickness_mm,
        "field_mm": action.field_mm,
        "kernel": action.kernel,
    }
    return replace(preset, **{name: value for name, value in asked.items() if value is not None})  # type: ignore[arg-type]


def why_not_taken(case: Case, action: Taking) -> str | None:
    """Why no slice may be taken now: a scan that goes nowhere, a hub that meets the gantry."""
    if isinstance(action, CtScan) and not action.from_mm < action.to_mm:
        return f"A scan goes headward: from {action.from_mm:g} mm it cannot go to {action.to_mm:g} mm."
    for key, placement in case.placements.items():
        out_mm = float(np.linalg.norm((placement.hub_mm - middle_mm(case))[:2]))
        if out_mm > BORE_MM / 2.0:
            name = key.replace("_", " ")
            return f"The {name}'s hub stands {out_mm:.0f} mm from the gantry's axis; {BORE_MM / 2.0:.0f} mm are free."
    return None


def moved(case: Case, action: MoveGantry) -> Case:
    """Couch and gantry where they are wanted.

    Raises
    ------
    OutOfRangeError
        If the gantry cannot lean as far as the way asks for.
    """
    tilt = _tilt_asked_deg(case, action)
    table = case.couch.table_mm if action.through is None else _table_through(case, _amid(case, action.through), tilt)
    couch = replace(case.couch, table_mm=table if action.table_mm is None else action.table_mm, tilt_deg=tilt)
    took = MOVE_S + (LEAN_S if tilt != case.couch.tilt_deg else 0.0)
    return replace(case, couch=couch, clock_s=case.clock_s + took)


def why_not_moved(case: Case, action: MoveGantry) -> str | None:
    """Why the slice cannot be laid through what is asked: no needle is there."""
    needed = action.through in {Through.NEEDLE, Through.TIP}
    return "No needle is in the patient." if needed and not case.placements else None


def drifted(case: Case, moved_mm: Vector) -> Case:
    """The patient moved on the couch: left, up, headward."""
    left, up, head = (old + new for old, new in zip(case.couch.drift_mm, moved_mm, strict=True))
    return replace(case, couch=replace(case.couch, drift_mm=(left, up, head)))


def gridded(case: Case, action: LayGrid) -> Case:
    """The grid on the back."""
    grid = grid_over(case, float(middle_mm(case)[2]) + action.table_mm)
    return replace(case, grid=grid, couch=replace(case.couch, grid_lies=True), clock_s=case.clock_s + GRID_S)


def why_not_gridded(case: Case) -> str | None:
    """Why the grid may not be taped on: the skin is washed."""
    washed = "prepare_sterile_field" in case.done
    return "The skin is washed and draped: the grid lies on it before." if washed else None


def scanned(case: Case, action: CtScan) -> Case:
    """A scan on record; the couch ends where it does."""
    protocol = protocol_asked(action)
    count = max(1, math.ceil((action.to_mm - action.from_mm) / protocol.thickness_mm - 1e-9))
    along = tuple((n + 0.5) * protocol.thickness_mm for n in range(count))
    case = replace(case, couch=replace(case.couch, table_mm=action.from_mm))
    seconds = along[-1] / FEED_MM_S
    dose = scan_dose_of(protocol, count * protocol.thickness_mm)
    later = _taken(case, Manner.SCAN, action, (along, seconds, dose), STEP_OUT_S)
    return replace(later, couch=replace(later.couch, table_mm=action.to_mm))


def stepped(case: Case, action: CtStep) -> Case:
    """One turn on record."""
    dose = ct_dose_of(protocol_asked(action), 1.0, action.slices)
    lead_s = QUICK_S if action.beside else STEP_OUT_S
    return _taken(case, Manner.STEP, action, ((0.0,), Gantry().rotation_s, dose), lead_s)


def pedalled(case: Case, action: CtFluoroscopy) -> Case:
    """A press of the pedal on record; the picture that stays is the last one."""
    dose = ct_dose_of(protocol_asked(action), action.seconds / Gantry().rotation_s, action.slices)
    return _taken(case, Manner.FLUOROSCOPY, action, ((0.0,), action.seconds, dose), 0.0 if action.held else QUICK_S)


def _taken(
    case: Case, manner: Manner, action: Taking, beam: tuple[tuple[float, ...], float, CtDose], lead_s: float
) -> Case:
    """One more acquisition in the records, and what it showed."""
    (along, seconds, dose), protocol = beam, protocol_asked(action)
    centre = middle_mm(case) + np.array([0.0, 0.0, case.couch.table_mm])
    scan = patient_from_scan(centre, case.couch.tilt_deg)
    last = case.acquisitions[-1] if case.acquisitions else None
    one = Acquisition(
        clock_s=case.clock_s + lead_s,
        index=len(case.acquisitions),
        first_turn=0 if last is None else last.first_turn + last.slices,
        manner=manner,
        protocol=protocol,
        centre_mm=_told(centre),
        middle_mm=_picture_middle(case, scan, protocol.field_mm),
        tilt_deg=case.couch.tilt_deg,
        table_mm=case.couch.table_mm,
        along_mm=along,
        side_by_side=1 if isinstance(action, CtScan) else action.slices,
        seconds=seconds,
        dose=dose,
        beside=isinstance(action, CtFluoroscopy) or (isinstance(action, CtStep) and action.beside),
        note=action.note,
        held=isinstance(action, CtFluoroscopy) and action.held,
    )
    seen = replace(
        one,
        shows=tuple(key for key, at in case.placements.items() if in_a_slice(case, one, at.tip_mm)),
        discs=tuple(level for level in case.discs if in_a_slice(case, one, _middle(case, level), DISC_SHOWN_MM)),
    )
    back_s = STEP_OUT_S if not one.beside else 0.0
    later = replace(case, clock_s=seen.clock_s + seconds + back_s, acquisitions=(*case.acquisitions, seen))
    return _contrast_read(later, seen)


def places(case: Case, taken: Acquisition) -> tuple[Rigid, ...]:
    """Where each slice of an acquisition lay in the patient, from the feet up, as far as the breath had moved him.

    Parameters
    ----------
    case
        The case right after it, or later before the next step: its breath counts.
    taken
        Which.
    """
    found = []
    for number, laid in enumerate(laid_places(taken)):
        along = taken.along_mm[number // taken.side_by_side]
        at_s = taken.clock_s + (along / FEED_MM_S if taken.manner is Manner.SCAN else taken.seconds)
        found.append(Rigid.shift(-np.array(breath_mm(case, at_s))) @ laid)
    return tuple(found)


def laid_places(taken: Acquisition) -> tuple[Rigid, ...]:
    """Where each slice of an acquisition lies by the scanner, from the feet up: in the patient breathed out."""
    found = []
    for along in taken.along_mm:
        scan = patient_from_scan(np.array(taken.centre_mm) + np.array([0.0, 0.0, along]), taken.tilt_deg)
        for row in range(taken.side_by_side):
            up_mm = (row - (taken.side_by_side - 1) / 2.0) * taken.protocol.thickness_mm
            found.append(scan @ Rigid.shift([0.0, 0.0, up_mm]))
    return tuple(found)


def in_a_slice(case: Case, taken: Acquisition, point_mm: FloatArray, beyond_mm: float = SHOWN_MM) -> bool:
    """Whether a point (3,) of the patient lies in a slice and in its picture."""
    reach, half = taken.protocol.thickness_mm / 2.0 + beyond_mm, taken.protocol.field_mm / 2.0
    for patient_from_slice in places(case, taken):
        x, y, z = patient_from_slice.inverse().points(point_mm).tolist()
        if abs(z) <= reach and max(abs(x - taken.middle_mm[0]), abs(y - taken.middle_mm[1])) <= half:
            return True
    return False


def _contrast_read(case: Case, taken: Acquisition) -> Case:
    """What slices through a disc show of the contrast in it, where no slice has since it was injected."""
    for level in taken.discs:
        last = next((n for n in reversed(range(len(case.injections))) if case.injections[n].level is level), None)
        shown = discogram(case.discs[level])
        if last is None or shown is None or _seen_since(case, level, case.injections[last].clock_s):
            continue
        injections = list(case.injections)
        injections[last] = replace(injections[last], shown=shown)
        words = f"The CT of {level} after the injection: {shown.adams}, Dallas {shown.dallas}."
        told: tuple[Event, ...] = (Said(case.clock_s, "team", words),)
        case = replace(case, injections=tuple(injections), events=(*case.events, *told))
    return case


def _seen_since(case: Case, level: Level, since_s: float) -> bool:
    """Whether a slice before the last acquisition showed a disc from a moment on."""
    return any(taken.clock_s >= since_s and level in taken.discs for taken in case.acquisitions[:-1])


def _middle(case: Case, level: Level) -> FloatArray:
    return case.patient.discs[level].patient_from_disc.translation_mm


def _tilt_asked_deg(case: Case, action: MoveGantry) -> float:
    """The gantry's lean: as told, along what the slice is laid through, or as it is."""
    if action.tilt_deg is not None:
        return action.tilt_deg
    match action.through:
        case Through.DISC:
            return tilt_along_deg(case.shape.patient_from_disc.directions([0.0, 1.0, 0.0]))
        case Through.WAY:
            return tilt_along_deg(case.plan.direction)
        case Through.NEEDLE:
            return tilt_along_deg(_deepest(case).tip_direction)
        case _:
            return case.couch.tilt_deg


def _amid(case: Case, through: Through) -> FloatArray:
    """(3,) the point that the slice is laid through."""
    if through is Through.DISC:
        return case.shape.patient_from_disc.translation_mm
    return case.plan.target_mm if through is Through.WAY else _deepest(case).tip_mm


def _table_through(case: Case, point_mm: FloatArray, tilt_deg: float) -> float:
    """Where the couch stands when the leaning slice holds a point (3,)."""
    off = point_mm - middle_mm(case)
    return float(off[2] - math.tan(math.radians(tilt_deg)) * off[1])


def _deepest(case: Case) -> Placement:
    return max(case.placements.values(), key=lambda placement: placement.depth_mm)


def _picture_middle(case: Case, scan: Rigid, field_mm: float) -> tuple[float, float]:
    """(x, y) in the scan frame about which pictures of a field are centred."""
    if field_mm >= BODY_FIELD_MM:
        return (0.0, 0.0)
    side, back = TOWARDS_ENTRY_MM if field_mm > DISC_FIELD_MM else (0.0, 0.0)
    disc = case.shape.patient_from_disc.translation_mm
    x, y, _ = scan.inverse().points(disc + np.array([case.side.sign * side, back, 0.0])).tolist()
    return round(x, 3), round(y, 3)


def _told(point_mm: FloatArray) -> Vector:
    x, y, z = point_mm.tolist()
    return x, y, z
