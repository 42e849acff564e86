"""All cases of a session for curves and strips, at little cost."""

from __future__ import annotations

from dataclasses import replace

from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice.session import Session


class Figures:
    """Keeps each moment's case as it comes, all sharing a disc until something goes into it or comes out.

    Used in the session's thread. Where a nucleus lies while it creeps is not told apart: no figure asks for it.

    Parameters
    ----------
    session
        Whose moments.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._cases: list[Case] = []

    def up_to(self, moment: int) -> list[Case]:
        """The cases of all moments up to and with that one; what was undone is not among them."""
        moments = self._session.moments
        while self._cases and (len(self._cases) > len(moments) or self._undone(len(self._cases) - 1)):
            del self._cases[-1]
        for one in moments[len(self._cases) :]:
            self._cases.append(_lent(one.case, self._cases))
        return self._cases[: moment + 1]

    def _undone(self, number: int) -> bool:
        """Whether the last case kept is of an action that was taken back, and another done instead."""
        return self._session.moments[number].clock_s != self._cases[number].clock_s


def _lent(case: Case, before: list[Case]) -> Case:
    if not before:
        return case
    disc = before[-1].disc
    same = disc.ledger is case.disc.ledger and disc.contrast is case.disc.contrast
    return replace(case, disc=disc) if same else case
