"""The console: what its knobs do to greys, that letters follow a flipped and turned picture, what screens keep."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.arrays import Float32Array
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import CArm
from dekomp_sim.imaging.console.display import annotated, direction_letters
from dekomp_sim.imaging.console.processing import (
    HELD_FRAMES,
    SUBTRACTED_RANGE,
    WHITE,
    Cine,
    Console,
    Lut,
    Window,
    grey_table,
    last_image_hold,
    peak_opacity,
    recursed,
    road_mapped,
    screen_axes,
    shown,
    shuttered,
    subtracted,
    turned,
)

PLAIN = Console(edge_gain=0.0)


def ramp() -> tuple[Float32Array, Window]:
    return np.linspace(-1.0, 0.0, 101, dtype=np.float32)[None, :].repeat(8, axis=0), Window.about((8, 101), 1.0)


def frames(count: int, seed: int = 1) -> list[Float32Array]:
    return list(np.random.default_rng(seed).normal(size=(count, 100, 100)).astype(np.float32))


def test_the_plain_window_runs_from_black_to_white() -> None:
    log_signal = np.array([[-2.0, -0.5, 0.0, 0.25, 0.5, 3.0]], dtype=np.float32).repeat(8, axis=0)
    grey = shown(log_signal, Window.about(log_signal.shape, 0.5), PLAIN)[0] / WHITE
    assert grey == pytest.approx([0.0, 0.0, 0.5, 0.75, 1.0, 1.0], abs=1e-3)


def test_inversion_is_the_negative() -> None:
    log_signal, window = ramp()
    plain, negative = (shown(log_signal, window, Console(edge_gain=0.0, inverted=way)) for way in (False, True))
    np.testing.assert_array_equal(plain.astype(int) + negative, WHITE)


def test_contrast_steepens_about_mid_grey_and_brightness_lifts() -> None:
    middle = len(grey_table(PLAIN)) // 2
    plain, steep, bright = (grey_table(c) / WHITE for c in (PLAIN, Console(contrast=2.0), Console(brightness=0.1)))
    assert steep[middle] == pytest.approx(0.5, abs=1e-3)
    assert steep[middle + 800] - steep[middle] == pytest.approx(2.0 * (plain[middle + 800] - plain[middle]), rel=1e-2)
    assert bright[middle] == pytest.approx(0.6, abs=1e-3)


def test_the_bone_table_parts_dark_greys_and_the_soft_tissue_table_bright_ones() -> None:
    soft, bone = (grey_table(Console(lut=lut)).astype(float) / WHITE for lut in (Lut.SOFT_TISSUE, Lut.BONE))
    share = np.linspace(0.0, 1.0, len(soft))
    dark, bright = (share > 0.1) & (share < 0.3), (share > 0.5) & (share < 0.7)
    assert np.gradient(bone, share)[dark].mean() > 1.2 > 0.8 > np.gradient(soft, share)[dark].mean()
    assert np.gradient(soft, share)[bright].mean() > 1.2 > 1.05 > np.gradient(bone, share)[bright].mean()
    for table in (soft, bone):
        assert (np.diff(table) >= 0.0).all()
        assert (table[0], table[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("inverted", [False, True])
def test_the_blades_are_black_and_raise_no_edge(inverted: bool) -> None:
    log_signal = np.full((40, 60), 0.1, dtype=np.float32)
    shutter = np.ones_like(log_signal)
    shutter[:, :20] = 0.0
    log_signal[:, :20] = -8.0
    console = Console(inverted=inverted)
    grey = shuttered(log_signal, Window.about(log_signal.shape, 0.5), console, shutter)[20] / WHITE
    assert not grey[:20].any()
    # what stands under the black is the window's middle, 0.1 off: a step that shows at the edge by 0.3 of itself
    assert grey[20:] == pytest.approx(0.4 if inverted else 0.6, abs=0.04)


def test_edge_enhancement_leaves_even_parts_and_overshoots_at_an_edge() -> None:
    log_signal = np.where(np.arange(60) < 30, -0.25, 0.25).astype(np.float32)[None, :].repeat(20, axis=0)
    line = shown(log_signal, Window.about(log_signal.shape, 0.5), Console(edge_gain=0.6))[10] / WHITE
    assert line[[5, 55]] == pytest.approx([0.25, 0.75], abs=1e-3)
    # beside the edge the Gaussian is off by almost half the step, and 0.6 of that comes on top
    assert 0.75 + 0.3 * 0.6 * 0.5 < line[30] < 0.75 + 0.5 * 0.6 * 0.5


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("rotated_deg", [0.0, 90.0, 180.0, 270.0, 30.0, -75.0])
@pytest.mark.parametrize("angles", [(180.0, 0.0), (145.0, 10.0), (90.0, 0.0)])
def test_a_mark_lies_where_the_screens_axes_say_after_flip_and_turn(
    flipped: bool, rotated_deg: float, angles: tuple[float, float]
) -> None:
    carm, console = CArm(*angles, (0.0, 0.0, 0.0)), Console(flipped=flipped, rotated_deg=rotated_deg)
    picture = np.zeros((201, 201), dtype=np.uint16)
    right_px, up_px = 60, 25
    picture[100 - up_px - 2 : 100 - up_px + 3, 100 + right_px - 2 : 100 + right_px + 3] = WHITE
    patient = right_px * carm.image_right + up_px * carm.image_up
    rows, cols = np.nonzero(turned(picture, console) > WHITE // 2)
    right, up = screen_axes(carm, console)
    # a pixel for the interpolation of slanted turns
    assert cols.mean() - 100.0 == pytest.approx(patient @ right, abs=1.0)
    assert 100.0 - rows.mean() == pytest.approx(patient @ up, abs=1.0)


def test_letters_change_sides_when_the_picture_is_flipped() -> None:
    carm, dark = CArm(180.0, 0.0, (0.0, 0.0, 0.0)), np.zeros((256, 256), dtype=np.uint16)
    as_is, flipped = (annotated(dark, carm, (), Console(flipped=way)) for way in (False, True))
    # seen from the detector over a prone patient's back, the patient's right is on the right
    assert direction_letters(screen_axes(carm, Console())[0]) == "R"
    assert direction_letters(screen_axes(carm, Console(flipped=True))[0]) == "L"
    left, right = (np.s_[100:156, :40], np.s_[100:156, -40:])
    assert (as_is[left] != flipped[left]).any()
    assert (as_is[right] != flipped[right]).any()
    turned_over = annotated(dark, carm, (), Console(rotated_deg=180.0))
    assert (turned_over[:40, 100:156] != as_is[:40, 100:156]).any()


def test_the_time_filter_lowers_noise_by_the_root_of_its_weights() -> None:
    console = Console(recursion=0.75)
    filtered: Float32Array | None = None
    for frame in frames(40):
        filtered = recursed(frame, filtered, console)
    assert filtered is not None
    # sqrt((1 - k) / (1 + k)); four standard errors of 10 000 draws
    assert filtered.std() == pytest.approx(np.sqrt(0.25 / 1.75), rel=4.0 / np.sqrt(2e4))


def test_without_past_or_with_the_filter_off_a_frame_stays_as_it_is() -> None:
    one, two = frames(2)
    assert recursed(one, None, Console(recursion=0.5)) is one
    assert recursed(two, one, Console()) is two


def test_last_image_hold_averages_the_last_frames() -> None:
    run = frames(9)
    np.testing.assert_allclose(last_image_hold(run), np.mean(run[-HELD_FRAMES:], axis=0), atol=1e-6)
    np.testing.assert_array_equal(last_image_hold(run[:1]), run[0])


def test_subtraction_leaves_only_what_came_in() -> None:
    (mask,) = frames(1)
    live = mask.copy()
    live[40:60, 40:60] -= 0.25
    difference = subtracted(live, mask)
    assert difference[50, 50] == pytest.approx(-0.25, abs=1e-6)
    assert not difference[:40].any()
    grey = shown(difference, Window.about(mask.shape, SUBTRACTED_RANGE), PLAIN) / WHITE
    assert grey[0, 0] == pytest.approx(0.5, abs=1e-3)
    assert grey[50, 50] < 0.1


def test_a_road_map_keeps_the_contrast_run_in_white_and_shows_the_needle_dark() -> None:
    mask = np.zeros((100, 100), dtype=np.float32)
    run = [mask.copy() for _ in range(3)]
    run[1][20:40] = -0.2
    run[2][30:50] = -0.1
    peak = peak_opacity(run, mask)
    assert (peak[25, 0], peak[45, 0], peak[60, 0]) == pytest.approx((-0.2, -0.1, 0.0))
    live = mask.copy()
    live[:, 50] = -1.0
    picture = road_mapped(live, mask, peak)
    assert picture[25, 0] == pytest.approx(0.2)
    assert picture[60, 50] == pytest.approx(-1.0)


def test_a_cine_loop_goes_round() -> None:
    pictures = tuple(np.full((2, 2), n, dtype=np.uint16) for n in range(3))
    loop = Cine(pictures, 15.0)
    assert [int(loop.at(t)[0, 0]) for t in (0.0, 0.07, 0.14, 0.21)] == [0, 1, 2, 0]
    with pytest.raises(OutOfRangeError, match="0 pictures"):
        Cine((), 15.0)


@pytest.mark.parametrize(
    ("knob", "value"), [("edge_gain", -1.0), ("recursion", 1.0), ("contrast", 9.0), ("brightness", 2.0)]
)
def test_a_knob_turned_too_far_is_refused(knob: str, value: float) -> None:
    with pytest.raises(OutOfRangeError, match=knob):
        Console(**{knob: value})  # type: ignore[arg-type]


def test_the_window_leaves_out_open_beam_and_what_the_shutter_closes() -> None:
    chance = np.random.default_rng(3)
    body = chance.normal(-4.0, 0.2, (256, 256)).astype(np.float32)
    with_air = body.copy()
    with_air[:, :80] = -0.05
    shutter = np.ones_like(body)
    shutter[:60] = 0.0
    closed = body.copy()
    closed[:60] = -13.8
    plain, air, shut = Window.fitted(body), Window.fitted(with_air), Window.fitted(closed, shutter)
    assert air.high - air.low < 2.5
    assert (shut.low, shut.high) == pytest.approx((plain.low, plain.high), abs=0.1)
