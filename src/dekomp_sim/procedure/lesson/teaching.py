"""A lesson at work: which step it stops, and what follows from what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from dekomp_sim.procedure.actions import Action, Answer
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.body import FAINT_WORDS, WEALS_WORDS
from dekomp_sim.procedure.clinic.courses import Cause, Influence
from dekomp_sim.procedure.events import (
    Answered,
    Breach,
    Contact,
    Cue,
    Pain,
    Reaction,
    ReactionKind,
    Refusal,
    Risk,
)
from dekomp_sim.procedure.lesson.plan import Ask, Befall, Effect, Equipment, Fail, Happening, Hint, Ill, Trigger, When
from dekomp_sim.procedure.lesson.quantities import value
from dekomp_sim.procedure.records import Fault

STOPS: Final = {
    Equipment.X_RAY: ("expose", "The generator gives no X-rays."),
    Equipment.C_ARM: ("set_view", "The C-arm does not turn."),
    Equipment.TABLE: ("move_table", "The table does not move."),
    Equipment.PROBE_MOTOR: ("decompress", "The probe's motor does not turn."),
    Equipment.SYRINGE: ("inject_contrast", "The pressure syringe is stuck."),
}
"""The step that a failure stops, and what the team says."""

_KINDS: Final = {
    Happening.CONTACT: Contact,
    Happening.BREACH: Breach,
    Happening.PAIN: Pain,
    Happening.REFUSAL: Refusal,
    Happening.LAPSE: Risk,
    Happening.REACTION: Reaction,
}

_ILLS: Final = {
    Ill.FAINT: (Cause.VASOVAGAL, ReactionKind.VASOVAGAL, FAINT_WORDS),
    Ill.ALLERGY: (Cause.ALLERGY, ReactionKind.ALLERGY, WEALS_WORDS),
}


def holds(case: Case, when: When) -> bool:
    """Whether a condition holds now."""
    if when.done is not None and when.done not in case.done:
        return False
    if when.happened is not None and not any(isinstance(event, _KINDS[when.happened]) for event in case.events):
        return False
    if when.quantity is None:
        return True
    found = value(case, when.quantity)
    if found is None:
        return False
    return (when.above is None or found > when.above) and (when.below is None or found < when.below)


def why_not_yet(case: Case, action: Action) -> str | None:
    """Why the lesson, or failed equipment, stops an action now; None where neither does."""
    for fault in case.faults:
        if fault.until_s > case.clock_s and STOPS[fault.equipment][0] == action.do:
            return f"{STOPS[fault.equipment][1]} Wait for the engineer: {fault.until_s - case.clock_s:.0f} s."
    for gate in case.lesson.gates:
        if gate.step == action.do and not holds(case, gate.until):
            return gate.words
    return None


def why_no_answer(case: Case, action: Answer) -> str | None:
    """Why an answer is refused: nothing of that name was asked, it is answered, or there are fewer answers."""
    asked = [event for event in case.events if isinstance(event, Cue) and event.answers]
    question = next((event for event in asked if event.trigger == action.question), None)
    if question is None:
        names = ", ".join(event.trigger for event in asked) or "none so far"
        return f"No question {action.question} was asked; asked were: {names}."
    if any(isinstance(event, Answered) and event.question == action.question for event in case.events):
        return f"The question {action.question} is answered."
    count = len(question.answers)
    return None if action.choice <= count else f"The question {action.question} has {count} answers."


def answer(case: Case, action: Answer) -> Case:
    """The case once a question is answered."""
    question = next(t for t in case.lesson.triggers if t.name == action.question)
    asked = next(effect for effect in question.then if isinstance(effect, Ask))
    right = action.choice == asked.right
    told = Answered(case.clock_s, action.question, action.choice, right, asked.because)
    return replace(case, events=(*case.events, told))


def taught(before: Case, case: Case) -> Case:
    """The case with what its lesson made of one step."""
    for trigger in case.lesson.triggers:
        if _comes_true(before, case, trigger):
            case = replace(case, fired=(*case.fired, trigger.name))
            for effect in trigger.then:
                case = _follows(case, trigger.name, effect)
    return case


def _comes_true(before: Case, case: Case, trigger: Trigger) -> bool:
    if trigger.name in case.fired and not trigger.again:
        return False
    return holds(case, trigger.when) and not (trigger.again and holds(before, trigger.when))


def _follows(case: Case, name: str, effect: Effect) -> Case:
    match effect:
        case Hint():
            return replace(case, events=(*case.events, Cue(case.clock_s, name, effect.words)))
        case Ask():
            return replace(case, events=(*case.events, Cue(case.clock_s, name, effect.words, effect.answers)))
        case Befall():
            cause, kind, words = _ILLS[effect.ill]
            struck = (*case.influences, Influence(cause, case.clock_s))
            return replace(case, influences=struck, events=(*case.events, Reaction(case.clock_s, kind, words)))
        case Fail():
            fault = Fault(effect.equipment, case.clock_s, case.clock_s + effect.seconds)
            words = effect.words or STOPS[effect.equipment][1]
            return replace(case, faults=(*case.faults, fault), events=(*case.events, Cue(case.clock_s, name, words)))
        case _:
            assert_never(effect)
