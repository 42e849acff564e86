"""Quantum noise of an exposure, drawn from counter-based generators."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from dekomp_sim.arrays import Float32Array

GAUSSIAN_FROM_QUANTA: Final = 20.0
"""From here on a normal law stands for Poisson's: its lower tail then crosses zero in less than 4 of a million
draws."""

_WORD = 2**64 - 1


class Purpose(IntEnum):
    """What a draw is for: each purpose has numbers of its own."""

    QUANTUM_NOISE = 1
    ELECTRONIC_NOISE = 2


def generator(seed: int, purpose: Purpose, index: int) -> np.random.Generator:
    """The generator of one draw: Philox keyed by (seed, purpose, index), whatever was drawn before or elsewhere.

    Examples
    --------
    >>> first, again = (generator(7, Purpose.QUANTUM_NOISE, 17).normal() for _ in range(2))
    >>> first == again
    True
    """
    key = np.array([seed & _WORD, (int(purpose) << 32 | index) & _WORD], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def quantum_noise(mean_kev: Float32Array, quantum_kev: Float32Array, seed: int, exposure_index: int) -> Float32Array:
    """One exposure's absorbed energy: `mean_kev` with compound Poisson noise of variance mean_kev * quantum_kev.

    Below 20 quanta a pixel draws Poisson's number of quanta times `quantum_kev` (mean and variance exact), above it a
    normal law. Pixels are independent: the light's blur correlates them and belongs to the detector.

    Parameters
    ----------
    mean_kev
        (rows, cols) expected absorbed energy, 0 or more.
    quantum_kev
        (rows, cols) energy of a noise quantum (`Response.quantum_kev`), above 0.
    seed
        The case's seed.
    exposure_index
        Number of the exposure in the case: each has noise of its own, and the same number repeats it bit for bit.

    Returns
    -------
    (rows, cols) float32 keV, never negative.
    """
    chance = generator(seed, Purpose.QUANTUM_NOISE, exposure_index)
    noise = chance.standard_normal(mean_kev.shape, dtype=np.float32)
    noise *= np.sqrt(mean_kev * quantum_kev)
    noise += mean_kev
    np.maximum(noise, 0.0, out=noise)
    dim = mean_kev < GAUSSIAN_FROM_QUANTA * quantum_kev
    if dim.any():
        quanta = chance.poisson(mean_kev[dim].astype(np.float64) / quantum_kev[dim])
        noise[dim] = quanta * quantum_kev[dim]
    return noise
