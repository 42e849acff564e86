"""The 3D room as a pane of the page: turned, brought nearer and pointed into with the mouse. One thread draws it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyvista
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, UInt8Array, unit
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.panes.fluoroscopy import Ray
from dekomp_sim.viewer.probe import Renderer
from dekomp_sim.viewer.scene.anatomy_parts import SKIN_HU
from dekomp_sim.viewer.scene.cameras import ROOM, Orbit, View
from dekomp_sim.viewer.scene.meshes import mesh
from dekomp_sim.viewer.scene.of_case import scene_of
from dekomp_sim.viewer.scene.room import Room3D
from dekomp_sim.viewer.scene.visibility import Visibility
from dekomp_sim.viewer.snapshot import windowed

TURN_DEG_PER_PX: Final = 0.5
"""How far a drag of one pixel turns the room. Assumption: half a turn across a pane."""

STEP: Final = 1.15
"""How much nearer or farther one notch of the wheel goes. Assumption."""

ELEVATION_DEG: Final = 85.0
"""The eye goes no nearer to the axis of the body, where head up has no meaning."""

HEIGHT_MM: Final = (40.0, 3000.0)
"""What may be seen from edge to edge: a disc to a room."""

SKIN_STEP_MM: Final = 1.0
"""Step along a line of sight at which skin is looked for: half a voxel."""

EDGES_PX: Final = (120, 1600)
"""Least and greatest edge of the picture: a page cannot ask for one that takes the memory away."""


class RoomPane:
    """Owns an off-screen plotter; made, used and closed in one thread.

    Parameters
    ----------
    renderer
        What `probe` found; it must draw.
    size
        Width and height in pixels.
    """

    def __init__(self, renderer: Renderer, size: tuple[int, int] = (388, 300)) -> None:
        assert renderer.window_class is not None, "ask probe first"
        samples, pyvista.global_theme.multi_samples = pyvista.global_theme.multi_samples, 0
        try:
            with windowed(renderer.window_class):
                self._plotter = pyvista.Plotter(off_screen=True, window_size=list(size), lighting="none")
        finally:
            pyvista.global_theme.multi_samples = samples
        self._room = Room3D(self._plotter)
        self.view: View | Orbit = View.ROOM

    def picture(self, case: Case, visibility: Visibility, beam: bool) -> UInt8Array:
        """The case from where the eye is, (rows, cols, 3)."""
        self._room.sync(case, self.view, visibility, beam)
        return self._room.picture()

    def resize(self, width: int, height: int) -> bool:
        """Make the picture another size; whether it changed."""
        low, high = EDGES_PX
        size = (min(max(width, low), high), min(max(height, low), high))
        if size == tuple(self._plotter.window_size):
            return False
        self._plotter.window_size = list(size)
        return True

    def turn(self, case: Case, right_px: float, down_px: float) -> None:
        """Turn about the treated disc by a drag."""
        eye = self._orbit(case)
        azimuth = (eye.azimuth_deg - case.side.sign * TURN_DEG_PER_PX * right_px + 180.0) % 360.0 - 180.0
        elevation = eye.elevation_deg + TURN_DEG_PER_PX * down_px
        self.view = replace(
            eye, azimuth_deg=azimuth, elevation_deg=float(np.clip(elevation, -ELEVATION_DEG, ELEVATION_DEG))
        )

    def zoom(self, case: Case, notches: float) -> None:
        """Go nearer (positive) or farther."""
        eye = self._orbit(case)
        self.view = replace(eye, height_mm=float(np.clip(eye.height_mm * STEP**-notches, *HEIGHT_MM)))

    def _orbit(self, case: Case) -> Orbit:
        """Where the eye is now, as a turn about the treated disc."""
        if isinstance(self.view, Orbit):
            return self.view
        if self.view is View.ROOM:
            return ROOM
        camera = self._plotter.camera
        away = np.array(camera.position) - case.shape.patient_from_disc.translation_mm
        distance = float(np.linalg.norm(away))
        height = 2.0 * distance * np.tan(np.radians(camera.view_angle) / 2.0)
        azimuth = np.degrees(np.arctan2(away[0] * case.side.sign, away[1]))
        return Orbit(float(azimuth), float(np.degrees(np.arcsin(away[2] / distance))), float(height))

    def ray(self, x: float, y: float) -> Ray:
        """The line of sight at a pixel."""
        camera, (cols, rows) = self._plotter.camera, self._plotter.window_size
        eye, focus = np.array(camera.position), np.array(camera.focal_point)
        ahead = unit(focus - eye)
        right = unit(np.cross(ahead, np.array(camera.up)))
        scale = 2.0 * np.tan(np.radians(camera.view_angle) / 2.0) / rows
        sideways = (x - (cols - 1) / 2.0) * scale * right - (y - (rows - 1) / 2.0) * scale * np.cross(right, ahead)
        return Ray(eye, ahead + sideways)

    def share_of(self, point_mm: ArrayLike) -> tuple[float, float]:
        """Where a point (3,) of the patient is seen, as shares of width and height from the upper left."""
        camera, (cols, rows) = self._plotter.camera, self._plotter.window_size
        ahead = unit(np.array(camera.focal_point) - np.array(camera.position))
        right = unit(np.cross(ahead, np.array(camera.up)))
        way = np.asarray(point_mm, dtype=np.float64) - np.array(camera.position)
        scale = 2.0 * np.tan(np.radians(camera.view_angle) / 2.0) * max(float(way @ ahead), 1.0)
        across, up = float(way @ right) / scale, float(way @ np.cross(right, ahead)) / scale
        return 0.5 + across * rows / cols, 0.5 - up

    def close(self) -> None:
        """Let the plotter go: one that is not closed keeps its memory."""
        self._plotter.close()


def prepare(case: Case) -> None:
    """Make the meshes of a case, which are then kept: seconds, the first time. Any thread may; nothing is drawn."""
    for part in scene_of(case).parts:
        mesh(part.form)


def on_skin_mm(case: Case, ray: Ray) -> FloatArray | None:
    """(3,) where a line of sight first meets the skin, or None where it passes the patient by."""
    volume = case.patient.volume
    middle = case.shape.patient_from_disc.translation_mm
    near = float((middle - ray.source_mm) @ ray.direction)
    along = np.arange(near - 400.0, near + 400.0, SKIN_STEP_MM)
    points = ray.source_mm + along[:, None] * ray.direction
    inside = volume.hu_at(points) > SKIN_HU
    return np.asarray(points[int(np.argmax(inside))]) if inside.any() else None
