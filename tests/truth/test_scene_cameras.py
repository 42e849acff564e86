"""From where a scene is seen, and what is left, right, up and down there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pinhole import pixel_of
from trunk import CENTRE_MM, case

from dekomp_sim.anatomy import Side
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.viewer.scene.cameras import Orbit, View, camera, letters, view_from
from dekomp_sim.viewer.scene.of_case import scene_of


@pytest.mark.parametrize("view", list(View))
def test_left_and_up_are_where_the_letters_say(view: View) -> None:
    seen = camera(scene_of(case()), view)
    upward = [0.0, 1.0, 0.0] if view in {View.AXIAL, View.ROOM} else [0.0, 0.0, 1.0]
    assert seen.upward @ upward > 0.8
    if view in {View.AXIAL, View.OVERVIEW}:
        # From behind, and from the feet with the back up, the patient's left is on the left.
        assert seen.right[0] < -0.9
        assert letters(seen.right) == "R"


def test_the_needles_own_view_has_its_tip_and_its_hub_on_one_line() -> None:
    eye = camera(scene_of(case()), View.NEEDLE)
    cannula = case().placements["trocar_cannula"]
    for point in (cannula.tip_mm, cannula.hub_mm):
        assert np.abs(np.subtract(pixel_of(point, eye), (119.5, 159.5))).max() < 1.0
    assert eye.upward[2] > 0.9


def test_a_camera_may_stand_anywhere_about_the_disc_and_a_wrong_one_is_told_what_is_allowed() -> None:
    eye = camera(scene_of(case()), view_from("90,0,200"))
    assert (eye.position_mm - CENTRE_MM)[1:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert view_from("needle") is View.NEEDLE
    assert view_from("-20,30,400") == Orbit(-20.0, 30.0, 400.0)
    for wrong in ("behind", "1,2", "1,2,x"):
        with pytest.raises(InputError, match=r"camera: found .*; allowed: close-up, .*azimuth_deg,elevation_deg"):
            view_from(wrong)
    with pytest.raises(OutOfRangeError, match="camera"):
        view_from("0,0,nan")


@pytest.mark.parametrize("side", list(Side))
def test_the_room_is_seen_from_the_operators_side_with_the_ceiling_up(side: Side) -> None:
    eye = camera(replace(scene_of(case()), side=side), View.ROOM)
    away = eye.position_mm - CENTRE_MM
    assert away[0] * side.sign > 500.0
    assert away[1] > 500.0
    assert eye.upward @ [0.0, 1.0, 0.0] > 0.8
    level = camera(replace(scene_of(case()), side=side), Orbit(0.0, 0.0, 400.0, lying=True))
    assert (level.position_mm - CENTRE_MM)[1:] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_the_close_up_sees_the_side_of_the_approach() -> None:
    for side, forward in ((Side.LEFT, "P"), (Side.RIGHT, "A")):
        eye = camera(replace(scene_of(case()), side=side), View.CLOSE_UP)
        assert (eye.position_mm - CENTRE_MM)[0] * side.sign > 100.0
        # Seen from the patient's left, the back is to the right.
        assert letters(eye.right) == forward
