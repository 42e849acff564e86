"""Work inside the disc: discography, decompression and the specimen."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import (
    Disc,
    ProbeRun,
    Receipt,
    Tissue,
    decompress,
    discogram,
    in_nuclear_space,
    inject,
    manometer_kpa,
    needle_resistance_kpa_s_ml,
    pressure_kpa,
    probe_withdrawn,
)
from dekomp_sim.instruments.catalogue import PROBE_CORE_MM
from dekomp_sim.instruments.fatigue import bending_stress_mpa, life_used
from dekomp_sim.procedure.actions import Decompress, InjectContrast, Mark
from dekomp_sim.procedure.case import Case, Injection
from dekomp_sim.procedure.clinic.awake import EASED, NOTICED, complaint, heard, rating
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
from dekomp_sim.units import kpa_from_psi, psi_from_kpa

DISCOGRAPHY_PAIN: Final = 7.0
"""Least rating of a positive discography (criteria: concordant pain of at least 7 of 10)."""

SLOW_ML_S: Final = 0.05
"""Fastest injection in mL/s of pressure-controlled discography (SIS practice)."""

INCREMENT_ML: Final = 0.5
"""Largest increment in mL of discography (SIS practice: about 0.5 mL)."""

LEAK_SEEN_ML: Final = 0.5
"""Contrast in mL in the epidural space at which discography stops. Assumption: about an increment is seen there."""

STOP_ABOVE_OPENING_KPA: Final = kpa_from_psi(50.0)
"""Pressure above opening at which discography stops (50 psi: Derby and Vorobeychik 2026, PMC12874308)."""

OUTER_ANNULUS: Final = 2.0 / 3.0
"""Share of the annulus's thickness beyond which it counts as outer: its last third."""

PACKED: Final = 0.9
"""Share of the thread packed from which the hand notices. Assumption."""

FRAGMENT_MM: Final = 100.0
"""Length of the piece that stayed behind in the documented fracture (about 4 in: Domsky 2006)."""

_RAN: Final = {Tissue.ANNULUS: "in the annulus", Tissue.ENDPLATE: "against the endplate"}

LABORATORY_S: Final = 60.0
"""Time in s to empty the chamber and label the specimen. Assumption."""


def injected(case: Case, action: InjectContrast) -> Case:
    """Contrast into the disc: pressures read, pain reported, concordance from the card."""
    needle = case.placements["discography_needle"]
    tip, item = needle.tip_mm, needle.instrument
    disc = inject(case.disc, action.volume_ml, action.rate_ml_s, action.iodine_mg_ml, tip)
    shown = manometer_kpa(disc, needle_in_nucleus=_reads_nucleus(disc, tip))
    resistance = needle_resistance_kpa_s_ml(item.inner_mm, item.length_mm, action.iodine_mg_ml)
    clock_s = case.clock_s + action.volume_ml / action.rate_ml_s
    flowing = shown + resistance * action.rate_ml_s
    given = Injection(clock_s, action.volume_ml, action.rate_ml_s, action.iodine_mg_ml, shown, flowing)
    return replace(
        case,
        disc=disc,
        clock_s=clock_s,
        injections=(*case.injections, given),
        events=(*case.events, *_discography_events(case, disc, given)),
    )


def _reads_nucleus(disc: Disc, tip_mm: FloatArray) -> bool:
    """Whether no annulus squeezes the tip: it reads the nucleus, or veins that take all."""
    return in_nuclear_space(disc, tip_mm) or disc.tissue_at(tip_mm) is Tissue.ENDPLATE


def _discography_events(case: Case, disc: Disc, given: Injection) -> tuple[Event, ...]:
    above_kpa = given.pressure_kpa - disc.opening_kpa
    events: list[Event] = []
    if not case.injections:
        events.append(Measured(case.clock_s, "opening pressure", pressure_kpa(case.disc), "kPa"))
    events.append(Measured(given.clock_s, "manometer pressure while injecting", given.dynamic_kpa, "kPa"))
    events.append(Measured(given.clock_s, "manometer pressure", given.pressure_kpa, "kPa"))
    events += [Risk(given.clock_s, lapse, words) for lapse, words in _discography_lapses(case, disc, given)]
    if disc.contrast.leaked_ml > case.disc.contrast.leaked_ml:
        events.append(Said(given.clock_s, "team", "Contrast runs out into the epidural space."))
    shown = discogram(disc)
    if shown is not None and case.carm is not None:
        words = f"The contrast so far: {shown.adams}, Dallas {shown.dallas}."
        events.append(Said(given.clock_s, "team", words))
    if above_kpa >= case.card.pain_above_opening_kpa:
        events.append(_discography_pain(case, given.clock_s))
    return tuple(events)


def _discography_lapses(case: Case, disc: Disc, given: Injection) -> list[tuple[str, str]]:
    """What the manometer and the picture say against going on: lapse and words."""
    above_kpa, before = given.pressure_kpa - disc.opening_kpa, case.disc.contrast
    found: list[tuple[str, str]] = []
    if disc.contrast.vascular_ml > before.vascular_ml:
        words = (
            "The contrast washes away and no pressure builds up: the tip is in the endplate, at its veins. Reposition."
        )
        found.append(("vascular_injection", words))
    if disc.contrast.annular_ml > before.annular_ml:
        words = "The contrast stays at the tip and the pressure jumps: the tip is in the annulus. Reposition."
        found.append(("annular_injection", words))
    if given.volume_ml > INCREMENT_ML:
        words = (
            f"{given.volume_ml:g} mL in one go: {INCREMENT_ML:g} mL at a time, with a look at the manometer between."
        )
        found.append(("large_increment", words))
    if given.rate_ml_s > SLOW_ML_S:
        words = f"{given.rate_ml_s:g} mL/s is fast: above {SLOW_ML_S:g} mL/s the reading is not static."
        found.append(("fast_injection", words))
    if above_kpa > STOP_ABOVE_OPENING_KPA:
        words = f"{psi_from_kpa(above_kpa):.0f} psi above opening: discography stops at 50."
        found.append(("over_pressure", words))
    return found


def why_discography_stops(case: Case) -> str | None:
    """The first stop rule of discography that has been reached, or None."""
    if pressure_kpa(case.disc) - case.disc.opening_kpa >= STOP_ABOVE_OPENING_KPA:
        return "The disc is at 50 psi above opening: stop."
    worst = max((e.rating for e in case.events if isinstance(e, Pain) and e.concordant is not None), default=0.0)
    if worst >= DISCOGRAPHY_PAIN:
        return f"The patient rated the last injection {worst:.0f} of 10: stop."
    if case.disc.contrast.leaked_ml >= LEAK_SEEN_ML:
        return f"{case.disc.contrast.leaked_ml:.1f} mL have run out into the epidural space: stop."
    return None


def _discography_pain(case: Case, clock_s: float) -> Pain:
    score = float(np.clip(max(DISCOGRAPHY_PAIN, case.card.leg_pain) - EASED * case.sedation_depth, 0.0, 10.0))
    mine = "That is my pain" if case.card.concordant else "That hurts, but it is not my pain"
    words = f"{mine}, {score:.0f} of 10."
    return Pain(clock_s, score, words, Structure.ANNULUS, "", case.card.concordant)


def decompressed(case: Case, action: Decompress) -> Case:
    """Run the probe, its tip going back from where it stands and forth again, and keep the receipt.

    Held out of its axis the shaft bends with every turn; where its life ends within the run, the run ends there.
    """
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
        score = rating(structure, numbness(case.deposits, probe.tip_mm, clock_s), case.sedation_depth)
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


def specimen_sent(case: Case) -> Case:
    """Empty the chamber: what was in the cannula is collected with the rest and measured."""
    disc = probe_withdrawn(case.disc)
    clock_s = case.clock_s + LABORATORY_S
    collected_ml = float(disc.ledger.collected_ml.sum())
    reading = Measured(clock_s, "specimen", collected_ml, "mL")
    return replace(case, disc=disc, clock_s=clock_s, events=(*case.events, reading))
