"""How alike two pictures are, and where least: structural similarity."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from dekomp_sim.arrays import FloatArray, UInt8Array

SIGMA_PX: Final = 1.5
"""Standard deviation of the window in pixels (Wang, IEEE Trans Image Process 2004;13:600, eq. 14 to 16)."""

REACH_SIGMAS: Final = 5.0 / SIGMA_PX
"""The window is 11 x 11 pixels, as there."""

LUMINANCE, CONTRAST = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2
"""The constants C1 and C2 that steady the quotient where a picture is dark or even, as there."""

PLACE_PX: Final = 7
"""Side of the square over which similarity is averaged before the least is taken. Assumption: as wide as the shadow of
a cannula, so that one flipped pixel does not count, and an instrument is not lost in the mean of a whole picture."""


class Least(NamedTuple):
    """Where two pictures are least alike: the similarity there, 1 where they are the same, and (row, col)."""

    similarity: float
    row: int
    col: int


def similarities(one: UInt8Array, other: UInt8Array) -> FloatArray:
    """(rows, cols) structural similarity about every pixel of two grey pictures (rows, cols).

    (2 m1 m2 + C1) (2 s12 + C2) / ((m1^2 + m2^2 + C1) (s1^2 + s2^2 + C2)) with means m, variances s^2 and covariance s12
    under a Gaussian window (Wang, IEEE Trans Image Process 2004;13:600, eq. 13). Edges are mirrored.

    Raises
    ------
    ValueError
        If their sizes differ.
    """
    if one.shape != other.shape or one.ndim != 2:
        raise ValueError(f"similarity compares two grey pictures of one size, got {one.shape} and {other.shape}")
    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = _blurred(a), _blurred(b)
    spread_a, spread_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    together = _blurred(a * b) - mean_a * mean_b
    above = (2.0 * mean_a * mean_b + LUMINANCE) * (2.0 * together + CONTRAST)
    below = (mean_a**2 + mean_b**2 + LUMINANCE) * (spread_a + spread_b + CONTRAST)
    return np.asarray(above / below)


def least_alike(one: UInt8Array, other: UInt8Array) -> Least:
    """The place at which two grey pictures (rows, cols) are least alike.

    Examples
    --------
    >>> grey = np.full((32, 32), 90, np.uint8)
    >>> least_alike(grey, grey).similarity
    1.0
    """
    places = uniform_filter(similarities(one, other), PLACE_PX)
    row, col = np.unravel_index(int(places.argmin()), places.shape)
    return Least(min(float(places[row, col]), 1.0), int(row), int(col))


def _blurred(field: FloatArray) -> FloatArray:
    return np.asarray(gaussian_filter(field, SIGMA_PX, truncate=REACH_SIGMAS))
