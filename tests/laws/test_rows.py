"""The compiled row loops against NumPy and SciPy that define them; and pictures that do not know how many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats
from scipy.special import ndtri

from dekomp_sim.arrays import Float32Array
from dekomp_sim.imaging.console.processing import Console, Lut, Window, grey_table, shown
from dekomp_sim.imaging.signal.cells import cell_means, on_pixels, spread
from dekomp_sim.imaging.signal.detector import Light, Panel, blurred, detected
from dekomp_sim.imaging.signal.noise import Purpose, normal_quantiles, random_words, white_noise
from dekomp_sim.imaging.signal.rows import noise_rows

SHAPES = st.tuples(st.integers(5, 90), st.integers(5, 70))


def picture(shape: tuple[int, int], seed: int) -> Float32Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(SHAPES, st.integers(0, 99), st.integers(1, 4))
def test_blur_is_a_separable_correlation_that_carries_the_edge_on(
    shape: tuple[int, int], seed: int, reach: int
) -> None:
    image = picture(shape, seed)
    half = np.random.default_rng(seed + 1).uniform(0.0, 1.0, reach + 1).astype(np.float32)
    taps = np.concatenate([half[:0:-1], half])
    twin = ndimage.correlate1d(
        ndimage.correlate1d(image.astype(np.float64), taps, 0, mode="nearest"), taps, 1, mode="nearest"
    )
    # single precision: sums of up to 81 products of size about 1
    np.testing.assert_allclose(blurred(image, half), twin, atol=1e-4)


def test_normal_draws_are_the_quantiles_of_their_words() -> None:
    words = random_words((64, 500), 3, Purpose.QUANTUM_NOISE, 5)
    got = white_noise((64, 500), 3, Purpose.QUANTUM_NOISE, 5)
    # straight lines in 8192 cells, coarsest beside the outermost two, which have Abramowitz and Stegun's formula
    np.testing.assert_allclose(got, ndtri((words + 0.5) / 2.0**32), atol=1e-2)
    assert stats.kstest(got.ravel(), "norm").pvalue > 1e-3


def test_extreme_words_give_draws_as_rare_as_they_are() -> None:
    words = np.array([[0, 2**32 - 1]], dtype=np.uint32)
    quantum = np.ones((1, 2), dtype=np.float32)
    out = np.empty((1, 2), dtype=np.float32)
    noise_rows(quantum * 1e6, quantum, words, normal_quantiles(), np.float32(4.0), 0, 1, out)
    rarest = ndtri(0.5 / 2.0**32)
    # a million quanta bend it by a thousandth of (z^2 - 1) / 6
    np.testing.assert_allclose(out[0] / 1e3, [rarest, -rarest], atol=0.01)


@settings(max_examples=20, deadline=None)
@given(SHAPES, st.integers(0, 99), st.sampled_from(Lut), st.floats(0.0, 2.0), st.booleans())
def test_the_console_shows_the_window_through_its_table(
    shape: tuple[int, int], seed: int, lut: Lut, edge: float, inverted: bool
) -> None:
    log_signal = picture(shape, seed)
    window = Window(picture(shape, seed + 1) * np.float32(0.1), -1.5, 1.0)
    console = Console(lut=lut, edge_gain=edge, inverted=inverted)
    wide = log_signal.astype(np.float64)
    soft = ndimage.gaussian_filter(wide, 2.0, mode="nearest", truncate=3.0)
    share = (wide - window.slow + edge * (wide - soft) - window.low) / (window.high - window.low)
    twin = np.interp(share, np.linspace(0.0, 1.0, len(grey_table(console))), grey_table(console).astype(float))
    # half an entry of the table: its steepest part rises by 2.2 of the whole over 8192 entries
    assert np.abs(shown(log_signal, window, console) - twin).max() <= 65535 / 8192 * 1.3


def test_a_frame_has_the_same_bits_for_any_number_of_threads() -> None:
    mean = np.linspace(10.0, 5e3, 150 * 90, dtype=np.float32).reshape(150, 90)
    light = Light(mean, np.full_like(mean, 50.0), 0.6)
    with ThreadPoolExecutor(3) as pool:
        one, three = (detected(light, Panel(), 7, 3, which) for which in (None, pool))
    assert one.tobytes() == three.tobytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.tuples(st.integers(16, 60), st.integers(16, 60)), st.integers(2, 15))
def test_cells_keep_the_mean_of_each_part_and_give_a_slope_back(seed: int, shape: tuple[int, int], count: int) -> None:
    image = picture(shape, seed)
    starts = [np.linspace(0, n, count + 1).astype(int) for n in shape]
    means = cell_means(image, (count, count))
    first = image[: starts[0][1], : starts[1][1]].mean()
    assert means[0, 0] == pytest.approx(float(first), abs=1e-5)
    flat = np.full((count, count), 3.5)
    np.testing.assert_allclose(on_pixels(flat, shape), 3.5, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.3, 2.0), st.integers(0, 99))
def test_spreading_keeps_what_does_not_leave_the_grid(sigma: float, seed: int) -> None:
    cells = np.zeros((41, 37))
    cells[18:23, 16:21] = np.random.default_rng(seed).uniform(size=(5, 5))
    # eight standard deviations to the edge
    assert spread(cells, (sigma, sigma)).sum() == pytest.approx(cells.sum(), rel=1e-9)
