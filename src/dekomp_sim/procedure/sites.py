"""Where things are in a case: the planned entry, a tip in the disc, the depth an action asks for."""

from __future__ import annotations

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.procedure.actions import Advance, Withdraw
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.marks import marks


def entry_planned(case: Case) -> FloatArray:
    """(3,) the planned entry on the skin, patient frame."""
    return case.plan.entry_mm


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


def depth_wanted_mm(case: Case, action: Advance | Withdraw) -> float:
    """Depth below the skin that an action asks for.

    A mark is looked for along the instrument's own axis; where that misses the disc it counts along the planned one,
    as an operator who does not know it yet would count.

    Raises
    ------
    InputError
        If the planned axis does not meet the mark either.
    """
    if action.to is None:
        return float(action.to_depth_mm or 0.0)
    placement = case.placements[action.instrument]
    planned = marks(case.shape, case.plan.entry_mm, case.plan.direction)
    found = planned | marks(case.shape, placement.entry_mm, placement.direction)
    if action.to not in found:
        raise InputError(f"{action.do} to", action.to, ", ".join(found))
    return found[action.to] + action.offset_mm


def as_tuple(point_mm: FloatArray) -> tuple[float, float, float]:
    """A point (3,) as plain numbers, for a record."""
    x, y, z = np.asarray(point_mm, dtype=np.float64).tolist()
    return x, y, z
