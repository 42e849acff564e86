"""One case on the page: what hands ask, done on the session in its one thread, and told to every page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from dekomp_sim.debrief.steps import clock
from dekomp_sim.errors import DekompSimError
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.readouts import readouts
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import DEFAULT_KEYS, Command, key_map, remapped
from dekomp_sim.viewer.practice.obeying import obeyed
from dekomp_sim.viewer.practice.pedal import last_taken
from dekomp_sim.viewer.practice.session import Mode, Outcome, Session
from dekomp_sim.viewer.web.case import screen
from dekomp_sim.viewer.web.case.beam import warm
from dekomp_sim.viewer.web.case.figures import Figures
from dekomp_sim.viewer.web.case.foot import Foot
from dekomp_sim.viewer.web.case.knobs import asks_for_mask, picture_told, room_told, turned
from dekomp_sim.viewer.web.case.pointing import Pointer, Touch
from dekomp_sim.viewer.web.case.room_pane import RoomPane
from dekomp_sim.viewer.web.case.screens import Screens
from dekomp_sim.viewer.web.server import Wire

Answer = dict[str, Any]

TICK_S: Final = 1.0
"""How often the clock on the page is renewed."""

STEPS_S: Final = 0.1
"""Rest between two looks at what is due."""

TIMES_AT_MOST: Final = 50
"""Notches of a wheel that one message may add up to."""

LOOKING_BACK: Final = "This is a look back. Go back to now first."

SOUNDS: Final = 12
"""Sounds that a page which comes late is told of."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was opened, and how it is closed.

    Parameters
    ----------
    session
        The case performed by hand.
    live
        Its fluoroscopy.
    room
        Its 3D pane, or None where nothing draws.
    finished
        Writes the report after the session's end, and says where it is. Called in the session's thread.
    close
        Lets the journal go.
    """

    session: Session
    live: Live
    room: RoomPane | None
    finished: Callable[[Session], Path]
    close: Callable[[], None]


class Sitting:
    """Keeps the pages and the session in step.

    Parameters
    ----------
    opened
        The case.
    wire
        How the pages are reached.
    several
        Whether the page offers the way back to other cases.
    """

    def __init__(self, opened: Opened, wire: Wire, *, several: bool) -> None:
        self.opened, self.session, self.live, self.wire = opened, opened.session, opened.live, wire
        self.report: Path | None = None
        self._several = several
        self._own = ThreadPoolExecutor(1, thread_name_prefix="case")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="panes")
        exam = self.session.mode is Mode.EXAM
        self.screens = Screens(opened.live, opened.room, (self._own, self._aside), self.session.case, wire, exam=exam)
        self.foot = Foot(self.session, self.live, self.screens, wire, self._own)
        self.screens.room_seen = lambda: self.wire.tell(self._marks_told())
        self.pointer = Pointer(self.screens)
        self.hand = Hand()
        self.keys = DEFAULT_KEYS
        self._figures = Figures(self.session)
        self._shown: int | None = None
        self._sounds: list[dict[str, Any]] = []
        self._ending: dict[str, Any] = {}
        self._stand: dict[str, Any] = {}
        self._changes = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self) -> None:
        """Fill the page."""
        self._tasks["warm"] = asyncio.create_task(asyncio.to_thread(warm, self.session.case))
        self.wire.tell({**screen.fixed(self.session, several=self._several), "log": [], "sounds": []})
        self.wire.tell(screen.keymap(key_map(self.keys)))
        await self._renewed()
        self._tasks["clock"] = asyncio.create_task(self._tick())

    # --- what a page may ask of the case ----------------------------------------------------------------------------

    async def perform(self, do: str, values: dict[str, Any]) -> Answer:
        """A form: the word of an action and its fields."""
        answer = await self._act(lambda: self.session.perform(do, values))
        if not answer and values.get("instrument") in hands.ORDER:
            self.hand = hands.taken(self.hand, str(values["instrument"]))
            self.wire.tell(self._hand_told())
        return answer

    async def command(self, command: Command, phase: str | None, times: int) -> Answer:
        """A key, a button, a notch of the wheel, a gamepad."""
        if command is Command.PEDAL:
            return await (self.pedal_down() if phase == "down" else self.pedal_up())
        if command is Command.REFERENCE:
            return self.store()

        def work() -> Outcome | None:
            held = self.hand
            found, outcome = obeyed(self.session, _stepping(held, held, times), command)
            self.hand = _stepping(found, held)
            return outcome

        return await self._act(work)

    async def swing(self, left_deg: float, cranial_deg: float, *, held: bool = False) -> Answer:
        """Turn the C-arm by hand. While it is `held` it only follows; let go, it stays there, which goes on record."""
        primary_deg = screen.primary_of_deg(left_deg)
        reason = await self._work(lambda: self.session.swing(primary_deg, cranial_deg))
        answer = {} if reason is None else {"refusal": reason}
        if not held:
            return await self._act(self.session.let_go) or answer
        if self._shown is not None:
            self._shown = None
            await self._renewed()
        self.foot.moved()
        self._stand = screen.stand_told(self.session.standing, self.session.moments, turning=True)
        told = screen.readouts_told(readouts(self.session.standing, self.foot.given))
        self.wire.tell({**told, **self._console_told()})
        self.screens.turned_to(self.session.standing)
        return answer

    async def pedal_down(self) -> Answer:
        """Step on the pedal: pulses come until it is let go."""
        if self._shown is not None:
            return {"refusal": LOOKING_BACK}
        answer = await self._act(self.session.pedal_down)
        self.foot.begin()
        return answer

    async def pedal_up(self) -> Answer:
        """Take the foot off: the exposure goes on record, the last picture stays."""
        if not self.session.pedal_held:
            return {}

        answer = await self._act(self.foot.up, seen=True)
        self.screens.renew({"live", "room"})
        return answer

    async def finish(self) -> Answer:
        """Close the case, write the report, open the debriefing."""

        def work() -> Outcome:
            outcome = self.session.finish()
            if self.session.closed and self.report is None:
                self.report = self.opened.finished(self.session)
                self._ending = {**screen.closing_told(self.session), "report": True}
            return outcome

        answer = await self._act(work)
        if self.session.closed:
            self.screens.debriefed()
            self.wire.tell(self._room_told())
        return answer

    async def scrub(self, number: int | None) -> Answer:
        """Look back at a moment, or return to now."""
        count = len(self.session.moments)
        if number is not None and not self._may_look_back:
            return {"refusal": "An examination is looked back on once it is finished."}
        if number is not None and not 0 <= number < count:
            return {"refusal": f"There are {count} moments."}
        now = number is None or (number == count - 1 and not self.session.closed)
        self._shown = None if now else number
        await self._renewed()
        return {}

    # --- what it may ask of the screens -----------------------------------------------------------------------------

    def store(self) -> Answer:
        """Put the last picture beside."""
        if self._shown is not None:
            return {"refusal": LOOKING_BACK}
        if self.live.store() is None:
            return {"refusal": "There is no picture to keep yet."}
        self.screens.renew({"reference"})
        return {}

    async def console(self, values: dict[str, Any]) -> Answer:
        """Set the live picture's look; `aim` says whether a click aims."""
        if isinstance(values.get("aim"), bool):
            self.pointer.aiming = values["aim"]
        changed = turned(self.live.settings, values)
        if asks_for_mask(values) and not self.live.take_mask():
            return {"refusal": "Take a picture first: it becomes the mask."}
        if changed != self.live.settings:
            await self._work(lambda: self.live.set(changed))
            self.screens.renew({"live"})
        self.wire.tell(self._console_told())
        return {}

    def remap(self, changes: dict[str, str]) -> Answer:
        """Other keys; what cannot be is told, and all stays.

        Raises
        ------
        InputError
            If a command or key is unknown, or two would share one.
        """
        self.keys = remapped(changes)
        self.wire.tell(screen.keymap(key_map(self.keys)))
        return {}

    def pointed(self, touch: Touch) -> Answer:
        """A press, a drag or a release on a pane."""
        return self._held(self.pointer.touched(touch, self.hand), touch)

    def nudged(self, touch: Touch) -> Answer:
        """Arrow keys on a pane, by as many pixels as its x and y say."""
        return self._held(self.pointer.nudged(touch, self.hand), touch)

    def _held(self, hand: Hand, touch: Touch) -> Answer:
        if hand is not self.hand:
            self.hand = hand
            self.wire.tell(self._hand_told())
        elif touch.pane == "room":
            self.wire.tell(self._room_told())
        return {}

    def at_grid(self, line: str) -> Answer:
        """Hold what is in hand where a line of the skin grid and the laser cross.

        Raises
        ------
        InputError
            If no grid was laid, it has no such line, or the two do not meet on the skin.
        """
        self.hand = hands.under_grid(self.session.case, self.hand, line)
        self.wire.tell(self._hand_told())
        return {}

    def zoom(self, pane: str, notches: int) -> Answer:
        """Nearer or farther."""
        self.screens.zoomed(pane, notches)
        self.wire.tell(self._room_told())
        return {}

    def show_room(self, change: Callable[[Screens], None]) -> Answer:
        """Change from where the room is seen, or what of it.

        Raises
        ------
        InputError
            If an examination does not show that.
        """
        change(self.screens)
        self.wire.tell(self._room_told())
        return {}

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _may_look_back(self) -> bool:
        return self.session.mode is Mode.PRACTICE or self.session.closed

    async def _work(self, what: Callable[[], Any]) -> Any:
        """Run in the session's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._own, what)

    async def _act(self, what: Callable[[], Outcome | None], *, seen: bool = False) -> Answer:
        """Do something to the session, tell what came of it; the answer holds why it was refused.

        Parameters
        ----------
        what
            Does it, in the session's thread.
        seen
            Whether the pictures of an exposure were seen as they came; else its first is shown.
        """
        if self._shown is not None and not self.session.closed:
            self._shown = None
        before = self.session.case
        outcome = await self._work(what)
        case = self.session.case
        if case is not before:
            self._hear(before, case)
            self.foot.moved()
            if len(case.exposures) > len(before.exposures) and not seen and not self.session.pedal_held:
                await self._work(lambda: self._show_last(case))
                self.screens.renew({"live", "reference"})
        await self._renewed()
        return {"refusal": outcome.refusal} if outcome is not None and outcome.refusal is not None else {}

    def _show_last(self, case: Case) -> None:
        """In the session's thread: show what a form's or a button's exposure saw."""
        self.live.frame(last_taken(case))
        if not case.exposures[-1].spot:
            self.live.hold()

    def _hear(self, before: Case, after: Case) -> None:
        number = self._sounds[-1]["id"] if self._sounds else 0
        for sound, words in screen.sounds_of(before, after, self.session.mode):
            number += 1
            self._sounds.append({"id": number, "sound": sound, "words": words})
        del self._sounds[:-SOUNDS]

    async def _renewed(self) -> None:
        """Tell everything that may have changed, and show the case."""
        told, case, cases = await self._work(self._told)
        self.wire.tell({**told, **self._console_told(), **self._room_told(), **self._hand_told()})
        self.screens.beam = self.session.pedal_held
        self.screens.look_back(None if self._shown is None else case)
        self.screens.show(case, cases)
        self._changes += 1
        if "steps" not in self._tasks or self._tasks["steps"].done():
            self._tasks["steps"] = asyncio.create_task(self._steps())

    async def _steps(self) -> None:
        """Tell the steps, beside: every rule is asked, and no hand should wait for that."""
        told, loop = 0, asyncio.get_running_loop()
        while told != self._changes:
            told = self._changes
            self.wire.tell(await loop.run_in_executor(self._aside, screen.steps_told, self.session))
            await asyncio.sleep(STEPS_S)

    def _told(self) -> tuple[dict[str, Any], Case, list[Case]]:
        """In the session's thread: the words of this moment, its case, and all cases up to it."""
        session = self.session
        shown = len(session.moments) - 1 if self._shown is None else self._shown
        case = session.case if self._shown is None else session.moments[shown].case
        mode = Mode.PRACTICE if session.closed else session.mode
        self._stand = screen.stand_told(session.case, session.moments)
        told = {
            **screen.bedside_told(case, mode),
            **screen.log_told(case, mode),
            **screen.timeline_told(session.moments, shown),
            **screen.lesson_told(session, back=self._shown is not None),
            **screen.debrief_told(session, allowed=self._may_look_back),
            **screen.readouts_told(readouts(case, None if self._shown is not None else self.foot.given)),
            **(screen.disc_told(case) if mode is Mode.PRACTICE else {"removed": ""}),
            "sounds": [*self._sounds],
            "status": self._status(),
        }
        return told, case, self._figures.up_to(shown)

    def _status(self) -> dict[str, Any]:
        session = self.session
        shown = len(session.moments) - 1 if self._shown is None else self._shown
        now = session.now if self._shown is None else session.moments[shown].case
        return {
            "clock": clock(now.clock_s),
            "beam": session.pedal_held,
            "beam_words": f"beam {now.fluoroscopy_s:.1f} s",
            "moment": len(session.moments),
            "shown": shown,
            "looking_back": self._shown is not None,
            "looked_at": clock(now.clock_s),
            "can_look_back": self._may_look_back,
            "can_undo": session.mode is Mode.PRACTICE and not session.closed and len(session.moments) > 1,
            "closed": session.closed,
            **self._ending,
        }

    def _console_told(self) -> dict[str, Any]:
        return {"console": {**self._stand, **picture_told(self.live.settings), "aim": self.pointer.aiming}}

    def _room_told(self) -> dict[str, Any]:
        screens = self.screens
        eye = None if screens.room is None else screens.room.view
        told = room_told(eye, screens.look.visibility, screens.look.peel, exam=screens.exam)
        return {**told, **self._marks_told()}

    def _hand_told(self) -> dict[str, Any]:
        return {**screen.hand_told(self.session.case, self.hand), **self._marks_told()}

    def _marks_told(self) -> dict[str, Any]:
        """Where the hand's entry and aim lie on the pictures, while what it holds is not in the patient."""
        case, hand = self.session.case, self.hand
        set_already = hand.instrument is None or hand.instrument in case.placements
        if set_already or self.session.closed or self._shown is not None:
            return {"marks": {}}
        aim = case.plan.target_mm if hand.aim is None else [hand.aim.x_mm, hand.aim.y_mm, hand.aim.z_mm]
        return {"marks": self.screens.marks({"entry": hands.entry_mm(case, hand), "aim": aim})}

    async def _tick(self) -> None:
        """Real time goes on."""
        while True:
            await asyncio.sleep(TICK_S)
            if self._shown is None and not self.session.closed:
                with suppress(DekompSimError):
                    self.wire.tell(await self._work(self._ticked))

    def _ticked(self) -> dict[str, Any]:
        return {"status": self._status(), **screen.bedside_told(self.session.now, self.session.mode)}

    async def close(self) -> None:
        """Let everything go: the pedal, the threads, the plotter, the journal."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(self.foot.stop(), *self._tasks.values(), return_exceptions=True)
        await self._work(self.session.pedal_up)
        await self.screens.close()
        self._own.shutdown()
        self._aside.shutdown()
        self.opened.close()


def _stepping(hand: Hand, like: Hand, times: int = 1) -> Hand:
    """The hand with steps that many times as large as another's."""
    return replace(
        hand,
        fine_mm=like.fine_mm * times,
        coarse_mm=like.coarse_mm * times,
        fine_deg=like.fine_deg * times,
        coarse_deg=like.coarse_deg * times,
    )
