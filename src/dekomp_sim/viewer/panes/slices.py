"""The planning CT in four planes with what is in the patient: axial, coronal, sagittal, and along the instrument.

Radiological convention: axial from the feet, coronal from the front, sagittal from the patient's left; so the
patient's left is on the right, and the front is on top or on the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy.reformat import hu_on
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray, UInt8Array, sealed, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.section import Section, Vector
from dekomp_sim.imaging.console.display import direction_letters
from dekomp_sim.imaging.ct.display import HuWindow
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.outlines import Treated, draw_outlines
from dekomp_sim.viewer.panes.overlays import draw_crosshair, draw_instruments, draw_plan


class Plane(StrEnum):
    """How the CT is cut."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    ALONG = "along"


SOFT_TISSUE: Final = HuWindow(50.0, 400.0)
"""The usual window for abdomen and muscle."""

DISC: Final = HuWindow(80.0, 250.0)
"""Narrow: nucleus, annulus and sac part from each other."""

BONE: Final = HuWindow(400.0, 1800.0)
"""The usual window for bone."""

FIELD_MM: Final = (20.0, 600.0)
"""Least and most width of the patient that a picture may show."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the slices are read.

    Parameters
    ----------
    window
        What is black and what white.
    field_mm
        Width of the patient that a picture shows.
    centre_mm
        The point about which pictures are centred; the treated disc's middle where None.
    back_up
        The axial picture as the prone patient lies: the back on top, the patient's left on the left.
    outlines, plan, instruments
        Whether structures, the planned paths and what is in the patient are drawn.

    Raises
    ------
    OutOfRangeError
        If the field is not 20 to 600 mm wide.
    """

    window: HuWindow = SOFT_TISSUE
    field_mm: float = 180.0
    centre_mm: Vector | None = None
    back_up: bool = False
    outlines: bool = True
    plan: bool = True
    instruments: bool = True

    def __post_init__(self) -> None:
        if not FIELD_MM[0] <= self.field_mm <= FIELD_MM[1]:
            raise OutOfRangeError("field", f"{self.field_mm:g} mm", f"{FIELD_MM[0]:g} to {FIELD_MM[1]:g} mm")


EXAM: Final = Reading(outlines=False, instruments=False)
"""What an examination shows: the CT and the path planned on it, as on the wall of the room."""

AXES: Final = {
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
"""What is right and what is down in each picture, in the patient frame."""

_ALONG_BODY: Final = 0.99
"""Cosine beyond which an instrument runs along the body and no plane along it is near the axial one."""


def section_of(case: Case, plane: Plane, crosshair_mm: ArrayLike, reading: Reading, size_px: int) -> Section:
    """Where a picture lies: through the crosshair, or along the instrument, and centred as `reading` says.

    Parameters
    ----------
    case
        Gives the treated disc and the instruments.
    plane
        Which. `ALONG` is the plane through the instrument's tip and along its way there that lies nearest to the axial
        one; of several instruments the deepest counts. Without any, or where none is drawn, it is the planned path.
    crosshair_mm
        (3,) in the patient frame.
    reading
        Gives field, centre and `back_up`.
    size_px
        Rows and columns.
    """
    aimed = _aimed(case, reading)
    right, down = _axes(plane, aimed[1])
    if reading.back_up and plane in {Plane.AXIAL, Plane.ALONG}:
        right, down = -right, -down
    at = aimed[0] if plane is Plane.ALONG else np.asarray(crosshair_mm, dtype=np.float64)
    middle = np.array(case.shape.patient_from_disc.translation_mm if reading.centre_mm is None else reading.centre_mm)
    inward = np.cross(right, down)
    centre = middle + ((at - middle) @ inward) * inward
    return Section(_rounded(centre), _exact(right), _exact(down), reading.field_mm / size_px, size_px, size_px)


def picture(
    case: Case,
    plane: Plane,
    crosshair_mm: ArrayLike,
    reading: Reading | None = None,
    size_px: int = 384,
    scanned: Volume | None = None,
) -> UInt8Array:
    """A plane of the CT (size, size, 3) with crosshair, instruments, plan, outlines, letters; see `section_of`.

    What is carved or injected is not in it: the CT was taken before. `scanned` is a scan of the case itself, which is
    then shown in place of the one that the patient came with.
    """
    reading = reading or Reading()
    section = section_of(case, plane, crosshair_mm, reading, size_px)
    volume = case.patient.volume if scanned is None else scanned
    seen = _still(Treated(case.patient, case.level), volume, section, reading.window, reading.outlines).copy()
    if reading.plan:
        for level in case.discs:
            draw_plan(seen, section, case.plan_to(level))
    if reading.instruments:
        draw_instruments(seen, section, case)
    draw_crosshair(seen, section, crosshair_mm)
    lettered(seen, section, _words(case, plane, hu_words(volume, crosshair_mm), reading, section))
    return seen


def hu_words(volume: Volume, crosshair_mm: ArrayLike) -> str:
    """The crosshair's place and its Hounsfield units, as a workstation tells them.

    Examples: "L 12.0  P 30.5  H 4.0 mm  52 HU".
    """
    at = np.asarray(crosshair_mm, dtype=np.float64)
    pairs = (("L", "R"), ("P", "A"), ("H", "F"))
    place = "  ".join(f"{pair[int(part < 0)]} {abs(part):.1f}" for part, pair in zip(at, pairs, strict=True))
    return f"{place} mm  {float(volume.hu_at(at)):.0f} HU"


def _axes(plane: Plane, inward: FloatArray) -> tuple[FloatArray, FloatArray]:
    if plane is not Plane.ALONG:
        across, along = AXES[plane]
        return np.array(across), np.array(along)
    head = np.array([0.0, 0.0, 1.0])
    if abs(inward @ head) > _ALONG_BODY:
        head = np.array([1.0, 0.0, 0.0])  # a sagittal one then
    normal = unit(head - (head @ inward) * inward)
    back = np.array([0.0, 1.0, 0.0])
    down = unit(back - (back @ normal) * normal)
    return np.cross(down, normal), np.asarray(down)


def _aimed(case: Case, reading: Reading) -> tuple[FloatArray, FloatArray]:
    """(3,) a point and (3,) the way there of the deepest instrument; of the plan where none is there or to be seen."""
    deepest: Placement | None = max(case.placements.values(), key=lambda placed: placed.depth_mm, default=None)
    if deepest is None or not reading.instruments:
        return case.plan.target_mm, case.plan.direction
    return deepest.tip_mm, deepest.tip_direction


@lru_cache(maxsize=16)
def _still(treated: Treated, volume: Volume, section: Section, window: HuWindow, with_outlines: bool) -> UInt8Array:
    """What does not change while a section stands."""
    grey = window.grey(hu_on(volume, section))
    seen = np.repeat(grey[..., None], 3, axis=2)
    if with_outlines:
        draw_outlines(seen, section, treated)
    return sealed(seen)


def _words(case: Case, plane: Plane, told: str, reading: Reading, section: Section) -> tuple[str, ...]:
    """Plane, window and crosshair, as much as the width has room for."""
    size, room = _letters_px(section), 0.44 * section.cols
    names: tuple[str, ...] = (plane.value.capitalize(),)
    if plane is Plane.ALONG:
        what = "instrument" if case.placements and reading.instruments else "plan"
        names = (f"Along the {what}", "Along")
    window = f"W {reading.window.width_hu:.0f}  L {reading.window.level_hu:.0f}"
    there = marks.fitting((told, told.rpartition("  ")[2]), 0.75 * section.cols, size)
    return marks.fitting(names, room, size), window, there


def _letters_px(section: Section) -> int:
    return max(10, round(section.rows / 32))


def lettered(seen: UInt8Array, section: Section, words: tuple[str, ...]) -> None:
    """Write onto a picture what lies at its edges, words at its upper left, a scale, and that it is simulated."""
    rows, cols = section.rows, section.cols
    size = _letters_px(section)
    large, pad = round(1.5 * size), size / 2.0
    right, down = np.array(section.right), np.array(section.down)
    marks.write(seen, direction_letters(-right), (pad, rows / 2.0), large, anchor="lm")
    marks.write(seen, direction_letters(right), (cols - pad, rows / 2.0), large, anchor="rm")
    marks.write(seen, direction_letters(-down), (cols / 2.0, pad), large, anchor="ma")
    marks.write(seen, direction_letters(down), (cols / 2.0, rows - pad - 1.5 * size), large, anchor="md")
    for number, line in enumerate(words):
        marks.write(seen, line, (pad, pad + number * 1.3 * size), size)
    _scale(seen, section, size)
    marks.stamp(seen, size)


def _scale(seen: UInt8Array, section: Section, size: int) -> None:
    """A bar at the right that is a round number of centimetres long."""
    room_mm = 0.3 * section.rows * section.mm_per_px
    length_mm = max(choice for choice in (5.0, 10.0, 20.0, 50.0, 100.0) if choice <= max(room_mm, 5.0))
    x, y = section.cols - 2.2 * size, section.rows - 2.5 * size
    top = y - length_mm / section.mm_per_px
    marks.line(seen, [[x, y], [x, top]], marks.INK, 1.5)
    marks.write(seen, f"{length_mm / 10.0:g} cm", (x - 4.0, y), size, anchor="rd")


def _exact(direction: FloatArray) -> Vector:
    x, y, z = (direction + 0.0).tolist()
    return x, y, z


def _rounded(point_mm: FloatArray) -> Vector:
    x, y, z = np.round(point_mm, 6).tolist()
    return x, y, z
