"""The whole procedure stage by stage, from the patient's card to the advice: what is done, due, refused and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Cue
from dekomp_sim.procedure.rules import may
from dekomp_sim.viewer.practice.bedside import open_questions
from dekomp_sim.viewer.practice.moments import Moment
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.syllabus import AT_ANY_TIME, Plan, in_room


class State(StrEnum):
    """How a task stands."""

    DONE = "done"
    DUE = "due"
    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do.

    Parameters
    ----------
    do
        The word of its action.
    words
        What it is, for a reader.
    state
        Done; due, being the first that is needed and not done; open, where it may be done now; refused, where not.
    reason
        Why it would be refused now; empty where it may be done, or is done.
    values
        What its form begins with, besides the action's own defaults.
    needed
        Whether no case does without; else it is done if wanted.
    """

    do: str
    words: str
    state: State
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the procedure."""

    title: str
    tasks: tuple[Task, ...]

    @property
    def done(self) -> bool:
        """Whether nothing of it is due or still to be done that is needed."""
        return all(task.state is State.DONE for task in self.tasks if task.needed)


def stages(session: Session) -> tuple[Stage, ...]:
    """The whole procedure as it stands now; the last stage holds what may be wanted at any time."""
    case, carried = session.case, carried_out(session.moments)
    room = in_room(case)
    done = {plan: _is_done(plan, before, case, carried) for _, plans in room for before, plan in _in_turn(plans)}
    due = next((plan for _, plans in room for plan in plans if plan.needed and not done[plan]), None)
    told = tuple(
        Stage(title, tuple(_task(plan, case, done=done[plan], due=plan is due) for plan in plans))
        for title, plans in room
    )
    always = (_task(plan, case, done=False, due=False) for plan in AT_ANY_TIME)
    return (*told, Stage("At any time", (*map(_question, open_questions(case)), *always)))


def current(found: Sequence[Stage]) -> int:
    """The number of the stage in which something is due; the last of the procedure where nothing is."""
    for number, stage in enumerate(found):
        if any(task.state is State.DUE for task in stage.tasks):
            return number
    return len(found) - 2


def carried_out(moments: Sequence[Moment]) -> Mapping[tuple[str, str], float]:
    """Word and instrument of every action that was carried out, with the clock after the last time."""
    return {
        mark_of(one.action): one.clock_s
        for one in moments
        if one.action is not None and one.refusal is None and not one.idle
    }


def mark_of(action: do.Action) -> tuple[str, str]:
    """What tells one task from another: an action's word, and the instrument where it names one."""
    return action.do, getattr(action, "instrument", "")


def _in_turn(plans: Sequence[Plan]) -> Iterator[tuple[Plan | None, Plan]]:
    """Each task with the one before it."""
    return zip((None, *plans[:-1]), plans, strict=True)


def _is_done(plan: Plan, before: Plan | None, case: Case, carried: Mapping[tuple[str, str], float]) -> bool:
    """Whether its action was carried out; waiting is done once that time has passed since the task before it."""
    action = plan.asked(case)
    if not isinstance(action, do.Wait) or before is None:
        return mark_of(action) in carried
    since_s = carried.get(mark_of(before.asked(case)))
    return since_s is not None and case.clock_s - since_s >= action.seconds


def _task(plan: Plan, case: Case, *, done: bool, due: bool) -> Task:
    action = plan.asked(case)
    values = MappingProxyType({name: getattr(action, name) for name in plan.prefilled})
    if done:
        return Task(plan.do, plan.words, State.DONE, "", values, plan.needed)
    reason = may(case, action) or ""
    state = State.DUE if due else State.REFUSED if reason else State.OPEN
    return Task(plan.do, plan.words, state, reason, values, plan.needed)


def _question(asked: Cue) -> Task:
    """A question of the lesson as a task: its answers stand in its words, counted from 1."""
    answers = "; ".join(f"{number}: {words}" for number, words in enumerate(asked.answers, start=1))
    return Task("answer", f"{asked.words} {answers}", State.OPEN, "", MappingProxyType({"question": asked.trigger}))
