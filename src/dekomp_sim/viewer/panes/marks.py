"""Lines, areas and letters on a colour picture (rows, cols, 3), antialiased; places are (x, y), y downward."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array
from dekomp_sim.imaging.console.display import BANNER, lettering
from dekomp_sim.imaging.console.strokes import cover_strokes

PAPER: Final = "#11161d"
"""Behind charts and sections of the disc: dark, as the console is."""

INK: Final = "#e8edf3"
"""Letters and lines that matter."""

QUIET: Final = "#8a97a6"
"""Axes and what stands behind; 6.5 to 1 on the paper."""

FAINT: Final = "#2b3541"
"""Grid lines."""

SIMULATED: Final = "SIMULATED"
"""On every picture too small for the banner."""


@cache
def rgb(colour: str) -> Float32Array:
    """(3,) 0 to 255 of "#rrggbb"."""
    return np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)], dtype=np.float32)


def paper(rows: int, cols: int, colour: str = PAPER) -> UInt8Array:
    """An empty picture (rows, cols, 3)."""
    return np.full((rows, cols, 3), rgb(colour).astype(np.uint8))


def line(
    picture: UInt8Array,
    points: ArrayLike,
    colour: str,
    width: float = 1.5,
    dash: tuple[float, float] | None = None,
    opacity: float = 1.0,
) -> None:
    """Draw a line through points (n, 2) onto a picture; `dash` is the length drawn and the gap, px.

    What is not a number breaks the line there.
    """
    places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    ends = np.concatenate([places[:-1], places[1:]], axis=1)
    ends = ends[np.isfinite(ends).all(axis=1)]
    if dash is not None:
        ends = _dashes(ends, dash)
    if not len(ends):
        return
    low = np.floor(np.minimum(ends[:, :2], ends[:, 2:]).min(axis=0) - width)
    high = np.ceil(np.maximum(ends[:, :2], ends[:, 2:]).max(axis=0) + width + 1.0)
    x0, y0 = np.clip(low, 0, picture.shape[1::-1]).astype(int)
    x1, y1 = np.clip(high, 0, picture.shape[1::-1]).astype(int)
    if x1 > x0 and y1 > y0:
        cover = np.zeros((y1 - y0, x1 - x0), dtype=np.float32)
        cover_strokes(ends - (x0, y0, x0, y0), width, cover)
        _blend(picture[y0:y1, x0:x1], colour, cover * np.float32(opacity))


def dot(picture: UInt8Array, place: ArrayLike, radius: float, colour: str) -> None:
    """Draw a filled disc."""
    x, y = np.asarray(place, dtype=np.float64)
    line(picture, [[x - 1e-3, y], [x + 1e-3, y]], colour, 2.0 * radius)


def box(picture: UInt8Array, corner: tuple[float, float], size: tuple[float, float], colour: str) -> None:
    """Fill a rectangle from its upper left corner; edges on whole pixels."""
    x, y = (max(0, round(place)) for place in corner)
    picture[y : max(y, round(corner[1] + size[1])), x : max(x, round(corner[0] + size[0]))] = rgb(colour)


def write(
    picture: UInt8Array, words: str, place: tuple[float, float], size: int, colour: str = INK, anchor: str = "la"
) -> None:
    """Write words with a dark halo at (x, y); `anchor` is Pillow's: l m r, then a m d."""
    ink, halo, (left, top) = lettering(words, size, anchor)
    col, row = round(place[0]) + left, round(place[1]) + top
    first, start = max(row, 0), max(col, 0)
    part = picture[first : max(row + ink.shape[0], 0), start : max(col + ink.shape[1], 0)]
    cut = (slice(first - row, first - row + part.shape[0]), slice(start - col, start - col + part.shape[1]))
    part[:] = (part * halo[cut][..., None]).astype(np.uint8)
    _blend(part, colour, ink[cut])


def length(words: str, size: int) -> float:
    """Width of words, px."""
    return float(lettering(words, size, "la")[0].shape[1] - 2 * (size // 2))


def fitting(choices: Sequence[str], room: float, size: int) -> str:
    """The first of some words, longest first, that fits a width in px; the last where none does."""
    return next((words for words in choices if length(words, size) <= room), choices[-1])


def stamp(picture: UInt8Array, size: int = 10) -> None:
    """Say on a picture that it is simulated, at its foot: the whole banner where there is room."""
    rows, cols = picture.shape[:2]
    words = fitting((BANNER, SIMULATED), 0.9 * cols, size)
    write(picture, words, (cols / 2.0, rows - 3.0), size, QUIET, "md")


def _dashes(ends: FloatArray, dash: tuple[float, float]) -> FloatArray:
    """(m, 4) the strokes of a dashed line through the pieces (n, 4), the dashes going on from piece to piece."""
    drawn, gone, whole = [], 0.0, dash[0] + dash[1]
    for first, last in zip(ends[:, :2], ends[:, 2:], strict=True):
        length = float(np.linalg.norm(last - first))
        starts = np.arange(np.floor(gone / whole), np.ceil((gone + length) / whole)) * whole - gone
        for a, b in zip(np.maximum(starts, 0.0), np.minimum(starts + dash[0], length), strict=True):
            if b > a:
                drawn.append([*(first + a / length * (last - first)), *(first + b / length * (last - first))])
        gone += length
    return np.asarray(drawn, dtype=np.float64).reshape(-1, 4)


def _blend(part: UInt8Array, colour: str, share: Float32Array) -> None:
    touched = share > 0.0
    weight = share[touched][:, None]
    part[touched] = np.rint(part[touched] * (1.0 - weight) + rgb(colour) * weight).astype(np.uint8)
