"""How long a play takes, told in units of a fixed piece of work on the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

BUDGET: Final = 1.5
"""A play may take this many times as long as when its baseline was written. Assumption: the ratio itself varies
by a fifth on a busy machine."""

REPEATED: Final = 5
"""The calibration loop is done so often, twice, and the quickest taken: what disturbs it only makes it slower."""

PLAYED: Final = 2
"""The measured work is done so often, for the same reason."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long something took: in s of the processor, and in calibration loops."""

    seconds: float
    loops: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.loops:.0f} calibration loops"


def pace_of(work: Callable[[], object]) -> Pace:
    """How long some work takes; the calibration loop runs before and after it, under the same load.

    Time of the processor in all threads counts, not the clock's: a machine that does other things as well is no slower.
    """
    before = min(_timed(calibration) for _ in range(REPEATED))
    seconds = min(_timed(work) for _ in range(PLAYED))
    return Pace(seconds, seconds / min(before, *(_timed(calibration) for _ in range(REPEATED))))


def calibration() -> float:
    """One calibration loop: half in Python's own loop, half in NumPy, as a case is."""
    total = 0.0
    for number in range(60_000):
        total += number % 7 * 0.5
    grid = np.sin(np.arange(120_000, dtype=np.float64))
    return total + float(np.sort(grid)[::3].sum())


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
