"""What hands do on the page, in a real browser: each movement ends in the action that it should, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from page import CHROMIUM, Served, served
from visitor import Visitor, chromium

from dekomp_sim.anatomy import Patient
from dekomp_sim.files import phantom_patient, read_journal, shipped
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice.pedal import last_taken
from dekomp_sim.viewer.practice.replay import replayed

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")

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

    def _mark(self, name: str, pane: str) -> tuple[float, float] | None:
        box = self.tab.query_selector(f"[data-test=pane-{pane}] .mark.{name}").bounding_box()
        return None if box is None else (box["x"] + box["width"] / 2.0, box["y"] + box["height"] / 2.0)


@pytest.fixture(scope="module")
def patient() -> Patient:
    return phantom_patient(shipped("phantoms", "lumbar_reference"))


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with served(tmp_path_factory.mktemp("hands")) as page, chromium() as browser:
        hands = Operator(browser, page)
        for do in ("assess_candidate", "consent", "give_antibiotic", "position_prone", "time_out"):
            hands.ask(do)
        hands.ask("prepare_sterile_field")
        hands.ask("set_view", view="ap")
        hands.ask("set_fluoroscopy", rate="normal", pulses_per_s=15)
        yield hands
        assert hands.complaints == []


def seen_at(case: Case, point: dict[str, float]) -> list[float]:
    """The pixel (x, y) of the last picture at which a point of an action lies, by the C-arm's geometry."""
    shot = last_taken(case).shot
    row, col = shot.carm.pixel_of(np.array([point["x_mm"], point["y_mm"], point["z_mm"]]), shot.detector).tolist()
    return [col, row]


WITHIN_PX = 1.5
"""A pointer stands on whole pixels of the page, which are 1.2 of the picture's."""

ON_SKIN_MM = 2.0
"""The sight meets the skin by steps of 1 mm in voxels of 2."""


def test_the_skin_entry_is_dragged_on_the_x_ray_picture(hands: Operator, patient: Patient) -> None:
    hands.done(1, lambda: hands.press("x"))
    hands.take(NEEDLE)
    start = hands.mark("entry")
    end = (start[0] - 12.0, start[1] + 20.0)
    hands.tab.keyboard.down("Shift")
    hands.drag(start, end)
    hands.tab.keyboard.up("Shift")
    hands.in_hand("own entry")
    np.testing.assert_allclose(hands.mark("entry"), end, atol=WITHIN_PX)
    (inserted,) = hands.done(1, lambda: hands.press("s"))
    assert (inserted["do"], inserted["instrument"], inserted["aim"]) == ("insert", NEEDLE, "planned")
    case = hands.case(patient)
    np.testing.assert_allclose(seen_at(case, inserted["entry"]), hands.pixel(end), atol=WITHIN_PX)
    assert NEEDLE in case.placements
    assert np.linalg.norm(case.placements[NEEDLE].course.entry_mm - case.plan.entry_mm) > 5.0


def test_the_skin_entry_is_dragged_over_the_skin_in_the_room(hands: Operator, patient: Patient) -> None:
    hands.done(1, lambda: hands.press("Delete"))
    hands.in_hand("not in the patient")
    hands.planned()
    seen = drawn(hands, "room")
    hands.tab.click("[data-test=camera-overview]")
    hands.tab.wait_for_function(f"Number(document.querySelector('[data-test=pane-room]').dataset.drawn) > {seen}")
    start = hands.mark("entry", "room")
    end = (start[0] + 6.0, start[1] + 2.0)
    hands.tab.keyboard.down("Shift")
    hands.drag(start, end)
    hands.tab.keyboard.up("Shift")
    hands.in_hand("own entry")
    np.testing.assert_allclose(hands.mark("entry", "room"), end, atol=WITHIN_PX)
    (inserted,) = hands.done(1, lambda: hands.press("s"))
    asked = np.array([inserted["entry"][axis] for axis in ("x_mm", "y_mm", "z_mm")])
    case = hands.case(patient)
    assert np.linalg.norm(asked - case.plan.entry_mm) > 5.0
    assert np.linalg.norm(case.placements[NEEDLE].course.entry_mm - asked) < ON_SKIN_MM
    hands.done(1, lambda: hands.press("Delete"))


def test_arrows_with_alt_aim_and_move_the_entry_without_a_mouse(hands: Operator) -> None:
    hands.in_hand("not in the patient")
    hands.planned()
    entry, aim = hands.mark("entry"), hands.mark("aim")
    hands.tab.click("[data-test=aim]")
    hands.tab.focus("[data-test=pane-live] canvas")
    hands.press_often("Alt+ArrowRight", 4)
    hands.in_hand("own aim")
    hands.press_often("Alt+Shift+ArrowDown", 5)
    hands.in_hand("own entry")
    scale = hands.pixel((1.0, 0.0))[0] - hands.pixel((0.0, 0.0))[0]
    np.testing.assert_allclose(hands.mark("aim"), [aim[0] + 12.0 / scale, aim[1]], atol=0.5)
    np.testing.assert_allclose(hands.mark("entry"), [entry[0], entry[1] + 15.0 / scale], atol=0.5)
    hands.tab.click("[data-test=aim]")
    hands.planned()


def test_a_click_with_the_crosshair_aims(hands: Operator, patient: Patient) -> None:
    hands.planned()
    hands.tab.click("[data-test=aim]")
    hands.tab.wait_for_selector("[data-test=aim][aria-pressed=true]")
    start = hands.mark("aim")
    at = (start[0] + 15.0, start[1] - 10.0)
    hands.drag(at, at)
    hands.in_hand("own aim")
    np.testing.assert_allclose(hands.mark("aim"), at, atol=WITHIN_PX)
    hands.tab.click("[data-test=aim]")
    (inserted,) = hands.done(1, lambda: hands.press("s"))
    assert inserted["entry"] == "planned"
    case = hands.case(patient)
    np.testing.assert_allclose(seen_at(case, inserted["aim"]), hands.pixel(at), atol=WITHIN_PX)
    aim = np.array([inserted["aim"][axis] for axis in ("x_mm", "y_mm", "z_mm")])
    course = case.placements[NEEDLE].course
    way = aim - course.entry_mm
    assert np.linalg.norm(np.cross(way, course.direction)) < 0.01
    hands.done(1, lambda: hands.press("Delete"))
    hands.planned()
    hands.done(1, lambda: hands.press("s"))


def test_the_wheel_pushes_and_pulls_a_little_and_with_shift_far(hands: Operator) -> None:
    mouse = hands.tab.mouse
    mouse.move(*hands.over("live"))
    assert depths(hands.done(1, lambda: mouse.wheel(0.0, -100.0))) == [("advance", 0.5)]
    hands.tab.keyboard.down("Shift")
    assert depths(hands.done(1, lambda: mouse.wheel(0.0, -120.0))) == [("advance", 5.5)]
    assert depths(hands.done(1, lambda: mouse.wheel(0.0, -100.0))) == [("advance", 10.5)]
    hands.tab.keyboard.up("Shift")
    assert depths(hands.done(1, lambda: mouse.wheel(0.0, 100.0))) == [("withdraw", 10.0)]
    mouse.move(*hands.over("room"))
    assert depths(hands.done(1, lambda: mouse.wheel(0.0, -300.0))) == [("advance", 11.5)]


def test_a_touch_pad_adds_its_small_parts_up_to_notches(hands: Operator) -> None:
    hands.tab.mouse.move(*hands.over("live"))
    parts = hands.done(1, lambda: [hands.tab.mouse.wheel(0.0, -25.0) for _ in range(4)])
    assert depths(parts) == [("advance", 12.0)]


def test_a_bevel_is_rolled_and_held_in_the_next_push(hands: Operator) -> None:
    for key in ("e", "e", "e", "q"):
        hands.press(key)
    hands.in_hand("bevel at 10°")
    (pushed,) = hands.done(1, lambda: hands.press("ArrowUp"))
    assert (pushed["to_depth_mm"], pushed["bevel_deg"]) == (12.5, 10.0)
    hands.press("w")
    (pushed,) = hands.done(1, lambda: hands.press("ArrowUp"))
    assert (pushed["to_depth_mm"], pushed.get("bevel_deg")) == (13.0, None)


def test_a_held_key_is_the_pedal_and_its_pulses_are_one_exposure(hands: Operator) -> None:
    before, shown = frames(hands), drawn(hands, "live")
    hands.tab.keyboard.down(" ")
    hands.tab.wait_for_function(f"Number(document.querySelector('[data-test=pane-live]').dataset.drawn) > {shown + 4}")
    (exposed,) = hands.done(1, lambda: hands.tab.keyboard.up(" "))
    assert (exposed["do"], exposed["held"], exposed["spot"]) == ("expose", False, False)
    assert exposed["frames"] >= 4
    told = (
        f"document.querySelector('[data-test=readout-Pictures]').innerText.startsWith('{before + exposed['frames']} ')"
    )
    hands.tab.wait_for_function(told)


def test_a_gamepad_pushes_rolls_and_steps_on_the_pedal(hands: Operator) -> None:
    assert depths(hands.done(1, lambda: pressed(hands, 12))) == [("advance", 13.5)]
    assert depths(hands.done(1, lambda: pressed(hands, 7))) == [("advance", 18.5)]
    assert depths(hands.done(1, lambda: pressed(hands, 13))) == [("withdraw", 18.0)]
    pressed(hands, 5)
    hands.in_hand("bevel at 5°")
    pressed(hands, 4)
    hands.in_hand("bevel at 0°")
    hands.press("w")
    shown = drawn(hands, "live")
    held(hands, 0)
    hands.tab.wait_for_function(f"Number(document.querySelector('[data-test=pane-live]').dataset.drawn) > {shown + 2}")
    assert hands.tab.get_attribute("[data-test=pedal]", "aria-pressed") == "true"
    (exposed,) = hands.done(1, lambda: held(hands, 0, down=False))
    assert exposed["do"] == "expose"
    assert exposed["frames"] >= 2


def test_a_gamepads_sticks_push_roll_and_tilt_while_they_are_held(hands: Operator) -> None:
    pushes = hands.done(3, lambda: stick(hands, 1, -1.0))
    stick(hands, 1, 0.0)
    told = [18.0, *(depth_mm for _, depth_mm in depths(pushes))]
    assert all(one["do"] == "advance" for one in pushes)
    assert all(step_mm > 0.0 and step_mm % 0.5 == 0.0 for step_mm in np.diff(told))  # on a busy machine notches add up
    for _ in range(2):
        flick(hands, "sticks", 0, 0.8)
    stick(hands, 0, 0.2)
    hands.in_hand("bevel at 10°")
    (tilted,) = hands.done(1, lambda: flick(hands, "sticks", 2, 0.5))
    assert (tilted["do"], tilted["medial_deg"], tilted["cranial_deg"]) == ("redirect", 1.0, 0.0)


def test_undo_is_journalled_and_takes_one_step_back(hands: Operator, patient: Patient) -> None:
    hands.press("w")
    hands.tab.wait_for_timeout(300)
    depth_mm = hands.case(patient).placements[NEEDLE].depth_mm
    hands.done(1, lambda: hands.press("PageUp"))
    assert hands.case(patient).placements[NEEDLE].depth_mm == pytest.approx(depth_mm + 5.0)
    before = len(hands.records())
    hands.press("Control+z")
    for _ in range(100):
        if len(hands.records()) > before:
            break
        hands.tab.wait_for_timeout(25)
    assert hands.records()[before:] == [{"undo": 1}]
    assert hands.case(patient).placements[NEEDLE].depth_mm == pytest.approx(depth_mm)


def depths(actions: list[dict[str, Any]]) -> list[tuple[str, float]]:
    assert all(one["instrument"] == NEEDLE for one in actions)
    return [(one["do"], one["to_depth_mm"]) for one in actions]


def frames(hands: Operator) -> int:
    return int(hands.tab.inner_text("[data-test=readout-Pictures]").split()[0])


def drawn(hands: Operator, pane: str) -> int:
    return int(hands.tab.get_attribute(f"[data-test=pane-{pane}]", "data-drawn"))


def held(hands: Operator, button: int, *, down: bool = True) -> None:
    hands.tab.evaluate("([n, down]) => { window.pad.buttons[n].held = Number(down); }", [button, down])


def stick(hands: Operator, axis: int, to: float) -> None:
    hands.tab.evaluate("([n, to]) => { window.pad.sticks[n].held = to; }", [axis, to])


def flick(hands: Operator, parts: str, number: int, to: float = 1.0) -> None:
    """Move a part of the pad for as long as the page looks once, and wait until it has looked again."""
    moves = "([parts, n, to]) => Object.assign(window.pad[parts][n], { flick: to, reads: 0 })"
    hands.tab.evaluate(moves, [parts, number, to])
    hands.tab.wait_for_function("([parts, n]) => window.pad[parts][n].reads >= 2", arg=[parts, number])


def pressed(hands: Operator, button: int) -> None:
    flick(hands, "buttons", button)


def test_a_slider_turns_the_c_arm_live_and_goes_on_record_once_without_a_picture(hands: Operator) -> None:
    hands.ask("set_view", view="ap")
    hands.tab.wait_for_timeout(300)
    start, left = grip(hands, "left-deg")
    before = len(hands.records())
    seen = {pane: drawn(hands, pane) for pane in ("live", "room")}
    kerma = hands.tab.inner_text("[data-test='readout-Air kerma']")
    mouse = hands.tab.mouse
    mouse.move(*start)
    mouse.down()
    for px in (8.0, 16.0, 24.0):
        told = hands.tab.inner_text("[data-test=left-deg-now]")
        mouse.move(start[0] + px, start[1])
        hands.tab.wait_for_function(
            "(told) => document.querySelector('[data-test=left-deg-now]').innerText !== told", arg=told
        )
    hands.tab.wait_for_function(
        f"Number(document.querySelector('[data-test=pane-room]').dataset.drawn) > {seen['room']}"
    )
    wanted = float(hands.tab.input_value("[data-test=left-deg]"))
    hands.tab.wait_for_function(
        "(wanted) => document.querySelector('[data-test=left-deg-now]').innerText === wanted + '°'", arg=f"{wanted:g}"
    )
    assert wanted > left + 5.0
    assert len(hands.records()) == before, "while it is held nothing is on record"
    (turned,) = hands.done(1, mouse.up)
    assert (turned["do"], turned["view"]) == ("set_view", None)
    assert turned["primary_deg"] == pytest.approx(180.0 - wanted, abs=0.05)
    hands.tab.wait_for_timeout(300)
    assert len(hands.records()) == before + 1
    assert drawn(hands, "live") == seen["live"], "no pedal, no picture: the last one is held"
    assert hands.tab.inner_text("[data-test='readout-Air kerma']") == kerma


def test_keys_turn_the_c_arm_and_go_on_record_once_they_rest(hands: Operator) -> None:
    hands.tab.focus("[data-test=cranial-deg]")
    tilt = float(hands.tab.input_value("[data-test=cranial-deg]"))
    (turned,) = hands.done(1, lambda: hands.press_often("ArrowRight", 4))
    assert turned["secondary_deg"] == pytest.approx(tilt + 4.0)
    hands.tab.evaluate("document.activeElement.blur()")


def test_with_the_pedal_down_the_picture_follows_a_dragged_c_arm(hands: Operator, patient: Patient) -> None:
    hands.ask("set_view", view="ap")
    hands.tab.wait_for_timeout(300)
    before = len(hands.records())
    hands.tab.keyboard.down(" ")
    pictures(hands, 3)
    still = canvas(hands)
    x, y = hands.over("live")
    mouse = hands.tab.mouse
    mouse.move(x, y)
    mouse.down(button="right")
    mouse.move(x + 80.0, y, steps=8)
    pictures(hands, 4)
    assert [one["do"] for one in hands.actions(before)] == ["expose"], "what was seen before it turned"
    followed = canvas(hands)
    mouse.up(button="right")
    hands.tab.keyboard.up(" ")
    for _ in range(100):
        if [one["do"] for one in hands.actions(before)][-1:] == ["expose"] and len(hands.records()) >= before + 3:
            break
        hands.tab.wait_for_timeout(50)
    told = hands.actions(before)
    assert [one["do"] for one in told][:3] == ["expose", "set_view", "expose"]
    assert sum(one["do"] == "set_view" for one in told) == 1
    frontal = hands.case(patient).exposures[-1].carm.primary_deg
    assert told[1]["primary_deg"] == pytest.approx(frontal)
    moved, noisy = abs(followed - still).mean(), noise(hands)
    assert moved > 3.0 * noisy


def grip(hands: Operator, slider: str) -> tuple[tuple[float, float], float]:
    """Where the thumb of a slider lies, and its value; browsers draw it 16 pixels wide."""
    box = hands.tab.query_selector(f"[data-test={slider}]").bounding_box()
    value, low, high = (
        float(hands.tab.evaluate(f"document.querySelector('[data-test={slider}]').{of}"))
        for of in ("value", "min", "max")
    )
    along = (value - low) / (high - low)
    return (box["x"] + 8.0 + along * (box["width"] - 16.0), box["y"] + box["height"] / 2.0), value


def pictures(hands: Operator, more: int) -> None:
    """Wait until that many more X-ray pictures were drawn."""
    wanted = drawn(hands, "live") + more
    hands.tab.wait_for_function(f"Number(document.querySelector('[data-test=pane-live]').dataset.drawn) >= {wanted}")


def canvas(hands: Operator) -> np.ndarray[Any, Any]:
    """The middle of the live picture as the browser shows it, in 32 x 32 means, in which noise is small."""
    script = """() => {
        const from = document.querySelector('[data-test=pane-live] canvas'), to = new OffscreenCanvas(32, 32);
        const context = to.getContext('2d', { willReadFrequently: true });
        context.imageSmoothingQuality = 'high';
        context.drawImage(from, 128, 128, 256, 256, 0, 0, 32, 32);
        return [...context.getImageData(0, 0, 32, 32).data.filter((_, n) => n % 4 === 0)]; }"""
    return np.array(hands.tab.evaluate(script), dtype=np.float64)


def noise(hands: Operator) -> float:
    """How much two pictures of one view differ in the mean."""
    hands.tab.keyboard.down(" ")
    pictures(hands, 4)
    first = canvas(hands)
    pictures(hands, 2)
    second = canvas(hands)
    hands.done(1, lambda: hands.tab.keyboard.up(" "))
    return float(abs(first - second).mean())
