"""Made-up cases of learners, and how a test keeps them and finds them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import report_json
from dekomp_sim.procedure import actions as do
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import Kept, Marked, Performed, opened
from dekomp_sim.scenario import Story, play

Cli = Callable[..., tuple[int, str, str]]


def quiet_report(patient: Patient) -> dict[str, Any]:
    """The report of a case in which little was done, as data."""
    story = Story(1, "A quiet case", Level.L4_L5, Side.LEFT, (do.Consent(), do.Insert("discography_needle")))
    cases = play(story, patient)
    return report_json(story, cases, measure(cases), "d" * 64)


def case(number: int, passed: bool = True, shots: float | None = 6.0) -> Performed:
    """A made-up case; the number tells it from others."""
    figures = {"procedure_s": (1000.0 + number, "s"), "redirects": (2.0, "")}
    if shots is not None:
        figures["exposures"] = (shots, "")
    return Performed(
        report_sha256=f"{number:064d}",
        recorded_on="2026-03-01",
        title=f"Case of day {number}",
        level="L4-L5",
        side="left",
        seed="7",
        digest=f"{number:064x}",
        version="0.1.0",
        harmed=False,
        figures=figures,
        marks=(Marked("examination", 80.0, passed), Marked("disc_block", 55.5, False, ("Too slow: 3 > 2",))),
    )


def written(folder: Path, told: dict[str, Any], **changed: object) -> Path:
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps(told | changed))
    return folder


def kept_in(file: Path) -> tuple[Kept, ...]:
    with opened(place_of(str(file))) as records:
        return records.cases()
