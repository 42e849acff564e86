"""Compiled loops of the panes beside their slow twins, whatever the numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dekomp_sim.anatomy import Volume
from dekomp_sim.anatomy.reformat import hu_on, labels_on
from dekomp_sim.geometry import Affine, Rigid
from dekomp_sim.geometry.section import Section
from dekomp_sim.imaging.console.processing import Console, on_detector, on_screen
from dekomp_sim.imaging.console.strokes import cover_strokes, fill_circles

angle = st.floats(-180.0, 180.0)
place = st.floats(-5.0, 35.0)


@settings(max_examples=25, deadline=None)
@given(angle, angle, st.floats(0.3, 2.0), st.integers(0, 1000))
def test_a_section_is_linear_interpolation_and_its_labels_the_nearest(
    turn: float, tilt: float, mm_per_px: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    hu = chance.integers(-1000, 2000, (9, 11, 13)).astype(np.int16)
    labels = chance.integers(0, 200, hu.shape).astype(np.uint8)
    move = Rigid.about_axis([0, 0, 1], turn) @ Rigid.about_axis([1, 0, 0], tilt)
    volume = Volume(hu, Affine(np.diag([0.8, -1.1, 2.0]), np.array([3.0, -2.0, 5.0])), labels)
    centre = volume.patient_from_index.points([6.0, 5.0, 4.0])
    right, down = move.rotation[:, 0], move.rotation[:, 1]
    section = Section(tuple(centre.tolist()), tuple(right.tolist()), tuple(down.tolist()), mm_per_px, 12, 15)
    x, y = np.meshgrid(np.arange(15) - 7.0, np.arange(12) - 5.5)
    points = centre + mm_per_px * (x[..., None] * right + y[..., None] * down)
    index = volume.patient_from_index.indices(points)
    kji = np.moveaxis(index[..., ::-1], -1, 0)
    inside = np.all((index >= 0.01) & (index <= np.array([12, 10, 8]) - 0.01), axis=-1)
    slow = ndimage.map_coordinates(hu.astype(np.float64), kji, order=1)
    np.testing.assert_allclose(hu_on(volume, section)[inside], slow[inside], atol=0.01)
    # nearest is ambiguous halfway between two voxels
    sure = inside & np.all(np.abs(index - np.floor(index) - 0.5) > 1e-6, axis=-1)
    np.testing.assert_array_equal(labels_on(volume, section)[sure], volume.label_at(points)[sure])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(place, place, place, place), min_size=1, max_size=4), st.floats(0.5, 6.0))
def test_strokes_cover_what_their_distance_says(ends: list[tuple[float, ...]], width: float) -> None:
    strokes = np.array(ends)
    cover = np.zeros((24, 31), dtype=np.float32)
    cover_strokes(strokes, width, cover)
    y, x = np.mgrid[:24, :31].astype(np.float64)
    slow = np.zeros((24, 31))
    for x0, y0, x1, y1 in strokes:
        way = np.array([x1 - x0, y1 - y0])
        share = np.clip(((x - x0) * way[0] + (y - y0) * way[1]) / max(float(way @ way), 1e-12), 0.0, 1.0)
        distance = np.hypot(x - x0 - share * way[0], y - y0 - share * way[1])
        slow = np.maximum(slow, np.clip(width / 2.0 + 0.5 - distance, 0.0, 1.0))
    np.testing.assert_allclose(cover, slow, atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(st.booleans(), st.floats(0.0, 359.0), st.floats(0.0, 99.0), st.floats(0.0, 79.0))
def test_a_place_on_the_screen_comes_back_to_the_detector(flip: bool, turn: float, col: float, row: float) -> None:
    console = Console(flipped=flip, rotated_deg=turn)
    there = on_screen((80, 100), console, col, row)
    np.testing.assert_allclose(on_detector((80, 100), console, *there), (col, row), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(place, place, st.floats(0.0, 9.0), st.integers(1, 200)), min_size=1, max_size=4))
def test_circles_fill_the_pixels_within_their_radius(circles: list[tuple[float, ...]]) -> None:
    filled = np.zeros((24, 31), dtype=np.uint8)
    fill_circles(np.array(circles, dtype=np.float64), filled)
    y, x = np.mgrid[:24, :31].astype(np.float64)
    slow, sure = np.zeros((24, 31)), np.ones((24, 31), dtype=np.bool_)
    for at_x, at_y, radius, number in circles:
        distance = np.hypot(x - at_x, y - at_y)
        slow = np.where(distance <= radius, number, slow)
        sure &= np.abs(distance - radius) > 1e-9  # on the rim rounding decides
    np.testing.assert_array_equal(filled[sure], slow[sure])
