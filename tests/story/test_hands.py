"""Hands in a case: what they take up, push, tilt and bend, and what that asks of the case."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from by_hand import INTRODUCER, ROOM, a_story, begun

from dekomp_sim.anatomy import Patient
from dekomp_sim.procedure import actions as do
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.obeying import EMPTY_HAND, obeyed
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.steps import State, stages

pytestmark = pytest.mark.usefixtures("planned_once")


def test_a_hand_pushes_pulls_tilts_and_takes_out(glass: Patient) -> None:
    session, _ = begun(glass)
    hand = hands.taken(Hand(), INTRODUCER)
    for command, depth_mm in (
        (Command.SET_ON_SKIN, 0.0),
        (Command.COARSE_FORWARD, 5.0),
        (Command.FINE_FORWARD, 5.5),
        (Command.FINE_BACK, 5.0),
    ):
        hand, outcome = obeyed(session, hand, command)
        assert outcome is not None
        assert outcome.refusal is None
        assert session.case.placements[INTRODUCER].depth_mm == pytest.approx(depth_mm)
    before = session.case.placements[INTRODUCER].direction
    obeyed(session, hand, Command.TILT_CRANIAL)
    assert session.case.placements[INTRODUCER].direction[2] > before[2], "tip to the head"
    obeyed(session, hand, Command.COARSE_BACK)
    obeyed(session, hand, Command.COARSE_BACK)
    assert INTRODUCER not in session.case.placements, "pulled from the skin it is out"


def test_a_hand_s_grip_changes_nothing_in_the_case(glass: Patient) -> None:
    session, lines = begun(glass)
    hand, outcome = obeyed(session, Hand(), Command.NEXT_INSTRUMENT)
    assert outcome is None
    assert hand.instrument == "anaesthetic_needle"
    hand, _ = obeyed(session, hand, Command.ROLL_CLOCKWISE)
    assert hand.bevel_deg == 5.0
    hand, _ = obeyed(session, hand, Command.ENTRY_CRANIAL)
    assert hand.entry_cranial_mm == 0.5
    assert len(lines) == len(ROOM)
    obeyed(session, hand, Command.SET_ON_SKIN)
    obeyed(session, hand, Command.FINE_FORWARD)
    assert lines[-2]["action"]["entry_cranial_mm"] == 0.5
    assert lines[-1]["action"]["bevel_deg"] == 5.0


def test_an_entry_dragged_over_the_skin_is_where_the_needle_is_set(glass: Patient) -> None:
    session, _ = begun(glass)
    hand = hands.dragged(Hand(INTRODUCER), session.case.plan.entry_mm + np.array([3.0, 0.0, -2.0]))
    hand = hands.aimed(hand, session.case.plan.target_mm)
    action = hands.set_on_skin(session.case, hand)
    assert action is not None
    assert session.act(action).refusal is None
    placed = session.case.placements[INTRODUCER]
    assert placed.entry_mm[0] - session.case.plan.entry_mm[0] == pytest.approx(3.0, abs=1.0)
    assert hands.entry_mm(session.case, hand)[2] == pytest.approx(session.case.plan.entry_mm[2] - 2.0)


def test_a_fine_needle_s_tip_is_bent_by_a_key_before_it_goes_in_and_a_trocar_s_is_refused(glass: Patient) -> None:
    session, lines = begun(glass)
    hand = Hand("fine_discography_needle")
    for _ in range(2):
        hand, outcome = obeyed(session, hand, Command.BEND_TIP)
        assert outcome is None, "nothing has happened to the patient"
    obeyed(session, hand, Command.SET_ON_SKIN)
    assert lines[-1]["action"]["prebend_deg"] == 10.0
    assert session.case.placements["fine_discography_needle"].prebend_deg == 10.0
    assert hands.taken(hand, INTRODUCER).prebend_deg == 0.0
    _, outcome = obeyed(session, replace(hand, instrument=INTRODUCER), Command.SET_ON_SKIN)
    assert outcome is not None
    assert "bend the fine needle's tip instead" in str(outcome.refusal)


def test_the_breath_is_held_by_a_key_and_by_a_step(glass: Patient) -> None:
    session, lines = begun(glass)
    _, outcome = obeyed(session, Hand(), Command.HOLD_BREATH)
    assert outcome is not None
    assert outcome.refusal is None
    assert lines[-1]["action"] == {"seconds": 15.0, "do": "hold_breath"}
    assert session.case.breath_held_until_s > session.case.clock_s
    (again,) = [task for task in stages(session)[-1].tasks if task.do == "hold_breath"]
    assert again.reason.startswith("Let the patient breathe first")


def test_the_finer_set_lies_on_the_tray_and_has_its_steps(coarse_phantom: Patient) -> None:
    session = Session(a_story(), coarse_phantom)
    for action in ROOM:
        session.act(action)
    finer = next(stage for stage in stages(session) if stage.title == "The finer discography set")
    for task in finer.tasks:
        outcome = session.perform(task.do, dict(task.values))
        assert outcome.refusal is None, task
    assert [task.state for task in stages(session)[5].tasks] == [State.DONE] * len(finer.tasks)
    assert {"fine_discography_introducer", "fine_discography_needle"} <= {one.key for one in hands.tray(session.case)}


def test_an_empty_hand_is_told_so(glass: Patient) -> None:
    session, lines = begun(glass)
    _, outcome = obeyed(session, Hand(), Command.FINE_FORWARD)
    assert outcome is not None
    assert outcome.refusal == EMPTY_HAND
    assert len(lines) == len(ROOM)


def test_the_tray_says_what_may_be_taken_and_why_not(glass: Patient) -> None:
    session, _ = begun(glass)
    offers = {one.key: one for one in hands.tray(session.case)}
    assert offers["anaesthetic_needle"].reason is None
    assert offers["trocar_cannula"].reason == "The trocar needs a skin incision first."
    session.act(do.Insert(INTRODUCER))
    assert {one.key: one for one in hands.tray(session.case)}[INTRODUCER].in_patient
