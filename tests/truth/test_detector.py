"""The panel: an edge gives back the MTF put in, noise is Poisson's, lag comes back whole, a full pixel is full."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import CArm
from dekomp_sim.imaging.signal.detector import (
    INTENSIFIER_GLARE,
    PANEL_GLARE,
    Light,
    Panel,
    Trapped,
    blurred,
    detected,
    focal_mtf,
    lagged,
    picture_taps,
    scintillator_taps,
    with_glare,
)

QUIET = Panel(electronic_kev_per_mm=0.0)
CARM = CArm(0.0, 0.0, (0, 0, 0))


def slanted_edge(slope: float, size: int = 128) -> Float32Array:
    """A bright half plane whose edge leans by `slope` pixels a row, each pixel its mean over 32 x 32 points."""
    fine = (np.arange(32) + 0.5) / 32 - 0.5
    x = np.arange(size)[None, :, None, None] + fine[None, None, None, :] - (size - 1) / 2
    y = np.arange(size)[:, None, None, None] + fine[None, None, :, None] - (size - 1) / 2
    return np.asarray((x > slope * y).mean(axis=(2, 3)), dtype=np.float32)


def measured_mtf(image: Float32Array, slope: float, pixel_mm: float) -> tuple[FloatArray, FloatArray]:
    """(frequencies per mm, MTF) by the edge method of Samei, Flynn and Reimann, Med Phys 1998;25:102: eight bins a
    pixel across the edge, differentiated, transformed.
    """
    size = len(image)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2.0
    across = (x - slope * y) / np.hypot(1.0, slope)
    bins = np.floor((across + 40.0) * 8.0).astype(int)
    used = (bins >= 0) & (bins < 640)
    counts = np.bincount(bins[used], minlength=640)
    spread_function = np.bincount(bins[used], image[used], minlength=640) / counts
    line = np.gradient(spread_function) * np.hanning(640)
    per_mm = np.asarray(np.fft.rfftfreq(640, pixel_mm / 8.0), dtype=np.float64)
    return per_mm, np.asarray(np.abs(np.fft.rfft(line)) / abs(line.sum()), dtype=np.float64)


@pytest.mark.parametrize("pixel_mm", [0.2, 0.3, 0.6])
@pytest.mark.parametrize("with_focus", [False, True])
def test_a_slanted_edge_gives_back_the_mtf_put_in(pixel_mm: float, with_focus: bool) -> None:
    slope = 0.07
    taps = picture_taps(QUIET, pixel_mm, CARM) if with_focus else scintillator_taps(QUIET, pixel_mm)
    per_mm, got = measured_mtf(blurred(slanted_edge(slope), taps), slope, pixel_mm)
    wanted = QUIET.mtf(per_mm) * (focal_mtf(CARM, per_mm) if with_focus else 1.0)
    below = (per_mm > 0.0) & (per_mm < 0.45 / pixel_mm)
    # the edge came as means over pixels: their aperture, and that of the eight bins, are in the measurement
    aperture = np.sinc(per_mm * pixel_mm) * np.sinc(per_mm * pixel_mm / 8.0)
    # seven taps fit the curve within 0.03; the edge method itself is good to about 0.01
    assert np.abs(got / aperture - wanted)[below].max() < 0.05


def test_the_panels_mtf_is_what_data_sheets_state() -> None:
    assert Panel().mtf(np.array([1.0, 2.0, 3.0])) == pytest.approx([0.60, 0.30, 0.17], abs=0.01)


@pytest.mark.parametrize("pixel_mm", [0.2, 0.3, 0.6])
def test_taps_leave_an_even_field_as_it_is(pixel_mm: float) -> None:
    flat = np.full((40, 50), 7.0, dtype=np.float32)
    # defect-free flat field
    np.testing.assert_allclose(blurred(flat, picture_taps(Panel(), pixel_mm, CARM)), 7.0, rtol=1e-5)


@pytest.mark.parametrize("quanta", [2.0, 30.0, 800.0])
def test_noise_over_wide_areas_is_poissons_and_in_a_pixel_that_of_the_blur(quanta: float) -> None:
    shape, quantum_kev = (512, 512), 50.0
    mean = np.full(shape, quanta * quantum_kev, dtype=np.float32)
    frame = detected(Light(mean, np.full_like(mean, quantum_kev), 0.3), QUIET, 4, 0) / quantum_kev
    assert frame.mean() == pytest.approx(quanta, rel=0.01)
    half = scintillator_taps(QUIET, 0.3).astype(np.float64)
    taps = np.concatenate([half[:0:-1], half])
    for size in (16, 1):
        blocks = frame.reshape(512 // size, size, 512 // size, size).sum(axis=(1, 3))
        # light passes over a block's rim: its share of each pixel's quanta is the taps' sum inside
        shared = (np.convolve(np.ones(size), taps) ** 2).sum() ** 2
        if size > 1 or quanta > 20.0:  # of a few quanta, what would be less than nothing is cut off
            # four standard errors of the blocks' variance; neighbours share light
            assert blocks.var() == pytest.approx(quanta * shared, rel=6.0 * np.sqrt(2.0 / blocks.size) + 0.01)


def test_electronic_noise_stands_alone_in_the_dark_and_adds_in_squares() -> None:
    panel = Panel(electronic_kev_per_mm=300.0)
    mean = np.full((300, 300), 2e4, dtype=np.float32)
    with_quanta = detected(Light(mean, np.full_like(mean, 1e-4), 0.6), panel, 1, 1)
    # four standard errors of 90 000 draws
    assert with_quanta.std() == pytest.approx(180.0, rel=4.0 / np.sqrt(2.0 * 90000.0))


def test_each_frame_has_noise_of_its_own() -> None:
    mean = np.full((64, 64), 1e4, dtype=np.float32)
    light = Light(mean, np.full_like(mean, 50.0), 0.6)
    first, again, second = (detected(light, Panel(), 9, index) - mean for index in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4.0 / 64.0


def test_a_full_pixel_holds_no_more() -> None:
    panel = Panel(full_well_kev_per_mm2=1e5)
    mean = np.array([[1e3, 9e4, 3.7e4, 1e6]], dtype=np.float32).repeat(64, axis=0).repeat(8, axis=1)
    frame = detected(Light(mean, np.full_like(mean, 50.0), 0.6), panel, 2, 0)
    assert frame.max() == pytest.approx(3.6e4)
    assert (frame[:, -4:] == frame.max()).all()


def test_lag_comes_back_as_siewerdsen_and_jaffray_measured() -> None:
    """Med Phys 1999;26:1624: 2 to 10 % in the first frame, then 0.7, 0.4 and 0.3 %."""
    panel, frame = Panel(), np.full((4, 4), 1000.0, dtype=np.float32)
    _, trapped = lagged(frame, None, 1.0 / 15.0, panel)
    back = []
    for _ in range(4):
        read, trapped = lagged(np.zeros_like(frame), trapped, 1.0 / 15.0, panel)
        back.append(float(read[0, 0]) / 1000.0)
    assert 0.02 < back[0] < 0.10
    assert back[1:] == pytest.approx([0.007, 0.004, 0.003], abs=3e-4)


def test_what_is_read_and_what_is_trapped_add_up_to_what_came_in() -> None:
    panel, chance = Panel(), np.random.default_rng(1)
    trapped: Trapped | None = None
    came, read_so_far = 0.0, 0.0
    for elapsed_s in (0.03, 0.07, 1.0, 0.2, 0.07):
        frame = chance.uniform(0.0, 1e3, (8, 8)).astype(np.float32)
        read, trapped = lagged(frame, trapped, elapsed_s, panel)
        came, read_so_far = came + float(frame.sum()), read_so_far + float(read.sum())
        assert trapped is not None
        assert read_so_far + float(trapped.held.sum()) == pytest.approx(came, rel=1e-5)


def test_a_long_even_run_reads_what_comes_in_and_a_panel_without_traps_nothing_else() -> None:
    frame = np.full((2, 2), 500.0, dtype=np.float32)
    trapped: Trapped | None = None
    for _ in range(200):
        read, trapped = lagged(frame, trapped, 1.0 / 15.0, Panel())
    assert read == pytest.approx(frame, rel=1e-4)
    assert lagged(frame, None, 0.1, Panel(lag=())) == (frame, None)


@pytest.mark.parametrize("glare", [PANEL_GLARE, INTENSIFIER_GLARE])
def test_glare_fills_a_shadow_as_its_formula_says(glare: tuple[float, float]) -> None:
    size, pixel_mm = 256, 1.0
    image = np.ones((size, size), dtype=np.float32)
    disc = np.hypot(*(np.mgrid[:size, :size] - 127.5)) < 12.0
    image[disc] = 0.0
    glared = with_glare(image, Panel(glare=glare), pixel_mm)
    share, length_mm = glare
    # behind a lead disc of radius a in a field of radius R the glare is its share times exp(-a/k) - exp(-R/k)
    wanted = share * (np.exp(-12.0 / length_mm) - np.exp(-140.0 / length_mm))
    assert glared[128, 128] == pytest.approx(wanted, rel=0.1)
    assert with_glare(image, Panel(glare=(0.0, 1.0)), pixel_mm) is image


def test_a_panel_that_cannot_be_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="glare"):
        Panel(glare=(1.2, 20.0))
    with pytest.raises(OutOfRangeError, match="lag"):
        Panel(lag=((0.7, 0.1), (0.6, 0.2)))
