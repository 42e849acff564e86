"""Distances of a needle from tubes, discs and labels, against paper and against brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Patient, Strand, Structure, Volume
from dekomp_sim.anatomy.clearance import REACH_MM, Clearance, clearances, in_words, millimetres
from dekomp_sim.anatomy.strand_distance import strand_distances_mm
from dekomp_sim.geometry import Affine, Rigid


def _strand(path: list[list[float]], radius: list[float], name: str = "left L4 exiting root") -> Strand:
    return Strand(name, Structure.NERVE_ROOT, np.array(path), np.array(radius))


def _patient(strands: tuple[Strand, ...] = (), boxes: tuple[tuple[Structure, int], ...] = ()) -> Patient:
    """A 60 mm cube of 1 mm voxels about the origin; each box is a slab of the structure from x = `at` on."""
    labels = np.zeros((60, 60, 60), dtype=np.uint8)
    for structure, at in boxes:
        labels[:, :, at + 30 :] = structure
    affine = Affine.from_spacing((1.0, 1.0, 1.0), (-30.0, -30.0, -30.0))
    volume = Volume(np.zeros(labels.shape, dtype=np.int16), affine, labels)
    disc = DiscShape(Level.L4_L5, Rigid.shift([0.0, 0.0, -100.0]), 25.0, 17.0, 12.0, 8.0)
    return Patient("box", volume, {Level.L4_L5: disc}, strands, "none")


def _named(found: tuple[Clearance, ...], name: str) -> Clearance:
    return next(clearance for clearance in found if clearance.name == name)


def test_crossing_tubes_are_apart_by_their_axes_distance_less_both_radii() -> None:
    patient = _patient((_strand([[0, -50, 5], [0, 50, 5]], [2.0, 2.0]),))
    got = _named(clearances(patient, [-20, 0, 0], [20, 0, 0], radius_mm=0.75), "left L4 exiting root")
    assert got.distance_mm == pytest.approx(5.0 - 2.0 - 0.75)
    assert got.at_mm == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_a_needle_through_a_root_is_negative_by_how_deep_it_is() -> None:
    patient = _patient((_strand([[0, -50, 0.5], [0, 50, 0.5]], [2.0, 2.0]),))
    got = _named(clearances(patient, [-20, 0, 0], [20, 0, 0], 0.75), "left L4 exiting root")
    assert got.distance_mm == pytest.approx(0.5 - 2.0 - 0.75)


def test_a_needle_that_ends_before_a_root_is_measured_from_its_tip() -> None:
    patient = _patient((_strand([[0, -50, 0], [0, 50, 0]], [2.0, 2.0]),))
    got = _named(clearances(patient, [-20, 3, 0], [-7, 3, 0], 0.0), "left L4 exiting root")
    assert got.distance_mm == pytest.approx(5.0)
    assert got.at_mm == pytest.approx([-7.0, 3.0, 0.0])


def test_parallel_tubes_are_apart_by_their_axes_distance() -> None:
    strand = _strand([[0, 0, 4], [50, 0, 4]], [1.0, 1.0])
    got = strand_distances_mm([strand], np.array([[10.0, 0, 0]]), np.array([[30.0, 0, 0]]))
    assert got[0, 0] == pytest.approx(3.0)


def test_a_growing_radius_is_a_cone_and_not_a_staircase() -> None:
    # radius 0.6 x along the x axis; the needle crosses 10 mm above x = 5. On paper the least of sqrt(100 + u^2) - 0.6
    # (5 + u) is 12.5 - 7.5 = 5 at u = 7.5; a strand that ends at u = 5 is nearest at its end
    strand = _strand([[0, 0, 0], [10, 0, 0]], [0.0, 6.0])
    across = strand_distances_mm([strand], np.array([[5.0, -20, 10]]), np.array([[5.0, 20, 10]]))
    assert across[0, 0] == pytest.approx(np.sqrt(125.0) - 6.0)
    longer = _strand([[0, 0, 0], [20, 0, 0]], [0.0, 12.0])
    across = strand_distances_mm([longer], np.array([[5.0, -20, 10]]), np.array([[5.0, 20, 10]]))
    assert across[0, 0] == pytest.approx(5.0)


def test_an_axis_may_be_a_point() -> None:
    strand = _strand([[0, 0, 0], [10, 0, 0]], [1.0, 1.0])
    got = strand_distances_mm([strand], np.array([[5.0, 0, 4]]), np.array([[5.0, 0, 4]]))
    assert got[0, 0] == pytest.approx(3.0)


def test_no_strands_no_distances() -> None:
    assert strand_distances_mm([], np.zeros((3, 3)), np.ones((3, 3))).shape == (3, 0)


def test_bone_is_measured_to_the_voxels_surface() -> None:
    patient = _patient(boxes=((Structure.VERTEBRA_L4, 8),))
    got = _named(clearances(patient, [0, -10, 0], [0, 10, 0], 1.0), "vertebra L4")
    # the slab's first voxel is centred on x = 8 and begins at 7.5
    assert got.distance_mm == pytest.approx(6.5)
    assert got.structure is Structure.VERTEBRA_L4


def test_an_organ_out_of_reach_is_not_reported() -> None:
    patient = _patient(boxes=((Structure.KIDNEY_LEFT, int(REACH_MM) + 2),))
    assert [c.name for c in clearances(patient, [0, -10, 0], [0, 10, 0])] == ["L4-L5 disc"]


def test_what_is_a_strand_is_not_looked_up_in_the_labels_again() -> None:
    aorta = Strand("aorta", Structure.AORTA, np.array([[8.0, 0, -30], [8.0, 0, 30]]), np.array([2.0, 2.0]))
    patient = _patient((aorta,), ((Structure.AORTA, 6),))
    assert [c.name for c in clearances(patient, [0, -10, 0], [0, 10, 0])] == ["aorta", "L4-L5 disc"]


def test_a_needle_in_the_disc_is_inside_it_and_nearest_comes_first() -> None:
    patient = _patient((_strand([[0, -50, -80], [0, 50, -80]], [2.0, 2.0]),))
    found = clearances(patient, [40, 0, -100], [0, 0, -100])
    # at the centre the disc is 10 mm high and 2 mm of concavity more
    assert found[0].name == "L4-L5 disc"
    assert found[0].distance_mm == pytest.approx(-6.0, abs=0.01)
    assert found[0].distance_mm < found[1].distance_mm


def test_structures_have_words() -> None:
    assert in_words(Structure.ILIAC_VEIN_LEFT) == "iliac vein left"


def test_a_clearance_carries_how_well_the_structures_place_is_known() -> None:
    root = replace(_strand([[0, -50, 5], [0, 50, 5]], [2.0, 2.0]), uncertainty_mm=1.5)
    found = _named(clearances(_patient((root,)), [-20, 0, 0], [20, 0, 0], 0.75), root.name)
    assert found.distance_mm == pytest.approx(2.25)
    assert found.uncertainty_mm == 1.5
    assert millimetres(2.14, found.uncertainty_mm) == "2.1 mm (± 1.5)"
    assert millimetres(2.14) == "2.1 mm"
