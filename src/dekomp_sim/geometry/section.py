"""A flat picture laid through the patient: which point is which pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Section:
    """A plane and the pixels on it; equal ones are the same picture.

    Pixels are told as (x, y): x grows to the picture's right, y downward, and (0, 0) is the centre of the upper left
    one. `right` x `down` points into the screen.

    Parameters
    ----------
    centre_mm
        The point at the picture's middle.
    right, down
        Unit vectors of the patient frame, square to each other.
    mm_per_px
        Edge of a pixel.
    rows, cols
        How many.

    Examples
    --------
    >>> axial = Section((10.0, 0.0, 5.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 0.5, 101, 101)
    >>> axial.point_of(50.0, 52.0).tolist()
    [10.0, 1.0, 5.0]
    """

    centre_mm: Vector
    right: Vector
    down: Vector
    mm_per_px: float
    rows: int
    cols: int

    @property
    def inward(self) -> FloatArray:
        """(3,) unit vector into the screen."""
        (a, b, c), (d, e, f) = self.right, self.down
        return np.array([b * f - c * e, c * d - a * f, a * e - b * d])

    @property
    def corner_mm(self) -> FloatArray:
        """(3,) centre of pixel (0, 0)."""
        return self.point_of(0.0, 0.0)

    def point_of(self, x: float, y: float) -> FloatArray:
        """(3,) the patient's point at a pixel; pixels beyond the picture have one too."""
        across, along = (x - (self.cols - 1) / 2.0), (y - (self.rows - 1) / 2.0)
        way = across * np.array(self.right) + along * np.array(self.down)
        return np.asarray(self.centre_mm + self.mm_per_px * way)

    def pixel_of(self, points_mm: ArrayLike) -> FloatArray:
        """(..., 3) x, y, and how far behind the plane (mm, negative before it) points (..., 3) of the patient lie."""
        screen = np.stack([np.array(self.right), np.array(self.down), self.inward], axis=-1)
        place = (np.asarray(points_mm, dtype=np.float64) - self.centre_mm) @ screen
        place[..., :2] /= self.mm_per_px
        place += np.array([(self.cols - 1) / 2.0, (self.rows - 1) / 2.0, 0.0])
        return np.asarray(place)
