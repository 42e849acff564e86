"""The disc from near, the manometer and the roots' strips say what the case says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.disc import ProbeRun, Tissue, decompress, inject
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.instruments import CATALOGUE, Placement
from dekomp_sim.procedure import Case, Setting, begin
from dekomp_sim.procedure.clinic.card import DiscFindings, PatientCard
from dekomp_sim.procedure.records import Injection
from dekomp_sim.units import kpa_from_psi
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.chart import Axes, stepped, ticks
from dekomp_sim.viewer.panes.disc import (
    STRENGTH,
    TISSUE_COLOURS,
    Cut,
    disc_picture,
    disc_section,
    level_shown,
    removed_picture,
    tissue_picture,
)
from dekomp_sim.viewer.panes.gauges import CURVE, STATIC, manometer, manometer_picture, pressure_picture
from dekomp_sim.viewer.panes.roots import NEAR, root_gaps, roots_picture
from dekomp_sim.viewer.scene.palette import CAVITY


def placed(key: str, entry: tuple[float, float, float], short_mm: float = 0.0) -> Placement:
    """An instrument on the way from an entry to the disc's centre at the origin."""
    at = np.array(entry)
    return Placement(CATALOGUE[key], at, -at, float(np.linalg.norm(at)) - short_mm)


@pytest.fixture(scope="module")
def carved(opened: Case) -> Case:
    """The glass patient's disc, 3 mm about the origin carved out."""
    run = ProbeRun(np.array([0.0, 0.0, 0.0]), np.array([-3.0, 0.0, 0.0]), 40, 120.0)
    return replace(opened, disc=decompress(opened.disc, run)[0])


def injected(case: Case, volume_ml: float) -> Case:
    disc = inject(case.disc, volume_ml, 0.05, 300.0, np.zeros(3))
    given = Injection(100.0, case.level, volume_ml, 0.05, 300.0, 180.0, 250.0)
    return replace(case, disc=disc, injections=(given,), clock_s=100.0)


def shade(tissue: Tissue) -> np.ndarray:
    paper = marks.rgb(marks.PAPER)
    return np.rint(paper + STRENGTH * (marks.rgb(TISSUE_COLOURS[tissue]) - paper))


def test_each_point_of_the_disc_has_its_tissues_colour(opened: Case) -> None:
    section = disc_section(opened, Cut.ACROSS, 300)
    seen = tissue_picture(opened.disc, section)
    for point in ((0.0, 0.0, 0.0), (-22.0, 0.0, 0.0), (0.0, 14.0, 0.0), (17.0, 13.5, 0.0)):
        x, y, off_mm = np.array(section.pixel_of(point))
        tissue = opened.disc.tissue_at(np.array(point) - off_mm * section.inward)
        assert tissue is not Tissue.OUTSIDE
        assert seen[round(y), round(x)] == pytest.approx(shade(tissue), abs=1.0), point
    assert seen[2, 2] == pytest.approx(marks.rgb(marks.PAPER))
    protruded = (np.abs(seen - shade(Tissue.PROTRUSION)).max(axis=2) <= 1.0).nonzero()[1]
    assert protruded.min() > 150, "the protrusion on the left is on the picture's right"


def test_what_was_carved_is_pink_and_what_was_injected_is_white(opened: Case, carved: Case) -> None:
    def middle(disc: Disc) -> np.ndarray:
        section = disc_section(replace(opened, disc=disc), Cut.ACROSS, 301)
        x, y, _ = section.pixel_of((-1.0, 0.0, 0.0))
        return np.asarray(tissue_picture(disc, section)[round(y), round(x)], dtype=float)

    whole, pink = shade(Tissue.NUCLEUS), marks.rgb(CAVITY.colour)
    assert (carved.disc.coverage - carved.disc.fraction).max() > 0.5
    seen = middle(carved.disc)
    assert np.linalg.norm(seen - pink) < np.linalg.norm(whole - pink)
    assert middle(injected(opened, 1.5).disc).min() > 160.0
    assert middle(opened.disc) == pytest.approx(whole, abs=1.0)


def test_both_sections_go_through_the_tip_and_the_second_holds_the_probe(opened: Case) -> None:
    probe = placed("probe", (50.0, 50.0, 9.0), short_mm=2.0)
    case = replace(opened, placements={"probe": probe})
    across, along = (disc_section(case, cut, 300) for cut in Cut)
    assert across.pixel_of(probe.tip_mm)[2] == pytest.approx(0.0, abs=1e-9)
    for point in (probe.tip_mm, probe.entry_mm):
        assert along.pixel_of(point)[2] == pytest.approx(0.0, abs=1e-9)
    assert along.pixel_of(probe.entry_mm)[0] > along.pixel_of(probe.tip_mm)[0], "a left approach comes from the right"
    assert along.down == (0.0, 0.0, -1.0)
    shown, bare = disc_picture(case, Cut.ALONG), disc_picture(case, Cut.ALONG, instruments=False)
    x, y, _ = along.pixel_of(probe.course.points(probe.depth_mm - 8.0))
    assert np.abs(shown[round(y), round(x)].astype(int) - bare[round(y), round(x)]).max() > 60


def test_the_bar_of_a_tissue_is_as_long_as_what_was_taken_of_it(carved: Case) -> None:
    removed = carved.disc.ledger.removed_ml
    seen = removed_picture(carved, (170, 300))
    bar = (seen == marks.rgb(TISSUE_COLOURS[Tissue.NUCLEUS])).all(axis=2)
    size = round(300 / 26)
    room = 300 - 8.0 * size - 6.5 * size
    most = max(0.5, 1.1 * float(removed.max()))
    assert bar.any(axis=0).sum() == pytest.approx(removed[Tissue.NUCLEUS] / most * room, abs=1.0)


def test_the_manometer_reads_nothing_before_the_first_contrast_then_rest_and_flow(opened: Case) -> None:
    assert manometer(opened).static_kpa is None
    assert not manometer(opened).connected
    needle = placed("discography_needle", (50.0, 50.0, 0.0))
    waiting = replace(opened, placements={"discography_needle": needle})
    assert manometer(waiting).connected
    assert manometer(waiting).opening_kpa is None
    read = manometer(injected(waiting, 0.5))
    # 100 kPa at rest, grade 0 to 5 elastance of the card times half a mL
    assert read.opening_kpa == 100.0
    assert read.dynamic_kpa == 250.0
    assert read.stop_kpa == pytest.approx(100.0 + kpa_from_psi(50.0))
    assert read.static_kpa is not None
    assert read.static_kpa > 110.0
    assert manometer(injected(opened, 0.5)).static_kpa == 180.0, "the needle is out: the last reading stays"


@pytest.mark.parametrize(("psi", "turn_deg"), [(0.0, 225.0), (50.0, 90.0), (100.0, -45.0)])
def test_the_hand_stands_where_the_dial_says(opened: Case, psi: float, turn_deg: float) -> None:
    needle = placed("discography_needle", (50.0, 50.0, 0.0))
    case = injected(replace(opened, placements={"discography_needle": needle}), 0.5)
    still = replace(case.disc, opening_kpa=0.0)
    surplus = manometer(replace(case, disc=still)).static_kpa
    assert surplus is not None
    # opening pressure chosen such that the reading is the wanted one; below 0 there is no pressure
    shown = replace(case, disc=replace(still, opening_kpa=kpa_from_psi(psi) - surplus if psi else -1e6))
    seen = manometer_picture(shown, 240).astype(float)
    white = (np.abs(seen - marks.rgb(STATIC)) < 8.0).all(axis=2)
    y, x = np.nonzero(white)
    turns = np.degrees(np.arctan2(0.45 * 240 - y, x - 120.0))
    reach = np.hypot(x - 120.0, y - 0.45 * 240)
    hand = turns[(reach > 20.0) & (reach < 55.0)]
    assert np.abs((hand - turn_deg + 180.0) % 360.0 - 180.0).max() < 8.0


def test_the_pressure_curve_ends_at_the_disc_s_pressure_and_is_a_staircase(opened: Case) -> None:
    cases = [replace(opened, clock_s=0.0), replace(opened, clock_s=60.0), replace(injected(opened, 1.0), clock_s=120.0)]
    seen = pressure_picture(cases, (170, 300))
    line = np.asarray((np.abs(seen.astype(float) - marks.rgb(CURVE)) < 25.0).all(axis=2))
    rows = [np.flatnonzero(line[:, col]).mean() for col in np.flatnonzero(line.any(axis=0))]
    assert rows[0] > rows[-1], "it has risen"


def test_axes_put_the_least_at_the_lower_left_and_break_at_what_is_not_a_number() -> None:
    axes = Axes(10.0, 20.0, 110.0, 70.0, (0.0, 50.0), (0.0, 5.0))
    places = axes.places([0.0, 50.0, 25.0, 99.0], [0.0, 5.0, math.nan, 5.0])
    assert places[[0, 1, 3]].tolist() == [[10.0, 70.0], [110.0, 20.0], [110.0, 20.0]]
    assert math.isnan(places[2, 1])
    x, y = stepped(np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]))
    assert list(zip(x, y, strict=True)) == [(0.0, 5.0), (1.0, 5.0), (1.0, 6.0), (2.0, 6.0), (2.0, 7.0)]
    assert ticks(0.0, 1.0).tolist() == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_root_sees_the_needle_at_the_distance_of_paper(opened: Case) -> None:
    strand = next(one for one in opened.patient.strands if one.name == "left L4 exiting root")
    at = strand.path_mm[len(strand.path_mm) // 2]
    radius = float(strand.radius_mm[len(strand.path_mm) // 2])
    # a needle that ends 5 mm behind a point of the root, coming straight from behind
    tip = at + np.array([0.0, 5.0 + radius, 0.0])
    needle = Placement(
        CATALOGUE["discography_needle"], np.array([tip[0], 72.0, tip[2]]), np.array([0.0, -1.0, 0.0]), 72.0 - tip[1]
    )
    cases = [replace(opened, clock_s=0.0), replace(opened, clock_s=60.0, placements={"discography_needle": needle})]
    found = root_gaps(cases)
    assert np.isnan(found.distance_mm[0]).all()
    mine = found.names.index("left L4 exiting root")
    # the root is not quite square to the needle, so a little nearer than 5 mm elsewhere
    expected = 5.0 - needle.instrument.radius_mm
    assert found.distance_mm[1, mine] == pytest.approx(expected, abs=0.8)
    assert found.distance_mm[1, mine] <= expected + 1e-6
    assert found.distance_mm[1, 0] == found.distance_mm[1].min(), "the nearest comes first"


def test_a_root_that_is_touched_is_told_in_red_and_none_without_an_instrument(opened: Case) -> None:
    strand = next(one for one in opened.patient.strands if one.name == "left L4 exiting root")
    at = strand.path_mm[len(strand.path_mm) // 2]
    needle = Placement(
        CATALOGUE["discography_needle"], np.array([at[0], 72.0, at[2]]), np.array([0.0, -1.0, 0.0]), 72.0 - at[1]
    )
    through = [
        opened,
        replace(opened, clock_s=30.0, placements={"discography_needle": needle}),
        replace(opened, clock_s=90.0),
    ]
    red = (np.abs(roots_picture(through).astype(float) - marks.rgb(NEAR)) < 10.0).all(axis=2)
    none = (np.abs(roots_picture([opened]).astype(float) - marks.rgb(NEAR)) < 10.0).all(axis=2)
    assert red.sum() > 300
    assert not none.any()


def test_the_control_disc_is_shown_while_the_needle_is_in_it(glass: Patient) -> None:
    card = PatientCard(controls={Level.L3_L4: DiscFindings()})
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, card))
    assert level_shown(case) is Level.L4_L5
    entry = np.array([50.0, 50.0, 36.0])
    needle = Placement(CATALOGUE["discography_needle"], entry, -entry + (0.0, 0.0, 36.0), float(np.hypot(50.0, 50.0)))
    there = replace(case, placements={"discography_needle": needle})
    assert level_shown(there) is Level.L3_L4
    assert disc_section(there, Cut.ACROSS, 300).pixel_of(needle.tip_mm)[2] == pytest.approx(0.0, abs=1e-9)
    given = Injection(50.0, Level.L3_L4, 0.5, 0.05, 300.0, 150.0, 210.0)
    injected_there = replace(there, injections=(given,))
    assert manometer(injected_there).dynamic_kpa == 210.0
    back = replace(
        there, injections=(given,), placements={"discography_needle": placed("discography_needle", (50.0, 50.0, 0.0))}
    )
    assert level_shown(back) is Level.L4_L5
    assert manometer(back).opening_kpa is None, "this disc has not been injected"
