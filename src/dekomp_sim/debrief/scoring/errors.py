"""Critical errors: which a case holds, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, assert_never

from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.card import assess
from dekomp_sim.procedure.events import Breach, BreachKind, Event, Reaction, ReactionKind, Refusal
from dekomp_sim.scenario.rubric import Critical

OPENED: Final[Mapping[Critical, tuple[BreachKind, ...]]] = MappingProxyType(
    {
        Critical.ROOT_BREACH: (BreachKind.ROOT,),
        Critical.DURA_BREACH: (BreachKind.DURA,),
        Critical.VESSEL_BREACH: (BreachKind.VESSEL,),
        Critical.ORGAN_BREACH: (BreachKind.KIDNEY, BreachKind.BOWEL),
        Critical.WRONG_LEVEL: (BreachKind.WRONG_LEVEL,),
    }
)
"""What of a complication's kinds each error means."""

FIRST: Final[Mapping[Critical, str]] = MappingProxyType(
    {
        Critical.NO_CONSENT: "consent",
        Critical.NO_TIME_OUT: "time_out",
        Critical.NO_STERILE_FIELD: "prepare_sterile_field",
    }
)
"""The step that each error leaves out."""

ON_SKIN: Final = frozenset({"anaesthetise", "incise", "insert"})
"""Words of the actions before which consent, time-out and sterile field must have been."""


def committed(error: Critical, case: Case) -> tuple[str, ...]:
    """Where in a case an error was made, a sentence each; empty where it was not.

    A rule of the procedure stops who would cut before the time-out. For a mark the attempt counts: nobody stops it in
    a clinic.

    Parameters
    ----------
    error
        Which.
    case
        The last case of a procedure.
    """
    match error:
        case Critical.HARM:
            return _told(event for event in case.events if event.harm)
        case (
            Critical.ROOT_BREACH
            | Critical.DURA_BREACH
            | Critical.VESSEL_BREACH
            | Critical.ORGAN_BREACH
            | Critical.WRONG_LEVEL
        ):
            kinds = OPENED[error]
            return _told(event for event in case.events if isinstance(event, Breach) and event.kind in kinds)
        case Critical.COLLAPSE:
            fallen = ReactionKind.COLLAPSE
            return _told(event for event in case.events if isinstance(event, Reaction) and event.kind is fallen)
        case Critical.NO_CONSENT | Critical.NO_TIME_OUT | Critical.NO_STERILE_FIELD:
            return _left_out(FIRST[error], case)
        case Critical.WRONG_CANDIDATE:
            return _unsuitable(case)
        case _:
            assert_never(error)


def _told(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(event.words for event in events)


def _left_out(step: str, case: Case) -> tuple[str, ...]:
    """Skin was touched, or would have been, without a step."""
    spoken = step.replace("_", " ")
    asked = [e for e in case.events if isinstance(e, Refusal) and e.action in ON_SKIN and spoken in e.reason.lower()]
    if _begun(case) and step not in case.done:
        return (f"The skin was opened without this step: {spoken}.",)
    return tuple(f"Stopped at {event.action}: not yet done was {spoken}." for event in asked)


def _unsuitable(case: Case) -> tuple[str, ...]:
    found = case.assessment or assess(case.card)
    if found.suitable or not _begun(case):
        return ()
    return tuple(f"Begun although: {reason}." for reason in (*found.forbids, *found.missing))


def _begun(case: Case) -> bool:
    return bool(case.punctures) or case.incision is not None
