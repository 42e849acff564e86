"""What the rays of a turn meet: line integrals through slabs (Joseph), and steel intersected analytically.

Joseph 1982, IEEE Trans Med Imaging 1:192: along each row or column of the plane that a ray crosses most steeply, the
value between the two nearest pixels by a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.arrays import Float32Array, FloatArray, frozen
from dekomp_sim.geometry import Ball, Rigid, Solid
from dekomp_sim.imaging.ct.gantry import Gantry
from dekomp_sim.imaging.ct.slab import Slab
from dekomp_sim.imaging.projection.shadow import rod_axes, straight_rods, wall_mm
from dekomp_sim.imaging.signal.rows import by_rows

FINE_RAYS: Final = frozen([[-0.125, -0.375], [0.375, -0.125], [-0.375, 0.125], [0.125, 0.375]])
"""Fine rays of a channel where steel is in the way: from which part of the focus to which part of the channel, as
shares of their widths from the middle. Both widths are shared out evenly, and crossed."""


def areal_g_cm2(slab: Slab, gantry: Gantry, pool: Executor | None = None) -> tuple[Float32Array, Float32Array]:
    """Mass per area of a slab's two substances on every ray, (views, channels) float32 each."""
    out = np.zeros((2, gantry.views, gantry.channels), dtype=np.float32)
    turned = np.ascontiguousarray(slab.g_cm3.transpose(1, 0, 2))
    fan, views = gantry.fan_rad, gantry.view_rad
    grid = (slab.first_mm[0], slab.first_mm[1], slab.pixel_mm, gantry.source_to_isocentre_mm)

    def follow(first: int, last: int) -> None:
        _follow(slab.g_cm3, turned, grid, (views, fan), (first, last), out)

    by_rows(gantry.views, follow, pool)
    return out[0], out[1]


@njit(cache=True, nogil=True, fastmath=True)
def _follow(plane, turned, grid, angles, span, out):  # type: ignore[no-untyped-def]
    """Line integrals of both substances for the views of a span; mm of path make g/cm2 by a tenth."""
    x0, y0, pixel, radius = grid
    views, fan = angles
    for v in range(span[0], span[1]):
        beta = views[v]
        sx, sy = (radius * np.cos(beta) - x0) / pixel, (radius * np.sin(beta) - y0) / pixel
        for c in range(fan.size):
            dx, dy = -np.cos(beta - fan[c]), -np.sin(beta - fan[c])
            if abs(dy) >= abs(dx):
                a, b = _along(plane, sx, sy, dx / dy)
                step = pixel / abs(dy)
            else:
                a, b = _along(turned, sy, sx, dy / dx)
                step = pixel / abs(dx)
            out[0, v, c] = a * step * 0.1
            out[1, v, c] = b * step * 0.1


@njit(cache=True, nogil=True, fastmath=True)
def _along(plane, su, sv, slope):  # type: ignore[no-untyped-def]
    """Sums over the rows v of plane[v, u], u = su + slope (v - sv), where u lies within the plane, whose rim is empty.

    Single precision in the loop: 0.00001 of a ray's sum, and twice as fast.
    """
    rows, cols = plane.shape[0], plane.shape[1]
    first, last = 0, rows - 1
    if abs(slope) > 1e-9:
        one, two = sv - su / slope, sv + (cols - 1.001 - su) / slope
        first = max(0, int(np.ceil(max(min(one, two), 0.0))))
        last = min(rows - 1, int(np.floor(min(max(one, two), rows - 1.0))))
    elif su < 0.0 or su >= cols - 1.0:
        return np.float32(0.0), np.float32(0.0)
    a, b = np.float32(0.0), np.float32(0.0)
    start, by = np.float32(su - slope * sv), np.float32(slope)
    for v in range(first, last + 1):
        u = start + by * np.float32(v)
        i = np.int32(u)
        f = u - np.float32(i)
        row = plane[v]
        a += row[i, 0] + f * (row[i + 1, 0] - row[i, 0])
        b += row[i, 1] + f * (row[i + 1, 1] - row[i, 1])
    return a, b


def rods_in_slice(solids: Sequence[Solid], patient_from_scan: Rigid, offsets_mm: FloatArray) -> FloatArray:
    """(n, 9) rods (start, unit axis, length, radius, bore) in the scan frame of the instruments that a slice can meet.

    Balls are left out: no instrument of the catalogue is one.
    """
    rows = [row for solid in solids if not isinstance(solid, Ball) for row in straight_rods(solid)]
    if not rows:
        return np.zeros((0, 9))
    ends = np.array(rows)
    scan_from_patient = patient_from_scan.inverse()
    for part in (slice(0, 3), slice(3, 6)):
        ends[:, part] = scan_from_patient.points(ends[:, part])
    low, high = (pick(ends[:, 2], ends[:, 5]) for pick in (np.minimum, np.maximum))
    met = (high + ends[:, 6] >= offsets_mm.min()) & (low - ends[:, 6] <= offsets_mm.max())
    return rod_axes(_clipped(ends[met], offsets_mm)) if met.any() else np.zeros((0, 9))


def _clipped(ends: FloatArray, offsets_mm: FloatArray) -> FloatArray:
    """Rods (n, 8) cut to 3 radii beyond the slice, so that the shadow searched for them is no longer than needed."""
    along = ends[:, 3:6] - ends[:, :3]
    rise = np.where(np.abs(along[:, 2]) < 1e-9, 1e-9, along[:, 2])
    spare = 3.0 * ends[:, 6]
    one, two = (offsets_mm.min() - spare - ends[:, 2]) / rise, (offsets_mm.max() + spare - ends[:, 2]) / rise
    begin, end = np.clip(np.minimum(one, two), 0.0, 1.0), np.clip(np.maximum(one, two), 0.0, 1.0)
    level = np.abs(along[:, 2]) < 1e-9
    begin, end = np.where(level, 0.0, begin), np.where(level, 1.0, end)
    out = ends.copy()
    out[:, :3], out[:, 3:6] = ends[:, :3] + begin[:, None] * along, ends[:, :3] + end[:, None] * along
    return out


@njit(cache=True, nogil=True)
def steel_of_view(rods, offsets, fine, geometry, lengths, touched):  # type: ignore[no-untyped-def]
    """Path in steel (mm) of every fine ray of one view, into `lengths` (channels, rows, fine * offsets), where
    there is any.

    fine: mm across the focus and radians across the channel; geometry: the view's angle, focus to isocentre, focus to
    detector, first fan angle, angle of a channel. `touched` (channels,) is set where there is steel.
    """
    beta, radius, aim, first, step = geometry
    cos, sin = np.cos(beta), np.sin(beta)
    channels = touched.size
    for n in range(rods.shape[0]):
        rod = rods[n]
        low, high = 1e9, -1e9
        for end in range(2):
            x, y = rod[0] + end * rod[6] * rod[3], rod[1] + end * rod[6] * rod[4]
            depth = radius - (x * cos + y * sin)
            fan = np.arctan2(y * cos - x * sin, depth)
            wide = 1.5 * (rod[7] + 1.0) / depth
            low, high = min(low, fan - wide), max(high, fan + wide)
        begin = max(0, int(np.floor((low - first) / step)))
        stop = min(channels - 1, int(np.ceil((high - first) / step)))
        for c in range(begin, stop + 1):
            if _cross(rod, offsets, fine, (cos, sin, radius, aim, first + c * step), lengths[c], not touched[c]):
                touched[c] = True


@njit(cache=True, nogil=True)
def _cross(rod, offsets, fine, ray, out, fresh):  # type: ignore[no-untyped-def]
    """Add one rod's path to the fine rays of one channel; whether it meets any. `fresh`: nothing was added before."""
    cos, sin, radius, aim, fan = ray
    met = False
    for m in range(fine.shape[0]):
        fx, fy = radius * cos - fine[m, 0] * sin, radius * sin + fine[m, 0] * cos
        ahead, aside = aim * np.cos(fan + fine[m, 1]), aim * np.sin(fan + fine[m, 1])
        tx = radius * cos - ahead * cos - aside * sin
        ty = radius * sin - ahead * sin + aside * cos
        dx, dy = tx - fx, ty - fy
        scale = 1.0 / np.sqrt(dx * dx + dy * dy)
        for r in range(offsets.shape[0]):
            for z in range(offsets.shape[1]):
                path = wall_mm((fx - rod[0], fy - rod[1], offsets[r, z] - rod[2], dx * scale, dy * scale, 0.0), rod)
                if path > 0.0:
                    if fresh and not met:
                        out[:] = 0.0
                    met = True
                    out[r, m * offsets.shape[1] + z] += path
    return met
