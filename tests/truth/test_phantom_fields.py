"""The painters' compiled formulas against the disc's own and against closed forms."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Level
from dekomp_sim.anatomy.phantom.build import disc_row
from dekomp_sim.anatomy.phantom.fields import beyond_endplate, disc_side, local, part_distance, smooth_less
from dekomp_sim.anatomy.phantom.frames import stack
from dekomp_sim.anatomy.phantom.paint import noise_cube
from dekomp_sim.anatomy.phantom.parts import box, tube
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.geometry import Rigid

SPEC = PhantomSpec()
SPACES = stack(SPEC).interspaces
DISCS = stack(SPEC).discs(SPEC)
WITHIN = st.floats(-22.0, 22.0)


@settings(max_examples=25, deadline=None)
@given(level=st.sampled_from(list(Level)), x=WITHIN, y=WITHIN, z=WITHIN)
def test_the_painted_disc_is_the_discs_own_formula(level: Level, x: float, y: float, z: float) -> None:
    disc = DISCS[level]
    row = disc_row(SPACES[level.value], disc.protrusion)
    point = np.array([x, y, z])
    at = disc.patient_from_disc.points(point)
    assert np.allclose(local(row, at[0], at[1], at[2]), point, atol=1e-9)
    side, bump, half = disc_side(row, x, y)
    assert np.isclose(bump, disc.bump_mm(point))
    assert np.isclose(half, disc.height_mm(point) / 2.0)
    rim = float(disc.rim(point))
    radius = float(np.hypot(x, y))
    assert np.isclose(side, radius - radius / rim if rim > 1e-6 else -disc.half_depth_mm, atol=1e-6)
    assert np.isclose(beyond_endplate(row, at[0], at[1], at[2], 1.0), half - z, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(x=WITHIN, y=WITHIN, z=WITHIN)
def test_a_round_tube_is_a_capsule(x: float, y: float, z: float) -> None:
    row = tube([0.0, 0.0, -5.0], [0.0, 0.0, 5.0], (3.0, 3.0), (0.0, 1.0, 0.0)).row()
    exact = np.linalg.norm([x, y, z - np.clip(z, -5.0, 5.0)]) - 3.0
    assert np.isclose(part_distance(row, x, y, z), exact, atol=1e-9)


def test_a_rounded_box_ends_at_its_half_extents() -> None:
    row = box([1.0, 0.0, 0.0], (4.0, 3.0, 2.0), Rigid.identity(), round_mm=1.0).row()
    assert np.allclose(
        [part_distance(row, 5.0, 0.0, 0.0), part_distance(row, 1.0, 3.0, 0.0), part_distance(row, 1.0, 0.0, 4.0)],
        [0.0, 0.0, 2.0],
    )


def test_a_smooth_minimum_is_the_minimum_away_from_the_seam() -> None:
    assert smooth_less(1.0, 9.0, 3.0) == 1.0
    assert smooth_less(1.0, 1.0, 4.0) == 0.0  # a quarter of the fillet's width deeper on the seam itself


def test_noise_is_standard_and_differs_by_purpose() -> None:
    one, two = noise_cube(1, 1), noise_cube(1, 2)
    assert abs(float(one.mean())) < 1e-6
    assert abs(float(one.std()) - 1.0) < 1e-5
    assert not np.array_equal(one, two)
