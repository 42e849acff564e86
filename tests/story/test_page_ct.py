"""The scanner on the page, in a real browser: its buttons, its slice on the live pane, its read-outs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from page import CHROMIUM, Served, served

playwright_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")

BRIGHT = """() => { const c = document.querySelector('[data-test=pane-live] canvas');
const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;
for (let i = 0; i < d.length; i += 4) n += d[i] > 200; return n; }"""
"""How many pixels of the live pane are bright."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("page"), shipped="ct_guided") as up:
        yield up


@pytest.fixture(scope="module")
def tab(page: Served) -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = chromium.new_page(viewport={"width": 1280, "height": 720})
        made.goto(page.url)
        made.wait_for_selector("[data-test=page] .task", timeout=60_000)
        yield made
        chromium.close()


def performed(tab: Any, click: str) -> None:
    """Click, and wait until something has happened to the case."""
    before = int(tab.get_attribute("[data-test=page]", "data-moment"))
    tab.click(click)
    wanted = f"Number(document.querySelector('[data-test=page]').dataset.moment) > {before}"
    tab.wait_for_function(wanted, timeout=60_000)


def test_a_slice_is_taken_by_its_button_and_stands_on_the_live_pane(tab: Any) -> None:
    for step in ("assess_candidate", "consent", "position_prone"):
        for closed in tab.query_selector_all(".stage > button.title[aria-expanded=false]"):
            closed.click()
        tab.click(f".task[data-do={step}]")
        performed(tab, "[data-test=perform]")
    assert tab.query_selector("[data-test=view-ap]") is None
    performed(tab, "[data-test=ct-step-1]")
    tab.wait_for_function(f"({BRIGHT})() > 4000", timeout=60_000)
    assert tab.inner_text("[data-test='readout-DLP']") == "1.0 mGy cm"


def test_a_line_of_the_grid_and_the_laser_become_the_entry(tab: Any) -> None:
    for step in ("lay_grid", "time_out", "prepare_sterile_field"):
        tab.click(f".task[data-do={step}]")
        performed(tab, "[data-test=perform]")
    tab.wait_for_selector("[data-test=grid-J]")
    tab.click("[data-test=next-instrument]")
    tab.wait_for_function("document.querySelector('[data-test=in-hand]').innerText.includes('needle')")
    tab.click("[data-test=grid-J]")
    tab.wait_for_function("document.querySelector('[data-test=in-hand]').innerText.includes('own entry')")


def test_couch_and_gantry_move_by_their_buttons(tab: Any) -> None:
    performed(tab, "[data-test='couch-10']")
    tab.wait_for_function("document.querySelector(\"[data-test='readout-Slice']\").innerText === '+10 mm, +0°'")
    performed(tab, "[data-test=through-way]")
    tab.wait_for_function("document.querySelector(\"[data-test='readout-Slice']\").innerText === '-8 mm, +16°'")
