"""The compiled loops of contrast: filling places by distance, each up to its room.

A full sort by distance would cost more than all the rest: places are put into shells about the tip, once for a needle's
place; shells behind the front are full, and only the shell in which the front stands is sorted.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dekomp_sim.arrays import FloatArray, IndexArray, UInt16Array

SHELLS = 2048
"""Shells about the tip; any number gives the same result."""

_Held = tuple[IndexArray, FloatArray]
"""Voxels (n,) by ascending flat index, and mL in each."""


@njit(cache=True, nogil=True)
def shells(points_mm: FloatArray, haste: FloatArray, tip_mm: FloatArray) -> tuple[FloatArray, UInt16Array]:
    """(n,) mm from the tip to places (n, 3), nearer by their haste (n,); and the numbers of the shells they lie in."""
    distance_mm, farthest = np.empty(len(haste)), 0.0
    for n in range(len(haste)):
        dx, dy, dz = points_mm[n, 0] - tip_mm[0], points_mm[n, 1] - tip_mm[1], points_mm[n, 2] - tip_mm[2]
        distance_mm[n] = math.sqrt(dx * dx + dy * dy + dz * dz) / haste[n]
        farthest = max(farthest, distance_mm[n])
    per_mm = SHELLS / (farthest * (1.0 + 1e-9)) if farthest > 0.0 else 0.0
    shell = np.empty(len(haste), dtype=np.uint16)
    for n in range(len(haste)):
        shell[n] = int(distance_mm[n] * per_mm)
    return distance_mm, shell


@njit(cache=True, nogil=True)
def capacities(
    places: tuple[IndexArray, FloatArray], fields: tuple[FloatArray, FloatArray], voxel_ml: float
) -> FloatArray:
    """(n,) mL each voxel can hold: a share of its tissue and all of where tissue is gone.

    `places` holds the voxels' flat indices and shares, `fields` coverage and fraction by flat index.
    """
    voxels, share = places
    coverage, fraction = fields
    most_ml = np.empty(len(voxels))
    for n in range(len(voxels)):
        v = voxels[n]
        most_ml[n] = (share[n] * fraction[v] + (coverage[v] - fraction[v])) * voxel_ml
    return most_ml


@njit(cache=True, nogil=True)
def poured_outward(
    stained: _Held, places: _Held, about_tip: tuple[FloatArray, UInt16Array], volume_ml: float
) -> tuple[IndexArray, FloatArray, float]:
    """What holds contrast after `volume_ml` filled places, nearest first; of equally far ones the first.

    `stained` is what holds contrast before, (m,) ascending flat indices and mL; `places` (n,) ascending flat indices
    and the mL each can hold; `about_tip` their `shells`. Returns ascending flat indices, mL, and what found no room.
    """
    distance_mm, shell = about_tip
    voxels, most_ml = places
    front, new, left_ml = _front(stained, places, shell, volume_ml)
    in_front = np.flatnonzero(shell == front)
    taken_ml = np.zeros(len(in_front))
    for m in np.argsort(distance_mm[in_front], kind="mergesort"):
        held_ml = _held_in(stained, voxels[in_front[m]])
        taken_ml[m] = min(max(most_ml[in_front[m]] - held_ml, 0.0), left_ml)
        left_ml -= taken_ml[m]
    where, much = _filled_up(stained, places, (shell, front, taken_ml), new)
    return where, much, left_ml


@njit(cache=True, nogil=True)
def _front(stained: _Held, places: _Held, shell: UInt16Array, volume_ml: float) -> tuple[int, int, float]:
    """The first shell that is not filled, how many places up to it hold nothing yet, and what is left for it."""
    before, held_ml = stained
    voxels, most_ml = places
    room_ml, new, at = np.zeros(SHELLS), np.zeros(SHELLS, dtype=np.int64), 0
    for n in range(len(voxels)):
        while at < len(before) and before[at] < voxels[n]:
            at += 1
        if at < len(before) and before[at] == voxels[n]:
            room_ml[shell[n]] += max(most_ml[n] - held_ml[at], 0.0)
        else:
            room_ml[shell[n]] += most_ml[n]
            new[shell[n]] += 1
    left_ml, front = volume_ml, 0
    while front < SHELLS and room_ml[front] <= left_ml:
        left_ml -= room_ml[front]
        front += 1
    return front, new[: front + 1].sum(), left_ml


@njit(cache=True, nogil=True)
def _held_in(stained: _Held, voxel: int) -> float:
    """What one voxel, by flat index, holds."""
    before, held_ml = stained
    at = np.searchsorted(before, voxel)
    return float(held_ml[at]) if at < len(before) and before[at] == voxel else 0.0


@njit(cache=True, nogil=True)
def _filled_up(stained: _Held, places: _Held, filling: tuple[UInt16Array, int, FloatArray], new: int) -> _Held:
    """Two ascending lists made one: places behind the front are full, those in it hold what they took more."""
    before, held_ml = stained
    voxels, most_ml = places
    shell, front, taken_ml = filling
    where, much = np.empty(len(before) + new, dtype=np.int64), np.empty(len(before) + new)
    at, count, m = 0, 0, 0
    for n in range(len(voxels)):
        if shell[n] > front:
            continue
        while at < len(before) and before[at] < voxels[n]:
            where[count], much[count] = before[at], held_ml[at]
            at, count = at + 1, count + 1
        here_ml = 0.0
        if at < len(before) and before[at] == voxels[n]:
            here_ml = held_ml[at]
            at += 1
        if shell[n] < front:
            here_ml = max(most_ml[n], here_ml)
        else:
            here_ml += taken_ml[m]
            m += 1
        if here_ml > 0.0:
            where[count], much[count] = voxels[n], here_ml
            count += 1
    while at < len(before):
        where[count], much[count] = before[at], held_ml[at]
        at, count = at + 1, count + 1
    return where[:count], much[:count]


@njit(cache=True, nogil=True)
def poured(stained: _Held, places: _Held, scale: float) -> _Held:
    """What holds contrast after `scale` times some mL (n,) came into voxels (n,): two ascending lists made one.

    `stained` is what holds contrast before, `places` the voxels and mL. Voxels that take nothing are left out.
    """
    before, held_ml = stained
    voxels, added_ml = places
    most = len(before) + np.count_nonzero(added_ml)
    where, much = np.empty(most, dtype=np.int64), np.empty(most)
    at, count = 0, 0
    for n in range(len(voxels)):
        if added_ml[n] == 0.0:
            continue
        while at < len(before) and before[at] < voxels[n]:
            where[count], much[count] = before[at], held_ml[at]
            at, count = at + 1, count + 1
        where[count], much[count] = voxels[n], added_ml[n] * scale
        if at < len(before) and before[at] == voxels[n]:
            much[count] += held_ml[at]
            at += 1
        count += 1
    while at < len(before):
        where[count], much[count] = before[at], held_ml[at]
        at, count = at + 1, count + 1
    return where[:count].copy(), much[:count].copy()
