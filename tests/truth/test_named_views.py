"""Named views against answers known on paper, for a prone patient with the detector over the back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Patient, Side
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.geometry import CArm, Detector, Rigid
from dekomp_sim.procedure.actions import View
from dekomp_sim.procedure.fluoroscopy.views import (
    angles_of,
    biplane_pair,
    process_turn_deg,
    square_tilt_deg,
    straight_behind_deg,
)


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


def seen_across(patient: Patient, level: Level, carm: CArm, points_mm: FloatArray) -> FloatArray:
    """Where points (n, 3) fall across the disc's shadow: 0 at its left edge in the picture, 1 at its right."""
    shape, panel = patient.discs[level], Detector()
    turn = np.linspace(0.0, 2.0 * np.pi, 200)
    cos, sin = np.cos(turn), np.sin(turn)
    x = shape.half_width_mm * np.sign(cos) * np.abs(cos) ** 0.8
    y = shape.half_depth_mm * np.sign(sin) * np.abs(sin) ** 0.8
    rim = shape.patient_from_disc.points(np.stack([x, y, np.zeros_like(x)], axis=-1))
    columns = carm.pixel_of(rim, panel)[:, 1]
    return np.asarray((carm.pixel_of(points_mm, panel)[:, 1] - columns.min()) / np.ptp(columns))


def labelled(patient: Patient, level: Level, *, upper: bool) -> FloatArray:
    """Points (n, 3) of the vertebra above or below a disc, in the patient frame."""
    labels = patient.volume.labels
    assert labels is not None
    k, j, i = np.nonzero(labels == (level.vertebra_above if upper else level.vertebra_below))
    return patient.volume.patient_from_index.points(np.stack([i, j, k], axis=-1))


def rolled(patient: Patient, level: Level, by_deg: float) -> Rigid:
    """The turn of a patient about the long axis through a disc."""
    return Rigid.about_axis([0.0, 0.0, 1.0], by_deg, patient.discs[level].patient_from_disc.translation_mm)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("by_deg", [0.0, 8.0])
def test_in_a_true_ap_the_spinous_process_stands_midway(coarse_phantom: Patient, level: Level, by_deg: float) -> None:
    turn = rolled(coarse_phantom, level, by_deg)
    shape = coarse_phantom.discs[level]
    lying = replace(shape, patient_from_disc=turn @ shape.patient_from_disc)
    patient = replace(coarse_phantom, discs={level: lying})
    carm = CArm(*angles_of(View.AP, lying, Side.LEFT, INWARD, 180.0), lying.patient_from_disc.translation_mm)
    points = labelled(coarse_phantom, level, upper=True)
    process = turn.points(points[points[:, 1] > np.percentile(points[:, 1], 95.0)])
    # one voxel of 2 mm in 90 mm of shadow
    assert seen_across(patient, level, carm, process).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("side", list(Side))
def test_in_the_oblique_view_the_superior_articular_process_lies_over_the_middle_of_the_disc(
    coarse_phantom: Patient, level: Level, side: Side
) -> None:
    shape = coarse_phantom.discs[level]
    turn = process_turn_deg(coarse_phantom, level, side)
    assert 20.0 <= turn <= 45.0
    angles = angles_of(View.OBLIQUE, shape, side, INWARD, 180.0, turn)
    carm = CArm(*angles, shape.patient_from_disc.translation_mm)
    points = labelled(coarse_phantom, level, upper=False)
    local = shape.patient_from_disc.inverse().points(points)
    above = (local[:, 2] > 0.0) & (local[:, 2] < 25.0) & (local[:, 1] > shape.half_depth_mm)
    process = points[above & (local[:, 0] * side.sign > 6.0)]
    share = seen_across(coarse_phantom, level, carm, process)
    # the process' own middle within a twentieth of the disc's width (perspective), all of it in the middle third
    assert share.mean() == pytest.approx(0.5, abs=0.05)
    assert share.min() > 1 / 3
    assert share.max() < 2 / 3


def test_upper_levels_are_seen_with_less_turn_than_l5_s1(coarse_phantom: Patient) -> None:
    turns = [process_turn_deg(coarse_phantom, level, Side.LEFT) for level in Level]
    assert turns == sorted(turns)


def test_without_labels_the_oblique_view_takes_the_usual_turn(coarse_phantom: Patient) -> None:
    bare = replace(coarse_phantom, volume=replace(coarse_phantom.volume, labels=None))
    assert process_turn_deg(bare, Level.L4_L5, Side.LEFT) == 35.0


def test_a_patient_turned_on_the_table_turns_all_views() -> None:
    # rolled by +6 degrees about the head-pointing axis, the back turns from +y toward -x: primary beyond 180
    tilted = disc(6.0, (0.0, 0.0, 1.0))
    assert straight_behind_deg(tilted) == pytest.approx(-174.0)
    assert angles_of(View.LATERAL, tilted, Side.LEFT, INWARD, 180.0).primary_deg == pytest.approx(96.0)


@pytest.mark.parametrize("side", list(Side))
def test_a_biplane_pair_is_square_and_both_planes_lie_in_the_disc(side: Side) -> None:
    shape = disc(17.0, (0.8, 0.1, 0.1))
    frontal, lateral = (CArm(*angles, (0.0, 0.0, 0.0)) for angles in biplane_pair(shape, side))
    normal = shape.patient_from_disc.rotation[:, 2]
    for plane in (frontal, lateral):
        assert plane.towards_detector @ normal == pytest.approx(0.0, abs=1e-12)
    turned = (lateral.primary_deg - frontal.primary_deg) % 360.0
    assert turned == pytest.approx(90.0 if side is Side.RIGHT else 270.0)
