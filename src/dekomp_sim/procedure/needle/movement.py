"""Instruments in the patient: in, forward, back, turned, out; what lies inside an instrument moves with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.rigid import Rigid
from dekomp_sim.instruments import (
    CATALOGUE,
    Advance,
    Hole,
    Kind,
    Nest,
    Placement,
    advance,
    coaxial,
    dug,
    followed,
    holding_mm,
    inner_of,
    inserted,
    left_of_bend_deg,
    removed,
    swept_mm,
)
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.lapses import on_entering_disc
from dekomp_sim.procedure.events import Event, Said, Severity
from dekomp_sim.procedure.needle.encounters import SPEED_MM_S, disc_entered_mm, encounters, reached
from dekomp_sim.procedure.needle.sites import as_tuple, axis_asked, levels_worked, reach_mm
from dekomp_sim.procedure.needle.steering import free_from_mm, push_felt, steered
from dekomp_sim.procedure.records import Puncture, Tip
from dekomp_sim.procedure.rules import guide

HANDLING_S: Final = 10.0
"""Time in s to take, insert, exchange or turn an instrument. Assumption."""

IN_INCISION_MM: Final = 5.0
"""Distance in mm from the incision within which an instrument goes through it. Assumption: half a fingertip."""

LEAST_SINE: Final = 1e-6
"""Sine of the angle below which two directions are one: far below any goniometer, above rounding."""

FOLLOWS_WELL: Final = 0.95
"""Share of a turn above which the hand notices no pull of the tissue. Assumption."""

FELT: Final = {
    Structure.ANNULUS: "firm and gritty: annulus",
    Structure.PROTRUSION: "firm: the protruding annulus",
    Structure.NUCLEUS: "soft again: nucleus",
}
"""What the hand says of tissue newly met."""


def insert(case: Case, action: do.Insert) -> Case:
    """Set an instrument on the skin, or into its guide: a needle with its tip at the guide's, all else fully in."""
    outer = guide(case, action.instrument)
    if outer is not None:
        needle = CATALOGUE[action.instrument].kind is Kind.NEEDLE
        return _bent_in(seat(case, action.instrument, outer, beyond_mm=0.0 if needle else None), action, outer)
    entry, direction = axis_asked(case, action)
    key = action.instrument
    cut = _in_incision(case, entry)
    if key == "trocar_cannula" and not cut:
        raise InputError("entry of the trocar", "skin that is whole", "the incision", "Incise there")
    placed = {key: Placement(CATALOGUE[key], entry, direction, 0.0, prebend_deg=action.prebend_deg)}
    nest = case.nest
    if key == "trocar_cannula":  # the trocar is handed over whole, the stylet's tip leading
        whole = coaxial(CATALOGUE["trocar_stylet"], placed[key])
        placed = {key: placed[key].at_depth(-whole.depth_mm), "trocar_stylet": whole.at_depth(0.0)}
        nest = inserted("trocar_stylet", key, nest)
    puncture = Puncture(case.clock_s, key, as_tuple(entry), cut, action.level or case.level)
    return replace(
        case,
        placements=_joined(case.placements, placed),
        nest=nest,
        punctures=(*case.punctures, puncture),
        track=(*case.track, *_tips(case.clock_s, placed.values())),
        clock_s=case.clock_s + HANDLING_S,
    )


def _bent_in(case: Case, action: do.Insert, outer: str) -> Case:
    """The case with a pre-bent needle led through its guide, which may take out a part of the bend."""
    key = action.instrument
    left_deg = left_of_bend_deg(CATALOGUE[key], CATALOGUE[outer], action.prebend_deg)
    placements = _joined(case.placements, {key: replace(case.placements[key], prebend_deg=left_deg)})
    if left_deg == action.prebend_deg:
        return replace(case, placements=placements)
    depth_mm, guide_words = case.placements[key].depth_mm, outer.replace("_", " ")
    words = f"{depth_mm:.0f} mm, tight: the {guide_words} straightens the tip, {left_deg:.0f} degrees of bend are left."
    told = Said(case.clock_s, "hand", words, Severity.NOTICE)
    return replace(case, placements=placements, events=(*case.events, told))


def seat(case: Case, key: str, outer: str, beyond_mm: float | None = None) -> Case:
    """Lead `key` through `outer` until its tip is `beyond_mm` past the outer tip; fully in where that is None."""
    around = case.placements[outer]
    flush = coaxial(CATALOGUE[key], around, 0.0)
    within = replace(
        case,
        placements=_joined(case.placements, {key: flush}),
        nest=inserted(key, outer, case.nest),
        track=(*case.track, *_tips(case.clock_s, [flush])),
        clock_s=case.clock_s + HANDLING_S,
    )
    goal = coaxial(CATALOGUE[key], around, beyond_mm).depth_mm
    return push(within, key, goal) if goal > flush.depth_mm else within


def push(case: Case, key: str, to_depth_mm: float, bevel_deg: float | None = None) -> Case:
    """Advance an instrument, and what is in it, to a depth below the skin or until bone or its hub stops it.

    Its bevel is held where `bevel_deg` says; what it carries within keeps the form it has.
    """
    goal_mm = min(to_depth_mm, reach_mm(case, key))
    ready = replace(case, placements=_joined(case.placements, {key: steered(case, key, bevel_deg)}))
    way_mm = goal_mm - case.placements[key].depth_mm
    moving = _with_inner(case, key)
    starts = {name: free_from_mm(case, name) for name in moving}
    travels = {name: _travel(ready, name, starts[name], way_mm, carried=name != key) for name in moving}
    short_mm = max(_shortfall(travel) for travel in travels.values())
    if short_mm > 0.0:
        way_mm = max(way_mm - short_mm, 0.0)
        travels = {n: _clipped(_travel(ready, n, starts[n], way_mm, carried=n != key), travels[n]) for n in moving}
    now = {name: _moved(ready.placements[name], way_mm, carried=name != key) for name in moving}
    clock_s = case.clock_s + way_mm / SPEED_MM_S
    told = [event for name in reversed(moving) for event in _told(case, travels[name], starts[name])]
    leader = max(moving, key=lambda name: now[name].depth_mm)
    told += _felt(case, travels[leader], starts[leader])
    told.sort(key=lambda event: event.clock_s)
    if goal_mm < to_depth_mm:
        told.append(_at_hub(clock_s, case.nest, key, (goal_mm, to_depth_mm)))
    return replace(
        case,
        placements=_joined(case.placements, now),
        track=(*case.track, *_tips(clock_s, now.values())),
        holes=_holes(case, now, bevel_deg),
        pushes=(*case.pushes, push_felt(ready, key, travels[leader], starts[leader])),
        events=(*case.events, *_once(told)),
        clock_s=clock_s,
    )


def pull(case: Case, key: str, to_depth_mm: float) -> Case:
    """Withdraw an instrument, and what is in it, to a depth below the skin, back along its course."""
    way_mm = case.placements[key].depth_mm - to_depth_mm
    now = {name: _moved(case.placements[name], -way_mm, carried=name != key) for name in _with_inner(case, key)}
    clock_s = case.clock_s + way_mm / SPEED_MM_S
    track = (*case.track, *_tips(clock_s, now.values()))
    return replace(case, placements=_joined(case.placements, now), track=track, clock_s=clock_s)


def turn(case: Case, action: do.Redirect) -> Case:
    """Turn an instrument, and what is in it, about its skin entry: tip to the midline, tip to the head.

    The tissue about a deep shaft pulls it back: of the turn asked for it follows a share (`followed`).
    """
    moving = _with_inner(case, action.instrument)
    deepest_mm = max(case.placements[name].depth_mm for name in moving)
    share = followed(deepest_mm, holding_mm(CATALOGUE[name] for name in moving))
    straight = case.placements[action.instrument].direction
    medial = _tilted(straight, np.array([-float(case.side.sign), 0.0, 0.0]), share * action.medial_deg)
    direction = _tilted(medial, np.array([0.0, 0.0, 1.0]), share * action.cranial_deg)
    now = {name: replace(case.placements[name], direction=direction) for name in moving}
    return replace(
        case,
        placements=_joined(case.placements, now),
        redirects=case.redirects + 1,
        track=(*case.track, *_tips(case.clock_s, now.values())),
        events=(*case.events, *_pulled_back(case, deepest_mm, share)),
        clock_s=case.clock_s + HANDLING_S,
    )


def take_out(case: Case, key: str) -> Case:
    """Take an instrument, and what is in it, out of the patient."""
    leaving = _with_inner(case, key)
    deepest = max(case.placements[name].depth_mm for name in leaving)
    left = {name: placement for name, placement in case.placements.items() if name not in leaving}
    clock_s = case.clock_s + HANDLING_S + max(deepest, 0.0) / SPEED_MM_S
    return replace(case, placements=MappingProxyType(left), nest=removed(key, case.nest), clock_s=clock_s)


def _pulled_back(case: Case, deepest_mm: float, share: float) -> tuple[Event, ...]:
    """What the hand notices where tissue holds a shaft that is turned."""
    if share > FOLLOWS_WELL:
        return ()
    words = (
        f"{deepest_mm:.0f} mm, the tissue pulls back: the tip follows {share:.0%} of the turn. Withdraw to turn more."
    )
    return (Said(case.clock_s, "hand", words),)


def _holes(case: Case, now: Mapping[str, Placement], bevel_deg: float | None) -> tuple[Hole, ...]:
    """The holes once instruments have come to where they are now."""
    holes = case.holes
    for name, placement in now.items():
        if placement.depth_mm > 0.0:
            holes = dug(holes, Hole(placement.course, placement.depth_mm, _cut_mm(case, name, bevel_deg)))
    return holes


def _cut_mm(case: Case, key: str, bevel_deg: float | None) -> float:
    """Width of the hole: a stylet and its cannula cut as one point, a bent tip turned to and fro wobbles."""
    item = CATALOGUE[key]
    if item.kind is Kind.STYLET:
        return CATALOGUE[case.nest[key]].outer_mm
    return item.outer_mm if bevel_deg is not None else swept_mm(item, case.placements[key].prebend_deg)


def _tilted(direction: FloatArray, towards: FloatArray, angle_deg: float) -> FloatArray:
    """`direction` (3,) turned by an angle toward `towards` (3,)."""
    axis = np.cross(direction, towards)
    if np.linalg.norm(axis) < LEAST_SINE:
        raise InputError("redirect", "a needle that already points that way", "another turn")
    return unit(Rigid.about_axis(axis, angle_deg).directions(direction))


def _in_incision(case: Case, entry_mm: FloatArray) -> bool:
    if case.incision is None:
        return False
    return bool(np.linalg.norm(entry_mm - np.array(case.incision.at_mm)) <= IN_INCISION_MM)


def _with_inner(case: Case, key: str) -> tuple[str, ...]:
    """The instrument and what lies in it, outermost first."""
    inner = inner_of(key, case.nest)
    return (key,) if inner is None else (key, *_with_inner(case, inner))


def _moved(placement: Placement, way_mm: float, *, carried: bool) -> Placement:
    return placement.carried(way_mm) if carried else placement.at_depth(placement.depth_mm + way_mm)


def _travel(case: Case, key: str, start_mm: float, way_mm: float, *, carried: bool) -> Advance:
    """How one member gets on: through tissue only beyond `start_mm`, the rest is inside its guide."""
    placement = case.placements[key]
    goal = max(placement.depth_mm + way_mm, start_mm)
    going = placement.carried(way_mm) if carried else placement
    return advance(case.patient, replace(going, depth_mm=start_mm), goal)


def _shortfall(travel: Advance) -> float:
    return travel.wanted_mm - travel.placement.depth_mm if travel.stopped_by is not None else 0.0


def _clipped(travel: Advance, first: Advance) -> Advance:
    """The shorter way, with the bone that stopped the first try if it was this member's."""
    return replace(travel, stopped_by=first.stopped_by if _shortfall(first) > 0.0 else None)


def _told(case: Case, travel: Advance, start_mm: float) -> tuple[Event, ...]:
    key = travel.placement.instrument.key
    entered = (disc_entered_mm(travel, level, start_mm) for level in levels_worked(case, key))
    first_mm = min((depth_mm for depth_mm in entered if depth_mm is not None), default=None)
    lapses = on_entering_disc(reached(case, key, first_mm), key) if first_mm is not None else ()
    return (*lapses, *encounters(case, travel, start_mm))


def _felt(case: Case, travel: Advance, start_mm: float) -> tuple[Event, ...]:
    new = [c for c in travel.crossings if c.structure in FELT and c.from_mm > start_mm + 1e-6 and c.pierced]
    found = [(c.from_mm, FELT[c.structure]) for c in new]
    if travel.stopped_by is not None:
        found.append((travel.placement.depth_mm, "hard and it stops: bone"))
    key = travel.placement.instrument.key
    return tuple(Said(reached(case, key, at).clock_s, "hand", f"{at:.0f} mm, {what}.") for at, what in found)


def _at_hub(clock_s: float, nest: Nest, key: str, depths_mm: tuple[float, float]) -> Event:
    """What the hand notices where the hub ends a push before the depth that was asked."""
    goal_mm, wanted_mm = depths_mm
    on = "the skin" if key not in nest else f"the {nest[key].replace('_', ' ')}'s"
    words = f"The {key.replace('_', ' ')}'s hub is on {on}: {goal_mm:.0f} mm, {wanted_mm:.0f} mm was asked."
    return Said(clock_s, "hand", words, Severity.NOTICE)


def _once(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events without those that the trocar's cannula repeats just behind its stylet."""
    kept: dict[tuple[str, ...], Event] = {}
    for event in events:
        kept.setdefault(_identity(event), event)
    return tuple(kept.values())


def _identity(event: Event) -> tuple[str, ...]:
    what = getattr(event, "name", "") or getattr(event, "words", "")
    return type(event).__name__, getattr(event, "kind", ""), what


def _tips(clock_s: float, placements: Iterable[Placement]) -> tuple[Tip, ...]:
    return tuple(Tip(clock_s, p.instrument.key, p.depth_mm, as_tuple(p.tip_mm)) for p in placements)


def _joined(old: Mapping[str, Placement], new: Mapping[str, Placement]) -> Mapping[str, Placement]:
    return MappingProxyType({**old, **new})
