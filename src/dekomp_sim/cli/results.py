"""What a case leaves in its folder once it is over: the report, its data, and a picture of each exposure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console

from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.overview import Overview
from dekomp_sim.cli.scans import ScanGallery
from dekomp_sim.cli.scans import passed_over as scans_passed_over
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import Report, Still, report_html, report_json, scan_stills, stills
from dekomp_sim.debrief.scoring.marks import score, words_of
from dekomp_sim.debrief.summary import summary
from dekomp_sim.files import png_bytes, write_bytes, write_png8, write_png16, write_text
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.pictures import after_discography
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.probe import Renderer
from dekomp_sim.viewer.scene.cameras import View

SCENES: Final = {
    View.CLOSE_UP: "The treated disc from the side of the approach",
    View.AXIAL: "The treated disc from the feet, cut open",
}
"""The 3D pictures of a run, with their titles."""


RUN_PAUSE_S: Final = 5.0
"""Time in s without beam after which a run of fluoroscopy is over. Assumption: longer than one push takes."""


class Gallery:
    """Takes the picture of each exposure and of the CT scanner as cases go by, and keeps it in a folder.

    Parameters
    ----------
    patient
        Whose.
    frames
        The folder, which is made.
    last
        The last case, where it is known: runs of fluoroscopy then leave only their last picture, the others are empty.
    """

    def __init__(self, patient: Patient, frames: Path, last: Case | None = None) -> None:
        self._scope, self._frames = Fluoroscope(patient), frames
        self._passed_over = passed_over(last) if last is not None else frozenset()
        self.pictures: list[bytes] = []
        self.overview = Overview()
        self.scans = ScanGallery(patient, frames, scans_passed_over(last) if last is not None else frozenset())
        frames.mkdir()

    def look(self, before: Case, later: Case) -> None:
        """Take what was exposed and scanned from one case to the next."""
        self.scans.look(before, later)
        for exposure in later.exposures[len(before.exposures) :]:
            if exposure.index in self._passed_over:
                self.pictures.append(b"")
                continue
            display = self._scope.expose(shot_of(later, exposure)).display
            write_png16(self._frames / f"{exposure.index + 1:03d}.png", display, {"Description": exposure.note})
            self.overview.offer(later, exposure, display)
            self.pictures.append(png_bytes((display >> 8).astype(np.uint8)))


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A case that is over.

    Parameters
    ----------
    story
        With the actions that were performed as its steps.
    cases
        The opening, and the case after each step.
    gallery
        A PNG of each exposure and acquisition, empty where none was kept.
    header
        What the report names as its origin.
    """

    story: Story
    cases: Sequence[Case]
    gallery: Gallery
    header: Mapping[str, Any] = field(default_factory=dict)


def passed_over(case: Case) -> frozenset[int]:
    """Indices of exposures that only lead on to the next: of a run of fluoroscopy in one view the last is kept.

    A needle moved while the pedal is held makes an exposure at each push; a report of hundreds of pictures tells less.
    """
    return frozenset(now.index for now, after in pairwise(case.exposures) if _leads_on(now, after))


def _leads_on(now: Exposure, after: Exposure) -> bool:
    fluoroscopy = not (now.spot or after.spot or now.note)
    same_view = (now.carm.primary_deg, now.carm.secondary_deg) == (after.carm.primary_deg, after.carm.secondary_deg)
    return fluoroscopy and same_view and after.clock_s - (now.clock_s + now.seconds) < RUN_PAUSE_S


def seen(cases: Iterable[Case], gallery: Gallery) -> Gallery:
    """The gallery with the pictures of cases that follow one another."""
    for before, later in pairwise(cases):
        gallery.look(before, later)
    return gallery


def leave(told: Told, folder: Path, console: Console, renderer: Renderer | None = None) -> str:
    """Write report.html and report.json, ct_*.png of each disc that was injected, and scene_*.png where a renderer is
    asked for; the state digest.

    Raises
    ------
    InputError
        If the folder takes no more.
    """
    scenes = _scenes(told.cases, renderer, folder, console) if renderer is not None else ()
    digest, metrics = case_digest(told.cases[-1]), measure(told.cases)
    with console.status("Writing the report ..."):
        gallery = told.gallery
        slices = _slices(told.cases, folder, gallery.scans)
        scans = scan_stills(told.cases[-1], gallery.scans.pictures)
        shown = (*scenes, *slices, *scans, *stills(told.story, told.cases, gallery.pictures))
        report = Report(told.story, told.cases, metrics, digest, shown, told.header)
        write_text(folder / "report.html", report_html(report))
        found = report_json(told.story, told.cases, metrics, digest, told.header)
        write_text(folder / "report.json", json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    console.print(f"\n{summary(metrics, told.story)}\n", soft_wrap=True)
    for rubric in told.story.rubrics:
        console.print(words_of(score(rubric, metrics, told.cases[-1])), soft_wrap=True)
    return digest


def leave_overview(gallery: Gallery, folder: Path) -> None:
    """Write overview.png where pictures were taken."""
    picture = gallery.overview.picture()
    if picture is not None:
        write_png8(folder / "overview.png", picture)


def _slices(cases: Sequence[Case], folder: Path, scans: ScanGallery) -> tuple[Still, ...]:
    """The CT of each disc after its discography, where the case itself took none."""
    drawn = []
    for level, case in after_discography(cases).items():
        if any(taken.clock_s >= case.clock_s and level in taken.discs for taken in cases[-1].acquisitions):
            continue
        words = f"CT of {level} after discography"
        png = scans.discogram(case, level)
        write_bytes(folder / f"ct_{level}.png", png)
        note = "Taken after the case; its dose is not counted."
        alt = f"Simulated axial CT through the {level} disc with contrast"
        drawn.append(Still(words, note, case.clock_s, png, alt))
    return tuple(drawn)


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
