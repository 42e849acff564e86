"""What a needle meets in a block of flesh whose parts are known on paper."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Patient, Strand, Structure, Volume
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine, Rigid
from dekomp_sim.instruments import Placement, advance, crossings, instrument, structure_at

ENTRY = np.array([0.0, 60.0, 0.0])
INWARD = np.array([0.0, -1.0, 0.0])


@cache
def patient() -> Patient:
    """Air behind y = 50, fat to y = 40, muscle in front, a vertebra in front of y = -20.5, a root across at y = 30."""
    hu = np.full((41, 141, 41), 50, dtype=np.int16)
    y = np.arange(141) - 70.0
    hu[:, (y > 40) & (y <= 50), :] = -100
    hu[:, y > 50, :] = -1000
    labels = np.zeros(hu.shape, dtype=np.uint8)
    labels[:, y <= -20, :] = Structure.VERTEBRA_L4
    root = Strand(
        "left L4 exiting root", Structure.NERVE_ROOT, np.array([[-10.0, 30, 0], [10, 30, 0]]), np.array([2.0, 2.0]),
        Level.L4_L5,
    )  # fmt: skip
    volume = Volume(hu, Affine.from_spacing((1, 1, 1), (-20, -70, -20)), labels)
    return Patient("block", volume, {}, (root,), "block")


@cache
def patient_with_disc() -> Patient:
    shape = DiscShape(Level.L4_L5, Rigid.identity(), 18.0, 15.0, 12.0, 12.0, nucleus_fraction=0.6)
    return replace(patient(), discs={Level.L4_L5: shape}, strands=())


def test_a_needle_meets_fat_muscle_root_and_bone_at_their_depths() -> None:
    met = crossings(patient(), ENTRY, INWARD, 100.0)
    seen = [(c.structure, round(c.from_mm, 4), round(c.to_mm, 4)) for c in met]
    assert seen == [
        (Structure.OUTSIDE, 0.0, 9.5),
        (Structure.FAT, 9.5, 19.5),
        (Structure.MUSCLE, 19.5, 79.5),
        (Structure.NERVE_ROOT, 28.0, 32.0),
        (Structure.VERTEBRA_L4, 79.5, 100.0),
    ]


def test_at_each_depth_the_structure_is_known() -> None:
    met = crossings(patient(), ENTRY, INWARD, 100.0)
    names = [c.name for c in (structure_at(met, depth) for depth in (5.0, 15.0, 25.0, 30.0, 90.0)) if c is not None]
    assert names == ["outside", "fat", "muscle", "left L4 exiting root", "vertebra l4"]
    assert structure_at(met, 101.0) is None


def test_a_needle_that_touches_a_root_with_its_side_does_not_pierce_it() -> None:
    beside = ENTRY + np.array([0.0, 0.0, 2.5])
    assert not [c for c in crossings(patient(), beside, INWARD, 60.0) if c.structure is Structure.NERVE_ROOT]
    (touch,) = (
        c for c in crossings(patient(), beside, INWARD, 60.0, radius_mm=0.7365) if c.structure is Structure.NERVE_ROOT
    )
    assert not touch.pierced
    assert touch.to_mm - touch.from_mm == pytest.approx(2 * np.sqrt(2.7365**2 - 2.5**2))


def test_a_disc_is_met_by_its_formulas() -> None:
    met = {c.structure: c for c in crossings(patient_with_disc(), ENTRY, INWARD, 65.0)}
    shape = patient_with_disc().discs[Level.L4_L5]
    back = float(15.0 / 1.12)  # the outline is flattened behind by 12 % in the midline
    assert met[Structure.ANNULUS].from_mm == pytest.approx(60.0 - back, abs=1e-6)
    assert met[Structure.ANNULUS].name == "L4-L5 annulus"
    assert met[Structure.ANNULUS].level is Level.L4_L5
    nucleus = met[Structure.NUCLEUS]
    edge = np.array([0.0, 60.0 - nucleus.from_mm, 0.0])
    assert float(shape.nucleus_rim(edge)) == pytest.approx(1.0, abs=1e-6)
    assert nucleus.to_mm == 65.0


def test_the_edge_voxels_of_a_labelled_disc_are_no_second_disc() -> None:
    volume = patient_with_disc().volume
    assert volume.labels is not None
    labels = volume.labels.copy()
    labels[:, 56:86, :] = Structure.ANNULUS  # y from -14.5 to 15.5: 2 mm more than the formula behind
    labelled = replace(patient_with_disc(), volume=Volume(volume.hu.copy(), volume.patient_from_index, labels))
    met = crossings(labelled, ENTRY, INWARD, 60.0)
    assert [c.name for c in met][-3:] == ["muscle", "L4-L5 annulus", "L4-L5 nucleus"]


def test_bone_stops_the_needle_at_its_surface() -> None:
    placed = Placement(instrument("trocar_cannula"), ENTRY, INWARD, 40.0)
    reached = advance(patient(), placed, 95.0)
    assert reached.stopped_by is Structure.VERTEBRA_L4
    assert reached.placement.depth_mm == pytest.approx(79.5, abs=1e-6)
    assert reached.wanted_mm == 95.0
    assert [c.structure for c in reached.crossings] == [Structure.MUSCLE]


def test_a_needle_on_bone_stays_there() -> None:
    placed = Placement(instrument("trocar_cannula"), ENTRY, INWARD, 40.0)
    once = advance(patient(), placed, 95.0)
    again = advance(patient(), once.placement, 95.0)
    assert again.placement.depth_mm == pytest.approx(once.placement.depth_mm, abs=1e-6)
    assert again.stopped_by is Structure.VERTEBRA_L4


def test_only_the_new_part_of_the_way_is_reported() -> None:
    placed = Placement(instrument("trocar_cannula"), ENTRY, INWARD, 15.0)
    reached = advance(patient(), placed, 29.0)
    assert reached.stopped_by is None
    assert [(c.structure, c.from_mm, c.to_mm) for c in reached.crossings] == [
        (Structure.FAT, 15.0, pytest.approx(19.5, abs=1e-6)),
        (Structure.MUSCLE, pytest.approx(19.5, abs=1e-6), 29.0),
        (Structure.NERVE_ROOT, pytest.approx(28.0 - 1.473 / 2), 29.0),
    ]


def test_unlabelled_dense_voxels_stop_the_needle_as_bone() -> None:
    hu = np.full((11, 41, 11), 40, dtype=np.int16)
    hu[:, :20, :] = 600
    body = Patient("scan", Volume(hu, Affine.from_spacing((1, 1, 1), (-5, 0, -5))), {}, (), "scan")
    placed = Placement(instrument("discography_needle"), np.array([0.0, 40.0, 0.0]), INWARD, 0.0)
    reached = advance(body, placed, 35.0)
    assert reached.stopped_by is Structure.BONE
    assert reached.placement.depth_mm == pytest.approx(20.5, abs=1e-6)


def test_gas_within_the_body_is_bowel_and_air_before_it_outside() -> None:
    hu = np.full((11, 41, 11), 40, dtype=np.int16)
    hu[:, 10:15, :] = -900
    hu[:, 36:, :] = -1000
    body = Patient("scan", Volume(hu, Affine.from_spacing((1, 1, 1), (-5, 0, -5))), {}, (), "scan")
    met = crossings(body, [0.0, 40.0, 0.0], INWARD, 40.0)
    assert [c.structure for c in met] == [
        Structure.OUTSIDE, Structure.MUSCLE, Structure.BOWEL_GAS, Structure.MUSCLE,
    ]  # fmt: skip


def test_pushing_backwards_is_refused_and_names_the_remedy() -> None:
    placed = Placement(instrument("trocar_cannula"), ENTRY, INWARD, 40.0)
    with pytest.raises(OutOfRangeError, match=r"30\.0 mm with the tip at 40\.0 mm.*Withdraw it"):
        advance(patient(), placed, 30.0)


def test_the_instruments_length_limits_its_way() -> None:
    placed = Placement(instrument("anaesthetic_needle"), ENTRY, INWARD, 40.0)
    with pytest.raises(OutOfRangeError, match="its length"):
        advance(patient(), placed, 95.0)
