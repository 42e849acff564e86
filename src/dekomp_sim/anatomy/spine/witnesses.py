"""What tells the levels apart without counting from the skull: the sacrum's wings, the iliac crests, the last ribs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.spine.bodies import Body
from dekomp_sim.anatomy.spine.canal import BONE_HU
from dekomp_sim.anatomy.spine.column import Column, hu_between
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray

WING_MM: Final = ((27.0, 46.0), (-18.0, 3.0), (-5.0, -23.0))
"""Assumption: beside the first sacral body the front of its wings crosses this box, to either side from the middle,
from front to back, down from the upper end; beside a lumbar body lies the psoas, before the transverse processes."""

WING_HU: Final = 140.0
"""Assumption: the wings' cortex; muscle has 40 to 65 HU, with contrast 80. Their marrow may be as poor as fat."""

ASIDE_MM: Final = (45.0, 160.0)
"""Assumption: the ilium lies between these to a side of the column."""

ILIUM_ML: Final = 20.0
"""Assumption: less bone in one piece is no ilium (100 to 300 mL) but ribs."""

RIB_ASIDE_MM: Final = (32.0, 120.0)
"""Assumption: ribs are looked for between these to a side of the column, behind its middle."""

RIB_OVER_HU: Final = 80.0
"""Assumption: by how much a rib, blurred over voxels of 2 to 3 mm, is brighter than what is thicker than 14 mm there,
as kidneys, liver and muscle are."""

RIB_THICK_MM: Final = 14.0

RIB_REACH_MM: Final = (45.0, 75.0)
"""Assumption: a rib begins nearer than the first to the column's middle and reaches beyond the second; transverse
processes end at 60 mm."""

RIB_TALL_MM: Final = 100.0
"""Assumption: a piece that is taller is no rib's back part but the ilium."""

RIBS_AGREE_MM: Final = 20.0
"""Assumption: the two last ribs begin at heights that differ by less, or one of them was not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """What was seen beside the column.

    Parameters
    ----------
    wings
        (n,) share of bone beside each body, from the lowest up.
    crest_mm
        Height of the iliac crests' tops, patient z; None where not seen.
    rib_mm
        Height of the beginnings of the lowest ribs, patient z; None where not seen or unlike left and right.
    """

    wings: FloatArray
    crest_mm: float | None
    rib_mm: float | None


def hear(volume: Volume, block: Volume, column: Column, bodies: Sequence[Body]) -> Witnesses:
    """Look for wings, crests and ribs in a scan and its upright copy."""
    wings = np.array([_wing_share(volume, body) for body in bodies])
    beside = _Beside.of(block, column)
    return Witnesses(wings, _mean([beside.crest(side) for side in (1, -1)]), _ribs(beside))


def _wing_share(volume: Volume, body: Body) -> float:
    """The share of lines from front to back, in the boxes to a body's left and right, that meet bone; the lesser."""
    (near, far), (front, back), (top, bottom) = WING_MM
    x, y, z = np.arange(near, far, 2.0), np.arange(front, back, 2.0), np.arange(bottom, top, 2.0)
    grid = np.stack(np.meshgrid(x, y, body.high_mm + z, indexing="ij"), axis=-1)
    sides = [hu_between(volume, body.patient_from_body.points(grid * [side, 1.0, 1.0])) for side in (1.0, -1.0)]
    return float(min((hu.max(axis=1) > WING_HU).mean() for hu in sides))


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """The upright scan with each voxel's distance to the left of the column (nk, ni) and behind it (nk, nj)."""

    block: Volume
    left_mm: FloatArray
    behind_mm: FloatArray

    @classmethod
    def of(cls, block: Volume, column: Column) -> _Beside:
        ni, nj, nk = block.size
        step, low = block.patient_from_index.spacing_mm, block.patient_from_index.origin_mm
        x, y, z = (low[axis] + step[axis] * np.arange(n) for axis, n in enumerate((ni, nj, nk)))
        order = np.argsort(column.middle_mm[:, 2])
        line = column.middle_mm[order]
        middle_x, middle_y = (np.interp(z, line[:, 2], line[:, axis]) for axis in (0, 1))
        return cls(block, x[None] - middle_x[:, None], y[None] - middle_y[:, None])

    def _pieces(self, mask: BoolArray, side: int, within_mm: tuple[float, float]) -> list[IndexArray]:
        """(n, 3) voxels [k, j, i] of each connected piece of a mask on one side of the column."""
        away = self.left_mm * side
        held = mask & ((away > within_mm[0]) & (away < within_mm[1]))[:, None, :]
        pieces, _ = ndimage.label(held, structure=np.ones((3, 3, 3)))
        voxels = np.argwhere(pieces)
        names = pieces[tuple(voxels.T)]
        order = np.argsort(names, kind="stable")
        return np.split(voxels[order], np.flatnonzero(np.diff(names[order])) + 1) if len(voxels) else []

    def crest(self, side: int) -> float | None:
        """Height of the top of the ilium on one side."""
        bone = self.block.hu > BONE_HU
        pieces = self._pieces(bone, side, ASIDE_MM)
        largest = max(pieces, key=len, default=np.zeros((0, 3), dtype=np.int64))
        if len(largest) * self.block.patient_from_index.voxel_mm3 < ILIUM_ML * 1000.0:
            return None
        top = int(largest[:, 0].max())
        return None if top >= len(bone) - 1 else self._height(top)

    def rib(self, side: int, thin: BoolArray) -> float | None:
        """Height at which the lowest rib of one side begins."""
        begins = []
        for piece in self._pieces(thin, side, RIB_ASIDE_MM):
            away = self.left_mm[piece[:, 0], piece[:, 2]] * side
            tall = float(np.ptp(piece[:, 0])) * float(self.block.patient_from_index.spacing_mm[2])
            root = self._height(float(piece[away <= away.min() + 6.0, 0].mean()))
            sinks = root > self._height(float(piece[away >= away.max() - 6.0, 0].mean()))
            if away.min() < RIB_REACH_MM[0] and away.max() > RIB_REACH_MM[1] and tall < RIB_TALL_MM and sinks:
                begins.append(root)
        return min(begins, default=None)

    def thin(self) -> BoolArray:
        """Bright voxels behind the column's middle that belong to something thin."""
        hu = ndimage.gaussian_filter(self.block.hu.astype(np.float32), 0.5)
        size = round(RIB_THICK_MM / float(self.block.patient_from_index.spacing_mm[0]))
        over = hu - ndimage.grey_opening(hu, size=(size, size, size))
        return np.asarray((over > RIB_OVER_HU) & (hu > 60.0) & (self.behind_mm > 0.0)[:, :, None])

    def _height(self, k: float) -> float:
        affine = self.block.patient_from_index
        return float(affine.origin_mm[2] + k * affine.spacing_mm[2])


def _ribs(beside: _Beside) -> float | None:
    thin = beside.thin()
    left, right = beside.rib(1, thin), beside.rib(-1, thin)
    if left is None or right is None or abs(left - right) > RIBS_AGREE_MM:
        return None
    return (left + right) / 2.0


def _mean(heights: Sequence[float | None]) -> float | None:
    seen = [height for height in heights if height is not None]
    return float(np.mean(seen)) if seen else None
