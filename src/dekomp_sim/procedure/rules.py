"""Whether an action may happen now; where not, the reason as a sentence.

A rule refuses what the clinic would stop or what cannot be done with the hands. What can be done but should not be is
allowed, and leaves an event.
"""

from __future__ import annotations

import math
from typing import Final, assert_never

from dekomp_sim.instruments import (
    CATALOGUE,
    FITS_INSIDE,
    Kind,
    may_advance,
    may_be_prebent,
    may_enter_skin,
    may_insert,
    may_remove,
    may_run,
)
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.breathing import why_not_held
from dekomp_sim.procedure.clinic.card import Allergy
from dekomp_sim.procedure.clinic.local_anaesthetic import NUMB_ENOUGH, Lumen, dose_at_most_mg, numbness
from dekomp_sim.procedure.clinic.toxicity import seizing
from dekomp_sim.procedure.clinic.vitals import FIT, below
from dekomp_sim.procedure.ct.scanning import NO_C_ARM, NO_SCANNER, why_not_gridded, why_not_moved, why_not_taken
from dekomp_sim.procedure.fluoroscopy.exposing import why_not_shifted, why_not_turned
from dekomp_sim.procedure.lesson.teaching import why_no_answer, why_not_yet
from dekomp_sim.procedure.needle.discography import why_not_injected
from dekomp_sim.procedure.needle.sites import (
    axis_asked,
    depth_wanted_mm,
    level_aimed,
    level_at_tip,
    reach_mm,
    tip_in_disc,
)
from dekomp_sim.procedure.ranges import out_of_range

REDIRECT_DEPTH_MM: Final = 40.0
"""Deepest tip in mm at which a needle may be turned.

Assumption: a needle is drawn back to the fascia first; the skin-to-fascia way is about half the way to the facet.
"""

DRAG_MM: Final = 12.0
"""Farthest in mm that a turn may take a tip sideways through tissue. Assumption: what loose fat and muscle give."""

TOUCHING_MM: Final = 1e-6
"""Distance in mm below which two hubs touch: far below any reading, above rounding."""


ON_SCANNER: Final = (do.MoveGantry, do.LayGrid, do.CtScan, do.CtStep, do.CtFluoroscopy)
"""What the CT scanner does."""

ON_C_ARM: Final = (do.SetView, do.MoveTable, do.SetCollimator, do.SetField, do.SetFluoroscopy, do.Expose)
"""What the C-arm and its table do."""


def may(case: Case, action: do.Action) -> str | None:  # noqa: C901 - one line per action reads best
    """Why an action is refused now, or None where it may happen."""
    wrong = out_of_range(action) or _no_such_machine(case, action) or why_not_yet(case, action)
    if wrong is not None:
        return wrong
    match action:
        case do.AssessCandidate():
            return _when(not case.punctures, "The procedure has begun.")
        case do.Consent():
            return _consent(case)
        case do.PositionProne():
            return _after(case, "consent") or _when(not case.placements, "There is an instrument in the patient.")
        case do.TimeOut():
            return _after(case, "position_prone") or _time_out(case, action)
        case do.GiveAntibiotic():
            return _after(case, "consent") or _antibiotic(case, action)
        case do.PrepareSterileField():
            return _after(case, "position_prone")
        case do.Sedate():
            return _sedate(action)
        case do.SetView():
            return _after(case, "position_prone") or why_not_turned(case, action)
        case do.MoveTable():
            return _after(case, "position_prone") or why_not_shifted(case, action)
        case do.Expose():
            return _when(case.carm is not None, "The C-arm has no view yet: set_view first.")
        case do.MoveGantry():
            return _after(case, "position_prone") or why_not_moved(case, action)
        case do.LayGrid():
            return _after(case, "position_prone") or why_not_gridded(case)
        case do.CtScan() | do.CtStep() | do.CtFluoroscopy():
            return _after(case, "position_prone") or why_not_taken(case, action)
        case do.Anaesthetise():
            return _fit(case) or _anaesthetise(case, action)
        case do.Incise():
            return _fit(case) or _skin_ready(case) or _incise(case, action)
        case do.Insert():
            return _fit(case) or _skin_ready(case) or _insert(case, action)
        case do.Advance():
            return _fit(case) or _in_patient(case, action.instrument) or _advance(case, action)
        case do.Withdraw():
            return _in_patient(case, action.instrument) or _withdraw(case, action)
        case do.Redirect():
            return _in_patient(case, action.instrument) or _redirect(case, action)
        case do.Remove():
            return _in_patient(case, action.instrument) or may_remove(action.instrument, case.nest).reason or None
        case do.InjectContrast():
            return _fit(case) or _inject(case, action)
        case do.RemoveStylet():
            return _when("trocar_stylet" in case.nest, "No stylet is in the trocar cannula.")
        case do.InsertProbe():
            return _insert_probe(case)
        case do.Decompress():
            return _fit(case) or _decompress(case)
        case do.SendSpecimen():
            return _when(bool(case.receipts), "Nothing was removed.") or _out(case, "probe")
        case do.Answer():
            return why_no_answer(case, action)
        case do.Bandage():
            return _bandage(case)
        case do.AdviseRecovery():
            return _after(case, "bandage")
        case do.HoldBreath():
            return _after(case, "position_prone") or why_not_held(case)
        case do.Treat():
            return _treat(case, action)
        case do.AskPatient() | do.Wait() | do.SetCollimator() | do.SetField() | do.SetFluoroscopy():
            return None
        case _:
            assert_never(action)


def guide(case: Case, key: str) -> str | None:
    """The instrument in the patient that `key` goes through, or None where it goes through the skin."""
    return next((outer for outer in case.placements if key in FITS_INSIDE.get(outer, ())), None)


def _no_such_machine(case: Case, action: do.Action) -> str | None:
    """Why a machine that does not stand in the room cannot be used."""
    if isinstance(action, ON_SCANNER) and not case.guidance.has_scanner:
        return NO_SCANNER
    return NO_C_ARM if isinstance(action, ON_C_ARM) and not case.guidance.has_c_arm else None


def _when(holds: bool, otherwise: str) -> str | None:
    return None if holds else otherwise


def _after(case: Case, step: str) -> str | None:
    return _when(step in case.done, f"First: {step.replace('_', ' ')}.")


def _out(case: Case, key: str) -> str | None:
    return _when(key not in case.placements, f"{CATALOGUE[key].title} is still in the patient.")


def _in_patient(case: Case, key: str) -> str | None:
    return _when(key in case.placements, f"{_title(key)} is not in the patient.")


def _title(key: str) -> str:
    return CATALOGUE[key].title if key in CATALOGUE else f"'{key}'"


def _fit(case: Case) -> str | None:
    """Vital signs at which the team stops; to withdraw and remove is always allowed."""
    if seizing(case.influences, case.clock_s):
        return "The patient convulses: stop, and treat first."
    low = below(case.vitals, FIT)
    return _when(not low, f"The monitor rings, {', '.join(low)}: stop, and treat first.")


def _treat(case: Case, action: do.Treat) -> str | None:
    lasting = action.treatment in {do.Treatment.OXYGEN, do.Treatment.LEGS_UP}
    already = any(one.cause.value == action.treatment.value for one in case.influences)
    return _when(not (lasting and already), f"{action.treatment.replace('_', ' ').capitalize()}: that is done already.")


def _consent(case: Case) -> str | None:
    found = case.assessment
    if found is None:
        return "First: assess candidate."
    if found.suitable:
        return None
    return f"The card speaks against it: {'; '.join((*found.forbids, *found.missing))}."


def _time_out(case: Case, action: do.TimeOut) -> str | None:
    level, side = action.level or case.level, action.side or case.side
    same = (level, side) == (case.level, case.side)
    return _when(same, f"The consent says {case.level}, {case.side}; {level}, {side} was read out.")


def _antibiotic(case: Case, action: do.GiveAntibiotic) -> str | None:
    if action.agent is do.Agent.CEFAZOLIN and Allergy.CEPHALOSPORIN in case.card.allergies:
        return "The patient is allergic to cephalosporins."
    in_disc = any(level_at_tip(case, key) is not None for key in case.placements)
    return _when(action.route is do.Route.INTRAVENOUS or in_disc, "No needle is in the disc.")


def _sedate(action: do.Sedate) -> str | None:
    awake = action.level is not do.Sedation.GENERAL
    return _when(awake, "General anaesthesia is contraindicated: the patient must report a touched root.")


def _skin_ready(case: Case) -> str | None:
    closed = _when("bandage" not in case.done, "The wound is closed.")
    return closed or _after(case, "time_out") or _after(case, "prepare_sterile_field")


def _anaesthetise(case: Case, action: do.Anaesthetise) -> str | None:
    if Allergy.LOCAL_ANAESTHETIC in case.card.allergies:
        return "The patient is allergic to the local anaesthetic."
    if "anaesthetic_needle" not in case.placements:
        return "The anaesthetic needle is not in the patient."
    limit_mg = dose_at_most_mg(case.card.weight_kg)
    lost = (one.deposit for one in case.syringes if one.lumen is Lumen.VESSEL)
    given_mg = sum(deposit.lidocaine_mg for deposit in (*case.deposits, *lost))
    whole_mg = given_mg + action.volume_ml * action.concentration_percent * 10.0
    return _when(whole_mg <= limit_mg, f"That would make {whole_mg:.0f} mg of lidocaine; {limit_mg:.0f} mg at most.")


def _incise(case: Case, action: do.Incise) -> str | None:
    if case.incision is not None:
        return "The skin is open already."
    if (stray := _stray_level(case, action)) is not None:
        return stray
    numb = numbness(case.deposits, axis_asked(case, action)[0], case.clock_s)
    return _when(numb >= NUMB_ENOUGH, "The skin is not numb there: infiltrate it, and give it a minute.")


def _insert(case: Case, action: do.Insert) -> str | None:
    key = action.instrument
    if key not in CATALOGUE:
        return f"The tray holds no '{key}', but: {', '.join(CATALOGUE)}."
    if CATALOGUE[key].kind is Kind.BLADE:
        return "The scalpel cuts with incise."
    if key in case.placements:
        return f"{CATALOGUE[key].title} is in the patient already."
    if action.prebend_deg > 0.0 and not may_be_prebent(key):
        return may_be_prebent(key).reason
    if key == "probe":
        return _insert_probe(case)
    if (stray := _stray_level(case, action)) is not None:
        return stray
    outer = guide(case, key)
    if outer is not None and action.level not in {None, level_aimed(case, outer)}:
        return f"{_title(outer)} stands at {level_aimed(case, outer)}: take it out first."
    if outer is not None:
        return may_insert(key, outer, case.nest).reason or None
    if key == "trocar_cannula" and case.incision is None:
        return "The trocar needs a skin incision first."
    return may_enter_skin(key).reason or None


def _stray_level(case: Case, action: do.Insert | do.Incise) -> str | None:
    """A level that is not worked on has no plan."""
    known = action.level is None or action.level in case.discs
    controls = ", ".join(case.control_discs) or "none"
    return _when(known, f"{action.level} is not planned: {case.level} is treated; controls: {controls}.")


def _advance(case: Case, action: do.Advance) -> str | None:
    goal = depth_wanted_mm(case, action)
    now = case.placements[action.instrument].depth_mm
    if goal <= now:
        return f"Its tip is at {now:.1f} mm already; {goal:.1f} mm was asked: withdraw it."
    if now >= reach_mm(case, action.instrument) - TOUCHING_MM:
        return f"Its hub is home: it is {CATALOGUE[action.instrument].length_mm:.0f} mm long and goes no deeper."
    return may_advance(action.instrument, case.nest).reason or None


def _withdraw(case: Case, action: do.Withdraw) -> str | None:
    goal = depth_wanted_mm(case, action)
    now = case.placements[action.instrument].depth_mm
    return _when(0.0 <= goal < now, f"Its tip is at {now:.1f} mm; {goal:.1f} mm was asked: advance or remove it.")


def _redirect(case: Case, action: do.Redirect) -> str | None:
    if action.instrument in case.nest:
        return f"Turn {_title(case.nest[action.instrument])}, which it lies in."
    inside = [action.instrument, *(inner for inner, outer in case.nest.items() if outer == action.instrument)]
    deepest = max(case.placements[key].depth_mm for key in inside)
    why = (
        f"The tip is {deepest:.0f} mm deep: withdraw to {REDIRECT_DEPTH_MM:.0f} mm first; levering breaks instruments."
    )
    return _when(deepest <= REDIRECT_DEPTH_MM, why) or _drag(max(deepest, 0.0), action)


def _drag(deepest_mm: float, action: do.Redirect) -> str | None:
    """The pivot is the skin: a deep tip turned far would drag the tissue about it along."""
    angle = math.radians(math.hypot(action.medial_deg, action.cranial_deg))
    aside_mm = 2.0 * deepest_mm * math.sin(angle / 2.0)
    free_mm = DRAG_MM / (2.0 * math.sin(angle / 2.0)) if angle else deepest_mm
    why = (
        f"Turned by {math.degrees(angle):.0f} degrees about the skin, the tip at {deepest_mm:.0f} mm would drag tissue "
        f"{aside_mm:.0f} mm aside: withdraw to {math.floor(free_mm)} mm first, or turn less."
    )
    return _when(aside_mm <= DRAG_MM, why)


def _inject(case: Case, action: do.InjectContrast) -> str | None:
    if Allergy.IODINE_CONTRAST in case.card.allergies:
        return "The patient is allergic to iodinated contrast."
    return why_not_injected(case, action)


def _insert_probe(case: Case) -> str | None:
    if "trocar_cannula" not in case.placements:
        return "The trocar cannula is not in the patient."
    if "trocar_stylet" in case.nest:
        return "The stylet is still in the cannula: take it out first."
    if not tip_in_disc(case, "trocar_cannula"):
        return f"The cannula's tip is not in the {case.level} disc."
    return may_insert("probe", "trocar_cannula", case.nest).reason or None


def _decompress(case: Case) -> str | None:
    if case.probe_fatigue >= 1.0:
        return "The probe is broken."
    runs = may_run("probe", case.nest)
    if not runs:
        return runs.reason
    return _when(tip_in_disc(case, "probe"), f"The probe's tip is not in the {case.level} disc.")


def _bandage(case: Case) -> str | None:
    if case.placements:
        return f"Still in the patient: {', '.join(_title(key) for key in case.placements)}."
    return _when(bool(case.punctures), "There is no wound.")
