"""Steering told and checked: a held bevel curves the way, a guide holds it, the hand feels the layers."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest

from dekomp_sim.anatomy import Structure
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.plots.over_depth import force
from dekomp_sim.debrief.steps import asked
from dekomp_sim.debrief.track import gaps_of, least_gaps, stays
from dekomp_sim.instruments import solids
from dekomp_sim.procedure import Case, Contact, Refusal, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.needle.sites import as_tuple

NEEDLE = "discography_needle"
GUIDE = "discography_introducer"
NEEDLE_MM = 0.718


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
    calm = replace(ready, card=replace(ready.card, anxiety=0.0))  # it touches a root, and nobody starts
    cases = [calm, run(calm, do.Insert(NEEDLE))]
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


def guided(case: Case, prebend_deg: float = 0.0) -> Case:
    return run(
        case, do.Insert(GUIDE), do.Advance(GUIDE, to_depth_mm=40.0), do.Insert(NEEDLE, prebend_deg=prebend_deg)
    )  # fmt: skip


def test_a_bent_tip_curves_more_toward_its_bend_and_goes_straight_when_turned_to_and_fro(ready: Case) -> None:
    push = do.Advance(NEEDLE, to_depth_mm=60.0, bevel_deg=90.0)
    plain, bent = (run(ready, do.Insert(NEEDLE, prebend_deg=bend), push) for bend in (0.0, 10.0))
    aside = [case.placements[NEEDLE].tip_mm - case.placements[NEEDLE].entry_mm for case in (plain, bent)]
    assert off_line_mm(bent) > 2.0 * off_line_mm(plain)
    across = [way - (way @ plain.placements[NEEDLE].direction) * plain.placements[NEEDLE].direction for way in aside]
    assert across[0] @ across[1] == pytest.approx(np.linalg.norm(across[0]) * np.linalg.norm(across[1]))
    spun = run(ready, do.Insert(NEEDLE, prebend_deg=10.0), do.Advance(NEEDLE, to_depth_mm=60.0))
    assert off_line_mm(spun) == pytest.approx(0.0, abs=1e-9)
    assert spun.holes[-1].outer_mm > NEEDLE_MM == plain.holes[-1].outer_mm


def test_an_introducer_holds_a_bent_needle_too_and_takes_out_what_is_too_sharp(ready: Case) -> None:
    push = do.Advance(NEEDLE, to_depth_mm=80.0, bevel_deg=0.0)
    bare, held = run(ready, do.Insert(NEEDLE, prebend_deg=8.0), push), run(guided(ready, 8.0), push)
    assert off_line_mm(held) < 0.3 * off_line_mm(bare)
    assert off_line_mm(held) > 2.0 * off_line_mm(run(guided(ready), push))
    sharp = guided(ready, 20.0)
    assert sharp.placements[NEEDLE].prebend_deg == pytest.approx(9.6, abs=0.05)
    assert "10 degrees of bend are left" in getattr(sharp.events[-1], "words", "")
    assert asked(do.Insert(NEEDLE, prebend_deg=8.0)).endswith("tip bent by 8°.")


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (do.Insert("trocar_cannula", prebend_deg=5.0), "stays straight"),
        (do.Insert("probe", prebend_deg=5.0), "a bent one breaks"),
        (do.Insert(GUIDE, prebend_deg=5.0), "bend the fine needle's tip instead"),
        (do.Insert(NEEDLE, prebend_deg=25.0), "prebend_deg is 25, it must be at least 0 and at most 20"),
    ],
)
def test_what_cannot_be_bent_is_refused_with_the_reason(ready: Case, action: do.Insert, why: str) -> None:
    last = after(ready, action).events[-1]
    assert isinstance(last, Refusal)
    assert why in last.reason


def trocar_pushed(case: Case, entry_cranial_mm: float = 0.0) -> Case:
    return run(
        replace(case, incision=None), do.Incise(entry_cranial_mm=entry_cranial_mm),
        do.Insert("trocar_cannula", entry_cranial_mm=entry_cranial_mm),
        do.Advance("trocar_cannula", to_depth_mm=70.0),
    )  # fmt: skip


def work_nmm(case: Case) -> float:
    depth, felt = np.array(case.pushes[-1].curve).T
    return float(np.trapezoid(felt, depth))


def test_a_trocar_meets_less_in_the_needles_hole_and_least_in_a_trocars(ready: Case) -> None:
    fresh = trocar_pushed(ready)
    needled = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=75.0), do.Remove(NEEDLE))
    along, beside = trocar_pushed(needled), trocar_pushed(needled, entry_cranial_mm=5.0)
    second = trocar_pushed(run(fresh, do.Remove("trocar_cannula")))
    assert work_nmm(second) < 0.7 * work_nmm(along)
    assert work_nmm(along) < 0.8 * work_nmm(fresh)
    assert work_nmm(beside) == pytest.approx(work_nmm(trocar_pushed(ready, entry_cranial_mm=5.0)))
    depth, felt = np.array(second.pushes[-1].curve).T
    assert np.all(np.diff(felt[depth > 2.5]) >= -1e-9)  # friction only, growing with depth


def test_a_turn_deep_in_tissue_reaches_the_tip_in_part_and_in_full_once_withdrawn(ready: Case) -> None:
    def turned_deg(depth_mm: float) -> float:
        before = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=38.0))
        if depth_mm < 38.0:
            before = run(before, do.Withdraw(NEEDLE, to_depth_mm=depth_mm))
        case = run(before, do.Redirect(NEEDLE, medial_deg=6.0))
        told = [getattr(event, "words", "") for event in case.events[len(before.events) :]]
        assert any("the tissue pulls back" in words for words in told) is (depth_mm > 15.0)
        way = float(before.placements[NEEDLE].direction @ case.placements[NEEDLE].direction)
        return float(np.degrees(np.arccos(min(way, 1.0))))

    deep, middle, shallow, out = (turned_deg(depth) for depth in (38.0, 25.0, 10.0, 0.0))
    assert deep < 3.0 < middle < shallow < out
    assert out == pytest.approx(6.0)
