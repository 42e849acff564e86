"""A plane of an imported CT with the points that a person may move: who put them there is told by their form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Volume
from dekomp_sim.anatomy.corrections import Handle, Part
from dekomp_sim.anatomy.reformat import hu_on
from dekomp_sim.arrays import FloatArray, UInt8Array, sealed
from dekomp_sim.geometry.section import Section, Vector
from dekomp_sim.imaging.ct.display import HuWindow
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.outlines import Treated, draw_outlines
from dekomp_sim.viewer.panes.overlays import draw_crosshair
from dekomp_sim.viewer.panes.slices import AXES, Plane, lettered

WINDOW: Final = HuWindow(140.0, 600.0)
"""Between bone and soft tissue: endplates and discs are both seen."""

NEAR_MM: Final = 4.0
"""Points nearer to a plane than this are shown on it, and may be taken hold of there."""

GRIP_PX: Final = 10.0
"""How near to a point a press takes hold of it."""

COLOURS: Final = {
    Part.DISC: "#56b4e9",
    Part.UPPER: "#2fc195",
    Part.LOWER: "#2fc195",
    Part.APEX: "#ff7a45",
    Part.STATION: "#f0e442",
}
"""By what a point belongs to; a person's are filled, the chosen one has a ring."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Points of a level with their places, which of them a person put there, and which is chosen."""

    points: dict[Handle, FloatArray]
    edited: Collection[Handle]
    chosen: Handle | None


def section_at(plane: Plane, centre_mm: Vector, crosshair_mm: Vector, mm_per_px: float, size_px: int) -> Section:
    """The plane through the crosshair, with its middle as near to a centre as it passes."""
    right, down = AXES[plane]
    inward = np.cross(right, down)
    x, y, z = (np.array(centre_mm) + (np.subtract(crosshair_mm, centre_mm) @ inward) * inward).round(6).tolist()
    return Section((x, y, z), right, down, mm_per_px, size_px, size_px)


def picture(treated: Treated, section: Section, crosshair_mm: Vector, shown: Shown, title: str) -> UInt8Array:
    """The plane (size, size, 3) with outlines, crosshair, points and letters."""
    seen = _still(treated.patient.volume, section).copy()
    draw_outlines(seen, section, treated)
    draw_crosshair(seen, section, crosshair_mm)
    for handle, place in near(section, shown.points).items():
        _draw(seen, place, COLOURS[handle.part], handle in shown.edited, handle == shown.chosen)
    lettered(seen, section, (title,))
    return seen


def near(section: Section, points: dict[Handle, FloatArray]) -> dict[Handle, FloatArray]:
    """The points that a section shows, at their pixels (2,)."""
    places = {handle: section.pixel_of(at) for handle, at in points.items()}
    return {
        handle: place[:2]
        for handle, place in places.items()
        if abs(place[2]) <= NEAR_MM and 0.0 <= place[0] < section.cols and 0.0 <= place[1] < section.rows
    }


def held(section: Section, points: dict[Handle, FloatArray], x: float, y: float) -> Handle | None:
    """The point that a press at a pixel takes hold of."""
    far = {handle: float(np.hypot(*(place - (x, y)))) for handle, place in near(section, points).items()}
    nearest = min(far, key=lambda handle: far[handle], default=None)
    return nearest if nearest is not None and far[nearest] <= GRIP_PX else None


def _draw(seen: UInt8Array, place: FloatArray, colour: str, edited: bool, chosen: bool) -> None:
    if chosen:
        turns = np.linspace(0.0, 2.0 * np.pi, 33)
        marks.line(seen, place + 9.0 * np.stack([np.cos(turns), np.sin(turns)], axis=-1), marks.INK, 1.5)
    marks.dot(seen, place, 5.0, colour)
    if not edited:
        marks.dot(seen, place, 3.0, marks.PAPER)


@lru_cache(maxsize=6)
def _still(volume: Volume, section: Section) -> UInt8Array:
    return sealed(np.repeat(WINDOW.grey(hu_on(volume, section))[..., None], 3, axis=2))
