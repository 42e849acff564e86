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

from dekomp_sim.anatomy.phantom_fields import (
    body_distance,
    columns,
    half_height,
    noise,
    rim,
    row_span,
    share,
    union,
    wing_distance,
    wing_span,
)
from dekomp_sim.arrays import Float32Array, FloatArray, Int16Array, UInt8Array

NOISE_CELLS: Final = 64
"""Cells along each edge of the periodic noise cube."""

SACROILIAC_GAP_MM: Final = 2.5
"""Cartilage between sacrum and ilium. Assumption: the joint space is 2 to 3 mm on CT."""

SUBCORTICAL_HU: Final = 90.0
"""How much denser marrow bone is just under the shell; it falls by e over 2.5 mm.

Assumption: trabeculae crowd toward endplates and walls.
"""

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
def paint_bone(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    window: FloatArray,
    parts: FloatArray,
    body: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
    curve: FloatArray,
) -> None:
    """Paint one bone: the smooth union of its body (if any) and parts, with a shell about marrow.

    `grid` is (4,) origin and voxel; `body` is (3, 22) or empty; `matter` is (7,) shell mm, endplate mm, cortical,
    trabecular and texture HU, label, texture cells per mm, roughness mm; `curve` is the iliac wing that the bone must
    keep clear of, or empty. The body's side walls have 0.85 of its endplates'
    thickness.
    """
    voxel = grid[3]
    spans = np.zeros((parts.shape[0], 2))
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            least, most = row_span(parts, py, pz, spans)
            if body.shape[0] > 0:
                least, most = min(least, body[0, 20] - 30.0), max(most, body[0, 20] + 30.0)
            first, last = columns(grid, window, least, most)
            for i in range(first, last):
                px = grid[0] + i * voxel
                d, shell, core, ends = 1.0e6, matter[0], 1.0e6, 0.0
                if body.shape[0] > 0:
                    core, ends = body_distance(body, px, py, pz)
                    d = core
                d = union(parts, spans, d, px, py, pz)
                if d >= 2.0 or d >= 0.5 * voxel + matter[7]:
                    continue
                if curve.shape[0] > 0 and abs(px) > 28.0:
                    d = max(d, SACROILIAC_GAP_MM - wing_distance(curve, abs(px), py, pz))
                wear = noise(cube, px * 0.23, py * 0.23, pz * 0.23)
                if core > 0.5 or ends < -2.5:
                    d += matter[7] * wear
                if d >= 0.5 * voxel:
                    continue
                if core < 0.5:
                    shell = matter[1] if ends > -matter[1] - voxel else 0.85 * matter[1]
                shell *= 1.0 + 0.25 * wear
                whole = share(d, voxel)
                marrow = share(d + shell, voxel)
                value = 0.0
                if marrow > 0.0:
                    c = matter[6]
                    grain = noise(cube, px * c, py * c, pz * c * 0.35) + 0.7 * noise(
                        cube, px * c * 0.31 + 7.3, py * c * 0.31, pz * c * 0.31
                    )
                    value = marrow * (matter[3] + matter[4] * grain + SUBCORTICAL_HU * math.exp(d / 2.5))
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
            least, most = row_span(parts, py, pz, spans)
            first, last = columns(grid, window, least, most)
            for i in range(first, last):
                px = grid[0] + i * voxel
                d = union(parts, spans, 1.0e6, px, py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole = share(d, voxel)
                value, label = matter[0], matter[2]
                if matter[1] != 0.0:
                    c = matter[3]
                    value += matter[1] * noise(cube, px * c, py * c, pz * c * 0.4)
                if matter[4] < 1.0e5 and d < 0.0:
                    wave = matter[7] * noise(cube, px * 0.07, py * 0.07 + 11.0, pz * 0.07)
                    gas = share(d + 2.0, voxel) * share(0.5 * (matter[4] + wave - py), voxel)
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
                r = rim(x, y, disc[12], disc[13])
                radius = math.sqrt(x * x + y * y)
                outline = radius / r if r > 1e-6 else disc[13]
                bump = 0.0
                if disc[19] > 0.0:
                    azimuth = math.degrees(math.atan2(disc[18] * x, y))
                    bump = disc[19] * math.exp(-(((azimuth - disc[20]) / disc[21]) ** 2) / 2.0)
                half = half_height(disc, x, y)
                side = radius - outline - bump
                ends = abs(z) - half
                d = max(side, ends - 1.0)
                if d >= 0.5 * voxel:
                    continue
                whole = share(d, voxel)
                shift = y - 0.06 * disc[13]
                flat = rim(x, shift, disc[12], disc[13]) / disc[17]
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


@njit(cache=True, nogil=True)
def paint_wing(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    window: FloatArray,
    curve: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint one hip bone; `matter` is (7,) side, shell mm, cortical, trabecular, texture HU, label, cells per mm."""
    voxel = grid[3]
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            near, away = wing_span(curve, py, pz)
            for i in range(window[0], window[3]):
                px = grid[0] + i * voxel
                if px * matter[0] < near or px * matter[0] > away:
                    continue
                if labels[k, j, i] in (25, 26) or labels[k, j, i] == 0:
                    continue
                d = wing_distance(curve, px * matter[0], py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole, marrow = share(d, voxel), share(d + matter[1], voxel)
                value = (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                if marrow > 0.0:
                    c = matter[6]
                    value += marrow * (matter[3] + matter[4] * noise(cube, px * c, py * c, pz * c))
                hu[k, j, i] = round(value)
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[5])
