"""A picture of a case without a window: ask `probe` first, this draws in the same process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyvista

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files.pictures import png_bytes
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.probe import WINDOW_VARIABLE, Renderer, probe
from dekomp_sim.viewer.scene.cameras import VISIBLE, View, camera
from dekomp_sim.viewer.scene.of_case import scene_of, telling
from dekomp_sim.viewer.scene.parts import Scene
from dekomp_sim.viewer.scene.room import rendered
from dekomp_sim.viewer.scene.stage import NOTICE, Stage
from dekomp_sim.viewer.scene.visibility import Visibility, opens, shown

OVERSAMPLING: Final = 2
"""A picture is drawn this many times larger and averaged: smooth edges at a fraction of what multisampling costs."""


def snapshot(
    cases: Case | Sequence[Case],
    size: tuple[int, int] = (960, 720),
    view: View = View.CLOSE_UP,
    renderer: Renderer | None = None,
    beam: bool = False,
) -> bytes:
    """A PNG of a case, or of the moment of several that shows most.

    Parameters
    ----------
    cases
        One moment, or all of a procedure.
    size
        Width and height in pixels.
    view
        From where.
    renderer
        What `probe` found earlier; asked now (2 s) where None. VTK would crash the process where it cannot draw.
    beam
        Whether X-rays are on.

    Raises
    ------
    InputError
        If nothing can be drawn on this machine.
    """
    case = cases if isinstance(cases, Case) else telling(cases)
    scene = scene_of(case, beam)
    drawn = picture(scene, probe() if renderer is None else renderer, size, view)
    return png_bytes(drawn, {"Description": f"{NOTICE}. {scene.caption()}"})


def picture(
    scene: Scene,
    renderer: Renderer,
    size: tuple[int, int] = (960, 720),
    view: View = View.CLOSE_UP,
    visibility: Visibility | None = None,
) -> UInt8Array:
    """The pixels (rows, cols, 3) of a scene; see `snapshot`. `visibility` is the view's own where None."""
    if renderer.window_class is None:
        raise InputError("3D pictures", renderer.reason, "a machine on which VTK can draw", renderer.remedy)
    chosen = VISIBLE[view] if visibility is None else visibility
    parts, eye = shown(scene, chosen), camera(scene, view)
    large = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    with windowed(renderer.window_class), plotter_of(large) as plotter:
        stage = Stage(plotter, eye.cuts if opens(chosen) else ())
        stage.show(parts)
        stage.look(eye)
        stage.annotate(scene.caption(opens(chosen)), parts)
        return averaged(rendered(plotter))


@contextmanager
def windowed(window_class: str) -> Iterator[None]:
    """Windows made meanwhile are of that class: VTK reads the variable each time it makes one."""
    before = os.environ.get(WINDOW_VARIABLE)
    os.environ[WINDOW_VARIABLE] = window_class
    try:
        yield
    finally:
        if before is None:
            del os.environ[WINDOW_VARIABLE]
        else:
            os.environ[WINDOW_VARIABLE] = before


@contextmanager
def plotter_of(size: tuple[int, int]) -> Iterator[pyvista.Plotter]:
    """An off-screen plotter without multisampling, which costs 5 to 15 times as much in software; always closed."""
    samples = pyvista.global_theme.multi_samples
    pyvista.global_theme.multi_samples = 0
    plotter = pyvista.Plotter(off_screen=True, window_size=list(size), lighting="none")
    try:
        yield plotter
    finally:
        plotter.close()
        pyvista.global_theme.multi_samples = samples


def averaged(pixels: UInt8Array) -> UInt8Array:
    """A picture of half the size, each pixel the mean of four."""
    rows, cols = pixels.shape[0] // OVERSAMPLING, pixels.shape[1] // OVERSAMPLING
    blocks = pixels[:, :, :3].reshape(rows, OVERSAMPLING, cols, OVERSAMPLING, 3)
    return np.asarray(blocks.mean(axis=(1, 3)).round(), dtype=np.uint8)
