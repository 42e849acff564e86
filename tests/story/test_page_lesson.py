"""A case with a teacher on the page, in a real browser: hints where allowed, questions that wait for their answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from page import CHROMIUM, Served, served
from visitor import Visitor, chromium

from dekomp_sim.files import plain, read_journal, read_yaml, shipped
from dekomp_sim.procedure.actions import Answer, Expose
from dekomp_sim.scenario.story import Story

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")

ASK = "(message) => window.trame.trigger('desk', [message])"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("lesson"), shipped="first_lesson") as up:
        yield up


@pytest.fixture(scope="module")
def pupil(page: Served) -> Iterator[Visitor]:
    with chromium() as browser:
        pupil = Visitor(browser, page)
        yield pupil
        assert pupil.complaints == []


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    """The scenario's own steps but its pictures, up to its answer."""
    story = read_yaml(shipped("scenarios", "first_lesson"), Story).as_performed()
    number = next(n for n, step in enumerate(story.steps) if isinstance(step, Answer))
    return [plain(step) for step in story.steps[:number] if not isinstance(step, Expose)]


def last_action(page: Served) -> dict[str, Any]:
    return dict(read_journal(page.folder / "journal.jsonl").records[-1]["action"])


def test_a_hint_tells_the_next_step_and_goes_away_when_it_is_not_wanted(pupil: Visitor) -> None:
    hint = pupil.tab.wait_for_selector("[data-test=hint]")
    assert hint.inner_text() == "Assess candidate."
    pupil.press("h")
    pupil.tab.wait_for_selector("[data-test=hint]", state="detached")
    pupil.press("h")
    pupil.tab.wait_for_selector("[data-test=hint]")


def test_a_question_stands_out_until_it_is_answered_by_a_key(
    pupil: Visitor, page: Served, steps: list[dict[str, Any]]
) -> None:
    tab = pupil.tab
    for step in steps:
        values = {name: value for name, value in step.items() if name != "do" and value is not None}
        answer = tab.evaluate(ASK, {"what": "perform", "do": step["do"], "values": values})
        assert not answer, (step, answer)
    asked = tab.wait_for_selector("[data-test=question]")
    assert "How far does the contrast run?" in asked.inner_text()
    answers = [tab.inner_text(f"[data-test=answer-{n}]") for n in (1, 2, 3)]
    assert [one.split(maxsplit=2)[2] for one in answers] == [
        "nucleus only", "middle third of the annulus", "into the canal"
    ]  # fmt: skip
    assert tab.query_selector("[data-test=perform]") is None, "it stands in the form's place"
    assert "[chime: the teacher asks]" in tab.inner_text("[data-test=captions]")
    tab.click("[data-test=question-later]")
    tab.wait_for_selector("[data-test=perform]")
    assert tab.inner_text("[data-test=hint]") == "Answer the teacher's question."
    tab.click("[data-test=question-waits]")
    tab.wait_for_selector("[data-test=question]")
    before = pupil.moment()
    pupil.press("Alt+2")
    pupil.passes(before)
    given = last_action(page)
    assert (given["do"], given["question"], given["choice"]) == ("answer", "grade", 2)
    tab.wait_for_selector("[data-test=question]", state="detached")
    told = tab.inner_text("[data-test=teacher]")
    assert told.startswith("Right. It stays inside the disc")
    pupil.press("Alt+2")
    assert pupil.moment() == before + 1, "there is nothing more to answer"


def test_a_question_is_answered_by_a_click_and_undone_waits_again(pupil: Visitor, page: Served) -> None:
    before = len(read_journal(page.folder / "journal.jsonl").records)
    pupil.tab.click("[data-test=undo]")
    pupil.tab.wait_for_selector("[data-test=question]")
    assert list(read_journal(page.folder / "journal.jsonl").records)[before:] == [{"undo": 1}]
    pupil.tab.click("[data-test=answer-1]")
    pupil.tab.wait_for_selector("[data-test=question]", state="detached")
    assert last_action(page)["choice"] == 1
    assert pupil.tab.inner_text("[data-test=teacher]").startswith("Wrong.")
