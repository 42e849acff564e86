"""The scene of a case: what is in it and where, and whether a picture of it shows the instruments."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from trunk import CENTRE_MM, case

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.disc import Stain, voxelise
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry import CArm, Tube
from dekomp_sim.instruments import solids
from dekomp_sim.procedure.case import ControlDisc
from dekomp_sim.procedure.records import Tip
from dekomp_sim.viewer.probe import Renderer, probe
from dekomp_sim.viewer.scene import palette
from dekomp_sim.viewer.scene.cameras import VISIBLE, Camera, Cut, Orbit, View, camera, letters, view_from
from dekomp_sim.viewer.scene.forms import Dashes, Metal
from dekomp_sim.viewer.scene.meshes import mesh, opened
from dekomp_sim.viewer.scene.of_case import scene_of, telling
from dekomp_sim.viewer.scene.palette import Layer, Look
from dekomp_sim.viewer.scene.parts import Part, Scene
from dekomp_sim.viewer.scene.room import Room3D
from dekomp_sim.viewer.scene.visibility import EXAM, PRACTICE, STRIPPED, Shown, shown
from dekomp_sim.viewer.snapshot import picture, plotter_of, snapshot, windowed


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


def test_translucent_parts_are_drawn_after_solid_ones() -> None:
    opacities = [part.look.opacity < 1.0 for part in shown(scene_of(case()), PRACTICE)]
    assert opacities == sorted(opacities)
    assert any(opacities)


LOOKS = [look for look in vars(palette).values() if isinstance(look, Look)]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.layer} {look.colour}")
def test_each_layer_can_be_shown_ghosted_and_hidden(look: Look) -> None:
    scene = replace(scene_of(case()), parts=(Part("it", Metal(()), look),))
    opacities = {how: [part.look.opacity for part in shown(scene, {**PRACTICE, look.layer: how})] for how in Shown}
    assert opacities[Shown.HIDDEN] == []
    assert opacities[Shown.SHOWN] == [look.opacity]
    assert opacities[Shown.GHOST][0] < look.opacity
    assert opacities[Shown.GHOST][0] <= 0.5


def test_in_an_examination_only_skin_instruments_and_the_machine_are_left_and_nothing_shines_through() -> None:
    scene = scene_of(case(), beam=True)
    left = shown(scene, EXAM)
    seen = {Layer.SKIN, Layer.INSTRUMENT, Layer.C_ARM, Layer.TABLE, Layer.BEAM}
    assert {part.look.layer for part in left} == seen
    assert {part.look.opacity for part in left if part.look.layer is Layer.SKIN} == {1.0}
    assert {part.look.through for part in left} == {0.0}
    assert any(part.look.through > 0.0 for part in scene.parts)


def test_the_tissue_comes_off_step_by_step_until_instruments_and_plan_are_alone() -> None:
    counts = [len(shown(scene_of(case()), step)) for step in STRIPPED]
    assert counts == sorted(counts, reverse=True)
    last = {part.look.layer for part in shown(scene_of(case()), STRIPPED[-1])}
    assert last == {Layer.INSTRUMENT, Layer.PLAN}


def test_what_is_drawn_the_same_is_the_same_object() -> None:
    first, second = (shown(scene_of(case()), PRACTICE) for _ in range(2))
    assert [id(part) for part in first if part.name == "skin"] == [id(part) for part in second if part.name == "skin"]


def test_the_telling_moment_has_the_most_tips_in_the_disc() -> None:
    bare = replace(case(), placements={}, nest={})
    outside = replace(case(), placements={"trocar_cannula": case().placements["trocar_cannula"].at_depth(20.0)})
    assert telling([bare, outside, case(), outside, bare]) is case()
    assert telling([bare, outside, bare]) is outside


@pytest.mark.parametrize("view", list(View))
def test_left_and_up_are_where_the_letters_say(view: View) -> None:
    seen = camera(scene_of(case()), view)
    upward = [0.0, 1.0, 0.0] if view in {View.AXIAL, View.ROOM} else [0.0, 0.0, 1.0]
    assert seen.upward @ upward > 0.8
    if view in {View.AXIAL, View.OVERVIEW}:
        # From behind, and from the feet with the back up, the patient's left is on the left.
        assert seen.right[0] < -0.9
        assert letters(seen.right) == "R"


def test_the_needles_own_view_has_its_tip_and_its_hub_on_one_line() -> None:
    eye = camera(scene_of(case()), View.NEEDLE)
    cannula = case().placements["trocar_cannula"]
    for point in (cannula.tip_mm, cannula.hub_mm):
        assert np.abs(np.subtract(pixel_of(point, eye), (119.5, 159.5))).max() < 1.0
    assert eye.upward[2] > 0.9


def test_a_camera_may_stand_anywhere_about_the_disc_and_a_wrong_one_is_told_what_is_allowed() -> None:
    eye = camera(scene_of(case()), view_from("90,0,200"))
    assert (eye.position_mm - CENTRE_MM)[1:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert view_from("needle") is View.NEEDLE
    assert view_from("-20,30,400") == Orbit(-20.0, 30.0, 400.0)
    for wrong in ("behind", "1,2", "1,2,x"):
        with pytest.raises(InputError, match=r"camera: found .*; allowed: close-up, .*azimuth_deg,elevation_deg"):
            view_from(wrong)
    with pytest.raises(OutOfRangeError, match="camera"):
        view_from("0,0,nan")


@pytest.mark.parametrize("side", list(Side))
def test_the_room_is_seen_from_the_operators_side_with_the_ceiling_up(side: Side) -> None:
    eye = camera(replace(scene_of(case()), side=side), View.ROOM)
    away = eye.position_mm - CENTRE_MM
    assert away[0] * side.sign > 500.0
    assert away[1] > 500.0
    assert eye.upward @ [0.0, 1.0, 0.0] > 0.8
    level = camera(replace(scene_of(case()), side=side), Orbit(0.0, 0.0, 400.0, lying=True))
    assert (level.position_mm - CENTRE_MM)[1:] == pytest.approx([0.0, 0.0], abs=1e-9)


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


def test_the_close_up_sees_the_side_of_the_approach() -> None:
    for side, forward in ((Side.LEFT, "P"), (Side.RIGHT, "A")):
        eye = camera(replace(scene_of(case()), side=side), View.CLOSE_UP)
        assert (eye.position_mm - CENTRE_MM)[0] * side.sign > 100.0
        # Seen from the patient's left, the back is to the right.
        assert letters(eye.right) == forward


def test_the_viewer_room_opens_without_pyvista() -> None:
    said = run(
        [
            sys.executable,
            "-c",
            "import sys, dekomp_sim.viewer, dekomp_sim.viewer.probe; print('pyvista' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"


def test_a_missing_library_is_a_reason_and_not_a_crash(tmp_path: Path) -> None:
    # Empty files found first hide the real EGL and OSMesa: VTK then ends its process with a segmentation fault.
    for name in ("libEGL.so.1", "libEGL.so", "libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"):
        (tmp_path / name).touch()
    hidden = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    hidden.pop("DISPLAY", None)
    answer = probe(hidden)
    if answer:
        pytest.skip(f"LD_LIBRARY_PATH hides nothing here: {answer.reason}")
    assert "vtkEGLRenderWindow: crashed (signal " in answer.reason
    assert "vtkOSOpenGLRenderWindow: crashed (signal " in answer.reason
    assert "sudo apt-get install libegl1 libgl1-mesa-dri libx11-6" in answer.remedy


def test_a_renderer_that_never_answers_is_given_up() -> None:
    answer = probe(timeout_s=0.01)
    assert not answer
    assert "no picture within 0.01 s" in answer.reason


def test_a_picture_that_cannot_be_drawn_is_refused_with_what_to_install() -> None:
    with pytest.raises(InputError, match=r"3D pictures: found crashed; allowed: .* Install it\."):
        snapshot(case(), renderer=Renderer(None, "crashed", "Install it"))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    found = probe()
    if not found:
        pytest.skip(f"this machine cannot draw: {found.reason}")
    return found


SIZE = (320, 240)


def pixel_of(point_mm: FloatArray, eye: Camera) -> tuple[int, int]:
    """Row and column where a point (3,) should appear, by a pinhole camera."""
    ray = point_mm - eye.position_mm
    forward = (eye.focus_mm - eye.position_mm) / np.linalg.norm(eye.focus_mm - eye.position_mm)
    scale = SIZE[1] / 2.0 / np.tan(np.radians(eye.height_deg / 2.0)) / (ray @ forward)
    row = (SIZE[1] - 1) / 2.0 - scale * (ray @ eye.upward)
    return round(float(row)), round(float((SIZE[0] - 1) / 2.0 + scale * (ray @ eye.right)))


def steel_is_seen(pixels: UInt8Array, scene: Scene, eye: Camera) -> bool:
    """Whether the cannula appears, bright and without colour, where it should be outside the body."""
    form = scene.part("trocar_cannula").form
    assert isinstance(form, Metal)
    (shaft,) = form.solids
    assert isinstance(shaft, Tube)
    along = np.linspace(0.7, 0.95, 6)[:, None]
    points = shaft.start_mm + along * (shaft.end_mm - shaft.start_mm)
    places = [pixel_of(point, eye) for point in scene.part("trocar_cannula").patient_from_form.points(points)]
    colours = np.array(
        [pixels[row - 1 : row + 2, col - 1 : col + 2].max(axis=(0, 1)) for row, col in places], dtype=int
    )
    # Background and trunk stay below 110, and steel under the lamp is grey to within 30.
    return bool((colours.min(axis=1) > 120).all() and (np.ptp(colours, axis=1) < 30).all())


def recoloured(scene: Scene, name: str, colour: str) -> Scene:
    parts = (
        replace(part, look=replace(part.look, colour=colour)) if part.name == name else part for part in scene.parts
    )
    return replace(scene, parts=tuple(parts))


def test_a_picture_shows_the_cannula_and_would_not_pass_without_it(renderer: Renderer) -> None:
    scene = scene_of(case())
    eye = camera(scene, View.OVERVIEW)
    shown = picture(scene, renderer, SIZE, View.OVERVIEW)
    assert shown.shape == (240, 320, 3)
    assert steel_is_seen(shown, scene, eye)
    hidden = replace(scene, parts=tuple(part for part in scene.parts if part.look.layer is not Layer.INSTRUMENT))
    assert not steel_is_seen(picture(hidden, renderer, SIZE, View.OVERVIEW), scene, eye)
    purple = recoloured(scene, "trocar_cannula", "#8000ff")
    assert not steel_is_seen(picture(purple, renderer, SIZE, View.OVERVIEW), scene, eye)


def test_the_probes_tip_is_seen_in_the_disc_in_the_close_up(renderer: Renderer) -> None:
    scene = scene_of(case())
    row, col = pixel_of(case().placements["probe"].tip_mm - 4.0 * case().plan.direction, camera(scene, View.CLOSE_UP))
    without = replace(scene, parts=tuple(part for part in scene.parts if not part.name.startswith("probe")))
    shown, bare = (
        picture(one, renderer, SIZE)[row - 2 : row + 3, col - 2 : col + 3].astype(int) for one in (scene, without)
    )
    # Orange over blue-green: redder by far more than shading changes.
    assert (shown - bare)[..., 0].max() > 40


def test_the_same_scene_gives_the_same_picture(renderer: Renderer) -> None:
    first, second = (picture(scene_of(case()), renderer, SIZE, View.AXIAL) for _ in range(2))
    assert (first == second).all()


def test_a_scene_drawn_over_another_looks_as_if_drawn_afresh(renderer: Renderer) -> None:
    assert renderer.window_class is not None
    moved = replace(case(), placements={"trocar_cannula": case().placements["trocar_cannula"].at_depth(40.0)}, nest={})
    turned = replace(moved, carm=CArm(145.0, 12.0, CENTRE_MM))
    taken = []
    for cases in ([case(), moved, turned], [turned]):
        with windowed(renderer.window_class), plotter_of(SIZE) as plotter:
            room = Room3D(plotter)
            for one in cases:
                for view in (View.AXIAL, View.ROOM):
                    room.sync(one, view, PRACTICE)
                    drawn = room.picture().astype(int)
            taken.append(drawn)
    # The probe, its tip shown through, its line of the key and the cut must be gone without a trace.
    assert (taken[0] == taken[1]).all()


def test_a_moving_needle_and_a_turning_c_arm_add_nothing_to_what_is_kept(renderer: Renderer) -> None:
    assert renderer.window_class is not None
    cannula = case().placements["trocar_cannula"]
    moments = [
        replace(
            case(),
            placements={"trocar_cannula": cannula.at_depth(40.0 + number)},
            nest={},
            carm=CArm(150.0 + number, 0.0, CENTRE_MM),
        )
        for number in range(8)
    ]
    peaks_kb = []
    with windowed(renderer.window_class), plotter_of((160, 120)) as plotter:
        room = Room3D(plotter)
        for _ in range(3):
            for number in range(40):
                room.sync(moments[number % 8], View.ROOM, PRACTICE, beam=True)
                room.picture()
            peaks_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            # One actor for each part and one more for each that shines through, words apart.
            drawn = shown(scene_of(moments[0], beam=True), PRACTICE)
            actors = list(plotter.renderer.GetActors())
            assert len(actors) == len(drawn) + sum(part.look.through > 0.0 for part in drawn)
    # 80 pictures of 160 x 120 that were kept would be 4.6 MB, 80 plotters 1 GB.
    assert peaks_kb[-1] - peaks_kb[0] < 4_000


def test_in_an_examination_a_needle_beneath_the_skin_is_not_seen(renderer: Renderer) -> None:
    assert renderer.window_class is not None
    cannula = case().placements["trocar_cannula"]
    deep, bent = (replace(case(), placements={"trocar_cannula": cannula}, nest={}) for _ in range(2))
    aside = np.cross(cannula.direction, [0.0, 0.0, 1.0])
    other = replace(cannula, direction=cannula.direction + 0.3 * aside)
    with windowed(renderer.window_class), plotter_of(SIZE) as plotter:
        room = Room3D(plotter)
        pictures = {}
        for name, one in (("deep", deep), ("bent", replace(bent, placements={"trocar_cannula": other}))):
            for look, visibility in (("exam", EXAM), ("practice", PRACTICE)):
                room.sync(one, View.AXIAL, visibility)
                pictures[name, look] = room.picture().astype(int)
    # From the feet the trunk hides both needles; only without the skin in between they differ.
    inside = (slice(120, 200), slice(100, 200))
    assert (pictures["deep", "exam"][inside] == pictures["bent", "exam"][inside]).all()
    assert (pictures["deep", "practice"][inside] != pictures["bent", "practice"][inside]).any()


def test_the_words_of_an_examination_do_not_tell_what_was_removed() -> None:
    scene = scene_of(case())
    assert scene.caption() == "L4-L5 from the left; 0:00 min, 0.00 mL removed"
    assert scene.caption(opened=False) == "L4-L5 from the left; 0:00 min"


def test_a_snapshot_is_a_png_that_says_it_is_simulated(renderer: Renderer) -> None:
    data = snapshot([case()], SIZE, renderer=renderer)
    assert data.startswith(b"\x89PNG")
    assert b"Comment\0\0\0\0\0SIMULATED - NOT FOR CLINICAL USE" in data


def test_hidden_layers_are_left_out_of_the_views_they_would_hide() -> None:
    close = shown(scene_of(case()), VISIBLE[View.CLOSE_UP])
    assert "skin" not in {part.name for part in close}
    assert "skin" in {part.name for part in shown(scene_of(case()), VISIBLE[View.OVERVIEW])}
