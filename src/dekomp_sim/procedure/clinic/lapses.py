"""Lapses of good practice that harm nobody by themselves: unseen advances, missing antibiotic, numbed roots."""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.procedure.actions import PrepareSterileField, Route, Sedation
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import DEEP_FROM
from dekomp_sim.procedure.clinic.courses import DOSES, SEDATION_COURSE, Cause, Influence, sedation_depth
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.events import Event, Risk, Severity

ANTIBIOTIC_LEAD_S: Final = 1800.0
"""Time in s before the puncture at which the antibiotic is given (cefazolin 2 g, 30 min: discography practice)."""

NEAR_VIEW_DEG: Final = 20.0
"""Angle in degrees from straight AP or lateral within which a view counts as one. Assumption."""

REMOVED_ML_AT_MOST: Final = 2.0
"""Most nucleus in mL that a session takes (0.5 to 2 mL: Singh, Pain Physician 2009;12:589)."""

UNDRAPED: Final = "c_arm_undraped"
"""Word of the lapse that leaves the C-arm bare."""

OUTSIDE_NUCLEUS_S: Final = 1.0
"""Running time in s outside the nucleus that is let pass. Assumption: the turn of a stroke."""


def on_entering_disc(case: Case, key: str) -> tuple[Event, ...]:
    """What was forgotten when an instrument comes into the disc."""
    words = f"The {key.replace('_', ' ')} came into the disc"
    return (*_unseen(case, {key, case.nest.get(key, key)}, words), *_antibiotic(case))


def on_decompressing(case: Case) -> tuple[Event, ...]:
    """What was forgotten when the probe is switched on."""
    return _unseen(case, {"probe"}, "The probe was switched on")


def on_anaesthetising(case: Case, deposit: Deposit) -> tuple[Event, ...]:
    """Whether a deposit reaches a root, which could then no longer warn."""
    roots = [s for s in case.patient.strands if s.structure in {Structure.NERVE_ROOT, Structure.GANGLION}]
    at = np.array(deposit.at_mm)
    reached = [s.name for s in roots if s.distance_mm(at) < deposit.radius_mm]
    if not reached:
        return ()
    words = f"The anaesthetic reaches {', '.join(f'the {name}' for name in reached)}: it can no longer warn."
    return (Risk(case.clock_s, "root_numbed", words),)


def on_sedating(case: Case, level: Sedation) -> tuple[Event, ...]:
    """Whether a dose, with what still works of earlier ones, will make the patient too deep to report a root."""
    if level is Sedation.NONE:
        return ()
    dose = Influence(Cause.SEDATION, case.clock_s, DOSES[level])
    deepest = sedation_depth((*case.influences, dose), case.clock_s + SEDATION_COURSE.peak_s)
    if deepest < DEEP_FROM:
        return ()
    words = "Deeply sedated, the patient may not report a touched root."
    if DOSES[level] < DEEP_FROM:
        words = f"Another dose while the last still works. {words}"
    return (Risk(case.clock_s, "deep_sedation", words),)


def on_draping(case: Case, action: PrepareSterileField) -> tuple[Event, ...]:
    """Whether the C-arm was left bare over the wound."""
    if action.drape_c_arm:
        return ()
    return (Risk(case.clock_s, UNDRAPED, "The C-arm is not draped: it turns over the wound unsterile."),)


def after_removal(case: Case, outside_nucleus_s: float) -> tuple[Event, ...]:
    """Too much taken, or taken in the wrong place; `case` holds the disc after the run."""
    found: list[Event] = []
    if outside_nucleus_s > OUTSIDE_NUCLEUS_S:
        words = f"The probe turned outside the nucleus for {outside_nucleus_s:.0f} s."
        found.append(Risk(case.clock_s, "rotated_outside_nucleus", words))
    if case.removed_ml > REMOVED_ML_AT_MOST:
        words = f"{case.removed_ml:.2f} mL are out; more than {REMOVED_ML_AT_MOST:g} mL leaves the disc empty."
        found.append(Risk(case.clock_s, "removed_too_much", words))
    return tuple(found)


def _unseen(case: Case, keys: set[str], what: str) -> tuple[Event, ...]:
    """No AP and lateral picture since the first of these instruments came into the patient, nor a slice of its tip."""
    came_s = min((tip.clock_s for tip in case.track if tip.instrument in keys), default=case.clock_s)
    if any(taken.clock_s >= came_s and keys & set(taken.shows) for taken in case.acquisitions):
        return ()
    seen = [abs(e.carm.primary_deg) for e in case.exposures if e.clock_s >= came_s]
    ap = any(min(angle, 180.0 - angle) <= NEAR_VIEW_DEG for angle in seen)
    lateral = any(abs(angle - 90.0) <= NEAR_VIEW_DEG for angle in seen)
    if ap and lateral:
        return ()
    if not case.guidance.has_c_arm:
        return (Risk(case.clock_s, "unseen", f"{what} without a CT slice that shows its tip."),)
    lacking = " or ".join(word for word, there in (("AP", ap), ("lateral", lateral)) if not there)
    return (Risk(case.clock_s, "unseen", f"{what} without {lacking} picture of it."),)


def _antibiotic(case: Case) -> tuple[Event, ...]:
    if not case.antibiotics:
        return (Risk(case.clock_s, "no_antibiotic", "The disc is opened without an antibiotic."),)
    early_s = case.clock_s - case.antibiotics[0].clock_s
    if early_s >= ANTIBIOTIC_LEAD_S or case.antibiotics[0].route is Route.INTRADISCAL:
        return ()
    words = f"The antibiotic was given {early_s / 60.0:.0f} min ago; {ANTIBIOTIC_LEAD_S / 60.0:.0f} min are wanted."
    return (Risk(case.clock_s, "late_antibiotic", words, Severity.NOTICE),)
