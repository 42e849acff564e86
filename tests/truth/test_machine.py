"""Reach, collisions and the focus' distance, against answers known on paper for a patient shaped like a box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Side, Volume
from dekomp_sim.arrays import frozen, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine, CArm, Detector, Rigid
from dekomp_sim.imaging.radiation.body import Body, body_of
from dekomp_sim.imaging.radiation.staff import Protection
from dekomp_sim.imaging.stand.machine import (
    Gantry,
    Table,
    hindrances,
    housings,
    pair_collides,
    table_block,
    table_top_mm,
)
from dekomp_sim.imaging.stand.touching import Block, focus_skin_mm

PANEL = Detector()
HALF_WIDTH, FRONT, BACK = 170.0, -150.0, 80.0


@pytest.fixture(scope="module")
def body() -> Body:
    """A box 340 mm wide from y = -150 to 80 mm, 304 mm long."""
    x, y = np.arange(-220.0, 221.0, 4.0), np.arange(-200.0, 141.0, 4.0)
    plane = (np.abs(x)[None, :] <= HALF_WIDTH) & (y[:, None] >= FRONT) & (y[:, None] <= BACK)
    hu = np.where(np.repeat(plane[None], 76, 0), 40, -1000).astype(np.int16)
    return body_of(Volume(hu, Affine.from_spacing((4.0, 4.0, 4.0), (-220.0, -200.0, -152.0))))


def asked(body: Body, primary_deg: float, secondary_deg: float = 0.0, **gantry: object) -> tuple[str, ...]:
    arm = CArm(primary_deg, secondary_deg, (0.0, 0.0, 0.0))
    return hindrances(replace(Gantry(), **gantry), arm, PANEL, Table(), body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("primary_deg", "secondary_deg"),
    [(180.0, 0.0), (180.0, 26.0), (145.0, 8.0), (-145.0, 8.0), (90.0, 0.0), (-90.0, 0.0), (134.0, 11.0)],
)
def test_the_views_of_a_lumbar_procedure_can_be_taken_from_either_side(
    body: Body, primary_deg: float, secondary_deg: float
) -> None:
    for stand in Side:
        assert asked(body, primary_deg, secondary_deg, stand=stand) == ()


def test_a_detector_under_the_table_is_out_of_the_orbit(body: Body) -> None:
    words = asked(body, 0.0)
    assert words[0] == (
        "The C-arm slides 95 degrees at most away from its stand at the patient's right; this view needs 180."
    )


def test_an_arm_that_is_not_isocentric_takes_the_lateral_from_one_side_only(body: Body) -> None:
    # stand at the right, 55 degrees of overscan: the detector comes to the right, not to the left (primary + 90)
    assert asked(body, -90.0, over_deg=55.0) == ()
    assert "slides 55 degrees at most away from its stand" in asked(body, 90.0, over_deg=55.0)[0]


def test_a_tilt_beyond_the_arms_is_refused(body: Body) -> None:
    assert asked(body, 180.0, 50.0)[0] == "The C-arm tilts 45 degrees at most; this view needs 50."


def test_the_focus_is_as_far_from_a_flat_belly_as_paper_says(body: Body) -> None:
    # focus 600 mm below the isocentre, belly 150 mm below it; skin lies half a 4 mm voxel beyond the last centre
    assert focus_skin_mm(CArm(180.0, 0.0, (0.0, 0.0, 0.0)), PANEL, body) == pytest.approx(450.0, abs=4.0)
    assert focus_skin_mm(CArm(90.0, 0.0, (0.0, 0.0, 0.0)), PANEL, body) == pytest.approx(430.0, abs=4.0)


def test_a_beam_beside_the_patient_meets_no_skin(body: Body) -> None:
    assert focus_skin_mm(CArm(180.0, 0.0, (900.0, 0.0, 0.0)), PANEL, body) == float("inf")


def test_a_focus_nearer_than_the_law_is_refused(body: Body) -> None:
    # isocentre 420 mm from the focus: 270 mm to the belly
    arm = CArm(180.0, 0.0, (0.0, 0.0, 0.0), 420.0, 1020.0)
    slim = Gantry(tube_ahead_mm=20.0)
    words = [w for w in hindrances(slim, arm, PANEL, Table(), body) if "focus" in w]
    assert len(words) == 1
    assert words[0].endswith("mm from the skin; 300 mm at least.")


def test_a_raised_patient_meets_the_detector_and_a_lowered_one_the_tube(body: Body) -> None:
    # the detector is 420 mm above the isocentre, the back 80 mm: raised by 350 mm they meet; the table's underside is
    # 240 mm below the isocentre, the tube's front 450 mm: lowered by 220 mm they meet
    def shifted(up_mm: float) -> tuple[str, ...]:
        return hindrances(Gantry(), CArm(180.0, 0.0, (0.0, -up_mm, 0.0)), PANEL, Table(height_mm=850.0 + up_mm), body)

    assert shifted(300.0) == ()
    assert "The detector would hit the patient: lower the table or turn less." in shifted(350.0)
    assert "The tube would hit the table: raise the table or turn less." in shifted(-220.0)


def test_an_isocentre_above_the_arms_travel_is_refused(body: Body) -> None:
    # table 1200 + pad 50 + 150 to the isocentre = 1400 mm
    words = hindrances(Gantry(), CArm(180.0, 0.0, (0.0, 0.0, 0.0)), PANEL, Table(height_mm=1200.0), body)
    assert len(words) == 1
    assert words[0].startswith("The isocentre would be 140")
    assert words[0].endswith("mm above the floor; 880 to 1340 mm: lower the table.")


def test_the_table_lies_below_the_pad_below_the_belly(body: Body) -> None:
    assert table_top_mm(Table(), body) == pytest.approx(FRONT - 50.0, abs=4.0)
    block = table_block(Table(), body)
    assert block.holds(np.array([260.0, FRONT - 70.0, 500.0]))
    assert not block.holds(np.array([270.0, FRONT - 70.0, 500.0]))


def test_a_steep_tilt_brings_the_tube_to_the_table(body: Body) -> None:
    low = Table(thickness_mm=80.0)
    assert hindrances(Gantry(), CArm(180.0, 45.0, (0.0, 0.0, 0.0)), PANEL, low, body) == (
        "The tube would hit the table: raise the table or turn less.",
    )


def test_housings_stand_at_the_ends_of_the_beam() -> None:
    arm = CArm(180.0, 0.0, (0.0, 0.0, 0.0))
    parts = housings(Gantry(), arm, PANEL)
    assert parts["tube"].holds(np.array([0.0, -600.0, 0.0]))
    assert parts["tube"].holds(np.array([100.0, -451.0, 0.0]))
    assert not parts["tube"].holds(np.array([0.0, -449.0, 0.0]))
    assert parts["detector"].holds(np.array([190.0, 421.0, 0.0]))
    assert not parts["detector"].holds(np.array([0.0, 419.0, 0.0]))


def test_boxes_meet_where_paper_says() -> None:
    cube = Block(frozen([0.0, 0.0, 0.0]), frozen(np.eye(3)), frozen([1.0, 1.0, 1.0]))
    turned = frozen(Rigid.about_axis([0, 0, 1], 45.0).rotation)
    # a cube on its edge reaches sqrt 2 toward the first: they meet until the centres are 1 + sqrt 2 apart
    for gap, meets in ((2.40, True), (2.43, False)):
        other = Block(frozen([gap, 0.0, 0.0]), turned, frozen([1.0, 1.0, 1.0]))
        assert cube.meets(other) is meets
        assert other.meets(cube) is meets


def test_crossed_edges_part_boxes_that_no_face_parts() -> None:
    # two cubes on edges that cross at right angles touch at 2 sqrt 2 = 2.83 along the line of centres
    first = Block(
        frozen([0.0, 0.0, 0.0]), frozen(Rigid.about_axis([1, 0, 0], 45.0).rotation.T), frozen([1.0, 1.0, 1.0])
    )
    axes = frozen(Rigid.about_axis([0, 1, 0], 45.0).rotation.T)
    for gap, meets in ((2.82, True), (2.84, False)):
        assert first.meets(Block(frozen([0.0, 0.0, gap]), axes, frozen([1.0, 1.0, 1.0]))) is meets


def test_a_biplane_pair_fits_and_a_narrow_one_collides() -> None:
    frontal, lateral = (CArm(p, 0.0, (0.0, 0.0, 0.0)) for p in (180.0, 90.0))
    assert pair_collides(Gantry(), frontal, lateral, PANEL) == ()
    near = CArm(150.0, 0.0, (0.0, 0.0, 0.0))
    words = pair_collides(Gantry(), frontal, near, PANEL)
    assert "The frontal detector and the lateral detector would collide." in words


def test_the_skin_of_a_tube_has_its_area_place_and_normals() -> None:
    y, x = np.mgrid[-130:131, -130:131].astype(np.float64)
    disc = np.where(np.hypot(x, y) <= 100.0, 40, -1000).astype(np.int16)
    disc[np.hypot(x - 20.0, y) < 15.0] = -900  # gas inside is no skin
    disc[(np.abs(x) < 120.0) & (np.abs(y - 120.0) < 3.0)] = 100  # a table plate is no patient
    found = body_of(Volume(np.repeat(disc[None], 120, 0), Affine.from_spacing((1.0, 1.0, 1.0), (-130.0, -130.0, 0.0))))
    radius = np.hypot(found.skin_mm[:, 0], found.skin_mm[:, 1])
    assert radius.mean() == pytest.approx(100.0, abs=1.0)
    assert radius.std() < 1.5
    assert found.area_mm2.sum() == pytest.approx(2.0 * np.pi * 100.0 * 120.0, rel=0.03)
    outward = (found.outward[:, :2] * found.skin_mm[:, :2]).sum(axis=1) / radius
    assert outward.mean() > 0.98
    assert found.holds(np.array([20.0, 0.0, 60.0]))
    assert not found.holds(np.array([0.0, 120.0, 60.0]))


def test_a_tilted_scan_has_the_same_skin() -> None:
    box = np.full((40, 50, 60), -1000, dtype=np.int16)
    box[:, 10:40, 10:50] = 40
    turn = Rigid.about_axis(unit([1.0, 1.0, 0.3]), 25.0).rotation
    affine = Affine(frozen(turn * 4.0), frozen([7.0, 8.0, 9.0]))
    straight, tilted = (body_of(Volume(box, a)) for a in (Affine.from_spacing((4.0, 4.0, 4.0)), affine))
    assert tilted.area_mm2.sum() == pytest.approx(straight.area_mm2.sum())
    np.testing.assert_allclose(tilted.skin_mm, straight.skin_mm @ turn.T + (7.0, 8.0, 9.0), atol=1e-9)
    np.testing.assert_allclose(tilted.outward, straight.outward @ turn.T, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gantry(tilt_deg=-1.0), "tilt_deg: found -1; allowed: 0 to 90"),
        (lambda: Gantry(isocentre_height_mm=(1300.0, 900.0)), "isocentre_height_mm: found 1300 to 900"),
        (lambda: Table(width_mm=53.0), "width_mm: found 53; allowed: 200 to 1200"),
        (lambda: Table(height_mm=float("nan")), "height_mm: found nan"),
        (lambda: Protection(apron_lead_mm=5.0), "apron_lead_mm: found 5; allowed: 0 to 2"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(OutOfRangeError, match=words):
        make()


def test_a_volume_of_air_holds_no_body() -> None:
    air = np.full((20, 20, 20), -1000, dtype=np.int16)
    with pytest.raises(ValueError, match="holds no body"):
        body_of(Volume(air, Affine.from_spacing((4.0, 4.0, 4.0))))
