"""What an action does to a case: the one way anything changes.

`after` is pure and deterministic. An action that may not happen now raises nothing: the case comes back as it was, with
a `Refusal` and its reason as the last event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from dekomp_sim.disc import rest
from dekomp_sim.errors import DekompSimError
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.aftercare import outcomes
from dekomp_sim.procedure.clinic.answers import answers
from dekomp_sim.procedure.clinic.body import answered
from dekomp_sim.procedure.clinic.card import assess
from dekomp_sim.procedure.clinic.courses import STANDARD_DOSE, Cause
from dekomp_sim.procedure.clinic.injecting import given
from dekomp_sim.procedure.clinic.lapses import on_draping, on_sedating
from dekomp_sim.procedure.ct.scanning import gridded, moved, pedalled, scanned, stepped
from dekomp_sim.procedure.events import Event, Refusal, Said
from dekomp_sim.procedure.fluoroscopy.exposing import exposed, shifted, switched, turned
from dekomp_sim.procedure.lesson.teaching import answer, taught
from dekomp_sim.procedure.needle.discography import discography_read, injected, needle_in_use
from dekomp_sim.procedure.needle.movement import insert, pull, push, seat, take_out, turn
from dekomp_sim.procedure.needle.nucleus import cleared, decompressed, rested, specimen_sent
from dekomp_sim.procedure.needle.sites import as_tuple, axis_asked, depth_wanted_mm
from dekomp_sim.procedure.needle.startle import startled
from dekomp_sim.procedure.records import Antibiotic, Incision
from dekomp_sim.procedure.rules import may

SECONDS: Final = {
    "assess_candidate": 300.0,
    "consent": 300.0,
    "position_prone": 180.0,
    "time_out": 60.0,
    "give_antibiotic": 120.0,
    "prepare_sterile_field": 300.0,
    "sedate": 120.0,
    "anaesthetise": 20.0,
    "incise": 15.0,
    "ask_patient": 20.0,
    "hold_breath": 4.0,
    "treat": 30.0,
    "bandage": 60.0,
    "advise_recovery": 180.0,
}
"""Time in s that a step takes on the case's clock.

Assumption: no such table is published; the sum keeps a smooth case within the 15 min to 1 h that clinics state.
"""

ADVICE: Final = (
    "You stay with us for half an hour, then you may walk and go home today. Light work in one to four days. "
    "No heavy lifting, twisting or long sitting for two to six weeks. "
    "Fever, growing back pain, weakness or trouble with bladder or bowel: come back at once."
)
"""What the patient is told (recovery times as clinics state them: walk the same day, light work 1 to 4 days, heavy
sport and lifting 2 to 6 weeks).
"""


ADVICE_HARMED: Final = "You stay with us until this is settled; your family and the next doctor are told."
"""What the patient is told after an injury."""


def after(case: Case, action: do.Action) -> Case:
    """The case after an action, or the same case with a `Refusal`.

    Parameters
    ----------
    case
        The case before; it stays as it is.
    action
        What is asked.
    """
    reason = _reason(case, action)
    if reason is not None:
        return _refused(case, action, reason)
    try:
        done = startled(case, _done(case, action), action)
    except DekompSimError as error:  # the instruments, the disc or the generator cannot do it
        return _refused(case, action, str(error))
    lived = replace(answered(case, _rested(case, done, action), action), done=(*case.done, action.do))
    return taught(case, lived)


def _reason(case: Case, action: do.Action) -> str | None:
    try:
        return may(case, action)
    except DekompSimError as error:
        return str(error)


def _refused(case: Case, action: do.Action, reason: str) -> Case:
    return replace(case, events=(*case.events, Refusal(case.clock_s, action.do, reason)))


def _rested(before: Case, case: Case, action: do.Action) -> Case:
    """While the clock runs a leaking disc leaks on (an injection has counted its own time), and a carved one creeps."""
    seconds = case.clock_s - before.clock_s
    for level, disc in case.discs.items():
        own_time = isinstance(action, do.InjectContrast) and disc is not before.discs[level]
        leaked = rest(disc, seconds) if case.injections and not own_time else disc
        if leaked is not disc:
            case = case.with_disc(level, leaked)
    return rested(case, seconds) if case.receipts else case


def _done(case: Case, action: do.Action) -> Case:  # noqa: C901 - one line per action reads best
    match action:
        case do.AssessCandidate():
            return _assessed(case)
        case do.Consent():
            return _said(_took(case, action), "team", f"Consent signed; {case.level}, {case.side} is marked.")
        case do.PositionProne():
            return _took(case, action)
        case do.PrepareSterileField():
            bare = replace(case, couch=replace(case.couch, grid_lies=False))
            return _told(_took(bare, action), on_draping(case, action))
        case do.TimeOut():
            return _said(_took(case, action), "team", f"Time-out: {case.level}, {case.side}. All agree.")
        case do.GiveAntibiotic():
            dose = Antibiotic(case.clock_s, action.agent, action.route, action.dose_g)
            return replace(_took(case, action), antibiotics=(*case.antibiotics, dose))
        case do.Sedate():
            return _sedated(case, action)
        case do.SetView():
            return turned(case, action)
        case do.MoveTable():
            return shifted(case, action)
        case do.SetCollimator() | do.SetField() | do.SetFluoroscopy():
            return switched(case, action)
        case do.Expose():
            assert case.carm is not None  # the rules have asked
            return exposed(case, case.carm, action)
        case do.MoveGantry():
            return moved(case, action)
        case do.LayGrid():
            return gridded(case, action)
        case do.CtScan():
            return scanned(case, action)
        case do.CtStep():
            return stepped(case, action)
        case do.CtFluoroscopy():
            return pedalled(case, action)
        case do.Anaesthetise():
            return _took(given(case, action), action)
        case do.Incise():
            cut = Incision(case.clock_s, as_tuple(axis_asked(case, action)[0]), action.length_mm)
            return replace(_took(case, action), incision=cut)
        case do.Insert():
            return insert(case, action)
        case do.Advance():
            return push(case, action.instrument, depth_wanted_mm(case, action), action.bevel_deg)
        case do.Withdraw():
            return pull(case, action.instrument, depth_wanted_mm(case, action))
        case do.Redirect():
            return turn(case, action)
        case do.Remove():
            return _taken_out(case, action.instrument)
        case do.InjectContrast():
            return injected(case, action)
        case do.RemoveStylet():
            return take_out(case, "trocar_stylet")
        case do.InsertProbe():
            return seat(case, "probe", "trocar_cannula")
        case do.Decompress():
            return decompressed(case, action)
        case do.SendSpecimen():
            return specimen_sent(case)
        case do.AskPatient():
            heard = _took(case, action)
            return _told(heard, answers(heard))
        case do.HoldBreath():
            asked = _said(_took(case, action), "team", "Breathe out, and hold your breath.")
            return replace(asked, breath_held_until_s=asked.clock_s + action.seconds)
        case do.Treat():
            return _said(_took(case, action), "team", f"Given: {STANDARD_DOSE[Cause(action.treatment.value)]}.")
        case do.Answer():
            return answer(case, action)
        case do.Bandage():
            return _took(case, action)
        case do.AdviseRecovery():
            advised = _said(_took(case, action), "team", ADVICE_HARMED if case.harmed else ADVICE)
            return _told(advised, outcomes(advised))
        case do.Wait():
            return replace(case, clock_s=case.clock_s + action.seconds)
        case _:
            assert_never(action)


def _took(case: Case, action: do.Action) -> Case:
    """The case once a step's time has passed."""
    return replace(case, clock_s=case.clock_s + SECONDS[action.do])


def _said(case: Case, speaker: str, words: str) -> Case:
    return replace(case, events=(*case.events, Said(case.clock_s, speaker, words)))


def _told(case: Case, events: tuple[Event, ...]) -> Case:
    return replace(case, events=(*case.events, *events))


def _assessed(case: Case) -> Case:
    found = assess(case.card)
    verdict = "A candidate" if found.suitable else "Not a candidate"
    reasons = (*found.forbids, *found.missing, *found.cautions) or found.supports
    told = _said(
        replace(case, clock_s=case.clock_s + SECONDS["assess_candidate"]), "team", f"{verdict}: {'; '.join(reasons)}."
    )
    return replace(told, assessment=found)


def _taken_out(case: Case, key: str) -> Case:
    """The probe is wiped; with the discography needle the discography is read."""
    out = cleared(take_out(case, key))
    return _told(out, discography_read(out)) if needle_in_use(out) is None else out


def _sedated(case: Case, action: do.Sedate) -> Case:
    return _told(replace(_took(case, action), sedation=action.level), on_sedating(case, action.level))
