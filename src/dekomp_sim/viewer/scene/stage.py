"""A scene drawn into a PyVista plotter of any kind: off-screen, window or browser. Draws again only what changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyvista

from dekomp_sim.viewer.scene.cameras import Camera, Cut, letters
from dekomp_sim.viewer.scene.meshes import mesh, opened
from dekomp_sim.viewer.scene.palette import BACKGROUND, INK, Layer, Look
from dekomp_sim.viewer.scene.parts import Part

NOTICE: Final = "SIMULATED - NOT FOR CLINICAL USE"
"""Burned into every picture."""

LETTERS: Final = 0.022
"""Height of letters over the picture's height."""


IN_FRONT: Final = -66_000.0
"""Offset in units of depth that brings a ghost before everything else."""


PROUD_MM: Final = 0.1
"""How far a cut solid part stands out of a cut translucent one, so that faces in one plane do not flicker."""

WHOLE: Final = frozenset({Layer.INSTRUMENT, Layer.PLAN})
"""What no cut goes through."""


def _ghost(name: str) -> str:
    return f"{name}, through"


class Stage:
    """Keeps a plotter showing the parts it was last given.

    Parameters
    ----------
    plotter
        Made, rendered and closed by the caller, in one thread.
    cuts
        Planes that open everything but instruments and the plan.
    """

    def __init__(self, plotter: pyvista.Plotter, cuts: tuple[Cut, ...] = ()) -> None:
        self.plotter = plotter
        self._shown: dict[str, Part] = {}
        self._cuts = cuts
        self._written: list[str] = []
        plotter.renderer.set_background(BACKGROUND)
        plotter.renderer.remove_all_lights()
        plotter.add_light(pyvista.Light(light_type="headlight"))

    def show(self, parts: Iterable[Part]) -> None:
        """Draw the parts: those that are new or changed are made, those that are gone are taken away."""
        wanted = {part.name: part for part in parts}
        for name in self._shown.keys() - wanted.keys():
            self._remove(name)
        for name, part in wanted.items():
            if self._shown.get(name) is not part:
                self._add(part)
        self._shown = wanted
        self._order()

    def _order(self) -> None:
        """Put the actors in the order of their parts: VTK blends what is translucent in the order it was given."""
        renderer = self.plotter.renderer
        wanted = [actor for part in self._shown for actor in (part, _ghost(part))]
        for actor in [renderer.actors[name] for name in wanted if name in renderer.actors]:
            renderer.RemoveViewProp(actor)
            renderer.AddViewProp(actor)

    def _add(self, part: Part) -> None:
        triangles, look = mesh(part.form), part.look
        if look.layer not in WHOLE:
            triangles = opened(triangles, self._cuts, PROUD_MM if look.opacity == 1.0 else 0.0)
        self._remove(part.name)
        if not triangles.n_cells:
            return
        self._draw(part.name, triangles, look, look.opacity)
        if look.through > 0.0:
            ghost = self._draw(_ghost(part.name), triangles, look, look.through)
            ghost.mapper.SetResolveCoincidentTopologyToPolygonOffset()
            ghost.mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(0.0, IN_FRONT)

    def _draw(self, name: str, triangles: pyvista.PolyData, look: Look, opacity: float) -> pyvista.Actor:
        return self.plotter.add_mesh(
            triangles,
            name=name,
            color=look.colour,
            opacity=opacity,
            smooth_shading=True,
            specular=look.gloss,
            specular_power=25.0,
            ambient=look.glow,
            diffuse=1.0 - 0.5 * look.glow,
            culling="back" if opacity < 1.0 else None,  # one layer of each translucent thing, the nearer
            reset_camera=False,
            render=False,
        )

    def _remove(self, name: str) -> None:
        for actor in (name, _ghost(name)):
            self.plotter.renderer.remove_actor(actor, reset_camera=False, render=False)

    def look(self, camera: Camera) -> None:
        """Look from there, and letter the edges of the picture with the directions of the body."""
        eye = self.plotter.camera
        eye.position, eye.focal_point = tuple(camera.position_mm), tuple(camera.focus_mm)
        eye.up, eye.view_angle = tuple(camera.upward), camera.height_deg
        self.plotter.renderer.ResetCameraClippingRange()
        right, up = camera.right, camera.upward
        self._write(letters(right), (0.985, 0.5), "right", bold=True)
        self._write(letters(-right), (0.015, 0.5), "left", bold=True)
        self._write(letters(up), (0.5, 0.95), "center", bold=True)
        self._write(letters(-up), (0.5, 0.015), "center", bold=True)

    def annotate(self, caption: str, parts: Iterable[Part]) -> None:
        """Write the notice, the caption's lines and a key to the colours, instead of what was written before."""
        for name in self._written:
            self.plotter.renderer.remove_actor(name, reset_camera=False, render=False)
        self._written = [self._write(NOTICE, (0.012, 0.955), bold=True)]
        for line, words in enumerate(reversed(caption.split("; "))):
            self._written.append(self._write(words, (0.985, 0.015 + 0.033 * line), "right"))
        key = {part.look.meaning: part.look for part in parts if part.look.meaning}
        for line, (meaning, look) in enumerate(sorted(key.items(), reverse=True)):
            self._written.append(self._write("    ", (0.012, 0.018 + 0.033 * line), patch=look.colour))
            self._written.append(self._write(meaning, (0.045, 0.015 + 0.033 * line)))

    def _write(
        self,
        text: str,
        at: tuple[float, float],
        side: str = "left",
        bold: bool = False,
        patch: str | None = None,
    ) -> str:
        """Put words at a place of the picture (0 to 1, right and up), replacing what stood there; the actor's name."""
        words = pyvista.Text(text)
        words.prop = pyvista.TextProperty(
            color=INK,
            bold=bold,
            font_size=max(6, round(LETTERS * self.plotter.window_size[1])),
            justification_horizontal=side,
            background_color=patch or BACKGROUND,
            background_opacity=1.0 if patch else 0.6,
        )
        words.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        words.position = at
        name = f"words at {at}"
        self.plotter.add_actor(words, name=name, reset_camera=False, render=False)
        return name
