"""What a journal holds of a case: how it began, each step with what came of it, and the digest it ended with.

A run of a script, a case performed by hand and a replay write and read the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from dekomp_sim import __version__
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.events import Event
from dekomp_sim.scenario.story import Story

BANNER: Final = "SIMULATED - NOT FOR CLINICAL USE"
"""Stands in every journal."""


def header(story: Story, patient: Patient) -> dict[str, Any]:
    """What a case is made from, all that is needed to begin it again; no path and no word of a scan's header."""
    return {
        "simulated": BANNER,
        "dekomp_sim": __version__,
        "title": story.title,
        "patient": patient.name,
        "patient_digest": patient.digest,
        "seed": story.seed,
        "story": story,
    }


def origin(header: Mapping[str, Any]) -> dict[str, Any]:
    """Of a journal's header, what a report names as its origin: all but the story, which it tells itself."""
    return {key: value for key, value in header.items() if key != "story"}


def line(number: int, action: Action, before: Case, later: Case) -> dict[str, Any]:
    """One step: its number from 1, the action, the clock after it, and the events it added."""
    return {
        "step": number,
        "action": action,
        "clock_s": later.clock_s,
        "events": [told(event) for event in later.events[len(before.events) :]],
    }


def told(event: Event) -> dict[str, Any]:
    """An event as a record: its kind and its fields."""
    return {"kind": type(event).__name__, **{one.name: getattr(event, one.name) for one in fields(event)}}


def closing(case: Case) -> dict[str, Any]:
    """The last line: the state the case ended in, and whether anybody was harmed."""
    return {"digest": case_digest(case), "harm": case.harmed}
