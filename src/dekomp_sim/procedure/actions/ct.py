"""What is done with the CT scanner: couch and gantry, the grid on the skin, slices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from dekomp_sim.imaging.ct.protocol import Kernel, Preset
from dekomp_sim.procedure.ct.acquired import GridLine

Travel = Annotated[float, Ge(-200.0), Le(200.0)]
CtKv = Annotated[float, Ge(80.0), Le(140.0)]
CtMa = Annotated[float, Ge(10.0), Le(800.0)]
Thickness = Annotated[float, Ge(0.6), Le(10.0)]
CtField = Annotated[float, Ge(50.0), Le(500.0)]
Rows = Annotated[int, Ge(1), Le(3)]


@dataclass(frozen=True, slots=True)
class GridMark:
    """A place on the skin under the grid: beside one of its lines, where the laser's plane crosses it.

    Without `table_mm` the laser is where it is now.
    """

    line: GridLine
    aside_mm: Annotated[float, Ge(-10.0), Le(10.0)] = 0.0
    table_mm: Travel | None = None


class Through(StrEnum):
    """What the slice is laid through."""

    DISC = "disc"
    WAY = "way"
    NEEDLE = "needle"
    TIP = "tip"


@dataclass(frozen=True, slots=True)
class MoveGantry:
    """Move the CT couch and lean the gantry, until the laser shows where the slice is wanted.

    `table_mm` counts headward from where the slice passes the treated disc's middle. `through` lays it through the
    disc, the planned way, a needle's whole way or its tip: the first three lean the gantry too, unless `tilt_deg` says
    how far. What is not told stays.
    """

    table_mm: Travel | None = None
    tilt_deg: Annotated[float, Ge(-30.0), Le(30.0)] | None = None
    through: Through | None = None
    do: Literal["move_gantry"] = "move_gantry"


@dataclass(frozen=True, slots=True)
class LayGrid:
    """Tape a grid of wires to the back, on the side of approach, its middle at a place along the couch.

    Slices show its lines. Washing the skin takes it off; where its lines lay stays marked.
    """

    table_mm: Travel = 0.0
    do: Literal["lay_grid"] = "lay_grid"


@dataclass(frozen=True, slots=True)
class CtScan:
    """A scan along the couch, everybody out of the room: slices side by side from one table position to another.

    What a preset says is taken, as far as nothing else is asked.
    """

    from_mm: Travel = -40.0
    to_mm: Travel = 40.0
    preset: Preset = Preset.PLANNING
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    note: str = ""
    do: Literal["ct_scan"] = "ct_scan"


@dataclass(frozen=True, slots=True)
class CtStep:
    """One turn at the couch's place: a single slice, or up to three side by side.

    `beside` keeps the operator at the couch: quicker, and with dose to the operator.
    """

    slices: Rows = 1
    preset: Preset = Preset.STEP
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    beside: bool = False
    note: str = ""
    do: Literal["ct_step"] = "ct_step"


@dataclass(frozen=True, slots=True)
class CtFluoroscopy:
    """Press the pedal in the scanner: turns for some time, the operator at the couch.

    Short presses between movements are a quick check; `held` says that the pedal was down already, a needle having
    moved meanwhile.
    """

    seconds: Annotated[float, Gt(0.0), Le(120.0)] = 0.5
    slices: Rows = 1
    preset: Preset = Preset.FLUOROSCOPY
    kv: CtKv | None = None
    ma: CtMa | None = None
    thickness_mm: Thickness | None = None
    field_mm: CtField | None = None
    kernel: Kernel | None = None
    note: str = ""
    held: bool = False
    do: Literal["ct_fluoroscopy"] = "ct_fluoroscopy"
