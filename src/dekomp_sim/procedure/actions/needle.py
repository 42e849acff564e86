"""What is done through the skin: cutting it, and setting, pushing, pulling, turning and taking out an instrument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator
from pydantic import Field as Told

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.instruments import CATALOGUE
from dekomp_sim.procedure.actions.ct import GridMark
from dekomp_sim.procedure.actions.fluoroscopy import Angle


def _on_tray(key: str) -> str:
    if key not in CATALOGUE:
        raise ValueError(f"one of {', '.join(CATALOGUE)}")
    return key


OnTray = Annotated[str, AfterValidator(_on_tray), Told(json_schema_extra={"enum": list(CATALOGUE)})]
"""An instrument by its name on the tray, where a file or a remote names it."""

Depth = Annotated[float, Ge(0.0), Le(300.0)]
Shift = Annotated[float, Ge(-80.0), Le(80.0)]


class Mark(StrEnum):
    """A place along a needle's axis that a script can name whatever the patient's size."""

    SKIN = "skin"
    ANNULUS = "annulus"
    NUCLEUS = "nucleus"
    NUCLEUS_CENTRE = "nucleus_centre"
    FAR_NUCLEUS = "far_nucleus"


@dataclass(frozen=True, slots=True)
class Point:
    """A point in the patient frame (LPS)."""

    x_mm: float
    y_mm: float
    z_mm: float


@dataclass(frozen=True, slots=True)
class Incise:
    """Cut the skin; the place is told as for `Insert`."""

    length_mm: Annotated[float, Gt(0.0), Le(30.0)] = 3.0
    entry: Point | GridMark | Literal["planned"] = "planned"
    entry_lateral_mm: Shift = 0.0
    entry_cranial_mm: Shift = 0.0
    level: Level | None = None
    do: Literal["incise"] = "incise"


@dataclass(frozen=True, slots=True)
class Insert:
    """Set an instrument on the skin, or into the one that guides it; `advance` then pushes it in.

    `entry` and `aim` are points of the patient frame or the plan's own; an entry that is not the planned one slides
    along its axis onto the skin, and one under the skin grid is told by line and laser. The two shifts move the entry,
    for scripts that stray from the plan on any patient.
    `prebend_deg` bends the last centimetre of a fine needle, away from its bevel's opening: held, it curves more.
    `level` takes the plan of a control disc instead of the treated one's; marks are then found in that disc.
    """

    instrument: OnTray
    entry: Point | GridMark | Literal["planned"] = "planned"
    aim: Point | Literal["planned"] = "planned"
    entry_lateral_mm: Shift = 0.0
    entry_cranial_mm: Shift = 0.0
    prebend_deg: Annotated[float, Ge(0.0), Le(20.0)] = 0.0
    level: Level | None = None
    do: Literal["insert"] = "insert"


@dataclass(frozen=True, slots=True)
class Advance:
    """Push an instrument on to a depth below the skin, or to a mark plus an offset; depths count along the needle.

    `bevel_deg` holds the needle with its bevel's opening facing there, 0 to the patient's head and clockwise as the
    operator sees it: a bevelled needle then curves away from its opening. Without it the operator turns the needle to
    and fro between finger and thumb, and it goes straight on.
    """

    instrument: OnTray
    to: Mark | None = None
    offset_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    to_depth_mm: Depth | None = None
    bevel_deg: Angle | None = None
    do: Literal["advance"] = "advance"

    def __post_init__(self) -> None:
        _one_goal("advance", self.to, self.to_depth_mm)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Pull an instrument back along its axis to a depth below the skin, or to a mark plus an offset."""

    instrument: OnTray
    to: Mark | None = None
    offset_mm: Annotated[float, Ge(-300.0), Le(300.0)] = 0.0
    to_depth_mm: Depth | None = None
    do: Literal["withdraw"] = "withdraw"

    def __post_init__(self) -> None:
        _one_goal("withdraw", self.to, self.to_depth_mm)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Turn an instrument about its skin entry: tip toward the midline, tip toward the head."""

    instrument: OnTray
    medial_deg: Annotated[float, Ge(-45.0), Le(45.0)] = 0.0
    cranial_deg: Annotated[float, Ge(-45.0), Le(45.0)] = 0.0
    do: Literal["redirect"] = "redirect"


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an instrument out of the body."""

    instrument: OnTray
    do: Literal["remove"] = "remove"


def _one_goal(do: str, to: Mark | None, to_depth_mm: float | None) -> None:
    if (to is None) == (to_depth_mm is None):
        raise ValueError(f"{do} takes either to (a mark) or to_depth_mm")
