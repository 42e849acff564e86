"""The affine that takes voxel indices to patient millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """`patient_from_index`: patient_mm = matrix @ (i, j, k) + origin_mm; (0, 0, 0) is the first voxel's centre.

    Index points are ordered (i, j, k), as DICOM and ITK do; arrays are indexed [k, j, i]. The affine may be
    oblique or flipped.

    Parameters
    ----------
    matrix
        (3, 3) columns are one voxel step along i, j and k in patient mm.
    origin_mm
        (3,) centre of voxel (0, 0, 0) in patient mm.

    Raises
    ------
    ValueError
        If the matrix is singular.

    Examples
    --------
    >>> Affine.from_spacing((0.5, 0.5, 2.0), origin_mm=(10, 0, 0)).points([2, 0, 1]).tolist()
    [11.0, 0.0, 2.0]
    """

    matrix: FloatArray
    origin_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", frozen(self.matrix, (3, 3)))
        object.__setattr__(self, "origin_mm", frozen(self.origin_mm, (3,)))
        if not abs(np.linalg.det(self.matrix)) > 1e-12:
            raise ValueError(f"an affine needs an invertible matrix, got {self.matrix.tolist()}")

    @classmethod
    def from_spacing(cls, spacing_mm: ArrayLike, origin_mm: ArrayLike = (0.0, 0.0, 0.0)) -> Self:
        """Axis-aligned affine with voxel steps `spacing_mm` (3,) along i, j, k."""
        return cls(frozen(np.diag(np.asarray(spacing_mm, dtype=np.float64))), frozen(origin_mm))

    @property
    def spacing_mm(self) -> FloatArray:
        """(3,) distance between voxel centres along i, j and k."""
        return np.asarray(np.linalg.norm(self.matrix, axis=0))

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.matrix)))

    def points(self, index_points: ArrayLike) -> FloatArray:
        """Patient mm (..., 3) of index points (..., 3) ordered (i, j, k)."""
        return np.asarray(np.asarray(index_points, dtype=np.float64) @ self.matrix.T + self.origin_mm)

    def indices(self, points_mm: ArrayLike) -> FloatArray:
        """Continuous index points (..., 3) ordered (i, j, k) of patient mm (..., 3)."""
        inverse = np.linalg.inv(self.matrix)
        return np.asarray((np.asarray(points_mm, dtype=np.float64) - self.origin_mm) @ inverse.T)
