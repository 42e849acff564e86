"""A CT volume: Hounsfield units on a grid in the patient frame, with an optional label volume on the same grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, Int16Array, UInt8Array, sealed
from dekomp_sim.geometry.affine import Affine


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Hounsfield units, labels and the affine that places them.

    Parameters
    ----------
    hu
        (nk, nj, ni) int16 Hounsfield units; made read-only, not copied.
    patient_from_index
        Takes (i, j, k) to patient LPS mm.
    labels
        (nk, nj, ni) uint8 `Structure` numbers on the same grid, or None where nothing was segmented.

    Raises
    ------
    ValueError
        If the arrays are not three-dimensional or not of one shape.
    """

    hu: Int16Array
    patient_from_index: Affine
    labels: UInt8Array | None = None

    def __post_init__(self) -> None:
        if self.hu.ndim != 3:
            raise ValueError(f"a volume has three axes [k, j, i], got shape {self.hu.shape}")
        if self.labels is not None and self.labels.shape != self.hu.shape:
            raise ValueError(f"labels have shape {self.labels.shape}, the volume {self.hu.shape}")
        sealed(self.hu)
        if self.labels is not None:
            sealed(self.labels)

    @property
    def size(self) -> tuple[int, int, int]:
        """Number of voxels (ni, nj, nk) along i, j and k."""
        nk, nj, ni = self.hu.shape
        return ni, nj, nk

    def hu_at(self, points_mm: ArrayLike) -> FloatArray:
        """Hounsfield units (...) at the voxels nearest to points (..., 3); -1000 outside the grid."""
        inside, k, j, i = self._nearest(points_mm)
        return np.where(inside, self.hu[k, j, i].astype(np.float64), -1000.0)

    def label_at(self, points_mm: ArrayLike) -> UInt8Array:
        """Structure numbers (...) at the voxels nearest to points (..., 3); 0 outside the grid or without labels."""
        inside, k, j, i = self._nearest(points_mm)
        if self.labels is None:
            return np.zeros(inside.shape, dtype=np.uint8)
        return np.where(inside, self.labels[k, j, i], np.uint8(0)).astype(np.uint8)

    def _nearest(self, points_mm: ArrayLike) -> tuple[BoolArray, IndexArray, IndexArray, IndexArray]:
        index = np.rint(self.patient_from_index.indices(points_mm)).astype(np.int64)
        size = np.array(self.size)
        inside = np.all((index >= 0) & (index < size), axis=-1)
        held = np.clip(index, 0, size - 1)
        return inside, held[..., 2], held[..., 1], held[..., 0]
