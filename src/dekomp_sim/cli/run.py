"""`dekomp-sim run`: a scenario, a patient, and a folder of results; the one place where all rooms meet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dekomp_sim import __version__
from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.documents import document
from dekomp_sim.cli.overview import Overview
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import Report, Still, report_html, report_json, stills
from dekomp_sim.debrief.summary import summary
from dekomp_sim.errors import InputError
from dekomp_sim.files import (
    Journal,
    load_patient,
    output_folder,
    phantom_patient,
    plain,
    png_bytes,
    read_yaml,
    shipped,
    write_bytes,
    write_png8,
    write_png16,
    write_text,
)
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.scenario.player import Played, play
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.probe import Renderer, probe
from dekomp_sim.viewer.scene.cameras import View

SCENES: Final = {
    View.CLOSE_UP: "The treated disc from the side of the approach",
    View.AXIAL: "The treated disc from the feet, cut open",
}
"""The 3D pictures of a run, with their titles."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim run --help`."""

    scenario: str
    out: Path
    ct: Path | None = None
    labels: Path | None = None
    series: str | None = None
    picture_3d: bool = True
    overwrite: bool = False


@dataclass(slots=True)
class _Witness:
    """Stands by while the story is played: writes the journal, takes the pictures, moves the progress bar."""

    journal: Journal
    scope: Fluoroscope
    frames: Path
    advance: Callable[[str], None]
    pictures: list[bytes] = field(default_factory=list)
    overview: Overview = field(default_factory=Overview)

    def __call__(self, played: Played) -> None:
        """Record one step."""
        before, after = played.before, played.after
        new_events = after.events[len(before.events) :]
        self.journal.append(
            {
                "step": played.number,
                "action": plain(played.action),
                "clock_s": after.clock_s,
                "events": [{"kind": type(event).__name__, **plain(event)} for event in new_events],
            }
        )
        for exposure in after.exposures[len(before.exposures) :]:
            display = self.scope.expose(shot_of(after, exposure)).display
            write_png16(self.frames / f"{exposure.index + 1:03d}.png", display, {"Description": exposure.note})
            self.overview.offer(after, exposure, display)
            self.pictures.append(png_bytes((display >> 8).astype(np.uint8)))
        self.advance(played.action.do.replace("_", " "))


def perform(request: Request, console: Console) -> bool:
    """Play the scenario and write its folder; True where the case ended in harm.

    Raises
    ------
    InputError
        For any mistake in the scenario, the scan or the folder; nothing is then left behind.
    """
    path = document("scenarios", request.scenario)
    story = read_yaml(path, Story)
    # whether 3D pictures can be drawn is found out in a second process, while the case is played
    with output_folder(request.out, overwrite=request.overwrite) as folder, ThreadPoolExecutor(1) as aside:
        asked = aside.submit(probe) if request.picture_3d else None
        with console.status("Preparing the patient (built once, then cached) ..."):
            patient = _patient(story, request)
        header = _provenance(path, story, patient)
        cases, pictures = _played(story, patient, folder, header, console)
        scenes = _scenes(cases, asked.result(), folder, console) if asked else ()
        digest = case_digest(cases[-1])
        metrics = measure(cases)
        with console.status("Writing the report ..."):
            report = Report(story, cases, metrics, digest, (*scenes, *stills(story, cases, pictures)), header)
            write_text(folder / "report.html", report_html(report))
            found = report_json(story, cases, metrics, digest, header)
            write_text(folder / "report.json", json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    console.print(f"\n{summary(metrics, story)}\n", soft_wrap=True)
    console.print(f"Report: {(request.out / 'report.html').resolve()}", soft_wrap=True)
    console.print(f"State digest: {digest}", soft_wrap=True)
    return cases[-1].harmed


def _patient(story: Story, request: Request) -> Patient:
    if request.ct is None:
        if request.labels is not None:
            raise InputError("--labels", "a label map without a CT", "--ct CT --labels LABELS")
        return phantom_patient(shipped("phantoms", story.phantom))
    if request.labels is None:
        remedy = "TotalSegmentator makes one with the vertebrae"
        raise InputError("--ct", "a CT without a label map", "--ct CT --labels LABELS", remedy)
    return load_patient(request.ct, request.labels, story.protrusions, request.series)


def _provenance(path: Path, story: Story, patient: Patient) -> dict[str, Any]:
    """What a replay needs to know it has the same inputs; no path, no word of a scan's header."""
    return {
        "simulated": "SIMULATED - NOT FOR CLINICAL USE",
        "dekomp_sim": __version__,
        "title": story.title,
        "scenario_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "patient": patient.name,
        "patient_digest": patient.digest,
        "seed": story.seed,
    }


def _played(
    story: Story, patient: Patient, folder: Path, header: dict[str, Any], console: Console
) -> tuple[tuple[Case, ...], list[bytes]]:
    """All cases, and a picture of each exposure."""
    frames = folder / "frames"
    frames.mkdir()
    columns = (TextColumn("Playing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with (
        Progress(*columns, TimeElapsedColumn(), console=console) as progress,
        Journal(folder / "journal.jsonl", header) as journal,
    ):
        task = progress.add_task("", total=len(story.steps))
        witness = _Witness(
            journal, Fluoroscope(patient), frames, lambda word: progress.update(task, advance=1, description=word)
        )
        cases = play(story, patient, witness)
        overview = witness.overview.picture()
        if overview is not None:
            write_png8(folder / "overview.png", overview)
        journal.append({"digest": case_digest(cases[-1]), "harm": cases[-1].harmed})
    return cases, witness.pictures


def _scenes(cases: Sequence[Case], renderer: Renderer, folder: Path, console: Console) -> tuple[Still, ...]:
    """The 3D pictures, or none and a word why."""
    if not renderer:
        console.print(f"No 3D picture: {renderer.reason}. {renderer.remedy}", soft_wrap=True)
        return ()
    with console.status("Drawing the 3D pictures ..."):
        from dekomp_sim.viewer.snapshot import snapshot  # VTK: a second and a half, and only where it can draw

        drawn = []
        for view, words in SCENES.items():
            png = snapshot(cases, view=view, renderer=renderer)
            write_bytes(folder / f"scene_{view.value}.png", png)
            drawn.append(Still(words, "", cases[-1].clock_s, png, f"Simulated 3D picture: {words.lower()}"))
    return tuple(drawn)
