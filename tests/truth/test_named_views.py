"""Named views against answers known on paper, for a prone patient with the detector over the back."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Side
from dekomp_sim.arrays import unit
from dekomp_sim.geometry import CArm, Detector, Rigid
from dekomp_sim.procedure.actions import View
from dekomp_sim.procedure.views import angles_of, square_tilt_deg


def disc(lean_deg: float = 0.0, axis: tuple[float, float, float] = (1.0, 0.0, 0.0)) -> DiscShape:
    """A disc whose normal leans from straight up by a right-handed turn about an axis."""
    return DiscShape(Level.L4_L5, Rigid.about_axis(axis, lean_deg), 25.0, 17.0, 13.0, 9.0)


INWARD = unit([-1.0, -1.0, 0.0])


@pytest.mark.parametrize(
    ("view", "side", "primary_deg"),
    [
        (View.AP, Side.LEFT, 180.0),
        (View.LATERAL, Side.LEFT, 90.0),
        (View.LATERAL, Side.RIGHT, -90.0),
        (View.OBLIQUE, Side.LEFT, 145.0),
        (View.OBLIQUE, Side.RIGHT, -145.0),
    ],
)
def test_views_of_a_level_disc_are_turned_and_not_tilted(view: View, side: Side, primary_deg: float) -> None:
    angles = angles_of(view, disc(), side, INWARD, 180.0)
    assert angles.primary_deg == pytest.approx(primary_deg)
    assert angles.secondary_deg == pytest.approx(0.0)


def test_a_disc_that_rises_to_the_back_is_seen_with_a_cranial_detector() -> None:
    # Turned by +10 degrees about the left-pointing axis, the normal (0, 0, 1) becomes (0, -sin 10, cos 10): the disc's
    # back edge is the higher one, so the beam rises toward the detector over the back: cranial, +10 degrees.
    assert square_tilt_deg(disc(10.0), 180.0) == pytest.approx(10.0)


@pytest.mark.parametrize("primary_deg", [180.0, 145.0, -145.0, 90.0])
def test_a_square_view_has_its_central_ray_in_the_disc_s_plane(primary_deg: float) -> None:
    tilted = disc(17.0, (0.8, 0.5, 0.1))
    carm = CArm(primary_deg, square_tilt_deg(tilted, primary_deg), (0.0, 0.0, 0.0))
    assert carm.towards_detector @ tilted.patient_from_disc.rotation[:, 2] == pytest.approx(0.0, abs=1e-12)


def test_the_oblique_detector_stands_over_the_side_of_approach() -> None:
    for side in Side:
        angles = angles_of(View.OBLIQUE, disc(), side, INWARD, 180.0)
        x, y, _ = CArm(*angles, (0.0, 0.0, 0.0)).towards_detector
        assert x * side.sign == pytest.approx(np.sin(np.radians(35.0)))
        assert y == pytest.approx(np.cos(np.radians(35.0)))


def test_down_the_needle_its_entry_and_its_tip_are_one_point() -> None:
    inward = unit([-0.6, -0.7, 0.2])
    target = np.array([1.0, 2.0, 3.0])
    angles = angles_of(View.NEEDLE_EYE, disc(5.0), Side.LEFT, inward, 180.0)
    carm, detector = CArm(*angles, (1.0, 2.0, 3.0)), Detector()
    pixels = carm.pixel_of(np.array([target, target - 100.0 * inward]), detector)
    np.testing.assert_allclose(pixels[0], pixels[1], atol=1e-6)


def test_the_endplate_view_keeps_the_turn_it_finds() -> None:
    angles = angles_of(View.ENDPLATE, disc(10.0), Side.LEFT, INWARD, 160.0)
    assert angles.primary_deg == 160.0
    assert angles.secondary_deg == pytest.approx(square_tilt_deg(disc(10.0), 160.0))
