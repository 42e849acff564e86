"""A needle against a tube: closed form against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Strand, Structure
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.instruments.strand_contact import contact_intervals

_place = st.tuples(*[st.floats(-20.0, 20.0)] * 3)
_radius = st.floats(0.5, 6.0)


def distance_mm(strand: Strand, points: FloatArray) -> FloatArray:
    """The slow twin: least distance of points (n, 3) to a dense chain of balls along the path."""
    u = np.linspace(0.0, 1.0, 4001)[:, None]
    least = np.full(len(points), np.inf)
    for n in range(len(strand.path_mm) - 1):
        centres = strand.path_mm[n] * (1 - u) + strand.path_mm[n + 1] * u
        radii = strand.radius_mm[n] * (1 - u[:, 0]) + strand.radius_mm[n + 1] * u[:, 0]
        gap = np.linalg.norm(points[:, None] - centres[None], axis=2) - radii[None]
        least = np.minimum(least, gap.min(axis=1))
    return least


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_place, _radius), min_size=2, max_size=4), _place, _place, st.floats(0.0, 1.5))
def test_the_axis_is_in_contact_inside_the_intervals_and_nowhere_else(
    nodes: list[tuple[tuple[float, float, float], float]],
    entry: tuple[float, float, float],
    through: tuple[float, float, float],
    radius_mm: float,
) -> None:
    way = np.subtract(through, entry)
    if np.linalg.norm(way) < 1.0:
        return
    strand = Strand("root", Structure.NERVE_ROOT, np.array([p for p, _ in nodes]), np.array([r for _, r in nodes]))
    intervals = contact_intervals(strand, np.array(entry), unit(way), radius_mm)
    depths = np.linspace(-80.0, 80.0, 161)
    gap = distance_mm(strand, np.array(entry) + depths[:, None] * unit(way)) - radius_mm
    inside = np.any([(depths >= a) & (depths <= b) for a, b in intervals], axis=0) if intervals else depths > np.inf
    clear = np.abs(gap) > 0.02  # the chain of balls is this coarse
    np.testing.assert_array_equal(inside[clear], (gap < 0.0)[clear])


def test_across_a_tube_the_way_is_a_chord() -> None:
    tube = Strand("tube", Structure.NERVE_ROOT, np.array([[-50.0, 0, 0], [50, 0, 0]]), np.array([5.0, 5.0]))
    ((first, last),) = contact_intervals(tube, np.array([0.0, -20.0, 3.0]), np.array([0.0, 1.0, 0.0]), 0.0)
    np.testing.assert_allclose([first, last], [16.0, 24.0])


def test_along_a_tube_the_way_is_its_length_and_its_ends() -> None:
    tube = Strand("tube", Structure.NERVE_ROOT, np.array([[-50.0, 0, 0], [50, 0, 0]]), np.array([5.0, 5.0]))
    ((first, last),) = contact_intervals(tube, np.array([-80.0, 0.0, 3.0]), np.array([1.0, 0.0, 0.0]), 0.0)
    np.testing.assert_allclose([first, last], [26.0, 134.0])
