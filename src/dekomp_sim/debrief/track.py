"""Where instruments were, read off the sequence of cases, and how near they came to what they must miss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Level, Patient, Structure
from dekomp_sim.anatomy.clearance import Clearance, clearances
from dekomp_sim.arrays import FloatArray
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.needle.encounters import NERVES, ORGANS
from dekomp_sim.procedure.needle.sites import level_aimed

ALONG_MM: Final = 0.1
"""Step in mm at which a bent needle is searched for the place that came nearest."""

NEAR_MM: Final = 2.0
"""Gap in mm below which a clearance is shown as near. Assumption: about the play of a hand."""

CRITICAL: Final = frozenset(NERVES) | frozenset(ORGANS)
"""Structures whose gap counts: what the procedure calls an injury when it is pierced."""


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """An instrument at a place it had come to.

    Parameters
    ----------
    clock_s
        When it had arrived.
    placement
        Where it lay.
    moved_mm
        Way of its tip in the patient since the case before; below 0 where it was drawn back, 0 where it was turned.
    level
        The disc it was inserted for.
    carried
        Whether it moved only because what it lies in did.
    """

    clock_s: float
    placement: Placement
    moved_mm: float
    level: Level
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """The smallest gap between instruments and one structure.

    Parameters
    ----------
    name, structure
        What a clinician calls it, and its kind.
    distance_mm
        Between the surfaces; below 0 inside it.
    instrument
        Key of the one that came nearest.
    clock_s
        When it had come there.
    at_mm
        The point of its axis that was nearest, patient frame.
    uncertainty_mm
        Standard deviation of where the structure lies: a nerve laid from landmarks of a scan is not seen.
    """

    name: str
    structure: Structure
    distance_mm: float
    instrument: str
    clock_s: float
    at_mm: tuple[float, float, float]
    uncertainty_mm: float = 0.0


def stays(cases: Sequence[Case]) -> tuple[Stay, ...]:
    """Every place an instrument came to, in order of time; one that did not move since the case before is left out."""
    return tuple(
        Stay(case.clock_s, now, _moved_mm(before, case, key), level_aimed(case, key), _carried(before, case, key))
        for before, case in pairwise(cases)
        for key, now in case.placements.items()
        if not _same_place(before.placements.get(key), now)
    )


def gaps_of(patient: Patient, placement: Placement) -> tuple[Clearance, ...]:
    """How near an instrument's surface is to each critical structure, along all of it that is below the skin."""
    if placement.depth_mm <= 0.0:
        return ()
    return _gaps_of(patient, placement.axis_mm().tobytes(), placement.instrument.radius_mm)


@lru_cache(maxsize=1024)
def _gaps_of(patient: Patient, axis_mm: bytes, radius_mm: float) -> tuple[Clearance, ...]:
    """Kept, for the table, the curves and the drawings of a report ask for the same places."""
    nearest: dict[str, Clearance] = {}
    for first, last in pairwise(np.frombuffer(axis_mm).reshape(-1, 3)):  # one piece where it is straight
        for found in clearances(patient, first, last, radius_mm):
            held = nearest.get(found.name)
            if found.structure in CRITICAL and (held is None or found.distance_mm < held.distance_mm):
                nearest[found.name] = found
    return tuple(sorted(nearest.values(), key=lambda clearance: clearance.distance_mm))


def least_gaps(patient: Patient, track: Sequence[Stay]) -> tuple[Gap, ...]:
    """The smallest gap to each structure over all places, nearest first.

    An instrument moves along its course, so the deepest of its places on one course holds all the others.
    """
    least: dict[str, Gap] = {}
    for way in _ways(track):
        deepest = max(way, key=lambda stay: stay.placement.depth_mm)
        for found in gaps_of(patient, deepest.placement):
            known = least.get(found.name)
            if known is None or found.distance_mm < known.distance_mm:
                least[found.name] = _gap(way, found)
    return tuple(sorted(least.values(), key=lambda gap: (gap.distance_mm, gap.name)))


def _same_place(old: Placement | None, now: Placement) -> bool:
    if old is None:
        return False
    return old is now or (old.depth_mm == now.depth_mm and old.bends == now.bends and _same_axis(old, now))


def _same_axis(old: Placement, now: Placement) -> bool:
    return np.array_equal(old.direction, now.direction) and np.array_equal(old.entry_mm, now.entry_mm)


def _moved_mm(before: Case, case: Case, key: str) -> float:
    now, old = case.placements[key], before.placements.get(key)
    if old is not None:
        return now.depth_mm - old.depth_mm if _same_axis(old, now) else 0.0
    outer = case.nest.get(key)  # newly in: counted from the tip of what it lies in, or from the skin
    start_mm = 0.0 if outer is None else max(case.placements[outer].depth_mm, 0.0)
    return max(now.depth_mm - start_mm, 0.0)


def _carried(before: Case, case: Case, key: str) -> bool:
    outer = case.nest.get(key)
    if outer is None or key not in before.placements or outer not in before.placements:
        return False
    return not _same_place(before.placements[outer], case.placements[outer])


def _gap(way: Sequence[Stay], found: Clearance) -> Gap:
    """A clearance with the first time at which the instrument reached that far."""
    first = way[0].placement
    deepest = max(way, key=lambda stay: stay.placement.depth_mm).placement
    reach_mm = length_mm(deepest, found.at_mm) - 1e-6
    there = next(stay for stay in way if stay.placement.depth_mm >= reach_mm)
    x, y, z = np.asarray(found.at_mm, dtype=np.float64).tolist()
    key, distance_mm = first.instrument.key, float(found.distance_mm)
    return Gap(found.name, found.structure, distance_mm, key, there.clock_s, (x, y, z), found.uncertainty_mm)


def length_mm(placement: Placement, at_mm: FloatArray) -> float:
    """Length along an instrument's axis, from the skin to its tip, at which it comes nearest to a point (3,)."""
    if not placement.bends:
        return min(float((at_mm - placement.entry_mm) @ placement.direction), placement.depth_mm)
    along = np.linspace(0.0, placement.depth_mm, max(2, int(placement.depth_mm / ALONG_MM)))
    return float(along[np.argmin(np.linalg.norm(placement.course.points(along) - at_mm, axis=1))])


def _ways(track: Iterable[Stay]) -> list[list[Stay]]:
    """The places of each instrument on each course it had, in order of time."""
    ways: dict[tuple[object, ...], list[Stay]] = {}
    for stay in track:
        place = stay.placement
        axis = (place.instrument.key, place.entry_mm.tobytes(), place.direction.tobytes(), place.bends)
        ways.setdefault(axis, []).append(stay)
    return list(ways.values())
