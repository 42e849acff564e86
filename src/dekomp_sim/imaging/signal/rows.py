"""Compiled loops over a picture's rows: blur, quantum noise, detection and the console's look. Plain arrays in and out.

Each takes a span of rows, so that threads outside share a picture out; a row's values do not depend on the span it is
in. Taps are half a symmetric filter, the centre first; beyond the picture its edge pixels go on. Slow twins:
tests/laws/test_rows.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import numpy as np
from numba import njit

ROWS_AT_ONCE: Final = 64
"""Rows of a picture that one thread takes at a time."""

NORMAL_CELLS: Final = 8192
"""Equal shares into which the table of the normal law's quantiles divides its draws."""

_CELL_SHIFT, _CELL_MASK = 19, 2**19 - 1
_SQRT_HALF = math.sqrt(0.5)


def by_rows(rows: int, work: Callable[[int, int], None], pool: Executor | None = None) -> None:
    """Call `work(first, last)` for spans of rows that cover a picture, on a pool's threads or on this one."""
    spans = [(first, min(first + ROWS_AT_ONCE, rows)) for first in range(0, rows, ROWS_AT_ONCE)]
    if pool is None:
        for span in spans:
            work(*span)
    else:
        list(pool.map(lambda span: work(*span), spans))


@njit(cache=True, nogil=True)
def _down(image, taps, r, line):  # type: ignore[no-untyped-def]
    """Row r blurred down the columns into line[reach : reach + cols], its ends carried on."""
    rows, cols = image.shape
    reach = taps.size - 1
    middle = line[reach : reach + cols]
    here = image[r]
    centre = taps[0]
    for c in range(cols):
        middle[c] = centre * here[c]
    for t in range(1, reach + 1):
        above, below, tap = image[max(r - t, 0)], image[min(r + t, rows - 1)], taps[t]
        for c in range(cols):
            middle[c] += tap * (above[c] + below[c])
    line[:reach] = line[reach]
    line[reach + cols :] = line[reach + cols - 1]


@njit(cache=True, nogil=True)
def _across(line, taps, out):  # type: ignore[no-untyped-def]
    """A line with `reach` values to spare at both ends, blurred along itself."""
    cols = out.size
    reach = taps.size - 1
    centre = taps[0]
    for c in range(cols):
        out[c] = centre * line[reach + c]
    for t in range(1, reach + 1):
        left, right, tap = line[reach - t : reach - t + cols], line[reach + t : reach + t + cols], taps[t]
        for c in range(cols):
            out[c] += tap * (left[c] + right[c])


@njit(cache=True, nogil=True)
def blur_rows(image, taps, first, last, out):  # type: ignore[no-untyped-def]
    """Rows first..last of `image` blurred in both directions."""
    line = np.empty(image.shape[1] + 2 * (taps.size - 1), np.float32)
    for r in range(first, last):
        _down(image, taps, r, line)
        _across(line, taps, out[r])


@njit(cache=True, nogil=True)
def _tail(share):  # type: ignore[no-untyped-def]
    """Size of the normal draw that a small share of draws exceeds (Abramowitz and Stegun 26.2.23, within 5e-4)."""
    t = math.sqrt(-2.0 * math.log(share))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    return t - above / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))


@njit(cache=True, nogil=True)
def _normal(words, quantiles, draw):  # type: ignore[no-untyped-def]
    """Normal draws from random 32-bit words: the inverse distribution function, straight lines between `quantiles`."""
    last = NORMAL_CELLS - 1
    for c in range(words.size):
        cell = np.int32(words[c] >> np.uint32(_CELL_SHIFT))
        share = np.float32(words[c] & np.uint32(_CELL_MASK)) * np.float32(1.0 / (_CELL_MASK + 1))
        low = quantiles[cell]
        draw[c] = low + share * (quantiles[cell + 1] - low)
        if cell == 0:
            draw[c] = -_tail((np.float64(words[c]) + 0.5) / 4294967296.0)
        elif cell == last:
            draw[c] = _tail((4294967295.5 - np.float64(words[c])) / 4294967296.0)


@njit(cache=True, nogil=True)
def normal_rows(words, quantiles, first, last, out):  # type: ignore[no-untyped-def]
    """Rows first..last of normal draws from random words."""
    for r in range(first, last):
        _normal(words[r], quantiles, out[r])


@njit(cache=True, nogil=True)
def _quanta(mean, normal):  # type: ignore[no-untyped-def]
    """The number of quanta of Poisson's law at the quantile of a normal draw: its distribution function inverted."""
    left = 0.5 * math.erfc(-normal * _SQRT_HALF)
    chance = math.exp(-mean)
    count = 0
    while left > chance and count < 100:
        left -= chance
        count += 1
        chance *= mean / count
    return count


@njit(cache=True, nogil=True)
def noise_rows(mean, quantum, words, quantiles, counted_below, first, last, out):  # type: ignore[no-untyped-def]
    """Deviation of compound Poisson draws from `mean`, of variance mean * quantum, from one random word a pixel.

    Fewer than `counted_below` quanta: Poisson's number of quanta times `quantum`; from there a normal law bent to
    Poisson's skewness (Cornish and Fisher's first term, its variance taken off), never below nothing.
    """
    cols = mean.shape[1]
    draw = np.empty(cols, np.float32)
    sixth, eighteenth = np.float32(1.0 / 6.0), np.float32(1.0 / 18.0)
    nothing, one = np.float32(0.0), np.float32(1.0)
    for r in range(first, last):
        _normal(words[r], quantiles, draw)
        expected, quanta, deviation = mean[r], quantum[r], out[r]
        for c in range(cols):
            bent = sixth * (draw[c] * draw[c] - one)
            root = np.sqrt(max(expected[c] / quanta[c] - eighteenth, nothing))
            deviation[c] = max(quanta[c] * (draw[c] * root + bent), -expected[c])
        for c in range(cols):
            if expected[c] < counted_below * quanta[c]:
                deviation[c] = np.float32(_quanta(expected[c] / quanta[c], draw[c]) * quanta[c]) - expected[c]


@njit(cache=True, nogil=True)
def detect_rows(mean, deviation, words, quantiles, taps, levels, first, last, out):  # type: ignore[no-untyped-def]
    """Mean + blurred deviation + electronic noise, held to what a pixel can hold.

    levels: electronic noise's standard deviation, least and most.
    """
    cols = mean.shape[1]
    line = np.empty(cols + 2 * (taps.size - 1), np.float32)
    draw = np.empty(cols, np.float32)
    electronic, least, most = levels
    for r in range(first, last):
        _down(deviation, taps, r, line)
        _normal(words[r], quantiles, draw)
        got, expected = out[r], mean[r]
        _across(line, taps, got)
        for c in range(cols):
            got[c] = min(max(got[c] + expected[c] + electronic * draw[c], least), most)


@njit(cache=True, nogil=True)
def show_rows(log_signal, slow, taps, window, table, first, last, out):  # type: ignore[no-untyped-def]
    """Grey values: window with the slow change taken away and the detail enhanced, through a table.

    window: (gain of what is finer than `taps`, level of the table's start, entries per unit of log signal).
    """
    cols = log_signal.shape[1]
    line = np.empty(cols + 2 * (taps.size - 1), np.float32)
    soft = np.empty(cols, np.float32)
    place = np.empty(cols, np.int32)
    gain, low, per = window
    top = np.float32(table.size - 1)
    for r in range(first, last):
        _down(log_signal, taps, r, line)
        _across(line, taps, soft)
        here, taken, shown = log_signal[r], slow[r], out[r]
        for c in range(cols):
            value = (here[c] + gain * (here[c] - soft[c]) - taken[c] - low) * per
            place[c] = np.int32(min(max(value, np.float32(0.0)), top) + np.float32(0.5))
        for c in range(cols):
            shown[c] = table[place[c]]
