"""What answers the page: one message in, one answer out. Whatever a message holds, the case's own rules decide."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import DekompSimError
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.panes.slices import Plane
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.session import Mode
from dekomp_sim.viewer.scene.cameras import View as Eye
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.web.case import screen
from dekomp_sim.viewer.web.case.pointing import Touch
from dekomp_sim.viewer.web.case.screens import Screens
from dekomp_sim.viewer.web.case.sitting import TIMES_AT_MOST, Answer, Opened, Sitting
from dekomp_sim.viewer.web.message import NOT_UNDERSTOOD, Message, NotUnderstood
from dekomp_sim.viewer.web.safety import WRONG
from dekomp_sim.viewer.web.server import Wire

NO_CASE: Final = "No case is open."

log = logging.getLogger(__name__)


class Desk:
    """Answers pages: opens one of several cases, then hands what is asked to its sitting.

    Parameters
    ----------
    stories
        What may be opened; a single one is opened at once.
    opens
        Opens a story in a mode; called in the thread of the event loop, where VTK draws.
    mode
        How a single one is opened.
    """

    def __init__(
        self, stories: Sequence[Story], opens: Callable[[Story, Mode], Opened], mode: Mode = Mode.PRACTICE
    ) -> None:
        self._stories, self._opens, self._mode = tuple(stories), opens, mode
        self._sitting: Sitting | None = None
        self._wire: Wire | None = None
        self._keys: dict[str, str] = {}
        self._opening = asyncio.Lock()

    page = "page"
    """The whole procedure."""

    async def begin(self, wire: Wire) -> None:
        """The server is up: open the one case, or offer the several."""
        self._wire = wire
        if len(self._stories) == 1:
            await self._open(self._stories[0], self._mode)
        else:
            wire.tell(screen.lobby(self._stories))

    async def end(self) -> None:
        """Let the open case go."""
        if self._sitting is not None:
            sitting, self._sitting = self._sitting, None
            await sitting.close()

    @property
    def report(self) -> Path | None:
        """The report of the case that was finished last."""
        return self._sitting.report if self._sitting is not None else None

    async def asked(self, message: Any) -> Answer:
        """The answer to a message: empty, or with a `refusal` (the case's own) or an `error` (the message's)."""
        try:
            return await self._answer(Message(message))
        except NotUnderstood as wrong:
            log.warning("not understood: %.300r", message)
            return {"error": str(wrong)}
        except DekompSimError as wrong:
            return {"refusal": str(wrong)}
        except Exception:
            log.exception("while answering %r", message.get("what") if isinstance(message, dict) else "a message")
            return {"error": WRONG}

    async def _answer(self, message: Message) -> Answer:
        what = message.word("what")
        if what == "open":
            number = message.whole("number", 0, len(self._stories) - 1)
            await self._open(self._stories[number], message.one_of("mode", Mode))
            return {}
        if what == "leave" and len(self._stories) > 1 and self._wire is not None:
            await self.end()
            self._wire.tell(screen.lobby(self._stories))
            return {}
        if self._sitting is None:
            return {} if what in {"hello", "watch", "size", "drawn"} else {"error": NO_CASE}
        if what not in ANSWERS:
            raise NotUnderstood(NOT_UNDERSTOOD)
        found = ANSWERS[what](self._sitting, message)
        return found if isinstance(found, dict) else await found

    async def _open(self, story: Story, mode: Mode) -> None:
        async with self._opening:
            if self._wire is None or (self._sitting is not None and len(self._stories) == 1):
                return
            await self.end()
            sitting = Sitting(self._opens(story, mode), self._wire, several=len(self._stories) > 1)
            await sitting.begin()
            self._sitting = sitting


def _hello(sitting: Sitting, message: Message) -> Answer:
    keys = message.table("keys")
    answer: Answer = {}
    if keys:
        try:
            sitting.remap({name: str(key) for name, key in keys.items()})
        except DekompSimError as wrong:
            answer = {"error": str(wrong)}
    sitting.screens.again()
    return answer


def _watch(sitting: Sitting, message: Message) -> Answer:
    sitting.screens.watched(message.word("page"), message.words("panes"))
    return {}


def _drawn(sitting: Sitting, message: Message) -> Answer:
    pump = sitting.screens.pumps.get(message.word("pane"))
    if pump is not None:
        pump.drawn(message.whole("number", 0, 2**31))
    return {}


def _size(sitting: Sitting, message: Message) -> Answer:
    sitting.screens.resized(message.word("pane"), message.whole("width", 1, 10000), message.whole("height", 1, 10000))
    return {}


def _command(sitting: Sitting, message: Message) -> Awaitable[Answer]:
    times = message.whole("times", 1, 10**6) if message.maybe("times") is not None else 1
    phase = message.maybe("phase") if message.maybe("phase") in {"down", "up"} else None
    return sitting.command(message.one_of("command", Command), phase, min(times, TIMES_AT_MOST))


def _pointer(sitting: Sitting, message: Message) -> Answer:
    button = message.whole("button", 0, 10) if message.maybe("button") is not None else 0
    at = (message.number("x"), message.number("y"))
    touch = Touch(message.word("pane"), message.word("phase"), *at, button, message.maybe("shift") is True)
    return sitting.pointed(touch)


def _nudge(sitting: Sitting, message: Message) -> Answer:
    by = (message.number("x", -100.0, 100.0), message.number("y", -100.0, 100.0))
    return sitting.nudged(Touch(message.word("pane"), "nudge", *by, 0, message.maybe("shift") is True))


def _room(sitting: Sitting, change: Callable[[Screens, Any], None], to: Any) -> Answer:
    return sitting.show_room(lambda screens: change(screens, to))


def _slice(sitting: Sitting, message: Message) -> Answer:
    sitting.screens.stepped(message.one_of("pane", Plane), message.whole("times", -TIMES_AT_MOST, TIMES_AT_MOST))
    return {}


def _scrub(sitting: Sitting, message: Message) -> Awaitable[Answer]:
    return sitting.scrub(None if message.maybe("number") is None else message.whole("number", 0, 10**7))


ANSWERS: Final[dict[str, Callable[[Sitting, Message], Answer | Awaitable[Answer]]]] = {
    "hello": _hello,
    "watch": _watch,
    "drawn": _drawn,
    "size": _size,
    "perform": lambda sitting, message: sitting.perform(message.word("do"), message.table("values")),
    "command": _command,
    "swing": lambda sitting, message: sitting.swing(
        message.number("left_deg"), message.number("cranial_deg"), held=message.maybe("held") is True
    ),
    "finish": lambda sitting, message: sitting.finish(),
    "scrub": _scrub,
    "store": lambda sitting, message: sitting.store(),
    "console": lambda sitting, message: sitting.console(message.table("values")),
    "keys": lambda sitting, message: sitting.remap({name: str(key) for name, key in message.table("keys").items()}),
    "pointer": _pointer,
    "nudge": _nudge,
    "slice": _slice,
    "zoom": lambda sitting, message: sitting.zoom(
        message.word("pane"), message.whole("times", -TIMES_AT_MOST, TIMES_AT_MOST)
    ),
    "grid": lambda sitting, message: sitting.at_grid(message.word("line")),
    "camera": lambda sitting, message: _room(sitting, Screens.looked_from, message.one_of("view", Eye)),
    "peel": lambda sitting, message: _room(sitting, Screens.peeled, message.whole("number", 0, 100)),
    "layer": lambda sitting, message: _room(sitting, Screens.layered, message.one_of("name", Layer)),
}
"""What a page may ask, by the word in `what`."""
