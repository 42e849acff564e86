"""What a pointer does on the pictures: the crosshair, window and level, the room's turn, the hand's entry and aim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.viewer.panes.slices import Plane
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.web.case.room_pane import on_skin_mm
from dekomp_sim.viewer.web.case.screens import Screens

SECOND_BUTTON: Final = 2
"""The right one, as browsers count."""

PLANES: Final = frozenset(plane.value for plane in Plane)


@dataclass(frozen=True, slots=True)
class Touch:
    """A press, a drag or a release on a pane, in pixels of its picture, x to the right and y down.

    Parameters
    ----------
    pane
        Where.
    phase
        "down", "move" or "up".
    x, y
        Where on it.
    button
        0 is the first.
    shift
        Whether Shift is held.
    """

    pane: str
    phase: str
    x: float
    y: float
    button: int = 0
    shift: bool = False


class Pointer:
    """Remembers where a drag came from, and whether a click aims.

    Parameters
    ----------
    screens
        The pictures pointed at.
    """

    def __init__(self, screens: Screens) -> None:
        self.aiming = False
        self._screens = screens
        self._from: tuple[float, float] | None = None

    def touched(self, touch: Touch, hand: Hand) -> Hand:
        """The hand after a touch; what else it does, it does to the screens.

        Raises
        ------
        InputError
            If there is no picture to point at.
        """
        before, self._from = self._from, None if touch.phase == "up" else (touch.x, touch.y)
        if touch.phase == "up":
            return hand
        moved = (touch.x - before[0], touch.y - before[1]) if before and touch.phase == "move" else (0.0, 0.0)
        if touch.pane in PLANES:
            return self._on_plane(touch, moved, hand)
        if touch.pane == "room" and not touch.shift and not self.aiming:
            self._screens.turned(*moved)
            return hand
        return self._by_sight(touch, hand) if touch.pane in {"live", "room"} else hand

    def nudged(self, touch: Touch, hand: Hand) -> Hand:
        """The hand after arrow keys have moved what a pointer would, by `touch.x` and `touch.y` pixels.

        Raises
        ------
        InputError
            If there is no picture to point at.
        """
        screens, case = self._screens, self._screens.case
        if touch.pane == "room":
            screens.turned(touch.x, touch.y)
            return hand
        if touch.pane in PLANES:
            plane = Plane(touch.pane)
            point = screens.look.crosshair_mm + screens.point_mm(plane, touch.x, touch.y)
            screens.crossed(point - screens.point_mm(plane, 0.0, 0.0))
            return hand
        aim = case.plan.target_mm if hand.aim is None else [hand.aim.x_mm, hand.aim.y_mm, hand.aim.z_mm]
        start = hands.entry_mm(case, hand) if touch.shift else aim if self.aiming else screens.look.crosshair_mm
        x, y = screens.pixel(start)
        return self._by_sight(replace(touch, x=x + touch.x, y=y + touch.y), hand)

    def _on_plane(self, touch: Touch, moved: tuple[float, float], hand: Hand) -> Hand:
        if touch.button == SECOND_BUTTON:
            self._screens.windowed(moved[0], -moved[1])
            return hand
        point = self._screens.point_mm(Plane(touch.pane), touch.x, touch.y)
        self._screens.crossed(point)
        return hands.aimed(hand, point) if self.aiming else hand

    def _in_slice(self, point_mm: FloatArray, touch: Touch, hand: Hand) -> Hand:
        """A slice is a plane: what is pointed at lies in it."""
        if touch.shift:
            return hands.dragged(hand, point_mm)
        self._screens.crossed(point_mm)
        return hands.aimed(hand, point_mm) if self.aiming else hand

    def _by_sight(self, touch: Touch, hand: Hand) -> Hand:
        """A picture is seen along a line: what is meant lies on it, on the skin or as deep as what is aimed at."""
        screens, case = self._screens, self._screens.case
        in_slice = screens.slice_point(touch.x, touch.y) if touch.pane == "live" else None
        if in_slice is not None:
            return self._in_slice(in_slice, touch, hand)
        ray = screens.ray(touch.pane, touch.x, touch.y)
        if ray is None:
            raise InputError("pointer", "no picture to point at", "a picture", "Take one first")
        if touch.shift:
            beside = hands.entry_mm(case, hand)
            skin = on_skin_mm(case, ray) if touch.pane == "room" else ray.nearest_to(beside)
            return hand if skin is None else hands.dragged(hand, skin)
        if self.aiming:
            point = ray.nearest_to(case.plan.target_mm)
            screens.crossed(point)
            return hands.aimed(hand, point)
        if not screens.exam:
            screens.crossed(ray.nearest_to(screens.look.crosshair_mm))
        return hand
