"""From where a scene is looked at, and the letters that say which way is which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, unit
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry import Rigid
from dekomp_sim.viewer.scene.parts import Scene
from dekomp_sim.viewer.scene.visibility import AXIAL, CLOSE_UP, OVERVIEW, PRACTICE


class View(StrEnum):
    """A named point of view."""

    CLOSE_UP = "close-up"
    OVERVIEW = "overview"
    AXIAL = "axial"
    ROOM = "room"
    NEEDLE = "needle"


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A plane through `at_mm` (3,); only what lies on the side to which `keep` (3,) points is drawn."""

    at_mm: FloatArray
    keep: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_mm", frozen(self.at_mm, (3,)))
        object.__setattr__(self, "keep", unit(self.keep))


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """An eye at `position_mm` (3,) that looks at `focus_mm` (3,), with `up` (3,) upward in the picture.

    `height_deg` is the angle of view from the picture's lower to its upper edge. `cuts` open the body
    there; instruments and the plan stay whole.
    """

    position_mm: FloatArray
    focus_mm: FloatArray
    up: FloatArray
    height_deg: float
    cuts: tuple[Cut, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "position_mm", frozen(self.position_mm, (3,)))
        object.__setattr__(self, "focus_mm", frozen(self.focus_mm, (3,)))
        object.__setattr__(self, "up", unit(self.up))

    @property
    def right(self) -> FloatArray:
        """(3,) what is to the right in the picture, patient frame."""
        return unit(np.cross(self.focus_mm - self.position_mm, self.up))

    @property
    def upward(self) -> FloatArray:
        """(3,) what is up in the picture, patient frame: `up`, made square to the line of sight."""
        return unit(np.cross(self.right, self.focus_mm - self.position_mm))


ANGLE_DEG: Final = 14.0
"""Angle of view from the lower to the upper edge: narrow, as a radiologist's eye expects little perspective."""

SLICE_MM: Final = 25.0
"""Thickness of the axial slice: the half disc and most of the vertebra above, without what lies farther up."""

VISIBLE: Final = {
    View.CLOSE_UP: CLOSE_UP,
    View.OVERVIEW: OVERVIEW,
    View.AXIAL: AXIAL,
    View.ROOM: PRACTICE,
    View.NEEDLE: CLOSE_UP,
}
"""What a picture from there shows unless it is asked otherwise: without what would stand in the way."""


@dataclass(frozen=True, slots=True)
class Orbit:
    """A free point of view about the treated disc.

    Parameters
    ----------
    azimuth_deg
        From straight behind toward the side of the approach; `lying`, from that side toward the feet.
    elevation_deg
        Toward the head; `lying`, toward the ceiling.
    height_mm
        What is seen from the picture's lower to its upper edge.
    lying
        Whether the patient lies prone in the picture, the ceiling up, rather than with the head up.
    """

    azimuth_deg: float
    elevation_deg: float
    height_mm: float
    lying: bool = False


def view_from(words: str) -> View | Orbit:
    """A point of view from the words of a command line: a view's name, or azimuth, elevation and height.

    Raises
    ------
    InputError
        If it is neither, or the height is none that can be drawn.

    Examples
    --------
    >>> view_from("axial"), view_from("30,20,400")
    (<View.AXIAL: 'axial'>, Orbit(azimuth_deg=30.0, elevation_deg=20.0, height_mm=400.0, lying=False))
    """
    if words in list(View):
        return View(words)
    allowed = f"{', '.join(View)}, or three numbers: azimuth_deg,elevation_deg,height_mm"
    try:
        azimuth, elevation, height = (float(word) for word in words.split(","))
    except ValueError:
        raise InputError("camera", repr(words), allowed, "For example --camera 30,20,400") from None
    low, high = HEIGHT_MM
    if not (abs(azimuth) <= 360.0 and abs(elevation) <= 89.0 and low <= height <= high):
        raise OutOfRangeError("camera", repr(words), f"-360 to 360, -89 to 89, {low:g} to {high:g}")
    return Orbit(azimuth, elevation, height)


HEIGHT_MM: Final = (5.0, 5000.0)
"""Least and greatest height of what a picture may show: from a needle's tip to the room."""


def camera(scene: Scene, view: View | Orbit) -> Camera:
    """The camera of a point of view of a scene; head up but for the cut body, whose back is up."""
    if isinstance(view, Orbit):
        return orbit(scene, view)
    made = {View.CLOSE_UP: close_up, View.OVERVIEW: overview, View.AXIAL: axial, View.ROOM: room, View.NEEDLE: needle}
    return made[view](scene)


ROOM: Final = Orbit(azimuth_deg=29.5, elevation_deg=29.5, height_mm=1500.0, lying=True)
"""The patient on the table and the C-arm, from beside the operator and above."""


def orbit(scene: Scene, view: Orbit) -> Camera:
    """A free point of view."""
    middle = scene.treated.patient_from_disc.translation_mm
    if not view.lying:
        return _around(scene, Rigid.shift(middle), view.azimuth_deg, view.elevation_deg, view.height_mm)
    azimuth, elevation = np.radians(view.azimuth_deg), np.radians(view.elevation_deg)
    level = np.cos(elevation)
    toward = np.array([scene.side.sign * np.cos(azimuth) * level, np.sin(elevation), -np.sin(azimuth) * level])
    return Camera(middle + _distance_mm(view.height_mm) * toward, middle, frozen([0.0, 1.0, 0.0]), ANGLE_DEG)


def room(scene: Scene) -> Camera:
    """The room."""
    return orbit(scene, ROOM)


def needle(scene: Scene) -> Camera:
    """Along the needle, as down its own axis in the bull's-eye view; the head is up."""
    at_mm, inward = scene.axis
    return Camera(at_mm - _distance_mm(80.0) * inward, at_mm, frozen([0.0, 0.0, 1.0]), ANGLE_DEG)


def close_up(scene: Scene) -> Camera:
    """The treated disc from the side of the approach, a little from above, in the disc's own frame."""
    return _around(scene, scene.treated.patient_from_disc, azimuth_deg=98.0, elevation_deg=9.0, height_mm=92.0)


def overview(scene: Scene) -> Camera:
    """The trunk from behind and from the side of the approach, from above."""
    frame = Rigid.shift(scene.treated.patient_from_disc.translation_mm)
    return _around(scene, frame, azimuth_deg=12.0, elevation_deg=22.0, height_mm=390.0)


def axial(scene: Scene) -> Camera:
    """The body cut open through the middle of the treated disc, from the feet; the back is up, as the patient lies."""
    shape, frame = scene.treated, scene.treated.patient_from_disc
    normal = frame.rotation[:, 2]
    cuts = (Cut(frame.translation_mm, normal), Cut(frame.points([0.0, 0.0, SLICE_MM]), -normal))
    middle = frame.points([0.0, shape.half_depth_mm, 0.0])
    return Camera(middle - _distance_mm(150.0) * normal, middle, frozen(frame.rotation[:, 1]), ANGLE_DEG, cuts)


def _around(scene: Scene, frame: Rigid, azimuth_deg: float, elevation_deg: float, height_mm: float) -> Camera:
    """A camera about the origin of a frame with axes as a disc's, that sees `height_mm` there from edge to edge."""
    azimuth, elevation = np.radians(azimuth_deg) * scene.side.sign, np.radians(elevation_deg)
    toward = [np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)]
    eye = frame.points(_distance_mm(height_mm) * np.array(toward))
    return Camera(eye, frame.translation_mm, frozen([0.0, 0.0, 1.0]), ANGLE_DEG)


def _distance_mm(height_mm: float) -> float:
    return float(height_mm / 2.0 / np.tan(np.radians(ANGLE_DEG / 2.0)))


def letters(direction: ArrayLike) -> str:
    """DICOM's letters for a direction (3,) of the patient frame, the chief one first: "PL" is backward and left.

    Examples
    --------
    >>> letters([0.0, 0.0, 1.0]), letters([0.4, 0.9, 0.0])
    ('H', 'PL')
    """
    way = unit(direction)
    named = [(abs(part), pair[int(part < 0.0)]) for part, pair in zip(way, ("LR", "PA", "HF"), strict=True)]
    return "".join(letter for size, letter in sorted(named, reverse=True)[:2] if size > 0.4)
