"""How far a needle's axis passes from nerves, the sac and vessels held as tubes: closed form, compiled.

A tube's segment is the hull of two balls. With axis point P(s) and segment point Q(t), |P(s) - Q(t)| - r(t) is convex
in (s, t), so its least value over the unit square lies either where its gradient is zero or on an edge; all five cases
have closed forms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray, IndexArray

_FAR = 1e9
"""Beyond either end of a segment."""

_Point = tuple[float, float, float]


class _Segments(NamedTuple):
    """Segments of strands: (n, 3) ends, (n,) radius at the first and its growth to the other; where each strand's
    begin.
    """

    near_mm: FloatArray
    far_mm: FloatArray
    radius_mm: FloatArray
    growth_mm: FloatArray
    begins: IndexArray


def strand_distances_mm(strands: Sequence[Strand], starts_mm: FloatArray, ends_mm: FloatArray) -> FloatArray:
    """(m, strands) distance of m needle axes from each strand's surface, negative inside.

    Parameters
    ----------
    strands
        Nerves, sac, vessels.
    starts_mm, ends_mm
        (m, 3) ends of the axes; twice the same for points.
    """
    return nearest_on_axes(strands, starts_mm, ends_mm)[0]


def nearest_on_axes(
    strands: Sequence[Strand], starts_mm: FloatArray, ends_mm: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """`strand_distances_mm`, and where (0 to 1) along the axes each is attained: (m, strands) both."""
    if not strands:
        return np.empty((len(starts_mm), 0)), np.empty((len(starts_mm), 0))
    starts, ends = np.ascontiguousarray(starts_mm), np.ascontiguousarray(ends_mm)
    distance, along = _nearest(_segments(tuple(strands)), starts, ends)
    return np.asarray(distance), np.asarray(along)


@lru_cache(maxsize=64)
def _segments(strands: tuple[Strand, ...]) -> _Segments:
    """Kept for the strands that are asked about again and again."""
    return _Segments(
        np.concatenate([one.path_mm[:-1] for one in strands]),
        np.concatenate([one.path_mm[1:] for one in strands]),
        np.concatenate([one.radius_mm[:-1] for one in strands]),
        np.concatenate([np.diff(one.radius_mm) for one in strands]),
        np.cumsum([0, *(len(one.radius_mm) - 1 for one in strands)]),
    )


@njit(cache=True, nogil=True)
def _nearest(segments: _Segments, starts_mm: FloatArray, ends_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    count = len(segments.begins) - 1
    distance, along = np.full((len(starts_mm), count), np.inf), np.zeros((len(starts_mm), count))
    for m in range(len(starts_mm)):
        axis = _way(starts_mm[m], ends_mm[m])
        for strand in range(count):
            for n in range(segments.begins[strand], segments.begins[strand + 1]):
                gap = _way(segments.near_mm[n], starts_mm[m])
                tube = _way(segments.near_mm[n], segments.far_mm[n])
                here_mm, s = _from_segment(gap, axis, tube, (segments.radius_mm[n], segments.growth_mm[n]))
                if here_mm < distance[m, strand]:
                    distance[m, strand], along[m, strand] = here_mm, s
    return distance, along


@njit(cache=True, nogil=True)
def _from_segment(gap: _Point, axis: _Point, tube: _Point, radius_mm: tuple[float, float]) -> tuple[float, float]:
    """Least distance of an axis from a segment's surface and s there: `gap` leads from the segment's first end to the
    axis's, `radius_mm` is the radius there and its growth.
    """
    a, b, c = _dot(axis, axis), _dot(axis, tube), _dot(tube, tube)
    d, e = _dot(gap, axis), _dot(gap, tube)
    best_mm, best_s = np.inf, 0.0
    for case in range(5):
        if case < 2:  # one end of the axis
            s = float(case)
            length = max(math.sqrt(c), 1e-9)
            foot = (e + s * b) / length**2
            t = foot + _shift(math.sqrt(_square(gap, axis, tube, s, foot)), length, radius_mm[1])
        elif case < 4:  # one end of the segment
            t = float(case - 2)
            s = min(max((t * b - d) / max(a, 1e-18), 0.0), 1.0)
        else:  # where the gradient is zero, held to the unit square: attained, if not always the least
            cross = max(a * c - b * b, 1e-12)
            s, t = (b * e - c * d) / cross, (a * e - b * d) / cross
            height = math.sqrt(_square(gap, axis, tube, s, t))
            t = min(max(t + _shift(height, math.sqrt(cross / max(a, 1e-18)), radius_mm[1]), 0.0), 1.0)
            s = min(max((b * t - d) / max(a, 1e-18), 0.0), 1.0)
        t = min(max(t, 0.0), 1.0)
        here_mm = math.sqrt(_square(gap, axis, tube, s, t)) - (radius_mm[0] + radius_mm[1] * t)
        if here_mm < best_mm:
            best_mm, best_s = here_mm, s
    return best_mm, best_s


@njit(cache=True, nogil=True)
def _shift(height: float, length: float, slope: float) -> float:
    """How far beyond the foot of the perpendicular (in units of t) a growing radius moves the nearest point."""
    steep = length**2 - slope**2
    if steep > 0.0:
        return slope * height / (length * math.sqrt(steep))
    return math.copysign(_FAR, slope) if slope != 0.0 else 0.0


@njit(cache=True, nogil=True)
def _square(gap: _Point, axis: _Point, tube: _Point, s: float, t: float) -> float:
    """Square of the distance between the axis at s and the segment at t."""
    x = gap[0] + s * axis[0] - t * tube[0]
    y = gap[1] + s * axis[1] - t * tube[1]
    z = gap[2] + s * axis[2] - t * tube[2]
    return x * x + y * y + z * z


@njit(cache=True, nogil=True)
def _way(start: FloatArray, end: FloatArray) -> _Point:
    return end[0] - start[0], end[1] - start[1], end[2] - start[2]


@njit(cache=True, nogil=True)
def _dot(a: _Point, b: _Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
