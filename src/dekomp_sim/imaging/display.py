"""From detected signal to the console's picture: logarithm, window, edge enhancement, markers and banner."""

from __future__ import annotations

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

_LETTER_SHARE: Final = 0.26
"""A direction's letter is shown when its cosine with the picture's axis exceeds this (15 degrees off square)."""


@dataclass(frozen=True, slots=True)
class Window:
    """The range of log signal shown from black to white.

    Parameters
    ----------
    low, high
        ln(signal) at the window's ends; metal may be darker than `low` and shows black.
    """

    low: float
    high: float

    @classmethod
    def fitted(cls, log_signal: Float32Array) -> Window:
        """The window that fits the patient's picture: from below its 1st to its 99th percentile."""
        low, high = np.percentile(log_signal[::4, ::4], [1.0, 99.0])
        width = max(float(high - low), 0.7)
        return cls(float(low) - 0.25 * width, float(high) + 0.05 * width)


def console_picture(log_signal: Float32Array, window: Window) -> NDArray[np.uint16]:
    """The 16-bit picture (rows, cols) of ln(signal): what absorbs is dark, as on a fluoroscopy console."""
    detail = log_signal - ndimage.gaussian_filter(log_signal, EDGE_SIGMA_PX, mode="nearest")
    share = (log_signal + EDGE_GAIN * detail - window.low) / (window.high - window.low)
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
    primary = (carm.primary_deg + 180.0) % 360.0 - 180.0
    across = f"{'LAO' if primary >= 0 else 'RAO'} {abs(primary):.0f}"
    return f"{across} {'CRA' if carm.secondary_deg >= 0 else 'CAU'} {abs(carm.secondary_deg):.0f}"


def annotated(picture: NDArray[np.uint16], carm: CArm, lines: tuple[str, ...] = ()) -> NDArray[np.uint16]:
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
