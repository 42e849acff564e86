"""The compiled loops of reading a discogram: where the contrast lies, how far out and over which arc."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dekomp_sim.anatomy.phantom.fields import rim
from dekomp_sim.arrays import FloatArray, IndexArray, UInt8Array
from dekomp_sim.disc.tissue import Tissue

PARTS = len(Tissue)

BINS = 720
"""Bins of a distribution; any number gives the same quantile, and an arc exact where its widest gap exceeds a bin."""


@njit(cache=True, nogil=True)
def sorted_out(
    voxels: IndexArray, held_ml: FloatArray, tissue: UInt8Array, part: int, least_ml: float
) -> tuple[FloatArray, IndexArray, IndexArray, FloatArray]:
    """What voxels (n,), by ascending flat index, hold of contrast in a grid (nk, nj, ni).

    Returns
    -------
    (nk, parts) mL in each slice by the number of the tissue; (parts,) in how many voxels that is over `least_ml`;
    and those voxels (m,) that are of the tissue `part` and hold more than that, with what they hold.
    """
    nk, nj, ni = tissue.shape
    flat, sums, seen, k = tissue.ravel(), np.zeros((nk, PARTS)), np.zeros(PARTS, dtype=np.int64), 0
    for n in range(len(voxels)):
        while voxels[n] >= (k + 1) * nj * ni:
            k += 1
        here = flat[voxels[n]]
        sums[k, here] += held_ml[n]
        seen[here] += held_ml[n] > least_ml
    where, much, count = np.empty(seen[part], dtype=np.int64), np.empty(seen[part]), 0
    for n in range(len(voxels)):
        if count < len(where) and held_ml[n] > least_ml and flat[voxels[n]] == part:
            where[count], much[count] = voxels[n], held_ml[n]
            count += 1
    return sums, seen, where, much


@njit(cache=True, nogil=True)
def places(voxels: IndexArray, size: tuple[int, int, int], disc_from_index: FloatArray) -> FloatArray:
    """(n, 2) x and y in the disc frame of voxels by flat index; `disc_from_index` is (3, 4)."""
    _, nj, ni = size
    m, at = disc_from_index, np.empty((len(voxels), 2))
    for n in range(len(voxels)):
        v = voxels[n]
        i, j, k = v % ni, v // ni % nj, v // (ni * nj)
        at[n, 0] = m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3]
        at[n, 1] = m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3]
    return at


@njit(cache=True, nogil=True)
def rims(at_mm: FloatArray, half_mm: tuple[float, float]) -> FloatArray:
    """(n,) `DiscShape.rim` of places (n, 2) in the disc frame; `half_mm` is the outline's half width and half depth."""
    found = np.empty(len(at_mm))
    for n in range(len(at_mm)):
        found[n] = rim(at_mm[n, 0], at_mm[n, 1], half_mm[0], half_mm[1])
    return found


@njit(cache=True, nogil=True)
def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """The least of values (n,), 1 or more, up to which there is `share` of the weights (n,)."""
    low, high = values.min(), values.max()
    per = BINS / ((high - low) * (1.0 + 1e-9)) if high > low else 0.0
    held = np.zeros(BINS)
    for n in range(len(values)):
        held[int((values[n] - low) * per)] += weights[n]
    goal, here = share * held.sum(), 0
    while here < BINS - 1 and held[here] < goal:
        goal -= held[here]
        here += 1
    inside, count = np.empty(len(values), dtype=np.int64), 0
    for n in range(len(values)):
        if int((values[n] - low) * per) == here:
            inside[count] = n
            count += 1
    if count == 0:  # rounding has left a crumb of the goal behind the last value
        return float(high)
    order = inside[:count][np.argsort(values[inside[:count]])]
    for n in order:
        goal -= weights[n]
        if goal <= 0.0:
            return float(values[n])
    return float(values[order[-1]])


@njit(cache=True, nogil=True)
def arc_deg(at_mm: FloatArray, rim_at: FloatArray, beyond: float) -> float:
    """Arc about the disc's axis over which those places (n, 2) lie whose `rims` (n,) are beyond a rim: the circle less
    its widest gap.
    """
    first, last = np.full(BINS, 361.0), np.full(BINS, -1.0)
    count = 0
    for n in range(len(at_mm)):
        if rim_at[n] > beyond:
            azimuth = math.degrees(math.atan2(at_mm[n, 0], at_mm[n, 1])) % 360.0
            b = min(int(azimuth * (BINS / 360.0)), BINS - 1)
            first[b], last[b] = min(first[b], azimuth), max(last[b], azimuth)
            count += 1
    if count < 2:
        return 0.0
    used = np.flatnonzero(last >= 0.0)
    gap = first[used[0]] + 360.0 - last[used[-1]]
    for m in range(1, len(used)):
        gap = max(gap, first[used[m]] - last[used[m - 1]])
    return float(360.0 - gap)
