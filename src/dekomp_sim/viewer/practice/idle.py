"""Real time in which nothing is asked of the case, so that it can be put on record as waiting."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

LEAST_WAIT_S: Final = 1.0
"""Real time in s below which no waiting is put on record; it is kept until it has grown. Assumption: what a person
would call a pause."""

TENTH_S: Final = 0.1
"""Waiting is recorded in tenths of a second: far below what any model of the patient resolves."""

DAY_S: Final = 86400.0
"""The longest single wait that an action allows."""


class Idle:
    """A watch that runs while nobody does anything.

    Parameters
    ----------
    clock
        Seconds that never run back, as `time.monotonic` gives; None where real time does not count: it then stays at 0.

    Examples
    --------
    >>> now = [10.0]
    >>> idle = Idle(lambda: now[0])
    >>> now[0] = 12.34
    >>> idle.stop()
    >>> idle.taken(), round(idle.seconds, 2)
    (2.3, 0.04)
    """

    def __init__(self, clock: Callable[[], float] | None) -> None:
        self._clock = clock
        self._kept_s = 0.0
        self._since_s: float | None = None
        self.start()

    @property
    def seconds(self) -> float:
        """Idle time that is not on record yet."""
        if self._clock is None or self._since_s is None:
            return self._kept_s
        return self._kept_s + max(self._clock() - self._since_s, 0.0)

    def start(self) -> None:
        """Nothing is being done from now on."""
        if self._clock is not None and self._since_s is None:
            self._since_s = self._clock()

    def stop(self) -> None:
        """Something is being done: its own time is not idle."""
        self._kept_s, self._since_s = self.seconds, None

    def taken(self) -> float:
        """Seconds to put on record now, which are then no longer kept; 0 where it was no pause. Only while stopped."""
        if self._kept_s < LEAST_WAIT_S:
            return 0.0
        wait_s = min(tenths(self._kept_s), DAY_S)
        self._kept_s = max(self._kept_s - wait_s, 0.0)
        return wait_s

    def forget(self) -> None:
        """What was idle did not happen."""
        self._kept_s = 0.0
        if self._since_s is not None and self._clock is not None:
            self._since_s = self._clock()


def tenths(seconds: float) -> float:
    """Whole tenths of a second, rounded down.

    Examples
    --------
    >>> tenths(2.39)
    2.3
    """
    return math.floor(seconds / TENTH_S + 1e-9) / 10.0
