"""A whole case performed on the page in a real browser, by clicks and keys, against the same case from a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from page import CHROMIUM, STEPS, Served, served
from ruamel.yaml import YAML
from visitor import Visitor, chromium

from dekomp_sim.files import phantom_patient, read_journal, read_yaml, shipped
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import opened
from dekomp_sim.scenario import play
from dekomp_sim.scenario.story import Story

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    with served(folder, "--learner", "L017", "--db", str(folder / "records.sqlite")) as up:
        yield up


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def visitor(browser: Any, page: Served) -> Visitor:
    return Visitor(browser, page)


def test_a_case_by_clicks_and_keys_ends_in_the_digest_of_its_script(visitor: Visitor, page: Served) -> None:
    for step in YAML(typ="safe").load("steps:" + STEPS)["steps"]:
        visitor.perform(step)
    visitor.tab.click("[data-test=finish]")
    visitor.tab.click("[data-test=finish-yes]")
    digest = visitor.tab.wait_for_selector("[data-test=digest]", state="attached").text_content()

    story = read_yaml(page.folder.parent / "case.yaml", Story)
    scripted = play(story, phantom_patient(shipped("phantoms", story.phantom)))[-1]
    assert digest == case_digest(scripted)
    closing = read_journal(page.folder / "journal.jsonl").records[-1]
    assert closing == {"digest": digest, "harm": scripted.harmed}
    assert (page.folder / "report.html").is_file()


def test_the_finished_case_is_in_the_learner_s_records(visitor: Visitor, page: Served) -> None:
    with opened(place_of(str(page.folder.parent / "records.sqlite"))) as kept:
        (found,) = kept.cases("L017")
    assert found.case.digest == visitor.tab.text_content("[data-test=digest]")
    assert found.case.title == "On the page"
    assert found.figure("exposures") == 2.0


def test_the_debriefing_looks_back_at_any_moment(visitor: Visitor) -> None:
    tab = visitor.tab
    tab.wait_for_selector("[data-test=debrief] table")
    last = tab.inner_text("[data-test=clock]")
    tab.fill("[data-test=timeline]", "11")
    tab.wait_for_function("document.querySelector('[data-test=moment]').innerText.includes('anaesthetic needle')")
    assert tab.inner_text("[data-test=clock]") != last
    assert tab.inner_text("[data-test=note-live]") == f"NOT LIVE · {tab.inner_text('[data-test=clock]')}"
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
    second.wait_for_function("window.before === undefined && document.querySelector('[data-test=digest]')")
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


def test_every_state_has_a_sign_and_a_word_beside_its_colour(candidate: Visitor) -> None:
    read = """() => [...document.querySelectorAll('.task')].map((task) => [task.dataset.state,
        task.querySelector('.sign').innerText, task.querySelector('.sr').textContent])"""
    told = {tuple(one) for one in candidate.tab.evaluate(read)}
    assert {state for state, _, _ in told} >= {"due", "refused"}
    for each in zip(*told, strict=True):
        assert len(set(each)) == len(told), "one sign and one word for a state, and no two alike"
        assert all(each)


def test_steps_are_done_by_keyboard_alone_and_the_focus_is_always_seen(candidate: Visitor) -> None:
    tab, before = candidate.tab, candidate.moment()
    tab.evaluate("document.activeElement.blur()")
    seen = [_tabbed(candidate) for _ in range(15)]
    while seen[-1] != "task-0-0":
        seen.append(_tabbed(candidate))
    candidate.press("Enter")
    while seen[-1] != "perform":
        seen.append(_tabbed(candidate))
    candidate.press("Enter")
    candidate.passes(before)
    while "finish" not in seen:
        seen.append(_tabbed(candidate))
    assert {"brightness", "view-ap", "pedal", "spot", "push-fine", "tab-planes", "captions"} <= set(seen)
    assert "undo" not in seen, "what cannot be pressed takes no turn"
    candidate.press("Shift+Tab")
    assert tab.evaluate("document.activeElement.dataset.test") != "finish"


def _tabbed(visitor: Visitor) -> str:
    """What the next Tab leads to, which must show that it has the focus."""
    visitor.press("Tab")
    name, style, width = visitor.tab.evaluate("""() => { const at = document.activeElement, look = getComputedStyle(at);
        return [at.dataset.test || at.id || at.className || at.tagName, look.outlineStyle, look.outlineWidth]; }""")
    if name != "BODY":  # past the last one, the browser's own bar comes
        assert (style, width) == ("solid", "2px"), name
    return str(name)


def test_space_is_the_pedal_while_it_is_held(candidate: Visitor) -> None:
    tab = candidate.tab
    for do in ("assess_candidate", "consent", "position_prone"):
        candidate.perform({"do": do})
    before = candidate.moment()
    candidate.press("1")
    candidate.passes(before)
    before = candidate.moment()
    tab.keyboard.down(" ")
    tab.wait_for_function("Number(document.querySelector('[data-test=pane-live]').dataset.drawn) > 4")
    assert tab.get_attribute("[data-test=pedal]", "aria-pressed") == "true"
    assert tab.query_selector(".pane.beam") is not None
    tab.keyboard.up(" ")
    candidate.passes(before)
    assert int(tab.inner_text("[data-test=readout-Pictures]").split()[0]) >= 3
    assert tab.query_selector(".pane.beam") is None


def test_the_pedal_on_the_page_is_lit_while_a_finger_is_on_it(candidate: Visitor) -> None:
    tab, before = candidate.tab, candidate.moment()
    colour = "getComputedStyle(document.querySelector('[data-test=pedal]')).backgroundColor"
    dark = tab.evaluate(colour)
    tab.locator("[data-test=pedal]").hover()
    tab.mouse.down()
    tab.wait_for_function(f"{colour} === 'rgb(240, 228, 66)'")
    tab.mouse.up()
    candidate.passes(before)
    tab.mouse.move(640, 10)
    tab.wait_for_function(f"{colour} === '{dark}'")


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
