"""A command, from whatever key, wheel or button, done with the hand on the session's case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from dekomp_sim.procedure.actions import Action, AskPatient, CtStep, Expose, HoldBreath, SetView, View
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.session import Outcome, Session

EMPTY_HAND: Final = "No instrument is in hand: take one first."

Asked = Callable[[Case, Hand], Action | None]

MOVES: Final[Mapping[Command, Asked]] = MappingProxyType(
    {
        Command.FINE_FORWARD: lambda case, hand: hands.pushed(case, hand, hand.fine_mm),
        Command.FINE_BACK: lambda case, hand: hands.pulled(case, hand, hand.fine_mm),
        Command.COARSE_FORWARD: lambda case, hand: hands.pushed(case, hand, hand.coarse_mm),
        Command.COARSE_BACK: lambda case, hand: hands.pulled(case, hand, hand.coarse_mm),
        Command.TILT_MEDIAL: lambda case, hand: hands.tilted(hand, medial_deg=hand.fine_deg),
        Command.TILT_LATERAL: lambda case, hand: hands.tilted(hand, medial_deg=-hand.fine_deg),
        Command.TILT_CRANIAL: lambda case, hand: hands.tilted(hand, cranial_deg=hand.fine_deg),
        Command.TILT_CAUDAL: lambda case, hand: hands.tilted(hand, cranial_deg=-hand.fine_deg),
        Command.SET_ON_SKIN: hands.set_on_skin,
        Command.TAKE_OUT: lambda case, hand: hands.out(hand),
        Command.SPOT: lambda case, hand: Expose(spot=True) if case.guidance.has_c_arm else CtStep(),
        Command.ASK_PATIENT: lambda case, hand: AskPatient(),
        Command.HOLD_BREATH: lambda case, hand: HoldBreath(),
        Command.VIEW_AP: lambda case, hand: SetView(View.AP),
        Command.VIEW_LATERAL: lambda case, hand: SetView(View.LATERAL),
        Command.VIEW_OBLIQUE: lambda case, hand: SetView(View.OBLIQUE),
        Command.VIEW_ENDPLATE: lambda case, hand: SetView(View.ENDPLATE),
        Command.VIEW_NEEDLE_EYE: lambda case, hand: SetView(View.NEEDLE_EYE),
    }
)
"""Commands that become an action."""

GRIPS: Final[Mapping[Command, Callable[[Case, Hand], Hand]]] = MappingProxyType(
    {
        Command.ROLL_CLOCKWISE: lambda case, hand: hands.rolled(hand, hand.coarse_deg),
        Command.ROLL_BACK: lambda case, hand: hands.rolled(hand, -hand.coarse_deg),
        Command.ROLL_FREE: lambda case, hand: hands.let_turn(hand),
        Command.BEND_TIP: lambda case, hand: hands.bent(hand),
        Command.ENTRY_LATERAL: lambda case, hand: hands.shifted(hand, lateral_mm=hand.fine_mm),
        Command.ENTRY_MEDIAL: lambda case, hand: hands.shifted(hand, lateral_mm=-hand.fine_mm),
        Command.ENTRY_CRANIAL: lambda case, hand: hands.shifted(hand, cranial_mm=hand.fine_mm),
        Command.ENTRY_CAUDAL: lambda case, hand: hands.shifted(hand, cranial_mm=-hand.fine_mm),
        Command.ENTRY_PLANNED: lambda case, hand: hands.planned(hand),
        Command.NEXT_INSTRUMENT: lambda case, hand: hands.next_instrument(case, hand),
        Command.PREVIOUS_INSTRUMENT: lambda case, hand: hands.next_instrument(case, hand, -1),
    }
)
"""Commands that change how the hand holds what it holds; nothing happens to the case."""


def obeyed(session: Session, hand: Hand, command: Command) -> tuple[Hand, Outcome | None]:
    """The hand, and what came of a command; None where nothing was asked of the case.

    The pedal, the reference picture, stages, hints and the key map are the screen's own.
    """
    if command in GRIPS:
        return GRIPS[command](session.case, hand), None
    if command is Command.UNDO:
        return hand, session.undo()
    if command not in MOVES:
        return hand, None
    action = MOVES[command](session.case, hand)
    if action is None:
        return hand, Outcome(session.case, (), EMPTY_HAND)
    return hand, session.act(action)
