"""From detected signal to the console's picture: logarithm, window, edge enhancement, markers and banner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.geometry.carm import CArm

WHITE: Final = 65535
"""Brightest value of a 16-bit picture."""

BANNER: Final = "SIMULATED - NOT FOR CLINICAL USE"
"""Burned into every picture."""

EDGE_GAIN: Final = 0.6
"""Assumption: share of the fine detail (below `EDGE_SIGMA_PX`) that the console adds again; consoles call it edge
enhancement and publish no figure."""

EDGE_SIGMA_PX: Final = 2.0
"""Assumption: scale in pixels below which detail is enhanced."""

HARMONISED_SHARE: Final = 0.5
"""Assumption: share of the slow change across the picture that the console takes away (dynamic range compression), so
that thick and thin parts of the body fit one window."""

HARMONISED_OVER: Final = 0.12
"""Assumption: scale of that slow change, as a share of the picture's height."""

MEASURED_MARGIN: Final = 0.15
"""Assumption: the window is fitted to the picture without this share at each edge."""

OPEN_LOG: Final = -0.7
"""ln(signal) above which a pixel shows open beam: it takes no part in fitting the window."""

_LETTER_SHARE: Final = 0.26
"""A direction's letter is shown when its cosine with the picture's axis exceeds this (15 degrees off square)."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the console makes of the patient's picture before it shows any: a level for each place and a range.

    It is fitted to the patient alone, so an instrument coming in changes no brightness.

    Parameters
    ----------
    slow
        (rows, cols) float32 slow change that is taken away.
    low, high
        ln(signal) without it at black and at white; metal may be darker than `low` and shows black.
    """

    slow: Float32Array
    low: float
    high: float

    @classmethod
    def fitted(cls, log_signal: Float32Array) -> Window:
        """The window that fits the patient's picture (rows, cols) ln(signal): the 1st to the 99th percentile of its
        middle, with room for metal below.
        """
        held = np.minimum(log_signal, np.float32(OPEN_LOG))
        rows, cols = log_signal.shape
        coarse = ndimage.gaussian_filter(held[::4, ::4], HARMONISED_OVER * rows / 4, mode="nearest")
        slow = ndimage.zoom(coarse, (rows / coarse.shape[0], cols / coarse.shape[1]), order=1, grid_mode=False)
        slow = HARMONISED_SHARE * (slow - np.float32(coarse.mean()))
        top, left = round(rows * MEASURED_MARGIN), round(cols * MEASURED_MARGIN)
        middle = (slice(top, rows - top, 3), slice(left, cols - left, 3))
        body = (log_signal - slow)[middle][log_signal[middle] < OPEN_LOG]
        low, high = np.percentile(body, [1.0, 99.0]) if body.size else (-1.0, 0.0)
        width = max(float(high - low), 0.7)
        return cls(slow.astype(np.float32), float(low) - 0.25 * width, float(high) + 0.1 * width)


def console_picture(log_signal: Float32Array, window: Window) -> NDArray[np.uint16]:
    """The 16-bit picture (rows, cols) of ln(signal): what absorbs is dark, as on a fluoroscopy console."""
    detail = log_signal - ndimage.gaussian_filter(log_signal, EDGE_SIGMA_PX, mode="nearest")
    share = (log_signal - window.slow + EDGE_GAIN * detail - window.low) / (window.high - window.low)
    return np.asarray(np.rint(np.clip(share, 0.0, 1.0) * WHITE), dtype=np.uint16)


def direction_letters(direction: FloatArray) -> str:
    """DICOM patient-orientation letters (PS3.3 C.7.6.1.1.1) of a direction (3,) in LPS, the strongest first.

    Examples
    --------
    >>> direction_letters(np.array([-0.8, 0.6, 0.0]))
    'RP'
    """
    pairs = (("L", "R"), ("P", "A"), ("H", "F"))
    named = [(abs(part), pair[0] if part > 0 else pair[1]) for part, pair in zip(direction, pairs, strict=True)]
    return "".join(letter for size, letter in sorted(named, reverse=True) if size > _LETTER_SHARE)


def positioner_words(carm: CArm) -> str:
    """The C-arm's angles as consoles show them.

    Examples
    --------
    >>> positioner_words(CArm(-30.0, 10.0, (0, 0, 0)))
    'RAO 30 CRA 10'
    """
    primary = 180.0 - (180.0 - carm.primary_deg) % 360.0
    across = f"{'LAO' if primary >= 0 else 'RAO'} {abs(primary):.0f}"
    return f"{across} {'CRA' if carm.secondary_deg >= 0 else 'CAU'} {abs(carm.secondary_deg):.0f}"


def annotated(picture: NDArray[np.uint16], carm: CArm, lines: Sequence[str] = ()) -> NDArray[np.uint16]:
    """A copy of the picture with orientation letters at its edges, the banner below and `lines` at the upper left."""
    rows, cols = picture.shape
    size = max(9, round(rows / 32))
    large, pad = round(1.5 * size), size // 2
    shown = picture.copy()
    _burn(shown, direction_letters(-carm.image_right), large, (rows / 2, pad), "lm")
    _burn(shown, direction_letters(carm.image_right), large, (rows / 2, cols - pad), "rm")
    _burn(shown, direction_letters(carm.image_up), large, (pad, cols / 2), "ma")
    _burn(shown, direction_letters(-carm.image_up), large, (rows - pad - 1.3 * size, cols / 2), "md")
    _burn(shown, BANNER, size, (rows - pad, cols / 2), "md")
    for number, line in enumerate(lines):
        _burn(shown, line, size, (pad + number * 1.2 * size, pad), "la")
    return shown


def _burn(picture: NDArray[np.uint16], text: str, size: int, place: tuple[float, float], anchor: str) -> None:
    """Write white text with a dark halo at (row, col); `anchor` is Pillow's: l m r, then a m d."""
    ink, halo, (left, top) = _label(text, size, anchor)
    row, col = round(place[0]) + top, round(place[1]) + left
    first, start = max(row, 0), max(col, 0)
    part = picture[first : row + ink.shape[0], start : col + ink.shape[1]]
    cut = (slice(first - row, first - row + part.shape[0]), slice(start - col, start - col + part.shape[1]))
    part[:] = np.maximum(part * halo[cut], ink[cut])


@lru_cache(maxsize=256)
def _label(text: str, size: int, anchor: str) -> tuple[Float32Array, Float32Array, tuple[int, int]]:
    """Ink in 16-bit values, what the halo leaves of the picture (0 to 1), and the (col, row) offset of both."""
    font, room = ImageFont.load_default(size), size // 2
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text or " ", anchor=anchor))
    mask = Image.new("L", (right - left + 2 * room, bottom - top + 2 * room), 0)
    ImageDraw.Draw(mask).text((room - left, room - top), text, 255, font=font, anchor=anchor)
    ink = np.asarray(mask, dtype=np.float32) / 255.0
    halo = 1.0 - np.minimum(ndimage.gaussian_filter(ink, size / 8.0) * 5.0, 0.75)
    return sealed(ink * np.float32(WHITE)), sealed(halo), (left - room, top - room)
