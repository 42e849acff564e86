"""What is done for the patient as a person: drugs, questions, help, a bandage, advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Gt, Le


class Sedation(StrEnum):
    """How far from awake."""

    NONE = "none"
    LIGHT = "light"
    DEEP = "deep"
    GENERAL = "general"


class Treatment(StrEnum):
    """What helps when the vital signs fall; one is one standard dose (`clinic.courses.STANDARD_DOSE`)."""

    OXYGEN = "oxygen"
    FLUID = "fluid"
    LEGS_UP = "legs_up"
    ATROPINE = "atropine"
    ADRENALINE = "adrenaline"
    LIPID = "lipid"
    STIMULATE = "stimulate"
    FLUMAZENIL = "flumazenil"
    NALOXONE = "naloxone"


@dataclass(frozen=True, slots=True)
class Sedate:
    """Give the usual dose for a level of sedation; doses add up, and wear off within the hour."""

    level: Sedation = Sedation.LIGHT
    do: Literal["sedate"] = "sedate"


@dataclass(frozen=True, slots=True)
class Anaesthetise:
    """Inject lidocaine at the anaesthetic needle's tip.

    `aspirated` says whether the syringe is drawn back first: with blood or clear fluid in it nothing is injected.
    """

    volume_ml: Annotated[float, Gt(0.0), Le(50.0)]
    concentration_percent: Annotated[float, Gt(0.0), Le(4.0)] = 1.0
    aspirated: bool = True
    do: Literal["anaesthetise"] = "anaesthetise"


@dataclass(frozen=True, slots=True)
class AskPatient:
    """Ask how it is now, and have both feet moved."""

    do: Literal["ask_patient"] = "ask_patient"


@dataclass(frozen=True, slots=True)
class HoldBreath:
    """Ask the patient to breathe out and hold the breath: pictures taken meanwhile show the spine in one place.

    Assumption: nobody holds it for more than 20 s, breathed out and lying prone.
    """

    seconds: Annotated[float, Gt(0.0), Le(20.0)] = 15.0
    do: Literal["hold_breath"] = "hold_breath"


@dataclass(frozen=True, slots=True)
class Treat:
    """Help the circulation or the breathing by one standard dose."""

    treatment: Treatment
    do: Literal["treat"] = "treat"


@dataclass(frozen=True, slots=True)
class Bandage:
    """Cover the incision."""

    do: Literal["bandage"] = "bandage"


@dataclass(frozen=True, slots=True)
class AdviseRecovery:
    """Tell the patient what to do and to avoid at home."""

    do: Literal["advise_recovery"] = "advise_recovery"
