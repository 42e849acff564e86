"""The hole that an instrument leaves in tissue, and how far another one, pushed the same way, goes along it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray
from dekomp_sim.instruments.course import Course

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
        shift_mm = float((course.entry_mm - self.course.entry_mm) @ self.course.direction)
        open_mm = min(self.to_mm - shift_mm, to_mm)
        if open_mm <= 0.0 or self._apart_mm(course, 0.0, shift_mm) > self._reach_mm:
            return 0.0
        depths = np.append(np.arange(0.0, open_mm, STEP_MM), open_mm)
        out = np.flatnonzero(self._apart_mm(course, depths, shift_mm) > self._reach_mm)
        return open_mm if out.size == 0 else float(depths[out[0] - 1])

    @property
    def _reach_mm(self) -> float:
        """How far from its axis a point still finds it."""
        return self.outer_mm / 2.0 + SLACK_MM

    def _apart_mm(self, course: Course, depths_mm: ArrayLike, shift_mm: float) -> FloatArray:
        """Distance (...) of points at the same depths (...) on the two axes."""
        along = np.asarray(depths_mm, dtype=np.float64)
        return np.asarray(np.linalg.norm(course.points(along) - self.course.points(along + shift_mm), axis=-1))


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
