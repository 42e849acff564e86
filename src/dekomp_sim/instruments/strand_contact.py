"""Where a straight needle meets a tube along a polyline: closed form."""

from __future__ import annotations

import numpy as np

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
    starts, ends = strand.path_mm[:-1] - entry_mm, strand.path_mm[1:] - entry_mm
    r0, r1 = strand.radius_mm[:-1] + radius_mm, strand.radius_mm[1:] + radius_mm
    roots = np.concatenate(
        [
            _ball_roots(starts, r0, direction),
            _ball_roots(ends, r1, direction),
            _cone_roots(starts, ends, r0, r1, direction),
        ]
    )
    met = np.isfinite(roots).any(axis=0)
    first = np.nanmin(roots[:, met], axis=0)
    last = np.nanmax(roots[:, met], axis=0)
    return _merged(sorted(zip(first.tolist(), last.tolist(), strict=True)))


def _ball_roots(centres: FloatArray, radii: FloatArray, direction: FloatArray) -> FloatArray:
    """(2, n) depths at which the axis through the origin meets balls; NaN where it misses."""
    along = centres @ direction
    return _both(along, along**2 - (centres**2).sum(axis=1) + radii**2)


def _both(middle: FloatArray, square: FloatArray) -> FloatArray:
    half = np.sqrt(np.where(square >= 0.0, square, np.nan))
    return np.stack([middle - half, middle + half])


def _cone_roots(
    starts: FloatArray, ends: FloatArray, r0: FloatArray, r1: FloatArray, direction: FloatArray
) -> FloatArray:
    """(2, n) depths on the part of the touching cone between its balls; NaN elsewhere.

    With x along a segment and rho across it, a point lies in the hull where rho sqrt(1 - s^2) <= r0 + s x, s being
    the slope of the radius, as long as the nearest centre x + rho s / sqrt(1 - s^2) lies on the segment.
    """
    steps = ends - starts
    length = np.linalg.norm(steps, axis=1)
    usable = length > np.abs(r1 - r0) + 1e-12
    length = np.where(usable, length, 1.0)
    way, slope = steps / length[:, None], np.where(usable, (r1 - r0) / length, 0.0)
    speed, x0 = way @ direction, -(starts * way).sum(axis=1)
    cosine2 = 1.0 - slope**2
    rho_a, rho_b = 1.0 - speed**2, -(starts @ direction) - x0 * speed
    rho_c = (starts**2).sum(axis=1) - x0**2
    a = cosine2 * rho_a - (slope * speed) ** 2
    b = cosine2 * rho_b - slope * speed * (r0 + slope * x0)
    c = cosine2 * rho_c - (r0 + slope * x0) ** 2
    bent = usable & (np.abs(a) > 1e-12)
    a = np.where(bent, a, 1.0)
    depths = np.where(bent, _both(-b / a, (b / a) ** 2 - c / a), np.nan)
    x = x0 + depths * speed
    rho = np.sqrt(np.maximum(rho_a * depths**2 + 2.0 * rho_b * depths + rho_c, 0.0))
    nearest = x + rho * slope / np.sqrt(cosine2)
    return np.where((nearest >= 0.0) & (nearest <= length) & (r0 + slope * x >= 0.0), depths, np.nan)


def _merged(intervals: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for first, last in intervals:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
