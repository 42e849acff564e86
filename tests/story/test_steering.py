"""Steering told and checked: a held bevel curves the way, a guide holds it, the hand feels the layers."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest

from dekomp_sim.anatomy import Structure
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.plots import force
from dekomp_sim.debrief.steps import asked
from dekomp_sim.debrief.track import gaps_of, least_gaps, stays
from dekomp_sim.instruments import solids
from dekomp_sim.procedure import Case, Contact, Refusal, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.needle.sites import as_tuple

NEEDLE = "discography_needle"
GUIDE = "discography_introducer"


@pytest.fixture
def ready(opened: Case) -> Case:
    """Field and time-out done, and the back numb from the start."""
    numb = Deposit(-120.0, as_tuple(opened.plan.entry_mm), 20.0, 1.0)
    return replace(opened, done=("time_out", "prepare_sterile_field"), deposits=(numb,))


def run(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


def off_line_mm(case: Case) -> float:
    placed = case.placements[NEEDLE]
    return float(np.linalg.norm(np.cross(placed.tip_mm - placed.entry_mm, placed.direction)))


def test_turned_to_and_fro_a_needle_goes_straight_and_held_it_curves(ready: Case) -> None:
    straight = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=60.0))
    held = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=60.0, bevel_deg=0.0))
    assert off_line_mm(straight) == pytest.approx(0.0, abs=1e-9)
    assert straight.placements[NEEDLE].bends == ()
    assert 2.0 < off_line_mm(held) < 5.0  # 0.8 x 60^2 / (2 x 419) = 3.4 mm
    assert held.placements[NEEDLE].tip_mm[2] < straight.placements[NEEDLE].tip_mm[2]  # away from the head


def test_an_introducer_reduces_the_drift_and_turning_the_bevel_steers_back(ready: Case) -> None:
    bare = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=80.0, bevel_deg=0.0))
    guided = run(ready, do.Insert(GUIDE), do.Advance(GUIDE, to_depth_mm=40.0), do.Insert(NEEDLE))
    drifted = run(guided, do.Advance(NEEDLE, to_depth_mm=80.0, bevel_deg=0.0))
    steered = run(
        guided,
        do.Advance(NEEDLE, to_depth_mm=50.0, bevel_deg=0.0),
        do.Advance(NEEDLE, to_depth_mm=70.0, bevel_deg=180.0),
        do.Advance(NEEDLE, to_depth_mm=80.0, bevel_deg=0.0),
    )
    assert off_line_mm(drifted) < 0.3 * off_line_mm(bare)
    assert off_line_mm(steered) == pytest.approx(0.0, abs=1e-9)
    assert drifted.placements[NEEDLE].bends[0].from_mm == pytest.approx(40.0)


def test_a_mark_is_reached_along_the_arc(ready: Case) -> None:
    guided = run(ready, do.Insert(GUIDE), do.Advance(GUIDE, to_depth_mm=40.0), do.Insert(NEEDLE))
    case = run(guided, do.Advance(NEEDLE, to=do.Mark.ANNULUS, bevel_deg=0.0))
    placed = case.placements[NEEDLE]
    depth_in = case.shape.depth_inside_mm(case.shape.patient_from_disc.inverse().points(placed.tip_mm))
    assert abs(float(depth_in)) < 0.15  # marks are found to 0.1 mm
    assert len(solids(placed)) > 6


def test_what_a_bent_needle_carries_to_the_debrief_is_its_arc(ready: Case) -> None:
    cases = [ready, run(ready, do.Insert(NEEDLE))]
    cases.append(run(cases[-1], do.Advance(NEEDLE, to_depth_mm=80.0, bevel_deg=90.0)))
    placed = cases[-1].placements[NEEDLE]
    gaps = {gap.name: gap for gap in gaps_of(ready.patient, placed)}
    axis = placed.course.points(np.linspace(0.0, 80.0, 8001))
    for strand in ready.patient.strands:
        radius = np.interp(np.linspace(0, 1, 400), np.linspace(0, 1, len(strand.path_mm)), strand.radius_mm)
        path = np.stack([np.interp(np.linspace(0, 1, 400), np.linspace(0, 1, len(strand.path_mm)), c)
                         for c in strand.path_mm.T], axis=-1)  # fmt: skip
        slow = min(float((np.linalg.norm(axis - p, axis=1) - r).min()) for p, r in zip(path, radius, strict=True))
        near = gaps[strand.name].distance_mm + placed.instrument.radius_mm
        assert near <= slow + 0.02  # chords leave the arc by 0.01 mm; the slow twin looks at points only
        assert near >= slow - 2.0
    nearest = least_gaps(ready.patient, stays(cases))[0]
    assert nearest.distance_mm == pytest.approx(min(gap.distance_mm for gap in gaps.values()))
    metrics = measure(cases)
    assert metrics.tip_path_mm == pytest.approx(80.0)
    assert metrics.angle_error_deg is not None
    assert metrics.angle_error_deg > 5.0  # the tip's own direction, not the shaft's


def test_an_introducer_pushed_on_takes_the_bent_needle_along(ready: Case) -> None:
    before = run(
        ready, do.Insert(GUIDE), do.Advance(GUIDE, to_depth_mm=30.0), do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=60.0, bevel_deg=0.0),
    )  # fmt: skip
    later = run(before, do.Advance(GUIDE, to_depth_mm=35.0))
    old, new = before.placements[NEEDLE], later.placements[NEEDLE]
    assert new.depth_mm == pytest.approx(65.0)
    np.testing.assert_allclose(new.tip_mm - old.tip_mm, 5.0 * old.direction, atol=1e-9)
    back = run(later, do.Withdraw(GUIDE, to_depth_mm=30.0))
    np.testing.assert_allclose(back.placements[NEEDLE].tip_mm, old.tip_mm, atol=1e-9)


def test_each_push_leaves_its_force_and_a_second_pass_is_easier(ready: Case) -> None:
    case = run(
        ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=50.0, bevel_deg=0.0),
        do.Withdraw(NEEDLE, to_depth_mm=20.0), do.Advance(NEEDLE, to_depth_mm=50.0, bevel_deg=0.0),
    )  # fmt: skip
    first, second = case.pushes
    np.testing.assert_allclose(case.track[-1].at_mm, case.track[1].at_mm, atol=1e-9)
    depth, felt = np.array(second.curve).T
    once = np.interp(depth, *np.array(first.curve).T)
    assert np.all(felt < once)
    assert "2 pushes" in force(case).alt
    rolled = run(case, do.Withdraw(NEEDLE, to_depth_mm=20.0), do.Advance(NEEDLE, to_depth_mm=50.0, bevel_deg=90.0))
    assert rolled.pushes[-1].peak_n > second.peak_n


def test_bone_is_felt_as_a_firm_end_point(ready: Case) -> None:
    body = do.Point(0.0, 0.0, 17.0)
    case = run(ready, do.Insert(NEEDLE, aim=body), do.Advance(NEEDLE, to_depth_mm=150.0))
    assert [e.structure for e in case.events if isinstance(e, Contact)][-1] is Structure.VERTEBRA_L4
    assert case.pushes[-1].peak_n == 20.0
    assert any("hard and it stops" in getattr(event, "words", "") for event in case.events)


def test_too_large_a_turn_is_refused_with_the_depth_at_which_it_could_be_made(ready: Case) -> None:
    case = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=35.0))
    last = after(case, do.Redirect(NEEDLE, medial_deg=30.0)).events[-1]
    assert isinstance(last, Refusal)
    assert "drag tissue 18 mm aside: withdraw to 23 mm first" in last.reason
    nearer = run(case, do.Withdraw(NEEDLE, to_depth_mm=23.0), do.Redirect(NEEDLE, medial_deg=30.0))
    assert nearer.redirects == 1


def test_a_held_bevel_is_told_in_the_steps() -> None:
    words = asked(do.Advance(NEEDLE, to_depth_mm=50.0, bevel_deg=90.0))
    assert words == "Advance the discography needle to 50 mm below the skin, bevel held at 90°."
