"""Where along a needle's course the skin, the annulus and the nucleus lie: depths a script can name on any patient."""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.arrays import FloatArray
from dekomp_sim.instruments import Course
from dekomp_sim.procedure.actions import Mark

STEP_MM: Final = 0.1
"""Step in mm at which an axis is searched: a tenth of the thinnest needle's reading marks."""

REACH_MM: Final = 300.0
"""Depth in mm to which an axis is searched; no instrument is that long."""


def marks(shape: DiscShape, course: Course) -> dict[Mark, float]:
    """Depths in mm below the entry at which a course meets the disc's parts; those it misses are left out.

    Parameters
    ----------
    shape
        The treated disc.
    course
        A needle's axis, straight or bent; depths count along it.
    """
    depths = np.arange(0.0, REACH_MM, STEP_MM)
    at_mm = course.points(depths)
    points = shape.patient_from_disc.inverse().points(at_mm)
    in_disc = depths[shape.depth_inside_mm(points) > 0.0]
    in_nucleus = depths[(shape.nucleus_rim(points) < 1.0) & (shape.depth_inside_mm(points) > 0.0)]
    found = {Mark.SKIN: 0.0}
    if in_disc.size:
        found[Mark.ANNULUS] = float(in_disc[0])
    if in_nucleus.size:
        found[Mark.NUCLEUS] = float(in_nucleus[0])
        found[Mark.NUCLEUS_CENTRE] = _nearest_mm(course, shape.nucleus_centre_mm, depths, at_mm)
        found[Mark.FAR_NUCLEUS] = float(in_nucleus[-1])
    return found


def _nearest_mm(course: Course, goal_mm: FloatArray, depths: FloatArray, at_mm: FloatArray) -> float:
    """Depth at which a course passes a point: exact on a line, to `STEP_MM` on a curve."""
    if not course.bends:
        return float((goal_mm - course.entry_mm) @ course.direction)
    return float(depths[np.argmin(np.linalg.norm(at_mm - goal_mm, axis=1))])
