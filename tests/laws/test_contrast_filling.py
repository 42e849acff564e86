"""Filling places by distance: shells with one sorted front against a sort of everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import inject, voxelise
from dekomp_sim.disc.filling import poured_outward, shells
from dekomp_sim.disc.reading import arc_deg, places, rims, weighted_quantile
from dekomp_sim.disc.spaces import FISSURE_HASTE, layout, nuclear_space
from dekomp_sim.geometry import Rigid

SHAPE = DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 12.0, 8.0, protrusion=Protrusion(Side.LEFT))


def sorted_outward(room_ml: FloatArray, distance_mm: FloatArray, volume_ml: float) -> FloatArray:
    """The slow twin."""
    order = np.argsort(distance_mm, kind="stable")
    room = room_ml[order]
    taken = np.empty_like(room_ml)
    taken[order] = np.clip(volume_ml - (np.cumsum(room) - room), 0.0, room)
    return taken


PLACES = st.lists(
    st.tuples(
        st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.sampled_from([0.0, 0.5, 1.0, 1.0001, 7.0, 40.0]), st.booleans()
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(PLACES, st.floats(1e-3, 30.0))
def test_places_take_what_a_full_sort_gives_them(
    found: Sequence[tuple[float, float, float, bool]], volume_ml: float
) -> None:
    """Places of some capacity, some of which hold a share of it; and stains where nothing can be filled."""
    most, share, distance = (np.array([place[n] for place in found]) for n in range(3))
    wet = np.array([place[3] for place in found], dtype=bool) & (share * most > 0.0)
    voxels = 2 * np.arange(len(found)) + 1
    before = np.concatenate([voxels[wet], [0, 2 * len(found) + 2]])
    order = np.argsort(before)
    held = np.concatenate([(share * most)[wet], [0.3, 0.7]])[order]
    about_tip = shells(np.stack([distance, 0.0 * distance, 0.0 * distance], axis=1), np.ones(len(found)), np.zeros(3))
    where, much, left = poured_outward((before[order], held), (voxels, most), about_tip, volume_ml)
    old = np.where(wet, share * most, 0.0)
    taken = sorted_outward(most - old, distance, volume_ml)
    wanted = np.zeros(2 * len(found) + 3)
    wanted[voxels] = old + taken
    wanted[[0, -1]] = 0.3, 0.7
    got = np.zeros(len(wanted))
    got[where] = much
    np.testing.assert_allclose(got, wanted, atol=1e-12)
    assert (np.diff(where) > 0).all()
    assert (much > 0.0).all()
    assert abs(left + taken.sum() - volume_ml) <= 1e-12


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(0.01, 1.0)), min_size=1, max_size=60),
    st.sampled_from([0.0, 0.5, 0.98, 1.0]),
)
def test_a_weighted_quantile_is_that_of_a_full_sort(found: Sequence[tuple[float, float]], share: float) -> None:
    values, weights = (np.array(column) for column in zip(*found, strict=True))
    got = weighted_quantile(values, weights, share)
    assert got in values
    total = weights.sum()
    assert weights[values <= got].sum() >= share * total - 1e-9
    assert weights[values < got].sum() <= share * total + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-180.0, 180.0), max_size=30))
def test_an_arc_is_the_circle_less_its_widest_gap(found_deg: Sequence[float]) -> None:
    azimuth = np.radians(np.array(found_deg))
    at = np.stack([np.sin(azimuth), np.cos(azimuth)], axis=1)
    sorted_deg = np.sort(np.degrees(np.arctan2(at[:, 0], at[:, 1])) % 360.0)
    gaps = np.diff(sorted_deg, append=sorted_deg[:1] + 360.0)
    wanted = 360.0 - gaps.max() if len(found_deg) > 1 else 0.0
    assert abs(arc_deg(at, np.ones(len(at)), 0.5) - wanted) <= 1e-9
    assert arc_deg(at, np.ones(len(at)), 1.5) == 0.0


def test_an_injection_fills_the_voxels_that_a_full_sort_fills() -> None:
    for grade in (0, 2, 4):
        disc = voxelise(SHAPE, grade, voxel_mm=0.8)
        space = nuclear_space(layout(disc), with_protrusion=grade >= 3)
        tip = np.array([4.0, 3.0, 1.0])
        room = space.share * disc.fraction.ravel()[space.voxels] * disc.voxel_ml
        distance = np.linalg.norm(space.points_mm - tip, axis=1) / space.haste
        wanted = np.zeros(disc.contrast_ml.size)
        wanted[space.voxels] = sorted_outward(room, distance, 0.4)
        filled = inject(disc, 0.4, 0.05, tip_mm=tip)
        np.testing.assert_allclose(filled.contrast_ml.ravel(), wanted, atol=1e-9)
        assert set(np.unique(space.haste)) <= {1.0, FISSURE_HASTE[grade]}


def test_a_disc_made_again_is_the_same_disc_and_keeps_its_spaces() -> None:
    disc = voxelise(SHAPE, 2, voxel_mm=0.8)
    later = inject(disc, 0.1, 0.05)
    assert layout(later) == layout(disc)
    assert layout(later) != layout(voxelise(SHAPE, 3, voxel_mm=0.8))
    assert nuclear_space(layout(later), with_protrusion=False) is nuclear_space(layout(disc), with_protrusion=False)


def test_the_rim_and_the_place_of_voxels_are_those_of_the_shape() -> None:
    disc = voxelise(SHAPE, 2, voxel_mm=0.8)
    voxels = np.flatnonzero(disc.coverage.ravel() > 0.0)
    k, j, i = np.unravel_index(voxels, disc.tissue.shape)
    local = disc.patient_from_index.points(np.stack([i, j, k], axis=-1))  # the disc's frame is the patient's here
    frame = np.column_stack([disc.patient_from_index.matrix, disc.patient_from_index.origin_mm])
    at = places(voxels, disc.tissue.shape, frame)
    np.testing.assert_allclose(at, local[:, :2], atol=1e-12)
    np.testing.assert_allclose(rims(at, (SHAPE.half_width_mm, SHAPE.half_depth_mm)), SHAPE.rim(local), rtol=1e-12)
