"""What the scanner leaves in a case: where couch and gantry stand, the grid on the skin, and each acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.radiation.ct_dose import CtDose

Vector = tuple[float, float, float]

GRID_LINES: Final = 15
"""Lines of the grid. Assumption: commercial grids have 9 to 20 lines."""

GRID_PITCH_MM: Final = 10.0
"""Distance of the lines: grids of catheters are taped at 1 cm, commercial ones have 5 to 10 mm. Assumption."""

GRID_LENGTH_MM: Final = 120.0
"""Length of the lines along the body. Assumption: three lumbar levels."""

GRID_FROM_MIDLINE_MM: Final = -20.0
"""Where the first line lies, toward the side of approach. Assumption: over the far laminae, so that the spinous
process is seen between lines."""


class Guidance(StrEnum):
    """With what the needle is followed."""

    FLUOROSCOPY = "fluoroscopy"
    CT = "ct"
    MIXED = "mixed"

    @property
    def has_scanner(self) -> bool:
        """Whether a CT scanner stands in the room."""
        return self is not Guidance.FLUOROSCOPY

    @property
    def has_c_arm(self) -> bool:
        """Whether a C-arm does."""
        return self is not Guidance.CT


class GridLine(StrEnum):
    """A line of the skin grid, counted from the midline to the side of approach; A is doubled, to count from."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741 - the ninth letter
    J = "J"
    K = "K"
    L = "L"
    M = "M"
    N = "N"
    O = "O"  # noqa: E741 - the fifteenth

    @property
    def number(self) -> int:
        """From 0."""
        return list(GridLine).index(self)


@dataclass(frozen=True, slots=True)
class SkinGrid:
    """Wires on the back, along the body.

    Parameters
    ----------
    first_x_mm, step_x_mm
        Line A's place to the patient's left, and the way to the next line; below 0 to the right.
    middle_z_mm
        Where their middle lies along the body.
    """

    first_x_mm: float
    step_x_mm: float
    middle_z_mm: float

    def x_mm(self, line: GridLine, aside_mm: float = 0.0) -> float:
        """Place to the patient's left of a line, and as far beyond it away from A."""
        outward = 1.0 if self.step_x_mm > 0.0 else -1.0
        return self.first_x_mm + line.number * self.step_x_mm + outward * aside_mm


@dataclass(frozen=True, slots=True)
class Couch:
    """Where the slice plane lies in the patient; the lasers draw it on the skin.

    Parameters
    ----------
    table_mm
        Headward of where it passes the treated disc's middle.
    tilt_deg
        The gantry's.
    drift_mm
        How far the patient has moved on the couch since he was laid down: left, up, headward.
    grid_lies
        Whether the grid is on the skin; its lines stay marked on it.
    """

    table_mm: float = 0.0
    tilt_deg: float = 0.0
    drift_mm: Vector = (0.0, 0.0, 0.0)
    grid_lies: bool = False


class Manner(StrEnum):
    """How slices are taken."""

    SCAN = "scan"
    STEP = "step"
    FLUOROSCOPY = "fluoroscopy"


@dataclass(frozen=True, slots=True, eq=False)
class Acquisition:
    """Slices taken at one go.

    Parameters
    ----------
    clock_s
        When the beam came on.
    index, first_turn
        Its number from 0, and that of its first picture's noise.
    manner
        How they were taken.
    protocol
        Settings of one turn.
    centre_mm
        The isocentre in the patient, breathed out, for the couch as it stands.
    middle_mm
        (x, y) of the pictures' middle in the scan frame.
    tilt_deg
        The gantry's.
    table_mm
        Where the couch stood.
    along_mm
        How far the couch had gone headward of that at each slice of a scan; 0 for slices of one turn.
    side_by_side
        Slices read in one turn.
    seconds
        Time of beam.
    dose
        Of all its turns.
    beside
        Whether the operator stood at the couch.
    shows
        Instruments whose tip lay in a slice.
    discs
        Discs worked on whose middle lay in a slice.
    note
        What the operator noted.
    held
        Whether the pedal was down already.
    """

    clock_s: float
    index: int
    first_turn: int
    manner: Manner
    protocol: Protocol
    centre_mm: Vector
    middle_mm: tuple[float, float]
    tilt_deg: float
    table_mm: float
    along_mm: tuple[float, ...]
    side_by_side: int
    seconds: float
    dose: CtDose
    beside: bool
    shows: tuple[str, ...] = ()
    discs: tuple[Level, ...] = ()
    note: str = ""
    held: bool = False

    @property
    def slices(self) -> int:
        """How many pictures it gives."""
        return len(self.along_mm) * self.side_by_side
