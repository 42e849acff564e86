"""A case performed by hand: what is asked is done once, on record, and can be taken back in practice only."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.errors import InputError
from dekomp_sim.files import plain, read_yaml
from dekomp_sim.procedure import Guidance, Pain, Refusal, case_digest
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.lesson.plan import Ask, Lesson, Trigger, When
from dekomp_sim.scenario import Story, play
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.bedside import bedside, card_rows, perceived
from dekomp_sim.viewer.practice.controls import ACTIONS, controls
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.hints import ENOUGH, followed, hint
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.obeying import EMPTY_HAND, obeyed
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.practice.steps import State, current, stages

SCENARIO = Path(__file__).parents[2] / "scenarios" / "l4l5_left_posterolateral.yaml"
INTRODUCER = "discography_introducer"

ROOM: tuple[do.Action, ...] = (
    do.AssessCandidate(),
    do.Consent(),
    do.PositionProne(),
    do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(),
    do.SetView(do.View.AP),
)


pytestmark = pytest.mark.usefixtures("planned_once")


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def a_story(*steps: do.Action) -> Story:
    return Story(1, "a case by hand", Level.L4_L5, Side.LEFT, steps or ROOM)


def begun(
    patient: Patient, mode: Mode = Mode.PRACTICE, clock: Callable[[], float] | None = None
) -> tuple[Session, list[Any]]:
    """A session in a room that is ready, and the lines of its journal."""
    lines: list[Any] = []
    session = Session(a_story(), patient, mode, lines.append, clock)
    for action in ROOM:
        assert session.act(action).refusal is None
    return session, lines


def test_a_script_performed_form_by_form_ends_like_its_run(coarse_phantom: Patient) -> None:
    """Forms give text: every field of every step goes through a string and back."""
    story = read_yaml(SCENARIO, Story)
    session = Session(story, coarse_phantom)
    for step in story.steps:
        fields = {name: str(value) if isinstance(value, float | int) and not isinstance(value, bool) else value
                  for name, value in plain(step).items() if name != "do"}  # fmt: skip
        assert session.perform(step.do, fields).refusal is None
    assert case_digest(session.case) == case_digest(play(story, coarse_phantom)[-1])


def test_an_action_is_on_record_with_its_events_before_it_counts(glass: Patient) -> None:
    session, lines = begun(glass)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[3] == {
        "step": 4,
        "action": {"level": "L4-L5", "side": "left", "do": "time_out"},
        "clock_s": session.moments[4].case.clock_s,
        "events": [
            {"kind": "Said", "clock_s": session.moments[4].case.clock_s, "speaker": "team",
             "words": "Time-out: L4-L5, left. All agree.", "severity": "info"}
        ],
    }  # fmt: skip


def test_a_refusal_is_an_outcome_with_its_reason_and_is_on_record(glass: Patient) -> None:
    session, lines = begun(glass)
    outcome = session.act(do.Bandage())
    assert outcome.refusal == "There is no wound."
    assert outcome.events == (Refusal(session.case.clock_s, "bandage", "There is no wound."),)
    assert lines[-1]["events"][0]["kind"] == "Refusal"


@pytest.mark.parametrize(
    ("word", "fields", "sentence"),
    [
        ("wait", {"seconds": "soon"}, "action wait: seconds: found soon; allowed: a valid number"),
        ("wait", {"seconds": "-1"}, "action wait: seconds: found -1; allowed: greater than 0"),
        ("wait", {"seconds": "1", "minutes": "2"}, "action wait: found the field minutes; allowed: seconds, do."),
        ("wait", {"seconds": ""}, "action wait: seconds"),
        ("advance", {"instrument": INTRODUCER}, "advance takes either to (a mark) or to_depth_mm"),
        ("juggle", {}, "action juggle: do: found"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_in_words_and_leaves_no_trace(
    glass: Patient, word: str, fields: dict[str, str], sentence: str
) -> None:
    session, lines = begun(glass)
    before = session.case
    outcome = session.perform(word, fields)
    assert outcome.refusal is not None
    assert sentence in outcome.refusal
    assert session.case is before
    assert len(lines) == len(ROOM)


def test_nothing_happens_that_cannot_be_put_on_record(glass: Patient) -> None:
    def full(line: object) -> None:
        raise InputError("journal.jsonl", "a disk that takes no more", "room for the journal")

    session = Session(a_story(), glass, record=full)
    outcome = session.act(do.AssessCandidate())
    assert outcome.refusal is not None
    assert "a disk that takes no more" in outcome.refusal
    assert session.case.done == ()
    assert len(session.moments) == 1


def test_undo_takes_back_the_last_thing_done_and_what_was_refused_since(glass: Patient) -> None:
    session, lines = begun(glass)
    before = case_digest(session.case)
    session.act(do.Insert(INTRODUCER))
    session.act(do.Bandage())
    assert session.undo().refusal is None
    assert case_digest(session.case) == before
    assert lines[-1] == {"undo": 2}
    session.act(do.Insert(INTRODUCER))
    assert lines[-1]["step"] == 7
    session.undo()
    assert lines[-1] == {"undo": 1}
    for _ in ROOM:
        assert session.undo().refusal is None
    assert session.undo().refusal == "Nothing was done that could be undone."


def test_in_an_examination_nothing_is_undone_and_no_hint_given(glass: Patient) -> None:
    session, lines = begun(glass, Mode.EXAM)
    assert session.undo().refusal == "Nothing is undone in an examination."
    assert len(lines) == len(ROOM)
    assert hint(session) is None
    assert hint(Session(replace(a_story(), hints=False), glass)) is None


def test_a_held_pedal_is_one_exposure_like_the_script_s(glass: Patient) -> None:
    session, lines = begun(glass)
    session.pedal_down()
    pulses = [session.pulse() for _ in range(5)]
    assert [pulse.number for pulse in pulses if pulse] == [0, 1, 2, 3, 4]
    assert len(session.case.exposures) == 0, "nothing is on record while the pedal is held"
    assert session.now.exposures[0].frames == 5, "and yet the dose counts up"
    outcome = session.pedal_up()
    assert [line["action"]["frames"] for line in lines[len(ROOM) :]] == [5]
    assert outcome.case.exposures[0].frames == 5
    assert session.pulse() is None
    scripted = play(a_story(*ROOM, do.Expose(frames=5)), glass)[-1]
    assert case_digest(session.case) == case_digest(scripted)


def test_a_pulse_shows_what_one_frame_of_the_exposure_would(glass: Patient) -> None:
    session, _ = begun(glass)
    session.pedal_down()
    first, second = session.pulse(), session.pulse()
    assert first is not None
    assert second is not None
    one = play(a_story(*ROOM, do.Expose()), glass)[-1].exposures[0]
    assert (first.exposure.technique, first.exposure.index, first.exposure.frames) == (one.technique, one.index, 1)
    assert first.exposure.dose == one.dose
    assert second.shot.index == first.shot.index
    assert (first.shot.pulse, second.shot.pulse) == (0, 1), "its own noise"


def test_a_needle_moved_under_the_pedal_splits_the_exposure_where_it_moved(glass: Patient) -> None:
    session, lines = begun(glass)
    session.act(do.Insert(INTRODUCER))
    session.pedal_down()
    session.pulse()
    session.pulse()
    session.act(do.Advance(INTRODUCER, to_depth_mm=5.0))
    pulse = session.pulse()
    assert session.pedal_held
    assert pulse is not None
    assert (pulse.number, pulse.exposure.index) == (0, 1)
    assert any(solid is not None for solid in pulse.shot.solids)
    session.pedal_up()
    told = [(line["action"]["do"], line["action"].get("frames")) for line in lines[-3:]]
    assert told == [("expose", 2), ("advance", None), ("expose", 1)]
    assert [exposure.held for exposure in session.case.exposures] == [False, True]
    assert session.case.presses == 1


def test_a_pedal_without_a_view_is_refused_and_gives_no_pulse(glass: Patient) -> None:
    session = Session(a_story(), glass)
    assert session.pedal_down().refusal == "The C-arm has no view yet: set_view first."
    assert session.pulse() is None
    assert session.pedal_up().refusal is None
    assert len(session.moments) == 2


def test_undo_under_the_pedal_takes_back_the_pulses_given(glass: Patient) -> None:
    session, lines = begun(glass)
    session.pedal_down()
    session.pulse()
    session.undo()
    session.pulse()
    session.pedal_up()
    assert [exposure.held for exposure in session.case.exposures] == [False], "a press of its own"
    assert lines[-2] == {"undo": 1}


def test_a_c_arm_turned_by_hand_goes_on_record_once_where_it_is_let_go(glass: Patient) -> None:
    session, lines = begun(glass)
    before, case = len(lines), session.case
    for turn_deg in (170.0, 160.04, 150.0):
        assert session.swing(turn_deg, 3.0) is None
        assert session.standing.carm is not None
        assert session.standing.carm.primary_deg == pytest.approx(turn_deg, abs=0.05)
    assert session.case is case, "until then nothing has happened"
    assert session.let_go().refusal is None
    assert [line["action"] for line in lines[before:]] == [
        {"view": None, "primary_deg": 150.0, "secondary_deg": 3.0, "do": "set_view"}
    ]
    assert session.standing is session.case
    assert session.let_go().case is session.case
    assert len(lines) == before + 1


def test_a_turning_c_arm_stops_where_its_reach_ends(glass: Patient) -> None:
    session, lines = begun(glass)
    before = len(lines)
    assert session.swing(150.0, 0.0) is None
    for beyond in ((0.0, 0.0), (150.0, 500.0)):
        reason = session.swing(*beyond)
        assert reason
        assert reason != "None"
    session.let_go()
    assert [line["action"]["primary_deg"] for line in lines[before:]] == [150.0]


def test_pulses_follow_a_turning_c_arm_and_count_where_it_stops(glass: Patient) -> None:
    session, lines = begun(glass)
    before = len(lines)
    session.pedal_down()
    session.pulse()
    for turn_deg in (170.0, 160.0):
        session.swing(turn_deg, 0.0)
        pulse = session.pulse()
        assert pulse is not None
        assert pulse.shot.carm.primary_deg == pulse.exposure.carm.primary_deg == turn_deg
    session.let_go()
    session.pulse()
    session.pedal_up()
    told = [(line["action"]["do"], line["action"].get("frames")) for line in lines[before:]]
    assert told == [("expose", 1), ("set_view", None), ("expose", 2), ("expose", 1)]
    assert [one.carm.primary_deg for one in session.case.exposures][1:] == [160.0, 160.0]
    assert session.case.presses == 1


def test_whatever_is_done_meanwhile_is_done_where_the_c_arm_stands(glass: Patient) -> None:
    session, lines = begun(glass)
    session.swing(165.0, 0.0)
    session.act(do.Expose(spot=True))
    assert [line["action"]["do"] for line in lines[-2:]] == ["set_view", "expose"]
    assert session.case.exposures[-1].carm.primary_deg == 165.0
    session.swing(160.0, 0.0)
    session.pedal_down()
    session.pulse()
    session.pedal_up()
    assert [line["action"]["do"] for line in lines[-2:]] == ["set_view", "expose"]
    assert session.case.exposures[-1].carm.primary_deg == 160.0


def test_idle_real_time_is_put_on_record_as_waiting_before_the_next_action(glass: Patient) -> None:
    watch = Watch()
    session, lines = begun(glass, clock=watch)
    clock_s = session.case.clock_s
    watch.s += 42.37
    assert session.now.clock_s == pytest.approx(clock_s + 42.3)
    assert session.case.clock_s == clock_s, "looking does not put it on record"
    session.act(do.AskPatient())
    assert lines[-2]["action"] == {"seconds": 42.3, "do": "wait"}
    assert lines[-2]["idle"] is True
    assert session.case.clock_s == pytest.approx(clock_s + 42.3 + 20.0)


def test_short_pauses_add_up_until_they_are_one(glass: Patient) -> None:
    watch = Watch()
    session, lines = begun(glass, clock=watch)
    for _ in range(4):
        watch.s += 0.3
        session.act(do.SetField())
    assert [line["action"]["do"] for line in lines[-5:]] == ["set_field"] * 3 + ["wait", "set_field"]
    assert lines[-2]["action"]["seconds"] == pytest.approx(1.2)


def test_the_beam_s_own_time_is_not_idle(glass: Patient) -> None:
    watch = Watch()
    session, lines = begun(glass, clock=watch)
    session.pedal_down()
    for _ in range(24):
        session.pulse()
        watch.s += 0.125
    session.pedal_up()
    session.act(do.AskPatient())
    assert [line["action"]["do"] for line in lines[-2:]] == ["expose", "ask_patient"]


def test_undo_goes_back_before_the_pause_and_the_pause_did_not_happen(glass: Patient) -> None:
    watch = Watch()
    session, lines = begun(glass, clock=watch)
    before = case_digest(session.case)
    watch.s += 10.0
    session.act(do.AskPatient())
    watch.s += 10.0
    session.undo()
    assert lines[-1] == {"undo": 1}
    session.undo()
    assert lines[-1] == {"undo": 2}, "the view, and the waiting after it"
    session.act(ROOM[-1])
    assert case_digest(session.case) == before


def test_a_finished_case_is_closed_with_its_digest(glass: Patient) -> None:
    session, lines = begun(glass)
    session.pedal_down()
    session.pulse()
    session.finish()
    assert lines[-1] == {"digest": case_digest(session.case), "harm": False}
    assert lines[-2]["action"]["do"] == "expose"
    assert session.act(do.AskPatient()).refusal == "The case is closed."
    assert session.undo().refusal == "The case is closed."
    session.finish()
    assert len(lines) == len(ROOM) + 2


def test_hours_at_the_needle_keep_few_cases_and_lose_none(glass: Patient) -> None:
    session, _ = begun(glass)
    digests = [case_digest(session.case)]
    for number in range(150):
        session.act(do.SetCollimator(across=0.5 + 0.05 * (number % 7)))
        digests.append(case_digest(session.case))
    moments = session.moments
    assert sum(one.kept for one in moments) <= 1 + 16 + 32 + 1
    assert [case_digest(one.case) for one in moments[6::13]] == digests[::13]
    for _ in range(40):
        session.undo()
    assert case_digest(session.case) == digests[-41]


# --- hands -----------------------------------------------------------------------------------------------------------


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


# --- steps, hints, bedside -------------------------------------------------------------------------------------------


def test_the_steps_lead_from_the_card_to_the_advice(coarse_phantom: Patient) -> None:
    """Whatever is due is done with the form's own values, and the whole procedure is done in the end."""
    session = Session(a_story(), coarse_phantom)
    due = []
    for _ in range(60):
        found = stages(session)
        task = next((task for stage in found for task in stage.tasks if task.state is State.DUE), None)
        if task is None:
            break
        due.append(task.do)
        values = {"level": "L4-L5", "side": "left"} if task.do == "time_out" else dict(task.values)
        outcome = session.perform(task.do, values)
        if outcome.refusal is not None:  # what the skin wants before it is cut
            assert "give it a minute" in outcome.refusal
            session.act(do.Wait(60.0))
    assert due[0] == "assess_candidate"
    assert due[-1] == "advise_recovery"
    found = stages(session)
    assert all(stage.done for stage in found[:4])
    assert [task.do for stage in found for task in stage.tasks if task.state is State.DUE] == []
    assert current(found) == len(found) - 2


def test_a_step_that_may_not_be_done_now_says_why(glass: Patient) -> None:
    session = Session(a_story(), glass)
    (card, table, *_), always = stages(session)[:-1], stages(session)[-1]
    assert (card.tasks[0].state, card.tasks[1].state) == (State.DUE, State.REFUSED)
    assert card.tasks[1].reason == "First: assess candidate."
    assert table.tasks[0].reason == "First: consent."
    assert current(stages(session)) == 0
    assert any(task.do == "treat" and task.state is State.OPEN for task in always.tasks)


def test_every_action_has_its_place_in_the_stages(glass: Patient) -> None:
    both = replace(a_story(), guidance=Guidance.MIXED)
    tasks = [task for stage in stages(Session(both, glass)) for task in stage.tasks]
    assert {task.do for task in tasks} == set(ACTIONS) - {"answer"}
    assert all(set(task.values) <= {one.name for one in controls(task.do)} for task in tasks)


def test_a_machine_that_does_not_stand_in_the_room_has_no_stage(glass: Patient) -> None:
    titles = {
        one: [stage.title for stage in stages(Session(replace(a_story(), guidance=one), glass))] for one in Guidance
    }
    assert "CT scanner" not in titles[Guidance.FLUOROSCOPY]
    assert "Views" not in titles[Guidance.CT]
    assert {"Views", "CT scanner"} <= set(titles[Guidance.MIXED])


def test_a_question_of_the_lesson_is_a_task_until_it_is_answered(glass: Patient) -> None:
    asked = Ask("Which root leaves below L4?", ("L4", "L5"), right=1, because="It leaves above the disc.")
    lesson = Lesson((Trigger("root", When(done="consent"), (asked,)),))
    session = Session(replace(a_story(), lesson=lesson), glass, Mode.EXAM)
    for action in ROOM:
        session.act(action)
    tasks = [task for task in stages(session)[-1].tasks if task.do == "answer"]
    assert [(task.words, dict(task.values)) for task in tasks] == [
        ("Which root leaves below L4? 1: L4; 2: L5", {"question": "root"})
    ]
    assert any("Which root" in line.words for line in bedside(session.case, Mode.EXAM).said)
    assert session.perform("answer", {**tasks[0].values, "choice": "1"}).refusal is None
    assert not [task for task in stages(session)[-1].tasks if task.do == "answer"]
    assert not any("Right" in line.words for line in bedside(session.case, Mode.EXAM).said), "left to the debrief"


def test_what_is_withdrawn_is_what_is_in_the_patient(glass: Patient) -> None:
    session, _ = begun(glass)
    session.act(do.Insert(INTRODUCER))
    withdraw = next(task for task in stages(session)[-1].tasks if task.do == "withdraw")
    assert withdraw.values["instrument"] == INTRODUCER


def test_a_hint_is_the_script_s_next_step_however_it_was_reached(coarse_phantom: Patient) -> None:
    story = read_yaml(SCENARIO, Story)
    session = Session(story, coarse_phantom)
    for number, step in enumerate(story.steps[:25]):
        assert followed(story.steps, session.moments, session.case) == number
        if isinstance(step, do.Advance) and step.to is do.Mark.ANNULUS:  # by hand, little by little
            while followed(story.steps, session.moments, session.case) == number:
                depth_mm = session.case.placements[step.instrument].depth_mm
                assert session.act(do.Advance(step.instrument, to_depth_mm=depth_mm + 5.0)).refusal is None
        else:
            session.act(step)
    assert hint(session) == "Infiltrate 3 mL of lidocaine 1 %."


def test_pictures_may_be_left_out_and_the_hint_goes_on(glass: Patient) -> None:
    story = a_story(*ROOM, do.Expose(note="AP"), do.SetView(do.View.LATERAL), do.Insert(INTRODUCER))
    session = Session(story, glass)
    for action in ROOM:
        session.act(action)
    assert hint(session) == "Expose: automatic kV, automatic mAs. AP"
    session.act(do.Insert(INTRODUCER))
    assert hint(session) == ENOUGH


def test_a_hint_says_what_stands_in_its_way(glass: Patient) -> None:
    session = Session(a_story(do.Bandage()), glass)
    assert hint(session) == "Bandage. Not yet: There is no wound."


def test_the_bedside_hears_and_sees_what_happened_and_pain_fades(glass: Patient) -> None:
    session, _ = begun(glass)
    session.act(do.Insert(INTRODUCER))
    session.act(do.Advance(INTRODUCER, to_depth_mm=20.0))
    now = bedside(session.case)
    assert any(line.kind == "pain" for line in now.said)
    assert now.pain > 2.0
    assert now.vitals == session.case.vitals
    session.act(do.Wait(300.0))
    assert bedside(session.case).pain < 0.1


def test_the_bedside_shows_how_sedated_the_patient_is_and_not_what_was_asked(glass: Patient) -> None:
    session, _ = begun(glass)
    seen = [bedside(session.case).sedation]
    for action in (do.Sedate(do.Sedation.LIGHT), do.Sedate(do.Sedation.LIGHT), do.Sedate(do.Sedation.LIGHT)):
        session.act(action)
        seen.append(bedside(session.case).sedation)
    session.act(do.Wait(7200.0))
    seen.append(bedside(session.case).sedation)
    none, light, deep = do.Sedation.NONE, do.Sedation.LIGHT, do.Sedation.DEEP
    assert seen == [none, light, light, deep, none]
    assert session.case.sedation is light


def test_an_examination_tells_only_what_is_noticed_at_the_table(glass: Patient) -> None:
    session, _ = begun(glass, Mode.EXAM)
    session.act(do.PrepareSterileField(drape_c_arm=False))
    session.act(do.Insert(INTRODUCER))
    session.act(do.Advance(INTRODUCER, to_depth_mm=20.0))
    every, noticed = perceived(session.case.events, Mode.PRACTICE), perceived(session.case.events, Mode.EXAM)
    assert {type(event).__name__ for event in every} - {type(event).__name__ for event in noticed} == {"Risk"}
    assert any(isinstance(event, Pain) for event in noticed)


def test_the_card_does_not_give_away_what_nobody_knows(glass: Patient) -> None:
    words = " ".join(f"{title} {text}" for title, text in card_rows(a_story().card))
    assert "42 years" in words
    assert "unknown" not in words


def test_the_code_of_the_page_about_cases_by_hand_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "by_hand.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == ["First: assess candidate.", "True", "None"]


def test_a_session_needs_no_screen() -> None:
    program = (
        "import sys, importlib, pkgutil, dekomp_sim.viewer.practice as room\n"
        "for one in pkgutil.iter_modules(room.__path__): importlib.import_module(f'{room.__name__}.{one.name}')\n"
        "print([name for name in ('pyvista', 'vtkmodules', 'trame', 'matplotlib') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
