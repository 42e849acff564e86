"""The window: 3D, fluoroscopy, CT with disc, and the board; keys become commands, commands become actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyvista

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Refusal
from dekomp_sim.viewer.native.board import ACTED, CHOICE, Desk, board
from dekomp_sim.viewer.native.image_pane import ImagePane
from dekomp_sim.viewer.panes.disc import disc_picture
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.slices import EXAM as EXAM_READING
from dekomp_sim.viewer.panes.slices import Plane, Reading, picture
from dekomp_sim.viewer.practice.hands import taken
from dekomp_sim.viewer.practice.hints import hint
from dekomp_sim.viewer.practice.keys import DEFAULT_KEYS, Command, command_of, pressed
from dekomp_sim.viewer.practice.obeying import obeyed
from dekomp_sim.viewer.practice.pedal import last_taken
from dekomp_sim.viewer.practice.session import Mode, Outcome, Session
from dekomp_sim.viewer.practice.steps import State, current, stages
from dekomp_sim.viewer.scene.cameras import VISIBLE, View
from dekomp_sim.viewer.scene.room import Room3D, rendered
from dekomp_sim.viewer.scene.visibility import EXAM, Visibility

SIZE: Final = (1280, 720)
"""Width and height of the window."""

TICK_MS: Final = 30
"""How often the window looks at the pedal: twice as often as pulses come at most."""

LET_GO_S: Final = 0.09
"""A key that is held is told as released and pressed again, over and over; released for longer than this it is up.
Assumption: longer than the pause between two repeats, shorter than a person's next press.
"""

LET_GO_TICKS: Final = 3
"""Looks at the pedal for which it must be up as well: where drawing is slow, the next press still waits to be read."""

EYES: Final = {
    "F1": View.ROOM,
    "F2": View.OVERVIEW,
    "F3": View.CLOSE_UP,
    "F4": View.AXIAL,
    "F5": View.NEEDLE,
}
"""Keys that choose the point of view of the 3D picture."""

IN_THE_ROOM: Final = frozenset({View.ROOM, View.OVERVIEW})
"""Points of view that an examination allows."""

TITLE: Final = "dekomp_sim - SIMULATED - NOT FOR CLINICAL USE"


class Native:
    """A session in a window; made, used and closed in one thread.

    Parameters
    ----------
    session
        The case.
    live
        Its fluoroscopy screen; a new one where None.
    keys
        The key map.
    off_screen
        Draw without a window.
    clock
        Seconds that tell how long a key is up and when the next pulse is due.
    """

    def __init__(
        self,
        session: Session,
        live: Live | None = None,
        keys: Mapping[Command, str] = DEFAULT_KEYS,
        off_screen: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.live = session, live or Live(session.patient)
        self.desk = Desk(keys=keys)
        self._clock = clock
        self._eye = View.ROOM
        self._own: Mapping[str, Callable[[], None]] = {
            ACTED: self._do_what_is_due,
            CHOICE: lambda: self._choose(1),
            f"Shift+{CHOICE}": lambda: self._choose(-1),
            "Escape": self.close_case,
        }
        self._up_since_s: float | None = None
        self._ticks_up = 0
        self._next_pulse_s = self._next_second_s = 0.0
        self.plotter = _plotter(off_screen)
        self.room = Room3D(self.plotter, key=False)
        self._xray, self._slices, self._board = (ImagePane(self.plotter.renderers[n]) for n in (1, 2, 3))
        self.refresh()

    def press(self, key: str) -> bool:
        """A key went down, by its name in the key map; whether anything new is to be seen."""
        if self.session.closed:
            return False
        if key in self._own:
            self._own[key]()
        elif key in EYES:
            self._eye = EYES[key]
        else:
            command = command_of(key, self.desk.keys)
            if command is None or command is Command.PEDAL:
                return command is not None and self._pedal_down()
            self._obey(command)
        self.refresh()
        return not self.session.closed

    def release(self, key: str) -> bool:
        """A key went up; nothing is to be seen of that yet."""
        if command_of(key, self.desk.keys) is Command.PEDAL and self.session.pedal_held:
            self._up_since_s, self._ticks_up = self._clock(), 0
        return False

    def tick(self) -> bool:
        """Some time has passed: the next pulse, the end of them, another second; whether anything new is to be seen."""
        now_s = self._clock()
        if not self.session.pedal_held:
            return self._another_second(now_s)
        if self._up_since_s is not None:
            self._ticks_up += 1
            if self._ticks_up >= LET_GO_TICKS and now_s - self._up_since_s > LET_GO_S:
                self._pedal_up()
                return True
        if now_s < self._next_pulse_s:
            return False
        pulse = self.session.pulse()
        if pulse is None:
            return False
        period_s = 1.0 / pulse.exposure.pulses_per_s
        self._next_pulse_s = max(self._next_pulse_s, now_s - period_s) + period_s
        self._xray.show(self.live.frame(pulse))
        self.room.sync(self.session.case, self._view(), self._visibility(), beam=True)
        return True

    def _another_second(self, now_s: float) -> bool:
        if self.session.closed or now_s < self._next_second_s:
            return False
        self._next_second_s = now_s + 1.0
        self._write()
        return True

    def close_case(self) -> None:
        """Put what is pending on record and close the case; the window goes with it."""
        self._pedal_up()
        self.session.finish()
        if self._interactor is not None:
            self._interactor.terminate_app()

    def refresh(self) -> None:
        """Show the case as it is now."""
        case = self.session.case
        exam = self.session.mode is Mode.EXAM
        self.room.sync(case, self._view(), self._visibility(), beam=self.session.pedal_held)
        self._xray.show(self.live.last_image)
        self._slices.show(_slices(case, exam))
        self._write()

    def _write(self) -> None:
        self._board.show(board(self.session, stages(self.session), self.desk, (SIZE[0] // 2, SIZE[1] // 2)))

    def picture(self) -> UInt8Array:
        """The whole window as it would be seen: (rows, cols, 3)."""
        return rendered(self.plotter)

    def run(self) -> None:
        """Open the window and stay until it is closed."""
        self.plotter.show(title=TITLE, auto_close=False, interactive_update=True)
        self.listen()
        self._interactor.interactor.CreateRepeatingTimer(TICK_MS)
        self._interactor.start()
        self.close()

    def listen(self) -> None:
        """Take the keys, and no others than the key map's: VTK's own would close the window or change the 3D view."""
        interactor = self._interactor
        interactor.clear_key_event_callbacks()
        interactor.interactor.GetInteractorStyle().AddObserver("CharEvent", _nothing)
        interactor.add_observer("KeyPressEvent", lambda caller, event: self._seen(self.press, caller))
        interactor.add_observer("KeyReleaseEvent", lambda caller, event: self._seen(self.release, caller))
        interactor.add_observer("TimerEvent", lambda caller, event: self._ticked())

    def close(self) -> None:
        """Let the window go."""
        self.plotter.close()

    @property
    def _interactor(self) -> Any:
        """PyVista's interactor; None off-screen."""
        return self.plotter.iren

    def _render(self) -> None:
        window: Any = self.plotter.render_window
        window.Render()

    def _seen(self, what: Callable[[str], bool], caller: Any) -> None:
        if what(key_of(caller)):
            self._render()

    def _ticked(self) -> None:
        if self.tick():
            self._render()

    def _obey(self, command: Command) -> None:
        desk = self.desk
        match command:
            case Command.KEY_MAP:
                self.desk = replace(desk, help=not desk.help)
            case Command.NEXT_STAGE | Command.PREVIOUS_STAGE:
                step = 1 if command is Command.NEXT_STAGE else -1
                self.desk = replace(desk, stage=(desk.stage + step) % len(stages(self.session)), chosen=None)
            case Command.HINT:
                self.desk = replace(desk, message=hint(self.session) or "No hints in this case.")
            case Command.REFERENCE:
                self.live.store()
            case _:
                hand, outcome = obeyed(self.session, desk.hand, command)
                self.desk = replace(desk, hand=hand)
                self._told(outcome)

    def _choose(self, step: int) -> None:
        """Another task of the stage that is shown."""
        count = len(stages(self.session)[self.desk.stage].tasks)
        before = -1 if self.desk.chosen is None and step > 0 else self.desk.chosen or 0
        self.desk = replace(self.desk, chosen=(before + step) % count)

    def _do_what_is_due(self) -> None:
        found = stages(self.session)
        due = next((task for stage in found for task in stage.tasks if task.state is State.DUE), None)
        if self.desk.chosen is not None:
            due = found[self.desk.stage].tasks[self.desk.chosen]
        if due is None:
            self.desk = replace(self.desk, message="Nothing is due.")
            return
        outcome = self.session.perform(due.do, due.values)
        instrument = due.values.get("instrument")
        if instrument is not None:
            self.desk = replace(self.desk, hand=taken(self.desk.hand, str(instrument)))
        self._told(outcome)

    def _told(self, outcome: Outcome | None) -> None:
        """What came of it: pictures taken, the reason where it was refused, and the stage that is due now."""
        if outcome is None:
            return
        self._expose(outcome)
        said = any(isinstance(event, Refusal) for event in outcome.events)
        message = f"Refused: {outcome.refusal}" if outcome.refusal and not said else ""
        self.desk = replace(self.desk, message=message, stage=current(stages(self.session)), chosen=None)

    def _expose(self, outcome: Outcome) -> None:
        """The picture of a spot, or of an exposure that a form asked for."""
        last = self.session.moments[-1]
        if last.action is not None and last.action.do == "expose" and last.refusal is None:
            self.live.frame(last_taken(outcome.case))
            self.live.hold()

    def _pedal_down(self) -> bool:
        """The pedal goes down, or is still down; whether it was refused, which is to be seen."""
        self._up_since_s = None
        if self.session.pedal_held:
            return False
        outcome = self.session.pedal_down()
        self._next_pulse_s = 0.0
        if outcome.refusal:
            self._told(outcome)
            self.refresh()
        return outcome.refusal is not None

    def _pedal_up(self) -> None:
        self._up_since_s = None
        if self.session.pedal_held:
            self.session.pedal_up()
            self.live.hold()
            self.desk = replace(self.desk, stage=current(stages(self.session)))
            self.refresh()

    def _visibility(self) -> Visibility:
        if self.session.mode is Mode.EXAM:
            return EXAM
        return VISIBLE[self._view()]

    def _view(self) -> View:
        """The point of view; in an examination one of somebody in the room."""
        return self._eye if self.session.mode is Mode.PRACTICE or self._eye in IN_THE_ROOM else View.ROOM


def native(session: Session, live: Live | None = None) -> None:
    """A session in a window until it is closed; the caller finishes what the session began."""
    Native(session, live).run()


def key_of(interactor: Any) -> str:
    """The key that an interactor tells of, as the key map names it."""
    return pressed(
        interactor.GetKeySym() or "",
        shift=bool(interactor.GetShiftKey()),
        control=bool(interactor.GetControlKey()),
        alt=bool(interactor.GetAltKey()),
    )


def _plotter(off_screen: bool) -> pyvista.Plotter:
    samples, pyvista.global_theme.multi_samples = pyvista.global_theme.multi_samples, 0
    try:
        plotter = pyvista.Plotter(
            shape=(2, 2), off_screen=off_screen, window_size=list(SIZE), lighting="none", border=False, title=TITLE
        )
    finally:
        pyvista.global_theme.multi_samples = samples
    plotter.subplot(0, 0)
    return plotter


def _slices(case: Case, exam: bool) -> UInt8Array:
    """CT along the instrument, and the disc beside it where it may be seen."""
    aim = case.plan.target_mm
    reading = EXAM_READING if exam else Reading()
    side = SIZE[1] // 2
    second = picture(case, Plane.AXIAL, aim, reading, side) if exam else disc_picture(case, size_px=side)
    return np.hstack([picture(case, Plane.ALONG, aim, reading, side), second])


def _nothing(caller: object, event: str) -> None:
    """VTK's own keys: none."""
