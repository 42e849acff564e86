"""Work inside the disc: decompression and the specimen."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.disc import (
    ProbeRun,
    Receipt,
    Tissue,
    creep_time_s,
    crept,
    decompress,
    pressure_kpa,
    probe_withdrawn,
)
from dekomp_sim.instruments.catalogue import PROBE_CORE_MM
from dekomp_sim.instruments.fatigue import bending_stress_mpa, life_used
from dekomp_sim.procedure.actions import Decompress, Mark
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import NOTICED, complaint, heard, rated, rating
from dekomp_sim.procedure.clinic.lapses import OUTSIDE_NUCLEUS_S, after_removal, on_decompressing
from dekomp_sim.procedure.clinic.local_anaesthetic import numbness
from dekomp_sim.procedure.events import (
    Breach,
    BreachKind,
    Event,
    Measured,
    Pain,
    Risk,
    Said,
    Severity,
)
from dekomp_sim.procedure.needle.marks import marks
from dekomp_sim.procedure.needle.sites import as_tuple

OUTER_ANNULUS: Final = 2.0 / 3.0
"""Share of the annulus's thickness beyond which it counts as outer: its last third."""

PACKED: Final = 0.9
"""Share of the thread packed from which the hand notices. Assumption."""

FRAGMENT_MM: Final = 100.0
"""Length of the piece that stayed behind in the documented fracture (about 4 in: Domsky 2006)."""

CREEP_SHOWS: Final = 0.005
"""Share of its cavity by which a nucleus creeps before it is worked out anew: far below what any picture shows. The
solution is exact, so that how late it is worked out changes nothing after it."""

_RAN: Final = {Tissue.ANNULUS: "in the annulus", Tissue.ENDPLATE: "against the endplate"}

LABORATORY_S: Final = 60.0
"""Time in s to empty the chamber and label the specimen. Assumption."""


def decompressed(case: Case, action: Decompress) -> Case:
    """Run the probe, its tip going back from where it stands and forth again, and keep the receipt.

    Held out of its axis the shaft bends with every turn; where its life ends within the run, the run ends there.
    """
    case = _crept(case)
    used = _life_used(case, action)
    broken = case.probe_fatigue + used >= 1.0
    share = (1.0 - case.probe_fatigue) / used if broken else 1.0
    run = _run(case, action, share)
    disc, receipt = decompress(case.disc, run)
    clock_s = case.clock_s + run.seconds
    told = replace(
        case,
        disc=disc,
        clock_s=clock_s,
        receipts=(*case.receipts, receipt),
        probe_fatigue=min(1.0, case.probe_fatigue + used),
        events=(
            *case.events,
            *on_decompressing(case),
            Measured(clock_s, "removed in this run", receipt.total_ml, "mL"),
            Measured(clock_s, "disc pressure", pressure_kpa(disc), "kPa"),
        ),
    )
    found = (*after_removal(told, receipt.dwell_outside_nucleus_s), *_where_it_ran(told, receipt))
    return replace(told, events=(*told.events, *found, *_of_the_probe(told, action, receipt, broken)))


def _crept(case: Case) -> Case:
    """The case with its nucleus crept up to now."""
    if case.uncrept_s == 0.0:
        return case
    return replace(case, disc=crept(case.disc, case.uncrept_s), uncrept_s=0.0)


def _run(case: Case, action: Decompress, share: float) -> ProbeRun:
    """The run asked for, or the first `share` of it."""
    probe = case.placements["probe"]
    return ProbeRun(
        tip_from_mm=probe.tip_mm - action.stroke_mm * probe.direction,
        tip_to_mm=probe.tip_mm,
        strokes=action.strokes * share,
        seconds=max(action.seconds * share, 1e-3),
        rpm=action.rpm,
        radius_mm=probe.instrument.radius_mm,
        window_mm=probe.instrument.helix_mm,
        inward=probe.direction,
    )


def _life_used(case: Case, action: Decompress) -> float:
    """Share of the probe's fatigue life that a run costs: bent between the rim of the disc and the handle."""
    probe = case.placements["probe"]
    rim_mm = marks(case.shape, probe.course).get(Mark.ANNULUS, probe.depth_mm)
    free_mm = rim_mm + probe.instrument.length_mm - probe.depth_mm
    stress_mpa = bending_stress_mpa(PROBE_CORE_MM / 2.0, action.lever_deg, free_mm)
    return life_used(stress_mpa, action.rpm / 60.0 * action.seconds)


def _where_it_ran(case: Case, receipt: Receipt) -> tuple[Event, ...]:
    """What turning in annulus, on the endplate or at the disc's front does; a moment of each is let pass."""
    probe, clock_s = case.placements["probe"], case.clock_s
    ran = {part for part, seconds in receipt.dwell_s.items() if seconds > OUTSIDE_NUCLEUS_S}
    found: list[Event] = []
    for part in (Tissue.ANNULUS, Tissue.ENDPLATE):
        if part not in ran:
            continue
        structure = Structure[part.name]
        words = f"The probe turned {_RAN[part]} for {receipt.dwell_s[part]:.0f} s."
        found.append(Risk(clock_s, f"ran_in_{part.name.lower()}", words))
        score = rated(rating(structure, numbness(case.deposits, probe.tip_mm, clock_s), case.sedation_depth))
        if score >= NOTICED:
            found.append(Pain(clock_s, score, heard(complaint(structure, score), case.sedation_depth), structure))
    if Tissue.ANNULUS in ran and _at_the_front(case):
        name = f"the anterior {case.level} annulus"
        at = as_tuple(probe.tip_mm)
        front = BreachKind.ANTERIOR_ANNULUS
        found.append(Breach(clock_s, front, "probe", Structure.ANNULUS, name, probe.depth_mm, at))
    return tuple(found)


def _at_the_front(case: Case) -> bool:
    """Whether the turning tip stands in the outer annulus in front, where it winds itself out."""
    local = case.shape.patient_from_disc.inverse().points(case.placements["probe"].tip_mm)
    inner = case.shape.nucleus_fraction
    outer = inner + OUTER_ANNULUS * (1.0 - inner)
    return bool(local[1] < 0.0 and case.shape.rim(local) > outer)


def _of_the_probe(case: Case, action: Decompress, receipt: Receipt, broken: bool) -> tuple[Event, ...]:
    """What the hand learns of the probe itself: packed, levered, broken."""
    found: list[Event] = []
    if receipt.clogged >= PACKED:
        words = f"The thread is packed ({receipt.clogged:.0%}): take the probe out, clear it and go back in."
        found.append(Said(case.clock_s, "hand", words, Severity.NOTICE))
    if action.lever_deg > 0.0:
        words = f"The turning probe was levered by {action.lever_deg:g} degrees: {case.probe_fatigue:.0%} of its life."
        found.append(Risk(case.clock_s, "levered", words))
    if broken:
        probe = case.placements["probe"]
        words = f"some {FRAGMENT_MM / 10.0:.0f} cm of the shaft"
        kind = BreachKind.DEVICE_FRACTURE
        at = as_tuple(probe.tip_mm)
        found.append(Breach(case.clock_s, kind, "probe", Structure.NUCLEUS, words, probe.depth_mm, at))
    return tuple(found)


def cleared(case: Case) -> Case:
    """The case once the probe is out: its thread is wiped, what it held is collected. Nothing where it never ran."""
    if "probe" in case.placements or not case.receipts:
        return case
    return replace(case, disc=probe_withdrawn(case.disc))


def rested(case: Case, seconds: float) -> Case:
    """The case after some seconds of rest, in which its carved nucleus creeps; worked out where it would show."""
    later = replace(case, uncrept_s=case.uncrept_s + seconds)
    return _crept(later) if later.uncrept_s > CREEP_SHOWS * creep_time_s(case.disc.shape) else later


def specimen_sent(case: Case) -> Case:
    """Empty the chamber: what was in the cannula is collected with the rest and measured."""
    disc = probe_withdrawn(case.disc)
    clock_s = case.clock_s + LABORATORY_S
    collected_ml = float(disc.ledger.collected_ml.sum())
    reading = Measured(clock_s, "specimen", collected_ml, "mL")
    return replace(case, disc=disc, clock_s=clock_s, events=(*case.events, reading))
