"""What happened: contacts, breaches, pain, words, readings and refusals, each with its time on the case's clock.

`harm` is true of the kinds that are an injury: a case that holds one ended in harm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dekomp_sim.anatomy.labels import Structure


class Severity(StrEnum):
    """How much an event matters."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    HARM = "harm"


class BreachKind(StrEnum):
    """A complication: what was opened that should have stayed whole."""

    ROOT = "root"
    DURA = "dura"
    ENDPLATE = "endplate"
    ANTERIOR_ANNULUS = "anterior_annulus"
    VESSEL = "vessel"
    KIDNEY = "kidney"
    BOWEL = "bowel"
    WRONG_LEVEL = "wrong_level"
    DEVICE_FRACTURE = "device_fracture"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action that might not happen now, and why; the case stayed as it was."""

    clock_s: float
    action: str
    reason: str
    severity: Severity = Severity.NOTICE
    harm: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"Refused: {self.action.replace('_', ' ')}. {self.reason}"


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the team or the patient."""

    clock_s: float
    speaker: str
    words: str
    severity: Severity = Severity.INFO
    harm: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Pain:
    """What the patient feels and says.

    Parameters
    ----------
    clock_s
        When.
    rating
        0 to 10.
    words
        What the patient says.
    structure
        What hurts.
    dermatome
        "L4" for pain that runs down the leg, else empty.
    concordant
        During discography: is it the patient's own pain? Else None.
    """

    clock_s: float
    rating: float
    words: str
    structure: Structure
    dermatome: str = ""
    concordant: bool | None = None
    severity: Severity = Severity.NOTICE
    harm: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Contact:
    """An instrument touches something it should miss: a root, the sac, bone.

    Parameters
    ----------
    clock_s
        When.
    instrument
        Its key.
    structure, name
        What is touched and what a clinician calls it.
    depth_mm
        Depth of the tip below the skin at the first touch.
    at_mm
        The tip there, patient frame.
    """

    clock_s: float
    instrument: str
    structure: Structure
    name: str
    depth_mm: float
    at_mm: tuple[float, float, float]
    severity: Severity = Severity.WARNING
    harm: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"The {self.instrument.replace('_', ' ')} touches {self.name} at {self.depth_mm:.1f} mm."


@dataclass(frozen=True, slots=True)
class Breach:
    """A complication: an instrument opens what should have stayed whole.

    Parameters
    ----------
    clock_s
        When.
    kind
        Which complication.
    instrument
        Its key.
    structure, name
        What is opened and what a clinician calls it.
    depth_mm
        Depth of the tip below the skin there.
    at_mm
        The tip there, patient frame.
    """

    clock_s: float
    kind: BreachKind
    instrument: str
    structure: Structure
    name: str
    depth_mm: float
    at_mm: tuple[float, float, float]
    severity: Severity = Severity.HARM
    harm: ClassVar[bool] = True

    @property
    def words(self) -> str:
        """The event as a sentence."""
        what = {
            BreachKind.WRONG_LEVEL: "enters the wrong disc",
            BreachKind.DEVICE_FRACTURE: "breaks off and stays behind",
        }.get(self.kind, "goes through")
        return f"The {self.instrument.replace('_', ' ')} {what}: {self.name}, at {self.depth_mm:.1f} mm."


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading: pressure on the manometer, volume in the chamber."""

    clock_s: float
    quantity: str
    value: float
    unit: str
    severity: Severity = Severity.INFO
    harm: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"{self.quantity[:1].upper()}{self.quantity[1:]}: {self.value:.3g} {self.unit}."


@dataclass(frozen=True, slots=True)
class Risk:
    """A lapse of good practice that did no harm by itself."""

    clock_s: float
    lapse: str
    words: str
    severity: Severity = Severity.WARNING
    harm: ClassVar[bool] = False


class ReactionKind(StrEnum):
    """How the body answers."""

    ANXIETY = "anxiety"
    VASOVAGAL = "vasovagal"
    ALLERGY = "allergy"
    SPINAL_BLOCK = "spinal_block"
    TOXICITY = "toxicity"
    SEIZURE = "seizure"
    HEART_FAILS = "heart_fails"
    ALARM = "alarm"
    COLLAPSE = "collapse"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The body answers: fear, a faint, an allergy, an alarm of the monitor; a collapse is an injury."""

    clock_s: float
    kind: ReactionKind
    words: str
    severity: Severity = Severity.WARNING

    @property
    def harm(self) -> bool:
        """Whether it was an injury."""
        return self.kind is ReactionKind.COLLAPSE


@dataclass(frozen=True, slots=True)
class Startled:
    """The patient starts: a sudden move on the table when it hurts, and a slip of the instrument in the hand.

    Parameters
    ----------
    clock_s
        When.
    rating
        The pain that did it, 0 to 10.
    moved_mm
        How far the patient shifted on the table, patient frame; drawn.
    instrument
        Key of the one in the hand; empty where there was none.
    slipped_mm
        How far that one slipped along its axis, + deeper; drawn, less what bone or its hub held up.
    """

    clock_s: float
    rating: float
    moved_mm: tuple[float, float, float]
    instrument: str = ""
    slipped_mm: float = 0.0
    severity: Severity = Severity.WARNING
    harm: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The event as a sentence."""
        moved = f"The patient starts and moves {math.hypot(*self.moved_mm):.0f} mm on the table"
        if not self.instrument:
            return f"{moved}."
        way = "deeper" if self.slipped_mm >= 0.0 else "out"
        return f"{moved}; the {self.instrument.replace('_', ' ')} slips {abs(self.slipped_mm):.1f} mm {way}."


class Ailment(StrEnum):
    """What may show after the patient has gone home."""

    WEAKNESS = "weakness"
    HEADACHE = "headache"
    DISCITIS = "discitis"
    HAEMATOMA = "haematoma"
    HAEMATURIA = "haematuria"
    PERITONITIS = "peritonitis"
    PAIN_AS_BEFORE = "pain_as_before"
    LEG_ASLEEP = "leg_asleep"
    FRAGMENT = "fragment"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What shows after the procedure, or was drawn and does not.

    Parameters
    ----------
    clock_s
        When it was found out for the record.
    ailment
        What.
    happens
        Whether it does.
    shows_after_s
        Time after `clock_s` at which the patient notices.
    words
        The event as a sentence.
    probability
        1 where a cause settles it; else the stated probability.
    drawn
        The number from 0 to 1 that was drawn against it; None where nothing was drawn.
    """

    clock_s: float
    ailment: Ailment
    happens: bool
    shows_after_s: float
    words: str
    probability: float = 1.0
    drawn: float | None = None
    severity: Severity = Severity.HARM

    @property
    def harm(self) -> bool:
        """Whether it is an injury that happens."""
        return self.happens and self.severity is Severity.HARM


@dataclass(frozen=True, slots=True)
class Cue:
    """The lesson speaks: a hint, a question with its answers, or word that equipment failed."""

    clock_s: float
    trigger: str
    words: str
    answers: tuple[str, ...] = ()
    severity: Severity = Severity.NOTICE
    harm: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of the lesson was answered; `choice` counts from 1, `because` is what the lesson says to it."""

    clock_s: float
    question: str
    choice: int
    right: bool
    because: str = ""
    severity: Severity = Severity.INFO
    harm: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return f"{'Right' if self.right else 'Wrong'}. {self.because}".strip()


Event = Refusal | Said | Pain | Contact | Breach | Measured | Risk | Reaction | Startled | Outcome | Cue | Answered
"""Whatever a case's journal may hold."""
