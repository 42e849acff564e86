"""The hole that an instrument leaves in tissue, and how far another one, pushed the same way, goes along it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.instruments.course import Course, CourseTable, point

STEP_MM: Final = 1.0
"""Spacing in mm at which two ways are compared; that of a recorded force."""

SLACK_MM: Final = 0.25
"""Assumption: a point finds a hole whose wall it misses by this much: the tissue about a track is loosened."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A way that was cut.

    Parameters
    ----------
    course
        Its axis from the skin.
    to_mm
        Depth along it to which it is open.
    outer_mm
        Its diameter: what cut it.
    """

    course: Course
    to_mm: float
    outer_mm: float

    def along_mm(self, course: Course, to_mm: float) -> float:
        """Depth to which another way lies in this hole from the skin on; 0 where it begins beside it.

        Parameters
        ----------
        course
            The other way.
        to_mm
            How far it is asked about.
        """
        return float(_open_to_mm(self.course.table, self.to_mm, self.outer_mm / 2.0 + SLACK_MM, course.table, to_mm))


def dug(holes: Iterable[Hole], new: Hole) -> tuple[Hole, ...]:
    """The holes and a new one; one of the same course and width only grows deeper."""
    kept: list[Hole] = []
    for hole in holes:
        if hole.outer_mm == new.outer_mm and _same(hole.course, new.course):
            new = replace(new, to_mm=max(hole.to_mm, new.to_mm))
        else:
            kept.append(hole)
    return (*kept, new)


def opened_along(holes: Iterable[Hole], course: Course, to_mm: float) -> tuple[tuple[float, float], ...]:
    """(depth in mm, diameter in mm) of each hole that a way lies in, to that depth from the skin; `Pass.holes`."""
    found = ((hole.along_mm(course, to_mm), hole.outer_mm) for hole in holes)
    return tuple((depth_mm, outer_mm) for depth_mm, outer_mm in found if depth_mm > 0.0)


def _same(one: Course, other: Course) -> bool:
    line = np.array_equal(one.entry_mm, other.entry_mm) and np.array_equal(one.direction, other.direction)
    return line and one.bends == other.bends


@njit(cache=True, nogil=True)
def _open_to_mm(cut: CourseTable, cut_to_mm: float, reach_mm: float, way: CourseTable, to_mm: float) -> float:
    """Depth along `way` to which it keeps within `reach_mm` of a hole's axis, every `STEP_MM` and at its end."""
    shift_mm = 0.0
    for n in range(3):
        shift_mm += (way.entry_mm[n] - cut.entry_mm[n]) * cut.direction[n]
    open_mm = min(cut_to_mm - shift_mm, to_mm)
    if open_mm <= 0.0:
        return 0.0
    kept_mm, step = 0.0, 0
    while True:
        depth_mm = min(step * STEP_MM, open_mm)
        x, y, z = point(depth_mm, way)
        u, v, w = point(depth_mm + shift_mm, cut)
        if (x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2 > reach_mm * reach_mm:
            return kept_mm
        if depth_mm >= open_mm:
            return open_mm
        kept_mm, step = depth_mm, step + 1
