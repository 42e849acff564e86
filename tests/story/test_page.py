"""A whole case performed on the page in a real browser, by clicks and keys, against the same case from a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from page import CHROMIUM, STEPS, Served, served
from ruamel.yaml import YAML

from dekomp_sim.files import phantom_patient, read_journal, read_yaml, shipped
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.scenario import play
from dekomp_sim.scenario.story import Story

playwright_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")

KEYS = {
    ("set_view", "ap"): "1",
    ("set_view", "lateral"): "2",
    ("ask_patient", ""): "a",
    ("expose", "spot"): "x",
    ("insert", "anaesthetic_needle"): "s",
    ("advance", 5.0): "PageUp",
    ("advance", 10.0): "PageUp",
    ("remove", "anaesthetic_needle"): "Delete",
    ("remove", "discography_needle"): "Delete",
}
"""Steps that are done by a key here; all others by clicks."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("page")) as up:
        yield up


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


SOCKETS = """const Plain = WebSocket; window.sockets = [];
window.WebSocket = class extends Plain { constructor(...a) { super(...a); window.sockets.push(this); } };"""
"""Lets a test cut a page's connection as a network does."""


class Visitor:
    """A tab, and everything it asked of the net or complained about."""

    def __init__(self, browser: Any, served: Served) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 720})
        self.context.add_init_script(SOCKETS)
        self.asked: set[str] = set()
        self.complaints: list[str] = []
        self.tab = self.open(served)

    def open(self, served: Served) -> Any:
        tab = self.context.new_page()
        tab.on("request", lambda request: self.asked.add(urlsplit(request.url).hostname or "none"))
        tab.on("websocket", lambda socket: self.asked.add(urlsplit(socket.url).hostname or "none"))
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(served.url)
        tab.wait_for_selector("[data-test=page]", timeout=30_000)
        return tab

    def moment(self) -> int:
        return int(self.tab.get_attribute("[data-test=page]", "data-moment"))

    def passes(self, before: int, tab: Any = None) -> None:
        wanted = f"Number(document.querySelector('[data-test=page]').dataset.moment) > {before}"
        (tab or self.tab).wait_for_function(wanted, timeout=20_000)

    def press(self, key: str) -> None:
        self.tab.keyboard.press(key)

    def fill(self, step: dict[str, Any]) -> None:
        """Choose the task of an action on the left, and fill in its form."""
        for closed in self.tab.query_selector_all(".stage > button.title[aria-expanded=false]"):
            closed.click()
        self.tab.query_selector(f".task[data-do={step['do']}]").click()
        for name, value in ({"to": "", "offset_mm": 0.0} if step["do"] == "advance" else {} | step).items():
            self._enter(name, step.get(name, value))
        for name, value in step.items():
            self._enter(name, value)

    def _enter(self, name: str, value: Any) -> None:
        field = self.tab.query_selector(f"[data-test=field-{name}]")
        if name == "do" or field is None:
            return
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(str(value))
        elif field.get_attribute("type") == "checkbox":
            field.set_checked(bool(value))
        else:
            field.fill(str(value))

    def perform(self, step: dict[str, Any]) -> None:
        """One step of a script, by its key where it has one."""
        before, mark = self.moment(), _mark(step)
        if mark in KEYS:
            if step["do"] in {"insert", "remove"}:
                self._take(step["instrument"])
            self.press(KEYS[mark])
        else:
            self.fill(step)
            self.tab.click("[data-test=perform]")
        self.passes(before)
        refusal = self.tab.query_selector("[data-test=refusal]")
        assert refusal is None, f"{step}: {refusal.inner_text()}"

    def _take(self, instrument: str) -> None:
        """Take up instruments in turn until this one is in hand."""
        words = instrument.replace("_", " ")
        for _ in range(6):
            if self.tab.inner_text("[data-test=in-hand] b").startswith(words):
                return
            self.press("n")
            self.tab.wait_for_timeout(150)
        raise AssertionError(f"{words} never came to hand")


def _mark(step: dict[str, Any]) -> tuple[str, Any]:
    if step["do"] == "expose":
        return "expose", "spot" if step.get("spot") else step.get("frames")
    more = [step[name] for name in ("view", "to_depth_mm", "instrument") if name in step]
    return step["do"], more[0] if more else ""


@pytest.fixture(scope="module")
def visitor(browser: Any, page: Served) -> Visitor:
    return Visitor(browser, page)


def test_a_case_by_clicks_and_keys_ends_in_the_digest_of_its_script(visitor: Visitor, page: Served) -> None:
    for step in YAML(typ="safe").load("steps:" + STEPS)["steps"]:
        visitor.perform(step)
    visitor.tab.click("[data-test=finish]")
    visitor.tab.click("[data-test=finish-yes]")
    digest = visitor.tab.wait_for_selector("[data-test=digest]", state="attached", timeout=60_000).text_content()

    story = read_yaml(page.folder.parent / "case.yaml", Story)
    scripted = play(story, phantom_patient(shipped("phantoms", story.phantom)))[-1]
    assert digest == case_digest(scripted)
    closing = read_journal(page.folder / "journal.jsonl").records[-1]
    assert closing == {"digest": digest, "harm": scripted.harmed}
    assert (page.folder / "report.html").is_file()


def test_the_debriefing_looks_back_at_any_moment(visitor: Visitor) -> None:
    tab = visitor.tab
    tab.wait_for_selector("[data-test=debrief] table")
    last = tab.inner_text("[data-test=clock]")
    tab.fill("[data-test=timeline]", "11")
    tab.wait_for_function("document.querySelector('[data-test=moment]').innerText.includes('anaesthetic needle')")
    assert tab.inner_text("[data-test=clock]") != last
    tab.click("[data-test=peel-5]")
    tab.wait_for_selector("[data-test=peel-5][aria-pressed=true]")
    tab.wait_for_function("Number(document.querySelector('[data-test=pane-roots]').dataset.drawn) > 0")
    assert tab.is_disabled("[data-test=pedal]")


def test_nothing_was_asked_of_another_machine_and_nothing_complained(visitor: Visitor) -> None:
    assert visitor.asked == {"127.0.0.1"}
    assert visitor.complaints == []


def test_two_tabs_share_one_case_and_a_lost_connection_is_found_again(visitor: Visitor, page: Served) -> None:
    second = visitor.open(page)
    assert second.text_content("[data-test=digest]") == visitor.tab.text_content("[data-test=digest]")
    visitor.tab.fill("[data-test=timeline]", "3")
    followed = "document.querySelector('[data-test=moment]').innerText.includes('cefazolin')"
    second.wait_for_function(followed)
    second.evaluate("() => { window.before = true; window.sockets.at(-1).close(); }")
    assert visitor.asked == {"127.0.0.1"}
    second.wait_for_function(
        "window.before === undefined && document.querySelector('[data-test=digest]')", timeout=30_000
    )
    assert second.text_content("[data-test=digest]") == visitor.tab.text_content("[data-test=digest]")


@pytest.fixture(scope="module")
def candidate(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with served(tmp_path_factory.mktemp("exam"), "--exam") as up:
        yield Visitor(browser, up)


def test_an_examination_hides_hints_undo_disc_and_what_lies_beneath_the_skin(candidate: Visitor) -> None:
    tab = candidate.tab
    assert tab.inner_text("[data-test=mode]") == "Examination"
    assert tab.query_selector("[data-test=hint]") is None
    assert tab.is_disabled("[data-test=undo]")
    assert tab.query_selector("[data-test=camera-close-up]") is None
    assert tab.query_selector("[data-test=timeline]") is None
    asked = ({"what": "camera", "view": "axial"}, {"what": "layer", "name": "skin"}, {"what": "peel", "number": 3},
             {"what": "scrub", "number": 0}, {"what": "command", "command": "undo"})  # fmt: skip
    for message in asked:
        answer = tab.evaluate("(message) => window.trame.trigger('desk', [message])", message)
        assert set(answer) == {"refusal"}, message


def test_space_is_the_pedal_while_it_is_held(candidate: Visitor) -> None:
    tab = candidate.tab
    for do in ("assess_candidate", "consent", "position_prone"):
        candidate.perform({"do": do})
    before = candidate.moment()
    candidate.press("1")
    candidate.passes(before)
    before = candidate.moment()
    tab.keyboard.down(" ")
    tab.wait_for_function("Number(document.querySelector('[data-test=pane-live]').dataset.drawn) > 4", timeout=30_000)
    assert tab.get_attribute("[data-test=pedal]", "aria-pressed") == "true"
    assert tab.query_selector(".pane.beam") is not None
    tab.keyboard.up(" ")
    candidate.passes(before)
    assert int(tab.inner_text("[data-test=readout-Pictures]").split()[0]) >= 3
    assert tab.query_selector(".pane.beam") is None


def test_a_key_is_changed_on_the_map_and_kept_by_the_browser(candidate: Visitor) -> None:
    tab = candidate.tab
    candidate.press("?")
    tab.click("[data-test=key-ask_patient]")
    candidate.press("1")
    tab.wait_for_selector("[data-test=key-error]")
    tab.click("[data-test=key-ask_patient]")
    candidate.press("y")
    tab.wait_for_function("document.querySelector('[data-test=key-ask_patient]').innerText === 'y'")
    tab.click("[data-test=keys-close]")
    assert "ask_patient" in tab.evaluate("localStorage.getItem('dekomp.keys')")
    before = candidate.moment()
    candidate.press("y")
    candidate.passes(before)


def test_text_grows_and_everything_still_fits(candidate: Visitor) -> None:
    tab = candidate.tab
    small = tab.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    for _ in range(4):
        tab.click("[data-test=text-larger]")
    assert tab.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 1.3 * small
    assert tab.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1280, 720]
    assert candidate.complaints == []
