"""What the case's acquisitions show, against where things lie in the patient of glass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.arrays import Float32Array
from dekomp_sim.imaging.ct.display import HuWindow, on_screen
from dekomp_sim.imaging.ct.scanner import CtSlice, Scanner
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Case, Guidance, Setting, after, begin
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.ct.acquired import GridLine
from dekomp_sim.procedure.ct.pictures import nearest_slice, shots_of
from dekomp_sim.procedure.ct.scanning import places

NEEDLE = "anaesthetic_needle"


@pytest.fixture(scope="module")
def lying(glass: Patient) -> Case:
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, guidance=Guidance.CT))
    for action in (do.AssessCandidate(), do.Consent(), do.PositionProne()):
        case = after(case, action)
    return case


def taken(case: Case, action: do.Action, number: int = 0) -> CtSlice:
    """A slice of what an action acquires, without noise."""
    later = after(case, action)
    shot = shots_of(later, later.acquisitions[-1], [number])[0]
    turn = replace(shot.turn, index=None, protocol=replace(shot.turn.protocol, matrix=512))
    return Scanner(case.patient).scan(replace(shot, turn=turn))


def spots(hu: Float32Array, above_hu: float) -> list[tuple[float, float]]:
    """(row, col) of the middle of each bright spot, by columns."""
    cols = np.flatnonzero((hu > above_hu).any(axis=0))
    groups = np.split(cols, np.flatnonzero(np.diff(cols) > 1) + 1)
    found = []
    for group in groups:
        part = np.where(hu[:, group] > above_hu, hu[:, group], 0.0)
        row = float((part.sum(axis=1) * np.arange(len(hu))).sum() / part.sum())
        found.append((row, float((part.sum(axis=0) * group).sum() / part.sum())))
    return found


def test_the_grid_shows_as_a_dot_for_each_line_and_two_for_the_first(lying: Case) -> None:
    """Lines A to O lie 20 mm right to 120 mm left of the midline, 10 mm apart; A's second wire 3 mm beside it."""
    gridded = after(lying, do.LayGrid())
    seen, grid = taken(gridded, do.CtScan(field_mm=280.0), number=13), gridded.grid
    assert grid is not None
    expected = sorted([*(grid.x_mm(line) for line in GridLine), grid.first_x_mm + 3.0])
    on_skin = [(x, 72.5, 0.0) for x in expected]
    wanted = seen.pixel_of(np.array(on_skin))[:, 1]
    assert [col for _, col in spots(seen.hu, 300.0)] == pytest.approx(wanted, abs=1.0)


def needle_in(case: Case) -> Case:
    """A needle straight down from the back, 40 mm deep, in the slice."""
    z_mm = float(case.shape.patient_from_disc.translation_mm[2])
    placed = Placement(CATALOGUE[NEEDLE], np.array([40.0, 72.0, z_mm]), np.array([0.0, -1.0, 0.0]), 40.0)
    return replace(case, placements={NEEDLE: placed})


def tip_row(seen: CtSlice) -> float:
    """Where the needle's bright end lies: half way from its shaft to tissue of 40 HU; the hub is farther down."""
    row, col = seen.pixel_of(np.array([40.0, 50.0, 0.0])).round().astype(int)
    line = seen.hu[:, col - 1 : col + 2].max(axis=1) - 40.0
    return float(np.flatnonzero(line > line[row - 10 : row + 10].mean() / 2.0)[0])


def test_a_step_without_a_held_breath_shows_the_needle_elsewhere(lying: Case) -> None:
    """The patient rises by a breath: the needle's end, 32 mm behind the disc, stands higher on the screen by as much.

    The slice's middle lies in the patient where the breath left it; its pixels are the scanner's own.
    """
    case = needle_in(lying)
    held = after(case, do.HoldBreath(seconds=20.0))
    still = after(held, do.CtStep(beside=True, thickness_mm=5.0))
    moments = [after(case, do.Wait(0.25 * n + 0.1)) for n in range(16)]
    free = [after(one, do.CtStep(beside=True, thickness_mm=5.0)) for one in moments]
    risen = [
        float(places(still, still.acquisitions[-1])[0].translation_mm[1]
              - places(one, one.acquisitions[-1])[0].translation_mm[1])
        for one in free
    ]  # fmt: skip
    most = int(np.argmax(risen))
    low = taken(held, do.CtStep(beside=True, thickness_mm=5.0))
    high = taken(moments[most], do.CtStep(beside=True, thickness_mm=5.0))
    assert risen[most] > 0.5 * case.card.breath_mm
    moved_mm = (tip_row(high) - tip_row(low)) * low.pixel_mm
    assert moved_mm == pytest.approx(risen[most], abs=1.5 * low.pixel_mm)


def test_the_tips_pixel_is_the_tip(lying: Case) -> None:
    case = after(needle_in(lying), do.HoldBreath(seconds=20.0))
    seen = taken(case, do.CtStep(beside=True, thickness_mm=5.0))
    row = float(seen.pixel_of(case.placements[NEEDLE].tip_mm)[0])
    assert tip_row(seen) == pytest.approx(row, abs=2.0)


def test_steps_keep_disc_and_entry_in_the_picture(lying: Case) -> None:
    case = after(after(lying, do.MoveGantry(through=do.Through.WAY)), do.CtStep())
    shot = shots_of(case, case.acquisitions[-1])[0]
    half = shot.turn.protocol.field_mm / 2.0
    for point in (case.plan.entry_mm, case.plan.target_mm):
        x, y, _ = shot.patient_from_scan.inverse().points(point)
        assert max(abs(x - shot.middle_mm[0]), abs(y - shot.middle_mm[1])) < half - 5.0


def test_three_slices_of_one_turn_lie_side_by_side(lying: Case) -> None:
    case = after(lying, do.CtStep(slices=3, thickness_mm=4.0))
    heights = [shot.centre_mm[2] for shot in shots_of(case, case.acquisitions[-1])]
    assert np.diff(heights) == pytest.approx([4.0, 4.0])
    indices = [shot.turn.index for shot in shots_of(case, case.acquisitions[-1])]
    assert len(set(indices)) == 3


def test_the_nearest_slice_of_a_scan_holds_the_point(lying: Case) -> None:
    case = after(lying, do.CtScan(from_mm=-30.0, to_mm=30.0))
    number = nearest_slice(case, case.acquisitions[-1], [0.0, 0.0, 7.4])
    at = places(case, case.acquisitions[-1])[number]
    assert abs(float(at.inverse().points([0.0, 0.0, 7.4])[2])) <= 1.5 + lying.card.breath_mm


def test_the_screen_shows_the_back_on_top_and_the_left_at_the_left(lying: Case) -> None:
    """The patient lies prone: what is in the slice's lower right comes to the screen's upper left."""
    hu = np.full((256, 256), -1000.0, dtype=np.float32)
    hu[180, 200] = 1000.0
    at = CtSlice(hu, places(after(lying, do.CtStep()), after(lying, do.CtStep()).acquisitions[-1])[0], 1.0)
    prone = on_screen(at, HuWindow(0.0, 100.0), (), prone=True)
    supine = on_screen(at, HuWindow(0.0, 100.0), (), prone=False)
    assert prone[255 - 180, 255 - 200] == prone.max()
    assert supine[180, 200] == supine.max()
