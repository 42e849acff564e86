"""Axes on a picture: a frame within it, round ticks, lines in the data's own units."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.viewer.panes import marks

MOST_TICKS: Final = 6
"""Ticks along an axis at most: more would touch."""

SECONDS_PER_MIN: Final = 60.0
"""s in one minute."""


@dataclass(frozen=True, slots=True)
class Axes:
    """A frame on a picture and the data's span in it.

    Parameters
    ----------
    left, top, right, bottom
        The frame, px.
    x, y
        What stands at its left and right, and at its bottom and top.
    """

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def places(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """(n, 2) pixels of data (n,) and (n,); beyond the frame they are held at its edge, NaN stays."""
        across = np.clip((np.asarray(x, dtype=np.float64) - self.x[0]) / (self.x[1] - self.x[0]), 0.0, 1.0)
        along = np.clip((np.asarray(y, dtype=np.float64) - self.y[0]) / (self.y[1] - self.y[0]), 0.0, 1.0)
        places = (
            self.left + across * (self.right - self.left),
            self.bottom - along * (self.bottom - self.top),
        )
        return np.stack(np.broadcast_arrays(*places), axis=-1)

    def line(self, picture: UInt8Array, x: ArrayLike, y: ArrayLike, colour: str, width: float = 2.0) -> None:
        """Draw a line through data; NaN breaks it."""
        marks.line(picture, self.places(x, y), colour, width)

    def level(self, picture: UInt8Array, y: float, colour: str, words: str, size: int) -> None:
        """A dashed line at a height, with words at its left end."""
        (_, at), *_ = self.places([self.x[0]], [y])
        marks.line(picture, [[self.left, at], [self.right, at]], colour, 1.0, (4.0, 3.0))
        marks.write(picture, words, (self.left + 3.0, at - 2.0), size, colour, "ld")

    def ruled(self, picture: UInt8Array, size: int, y_ticks: ArrayLike | None = None) -> None:
        """Grid lines and numbers: data's own at the left, a clock's minutes below; fewer where it is tight."""
        up, across = ((self.bottom - self.top) / (1.2 * size), (self.right - self.left) / (2.4 * size))
        for tick in ticks(*self.y, round(up)) if y_ticks is None else np.asarray(y_ticks, dtype=np.float64):
            (_, at), *_ = self.places([self.x[0]], [tick])
            marks.line(picture, [[self.left, at], [self.right, at]], marks.FAINT, 1.0)
            marks.write(picture, f"{tick:g}", (self.left - 4.0, at), size, marks.QUIET, "rm")
        for tick in ticks(self.x[0] / SECONDS_PER_MIN, self.x[1] / SECONDS_PER_MIN, round(across)):
            (at, _), *_ = self.places([tick * SECONDS_PER_MIN], [self.y[0]])
            marks.line(picture, [[at, self.bottom], [at, self.bottom + 3.0]], marks.QUIET, 1.0)
            marks.write(picture, f"{tick:g}", (at, self.bottom + 4.0), size, marks.QUIET, "ma")
        marks.line(picture, [[self.left, self.bottom], [self.right, self.bottom]], marks.QUIET, 1.0)


def ticks(low: float, high: float, most: int = MOST_TICKS) -> FloatArray:
    """Round numbers from `low` to `high`, at most `most` and `MOST_TICKS`, 1, 2 or 5 times a power of ten apart.

    Examples
    --------
    >>> ticks(0.0, 47.0).tolist()
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    rough = max(high - low, 1e-9) / (min(max(most, 2), MOST_TICKS) - 1)
    power = 10.0 ** floor(log10(rough))
    step = next(times * power for times in (1.0, 2.0, 5.0, 10.0) if times * power >= rough)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1.0) * step)


def stepped(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same data as a staircase: each value holds until the next one's time."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
