"""Filtered back-projection of one turn: fan to parallel rays, ramp with the kernel's window, back over the picture.

Opposite views interleave by the quarter offset (`gantry`), so the parallel rays lie half a channel apart; each straight
line then has one place, and half a turn of them goes back. Ramp: Ramachandran and Lakshminarayanan 1971; rebinning and
formulas: Kak and Slaney, Principles of Computerized Tomographic Imaging, ch. 3.
"""

from __future__ import annotations

from concurrent.futures import Executor
from functools import lru_cache

import numpy as np
from numba import njit
from scipy import fft

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.imaging.ct.gantry import Gantry, pixel_centres_mm
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.signal.rows import by_rows
from dekomp_sim.units import MM_PER_CM


def reconstructed(
    lines: Float32Array, gantry: Gantry, protocol: Protocol, centre_mm: tuple[float, float] = (0.0, 0.0),
    pool: Executor | None = None,
) -> Float32Array:  # fmt: skip
    """The picture of one turn's line integrals.

    Parameters
    ----------
    lines
        (views, channels) line integrals, g/cm2.
    gantry
        Where each ray lay.
    protocol
        Field, matrix and kernel.
    centre_mm
        (x, y) of the picture's middle in the scan frame.
    pool
        Threads.

    Returns
    -------
    (matrix, matrix) float32 g/cm3, x along the columns and y down the rows. Pixels outside the field that every view
    sees hold what their rays add up to.
    """
    filtered = _filtered(parallel_rays(lines, gantry, pool), gantry, protocol, pool)
    places = pixel_centres_mm(protocol.matrix, protocol.field_mm)
    out = np.zeros((protocol.matrix, protocol.matrix), dtype=np.float32)
    theta = _parallel_rad(gantry)
    spacing = parallel_step_mm(gantry)

    def spread(first: int, last: int) -> None:
        _back(filtered, (np.cos(theta), np.sin(theta), spacing), places + centre_mm[0], places + centre_mm[1],
              (first, last), out)  # fmt: skip

    by_rows(protocol.matrix, spread, pool)
    return out


def parallel_step_mm(gantry: Gantry) -> float:
    """Distance of the parallel rays: half a channel at the isocentre."""
    return gantry.source_to_isocentre_mm * gantry.channel_rad / 2.0


def parallel_rays(lines: Float32Array, gantry: Gantry, pool: Executor | None = None) -> Float32Array:
    """Fan rays rebinned: (views / 2, 2 * channels) at directions over half a turn, evenly spaced.

    Between views and between interleaved channels by straight lines. Row n, column m is the line whose normal has the
    angle pi n / rows, at the distance (m - channels + 1/2) * `parallel_step_mm` from the isocentre.
    """
    rows = gantry.views // 2
    out = np.empty((rows, 2 * gantry.channels), dtype=np.float32)
    place, fan = _interleaved(gantry)

    def rebin(first: int, last: int) -> None:
        _rebin(lines, (gantry.view_rad[1], fan, place), (first, last), out)

    by_rows(rows, rebin, pool)
    return out


def _parallel_rad(gantry: Gantry) -> FloatArray:
    """(views / 2,) angle of the parallel rays' normals."""
    return np.asarray(np.arange(gantry.views // 2, dtype=np.float64) * (2.0 * np.pi / gantry.views))


@lru_cache(maxsize=8)
def _interleaved(gantry: Gantry) -> tuple[FloatArray, FloatArray]:
    """For each parallel ray its place among the interleaved channels; and the fan angle of each of those."""
    merged = gantry.fan_rad[0] - gantry.channel_rad / 2.0 + np.arange(2 * gantry.channels) * gantry.channel_rad / 2.0
    distance = (np.arange(2 * gantry.channels) - gantry.channels + 0.5) * parallel_step_mm(gantry)
    fan = np.arcsin(np.clip(distance / gantry.source_to_isocentre_mm, -1.0, 1.0))
    place = (fan - merged[0]) / (gantry.channel_rad / 2.0)
    return sealed(np.clip(place, 0.0, 2.0 * gantry.channels - 1.001)), sealed(merged)


def _padded(gantry: Gantry) -> int:
    """Samples of a row with zeros behind it, so that the filter does not come round."""
    return int(fft.next_fast_len(4 * gantry.channels, real=True))


@lru_cache(maxsize=16)
def _filter(gantry: Gantry, protocol: Protocol) -> Float32Array:
    """(n,) response of ramp and kernel at the real transform's frequencies, with the angle's step and mm to cm."""
    step = parallel_step_mm(gantry)
    size = _padded(gantry)
    n = np.minimum(np.arange(size), size - np.arange(size))
    ramp = np.zeros(size)
    odd = n % 2 == 1
    ramp[odd] = -1.0 / (np.pi * n[odd] * step) ** 2
    ramp[0] = 1.0 / (4.0 * step**2)
    response = fft.rfft(ramp).real * step * protocol.window(fft.rfftfreq(size, step))
    return sealed((response * (2.0 * np.pi / gantry.views) * MM_PER_CM).astype(np.float32))


def _filtered(rays: Float32Array, gantry: Gantry, protocol: Protocol, pool: Executor | None) -> Float32Array:
    response = _filter(gantry, protocol)
    size = _padded(gantry)
    out = np.empty_like(rays)

    def sharpen(first: int, last: int) -> None:
        spectrum = fft.rfft(rays[first:last], size, axis=1)
        spectrum *= response
        out[first:last] = fft.irfft(spectrum, size, axis=1)[:, : rays.shape[1]]

    by_rows(len(rays), sharpen, pool)
    return out


@njit(cache=True, nogil=True)
def _rebin(lines, geometry, span, out):  # type: ignore[no-untyped-def]
    """Parallel rays of a span of directions; interleaved channels: odd ones read directly, even ones from opposite."""
    view_step, fan, place = geometry
    views, channels = lines.shape
    row = np.empty(2 * channels, np.float32)
    per_step = 1.0 / view_step
    for n in range(span[0], span[1]):
        theta = n * view_step
        for m in range(2 * channels):
            if m % 2:
                at, c = (theta - 0.5 * np.pi + fan[m]) * per_step, m // 2
            else:
                at, c = (theta + 0.5 * np.pi - fan[m]) * per_step, channels - 1 - m // 2
            low = int(np.floor(at))
            f = np.float32(at - low)
            low %= views
            high = low + 1 if low + 1 < views else 0
            row[m] = lines[low, c] + f * (lines[high, c] - lines[low, c])
        for m in range(2 * channels):
            i = int(place[m])
            out[n, m] = row[i] + np.float32(place[m] - i) * (row[i + 1] - row[i])


@njit(cache=True, nogil=True, fastmath=True)
def _back(filtered, rays, x, y, span, out):  # type: ignore[no-untyped-def]
    """Add every direction's filtered rays to the rows of a span."""
    cos, sin, spacing = rays
    width = filtered.shape[1]
    middle = (width - 1) * 0.5
    cols = x.size
    step = (x[1] - x[0]) / spacing
    most = np.float32(width - 1.001)
    for first in range(span[0], span[1], 8):
        for n in range(cos.size):
            line = filtered[n]
            slope = np.float32(cos[n] * step)
            for r in range(first, min(first + 8, span[1])):
                start = np.float32((x[0] * cos[n] + y[r] * sin[n]) / spacing + middle)
                row = out[r]
                for c in range(cols):
                    at = min(max(start + np.float32(c) * slope, np.float32(0.0)), most)
                    i = np.int32(at)
                    row[c] += line[i] + (at - np.float32(i)) * (line[i + 1] - line[i])
