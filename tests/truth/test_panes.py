"""The screens' pictures: where points fall, which side is left, what is grey, what subtraction and hold show."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.reformat import hu_on, labels_on
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine, Rod
from dekomp_sim.geometry.section import Section
from dekomp_sim.imaging.console.display import direction_letters
from dekomp_sim.imaging.console.processing import Console, on_detector, on_screen, turned
from dekomp_sim.imaging.ct.display import HuWindow
from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Case, Machine, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.viewer.panes.fluoroscopy import Live, Settings, Showing
from dekomp_sim.viewer.panes.marks import rgb
from dekomp_sim.viewer.panes.overlays import CROSSHAIR
from dekomp_sim.viewer.panes.readouts import readouts, source_to_skin_mm
from dekomp_sim.viewer.panes.slices import BONE, EXAM, Plane, Reading, hu_words, picture, section_of

ORTHOGONAL = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@dataclass(frozen=True)
class Pulse:
    """What a held pedal gives."""

    shot: Shot
    exposure: Exposure
    number: int
    lateral: Shot | None = None


def pulse(case: Case, number: int = 0, action: do.Expose | None = None) -> Pulse:
    later = after(case, action or do.Expose())
    return Pulse(shot_of(later, later.exposures[-1], number, breathing=False), later.exposures[-1], number)


@pytest.fixture(scope="module")
def seen(opened: Case) -> Case:
    """The glass patient prone, the C-arm in AP; who lies here does not breathe, so that frames can be compared."""
    still = replace(opened, done=("position_prone",), card=replace(opened.card, breath_mm=0.0))
    return after(still, do.SetView(do.View.AP))


@pytest.fixture(scope="module")
def needled(seen: Case) -> Case:
    """The same with a straight needle toward the disc's centre, 4 mm short of it."""
    entry = np.array([60.0, 70.0, 6.0])
    needle = Placement(CATALOGUE["discography_needle"], entry, -entry, float(np.linalg.norm(entry)) - 4.0)
    return replace(seen, placements={"discography_needle": needle})


@pytest.mark.parametrize("plane", list(Plane))
def test_disc_and_tip_fall_where_geometry_says_and_come_back(needled: Case, plane: Plane) -> None:
    tip = needled.placements["discography_needle"].tip_mm
    section = section_of(needled, plane, tip, Reading(field_mm=192.0), 384)
    for point in (tip, needled.shape.patient_from_disc.translation_mm):
        x, y, off_mm = section.pixel_of(point)
        back = section.point_of(x, y) + off_mm * section.inward
        assert back == pytest.approx(point, abs=1e-6)
    assert section.pixel_of(tip)[2] == pytest.approx(0.0, abs=1e-6), "every plane goes through the crosshair"
    if plane is Plane.ALONG:
        hub = needled.placements["discography_needle"].hub_mm
        assert section.pixel_of(hub)[2] == pytest.approx(0.0, abs=1e-4), "and this one through the whole needle"


def test_the_pixels_of_a_known_point_are_those_of_paper(opened: Case) -> None:
    # 0.5 mm pixels about the disc's centre at the origin: 10 mm left, 20 mm back, 30 mm up
    point = np.array([10.0, 20.0, 30.0])
    at = {
        plane: section_of(opened, plane, point, Reading(field_mm=192.0), 384).pixel_of(point)[:2].tolist()
        for plane in ORTHOGONAL
    }
    middle = 383 / 2.0
    assert at[Plane.AXIAL] == pytest.approx([middle + 20.0, middle + 40.0]), "left is right, back is down"
    assert at[Plane.CORONAL] == pytest.approx([middle + 20.0, middle - 60.0]), "left is right, head is up"
    assert at[Plane.SAGITTAL] == pytest.approx([middle + 40.0, middle - 60.0]), "back is right, head is up"
    lying = section_of(opened, Plane.AXIAL, point, Reading(field_mm=192.0, back_up=True), 384)
    assert lying.pixel_of(point)[:2].tolist() == pytest.approx([middle - 20.0, middle - 40.0])


@pytest.mark.parametrize(
    ("plane", "right", "down", "inward"),
    [(Plane.AXIAL, "L", "P", "H"), (Plane.CORONAL, "L", "F", "P"), (Plane.SAGITTAL, "P", "F", "R")],
)
def test_each_plane_is_seen_as_radiologists_do(opened: Case, plane: Plane, right: str, down: str, inward: str) -> None:
    section = section_of(opened, plane, (0.0, 0.0, 0.0), Reading(), 64)
    ways = (np.array(section.right), np.array(section.down), section.inward)
    assert [direction_letters(way) for way in ways] == [right, down, inward]


def test_a_needle_from_the_left_comes_from_the_pictures_right(needled: Case) -> None:
    tip = needled.placements["discography_needle"].tip_mm
    reading = Reading(outlines=False, plan=False)
    shown = picture(needled, Plane.AXIAL, tip, reading)
    bare = picture(replace(needled, placements={}), Plane.AXIAL, tip, reading)
    rows, cols = np.nonzero((shown != bare).any(axis=2))
    x, y, _ = section_of(needled, Plane.AXIAL, tip, reading, 384).pixel_of(tip)
    assert len(rows) > 300
    assert cols.min() == pytest.approx(x, abs=2.5)
    assert rows.min() == pytest.approx(y, abs=2.5)
    assert cols.max() > x + 80
    assert rows.max() > y + 80


def test_the_crosshair_is_drawn_at_its_place(opened: Case) -> None:
    shown = picture(opened, Plane.AXIAL, (0.0, 0.0, 0.0), Reading(outlines=False, plan=False, field_mm=192.5), 385)
    plain = picture(opened, Plane.AXIAL, (60.0, -60.0, 0.0), Reading(outlines=False, plan=False, field_mm=192.5), 385)
    changed = (shown != plain).any(axis=2)
    # off the letters: the lines through (0, 0) stand at the middle row and column, those of the other 120 px away
    assert np.flatnonzero(changed[250, 40:340]).tolist() == [192 - 40, 312 - 40]
    assert np.flatnonzero(changed[100:300, 250]).tolist() == [192 - 100]
    assert rgb(CROSSHAIR)[2] < rgb(CROSSHAIR)[0]


@pytest.mark.parametrize(("level", "width"), [(40.0, 400.0), (400.0, 1800.0), (-600.0, 1500.0)])
def test_window_and_level_are_the_closed_form(level: float, width: float) -> None:
    hu = np.array([level - width, level - width / 2, level - width / 4, level, level + width / 2, 4000.0])
    grey = HuWindow(level, width).grey(hu.astype(np.float32)).astype(int)
    assert grey.tolist() == [0, 0, 64, 128, 255, 255]


def test_a_window_without_width_and_a_field_without_patient_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="window width: found 0 HU; allowed: 1 to 8000 HU"):
        HuWindow(40.0, 0.0)
    with pytest.raises(OutOfRangeError, match="field: found 5 mm; allowed: 20 to 600 mm"):
        Reading(field_mm=5.0)


def test_the_picture_at_a_voxels_centre_is_the_volumes_own_value(coarse_phantom: Patient) -> None:
    volume = coarse_phantom.volume
    middle = np.array(volume.size) // 2
    for index in (middle, middle + np.array([9, 14, -6]), middle + np.array([-20, 3, 11])):
        point = volume.patient_from_index.points(index)
        section = Section(tuple(point.tolist()), (0.6, 0.8, 0.0), (0.0, 0.0, -1.0), 0.7, 33, 33)
        i, j, k = index
        assert hu_on(volume, section)[16, 16] == pytest.approx(float(volume.hu[k, j, i]), abs=0.01)
        assert labels_on(volume, section)[16, 16] == volume.label_at(point)
        assert float(volume.hu_at(point)) == float(volume.hu[k, j, i])


def test_between_two_voxels_the_picture_is_their_mean(glass: Patient) -> None:
    affine = Affine.from_spacing((1.0, 2.0, 4.0))
    hu = np.zeros((3, 3, 3), dtype=np.int16)
    hu[1, 1, 1], hu[2, 1, 1], hu[1, 2, 1] = 100, 300, -60
    volume = type(glass.volume)(hu, affine)

    def at(*point: float) -> float:
        return float(hu_on(volume, Section(point, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 1.0, 1, 1))[0, 0])  # type: ignore[arg-type]

    assert at(1.0, 2.0, 6.0) == pytest.approx(200.0)
    assert at(1.0, 3.0, 4.0) == pytest.approx(20.0)
    assert at(1.25, 2.0, 4.0) == pytest.approx(75.0)
    assert at(5.0, 2.0, 4.0) == -1000.0


def test_what_a_crosshair_says_is_left_back_and_head(opened: Case) -> None:
    assert hu_words(opened.patient.volume, (12.0, 30.5, -4.0)) == "L 12.0  P 30.5  F 4.0 mm  40 HU"
    assert hu_words(opened.patient.volume, (-12.0, 99.0, 4.0)).endswith("-1000 HU")


@pytest.mark.parametrize(
    "console", [Console(), Console(flipped=True), Console(rotated_deg=90.0), Console(flipped=True, rotated_deg=270.0)]
)
def test_a_dot_on_the_detector_is_where_the_screen_is_told_to_have_it(console: Console) -> None:
    small = np.zeros((40, 60), dtype=np.uint16)
    small[7, 11] = 9
    row, col = np.argwhere(turned(small, console))[0]
    assert on_screen(small.shape, console, 11.0, 7.0) == (col, row)
    assert on_detector(small.shape, console, col, row) == pytest.approx((11.0, 7.0))


def test_a_slanted_turn_comes_back_too() -> None:
    console = Console(flipped=True, rotated_deg=33.0)
    assert on_detector((50, 50), console, *on_screen((50, 50), console, 12.0, 40.0)) == pytest.approx((12.0, 40.0))


@pytest.mark.parametrize("console", [Console(), Console(flipped=True, rotated_deg=90.0)])
def test_the_needle_tip_is_seen_where_it_is_and_a_click_on_it_aims_at_it(needled: Case, console: Console) -> None:
    live = Live(needled.patient, threads=1)
    tip = needled.placements["discography_needle"].tip_mm
    assert live.point_of(0.0, 0.0) is None
    live.set(Settings(console))
    bare = live.frame(pulse(replace(needled, placements={}))).astype(int)
    shown = live.frame(pulse(needled)).astype(int)
    place = live.pixel_of(tip)
    assert place is not None
    ray = live.point_of(*place)
    assert ray is not None
    assert ray.nearest_to(tip) == pytest.approx(tip, abs=1e-6)
    rows, cols = np.nonzero(bare - shown > 60)
    # the tip is the needle's end nearest to the disc's middle, which stands in the picture's middle
    nearest = np.argmin(np.hypot(rows - 255.5, cols - 255.5))
    assert (cols[nearest], rows[nearest]) == pytest.approx(place, abs=2.0)


def test_letting_go_holds_the_mean_of_the_last_frames_and_storing_puts_it_beside(seen: Case) -> None:
    live = Live(seen.patient, threads=1)
    assert live.store() is None
    assert live.hold() is None
    assert not live.last_image[:200].max() > 255
    live.set(Settings(Console()))
    frames = [live.frame(pulse(seen, n)) for n in range(6)]
    held = live.hold()
    assert held is not None
    inside = np.s_[200:300, 150:350]
    assert len({frame[inside].tobytes() for frame in frames}) == 6, "noise is new in each"
    # uncorrelated noise of four frames falls to half; the structure beneath is the same in both
    apart = frames[4][inside].astype(float) - frames[5][inside]
    calm = held[inside].astype(float) - np.mean([frame[inside] for frame in frames[2:]], axis=0)
    assert calm.std() < 0.2 * apart.std()
    assert live.store() == 0
    assert live.reference is live.stored[0].picture is held
    assert live.frame(pulse(seen, 6)) is live.last_image is not live.reference
    with pytest.raises(OutOfRangeError, match=r"stored picture: found No\. 3; allowed: 1 to 1"):
        live.refer(2)


def test_a_knob_turned_shows_at_once_and_exposes_nothing(seen: Case) -> None:
    live = Live(seen.patient, threads=1)
    plain = live.frame(pulse(seen))
    inverted = live.set(Settings(replace(live.settings.console, inverted=True)))
    assert inverted is not None
    middle = np.s_[180:220, 200:300]
    assert (plain[middle].astype(int) + inverted[middle]).mean() == pytest.approx(255.0, abs=2.0)
    assert live.last_image is inverted


def test_subtraction_shows_what_has_come_in_and_nothing_else(seen: Case) -> None:
    live = Live(seen.patient, threads=1)
    live.set(Settings(Console()))
    for n in range(12):  # until the panel's lag has settled
        live.frame(pulse(seen, n))
    assert live.take_mask()
    live.set(Settings(Console(), Showing.SUBTRACTED))
    bar = Rod((-20.0, 0.0, 15.0), (20.0, 0.0, 15.0), 1.0)  # type: ignore[arg-type]
    with_bar = pulse(seen, 12)
    shown = live.frame(replace(with_bar, shot=replace(with_bar.shot, solids=(bar,)))).astype(float)
    x, y = np.rint(live.pixel_of((0.0, 0.0, 15.0)) or (0, 0)).astype(int)
    assert shown[y - 1 : y + 2, x - 20 : x + 20].mean() < 20.0, "metal is black"
    still = shown[y + 30 : y + 90, x - 100 : x + 100]
    assert still.mean() == pytest.approx(127.5, abs=3.0), "what has not changed is mid-grey"
    turned_away = after(seen, do.SetView(do.View.OBLIQUE))
    plain = live.frame(pulse(turned_away)).astype(float)
    assert plain[150:350, 150:350].mean() != pytest.approx(127.5, abs=3.0), "a mask of another view is not used"


def test_contrast_kept_by_the_road_map_is_gone_from_it_and_a_needle_is_black(seen: Case) -> None:
    live = Live(seen.patient, threads=1)
    live.set(Settings(Console()))
    live.frame(pulse(seen))
    live.take_mask()
    live.set(Settings(Console(), Showing.SUBTRACTED))
    pool = Rod((-10.0, 0.0, 0.0), (10.0, 0.0, 0.0), 4.0)  # type: ignore[arg-type]
    filled = pulse(seen, 1)
    filled = replace(filled, shot=replace(filled.shot, solids=(pool,)))
    dark = live.frame(filled).astype(float)
    mapped = live.set(Settings(Console(), Showing.ROAD_MAP))
    assert mapped is not None
    x, y = np.rint(live.pixel_of((0.0, 0.0, 0.0)) or (0, 0)).astype(int)
    here = np.s_[y - 2 : y + 3, x - 10 : x + 10]
    assert dark[here].mean() < 20.0
    assert mapped[here].mean() == pytest.approx(127.5, abs=8.0)


def test_readouts_add_the_pulses_of_a_held_pedal_and_agree_with_the_record_after_it(seen: Case) -> None:
    before = readouts(seen)
    assert (before.kv, before.air_kerma_mgy, before.frames) == (None, 0.0, 0)
    assert dict(before.lines)["kV"] == "--"
    held = readouts(seen, pulse(seen, 7))
    done = readouts(after(seen, do.Expose(frames=8)))
    assert held.air_kerma_rate_mgy_min > 0.0
    assert done.air_kerma_rate_mgy_min == 0.0
    for name in ("kv", "ma", "pulse_ms", "frames", "fluoroscopy_s", "air_kerma_mgy", "kap_gycm2"):
        assert getattr(held, name) == pytest.approx(getattr(done, name)), name
    spots = readouts(after(seen, do.Expose(spot=True)))
    assert (spots.frames, spots.spots, spots.fluoroscopy_s) == (0, 1, 0.0)
    assert done.angles == "LAO 180 CRA 0"


def test_the_skin_is_as_far_from_the_focus_as_the_block_is_thick(seen: Case) -> None:
    assert seen.carm is not None
    # focus 600 mm in front of the disc's centre, the belly at y = -72 mm
    assert source_to_skin_mm(seen.patient.volume, seen.carm) == pytest.approx(528.0, abs=5.0)


def test_the_panes_need_neither_a_window_nor_a_page() -> None:
    code = (
        "import sys, dekomp_sim.viewer.panes.fluoroscopy, dekomp_sim.viewer.panes.slices, "
        "dekomp_sim.viewer.panes.readouts;"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'pyvista', 'vtkmodules', 'vtk', 'trame'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_bone_is_white_in_the_soft_window_and_grey_in_its_own(coarse_phantom: Patient) -> None:
    assert HuWindow(50.0, 400.0).grey(np.array([700.0], dtype=np.float32))[0] == 255
    assert 100 < BONE.grey(np.array([400.0], dtype=np.float32))[0] < 160


def test_the_second_plane_is_shown_beside_and_held_with_the_first(seen: Case) -> None:
    two = after(replace(seen, machine=Machine(planes=2)), do.SetView(do.View.BIPLANE))
    later = after(two, do.Expose(frames=2))
    frontal, side = later.exposures
    live = Live(seen.patient, threads=1)
    for number in (0, 1):
        shots = [shot_of(later, plane, number, breathing=False) for plane in (frontal, side)]
        image = live.frame(Pulse(shots[0], frontal, number, shots[1]))
    beside = live.reference
    assert (beside != image).mean() > 0.3
    held = live.hold()
    assert held is live.last_image
    assert (live.reference != beside).any(), "the mean of two frames"
    inverted = live.set(Settings(Console(inverted=True)))
    assert inverted is not None
    assert np.abs(live.reference[200:300, 200:300].astype(int) + beside[200:300, 200:300] - 255).mean() < 40
    live.store()
    assert live.reference is live.last_image


def test_a_second_of_beam_leaves_no_frames_behind(seen: Case) -> None:
    live, made = Live(seen.patient, threads=1), [pulse(seen, n) for n in range(30)]
    for one in made[:10]:
        live.frame(one)
    tracemalloc.start()
    for one in made[10:]:
        live.frame(one)
    after_all, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    frame_bytes = 512 * 512 * 4
    # what came after the start and is still held: four frames, the traps, the mean, one picture; not twenty
    assert after_all < 10 * frame_bytes


def test_a_knob_turned_from_another_thread_never_brings_an_old_picture_back(seen: Case) -> None:
    live = Live(seen.patient, threads=1)
    live.frame(pulse(seen, 0))
    with ThreadPoolExecutor(1) as worker:
        frames = worker.submit(lambda: [live.frame(pulse(seen, n)) for n in range(1, 9)])
        for n in range(40):
            live.set(Settings(Console(brightness=0.01 * n)))
        last = frames.result()[-1]
    live.set(Settings(Console()))
    alone = Live(seen.patient, threads=1)
    alone.set(Settings(Console()))
    alone.frame(pulse(seen, 8))
    assert last.shape == (512, 512)
    # pulse 8 stands on the screen: its noise is its own, whatever lag the run has added
    here = np.s_[250:300, 200:300]
    alike = np.corrcoef(live.last_image[here].ravel(), alone.last_image[here].ravel())[0, 1]
    assert alike > 0.95


@pytest.mark.parametrize("plane", list(Plane))
def test_an_examinations_ct_does_not_tell_where_the_needle_is(needled: Case, plane: Plane) -> None:
    at = (3.0, 4.0, 5.0)
    np.testing.assert_array_equal(
        picture(needled, plane, at, EXAM), picture(replace(needled, placements={}), plane, at, EXAM)
    )


def test_a_run_goes_on_while_the_patient_breathes_and_while_something_else_is_done(seen: Case) -> None:
    def spread(numbered: list[tuple[Case, int]], let_go: bool = False) -> float:
        live = Live(seen.patient, threads=1)
        live.set(Settings(Console(recursion=0.8, contrast=0.3)))
        for case, number in numbered:
            exposure = after(case, do.Expose()).exposures[-1]
            image = live.frame(Pulse(shot_of(case, exposure, number), exposure, number))
            if let_go:
                live.hold()
        return float(image[220:290, 180:330].std())

    once = after(seen, do.Expose(frames=6))
    alone = spread([(seen, 0)])
    # a past of 0.8 leaves a third of the noise after many frames, a half after some
    assert spread([(seen, n) for n in range(6)]) < 0.6 * alone, "the breath between two pulses starts no new run"
    going_on = [(seen, n) for n in range(6)] + [(once, n) for n in range(2)]
    assert spread(going_on) < 0.6 * alone, "nor does what is put on record while the pedal stays down"
    assert spread([(seen, 0), (once, 0)], let_go=True) == pytest.approx(alone, rel=0.1), "a new press does"
