"""A person at the page, in a real browser: opens it, clicks, presses keys, fills in forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from page import CHROMIUM, Served

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


@contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright  # who has no Playwright skips these tests

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


SOCKETS = """const Plain = WebSocket; window.sockets = [];
window.WebSocket = class extends Plain { constructor(...a) { super(...a); window.sockets.push(this); } };"""
"""Lets a test cut a page's connection as a network does."""


PATIENCE_MS = 90_000
"""How long a tab waits for what must come: a busy machine draws a room of contrast for many seconds."""


class Visitor:
    """A tab, and everything it asked of the net or complained about."""

    def __init__(self, browser: Any, served: Served, script: str = "") -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 720})
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(SOCKETS + script)
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
        tab.wait_for_selector("[data-test=page] .task, [data-test=closed]")
        return tab

    def moment(self) -> int:
        return int(self.tab.get_attribute("[data-test=page]", "data-moment"))

    def passes(self, before: int, tab: Any = None) -> None:
        wanted = f"Number(document.querySelector('[data-test=page]').dataset.moment) > {before}"
        (tab or self.tab).wait_for_function(wanted, timeout=PATIENCE_MS)

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
                self.take(step["instrument"])
            self.press(KEYS[mark])
        else:
            self.fill(step)
            self.tab.click("[data-test=perform]")
        self.passes(before)
        refusal = self.tab.query_selector("[data-test=refusal]")
        assert refusal is None, f"{step}: {refusal.inner_text()}"

    def take(self, instrument: str) -> None:
        """Take up instruments in turn until this one is in hand."""
        words, shown = instrument.replace("_", " "), "document.querySelector('[data-test=in-hand] b').innerText"
        for _ in range(6):
            now = self.tab.evaluate(shown)
            if now.startswith(words):
                return
            self.press("n")
            self.tab.wait_for_function(f"(now) => {shown} !== now", arg=now)
        raise AssertionError(f"{words} never came to hand")


def _mark(step: dict[str, Any]) -> tuple[str, Any]:
    if step["do"] == "expose":
        return "expose", "spot" if step.get("spot") else step.get("frames")
    more = [step[name] for name in ("view", "to_depth_mm", "instrument") if name in step]
    return step["do"], more[0] if more else ""
