"""Discography: contrast into a disc in increments, the manometer read, pain from its onset on, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dekomp_sim.anatomy.labels import Level, Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc import (
    Disc,
    Discogram,
    Tissue,
    discogram,
    in_nuclear_space,
    inject,
    manometer_kpa,
    needle_resistance_kpa_s_ml,
    pressure_kpa,
    volume_to_reach_ml,
)
from dekomp_sim.procedure.actions import InjectContrast
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import DEEP_FROM, EASED, GROAN, rated
from dekomp_sim.procedure.clinic.card import POSITIVE_PAIN
from dekomp_sim.procedure.clinic.verdict import CONTRAST_ML_AT_MOST, STOP_ABOVE_OPENING_KPA, verdict
from dekomp_sim.procedure.events import Event, Measured, Pain, Risk, Said
from dekomp_sim.procedure.needle.sites import level_at_tip
from dekomp_sim.procedure.records import Injection, Onset
from dekomp_sim.units import psi_from_kpa

SLOW_ML_S: Final = 0.05
"""Fastest injection in mL/s of pressure-controlled discography (SIS practice)."""

INCREMENT_ML: Final = 0.5
"""Largest increment in mL of discography (SIS practice: about 0.5 mL)."""

LEAK_SEEN_ML: Final = 0.5
"""Contrast in mL in the epidural space at which discography stops. Assumption: about an increment is seen there."""

EXPECTED_PER_ANXIETY: Final = 0.3
"""Points that a patient who was told of the injection adds to the rating, per point of anxiety.

Assumption: a very anxious patient says three points more; that expectation raises pain is known (false positives rise
from 3 to 22 % with somatisation: Wolfer, Pain Physician 2008;11:513), by how much here is not.
"""

NEEDLE: Final = "discography_needle"
"""Key of the needle that contrast usually goes through."""

NEEDLES: Final = (NEEDLE, "fine_discography_needle")
"""Every needle that contrast goes through: the finer, the more the flow alone shows on the manometer."""


def needle_in_use(case: Case) -> str | None:
    """Key of the needle that an injection would go through: one in a disc before one that is elsewhere."""
    placed = [key for key in NEEDLES if key in case.placements]
    return next((key for key in placed if level_at_tip(case, key) is not None), placed[0] if placed else None)


def why_not_injected(case: Case, action: InjectContrast) -> str | None:
    """Why contrast may not be injected now: no disc at the tip, too much, or a stop rule that has been reached."""
    level = _level(case)
    if level is None:
        where = " or ".join(case.discs)
        return None if _in_sac(case) else f"No discography needle has its tip in the {where} disc."
    whole_ml = action.volume_ml + sum(one.volume_ml for one in case.injections if one.level is level)
    if whole_ml > CONTRAST_ML_AT_MOST:
        return f"That would make {whole_ml:.1f} mL of contrast; {CONTRAST_ML_AT_MOST:g} mL at most."
    return why_discography_stops(case, level)


def why_discography_stops(case: Case, level: Level) -> str | None:
    """The first stop rule of discography that a disc has reached, or None."""
    disc = case.discs[level]
    if pressure_kpa(disc) - disc.opening_kpa >= STOP_ABOVE_OPENING_KPA:
        return "The disc is at 50 psi above opening: stop."
    worst = max((one.pain for one in case.injections if one.level is level and one.pain is not None), default=0.0)
    if worst >= POSITIVE_PAIN:
        return f"The patient rated the last injection {worst:g} of 10: stop."
    if disc.contrast.leaked_ml >= LEAK_SEEN_ML:
        return f"{disc.contrast.leaked_ml:.1f} mL have run out into the epidural space: stop."
    return None


def injected(case: Case, action: InjectContrast) -> Case:
    """Contrast through the needle: into the disc at its tip, or by mistake into the sac."""
    level = _level(case)
    return _intrathecal(case, action) if level is None else _into_disc(case, action, level)


def discography_read(case: Case) -> tuple[Event, ...]:
    """What the team says of the discography so far, where it has not said so yet."""
    found = verdict(case)
    if found is None or any(isinstance(event, Said) and event.words == found.words for event in case.events):
        return ()
    return (Said(case.clock_s, "team", found.words),)


def _level(case: Case) -> Level | None:
    """The disc at the tip of the needle in use."""
    key = needle_in_use(case)
    return None if key is None else level_at_tip(case, key)


def _into_disc(case: Case, action: InjectContrast, level: Level) -> Case:
    """Pressures read, pain from its onset on, concordance from the card."""
    needle, before = case.placements[needle_in_use(case) or NEEDLE], case.discs[level]
    tip, item = needle.tip_mm, needle.instrument
    disc = inject(before, action.volume_ml, action.rate_ml_s, action.iodine_mg_ml, tip)
    shown_kpa = manometer_kpa(disc, needle_in_nucleus=_reads_nucleus(disc, tip))
    resistance = needle_resistance_kpa_s_ml(item.inner_mm, item.length_mm, action.iodine_mg_ml)
    findings = case.findings(level)
    hurts = shown_kpa - disc.opening_kpa >= findings.pain_above_opening_kpa
    given = Injection(
        case.clock_s + action.volume_ml / action.rate_ml_s,
        level,
        action.volume_ml,
        action.rate_ml_s,
        action.iodine_mg_ml,
        shown_kpa,
        shown_kpa + resistance * action.rate_ml_s,
        announced=action.announced,
        pain=_rated(case, level, action.announced) if hurts else None,
        concordant=findings.concordant if hurts and case.sedation_depth < DEEP_FROM else None,
        onset=_onset(case, action, level, tip) if hurts else None,
        shown=discogram(disc) if case.carm is not None else None,
    )
    told = _events(case, given, before, disc)
    later = replace(case, clock_s=given.clock_s, injections=(*case.injections, given), events=(*case.events, *told))
    return later.with_disc(level, disc)


def _reads_nucleus(disc: Disc, tip_mm: FloatArray) -> bool:
    """Whether no annulus squeezes the tip: it reads the nucleus, or veins that take all."""
    return in_nuclear_space(disc, tip_mm) or disc.tissue_at(tip_mm) is Tissue.ENDPLATE


def _rated(case: Case, level: Level, announced: bool) -> float:
    expected = EXPECTED_PER_ANXIETY * case.card.anxiety if announced else 0.0
    return rated(case.findings(level).pain + expected - EASED * case.sedation_depth)


def _onset(case: Case, action: InjectContrast, level: Level, tip_mm: FloatArray) -> Onset | None:
    """When within an injection the pain began; None where it hurt before."""
    earlier = [one for one in case.injections if one.level is level]
    if any(one.pain is not None for one in earlier):
        return None
    disc, goal_kpa = case.discs[level], case.findings(level).pain_above_opening_kpa
    reads = _reads_nucleus(disc, tip_mm)
    volume_ml = min(volume_to_reach_ml(disc, goal_kpa, action.rate_ml_s, in_nucleus=reads), action.volume_ml)
    above_kpa = goal_kpa if volume_ml > 0.0 else manometer_kpa(disc, needle_in_nucleus=reads) - disc.opening_kpa
    so_far_ml = sum(one.volume_ml for one in earlier)
    return Onset(case.clock_s + volume_ml / action.rate_ml_s, so_far_ml + volume_ml, above_kpa)


def _events(case: Case, given: Injection, before: Disc, disc: Disc) -> tuple[Event, ...]:
    """What is read, said and felt, in order of time."""
    at = "" if given.level is case.level else f", {given.level}"
    events: list[Event] = []
    if all(one.level is not given.level for one in case.injections):
        events.append(Measured(case.clock_s, f"opening pressure{at}", pressure_kpa(before), "kPa"))
    if given.announced:
        words = f"The patient was told of the injection into {given.level}: the answer is not blind."
        events.append(Risk(case.clock_s, "announced_injection", words))
    events += _pain(given, at)
    events.append(Measured(given.clock_s, f"manometer pressure while injecting{at}", given.dynamic_kpa, "kPa"))
    events.append(Measured(given.clock_s, f"manometer pressure{at}", given.pressure_kpa, "kPa"))
    events += [Risk(given.clock_s, lapse, words) for lapse, words in _lapses(given, before, disc)]
    if disc.contrast.leaked_ml > before.contrast.leaked_ml:
        events.append(Said(given.clock_s, "team", "Contrast runs out into the epidural space."))
    if given.shown is not None:
        events.append(Said(given.clock_s, "team", f"The contrast so far: {_in_words(given.shown)}."))
    return tuple(events)


def _in_words(shown: Discogram) -> str:
    return f"{shown.adams}, Dallas {shown.dallas}"


def _pain(given: Injection, at: str) -> list[Event]:
    """The rating, from the moment it began; told again after each later injection that hurts."""
    if given.pain is None:
        return []
    mine = "That is my pain" if given.concordant else "That hurts, but it is not my pain"
    words = GROAN if given.concordant is None else f"{mine}, {given.pain:g} of 10."
    began = given.onset
    felt = Pain(began.clock_s if began else given.clock_s, given.pain, words, Structure.ANNULUS, "", given.concordant)
    if began is None:
        return [felt]
    return [
        Measured(began.clock_s, f"volume at the onset of pain{at}", began.volume_ml, "mL"),
        Measured(began.clock_s, f"pressure above opening at the onset of pain{at}", began.above_opening_kpa, "kPa"),
        felt,
    ]


def _lapses(given: Injection, before: Disc, disc: Disc) -> list[tuple[str, str]]:
    """What the manometer and the picture say against going on: lapse and words."""
    above_kpa = given.pressure_kpa - disc.opening_kpa
    found: list[tuple[str, str]] = []
    if disc.contrast.vascular_ml > before.contrast.vascular_ml:
        words = (
            "The contrast washes away and no pressure builds up: the tip is in the endplate, at its veins. Reposition."
        )
        found.append(("vascular_injection", words))
    if disc.contrast.annular_ml > before.contrast.annular_ml:
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


def _in_sac(case: Case) -> bool:
    key = needle_in_use(case)
    if key is None:
        return False
    tip_mm = case.placements[key].tip_mm
    sacs = (strand for strand in case.patient.strands if strand.structure is Structure.THECAL_SAC)
    return any(sac.distance_mm(tip_mm) < 0.0 for sac in sacs)


def _intrathecal(case: Case, action: InjectContrast) -> Case:
    """Contrast into the sac: nothing builds up, and it is not in the disc. The picture does not show it."""
    clock_s = case.clock_s + action.volume_ml / action.rate_ml_s
    words = (
        f"{action.volume_ml:g} mL run up and down along the roots and no pressure builds up: the tip is in the thecal "
        "sac. Stop and withdraw; no antibiotic may follow, it would bring seizures."
    )
    lapse = Risk(clock_s, "intrathecal_injection", words)
    return replace(case, clock_s=clock_s, events=(*case.events, lapse))
