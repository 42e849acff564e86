"""The flat panel: what its scintillator blurs, its amplifiers add, its photodiodes hold back and its pixels hold.

Absorption and quanta are the beam's (`beam.Response`); here quanta become a picture. Light spreads in the scintillator,
so it blurs the quanta's noise as it blurs the picture; the focal spot blurs the picture only; electronic noise comes
after and is white. The panel is corrected for dark current, gain and dead pixels: its field is flat and free of
defects. Left out: depth-dependent blur, Swank noise, gain that drifts.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import fft

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.signal.cells import cell_grid, cell_means, on_pixels
from dekomp_sim.imaging.signal.noise import COUNTED_BELOW_QUANTA, Purpose, normal_quantiles, random_words
from dekomp_sim.imaging.signal.rows import blur_rows, by_rows, detect_rows, noise_rows

FOCAL_SPOT_MM: Final = 0.6
"""Assumption: width of the focal spot; makers of C-arms state 0.3 and 0.6 mm by IEC 60336, and the large one is used
for a lumbar spine."""

MTF_HALF_PER_MM: Final = 1.25
"""Assumption: line pairs per mm at which the panel's MTF is a half. With `MTF_POWER` it is 0.60 at 1, 0.30 at 2 and
0.17 at 3 line pairs per mm, as data sheets of panels with 0.5 to 0.6 mm CsI state (0.6, 0.3, 0.15)."""

MTF_POWER: Final = 1.8
"""Assumption: steepness of the panel's MTF, see `MTF_HALF_PER_MM`."""

ELECTRONIC_KEV_PER_MM: Final = 300.0
"""Assumption: electronic noise as absorbed energy over the pixel's edge: 60 keV, one quantum, in a pixel of 0.2 mm;
larger pixels are binned from these, so it grows with their edge. Panels have 1000 to 2000 electrons of additive noise a
pixel, and a quantum makes about as many."""

FULL_WELL_KEV_PER_MM2: Final = 1.5e7
"""Assumption: absorbed energy at which a pixel is full in fluoroscopy: 10 uGy of a beam with 30 000 quanta of 50 keV
per mm2 and uGy. A panel for radiography is full at about 64 uGy; fluoroscopy reads with more gain."""

LAG: Final = ((0.021, 0.04), (0.040, 0.6))
"""Share of a frame's charge that is trapped, and the time in s in which it comes back, in two parts. At 15 frames/s
2.1, 0.70, 0.40 and 0.31 % of a frame come back in the four that follow: Siewerdsen and Jaffray, Med Phys 1999;26:1624,
found 2 to 10, 0.7, 0.4 and 0.3 % frame by frame. Assumption: their frames last as long as these."""

PANEL_GLARE: Final = (0.08, 25.0)
"""Share of a panel's light that goes far in its glass and housing, and the length in mm over which it falls. The share
is the low-frequency drop of a panel's MTF: 8 % at 60 kV to 10.5 % at 120 kV (Lazos and Williamson 2012,
PMC3443192). Assumption: the length, as an intensifier's."""

INTENSIFIER_GLARE: Final = (0.12, 25.0)
"""Assumption: share of an image intensifier's light that is veiling glare and the length in mm over which it falls, in
the form of Seibert, Nalcioglu and Roeck, Med Phys 1984;11:172; contrast ratios of intensifiers are about 10 to 20."""

_REACH = 3
"""Pixels beside the centre that a blur's filter takes in."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A detector's settings.

    Parameters
    ----------
    grid_ratio
        Of the anti-scatter grid in front; 0 where it is taken out.
    mtf_half_per_mm
        Line pairs per mm at which the MTF is a half.
    electronic_kev_per_mm
        Electronic noise over the pixel's edge.
    full_well_kev_per_mm2
        Absorbed energy at which a pixel is full.
    lag
        (trapped share, seconds) of each kind of trap; () for none.
    glare
        (share, length in mm) of veiling glare: `PANEL_GLARE`, `INTENSIFIER_GLARE` for an image intensifier, or (0, 1)
        for none.

    Raises
    ------
    OutOfRangeError
        If a share lies outside 0 to 1 or a length or noise is negative.
    """

    grid_ratio: int = 10
    mtf_half_per_mm: float = MTF_HALF_PER_MM
    electronic_kev_per_mm: float = ELECTRONIC_KEV_PER_MM
    full_well_kev_per_mm2: float = FULL_WELL_KEV_PER_MM2
    lag: tuple[tuple[float, float], ...] = LAG
    glare: tuple[float, float] = PANEL_GLARE

    def __post_init__(self) -> None:
        if not (0.0 <= self.glare[0] < 1.0 and self.glare[1] > 0.0):
            raise OutOfRangeError("glare", f"{self.glare[0]:g}, {self.glare[1]:g} mm", "a share of 0 to 1, a length")
        if sum(share for share, _ in self.lag) >= 1.0 or any(share < 0.0 or time <= 0.0 for share, time in self.lag):
            raise OutOfRangeError("lag", str(self.lag), "shares that add up to less than 1, times above 0 s")
        numbers = (self.mtf_half_per_mm, self.electronic_kev_per_mm + 1e-9, self.full_well_kev_per_mm2)
        if min(numbers) <= 0.0:
            raise OutOfRangeError("panel", str(numbers), "numbers above 0")

    def mtf(self, per_mm: FloatArray) -> FloatArray:
        """The scintillator's MTF at spatial frequencies (...) in line pairs per mm on the panel."""
        return np.asarray(1.0 / (1.0 + (np.abs(per_mm) / self.mtf_half_per_mm) ** MTF_POWER))


@dataclass(frozen=True, slots=True, eq=False)
class Trapped:
    """What the traps of each pixel hold: (kinds, rows, cols) float32, of the signal's unit."""

    held: Float32Array

    def __post_init__(self) -> None:
        sealed(self.held)


def focal_mtf(carm: CArm, per_mm: FloatArray) -> FloatArray:
    """MTF of a focal spot of even brightness, `FOCAL_SPOT_MM` wide, for what lies at the isocentre, by line pairs per
    mm (...) on the panel.
    """
    return np.asarray(np.sinc(FOCAL_SPOT_MM * (carm.magnification - 1.0) * per_mm))


def scintillator_taps(panel: Panel, pixel_mm: float) -> Float32Array:
    """Filter taps (4,), the centre first, with the scintillator's MTF up to the pixels' limit."""
    return _taps(panel, pixel_mm, 1.0)


def picture_taps(panel: Panel, pixel_mm: float, carm: CArm) -> Float32Array:
    """The same for the scintillator and the focal spot together."""
    return _taps(panel, pixel_mm, carm.magnification)


@lru_cache(maxsize=32)
def _taps(panel: Panel, pixel_mm: float, magnification: float) -> Float32Array:
    """Least squares over all frequencies up to the Nyquist limit; they add up to 1."""
    turns = np.linspace(0.0, 0.5, 101)
    per_mm = turns / pixel_mm
    wanted = panel.mtf(per_mm) * np.sinc(FOCAL_SPOT_MM * (magnification - 1.0) * per_mm)
    waves = 2.0 * (np.cos(2.0 * np.pi * np.outer(turns, np.arange(1, _REACH + 1))) - 1.0)
    sides = np.linalg.lstsq(waves, wanted - 1.0, rcond=None)[0]
    return sealed(np.concatenate([[1.0 - 2.0 * sides.sum()], sides]).astype(np.float32))


def blurred(image: Float32Array, taps: Float32Array, pool: Executor | None = None) -> Float32Array:
    """An image (rows, cols) float32 blurred in both directions by a symmetric filter, its edges carried on."""
    image = np.ascontiguousarray(image)
    out = np.empty_like(image)
    by_rows(len(image), lambda first, last: blur_rows(image, taps, first, last, out), pool)
    return out


def with_glare(image: Float32Array, panel: Panel, pixel_mm: float) -> Float32Array:
    """An image (rows, cols) with the panel's veiling glare: a share of the light spread as exp(-r/k)/(2 pi k r)."""
    share = panel.glare[0]
    if share == 0.0:
        return image
    shape = (image.shape[0], image.shape[1])
    cells, edges_mm = cell_grid(shape, pixel_mm)
    veil = on_pixels(glare_cells(cell_means(image, cells), panel, edges_mm), shape)
    return np.asarray((1.0 - share) * image + veil, dtype=np.float32)


def glare_cells(cells: FloatArray, panel: Panel, edges_mm: tuple[float, float]) -> FloatArray:
    """The glare of a picture given as means over cells with edges in mm down and across: what is spread, alone."""
    share, length_mm = panel.glare
    if share == 0.0:
        return np.zeros_like(cells)
    size = [fft.next_fast_len(3 * count, real=True) for count in cells.shape]
    down, across = fft.fftfreq(size[0], edges_mm[0])[:, None], fft.rfftfreq(size[1], edges_mm[1])[None, :]
    carried = share / np.sqrt(1.0 + (2.0 * np.pi * length_mm) ** 2 * (down**2 + across**2))
    return np.asarray(fft.irfft2(fft.rfft2(cells, size) * carried, size)[: cells.shape[0], : cells.shape[1]])


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """What falls on the panel in one frame, in keV absorbed per pixel.

    Parameters
    ----------
    mean
        (rows, cols) expected energy, with the picture's blur.
    quantum
        (rows, cols) energy of the noise quantum, `Response.quantum_kev`.
    pixel_mm
        Pixel pitch.
    """

    mean: Float32Array
    quantum: Float32Array
    pixel_mm: float


def detected(
    light: Light, panel: Panel, seed: int, index: int, pool: Executor | None = None, pulse: int = 0
) -> Float32Array:
    """One frame as the panel reads it, keV per pixel: quantum noise blurred by the scintillator, electronic noise,
    saturation.

    Parameters
    ----------
    light
        What falls on it.
    panel
        Its settings.
    seed, index
        Key the noise: the same pair gives the same frame.
    pool
        Threads to share the rows out to; the frame does not depend on their number.
    pulse
        Number of the frame within its exposure, from 0: each has noise of its own.

    Returns
    -------
    (rows, cols) float32, 0 to the full well. The noise at each place has the variance of compound Poisson draws times
    the sum of the squared taps; over areas wider than the blur it is that of the quanta.
    """
    shape = light.mean.shape
    mean, quantum, table = light.mean, light.quantum, normal_quantiles()
    deviation, out = np.empty_like(mean), np.empty_like(mean)
    counted = np.float32(COUNTED_BELOW_QUANTA)
    words = random_words(shape, seed, Purpose.QUANTUM_NOISE, index, pool, pulse)
    by_rows(shape[0], lambda a, b: noise_rows(mean, quantum, words, table, counted, a, b, deviation), pool)
    electronic = random_words(shape, seed, Purpose.ELECTRONIC_NOISE, index, pool, pulse)
    taps = scintillator_taps(panel, light.pixel_mm)
    levels = (
        np.float32(panel.electronic_kev_per_mm * light.pixel_mm),
        np.float32(0.0),
        np.float32(panel.full_well_kev_per_mm2 * light.pixel_mm**2),
    )
    by_rows(shape[0], lambda a, b: detect_rows(mean, deviation, electronic, table, taps, levels, a, b, out), pool)
    return out


def lagged(
    frame: Float32Array, trapped: Trapped | None, elapsed_s: float, panel: Panel
) -> tuple[Float32Array, Trapped | None]:
    """A frame with what comes back from the frames before it, and what is trapped after it.

    Parameters
    ----------
    frame
        (rows, cols) what the panel would read without lag.
    trapped
        What the frames before left; None after a long rest.
    elapsed_s
        Time since the frame before.
    panel
        Gives the traps.

    Returns
    -------
    The frame read and the traps after it: what is read and what is trapped add up to what came in.
    """
    if not panel.lag:
        return frame, None
    held = trapped.held if trapped else np.zeros((len(panel.lag), *frame.shape), dtype=np.float32)
    kept = [np.float32(np.exp(-elapsed_s / time_s)) for _, time_s in panel.lag]
    shares = [np.float32(share) for share, _ in panel.lag]
    read = frame * (np.float32(1.0) - np.float32(sum(shares)))
    after = np.empty_like(held)
    for n, (keeps, share) in enumerate(zip(kept, shares, strict=True)):
        read += held[n] * (np.float32(1.0) - keeps)
        after[n] = held[n] * keeps + share * frame
    return read, Trapped(after)
