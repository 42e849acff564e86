"""Where a straight needle meets a tube along a polyline: closed form."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dekomp_sim.anatomy import Strand
from dekomp_sim.arrays import FloatArray


def contact_intervals(
    strand: Strand, entry_mm: FloatArray, direction: FloatArray, radius_mm: float
) -> list[tuple[float, float]]:
    """Depths in mm at which the axis lies within `radius_mm` of the strand's surface, merged and ascending.

    A strand's segment is the hull of two balls. The axis enters and leaves that convex body on one of the balls or on
    the cone that touches both, so the roots of three quadratics hold both ends exactly.

    Parameters
    ----------
    strand
        Centre line and radii.
    entry_mm, direction
        (3,) point and unit vector of the axis; depth 0 is the point.
    radius_mm
        Radius of the needle; 0 for its axis alone.
    """
    spans = _spans(strand.path_mm, strand.radius_mm, np.asarray(entry_mm), np.asarray(direction), radius_mm)
    return _merged(sorted(zip(spans[:, 0].tolist(), spans[:, 1].tolist(), strict=True)))


@njit(cache=True, nogil=True)
def _spans(
    path_mm: FloatArray, radii_mm: FloatArray, entry_mm: FloatArray, direction: FloatArray, more_mm: float
) -> FloatArray:
    """(m, 2) first and last depth in each segment that the axis meets; `more_mm` is added to the radii."""
    found, count = np.empty((len(path_mm) - 1, 2)), 0
    roots = np.empty(6)
    for n in range(len(path_mm) - 1):
        start, end = path_mm[n] - entry_mm, path_mm[n + 1] - entry_mm
        r0, r1 = radii_mm[n] + more_mm, radii_mm[n + 1] + more_mm
        roots[0:2] = _ball_roots(start, r0, direction)
        roots[2:4] = _ball_roots(end, r1, direction)
        roots[4:6] = _cone_roots(start, end, (r0, r1), direction)
        first, last = np.inf, -np.inf
        for root in roots:
            if not math.isnan(root):
                first, last = min(first, root), max(last, root)
        if last >= first:
            found[count, 0], found[count, 1] = first, last
            count += 1
    return found[:count]


@njit(cache=True, nogil=True)
def _dot(a: FloatArray, b: FloatArray) -> float:
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@njit(cache=True, nogil=True)
def _ball_roots(centre: FloatArray, radius: float, direction: FloatArray) -> tuple[float, float]:
    """Depths at which the axis through the origin meets a ball; NaN where it misses."""
    along = _dot(centre, direction)
    return _both(along, along * along - _dot(centre, centre) + radius * radius)


@njit(cache=True, nogil=True)
def _both(middle: float, square: float) -> tuple[float, float]:
    half = math.sqrt(square) if square >= 0.0 else math.nan
    return middle - half, middle + half


@njit(cache=True, nogil=True)
def _cone_roots(
    start: FloatArray, end: FloatArray, radii: tuple[float, float], direction: FloatArray
) -> tuple[float, float]:
    """Depths on the part of the touching cone between its balls; NaN elsewhere.

    With x along a segment and rho across it, a point lies in the hull where rho sqrt(1 - s^2) <= r0 + s x, s being
    the slope of the radius, as long as the nearest centre x + rho s / sqrt(1 - s^2) lies on the segment.
    """
    r0, r1 = radii
    step = end - start
    length = math.sqrt(_dot(step, step))
    if length <= abs(r1 - r0) + 1e-12:
        return math.nan, math.nan
    way, slope = step / length, (r1 - r0) / length
    speed, x0 = _dot(way, direction), -_dot(start, way)
    cosine2 = 1.0 - slope**2
    rho_a, rho_b = 1.0 - speed**2, -_dot(start, direction) - x0 * speed
    rho_c = _dot(start, start) - x0**2
    a = cosine2 * rho_a - (slope * speed) ** 2
    if abs(a) <= 1e-12:
        return math.nan, math.nan
    b = cosine2 * rho_b - slope * speed * (r0 + slope * x0)
    c = cosine2 * rho_c - (r0 + slope * x0) ** 2
    one, other = _both(-b / a, (b / a) ** 2 - c / a)
    cone = (x0, speed, rho_a, rho_b, rho_c)
    return _on_cone(one, cone, (slope, length, r0)), _on_cone(other, cone, (slope, length, r0))


@njit(cache=True, nogil=True)
def _on_cone(
    depth: float, cone: tuple[float, float, float, float, float], segment: tuple[float, float, float]
) -> float:
    """The depth where its nearest centre lies on the segment, NaN where it does not."""
    x0, speed, rho_a, rho_b, rho_c = cone
    slope, length, r0 = segment
    x = x0 + depth * speed
    rho = math.sqrt(max(rho_a * depth**2 + 2.0 * rho_b * depth + rho_c, 0.0))
    nearest = x + rho * slope / math.sqrt(1.0 - slope**2)
    return depth if 0.0 <= nearest <= length and r0 + slope * x >= 0.0 else math.nan


def _merged(intervals: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for first, last in intervals:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
