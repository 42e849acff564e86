"""Needles bend as a gel bends them, turn with their bevel and push back as their layers do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Patient, Strand, Structure, Volume
from dekomp_sim.geometry import Affine, Rigid, Tube
from dekomp_sim.instruments import (
    CATALOGUE,
    Bend,
    Course,
    Hole,
    Instrument,
    Kind,
    Pass,
    Placement,
    Tip,
    advance,
    crossings_along,
    dug,
    felt_n,
    gel_curvature_per_mm,
    opened_along,
    resistance,
    solids,
    support,
    tissues_along,
)
from dekomp_sim.instruments.deflection import GEL_DEFLECTION_MM, slenderness
from dekomp_sim.instruments.hole import SLACK_MM
from dekomp_sim.instruments.resistance import AHEAD_MM, BONE_STOP_N, GRIT, LAMELLA_MM, LAYERS, even
from dekomp_sim.units import STANDARD_GAUGE_MM

ENTRY = np.array([0.0, 60.0, 0.0])
INWARD = np.array([0.0, -1.0, 0.0])
HEAD = np.array([0.0, 0.0, 1.0])


def needle(tip: Tip, gauge: int = 22) -> Instrument:
    outer, inner = STANDARD_GAUGE_MM[gauge]
    return Instrument("needle", "Needle", Kind.NEEDLE, outer, inner, 152.4, "test", tip=tip)


@cache
def block() -> Patient:
    """Air behind y = 50, skin to 48, fat to 40, muscle in front; a disc at the origin; L4 in front of y = -30.5."""
    hu = np.full((61, 141, 61), 50, dtype=np.int16)
    y = np.arange(141) - 70.0
    hu[:, (y > 40) & (y <= 50), :] = -100
    hu[:, y > 50, :] = -1000
    labels = np.zeros(hu.shape, dtype=np.uint8)
    labels[:, (y > 48) & (y <= 50), :] = Structure.SKIN
    labels[:, y <= -30, :] = Structure.VERTEBRA_L4
    shape = DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 13.0, 9.0)
    volume = Volume(hu, Affine.from_spacing((1, 1, 1), (-30, -70, -30)), labels)
    return Patient("block", volume, {Level.L4_L5: shape}, (), "block")


def pushed(item: Instrument, *legs: tuple[float, float]) -> Placement:
    """Through even gel: (bevel, length) leg by leg."""
    placed = Placement(item, ENTRY, INWARD, 0.0)
    for bevel_deg, length_mm in legs:
        ready = replace(placed, roll_deg=bevel_deg).steered(gel_curvature_per_mm(item))
        placed = ready.at_depth(ready.depth_mm + length_mm)
    return placed


def aside_mm(item: Instrument, gel_mm: float, bevel_deg: float = 0.0) -> float:
    """Deflection toward the head where the path leaves the far face of a slab of gel."""
    course = pushed(item, (bevel_deg, 1.0)).course
    along = np.linspace(0.0, 1.2 * gel_mm, 12001)
    points = course.points(along) - ENTRY
    return float(np.interp(gel_mm, points @ INWARD, points @ HEAD))


@pytest.mark.parametrize("tip", GEL_DEFLECTION_MM)
def test_each_tip_deflects_in_eighty_millimetres_of_gel_as_published(tip: Tip) -> None:
    mean_mm, sd_mm = GEL_DEFLECTION_MM[tip]  # Rand 2016
    assert abs(abs(aside_mm(needle(tip), 80.0)) - mean_mm) < 0.01 * sd_mm


def test_the_published_table_is_typed_as_printed() -> None:
    printed = {"short_bevel": 9.96, "quincke": 8.89, "chiba": 7.71, "tuohy": 7.64, "whitacre": 0.73}
    assert {tip.value: mean for tip, (mean, _) in GEL_DEFLECTION_MM.items()} == printed


def test_a_bevel_facing_the_head_drifts_to_the_feet_and_a_tuohy_to_the_head() -> None:
    assert aside_mm(needle(Tip.QUINCKE), 80.0) < 0.0
    assert aside_mm(needle(Tip.TUOHY), 80.0) > 0.0


def test_a_bevel_facing_the_operators_right_drifts_to_the_left() -> None:
    tip = pushed(needle(Tip.CHIBA), (90.0, 80.0)).tip_mm
    assert tip[0] > 5.0  # from behind, the patient's right lies at the operator's right, and left is +x
    assert abs(tip[2]) < 1e-9


def test_opposite_bevels_mirror() -> None:
    one, other = pushed(needle(Tip.CHIBA), (30.0, 80.0)), pushed(needle(Tip.CHIBA), (210.0, 80.0))
    np.testing.assert_allclose(one.tip_mm * [-1, 1, -1], other.tip_mm, atol=1e-9)


def test_a_turn_by_180_halfway_points_straight_again_and_a_second_one_comes_back_to_the_axis() -> None:
    item = needle(Tip.QUINCKE)
    half = pushed(item, (0.0, 40.0), (180.0, 40.0))
    np.testing.assert_allclose(half.tip_direction, INWARD, atol=1e-12)
    whole = pushed(item, (0.0, 20.0), (180.0, 40.0), (0.0, 20.0))
    np.testing.assert_allclose(whole.tip_mm[[0, 2]], 0.0, atol=1e-9)
    np.testing.assert_allclose(whole.tip_direction, INWARD, atol=1e-12)


def test_the_path_is_the_same_in_one_push_or_a_hundred() -> None:
    item = needle(Tip.SHORT_BEVEL)
    once, often = pushed(item, (70.0, 80.0)), pushed(item, *[(70.0, 0.8)] * 100)
    np.testing.assert_allclose(once.tip_mm, often.tip_mm, atol=1e-9)
    assert len(often.bends) == 1


def test_the_closed_form_is_what_small_steps_add_up_to() -> None:
    course = Course(ENTRY, INWARD, (Bend(10.0, 0.01, 30.0), Bend(50.0, 0.02, 200.0), Bend(70.0, 0.0, 0.0)))
    steps = np.linspace(0.0, 90.0, 9001)
    middle = (steps[1:] + steps[:-1]) / 2.0
    slow = ENTRY + sum(0.01 * course.inward(float(at)) for at in middle)
    np.testing.assert_allclose(course.points(90.0), slow, atol=1e-4)
    np.testing.assert_allclose(course.frame(90.0).translation_mm, course.points(90.0), atol=1e-9)


def test_finer_needles_bend_more_and_a_trocar_does_not_bend() -> None:
    assert slenderness(*STANDARD_GAUGE_MM[22]) == pytest.approx(1.0)
    assert slenderness(*STANDARD_GAUGE_MM[25]) > 1.5
    assert slenderness(*STANDARD_GAUGE_MM[18]) < 0.5
    for key in ("trocar_cannula", "trocar_stylet", "probe", "discography_introducer"):
        assert gel_curvature_per_mm(CATALOGUE[key]) == 0.0


def test_an_introducer_reduces_bending_and_a_thicker_one_more() -> None:
    fine = CATALOGUE["discography_needle"]
    introducer = CATALOGUE["discography_introducer"]
    outer, inner = STANDARD_GAUGE_MM[17]
    thicker = replace(introducer, outer_mm=outer, inner_mm=inner)
    assert 0.0 == support(fine, None) < support(fine, introducer) < support(fine, thicker) < 1.0


def test_without_an_arc_a_course_is_the_line_itself() -> None:
    placed = Placement(CATALOGUE["trocar_cannula"], ENTRY, np.array([0.6, -0.8, 0.0]), 100.0)
    np.testing.assert_array_equal(placed.tip_mm, ENTRY + 100.0 * placed.direction)
    assert len(placed.axis_mm()) == 2
    assert len(solids(placed)) == 1


def test_a_bent_needle_is_a_chain_of_tubes_from_tip_to_hub() -> None:
    placed = pushed(needle(Tip.QUINCKE), (0.0, 80.0))
    chain = [piece for piece in solids(placed) if isinstance(piece, Tube)]
    assert len(chain) == len(solids(placed))
    np.testing.assert_allclose(chain[0].start_mm, placed.tip_mm)
    np.testing.assert_allclose(chain[-1].end_mm, placed.hub_mm)
    lengths = [np.linalg.norm(piece.end_mm - piece.start_mm) for piece in chain]
    assert sum(lengths) == pytest.approx(152.4, abs=0.01)  # chords are shorter than arcs by less than 0.01 mm


def test_a_bent_needle_meets_the_nerve_on_its_arc_and_not_the_one_on_its_line() -> None:
    item = needle(Tip.QUINCKE)
    placed = pushed(item, (0.0, 80.0))
    on_arc = placed.course.points(60.0)
    across = np.array([10.0, 0.0, 0.0])

    def strand(name: str, at: np.ndarray) -> Strand:
        return Strand(name, Structure.NERVE_ROOT, np.array([at - across, at + across]), np.full(2, 1.0), Level.L4_L5)

    body = replace(block(), strands=(strand("arc", on_arc), strand("line", ENTRY + 60.0 * INWARD)))
    met = [c for c in crossings_along(body, placed.course, 0.0, 80.0) if c.structure is Structure.NERVE_ROOT]
    assert [c.name for c in met] == ["arc"]
    assert met[0].pierced
    assert met[0].from_mm == pytest.approx(59.0, abs=0.02)
    assert met[0].to_mm == pytest.approx(61.0, abs=0.02)


def test_bone_stops_a_bent_needle_where_its_arc_meets_it() -> None:
    item = needle(Tip.QUINCKE)
    ready = Placement(item, ENTRY, INWARD, 0.0).steered(gel_curvature_per_mm(item))
    reached = advance(block(), ready, 120.0)
    assert reached.stopped_by is Structure.VERTEBRA_L4
    assert reached.placement.tip_mm[1] == pytest.approx(-29.5, abs=1e-6)
    assert reached.placement.depth_mm > 89.5  # the arc is longer than the line


def test_a_needle_drawn_back_and_pushed_on_as_before_stays_in_its_hole() -> None:
    item = needle(Tip.QUINCKE)
    deep = pushed(item, (0.0, 30.0), (0.0, 30.0))
    hole = Hole(deep.course, 60.0, item.outer_mm)
    again = deep.at_depth(20.0).steered(gel_curvature_per_mm(item))
    assert hole.along_mm(again.course, 60.0) == 60.0
    turned = replace(deep.at_depth(20.0), roll_deg=90.0).steered(gel_curvature_per_mm(item))
    # the ways part by curvature x s^2 / sqrt(2) until they miss the wall by the slack
    parts_mm = 20.0 + np.sqrt(np.sqrt(2.0) * (item.outer_mm / 2.0 + SLACK_MM) / gel_curvature_per_mm(item))
    assert hole.along_mm(turned.course, 60.0) == pytest.approx(parts_mm, abs=1.0)


def test_ways_are_one_hole_while_they_lie_within_its_wall_and_none_where_they_begin_beside_it() -> None:
    hole = Hole(Course(ENTRY, INWARD), 50.0, 1.5)
    assert hole.along_mm(Course(ENTRY + 0.9 * HEAD, INWARD), 80.0) == 50.0
    assert hole.along_mm(Course(ENTRY + 5.0 * HEAD, INWARD), 80.0) == 0.0
    assert hole.along_mm(Course(ENTRY + 3.0 * INWARD, INWARD), 80.0) == 47.0
    away = Course(ENTRY, INWARD + 0.05 * HEAD)  # 1 mm apart, wall and slack, 20 mm in
    assert hole.along_mm(away, 80.0) == pytest.approx(20.0, abs=1.0)
    assert opened_along((hole, Hole(away, 30.0, 0.7)), Course(ENTRY, INWARD), 80.0)[0] == (50.0, 1.5)


def test_a_hole_of_the_same_way_and_width_only_grows_deeper() -> None:
    first, fine = Hole(Course(ENTRY, INWARD), 50.0, 1.5), Hole(Course(ENTRY, INWARD), 70.0, 0.7)
    holes = dug(dug(dug((), first), fine), replace(first, to_mm=40.0))
    assert sorted((hole.outer_mm, hole.to_mm) for hole in holes) == [(0.7, 70.0), (1.5, 50.0)]


def curve(how: Pass, from_mm: float, to_mm: float, *, on_bone: bool = False) -> np.ndarray:
    met = tissues_along(block(), Course(ENTRY, INWARD), 0.0, to_mm + AHEAD_MM)
    return np.array(resistance(met, how, from_mm, to_mm, on_bone=on_bone))


def test_force_rises_before_each_layer_gives_way_and_falls_after() -> None:
    felt = curve(Pass(1.473), 0.0, 75.0)
    depth, force = felt.T
    skin = float(depth[np.argmax(np.where(depth < 15.0, force, 0.0))])
    assert skin == pytest.approx(11.5)  # skin begins at 9.5 mm; it is 2 mm thick and gives way there
    before, after = force[depth == skin][0], force[depth > skin][0]
    assert before == pytest.approx(LAYERS[Structure.SKIN].puncture_n, rel=0.02)
    assert after < 0.3 * before
    rising = force[(depth > 9.5) & (depth <= skin)]
    assert np.all(np.diff(rising) > 0.0)


def test_the_annulus_is_firm_and_gritty_and_the_nucleus_lets_go() -> None:
    met = tissues_along(block(), Course(ENTRY, INWARD), 0.0, 80.0)
    annulus = next(c for c in met if c.structure is Structure.ANNULUS)
    felt = curve(Pass(1.473), 0.0, 75.0)
    depth, force = felt.T
    within = force[(depth > annulus.from_mm + 2.1) & (depth < annulus.to_mm)]
    turns = np.count_nonzero(np.diff(np.sign(np.diff(within))))
    assert turns >= 2 * int((annulus.to_mm - annulus.from_mm - 2.0) / LAMELLA_MM) - 2
    assert within.max() - within.min() > 1.9 * GRIT * LAYERS[Structure.ANNULUS].cutting_n
    lost = force[depth <= annulus.to_mm][-1] - force[depth > annulus.to_mm + 1e-3][0]
    assert lost > 3.0  # loss of resistance


def test_a_second_pass_meets_friction_only() -> None:
    first, second = curve(Pass(1.473), 0.0, 75.0), curve(Pass(1.473, holes=((75.0, 1.473),)), 0.0, 75.0)
    inside = first[:, 0] > 9.6
    assert np.all(second[inside, 1] < first[inside, 1])
    assert np.all(np.diff(second[:, 1]) >= -1e-12)


def test_a_finer_needles_hole_spares_its_own_share_of_the_cutting() -> None:
    fresh, again = curve(Pass(1.473), 0.0, 75.0), curve(Pass(1.473, holes=((75.0, 1.473),)), 0.0, 75.0)
    widened = curve(Pass(1.473, holes=((75.0, 0.718),)), 0.0, 75.0)
    depth = fresh[:, 0]
    rubbing = np.interp(depth, *again.T)
    share = 1.0 - 0.718 / 1.473
    np.testing.assert_allclose(np.interp(depth, *widened.T), rubbing + share * (fresh[:, 1] - rubbing), atol=1e-9)
    half = curve(Pass(1.473, holes=((40.0, 1.473),)), 0.0, 75.0)
    np.testing.assert_allclose(half[half[:, 0] > 40.0, 1], np.interp(half[half[:, 0] > 40.0, 0], *fresh.T), atol=1e-3)


def test_an_incision_spares_the_skin_and_a_guide_the_friction() -> None:
    whole, cut = curve(Pass(1.473), 0.0, 30.0), curve(Pass(1.473, skin_cut=True), 0.0, 30.0)
    assert cut[:, 1].max() < whole[:, 1].max()
    guided = curve(Pass(0.718, free_from_mm=30.0), 30.0, 40.0)
    bare = curve(Pass(0.718), 30.0, 40.0)
    assert np.all(guided[:, 1] < bare[:, 1])


def test_force_grows_with_the_diameter() -> None:
    thin, thick = curve(Pass(0.7365), 0.0, 75.0), curve(Pass(1.473), 0.0, 75.0)
    np.testing.assert_allclose(thick[:, 1], 2.0 * thin[:, 1], atol=1e-12)


def test_force_is_a_function_of_depth_however_the_push_was_divided() -> None:
    whole = curve(Pass(1.473), 0.0, 75.0)
    parts = np.concatenate([curve(Pass(1.473), first, first + 15.0) for first in np.arange(0.0, 75.0, 15.0)])
    np.testing.assert_allclose(np.interp(whole[:, 0], parts[:, 0], parts[:, 1]), whole[:, 1], atol=1e-3)


def test_bone_is_a_firm_end_point() -> None:
    felt = curve(Pass(1.473), 60.0, 89.5, on_bone=True)
    assert felt[-1].tolist() == [89.5, BONE_STOP_N]
    assert felt[-2, 1] < BONE_STOP_N


def test_speckle_of_fat_in_muscle_makes_no_fascia() -> None:
    (muscle,) = (c for c in tissues_along(block(), Course(ENTRY, INWARD), 19.5, 40.0))
    parts = [
        replace(muscle, to_mm=25.0),
        replace(muscle, structure=Structure.FAT, from_mm=25.0, to_mm=26.0),
        replace(muscle, from_mm=26.0),
    ]
    assert even(parts) == (muscle,)
    assert float(felt_n(even(parts), Pass(1.473), 26.5)[0]) < LAYERS[Structure.MUSCLE].puncture_n
