"""One case on the page: what hands ask, done on the session in its one thread, and told to every page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import DekompSimError
from dekomp_sim.imaging.console.processing import EDGE_GAIN
from dekomp_sim.procedure.actions import Expose, SetView
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.exposing import exposed, posed
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.fluoroscopy.views import OVER_THE_BACK_DEG, Angles
from dekomp_sim.viewer.panes.fluoroscopy import RECURSION, Live, Pulsed, Showing
from dekomp_sim.viewer.panes.readouts import readouts
from dekomp_sim.viewer.panes.slices import Plane
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import DEFAULT_KEYS, Command, key_map, remapped
from dekomp_sim.viewer.practice.obeying import obeyed
from dekomp_sim.viewer.practice.session import Mode, Outcome, Session
from dekomp_sim.viewer.scene.cameras import View as Eye
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.visibility import STRIPPED, Shown
from dekomp_sim.viewer.web import screen
from dekomp_sim.viewer.web.room_pane import RoomPane, on_skin_mm
from dekomp_sim.viewer.web.screens import Screens
from dekomp_sim.viewer.web.server import Wire
from dekomp_sim.debrief.steps import clock

TICK_S: Final = 1.0
"""How often the clock on the page is renewed."""

STEPS_S: Final = 0.1
"""Rest between two looks at what is due."""

EARLY_S: Final = 0.04
"""A hand that moves has the next pulse at once, if the last is older than this."""

TIMES_AT_MOST: Final = 50
"""Notches of a wheel that one message may add up to."""

EYES: Final = {
    Eye.ROOM: "Room", Eye.OVERVIEW: "Trunk", Eye.CLOSE_UP: "Close", Eye.AXIAL: "Axial", Eye.NEEDLE: "Needle",
}  # fmt: skip

EXAM_EYES: Final = (Eye.ROOM, Eye.OVERVIEW)
"""Points of view that an examination allows: those of somebody in the room."""

NO_ROOM: Final = "This machine draws no 3D picture; the terminal says what to install."

PEEL_WORDS: Final = ("Whole", "Skin off", "Organs off", "Vessels off", "Bone ghost", "Bone off", "Paths only")

SWITCHES: Final = (("inverted", "Invert"), ("edges", "Edges"), ("filter", "Filter"), ("flipped", "Flip"), ("turned", "Turn"),
                   ("subtract", "Subtract"), ("road_map", "Road map"))  # fmt: skip


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
        self._several = several
        self._own = ThreadPoolExecutor(1, thread_name_prefix="case")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="panes")
        exam = self.session.mode is Mode.EXAM
        send = lambda frame: wire.show(frame.message())  # noqa: E731
        self.screens = Screens(opened.live, opened.room, self._aside, self.session.case, send, exam)
        self.hand = Hand()
        self.keys = DEFAULT_KEYS
        self.report: Path | None = None
        self._shown: int | None = None
        self._pulse: Pulsed | None = None
        self._aiming = False
        self._moved = asyncio.Event()
        self._pulsing: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._stepping: asyncio.Task[None] | None = None
        self._stepped = 0
        self._cases: list[Case] = []
        self._sounds: list[dict[str, Any]] = []
        self._ending: dict[str, Any] = {}
        self._drag: tuple[float, float] | None = None

    async def begin(self) -> None:
        """Fill the page."""
        self._warming = asyncio.create_task(asyncio.to_thread(warm, self.session.case), name="warm")
        self.wire.tell({**screen.fixed(self.session, several=self._several), "log": [], "sounds": []})
        self.wire.tell(screen.keymap(key_map(self.keys)))
        await self._renewed()
        self._ticking = asyncio.create_task(self._tick(), name="clock")

    # --- what a page may ask ---------------------------------------------------------------------------------------

    async def perform(self, do: str, values: dict[str, Any]) -> dict[str, Any]:
        """A form: the word of an action and its fields."""
        return await self._act(lambda: self.session.perform(do, values), taken=values.get("instrument"))

    async def command(self, command: Command, phase: str | None, times: int) -> dict[str, Any]:
        """A key, a button, a notch of the wheel, a gamepad."""
        if command is Command.PEDAL:
            return await (self.pedal_down() if phase == "down" else self.pedal_up())
        if command is Command.REFERENCE:
            return self.store()
        steps = {"fine_mm": self.hand.fine_mm * times, "coarse_mm": self.hand.coarse_mm * times}
        scaled = replace(self.hand, **steps, fine_deg=self.hand.fine_deg * times, coarse_deg=self.hand.coarse_deg * times)

        def work() -> Outcome | None:
            hand, outcome = obeyed(self.session, scaled, command)
            before = self.hand
            self.hand = replace(
                hand, fine_mm=before.fine_mm, coarse_mm=before.coarse_mm,
                fine_deg=before.fine_deg, coarse_deg=before.coarse_deg,
            )  # fmt: skip
            return outcome

        return await self._act(work)

    async def swing(self, left_deg: float, cranial_deg: float) -> dict[str, Any]:
        """Turn the C-arm by hand."""
        action = SetView(None, screen.primary_of_deg(left_deg), cranial_deg)
        return await self._act(lambda: self.session.act(action))

    async def pedal_down(self) -> dict[str, Any]:
        """Step on the pedal: pulses come until it is let go."""
        if self._shown is not None:
            return {"refusal": "This is a look back. Go back to now first."}
        answer = await self._act(self.session.pedal_down)
        if self.session.pedal_held and (self._pulsing is None or self._pulsing.done()):
            self._pulsing = asyncio.create_task(self._pulses(), name="pulses")
        return answer

    async def pedal_up(self) -> dict[str, Any]:
        """Take the foot off: the exposure goes on record, the last picture stays."""
        if not self.session.pedal_held:
            return {}

        def work() -> Outcome:
            outcome = self.session.pedal_up()
            self._pulse = None
            self.live.hold()
            return outcome

        answer = await self._act(work)
        self.screens.renew({"live", "room"})
        return answer

    async def finish(self) -> dict[str, Any]:
        """Close the case, write the report, open the debriefing."""

        def work() -> Outcome:
            outcome = self.session.finish()
            if self.session.closed:
                self.report = self.opened.finished(self.session)
                self._ending = {**screen.closing_told(self.session), "report": True}
            return outcome

        answer = await self._act(work)
        if self.session.closed and self.screens.exam:
            self.screens.opened()
        self._tell_screens()
        return answer

    async def scrub(self, number: int | None) -> dict[str, Any]:
        """Look back at a moment, or return to now."""
        if number is not None and not self._may_look_back:
            return {"refusal": "An examination is looked back on once it is finished."}
        moments = self.session.moments
        if number is not None and not 0 <= number < len(moments):
            return {"refusal": f"There are {len(moments)} moments."}
        self._shown = None if number is None or (number == len(moments) - 1 and not self.session.closed) else number
        await self._renewed()
        return {}

    def store(self) -> dict[str, Any]:
        """Put the last picture beside."""
        if self.live.store() is None:
            return {"refusal": "There is no picture to keep yet."}
        self.screens.renew({"reference"})
        return {}

    async def console(self, values: dict[str, Any]) -> dict[str, Any]:
        """Set the screen: brightness, contrast, switches; or whether a click aims."""
        if isinstance(values.get("aim"), bool):
            self._aiming = values["aim"]
        settings = self.live.settings
        console = settings.console
        for name in ("brightness", "contrast"):
            if isinstance(values.get(name), int | float):
                console = replace(console, **{name: float(values[name])})
        switches = {name: on for name, on in values.items() if isinstance(on, bool)}
        if "inverted" in switches:
            console = replace(console, inverted=switches["inverted"])
        if "flipped" in switches:
            console = replace(console, flipped=switches["flipped"])
        if "turned" in switches:
            console = replace(console, rotated_deg=180.0 if switches["turned"] else 0.0)
        if "edges" in switches:
            console = replace(console, edge_gain=EDGE_GAIN if switches["edges"] else 0.0)
        if "filter" in switches:
            console = replace(console, recursion=RECURSION if switches["filter"] else 0.0)
        showing, answer = settings.showing, {}
        for name, wanted in (("subtract", Showing.SUBTRACTED), ("road_map", Showing.ROAD_MAP)):
            if name in switches:
                showing = wanted if switches[name] else Showing.PLAIN
                if switches[name] and not self.live.take_mask():
                    showing, answer = Showing.PLAIN, {"refusal": "Take a picture first: it becomes the mask."}
        changed = replace(settings, console=console, showing=showing)
        if changed != settings:
            await self._work(lambda: self.live.set(changed))
            self.screens.renew({"live"})
        self._tell_console()
        return answer

    def remap(self, changes: dict[str, str]) -> dict[str, Any]:
        """Other keys; what cannot be is told, and all stays."""
        self.keys = remapped(changes)
        self.wire.tell(screen.keymap(key_map(self.keys)))
        return {}

    # --- pointing ---------------------------------------------------------------------------------------------------

    async def pointer(self, pane: str, phase: str, x: float, y: float, how: dict[str, Any]) -> dict[str, Any]:
        """A press, a drag or a release on a pane, in pixels of its picture."""
        before, self._drag = self._drag, (x, y) if phase != "up" else None
        moved = (x - before[0], y - before[1]) if before is not None and phase == "move" else (0.0, 0.0)
        if pane in {plane.value for plane in Plane}:
            return self._on_plane(Plane(pane), phase, (x, y), moved, how)
        if pane == "room" and not how.get("shift") and not self._aiming:
            if self.opened.room is not None and phase == "move":
                self.opened.room.turn(self.screens.case, *moved)
                self.screens.renew({"room"})
                self._tell_room()
                self._tell_marks()
            return {}
        if pane in {"live", "room"} and phase in {"down", "move"}:
            return self._by_sight(pane, x, y, shift=bool(how.get("shift")))
        return {}

    def _on_plane(
        self, plane: Plane, phase: str, at: tuple[float, float], moved: tuple[float, float], how: dict[str, Any]
    ) -> dict[str, Any]:
        if phase == "up":
            return {}
        if how.get("button") == 2:
            self.screens.windowed(moved[0], -moved[1])
            return {}
        point = self.screens.point_mm(plane, *at)
        if self._aiming:
            self.hand = hands.aimed(self.hand, point)
            self._tell_hand()
        self.screens.crossed(point)
        return {}

    def _by_sight(self, pane: str, x: float, y: float, *, shift: bool) -> dict[str, Any]:
        """On a picture one sees along a line: the point meant lies on it, on the skin or as deep as what is aimed at."""
        ray, case = self.screens.ray(pane, x, y), self.session.case
        if ray is None:
            return {"refusal": "There is no picture to point at yet."}
        if shift:
            skin = on_skin_mm(case, ray) if pane == "room" else ray.nearest_to(hands.entry_mm(case, self.hand))
            if skin is not None:
                self.hand = hands.dragged(self.hand, skin)
        elif self._aiming:
            self.hand = hands.aimed(self.hand, ray.nearest_to(case.plan.target_mm))
            self.screens.crossed(ray.nearest_to(case.plan.target_mm))
        elif not self.screens.exam:
            self.screens.crossed(ray.nearest_to(self.screens.look.crosshair_mm))
        self._tell_hand()
        self.screens.renew({"room"})
        return {}

    def zoom(self, pane: str, notches: int) -> dict[str, Any]:
        """Nearer or farther."""
        if pane == "room" and self.opened.room is not None:
            self.opened.room.zoom(self.screens.case, notches)
            self.screens.renew({"room"})
            self._tell_room()
        elif pane in {plane.value for plane in Plane}:
            self.screens.zoomed(notches)
        return {}

    def look_from(self, eye: Eye) -> dict[str, Any]:
        """A named point of view of the room."""
        if self.screens.exam and eye not in EXAM_EYES:
            return {"refusal": "An examination shows what an eye in the room sees."}
        if self.opened.room is not None:
            self.opened.room.view = eye
        self.screens.renew({"room"})
        self._tell_room()
        return {}

    def peel(self, number: int) -> dict[str, Any]:
        """Strip the tissue in the debriefing."""
        if self.screens.exam or not 0 <= number < len(STRIPPED):
            return {"refusal": "Nothing is stripped in an examination."}
        self.screens.peeled(number)
        self._tell_room()
        return {}

    def layer(self, layer: Layer) -> dict[str, Any]:
        """Show, ghost or hide a layer."""
        if self.screens.exam:
            return {"refusal": "Nothing is shown or hidden in an examination."}
        self.screens.layered(layer)
        self._tell_room()
        return {}

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _may_look_back(self) -> bool:
        return self.session.mode is Mode.PRACTICE or self.session.closed

    async def _work(self, what: Callable[[], Any]) -> Any:
        """Run in the session's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._own, what)

    async def _act(self, what: Callable[[], Outcome | None], taken: Any = None) -> dict[str, Any]:
        """Do something to the session, tell what came of it; the answer holds why it was refused."""

        def work() -> tuple[Outcome | None, Case, bool]:
            before, shots = self.session.case, len(self.session.case.exposures)
            outcome = what()
            return outcome, before, len(self.session.case.exposures) > shots and not self.session.pedal_held

        if self._shown is not None and not self.session.closed:
            self._shown = None
        outcome, before, pictured = await self._work(work)
        refusal = outcome.refusal if outcome is not None else None
        case = self.session.case
        if taken in {one for one in hands.ORDER} and refusal is None:
            self.hand = hands.taken(self.hand, str(taken))
        if case is not before:
            self._hear(before, case)
            if pictured and self._pulse is None:
                await self._pictures(before, case)
            self._moved.set()
        await self._renewed()
        return {"refusal": refusal} if refusal is not None else {}

    async def _pictures(self, before: Case, case: Case) -> None:
        """Show the last exposure of a form or a button: what one pulse of it saw."""
        if len(case.exposures) <= len(before.exposures):
            return
        await self._work(lambda: self.live.frame(_Spot.of(case)))
        if not case.exposures[-1].spot:
            await self._work(self.live.hold)
        self.screens.renew({"live"})

    async def _pulses(self) -> None:
        """While the pedal is held: one pulse after the other, as many in a second as the console is set to."""
        loop = asyncio.get_running_loop()
        while self.session.pedal_held:
            begun = loop.time()
            self._moved.clear()
            if not await self._work(self._one_pulse):
                break
            self.screens.renew({"live"})
            self.wire.tell(screen.readouts_told(readouts(self.session.case, self._pulse)))
            period = 1.0 / max(self.session.case.controls.fluoroscopy.pulses_per_s, 1.0)
            await asyncio.sleep(max(min(EARLY_S, period) - (loop.time() - begun), 0.0))
            rest = period - (loop.time() - begun)
            if rest > 0.0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), rest)

    def _one_pulse(self) -> bool:
        pulse = self.session.pulse()
        if pulse is None:
            return False
        moment = len(self.session.moments)
        self.live.frame(pulse)
        self._pulse, self.screens.live_moment = pulse, moment
        return True

    def _hear(self, before: Case, after: Case) -> None:
        number = self._sounds[-1]["id"] if self._sounds else 0
        for sound, words in screen.sounds_of(before, after, self.session.mode):
            number += 1
            self._sounds.append({"id": number, "sound": sound, "words": words})
        del self._sounds[:-12]

    async def _renewed(self) -> None:
        """Tell everything that may have changed, and show the case."""
        shown = self._shown if self._shown is not None else len(self.session.moments) - 1
        told, case, cases = await self._work(lambda: (self._told(shown), self._case_shown(), self._figures()[: shown + 1]))
        self.wire.tell(told)
        self._tell_screens()
        self.screens.beam = self.session.pedal_held
        self.screens.show(case, cases)
        self._stepped += 1
        if self._stepping is None or self._stepping.done():
            self._stepping = asyncio.create_task(self._steps(), name="steps")

    async def _steps(self) -> None:
        """Tell the steps: every rule is asked, which takes longer than a hand may wait for its picture."""
        told = 0
        while told != self._stepped:
            told = self._stepped
            self.wire.tell(await asyncio.get_running_loop().run_in_executor(self._aside, screen.steps_told, self.session))
            await asyncio.sleep(STEPS_S)

    def _figures(self) -> list[Case]:
        """In the session's thread: all cases so far, sharing a disc until something goes in or out of it."""
        moments = self.session.moments
        del self._cases[len(moments) :]
        for moment in moments[len(self._cases) :]:
            case = moment.case
            if self._cases:
                before = self._cases[-1].disc
                same = before.ledger is case.disc.ledger and before.contrast is case.disc.contrast
                case = replace(case, disc=before) if same else case
            self._cases.append(case)
        return self._cases

    def _case_shown(self) -> Case:
        return self.session.case if self._shown is None else self.session.moments[self._shown].case

    def _told(self, shown: int) -> dict[str, Any]:
        """In the session's thread: the words of this moment."""
        session, mode = self.session, self.session.mode
        seen = mode if not session.closed else Mode.PRACTICE
        case = self._case_shown()
        told = {
            **screen.bedside_told(case, seen),
            **screen.log_told(case, seen),
            **screen.timeline_told(session.moments, shown),
            **screen.hand_told(session.case, self.hand),
            **screen.debrief_told(session, allowed=self._may_look_back),
            **screen.readouts_told(readouts(case, self._pulse)),
            **(screen.disc_told(case) if not self.screens.exam else {"removed": ""}),
            "sounds": [*self._sounds],
            "status": self._status(shown),
        }
        self._console_told = {**screen.stand_told(session.case, session.moments)}
        return told

    def _status(self, shown: int) -> dict[str, Any]:
        session, now = self.session, self.session.now if self._shown is None else self._case_shown()
        return {
            "clock": clock(now.clock_s),
            "beam": session.pedal_held,
            "beam_words": f"beam {now.fluoroscopy_s:.1f} s",
            "moment": len(session.moments),
            "shown": shown,
            "looking_back": self._shown is not None,
            "can_look_back": self._may_look_back,
            "can_undo": session.mode is Mode.PRACTICE and not session.closed and len(session.moments) > 1,
            "closed": session.closed,
            **self._ending,
        }

    def _tell_screens(self) -> None:
        self._tell_console()
        self._tell_room()
        self._tell_marks()

    def _tell_console(self) -> None:
        settings = self.live.settings
        console = settings.console
        on = {
            "inverted": console.inverted, "edges": console.edge_gain > 0.0, "filter": console.recursion > 0.0,
            "flipped": console.flipped, "turned": console.rotated_deg != 0.0,
            "subtract": settings.showing is Showing.SUBTRACTED, "road_map": settings.showing is Showing.ROAD_MAP,
        }  # fmt: skip
        switches = [{"name": name, "words": words, "on": on[name]} for name, words in SWITCHES]
        self.wire.tell(
            {
                "console": {
                    **self._console_told,
                    "brightness": console.brightness,
                    "contrast": console.contrast,
                    "switches": switches,
                    "aim": self._aiming,
                }
            }
        )

    def _tell_room(self) -> None:
        view = self.opened.room.view if self.opened.room is not None else None
        look = self.screens.look
        offered = EXAM_EYES if self.screens.exam else tuple(EYES)
        self.wire.tell(
            {
                "room": {
                    "empty": "Preparing the room …" if self.opened.room is not None else NO_ROOM,
                    "views": [{"name": eye.value, "words": EYES[eye], "on": eye == view} for eye in offered],
                    "peels": [{"number": n, "words": words, "on": n == look.peel} for n, words in enumerate(PEEL_WORDS)],
                    "layers": [
                        {"name": layer.value, "words": layer.value, "shown": look.visibility.get(layer, Shown.SHOWN).value}
                        for layer in Layer
                    ],
                }
            }
        )

    def _tell_hand(self) -> None:
        self.wire.tell(screen.hand_told(self.session.case, self.hand))
        self._tell_marks()

    def _tell_marks(self) -> None:
        """Where the hand's entry and aim lie on the pictures, while nothing it holds is in the patient."""
        case, hand = self.session.case, self.hand
        idle = hand.instrument is None or hand.instrument in case.placements
        aim = case.plan.target_mm if hand.aim is None else [hand.aim.x_mm, hand.aim.y_mm, hand.aim.z_mm]
        self.wire.tell({"marks": {} if idle else self.screens.marks({"entry": hands.entry_mm(case, hand), "aim": aim})})

    async def _tick(self) -> None:
        """Real time goes on."""
        while True:
            await asyncio.sleep(TICK_S)
            if self._shown is None and not self.session.closed:
                shown = len(self.session.moments) - 1
                with suppress(DekompSimError):
                    self.wire.tell(await self._work(lambda: {"status": self._status(shown), **screen.bedside_told(self.session.now, self.session.mode)}))

    async def close(self) -> None:
        """Let everything go: the pedal, the threads, the plotter, the journal."""
        for task in (self._pulsing, self._ticking, self._stepping, self._warming):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._work(self.session.pedal_up)
        await self.screens.close()
        self._own.shutdown()
        self._aside.shutdown()
        self.opened.close()


def warm(case: Case) -> None:
    """Take a picture that nobody sees: compiled loops are loaded, which takes a second or two, before they are needed."""
    angles = Angles(OVER_THE_BACK_DEG, 0.0)
    seen = exposed(case, posed(case, angles, (0.0, 0.0, 0.0)), Expose())
    with suppress(DekompSimError):
        Live(case.patient).frame(_Spot.of(seen))


@dataclass(frozen=True, slots=True)
class _Spot:
    """The picture of an exposure that is on record: what its first pulse saw."""

    shot: Any
    exposure: Any
    number: int = 0

    @classmethod
    def of(cls, case: Case) -> _Spot:
        return cls(shot_of(case, case.exposures[-1]), case.exposures[-1])
