"""Whether a box meets the skin: cell by cell against every point, and upright bounds against corners."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import frozen
from dekomp_sim.geometry import Rigid
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.stand.touching import Block, bounds, touching_skin, whole_skin

_place = st.tuples(st.floats(-200.0, 200.0), st.floats(-150.0, 150.0), st.floats(-400.0, 400.0))
_half = st.tuples(*[st.floats(5.0, 120.0)] * 3)


@settings(max_examples=40, deadline=None)
@given(_place, _half, st.floats(-180.0, 180.0), st.floats(-180.0, 180.0))
def test_a_box_meets_the_skin_where_one_of_its_points_lies_in_it(
    glass: Patient, centre: tuple[float, ...], half: tuple[float, ...], turn_deg: float, tilt_deg: float
) -> None:
    turned = Rigid.about_axis([0, 0, 1], turn_deg) @ Rigid.about_axis([1, 0, 0], tilt_deg)
    block = Block(frozen(centre), turned.rotation, frozen(half))
    body = body_of(glass.volume)
    low, high = bounds([block])
    assert touching_skin([block], body) == (bool(block.holds(whole_skin(body)).any()),)
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    at = block.centre_mm + corners @ block.axes
    np.testing.assert_allclose([low[0], high[0]], [at.min(axis=0), at.max(axis=0)], atol=1e-9)
