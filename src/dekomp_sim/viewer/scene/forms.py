"""What can be drawn, as plain data in the patient frame: no mesh yet, no colour, no window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import Float32Array, FloatArray, frozen, sealed
from dekomp_sim.geometry import Affine, Solid


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The surface on which a field crosses a level; inside is where the field is greater.

    Parameters
    ----------
    values
        (nk, nj, ni) float32 field; made read-only, not copied.
    patient_from_index
        Takes (i, j, k) to patient mm.
    level
        Value on the surface.
    smooth_voxels
        Standard deviation of the Gaussian the field is smoothed with; 0 leaves it.
    most_triangles
        The mesh is thinned out to this many.
    largest_only
        Keep the largest connected piece alone: a patient without the table.
    """

    values: Float32Array
    patient_from_index: Affine
    level: float
    smooth_voxels: float = 0.0
    most_triangles: int = 20_000
    largest_only: bool = False

    def __post_init__(self) -> None:
        sealed(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Tubing:
    """A round tube along a polyline: `path_mm` (n, 3) with radii `radius_mm` (n,)."""

    path_mm: FloatArray
    radius_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "path_mm", frozen(self.path_mm))
        object.__setattr__(self, "radius_mm", frozen(self.radius_mm, (len(self.path_mm),)))


@dataclass(frozen=True, slots=True, eq=False)
class Metal:
    """Solids as an instrument gives them."""

    solids: tuple[Solid, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dashes:
    """A dashed line from `start_mm` to `end_mm` (3,): dashes and gaps of `dash_mm`, as thick as `radius_mm` says."""

    start_mm: FloatArray
    end_mm: FloatArray
    dash_mm: float = 4.0
    radius_mm: float = 0.35

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_mm", frozen(self.start_mm, (3,)))
        object.__setattr__(self, "end_mm", frozen(self.end_mm, (3,)))

    def ends_mm(self) -> FloatArray:
        """(n, 2, 3) both ends of each dash; the first begins at the start, the last reaches the end."""
        along = self.end_mm - self.start_mm
        dashes = max(1, round(float(np.linalg.norm(along)) / (2.0 * self.dash_mm)))
        step = 1.0 / (2 * dashes - 1)
        at = np.array([[2 * n * step, (2 * n + 1) * step] for n in range(dashes)])
        return np.asarray(self.start_mm + at[..., None] * along)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """The four sides of a beam from `apex_mm` (3,) to a plate with `corners_mm` (4, 3) in turn."""

    apex_mm: FloatArray
    corners_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "apex_mm", frozen(self.apex_mm, (3,)))
        object.__setattr__(self, "corners_mm", frozen(self.corners_mm, (4, 3)))


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A box: centre (3,), its axes as rows (3, 3) of unit vectors, and half its size along each (3,)."""

    centre_mm: FloatArray
    axes: FloatArray
    half_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen(self.centre_mm, (3,)))
        object.__setattr__(self, "axes", frozen(self.axes, (3, 3)))
        object.__setattr__(self, "half_mm", frozen(self.half_mm, (3,)))


@dataclass(frozen=True, slots=True, eq=False)
class Prism:
    """What a flat outline (n, 3), in turn, sweeps over when it is moved by `way_mm` (3,); closed at both ends."""

    outline_mm: FloatArray
    way_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "outline_mm", frozen(self.outline_mm))
        object.__setattr__(self, "way_mm", frozen(self.way_mm, (3,)))


Form = Surface | Tubing | Metal | Dashes | Pyramid | Box | Prism


def grid(low_mm: ArrayLike, high_mm: ArrayLike, step_mm: float) -> tuple[Affine, FloatArray]:
    """A grid from `low_mm` to `high_mm` (3,) of a frame: its affine, and its points (nk, nj, ni, 3) in that frame."""
    low, high = np.asarray(low_mm, dtype=np.float64), np.asarray(high_mm, dtype=np.float64)
    axes = [
        first + step_mm * np.arange(int(np.ceil((last - first) / step_mm)) + 1)
        for first, last in zip(low, high, strict=True)
    ]
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    return Affine.from_spacing((step_mm,) * 3, low), np.stack([x, y, z], axis=-1)
