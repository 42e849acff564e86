"""What a hand can do with one instrument: set it on the skin, push, pull, tilt, roll; each movement is an action.

A hand is data; what it holds and how is chosen without any effect on the case. The functions only say what is asked:
whether it may be done, the case's rules decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.errors import InputError
from dekomp_sim.instruments import CATALOGUE, Kind
from dekomp_sim.procedure.actions import (
    Action,
    Advance,
    GridMark,
    Incise,
    Insert,
    InsertProbe,
    Mark,
    Point,
    Redirect,
    Remove,
    RemoveStylet,
    Withdraw,
)
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import GridLine
from dekomp_sim.procedure.ct.grid import marked_mm
from dekomp_sim.procedure.rules import guide, may

FINE_MM: Final = 0.5
"""How far a fine push goes. Assumption: what fingers on a hub do at a time near a target."""

COARSE_MM: Final = 5.0
"""How far a coarse push goes. Assumption: half a centimetre mark of a needle."""

FINE_DEG: Final = 1.0
"""How far a fine tilt or roll goes. Assumption."""

COARSE_DEG: Final = 5.0
"""How far a coarse tilt or roll goes. Assumption."""

DECIMALS: Final = 3
"""Decimals in mm and degrees to which a hand's wishes are told: a micrometre, far below any hand."""

PREBENDS_DEG: Final = (0.0, 5.0, 10.0, 15.0, 20.0)
"""How much fingers bend a fine needle's tip, one after the other. Assumption: 5 to 10 degrees are usual."""

ORDER: Final = tuple(key for key, item in CATALOGUE.items() if item.kind not in {Kind.BLADE, Kind.STYLET})
"""What a hand takes up, in the tray's order; the scalpel cuts with an action of its own, the stylet comes with its
cannula."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What the operator's hand holds, and how.

    Parameters
    ----------
    instrument
        Key of the instrument in hand, or None.
    bevel_deg
        Where its bevel is held, 0 to the patient's head and clockwise from the hub; None turns it to and fro.
    entry, aim
        Where it is to be set on the skin and what it is to point at; None for the plan's own.
    entry_lateral_mm, entry_cranial_mm
        How far that entry is shifted.
    prebend_deg
        How much its tip is bent before it goes in.
    fine_mm, coarse_mm, fine_deg, coarse_deg
        Steps of a movement.
    """

    instrument: str | None = None
    bevel_deg: float | None = None
    entry: Point | None = None
    aim: Point | None = None
    entry_lateral_mm: float = 0.0
    entry_cranial_mm: float = 0.0
    prebend_deg: float = 0.0
    fine_mm: float = FINE_MM
    coarse_mm: float = COARSE_MM
    fine_deg: float = FINE_DEG
    coarse_deg: float = COARSE_DEG


@dataclass(frozen=True, slots=True)
class Offer:
    """One instrument of the tray: where it is, and why it cannot be taken now, if it cannot."""

    key: str
    title: str
    in_patient: bool
    reason: str | None


def tray(case: Case, hand: Hand = Hand()) -> tuple[Offer, ...]:
    """Every instrument a hand can take up, as a case takes them up."""
    return tuple(_offer(case, replace(hand, instrument=key)) for key in ORDER)


def next_instrument(case: Case, hand: Hand, step: int = 1) -> Hand:
    """The hand with the next instrument that is in the patient or may be taken now; as it was where there is none."""
    ready = [one.key for one in tray(case) if one.in_patient or one.reason is None]
    if not ready:
        return hand
    if hand.instrument not in ready:
        return taken(hand, ready[0] if step > 0 else ready[-1])
    return taken(hand, ready[(ready.index(hand.instrument) + step) % len(ready)])


def taken(hand: Hand, key: str | None) -> Hand:
    """The hand with another instrument, its bevel not held and its tip as it was made."""
    return hand if key == hand.instrument else replace(hand, instrument=key, bevel_deg=None, prebend_deg=0.0)


def pushed(case: Case, hand: Hand, by_mm: float) -> Action | None:
    """Push the instrument in hand on, its bevel as the hand holds it; None with an empty hand."""
    key = hand.instrument
    if key is None:
        return None
    now_mm = case.placements[key].depth_mm if key in case.placements else 0.0
    return _at(key, now_mm + by_mm, hand.bevel_deg)


def pulled(case: Case, hand: Hand, by_mm: float) -> Action | None:
    """Pull the instrument in hand back; from where its tip is at the skin it comes out. None with an empty hand."""
    key = hand.instrument
    if key is None:
        return None
    now_mm = case.placements[key].depth_mm if key in case.placements else 0.0
    if now_mm <= 0.0:
        return out(hand)
    return Withdraw(key, to_depth_mm=_told(max(now_mm - by_mm, 0.0)))


def tilted(hand: Hand, medial_deg: float = 0.0, cranial_deg: float = 0.0) -> Action | None:
    """Turn the instrument in hand about its skin entry; None with an empty hand."""
    if hand.instrument is None:
        return None
    return Redirect(hand.instrument, _told(medial_deg), _told(cranial_deg))


def rolled(hand: Hand, by_deg: float) -> Hand:
    """The hand holding the bevel turned on, clockwise as seen from the hub; one that was not held begins at the head.

    Examples
    --------
    >>> rolled(Hand(), 30.0).bevel_deg, rolled(Hand(bevel_deg=170.0), 30.0).bevel_deg
    (30.0, -160.0)
    """
    turned = (hand.bevel_deg or 0.0) + by_deg
    return replace(hand, bevel_deg=_told(turned - 360.0 * math.ceil((turned - 180.0) / 360.0)))


def let_turn(hand: Hand) -> Hand:
    """The hand turning the needle to and fro, so that it goes straight on."""
    return replace(hand, bevel_deg=None)


def bent(hand: Hand) -> Hand:
    """The hand having bent the tip a little more before it goes in; after the most it is made straight again.

    Examples
    --------
    >>> bent(Hand()).prebend_deg, bent(Hand(prebend_deg=20.0)).prebend_deg
    (5.0, 0.0)
    """
    more = (bend for bend in PREBENDS_DEG if bend > hand.prebend_deg)
    return replace(hand, prebend_deg=next(more, PREBENDS_DEG[0]))


def dragged(hand: Hand, at_mm: ArrayLike) -> Hand:
    """The hand over another place of the skin, (3,) in the patient frame."""
    return replace(hand, entry=_point(at_mm), entry_lateral_mm=0.0, entry_cranial_mm=0.0)


def under_grid(case: Case, hand: Hand, line: str) -> Hand:
    """The hand where a line of the skin grid and the laser cross.

    Raises
    ------
    InputError
        If no grid was laid, it has no such line, or the two do not meet on the skin.
    """
    if line not in list(GridLine):
        raise InputError("line", line, f"{GridLine.A} to {GridLine.O}")
    return dragged(hand, marked_mm(case, GridMark(GridLine(line))))


def shifted(hand: Hand, lateral_mm: float = 0.0, cranial_mm: float = 0.0) -> Hand:
    """The hand moved over the skin."""
    lateral, cranial = hand.entry_lateral_mm + lateral_mm, hand.entry_cranial_mm + cranial_mm
    return replace(hand, entry_lateral_mm=_told(lateral), entry_cranial_mm=_told(cranial))


def aimed(hand: Hand, at_mm: ArrayLike) -> Hand:
    """The hand pointing the instrument at a place, (3,) in the patient frame."""
    return replace(hand, aim=_point(at_mm))


def planned(hand: Hand) -> Hand:
    """The hand back at the plan's entry and aim."""
    return replace(hand, entry=None, aim=None, entry_lateral_mm=0.0, entry_cranial_mm=0.0)


def entry_mm(case: Case, hand: Hand) -> tuple[float, float, float]:
    """Where the hand is over the skin, before the point slides onto it: for a crosshair."""
    at = case.plan.entry_mm if hand.entry is None else np.array([hand.entry.x_mm, hand.entry.y_mm, hand.entry.z_mm])
    shift = np.array([case.side.sign * hand.entry_lateral_mm, 0.0, hand.entry_cranial_mm])
    x, y, z = (at + shift).tolist()
    return x, y, z


def set_on_skin(case: Case, hand: Hand) -> Action | None:
    """Set the instrument in hand on the skin where the hand is, or into its guide; None with an empty hand."""
    key = hand.instrument
    if key is None:
        return None
    if key == "probe":
        return InsertProbe()
    if guide(case, key) is not None:
        return Insert(key, prebend_deg=hand.prebend_deg)
    shift_mm = hand.entry_lateral_mm, hand.entry_cranial_mm
    return Insert(key, hand.entry or "planned", hand.aim or "planned", *shift_mm, prebend_deg=hand.prebend_deg)


def cut(hand: Hand, length_mm: float = 3.0) -> Action:
    """Cut the skin where the hand is."""
    return Incise(length_mm, hand.entry or "planned", hand.entry_lateral_mm, hand.entry_cranial_mm)


def out(hand: Hand) -> Action | None:
    """Take the instrument in hand out of the patient; None with an empty hand."""
    if hand.instrument is None:
        return None
    return RemoveStylet() if hand.instrument == "trocar_stylet" else Remove(hand.instrument)


def _at(key: str, depth_mm: float, bevel_deg: float | None) -> Advance:
    goal_mm = _told(depth_mm)
    if goal_mm < 0.0:  # a trocar's cannula stands behind its stylet's tip
        return Advance(key, to=Mark.SKIN, offset_mm=goal_mm, bevel_deg=bevel_deg)
    return Advance(key, to_depth_mm=goal_mm, bevel_deg=bevel_deg)


def _offer(case: Case, hand: Hand) -> Offer:
    key = str(hand.instrument)
    if key in case.placements:
        return Offer(key, CATALOGUE[key].title, True, None)
    asked = set_on_skin(case, hand)
    return Offer(key, CATALOGUE[key].title, False, may(case, asked) if asked is not None else None)


def _point(at_mm: ArrayLike) -> Point:
    x, y, z = np.asarray(at_mm, dtype=np.float64).tolist()
    return Point(_told(x), _told(y), _told(z))


def _told(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0
