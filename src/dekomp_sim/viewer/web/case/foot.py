"""The foot on the page's pedal: pulses one after the other, as many in a second as the console is set to."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from contextlib import suppress
from typing import Final

from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.readouts import readouts
from dekomp_sim.viewer.practice.session import Outcome, Pulse, Session
from dekomp_sim.viewer.web.case import screen
from dekomp_sim.viewer.web.case.screens import Screens
from dekomp_sim.viewer.web.server import Wire

READOUTS_S: Final = 0.25
"""How often read-outs are renewed while the beam is on; the eye reads no faster."""

EARLY_S: Final = 0.04
"""A hand that moves has the next pulse at once, if the last is older than this."""


class Foot:
    """Steps on the pedal and off it.

    Parameters
    ----------
    session, live
        The case, and its screens; used in the session's thread.
    screens, wire
        Where pictures and read-outs go.
    own
        The session's thread.
    """

    def __init__(self, session: Session, live: Live, screens: Screens, wire: Wire, own: Executor) -> None:
        self._session, self._live, self._screens, self._wire, self._own = session, live, screens, wire, own
        self._pulse: Pulse | None = None
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def given(self) -> Pulse | None:
        """The held pedal's last pulse, as long as it is not on record."""
        pulse = self._pulse
        return pulse if pulse is not None and pulse.exposure.index >= len(self._session.case.exposures) else None

    def moved(self) -> None:
        """Something moved: the next pulse comes early."""
        self._moved.set()

    def begin(self) -> None:
        """Let pulses come, where the pedal was allowed."""
        if self._session.pedal_held and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._pulses())

    def up(self) -> Outcome:
        """In the session's thread: the foot is off, the last picture stays."""
        outcome = self._session.pedal_up()
        self._pulse = None
        self._live.hold()
        return outcome

    def pulse(self) -> bool:
        """In the session's thread: give a pulse and make its picture; whether one was allowed."""
        pulse = self._session.pulse()
        if pulse is None:
            return False
        moment = len(self._session.moments)
        self._live.frame(pulse, moving=self._session.standing is not self._session.case)
        self._pulse, self._screens.live_moment = pulse, moment
        return True

    async def stop(self) -> None:
        """Give no more pulses."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _pulses(self) -> None:
        loop, told_s = asyncio.get_running_loop(), 0.0
        due_s = loop.time()
        while self._session.pedal_held:
            begun = loop.time()
            self._moved.clear()
            if not await loop.run_in_executor(self._own, self.pulse):
                break
            self._screens.renew({"live", "reference"} if self._pulse and self._pulse.lateral else {"live"})
            if begun >= told_s + READOUTS_S:
                told_s = begun
                self._wire.tell(screen.readouts_told(readouts(self._session.standing, self.given)))
            period = 1.0 / max(self._session.case.controls.fluoroscopy.pulses_per_s, 1.0)
            due_s = next_pulse_s(due_s, begun, period)
            await asyncio.sleep(max(begun + min(EARLY_S, period) - loop.time(), 0.0))
            rest = due_s - loop.time()
            if rest > 0.0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), rest)


def next_pulse_s(due_s: float, begun_s: float, period_s: float) -> float:
    """When the next pulse is due: a period after the last one was, however late its timer rang.

    A pulse that came early, because a hand moved, sets a new beat; one later than a whole period is not made up for.

    Examples
    --------
    >>> next_pulse_s(10.0, 10.25, 0.5), next_pulse_s(10.0, 9.75, 0.5), next_pulse_s(10.0, 12.0, 0.5)
    (10.5, 10.25, 12.0)
    """
    return max(min(due_s, begun_s), begun_s - period_s) + period_s
