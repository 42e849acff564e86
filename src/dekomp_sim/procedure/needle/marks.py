"""Where along a needle's course the skin, the annulus and the nucleus lie: depths a script can name on any patient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_regions import disc_structure_at
from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.arrays import FloatArray, sealed
from dekomp_sim.instruments import Course
from dekomp_sim.planning import Trajectory
from dekomp_sim.procedure.actions import Mark

STEP_MM: Final = 0.1
"""Step in mm at which an axis is searched: a tenth of the thinnest needle's reading marks."""

REACH_MM: Final = 300.0
"""Depth in mm to which an axis is searched; no instrument is that long."""

_DEPTHS_MM: Final = sealed(np.arange(0.0, REACH_MM, STEP_MM))


def marks(shape: DiscShape, course: Course) -> dict[Mark, float]:
    """Depths in mm below the entry at which a course meets the disc's parts; those it misses are left out.

    Parameters
    ----------
    shape
        The treated disc.
    course
        A needle's axis, straight or bent; depths count along it.
    """
    depths = _near(shape, course)
    at_mm = course.points(depths)
    parts = disc_structure_at(shape, at_mm)
    in_disc, in_nucleus = depths[parts != Structure.OUTSIDE], depths[parts == Structure.NUCLEUS]
    found = {Mark.SKIN: 0.0}
    if in_disc.size:
        found[Mark.ANNULUS] = float(in_disc[0])
    if in_nucleus.size:
        found[Mark.NUCLEUS] = float(in_nucleus[0])
        found[Mark.NUCLEUS_CENTRE] = _nearest_mm(course, shape.nucleus_centre_mm, depths, at_mm)
        found[Mark.FAR_NUCLEUS] = float(in_nucleus[-1])
    return found


@lru_cache(maxsize=8)
def planned_marks(shape: DiscShape, plan: Trajectory) -> Mapping[Mark, float]:
    """`marks` along a planned way, kept for the plans in use."""
    return MappingProxyType(marks(shape, Course(plan.entry_mm, plan.direction)))


def _near(shape: DiscShape, course: Course) -> FloatArray:
    """Depths (n,) worth asking: the way to a point is no shorter than its distance, and `_longest_mm` at most."""
    tallest_mm = max(shape.height_anterior_mm, shape.height_posterior_mm) + shape.concavity_mm
    bulge_mm = shape.protrusion.depth_mm if shape.protrusion else 0.0
    reach_mm = float(np.linalg.norm([shape.half_width_mm, shape.half_depth_mm, tallest_mm])) + bulge_mm
    away_mm = float(np.linalg.norm(shape.patient_from_disc.translation_mm - course.entry_mm))
    first, last = np.searchsorted(_DEPTHS_MM, [away_mm - reach_mm, _longest_mm(course, away_mm + reach_mm)])
    return np.asarray(_DEPTHS_MM[first:last])


def _longest_mm(course: Course, chord_mm: float) -> float:
    """The longest way to a point `chord_mm` from the entry.

    A curve that bends nowhere more than a circle leaves its start no less than that circle's arc of the same length,
    up to a half turn (Schur's theorem): chord = 2 / k sin(k s / 2). Beyond that, `REACH_MM`.
    """
    per_mm = max((abs(bend.per_mm) for bend in course.bends), default=0.0)
    half = per_mm * chord_mm / 2.0
    if half >= 1.0:
        return REACH_MM
    return chord_mm if half == 0.0 else min(2.0 / per_mm * math.asin(half), REACH_MM)


def _nearest_mm(course: Course, goal_mm: FloatArray, depths: FloatArray, at_mm: FloatArray) -> float:
    """Depth at which a course passes a point: exact on a line, to `STEP_MM` on a curve."""
    if not course.bends:
        return float((goal_mm - course.entry_mm) @ course.direction)
    return float(depths[np.argmin(np.linalg.norm(at_mm - goal_mm, axis=1))])
