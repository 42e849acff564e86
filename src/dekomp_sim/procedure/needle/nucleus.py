"""Work inside the disc: discography, decompression and the specimen."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.disc import (
    Disc,
    ProbeRun,
    decompress,
    in_nuclear_space,
    inject,
    manometer_kpa,
    pressure_kpa,
    probe_withdrawn,
)
from dekomp_sim.procedure.actions import Decompress, InjectContrast
from dekomp_sim.procedure.case import Case, Injection
from dekomp_sim.procedure.clinic.awake import EASED
from dekomp_sim.procedure.clinic.lapses import after_removal, on_decompressing
from dekomp_sim.procedure.events import Event, Measured, Pain, Risk, Said
from dekomp_sim.units import kpa_from_psi, psi_from_kpa

DISCOGRAPHY_PAIN: Final = 7.0
"""Least rating of a positive discography (criteria: concordant pain of at least 7 of 10)."""

SLOW_ML_S: Final = 0.05
"""Fastest injection in mL/s of pressure-controlled discography (SIS practice)."""

STOP_ABOVE_OPENING_KPA: Final = kpa_from_psi(50.0)
"""Pressure above opening at which discography stops (50 psi: Derby and Vorobeychik 2026, PMC12874308)."""

LABORATORY_S: Final = 60.0
"""Time in s to empty the chamber and label the specimen. Assumption."""


def injected(case: Case, action: InjectContrast) -> Case:
    """Contrast into the disc: pressure read, pain reported, concordance from the card."""
    tip = case.placements["discography_needle"].tip_mm
    disc = inject(case.disc, action.volume_ml, action.rate_ml_s, action.iodine_mg_ml, tip)
    shown = manometer_kpa(disc, needle_in_nucleus=in_nuclear_space(disc, tip))
    clock_s = case.clock_s + action.volume_ml / action.rate_ml_s
    given = Injection(clock_s, action.volume_ml, action.rate_ml_s, action.iodine_mg_ml, shown)
    return replace(
        case,
        disc=disc,
        clock_s=clock_s,
        injections=(*case.injections, given),
        events=(*case.events, *_discography_events(case, disc, given)),
    )


def _discography_events(case: Case, disc: Disc, given: Injection) -> tuple[Event, ...]:
    above_kpa = given.pressure_kpa - disc.opening_kpa
    events: list[Event] = [Measured(given.clock_s, "manometer pressure", given.pressure_kpa, "kPa")]
    if given.rate_ml_s > SLOW_ML_S:
        words = f"{given.rate_ml_s:g} mL/s is fast: above {SLOW_ML_S:g} mL/s the reading is not static."
        events.append(Risk(given.clock_s, "fast_injection", words))
    if above_kpa > STOP_ABOVE_OPENING_KPA:
        words = f"{psi_from_kpa(above_kpa):.0f} psi above opening: discography stops at 50."
        events.append(Risk(given.clock_s, "over_pressure", words))
    if disc.contrast.leaked_ml > case.disc.contrast.leaked_ml:
        events.append(Said(given.clock_s, "team", "Contrast runs out into the epidural space."))
    if above_kpa >= case.card.pain_above_opening_kpa:
        events.append(_discography_pain(case, given.clock_s))
    return tuple(events)


def _discography_pain(case: Case, clock_s: float) -> Pain:
    score = float(np.clip(max(DISCOGRAPHY_PAIN, case.card.leg_pain) - EASED[case.sedation], 0.0, 10.0))
    mine = "That is my pain" if case.card.concordant else "That hurts, but it is not my pain"
    words = f"{mine}, {score:.0f} of 10."
    return Pain(clock_s, score, words, Structure.ANNULUS, "", case.card.concordant)


def decompressed(case: Case, action: Decompress) -> Case:
    """Run the probe, its tip going back from where it stands and forth again, and keep the receipt."""
    probe = case.placements["probe"]
    item = probe.instrument
    run = ProbeRun(
        tip_from_mm=probe.tip_mm - action.stroke_mm * probe.direction,
        tip_to_mm=probe.tip_mm,
        strokes=action.strokes,
        seconds=action.seconds,
        rpm=action.rpm,
        radius_mm=item.radius_mm,
        window_mm=item.helix_mm,
        inward=probe.direction,
    )
    disc, receipt = decompress(case.disc, run)
    clock_s = case.clock_s + action.seconds
    told = replace(
        case,
        disc=disc,
        clock_s=clock_s,
        receipts=(*case.receipts, receipt),
        events=(
            *case.events,
            *on_decompressing(case),
            Measured(clock_s, "removed in this run", receipt.total_ml, "mL"),
            Measured(clock_s, "disc pressure", pressure_kpa(disc), "kPa"),
        ),
    )
    return replace(told, events=(*told.events, *after_removal(told, receipt.dwell_outside_nucleus_s)))


def specimen_sent(case: Case) -> Case:
    """Empty the chamber: what was in the cannula is collected with the rest and measured."""
    disc = probe_withdrawn(case.disc)
    clock_s = case.clock_s + LABORATORY_S
    collected_ml = float(disc.ledger.collected_ml.sum())
    reading = Measured(clock_s, "specimen", collected_ml, "mL")
    return replace(case, disc=disc, clock_s=clock_s, events=(*case.events, reading))
