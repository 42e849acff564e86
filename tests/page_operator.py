"""An operator at the page, in a real browser: hands on mouse, keys and gamepad, and the journal of what they did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from page import Served, served
from visitor import Visitor, chromium

from dekomp_sim.anatomy import Patient
from dekomp_sim.files import read_journal
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice.replay import replayed

NEEDLE = "anaesthetic_needle"

PAD = """class Part {
    held = 0; flick = 0; reads = 0;
    read() { this.reads += 1; const flick = this.flick; this.flick = 0; return flick || this.held; }
    get pressed() { return Boolean(this.read()); }
}
const buttons = Array.from({ length: 17 }, () => new Part());
const sticks = Array.from({ length: 4 }, () => new Part());
const axes = new Proxy(sticks, { get: (all, n) => all[n].read() });
window.pad = { buttons, sticks };
navigator.getGamepads = () => [{ index: 0, id: "a pad", connected: true, mapping: "standard", buttons, axes }];"""
"""A gamepad that a test holds: a part is held, or flicked for as long as the page looks once."""


class Operator(Visitor):
    """A visitor whose inputs are looked up in the journal."""

    def __init__(self, browser: Any, served: Served) -> None:
        self.served = served
        super().__init__(browser, served, PAD)

    def records(self) -> list[dict[str, Any]]:
        return [dict(one) for one in read_journal(self.served.folder / "journal.jsonl").records]

    def actions(self, since: int = 0) -> list[dict[str, Any]]:
        """What was asked since a line of the journal, as a scenario would write it."""
        return [dict(one["action"]) for one in self.records()[since:]]

    def case(self, patient: Patient) -> Case:
        """The case that the journal tells."""
        return replayed(read_journal(self.served.folder / "journal.jsonl"), patient)[-1].case

    def done(self, count: int, by: Any) -> list[dict[str, Any]]:
        """Do something, wait until that many actions came of it, and say which."""
        before = len(self.records())
        by()
        for _ in range(200):
            if len(self.records()) >= before + count:
                break
            self.tab.wait_for_timeout(25)
        return self.actions(before)

    def ask(self, do: str, **values: Any) -> None:
        """Have a step done without its form."""
        message = {"what": "perform", "do": do, "values": values}
        assert not self.tab.evaluate("(message) => window.trame.trigger('desk', [message])", message), message

    def press_often(self, key: str, times: int) -> None:
        for _ in range(times):
            self.press(key)

    def in_hand(self, words: str) -> None:
        """Wait until the words beside the hand hold these."""
        told = f"document.querySelector('[data-test=in-hand]').innerText.includes({words!r})"
        self.tab.wait_for_function(told)

    def planned(self) -> None:
        """Go back to the plan's entry and aim."""
        self.press("p")
        own = "document.querySelector('[data-test=in-hand]').innerText.includes('own')"
        self.tab.wait_for_function(f"!{own}")

    def over(self, pane: str, right: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """Where a share of a pane's picture lies on the page."""
        box = self.tab.query_selector(f"[data-test=pane-{pane}] canvas").bounding_box()
        return box["x"] + right * box["width"], box["y"] + down * box["height"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: str = "left") -> None:
        mouse = self.tab.mouse
        mouse.move(*start)
        mouse.down(button=button)
        mouse.move(*end, steps=4)
        mouse.up(button=button)

    def pixel(self, at: tuple[float, float]) -> list[float]:
        """The pixel of the live picture, as square as its canvas, under a place of the page."""
        box = self.tab.query_selector("[data-test=pane-live] canvas").bounding_box()
        assert box["width"] == box["height"]
        cols = self.tab.evaluate("document.querySelector('[data-test=pane-live] canvas').width")
        return [(at[0] - box["x"]) * cols / box["width"], (at[1] - box["y"]) * cols / box["width"]]

    def mark(self, name: str, pane: str = "live") -> tuple[float, float]:
        """Where the mark of the entry or of the aim stands over a picture, once it moves no more."""
        found, before = self._mark(name, pane), None
        while found is None or found != before:
            self.tab.wait_for_timeout(120)
            found, before = self._mark(name, pane), found
        return found

    def dropped(self, name: str, end: tuple[float, float], within_px: float) -> None:
        """Wait until a mark over the live picture is where it was dropped: words come before pictures, and a busy
        machine draws it on its way."""
        at = f"document.querySelector('[data-test=pane-live] .mark.{name}').getBoundingClientRect()"
        away = (f"Math.abs({at}.x + {at}.width / 2 - {end[0]})", f"Math.abs({at}.y + {at}.height / 2 - {end[1]})")
        self.tab.wait_for_function(f"Math.max({away[0]}, {away[1]}) <= {within_px}")

    def _mark(self, name: str, pane: str) -> tuple[float, float] | None:
        box = self.tab.query_selector(f"[data-test=pane-{pane}] .mark.{name}").bounding_box()
        return None if box is None else (box["x"] + box["width"] / 2.0, box["y"] + box["height"] / 2.0)


@contextmanager
def operating(folder: Path) -> Iterator[Operator]:
    """An operator at a page of a case whose room is ready, who must have nothing to complain about in the end."""
    with served(folder) as page, chromium() as browser:
        hands = Operator(browser, page)
        for do in ("assess_candidate", "consent", "give_antibiotic", "position_prone", "time_out"):
            hands.ask(do)
        hands.ask("prepare_sterile_field")
        hands.ask("set_view", view="ap")
        hands.ask("set_fluoroscopy", rate="normal", pulses_per_s=15)
        yield hands
        assert hands.complaints == []
