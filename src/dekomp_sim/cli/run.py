"""`dekomp-sim run`: a scenario, a patient, and a folder of results; the one place where all rooms meet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.documents import document
from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.cli.results import Gallery, Told, leave, leave_overview
from dekomp_sim.files import Journal, output_folder, read_yaml
from dekomp_sim.procedure.case import Case
from dekomp_sim.scenario import record
from dekomp_sim.scenario.player import Played, play
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.probe import probe


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim run --help`."""

    scenario: str
    out: Path
    scan: Scan = field(default_factory=Scan)
    picture_3d: bool = True
    overwrite: bool = False


@dataclass(slots=True)
class _Witness:
    """Stands by while the story is played: writes the journal, takes the pictures, moves the progress bar."""

    journal: Journal
    gallery: Gallery
    advance: Callable[[str], None]

    def __call__(self, played: Played) -> None:
        """Record one step."""
        self.journal.append(record.line(played.number, played.action, played.before, played.after))
        self.gallery.look(played.before, played.after)
        self.advance(played.action.do.replace("_", " "))


def perform(request: Request, console: Console) -> bool:
    """Play the scenario and write its folder; True where the case ended in harm.

    Raises
    ------
    InputError
        For any mistake in the scenario, the scan or the folder; nothing is then left behind.
    """
    path = document("scenarios", request.scenario)
    story = read_yaml(path, Story).as_performed()
    # whether 3D pictures can be drawn is found out in a second process, while the case is played
    with output_folder(request.out, overwrite=request.overwrite) as folder, ThreadPoolExecutor(1) as aside:
        asked = aside.submit(probe) if request.picture_3d else None
        with console.status("Preparing the patient (built once, then cached) ..."):
            patient = patient_of(story, request.scan)
        header = record.header(story, patient) | {"scenario_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        cases, gallery = _played(story, patient, folder, header, console)
        told = Told(story, cases, gallery, record.origin(header))
        digest = leave(told, folder, console, asked.result() if asked else None)
    console.print(f"Report: {(request.out / 'report.html').resolve()}", soft_wrap=True)
    console.print(f"State digest: {digest}", soft_wrap=True)
    return cases[-1].harmed


def _played(
    story: Story, patient: Patient, folder: Path, header: dict[str, Any], console: Console
) -> tuple[tuple[Case, ...], Gallery]:
    """All cases, and their pictures."""
    columns = (TextColumn("Playing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with (
        Progress(*columns, TimeElapsedColumn(), console=console) as progress,
        Journal(folder / "journal.jsonl", header) as journal,
    ):
        task = progress.add_task("", total=len(story.steps))
        gallery = Gallery(patient, folder / "frames")
        cases = play(
            story,
            patient,
            _Witness(journal, gallery, lambda word: progress.update(task, advance=1, description=word)),
        )
        leave_overview(gallery, folder)
        journal.append(record.closing(cases[-1]))
    return cases, gallery
