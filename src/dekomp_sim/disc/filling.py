"""The compiled loops of contrast: filling places by distance, each up to its room, and where it lies then.

A full sort by distance would cost more than all the rest: places are put into shells about the tip, shells behind the
front are full, and only the shell in which the front stands is sorted.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dekomp_sim.anatomy.phantom.fields import rim
from dekomp_sim.arrays import FloatArray, IndexArray, UInt8Array
from dekomp_sim.disc.tissue import Tissue

PARTS = len(Tissue)

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
def distances(points_mm: FloatArray, haste: FloatArray, tip_mm: FloatArray) -> FloatArray:
    """(n,) mm from the tip to places (n, 3), nearer by their haste (n,)."""
    found_mm = np.empty(len(haste))
    for n in range(len(haste)):
        dx, dy, dz = points_mm[n, 0] - tip_mm[0], points_mm[n, 1] - tip_mm[1], points_mm[n, 2] - tip_mm[2]
        found_mm[n] = math.sqrt(dx * dx + dy * dy + dz * dz) / haste[n]
    return found_mm


@njit(cache=True, nogil=True)
def rooms(
    places: tuple[IndexArray, FloatArray],
    fields: tuple[FloatArray, FloatArray],
    held: tuple[IndexArray, FloatArray],
    voxel_ml: float,
) -> FloatArray:
    """(n,) mL each voxel can still take: a share of its tissue and all of where tissue is gone.

    `places` holds the voxels' flat indices, ascending, and shares; `fields` coverage and fraction by flat index; `held`
    (m,) the voxels that hold contrast, ascending, and how much.
    """
    voxels, share = places
    coverage, fraction = fields
    stained, held_ml = held
    at = 0
    room_ml = np.empty(len(voxels))
    for n in range(len(voxels)):
        v = voxels[n]
        open_share = share[n] * fraction[v] + (coverage[v] - fraction[v])
        while at < len(stained) and stained[at] < v:
            at += 1
        here_ml = held_ml[at] if at < len(stained) and stained[at] == v else 0.0
        room_ml[n] = max(open_share * voxel_ml - here_ml, 0.0)
    return room_ml


@njit(cache=True, nogil=True)
def poured(
    stained: IndexArray, held_ml: FloatArray, voxels: IndexArray, added_ml: FloatArray, scale: float
) -> tuple[IndexArray, FloatArray]:
    """What holds contrast after `scale` times `added_ml` (n,) came into `voxels` (n,): two ascending lists made one.

    Voxels that take nothing are left out.
    """
    most = len(stained) + np.count_nonzero(added_ml)
    where, much = np.empty(most, dtype=np.int64), np.empty(most)
    at, count = 0, 0
    for n in range(len(voxels)):
        if added_ml[n] == 0.0:
            continue
        while at < len(stained) and stained[at] < voxels[n]:
            where[count], much[count] = stained[at], held_ml[at]
            at, count = at + 1, count + 1
        where[count], much[count] = voxels[n], added_ml[n] * scale
        if at < len(stained) and stained[at] == voxels[n]:
            much[count] += held_ml[at]
            at += 1
        count += 1
    while at < len(stained):
        where[count], much[count] = stained[at], held_ml[at]
        at, count = at + 1, count + 1
    return where[:count].copy(), much[:count].copy()


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


@njit(cache=True, nogil=True)
def in_slices(
    voxels: IndexArray, held_ml: FloatArray, tissue: UInt8Array, least_ml: float
) -> tuple[FloatArray, IndexArray]:
    """What voxels (n,), by ascending flat index, hold of contrast in a grid (nk, nj, ni).

    Returns
    -------
    (nk, parts) mL in each slice by the number of the tissue, and (parts,) in how many voxels that is over `least_ml`.
    """
    nk, nj, ni = tissue.shape
    flat, sums, seen, k = tissue.ravel(), np.zeros((nk, PARTS)), np.zeros(PARTS, dtype=np.int64), 0
    for n in range(len(voxels)):
        while voxels[n] >= (k + 1) * nj * ni:
            k += 1
        part = flat[voxels[n]]
        sums[k, part] += held_ml[n]
        seen[part] += held_ml[n] > least_ml
    return sums, seen


@njit(cache=True, nogil=True)
def only(
    voxels: IndexArray, held_ml: FloatArray, tissue: UInt8Array, part: int, least_ml: float
) -> tuple[IndexArray, FloatArray]:
    """Those (m,) of voxels (n,) that are of one tissue and hold more than `least_ml`; and what they hold."""
    flat, count = tissue.ravel(), 0
    where, much = np.empty_like(voxels), np.empty_like(held_ml)
    for n in range(len(voxels)):
        if held_ml[n] > least_ml and flat[voxels[n]] == part:
            where[count], much[count] = voxels[n], held_ml[n]
            count += 1
    return where[:count].copy(), much[:count].copy()
