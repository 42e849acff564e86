"""Distances and noise: what the painters ask about each voxel.

Every kernel takes plain numbers and arrays and never raises. A distance is in mm, negative inside, and exact to first
order at the surface, so that clamp(0.5 - distance / voxel) is the share of a voxel that lies inside.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dekomp_sim.arrays import Float32Array, FloatArray

IndexArray = NDArray[np.int64]

FAR: Final = 1.0e6
"""A distance larger than any in a patient, mm."""

WING_REACH_MM: Final = 17.0
"""No point of the wing lies farther from its curve."""


@njit(cache=True, nogil=True)
def noise(cube: Float32Array, x: float, y: float, z: float) -> float:
    """Trilinear value of the periodic cube at x, y, z in cells."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    tx, ty, tz = x - fx, y - fy, z - fz
    i0, j0, k0 = int(fx) & 63, int(fy) & 63, int(fz) & 63
    i1, j1, k1 = (i0 + 1) & 63, (j0 + 1) & 63, (k0 + 1) & 63
    a = (cube[k0, j0, i0] * (1 - tx) + cube[k0, j0, i1] * tx) * (1 - ty) + (
        cube[k0, j1, i0] * (1 - tx) + cube[k0, j1, i1] * tx
    ) * ty
    b = (cube[k1, j0, i0] * (1 - tx) + cube[k1, j0, i1] * tx) * (1 - ty) + (
        cube[k1, j1, i0] * (1 - tx) + cube[k1, j1, i1] * tx
    ) * ty
    return float(a * (1 - tz) + b * tz)


@njit(cache=True, nogil=True)
def smooth_less(a: float, b: float, k: float) -> float:
    """Minimum of a and b with a fillet of width k (polynomial smooth minimum)."""
    if k <= 0.0 or abs(a - b) >= k:
        return min(a, b)
    h = 1.0 - abs(a - b) / k
    return min(a, b) - h * h * k * 0.25


@njit(cache=True, nogil=True)
def share(distance: float, voxel: float) -> float:
    """Share of a voxel that lies inside a surface at `distance` from its centre."""
    return min(1.0, max(0.0, 0.5 - distance / voxel))


@njit(cache=True, nogil=True)
def ellipse_distance(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> float:
    """Distance to an ellipsoid, exact to first order at its surface."""
    k0 = math.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
    k1 = math.sqrt((x / (rx * rx)) ** 2 + (y / (ry * ry)) ** 2 + (z / (rz * rz)) ** 2)
    if k1 < 1e-9:
        return -min(rx, ry)
    return k0 * (k0 - 1.0) / k1


@njit(cache=True, nogil=True)
def part_distance(row: FloatArray, px: float, py: float, pz: float) -> float:
    """Signed distance from a point of the patient frame to one part (without its sign)."""
    x = row[3] * px + row[4] * py + row[5] * pz + row[12]
    y = row[6] * px + row[7] * py + row[8] * pz + row[13]
    z = row[9] * px + row[10] * py + row[11] * pz + row[14]
    if row[0] == 0.0:
        length = row[19]
        along = min(max(z, 0.0), length)
        t = along / length if length > 0.0 else 0.0
        rx = row[15] + (row[17] - row[15]) * t
        ry = row[16] + (row[18] - row[16]) * t
        d = ellipse_distance(x, y, z - along, rx, ry, min(rx, ry))
    else:
        hx = row[15] * (1.0 + row[19] * z / row[17])
        r = row[18]
        qx, qy, qz = abs(x) - hx + r, abs(y) - row[16] + r, abs(z) - row[17] + r
        out = math.sqrt(max(qx, 0.0) ** 2 + max(qy, 0.0) ** 2 + max(qz, 0.0) ** 2)
        d = out + min(max(qx, max(qy, qz)), 0.0) - r
    if row[21] != 0.0 or row[22] != 0.0 or row[23] != 0.0:
        plane = row[21] * px + row[22] * py + row[23] * pz - row[24]
        d = -smooth_less(-d, -plane, 1.5)
    return d


@njit(cache=True, nogil=True)
def rim(x: float, y: float, a: float, b: float) -> float:
    """`DiscShape.rim` for one point."""
    u = abs(x) / a
    v = y / b
    if v > 0.0:
        v *= 1.0 + 0.12 * math.exp(-((u / 0.45) ** 2))
    return math.pow(u * u * math.sqrt(u) + v * v * math.sqrt(abs(v)), 0.4)


@njit(cache=True, nogil=True)
def local(disc: FloatArray, px: float, py: float, pz: float) -> tuple[float, float, float]:
    """A point of the patient frame in the frame whose rotation and shift begin the row."""
    x = disc[0] * px + disc[1] * py + disc[2] * pz + disc[9]
    y = disc[3] * px + disc[4] * py + disc[5] * pz + disc[10]
    z = disc[6] * px + disc[7] * py + disc[8] * pz + disc[11]
    return x, y, z


@njit(cache=True, nogil=True)
def disc_side(disc: FloatArray, x: float, y: float) -> tuple[float, float, float]:
    """Distance along the radius to the intact outline, the protrusion's height there, and the disc's half height."""
    r = rim(x, y, disc[12], disc[13])
    radius = math.sqrt(x * x + y * y)
    outline = radius / r if r > 1e-6 else disc[13]
    bump = 0.0
    if disc[19] > 0.0:
        azimuth = math.degrees(math.atan2(disc[18] * x, y))
        bump = disc[19] * math.exp(-(((azimuth - disc[20]) / disc[21]) ** 2) / 2.0)
    return radius - outline, bump, half_height(disc, x, y)


@njit(cache=True, nogil=True)
def half_height(disc: FloatArray, x: float, y: float) -> float:
    """Half of `DiscShape.height_mm` for one point; `disc` is a row of `disc_row`."""
    along = min(max(y / disc[13], -1.2), 1.2)
    mean, slope = (disc[14] + disc[15]) / 2.0, (disc[15] - disc[14]) / 2.0
    r = rim(x, y, disc[12], disc[13])
    return float((mean + slope * along + disc[16] * min(max(1.0 - r * r, 0.0), 1.0)) / 2.0)


@njit(cache=True, nogil=True)
def beyond_endplate(disc: FloatArray, px: float, py: float, pz: float, sign: float) -> float:
    """How far a point lies on the disc's side of an endplate: the lower one for sign -1, the upper for +1."""
    x, y, z = local(disc, px, py, pz)
    return half_height(disc, x, y) - sign * z


@njit(cache=True, nogil=True)
def body_distance(body: FloatArray, px: float, py: float, pz: float) -> tuple[float, float]:
    """Signed distance to a vertebral body, and to its nearer endplate alone.

    `body` is (3, 20): the vertebra's frame and sizes, the disc above, the disc below.
    """
    v = body[0]
    x, y, z = local(v, px, py, pz)
    s = min(max(z / v[16], -1.0), 1.0)
    waist = 1.0 - s * s
    a = 0.5 * (v[12] * (1.0 + s) + v[14] * (1.0 - s)) * (1.0 - v[17] * waist)
    b = 0.5 * (v[13] * (1.0 + s) + v[15] * (1.0 - s)) * (1.0 - (v[18] if y < 0.0 else v[19]) * waist)
    r = rim(x, y, a, b)
    radius = math.sqrt(x * x + y * y)
    side = (r - 1.0) * (radius / r if r > 1e-6 else b)
    ends = max(beyond_endplate(body[1], px, py, pz, -1.0), beyond_endplate(body[2], px, py, pz, 1.0))
    return -smooth_less(-side, -ends, 1.6), ends


@njit(cache=True, nogil=True)
def row_span(parts: FloatArray, py: float, pz: float, spans: FloatArray) -> tuple[float, float]:
    """Write the x range (n, 2) over which each part can matter on one voxel row; return the added parts' range."""
    least, most = 1e9, -1e9
    for n in range(parts.shape[0]):
        ball = parts[n]
        square = ball[28] * ball[28] - (ball[26] - py) ** 2 - (ball[27] - pz) ** 2
        half = math.sqrt(square) if square > 0.0 else -1.0
        spans[n, 0], spans[n, 1] = ball[25] - half, ball[25] + half
        if half > 0.0 and ball[1] > 0.0:
            least, most = min(least, spans[n, 0]), max(most, spans[n, 1])
    return least, most


@njit(cache=True, nogil=True)
def union(parts: FloatArray, spans: FloatArray, d: float, px: float, py: float, pz: float) -> float:
    """Smooth union of `d` with the added parts, less the carved ones; those out of span are passed over."""
    for n in range(parts.shape[0]):
        if px < spans[n, 0] or px > spans[n, 1]:
            continue
        e = part_distance(parts[n], px, py, pz)
        d = smooth_less(d, e, parts[n, 2]) if parts[n, 1] > 0.0 else -smooth_less(-d, e, parts[n, 2])
    return d


@njit(cache=True, nogil=True)
def columns(grid: FloatArray, window: IndexArray, least: float, most: float) -> tuple[int, int]:
    """First and one-past-last voxel of a row between two x, inside the window."""
    first = max(window[0], math.floor((least - grid[0]) / grid[3]))
    last = min(window[3], math.ceil((most - grid[0]) / grid[3]) + 1)
    return first, last


@njit(cache=True, nogil=True)
def wing_station(curve: FloatArray, n: int, pz: float) -> tuple[float, float]:
    """x and y of the wing's curve at one station and height: it leans inward below the crest."""
    along = n / (curve.shape[0] - 1.0)
    drop = max(0.0, 6.0 - pz)
    lean = 0.12 + 0.9 * along - 0.45 * along * along
    return curve[n, 0] - drop * lean, curve[n, 1] + 0.17 * drop * (1.0 - along) ** 2


@njit(cache=True, nogil=True)
def wing_span(curve: FloatArray, py: float, pz: float) -> tuple[float, float]:
    """Range of x over which the wing can meet one voxel row."""
    near, away = 1e9, -1e9
    for n in range(curve.shape[0] - 1):
        ax, ay = wing_station(curve, n, pz)
        bx, by = wing_station(curve, n + 1, pz)
        if min(ay, by) - WING_REACH_MM < py < max(ay, by) + WING_REACH_MM:
            near, away = min(near, min(ax, bx) - WING_REACH_MM), max(away, max(ax, bx) + WING_REACH_MM)
    return near, away


@njit(cache=True, nogil=True)
def wing_distance(curve: FloatArray, x: float, py: float, pz: float) -> float:
    """Signed distance to the bent plate of one hip bone, x positive on its own side."""
    best, at, side_t = 1e12, 0, 0.0
    bx, by = wing_station(curve, 0, pz)
    for n in range(curve.shape[0] - 1):
        ax, ay = bx, by
        bx, by = wing_station(curve, n + 1, pz)
        ex, ey = bx - ax, by - ay
        t = min(1.0, max(0.0, ((x - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey)))
        qx, qy = x - ax - t * ex, py - ay - t * ey
        square = qx * qx + qy * qy
        if square < best:
            best, at, side_t = square, n, t
    top = curve[at, 2] * (1.0 - side_t) + curve[at + 1, 2] * side_t
    half = curve[at, 3] * (1.0 - side_t) + curve[at + 1, 3] * side_t
    below = top - pz
    half += 2.6 * math.exp(-((below - 5.0) ** 2) / 60.0) - 1.2 * min(1.0, max(0.0, below / 30.0))
    along = (at + side_t) / (curve.shape[0] - 1.0)
    notch = pz + 92.0 + 300.0 * max(0.0, along - 0.26) - 60.0 * max(0.0, 0.2 - along)
    sheet = math.sqrt(best) * 0.93 - half
    edge = smooth_less(below, notch, 6.0)
    return -smooth_less(-sheet, edge, 5.0)
