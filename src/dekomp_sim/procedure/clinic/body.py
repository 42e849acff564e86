"""How the patient's body answers what is done: fear, faint, allergy, blood loss, sedation, and the monitor's alarms."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.card import Allergy
from dekomp_sim.procedure.clinic.courses import DOSES, Cause, Influence
from dekomp_sim.procedure.clinic.local_anaesthetic import Lumen
from dekomp_sim.procedure.clinic.toxicity import Stage, stages_begun
from dekomp_sim.procedure.clinic.vitals import COLLAPSE, FIT, Vitals, below, first_below, monitored
from dekomp_sim.procedure.events import Breach, Event, Pain, Reaction, ReactionKind, Severity

CALMS: Final = 2.0
"""Points of anxiety, 0 to 10, that a light sedation takes away, a deep one three times that. Assumption."""

AFRAID: Final = 7.0
"""Anxiety from which on the patient says so at the first needle. Assumption."""

NEEDLE_STRAIN: Final = 2.0
"""Strain of a needle through the skin in points of pain. Assumption: less than the pain of any wound."""

FORGETS_S: Final = 60.0
"""Time constant in s with which pain ceases to strain. Assumption."""

PLAIN_ANXIETY: Final = 5.0
"""Anxiety at which a point of pain strains by one point. Assumption: the middle of the scale."""

FAINTS_AT: Final = 10.0
"""Strain at which the patient faints.

Assumption: worst pain in a patient of middling anxiety, or skin unnumbed in one who is very afraid; pain, needles and
fear are the known causes, no dose and response is published.
"""

FAINTS_AGAIN_S: Final = 900.0
"""Time in s within which nobody faints twice. Assumption: three time constants of a faint."""

BLEEDS: Final = {
    Structure.AORTA: 1.0,
    Structure.INFERIOR_VENA_CAVA: 0.8,
    Structure.ILIAC_ARTERY_LEFT: 0.8,
    Structure.ILIAC_ARTERY_RIGHT: 0.8,
    Structure.ILIAC_VEIN_LEFT: 0.6,
    Structure.ILIAC_VEIN_RIGHT: 0.6,
    Structure.KIDNEY_LEFT: 0.3,
    Structure.KIDNEY_RIGHT: 0.3,
}
"""Blood loss by structure, 1 for the aorta. Assumption: by flow and pressure in the vessel; case reports only."""

BLOCK_ML: Final = 2.0
"""Volume in mL of 1 % anaesthetic in the sac that makes a full spinal block. Assumption: about 20 mg of lidocaine."""

FAINT_WORDS: Final = 'The patient turns pale and sweats: "I feel sick, everything is going dark."'
"""How a faint looks and sounds."""

WEALS_WORDS: Final = (
    'Weals over the chest, the voice is hoarse: "I cannot breathe." An anaphylaxis: adrenaline, oxygen, fluid.'
)
"""How an anaphylaxis looks and sounds."""

SAMPLES: Final = 25
"""Moments at which the monitor is read during one step; a faint's depth lasts longer than a 25th of a short step."""


def answered(before: Case, case: Case, action: do.Action) -> Case:
    """The case with what the body made of one step.

    Parameters
    ----------
    before, case
        The case before and after the step.
    action
        What was done.
    """
    new = case.events[len(before.events) :]
    moved = (*_signs(new), *_given(before, case, action))
    stirred = _influenced(case, moved)
    toxic = _toxic(before, stirred)
    known = _influenced(stirred, tuple(Influence(stage.cause, at_s) for at_s, stage in toxic))
    faint = _faint(known)
    felt = _influenced(known, (Influence(Cause.VASOVAGAL, case.clock_s),)) if faint else known
    signs = tuple(Reaction(at_s, stage.kind, stage.words) for at_s, stage in toxic)
    heard = _told(felt, (*_allergy(felt, moved), *_block(felt, moved), *signs, *(faint or _fear(before, case))))
    return _told(heard, _alarms(before, heard))


def _influenced(case: Case, more: tuple[Influence, ...]) -> Case:
    return replace(case, influences=(*case.influences, *more)) if more else case


def _told(case: Case, events: tuple[Event, ...]) -> Case:
    return replace(case, events=(*case.events, *events)) if events else case


def anxiety(case: Case) -> float:
    """How afraid the patient is now, 0 to 10."""
    return max(case.card.anxiety - CALMS * case.sedation_depth, 0.0)


def pain_left(one: Pain, clock_s: float) -> float:
    """What is left of a pain at a moment, 0 to 10: it fades with `FORGETS_S`, as its strain does."""
    return one.rating * math.exp(-max(clock_s - one.clock_s, 0.0) / FORGETS_S)


def worst_now(case: Case) -> tuple[float, Pain] | None:
    """What is left of the pain that hurts most now, 0 to 10, and which it was; None where nothing ever hurt."""
    pains = [(pain_left(event, case.clock_s), event) for event in case.events if isinstance(event, Pain)]
    return max(pains, key=lambda pair: pair[0], default=None)


def strain(case: Case) -> float:
    """How near the patient is to fainting: pains and needles not yet forgotten, times fear; `FAINTS_AT` is a faint."""
    felt = [(one.since_s, 10.0 * one.strength) for one in case.influences if one.cause is Cause.PAIN]
    felt += [(puncture.clock_s, NEEDLE_STRAIN) for puncture in case.punctures]
    now = sum(points * math.exp(-max(case.clock_s - at_s, 0.0) / FORGETS_S) for at_s, points in felt)
    return now * anxiety(case) / PLAIN_ANXIETY


def _signs(events: tuple[Event, ...]) -> tuple[Influence, ...]:
    """What new pain and new wounds do."""
    pains = (Influence(Cause.PAIN, e.clock_s, e.rating / 10.0) for e in events if isinstance(e, Pain))
    wounds = (
        Influence(Cause.BLEEDING, e.clock_s, BLEEDS[e.structure])
        for e in events
        if isinstance(e, Breach) and e.structure in BLEEDS
    )
    return (*pains, *wounds)


def _given(before: Case, case: Case, action: do.Action) -> tuple[Influence, ...]:
    """What a step itself does."""
    match action:
        case do.PositionProne() if "position_prone" not in before.done:
            return (Influence(Cause.ANXIETY, case.clock_s, case.card.anxiety / 10.0),)
        case do.Sedate() if action.level is not do.Sedation.NONE:
            return (Influence(Cause.SEDATION, before.clock_s, DOSES[action.level]),)
        case do.Treat():
            return (Influence(Cause(action.treatment.value), case.clock_s),)
        case do.GiveAntibiotic() if action.agent is do.Agent.CEFAZOLIN:
            return _reacts(case, Allergy.CEPHALOSPORIN)
        case do.InjectContrast():
            return _reacts(case, Allergy.IODINE_CONTRAST)
        case do.Anaesthetise():
            return _injected(case)
    return ()


def _reacts(case: Case, allergy: Allergy) -> tuple[Influence, ...]:
    told = any(one.cause is Cause.ALLERGY for one in case.influences)
    return (Influence(Cause.ALLERGY, case.clock_s),) if allergy in case.card.unknown_allergies and not told else ()


def _injected(case: Case) -> tuple[Influence, ...]:
    """An allergy to what was given, and a spinal block where it went into the sac; nothing where aspiration warned."""
    syringe = case.syringes[-1]
    deposit = syringe.deposit
    if deposit.volume_ml == 0.0:
        return ()
    share = deposit.volume_ml * deposit.concentration_percent / BLOCK_ML
    block = (Influence(Cause.SPINAL_BLOCK, deposit.clock_s, min(share, 1.5)),) if syringe.lumen is Lumen.SAC else ()
    return (*_reacts(case, Allergy.LOCAL_ANAESTHETIC), *block)


def _toxic(before: Case, case: Case) -> tuple[tuple[float, Stage], ...]:
    """What lidocaine in the blood begins during a step."""
    return stages_begun(case.syringes, case.card.weight_kg, case.influences, (before.clock_s, case.clock_s))


def _faint(case: Case) -> tuple[Reaction, ...]:
    last_s = max((one.since_s for one in case.influences if one.cause is Cause.VASOVAGAL), default=-math.inf)
    if case.clock_s - last_s < FAINTS_AGAIN_S or strain(case) < FAINTS_AT:
        return ()
    return (Reaction(case.clock_s, ReactionKind.VASOVAGAL, FAINT_WORDS),)


def _fear(before: Case, case: Case) -> tuple[Reaction, ...]:
    first = bool(case.punctures) and not before.punctures
    if not first or anxiety(case) < AFRAID:
        return ()
    words = 'The patient breathes fast and holds the table: "I am so afraid of needles."'
    return (Reaction(case.clock_s, ReactionKind.ANXIETY, words, Severity.NOTICE),)


def _allergy(case: Case, moved: tuple[Influence, ...]) -> tuple[Reaction, ...]:
    if all(one.cause is not Cause.ALLERGY for one in moved):
        return ()
    return (Reaction(case.clock_s, ReactionKind.ALLERGY, WEALS_WORDS),)


def _block(case: Case, moved: tuple[Influence, ...]) -> tuple[Reaction, ...]:
    if all(one.cause is not Cause.SPINAL_BLOCK for one in moved):
        return ()
    words = 'The anaesthetic went into the sac: "My legs are gone."'
    return (Reaction(case.clock_s, ReactionKind.SPINAL_BLOCK, words),)


def _alarms(before: Case, case: Case) -> tuple[Reaction, ...]:
    """What the monitor rang for during a step: once on leaving what is safe, once a case on a collapse."""
    rung: list[Reaction] = []
    clocks_s = np.linspace(before.clock_s, case.clock_s, SAMPLES)
    shown = monitored(case.influences, clocks_s)
    low = first_below(shown, FIT)
    if low is not None and not below(before.vitals, FIT):
        words = ", ".join(below(Vitals(*shown[low].tolist()), FIT))
        rung.append(Reaction(float(clocks_s[low]), ReactionKind.ALARM, f"The monitor rings: {words}."))
    collapsed = any(isinstance(e, Reaction) and e.kind is ReactionKind.COLLAPSE for e in case.events)
    fell = None if collapsed else first_below(shown, COLLAPSE)
    if fell is not None:
        signs = ", ".join(below(Vitals(*shown[fell].tolist()), COLLAPSE))
        words = f"The patient loses consciousness: {signs}."
        rung.append(Reaction(float(clocks_s[fell]), ReactionKind.COLLAPSE, words, Severity.HARM))
    return tuple(rung)
