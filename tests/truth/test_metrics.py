"""Figures of cases whose answers are known on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from types import MappingProxyType

import numpy as np
import pytest
from glass import SKIN_Y_MM

from dekomp_sim.anatomy import Structure
from dekomp_sim.debrief.curves import curves
from dekomp_sim.debrief.definitions import METRICS, Group
from dekomp_sim.debrief.metrics import Metrics, angle_deg, measure, off_axis_mm
from dekomp_sim.debrief.track import stays
from dekomp_sim.disc import DENSITY_G_ML, ProbeRun, Tissue, decompress, elastance_kpa_ml, probe_withdrawn
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Breach, BreachKind, Case, Contact, Pain, Refusal, Risk, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.records import Puncture

READY = ("time_out", "prepare_sterile_field")
NEEDLE = "discography_needle"
NOWHERE = (0.0, 0.0, 0.0)


def folded(case: Case, *actions: do.Action) -> list[Case]:
    """The cases of some actions, the first one before them; field and time-out are taken as done."""
    cases = [replace(case, done=READY)]
    for action in actions:
        cases.append(after(cases[-1], action))
        assert not isinstance(cases[-1].events[-1] if cases[-1].events else None, Refusal), cases[-1].events[-1]
    return cases


def lying(case: Case, key: str, entry: Sequence[float], inward: Sequence[float], depth_mm: float) -> Case:
    """The case with one instrument placed by hand, a minute later."""
    placed = Placement(CATALOGUE[key], np.array(entry), np.array(inward), depth_mm)
    return replace(case, placements=MappingProxyType({key: placed}), clock_s=case.clock_s + 60.0)


def test_every_single_figure_has_a_definition_and_every_definition_a_figure() -> None:
    tables = {"harms", "aims", "gaps", "removed"}
    assert {one.name for one in fields(Metrics)} - tables == set(METRICS)
    assert all(one.title and one.meaning and one.source for one in METRICS.values())


def test_nothing_done_measures_as_nothing(opened: Case) -> None:
    metrics = measure([opened])
    assert (metrics.exposures, metrics.skin_punctures, metrics.removed_ml, metrics.tip_path_mm) == (0, 0, 0.0, 0.0)
    assert metrics.procedure_s is None
    assert metrics.tip_to_target_mm is None
    assert metrics.least_clearance_mm is None
    assert metrics.pressure_after_kpa is None
    assert metrics.opening_pressure_kpa == 100.0
    assert not metrics.harmed


def test_no_case_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least the opening case"):
        measure([])


def test_a_needle_aimed_five_millimetres_aside_misses_by_the_arc_tangent(opened: Case) -> None:
    plan = opened.plan
    across = np.cross(plan.direction, [0.0, 0.0, 1.0])
    aim = plan.target_mm + 5.0 * across / np.linalg.norm(across)
    x, y, z = aim.tolist()
    cases = folded(opened, do.Insert(NEEDLE, aim=do.Point(x, y, z)), do.Advance(NEEDLE, to_depth_mm=plan.length_mm))
    metrics, angle = measure(cases), math.atan(5.0 / plan.length_mm)
    assert metrics.angle_error_deg == pytest.approx(math.degrees(angle), abs=1e-9)
    assert metrics.off_axis_mm == pytest.approx(plan.length_mm * math.sin(angle), abs=1e-9)
    assert metrics.past_target_mm == pytest.approx(plan.length_mm * (math.cos(angle) - 1.0), abs=1e-9)
    assert metrics.tip_to_target_mm == pytest.approx(metrics.off_axis_mm, abs=1e-9)  # the tip passed the foot


def test_a_needle_that_stops_short_misses_by_what_it_lacks(opened: Case) -> None:
    cases = folded(opened, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=opened.plan.length_mm - 7.0))
    metrics = measure(cases)
    assert metrics.tip_to_target_mm == pytest.approx(7.0, abs=1e-9)
    assert metrics.past_target_mm == pytest.approx(-7.0, abs=1e-9)
    assert metrics.off_axis_mm == pytest.approx(0.0, abs=1e-9)


def test_only_the_last_advance_counts_against_the_plan(opened: Case) -> None:
    far = opened.plan.length_mm
    steps = (
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=30.0),
        do.Redirect(NEEDLE, medial_deg=4.0),
        do.Advance(NEEDLE, to_depth_mm=35.0),
        do.Withdraw(NEEDLE, to_depth_mm=30.0),  # where tissue lets the same share of a turn through
        do.Redirect(NEEDLE, medial_deg=-4.0),
        do.Advance(NEEDLE, to_depth_mm=far),
        do.Withdraw(NEEDLE, to_depth_mm=20.0),
        do.Redirect(NEEDLE, cranial_deg=10.0),
    )
    metrics = measure(folded(opened, *steps))
    assert metrics.redirects == 3
    assert metrics.angle_error_deg == pytest.approx(0.0, abs=1e-6)
    assert metrics.tip_to_target_mm == pytest.approx(0.0, abs=1e-6)


def test_the_way_of_the_tips_is_what_they_moved_forward_and_back(opened: Case) -> None:
    steps = (
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=50.0),
        do.Withdraw(NEEDLE, to_depth_mm=20.0),
        do.Advance(NEEDLE, to_depth_mm=60.0),
        do.Remove(NEEDLE),
    )
    assert measure(folded(opened, *steps)).tip_path_mm == pytest.approx(50.0 + 30.0 + 40.0, abs=1e-9)


def test_a_needle_led_through_another_moves_from_that_one_s_tip(opened: Case) -> None:
    steps = (
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to_depth_mm=60.0),
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=85.0),
        do.Withdraw("discography_introducer", to_depth_mm=50.0),  # carries the inner needle back with it
    )
    cases = folded(opened, *steps)
    assert measure(cases).tip_path_mm == pytest.approx(60.0 + 25.0 + 10.0, abs=1e-9)
    assert sum(stay.carried for stay in stays(cases)) == 1


def test_clearance_is_measured_from_surface_to_surface_over_the_whole_way(opened: Case) -> None:
    # The aorta's axis runs along z at (5, -32), radius 9; the needle along -y at x = 40, z = -60, beyond it.
    there = lying(opened, NEEDLE, (40.0, SKIN_Y_MM, -60.0), (0.0, -1.0, 0.0), SKIN_Y_MM + 40.0)
    back = lying(there, NEEDLE, (40.0, SKIN_Y_MM, -60.0), (0.0, -1.0, 0.0), 20.0)
    gap = next(one for one in measure([opened, there, back]).gaps if one.structure is Structure.AORTA)
    assert gap.distance_mm == pytest.approx(35.0 - 9.0 - CATALOGUE[NEEDLE].radius_mm, abs=1e-9)
    assert gap.at_mm == pytest.approx((40.0, -32.0, -60.0), abs=1e-6)
    assert (gap.instrument, gap.clock_s) == (NEEDLE, 60.0)


def test_the_gap_is_timed_when_the_tip_first_came_there(opened: Case) -> None:
    axis = ((40.0, SKIN_Y_MM, -60.0), (0.0, -1.0, 0.0))
    first = lying(opened, NEEDLE, *axis, SKIN_Y_MM + 33.0)
    deeper = lying(first, NEEDLE, *axis, SKIN_Y_MM + 50.0)
    gap = next(one for one in measure([opened, first, deeper]).gaps if one.structure is Structure.AORTA)
    assert gap.clock_s == 60.0


def test_bones_and_discs_are_no_clearance(opened: Case) -> None:
    through = lying(opened, NEEDLE, (0.0, SKIN_Y_MM, 4.0), (0.0, -1.0, 0.0), SKIN_Y_MM)
    kinds = {gap.structure for gap in measure([opened, through]).gaps}
    assert not kinds & {Structure.ANNULUS, Structure.NUCLEUS, Structure.VERTEBRA_L4}
    assert Structure.NERVE_ROOT in kinds


def test_dose_and_time_of_exposures_add_up(opened: Case) -> None:
    exposures = (do.Expose(mas=2.0), do.Expose(mas=1.0, frames=4), do.Expose(mas=0.5, frames=7))
    cases = [replace(opened, done=("position_prone",))]
    for step in (do.SetView(do.View.AP), *exposures):
        cases.append(after(cases[-1], step))
    metrics = measure(cases)
    assert (metrics.exposures, metrics.frames) == (3, 12)
    assert metrics.fluoroscopy_s == 12 / 8
    one = cases[2].exposures[0].dose
    assert metrics.kap_gycm2 == pytest.approx(one.kap_gycm2 / 2.0 * (2.0 + 4.0 + 3.5), rel=1e-12)
    assert metrics.air_kerma_reference_mgy == pytest.approx(one.air_kerma_reference_mgy / 2.0 * 9.5, rel=1e-12)
    assert curves(cases).kap_gycm2.tolist() == pytest.approx(
        [0.0, 0.0, *(one.kap_gycm2 * part for part in (1.0, 3.0, 4.75))], rel=1e-12
    )


def test_removed_tissue_is_accounted_for_to_rounding_and_weighed(opened: Case) -> None:
    run = ProbeRun(np.array([-6.0, 0.0, 0.0]), np.array([6.0, 0.0, 0.0]), strokes=10, seconds=30.0)
    disc, receipt = decompress(opened.disc, run)
    held = replace(opened, disc=disc, receipts=(receipt,), clock_s=30.0)
    out = replace(held, disc=probe_withdrawn(disc), clock_s=40.0)
    metrics = measure([opened, held, out])
    assert metrics.removed_ml == pytest.approx(receipt.total_ml, rel=1e-12)
    assert metrics.removed_g == pytest.approx(receipt.total_g, rel=1e-12)
    assert metrics.removal_ml_min == pytest.approx(2.0 * receipt.total_ml, rel=1e-12)
    assert metrics.probe_s == 30.0
    for part in metrics.removed:
        assert abs(part.difference_ml) < 1e-12  # float64 sums of about 50 000 voxels
        assert part.in_cannula_ml == 0.0
        assert part.removed_g == part.removed_ml * DENSITY_G_ML[part.tissue]
    assert metrics.removed[0].tissue is Tissue.NUCLEUS
    assert metrics.pressure_before_kpa == 100.0
    expected = max(0.0, 100.0 - elastance_kpa_ml(opened.disc.dallas_grade) * receipt.total_ml)
    assert metrics.pressure_after_kpa == pytest.approx(expected, abs=1e-9)


def test_events_are_counted_by_kind(opened: Case) -> None:
    root = (NEEDLE, Structure.NERVE_ROOT, "the left L4 exiting root", 60.0, NOWHERE)
    events = (
        Contact(1.0, *root),
        Contact(1.0, NEEDLE, Structure.VERTEBRA_L4, "bone", 50.0, NOWHERE),
        Breach(1.0, BreachKind.ROOT, *root),
        Pain(1.0, 8.0, "Stop!", Structure.NERVE_ROOT, "L4"),
        Pain(2.0, 3.0, "Ow.", Structure.SKIN),
        Refusal(2.0, "incise", "The skin is not numb there."),
        Risk(3.0, "no_antibiotic", "The disc is opened without an antibiotic."),
    )
    metrics = measure([opened, replace(opened, events=events)])
    assert (metrics.nerve_contacts, metrics.breaches, metrics.refused, metrics.lapses) == (1, 1, 1, 1)
    assert metrics.worst_pain == 8.0
    assert metrics.harmed
    assert metrics.harms == ("The discography needle goes through: the left L4 exiting root, at 60.0 mm.",)


def test_a_risk_region_counts_once_for_each_nerve_touched_and_each_organ_opened(opened: Case) -> None:
    root = (NEEDLE, Structure.NERVE_ROOT, "the left L4 exiting root", 60.0, NOWHERE)
    events = (
        Contact(1.0, *root),
        Breach(1.0, BreachKind.ROOT, *root),  # what is opened was touched: one invasion, not two
        Contact(2.0, NEEDLE, Structure.THECAL_SAC, "the sac", 70.0, NOWHERE),
        Contact(3.0, NEEDLE, Structure.VERTEBRA_L4, "bone", 50.0, NOWHERE),
        Breach(4.0, BreachKind.BOWEL, NEEDLE, Structure.COLON, "the colon", 80.0, NOWHERE),
        Breach(5.0, BreachKind.ENDPLATE, NEEDLE, Structure.ENDPLATE, "the L4-L5 endplate", 90.0, NOWHERE),
    )
    assert measure([opened, replace(opened, events=events)]).risk_contacts == 3


def test_what_told_experts_from_novices_in_studies_comes_first() -> None:
    first = ["procedure_s", "exposures", "risk_contacts", "redirects", "tip_to_target_mm"]
    assert list(METRICS)[:5] == first
    assert [name for name, means in METRICS.items() if means.group is Group.EXPERTS] == first


def test_a_way_performed_by_hand_measures_as_on_paper(opened: Case) -> None:
    """Two punctures, one turned once: time, way and redirections added up by hand."""
    steps = (
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=30.0),
        do.Withdraw(NEEDLE, to_depth_mm=12.0),
        do.Redirect(NEEDLE, cranial_deg=3.0),
        do.Advance(NEEDLE, to_depth_mm=41.0),
        do.Remove(NEEDLE),
        do.Wait(100.0),
    )
    cases = folded(opened, *steps)
    metrics = measure(cases)
    assert metrics.tip_path_mm == pytest.approx(30.0 + 18.0 + 29.0, abs=1e-9)
    assert (metrics.redirects, metrics.skin_punctures, metrics.risk_contacts) == (1, 1, 0)
    assert metrics.procedure_s == pytest.approx(cases[-2].clock_s - cases[1].punctures[0].clock_s, abs=1e-9)
    assert metrics.total_s >= 100.0 + cases[-2].clock_s - opened.clock_s


def test_skin_to_skin_ends_when_the_last_instrument_is_out(opened: Case) -> None:
    pricked = replace(opened, clock_s=100.0, punctures=(Puncture(95.0, NEEDLE, NOWHERE, False, opened.level),))
    inside = lying(pricked, NEEDLE, (0.0, SKIN_Y_MM, 0.0), (0.0, -1.0, 0.0), 10.0)
    out = replace(inside, placements=MappingProxyType({}), clock_s=300.0)
    bandaged = replace(out, clock_s=500.0)
    assert measure([opened, pricked, inside, out, bandaged]).procedure_s == 205.0
    assert measure([opened, pricked, inside]).procedure_s == 65.0


def test_a_point_s_distance_from_an_axis_and_the_angle_of_axes_are_exact_near_nought() -> None:
    tilted = np.array([math.sin(1e-8), 0.0, math.cos(1e-8)])
    assert angle_deg(tilted, np.array([0.0, 0.0, 1.0])) == pytest.approx(math.degrees(1e-8), rel=1e-6)
    assert off_axis_mm(np.array([0.0, 2.0, 70.0]), np.array([0.0, 0.0, -5.0]), np.array([0.0, 0.0, 1.0])) == 2.0


def test_depth_falls_to_nought_as_an_instrument_leaves_and_is_then_unknown(opened: Case) -> None:
    steps = (do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=40.0), do.Remove(NEEDLE), do.AskPatient())
    series = curves(folded(opened, *steps))
    np.testing.assert_array_equal(series.depth_mm[NEEDLE], [np.nan, 0.0, 40.0, 0.0, np.nan])
    assert np.isnan(series.clearance_mm[[0, 1, 3, 4]]).all()
    assert series.clearance_mm[2] > 0.0
    assert series.pressure_kpa.tolist() == [100.0] * 5
