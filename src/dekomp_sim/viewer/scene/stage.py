"""A scene drawn into a PyVista plotter of any kind: off-screen, window or browser.

Draws again only what changed: what moved is put elsewhere, what changed its form keeps its actor, and what stayed as it
was is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyvista

from dekomp_sim.geometry import Rigid
from dekomp_sim.viewer.scene.cameras import Camera, Cut, letters
from dekomp_sim.viewer.scene.meshes import mesh, opened
from dekomp_sim.viewer.scene.palette import BACKGROUND, INK, Layer, Look
from dekomp_sim.viewer.scene.parts import IN_PLACE, Part

NOTICE: Final = "SIMULATED - NOT FOR CLINICAL USE"
"""Burned into every picture."""

LETTERS: Final = 0.022
"""Height of letters over the picture's height."""

LEAST_LETTERS: Final = 6
"""Smallest letters that can be read, in pixels."""

LINE: Final = 0.033
"""Distance of two lines over the picture's height."""

IN_FRONT: Final = -66_000.0
"""Offset in units of depth that brings a ghost before everything else."""

PROUD_MM: Final = 0.1
"""How far a cut solid part stands out of a cut translucent one, so that faces in one plane do not flicker."""

WHOLE: Final = frozenset({Layer.INSTRUMENT, Layer.PLAN, Layer.TRACK, Layer.C_ARM, Layer.TABLE, Layer.BEAM})
"""What no cut goes through."""

GLOSS_POWER: Final = 25.0
"""Sharpness of highlights."""


@dataclass(slots=True)
class _Drawn:
    """A part with the actors that show it: itself, and where it shines through what hides it, its ghost."""

    part: Part
    actors: tuple[pyvista.Actor, ...]


class Stage:
    """Keeps a plotter showing the parts it was last given.

    Parameters
    ----------
    plotter
        Made, rendered and closed by the caller, in one thread. Its active renderer is drawn into.
    cuts
        Planes that open everything but instruments, plan, machine.
    """

    def __init__(self, plotter: pyvista.Plotter, cuts: tuple[Cut, ...] = ()) -> None:
        self.plotter, self.renderer = plotter, plotter.renderer
        self.cuts = cuts
        self._drawn: dict[str, _Drawn] = {}
        self._words: dict[str, tuple[tuple[object, ...], pyvista.Text]] = {}
        self.renderer.set_background(BACKGROUND)
        self.renderer.remove_all_lights()
        plotter.add_light(pyvista.Light(light_type="headlight"))

    def show(self, parts: Iterable[Part]) -> None:
        """Draw the parts: those that are new or changed are made, those that are gone are taken away."""
        wanted = {part.name: part for part in parts}
        before = [*self._drawn]
        for name in before:
            if name not in wanted:
                self._remove(self._drawn.pop(name))
        fresh = [self._draw(part) for part in wanted.values()]
        self._drawn = {name: self._drawn[name] for name in wanted if name in self._drawn}
        if any(fresh) and [*self._drawn] != before:
            self._order()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is drawn now, in the order of drawing."""
        return tuple(drawn.part for drawn in self._drawn.values())

    def cut(self, cuts: tuple[Cut, ...]) -> None:
        """Open the body along other planes; what they go through is made anew."""
        if _same(cuts, self.cuts):
            return
        self.cuts = cuts
        for name in [name for name, drawn in self._drawn.items() if drawn.part.look.layer not in WHOLE]:
            self._remove(self._drawn.pop(name))

    def _draw(self, part: Part) -> bool:
        """Bring the actors of a part up to date; whether they had to be made."""
        drawn = self._drawn.get(part.name)
        if drawn is not None and drawn.part is part:
            return False
        if drawn is not None and drawn.part.look == part.look and drawn.actors:
            self._renew(drawn, part)
            return False
        if drawn is not None:
            self._remove(drawn)
        self._drawn[part.name] = _Drawn(part, tuple(self._made(part)))
        return True

    def _renew(self, drawn: _Drawn, part: Part) -> None:
        """The same actors with another form or at another place."""
        if drawn.part.form is not part.form:
            triangles = self._triangles(part)
            for actor in drawn.actors:
                actor.mapper.SetInputData(triangles)
                actor.SetVisibility(triangles.n_cells > 0)
        if drawn.part.patient_from_form is not part.patient_from_form:
            _put(drawn.actors, part.patient_from_form)
        drawn.part = part

    def _triangles(self, part: Part) -> pyvista.PolyData:
        whole = mesh(part.form)
        if part.look.layer in WHOLE:
            return whole
        return opened(whole, self.cuts, PROUD_MM if part.look.opacity == 1.0 else 0.0)

    def _made(self, part: Part) -> Iterator[pyvista.Actor]:
        triangles, look = self._triangles(part), part.look
        if not triangles.n_cells:
            return
        actors = [_actor(triangles, look, look.opacity)]
        if look.through > 0.0:
            ghost = _actor(triangles, look, look.through)
            ghost.mapper.SetResolveCoincidentTopologyToPolygonOffset()
            ghost.mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(0.0, IN_FRONT)
            actors.append(ghost)
        _put(actors, part.patient_from_form)
        for actor in actors:
            self.renderer.AddViewProp(actor)
        yield from actors

    def _order(self) -> None:
        """Put the actors in the order of their parts: VTK blends what is translucent in the order it was given."""
        for actor in [actor for drawn in self._drawn.values() for actor in drawn.actors]:
            self.renderer.RemoveViewProp(actor)
            self.renderer.AddViewProp(actor)

    def _remove(self, drawn: _Drawn) -> None:
        for actor in drawn.actors:
            self.renderer.RemoveViewProp(actor)

    def look(self, camera: Camera) -> None:
        """Look from there."""
        eye = self.renderer.camera
        eye.position, eye.focal_point = tuple(camera.position_mm), tuple(camera.focus_mm)
        eye.up, eye.view_angle = tuple(camera.upward), camera.height_deg
        self.renderer.ResetCameraClippingRange()

    def annotate(self, caption: str, parts: Iterable[Part] = ()) -> None:
        """Write the notice, the directions of the body, the caption's lines and a key to the colours of `parts`.

        What was written before is replaced.
        """
        lines: dict[str, tuple[object, ...]] = {"notice": (NOTICE, (0.012, 0.955), "left", True)}
        lines |= self._edges()
        for row, words in enumerate(reversed(caption.split("; ") if caption else [])):
            lines[f"caption {row}"] = (words, (0.985, 0.015 + LINE * row), "right")
        key = {part.look.meaning: part.look for part in parts if part.look.meaning}
        for row, (meaning, look) in enumerate(sorted(key.items(), reverse=True)):
            lines[f"patch {row}"] = ("    ", (0.012, 0.018 + LINE * row), "left", False, look.colour)
            lines[f"key {row}"] = (meaning, (0.045, 0.015 + LINE * row))
        for name in self._words.keys() - lines.keys():
            self.renderer.RemoveViewProp(self._words.pop(name)[1])
        for name, line in lines.items():
            self._write(name, line)

    def _edges(self) -> dict[str, tuple[object, ...]]:
        """The letters of the body's directions at the edges, for the camera as it stands now."""
        eye = self.renderer.camera
        forward = np.subtract(eye.focal_point, eye.position)
        right = np.cross(forward, eye.up)
        up = np.cross(right, forward)
        return {
            "right": (letters(right), (0.985, 0.5), "right", True),
            "left": (letters(-right), (0.015, 0.5), "left", True),
            "up": (letters(up), (0.5, 0.95), "center", True),
            "down": (letters(-up), (0.5, 0.015), "center", True),
        }

    def _write(self, name: str, line: tuple[object, ...]) -> None:
        """Put words at a place of the picture (0 to 1, right and up), unless they stand there."""
        size = max(LEAST_LETTERS, round(LETTERS * self.renderer.GetSize()[1]))
        known = self._words.get(name)
        if known is not None and known[0] == (*line, size):
            return
        if known is not None:
            self.renderer.RemoveViewProp(known[1])
        words = _text(size, *line)  # type: ignore[arg-type]
        self.renderer.AddViewProp(words)
        self._words[name] = ((*line, size), words)


def _same(cuts: Sequence[Cut], others: Sequence[Cut]) -> bool:
    return len(cuts) == len(others) and all(
        np.array_equal(one.at_mm, other.at_mm) and np.array_equal(one.keep, other.keep)
        for one, other in zip(cuts, others, strict=True)
    )


def _actor(triangles: pyvista.PolyData, look: Look, opacity: float) -> pyvista.Actor:
    mapper = pyvista.DataSetMapper(triangles)
    mapper.scalar_visibility = False
    actor = pyvista.Actor(mapper=mapper)
    prop = actor.prop
    prop.color, prop.opacity = look.colour, opacity
    prop.interpolation = "phong"
    prop.specular, prop.specular_power = look.gloss, GLOSS_POWER
    prop.ambient, prop.diffuse = look.glow, 1.0 - 0.5 * look.glow
    if opacity < 1.0:
        prop.culling = "back"  # one layer of each translucent thing, the nearer
    actor.UseBoundsOn()
    return actor


def _put(actors: Sequence[pyvista.Actor], patient_from_form: Rigid) -> None:
    if patient_from_form is IN_PLACE:
        for actor in actors:
            actor.user_matrix = np.eye(4)
        return
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = patient_from_form.rotation, patient_from_form.translation_mm
    for actor in actors:
        actor.user_matrix = matrix


def _text(
    size: int,
    words: str,
    at: tuple[float, float],
    side: str = "left",
    bold: bool = False,
    patch: str | None = None,
) -> pyvista.Text:
    text = pyvista.Text(words)
    text.prop = pyvista.TextProperty(
        color=INK,
        bold=bold,
        font_size=size,
        justification_horizontal=side,
        background_color=patch or BACKGROUND,
        background_opacity=1.0 if patch else 0.6,
    )
    text.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    text.position = at
    return text
