"""Painting: signed distances to parts, bodies, plates and strands become Hounsfield units with partial-volume edges.

Every kernel takes plain arrays and never raises. A voxel's share of a structure is clamp(0.5 - distance / voxel), so
edges are as smooth as a scanner's; a bone's shell is the share between its surface and the shell's depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.arrays import Float32Array, FloatArray, Int16Array, UInt8Array

NOISE_CELLS: Final = 64
"""Cells along each edge of the periodic noise cube."""

FAR: Final = 1.0e6
"""A distance larger than any in a patient, mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The volume being painted: its arrays, its voxel edge and the patient mm of its first voxel's centre."""

    hu: Int16Array
    labels: UInt8Array
    voxel_mm: float
    origin_mm: FloatArray

    def window(self, corners_mm: FloatArray) -> FloatArray:
        """(6,) int64 first and one-past-last indices i, j, k of the voxels within 2 mm of a box (2, 3)."""
        size = np.array(self.hu.shape[::-1])
        low = np.floor((corners_mm[0] - 2.0 - self.origin_mm) / self.voxel_mm)
        high = np.ceil((corners_mm[1] + 2.0 - self.origin_mm) / self.voxel_mm) + 1.0
        return np.concatenate([np.clip(low, 0, size), np.clip(high, 0, size)]).astype(np.int64)


def noise_cube(seed: int, purpose: int) -> Float32Array:
    """(64, 64, 64) periodic band-limited noise of mean 0 and standard deviation 1, drawn for (seed, purpose).

    White noise is smoothed by a Gaussian of 1 cell and rid of what is slower than about 10 cells.
    """
    white = np.random.Generator(np.random.Philox(key=[seed, purpose])).standard_normal((NOISE_CELLS,) * 3)
    f = np.fft.fftfreq(NOISE_CELLS)
    square = f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2
    band = np.exp(-2.0 * np.pi**2 * square) * (1.0 - np.exp(-square / (2.0 * 0.1**2)))
    field = np.fft.ifftn(np.fft.fftn(white) * band).real
    return np.asarray(field / field.std(), dtype=np.float32)


@njit(cache=True, nogil=True)
def _noise(cube: Float32Array, x: float, y: float, z: float) -> float:
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
    return a * (1 - tz) + b * tz


@njit(cache=True, nogil=True)
def _smooth_less(a: float, b: float, k: float) -> float:
    """Minimum of a and b with a fillet of width k (polynomial smooth minimum)."""
    if k <= 0.0 or abs(a - b) >= k:
        return min(a, b)
    h = 1.0 - abs(a - b) / k
    return min(a, b) - h * h * k * 0.25


@njit(cache=True, nogil=True)
def _share(distance: float, voxel: float) -> float:
    """Share of a voxel that lies inside a surface at `distance` from its centre."""
    return min(1.0, max(0.0, 0.5 - distance / voxel))


@njit(cache=True, nogil=True)
def _ellipse_distance(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> float:
    """Distance to an ellipsoid, exact to first order at its surface."""
    k0 = math.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
    k1 = math.sqrt((x / (rx * rx)) ** 2 + (y / (ry * ry)) ** 2 + (z / (rz * rz)) ** 2)
    if k1 < 1e-9:
        return -min(rx, ry)
    return k0 * (k0 - 1.0) / k1


@njit(cache=True, nogil=True)
def _part_distance(row: FloatArray, px: float, py: float, pz: float) -> float:
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
        d = _ellipse_distance(x, y, z - along, rx, ry, min(rx, ry))
    else:
        hx = row[15] * (1.0 + row[19] * z / row[17])
        r = row[18]
        qx, qy, qz = abs(x) - hx + r, abs(y) - row[16] + r, abs(z) - row[17] + r
        out = math.sqrt(max(qx, 0.0) ** 2 + max(qy, 0.0) ** 2 + max(qz, 0.0) ** 2)
        d = out + min(max(qx, max(qy, qz)), 0.0) - r
    if row[21] != 0.0 or row[22] != 0.0 or row[23] != 0.0:
        plane = row[21] * px + row[22] * py + row[23] * pz - row[24]
        d = -_smooth_less(-d, -plane, 1.5)
    return d


@njit(cache=True, nogil=True)
def _rim(x: float, y: float, a: float, b: float) -> float:
    """`DiscShape.rim` for one point."""
    u = abs(x) / a
    v = y / b
    if v > 0.0:
        v *= 1.0 + 0.12 * math.exp(-((u / 0.45) ** 2))
    return (u * u * math.sqrt(u) + v * v * math.sqrt(abs(v))) ** 0.4


@njit(cache=True, nogil=True)
def _half_height(disc: FloatArray, x: float, y: float) -> float:
    """Half of `DiscShape.height_mm` for one point; `disc` is a row of `disc_row`."""
    along = min(max(y / disc[13], -1.2), 1.2)
    mean, slope = (disc[14] + disc[15]) / 2.0, (disc[15] - disc[14]) / 2.0
    rim = _rim(x, y, disc[12], disc[13])
    return (mean + slope * along + disc[16] * min(max(1.0 - rim * rim, 0.0), 1.0)) / 2.0


@njit(cache=True, nogil=True)
def _beyond_endplate(disc: FloatArray, px: float, py: float, pz: float, sign: float) -> float:
    """How far a point lies on the disc's side of an endplate: the lower one for sign -1, the upper for +1."""
    x = disc[0] * px + disc[1] * py + disc[2] * pz + disc[9]
    y = disc[3] * px + disc[4] * py + disc[5] * pz + disc[10]
    z = disc[6] * px + disc[7] * py + disc[8] * pz + disc[11]
    return _half_height(disc, x, y) - sign * z


@njit(cache=True, nogil=True)
def _body_distance(body: FloatArray, px: float, py: float, pz: float) -> tuple[float, float]:
    """Signed distance to a vertebral body, and to its nearer endplate alone.

    `body` is (3, 20): the vertebra's frame and sizes, the disc above, the disc below.
    """
    v = body[0]
    x = v[0] * px + v[1] * py + v[2] * pz + v[9]
    y = v[3] * px + v[4] * py + v[5] * pz + v[10]
    z = v[6] * px + v[7] * py + v[8] * pz + v[11]
    s = min(max(z / v[16], -1.0), 1.0)
    waist = 1.0 - s * s
    a = 0.5 * (v[12] * (1.0 + s) + v[14] * (1.0 - s)) * (1.0 - v[17] * waist)
    b = 0.5 * (v[13] * (1.0 + s) + v[15] * (1.0 - s)) * (1.0 - (v[18] if y < 0.0 else v[19]) * waist)
    rim = _rim(x, y, a, b)
    radius = math.sqrt(x * x + y * y)
    side = (rim - 1.0) * (radius / rim if rim > 1e-6 else b)
    ends = max(_beyond_endplate(body[1], px, py, pz, -1.0), _beyond_endplate(body[2], px, py, pz, 1.0))
    return -_smooth_less(-side, -ends, 1.6), ends


@njit(cache=True, nogil=True)
def _row_span(parts: FloatArray, py: float, pz: float, spans: FloatArray) -> tuple[float, float]:
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
def _union(parts: FloatArray, spans: FloatArray, d: float, px: float, py: float, pz: float) -> float:
    """Smooth union of `d` with the added parts, less the carved ones; those out of span are passed over."""
    for n in range(parts.shape[0]):
        if px < spans[n, 0] or px > spans[n, 1]:
            continue
        e = _part_distance(parts[n], px, py, pz)
        if parts[n, 1] > 0.0:
            d = _smooth_less(d, e, parts[n, 2])
        else:
            d = -_smooth_less(-d, e, parts[n, 2])
    return d


@njit(cache=True, nogil=True)
def _columns(grid: FloatArray, window: FloatArray, least: float, most: float) -> tuple[int, int]:
    """First and one-past-last voxel of a row between two x, inside the window."""
    first = max(window[0], math.floor((least - grid[0]) / grid[3]))
    last = min(window[3], math.ceil((most - grid[0]) / grid[3]) + 1)
    return first, last


@njit(cache=True, nogil=True)
def paint_bone(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    window: FloatArray,
    parts: FloatArray,
    body: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint one bone: the smooth union of its body (if any) and parts, with a shell about marrow.

    `grid` is (4,) origin and voxel; `body` is (3, 22) or empty; `matter` is (7,) shell mm, endplate mm, cortical,
    trabecular and texture HU, label, texture cells per mm. The body's side walls have 0.7 of its endplates' thickness.
    """
    voxel = grid[3]
    spans = np.zeros((parts.shape[0], 2))
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            least, most = _row_span(parts, py, pz, spans)
            if body.shape[0] > 0:
                least, most = min(least, body[0, 20] - 30.0), max(most, body[0, 20] + 30.0)
            first, last = _columns(grid, window, least, most)
            for i in range(first, last):
                px = grid[0] + i * voxel
                d, shell, core = 1.0e6, matter[0], 1.0e6
                if body.shape[0] > 0:
                    core, ends = _body_distance(body, px, py, pz)
                    d = core
                d = _union(parts, spans, d, px, py, pz)
                if d >= 0.5 * voxel:
                    continue
                if core < 0.5:
                    shell = matter[1] if ends > -matter[1] - voxel else 0.7 * matter[1]
                whole = _share(d, voxel)
                marrow = _share(d + shell, voxel)
                value = 0.0
                if marrow > 0.0:
                    c = matter[6]
                    grain = _noise(cube, px * c, py * c, pz * c * 0.55) + 0.6 * _noise(
                        cube, px * c * 0.31 + 7.3, py * c * 0.31, pz * c * 0.31
                    )
                    value = marrow * (matter[3] + matter[4] * grain)
                value += (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                hu[k, j, i] = round(value)
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[5])


@njit(cache=True, nogil=True)
def paint_soft(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    window: FloatArray,
    parts: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint one soft structure, the smooth union of its parts.

    `matter` is (8,) HU, texture HU, label, texture cells per mm, y behind which gas stands (or a far number: up is
    backward, for the patient lies prone), HU and label of that gas, and mm by which the gas's level undulates.
    """
    voxel = grid[3]
    spans = np.zeros((parts.shape[0], 2))
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            least, most = _row_span(parts, py, pz, spans)
            first, last = _columns(grid, window, least, most)
            for i in range(first, last):
                px = grid[0] + i * voxel
                d = _union(parts, spans, 1.0e6, px, py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole = _share(d, voxel)
                value, label = matter[0], matter[2]
                if matter[1] != 0.0:
                    c = matter[3]
                    value += matter[1] * _noise(cube, px * c, py * c, pz * c * 0.4)
                if matter[4] < 1.0e5 and d < 0.0:
                    wave = matter[7] * _noise(cube, px * 0.07, py * 0.07 + 11.0, pz * 0.07)
                    gas = _share(d + 2.0, voxel) * _share(0.5 * (matter[4] + wave - py), voxel)
                    if gas > 0.0:
                        value = gas * matter[5] + (1.0 - gas) * value
                        if gas >= 0.5:
                            label = matter[6]
                hu[k, j, i] = round(whole * value + (1.0 - whole) * hu[k, j, i])
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(label)


@njit(cache=True, nogil=True)
def paint_disc(
    hu: Int16Array, labels: UInt8Array, grid: FloatArray, window: FloatArray, disc: FloatArray, matter: FloatArray
) -> None:
    """Paint one disc, a little over-high so that the endplates painted later leave no gap.

    `disc` is a row of `disc_row`; `matter` is (6,) HU of nucleus and annulus, labels of nucleus, annulus, protrusion
    and endplate cartilage.
    """
    voxel = grid[3]
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            for i in range(window[0], window[3]):
                px = grid[0] + i * voxel
                x = disc[0] * px + disc[1] * py + disc[2] * pz + disc[9]
                y = disc[3] * px + disc[4] * py + disc[5] * pz + disc[10]
                z = disc[6] * px + disc[7] * py + disc[8] * pz + disc[11]
                rim = _rim(x, y, disc[12], disc[13])
                radius = math.sqrt(x * x + y * y)
                outline = radius / rim if rim > 1e-6 else disc[13]
                bump = 0.0
                if disc[19] > 0.0:
                    azimuth = math.degrees(math.atan2(disc[18] * x, y))
                    bump = disc[19] * math.exp(-(((azimuth - disc[20]) / disc[21]) ** 2) / 2.0)
                half = _half_height(disc, x, y)
                side = radius - outline - bump
                ends = abs(z) - half
                d = max(side, ends - 1.0)
                if d >= 0.5 * voxel:
                    continue
                whole = _share(d, voxel)
                shift = y - 0.06 * disc[13]
                flat = _rim(x, shift, disc[12], disc[13]) / disc[17]
                across = abs(z) / max(half - 1.0, 0.5)
                inner = (flat**4 + across**4) ** 0.25
                core = min(1.0, max(0.0, (1.0 - inner) * disc[13] * disc[17] / 3.0 + 0.5))
                value = core * matter[0] + (1.0 - core) * matter[1]
                hu[k, j, i] = round(whole * value + (1.0 - whole) * hu[k, j, i])
                if whole >= 0.5:
                    if radius > outline:
                        labels[k, j, i] = np.uint8(matter[4])
                    elif inner < 1.0:
                        labels[k, j, i] = np.uint8(matter[2])
                    elif ends > -0.8:
                        labels[k, j, i] = np.uint8(matter[5])
                    else:
                        labels[k, j, i] = np.uint8(matter[3])
