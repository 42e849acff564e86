"""Each complication is an event of its own: one path that causes it, and the planned path, which causes none."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from glass import BOXES, SKIN_Y_MM

from dekomp_sim.anatomy import Level, Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure import Breach, BreachKind, Case, Contact, Pain, Risk, after
from dekomp_sim.procedure import actions as do

NEEDLE = "discography_needle"
READY = ("time_out", "prepare_sterile_field")


def strand_point(case: Case, name: str, at: float = 0.5) -> FloatArray:
    """A point (3,) on a strand's centre line: `at` of the way between its middle two stations."""
    path = next(strand.path_mm for strand in case.patient.strands if strand.name == name)
    middle = len(path) // 2
    return np.asarray(path[middle - 1] + at * (path[middle] - path[middle - 1]))


def point(values: FloatArray) -> do.Point:
    x, y, z = (float(value) for value in values)
    return do.Point(x, y, z)


def through(case: Case, aim_mm: FloatArray, entry_mm: FloatArray, depth_mm: float) -> Case:
    """A discography needle from an entry toward an aim, to a depth; field and time-out are taken as done."""
    ready = replace(case, done=READY)
    steps: tuple[do.Action, ...] = (
        do.Insert(NEEDLE, point(entry_mm), point(aim_mm)),
        do.Advance(NEEDLE, to_depth_mm=depth_mm),
    )
    return reduce(after, steps, ready)


def above(aim_mm: FloatArray) -> FloatArray:
    """(3,) the skin straight behind a point."""
    return np.array([aim_mm[0], SKIN_Y_MM, aim_mm[2]])


def kinds(case: Case) -> set[BreachKind]:
    return {event.kind for event in case.events if isinstance(event, Breach)}


def test_the_planned_path_to_the_nucleus_harms_nothing(opened: Case) -> None:
    case = through(opened, opened.plan.target_mm, opened.plan.entry_mm, opened.plan.length_mm)
    assert not case.harmed
    assert not [event for event in case.events if isinstance(event, Contact)]


def test_a_needle_in_a_root_hurts_down_the_leg_and_injures_it(opened: Case) -> None:
    aim = strand_point(opened, "left L4 exiting root", 1.0)
    case = through(opened, aim, above(aim), float(SKIN_Y_MM - aim[1]))
    assert kinds(case) == {BreachKind.ROOT}
    pain = next(event for event in case.events if isinstance(event, Pain) and event.dermatome)
    assert (pain.dermatome, pain.rating) == ("L4", 8.0)
    assert "left leg" in pain.words
    assert "inner side of the shin" in pain.words
    assert case.harmed


def test_what_a_push_meets_is_told_when_the_tip_is_there(opened: Case) -> None:
    aim = strand_point(opened, "left L4 exiting root", 1.0)
    before = through(opened, aim, above(aim), 10.0)
    case = after(before, do.Advance(NEEDLE, to_depth_mm=float(SKIN_Y_MM - aim[1])))
    met = next(event for event in case.events if isinstance(event, Contact))
    pain = next(event for event in case.events if isinstance(event, Pain) and event.dermatome)
    assert met.clock_s == pytest.approx(before.clock_s + (met.depth_mm - 10.0) / 2.0)  # 2 mm/s
    assert before.clock_s < pain.clock_s == met.clock_s < case.clock_s
    clocks = [event.clock_s for event in case.events[len(before.events) :]]
    assert clocks == sorted(clocks)


def test_a_needle_that_brushes_a_root_hurts_and_does_not_injure(opened: Case) -> None:
    root = next(s for s in opened.patient.strands if s.name == "left L4 exiting root")
    aim = strand_point(opened, root.name, 1.0)
    way = root.path_mm[-1] - root.path_mm[-2]
    aside = np.cross(way, [0.0, 1.0, 0.0])
    missed = aim + aside / np.linalg.norm(aside) * (float(root.radius_mm[0]) + 0.2)
    case = through(opened, missed, above(missed), float(SKIN_Y_MM - missed[1]) + 1.0)
    assert [event.name for event in case.events if isinstance(event, Contact)] == ["the left L4 exiting root"]
    assert any(isinstance(event, Pain) and event.dermatome == "L4" for event in case.events)
    assert not case.harmed


def test_a_needle_in_the_sac_breaches_the_dura(opened: Case) -> None:
    aim = np.array([0.0, strand_point(opened, "thecal sac")[1], 0.0])
    case = through(opened, aim, above(aim), float(SKIN_Y_MM - aim[1]))
    assert BreachKind.DURA in kinds(case)


def test_going_on_past_the_disc_opens_the_anterior_annulus_and_then_a_vessel(opened: Case) -> None:
    plan = opened.plan
    out_mm = plan.length_mm + 30.0
    front = through(opened, plan.target_mm, plan.entry_mm, out_mm)
    assert kinds(front) == {BreachKind.ANTERIOR_ANNULUS}
    aorta = np.array([5.0, -32.0, 0.0])
    entry = aorta + (plan.entry_mm - plan.target_mm) * 1.3
    vessel = through(opened, aorta, entry, 150.0)
    assert BreachKind.VESSEL in kinds(vessel)


def test_a_steep_path_leaves_the_disc_through_its_endplate(opened: Case) -> None:
    entry = opened.plan.entry_mm + np.array([0.0, 0.0, -45.0])
    target = opened.plan.target_mm
    case = through(opened, target, entry, float(np.linalg.norm(entry - target)) + 22.0)
    assert BreachKind.ENDPLATE in kinds(case)


@pytest.mark.parametrize(
    ("structure", "kind"),
    [(Structure.KIDNEY_LEFT, BreachKind.KIDNEY), (Structure.COLON, BreachKind.BOWEL)],
)
def test_a_needle_in_an_organ_is_told_by_its_kind(opened: Case, structure: Structure, kind: BreachKind) -> None:
    low, high = BOXES[structure]
    aim = (np.array(low) + np.array(high)) / 2.0
    case = through(opened, aim, above(aim), float(SKIN_Y_MM - aim[1]))
    assert kinds(case) == {kind}


def test_the_disc_above_is_the_wrong_level(opened: Case) -> None:
    shift = opened.patient.discs[Level.L3_L4].nucleus_centre_mm - opened.plan.target_mm
    case = through(opened, opened.plan.target_mm + shift, opened.plan.entry_mm + shift, opened.plan.length_mm)
    assert BreachKind.WRONG_LEVEL in kinds(case)
    told = [event for event in case.events if isinstance(event, Breach) and event.kind is BreachKind.WRONG_LEVEL]
    assert [event.name for event in told] == ["the L3-L4 disc"]


def test_bone_stops_a_needle_and_hurts(opened: Case) -> None:
    aim = np.array([15.0, 0.0, 17.0])
    case = through(opened, aim, above(aim), float(SKIN_Y_MM - aim[1]))
    touched = next(event for event in case.events if isinstance(event, Contact))
    assert touched.structure is Structure.VERTEBRA_L4
    assert case.placements[NEEDLE].depth_mm == pytest.approx(SKIN_Y_MM - 15.0, abs=1.1)
    assert any(isinstance(event, Pain) and event.structure is Structure.VERTEBRA_L4 for event in case.events)
    assert not case.harmed


def test_a_numbed_root_is_silent_and_the_journal_says_so(opened: Case) -> None:
    aim = strand_point(opened, "left L4 exiting root", 1.0)
    ready = replace(opened, done=READY)
    entry = above(aim)
    short = float(SKIN_Y_MM - aim[1]) - 5.0
    steps: tuple[do.Action, ...] = (
        do.Insert("anaesthetic_needle", point(entry), point(aim)),
        do.Advance("anaesthetic_needle", to_depth_mm=short),
        do.Anaesthetise(3.0),
        do.Wait(120.0),
    )
    case = reduce(after, steps, ready)
    assert [event.lapse for event in case.events if isinstance(event, Risk)] == ["root_numbed"]
    pierced = after(case, do.Advance("anaesthetic_needle", to_depth_mm=short + 6.0))
    assert pierced.harmed
    assert not [event for event in pierced.events if isinstance(event, Pain) and event.dermatome]


def test_entering_the_disc_unseen_and_unprotected_is_a_lapse_not_an_injury(opened: Case) -> None:
    case = through(opened, opened.plan.target_mm, opened.plan.entry_mm, opened.plan.length_mm)
    assert [event.lapse for event in case.events if isinstance(event, Risk)] == ["unseen", "no_antibiotic"]


def test_an_entry_off_the_plan_slides_along_its_axis_onto_the_skin(opened: Case) -> None:
    aim = np.array([10.0, 20.0, 0.0])
    sunk = np.array([10.0, SKIN_Y_MM - 15.0, 0.0])
    case = through(opened, aim, sunk, 5.0)
    # The skin is a voxel's edge: within half a voxel, 1 mm, and half a search step.
    assert case.placements[NEEDLE].entry_mm == pytest.approx([10.0, SKIN_Y_MM, 0.0], abs=1.3)


def test_an_entry_beside_the_body_is_refused(opened: Case) -> None:
    case = through(opened, np.array([0.0, 20.0, 0.0]), np.array([0.0, SKIN_Y_MM + 200.0, 0.0]), 5.0)
    assert NEEDLE not in case.placements
    assert "beside the body" in case.events[0].words
