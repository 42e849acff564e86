"""What of a scene is shown, ghosted and hidden: by layer, with presets for practice, examination and debriefing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.parts import Part, Scene


class Shown(StrEnum):
    """How a layer is drawn: as it looks, translucent, or not at all."""

    SHOWN = "shown"
    GHOST = "ghost"
    HIDDEN = "hidden"


Visibility = Mapping[Layer, Shown]
"""How each layer is drawn; one that is not named is shown."""


def _of(ghosts: set[Layer], hidden: set[Layer]) -> Visibility:
    return MappingProxyType(
        {layer: Shown.HIDDEN if layer in hidden else Shown.GHOST if layer in ghosts else Shown.SHOWN for layer in Layer}
    )


_SOFT: Final = {Layer.SKIN, Layer.PELVIS, Layer.ORGAN}

PRACTICE: Final = _of(_SOFT, {Layer.TRACK})
"""Everything, the skin and what else lies around the spine translucent."""

EXAM: Final = _of(set(), set(Layer) - {Layer.SKIN, Layer.INSTRUMENT, Layer.C_ARM, Layer.TABLE, Layer.BEAM})
"""What an eye in the room sees: skin that hides what is beneath it, instruments, the machine."""

OVERVIEW: Final = _of(_SOFT, {Layer.TRACK, Layer.C_ARM, Layer.TABLE})
"""The trunk alone, without the machine but for its beam."""

CLOSE_UP: Final = _of(set(), {*_SOFT, Layer.TRACK, Layer.C_ARM, Layer.TABLE, Layer.BEAM})
"""The spine from near: what stands between the eye and the disc is left out."""

AXIAL: Final = _of(_SOFT, {Layer.TRACK, Layer.C_ARM, Layer.TABLE, Layer.BEAM})
"""The body cut open: without the machine."""

DEBRIEF: Final = _of({Layer.PELVIS, Layer.ORGAN, Layer.BONE}, {Layer.SKIN, Layer.C_ARM, Layer.TABLE, Layer.BEAM})
"""What was planned and the way that was taken, through the bones."""

STRIPPED: Final = (
    _of(_SOFT, {Layer.BEAM}),
    _of({Layer.PELVIS, Layer.ORGAN}, {Layer.SKIN, Layer.C_ARM, Layer.TABLE, Layer.BEAM}),
    _of(set(), {*_SOFT, Layer.C_ARM, Layer.TABLE, Layer.BEAM}),
    _of(set(), {*_SOFT, Layer.VESSEL, Layer.C_ARM, Layer.TABLE, Layer.BEAM}),
    _of({Layer.BONE}, {*_SOFT, Layer.VESSEL, Layer.C_ARM, Layer.TABLE, Layer.BEAM}),
    _of(set(), {*_SOFT, Layer.VESSEL, Layer.BONE, Layer.C_ARM, Layer.TABLE, Layer.BEAM}),
    _of(set(), set(Layer) - {Layer.INSTRUMENT, Layer.PLAN, Layer.TRACK}),
)
"""Debriefing, the tissue taken off step by step: whole; without skin; without organs and pelvis; without vessels; bones
as ghosts; without bones; the instruments, the plan and the way alone."""


def shown(scene: Scene, visibility: Visibility) -> tuple[Part, ...]:
    """The parts to draw, in the order of drawing: what is translucent comes after what is solid.

    Nothing shines through skin that is shown: neither outlines nor ghosts tell what is beneath it.

    Parameters
    ----------
    scene
        Everything there is.
    visibility
        How each layer is drawn.

    Returns
    -------
    tuple
        The same objects again for the same parts, so that what did not change need not be drawn anew.
    """
    closed = visibility.get(Layer.SKIN, Shown.SHOWN) is Shown.SHOWN
    drawn = (_drawn(part, visibility.get(part.look.layer, Shown.SHOWN), closed) for part in scene.parts)
    return tuple(sorted((part for part in drawn if part is not None), key=lambda part: part.look.opacity < 1.0))


@lru_cache(maxsize=192)
def _drawn(part: Part, how: Shown, closed: bool) -> Part | None:
    """One part as it is drawn; the same object for the same question."""
    look = part.look
    if how is Shown.HIDDEN:
        return None
    if how is Shown.GHOST:
        look = replace(look, opacity=min(look.ghost, look.opacity), through=0.0)
    if closed:
        look = replace(look, through=0.0)
    return part if look == part.look else replace(part, look=look)


def opens(visibility: Visibility) -> bool:
    """Whether what lies in the body may be seen: cut open, and told in words."""
    return visibility.get(Layer.DISC, Shown.SHOWN) is not Shown.HIDDEN
