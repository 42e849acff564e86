"""What hands do on the page, in a real browser: each movement ends in the action that it should, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from page import CHROMIUM
from page_operator import NEEDLE, Operator, operating

from dekomp_sim.anatomy import Patient
from dekomp_sim.files import phantom_patient, shipped
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice.pedal import last_taken

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")


@pytest.fixture(scope="module")
def patient() -> Patient:
    return phantom_patient(shipped("phantoms", "lumbar_reference"))


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with operating(tmp_path_factory.mktemp("hands")) as hands:
        yield hands


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
    hands.dropped("entry", end, WITHIN_PX)
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
    """How much two pictures of one view differ in the mean, once brightness has settled, however long that takes."""
    hands.tab.keyboard.down(" ")
    pictures(hands, 4)
    seen = [canvas(hands)]
    for _ in range(4):
        pictures(hands, 2)
        seen.append(canvas(hands))
    hands.done(1, lambda: hands.tab.keyboard.up(" "))
    return min(float(abs(one - next_one).mean()) for one, next_one in pairwise(seen))
