"""What is done before the patient is touched with steel: choosing, consenting, laying down, washing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Gt, Le

from dekomp_sim.anatomy.labels import Level, Side


class Agent(StrEnum):
    """An antibiotic."""

    CEFAZOLIN = "cefazolin"
    CLINDAMYCIN = "clindamycin"
    VANCOMYCIN = "vancomycin"


class Route(StrEnum):
    """A way to give the antibiotic."""

    INTRAVENOUS = "intravenous"
    INTRADISCAL = "intradiscal"


@dataclass(frozen=True, slots=True)
class AssessCandidate:
    """Read the card against indications and contraindications."""

    do: Literal["assess_candidate"] = "assess_candidate"


@dataclass(frozen=True, slots=True)
class Consent:
    """Explain benefit, risk and alternatives; the patient signs; side and level are marked."""

    do: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True)
class PositionProne:
    """Lay the patient prone, with a pillow under the abdomen to open the disc behind."""

    abdominal_pillow: bool = True
    do: Literal["position_prone"] = "position_prone"


@dataclass(frozen=True, slots=True)
class TimeOut:
    """The team reads out level and side; both must match the consent. Without them they are read off the consent."""

    level: Level | None = None
    side: Side | None = None
    do: Literal["time_out"] = "time_out"


@dataclass(frozen=True, slots=True)
class GiveAntibiotic:
    """Give an antibiotic."""

    agent: Agent = Agent.CEFAZOLIN
    route: Route = Route.INTRAVENOUS
    dose_g: Annotated[float, Gt(0.0), Le(4.0)] = 2.0
    do: Literal["give_antibiotic"] = "give_antibiotic"


@dataclass(frozen=True, slots=True)
class PrepareSterileField:
    """Wash the skin, lay drapes, cover the C-arm."""

    drape_c_arm: bool = True
    do: Literal["prepare_sterile_field"] = "prepare_sterile_field"
