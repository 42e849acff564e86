"""What holds of tissue removal whatever the numbers, and the compiled loop against its slow twin."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import (
    Disc,
    ProbeRun,
    contrast_balance_ml,
    crept,
    decompress,
    inject,
    tissue_balance_ml,
    voxelise,
)
from dekomp_sim.disc.auger import Limits, Plan, wear
from dekomp_sim.geometry import Rigid


def tip_mm(plan: Plan, phase: FloatArray) -> FloatArray:
    """A triangle wave between 0 and the stroke's length."""
    return np.asarray(plan.stroke_mm * (1.0 - np.abs(2.0 * (phase % 1.0) - 1.0)))


def ramp(y: FloatArray, half_mm: float) -> FloatArray:
    return np.where(y <= -half_mm, 0.0, np.where(y >= half_mm, y, (y + half_mm) ** 2 / (4.0 * half_mm)))


def slow_wear(
    mass: FloatArray, rates: FloatArray, bins: FloatArray, in_disc: FloatArray, plan: Plan, limits: Limits
) -> tuple[FloatArray, float, float]:
    """The slow twin: one step after another on whole arrays; strokes cut at every quarter of a turn and each step."""
    clogged, (rates, clog_per_ml) = limits.clogged, rates
    mass, taken, half, dt = mass.copy(), 0.0, plan.bin_mm / 2.0, plan.seconds / plan.steps
    for step in range(plan.steps):
        first, last = plan.strokes * step / plan.steps, plan.strokes * (step + 1) / plan.steps
        turns = np.arange(np.floor(4 * first), np.ceil(4 * last) + 1) / 4
        stops = tip_mm(plan, np.concatenate([[first], turns[(turns > first) & (turns < last)], [last]]))
        front, back = (ramp(stops[:, None] - w - bins, half) for w in (0.0, plan.window_mm))
        path = np.abs(np.diff(front, axis=0) - np.diff(back, axis=0)).sum(axis=0)
        middle = tip_mm(plan, np.array([(first + last) / 2.0]))
        smooth = [ramp(middle - w - bins + e, half) for w in (0.0, plan.window_mm) for e in (0.5, -0.5)]
        beside = smooth[0] - smooth[1] - smooth[2] + smooth[3]
        path = path + plan.creep_mm_s * dt * beside
        cut = -mass * np.expm1(-rates * path[:, None])
        ratio = np.clip(limits.pressure_ratio - limits.ratio_loss_per_ml * taken, 0.0, 1.0)
        touch = min(1.0, float((in_disc * beside).sum()) * plan.bin_mm / plan.window_mm)
        intake = limits.intake_ml_s * (limits.intake_floor + (1.0 - limits.intake_floor) * ratio) * touch
        allowed = min(intake, limits.conveyor_ml_s * max(0.0, 1.0 - clogged)) * dt
        scale = min(1.0, allowed / cut.sum()) if cut.sum() > 0.0 else 1.0
        mass -= scale * cut
        taken += scale * float(cut.sum())
        clogged += scale * float((cut * clog_per_ml).sum())
    return mass, taken, clogged


@settings(max_examples=25, deadline=None)
@given(
    stroke_mm=st.floats(0.0, 20.0),
    strokes=st.floats(0.0, 7.0),
    seconds=st.floats(0.1, 5.0),
    steps=st.integers(1, 40),
    limits=st.builds(
        Limits,
        st.floats(0.0, 0.02),
        st.just(0.0125),
        st.just(0.5),
        st.floats(0.0, 2.0),
        st.just(2.4),
        st.floats(0.0, 1.0),
    ),
    seed=st.integers(0, 1000),
)
def test_the_compiled_loop_does_what_its_slow_twin_does(
    stroke_mm: float, strokes: float, seconds: float, steps: int, limits: Limits, seed: int
) -> None:
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    bins: FloatArray = np.linspace(-9.0, 20.6, 75)
    mass, rates = rng.uniform(0.0, 1e-3, (75, 6)), np.stack([rng.uniform(0.0, 0.05, 6), rng.uniform(0.0, 20.0, 6)])
    in_disc = (rng.uniform(size=75) > 0.3).astype(np.float64)
    plan = Plan(stroke_mm, strokes, seconds, steps, 8.0, 0.4, 0.05)
    slow, taken, clogged = slow_wear(mass, rates, bins, in_disc, plan, limits)
    worn = mass.copy()
    report = wear(worn, rates, bins, in_disc, plan, limits)
    np.testing.assert_allclose(worn, slow, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(report[3], taken, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(report[4], clogged, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(report[:3].sum(), seconds, rtol=1e-9)


@cache
def disc() -> Disc:
    shape = DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 14.0, 9.0, protrusion=Protrusion(Side.RIGHT))
    return inject(voxelise(shape, 3, voxel_mm=0.8), 0.8, 0.05)


_place = st.tuples(st.floats(-24.0, 24.0), st.floats(-18.0, 20.0), st.floats(-6.0, 6.0))


@settings(max_examples=25, deadline=None)
@given(_place, _place, st.floats(0.0, 50.0), st.floats(0.5, 60.0), st.floats(0.0, 20000.0), st.floats(1.0, 15.0))
@example((0.0, 0.0, 0.0), (0.0, 18.0, 0.0), 1.0, 2.0, 0.0, 1.0)  # a window whose ends round apart
@example((0.0, 0.0, 0.0), (0.0, 17.0, 0.0), 1.0, 4.0, 0.0, 1.0)
def test_tissue_and_contrast_are_conserved_wherever_the_probe_goes(
    start: tuple[float, ...], end: tuple[float, ...], strokes: float, seconds: float, rpm: float, window_mm: float
) -> None:
    if np.linalg.norm(np.subtract(end, start)) < 0.1:
        return
    run = ProbeRun(np.array(start), np.array(end), strokes, seconds, rpm, window_mm=window_mm)
    after, receipt = decompress(disc(), run, 50.0)
    assert np.abs(tissue_balance_ml(after)).max() < 1e-12 * after.ledger.initial_ml.sum()
    assert abs(contrast_balance_ml(after)) < 1e-12
    assert (after.fraction >= 0.0).all()
    assert (after.fraction <= disc().fraction).all()
    assert all(volume >= 0.0 for volume in receipt.removed_ml.values())
    assert receipt.pressure_after_kpa <= receipt.pressure_before_kpa
    assert receipt.total_ml <= seconds * 0.0125 * (1.0 + 1e-9)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5))
def test_creep_conserves_and_does_not_depend_on_how_time_is_cut(first_s: float, then_s: float) -> None:
    along = np.array([-0.73, -0.68, 0.0]) * 9.0
    worn = decompress(disc(), ProbeRun(-along, along, 20.0, 30.0), 100.0)[0]
    twice, once = crept(crept(worn, first_s), then_s), crept(worn, first_s + then_s)
    np.testing.assert_allclose(twice.fraction, once.fraction, rtol=1e-12, atol=1e-15)
    assert np.abs(tissue_balance_ml(once)).max() < 1e-12 * once.ledger.initial_ml.sum()
    assert (once.fraction >= 0.0).all()
    assert (once.fraction <= once.coverage * (1.0 + 1e-12)).all()


@settings(max_examples=10, deadline=None)
@given(st.floats(2.0, 20.0), st.integers(1, 6))
def test_one_long_run_is_several_short_ones(seconds: float, parts: int) -> None:
    along = np.array([-0.73, -0.68, 0.0]) * 9.0
    whole = decompress(disc(), ProbeRun(-along, along, parts * 2.0, seconds), 200.0)[0]
    cut = disc()
    for _ in range(parts):
        cut = decompress(cut, ProbeRun(-along, along, 2.0, seconds / parts), 200.0)[0]
    np.testing.assert_allclose(cut.removed_ml, whole.removed_ml, rtol=0.005)
