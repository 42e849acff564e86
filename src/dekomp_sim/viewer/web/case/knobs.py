"""The knobs of the page: what of the live picture's look and of the room's can be set, and how they stand, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from dekomp_sim.imaging.console.processing import EDGE_GAIN, Console
from dekomp_sim.viewer.panes.fluoroscopy import RECURSION, Settings, Showing
from dekomp_sim.viewer.scene.cameras import Orbit
from dekomp_sim.viewer.scene.cameras import View as Eye
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.visibility import Shown, Visibility

EYES: Final = {
    Eye.ROOM: "Room",
    Eye.OVERVIEW: "Trunk",
    Eye.CLOSE_UP: "Close",
    Eye.AXIAL: "Axial",
    Eye.NEEDLE: "Needle",
}
"""Points of view and what their buttons say."""

EXAM_EYES: Final = (Eye.ROOM, Eye.OVERVIEW)
"""Points of view that an examination allows: those of somebody in the room."""

PEELS: Final = ("Whole", "Skin off", "Organs off", "Vessels off", "Bone ghost", "Bone off", "Paths only")
"""What the steps of `visibility.STRIPPED` are called."""

NO_ROOM: Final = "This machine draws no 3D picture; the terminal says what to install."

PREPARING: Final = "Preparing the room …"

_SWITCHES: Final[Mapping[str, tuple[str, Callable[[Console], bool], Callable[[bool], dict[str, Any]]]]] = {
    "inverted": ("Invert", lambda now: now.inverted, lambda on: {"inverted": on}),
    "edges": ("Edges", lambda now: now.edge_gain > 0.0, lambda on: {"edge_gain": EDGE_GAIN if on else 0.0}),
    "filter": ("Filter", lambda now: now.recursion > 0.0, lambda on: {"recursion": RECURSION if on else 0.0}),
    "flipped": ("Flip", lambda now: now.flipped, lambda on: {"flipped": on}),
    "turned": ("Turn", lambda now: now.rotated_deg != 0.0, lambda on: {"rotated_deg": 180.0 if on else 0.0}),
}
"""Switches of the console: words, whether on, and what they set."""

_SHOWINGS: Final = {"subtract": ("Subtract", Showing.SUBTRACTED), "road_map": ("Road map", Showing.ROAD_MAP)}
"""Switches that want a mask."""


def asks_for_mask(values: Mapping[str, Any]) -> bool:
    """Whether a switch is turned on that subtracts from a mask."""
    return any(values.get(name) is True for name in _SHOWINGS)


def turned(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """Settings with the knobs and switches that `values` names; what it does not know is left alone.

    Raises
    ------
    OutOfRangeError
        If a knob is turned too far.
    """
    console = settings.console
    for name, (_, _, change) in _SWITCHES.items():
        if isinstance(values.get(name), bool):
            console = replace(console, **change(values[name]))
    console = replace(
        console,
        brightness=_number(values, "brightness", console.brightness),
        contrast=_number(values, "contrast", console.contrast),
    )
    showing = settings.showing
    for name, (_, wanted) in _SHOWINGS.items():
        if isinstance(values.get(name), bool):
            showing = wanted if values[name] else Showing.PLAIN
    return replace(settings, console=console, showing=showing)


def _number(values: Mapping[str, Any], name: str, now: float) -> float:
    found = values.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else now


def picture_told(settings: Settings) -> dict[str, Any]:
    """How the live picture's knobs and switches stand."""
    plain = [(name, words, on(settings.console)) for name, (words, on, _) in _SWITCHES.items()]
    masked = [(name, words, settings.showing is wanted) for name, (words, wanted) in _SHOWINGS.items()]
    return {
        "brightness": settings.console.brightness,
        "contrast": settings.console.contrast,
        "switches": [{"name": name, "words": words, "on": on} for name, words, on in (*plain, *masked)],
    }


def room_told(eye: Eye | Orbit | None, visibility: Visibility, peel: int | None, *, exam: bool) -> dict[str, Any]:
    """From where the room is seen and what of it; `eye` is None where nothing draws."""
    offered = EXAM_EYES if exam else tuple(EYES)
    return {
        "room": {
            "empty": NO_ROOM if eye is None else PREPARING,
            "views": [{"name": one.value, "words": EYES[one], "on": one == eye} for one in offered],
            "peels": [{"number": n, "words": words, "on": n == peel} for n, words in enumerate(PEELS)],
            "layers": [
                {"name": one.value, "words": one.value, "shown": visibility.get(one, Shown.SHOWN).value}
                for one in Layer
            ],
        }
    }
