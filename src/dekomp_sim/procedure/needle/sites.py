"""Where things are in a case: the planned entry, a tip in the disc, the depth an action asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.errors import InputError
from dekomp_sim.procedure.actions import Advance, GridMark, Incise, Insert, Point, Withdraw
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.grid import marked_mm
from dekomp_sim.procedure.needle.marks import marks, planned_marks
from dekomp_sim.procedure.needle.skin import onto_skin
from dekomp_sim.procedure.needle.steering import course_ahead

FOR_CONTROLS: Final = frozenset(
    {"discography_introducer", "discography_needle", "fine_discography_introducer", "fine_discography_needle"}
)
"""Instruments that may enter a control disc; any other in it is at the wrong level."""

LEAST_WAY_MM: Final = 1.0
"""Distance in mm from entry to aim below which they give no direction. Assumption: a needle's width."""


@lru_cache(maxsize=2)
def axis_asked(case: Case, action: Insert | Incise) -> tuple[FloatArray, FloatArray]:
    """(3,) skin entry and (3,) inward direction of an action; an entry off the plan slides along its axis to the skin.

    Kept, for the rule asks first and then the step.

    Raises
    ------
    InputError
        If entry and aim are one point, the axis meets no skin near the entry, or there is no grid to name it.
    """
    plan = case.plan_to(action.level or case.level)
    entry = action.entry
    near = marked_mm(case, entry) if isinstance(entry, GridMark) else _point(entry, plan.entry_mm)
    near = near + np.array([case.side.sign * action.entry_lateral_mm, 0.0, action.entry_cranial_mm])
    way = _point(action.aim if isinstance(action, Insert) else "planned", plan.target_mm) - near
    if np.linalg.norm(way) < LEAST_WAY_MM:
        raise InputError("aim", "the entry itself", "another point")
    if np.array_equal(near, plan.entry_mm):
        return near, unit(way)
    return onto_skin(case.patient.volume, near, unit(way)), unit(way)


def _point(point: Point | str, planned: FloatArray) -> FloatArray:
    return np.array([point.x_mm, point.y_mm, point.z_mm]) if isinstance(point, Point) else planned


def in_disc(shape: DiscShape, at_mm: FloatArray) -> bool:
    """Whether a point (3,) of the patient frame lies in a disc or its protrusion."""
    return bool(shape.depth_inside_mm(shape.patient_from_disc.inverse().points(at_mm)) > 0.0)


def in_nucleus(shape: DiscShape, at_mm: FloatArray) -> bool:
    """Whether a point (3,) of the patient frame lies in a disc's nucleus."""
    local = shape.patient_from_disc.inverse().points(at_mm)
    return bool(shape.nucleus_rim(local) < 1.0 and shape.depth_inside_mm(local) > 0.0)


def tip_in_disc(case: Case, key: str) -> bool:
    """Whether an instrument is in the patient with its tip in the treated disc."""
    return key in case.placements and in_disc(case.shape, case.placements[key].tip_mm)


@lru_cache(maxsize=4)
def level_at_tip(case: Case, key: str) -> Level | None:
    """Which of the discs that are worked on an instrument's tip lies in; None for none or no such instrument.

    Kept, for rules, step and readings ask it of one case.
    """
    if key not in case.placements:
        return None
    tip_mm = case.placements[key].tip_mm
    return next((level for level in case.discs if in_disc(case.patient.discs[level], tip_mm)), None)


def level_aimed(case: Case, key: str) -> Level:
    """The disc an instrument in the patient was inserted for: by its own puncture, or by that of what it lies in."""
    outer = case.nest.get(key)
    if outer is not None:
        return level_aimed(case, outer)
    mine = (puncture.level for puncture in reversed(case.punctures) if puncture.instrument == key)
    return next(mine, case.level)


def levels_worked(case: Case, key: str) -> tuple[Level, ...]:
    """The discs an instrument may be in: the treated one, and the controls for the discography set."""
    return tuple(case.discs) if key in FOR_CONTROLS else (case.level,)


@lru_cache(maxsize=2)
def depth_wanted_mm(case: Case, action: Advance | Withdraw) -> float:
    """Depth below the skin that an action asks for; kept, for the rule asks first and then the step.

    A mark is looked for along the way the instrument would take; where that misses the disc it counts along the
    planned one, as an operator who does not know it yet would count.

    Raises
    ------
    InputError
        If the planned axis does not meet the mark either.
    """
    if action.to is None:
        return float(action.to_depth_mm or 0.0)
    placement = case.placements[action.instrument]
    bevel_deg = action.bevel_deg if isinstance(action, Advance) else None
    ahead = placement.course if isinstance(action, Withdraw) else course_ahead(case, action.instrument, bevel_deg)
    level = level_aimed(case, action.instrument)
    shape, plan = case.patient.discs[level], case.plan_to(level)
    found = {**planned_marks(shape, plan), **marks(shape, ahead)}
    if action.to not in found:
        raise InputError(f"{action.do} to", action.to, ", ".join(found))
    return found[action.to] + action.offset_mm


def reach_mm(case: Case, key: str) -> float:
    """Deepest the tip can come, below the skin: its hub then stands on the skin, or on the hub of what it lies in."""
    length = case.placements[key].instrument.length_mm
    if key not in case.nest:
        return length
    outer = case.placements[case.nest[key]]
    return outer.depth_mm + length - outer.instrument.length_mm


def as_tuple(point_mm: FloatArray) -> tuple[float, float, float]:
    """A point (3,) as plain numbers, for a record."""
    x, y, z = np.asarray(point_mm, dtype=np.float64).tolist()
    return x, y, z
