"""Where instruments were, read off the sequence of cases, and how near they came to what they must miss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Patient, Structure
from dekomp_sim.anatomy.clearance import Clearance, clearances
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.needle.encounters import NERVES, ORGANS

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
    carried
        Whether it moved only because what it lies in did.
    """

    clock_s: float
    placement: Placement
    moved_mm: float
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
    """

    name: str
    structure: Structure
    distance_mm: float
    instrument: str
    clock_s: float
    at_mm: tuple[float, float, float]


def stays(cases: Sequence[Case]) -> tuple[Stay, ...]:
    """Every place an instrument came to, in order of time; one that did not move since the case before is left out."""
    return tuple(
        Stay(case.clock_s, now, _moved_mm(before, case, key), _carried(before, case, key))
        for before, case in pairwise(cases)
        for key, now in case.placements.items()
        if not _same_place(before.placements.get(key), now)
    )


def gaps_of(patient: Patient, placement: Placement) -> tuple[Clearance, ...]:
    """How near an instrument's surface is to each critical structure, along all of it that is below the skin."""
    if placement.depth_mm <= 0.0:
        return ()
    found = clearances(patient, placement.entry_mm, placement.tip_mm, placement.instrument.radius_mm)
    return tuple(clearance for clearance in found if clearance.structure in CRITICAL)


def least_gaps(patient: Patient, track: Sequence[Stay]) -> tuple[Gap, ...]:
    """The smallest gap to each structure over all places, nearest first.

    An instrument moves along its axis, so the deepest of its places on one axis holds all the others.
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
    return old is now or (old.depth_mm == now.depth_mm and _same_axis(old, now))


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
    reach_mm = float((found.at_mm - first.entry_mm) @ first.direction) - 1e-6
    there = next(stay for stay in way if stay.placement.depth_mm >= reach_mm)
    x, y, z = np.asarray(found.at_mm, dtype=np.float64).tolist()
    return Gap(found.name, found.structure, float(found.distance_mm), first.instrument.key, there.clock_s, (x, y, z))


def _ways(track: Iterable[Stay]) -> list[list[Stay]]:
    """The places of each instrument on each axis it had, in order of time."""
    ways: dict[tuple[object, ...], list[Stay]] = {}
    for stay in track:
        place = stay.placement
        axis = (place.instrument.key, place.entry_mm.tobytes(), place.direction.tobytes())
        ways.setdefault(axis, []).append(stay)
    return list(ways.values())
