"""The moments of a session. A case is a fold over actions, so a moment need not be kept to be known.

A case whose disc was worked on holds a disc of its own, 6 MB; an hour at the needle makes thousands of moments.
The latest are kept, of the older ones a thinned-out few; what lies between is made again when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.after import after
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Refusal

RECENT: Final = 16
"""Latest moments whose cases are kept: as many steps as a trainee takes back one after the other. Assumption."""

OLDER_AT_MOST: Final = 32
"""Older moments whose cases are kept: 48 in all are 300 MB where each holds a disc of its own."""


class Moment:
    """One moment of a session: the case after an action.

    Parameters
    ----------
    number
        0 for the opening, whose action is None.
    action
        What was asked.
    case
        The case after it.
    idle
        Nobody asked for it: real time that passed.
    refusal
        Why it was refused, or None where it was carried out.
    before
        The moment before it; None for the opening.

    Attributes
    ----------
    clock_s, events, depths_mm
        The case's clock, what the action added to its events, and how deep each instrument in the patient was: known
        of every moment at no cost, whereas its case may have to be made again.
    """

    __slots__ = ("_case", "_events", "action", "before", "clock_s", "depths_mm", "events", "idle", "number", "refusal")

    def __init__(
        self,
        number: int,
        action: Action | None,
        case: Case,
        idle: bool = False,
        refusal: str | None = None,
        before: Moment | None = None,
    ) -> None:
        self.number, self.action, self.idle, self.refusal, self.before = number, action, idle, refusal, before
        self._case: Case | None = case
        self._events = len(case.events)
        self.clock_s = case.clock_s
        self.events = case.events[before._events if before is not None else 0 :]
        self.depths_mm = {key: placement.depth_mm for key, placement in case.placements.items()}

    @property
    def case(self) -> Case:
        """The case after its action: kept, or made again from the last one that was."""
        asked: list[Action] = []
        moment, case = self, self._case
        while case is None and moment.before is not None and moment.action is not None:
            asked.append(moment.action)
            moment = moment.before
            case = moment._case
        assert case is not None  # the opening is always kept
        for action in reversed(asked):
            case = after(case, action)
        return case

    @property
    def kept(self) -> bool:
        """Whether its case is at hand."""
        return self._case is not None

    def keep(self) -> None:
        """Make its case, if it must be, and keep it."""
        self._case = self.case

    def forget(self) -> None:
        """Keep only how its case is made; the opening stays."""
        if self.before is not None:
            self._case = None


def next_moment(before: Moment, action: Action, *, idle: bool = False) -> Moment:
    """The moment after an action."""
    case = before.case
    later = after(case, action)
    new = later.events[len(case.events) :]
    reason = next((event.reason for event in new if isinstance(event, Refusal)), None)
    return Moment(before.number + 1, action, later, idle, reason, before)


class History:
    """The moments of a session in order; old cases are thinned out.

    Parameters
    ----------
    opening
        The first moment.
    """

    def __init__(self, opening: Moment) -> None:
        self._moments = [opening]
        self._stride = 1

    @property
    def moments(self) -> tuple[Moment, ...]:
        """All of them."""
        return tuple(self._moments)

    @property
    def last(self) -> Moment:
        """The latest."""
        return self._moments[-1]

    def append(self, moment: Moment) -> None:
        """One more."""
        self._moments.append(moment)
        leaving = len(self._moments) - RECENT - 1
        if leaving > 0 and leaving % self._stride:
            self._moments[leaving].forget()
        if leaving // self._stride > OLDER_AT_MOST:
            self._stride *= 2
            for old in self._moments[1 : leaving + 1]:
                if old.number % self._stride:
                    old.forget()

    def last_by_hand(self) -> Moment | None:
        """The latest whose action a person asked for and that was carried out."""
        by_hand = (one for one in reversed(self._moments) if one.action and not one.idle and one.refusal is None)
        return next(by_hand, None)

    def cut(self, number: int) -> None:
        """Take back all moments from `number` on."""
        del self._moments[number:]
        self.last.keep()


def cases_of(moments: Iterable[Moment]) -> Iterator[Case]:
    """The cases of moments that follow one another, each made only once."""
    case: Case | None = None
    for moment in moments:
        case = moment.case if moment.kept or case is None or moment.action is None else after(case, moment.action)
        yield case
