"""Where the bore of the anaesthetic needle opens, what the syringe shows when it is drawn back, and what is then given.

A vessel or the sac that the patient's volume holds is found by place. The veins of the foramen are too fine for any
volume: beside a root one is met with a published chance, drawn once for each place of the tip and recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray
from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.procedure.actions import Anaesthetise
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import dermatome
from dekomp_sim.procedure.clinic.lapses import on_anaesthetising
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit, Lumen, Syringe
from dekomp_sim.procedure.events import Event, Risk, Said, Severity
from dekomp_sim.procedure.needle.sites import as_tuple

NEEDLE: Final = "anaesthetic_needle"
"""The needle on which the syringe sits."""

VEIN_CHANCE: Final = 0.081
"""Chance that a needle at a lumbar foramen lies in a vessel: 8.1 % of 583 injections (Furman, Spine 2000;25:2628)."""

VEIN_CHANCE_S1: Final = 0.213
"""The same at the root of S1: 21.3 % of 178 injections (Furman 2000)."""

VEIN_SHOWS: Final = 0.447
"""Chance that such a needle shows blood in the hub or on aspiration: 44.7 % (Furman 2000)."""

FORAMEN_MM: Final = 5.0
"""Distance in mm from a root or ganglion within which that chance counts. Assumption: the width of a foramen's fat."""

VESSELS: Final = frozenset(
    {
        Structure.AORTA,
        Structure.INFERIOR_VENA_CAVA,
        Structure.ILIAC_ARTERY_LEFT,
        Structure.ILIAC_ARTERY_RIGHT,
        Structure.ILIAC_VEIN_LEFT,
        Structure.ILIAC_VEIN_RIGHT,
    }
)
"""What holds blood."""

ROOTS: Final = frozenset({Structure.NERVE_ROOT, Structure.GANGLION})
"""What runs through a foramen."""


class Draw(StrEnum):
    """What drawing the syringe back shows, in words."""

    BLOOD = "Blood in the syringe: the tip lies in a vessel. Nothing is injected; withdraw or turn the needle."
    FLUID = "Clear fluid in the syringe: the tip lies in the sac. Nothing is injected; withdraw the needle."


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a bore opens, whether aspiration shows it, and the number drawn against a chance if one was."""

    lumen: Lumen
    shows: bool = True
    chance: float = 0.0
    drawn: float | None = None


def given(case: Case, action: Anaesthetise) -> Case:
    """The case with the syringe emptied at the needle's tip, or kept full where aspiration has warned."""
    tip_mm = case.placements[NEEDLE].tip_mm
    found = opening(case, tip_mm)
    warned = action.aspirated and found.lumen is not Lumen.TISSUE and found.shows
    deposit = Deposit(case.clock_s, as_tuple(tip_mm), 0.0 if warned else action.volume_ml, action.concentration_percent)
    syringe = Syringe(deposit, found.lumen, action.aspirated, found.chance, found.drawn)
    kept = replace(case, syringes=(*case.syringes, syringe))
    if warned:
        words = Draw.BLOOD if found.lumen is Lumen.VESSEL else Draw.FLUID
        return replace(kept, events=(*case.events, Said(case.clock_s, "hand", words.value, Severity.WARNING)))
    told = (*_unasked(case, action), *_reached(case, found, deposit))
    laid = case.deposits if found.lumen is Lumen.VESSEL else (*case.deposits, deposit)
    return replace(kept, deposits=laid, events=(*case.events, *told))


def opening(case: Case, tip_mm: FloatArray) -> Opening:
    """Where the bore opens with the tip at a point (3,)."""
    strand = next(_holding(case, tip_mm), None)
    if strand is not None:
        return Opening(Lumen.SAC if strand.structure is Structure.THECAL_SAC else Lumen.VESSEL)
    if int(case.patient.volume.label_at(tip_mm)) in VESSELS:
        return Opening(Lumen.VESSEL)
    roots = [s for s in case.patient.strands if s.structure in ROOTS and s.distance_mm(tip_mm) <= FORAMEN_MM]
    if not roots:
        return Opening(Lumen.TISSUE)
    chance = VEIN_CHANCE_S1 if any(dermatome(root) == "S1" for root in roots) else VEIN_CHANCE
    places = sum(tip.instrument == NEEDLE for tip in case.track)
    met, shown = generator(case.seed, Purpose.INTRAVASCULAR, places).random(2).tolist()
    lumen = Lumen.VESSEL if met < chance else Lumen.TISSUE
    return Opening(lumen, shown < VEIN_SHOWS, chance, met)


def _holding(case: Case, at_mm: FloatArray) -> Iterator[Strand]:
    """The vessels and the sac, in which a point lies."""
    hollow = VESSELS | {Structure.THECAL_SAC}
    return (s for s in case.patient.strands if s.structure in hollow and s.distance_mm(at_mm) < 0.0)


def _unasked(case: Case, action: Anaesthetise) -> tuple[Event, ...]:
    if action.aspirated:
        return ()
    words = "Injected without drawing the syringe back: blood or fluid would not have been seen."
    return (Risk(case.clock_s, "not_aspirated", words),)


def _reached(case: Case, found: Opening, deposit: Deposit) -> tuple[Event, ...]:
    return on_anaesthetising(case, deposit) if found.lumen is Lumen.TISSUE else ()
