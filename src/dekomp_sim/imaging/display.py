"""From detected signal to the console's picture: logarithm, window, edge enhancement, markers and banner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from dekomp_sim.arrays import Float32Array, FloatArray
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
    mask = Image.new("L", (cols, rows), 0)
    draw = ImageDraw.Draw(mask)
    font, large = ImageFont.load_default(size), ImageFont.load_default(round(1.5 * size))
    pad = size // 2
    draw.text((pad, rows / 2), direction_letters(-carm.image_right), 255, font=large, anchor="lm")
    draw.text((cols - pad, rows / 2), direction_letters(carm.image_right), 255, font=large, anchor="rm")
    draw.text((cols / 2, pad), direction_letters(carm.image_up), 255, font=large, anchor="ma")
    draw.text((cols / 2, rows - pad - 1.3 * size), direction_letters(-carm.image_up), 255, font=large, anchor="md")
    draw.text((cols / 2, rows - pad), BANNER, 255, font=font, anchor="md")
    for number, line in enumerate(lines):
        draw.text((pad, pad + number * 1.2 * size), line, 255, font=font, anchor="la")
    ink = np.asarray(mask, dtype=np.float64) / 255.0
    halo = np.minimum(ndimage.gaussian_filter(ink, size / 8.0) * 1.5, 0.8)
    return np.asarray(np.rint(np.maximum(picture * (1.0 - halo), ink * WHITE)), dtype=np.uint16)
