"""Simple solids in the patient frame, of one material each: what an instrument is to the X-ray beam and the screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dekomp_sim.arrays import FloatArray, frozen


class Material(StrEnum):
    """What a solid is made of; densities and attenuation live in `matter`."""

    STEEL = "steel"
    LEAD = "lead"
    WATER = "water"


@dataclass(frozen=True, slots=True, eq=False)
class Rod:
    """A straight solid cylinder with flat ends, from `start_mm` to `end_mm` (3,), of radius `radius_mm`."""

    start_mm: FloatArray
    end_mm: FloatArray
    radius_mm: float
    material: Material = Material.STEEL

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_mm", frozen(self.start_mm, (3,)))
        object.__setattr__(self, "end_mm", frozen(self.end_mm, (3,)))


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """A straight hollow cylinder open at both ends: outer radius `radius_mm`, bore radius `bore_mm`."""

    start_mm: FloatArray
    end_mm: FloatArray
    radius_mm: float
    bore_mm: float
    material: Material = Material.STEEL

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_mm", frozen(self.start_mm, (3,)))
        object.__setattr__(self, "end_mm", frozen(self.end_mm, (3,)))


@dataclass(frozen=True, slots=True, eq=False)
class Helix:
    """A round wire wound about the axis from `start_mm` to `end_mm`: the probe's auger thread.

    Parameters
    ----------
    start_mm, end_mm
        (3,) ends of the axis.
    radius_mm
        Distance of the wire's centre line from the axis.
    wire_mm
        Radius of the wire.
    pitch_mm
        Axial distance of one turn.
    phase_deg
        Angle of the wire's start about the axis.
    """

    start_mm: FloatArray
    end_mm: FloatArray
    radius_mm: float
    wire_mm: float
    pitch_mm: float
    phase_deg: float = 0.0
    material: Material = Material.STEEL

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_mm", frozen(self.start_mm, (3,)))
        object.__setattr__(self, "end_mm", frozen(self.end_mm, (3,)))


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A solid sphere: a lead marker, or the oracle of a projector test."""

    centre_mm: FloatArray
    radius_mm: float
    material: Material = Material.LEAD

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen(self.centre_mm, (3,)))


Solid = Rod | Tube | Helix | Ball
