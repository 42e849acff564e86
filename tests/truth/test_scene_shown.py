"""What of a scene is shown: layers, the examination, the tissue that comes off step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trunk import case

from dekomp_sim.viewer.scene import palette
from dekomp_sim.viewer.scene.cameras import VISIBLE, View
from dekomp_sim.viewer.scene.forms import Metal
from dekomp_sim.viewer.scene.of_case import scene_of
from dekomp_sim.viewer.scene.palette import Layer, Look
from dekomp_sim.viewer.scene.parts import Part
from dekomp_sim.viewer.scene.visibility import EXAM, PRACTICE, STRIPPED, Shown, shown


def test_translucent_parts_are_drawn_after_solid_ones() -> None:
    opacities = [part.look.opacity < 1.0 for part in shown(scene_of(case()), PRACTICE)]
    assert opacities == sorted(opacities)
    assert any(opacities)


LOOKS = [look for look in vars(palette).values() if isinstance(look, Look)]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.layer} {look.colour}")
def test_each_layer_can_be_shown_ghosted_and_hidden(look: Look) -> None:
    scene = replace(scene_of(case()), parts=(Part("it", Metal(()), look),))
    opacities = {how: [part.look.opacity for part in shown(scene, {**PRACTICE, look.layer: how})] for how in Shown}
    assert opacities[Shown.HIDDEN] == []
    assert opacities[Shown.SHOWN] == [look.opacity]
    assert opacities[Shown.GHOST][0] < look.opacity
    assert opacities[Shown.GHOST][0] <= 0.5


def test_in_an_examination_only_skin_instruments_and_the_machine_are_left_and_nothing_shines_through() -> None:
    scene = scene_of(case(), beam=True)
    left = shown(scene, EXAM)
    seen = {Layer.SKIN, Layer.INSTRUMENT, Layer.C_ARM, Layer.TABLE, Layer.BEAM}
    assert {part.look.layer for part in left} == seen
    assert {part.look.opacity for part in left if part.look.layer is Layer.SKIN} == {1.0}
    assert {part.look.through for part in left} == {0.0}
    assert any(part.look.through > 0.0 for part in scene.parts)


def test_the_tissue_comes_off_step_by_step_until_instruments_and_plan_are_alone() -> None:
    counts = [len(shown(scene_of(case()), step)) for step in STRIPPED]
    assert counts == sorted(counts, reverse=True)
    last = {part.look.layer for part in shown(scene_of(case()), STRIPPED[-1])}
    assert last == {Layer.INSTRUMENT, Layer.PLAN}


def test_what_is_drawn_the_same_is_the_same_object() -> None:
    first, second = (shown(scene_of(case()), PRACTICE) for _ in range(2))
    assert [id(part) for part in first if part.name == "skin"] == [id(part) for part in second if part.name == "skin"]


def test_the_words_of_an_examination_do_not_tell_what_was_removed() -> None:
    scene = scene_of(case())
    assert scene.caption() == "L4-L5 from the left; 0:00 min, 0.00 mL removed"
    assert scene.caption(opened=False) == "L4-L5 from the left; 0:00 min"


def test_hidden_layers_are_left_out_of_the_views_they_would_hide() -> None:
    close = shown(scene_of(case()), VISIBLE[View.CLOSE_UP])
    assert "skin" not in {part.name for part in close}
    assert "skin" in {part.name for part in shown(scene_of(case()), VISIBLE[View.OVERVIEW])}
