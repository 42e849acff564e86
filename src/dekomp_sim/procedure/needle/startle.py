"""A sudden move when it hurts: the patient shifts on the table, and the instrument held slips along its axis.

Who is sedated, numbed or has just been asked and warned lies still. Pain decides whether the patient starts; how far
and which way is drawn from the case's seed and recorded.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.instruments import CATALOGUE, Kind
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.body import anxiety
from dekomp_sim.procedure.ct.scanning import drifted
from dekomp_sim.procedure.events import Pain, Startled
from dekomp_sim.procedure.fluoroscopy.exposing import nudged
from dekomp_sim.procedure.needle.movement import pull, push
from dekomp_sim.procedure.needle.sites import reach_mm

STARTLES_AT: Final = 8.5
"""Rating from which a fearless patient starts. Assumption: a touched root (8) makes one of usual fear start."""

FEAR: Final = 0.3
"""Points of rating by which each point of anxiety lowers that. Assumption: one terrified starts at a 5.5."""

WARNED: Final = 2.0
"""Points of rating by which a word just before (`ask_patient`) raises it. Assumption: then only a ganglion does it."""

MOVES_MM: Final = 0.5
"""Shift on the table in mm for each point of rating, half to half as much again. Assumption: a few mm, not measured."""

SLIPS_MM: Final = 0.3
"""Slip of the instrument in mm for each point of rating, at most, either way. Assumption: as `MOVES_MM`."""

LEAST_SLIP_MM: Final = 1e-3
"""Slips below this are none: far below any reading."""


def startles_at(before: Case) -> float:
    """Rating from which the patient starts at the next step."""
    warned = before.done[-1:] == ("ask_patient",)
    return STARTLES_AT - FEAR * anxiety(before) + (WARNED if warned else 0.0)


def startled(before: Case, case: Case, action: do.Action) -> Case:
    """The case with what the worst pain of one step made the patient do; nothing where it was bearable.

    Parameters
    ----------
    before, case
        The case before and after the step.
    action
        What was done: the instrument it names is in the hand.
    """
    new = [event.rating for event in case.events[len(before.events) :] if isinstance(event, Pain)]
    worst = max(new, default=0.0)
    if worst < startles_at(before) or not new:
        return case
    number = sum(isinstance(event, Startled) for event in case.events)
    way, size, slip = generator(case.seed, Purpose.STARTLE, number).random(3).tolist()
    moves_mm = MOVES_MM * worst * (0.5 + size)
    moved_mm = (moves_mm * math.cos(2.0 * math.pi * way), 0.0, moves_mm * math.sin(2.0 * math.pi * way))
    held = _held(case, action)
    slipped = _slipped(case, action, held, SLIPS_MM * worst * (2.0 * slip - 1.0)) if held else case
    slip_mm = slipped.placements[held].depth_mm - case.placements[held].depth_mm if held else 0.0
    told = Startled(case.clock_s, worst, moved_mm, held or "", slip_mm)
    events = (*case.events, told, *slipped.events[len(case.events) :])
    return replace(drifted(nudged(slipped, moved_mm), moved_mm), events=events)


def _held(case: Case, action: do.Action) -> str | None:
    """The instrument in the hand: the one a step names, else the deepest; a probe by its cannula."""
    if isinstance(action, do.Advance | do.Withdraw | do.Redirect | do.Insert) and action.instrument in case.placements:
        return action.instrument
    if not case.placements:
        return None
    deepest = max(case.placements, key=lambda name: case.placements[name].depth_mm)
    return deepest if CATALOGUE[deepest].kind is Kind.NEEDLE else case.nest.get(deepest, deepest)


def _slipped(case: Case, action: do.Action, held: str, slip_mm: float) -> Case:
    """The case once the instrument has slipped: through tissue as if pushed or pulled, never into bone."""
    depth_mm = case.placements[held].depth_mm
    goal_mm = max(min(depth_mm + slip_mm, reach_mm(case, held)), min(depth_mm, 0.0))
    if goal_mm < depth_mm - LEAST_SLIP_MM:
        return pull(case, held, goal_mm)
    if goal_mm > depth_mm + LEAST_SLIP_MM:
        return push(case, held, goal_mm, action.bevel_deg if isinstance(action, do.Advance) else None)
    return case
