"""`dekomp-sim replay`: a journal performed again, compared with its record, and debriefed where that is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.cli.results import Gallery, Told, leave, leave_overview, seen
from dekomp_sim.debrief.steps import clock
from dekomp_sim.files import Recorded, output_folder, read_journal
from dekomp_sim.scenario import record
from dekomp_sim.viewer.practice.moments import cases_of
from dekomp_sim.viewer.practice.replay import Replay, replay, story_of


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim replay --help`."""

    journal: Path
    out: Path | None = None
    scan: Scan = field(default_factory=Scan)
    overwrite: bool = False


def perform(request: Request, console: Console) -> bool:
    """Perform the journal again and say how it went, the digest last; whether it went as recorded.

    Raises
    ------
    InputError
        If the journal is damaged, of another version, or was recorded on another patient.
    """
    recorded = read_journal(request.journal)
    with console.status("Performing the case again ..."):
        again = replay(recorded, patient_of(story_of(recorded), request.scan))
    _tell(recorded, again, console)
    if request.out is not None:
        with output_folder(request.out, overwrite=request.overwrite) as folder:
            _debrief(recorded, again, folder, console)
        console.print(f"Report: {(request.out / 'report.html').resolve()}", soft_wrap=True)
    console.print(f"State digest: {again.digest}", soft_wrap=True)
    return again.parting is None


def _tell(recorded: Recorded, again: Replay, console: Console) -> None:
    last = again.moments[-1]
    told = [f"{again.story.title}: {last.number} steps, {clock(last.case.clock_s)} on the case's clock."]
    if again.taken_back:
        told.append(f"Steps taken back: {again.taken_back}.")
    if recorded.torn:
        told.append("The journal's last line was cut off by a crash; it is left out.")
    if again.parting is not None:
        told.append(again.parting.words)
    elif again.finished:
        told.append("The same as recorded.")
    else:
        told.append("The journal was broken off; as far as it goes, the same as recorded.")
    for words in told:
        console.print(words, soft_wrap=True)


def _debrief(recorded: Recorded, again: Replay, folder: Path, console: Console) -> None:
    """Leave what `dekomp-sim run` leaves, but the journal and the 3D pictures."""
    cases = tuple(cases_of(again.moments))
    gallery = Gallery(cases[0].patient, folder / "frames", cases[-1])
    with console.status("Taking the pictures again ..."):
        seen(cases, gallery)
    leave_overview(gallery, folder)
    leave(Told(again.performed, cases, gallery, record.origin(recorded.header)), folder, console)
