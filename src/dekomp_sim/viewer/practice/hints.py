"""The next step a scenario's own script would take, for a trainee who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dekomp_sim.debrief.steps import asked
from dekomp_sim.errors import DekompSimError
from dekomp_sim.instruments import Course
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.needle.marks import marks
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
ANSWER_FIRST: Final = "Answer the teacher's question."


def hint(session: Session) -> str | None:
    """The next step of the story's script, and what stands in its way; None where hints are not allowed."""
    if not session.hints_allowed:
        return None
    script = session.story.steps
    number = followed(script, session.moments, session.case)
    if number == len(script):
        return ENOUGH
    step = script[number]
    if isinstance(step, do.Answer):
        return ANSWER_FIRST  # the script holds the right answer
    note = f" {step.note}" if isinstance(step, do.Expose) and step.note else ""
    reason = may(session.case, step)
    return f"{asked(step)}{note}" + (f" Not yet: {reason}" if reason else "")


def followed(script: Sequence[do.Action], moments: Sequence[Moment], case: Case) -> int:
    """How many steps of a script are behind: the number of the next one.

    What was done is laid against the script in order. Steps by the way may be left out; a step of weight that was done
    while an earlier one was not leaves the earlier one behind.

    Parameters
    ----------
    script
        The steps.
    moments
        What was done, the opening first.
    case
        As it is now: how deep a mark lies is read off it.
    """
    goals: dict[do.Action, float | None] = {
        step: _goal_mm(step, case) for step in script if isinstance(step, do.Advance | do.Withdraw)
    }
    number = 0
    for moment in moments:
        if moment.action is None or moment.refusal is not None:
            continue
        reached = next((n for n in range(number, len(script)) if _matches(script[n], moment, goals)), None)
        if reached is None:
            continue
        skipped = script[number:reached]
        if not isinstance(moment.action, BY_THE_WAY) or all(isinstance(one, BY_THE_WAY) for one in skipped):
            number = reached + 1
    return number


def _matches(step: do.Action, moment: Moment, goals: Mapping[do.Action, float | None]) -> bool:
    action = moment.action
    if action is None or mark_of(step) != mark_of(action):
        return False
    match step:
        case do.SetView():
            return isinstance(action, do.SetView) and action.view == step.view
        case do.Wait():
            return isinstance(action, do.Wait) and action.seconds >= WAITED * step.seconds
        case do.Advance() | do.Withdraw():
            return _there(step, moment, goals[step])
        case _:
            return True


def _there(step: do.Advance | do.Withdraw, moment: Moment, goal_mm: float | None) -> bool:
    """Whether the instrument came as far as the step asks."""
    depth_mm = moment.depths_mm.get(step.instrument)
    if depth_mm is None or goal_mm is None:
        return False
    return depth_mm >= goal_mm - NEAR_MM if isinstance(step, do.Advance) else depth_mm <= goal_mm + NEAR_MM


def _goal_mm(step: do.Advance | do.Withdraw, case: Case) -> float | None:
    """How deep a step wants its instrument: on its own way while it is in the patient, else on the planned one."""
    if step.to is None:
        return step.to_depth_mm
    try:
        if step.instrument in case.placements:
            return depth_wanted_mm(case, step)
        return marks(case.shape, Course(case.plan.entry_mm, case.plan.direction))[step.to] + step.offset_mm
    except (DekompSimError, KeyError):  # that way meets no such mark
        return None
