"""A patient who breathes, and who may start when hurt: what the pictures show, and what the needle does."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side, Strand, Structure
from dekomp_sim.debrief.steps import kind_of, told
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Case, Contact, Pain, Refusal, Setting, Startled, after, begin, case_digest
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.needle.startle import WARNED, startled, startles_at


def run(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


@pytest.fixture(scope="module")
def lying(coarse_phantom: Patient) -> Case:
    """The phantom prone under the C-arm, left L4-L5."""
    return after(
        replace(begin(coarse_phantom, Setting(Level.L4_L5, Side.LEFT)), done=("position_prone",)),
        do.SetView(do.View.AP),
    )


def pictures(case: Case) -> list[np.ndarray]:
    """Each exposure's picture, all with the same noise."""
    scope = Fluoroscope(case.patient)
    return [scope.expose(replace(shot_of(case, one), index=0)).display for one in case.exposures]


def refused(case: Case, action: do.Action) -> str:
    last = after(case, action).events[-1]
    assert isinstance(last, Refusal)
    return last.reason


def test_two_pictures_of_a_breathing_patient_differ_and_of_a_held_breath_they_are_one(lying: Case) -> None:
    free = run(lying, do.Expose(), do.Wait(1.5), do.Expose())
    one, other = pictures(free)
    assert not np.array_equal(one, other)
    held = run(lying, do.HoldBreath(), do.Expose(), do.Wait(1.5), do.Expose())
    one, other = pictures(held)
    np.testing.assert_array_equal(one, other)
    assert [exposure.pose for exposure in held.exposures] == [held.carm, held.carm]


def test_a_breath_is_held_as_long_as_asked_and_then_goes_on(lying: Case) -> None:
    held = run(
        lying, do.HoldBreath(10.0), do.Wait(11.0), *[step for _ in range(8) for step in (do.Expose(), do.Wait(0.4))]
    )
    assert any(any(exposure.breath_mm) for exposure in held.exposures)
    assert "Let the patient breathe first" in refused(run(lying, do.HoldBreath(5.0)), do.HoldBreath(5.0))
    rested = run(lying, do.HoldBreath(5.0), do.Wait(16.0))
    assert not isinstance(after(rested, do.HoldBreath(5.0)).events[-1], Refusal)


def test_who_is_deeply_sedated_does_not_hold_the_breath_and_nobody_does_for_long(lying: Case) -> None:
    assert "seconds is 25" in refused(lying, do.HoldBreath(25.0))
    light, deep = (run(lying, do.Sedate(level)) for level in (do.Sedation.LIGHT, do.Sedation.DEEP))
    assert "Deeply sedated" in refused(deep, do.HoldBreath())
    assert light.breath_held_until_s < after(light, do.HoldBreath()).breath_held_until_s


NEEDLE = "discography_needle"


@pytest.fixture
def at_the_root(opened: Case) -> Case:
    """A needle straight behind the left L4 root, 3 mm short of brushing its side; skin and muscle are numb."""
    root = next(s for s in opened.patient.strands if s.name == "left L4 exiting root")
    way = root.path_mm[-1] - root.path_mm[-2]
    across = np.cross(way, [0.0, 1.0, 0.0])
    aim = root.path_mm[-2] + way + across / np.linalg.norm(across) * (float(root.radius_mm[0]) + 0.2)
    skin = np.array([aim[0], 72.0, aim[2]])
    placed = Placement(CATALOGUE[NEEDLE], skin, np.array([0.0, -1.0, 0.0]), 72.0 - float(aim[1]) - 6.0)
    ready = replace(opened, done=("position_prone",), placements={NEEDLE: placed})
    return after(ready, do.SetView(primary_deg=180.0, secondary_deg=0.0))


def on(case: Case, mm: float = 7.0) -> do.Advance:
    return do.Advance(NEEDLE, to_depth_mm=case.placements[NEEDLE].depth_mm + mm)


def starts(case: Case) -> list[Startled]:
    return [event for event in case.events if isinstance(event, Startled)]


def test_a_touched_root_makes_the_patient_start_the_picture_shift_and_the_needle_slip(at_the_root: Case) -> None:
    before = run(at_the_root, do.HoldBreath(), do.Expose())
    case = run(before, on(before), do.HoldBreath(), do.Expose())
    (start,) = starts(case)
    assert start.rating == 8.0
    assert start.moved_mm[1] == 0.0  # on the table, not off it
    assert 2.0 <= np.linalg.norm(start.moved_mm) <= 6.0
    asked_mm = before.placements[NEEDLE].depth_mm + 7.0
    assert start.slipped_mm != 0.0
    assert case.placements[NEEDLE].depth_mm == pytest.approx(asked_mm + start.slipped_mm)
    assert case.track[-1].depth_mm == case.placements[NEEDLE].depth_mm
    assert kind_of(start) == "reaction"
    assert "The patient starts and moves" in told(start)
    panel, mark = case.machine.detector, before.shape.patient_from_disc.translation_mm
    one, other = (exposure.pose.pixel_of(mark, panel) for exposure in case.exposures)
    scale = before.exposures[0].carm.magnification / panel.pixel_mm
    left, _, head = start.moved_mm
    np.testing.assert_allclose(other - one, [-head * scale, -left * scale], atol=1e-6)  # prone: the left is at the left
    back = after(case, do.MoveTable())  # the table is moved until the disc is in the middle again
    assert back.carm is not None
    np.testing.assert_allclose(back.carm.isocentre_mm, mark)


@pytest.mark.parametrize("calmed", [do.AskPatient(), do.Sedate(do.Sedation.LIGHT)], ids=["asked", "sedated"])
def test_asked_or_sedated_the_patient_lies_still(at_the_root: Case, calmed: do.Action) -> None:
    before = after(at_the_root, calmed)
    case = after(before, on(before))
    assert any(isinstance(event, Pain) for event in case.events)
    assert starts(case) == []
    assert case.controls.shift_mm == (0.0, 0.0, 0.0)
    assert case.placements[NEEDLE].depth_mm == pytest.approx(before.placements[NEEDLE].depth_mm + 7.0)


def test_numbed_the_patient_lies_still(at_the_root: Case) -> None:
    tip = at_the_root.placements[NEEDLE].tip_mm
    numb = Deposit(-120.0, (float(tip[0]), float(tip[1]) - 4.0, float(tip[2])), 3.0, 1.0)
    case = after(replace(at_the_root, deposits=(numb,)), on(at_the_root))
    assert any(isinstance(event, Contact) for event in case.events)
    assert starts(case) == []


def test_who_is_afraid_starts_at_less_and_fear_is_calmed_by_words(opened: Case) -> None:
    afraid = replace(opened, card=replace(opened.card, anxiety=9.0))
    assert startles_at(afraid) < startles_at(opened) <= 8.0  # a touched root hurts 8
    assert startles_at(replace(afraid, done=("ask_patient",))) == startles_at(afraid) + WARNED


def test_a_slip_goes_through_what_lies_there_but_never_into_bone(at_the_root: Case) -> None:
    across = np.array([[-15.0, 22.0, 17.0], [15.0, 22.0, 17.0]])
    root = Strand("left L4 exiting root", Structure.NERVE_ROOT, across, np.full(2, 1.0), Level.L4_L5)
    before_bone = replace(at_the_root.patient, strands=(root,))
    placed = Placement(CATALOGUE[NEEDLE], np.array([0.0, 72.0, 17.0]), np.array([0.0, -1.0, 0.0]), 45.0)
    ready = replace(at_the_root, patient=before_bone, placements={NEEDLE: placed})
    rootless = replace(ready, patient=replace(before_bone, strands=()))
    face_mm = after(rootless, on(ready, 30.0)).placements[NEEDLE].depth_mm
    slips, on_bone = [], 0
    for seed in range(12):
        case = after(replace(ready, seed=seed), do.Advance(NEEDLE, to_depth_mm=face_mm - 0.6))
        (start,) = starts(case)
        slips.append(start.slipped_mm)
        bone = [e for e in case.events if isinstance(e, Contact) and e.structure is Structure.VERTEBRA_L4]
        assert bool(bone) is (start.slipped_mm > 0.6 - 1e-6)
        on_bone += len(bone)
    assert min(slips) < -0.6
    assert max(slips) == pytest.approx(0.6, abs=1e-4)
    assert on_bone > 2


def test_what_was_drawn_is_the_same_when_told_twice(at_the_root: Case) -> None:
    once, again = (after(at_the_root, on(at_the_root)) for _ in range(2))
    assert case_digest(once) == case_digest(again)
    other = after(replace(at_the_root, seed=at_the_root.seed + 1), on(at_the_root))
    assert starts(other)[0].moved_mm != starts(once)[0].moved_mm
    assert startled(once, once, on(once)) is once  # no new pain, no start
