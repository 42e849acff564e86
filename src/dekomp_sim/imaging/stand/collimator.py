"""What of the detector is used and what of the beam is open: three fields, rectangular blades and an iris."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import Detector


class Field(StrEnum):
    """Which part of the detector the picture shows."""

    FULL = "full"
    MAG1 = "mag1"
    MAG2 = "mag2"


FIELD_SHARE: Final = {Field.FULL: 1.0, Field.MAG1: 0.75, Field.MAG2: 0.5}
"""Side of each field over the full one: 12, 9 and 6 inch, the usual three of a 31 cm flat detector or intensifier."""

LEAST_OPEN: Final = 0.1
"""Smallest opening over the field's side. Assumption: blades stop 2 to 5 cm short of closing."""

PENUMBRA_MM: Final = 1.8
"""Width on the detector over which the blades' shadow falls: a 0.6 mm focus, blades 250 mm from it, the detector at
1020 mm: 0.6 (1020 - 250) / 250. Assumption: where the blades are."""


@dataclass(frozen=True, slots=True)
class Collimator:
    """Openings over the active field's sides, about the central ray.

    Parameters
    ----------
    across, along
        Opening between the blades across the picture and from its head to its foot.
    iris
        Diameter of the round diaphragm over the field's smaller side, or None where it is drawn back.

    Raises
    ------
    OutOfRangeError
        If an opening lies outside 0.1 to 1 (the iris: to 1.5).

    Examples
    --------
    >>> round(Collimator(0.5, 0.8).open_share(Detector()), 3)
    0.4
    """

    across: float = 1.0
    along: float = 1.0
    iris: float | None = None

    def __post_init__(self) -> None:
        _require("across", self.across, 1.0)
        _require("along", self.along, 1.0)
        if self.iris is not None:
            _require("iris", self.iris, 1.5)

    def open_share(self, active: Detector) -> float:
        """Share of the active field's area that the beam reaches, for `dose_of`: exact, penumbra counted half."""
        across, along = self.across * active.width_mm, self.along * active.height_mm
        whole = active.width_mm * active.height_mm
        if self.iris is None:
            return across * along / whole
        return _area_within_circle(across / 2.0, along / 2.0, self._iris_mm(active) / 2.0) / whole

    def mask(self, active: Detector) -> Float32Array:
        """Share (rows, cols) of the open beam that reaches each pixel: 1 inside, 0 behind the blades.

        The edge falls off over `PENUMBRA_MM`. An opening as wide as the field has no edge.
        """
        right = (np.arange(active.cols) - (active.cols - 1) / 2.0) * active.pixel_mm
        up = ((active.rows - 1) / 2.0 - np.arange(active.rows)) * active.pixel_mm
        return sealed(self.passes(right, up[:, None], active).astype(np.float32))

    def passes(self, right_mm: ArrayLike, up_mm: ArrayLike, active: Detector) -> FloatArray:
        """The same for places on the detector's plane, mm from the central ray: shapes that broadcast.

        Beyond the active field nothing passes.
        """
        right, up = np.abs(right_mm), np.abs(up_mm)
        columns = _edge(right - self.across * active.width_mm / 2.0, self.across < 1.0)
        rows = _edge(up - self.along * active.height_mm / 2.0, self.along < 1.0)
        passing = rows * columns * ((right <= active.width_mm / 2.0) & (up <= active.height_mm / 2.0))
        if self.iris is not None:
            passing = passing * _edge(np.hypot(up, right) - self._iris_mm(active) / 2.0, True)
        return np.asarray(passing)

    def _iris_mm(self, active: Detector) -> float:
        return (self.iris or 0.0) * min(active.width_mm, active.height_mm)


def active(detector: Detector, field: Field) -> Detector:
    """The part of a detector that a field uses, at its full matrix: the same pixels in number, smaller in size."""
    return Detector(detector.rows, detector.cols, detector.pixel_mm * FIELD_SHARE[field])


@lru_cache(maxsize=8)
def shutter(collimator: Collimator, active: Detector) -> Float32Array | None:
    """The collimator's mask, or None where it hides nothing; one array for one setting, for who keeps things by it."""
    return None if collimator == OPEN else collimator.mask(active)


def zoom(field: Field) -> float:
    """Side of the full field over that of `field`: what `brightness` wants to know."""
    return 1.0 / FIELD_SHARE[field]


def _require(name: str, found: float, most: float) -> None:
    if not LEAST_OPEN <= found <= most:
        raise OutOfRangeError(name, f"{found:g}", f"{LEAST_OPEN:g} to {most:g} of the field")


def _edge(beyond_mm: ArrayLike, there: bool) -> FloatArray:
    """1 inside, 0 beyond an edge, falling linearly over the penumbra; 1 everywhere where there is no edge."""
    if not there:
        return np.ones(np.shape(beyond_mm))
    return np.asarray(np.clip(0.5 - np.asarray(beyond_mm) / PENUMBRA_MM, 0.0, 1.0))


def _area_within_circle(half_width: float, half_height: float, radius: float) -> float:
    """Area of a rectangle about the origin within a circle about it: four times the integral of min(b, sqrt(r2 - x2))
    from 0 to min(a, r)."""
    end = min(half_width, radius)
    flat = math.sqrt(radius**2 - half_height**2) if half_height < radius else 0.0
    flat = min(flat, end)
    return 4.0 * (flat * half_height + _under_arc(end, radius) - _under_arc(flat, radius))


def _under_arc(to: float, radius: float) -> float:
    """Integral of sqrt(r2 - x2) from 0 to `to`."""
    held = min(to / radius, 1.0)
    return radius**2 / 2.0 * (held * math.sqrt(1.0 - held**2) + math.asin(held))


OPEN: Final = Collimator()
"""Blades and iris drawn back."""
