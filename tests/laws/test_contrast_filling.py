"""Filling places by distance: shells with one sorted front against a sort of everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import inject, voxelise
from dekomp_sim.disc.filling import outward, rims
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.5, 1.0, 1.0001, 7.0, 40.0])), max_size=40),
    st.floats(1e-3, 30.0),
)
def test_places_take_what_a_full_sort_gives_them(places: Sequence[tuple[float, float]], volume_ml: float) -> None:
    room, distance = (np.array([place[n] for place in places]) for n in range(2))
    np.testing.assert_allclose(
        outward(room, distance, volume_ml), sorted_outward(room, distance, volume_ml), atol=1e-12
    )


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


def test_the_rim_and_the_azimuth_of_voxels_are_those_of_the_shape() -> None:
    disc = voxelise(SHAPE, 2, voxel_mm=0.8)
    voxels = np.flatnonzero(disc.coverage.ravel() > 0.0)
    k, j, i = np.unravel_index(voxels, disc.tissue.shape)
    local = disc.patient_from_index.points(np.stack([i, j, k], axis=-1))  # the disc's frame is the patient's here
    frame = np.column_stack([disc.patient_from_index.matrix, disc.patient_from_index.origin_mm])
    rim, azimuth = rims(voxels, disc.tissue.shape, frame, (SHAPE.half_width_mm, SHAPE.half_depth_mm))
    np.testing.assert_allclose(rim, SHAPE.rim(local), rtol=1e-12)
    np.testing.assert_allclose(azimuth, np.arctan2(local[:, 0], local[:, 1]), rtol=1e-12)
