"""From a channel's signal to the water that would give it: air and water calibration, channel by channel.

As scanners do, the beam's hardening is taken out for water alone: bone, iodine and steel keep theirs, and their dark
bands.
"""

from __future__ import annotations

from concurrent.futures import Executor
from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.imaging.ct.acquisition import ct_response
from dekomp_sim.imaging.ct.gantry import Gantry
from dekomp_sim.imaging.signal.rows import by_rows
from dekomp_sim.matter import Beam, Substance, mass_attenuation_cm2_g

LOG_STEP: Final = 0.05
"""Step of the calibration in ln(open / signal); water's curve bends so little that straight lines between are within
0.002 %."""

MOST_LOG: Final = 16.0
"""Where the calibration ends and goes on straight: one photon in ten million."""

_WATER_STEP_G_CM2, _MOST_WATER_G_CM2 = 0.25, 100.0


def water_g_cm2(log_signal: Float32Array, gantry: Gantry, beam: Beam, pool: Executor | None = None) -> Float32Array:
    """Water that each channel's signal stands for, (views, channels) g/cm2.

    Parameters
    ----------
    log_signal
        (views, channels) ln of the signal over the open beam's without bow-tie.
    gantry, beam
        What the scanner was calibrated with.
    pool
        Threads.
    """
    curves, air = _curves(gantry, beam)
    out = np.empty_like(log_signal)

    def look(first: int, last: int) -> None:
        _look_up(log_signal[first:last], curves, air, out[first:last])

    by_rows(len(log_signal), look, pool)
    return out


@lru_cache(maxsize=16)
def _curves(gantry: Gantry, beam: Beam) -> tuple[Float32Array, Float32Array]:
    """(channels, n) water in g/cm2 by steps of ln(air / signal), and (channels,) ln of the signal in air."""
    behind = ct_response(beam)
    tissue = mass_attenuation_cm2_g(Substance.SOFT_TISSUE, behind.energies_kev)
    water = mass_attenuation_cm2_g(Substance.WATER, behind.energies_kev)
    masses = np.arange(0.0, _MOST_WATER_G_CM2 + _WATER_STEP_G_CM2 / 2.0, _WATER_STEP_G_CM2)
    filtered = behind.shares * np.exp(-np.outer(gantry.bow_tie_g_cm2, tissue))
    logs = np.log(filtered @ np.exp(-np.outer(water, masses)))
    steps = np.arange(0.0, MOST_LOG + LOG_STEP / 2.0, LOG_STEP)
    curves = np.stack([_inverse(row[0] - row, masses, steps) for row in logs])
    return sealed(curves.astype(np.float32)), sealed(logs[:, 0].astype(np.float32))


def _inverse(risen: FloatArray, masses: FloatArray, steps: FloatArray) -> FloatArray:
    """Mass at each step of a rising curve, by a cubic through its points."""
    return np.asarray(CubicSpline(risen, masses)(steps))


@njit(cache=True, nogil=True)
def _look_up(log_signal, curves, air, out):  # type: ignore[no-untyped-def]
    """Straight lines between the steps of each channel's curve, its first and last piece carried on."""
    last = curves.shape[1] - 2
    per_step = np.float32(1.0 / LOG_STEP)
    for v in range(log_signal.shape[0]):
        for c in range(log_signal.shape[1]):
            at = (air[c] - log_signal[v, c]) * per_step
            i = min(max(int(at), 0), last)
            out[v, c] = curves[c, i] + (at - np.float32(i)) * (curves[c, i + 1] - curves[c, i])
