"""Lidocaine in the blood: how much, and what it does to brain and heart as it rises.

One small pool takes up what is injected into a vessel and empties in one exponential, so the strength of a moment
follows from the record. What tissue deposits give off slowly is left out: within the dose allowed it stays below the
first sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dekomp_sim.procedure.clinic.courses import Cause, Influence
from dekomp_sim.procedure.clinic.local_anaesthetic import Lumen, Syringe
from dekomp_sim.procedure.events import ReactionKind

POOL_L_KG: Final = 0.18
"""Volume in L per kg of body weight in which a dose given within seconds is first dissolved.

Assumption: about a third of the central volume of slow doses (0.53 L/kg: Thomson, Ann Intern Med 1973;78:499). With it
1 mg/kg is tasted, 2 mg/kg convulse and 4.4 mg/kg, just within the dose allowed in tissue, stop the heart.
"""

EMPTIES_S: Final = 450.0
"""Time constant in s with which the pool empties. Assumption: half in 5 min, between circulation and the 8 min in which
the drug spreads through the body."""

BINDS: Final = 0.6
"""Part of the drug that one dose of lipid emulsion takes up. Assumption: no human figure; patients woke within
minutes."""

AGAIN_S: Final = 300.0
"""Time in s within which a stage that has begun does not begin anew. Assumption: as long as a seizure may last."""

SEIZURE_S: Final = 180.0
"""Time in s for which a patient convulses. Assumption: one to five minutes are reported."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: what it sets going, from which strength in the blood, how long after the dose, and how it looks."""

    cause: Cause
    kind: ReactionKind
    from_mcg_ml: float
    after_s: float
    words: str


STAGES: Final = (
    Stage(
        Cause.TOXIC_PRODROME, ReactionKind.TOXICITY, 5.0, 15.0,
        '"My ears ring, my tongue is numb and tastes of metal." Lidocaine is in the blood: stop, oxygen.',
    ),
    Stage(
        Cause.TOXIC_SEIZURE, ReactionKind.SEIZURE, 10.0, 45.0,
        "The patient convulses and does not breathe: oxygen at once, lipid emulsion.",
    ),
    Stage(
        Cause.TOXIC_HEART, ReactionKind.HEART_FAILS, 20.0, 90.0,
        "The pulse is slow and weak, the complexes are wide: lipid emulsion, adrenaline, resuscitate.",
    ),
)  # fmt: skip
"""Stages by strength in plasma: first signs from 5 ug/mL, convulsions from about 10, the heart from about 20 (Covino
and Vassallo, Local Anesthetics, 1976; the label of lidocaine names 6 for adverse effects). Assumption: the delays."""


def strength_mcg_ml(
    syringes: Iterable[Syringe], weight_kg: float, influences: Iterable[Influence], clock_s: float
) -> float:
    """Free lidocaine in plasma in ug/mL at a moment.

    C = sum of m / (V w) exp(-t / T), less what lipid emulsion holds

    Parameters
    ----------
    syringes
        What was injected; what went into a vessel counts.
    weight_kg
        Body weight w.
    influences
        Of which lipid emulsion counts.
    clock_s
        The moment.
    """
    held = min(sum(BINDS * one.part(clock_s) for one in influences if one.cause is Cause.LIPID), 0.9)
    total = sum(
        one.deposit.lidocaine_mg * math.exp(-(clock_s - one.deposit.clock_s) / EMPTIES_S)
        for one in syringes
        if one.lumen is Lumen.VESSEL and one.deposit.clock_s < clock_s
    )
    return (1.0 - held) * total / (POOL_L_KG * weight_kg)


def stages_begun(
    syringes: Iterable[Syringe], weight_kg: float, influences: tuple[Influence, ...], span_s: tuple[float, float]
) -> tuple[tuple[float, Stage], ...]:
    """The stages that begin within a span, its first moment not counted, with when; each once in `AGAIN_S`."""
    given = tuple(syringes)
    begun: list[tuple[float, Stage]] = []
    for one in given:
        if one.lumen is not Lumen.VESSEL:
            continue
        for stage in STAGES:
            at_s = one.deposit.clock_s + stage.after_s
            if not span_s[0] < at_s <= span_s[1] or _running(influences, begun, stage, at_s):
                continue
            if strength_mcg_ml(given, weight_kg, influences, at_s) >= stage.from_mcg_ml:
                begun.append((at_s, stage))
    return tuple(sorted(begun, key=lambda pair: pair[0]))


def seizing(influences: Iterable[Influence], clock_s: float) -> bool:
    """Whether the patient convulses now."""
    return any(one.cause is Cause.TOXIC_SEIZURE and 0.0 <= clock_s - one.since_s < SEIZURE_S for one in influences)


def _running(influences: tuple[Influence, ...], begun: list[tuple[float, Stage]], stage: Stage, at_s: float) -> bool:
    since = [one.since_s for one in influences if one.cause is stage.cause]
    since += [when for when, other in begun if other is stage]
    return any(abs(at_s - when) < AGAIN_S for when in since)
