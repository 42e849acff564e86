"""The whole procedure stage by stage, from the patient's card to the advice: what is done, due, refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.rules import may
from dekomp_sim.viewer.practice.moments import Moment
from dekomp_sim.viewer.practice.session import Session

Asked = Callable[[Case], do.Action]


class State(StrEnum):
    """How a task stands."""

    DONE = "done"
    DUE = "due"
    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do.

    Parameters
    ----------
    do
        The word of its action.
    words
        What it is, for a reader.
    state
        Done; due, being the first that is needed and not done; open, where it may be done now; refused, where not.
    reason
        Why it would be refused now; empty where it may be done, or is done.
    values
        What its form begins with, besides the action's own defaults.
    """

    do: str
    words: str
    state: State
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the procedure."""

    title: str
    tasks: tuple[Task, ...]

    @property
    def done(self) -> bool:
        """Whether nothing of it is due or still to be done that is needed."""
        return all(task.state is State.DONE for task in self.tasks if not task.words.endswith(IF_WANTED))


IF_WANTED: Final = " (if wanted)"
"""Ends the words of a task that a case may do without."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A task as every case has it: its words, the action that stands for it, and whether a case may do without."""

    words: str
    asked: Asked
    needed: bool = True
    prefilled: tuple[str, ...] = ()


def _always(action: do.Action) -> Asked:
    return lambda case: action


def _plain(words: str, action: do.Action, *, needed: bool = True, prefilled: tuple[str, ...] = ()) -> _Plan:
    return _Plan(words, _always(action), needed, prefilled)


def _insert(words: str, key: str, *, needed: bool = True) -> _Plan:
    return _plain(words, do.Insert(key), needed=needed, prefilled=("instrument",))


def _advance(words: str, key: str, to: do.Mark, offset_mm: float = 0.0, *, needed: bool = True) -> _Plan:
    return _plain(
        words, do.Advance(key, to=to, offset_mm=offset_mm), needed=needed, prefilled=("instrument", "to", "offset_mm")
    )


def _out(words: str, key: str, *, needed: bool = True) -> _Plan:
    return _plain(words, do.Remove(key), needed=needed, prefilled=("instrument",))


def _read_out(case: Case) -> do.Action:
    return do.TimeOut(case.level, case.side)


NEEDLE, INTRODUCER, FINE, TROCAR = (
    "anaesthetic_needle", "discography_introducer", "discography_needle", "trocar_cannula",
)  # fmt: skip

STAGES: Final[tuple[tuple[str, tuple[_Plan, ...]], ...]] = (
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
            _Plan("Time-out: read out level and side", _read_out),
            _plain("Wash, drape, cover the C-arm", do.PrepareSterileField()),
            _plain("Sedation", do.Sedate(), needed=False),
        ),
    ),
    (
        "Views",
        (
            _plain("Turn the C-arm", do.SetView(do.View.AP), prefilled=("view",)),
            _plain("Take a picture", do.Expose(), prefilled=()),
            _plain("Move the table", do.MoveTable(), needed=False),
            _plain("Collimate", do.SetCollimator(), needed=False),
            _plain("Magnify", do.SetField(), needed=False),
            _plain("Dose rate and pulses", do.SetFluoroscopy(), needed=False),
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
            _insert("Fine needle through the introducer", FINE, needed=False),
            _advance("Advance it into the nucleus", FINE, do.Mark.NUCLEUS_CENTRE, needed=False),
            _plain("Inject contrast", do.InjectContrast(volume_ml=0.25), needed=False, prefilled=("volume_ml",)),
            _plain("Ask the patient", do.AskPatient(), needed=False),
            _out("Fine needle out", FINE, needed=False),
            _out("Introducer out", INTRODUCER, needed=False),
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

AT_ANY_TIME: Final = (
    _plain("Ask the patient", do.AskPatient(), needed=False),
    _plain("Treat", do.Treat(do.Treatment.OXYGEN), needed=False, prefilled=("treatment",)),
    _plain("Withdraw", do.Withdraw(NEEDLE, to_depth_mm=0.0), needed=False),
    _plain("Redirect", do.Redirect(NEEDLE), needed=False),
    _plain("Wait", do.Wait(60.0), needed=False, prefilled=("seconds",)),
)
"""What may be wanted at any time."""


def stages(session: Session) -> tuple[Stage, ...]:
    """The whole procedure as it stands now; the last stage holds what may be wanted at any time."""
    case, carried = session.case, carried_out(session.moments)
    done = {plan: _is_done(plan, before, case, carried) for _, plans in STAGES for before, plan in _in_turn(plans)}
    due = next((plan for _, plans in STAGES for plan in plans if plan.needed and not done[plan]), None)
    told = tuple(
        Stage(title, tuple(_task(plan, case, done=done[plan], due=plan is due) for plan in plans))
        for title, plans in STAGES
    )
    always = tuple(_task(plan, case, done=False, due=False) for plan in AT_ANY_TIME)
    return (*told, Stage("At any time", always))


def current(found: Sequence[Stage]) -> int:
    """The number of the stage in which something is due; the last of the procedure where nothing is."""
    for number, stage in enumerate(found):
        if any(task.state is State.DUE for task in stage.tasks):
            return number
    return len(STAGES) - 1


def carried_out(moments: Sequence[Moment]) -> Mapping[tuple[str, str], float]:
    """Word and instrument of every action that was carried out, with the clock after the last time."""
    return {
        mark_of(one.action): one.clock_s
        for one in moments
        if one.action is not None and one.refusal is None and not one.idle
    }


def mark_of(action: do.Action) -> tuple[str, str]:
    """What tells one task from another: an action's word, and the instrument where it names one."""
    return action.do, getattr(action, "instrument", "")


def _in_turn(plans: Sequence[_Plan]) -> Iterator[tuple[_Plan | None, _Plan]]:
    """Each task with the one before it."""
    return zip((None, *plans[:-1]), plans, strict=True)


def _is_done(plan: _Plan, before: _Plan | None, case: Case, carried: Mapping[tuple[str, str], float]) -> bool:
    """Whether its action was carried out; waiting is done once that time has passed since the task before it."""
    action = plan.asked(case)
    if not isinstance(action, do.Wait) or before is None:
        return mark_of(action) in carried
    since_s = carried.get(mark_of(before.asked(case)))
    return since_s is not None and case.clock_s - since_s >= action.seconds


def _task(plan: _Plan, case: Case, *, done: bool, due: bool) -> Task:
    action = plan.asked(case)
    values = MappingProxyType({name: getattr(action, name) for name in plan.prefilled})
    words = plan.words if plan.needed else plan.words + IF_WANTED
    if done:
        return Task(action.do, words, State.DONE, "", values)
    reason = may(case, action) or ""
    state = State.DUE if due else State.REFUSED if reason else State.OPEN
    return Task(action.do, words, state, reason, values)
