"""Fast loops of the CT scanner against slow ones: rays through a slab, chords of steel, back-projection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry import Rigid, Rod
from dekomp_sim.imaging.ct.acquisition import Masses, Turn, ct_response, reading
from dekomp_sim.imaging.ct.gantry import Gantry, pixel_centres_mm
from dekomp_sim.imaging.ct.paths import areal_g_cm2, rods_in_slice
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.ct.reconstruction import parallel_rays, parallel_step_mm
from dekomp_sim.imaging.ct.slab import Slab
from dekomp_sim.matter import Substance, mass_attenuation_cm2_g
from dekomp_sim.validation.cylinders import chord_mm

SMALL = Gantry(channels=40, channel_mm=8.0, views=24)


def slow_sum(slab: Slab, gantry: Gantry, view: int, channel: int) -> FloatArray:
    """Joseph's sum for one ray, in words: straight lines between two pixels of each row, or column, that it crosses."""
    beta, fan = gantry.view_rad[view], gantry.fan_rad[channel]
    focus = gantry.source_to_isocentre_mm * np.array([np.cos(beta), np.sin(beta)])
    way = -np.array([np.cos(beta - fan), np.sin(beta - fan)])
    steep = int(abs(way[1]) >= abs(way[0]))
    values = slab.g_cm3 if steep else slab.g_cm3.transpose(1, 0, 2)
    total = np.zeros(2)
    for v in range(values.shape[0]):
        path = (slab.first_mm[steep] + v * slab.pixel_mm - focus[steep]) / way[steep]
        u = (focus[1 - steep] + path * way[1 - steep] - slab.first_mm[1 - steep]) / slab.pixel_mm
        if 0.0 <= u <= values.shape[1] - 1:
            total += [np.interp(u, np.arange(values.shape[1]), values[v, :, n]) for n in range(2)]
    return np.asarray(total * slab.pixel_mm / abs(way[steep]) / 10.0)


@given(st.integers(0, 2**32 - 1), st.integers(0, 23), st.integers(5, 34))
@settings(max_examples=50, deadline=None)  # the first one compiles
def test_rays_sum_what_josephs_words_say(seed: int, view: int, channel: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.zeros((9, 13, 2), dtype=np.float32)
    values[1:-1, 1:-1] = rng.random((7, 11, 2))
    slab = Slab((Substance.SOFT_TISSUE, Substance.BONE_MINERAL), values, (-40.0, -20.0), 7.0)
    fast = areal_g_cm2(slab, SMALL)
    expected = slow_sum(slab, SMALL, view, channel)
    assert [fast[0][view, channel], fast[1][view, channel]] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_slab_whose_rim_is_not_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="rim"):
        Slab((Substance.SOFT_TISSUE, Substance.BONE_MINERAL), np.ones((4, 4, 2), dtype=np.float32), (0.0, 0.0), 1.0)


def test_rebinned_rays_are_the_chords_of_parallel_ones() -> None:
    """A circle off the middle: row n looks along pi n / rows, column m passes (m - channels + 1/2) steps from it."""
    gantry = Gantry()
    fan = chord_mm(gantry, 40.0, -25.0, 60.0).astype(np.float32)
    rebinned = parallel_rays(fan, gantry)
    theta = np.arange(gantry.views // 2)[:, None] * 2.0 * np.pi / gantry.views
    at = (np.arange(2 * gantry.channels) - gantry.channels + 0.5) * parallel_step_mm(gantry)
    apart = at - (40.0 * np.cos(theta) - 25.0 * np.sin(theta))
    chord = 2.0 * np.sqrt(np.maximum(60.0**2 - apart**2, 0.0))
    inside = np.abs(apart) < 58.0
    assert np.abs(rebinned - chord)[inside].max() < 0.15
    assert np.abs(rebinned[np.abs(apart) > 62.0]).max() == 0.0


@given(st.floats(-60.0, 60.0), st.floats(-60.0, 60.0), st.floats(2.0, 20.0))
@settings(max_examples=20, deadline=None)
def test_steel_is_read_as_the_chord_of_its_cylinder(x_mm: float, y_mm: float, radius_mm: float) -> None:
    """Far from its rim, a rod along the table gives the beam's own sum behind the chord on paper."""
    turn = Turn(Protocol(thickness_mm=1.0), SMALL_FINE, index=None)
    rod = Rod(np.array([x_mm, y_mm, -30.0]), np.array([x_mm, y_mm, 30.0]), radius_mm)
    nothing = np.zeros((turn.gantry.views, turn.gantry.channels), dtype=np.float32)
    steel = rods_in_slice((rod,), Rigid.identity(), turn.offsets_mm)
    with_rod = reading(Masses(nothing, nothing), steel, turn).signal
    without = reading(Masses(nothing, nothing), np.zeros((0, 9)), turn).signal
    chord = chord_mm(turn.gantry, x_mm, y_mm, radius_mm)
    view, channel = np.unravel_index(np.argmax(chord), chord.shape)
    behind = ct_response(turn.protocol.beam)
    per_mm = mass_attenuation_cm2_g(Substance.STEEL, behind.energies_kev) * 0.8
    tissue = mass_attenuation_cm2_g(Substance.SOFT_TISSUE, behind.energies_kev)
    open_share = behind.shares * np.exp(-tissue * turn.gantry.bow_tie_g_cm2[channel])
    expected = open_share @ np.exp(-per_mm * chord[view, channel]) / open_share.sum()
    assert with_rod[view, channel] / without[view, channel] == pytest.approx(expected, rel=0.05)
    beside = chord_mm(turn.gantry, x_mm, y_mm, radius_mm + 3.0) == 0.0
    assert np.array_equal(with_rod[beside], without[beside])


SMALL_FINE = Gantry(channels=400, channel_mm=2.2, views=16)


@given(st.floats(0.6, 10.0))
@settings(deadline=None)
def test_the_heights_of_a_slice_lie_about_its_middle_and_within_its_shadow(thickness_mm: float) -> None:
    offsets = Gantry().slice_offsets_mm(thickness_mm)
    assert float(offsets.mean()) == pytest.approx(0.0, abs=1e-6)
    assert np.abs(offsets).max() < (thickness_mm + 0.43) / 2.0
    assert (np.diff(offsets.reshape(-1)) > 0.0).all()


def test_pixel_centres_are_symmetric() -> None:
    assert pixel_centres_mm(4, 8.0).tolist() == [-3.0, -1.0, 1.0, 3.0]
