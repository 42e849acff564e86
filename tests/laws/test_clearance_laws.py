"""The closed form of the distance between a needle and a tube against a search over both axes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Strand, Structure
from dekomp_sim.anatomy.strand_distance import nearest_on_axes, strand_distances_mm

COORDINATE = st.floats(-20.0, 20.0).map(lambda value: round(value, 2))
POINT = st.tuples(COORDINATE, COORDINATE, COORDINATE)


@settings(max_examples=25, deadline=None)
@given(st.lists(POINT, min_size=4, max_size=4, unique=True), st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_distances_are_those_of_a_search_over_both_axes(
    points: list[tuple[float, float, float]], r0: float, r1: float
) -> None:
    start, end, near, far = (np.array(point) for point in points)
    got = strand_distances_mm(
        [Strand("root", Structure.NERVE_ROOT, np.array([near, far]), np.array([r0, r1]))], start[None], end[None]
    )[0, 0]
    share = np.linspace(0.0, 1.0, 401)
    axis, path = start + share[:, None] * (end - start), near + share[:, None] * (far - near)
    apart = np.linalg.norm(axis[:, None] - path[None], axis=-1) - (r0 + share * (r1 - r0))
    # a grid of 400 steps of up to 0.17 mm lies at most one step above the least value, never below it
    assert got <= apart.min() + 1e-9
    assert got == pytest.approx(apart.min(), abs=0.25)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(POINT, POINT, POINT, st.floats(0.1, 5.0), st.floats(0.1, 5.0)), max_size=6), POINT, POINT)
def test_each_of_many_tubes_is_as_far_as_alone_and_there_on_the_axis(
    tubes: list[tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], float, float]],
    first: tuple[float, float, float],
    last: tuple[float, float, float],
) -> None:
    strands = [
        Strand("vein", Structure.AORTA, np.array(path), np.array([r0, r1, r0]))
        for *path, r0, r1 in tubes
        if len(set(path)) == 3
    ]
    start, end = np.array([first]), np.array([last])
    together, along = nearest_on_axes(strands, start, end)
    for n, strand in enumerate(strands):
        assert together[0, n] == strand_distances_mm([strand], start, end)[0, 0]
        there = start + along[0, n] * (end - start)
        assert strand_distances_mm([strand], there, there)[0, 0] == pytest.approx(together[0, n], abs=1e-9)
