"""One case of a sweep: played without pictures, measured, and told as plain values."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from dekomp_sim.anatomy import Patient, Strand, Structure
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.debrief.metrics import Metrics, measure
from dekomp_sim.debrief.scoring.marks import score
from dekomp_sim.debrief.steps import objectives
from dekomp_sim.errors import DekompSimError
from dekomp_sim.files import cached_patient, kept_patient, plain, read_yaml, shipped
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.events import Refusal
from dekomp_sim.scenario.player import play
from dekomp_sim.scenario.story import Story, story_from
from dekomp_sim.sweep.keys import Record, with_values

SEED: Final = "seed"
"""The scenario's key from which all chance in a case follows."""

MAKES_READY: Final = "complication_root_contact"
"""Shipped scenario that workers are made ready with: short, and it pushes a needle, takes X-rays and hurts."""

PATIENTS_HELD: Final = 2
"""Patients a worker holds. Assumption: cases come patient by patient, and two share a border."""

MEASURED: Final = tuple(one.name for one in fields(Metrics) if str(one.type).split(" ")[0] in {"float", "int"})
"""Metrics that are one number."""

PERCENT: Final = "score_percent"
"""Share of all marks by the scenario's first rubric."""

FIGURES: Final = (*MEASURED, PERCENT)
"""Figures of a case."""

_HELD: Final[dict[str, Patient]] = {}
_HOLDING: Final = Lock()

Outcome = dict[str, Any]
"""What came of a case, as plain values; the same whoever performed it and when."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One case to be performed: its number from 0, its key, the seed, and the values of what is varied."""

    index: int
    key: str
    seed: int
    values: dict[str, Any]


def make_ready() -> None:
    """Perform a short case, so that workers forked afterwards have what it reads: schemas, compiled code, the built-in
    patient. Where that is not built yet, only Numba is started: the sweep may be of another.
    """
    story = read_yaml(shipped("scenarios", MAKES_READY), Story)
    spec = story.specification(reference_of(story))
    with ThreadPoolExecutor(1) as beside:
        kept = beside.submit(kept_patient, spec)  # sees that 150 MB are whole, without Python's lock
        Strand("", Structure.NERVE_ROOT, np.eye(3)[:2], np.ones(2)).distance_mm(np.zeros(3))
        patient = kept.result()
    if patient is not None:
        _HELD[repr(spec)] = patient
        perform(plain(story), [Draw(0, "", story.seed, {})])


def perform(story: Record, draws: Sequence[Draw]) -> list[Outcome]:
    """What came of each case.

    Parameters
    ----------
    story
        The scenario as plain values.
    draws
        The cases.
    """
    return [_outcome(story, draw) for draw in draws]


def failed(draw: Draw, reason: str) -> Outcome:
    """A case of which nothing came."""
    return {"index": draw.index, "key": draw.key, "seed": draw.seed, "values": draw.values, "failed": reason}


def reference_of(story: Story) -> PhantomSpec:
    """The specification of the phantom that a story names, read once."""
    return _shipped(story.phantom)


@cache
def _shipped(phantom: str) -> PhantomSpec:
    return read_yaml(shipped("phantoms", phantom), PhantomSpec)


def _outcome(story: Record, draw: Draw) -> Outcome:
    try:
        return failed(draw, "") | _played(story_from(with_values(story, {**draw.values, SEED: draw.seed})))
    except DekompSimError as wrong:
        return failed(draw, str(wrong))
    except Exception as wrong:  # one case that goes wrong, in whatever way, must not end the others
        return failed(draw, _told(wrong))


def _played(story: Story) -> Outcome:
    patient = _patient(story.specification(reference_of(story)))
    performed = story.as_performed()
    cases = play(performed, patient)
    metrics = measure(cases)
    missed = [goal.words for goal in objectives(performed, metrics) if not goal.met]
    marked = [score(rubric, metrics, cases[-1]) for rubric in story.rubrics[:1]]
    return {
        "patient": patient.digest,
        "digest": case_digest(cases[-1]),
        "harm": metrics.harmed,
        "harms": list(metrics.harms),
        "missed": missed,
        "success": not (metrics.harmed or missed) and all(one.passed for one in marked),
        "refusals": _refusals(cases[-1]),
        "metrics": {
            **{name: getattr(metrics, name) for name in MEASURED},
            PERCENT: next((one.percent for one in marked), None),
        },
    }


def _patient(spec: PhantomSpec) -> Patient:
    """The patient of a specification; what steps look up of a patient is kept with it, so a worker holds on to it."""
    name = repr(spec)
    with _HOLDING:
        if name not in _HELD:
            while len(_HELD) >= PATIENTS_HELD:
                del _HELD[next(iter(_HELD))]
            _HELD[name] = cached_patient(spec)
        return _HELD[name]


def _refusals(case: Case) -> list[str]:
    return [f"{event.action}: {event.reason}" for event in case.events if isinstance(event, Refusal)]


def _told(wrong: Exception) -> str:
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    return f"{type(wrong).__name__}: {wrong} ({Path(last.filename).name}:{last.lineno})"
