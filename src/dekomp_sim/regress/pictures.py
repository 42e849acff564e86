"""The few pictures of a play that are compared: the last X-ray picture of each stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.regress.similarity import Least, least_alike

MOST: Final = 5
"""Pictures compared of one scenario. Assumption: as many as a person looks through, and 60 kB each."""

REDUCED: Final = 2
"""Side of the square of pixels averaged into one: a quarter of the file, and a 0.7 mm needle is still a line."""

LEAST_SIMILARITY: Final = 0.93
"""Where two pictures are less alike than this anywhere, one of them has changed. Assumption: between what a hidden
instrument leaves, 0.91 at most (a stylet in its cannula; a fine needle alone 0.3), and what rounding of another machine
leaves: 0.95 where every pixel is a grey level more or less."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A picture (rows, cols) with its file's name, the step it was taken at, and the operator's note."""

    file: str
    step: int
    note: str
    picture: UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A picture before and after, None where there was or is none, and where they are least alike."""

    file: str
    step: int
    note: str
    before: UInt8Array | None
    after: UInt8Array | None
    least: Least

    @property
    def same(self) -> bool:
        """Whether nothing in it has changed."""
        return self.least.similarity >= LEAST_SIMILARITY

    @property
    def words(self) -> str:
        """One line for people."""
        place = f"step {self.step}: picture {self.file}"
        if self.before is None:
            return f"{place} is new"
        if self.after is None:
            return f"{place} is not taken any more"
        if self.before.shape != self.after.shape:
            sizes = (f"{one.shape[1]} x {one.shape[0]}" for one in (self.before, self.after))
            return f"{place} was {next(sizes)} pixels, is {next(sizes)}"
        likeness = f"similarity {self.least.similarity:.2f} about row {self.least.row}, column {self.least.col}"
        return f"{place}: {likeness}, at least {LEAST_SIMILARITY:g} asked"


def chosen(cases: Sequence[Case]) -> tuple[tuple[int, Case, Exposure], ...]:
    """Of each stage, told by what is in the patient, the last exposure: its step, and the case right after it.

    Stages beyond `MOST` are left out, the earliest first: what comes late has all that went before in it.
    """
    last: dict[frozenset[str], tuple[int, Case, Exposure]] = {}
    for step, (before, case) in enumerate(pairwise(cases), start=1):
        for exposure in case.exposures[len(before.exposures) :]:
            last[frozenset(case.placements)] = (step, case, exposure)
    return tuple(sorted(last.values(), key=lambda one: one[2].index)[-MOST:])


def take(cases: Sequence[Case]) -> tuple[Taken, ...]:
    """The pictures of a play that are compared."""
    scope = Fluoroscope(cases[0].patient)
    return tuple(
        Taken(f"step_{step:03d}.png", step, exposure.note, reduced(scope.expose(shot_of(case, exposure)).display))
        for step, case, exposure in chosen(cases)
    )


def reduced(display: NDArray[Any]) -> UInt8Array:
    """A displayed picture (rows, cols) of 16 bits as 8 bits, `REDUCED` x `REDUCED` pixels averaged into one."""
    rows, cols = display.shape[0] // REDUCED, display.shape[1] // REDUCED
    blocks = display[: rows * REDUCED, : cols * REDUCED].reshape(rows, REDUCED, cols, REDUCED)
    return np.asarray(blocks.mean(axis=(1, 3)) / 256.0, dtype=np.uint8)


def compared(before: Sequence[Taken], after: Sequence[Taken]) -> tuple[Compared, ...]:
    """Each picture that is on either side, by its file's name."""
    was, now = {one.file: one for one in before}, {one.file: one for one in after}
    return tuple(_compared(was.get(file), now.get(file)) for file in sorted({**was, **now}))


def _compared(was: Taken | None, now: Taken | None) -> Compared:
    there = now or was
    assert there is not None  # a name comes from one of them
    before, after = (one.picture if one is not None else None for one in (was, now))
    comparable = before is not None and after is not None and before.shape == after.shape
    least = least_alike(before, after) if comparable and before is not None and after is not None else Least(0.0, 0, 0)
    return Compared(there.file, there.step, there.note, before, after, least)
