"""Noise of an exposure, drawn from counter-based generators."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from dekomp_sim.arrays import Float32Array
from dekomp_sim.imaging.rows import ROWS_AT_ONCE, by_rows, noise_rows

GAUSSIAN_FROM_QUANTA: Final = 20.0
"""From here on a normal law stands for Poisson's: its lower tail then crosses zero in less than 4 of a million
draws."""

_WORD = 2**64 - 1


class Purpose(IntEnum):
    """What a draw is for: each purpose has numbers of its own."""

    QUANTUM_NOISE = 1
    ELECTRONIC_NOISE = 2


def generator(seed: int, purpose: Purpose, index: int, part: int = 0) -> np.random.Generator:
    """The generator of one draw: Philox keyed by (seed, purpose, index), whatever was drawn before or elsewhere.

    Parts of one draw have counters of their own, so that threads may share it out.

    Examples
    --------
    >>> first, again = (generator(7, Purpose.QUANTUM_NOISE, 17).normal() for _ in range(2))
    >>> first == again
    True
    """
    key = np.array([seed & _WORD, (int(purpose) << 32 | index) & _WORD], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, part]))


def white_noise(
    shape: tuple[int, int], seed: int, purpose: Purpose, index: int, threads: int | None = None
) -> Float32Array:
    """Normal draws of variance 1, (rows, cols) float32, the same for any number of threads."""
    out = np.empty(shape, dtype=np.float32)

    def draw(first: int, last: int) -> None:
        generator(seed, purpose, index, first // ROWS_AT_ONCE).standard_normal(out=out[first:last], dtype=np.float32)

    by_rows(shape[0], draw, threads)
    return out


def quantum_noise(mean_kev: Float32Array, quantum_kev: Float32Array, seed: int, exposure_index: int) -> Float32Array:
    """One exposure's absorbed energy: `mean_kev` with compound Poisson noise of variance mean_kev * quantum_kev.

    Below 20 quanta a pixel draws Poisson's number of quanta times `quantum_kev` (mean and variance exact), above it a
    normal law; both from one normal draw a pixel. Pixels are independent: the light's blur correlates them and belongs
    to the detector.

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
    mean, quantum = np.ascontiguousarray(mean_kev), np.ascontiguousarray(quantum_kev)
    normals = white_noise(mean.shape, seed, Purpose.QUANTUM_NOISE, exposure_index)
    out = np.empty_like(mean)
    noise_rows(mean, quantum, normals, np.float32(GAUSSIAN_FROM_QUANTA), 0, len(mean), out)
    out += mean
    return out
