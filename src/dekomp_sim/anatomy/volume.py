"""A CT volume: Hounsfield units on a grid in the patient frame, with an optional label volume on the same grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dekomp_sim.arrays import FloatArray, Int16Array, UInt8Array, frozen, sealed
from dekomp_sim.geometry.affine import Affine

OFF_THE_GRID_HU: Final = -1000.0
"""What lies around a volume: air."""

_NO_LABELS: Final = sealed(np.zeros((0, 0, 0), dtype=np.uint8))


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

    def part(self, box: tuple[slice, slice, slice]) -> Volume:
        """A copy of the voxels within `box`, slices along k, j, i with a start, where they were."""
        corner = [along.start for along in box][::-1]
        affine = Affine(self.patient_from_index.matrix, self.patient_from_index.points(corner))
        return Volume(self.hu[box].copy(), affine, None if self.labels is None else self.labels[box].copy())

    def hu_at(self, points_mm: ArrayLike) -> FloatArray:
        """Hounsfield units (...) at the voxels nearest to points (..., 3); -1000 outside the grid."""
        return self._looked_up(points_mm, self.hu, np.float64, OFF_THE_GRID_HU)

    def label_at(self, points_mm: ArrayLike) -> UInt8Array:
        """Structure numbers (...) at the voxels nearest to points (..., 3); 0 outside the grid or without labels."""
        labels = _NO_LABELS if self.labels is None else self.labels
        return self._looked_up(points_mm, labels, np.uint8, 0)

    def _looked_up(self, points_mm: ArrayLike, grid: NDArray[Any], dtype: type[Any], outside: float) -> NDArray[Any]:
        points = np.ascontiguousarray(points_mm, dtype=np.float64)
        found = np.full(points.shape[:-1], outside, dtype=dtype)
        look_up(points.reshape(-1, 3), lookup_frame(self.patient_from_index), np.asarray(grid), found.reshape(-1))
        return found


@lru_cache(maxsize=32)
def lookup_frame(patient_from_index: Affine) -> FloatArray:
    """(3, 4) inverse matrix, and the origin from which it counts: how the kernels get from mm to indices."""
    return frozen(np.column_stack([np.linalg.inv(patient_from_index.matrix), patient_from_index.origin_mm]))


@njit(cache=True, nogil=True)
def nearest(frame: FloatArray, size: tuple[int, int, int], x: float, y: float, z: float) -> tuple[int, int, int]:
    """Array index (k, j, i) of the voxel nearest to a point; k is -1 outside the grid."""
    dx, dy, dz = x - frame[0, 3], y - frame[1, 3], z - frame[2, 3]
    i = np.rint(frame[0, 0] * dx + frame[0, 1] * dy + frame[0, 2] * dz)
    j = np.rint(frame[1, 0] * dx + frame[1, 1] * dy + frame[1, 2] * dz)
    k = np.rint(frame[2, 0] * dx + frame[2, 1] * dy + frame[2, 2] * dz)
    if 0 <= i < size[2] and 0 <= j < size[1] and 0 <= k < size[0]:
        return int(k), int(j), int(i)
    return -1, -1, -1


@njit(cache=True, nogil=True)
def look_up(points: FloatArray, frame: FloatArray, grid: NDArray[Any], found: NDArray[Any]) -> None:
    """Put the values of the voxels nearest to points (n, 3) into `found` (n,); leave it where there is none."""
    for n in range(points.shape[0]):
        k, j, i = nearest(frame, grid.shape, points[n, 0], points[n, 1], points[n, 2])
        if k >= 0:
            found[n] = grid[k, j, i]
