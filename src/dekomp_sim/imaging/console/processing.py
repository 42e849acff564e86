"""What the console makes of a frame: window, look-up table, edges, time filter, flips; what its screens keep.

All of it works on ln(signal), so that a needle is as dark over the belly as over the pelvis, and ends in 16-bit grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.signal.cells import cell_means, on_pixels, spread
from dekomp_sim.imaging.signal.rows import by_rows, show_rows

WHITE: Final = 65535
"""Brightest value of a 16-bit picture."""

EDGE_GAIN: Final = 0.6
"""Assumption: share of the fine detail (below `EDGE_SIGMA_PX`) that the console adds again; consoles call it edge
enhancement and publish no figure."""

EDGE_SIGMA_PX: Final = 2.0
"""Assumption: scale in pixels below which detail is enhanced."""

HARMONISED_SHARE: Final = 0.65
"""Assumption: share of the slow change across the picture that the console takes away (dynamic range compression), so
that thick and thin parts of the body fit one window."""

HARMONISED_OVER: Final = 0.12
"""Assumption: scale of that slow change, as a share of the picture's height."""

MEASURED_MARGIN: Final = 0.15
"""Assumption: the window is fitted to the picture without this share at each edge."""

OPEN_LOG: Final = -0.7
"""ln(signal) above which a pixel shows open beam: it takes no part in fitting the window."""

SHUT_SHARE: Final = 0.5
"""A pixel with less of the open beam than this lies behind the collimator's blades and takes no part either."""

HELD_FRAMES: Final = 4
"""Assumption: frames that last-image hold averages, to show less noise than a live one."""

SUBTRACTED_RANGE: Final = 0.3
"""Assumption: change of ln(signal) from mid-grey to black in a subtracted picture: a discogram's contrast takes away
about a quarter of the signal."""

_ENTRIES = 8192
"""Entries of the grey table: finer than the eye or a 10-bit screen."""

_WINDOW_CELLS = 64
"""Cells along the picture's height for its slow change: a tenth of its scale."""


class Lut(StrEnum):
    """Look-up tables of the console."""

    LINEAR = "linear"
    SOFT_TISSUE = "soft_tissue"
    BONE = "bone"


LUT_CURVES: Final = {
    Lut.LINEAR: ((0.0, 0.5, 1.0), (0.0, 0.5, 1.0)),
    Lut.SOFT_TISSUE: ((0.0, 0.3, 0.8, 1.0), (0.0, 0.16, 0.84, 1.0)),
    Lut.BONE: ((0.0, 0.4, 0.7, 1.0), (0.0, 0.55, 0.85, 1.0)),
}
"""Assumption: (share of the window, grey) of each table's nodes: soft tissue is steep in the upper half where muscle,
gut and disc lie; bone is steep in the dark half and gentle above. Makers publish none."""


@dataclass(frozen=True, slots=True)
class Console:
    """The settings a radiographer can turn.

    Parameters
    ----------
    lut
        Look-up table.
    edge_gain
        Edge enhancement, 0 to 3.
    recursion
        Share of the past in the time filter, 0 (off) to below 1.
    contrast
        Slope about mid-grey, 0.2 to 5.
    brightness
        Added to the grey, -1 to 1.
    inverted
        Bone white instead of dark.
    flipped
        Mirrored left to right, before it is turned.
    rotated_deg
        Turned clockwise on the screen.

    Raises
    ------
    OutOfRangeError
        If a knob is turned too far.
    """

    lut: Lut = Lut.LINEAR
    edge_gain: float = EDGE_GAIN
    recursion: float = 0.0
    contrast: float = 1.0
    brightness: float = 0.0
    inverted: bool = False
    flipped: bool = False
    rotated_deg: float = 0.0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("edge_gain", 0, 3),
            ("recursion", 0, 0.95),
            ("contrast", 0.2, 5),
            ("brightness", -1, 1),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise OutOfRangeError(name, f"{value:g}", f"{least:g} to {most:g}")


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
    def fitted(cls, log_signal: Float32Array, shutter: Float32Array | None = None) -> Window:
        """The window that fits the patient's picture (rows, cols) ln(signal): the 1st to the 99th percentile of its
        middle, with room for metal below; what the shutter (share of open beam, or None) closes does not count.
        """
        rows, cols = log_signal.shape
        seen = log_signal < OPEN_LOG if shutter is None else (log_signal < OPEN_LOG) & (shutter >= SHUT_SHARE)
        cells = (_WINDOW_CELLS, max(2, round(_WINDOW_CELLS * cols / rows)))
        sigma = HARMONISED_OVER * _WINDOW_CELLS
        held = np.minimum(log_signal, np.float32(OPEN_LOG))
        open_cells = np.ones(cells)
        if shutter is not None:
            open_share = np.asarray(shutter >= SHUT_SHARE, dtype=np.float32)
            held *= open_share
            open_cells = cell_means(open_share, cells)
        weight = spread(open_cells, (sigma, sigma))
        coarse = spread(cell_means(held, cells), (sigma, sigma)) / np.maximum(weight, 1e-3)
        slow = on_pixels(HARMONISED_SHARE * (coarse - coarse.mean()), (rows, cols))
        top, left = round(rows * MEASURED_MARGIN), round(cols * MEASURED_MARGIN)
        middle = (slice(top, rows - top, 3), slice(left, cols - left, 3))
        body = (log_signal[middle] - slow[middle])[seen[middle]]
        low, high = np.percentile(body, [1.0, 99.0]) if body.size else (-1.0, 0.0)
        width = max(float(high - low), 0.7)
        return cls(sealed(slow), float(low) - 0.25 * width, float(high) + 0.1 * width)

    @classmethod
    def about(cls, shape: tuple[int, int], half_range: float) -> Window:
        """A window with ln(signal) 0 as mid-grey and no slow change: for subtracted pictures."""
        return cls(sealed(np.zeros(shape, dtype=np.float32)), -half_range, half_range)


def shuttered(
    log_signal: Float32Array, window: Window, console: Console, shutter: Float32Array, pool: Executor | None = None
) -> NDArray[np.uint16]:
    """The picture `shown` with the console's own black over what the collimator closes.

    Under it stands the window's middle, so that edge enhancement finds no edge at the blades.

    Parameters
    ----------
    log_signal, window, console, pool
        As for `shown`.
    shutter
        (rows, cols) share of the open beam; below `SHUT_SHARE` is closed.
    """
    closed = shutter < SHUT_SHARE
    filled = np.where(closed, window.slow + np.float32((window.low + window.high) / 2.0), log_signal)
    picture = shown(filled, window, console, pool)
    picture[closed] = 0
    return picture


def shown(
    log_signal: Float32Array, window: Window, console: Console, pool: Executor | None = None
) -> NDArray[np.uint16]:
    """The 16-bit picture (rows, cols) of ln(signal): what absorbs is dark unless inverted. Not flipped or turned."""
    out = np.empty(log_signal.shape, dtype=np.uint16)
    table = grey_table(console)
    per = (len(table) - 1) / (window.high - window.low)
    settings = (np.float32(console.edge_gain), np.float32(window.low), np.float32(per))
    log_signal = np.ascontiguousarray(log_signal)
    taps = _edge_taps()
    by_rows(len(out), lambda a, b: show_rows(log_signal, window.slow, taps, settings, table, a, b, out), pool)
    return out


@lru_cache(maxsize=32)
def grey_table(console: Console) -> NDArray[np.uint16]:
    """Grey values over the window: look-up table, contrast and brightness, inversion."""
    share = np.interp(np.linspace(0.0, 1.0, _ENTRIES), *LUT_CURVES[console.lut])
    share = np.clip((share - 0.5) * console.contrast + 0.5 + console.brightness, 0.0, 1.0)
    return sealed(np.rint((1.0 - share if console.inverted else share) * WHITE).astype(np.uint16))


@lru_cache(maxsize=1)
def _edge_taps() -> Float32Array:
    """Half a Gaussian of `EDGE_SIGMA_PX`, the centre first, out to three standard deviations."""
    bell = np.exp(-0.5 * (np.arange(int(3 * EDGE_SIGMA_PX) + 1) / EDGE_SIGMA_PX) ** 2)
    return sealed((bell / (2.0 * bell.sum() - bell[0])).astype(np.float32))


def turned(picture: NDArray[np.uint16], console: Console) -> NDArray[np.uint16]:
    """The picture flipped and turned as the console is set; corners that a slanted turn leaves empty are black."""
    if console.flipped:
        picture = picture[:, ::-1]
    quarters, rest = divmod(console.rotated_deg % 360.0, 90.0)
    picture = np.rot90(picture, -int(quarters))
    if rest:
        # ndimage turns from the first axis to the second: clockwise on a screen whose rows go down is negative
        picture = ndimage.rotate(picture, -rest, reshape=False, order=1, prefilter=False)
    return np.ascontiguousarray(picture)


def on_screen(shape: tuple[int, int], console: Console, col: float, row: float) -> tuple[float, float]:
    """(x, y) on the screen, x to the right and y down in pixels, of a place on the detector's picture of that shape.

    Examples
    --------
    >>> on_screen((100, 100), Console(rotated_deg=90.0), 10.0, 0.0)  # the upper edge turns to the right
    (99.0, 10.0)
    """
    rows, cols = shape
    right, down = col - (cols - 1) / 2.0, row - (rows - 1) / 2.0
    right = -right if console.flipped else right
    sine, cosine = _turn(console)
    high, wide = _turned_shape(shape, console)
    x = right * cosine - down * sine + (wide - 1) / 2.0
    return x, right * sine + down * cosine + (high - 1) / 2.0


def on_detector(shape: tuple[int, int], console: Console, x: float, y: float) -> tuple[float, float]:
    """(col, row) on the detector's picture of that shape, of a place on the screen: `on_screen` undone."""
    rows, cols = shape
    high, wide = _turned_shape(shape, console)
    across, along = x - (wide - 1) / 2.0, y - (high - 1) / 2.0
    sine, cosine = _turn(console)
    right, down = across * cosine + along * sine, along * cosine - across * sine
    right = -right if console.flipped else right
    return right + (cols - 1) / 2.0, down + (rows - 1) / 2.0


def _turn(console: Console) -> tuple[float, float]:
    """Sine and cosine of the clockwise turn; exact for quarters."""
    angle = np.radians(console.rotated_deg)
    quarters = console.rotated_deg % 90.0 == 0.0
    sine, cosine = float(np.sin(angle)), float(np.cos(angle))
    return (float(round(sine)), float(round(cosine))) if quarters else (sine, cosine)


def _turned_shape(shape: tuple[int, int], console: Console) -> tuple[int, int]:
    quarters = int(console.rotated_deg % 360.0 // 90.0)
    return shape if quarters % 2 == 0 else (shape[1], shape[0])


def screen_axes(carm: CArm, console: Console) -> tuple[FloatArray, FloatArray]:
    """Patient directions (3,) that point to the screen's right and up, after flip and turn.

    Examples
    --------
    >>> right, up = screen_axes(CArm(0.0, 0.0, (0, 0, 0)), Console(flipped=True, rotated_deg=90.0))
    >>> (right.round(6) + 0.0).tolist(), (up.round(6) + 0.0).tolist()
    ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
    """
    right = -carm.image_right if console.flipped else carm.image_right
    angle = np.radians(console.rotated_deg)
    across = right * np.cos(angle) + carm.image_up * np.sin(angle)
    return across + 0.0, carm.image_up * np.cos(angle) - right * np.sin(angle) + 0.0


def recursed(log_signal: Float32Array, before: Float32Array | None, console: Console) -> Float32Array:
    """The time filter's output: the past weighs `console.recursion`, the new frame the rest; what moves leaves a tail.

    Noise that differs from frame to frame falls to the square root of (1 - k) / (1 + k) for a past weighing k.
    """
    if before is None or console.recursion == 0.0:
        return log_signal
    return before + np.float32(1.0 - console.recursion) * (log_signal - before)


def last_image_hold(log_signals: Sequence[Float32Array]) -> Float32Array:
    """What stays on the screen when the pedal is let go: the mean of the last `HELD_FRAMES` frames (rows, cols)."""
    last = log_signals[-HELD_FRAMES:]
    return np.asarray(np.mean(last, axis=0, dtype=np.float32))


def subtracted(log_signal: Float32Array, mask: Float32Array) -> Float32Array:
    """ln(signal) over the mask's: 0 where nothing has changed, negative where contrast or metal has come in.

    Show it with `Window.about(shape, SUBTRACTED_RANGE)`.
    """
    return log_signal - mask


def peak_opacity(log_signals: Sequence[Float32Array], mask: Float32Array) -> Float32Array:
    """The least of the subtracted frames at each place, never above 0: what a road map keeps of a contrast run."""
    least = np.zeros_like(mask)
    for frame in log_signals:
        np.minimum(least, subtracted(frame, mask), out=least)
    return least


def road_mapped(log_signal: Float32Array, mask: Float32Array, peak: Float32Array) -> Float32Array:
    """The road map: live picture less mask, the kept contrast in white, so that an instrument moves in front of it."""
    return subtracted(log_signal, mask) - peak


@dataclass(frozen=True, slots=True, eq=False)
class Cine:
    """A run of pictures to look at again.

    Parameters
    ----------
    pictures
        (rows, cols) uint16 each, in order.
    per_s
        Pictures per second.
    """

    pictures: tuple[NDArray[np.uint16], ...]
    per_s: float

    def __post_init__(self) -> None:
        if not self.pictures or not self.per_s > 0.0:
            raise OutOfRangeError("cine", f"{len(self.pictures)} pictures at {self.per_s:g}/s", "1 or more, above 0/s")

    def at(self, seconds: float) -> NDArray[np.uint16]:
        """The picture on the screen so many seconds after the loop was started; it goes round."""
        return self.pictures[int(seconds * self.per_s) % len(self.pictures)]
