"""What a case's lesson asked, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass

from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Answered, Cue
from dekomp_sim.procedure.lesson.plan import Ask


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the lesson.

    Parameters
    ----------
    clock_s
        When it was asked.
    words
        What was asked.
    answer
        What was answered; "" where nobody did.
    right_answer
        What is right.
    right
        Whether that was answered.
    because
        What the lesson says to it.
    """

    clock_s: float
    words: str
    answer: str
    right_answer: str
    right: bool
    because: str


def questions(case: Case) -> tuple[Question, ...]:
    """Every question that was asked, in order of time."""
    asked = {event.trigger: event for event in case.events if isinstance(event, Cue) and event.answers}
    given = {event.question: event for event in case.events if isinstance(event, Answered)}
    whole = {
        trigger.name: effect
        for trigger in case.lesson.triggers
        for effect in trigger.then
        if isinstance(effect, Ask) and trigger.name in asked
    }
    return tuple(_question(cue, whole[name], given.get(name)) for name, cue in asked.items())


def _question(cue: Cue, ask: Ask, given: Answered | None) -> Question:
    answer = ask.answers[given.choice - 1] if given is not None else ""
    right = given is not None and given.right
    return Question(cue.clock_s, ask.words, answer, ask.answers[ask.right - 1], right, ask.because)
