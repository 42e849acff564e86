"""Instruments as parts of a scene: what is straight is made once, and then only put elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Level
from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.geometry import Ball, Rigid, Rod, Solid
from dekomp_sim.instruments import Instrument, Nest, Placement, solids
from dekomp_sim.planning import Trajectory
from dekomp_sim.procedure.records import Tip
from dekomp_sim.viewer.scene.forms import Dashes, Metal
from dekomp_sim.viewer.scene.palette import HUB, INNER_INSTRUMENT, INNER_TIP, OUTER_INSTRUMENT, PLAN, TRACK
from dekomp_sim.viewer.scene.parts import IN_PLACE, Part

HUB_RADIUS_MM: Final = 2.4
"""Assumption: radius of a plastic hub or handle behind the shaft, drawn as a sign that it is there, not to measure."""

HUB_LENGTH_MM: Final = 14.0
"""Assumption: length of that hub."""

TRACK_RADIUS_MM: Final = 0.3
"""Thickness of the line that an instrument's tip has drawn: thinner than any needle, so that the needle covers it."""

STEP_MM: Final = 1e-3
"""Tips nearer than this are one place; lengths are told apart to this."""


def instrument_parts(placements: Mapping[str, Placement], nest: Nest) -> Iterator[Part]:
    """Each placed instrument's steel; a hub behind each that lies in nothing else; what stands out of the outer one."""
    for key, placement in placements.items():
        at_rest, place = _rest(placement)
        if key in nest and nest[key] in placements:
            yield Part(key, _steel(at_rest), INNER_INSTRUMENT, place)
            outer_mm = place.inverse().points(placements[nest[key]].tip_mm)
            past_mm = float((at_rest.tip_mm - outer_mm) @ at_rest.direction)
            beyond = _beyond(at_rest, round(past_mm / STEP_MM))
            if beyond.solids:
                yield Part(f"{key} tip", beyond, INNER_TIP, place)
        else:
            yield Part(key, _steel(at_rest), OUTER_INSTRUMENT, place)
            yield Part(f"{key} hub", _hub(at_rest), HUB, place)


def _rest(placement: Placement) -> tuple[Placement, Rigid]:
    """A placement whose form can be kept, and the move that puts it where it is; a bent one stays where it is.

    The move is a shift: how a thread lies about its axis depends on the axis' direction.
    """
    if placement.bends:
        return placement, IN_PLACE
    at_rest = _resting(placement.instrument, tuple(placement.direction.tolist()), placement.roll_deg)
    return at_rest, Rigid.shift(placement.tip_mm)


@lru_cache(maxsize=32)
def _resting(item: Instrument, direction: tuple[float, ...], roll_deg: float) -> Placement:
    return Placement(item, frozen(np.zeros(3)), frozen(direction), 0.0, roll_deg)


@lru_cache(maxsize=32)
def _steel(placement: Placement) -> Metal:
    return Metal(solids(placement))


@lru_cache(maxsize=32)
def _hub(placement: Placement) -> Metal:
    end = placement.hub_mm - HUB_LENGTH_MM * placement.direction
    return Metal((Rod(placement.hub_mm, end, HUB_RADIUS_MM),))


@lru_cache(maxsize=32)
def _beyond(placement: Placement, past_steps: int) -> Metal:
    """What of an instrument lies past a plane square to its axis, so many steps behind its tip; drawn from the tip."""
    edge_mm = placement.tip_mm - past_steps * STEP_MM * placement.direction
    return Metal(tuple(_past(_steel(placement).solids, edge_mm, placement.direction)))


def _past(steel: Sequence[Solid], edge_mm: FloatArray, inward: FloatArray) -> Iterator[Solid]:
    for solid in steel:
        if isinstance(solid, Ball):
            continue
        past_mm = float((solid.start_mm - edge_mm) @ inward)
        length_mm = float(np.linalg.norm(solid.end_mm - solid.start_mm))
        if past_mm > 0.0 and length_mm > 0.0:
            share = min(1.0, past_mm / length_mm)
            yield replace(solid, end_mm=frozen(solid.start_mm + share * (solid.end_mm - solid.start_mm)))


def plan_parts(level: Level, plan: Trajectory) -> Iterator[Part]:
    """The planned path from skin to target."""
    yield Part(f"planned path, {level}", _dashes(tuple(plan.entry_mm.tolist()), tuple(plan.target_mm.tolist())), PLAN)


@lru_cache(maxsize=4)
def _dashes(entry_mm: tuple[float, ...], target_mm: tuple[float, ...]) -> Dashes:
    return Dashes(frozen(entry_mm), frozen(target_mm))


@lru_cache(maxsize=8)
def track_parts(track: tuple[Tip, ...]) -> tuple[Part, ...]:
    """The way each instrument's tip took in the body, one line for each time it was put in."""
    ways = [(way[0].instrument, _places(way)) for way in _ways(track)]
    return tuple(
        Part(f"way of {key} {number}", _line(places), TRACK)
        for number, (key, places) in enumerate(ways, start=1)
        if len(places) > 1
    )


def _ways(track: Sequence[Tip]) -> Iterator[list[Tip]]:
    """The tips of each stay of an instrument in the body; one that begins again at the skin begins another."""
    open_: dict[str, list[Tip]] = {}
    for tip in track:
        if tip.depth_mm <= 0.0 and tip.instrument in open_:
            yield open_.pop(tip.instrument)
        open_.setdefault(tip.instrument, []).append(tip)
    yield from open_.values()


def _places(tips: Sequence[Tip]) -> list[tuple[float, float, float]]:
    """Where the tip was below the skin, without standing still."""
    below = [tip.at_mm for tip in tips if tip.depth_mm >= 0.0]
    return [at for n, at in enumerate(below) if n == 0 or math.dist(at, below[n - 1]) > STEP_MM]


def _line(places: Sequence[tuple[float, float, float]]) -> Metal:
    """Straight pieces from place to place: a way that doubles back has no smooth tube."""
    return Metal(tuple(Rod(frozen(first), frozen(last), TRACK_RADIUS_MM) for first, last in pairwise(places)))
