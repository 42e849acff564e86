"""The steps offered to a hand, and the hint: what is due, what may not be done yet and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from by_hand import INTRODUCER, ROOM, SCENARIO, a_story, begun

from dekomp_sim.anatomy import Patient
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import Guidance
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.lesson.plan import Ask, Lesson, Trigger, When
from dekomp_sim.scenario import Story
from dekomp_sim.viewer.practice.bedside import bedside
from dekomp_sim.viewer.practice.controls import ACTIONS, controls
from dekomp_sim.viewer.practice.hints import ENOUGH, followed, hint
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.practice.steps import State, current, stages

pytestmark = pytest.mark.usefixtures("planned_once")


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
