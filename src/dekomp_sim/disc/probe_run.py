"""One spell of running the probe, as it is asked for, and the receipt for what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.errors import OutOfRangeError


@dataclass(frozen=True, slots=True, eq=False)
class ProbeRun:
    """One spell of running the probe along one axis.

    Parameters
    ----------
    tip_from_mm, tip_to_mm
        (3,) patient frame: the tip moves between these, to and fro once per stroke.
    strokes
        How many; 0 for standing still at the shallower end.
    seconds
        How long it turns.
    rpm
        Turns per minute; 0 conveys nothing.
    radius_mm
        Radius of the helix.
    window_mm
        Length of bare helix behind the tip.
    inward
        (3,) direction in which the probe points; None: from `tip_from_mm` to `tip_to_mm`. Needed where these are one
        point, or where the first is the deeper.

    Raises
    ------
    OutOfRangeError
        If a number is out of its range or the direction is missing.
    """

    tip_from_mm: FloatArray
    tip_to_mm: FloatArray
    strokes: float
    seconds: float
    rpm: float = 12000.0
    radius_mm: float = 0.5
    window_mm: float = 8.0
    inward: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tip_from_mm", frozen(self.tip_from_mm, (3,)))
        object.__setattr__(self, "tip_to_mm", frozen(self.tip_to_mm, (3,)))
        for name, low, high in _RANGES:
            if not low <= getattr(self, name) <= high:
                raise OutOfRangeError(f"probe run: {name}", f"{getattr(self, name)}", f"{low} to {high}")
        if self.inward is None and self.stroke_mm < 1e-6:
            raise OutOfRangeError("probe run: inward", "no direction", "a direction, as the tip does not move")
        off_axis = np.linalg.norm(np.cross(self.tip_to_mm - self.tip_from_mm, self.direction))
        if off_axis > 0.1:
            raise OutOfRangeError(
                "probe run: stroke", f"{off_axis:.1f} mm across the probe's axis", "strokes along the axis, no levering"
            )

    @property
    def stroke_mm(self) -> float:
        """Length of a stroke."""
        return float(np.linalg.norm(self.tip_to_mm - self.tip_from_mm))

    @property
    def direction(self) -> FloatArray:
        """(3,) unit vector along which the probe points."""
        way = self.tip_to_mm - self.tip_from_mm if self.inward is None else np.asarray(self.inward, dtype=np.float64)
        return np.asarray(way / np.linalg.norm(way))

    @property
    def shallow_mm(self) -> FloatArray:
        """(3,) the end of the stroke nearer the skin."""
        forward = float((self.tip_to_mm - self.tip_from_mm) @ self.direction) >= 0.0
        return self.tip_from_mm if forward else self.tip_to_mm


_RANGES: Final = (
    ("strokes", 0.0, 10000.0),
    ("seconds", 1e-3, 3600.0),
    ("rpm", 0.0, 30000.0),
    ("radius_mm", 0.2, 1.5),
    ("window_mm", 1.0, 30.0),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one run of the probe did.

    Parameters
    ----------
    removed_ml, removed_g
        By tissue.
    in_cannula_ml, collected_ml
        How much of it stayed in the cannula and how much reached the handle.
    contrast_ml
        Contrast that came out with it.
    pressure_before_kpa, pressure_after_kpa
        Static pressure.
    seconds
        Length of the run.
    dwell_s
        Seconds the tip spent in each tissue.
    starved_s, intake_s, conveyor_s
        Seconds in which removal was held back by lack of tissue, by intake, by the conveyor.
    clogged
        How far the thread is packed afterwards, 0 clear to 1 full.
    """

    removed_ml: Mapping[Tissue, float]
    removed_g: Mapping[Tissue, float]
    in_cannula_ml: float
    collected_ml: float
    contrast_ml: float
    pressure_before_kpa: float
    pressure_after_kpa: float
    seconds: float
    dwell_s: Mapping[Tissue, float]
    starved_s: float
    intake_s: float
    conveyor_s: float
    clogged: float = 0.0

    @property
    def total_ml(self) -> float:
        """Tissue removed, all kinds."""
        return sum(self.removed_ml.values())

    @property
    def total_g(self) -> float:
        """Mass of that."""
        return sum(self.removed_g.values())

    @property
    def rate_ml_min(self) -> float:
        """Mean rate of removal."""
        return 60.0 * self.total_ml / self.seconds

    @property
    def dwell_outside_nucleus_s(self) -> float:
        """Seconds the turning tip spent anywhere but in the nucleus."""
        return sum(time for tissue, time in self.dwell_s.items() if tissue is not Tissue.NUCLEUS)
