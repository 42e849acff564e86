"""A scenario as a regression scene: played, compared with its baseline, or made the baseline."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dekomp_sim import __version__
from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.errors import InputError
from dekomp_sim.files import cached_patient, read_yaml, shipped
from dekomp_sim.regress.baseline import (
    FORMAT,
    Baseline,
    Shown,
    marks,
    read_baseline,
    read_pictures,
    this_platform,
    write_baseline,
)
from dekomp_sim.regress.comparison import Parting, partings
from dekomp_sim.regress.pace import BUDGET, Pace, pace_of
from dekomp_sim.regress.pictures import Compared, Taken, compared, take
from dekomp_sim.regress.state import Moment, moments
from dekomp_sim.scenario.player import play
from dekomp_sim.scenario.story import Story

BASELINES: Final = "baselines"
"""Folder beside a scenario that holds a baseline of the scenario's name."""

LINES: Final = 12
"""Values told of one scenario; the page shows all. Assumption: what fits a terminal beside other scenarios."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scenario's file and the folder of its baseline."""

    path: Path
    baseline: Path

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.stem


def scene_of(path: Path, baselines: Path | None = None) -> Scene:
    """The scene of a scenario's file; its baseline lies in `baselines`, or in the folder of that name beside it."""
    return Scene(path, (path.parent / BASELINES if baselines is None else baselines) / path.stem)


@dataclass(frozen=True, slots=True, eq=False)
class Performed:
    """A play of a scene: moments, pictures, what was played on whom, and how long it took where that was measured."""

    moments: tuple[Moment, ...]
    pictures: tuple[Taken, ...]
    scenario_sha256: str
    patient_digest: str
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a comparison found.

    Parameters
    ----------
    scene
        Of which scene.
    partings, pictures
        Values that parted, and the pictures before and after.
    notes
        What may explain it: another release, an edited file, another patient.
    pace, budget
        How long the play took, and how many calibration loops it may take. A slow one is only told.
    """

    scene: Scene
    partings: tuple[Parting, ...]
    pictures: tuple[Compared, ...]
    notes: tuple[str, ...]
    pace: Pace | None
    budget: float

    @property
    def changed_pictures(self) -> tuple[Compared, ...]:
        """Those in which something changed."""
        return tuple(one for one in self.pictures if not one.same)

    @property
    def same(self) -> bool:
        """Whether state and pictures are what they were."""
        return not self.partings and not self.changed_pictures

    @property
    def state_words(self) -> tuple[str, ...]:
        """Lines about the values that parted: the first ones, and how many there are."""
        told = tuple(parting.words for parting in self.partings[:LINES])
        rest = len(self.partings) - LINES
        return (*told, f"... and {rest} other values") if rest > 0 else told

    @property
    def picture_words(self) -> tuple[str, ...]:
        """Lines about the pictures that changed."""
        return tuple(one.words for one in self.changed_pictures)

    @property
    def pace_words(self) -> str:
        """One line about time; empty where it was not measured."""
        if self.pace is None:
            return ""
        held = "within" if self.pace.loops <= self.budget else "OVER"
        return f"{self.pace}: {held} the budget of {self.budget:.0f}"


def perform(scene: Scene, timing: bool = False) -> Performed:
    """Play a scene on its phantom and take its pictures.

    Parameters
    ----------
    scene
        Which.
    timing
        Whether it is played a second time against the clock: the first time pays for loading compiled code.

    Raises
    ------
    InputError
        If the scenario has mistakes, or cannot be begun.
    """
    story = read_yaml(scene.path, Story).as_performed()
    patient = patient_of(story)
    cases = play(story, patient)
    return Performed(
        moments(cases, (step.do for step in story.steps)),
        take(cases),
        hashlib.sha256(scene.path.read_bytes()).hexdigest(),
        patient.digest,
        pace_of(lambda: play(story, patient)) if timing else None,
    )


def patient_of(story: Story) -> Patient:
    """The phantom's patient of a story; scans are of people and no baseline is made of them."""
    return cached_patient(story.specification(read_yaml(shipped("phantoms", story.phantom), PhantomSpec)))


def renew(scene: Scene) -> None:
    """Play a scene, and make that its baseline.

    Raises
    ------
    InputError
        If the folder cannot be written; an earlier baseline then stays whole.
    """
    performed = perform(scene, timing=True)
    baseline = Baseline(
        baseline=FORMAT,
        dekomp_sim=__version__,
        platform=this_platform(),
        scenario_sha256=performed.scenario_sha256,
        patient_digest=performed.patient_digest,
        pace=round(performed.pace.loops, 1) if performed.pace else 0.0,
        steps=len(performed.moments) - 1,
        marks=marks(performed.moments),
        pictures=tuple(Shown(one.file, one.step, one.note) for one in performed.pictures),
    )
    write_baseline(scene.baseline, baseline, performed.pictures)


def judge(scene: Scene, any_platform: bool = False, timing: bool = False) -> Verdict:
    """Play a scene and compare it with its baseline, which is read first.

    Raises
    ------
    InputError
        If the baseline or the scenario cannot be used.
    """
    baseline = read_baseline(scene.baseline, any_platform)
    before = read_pictures(scene.baseline, baseline)
    performed = perform(scene, timing)
    return Verdict(
        scene,
        partings(baseline.moments, performed.moments),
        compared(before, performed.pictures),
        _notes(baseline, performed),
        performed.pace,
        baseline.pace * BUDGET,
    )


def scenes_in(paths: list[Path], baselines: Path | None = None) -> tuple[Scene, ...]:
    """The scenes of files, and of all scenarios right in folders.

    Raises
    ------
    InputError
        If a path is neither, a folder holds no scenario, or two scenes share a baseline.
    """
    files = [file for path in paths for file in _files(path)]
    scenes = [scene_of(file, baselines) for file in files]
    for number, scene in enumerate(scenes):
        twin = next((other for other in scenes[:number] if other.baseline == scene.baseline), None)
        if twin is not None:
            found = f"the baseline of {twin.path} as well"
            raise InputError(str(scene.path), found, "a baseline for each scenario", "Give one of them another name")
    return tuple(scenes)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(str(path), "no such file", "a scenario, or a folder of scenarios")
    files = sorted(path.glob("*.yaml"))
    if not files:
        raise InputError(str(path), "a folder without scenarios", "a folder with *.yaml files")
    return files


def _notes(baseline: Baseline, performed: Performed) -> tuple[str, ...]:
    notes = []
    if baseline.dekomp_sim != __version__:
        notes.append(f"the baseline was written by dekomp_sim {baseline.dekomp_sim}, this is {__version__}")
    if baseline.platform != this_platform():
        notes.append(f"the baseline was written on {baseline.platform}, this is {this_platform()}")
    if baseline.scenario_sha256 != performed.scenario_sha256:
        notes.append("the scenario's file has been edited since its baseline was written")
    if baseline.patient_digest != performed.patient_digest:
        notes.append("the phantom's patient is another than the baseline's")
    return tuple(notes)
