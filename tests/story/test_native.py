"""The plain window: keys become actions, a held key is the pedal, an examination shows what an eye would see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.cli.app import main
from dekomp_sim.imaging.console.display import BANNER
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import case_digest
from dekomp_sim.scenario import Story, play
from dekomp_sim.viewer.native.board import Desk, board
from dekomp_sim.viewer.native.display import why_no_window
from dekomp_sim.viewer.native.window import Native
from dekomp_sim.viewer.practice.keys import DEFAULT_KEYS, Command, key_map, remapped
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.practice.steps import stages
from dekomp_sim.viewer.probe import probe
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.snapshot import windowed

pytestmark = pytest.mark.usefixtures("planned_once")

TESTS = Path(__file__).parents[1]

STORY = Story(1, "a window", Level.L4_L5, Side.LEFT, (do.AssessCandidate(),), seed=5)


@pytest.fixture(scope="module")
def window_class() -> str:
    found = probe()
    if found.window_class is None:
        pytest.skip(f"this machine cannot draw: {found.reason}")
    return found.window_class


class Hands:
    """A window without a screen, and a clock that moves when it is told to."""

    def __init__(self, patient: Patient, window_class: str, mode: Mode = Mode.PRACTICE) -> None:
        self.now_s = 0.0
        self.session = Session(STORY, patient, mode)
        with windowed(window_class):
            self.window = Native(self.session, off_screen=True, clock=lambda: self.now_s)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.window.press(key)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.03)):
            self.now_s += 0.03
            self.window.tick()

    def done(self) -> list[str]:
        return [one.action.do for one in self.session.moments if one.action is not None and one.refusal is None]


@pytest.fixture
def hands(glass: Patient, window_class: str) -> Iterator[Hands]:
    made = Hands(glass, window_class)
    yield made
    made.window.close()


READY = ("Enter",) * 6


def test_enter_does_what_is_due_and_keys_move_the_needle(hands: Hands) -> None:
    hands.press(*READY, "1", "n", "s", "PageUp", "ArrowUp", "ArrowDown", "Shift+ArrowUp")
    assert hands.done() == [
        "assess_candidate", "consent", "give_antibiotic", "position_prone", "time_out", "prepare_sterile_field",
        "set_view", "insert", "advance", "advance", "withdraw", "redirect",
    ]  # fmt: skip
    assert hands.session.case.placements["anaesthetic_needle"].depth_mm == pytest.approx(5.0)


def test_what_is_refused_is_said_with_its_reason(hands: Hands) -> None:
    hands.press("s")
    assert hands.window.desk.message == "Refused: No instrument is in hand: take one first."
    hands.press("1")
    assert hands.session.case.events[-1].words == "Refused: set view. First: position prone."
    # It is among what is said, and not said twice.
    assert hands.window.desk.message == ""


def test_a_task_can_be_chosen_among_those_of_its_stage(hands: Hands) -> None:
    hands.press("Enter", "Enter", "Enter", "Tab", "Tab", "Shift+Tab")
    assert hands.window.desk.chosen == 0
    hands.press("Enter")
    assert hands.done()[-1] == "position_prone"
    assert hands.window.desk.chosen is None


def test_a_held_key_is_the_pedal_though_it_is_told_over_and_over(hands: Hands) -> None:
    hands.press(*READY, "1", "Space")
    for _ in range(10):
        hands.wait(0.06)
        hands.window.release("Space")
        hands.wait(0.03)
        hands.press("Space")
    held = hands.session.pedal_held
    hands.window.release("Space")
    hands.wait(0.3)
    assert (held, hands.session.pedal_held) == (True, False)
    # Eight pulses a second for 0.9 s and the 0.12 s until the key counted as up.
    assert hands.session.case.exposures[-1].frames in {8, 9}
    assert hands.done().count("expose") == 1


def test_undo_and_hint_are_there_in_practice_alone(hands: Hands, glass: Patient, window_class: str) -> None:
    hands.press("h")
    assert hands.window.desk.message.startswith("Assess candidate.")
    hands.press("Enter", "Control+z")
    assert hands.done() == []
    exam = Hands(glass, window_class, Mode.EXAM)
    exam.press("h")
    assert exam.window.desk.message == "No hints in this case."
    exam.press("Enter", "Control+z")
    assert exam.done() == ["assess_candidate"]
    exam.window.close()


def test_an_examination_shows_skin_instruments_and_the_room_alone(glass: Patient, window_class: str) -> None:
    exam = Hands(glass, window_class, Mode.EXAM)
    exam.press(*READY, "1", "n", "s", "PageUp", "F3")
    drawn = {part.look.layer for part in exam.window.room.parts}
    assert drawn <= {Layer.SKIN, Layer.INSTRUMENT, Layer.C_ARM, Layer.TABLE, Layer.BEAM}
    assert {Layer.SKIN, Layer.INSTRUMENT} <= drawn
    exam.window.close()


def test_the_four_panes_are_filled_and_change_with_the_case(hands: Hands) -> None:
    before = hands.window.picture()
    assert before.shape == (720, 1280, 3)
    hands.press(*READY, "1", "x", "n", "s", "PageUp")
    changed = (hands.window.picture().astype(int) != before).any(axis=2)
    for rows in (slice(0, 360), slice(360, 720)):
        for cols in (slice(0, 640), slice(640, 1280)):
            assert changed[rows, cols].sum() > 200


def test_the_key_map_is_on_the_screen_whatever_it_is(glass: Patient) -> None:
    keys = remapped({"pedal": "m"})
    session = Session(STORY, glass)
    shown = [board(session, stages(session), Desk(help=True, keys=one), (640, 360)) for one in (DEFAULT_KEYS, keys)]
    assert (shown[0] != shown[1]).any()
    assert next(row.key for row in key_map(keys) if row.command is Command.PEDAL) == "m"
    plain = board(session, stages(session), Desk(), (640, 360))
    assert (plain[-16:] == board(session, stages(session), Desk(message="x"), (640, 360))[-16:]).all()
    assert np.ptp(plain[-14:-3], axis=(0, 1)).min() > 60, BANNER


def test_escape_closes_the_case_and_nothing_is_done_after_it(hands: Hands) -> None:
    hands.press("Enter", "Escape", "Enter")
    assert hands.session.closed
    assert hands.done() == ["assess_candidate"]


def test_without_a_screen_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("this system has a screen")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    scenario = "l4l5_left_posterolateral"
    monkeypatch.setattr(sys, "argv", ["dekomp-sim", "view", scenario, "--native", "-o", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--native: found no screen (DISPLAY is not set)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A display of its own, by Xvfb."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed")
    command = [server, "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    number = process.stdout.readline().strip()
    try:
        if not number:
            pytest.skip("Xvfb opens no screen here")
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_in_a_window_keys_perform_what_a_script_would(screen: str, glass: Patient) -> None:
    environment = {**os.environ, "DISPLAY": screen, "PYTHONPATH": str(TESTS)}
    environment.pop("VTK_DEFAULT_OPENGL_WINDOW", None)
    reason = why_no_window(environment)
    if reason:
        pytest.skip(f"no window can be opened: {reason}")
    command = [sys.executable, str(TESTS / "native_window.py")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout.splitlines()[-1])
    needle = "anaesthetic_needle"
    script: tuple[do.Action, ...] = (
        do.AssessCandidate(),
        do.Consent(),
        do.GiveAntibiotic(),
        do.PositionProne(),
        do.TimeOut(),
        do.PrepareSterileField(),
        do.SetView(do.View.AP),
        do.Insert(needle),
        *(do.Advance(needle, to_depth_mm=depth) for depth in (5.0, 10.0, 10.5)),
        do.Expose(frames=said["frames"]),
    )
    assert said["actions"] == [action.do for action in script]
    assert said["digest"] == case_digest(play(Story(1, "a window", Level.L4_L5, Side.LEFT, script, seed=5), glass)[-1])
    assert said["depth_mm"] == pytest.approx(10.5)
    assert said["held"]
    assert said["let_go"]
    assert said["closed"]
    # More shades than a blank pane has, in each of the four.
    assert min(said["shades"]) > 50
