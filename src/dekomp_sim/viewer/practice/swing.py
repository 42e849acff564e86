"""The C-arm turned by a hand: it follows as far as it can go, and where it is let go goes on record as one view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dekomp_sim.errors import DekompSimError
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.exposing import posed
from dekomp_sim.procedure.fluoroscopy.views import Angles
from dekomp_sim.procedure.rules import may
from dekomp_sim.scenario.story import action_from

DECIMALS: Final = 1
"""Decimals of a degree to which a hand turns the C-arm. Assumption: what consoles show is whole degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Swing:
    """A C-arm in the hand.

    Parameters
    ----------
    action
        What goes on record where it is let go now.
    case
        What is on record, but for the C-arm, which stands where the hand has it; a second plane is out of use.
    """

    action: Action
    case: Case


def swung(case: Case, primary_deg: float, secondary_deg: float) -> Swing | str:
    """The C-arm turned to DICOM's positioner angles, or why it cannot go there."""
    angles = Angles(round(primary_deg, DECIMALS) + 0.0, round(secondary_deg, DECIMALS) + 0.0)
    try:
        action = action_from({"do": "set_view", **angles._asdict()})
    except DekompSimError as wrong:
        return str(wrong)
    reason = may(case, action)
    if reason is not None:
        return reason
    return Swing(action, replace(case, carm=posed(case, angles, case.controls.shift_mm), lateral=None))
