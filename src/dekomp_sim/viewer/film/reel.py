"""The frames of a film, one after the other: the script drawn, in one thread, the same on every run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyvista

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.film.cues import Cue, fitting
from dekomp_sim.viewer.film.sheet import Sheet, closing_lines, opening_lines
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.practice.pedal import Pulse
from dekomp_sim.viewer.probe import Renderer
from dekomp_sim.viewer.scene.cameras import VISIBLE, Orbit, View
from dekomp_sim.viewer.scene.room import Room3D
from dekomp_sim.viewer.scene.visibility import PRACTICE
from dekomp_sim.viewer.snapshot import OVERSAMPLING, averaged, plotter_of, windowed

CARD_S: Final = 3.5
"""How long the first and the last card are on screen. Assumption: time to read three lines."""


@dataclass(frozen=True, slots=True)
class Filming:
    """How a film is made.

    Parameters
    ----------
    fps
        Frames per second.
    height
        Of a frame, see `Sheet`.
    view
        From where; chosen moment by moment where None (`cues.fitting`).
    """

    fps: int = 12
    height: int = 720
    view: View | Orbit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A frame (rows, cols, 3) that stays for so many."""

    picture: UInt8Array
    frames: int


def reel(story: Story, patient: Patient, script: Iterable[Cue], how: Filming, renderer: Renderer) -> Iterator[Held]:
    """All frames of a film: a card, each step, a card.

    Parameters
    ----------
    story, patient
        What was performed on whom.
    script
        `cues.cues` of its moments.
    how
        Frames, size, camera.
    renderer
        What `probe` found.

    Raises
    ------
    InputError
        If nothing can be drawn on this machine.
    OutOfRangeError
        If the height is none of a film.
    """
    if renderer.window_class is None:
        raise InputError("film", renderer.reason, "a machine on which VTK can draw", renderer.remedy)
    sheet = Sheet(how.height)
    size = (sheet.scene[0] * OVERSAMPLING, sheet.scene[1] * OVERSAMPLING)
    with windowed(renderer.window_class), plotter_of(size) as plotter:
        stand = _Stand(plotter, Live(patient), sheet, how)
        yield Held(sheet.card(story.title, opening_lines(story)), _frames(CARD_S, how))
        last = None
        for cue in script:
            yield from stand.shoot(cue)
            last = cue.later
        if last is not None:
            yield Held(sheet.card("The case is over", closing_lines(last)), _frames(CARD_S, how))


class _Stand:
    """The camera, the fluoroscopy screen and the sheet, from cue to cue."""

    def __init__(self, plotter: pyvista.Plotter, live: Live, sheet: Sheet, how: Filming) -> None:
        self.room, self.live, self.sheet, self.how = Room3D(plotter), live, sheet, how

    def shoot(self, cue: Cue) -> Iterator[Held]:
        """The frames of one step: what moves, the beam, and what is left to read."""
        steps = _frames(cue.glide_s, self.how) if cue.glide_s else 0
        for step in range(1, steps + 1):
            now = cue.gliding(step / (steps + 1))
            scene = self._scene(now, cue, fine=False)
            yield Held(self.sheet.frame(scene, self.live.last_image, cue, cue.before), 1)
        yield from self._beam(cue)
        scene = self._scene(cue.later, cue)
        yield Held(self.sheet.frame(scene, self.live.last_image, cue, cue.later), _frames(cue.still_s, self.how))

    def _beam(self, cue: Cue) -> Iterator[Held]:
        """Each pulse for as long as it lasts on film; then the last image stays."""
        if not cue.exposures:
            return
        scene = self._scene(cue.later, cue, beam=True)
        for exposure in cue.exposures:
            frames = _frames(cue.beam_s, self.how)
            pulses = 1 if exposure.spot else min(exposure.frames, max(1, round(cue.beam_s * exposure.pulses_per_s)))
            for pulse in range(pulses):
                shot = shot_of(cue.later, exposure, pulse)
                radiograph = self.live.frame(Pulse(shot, exposure, pulse))
                held = (pulse + 1) * frames // pulses - pulse * frames // pulses
                if held:
                    yield Held(self.sheet.frame(scene, radiograph, cue, cue.later), held)
            self.live.hold()

    def _scene(self, case: Case, cue: Cue, beam: bool = False, fine: bool = True) -> UInt8Array:
        """The 3D picture; what moves is drawn without smoothing its edges, at a quarter of the pixels."""
        # the point of view is that of where the step ends: it must not jump while an instrument glides
        view = self.how.view if self.how.view is not None else fitting(cue.later)
        visibility = PRACTICE if isinstance(view, Orbit) else VISIBLE[view]
        times = OVERSAMPLING if fine else 1
        self.room.plotter.window_size = [side * times for side in self.sheet.scene]
        self.room.sync(case, view, visibility, beam)
        return averaged(self.room.picture()) if fine else self.room.picture()


def _frames(seconds: float, how: Filming) -> int:
    return max(1, round(seconds * how.fps))
