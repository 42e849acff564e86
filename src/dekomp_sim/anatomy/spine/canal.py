"""The spinal canal: a tube of soft tissue in a ring of bone behind a column of bone, followed from slice to slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, Float32Array, FloatArray

BONE_HU: Final = 170.0
"""Assumption: cortex blurred over voxels of 2 to 3 mm has more, the sac, muscle and most marrow have less."""

SAC_HU: Final = (-110.0, 110.0)
"""Assumption: what fills a canal, sac (0 to 40 HU), fat (-110 HU) in the sacrum, blurred bone."""

CLEAR_MM: Final = 4.0
"""Assumption: a canal's middle lies farther than this from bone; its least width is 11 mm (Panjabi 1992)."""

RING_MM: Final = 15.0
"""Assumption: bone that closes a canal lies within this of its middle: half of the widest canal, 28 mm, and a voxel."""

RAYS: Final = 24
"""Rays of each slice along which bone is looked for."""

COLUMN_MM: Final = (12.0, 40.0)
"""Assumption: from a canal's middle forward the vertebral body or disc fills this stretch."""

COLUMN_HU: Final = (30.0, 100.0)
"""Assumption: mean of that stretch over a body's height: muscle and bowel have less than the first, a column with its
endplates and discs more than the second, unless its bone is very poor."""

AIR_BELOW_HU: Final = -300.0
"""Assumption: between air and fat."""

MIDDLE_MM: Final = 45.0
"""Assumption: the canal lies nearer than this to the middle of the trunk, or of a field laid about the spine, also in a
scoliosis; hollow bones of hip and thigh lie farther.
"""

MOST_SLANT: Final = (4, 1)
"""Voxels backward and to a side per slice by which the canal may run aslant: 63 degrees in a sacrum, 27 in a curve."""

SLANT_COST: Final = 0.01
"""Assumption: what a voxel aside, squared, costs against a slice's score of at most 1."""

LEAST_SCORE: Final = 0.25
"""Assumption: what is less like a canal shortens the path that is looked for."""

LEAST_MEAN: Final = 0.35
"""Assumption: a canal's mean score; a real one had 0.63, phantoms' 0.75, a way along the inside of a skull 0.3."""

SHORTEST_MM: Final = 60.0
"""Assumption: a canal seen over less than two vertebrae is not told from another hollow."""


@dataclass(frozen=True, slots=True, eq=False)
class Canal:
    """The canal's middle from slice to slice.

    Parameters
    ----------
    path_mm
        (n, 3) from caudal to cranial, one point per slice of the upright grid, patient frame.
    score
        (n,) how much each looks like a canal, 0 to 1.
    """

    path_mm: FloatArray
    score: FloatArray


def find_canal(block: Volume) -> Canal | None:
    """The canal of an upright scan (`upright`), or None where nothing is like one."""
    step = float(block.patient_from_index.spacing_mm[0])
    hu = ndimage.gaussian_filter(block.hu.astype(np.float32), 0.7)
    score = _scores(hu, step)
    if not score.any():
        return None
    rows, cols = (np.flatnonzero(score.max(axis=axes) > 0.0)[[0, -1]] for axes in ((0, 2), (0, 1)))
    part = score[:, rows[0] : rows[1] + 1, cols[0] : cols[1] + 1] - np.float32(LEAST_SCORE)
    path = np.add(_followed(part, *MOST_SLANT, SLANT_COST), (0, rows[0], cols[0]))
    along = np.asarray(score[tuple(path.T)], dtype=np.float64)
    if len(path) * step < SHORTEST_MM or along.mean() < LEAST_MEAN:
        return None
    return Canal(block.patient_from_index.points(path[:, ::-1]), along)


def _scores(hu: Float32Array, step: float) -> Float32Array:
    """[k, j, i] how much each voxel looks like a canal's middle, 0 to 1."""
    bone = hu > BONE_HU
    clear = ~ndimage.maximum_filter(bone, size=(1, *[2 * int(CLEAR_MM / step) - 1] * 2))
    mean = ndimage.uniform_filter(hu, 3)
    able = clear & (mean > SAC_HU[0]) & (mean < SAC_HU[1]) & _middle(hu, step)
    ahead = _column_ahead(hu, able, step)
    ring = np.zeros(hu.shape, dtype=np.float32)
    _enclosed(bone, ahead > LEAST_SCORE, *_rays(int(RING_MM / step)), ring)
    return np.asarray(ring * ahead, dtype=np.float32)


def _rays(reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(RAYS, reach) rows and columns that rays pass, from their origin."""
    angle = 2.0 * np.pi * np.arange(RAYS)[:, None] / RAYS
    length = np.arange(1, reach + 1)
    return np.rint(np.sin(angle) * length).astype(np.int64), np.rint(np.cos(angle) * length).astype(np.int64)


def _middle(hu: Float32Array, step: float) -> BoolArray:
    """[k, j, i] whether a voxel lies in the trunk's middle, by the mean column of what is not air."""
    solid = (hu > AIR_BELOW_HU).sum(axis=1)
    columns = np.arange(hu.shape[2])
    middle = (solid * columns).sum(axis=1) / np.maximum(solid.sum(axis=1), 1)
    middle = ndimage.median_filter(middle, round(60.0 / step), mode="nearest")
    near = np.abs(columns - middle[:, None]) * step < MIDDLE_MM
    return np.broadcast_to(near[:, None, :], hu.shape)


def _column_ahead(hu: Float32Array, able: BoolArray, step: float) -> Float32Array:
    """[k, j, i] 0 to 1: whether the stretch before each voxel is as dense as a column of vertebrae."""
    near, far = (round(edge / step) for edge in COLUMN_MM)
    wide, tall = round(20.0 / step) | 1, round(36.0 / step) | 1
    mean = ndimage.uniform_filter(np.clip(hu, -100.0, 500.0), (tall, far - near, wide), mode="nearest")
    ahead = np.full(hu.shape, -1000.0, dtype=np.float32)
    middle = (near + far) // 2
    ahead[:, middle:] = mean[:, :-middle]
    low, high = COLUMN_HU
    return np.where(able, np.clip((ahead - low) / (high - low), 0.0, 1.0), 0.0).astype(np.float32)


@njit(cache=True, nogil=True)
def _enclosed(bone, able, rows, cols, found):  # type: ignore[no-untyped-def]
    """Put the share of a slice's rays (rows, cols) from each able voxel that meet bone into `found`, less as its left
    and right are less alike.
    """
    nk, nj, ni = bone.shape
    rays, reach = rows.shape
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if not able[k, j, i]:
                    continue
                met, lean, wide = 0, 0, 0
                for ray in range(rays):
                    last = reach - 1
                    for r in range(reach):
                        b, a = j + rows[ray, r], i + cols[ray, r]
                        if not (0 <= b < nj and 0 <= a < ni):
                            break
                        if bone[k, b, a]:
                            met += 1
                            last = r
                            break
                    lean += cols[ray, last]
                    wide += abs(cols[ray, last])
                found[k, j, i] = met / rays * (1.0 - abs(lean) / wide)


@njit(cache=True, nogil=True)
def _followed(score, back, aside, cost):  # type: ignore[no-untyped-def]
    """(n, 3) slices, rows and columns of the path whose scores, less what its slant costs, add up highest; it begins
    and ends where that is best.
    """
    nk, nj, ni = score.shape
    best = score[0].copy()
    came = np.full((nk, nj, ni), -1, dtype=np.int16)
    wide = 2 * aside + 1
    highest, end = np.float32(-1e9), (0, 0, 0)
    for k in range(1, nk):
        then = score[k].copy()
        for j in range(nj):
            for i in range(ni):
                most, way = np.float32(0.0), -1
                for b in range(max(0, j - back), min(nj, j + back + 1)):
                    for a in range(max(0, i - aside), min(ni, i + aside + 1)):
                        value = best[b, a] - cost * ((b - j) ** 2 + (a - i) ** 2)
                        if value > most:
                            most, way = value, (b - j + back) * wide + (a - i + aside)
                then[j, i] += most
                came[k, j, i] = way
                if then[j, i] > highest:
                    highest, end = then[j, i], (k, j, i)
        best = then
    path = [end]
    while came[path[-1]] >= 0:
        k, j, i = path[-1]
        way = came[k, j, i]
        path.append((k - 1, j + way // wide - back, i + way % wide - aside))
    return np.array(path[::-1])
