"""The next step a scenario's own script would take, for a trainee who asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dekomp_sim.debrief.steps import asked
from dekomp_sim.errors import DekompSimError
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.needle.sites import depth_wanted_mm
from dekomp_sim.procedure.rules import may
from dekomp_sim.viewer.practice.moments import Moment
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.steps import mark_of

NEAR_MM: Final = 2.0
"""Distance in mm from a wanted depth at which a movement counts as made. Assumption: what a hand calls there."""

WAITED: Final = 0.9
"""Share of a wanted wait that counts as waited. Assumption."""

BY_THE_WAY: Final = (do.SetView, do.Expose, do.SetCollimator, do.SetField, do.SetFluoroscopy, do.MoveTable, do.Wait,
                     do.AskPatient)  # fmt: skip
"""Steps that one may leave out or do more often without having left the script."""

ENOUGH: Final = "The script ends here."


def hint(session: Session) -> str | None:
    """The next step of the story's script, and what stands in its way; None where hints are not allowed."""
    if not session.hints_allowed:
        return None
    script, moments = session.story.steps, session.moments
    number = followed(script, moments)
    if number == len(script):
        return ENOUGH
    step = script[number]
    note = f" {step.note}" if isinstance(step, do.Expose) and step.note else ""
    reason = may(session.case, step)
    return f"{asked(step)}{note}" + (f" Not yet: {reason}" if reason else "")


def followed(script: Sequence[do.Action], moments: Sequence[Moment]) -> int:
    """How many steps of a script are behind: the number of the next one.

    What was done is laid against the script in order. Steps by the way may be left out; a step of weight that was done
    while an earlier one was not leaves the earlier one behind.
    """
    number = 0
    for moment in moments:
        if moment.action is None or moment.refusal is not None:
            continue
        reached = next((n for n in range(number, len(script)) if _matches(script[n], moment)), None)
        if reached is None:
            continue
        skipped = script[number:reached]
        if not isinstance(moment.action, BY_THE_WAY) or all(isinstance(one, BY_THE_WAY) for one in skipped):
            number = reached + 1
    return number


def _matches(step: do.Action, moment: Moment) -> bool:
    action = moment.action
    if action is None or mark_of(step) != mark_of(action):
        return False
    match step:
        case do.SetView():
            return isinstance(action, do.SetView) and action.view == step.view
        case do.Wait():
            return isinstance(action, do.Wait) and action.seconds >= WAITED * step.seconds
        case do.Advance() | do.Withdraw():
            return _there(step, moment)
        case _:
            return True


def _there(step: do.Advance | do.Withdraw, moment: Moment) -> bool:
    """Whether the instrument has come as far as the step asks."""
    placement = moment.case.placements.get(step.instrument)
    if placement is None:
        return False
    try:
        ahead_mm = placement.depth_mm - depth_wanted_mm(moment.case, step)
    except DekompSimError:  # its way meets no such mark
        return False
    return ahead_mm >= -NEAR_MM if isinstance(step, do.Advance) else ahead_mm <= NEAR_MM
