"""Words on the console's picture: orientation letters, the C-arm's angles and the banner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.console.processing import WHITE, Console, screen_axes

BANNER: Final = "SIMULATED - NOT FOR CLINICAL USE"
"""Burned into every picture."""

_LETTER_SHARE: Final = 0.26
"""A direction's letter is shown when its cosine with the picture's axis exceeds this (15 degrees off square)."""

_FINE: Final = 4
"""Letters are drawn this many times larger and averaged: Pillow sets small ones on whole pixels, unevenly apart."""

_UPRIGHT: Final = Console()
"""A console that neither flips nor turns."""


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


def annotated(
    picture: NDArray[np.uint16], carm: CArm | None, lines: Sequence[str] = (), console: Console = _UPRIGHT
) -> NDArray[np.uint16]:
    """A copy of the picture with orientation letters at its edges, the banner below and `lines` at the upper left.

    Parameters
    ----------
    picture
        (rows, cols) uint16, flipped and turned already.
    carm
        Gives the letters; None where there is nothing to letter, on a dark screen.
    lines
        Words.
    console
        How the picture was flipped and turned: the letters follow.
    """
    return lettered(picture, None if carm is None else screen_axes(carm, console), lines)


def lettered(
    picture: NDArray[np.uint16], axes: tuple[FloatArray, FloatArray] | None, lines: Sequence[str] = ()
) -> NDArray[np.uint16]:
    """A copy of the picture with the letters of its right and up directions (3,) each in the patient, banner and words.

    Parameters
    ----------
    picture
        (rows, cols) uint16.
    axes
        Where right and up of the picture point in the patient; None where there is nothing to letter.
    lines
        Words.
    """
    rows, cols = picture.shape
    size = max(9, round(rows / 32))
    large, pad = round(1.5 * size), size // 2
    marked = picture.copy()
    if axes is not None:
        right, up = axes
        _burn(marked, direction_letters(-right), large, (rows / 2, pad), "lm")
        _burn(marked, direction_letters(right), large, (rows / 2, cols - pad), "rm")
        _burn(marked, direction_letters(up), large, (pad, cols / 2), "ma")
        _burn(marked, direction_letters(-up), large, (rows - pad - 1.3 * size, cols / 2), "md")
    _burn(marked, BANNER, size, (rows - pad, cols / 2), "md")
    for number, line in enumerate(lines):
        _burn(marked, line, size, (pad + number * 1.2 * size, pad), "la")
    return marked


def _burn(picture: NDArray[np.uint16], text: str, size: int, place: tuple[float, float], anchor: str) -> None:
    """Write white text with a dark halo at (row, col); `anchor` is Pillow's: l m r, then a m d."""
    ink, halo, (left, top) = lettering(text, size, anchor)
    row, col = round(place[0]) + top, round(place[1]) + left
    first, start = max(row, 0), max(col, 0)
    part = picture[first : row + ink.shape[0], start : col + ink.shape[1]]
    cut = (slice(first - row, first - row + part.shape[0]), slice(start - col, start - col + part.shape[1]))
    part[:] = np.maximum(part * halo[cut], ink[cut] * np.float32(WHITE))


@lru_cache(maxsize=512)
def lettering(text: str, size: int, anchor: str) -> tuple[Float32Array, Float32Array, tuple[int, int]]:
    """Ink (0 to 1), what the dark halo around it leaves of a picture (0 to 1), and the (col, row) offset of both from
    the place that Pillow's `anchor` names.
    """
    font, room, fine = ImageFont.load_default(size * _FINE), size // 2, _FINE
    edges = font.getbbox(text or " ", anchor=anchor)
    left, top = (floor(edge / fine) for edge in edges[:2])
    right, bottom = (ceil(edge / fine) for edge in edges[2:])
    mask = Image.new("L", ((right - left + 2 * room) * fine, (bottom - top + 2 * room) * fine), 0)
    place = ((room - left) * fine, (room - top) * fine)
    ImageDraw.Draw(mask).text(place, text, 255, font=font, anchor=anchor)
    ink = np.asarray(mask.reduce(fine), dtype=np.float32) / 255.0
    halo = 1.0 - np.minimum(ndimage.gaussian_filter(ink, size / 8.0) * 5.0, 0.75)
    return sealed(ink), sealed(halo), (left - room, top - room)
