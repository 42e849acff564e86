"""The turning probe at work: where it may turn, when it is packed, what levering does."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import Tissue, tissue_balance_ml
from dekomp_sim.instruments import Placement, instrument
from dekomp_sim.procedure import Breach, BreachKind, Case, Measured, Pain, Refusal, Risk, Said, after
from dekomp_sim.procedure import actions as do


def seated(case: Case, tip_mm: FloatArray | None = None) -> Case:
    """The probe in its cannula with the tip at a point (3,), in the nucleus's centre unless told."""
    plan = case.plan
    tip = plan.target_mm + 4.0 * plan.direction if tip_mm is None else tip_mm
    way = tip - plan.entry_mm
    depth, inward = float(np.linalg.norm(way)), way / np.linalg.norm(way)
    probe, cannula = instrument("probe"), instrument("trocar_cannula")
    placements = {
        "trocar_cannula": Placement(cannula, plan.entry_mm, inward, depth - probe.helix_mm),
        "probe": Placement(probe, plan.entry_mm, inward, depth),
    }
    nest = MappingProxyType({"probe": "trocar_cannula"})
    return replace(case, placements=MappingProxyType(placements), nest=nest)


def lapses(case: Case) -> set[str]:
    return {event.lapse for event in case.events if isinstance(event, Risk)}


def breaches(case: Case) -> set[BreachKind]:
    return {event.kind for event in case.events if isinstance(event, Breach)}


def in_disc(case: Case, x: float, y: float, z: float) -> FloatArray:
    """A point (3,) of the patient frame from one of the treated disc's frame."""
    return case.shape.patient_from_disc.points([x, y, z])


def test_a_run_along_the_axis_in_the_nucleus_has_no_consequence_but_tissue(opened: Case) -> None:
    case = after(seated(opened), do.Decompress(strokes=20, stroke_mm=8.0, seconds=30.0))
    assert case.removed_ml > 0.1
    assert breaches(case) == set()
    assert lapses(case) == {"unseen"}
    assert case.probe_fatigue == 0.0


def test_turning_in_the_side_of_the_annulus_hurts_and_is_told(opened: Case) -> None:
    side = in_disc(opened, 0.9 * opened.shape.half_width_mm, 0.0, 0.0)
    case = after(seated(opened, side), do.Decompress(strokes=4, stroke_mm=1.0, seconds=20.0))
    assert "ran_in_annulus" in lapses(case)
    assert any(isinstance(event, Pain) and event.rating == 4.0 for event in case.events)
    assert breaches(case) == set()
    assert case.removed_ml < 0.05


def test_turning_in_the_front_of_the_annulus_opens_it(opened: Case) -> None:
    front = in_disc(opened, 0.0, -0.93 * opened.shape.half_depth_mm, 0.0)
    case = after(seated(opened, front), do.Decompress(strokes=4, stroke_mm=0.5, seconds=20.0))
    assert breaches(case) == {BreachKind.ANTERIOR_ANNULUS}
    assert case.harmed


def test_turning_against_the_endplate_hurts_more_and_takes_hardly_any_cartilage(opened: Case) -> None:
    shape = opened.shape
    half = float(shape.height_mm(np.zeros(3))) / 2.0
    case = after(seated(opened, in_disc(opened, 0.0, 0.0, half - 0.3)), do.Decompress(0, 0.0, 20.0))
    assert "ran_in_endplate" in lapses(case)
    assert any(isinstance(event, Pain) and event.rating == 5.0 for event in case.events)
    assert case.receipts[-1].removed_ml[Tissue.ENDPLATE] < 1e-3


def test_a_packed_thread_is_felt_and_cleared_by_taking_the_probe_out(opened: Case) -> None:
    packed = seated(opened)
    packed = replace(packed, disc=replace(packed.disc, clogged=0.97))
    run = do.Decompress(strokes=20, stroke_mm=8.0, seconds=30.0)
    stuck = after(packed, run)
    assert any(isinstance(event, Said) and "clear it" in event.words for event in stuck.events)
    assert stuck.receipts[-1].total_ml < 0.05
    out = after(stuck, do.Remove("probe"))
    assert out.disc.clogged == 0.0
    assert out.disc.ledger.in_cannula_ml.sum() == 0.0
    again = after(seated(out), run)
    assert again.receipts[-1].total_ml > 4.0 * stuck.receipts[-1].total_ml
    assert np.abs(tissue_balance_ml(again.disc)).max() < 1e-12 * again.disc.ledger.initial_ml.sum()


def test_levering_a_little_costs_nothing_and_much_breaks_the_probe_within_the_run(opened: Case) -> None:
    run = do.Decompress(strokes=40, stroke_mm=8.0, seconds=60.0)
    little, much = (after(seated(opened), replace(run, lever_deg=angle)) for angle in (5.0, 20.0))
    assert little.probe_fatigue == 0.0
    assert breaches(little) == set()
    assert "levered" in lapses(little)
    assert breaches(much) == {BreachKind.DEVICE_FRACTURE}
    assert much.harmed
    assert much.receipts[-1].seconds < 10.0
    assert "10 cm of the shaft" in next(event for event in much.events if isinstance(event, Breach)).words
    refused = after(much, run)
    assert isinstance(refused.events[-1], Refusal)
    assert "broken" in refused.events[-1].words


def test_the_probes_life_adds_up_over_runs(opened: Case) -> None:
    run = do.Decompress(strokes=20, stroke_mm=8.0, seconds=20.0, lever_deg=15.0)
    once = after(seated(opened), run)
    twice = after(once, run)
    assert 0.0 < once.probe_fatigue < 1.0
    assert twice.probe_fatigue == pytest.approx(2.0 * once.probe_fatigue)
    steeper = after(seated(opened), replace(run, lever_deg=16.0))
    assert steeper.probe_fatigue > 1.5 * once.probe_fatigue


def test_a_lever_no_hand_can_hold_is_refused(opened: Case) -> None:
    case = after(seated(opened), do.Decompress(lever_deg=45.0))
    assert case.events[-1].words.endswith("lever_deg is 45, it must be at least 0 and at most 30.")


def test_a_nucleus_has_crept_alike_whether_the_wait_was_one_or_many(opened: Case) -> None:
    run = do.Decompress(strokes=20, stroke_mm=8.0, seconds=30.0)
    one = many = after(seated(opened), run)
    one = after(after(one, do.Wait(1200.0)), run)
    for _ in range(30):
        many = after(many, do.Wait(40.0))
    many = after(many, run)
    assert np.abs(many.disc.fraction - one.disc.fraction).max() < 1e-12
    assert many.removed_ml == pytest.approx(one.removed_ml, rel=1e-12)


def test_while_the_patient_waits_the_nucleus_creeps_and_none_is_lost(opened: Case) -> None:
    worn = after(seated(opened), do.Decompress(strokes=20, stroke_mm=8.0, seconds=30.0))
    later = after(worn, do.Wait(3600.0))
    assert later.disc.digest() != worn.disc.digest()
    assert later.removed_ml == worn.removed_ml
    assert np.abs(tissue_balance_ml(later.disc)).max() < 1e-12 * later.disc.ledger.initial_ml.sum()
    assert [e.value for e in worn.events if isinstance(e, Measured)] == [
        e.value for e in later.events if isinstance(e, Measured)
    ]
