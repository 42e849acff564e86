"""Opens the native window on the screen that DISPLAY names, presses keys as the X server tells them, says what came.

Run by `test_native.py` in a process of its own: VTK opens windows on one kind of screen in a process.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from glass import glass_patient

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.scenario import Story
from dekomp_sim.viewer.native.window import TICK_MS, Native
from dekomp_sim.viewer.practice.session import Session

STORY = Story(1, "a window", Level.L4_L5, Side.LEFT, (do.AssessCandidate(),), seed=5)

READY = ("Return", "Return", "Return", "Return", "Return", "Return")
"""Card, consent, antibiotic, prone, time-out, sterile field."""


def told(native: Native, keysym: str, event: str = "KeyPressEvent", shift: int = 0) -> None:
    interactor: Any = native.plotter.iren
    interactor.interactor.SetKeyEventInformation(0, shift, "\0", 0, keysym)
    interactor.interactor.InvokeEvent(event)
    interactor.interactor.InvokeEvent("CharEvent" if event == "KeyPressEvent" else "NoEvent")


def main() -> None:
    now = [0.0]
    session = Session(STORY, glass_patient())
    native = Native(session, clock=lambda: now[0])
    native.plotter.show(title="test", auto_close=False, interactive_update=True)
    native.listen()
    interactor: Any = native.plotter.iren
    said: dict[str, Any] = {}
    for keysym in (*READY, "1", "n", "s", "Prior", "Prior", "Up", "q", "e"):
        told(native, keysym)
    said["depth_mm"] = session.case.placements["anaesthetic_needle"].depth_mm
    told(native, "space")
    # a key that is held is told as let go and pressed again, over and over
    for number in range(40):
        now[0] += TICK_MS / 1000.0
        if number % 2:
            told(native, "space", "KeyReleaseEvent")
            told(native, "space")
        interactor.interactor.InvokeEvent("TimerEvent")
    said["held"] = session.pedal_held
    told(native, "space", "KeyReleaseEvent")
    for _ in range(5):
        now[0] += TICK_MS / 1000.0
        interactor.interactor.InvokeEvent("TimerEvent")
    said["let_go"] = not session.pedal_held
    said["frames"] = session.case.exposures[-1].frames
    picture = native.picture()
    said["shades"] = [len(set(picture[rows, cols].reshape(-1, 3).sum(axis=1).tolist())) for rows, cols in QUARTERS]
    said["actions"] = [moment.action.do for moment in session.moments if moment.action is not None]
    said["digest"] = case_digest(session.case)
    told(native, "Escape")
    said["closed"] = session.closed
    native.close()
    sys.stdout.write(json.dumps(said) + "\n")


QUARTERS = [(slice(0, 360), slice(0, 640)), (slice(0, 360), slice(640, 1280)),
            (slice(360, 720), slice(0, 640)), (slice(360, 720), slice(640, 1280))]  # fmt: skip


if __name__ == "__main__":
    main()
