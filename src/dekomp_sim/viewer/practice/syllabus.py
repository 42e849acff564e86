"""The procedure as courses teach it: its stages, their tasks, and the action that stands for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Final

from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice.controls import ACTIONS, title

Asked = Callable[[Case], do.Action]


@dataclass(frozen=True, slots=True)
class Plan:
    """A task as every case has it.

    Parameters
    ----------
    do
        The word of its action.
    words
        What it is, for a reader.
    asked
        The action that stands for it in a case.
    needed
        Whether no case does without.
    prefilled
        Fields of that action with which its form begins.
    """

    do: str
    words: str
    asked: Asked
    needed: bool = True
    prefilled: tuple[str, ...] = ()


def _always(action: do.Action) -> Asked:
    return lambda case: action


def _plain(words: str, action: do.Action, *, needed: bool = True, prefilled: tuple[str, ...] = ()) -> Plan:
    return Plan(action.do, words, _always(action), needed, prefilled)


def _insert(words: str, key: str, *, needed: bool = True, bent: bool = False) -> Plan:
    prefilled = ("instrument", "prebend_deg") if bent else ("instrument",)
    return _plain(words, do.Insert(key), needed=needed, prefilled=prefilled)


def _advance(words: str, key: str, to: do.Mark, offset_mm: float = 0.0, *, needed: bool = True) -> Plan:
    return _plain(
        words, do.Advance(key, to=to, offset_mm=offset_mm), needed=needed, prefilled=("instrument", "to", "offset_mm")
    )


def _out(words: str, key: str, *, needed: bool = True) -> Plan:
    return _plain(words, do.Remove(key), needed=needed, prefilled=("instrument",))


def _in_patient(case: Case) -> str:
    """What is moved as a whole: the instrument that came into the patient first and is still there."""
    return next(iter(case.placements), NEEDLE)


NEEDLE, INTRODUCER, FINE, TROCAR = (
    "anaesthetic_needle", "discography_introducer", "discography_needle", "trocar_cannula",
)  # fmt: skip

FINER_INTRODUCER, FINER = "fine_discography_introducer", "fine_discography_needle"

STAGES: Final[tuple[tuple[str, tuple[Plan, ...]], ...]] = (
    (
        "Patient's card",
        (
            _plain("Read the card: is this a candidate?", do.AssessCandidate()),
            _plain("Explain, and have the consent signed", do.Consent()),
            _plain("Antibiotic, half an hour before", do.GiveAntibiotic()),
        ),
    ),
    (
        "On the table",
        (
            _plain("Lay the patient prone", do.PositionProne()),
            _plain("Time-out: read out level and side", do.TimeOut()),
            _plain("Wash, drape, cover the C-arm", do.PrepareSterileField()),
            _plain("Sedation", do.Sedate(), needed=False),
        ),
    ),
    (
        "Views",
        (
            _plain("Turn the C-arm", do.SetView(do.View.AP), prefilled=("view",)),
            _plain("Take a picture", do.Expose(), prefilled=()),
            _plain("Have the breath held for it", do.HoldBreath(), needed=False, prefilled=("seconds",)),
            _plain("Move the table", do.MoveTable(), needed=False),
            _plain("Collimate", do.SetCollimator(), needed=False),
            _plain("Magnify", do.SetField(), needed=False),
            _plain("Dose rate and pulses", do.SetFluoroscopy(), needed=False),
        ),
    ),
    (
        "CT scanner",
        (
            _plain("Lay the grid on the back", do.LayGrid(), needed=False),
            _plain("Planning scan", do.CtScan(), prefilled=("from_mm", "to_mm", "preset")),
            _plain("Lay the slice", do.MoveGantry(table_mm=0.0), needed=False, prefilled=("table_mm",)),
            _plain("Have the breath held for it", do.HoldBreath(), needed=False, prefilled=("seconds",)),
            _plain("Take a slice, or three", do.CtStep(), prefilled=("slices", "preset")),
            _plain("CT fluoroscopy", do.CtFluoroscopy(), needed=False, prefilled=("seconds",)),
        ),
    ),
    (
        "Local anaesthetic",
        (
            _insert("Set the needle on the skin", NEEDLE),
            _advance("Advance it, skin to muscle", NEEDLE, do.Mark.SKIN, 6.0),
            _plain("Inject", do.Anaesthetise(volume_ml=2.0), prefilled=("volume_ml",)),
            _out("Take it out", NEEDLE),
            _plain("Give it a minute", do.Wait(60.0), needed=False, prefilled=("seconds",)),
        ),
    ),
    (
        "Discography",
        (
            _insert("Introducer to the skin", INTRODUCER, needed=False),
            _advance("Advance it short of the disc", INTRODUCER, do.Mark.ANNULUS, -20.0, needed=False),
            _insert("Fine needle through the introducer; the tip may be bent", FINE, needed=False, bent=True),
            _advance("Advance it into the nucleus", FINE, do.Mark.NUCLEUS_CENTRE, needed=False),
            _plain("Inject contrast", do.InjectContrast(volume_ml=0.25), needed=False, prefilled=("volume_ml",)),
            _plain("Ask the patient", do.AskPatient(), needed=False),
            _out("Fine needle out", FINE, needed=False),
            _out("Introducer out", INTRODUCER, needed=False),
        ),
    ),
    (
        "The finer discography set",
        (
            _insert("Its introducer to the skin", FINER_INTRODUCER, needed=False),
            _advance("Advance it short of the disc", FINER_INTRODUCER, do.Mark.ANNULUS, -20.0, needed=False),
            _insert("Its needle through it; the tip may be bent", FINER, needed=False, bent=True),
            _advance("Advance that into the nucleus", FINER, do.Mark.NUCLEUS_CENTRE, needed=False),
            _plain("Inject contrast", do.InjectContrast(volume_ml=0.25), needed=False, prefilled=("volume_ml",)),
            _out("Needle out", FINER, needed=False),
            _out("Introducer out", FINER_INTRODUCER, needed=False),
        ),
    ),
    (
        "Trocar",
        (
            _plain("Cut the skin", do.Incise()),
            _insert("Trocar into the cut", TROCAR),
            _advance("Advance it into the nucleus", TROCAR, do.Mark.NUCLEUS, 5.0),
            _plain("Take the stylet out", do.RemoveStylet()),
        ),
    ),
    (
        "Decompression",
        (
            _plain("Lead the probe in", do.InsertProbe()),
            _plain("Run the probe", do.Decompress()),
            _plain("Ask the patient", do.AskPatient(), needed=False),
            _out("Probe out", "probe"),
            _plain("Send the specimen", do.SendSpecimen()),
            _out("Trocar out", TROCAR),
        ),
    ),
    (
        "Afterwards",
        (
            _plain("Bandage", do.Bandage()),
            _plain("Observe for half an hour", do.Wait(1800.0), needed=False, prefilled=("seconds",)),
            _plain("Advice for the time at home", do.AdviseRecovery()),
        ),
    ),
)
"""The stages as courses teach them; any order that the case's rules allow is taken."""


def in_room(case: Case) -> tuple[tuple[str, tuple[Plan, ...]], ...]:
    """The stages without those of a machine that does not stand in the case's room."""
    absent = {"CT scanner": not case.guidance.has_scanner, "Views": not case.guidance.has_c_arm}
    return tuple((title, plans) for title, plans in STAGES if not absent.get(title, False))


WANTED: Final = (
    _plain("Ask the patient", do.AskPatient(), needed=False),
    _plain("Have the breath held", do.HoldBreath(), needed=False, prefilled=("seconds",)),
    _plain("Treat", do.Treat(do.Treatment.OXYGEN), needed=False, prefilled=("treatment",)),
    Plan("withdraw", "Withdraw", lambda case: do.Withdraw(_in_patient(case), to_depth_mm=0.0), False, ("instrument",)),
    Plan("redirect", "Redirect", lambda case: do.Redirect(_in_patient(case)), False, ("instrument",)),
    _plain("Wait", do.Wait(60.0), needed=False, prefilled=("seconds",)),
)
"""What is wanted at any time."""


def _unplaced() -> tuple[Plan, ...]:
    """Actions that stand nowhere above and need no field filled in."""
    placed = {plan.do for plan in (*(plan for _, plans in STAGES for plan in plans), *WANTED)}
    return tuple(
        _plain(title(word), kind(), needed=False)
        for word, kind in ACTIONS.items()
        if word not in placed and all(one.default is not MISSING for one in fields(kind))
    )


AT_ANY_TIME: Final = (*WANTED, *_unplaced())
"""What may be asked at any time: every action that no stage names is among them."""
