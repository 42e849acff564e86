"""Playing a story: the steps folded over the first case, one case after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.after import after
from dekomp_sim.procedure.case import Case, Setting, begin
from dekomp_sim.scenario.story import Story


class Played(NamedTuple):
    """One step of a story once it is done: its number from 1, the action, and the cases before and after it."""

    number: int
    action: Action
    before: Case
    after: Case


def opening(story: Story, patient: Patient) -> Case:
    """The case before a story's first step.

    Raises
    ------
    InputError
        If the patient's volume does not show the story's level, or no corridor to it is free.
    """
    setting = Setting(story.level, story.side, story.card, story.machine, story.seed, story.lesson, story.guidance)
    return begin(patient, setting)


def steps(case: Case, actions: Iterable[Action]) -> Iterator[Played]:
    """The fold, one step at a time; whoever reads it shows progress, writes the journal, takes pictures."""
    for number, action in enumerate(actions, start=1):
        later = after(case, action)
        yield Played(number, action, case, later)
        case = later


def play(story: Story, patient: Patient, on_step: Callable[[Played], None] | None = None) -> tuple[Case, ...]:
    """All cases of a story, the opening first.

    Parameters
    ----------
    story, patient
        What is played on whom.
    on_step
        Called after each step.

    Raises
    ------
    InputError
        As `opening` does.
    """
    cases = [opening(story, patient)]
    for played in steps(cases[0], story.steps):
        cases.append(played.after)
        if on_step is not None:
            on_step(played)
    return tuple(cases)
