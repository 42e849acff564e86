"""What is known at the bedside: what is said, how much it hurts, what the monitor shows, what the card says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dekomp_sim.debrief.steps import kind_of, told
from dekomp_sim.procedure.actions import Sedation
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import sedation_seen
from dekomp_sim.procedure.clinic.body import worst_now
from dekomp_sim.procedure.clinic.card import PatientCard
from dekomp_sim.procedure.clinic.vitals import FIT, Vitals, below
from dekomp_sim.procedure.events import (
    Answered,
    Cue,
    Event,
    Measured,
    Outcome,
    Pain,
    Reaction,
    Refusal,
    Said,
    Severity,
    Startled,
)
from dekomp_sim.viewer.practice.session import Mode


@dataclass(frozen=True, slots=True)
class Line:
    """Something said, felt or read off: when, by whom or what, in which words, how grave."""

    clock_s: float
    kind: str
    words: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Bedside:
    """What whoever stands at the table knows.

    Parameters
    ----------
    clock_s
        The case's clock.
    said
        Everything said, felt and read off so far, in order of time.
    pain
        What the patient feels now of what was done, 0 to 10; each pain fades with `clinic.body.FORGETS_S`.
    vitals, alarms
        What the monitor shows, and what of it rings, in words.
    sedation
        How far from awake the patient is by now, whatever was given: doses add up and wear off.
    """

    clock_s: float
    said: tuple[Line, ...]
    pain: float
    vitals: Vitals
    alarms: tuple[str, ...]
    sedation: Sedation


def bedside(case: Case, mode: Mode = Mode.PRACTICE) -> Bedside:
    """The bedside of a case; in an examination without what nobody there would notice."""
    lines = tuple(
        Line(event.clock_s, kind_of(event), told(event), event.severity) for event in perceived(case.events, mode)
    )
    seen = sedation_seen(case.sedation_depth)
    return Bedside(case.clock_s, lines, pain_now(case), case.vitals, below(case.vitals, FIT), seen)


def perceived(events: Iterable[Event], mode: Mode) -> tuple[Event, ...]:
    """Of what happened, what is told: in practice all; in an examination what eye, ear and hand at the table notice.

    A contact, a breach, a lapse, what shows after days, and whether an answer was right are left to the debrief.
    """
    if mode is Mode.PRACTICE:
        return tuple(events)
    noticed = Said | Pain | Refusal | Measured | Reaction | Startled | Cue
    return tuple(event for event in events if isinstance(event, noticed))


def open_questions(case: Case) -> tuple[Cue, ...]:
    """What the lesson asked and nobody has answered yet, the oldest first; answered with `Answer(trigger, choice)`."""
    answered = {event.question for event in case.events if isinstance(event, Answered)}
    return tuple(e for e in case.events if isinstance(e, Cue) and e.answers and e.trigger not in answered)


def pain_now(case: Case) -> float:
    """What is left of the worst pain, 0 to 10."""
    worst = worst_now(case)
    return 0.0 if worst is None else worst[0]


def card_rows(card: PatientCard) -> tuple[tuple[str, str], ...]:
    """The patient's card as title and words, as far as anybody knows it."""
    yes = {True: "yes", False: "no"}
    return (
        ("Age", f"{card.age_y:g} years"),
        ("Weight", f"{card.weight_kg:g} kg"),
        ("Leg pain, back pain", f"{card.leg_pain:g} and {card.back_pain:g} of 10"),
        ("Conservative care", f"{card.conservative_weeks:g} weeks"),
        ("Steroid injection failed", yes[card.steroid_injection_failed]),
        ("Root block relieved the pain", yes[card.root_block_positive]),
        ("Herniation on MRI", f"{card.herniation}, {card.site}, {card.herniation_mm:g} mm"),
        ("Disc height", f"{card.disc_height_percent:g} % of its neighbours'"),
        ("Conditions", _listed(card.conditions)),
        ("Allergies", _listed(card.allergies)),
        ("Afraid", f"{card.anxiety:g} of 10"),
    )


def after_days(case: Case) -> tuple[Outcome, ...]:
    """What shows after the patient has gone home, for the debrief."""
    return tuple(event for event in case.events if isinstance(event, Outcome) and event.happens)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(str(one).replace("_", " ") for one in words) or "none"
