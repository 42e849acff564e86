"""What of a C-arm would touch table or skin: boxes that may be turned, and the skin kept cell by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, frozen, sealed
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.radiation.body import Body

BODY_GOES_ON_MM: Final = 400.0
"""How far the patient goes on beyond the ends of the scan, with the cross section it has there. Assumption."""

_CELL_MM: Final = 60.0
"""Edge of the cells in which the skin is kept; any gives the same answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A box anywhere: centre (3,), its axes as rows (3, 3) of unit vectors, and half its size along each (3,)."""

    centre_mm: FloatArray
    axes: FloatArray
    half_mm: FloatArray

    def holds(self, points_mm: FloatArray) -> BoolArray:
        """Whether points (..., 3) lie in it."""
        local = (points_mm - self.centre_mm) @ self.axes.T
        return np.asarray(np.all(np.abs(local) < self.half_mm, axis=-1))

    def meets(self, other: Block) -> bool:
        """Whether two boxes overlap.

        They do where no plane square to a face of either, or to an edge of each, parts them (Gottschalk, OBBTree,
        SIGGRAPH 1996).
        """
        between = other.centre_mm - self.centre_mm
        crossed = np.cross(self.axes[:, None, :], other.axes[None, :, :]).reshape(-1, 3)
        normals = np.concatenate([self.axes, other.axes, crossed[np.linalg.norm(crossed, axis=1) > 1e-9]])
        mine = np.abs(normals @ self.axes.T) @ self.half_mm
        theirs = np.abs(normals @ other.axes.T) @ other.half_mm
        return bool(np.all(np.abs(normals @ between) < mine + theirs))


class _SkinCells(NamedTuple):
    """Points of the skin (n, 3), cell by cell of a coarse grid: where each cell's begin and the last's end (m + 1,),
    and the cells' corners (m, 3).
    """

    points_mm: FloatArray
    begins: IndexArray
    low_mm: FloatArray
    high_mm: FloatArray


def touching_skin(blocks: Sequence[Block], body: Body) -> tuple[bool, ...]:
    """Of each box, whether a point of the patient's skin lies in it."""
    centres, axes, half = (np.array([getattr(b, of) for b in blocks]) for of in ("centre_mm", "axes", "half_mm"))
    return tuple(_touched(_skin_cells(body), centres, axes, half).tolist())


def bounds(blocks: Sequence[Block]) -> tuple[FloatArray, FloatArray]:
    """Corners (n, 3) of the upright boxes about boxes that may be turned."""
    centres = np.array([block.centre_mm for block in blocks])
    reach = np.einsum("nax,na->nx", np.abs([block.axes for block in blocks]), [block.half_mm for block in blocks])
    return centres - reach, centres + reach


def focus_skin_mm(carm: CArm, detector: Detector, body: Body) -> float:
    """Least distance from the focus to skin in the beam; infinite where the beam misses the patient."""
    axes = np.stack([carm.image_right, carm.image_up, carm.towards_detector])
    per_half = 2.0 * carm.source_to_detector_mm
    opening = (detector.width_mm / per_half, detector.height_mm / per_half)
    return float(_nearest_in_beam(whole_skin(body), np.asarray(carm.source_mm), axes, opening))


@njit(cache=True, nogil=True)
def _touched(skin: _SkinCells, centres_mm: FloatArray, axes: FloatArray, half_mm: FloatArray) -> BoolArray:
    touched = np.zeros(len(centres_mm), dtype=np.bool_)
    for n in range(len(centres_mm)):
        reach = np.zeros(3)
        for axis in range(3):
            reach += np.abs(axes[n, axis]) * half_mm[n, axis]
        low, high = centres_mm[n] - reach, centres_mm[n] + reach
        for cell in range(len(skin.low_mm)):
            apart = False
            for x in range(3):
                apart |= low[x] >= skin.high_mm[cell, x] or high[x] <= skin.low_mm[cell, x]
            if apart:
                continue
            for m in range(skin.begins[cell], skin.begins[cell + 1]):
                if _in_box(skin.points_mm[m], centres_mm[n], axes[n], half_mm[n]):
                    touched[n] = True
                    break
            if touched[n]:
                break
    return touched


@njit(cache=True, nogil=True)
def _in_box(point_mm: FloatArray, centre_mm: FloatArray, axes: FloatArray, half_mm: FloatArray) -> bool:
    x, y, z = point_mm[0] - centre_mm[0], point_mm[1] - centre_mm[1], point_mm[2] - centre_mm[2]
    for n in range(3):  # noqa: SIM110 - compiled, where all() over a generator is not
        if abs(axes[n, 0] * x + axes[n, 1] * y + axes[n, 2] * z) >= half_mm[n]:
            return False
    return True


@njit(cache=True, nogil=True)
def _nearest_in_beam(
    skin_mm: FloatArray, focus_mm: FloatArray, axes: FloatArray, opening: tuple[float, float]
) -> float:
    """`axes` are the image's right and up and the beam's middle, `opening` the tangents of half the beam's angles."""
    least2 = math.inf
    for n in range(len(skin_mm)):
        x, y, z = skin_mm[n, 0] - focus_mm[0], skin_mm[n, 1] - focus_mm[1], skin_mm[n, 2] - focus_mm[2]
        along = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
        across = abs(axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z)
        up = abs(axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z)
        if along > 0.0 and across <= opening[0] * along and up <= opening[1] * along:
            least2 = min(least2, x * x + y * y + z * z)
    return math.sqrt(least2)


@lru_cache(maxsize=2)
def _skin_cells(body: Body) -> _SkinCells:
    """Kept for the bodies in use: which parts of the skin a box can meet at all is then a few comparisons."""
    skin = whole_skin(body)
    cell = np.floor(skin / _CELL_MM).astype(np.int64)
    order = np.lexsort(cell.T)
    skin, cell = skin[order], cell[order]
    first = np.flatnonzero(np.any(np.diff(cell, axis=0, prepend=cell[:1] - 1) != 0, axis=1))
    low, high = np.minimum.reduceat(skin, first, axis=0), np.maximum.reduceat(skin, first, axis=0)
    return _SkinCells(frozen(skin), sealed(np.append(first, len(skin))), frozen(low), frozen(high))


@lru_cache(maxsize=2)
def whole_skin(body: Body) -> FloatArray:
    """(n, 3) the skin, every third point, and the cross sections at the scan's ends carried on beyond them."""
    skin = body.skin_mm[::3]
    z = skin[:, 2]
    parts = [skin]
    for end, way in ((z.min(), -1.0), (z.max(), 1.0)):
        rim = skin[np.abs(z - end) < 2.0 * float(body.patient_from_index.spacing_mm.max())]
        parts += [rim + np.array([0.0, 0.0, way * on]) for on in np.arange(20.0, BODY_GOES_ON_MM, 20.0)]
    return frozen(np.concatenate(parts))
