"""Naming points along a needle's way: the compiled look-up against NumPy's, and boundaries against plain halving."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import BONES, Patient, Structure
from dekomp_sim.anatomy.disc_regions import disc_structure_at, on_grid, region_at
from dekomp_sim.anatomy.tissue_at import (
    AIR_BELOW_HU,
    BONE_ABOVE_HU,
    DISC_LABELS,
    EDGE_MM,
    FAT_BELOW_HU,
    tissue_at,
)
from dekomp_sim.arrays import FloatArray, IndexArray, UInt8Array
from dekomp_sim.instruments import Bend, Course, crossings_along, tissues_along
from dekomp_sim.instruments.insertion import SAMPLE_MM
from dekomp_sim.instruments.strand_contact import contact_intervals


def by_hounsfield(hu: FloatArray) -> IndexArray:
    classes = [hu < AIR_BELOW_HU, hu < FAT_BELOW_HU, hu > BONE_ABOVE_HU]
    return np.select(
        classes, [int(Structure.BOWEL_GAS), int(Structure.FAT), int(Structure.BONE)], int(Structure.MUSCLE)
    )


def slow_tissue_at(patient: Patient, points_mm: FloatArray) -> tuple[UInt8Array, IndexArray]:
    """The slow twin: the same in NumPy."""
    volume = patient.volume
    labels = volume.label_at(points_mm)
    held = {int(strand.structure) for strand in patient.strands} | {0}
    kinds = np.where(np.isin(labels, list(held)), by_hounsfield(volume.hu_at(points_mm)), labels)
    discs = np.full(len(points_mm), -1)
    bone = np.isin(labels, [int(b) for b in BONES])
    for n, shape in enumerate(patient.discs.values()):
        local = shape.patient_from_disc.inverse().points(points_mm)
        near = np.flatnonzero(~bone & (np.linalg.norm(local, axis=1) < 2.0 * shape.half_width_mm))
        depth = shape.depth_inside_mm(local[near])
        frayed = near[(depth > -EDGE_MM) & np.isin(kinds[near], DISC_LABELS)]
        kinds[frayed] = by_hounsfield(np.minimum(volume.hu_at(points_mm[frayed]), BONE_ABOVE_HU))
        inside = near[depth > 0.0]
        kinds[inside], discs[inside] = region_at(shape, local[inside]), n
    return kinds.astype(np.uint8), discs


def near_and_far(patient: Patient, count: int) -> FloatArray:
    """Points all over the patient and past the grid, half of them about its discs."""
    chance = np.random.Generator(np.random.Philox(key=[7, 1]))
    far = chance.uniform(-1.0, 1.0, (count, 3)) * (150.0, 120.0, 200.0)
    about = [
        shape.patient_from_disc.points(chance.uniform(-1.0, 1.0, (count // len(patient.discs), 3)) * (32.0, 24.0, 9.0))
        for shape in patient.discs.values()
    ]
    return np.concatenate([far, *about])


@pytest.mark.parametrize("who", ["glass", "coarse_phantom"])
def test_every_point_has_the_name_that_numpy_gives_it(who: str, request: pytest.FixtureRequest) -> None:
    patient: Patient = request.getfixturevalue(who)
    points = near_and_far(patient, 20000)
    kinds, discs = tissue_at(patient, points)
    wanted_kinds, wanted_discs = slow_tissue_at(patient, points)
    np.testing.assert_array_equal(kinds, wanted_kinds)
    np.testing.assert_array_equal(discs, wanted_discs)
    assert len(np.unique(kinds)) > 4
    assert set(np.unique(discs)) == {-1, *range(len(patient.discs))}


def test_a_disc_has_the_parts_that_its_formulas_give_it(glass: Patient) -> None:
    for shape in glass.discs.values():
        points = near_and_far(glass, 5000)
        local = shape.patient_from_disc.inverse().points(points)
        wanted = np.where(shape.depth_inside_mm(local) > 0.0, region_at(shape, local), 0)
        np.testing.assert_array_equal(disc_structure_at(shape, points), wanted)


def test_a_grid_along_a_disc_has_the_depths_and_parts_that_its_formulas_give_it(glass: Patient) -> None:
    axes = np.arange(-31.0, 31.5, 1.3), np.arange(-24.0, 24.5, 1.1), np.arange(-9.0, 9.5, 0.7)
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    for shape in glass.discs.values():
        depth, regions = on_grid(shape, axes)
        np.testing.assert_allclose(depth, shape.depth_inside_mm(points), atol=1e-12)
        np.testing.assert_array_equal(regions, region_at(shape, points))
    assert any(shape.protrusion for shape in glass.discs.values())


def halved(patient: Patient, course: Course, to_mm: float) -> list[tuple[float, int]]:
    """The slow twin of a way: every change between samples, halved twenty times."""
    depths = np.linspace(0.0, to_mm, max(2, int(np.ceil(to_mm / SAMPLE_MM)) + 1))
    kinds, discs = slow_tissue_at(patient, course.points(depths))
    found = []
    for n in np.flatnonzero((np.diff(kinds.astype(int)) != 0) | (np.diff(discs) != 0)):
        low, high = depths[n], depths[n + 1]
        for _ in range(20):
            middle = (low + high) / 2.0
            kind, disc = slow_tissue_at(patient, course.points(np.array([middle])))
            low, high = (middle, high) if kind[0] == kinds[n] and disc[0] == discs[n] else (low, middle)
        found.append((high, int(kinds[n + 1])))
    return found


@settings(max_examples=8, deadline=None)
@given(
    st.floats(-60.0, 60.0), st.floats(-40.0, 40.0), st.floats(-0.4, 0.4), st.floats(-0.3, 0.3), st.floats(0.0, 0.003)
)
def test_the_boundaries_along_a_way_are_where_halving_finds_them(
    glass: Patient, x: float, z: float, across: float, up: float, per_mm: float
) -> None:
    course = Course(np.array([x, 75.0, z]), np.array([across, -1.0, up]), (Bend(20.0, per_mm, 70.0),))
    met = tissues_along(glass, course, 0.0, 120.0)
    wanted = halved(glass, course, 120.0)
    assert len(met) == len(wanted) + 1
    # one step may hold two boundaries; then the first is found, and halving may have found the other
    np.testing.assert_allclose([c.from_mm for c in met[1:]], [at for at, _ in wanted], atol=SAMPLE_MM)
    exact = [abs(c.from_mm - at) < 1e-6 for c, (at, _) in zip(met[1:], wanted, strict=True)]
    assert sum(exact) >= len(exact) - 1


def test_what_begins_where_a_way_ends_is_not_told_yet(glass: Patient) -> None:
    course = Course(np.array([40.0, 75.0, 5.0]), np.array([-0.2, -1.0, 0.0]))
    for begins_mm in (c.from_mm for c in tissues_along(glass, course, 0.0, 120.0)[1:]):
        met = tissues_along(glass, course, 0.0, begins_mm + 1e-5, halvings=6)
        assert all(c.from_mm < c.to_mm for c in met)
        assert met[-1].to_mm == begins_mm + 1e-5


@settings(max_examples=15, deadline=None)
@given(
    st.floats(-60.0, 60.0), st.floats(-40.0, 40.0), st.floats(-0.4, 0.4), st.floats(-0.3, 0.3), st.floats(10.0, 90.0)
)
def test_no_nerve_is_passed_over_that_a_line_meets(
    glass: Patient, x: float, z: float, across: float, up: float, to_mm: float
) -> None:
    course = Course(np.array([x, 75.0, z]), np.array([across, -1.0, up]))
    told = {c.name for c in crossings_along(glass, course, 0.0, to_mm, radius_mm=0.7)}
    for strand in glass.strands:
        met = contact_intervals(strand, course.entry_mm, course.direction, 0.7)
        assert (strand.name in told) == any(a < to_mm and b > 0.0 for a, b in met)
