"""Rigid moves as values. A move is called `target_from_source`, and products cancel:

`patient_from_disc = patient_from_table @ table_from_disc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, unit


@dataclass(frozen=True, slots=True, eq=False)
class Rigid:
    """A rotation followed by a shift, taking points of a source frame to a target frame.

    Parameters
    ----------
    rotation
        (3, 3) proper rotation; its columns are the source's axes in the target frame.
    translation_mm
        (3,) the source's origin in the target frame, mm.

    Raises
    ------
    ValueError
        If `rotation` is not a proper rotation to 1e-6.

    Examples
    --------
    >>> target_from_source = Rigid.about_axis([0, 0, 1], 90.0)
    >>> target_from_source.points([1.0, 0.0, 0.0]).round(6).tolist()
    [0.0, 1.0, 0.0]
    """

    rotation: FloatArray
    translation_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotation", frozen(self.rotation, (3, 3)))
        object.__setattr__(self, "translation_mm", frozen(self.translation_mm, (3,)))
        if not _proper(self.rotation.tolist()):
            raise ValueError(f"a rigid move needs a proper rotation, got {self.rotation.tolist()}")

    @classmethod
    def identity(cls) -> Self:
        """The move that leaves everything where it is."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def shift(cls, translation_mm: ArrayLike) -> Self:
        """A move without rotation, mm."""
        return cls(np.eye(3), frozen(translation_mm, (3,)))

    @classmethod
    def about_axis(cls, axis: ArrayLike, angle_deg: float, centre_mm: ArrayLike = (0.0, 0.0, 0.0)) -> Self:
        """Right-handed turn by `angle_deg` about `axis` (3,) through `centre_mm` (3,) (Rodrigues' formula)."""
        x, y, z = unit(axis)
        angle = np.radians(angle_deg)
        cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        rotation = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
        centre = np.asarray(centre_mm, dtype=np.float64)
        return cls(rotation, frozen(centre - rotation @ centre))

    @classmethod
    def from_axes(cls, origin_mm: ArrayLike, z_axis: ArrayLike, towards_y: ArrayLike) -> Self:
        """`target_from_source` of a frame at `origin_mm` whose z is `z_axis` and whose y lies nearest `towards_y`.

        All three arguments are (3,) in the target frame.
        """
        z = unit(z_axis)
        across = np.asarray(towards_y, dtype=np.float64)
        y = unit(across - (across @ z) * z)
        (a, b, c), (d, e, f) = y.tolist(), z.tolist()
        columns = [[b * f - c * e, a, d], [c * d - a * f, b, e], [a * e - b * d, c, f]]  # y x z, y, z
        return cls(frozen(columns), frozen(origin_mm))

    def __matmul__(self, other: Rigid) -> Rigid:
        return Rigid(
            frozen(self.rotation @ other.rotation), frozen(self.rotation @ other.translation_mm + self.translation_mm)
        )

    def inverse(self) -> Rigid:
        """`source_from_target`."""
        return Rigid(frozen(self.rotation.T), frozen(-(self.rotation.T @ self.translation_mm)))

    def points(self, points_mm: ArrayLike) -> FloatArray:
        """Points (..., 3) of the source frame in the target frame, mm."""
        return np.asarray(np.asarray(points_mm, dtype=np.float64) @ self.rotation.T + self.translation_mm)

    def directions(self, directions: ArrayLike) -> FloatArray:
        """Directions (..., 3) of the source frame in the target frame."""
        return np.asarray(np.asarray(directions, dtype=np.float64) @ self.rotation.T)


def _proper(rows: list[list[float]]) -> bool:
    """Whether three rows are unit vectors square to each other, right-handed, to 1e-6; plain numbers are quickest."""
    (a, b, c), (d, e, f), (g, h, i) = rows
    lengths = (a * a + b * b + c * c, d * d + e * e + f * f, g * g + h * h + i * i)
    across = (a * d + b * e + c * f, a * g + b * h + c * i, d * g + e * h + f * i)
    volume = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return all(abs(one - 1.0) <= 1e-6 for one in lengths) and all(abs(one) <= 1e-6 for one in across) and volume > 0.0
