"""Structural similarity against its definition, and where it is least."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.regress.pictures import LEAST_SIMILARITY, reduced
from dekomp_sim.regress.similarity import least_alike, similarities


def noisy(seed: int, shape: tuple[int, int] = (48, 64)) -> UInt8Array:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_a_picture_is_wholly_like_itself() -> None:
    assert least_alike(noisy(1), noisy(1)).similarity == pytest.approx(1.0, abs=1e-12)


def test_of_two_even_pictures_only_the_brightness_counts() -> None:
    one, other = np.full((32, 32), 100, np.uint8), np.full((32, 32), 50, np.uint8)
    # the variances are 0, so (2 m1 m2 + C1) / (m1^2 + m2^2 + C1) with C1 = (0.01 x 255)^2 = 6.5025
    assert similarities(one, other) == pytest.approx((2 * 100 * 50 + 6.5025) / (100**2 + 50**2 + 6.5025), abs=1e-12)


def test_at_one_pixel_it_is_what_the_definition_says() -> None:
    """Wang, IEEE Trans Image Process 2004;13:600, eq. 13 to 16, written out with an 11 x 11 window that sums to 1."""
    one, other = noisy(2), noisy(3)
    away = np.arange(-5, 6)
    window = np.exp(-(away[:, None] ** 2 + away[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    a, b = (picture[20 - 5 : 20 + 6, 30 - 5 : 30 + 6].astype(float) for picture in (one, other))
    mean_a, mean_b = (window * a).sum(), (window * b).sum()
    spread_a, spread_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
    together = (window * (a - mean_a) * (b - mean_b)).sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = (
        (2 * mean_a * mean_b + c1) * (2 * together + c2) / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))
    )
    assert similarities(one, other)[20, 30] == pytest.approx(expected, rel=1e-9)


def test_a_thin_line_is_found_where_it_was_drawn_and_rounding_is_not() -> None:
    before = (90 + noisy(4) // 16).astype(np.uint8)
    after = before.copy()
    after[30, 10:26] -= 40
    found = least_alike(before, after)
    assert found.similarity < LEAST_SIMILARITY
    assert abs(found.row - 30) <= 4
    assert 8 <= found.col <= 28
    rounded = before + np.random.default_rng(5).integers(0, 2, before.shape).astype(np.uint8)
    assert least_alike(before, rounded).similarity > LEAST_SIMILARITY


def test_pictures_of_two_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="one size"):
        similarities(noisy(1), noisy(1, (48, 63)))


def test_a_picture_is_reduced_by_the_mean_of_four_pixels() -> None:
    display = np.array([[0, 20, 7], [200, 220, 7], [7, 7, 7]], np.uint16) * 256
    assert reduced(display).tolist() == [[110]]
