"""A planned straight way from the skin to a disc, and why others were not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.arrays import FloatArray, frozen

LEAST_CLEARANCE_MM: Final = 1.0
"""Assumption: a cannula is not planned nearer than this to a nerve, vessel or organ; Kambin's triangle leaves a 1.5
mm cannula 1.3 mm all round at its tightest level (L1-2, bony triangle 4.03 mm: Pairaiturkar 2019, J Korean Neurosurg
Soc 62:4)."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A way that was tried and not taken.

    Parameters
    ----------
    angle_from_sagittal_deg, tilt_deg
        Its direction in the disc's frame: from the sagittal plane, and out of the disc's plane (+ entry headward).
    reason
        What stood in the way: "vertebra L4 at 61 mm", "left L4 exiting root within 0.4 mm".
    """

    angle_from_sagittal_deg: float
    tilt_deg: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """A straight way for a needle.

    Parameters
    ----------
    level, side
        The disc, and the patient's side of the entry.
    entry_mm, target_mm
        (3,) on the skin and in the nucleus, patient frame.
    angle_from_sagittal_deg
        Angle between the way and the disc's sagittal plane.
    inclination_deg
        Angle between the way and the patient's axial plane; + where the tip runs toward the feet.
    from_midline_mm
        Distance of the entry from the disc's sagittal plane.
    annulus_mm
        Depth below the skin at which the way enters the disc.
    clearance_mm
        Least distance of the cannula's surface from what it must miss; bone, where farther than 3 mm, counts as 3 mm.
    nearest
        What that is.
    uncertainty_mm
        Standard deviation of where that lies; 0 where it is seen.
    rejected
        The ways not taken because something stood in them.
    """

    level: Level
    side: Side
    entry_mm: FloatArray
    target_mm: FloatArray
    angle_from_sagittal_deg: float
    inclination_deg: float
    from_midline_mm: float
    annulus_mm: float
    clearance_mm: float
    nearest: str
    rejected: tuple[Rejection, ...] = ()
    uncertainty_mm: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry_mm", frozen(self.entry_mm, (3,)))
        object.__setattr__(self, "target_mm", frozen(self.target_mm, (3,)))

    @property
    def keeps_deviation(self) -> bool:
        """Whether the way keeps `LEAST_CLEARANCE_MM` also where what is nearest lies one standard deviation nearer."""
        return self.uncertainty_mm == 0.0 or self.clearance_mm - self.uncertainty_mm >= LEAST_CLEARANCE_MM

    @property
    def length_mm(self) -> float:
        """Depth of the target below the skin along the way."""
        return float(np.linalg.norm(self.target_mm - self.entry_mm))

    @property
    def direction(self) -> FloatArray:
        """(3,) unit vector inward."""
        return np.asarray((self.target_mm - self.entry_mm) / self.length_mm)

    def at_depth(self, depth_mm: float) -> FloatArray:
        """(3,) point on the way, `depth_mm` below the skin."""
        return np.asarray(self.entry_mm + depth_mm * self.direction)
