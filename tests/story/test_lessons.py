"""Lessons: what a teacher laid into a case is met by whoever performs it, and told in the file where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dekomp_sim.debrief.lesson import questions
from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import Case, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.events import Answered, Cue, Reaction, ReactionKind, Refusal
from dekomp_sim.procedure.lesson.plan import (
    Ask,
    Befall,
    Effect,
    Equipment,
    Fail,
    Gate,
    Hint,
    Ill,
    Lesson,
    Trigger,
    When,
)
from dekomp_sim.procedure.lesson.quantities import value
from dekomp_sim.procedure.lesson.words import Quantity
from dekomp_sim.procedure.needle.sites import as_tuple
from dekomp_sim.scenario.story import Story


@pytest.fixture
def ready(opened: Case) -> Case:
    """On the table, field and time-out done, and the back numb from the start."""
    numb = Deposit(-120.0, as_tuple(opened.plan.entry_mm), 20.0, 1.0)
    return replace(opened, done=("position_prone", "time_out", "prepare_sterile_field"), deposits=(numb,))


def taught_by(case: Case, *triggers: Trigger, gates: tuple[Gate, ...] = ()) -> Case:
    return replace(case, lesson=Lesson(triggers, gates))


def after_all(case: Case, *actions: do.Action) -> Case:
    for action in actions:
        case = after(case, action)
    return case


def cues(case: Case) -> list[str]:
    return [event.words for event in case.events if isinstance(event, Cue)]


def late(*effects: Effect, again: bool = False, above: float = 60.0) -> Trigger:
    return Trigger("late", When(Quantity.CLOCK_S, above=above), effects, again)


def test_a_hint_is_told_once_when_its_condition_comes_true(opened: Case) -> None:
    case = taught_by(opened, late(Hint("Hurry.")))
    seen = [len(cues(case := after(case, do.Wait(40.0)))) for _ in range(4)]
    assert seen == [0, 1, 1, 1]
    assert case.fired == ("late",)


def test_a_trigger_that_follows_again_waits_until_its_condition_comes_true_anew(ready: Case) -> None:
    shallow = Trigger("deep", When(Quantity.TIP_DEPTH_MM, above=10.0), (Hint("Deep."),), again=True)
    needle = "anaesthetic_needle"
    case = after(taught_by(ready, shallow), do.Insert(needle))
    for depth_mm in (5.0, 12.0, 15.0):
        case = after(case, do.Advance(needle, to_depth_mm=depth_mm))
    case = after_all(case, do.Withdraw(needle, to_depth_mm=4.0), do.Advance(needle, to_depth_mm=14.0))
    assert not [event for event in case.events if isinstance(event, Refusal)]
    assert len(cues(case)) == 2


def test_a_question_is_answered_once_and_the_answer_judged(opened: Case) -> None:
    ask = Ask("Which level?", ("L3-L4", "L4-L5"), right=2, because="Counted from the sacrum.")
    asked = after(taught_by(opened, late(ask)), do.Wait(100.0))
    assert after(asked, do.Answer("late", 3)).events[-1].words.endswith("The question late has 2 answers.")
    wrong, right = (after(asked, do.Answer("late", choice)) for choice in (1, 2))
    judged = [event.right for case in (wrong, right) for event in case.events if isinstance(event, Answered)]
    assert judged == [False, True]
    assert right.events[-1].words == "Right. Counted from the sacrum."
    assert after(right, do.Answer("late", 2)).events[-1].words.endswith("The question late is answered.")
    assert "No question where was asked; asked were: late." in after(asked, do.Answer("where", 1)).events[-1].words


def test_the_report_tells_what_was_asked_answered_and_right(opened: Case) -> None:
    ask = Ask("Which level?", ("L3-L4", "L4-L5"), right=2, because="Counted from the sacrum.")
    asked = after(taught_by(opened, late(ask)), do.Wait(100.0))
    (open_one,) = questions(asked)
    assert (open_one.answer, open_one.right_answer, open_one.right) == ("", "L4-L5", False)
    (answered,) = questions(after(asked, do.Answer("late", 2)))
    assert (answered.answer, answered.right, answered.because) == ("L4-L5", True, "Counted from the sacrum.")


def test_a_faint_befalls_the_patient_and_shows_on_the_monitor(opened: Case) -> None:
    case = after(taught_by(opened, late(Befall(Ill.FAINT))), do.Wait(100.0))
    assert [event.kind for event in case.events if isinstance(event, Reaction)] == [ReactionKind.VASOVAGAL]
    assert after(case, do.Wait(60.0)).vitals.systolic_mmhg < opened.vitals.systolic_mmhg - 20.0


def test_failed_equipment_refuses_its_step_until_it_works_again(ready: Case) -> None:
    viewed = after(ready, do.SetView(do.View.AP))
    start = viewed.clock_s
    trigger = Trigger("hot", When(Quantity.EXPOSURES, above=0), (Fail(Equipment.X_RAY, 90.0, "The tube is too hot."),))
    case = after_all(taught_by(viewed, trigger), do.Expose(), do.Expose())
    assert cues(case) == ["The tube is too hot."]
    last = case.events[-1]
    assert isinstance(last, Refusal)
    assert "no X-rays" in last.reason
    again = after_all(case, do.Wait(90.0), do.Expose())
    assert len(again.exposures) == 2
    assert again.clock_s > start


def test_a_gate_refuses_a_step_with_the_teachers_words_until_it_opens(ready: Case) -> None:
    gate = Gate("set_view", When(done="ask_patient"), "First ask how the patient is.")
    case = taught_by(ready, gates=(gate,))
    assert "First ask how the patient is." in after(case, do.SetView(do.View.AP)).events[-1].words
    opened = after_all(case, do.AskPatient(), do.SetView(do.View.AP))
    assert opened.carm is not None


def test_the_distance_of_a_tip_to_the_nearest_root_is_the_surgeons(ready: Case) -> None:
    """A tip on the planned way, against the distance by hand: to each segment of each root, less its radius."""
    needle = "anaesthetic_needle"
    case = after_all(ready, do.Insert(needle), do.Advance(needle, to_depth_mm=50.0))
    tip = case.placements[needle].tip_mm
    least = 1e9
    for strand in case.patient.strands:
        if "root" not in strand.name and "ganglion" not in strand.name:
            continue
        for n in range(len(strand.path_mm) - 1):
            for share in [step / 2000.0 for step in range(2001)]:
                at = strand.path_mm[n] + share * (strand.path_mm[n + 1] - strand.path_mm[n])
                radius = strand.radius_mm[n] + share * (strand.radius_mm[n + 1] - strand.radius_mm[n])
                least = min(least, float(((tip - at) ** 2).sum() ** 0.5) - float(radius))
    found = value(case, Quantity.TIP_TO_ROOT_MM)
    assert found == pytest.approx(least, abs=1e-3)


@pytest.mark.parametrize("quantity", list(Quantity))
def test_every_quantity_can_be_read_at_the_start(opened: Case, quantity: Quantity) -> None:
    found = value(opened, quantity)
    assert (found is None) == quantity.startswith("tip_")


def test_a_lesson_is_part_of_the_digest_and_the_same_each_time(opened: Case) -> None:
    plain, taught = (after(case, do.Wait(100.0)) for case in (opened, taught_by(opened, late(Hint("Hurry.")))))
    assert case_digest(plain) != case_digest(taught)
    assert case_digest(taught) == case_digest(after(taught_by(opened, late(Hint("Hurry."))), do.Wait(100.0)))


HEAD = "dekomp_sim: 1\ntitle: a\nlevel: L4-L5\nside: left\nsteps: [{do: wait, seconds: 1}]\nlesson:\n"


@pytest.mark.parametrize(
    ("lesson", "told"),
    [
        ("  triggers: [{name: a, when: {quantity: tip_to_rot_mm, below: 3}, then: [{do: hint, words: x}]}]\n",
         r":7:41: found quantity: \"tip_to_rot_mm\".*The nearest is tip_to_root_mm"),
        ("  gates: [{step: incise, until: {quantity: pain, above: 8, below: 3}, words: x}]\n",
         r"a condition that never holds: above 8 and below 3"),
        ("  triggers: [{name: a, when: {quantity: clock_s}, then: [{do: hint, words: x}]}]\n",
         r"a condition takes quantity together with above or below"),
        ("  triggers: [{name: a, when: {done: insert_prob}, then: [{do: hint, words: x}]}]\n",
         r"done: insert_prob is no step; the nearest is insert_probe"),
        ("  gates:\n    - {step: incise, until: {done: bandage}, words: no}\n"
         "    - {step: bandage, until: {done: incise}, words: no}\n",
         r"the scenario cannot end: incise waits for bandage waits for incise"),
        ("  gates: [{step: incise, until: {done: incise}, words: no}]\n", r"incise waits for incise"),
        ("  triggers: [{name: a, when: {done: wait}, then: [{do: hnt, words: x}]}]\n", r"The nearest is hint"),
    ],
)  # fmt: skip
def test_a_wrong_lesson_is_told_at_its_place_with_the_nearest_word(tmp_path: Path, lesson: str, told: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(HEAD + lesson)
    with pytest.raises(InputError, match=told):
        read_yaml(file, Story)
