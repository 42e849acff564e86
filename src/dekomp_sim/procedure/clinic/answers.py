"""What the patient answers when asked, and what the team finds when both feet are moved."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.patient import Patient, Strand
from dekomp_sim.arrays import FloatArray, IndexArray
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import DEEP_FROM, DERMATOME, NOTICED, dermatome, rated
from dekomp_sim.procedure.clinic.body import AFRAID, anxiety, worst_now
from dekomp_sim.procedure.clinic.courses import Cause
from dekomp_sim.procedure.clinic.local_anaesthetic import NUMB_ENOUGH, numbness
from dekomp_sim.procedure.clinic.toxicity import seizing
from dekomp_sim.procedure.clinic.vitals import FIT, below
from dekomp_sim.procedure.events import Breach, BreachKind, Event, Said, Severity

KEY_MUSCLE: Final = {
    "L1": "bending the hip",
    "L2": "bending the hip",
    "L3": "straightening the knee",
    "L4": "lifting the foot",
    "L5": "lifting the big toe",
    "S1": "pushing the foot down",
    "S2": "pushing the foot down",
}
"""The movement that tests a root (key muscles of the ISNCSCI examination for L2 to S1; L1 and S2 have none there and
stand with their neighbour)."""


NOTICED_PART: Final = 0.1
"""Part of a reaction's full effect from which on the patient speaks of it. Assumption."""


def answers(case: Case) -> tuple[Event, ...]:
    """What is said and found when the patient is asked, in order; `case` is at the answer."""
    if seizing(case.influences, case.clock_s):
        return (Said(case.clock_s, "team", "Convulses, and hears nothing.", Severity.WARNING),)
    if case.sedation_depth >= DEEP_FROM:
        return (Said(case.clock_s, "team", "Deeply sedated: mumbles, and moves nothing when asked.", Severity.NOTICE),)
    weak = tuple(
        Said(case.clock_s, "team", f"Weak on the {side}: {KEY_MUSCLE[root]} ({root}).", Severity.WARNING)
        for side, root in injured_roots(case)
    )
    return (Said(case.clock_s, "patient", " ".join(_complaints(case))), *weak)


def injured_roots(case: Case) -> tuple[tuple[str, str], ...]:
    """Side and root, as ("left", "L5"), of each root that was pierced; each once."""
    pierced = [event.name for event in case.events if isinstance(event, Breach) and event.kind is BreachKind.ROOT]
    return tuple(dict.fromkeys((_side(s), dermatome(s)) for s in case.patient.strands if f"the {s.name}" in pierced))


def numbed_roots(case: Case) -> tuple[tuple[str, str], ...]:
    """Side and root of each root that the anaesthetic has reached and still holds; each once."""
    return tuple(
        dict.fromkeys(
            (_side(strand), dermatome(strand))
            for strand in _reached(case)
            if strand.structure in {Structure.NERVE_ROOT, Structure.GANGLION} and _is_numb(case, strand)
        )
    )


def _complaints(case: Case) -> list[str]:
    if _blocked(case):
        return [*_feelings(case), "I cannot move my feet."]
    injured = injured_roots(case)
    said = [f"My {side} leg feels numb and weak: {DERMATOME[root]}." for side, root in injured]
    asleep = sorted({side for side, root in numbed_roots(case) if (side, root) not in injured})
    said += [f"My {side} leg feels asleep." for side in asleep]
    said += _still_hurts(case)
    said += _feelings(case)
    if not injured:
        said.append("I can move both feet." if said else "I am all right. I can move both feet.")
    return said


def _still_hurts(case: Case) -> list[str]:
    """What is left of the worst pain, while it is worth a word; down the leg, where it ran there."""
    worst = worst_now(case)
    if worst is None or worst[0] < NOTICED:
        return []
    left, pain = worst
    where = f" in {DERMATOME[pain.dermatome]}" if pain.dermatome else ""
    return [f"It still hurts{where}, {rated(left):g} of 10."]


def _blocked(case: Case) -> bool:
    return sum(one.part(case.clock_s) for one in case.influences if one.cause is Cause.SPINAL_BLOCK) > NOTICED_PART


def _feelings(case: Case) -> list[str]:
    """What the body, rather than a nerve, has the patient say."""
    working = {
        cause: sum(one.part(case.clock_s) for one in case.influences if one.cause is cause)
        for cause in (Cause.ALLERGY, Cause.ADRENALINE, Cause.VASOVAGAL, Cause.SPINAL_BLOCK, Cause.TOXIC_PRODROME)
    }
    felt = (
        (working[Cause.ALLERGY] - working[Cause.ADRENALINE] > NOTICED_PART, "My throat is tight and my skin itches."),
        (working[Cause.VASOVAGAL] > NOTICED_PART, "I feel sick."),
        (working[Cause.SPINAL_BLOCK] > NOTICED_PART, "I cannot feel my legs."),
        (working[Cause.TOXIC_PRODROME] > NOTICED_PART, "My ears ring and I taste metal."),
        (bool(below(case.vitals, FIT)), "I feel faint."),
        (anxiety(case) >= AFRAID, "I am afraid."),
    )
    return [words for holds, words in felt if holds]


@lru_cache(maxsize=4)
def _stations(patient: Patient) -> tuple[FloatArray, IndexArray]:
    """(n, 3) stations of all strands and the points between them, and where each strand's begin."""
    each = [_stations_of(strand) for strand in patient.strands]
    begins = np.cumsum([0, *(len(points) for points in each)])
    return np.concatenate([*each, np.zeros((0, 3))]), begins


def _stations_of(strand: Strand) -> FloatArray:
    return np.concatenate([strand.path_mm, (strand.path_mm[1:] + strand.path_mm[:-1]) / 2.0])


def _reached(case: Case) -> list[Strand]:
    """The strands that a deposit comes near, in their order: most lie far from all."""
    points, begins = _stations(case.patient)
    near = np.zeros(len(points), dtype=np.bool_)
    for deposit in case.deposits:
        near |= np.linalg.norm(points - np.array(deposit.at_mm), axis=1) <= 2.0 * deposit.radius_mm
    spans = zip(case.patient.strands, pairwise(begins.tolist()), strict=True)
    return [strand for strand, (first, last) in spans if near[first:last].any()]


def _is_numb(case: Case, strand: Strand) -> bool:
    """Whether a root is numb where it lies nearest to any deposit, of its stations and the points between them."""
    points = _stations_of(strand)
    for deposit in case.deposits:
        away_mm = np.linalg.norm(points - np.array(deposit.at_mm), axis=1)
        nearest = int(np.argmin(away_mm))
        if away_mm[nearest] > 2.0 * deposit.radius_mm:  # no drug comes so far in the time it works
            continue
        if numbness(case.deposits, points[nearest], case.clock_s) >= NUMB_ENOUGH:
            return True
    return False


def _side(strand: Strand) -> str:
    if strand.side is not None:
        return strand.side.value
    named = re.search(r"\b(left|right)\b", strand.name)
    return named.group(1) if named else ""
