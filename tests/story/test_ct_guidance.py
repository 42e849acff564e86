"""CT guidance as part of the case: couch and laser, grid, scans and steps, breath, dose, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side, Structure
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.scans import scan_table
from dekomp_sim.debrief.steps import asked
from dekomp_sim.imaging.ct import scanner
from dekomp_sim.imaging.ct.protocol import Preset
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Case, Guidance, Pain, Risk, Setting, after, begin, case_digest, may
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.ct.acquired import GridLine
from dekomp_sim.procedure.ct.grid import marked_mm, middle_mm
from dekomp_sim.procedure.ct.pictures import shots_of
from dekomp_sim.procedure.ct.scanning import places
from dekomp_sim.procedure.fluoroscopy.radiation import staff_doses
from dekomp_sim.procedure.needle.startle import startled
from dekomp_sim.procedure.rules import ON_C_ARM

SKIN_Y_MM = 72.0
TROCAR = "trocar_cannula"


@pytest.fixture(scope="module")
def lying(glass: Patient) -> Case:
    """The patient of glass on the couch of a CT."""
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, guidance=Guidance.CT))
    return done(case, do.AssessCandidate(), do.Consent(), do.PositionProne(), do.TimeOut())


def done(case: Case, *actions: Action) -> Case:
    for action in actions:
        assert may(case, action) is None, (action, may(case, action))
        case = after(case, action)
    return case


def numbed(case: Case) -> Case:
    """Washed, infiltrated and cut, with a light sedation."""
    needle = "anaesthetic_needle"
    return done(
        case, do.PrepareSterileField(), do.Insert(needle), do.Advance(needle, to=do.Mark.SKIN, offset_mm=6.0),
        do.Anaesthetise(3.0), do.Wait(90.0), do.Advance(needle, to=do.Mark.ANNULUS, offset_mm=-40.0),
        do.Anaesthetise(3.0), do.Wait(90.0), do.Remove(needle), do.Incise(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def cut(lying: Case) -> Case:
    return numbed(lying)


@pytest.mark.parametrize("action", [do.CtScan(), do.CtStep(), do.CtFluoroscopy(), do.MoveGantry(table_mm=3.0)])
def test_a_room_without_a_scanner_refuses_and_says_why(opened: Case, action: Action) -> None:
    assert may(opened, action) == "There is no CT scanner in this room: the scenario is guided by fluoroscopy."


@pytest.mark.parametrize("kind", ON_C_ARM)
def test_a_room_with_only_a_scanner_has_no_c_arm(lying: Case, kind: type[Any]) -> None:
    action = do.SetView(do.View.AP) if kind is do.SetView else kind()
    assert may(lying, action) == "There is no C-arm in this room: the scenario is guided by CT."


def test_a_mixed_room_has_both(glass: Patient) -> None:
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, guidance=Guidance.MIXED))
    case = done(case, do.AssessCandidate(), do.Consent(), do.PositionProne(), do.CtStep(), do.SetView(do.View.AP))
    assert done(case, do.Expose()).acquisitions
    assert done(case, do.Expose()).exposures


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (do.CtScan(kv=60.0), "kv is 60, it must be at least 80 and at most 140."),
        (do.CtStep(thickness_mm=12.0), "thickness_mm is 12, it must be at least 0.6 and at most 10."),
        (do.CtFluoroscopy(ma=5.0), "ma is 5, it must be at least 10 and at most 800."),
        (do.MoveGantry(tilt_deg=40.0), "tilt_deg is 40, it must be at least -30 and at most 30."),
        (do.CtStep(slices=4), "slices is 4, it must be at least 1 and at most 3."),
    ],
)
def test_what_the_console_cannot_set_is_refused_with_its_range(lying: Case, action: Action, words: str) -> None:
    assert may(lying, action) == words


def test_a_scan_that_goes_nowhere_is_refused(lying: Case) -> None:
    reason = may(lying, do.CtScan(from_mm=10.0, to_mm=10.0))
    assert reason == "A scan goes headward: from 10 mm it cannot go to 10 mm."


def test_nothing_is_scanned_before_the_patient_lies(glass: Patient) -> None:
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, guidance=Guidance.CT))
    assert may(case, do.CtScan()) == "First: position prone."


def test_a_scan_has_the_slices_and_the_dose_of_its_length(lying: Case) -> None:
    """8 mGy at 120 kV and 100 mAs, over 60 mm in 20 slices of 3 mm: 48 mGy cm; the couch ends where the scan does."""
    case = done(lying, do.CtScan(from_mm=-30.0, to_mm=30.0))
    taken = case.acquisitions[0]
    heights = [at.translation_mm[2] for at in places(case, taken)]
    assert taken.slices == 20
    assert np.diff(heights) == pytest.approx(np.full(19, 3.0), abs=2.0)  # the patient breathes meanwhile
    assert taken.dose.dlp_mgycm == pytest.approx(48.0)
    assert case.couch.table_mm == 30.0


def test_milliamperes_become_the_charge_of_half_a_second(lying: Case) -> None:
    """40 mA over 0.5 s are 20 mAs; 100 kV give (100/120)^2.6 of the dose."""
    case = done(lying, do.CtStep(kv=100.0, ma=40.0, thickness_mm=5.0, slices=3))
    protocol, dose = case.acquisitions[0].protocol, case.acquisitions[0].dose
    assert (protocol.kv, protocol.mas, protocol.thickness_mm) == (100.0, 20.0, 5.0)
    assert dose.dlp_mgycm == pytest.approx(0.08 * 20.0 * (100.0 / 120.0) ** 2.6 * 1.5)


def test_doses_of_all_acquisitions_add_up_in_the_record(lying: Case) -> None:
    steps = (do.CtScan(), do.CtStep(slices=3), do.CtFluoroscopy(seconds=1.5), do.CtFluoroscopy(0.5, held=True))
    cases = [lying]
    for action in steps:
        cases.append(done(cases[-1], action))
    found, table = measure(cases), scan_table(cases[-1])
    assert table is not None
    total = sum(taken.dose.dlp_mgycm for taken in cases[-1].acquisitions)
    assert found.ct_dlp_mgycm == pytest.approx(total)
    assert sum(float(row.dlp_mgycm) for row in table.rows) == pytest.approx(float(table.dlp_mgycm))
    assert found.ct_effective_msv == pytest.approx(0.015 * total)
    assert found.ct_fluoroscopy_s == 2.0
    assert found.ct_acquisitions == 3  # a pedal held down is one press


def test_who_leaves_the_room_gets_nothing_and_who_stays_is_quicker(lying: Case) -> None:
    out, beside = done(lying, do.CtStep()), done(lying, do.CtStep(beside=True))
    assert all(dose.outside_usv == 0.0 for dose in staff_doses(out)["operator"])
    got = {dose.place: dose for dose in staff_doses(beside)["operator"]}
    assert got["hand"].outside_usv > got["chest"].outside_usv > 0.0
    assert got["chest"].behind_usv < 0.2 * got["chest"].outside_usv
    assert beside.clock_s < out.clock_s


def test_a_continuous_pedal_costs_more_than_quick_checks(lying: Case) -> None:
    """Eight looks of half a second, or the pedal held for 20 s: dose goes with the time of beam."""
    quick, held = lying, done(lying, do.CtFluoroscopy(seconds=20.0))
    for _ in range(8):
        quick = done(quick, do.CtFluoroscopy(seconds=0.5))
    one, other = ({dose.place: dose for dose in staff_doses(case)["operator"]} for case in (quick, held))
    assert other["hand"].outside_usv == pytest.approx(5.0 * one["hand"].outside_usv)


def test_line_and_laser_name_a_place_on_the_skin(lying: Case) -> None:
    """The back is flat at y = 72 mm; line A lies 20 mm beyond the midline, each next one 10 mm to the left."""
    case = done(lying, do.LayGrid(), do.MoveGantry(table_mm=12.0))
    at = marked_mm(case, do.GridMark(GridLine.H, aside_mm=2.5))
    assert at[:2] == pytest.approx([52.5, SKIN_Y_MM], abs=1.0)
    assert at[2] == pytest.approx(12.0, abs=1e-6)
    assert marked_mm(case, do.GridMark(GridLine.A, table_mm=-5.0))[[0, 2]] == pytest.approx([-20.0, -5.0])


def test_a_leaning_gantry_moves_the_laser_on_the_back(lying: Case) -> None:
    """Leaning by 20 degrees about the isocentre, the plane meets the skin tan(20) of its height farther headward."""
    case = done(lying, do.LayGrid(), do.MoveGantry(table_mm=0.0, tilt_deg=20.0))
    up_mm = SKIN_Y_MM - float(middle_mm(case)[1])
    at = marked_mm(case, do.GridMark(GridLine.C))
    assert at[2] == pytest.approx(up_mm * np.tan(np.radians(20.0)), abs=0.8)  # half a voxel of skin


def test_a_needle_is_set_where_the_grid_says(lying: Case) -> None:
    needle = "anaesthetic_needle"
    case = done(lying, do.LayGrid(), do.PrepareSterileField(), do.MoveGantry(table_mm=3.0))
    mark = do.GridMark(GridLine.I, aside_mm=-4.0)
    case = done(case, do.Insert(needle, entry=mark))
    assert case.placements[needle].entry_mm[[0, 2]] == pytest.approx([56.0, 3.0], abs=1.0)
    assert asked(do.Insert(needle, entry=mark)) == "Insert the anaesthetic needle at line I -4 mm, the laser."


def test_a_grid_that_never_lay_names_nothing_and_none_goes_on_washed_skin(lying: Case) -> None:
    washed = done(lying, do.PrepareSterileField())
    refusal = after(washed, do.Insert("anaesthetic_needle", entry=do.GridMark(GridLine.C))).events[-1]
    assert "lay_grid first" in refusal.words
    assert may(washed, do.LayGrid()) == "The skin is washed and draped: the grid lies on it before."


def test_washing_takes_the_grid_off_and_its_marks_stay(lying: Case) -> None:
    case = done(lying, do.LayGrid(), do.CtScan())
    with_grid = shots_of(case, case.acquisitions[0], [3])[0].solids
    washed = done(case, do.PrepareSterileField(), do.CtStep())
    assert len(with_grid) > 15
    assert shots_of(washed, washed.acquisitions[-1])[0].solids == ()
    assert marked_mm(washed, do.GridMark(GridLine.B)) is not None


def test_the_slice_is_laid_through_the_whole_planned_way(lying: Case) -> None:
    case = done(lying, do.MoveGantry(through=do.Through.WAY), do.HoldBreath(), do.CtStep(beside=True))
    (at,) = places(case, case.acquisitions[0])
    both = at.inverse().points(np.stack([case.plan.entry_mm, case.plan.target_mm]))
    assert both[:, 2] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_the_disc_is_cut_upright_where_the_tilt_is_told(lying: Case) -> None:
    case = done(lying, do.MoveGantry(tilt_deg=12.0), do.MoveGantry(tilt_deg=0.0, through=do.Through.DISC))
    assert case.couch.table_mm == pytest.approx(0.0)
    assert case.couch.tilt_deg == 0.0


def test_a_needle_too_steep_for_the_gantry_is_refused_with_the_reason(cut: Case) -> None:
    steep = Placement(CATALOGUE[TROCAR], cut.plan.entry_mm, np.array([0.0, -0.5, -0.87]), 40.0)
    case = replace(cut, placements={TROCAR: steep})
    refusal = after(case, do.MoveGantry(through=do.Through.NEEDLE)).events[-1]
    assert "up to 30 degrees" in refusal.words
    assert may(cut, do.MoveGantry(through=do.Through.TIP)) == "No needle is in the patient."


def test_a_hub_that_does_not_pass_the_opening_stops_the_couch(cut: Case) -> None:
    out = Placement(CATALOGUE[TROCAR], np.array([260.0, 60.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 10.0)
    reason = may(replace(cut, placements={TROCAR: out}), do.CtStep())
    assert reason is not None
    assert "hub stands" in reason
    assert "350 mm are free" in reason


def test_without_a_held_breath_the_slice_lies_elsewhere(lying: Case) -> None:
    """Breathing lifts the back: slices taken at other moments lie elsewhere in the patient; held, in one place."""
    free = [lying]
    for _ in range(6):
        free.append(done(free[-1], do.CtStep(beside=True)))
    held = [done(lying, do.HoldBreath(seconds=20.0))]
    for _ in range(6):
        held.append(done(held[-1], do.CtStep(beside=True)))
    spread = [
        np.ptp([places(case, case.acquisitions[-1])[0].translation_mm for case in cases[1:]], axis=0)
        for cases in (free, held)
    ]
    assert spread[0][1] > 0.4 * lying.card.breath_mm
    assert spread[1] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_a_held_breath_ends(lying: Case) -> None:
    case = done(lying, do.HoldBreath(seconds=8.0), do.CtStep(beside=True), do.Wait(8.0))
    later = [done(case, do.Wait(s), do.CtStep(beside=True)) for s in (0.5, 1.0, 1.5, 2.0)]
    held = places(case, case.acquisitions[0])[0].translation_mm
    moved = [places(one, one.acquisitions[-1])[0].translation_mm - held for one in later]
    assert np.abs(moved).max() > 0.2


def test_a_startled_patient_lies_elsewhere_on_the_couch(cut: Case) -> None:
    case = done(cut, do.Insert(TROCAR))
    hurt = replace(case, events=(*case.events, _pain(case)))
    moved = startled(case, hurt, do.Advance(TROCAR, to_depth_mm=5.0))
    drift = np.array(moved.couch.drift_mm)
    assert np.linalg.norm(drift) > 1.0
    assert middle_mm(moved) == pytest.approx(middle_mm(case) - drift)


def _pain(case: Case) -> Pain:
    return Pain(case.clock_s, 10.0, "Ow!", Structure.NERVE_ROOT)


def test_the_disc_is_entered_unseen_unless_a_slice_shows_the_tip(cut: Case) -> None:
    """Laid through the tip, the slice shows it; two centimetres beside, it does not: that is a lapse."""
    way = (do.Insert(TROCAR), do.Advance(TROCAR, to=do.Mark.ANNULUS, offset_mm=-3.0))
    into = do.Advance(TROCAR, to=do.Mark.NUCLEUS, offset_mm=3.0)
    at = done(cut, *way, do.MoveGantry(through=do.Through.TIP), do.HoldBreath())
    seen = done(at, do.CtStep(beside=True))
    missed = done(at, do.MoveGantry(table_mm=at.couch.table_mm + 20.0), do.CtStep(beside=True))
    assert TROCAR in seen.acquisitions[-1].shows
    assert missed.acquisitions[-1].shows == ()
    assert "unseen" not in lapses(done(seen, into))
    assert "unseen" in lapses(done(missed, into))


def lapses(case: Case) -> list[str]:
    return [event.lapse for event in case.events if isinstance(event, Risk)]


def test_contrast_is_read_when_a_slice_shows_the_disc(cut: Case) -> None:
    outer, needle = "discography_introducer", "discography_needle"
    case = done(
        cut, do.Insert(outer), do.Advance(outer, to=do.Mark.ANNULUS, offset_mm=-20.0), do.Insert(needle),
        do.Advance(needle, to=do.Mark.NUCLEUS_CENTRE), do.InjectContrast(0.5),
    )  # fmt: skip
    assert case.injections[-1].shown is None
    beside = done(case, do.MoveGantry(table_mm=25.0), do.CtStep())
    assert beside.injections[-1].shown is None
    through = done(case, do.MoveGantry(through=do.Through.DISC), do.CtStep())
    shown = through.injections[-1].shown
    assert shown is not None
    assert f"{shown.adams}, Dallas {shown.dallas}" in through.events[-1].words


def test_a_case_under_ct_is_the_same_every_time(lying: Case) -> None:
    steps = (
        do.LayGrid(),
        do.CtScan(),
        do.MoveGantry(through=do.Through.WAY),
        do.CtStep(slices=3),
        do.CtFluoroscopy(1.0),
    )
    assert case_digest(done(lying, *steps)) == case_digest(done(lying, *steps))
    assert case_digest(done(lying, *steps)) != case_digest(done(lying, *steps[:4]))


SENTENCES: tuple[tuple[Action, str], ...] = (
    (do.LayGrid(-5.0), "Lay the grid on the back, its middle at -5 mm."),
    (do.CtScan(-30.0, 30.0), "Scan from -30 to +30 mm, planning."),
    (do.CtStep(3, Preset.ULTRA_LOW_DOSE), "3 CT slices side by side, ultra low dose."),
    (do.CtStep(kv=100.0, ma=40.0, beside=True), "One CT slice, step, 100 kV, 40 mA, the operator beside."),
    (do.CtFluoroscopy(2.0), "CT fluoroscopy for 2 s, fluoroscopy."),
    (do.MoveGantry(through=do.Through.WAY), "Lay the slice through the planned way."),
    (do.MoveGantry(-8.0, 16.0), "Lay the couch to -8 mm, the gantry to +16°."),
)


@pytest.mark.parametrize(("action", "words"), SENTENCES)
def test_what_is_asked_of_the_scanner_reads_as_a_sentence(action: Action, words: str) -> None:
    assert asked(action) == words


def test_pictures_are_made_only_when_asked(lying: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a picture was made")

    monkeypatch.setattr(scanner, "picture_hu", never)
    assert done(lying, do.LayGrid(), do.CtScan(), do.CtFluoroscopy(30.0)).acquisitions
