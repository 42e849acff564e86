"""The way of a needle's axis below the skin: a straight line, or arcs end to end, each in closed form.

The tip of a bevelled needle moves like a unicycle: forward, and turning at a constant rate about an axis across its
bevel (Webster et al., Int J Rob Res 2006;25:509). The shaft follows the tip. A stretch of constant curvature and roll
is a screw-free rigid move, the exponential of a constant twist on SE(3), so no step size enters.

Rolls are told as the operator sees them, looking along the needle from its hub: 0 points to the patient's head, and
clockwise counts up. The frame is carried along the curve without twist, so a roll keeps its meaning on bent parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, sealed, unit
from dekomp_sim.geometry import Rigid

CHORD_MM: Final = 5.0
"""Longest straight piece that stands for an arc in the X-ray, on the screen and against nerves; at 300 mm of radius
the arc leaves it by 0.01 mm, far less than a pixel or a needle's wall.
"""

ROW: Final = 12
"""Numbers an arc has in the kernel's table."""

UPRIGHT: Final = 0.999
"""Cosine beyond which an axis runs along the patient and "to the head" says nothing; then 0 points backward."""


@dataclass(frozen=True, slots=True)
class Bend:
    """An arc that begins `from_mm` along the needle below the skin and runs on to the next one, or without end.

    Parameters
    ----------
    from_mm
        Length along the needle from the skin.
    per_mm
        Curvature, 1/mm; 0 is straight.
    towards_deg
        Roll toward which the tip goes, 0 to the head and clockwise as seen from the hub.
    """

    from_mm: float
    per_mm: float
    towards_deg: float


class CourseTable(NamedTuple):
    """A course as the kernel reads it: (3,) entry and direction, and (m, `ROW`) its arcs."""

    entry_mm: FloatArray
    direction: FloatArray
    rows: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """An axis from the skin inward.

    Parameters
    ----------
    entry_mm
        (3,) where it meets the skin.
    direction
        (3,) inward there; scaled to length 1.
    bends
        Arcs in order of where they begin; before the first it is straight.

    Examples
    --------
    A quarter of a circle of 100 mm radius toward the head:

    >>> course = Course(np.zeros(3), np.array([0.0, -1.0, 0.0]), (Bend(0.0, 0.01, 0.0),))
    >>> course.points(50.0 * np.pi).round(6).tolist()
    [0.0, -100.0, 100.0]
    """

    entry_mm: FloatArray
    direction: FloatArray
    bends: tuple[Bend, ...] = ()
    _arcs: tuple[tuple[Bend, Rigid, float], ...] = field(init=False, repr=False)
    _rows: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry_mm", frozen(self.entry_mm, (3,)))
        object.__setattr__(self, "direction", unit(self.direction))
        object.__setattr__(self, "_arcs", tuple(self._laid()))
        rows = [_row(bend, frame, ends_mm) for bend, frame, ends_mm in self._arcs]
        object.__setattr__(self, "_rows", sealed(np.array(rows).reshape(-1, ROW)))

    def points(self, along_mm: ArrayLike) -> FloatArray:
        """(..., 3) points at lengths (...) along the axis from the skin; negative ones lie before it."""
        along = np.ascontiguousarray(along_mm, dtype=np.float64)
        return _points(along.reshape(-1), self.table).reshape(*np.shape(along_mm), 3)

    @property
    def table(self) -> CourseTable:
        """The course for `point`."""
        return CourseTable(self.entry_mm, self.direction, self._rows)

    def frame(self, along_mm: float) -> Rigid:
        """Frame at a length along the axis: origin there, z toward the hub, y toward the head where it is straight."""
        frame = self._start()
        before_mm = 0.0
        for bend, at_bend, ends_mm in self._arcs:
            if bend.from_mm >= along_mm:
                break
            frame = at_bend @ _moved(bend, min(along_mm, ends_mm) - bend.from_mm)
            before_mm = min(along_mm, ends_mm)
        return frame @ Rigid.shift([0.0, 0.0, before_mm - along_mm])

    def inward(self, along_mm: float) -> FloatArray:
        """(3,) unit vector along the axis at a length along it."""
        return -self.frame(along_mm).rotation[:, 2] if self.bends else self.direction

    def pieces(self, from_mm: float, to_mm: float) -> Iterator[tuple[float, float]]:
        """Lengths between which the axis is straight to a hundredth of a millimetre."""
        cuts = {from_mm, to_mm}
        begins = [*(min(max(bend.from_mm, from_mm), to_mm) for bend in self.bends), to_mm]
        for first, last in pairwise(begins):
            if last > first:
                count = max(1, int(np.ceil((last - first) / CHORD_MM - 1e-9)))
                cuts.update(np.linspace(first, last, count + 1).tolist())
        return pairwise(sorted(cut for cut in cuts if from_mm <= cut <= to_mm))

    def _start(self) -> Rigid:
        head = np.array([0.0, 0.0, 1.0])
        up = head if abs(self.direction[2]) < UPRIGHT else np.array([0.0, 1.0, 0.0])
        return Rigid.from_axes(self.entry_mm, -self.direction, up)

    def _laid(self) -> Iterator[tuple[Bend, Rigid, float]]:
        """Each bend, the frame where it begins, and where it ends."""
        if not self.bends:
            return
        frame = self._start() @ Rigid.shift([0.0, 0.0, -self.bends[0].from_mm])
        for n, bend in enumerate(self.bends):
            ends_mm = self.bends[n + 1].from_mm if n + 1 < len(self.bends) else np.inf
            yield bend, frame, ends_mm
            if np.isfinite(ends_mm):
                frame = frame @ _moved(bend, ends_mm - bend.from_mm)


def _across(towards_deg: float) -> FloatArray:
    """(3,) unit vector of a roll in the needle's frame; x is to the right as seen from the hub."""
    angle = np.radians(towards_deg)
    return np.array([np.sin(angle), np.cos(angle), 0.0])


def _moved(bend: Bend, length_mm: float) -> Rigid:
    """The frame's move along an arc: the exponential of its twist, and to the end of its chord."""
    across = _across(bend.towards_deg)
    turn = Rigid.about_axis([across[1], -across[0], 0.0], float(np.degrees(bend.per_mm * length_mm)))
    aside_mm, inward_mm = _on_arc(bend.per_mm, length_mm)
    return Rigid(turn.rotation, frozen(aside_mm * across - np.array([0.0, 0.0, inward_mm])))


def _row(bend: Bend, frame: Rigid, ends_mm: float) -> list[float]:
    """An arc as the kernel reads it: span, curvature, where it begins, and its unit vectors aside and inward."""
    aside, inward = frame.directions(_across(bend.towards_deg)), -frame.rotation[:, 2]
    return [bend.from_mm, ends_mm, bend.per_mm, *frame.translation_mm, *aside, *inward]


@njit(cache=True, nogil=True)
def _on_arc(per_mm: float, past_mm: float) -> tuple[float, float]:
    """How far aside and inward an arc has come: (1 - cos k s) / k and sin k s / k, by its chord, so that k may be 0."""
    half = per_mm * past_mm / 2.0
    chord = past_mm * (math.sin(half) / half if half != 0.0 else 1.0)
    return chord * math.sin(half), chord * math.cos(half)


@njit(cache=True, nogil=True)
def point(along: float, of: CourseTable) -> tuple[float, float, float]:
    """The point at a length: on the line, or on the arc in whose span it lies; `Course.points` for other kernels."""
    rows = of.rows
    for m in range(len(rows)):
        if rows[m, 0] < along <= rows[m, 1]:
            aside, inward = _on_arc(rows[m, 2], along - rows[m, 0])
            return (
                rows[m, 3] + aside * rows[m, 6] + inward * rows[m, 9],
                rows[m, 4] + aside * rows[m, 7] + inward * rows[m, 10],
                rows[m, 5] + aside * rows[m, 8] + inward * rows[m, 11],
            )
    return (
        of.entry_mm[0] + along * of.direction[0],
        of.entry_mm[1] + along * of.direction[1],
        of.entry_mm[2] + along * of.direction[2],
    )


@njit(cache=True, nogil=True)
def _points(along_mm: FloatArray, of: CourseTable) -> FloatArray:
    """(n, 3) points at lengths (n,)."""
    found = np.empty((len(along_mm), 3))
    for n in range(len(along_mm)):
        found[n, 0], found[n, 1], found[n, 2] = point(along_mm[n], of)
    return found
