"""A scene as a picture: whether it shows the instruments, and what a machine says that cannot draw."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from pinhole import SIZE, pixel_of
from trunk import CENTRE_MM, case

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.geometry import CArm, Tube
from dekomp_sim.viewer.probe import Renderer, probe
from dekomp_sim.viewer.scene.cameras import Camera, View, camera
from dekomp_sim.viewer.scene.forms import Metal
from dekomp_sim.viewer.scene.of_case import scene_of
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.parts import Scene
from dekomp_sim.viewer.scene.room import Room3D
from dekomp_sim.viewer.scene.visibility import EXAM, PRACTICE, shown
from dekomp_sim.viewer.snapshot import picture, plotter_of, snapshot, windowed


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


def test_a_snapshot_is_a_png_that_says_it_is_simulated(renderer: Renderer) -> None:
    data = snapshot([case()], SIZE, renderer=renderer)
    assert data.startswith(b"\x89PNG")
    assert b"Comment\0\0\0\0\0SIMULATED - NOT FOR CLINICAL USE" in data
