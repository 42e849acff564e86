"""Pictures of the 3D scene against committed ones; and that a hidden, recoloured or moved thing would be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from scene_pictures import BASELINES, SIZE, baseline, changed_pixels, drawn

from dekomp_sim.geometry import Rigid
from dekomp_sim.viewer.probe import Renderer
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.parts import Part, Scene

MAY_DIFFER = 25
"""Pixels of 240 x 180 that may differ by more than 16 of 255: on the Mesa that drew the baselines none do; another
rounds some edges otherwise. The least that must be found, below, is more than twice as much."""

FOUND = 60
"""Pixels that a change must make at least, to be found wherever the baselines were drawn."""


@pytest.mark.parametrize("name", BASELINES)
def test_the_scene_looks_as_it_did(name: str, renderer: Renderer) -> None:
    committed = baseline(name)
    assert committed.shape == (SIZE[1], SIZE[0], 3)
    changed = changed_pixels(drawn(name, renderer), committed)
    assert changed <= MAY_DIFFER, f"look at it, then renew with: python tests/scene_pictures.py ({changed} pixels)"


def without(layer: Layer) -> Callable[[Scene], Scene]:
    return lambda scene: replace(scene, parts=tuple(part for part in scene.parts if part.look.layer is not layer))


def each(layer: Layer, change: Callable[[Part], Part]) -> Callable[[Scene], Scene]:
    return lambda scene: replace(
        scene, parts=tuple(change(part) if part.look.layer is layer else part for part in scene.parts)
    )


def recoloured(part: Part) -> Part:
    return replace(part, look=replace(part.look, colour="#8000ff"))


def shifted(part: Part) -> Part:
    return replace(part, patient_from_form=Rigid.shift([0.0, 0.0, 3.0]) @ part.patient_from_form)


CHANGES = {
    "instruments hidden": without(Layer.INSTRUMENT),
    "instruments recoloured": each(Layer.INSTRUMENT, recoloured),
    "instruments 3 mm higher": each(Layer.INSTRUMENT, shifted),
    "discs hidden": without(Layer.DISC),
    "bones recoloured": each(Layer.BONE, recoloured),
    "nerves hidden": without(Layer.NERVE),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["close-up", "needle", "debriefing"])
def test_what_is_hidden_recoloured_or_moved_is_found(name: str, change: str, renderer: Renderer) -> None:
    assert changed_pixels(drawn(name, renderer, CHANGES[change]), baseline(name)) > FOUND


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("room", Layer.C_ARM),
        ("room", Layer.TABLE),
        ("room", Layer.BEAM),
        ("room", Layer.SKIN),
        ("examination", Layer.SKIN),
        ("debriefing", Layer.TRACK),
        ("axial", Layer.INSTRUMENT),
    ],
)
def test_each_thing_in_the_room_is_missed(name: str, layer: Layer, renderer: Renderer) -> None:
    assert changed_pixels(drawn(name, renderer, without(layer)), baseline(name)) > FOUND
