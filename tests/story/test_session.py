"""A case performed by hand: what is asked is done once, on record, and can be taken back in practice only."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from by_hand import INTRODUCER, ROOM, SCENARIO, a_story, begun

from dekomp_sim.anatomy import Patient
from dekomp_sim.errors import InputError
from dekomp_sim.files import plain, read_yaml
from dekomp_sim.procedure import Refusal, case_digest
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Story, play
from dekomp_sim.viewer.practice.hints import hint
from dekomp_sim.viewer.practice.session import Mode, Session

pytestmark = pytest.mark.usefixtures("planned_once")


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


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
