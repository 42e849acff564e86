"""A scenario as a clinician would tell it: who, why, what is planned, what may happen, how it is marked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dekomp_sim.anatomy.phantom.variants import Variation
from dekomp_sim.procedure.clinic.card import Herniation, PatientCard
from dekomp_sim.procedure.ct.acquired import Guidance
from dekomp_sim.procedure.lesson.plan import Ask, Befall, Effect, Fail, Gate, Hint, Trigger, When
from dekomp_sim.scenario.rubric import Criterion, Rubric
from dekomp_sim.scenario.story import Story

GUIDED: Final = {
    Guidance.CT: "The room has a CT scanner and no C-arm.",
    Guidance.MIXED: "The room has a CT scanner and a C-arm.",
}
"""What is said of a room that is not the usual one."""


def told(story: Story, language: str = "en") -> Iterator[str]:
    """The scenario in paragraphs.

    Parameters
    ----------
    story
        The scenario.
    language
        Of its own texts, where it has them: "de"; what the program adds is English.
    """
    texts = story.told_in(language)
    yield texts.title
    if texts.summary:
        yield texts.summary.strip()
    yield f"{_patient(story.card)} {_complaint(story)}".strip()
    if story.guidance in GUIDED:
        yield GUIDED[story.guidance]
    anatomy = _anatomy(story.patient)
    if anatomy:
        yield f"The anatomy: {anatomy}."
    if texts.prebrief:
        yield f"Before: {texts.prebrief.strip()}"
    if texts.learning:
        yield "To be learned:\n" + "\n".join(f"  - {words}" for words in texts.learning)
    yield from (f"Laid into the case: {_trigger(trigger)}" for trigger in story.lesson.triggers)
    yield from (f"Held back: {_gate(gate)}" for gate in story.lesson.gates)
    yield from (_marks(rubric) for rubric in story.rubrics)
    if texts.debrief:
        yield f"Afterwards: {texts.debrief.strip()}"


def _patient(card: PatientCard) -> str:
    care = f"{card.conservative_weeks:g} weeks of conservative care"
    tried = " and a steroid injection have not helped" if card.steroid_injection_failed else " have not helped"
    against = [*card.conditions, *(f"allergic to {one.replace('_', ' ')}" for one in card.allergies)]
    noted = f" Noted: {', '.join(one.replace('_', ' ') for one in against)}." if against else ""
    return (
        f"The patient is {card.age_y:g} years old and weighs {card.weight_kg:g} kg. "
        f"The leg hurts {card.leg_pain:g} of 10, the back {card.back_pain:g}; {care}{tried}.{noted}"
    )


def _complaint(story: Story) -> str:
    card = story.card
    if card.herniation is Herniation.NONE:
        return f"No herniation is seen at {story.level}."
    return (
        f"{story.level} shows a {story.side} {card.site} {card.herniation}, {card.herniation_mm:g} mm deep, "
        f"in a disc of {card.disc_height_percent:g} % of its height."
    )


def _anatomy(patient: Variation) -> str:
    said = (
        (patient.age_y, f"bone of {patient.age_y or 0:g} years"),
        (patient.sex, f"a {patient.sex} skeleton"),
        (patient.bmi, f"a body mass index of {patient.bmi or 0:g} kg/m²"),
        (patient.disc_height_percent, f"a disc lowered to {patient.disc_height_percent or 0:g} %"),
        (patient.crest_height_mm, f"iliac crests {patient.crest_height_mm or 0:g} mm above L4-L5"),
        (patient.scoliosis_deg, _curve(patient.scoliosis_deg or 0.0)),
        (patient.conjoined_root or None, "two roots in one sheath at the treated disc"),
        (patient.retrorenal_colon or None, "a colon behind the left kidney"),
    )
    return ", ".join(words for given, words in said if given is not None)


def _curve(cobb_deg: float) -> str:
    return f"a lumbar scoliosis of {abs(cobb_deg):g}°, convex to the {'left' if cobb_deg > 0.0 else 'right'}"


def _trigger(trigger: Trigger) -> str:
    times = "Whenever" if trigger.again else "When"
    return f"{times} {_condition(trigger.when)}, {' and '.join(_effect(effect) for effect in trigger.then)}."


def _condition(when: When) -> str:
    parts = []
    if when.quantity is not None:
        limits = [
            f"{word} {limit:g}" for word, limit in (("above", when.above), ("below", when.below)) if limit is not None
        ]
        parts.append(f"{when.quantity} is {' and '.join(limits)}")
    if when.done is not None:
        parts.append(f"{when.done.replace('_', ' ')} is done")
    if when.happened is not None:
        parts.append(f"a {when.happened} is on record")
    return " and ".join(parts)


def _effect(effect: Effect) -> str:
    match effect:
        case Hint():
            return f'the teacher says "{effect.words.strip()}"'
        case Ask():
            return f'the teacher asks "{effect.words.strip()}" ({"; ".join(effect.answers)})'
        case Befall():
            return f"the patient has a {effect.ill}"
        case Fail():
            return f"the {effect.equipment.replace('_', ' ')} fails for {effect.seconds:g} s"


def _gate(gate: Gate) -> str:
    return f"no {gate.step.replace('_', ' ')} until {_condition(gate.until)}: {gate.words}"


def _marks(rubric: Rubric) -> str:
    lines = [f"Marked by {rubric.name}: {rubric.pass_percent:g} % pass."]
    lines += [f"  - {_criterion(criterion)}" for criterion in rubric.criteria]
    if rubric.critical:
        lines.append(f"  Failed by: {', '.join(one.replace('_', ' ') for one in rubric.critical)}.")
    return "\n".join(lines)


def _criterion(one: Criterion) -> str:
    return f"{one.metric}: full marks at {one.full_at:g}, none at {one.zero_at:g}, weight {one.weight:g}"
