"""`dekomp-sim film`: a journal as a film, or as PNG frames where no encoder is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.files import read_journal
from dekomp_sim.viewer.film.cues import Cue, cues
from dekomp_sim.viewer.film.files import REMEDY, place_of, write_film
from dekomp_sim.viewer.film.reel import Filming, reel
from dekomp_sim.viewer.film.sheet import Sheet
from dekomp_sim.viewer.practice.replay import replay, story_of
from dekomp_sim.viewer.probe import probe
from dekomp_sim.viewer.scene.cameras import view_from

FPS: Final = (1, 60)
"""Least and most frames per second."""

COLUMNS: Final = (TextColumn("Filming"), BarColumn(), TextColumn("step {task.completed} of {task.total}"))


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim film --help`."""

    journal: Path
    out: Path
    camera: str | None = None
    fps: int = 12
    height: int = 720
    scan: Scan = field(default_factory=Scan)
    overwrite: bool = False


def perform(request: Request, console: Console) -> Path:
    """Make the film; where it is.

    Raises
    ------
    InputError
        If the journal or the place is none, the camera unknown, or nothing can be drawn on this machine.
    """
    how = _asked(request)
    place = place_of(request.out, request.overwrite)
    recorded = read_journal(request.journal)
    with console.status("Performing the case again ..."):
        again = replay(recorded, patient_of(story_of(recorded), request.scan))
        renderer = probe()
    if again.parting is not None:
        console.print(f"This release plays it otherwise than recorded. {again.parting.words}", soft_wrap=True)
    patient = again.moments[0].case.patient
    with Progress(*COLUMNS, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("", total=len(again.moments) - 1)
        script = _watched(cues(again.moments), lambda cue: progress.update(task, completed=cue.number))
        frames = write_film(reel(again.story, patient, script, how, renderer), place, how.fps)
        progress.update(task, completed=len(again.moments) - 1)
    if place != request.out:
        console.print(f"No encoder is installed, so these are PNG frames. {REMEDY}.", soft_wrap=True)
    console.print(f"Film: {place.resolve()}, {frames / how.fps:.0f} s", soft_wrap=True)
    return place


def _asked(request: Request) -> Filming:
    """What was asked for, checked before any work begins."""
    if not FPS[0] <= request.fps <= FPS[1]:
        raise OutOfRangeError("--fps", f"{request.fps}", f"{FPS[0]} to {FPS[1]}")
    Sheet(request.height)
    return Filming(request.fps, request.height, None if request.camera is None else view_from(request.camera))


def _watched(script: Iterable[Cue], look: Callable[[Cue], None]) -> Iterator[Cue]:
    for cue in script:
        look(cue)
        yield cue
