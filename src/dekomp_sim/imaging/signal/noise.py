"""Noise of an exposure, drawn from counter-based generators."""

from __future__ import annotations

from concurrent.futures import Executor
from enum import IntEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from dekomp_sim.arrays import Float32Array, sealed
from dekomp_sim.imaging.signal.rows import NORMAL_CELLS, ROWS_AT_ONCE, by_rows, noise_rows, normal_rows

COUNTED_BELOW_QUANTA: Final = 4.0
"""Fewer expected quanta are counted by Poisson's law; from here on a normal law of the same mean, variance and skewness
stands for it."""

_WORD = 2**64 - 1


class Purpose(IntEnum):
    """What a draw is for: each purpose has numbers of its own."""

    QUANTUM_NOISE = 1
    ELECTRONIC_NOISE = 2
    COMPLICATION = 3
    BREATH = 4
    INTRAVASCULAR = 5
    STARTLE = 6
    OPERATOR = 8
    CT_QUANTUM_NOISE = 20
    CT_ELECTRONIC_NOISE = 21


def generator(seed: int, purpose: Purpose, index: int, part: int = 0, pulse: int = 0) -> np.random.Generator:
    """The generator of one draw: Philox keyed by (seed, purpose, index), whatever was drawn before or elsewhere.

    Parts of one draw, and the pulses of one exposure, have counters of their own, so that threads may share it out.

    Examples
    --------
    >>> first, again = (generator(7, Purpose.QUANTUM_NOISE, 17).normal() for _ in range(2))
    >>> first == again
    True
    """
    key = np.array([seed & _WORD, (int(purpose) << 32 | index) & _WORD], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, pulse, part], dtype=np.uint64)))


def random_words(
    shape: tuple[int, int], seed: int, purpose: Purpose, index: int, pool: Executor | None = None, pulse: int = 0
) -> NDArray[np.uint32]:
    """Random 32-bit words (rows, cols), the same for any number of threads: Philox's own, which no release changes."""
    out = np.empty(shape, dtype=np.uint32)

    def draw(first: int, last: int) -> None:
        count = (last - first) * shape[1]
        bits = generator(seed, purpose, index, first // ROWS_AT_ONCE, pulse).bit_generator
        words = np.asarray(bits.random_raw((count + 1) // 2), dtype="<u8").view("<u4")
        out[first:last] = words[:count].reshape(last - first, shape[1])

    by_rows(shape[0], draw, pool)
    return out


@cache
def normal_quantiles() -> Float32Array:
    """Quantiles of the normal law at n / `NORMAL_CELLS`; the infinite ends stand at those of half a cell."""
    shares = np.arange(NORMAL_CELLS + 1) / NORMAL_CELLS
    shares[0], shares[-1] = 0.5 / NORMAL_CELLS, 1.0 - 0.5 / NORMAL_CELLS
    return sealed(ndtri(shares).astype(np.float32))


def white_noise(shape: tuple[int, int], seed: int, purpose: Purpose, index: int) -> Float32Array:
    """Normal draws (rows, cols) of variance 1."""
    out = np.empty(shape, dtype=np.float32)
    normal_rows(random_words(shape, seed, purpose, index), normal_quantiles(), 0, shape[0], out)
    return out


def quantum_noise(mean_kev: Float32Array, quantum_kev: Float32Array, seed: int, exposure_index: int) -> Float32Array:
    """One exposure's absorbed energy: `mean_kev` with compound Poisson noise of variance mean_kev * quantum_kev.

    Below `COUNTED_BELOW_QUANTA` a pixel draws Poisson's number of quanta times `quantum_kev`, above it from a normal
    law with Poisson's skewness; both from one random word a pixel. Pixels are independent: the light's blur correlates
    them and belongs to the detector.

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
    words = random_words(mean.shape, seed, Purpose.QUANTUM_NOISE, exposure_index)
    out = np.empty_like(mean)
    noise_rows(mean, quantum, words, normal_quantiles(), np.float32(COUNTED_BELOW_QUANTA), 0, len(mean), out)
    out += mean
    return out
