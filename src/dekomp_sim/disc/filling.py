"""The compiled loops of contrast: filling places by distance, each up to its room, and reading where it lies.

A full sort by distance would cost more than all the rest: places are put into shells about the tip, shells behind the
front are full, and only the shell in which the front stands is sorted.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dekomp_sim.anatomy.phantom.fields import rim
from dekomp_sim.arrays import FloatArray, IndexArray

SHELLS = 2048
"""Shells about the tip; any number gives the same result."""


@njit(cache=True, nogil=True)
def outward(room_ml: FloatArray, distance_mm: FloatArray, volume_ml: float) -> FloatArray:
    """(n,) mL that places take of `volume_ml`, nearest first, each up to its room; of equally far ones the first."""
    taken_ml = np.zeros(len(room_ml))
    farthest = distance_mm.max() if len(distance_mm) > 0 else 0.0
    per_mm = SHELLS / (farthest * (1.0 + 1e-9)) if farthest > 0.0 else 0.0
    held = np.zeros(SHELLS)
    for n in range(len(room_ml)):
        held[int(distance_mm[n] * per_mm)] += room_ml[n]
    left_ml, front = volume_ml, 0
    while front < SHELLS and held[front] <= left_ml:
        left_ml -= held[front]
        front += 1
    count = 0
    for n in range(len(room_ml)):
        shell = int(distance_mm[n] * per_mm)
        if shell < front:
            taken_ml[n] = room_ml[n]
        count += shell == front
    at = np.empty(count, dtype=np.int64)
    count = 0
    for n in range(len(room_ml)):
        if int(distance_mm[n] * per_mm) == front:
            at[count] = n
            count += 1
    for m in np.argsort(distance_mm[at], kind="mergesort"):
        taken_ml[at[m]] = min(room_ml[at[m]], max(left_ml, 0.0))
        left_ml -= taken_ml[at[m]]
    return taken_ml


@njit(cache=True, nogil=True)
def room_and_distance(
    places: tuple[IndexArray, FloatArray, FloatArray, FloatArray],
    fields: tuple[FloatArray, FloatArray, FloatArray],
    tip_mm: FloatArray,
    voxel_ml: float,
) -> tuple[FloatArray, FloatArray]:
    """(n,) mL each voxel can still take, a share of its tissue and all of where tissue is gone; (n,) mm from the tip.

    `places` holds the voxels' flat indices, centres (n, 3), shares and hastes; `fields` coverage, fraction and contrast
    by flat index.
    """
    voxels, points, share, haste = places
    coverage, fraction, contrast = fields
    room_ml, distance_mm = np.empty(len(voxels)), np.empty(len(voxels))
    for n in range(len(voxels)):
        v = voxels[n]
        open_share = share[n] * fraction[v] + (coverage[v] - fraction[v])
        room_ml[n] = max(open_share * voxel_ml - contrast[v], 0.0)
        dx, dy, dz = points[n, 0] - tip_mm[0], points[n, 1] - tip_mm[1], points[n, 2] - tip_mm[2]
        distance_mm[n] = math.sqrt(dx * dx + dy * dy + dz * dz) / haste[n]
    return room_ml, distance_mm


@njit(cache=True, nogil=True)
def pour(field: FloatArray, voxels: IndexArray, taken_ml: FloatArray, scale: float) -> None:
    """Add `scale` of what each voxel takes (n,) to a field by flat index."""
    for n in range(len(voxels)):
        field[voxels[n]] += scale * taken_ml[n]


@njit(cache=True, nogil=True)
def above(field: FloatArray, least: float) -> IndexArray:
    """(n,) flat indices, ascending, of what is more than `least`, without a mask of the whole field."""
    found = np.empty(len(field), dtype=np.int64)  # memory that is never written is never fetched
    count = 0
    for v in range(len(field)):
        if field[v] > least:
            found[count] = v
            count += 1
    return found[:count].copy()


@njit(cache=True, nogil=True)
def rims(
    voxels: IndexArray, size: tuple[int, int, int], disc_from_index: FloatArray, half_mm: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """(n,) `DiscShape.rim` and (n,) azimuth in radians, from straight back toward the left, of voxels by flat index.

    `disc_from_index` is (3, 4), `half_mm` the outline's half width and half depth.
    """
    _, nj, ni = size
    rim_at, azimuth = np.empty(len(voxels)), np.empty(len(voxels))
    m = disc_from_index
    for n in range(len(voxels)):
        v = voxels[n]
        i, j, k = v % ni, v // ni % nj, v // (ni * nj)
        x = m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3]
        y = m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3]
        rim_at[n] = rim(x, y, half_mm[0], half_mm[1])
        azimuth[n] = math.atan2(x, y)
    return rim_at, azimuth
