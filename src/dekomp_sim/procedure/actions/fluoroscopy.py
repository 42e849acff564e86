"""What is done with the C-arm: turning it, moving the table, setting console and beam, pressing the pedal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from dekomp_sim.imaging.stand.brightness import DoseRate
from dekomp_sim.imaging.stand.collimator import Field

Positive = Annotated[float, Gt(0.0)]
Angle = Annotated[float, Ge(-180.0), Le(180.0)]
Tilt = Annotated[float, Ge(-45.0), Le(45.0)]


class View(StrEnum):
    """A view with a name in the clinic."""

    AP = "ap"
    LATERAL = "lateral"
    OBLIQUE = "oblique"
    ENDPLATE = "endplate"
    NEEDLE_EYE = "needle_eye"
    BIPLANE = "biplane"


@dataclass(frozen=True, slots=True)
class SetView:
    """Turn the C-arm: a named view, or DICOM's positioner angles; `biplane` needs a machine of two planes."""

    view: View | None = None
    primary_deg: Angle | None = None
    secondary_deg: Tilt | None = None
    do: Literal["set_view"] = "set_view"

    def __post_init__(self) -> None:
        by_angles = self.primary_deg is not None and self.secondary_deg is not None
        if (self.view is not None) == (self.primary_deg is not None or self.secondary_deg is not None) or not (
            self.view is not None or by_angles
        ):
            raise ValueError("set_view takes either view, or primary_deg together with secondary_deg")


@dataclass(frozen=True, slots=True)
class MoveTable:
    """Shift the table, with the patient, from where the C-arm's isocentre lies in the treated disc.

    The next views are taken about the same place. A raised patient is nearer to the detector and farther from the tube.
    """

    left_mm: Annotated[float, Ge(-120.0), Le(120.0)] = 0.0
    head_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    up_mm: Annotated[float, Ge(-150.0), Le(300.0)] = 0.0
    do: Literal["move_table"] = "move_table"


@dataclass(frozen=True, slots=True)
class SetCollimator:
    """Close the beam to a share of the field: between the blades across and along the picture, and within the iris."""

    across: Annotated[float, Ge(0.1), Le(1.0)] = 1.0
    along: Annotated[float, Ge(0.1), Le(1.0)] = 1.0
    iris: Annotated[float, Ge(0.1), Le(1.5)] | None = None
    do: Literal["set_collimator"] = "set_collimator"


@dataclass(frozen=True, slots=True)
class SetField:
    """Choose the field: the whole detector or one of two magnified parts."""

    field: Field = Field.FULL
    do: Literal["set_field"] = "set_field"


@dataclass(frozen=True, slots=True)
class SetFluoroscopy:
    """Choose dose rate and pulses per second."""

    rate: DoseRate = DoseRate.NORMAL
    pulses_per_s: Annotated[float, Ge(1.0), Le(30.0)] = 8.0
    do: Literal["set_fluoroscopy"] = "set_fluoroscopy"


@dataclass(frozen=True, slots=True)
class Expose:
    """Press the pedal: `frames` pulses. kV, and the mAs of one pulse, are the machine's own choice or set by hand.

    `spot` asks for a picture to keep rather than a frame of fluoroscopy: more dose, less noise. `held` says that the
    pedal was down already, something else having been done meanwhile: it is no press of its own.
    """

    kv: Annotated[float, Ge(40.0), Le(125.0)] | Literal["auto"] = "auto"
    mas: Positive | Literal["auto"] = "auto"
    frames: Annotated[int, Ge(1), Le(2000)] = 1
    spot: bool = False
    note: str = ""
    held: bool = False
    do: Literal["expose"] = "expose"
