"""What holds of rigid moves whatever the numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.geometry import Rigid

_numbers = st.floats(-100.0, 100.0)
_points = st.tuples(_numbers, _numbers, _numbers)
_axes = st.tuples(st.floats(0.1, 1.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
moves = st.builds(Rigid.about_axis, _axes, st.floats(-180.0, 180.0), _points)


@settings(max_examples=25, deadline=None)
@given(moves, moves, _points)
def test_a_product_acts_as_one_move_after_the_other(a: Rigid, b: Rigid, point: tuple[float, ...]) -> None:
    np.testing.assert_allclose((a @ b).points(point), a.points(b.points(point)), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(moves, _points)
def test_the_inverse_undoes(a: Rigid, point: tuple[float, ...]) -> None:
    np.testing.assert_allclose(a.inverse().points(a.points(point)), point, atol=1e-9)
    np.testing.assert_allclose((a @ a.inverse()).points(point), point, atol=1e-9)
