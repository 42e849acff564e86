"""Painting: signed distances to parts, bodies, plates and strands become Hounsfield units with partial-volume edges.

Every kernel takes plain arrays and never raises. A voxel's share of a structure is clamp(0.5 - distance / voxel), so
edges are as smooth as a scanner's; a bone's shell is the share between its surface and the shell's depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.anatomy.phantom.fields import (
    FAR,
    IndexArray,
    body_distance,
    columns,
    disc_side,
    local,
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

SLAB_SLICES: Final = 16
"""Slices that one thread paints at a time."""

SACROILIAC_GAP_MM: Final = 2.5
"""Cartilage between sacrum and ilium. Assumption: the joint space is 2 to 3 mm on CT."""

SUBCORTICAL_HU: Final = 90.0
"""How much denser marrow bone is just under the shell; it falls by e over 2.5 mm.

Assumption: trabeculae crowd toward endplates and walls.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The volume being painted: its arrays, its voxel edge and the patient mm of its first voxel's centre.

    Voxels are painted independently of each other, so slabs of slices may go to several threads of `pool`: the result
    is the same for any number.
    """

    hu: Int16Array
    labels: UInt8Array
    voxel_mm: float
    origin_mm: FloatArray
    pool: Executor

    @property
    def picture(self) -> tuple[Int16Array, UInt8Array]:
        """What the painters write to."""
        return self.hu, self.labels

    def paint(self, painter: Callable[..., None], corners_mm: FloatArray | None, *what: object) -> None:
        """Let `painter` paint `what` within a box (2, 3) of the patient frame, or everywhere, slab by slab."""
        everywhere = np.array([0, 0, 0, *self.hu.shape[::-1]])
        window = everywhere if corners_mm is None else self.window(corners_mm)
        jobs = []
        for first in range(int(window[2]), int(window[5]), SLAB_SLICES):
            slab = window.copy()
            slab[2], slab[5] = first, min(first + SLAB_SLICES, window[5])
            jobs.append(self.pool.submit(painter, self.picture, (self.grid, slab), *what))
        for job in jobs:
            job.result()

    @property
    def grid(self) -> FloatArray:
        """(4,) origin and voxel edge, mm."""
        return np.array([*self.origin_mm, self.voxel_mm])

    def window(self, corners_mm: FloatArray) -> IndexArray:
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


Picture = tuple[Int16Array, UInt8Array]
"""Hounsfield units and labels being painted."""

Place = tuple[FloatArray, IndexArray]
"""(4,) origin and voxel edge in mm, and (6,) first and one-past-last indices i, j, k."""


@njit(cache=True, nogil=True)
def _bone_distance(
    form: tuple[FloatArray, FloatArray, FloatArray], spans: FloatArray, px: float, py: float, pz: float
) -> tuple[float, float, float]:
    """Signed distances to a bone, to its body and to its nearer endplate."""
    parts, body, curve = form
    core, ends = FAR, 0.0
    if body.shape[0] > 0:
        core, ends = body_distance(body, px, py, pz)
    d = union(parts, spans, core, px, py, pz)
    if d < 2.0 and curve.shape[0] > 0 and abs(px) > 28.0:
        d = max(d, SACROILIAC_GAP_MM - wing_distance(curve, abs(px), py, pz))
    return d, core, ends


@njit(cache=True, nogil=True)
def _marrow_hu(matter: FloatArray, cube: Float32Array, d: float, px: float, py: float, pz: float) -> float:
    """HU of spongy bone at signed distance `d` from the bone's surface: drawn-out grains, denser under the shell."""
    c = matter[6]
    fine = noise(cube, px * c, py * c, pz * c * 0.35)
    coarse = noise(cube, px * c * 0.31 + 7.3, py * c * 0.31, pz * c * 0.31)
    return float(matter[3] + matter[4] * (fine + 0.7 * coarse) + SUBCORTICAL_HU * math.exp(d / 2.5))


@njit(cache=True, nogil=True)
def paint_bone(
    picture: Picture,
    place: Place,
    form: tuple[FloatArray, FloatArray, FloatArray],
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint one bone: the smooth union of its body (if any) and parts, with a shell about marrow.

    `form` holds the parts (n, `PART_COLUMNS`), the body (3, 22) or nothing, and the iliac wing (m, 4) of which the bone
    keeps clear, or nothing. `matter` is (8,) shell mm, endplate mm, cortical, trabecular and texture HU, label, texture
    cells per mm, roughness mm. The body's side walls have 0.85 of its endplates' thickness.
    """
    hu, labels = picture
    grid, window = place
    voxel = grid[3]
    spans = np.zeros((form[0].shape[0], 2))
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            least, most = row_span(form[0], py, pz, spans)
            if form[1].shape[0] > 0:
                least, most = min(least, form[1][0, 20] - 30.0), max(most, form[1][0, 20] + 30.0)
            first, last = columns(grid, window, least, most)
            for i in range(first, last):
                px = grid[0] + i * voxel
                d, core, ends = _bone_distance(form, spans, px, py, pz)
                if d >= 0.5 * voxel + 1.5 * matter[7]:
                    continue
                wear = min(1.5, max(-1.5, noise(cube, px * 0.23, py * 0.23, pz * 0.23)))
                if core > 0.5 or ends < -2.5:
                    d += matter[7] * wear
                shell = matter[0]
                if core < 0.5:
                    shell = matter[1] if ends > -matter[1] - voxel else 0.85 * matter[1]
                whole = share(d, voxel)
                marrow = share(d + shell * (1.0 + 0.25 * wear), voxel)
                value = (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                if marrow > 0.0:
                    value += marrow * _marrow_hu(matter, cube, d, px, py, pz)
                hu[k, j, i] = round(value)
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[5])


@njit(cache=True, nogil=True)
def paint_wing(picture: Picture, place: Place, curve: FloatArray, matter: FloatArray, cube: Float32Array) -> None:
    """Paint one hip bone, the plate along `curve` (m, 4); `matter` is as for `paint_bone`, with the side after it."""
    hu, labels = picture
    grid, window = place
    voxel = grid[3]
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            near, away = wing_span(curve, py, pz)
            for i in range(window[0], window[3]):
                px = grid[0] + i * voxel
                if px * matter[8] < near or px * matter[8] > away:
                    continue
                d = wing_distance(curve, px * matter[8], py, pz)
                d += matter[7] * noise(cube, px * 0.17, py * 0.17, pz * 0.17)
                if d >= 0.5 * voxel or labels[k, j, i] in (0, 25, 26):
                    continue
                whole, marrow = share(d, voxel), share(d + matter[0], voxel)
                value = (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                if marrow > 0.0:
                    value += marrow * _marrow_hu(matter, cube, d, px, py, pz)
                hu[k, j, i] = round(value)
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[5])


@njit(cache=True, nogil=True)
def _gas(matter: FloatArray, cube: Float32Array, d: float, px: float, py: float, pz: float) -> float:
    """Share of gas: behind an undulating level and 2 mm inside the wall."""
    if matter[4] > 1.0e5 or d > 0.0:
        return 0.0
    wave = matter[7] * noise(cube, px * 0.07, py * 0.07 + 11.0, pz * 0.07)
    return float(share(d + 2.0, 1.0) * share(0.5 * (matter[4] + wave - py), 1.0))


@njit(cache=True, nogil=True)
def paint_soft(picture: Picture, place: Place, parts: FloatArray, matter: FloatArray, cube: Float32Array) -> None:
    """Paint one soft structure, the smooth union of its parts.

    `matter` is (8,) HU, texture HU, label, texture cells per mm, y behind which gas stands (or a far number: up is
    backward, for the patient lies prone), HU and label of that gas, and mm by which the gas's level undulates.
    """
    hu, labels = picture
    grid, window = place
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
                d = union(parts, spans, FAR, px, py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole = share(d, voxel)
                c = matter[3]
                value = matter[0] + matter[1] * noise(cube, px * c, py * c, pz * c * 0.4)
                gas = _gas(matter, cube, d, px, py, pz)
                value = gas * matter[5] + (1.0 - gas) * value
                hu[k, j, i] = round(whole * value + (1.0 - whole) * hu[k, j, i])
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[6] if gas >= 0.5 else matter[2])


@njit(cache=True, nogil=True)
def _disc_label(matter: FloatArray, inner: float, side: float, ends: float) -> int:
    """Label inside a disc: beyond the outline the protrusion, then nucleus, endplate cartilage, annulus."""
    if side > 0.0:
        return int(matter[4])
    if inner < 1.0:
        return int(matter[2])
    return int(matter[5]) if ends > -0.8 else int(matter[3])


@njit(cache=True, nogil=True)
def paint_disc(picture: Picture, place: Place, disc: FloatArray, matter: FloatArray) -> None:
    """Paint one disc, a little over-high so that the endplates painted later leave no gap.

    `disc` is a row of `disc_row`; `matter` is (6,) HU of nucleus and annulus, labels of nucleus, annulus, protrusion
    and endplate cartilage.
    """
    hu, labels = picture
    grid, window = place
    voxel = grid[3]
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            for i in range(window[0], window[3]):
                x, y, z = local(disc, grid[0] + i * voxel, py, pz)
                side, bump, half = disc_side(disc, x, y)
                ends = abs(z) - half
                d = max(side - bump, ends - 1.0)
                if d >= 0.5 * voxel:
                    continue
                whole = share(d, voxel)
                flat = rim(x, y - 0.06 * disc[13], disc[12], disc[13]) / disc[17]
                inner = (flat**4 + (abs(z) / max(half - 1.0, 0.5)) ** 4) ** 0.25
                core = min(1.0, max(0.0, (1.0 - inner) * disc[13] * disc[17] / 3.0 + 0.5))
                value = core * matter[0] + (1.0 - core) * matter[1]
                hu[k, j, i] = round(whole * value + (1.0 - whole) * hu[k, j, i])
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(_disc_label(matter, inner, side, ends))
