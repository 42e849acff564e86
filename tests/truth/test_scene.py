"""The scene of a case: what is in it and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from trunk import CENTRE_MM, case

from dekomp_sim.anatomy import Level
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import Stain, voxelise
from dekomp_sim.geometry import CArm
from dekomp_sim.instruments import solids
from dekomp_sim.procedure.case import ControlDisc
from dekomp_sim.procedure.records import Tip
from dekomp_sim.viewer.scene.cameras import Cut
from dekomp_sim.viewer.scene.forms import Dashes, Metal
from dekomp_sim.viewer.scene.meshes import mesh, opened
from dekomp_sim.viewer.scene.of_case import scene_of, telling
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.parts import Part


def points_of(part: Part) -> FloatArray:
    return part.patient_from_form.points(mesh(part.form).points)


def test_a_scene_holds_the_patient_the_plan_and_every_instrument() -> None:
    names = {part.name for part in scene_of(case()).parts}
    anatomy = {"vertebra l4", "L3-L4 disc", "L4-L5 disc", "nucleus", "protrusion", "thecal sac", "skin"}
    table = {"table", "mattress", "drape of the legs", "drape of the chest"}
    instruments = {"trocar_cannula", "trocar_cannula hub", "probe", "probe tip"}
    assert names == anatomy | table | instruments | {"planned path, L4-L5", "C", "tube", "detector", "panel"}


def test_the_tip_of_an_instruments_mesh_lies_at_the_tip_of_its_placement() -> None:
    scene = scene_of(case())
    for key, placement in case().placements.items():
        along = (points_of(scene.part(key)) - placement.tip_mm) @ placement.direction
        # The thread's first turn stands out by its wire's radius, 0.125 mm, at a slant.
        assert along.max() == pytest.approx(0.0, abs=0.13)
        assert along.min() == pytest.approx(-placement.instrument.length_mm, abs=1e-3)


def test_an_instruments_mesh_is_as_thick_as_the_instrument() -> None:
    placement = case().placements["trocar_cannula"]
    points = points_of(scene_of(case()).part("trocar_cannula")) - placement.tip_mm
    across = np.linalg.norm(points - np.outer(points @ placement.direction, placement.direction), axis=1)
    # float32 points some 500 mm from the origin are good to 3e-5 mm.
    assert across.max() == pytest.approx(placement.instrument.outer_mm / 2.0, abs=1e-4)
    assert across.min() == pytest.approx(placement.instrument.inner_mm / 2.0, abs=1e-4)


def test_only_what_stands_out_of_the_cannula_shows_through() -> None:
    scene, cannula = scene_of(case()), case().placements["trocar_cannula"]
    beyond = (points_of(scene.part("probe tip")) - cannula.tip_mm) @ cannula.direction
    assert beyond.min() > -0.13
    assert beyond.max() == pytest.approx(8.0, abs=0.13)
    drawn_back = replace(case(), placements={**case().placements, "probe": case().placements["probe"].at_depth(80.0)})
    assert "probe tip" not in {part.name for part in scene_of(drawn_back).parts}


@pytest.mark.parametrize("flipped", [False, True], ids=["grid to the left and headward", "grid to the right, footward"])
def test_meshes_of_labels_and_skin_lie_in_patient_mm_whatever_the_grid(flipped: bool) -> None:
    scene = scene_of(case(flipped))
    for name, low, high in (
        ("vertebra l4", [-24.0, -17.0, 6.5], [24.0, 17.0, 33.5]),
        ("skin", [-95.0, -75.0, -73.5], [95.0, 75.0, 73.5]),
    ):
        points = points_of(scene.part(name)) - CENTRE_MM
        # Half a voxel of 3 mm is what a label map cannot tell; the skin's smoothed air-to-tissue step adds as much.
        assert np.allclose(points.min(axis=0), low, atol=3.0)
        assert np.allclose(points.max(axis=0), high, atol=3.0)


@pytest.mark.parametrize("flipped", [False, True])
def test_surfaces_face_outward_whatever_the_grid(flipped: bool) -> None:
    bone = mesh(scene_of(case(flipped)).part("vertebra l4").form)
    outward = np.sum(bone.point_data["Normals"] * (bone.points - CENTRE_MM - np.array([0.0, 0.0, 20.0])), axis=1)
    assert (outward > 0.0).all()


def test_a_cut_leaves_a_closed_mesh_closed_and_only_what_is_kept() -> None:
    bone = mesh(scene_of(case()).part("vertebra l4").form)
    middle = CENTRE_MM + np.array([0.0, 0.0, 20.0])
    halves = [opened(bone, [Cut(middle, np.array([0.0, 0.0, sign]))]).clean() for sign in (1.0, -1.0)]
    assert [half.n_open_edges for half in halves] == [0, 0]
    assert sum(half.volume for half in halves) == pytest.approx(bone.clean().volume, rel=1e-4)
    assert halves[0].points[:, 2].min() == pytest.approx(middle[2], abs=1e-3)
    assert opened(bone, [Cut(middle + 50.0, np.array([0.0, 0.0, 1.0]))]).n_cells == 0


def test_the_protrusion_lies_behind_the_disc_on_its_own_side() -> None:
    points = points_of(scene_of(case()).part("protrusion")) - CENTRE_MM
    assert points[:, 0].mean() > 5.0
    assert points[:, 1].min() > 8.0


def test_a_hole_in_the_disc_is_drawn_where_the_tissue_is_gone() -> None:
    disc = case().disc
    k, j, i = np.indices(disc.fraction.shape)
    away = disc.patient_from_index.points(np.stack([i, j, k], axis=-1)) - disc.shape.nucleus_centre_mm
    left = np.where(np.linalg.norm(away, axis=-1) < 3.0, 0.0, disc.fraction)
    hole = points_of(scene_of(replace(case(), disc=replace(disc, fraction=left))).part("cavity"))
    radius = np.linalg.norm(hole - disc.shape.nucleus_centre_mm, axis=1)
    # A ball of 0.8 mm voxels, all or nothing, is round to about a voxel.
    assert (np.abs(radius - 3.0) < 0.8).all()


def test_contrast_is_drawn_where_it_is() -> None:
    disc = case().disc
    filled = np.where(disc.tissue == 1, 0.9 * disc.voxel_ml, 0.0)
    medium = scene_of(replace(case(), disc=replace(disc, stain=Stain.of(filled)))).part("contrast")
    assert np.allclose(points_of(medium).mean(axis=0), disc.shape.nucleus_centre_mm, atol=1.0)


def test_the_planned_path_runs_from_skin_to_target_in_dashes() -> None:
    form = scene_of(case()).part("planned path, L4-L5").form
    assert isinstance(form, Dashes)
    ends = form.ends_mm()
    assert ends[0, 0] == pytest.approx(case().plan.entry_mm)
    assert ends[-1, 1] == pytest.approx(case().plan.target_mm)
    assert len(ends) > 8


def test_the_beam_reaches_from_the_focus_to_the_detectors_corners() -> None:
    scene = scene_of(case(), beam=True)
    assert "beam" not in {part.name for part in scene_of(case()).parts}
    points = points_of(scene.part("beam")) - CENTRE_MM
    # Detector behind the prone patient's back at 420 mm, focus 600 mm in front; 512 pixels of 0.6 mm.
    assert points.min(axis=0) == pytest.approx([-153.6, -600.0, -153.6], abs=1e-3)
    assert points.max(axis=0) == pytest.approx([153.6, 420.0, 153.6], abs=1e-3)


def test_what_has_not_changed_is_the_same_object_in_the_next_scene() -> None:
    moved = replace(case(), placements={"trocar_cannula": case().placements["trocar_cannula"].at_depth(40.0)})
    before, after = scene_of(case()), scene_of(moved)
    for name in ("skin", "vertebra l4", "L3-L4 disc", "thecal sac", "L4-L5 disc", "nucleus"):
        assert before.part(name) is after.part(name)
    assert before.part("trocar_cannula") is not after.part("trocar_cannula")


def test_what_only_moves_keeps_its_form() -> None:
    moved = replace(case(), placements={"trocar_cannula": case().placements["trocar_cannula"].at_depth(40.0)})
    turned = replace(case(), carm=CArm(145.0, 12.0, CENTRE_MM))
    for name, later in (("trocar_cannula", moved), ("trocar_cannula hub", moved), ("C", turned), ("tube", turned)):
        assert scene_of(case()).part(name).form is scene_of(later).part(name).form
    tip = points_of(scene_of(moved).part("trocar_cannula")) - moved.placements["trocar_cannula"].tip_mm
    assert (tip @ case().plan.direction).max() == pytest.approx(0.0, abs=1e-3)


def test_a_rolled_probe_turns_its_thread_on_the_screen_as_in_the_x_ray() -> None:
    rolled = replace(case().placements["probe"], roll_deg=50.0)
    later = replace(case(), placements={**case().placements, "probe": rolled})
    there = np.asarray(mesh(Metal(solids(rolled))).points, dtype=np.float64)
    assert points_of(scene_of(later).part("probe")) == pytest.approx(there, abs=1e-3)


def test_a_turned_c_arm_has_its_tube_at_the_focus_and_its_panel_at_the_detector() -> None:
    carm = CArm(145.0, 12.0, CENTRE_MM)
    scene = scene_of(replace(case(), carm=carm))
    panel = points_of(scene.part("panel"))
    assert panel.mean(axis=0) == pytest.approx(carm.detector_centre_mm - 2.0 * carm.towards_detector, abs=1e-3)
    # The housing reaches 150 mm behind and before the focus, 105 mm to each side (`Gantry`).
    along = (points_of(scene.part("tube")) - carm.source_mm) @ carm.towards_detector
    assert (along.min(), along.max()) == (pytest.approx(-150.0, abs=1e-3), pytest.approx(150.0, abs=1e-3))


def test_the_way_of_a_tip_is_drawn_once_for_each_time_it_was_put_in() -> None:
    entry, inward = case().plan.entry_mm, case().plan.direction
    depths = (0.0, 30.0, 20.0, 60.0, 0.0, 50.0)
    track = tuple(Tip(float(n), "trocar_cannula", d, tuple(entry + d * inward)) for n, d in enumerate(depths))
    ways = [part for part in scene_of(replace(case(), track=track)).parts if part.look.layer is Layer.TRACK]
    reached = sorted(float(((points_of(way) - entry) @ inward).max()) for way in ways)
    assert reached == [pytest.approx(50.0, abs=1e-3), pytest.approx(60.0, abs=1e-3)]


def test_the_telling_moment_has_the_most_tips_in_the_disc() -> None:
    bare = replace(case(), placements={}, nest={})
    outside = replace(case(), placements={"trocar_cannula": case().placements["trocar_cannula"].at_depth(20.0)})
    assert telling([bare, outside, case(), outside, bare]) is case()
    assert telling([bare, outside, bare]) is outside


def test_contrast_in_a_control_disc_is_seen_through_it() -> None:
    shape = case().patient.discs[Level.L3_L4]
    empty = voxelise(shape, voxel_mm=0.8)
    filled = replace(empty, stain=Stain.of(0.3 * empty.voxel_ml * empty.coverage))
    for disc, seen in ((empty, False), (filled, True)):
        later = replace(case(), control_discs={Level.L3_L4: ControlDisc(case().plan, disc)})
        found = [part for part in scene_of(later).parts if part.name == "contrast, L3-L4"]
        assert bool(found) is seen
        assert not found or found[0].look.through > 0.0


def test_what_is_closed_stays_closed_however_few_triangles_are_left() -> None:
    for part in scene_of(case()).parts:
        if part.look.layer in {Layer.DISC, Layer.BONE}:
            closed = mesh(part.form).clean()
            assert closed.is_manifold, part.name
            assert closed.n_cells <= 5_500
