"""How a needle in the case goes on: its bevel held, its guide supporting it, the patient's tissue bending it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dekomp_sim.instruments import (
    CATALOGUE,
    Advance,
    Course,
    Pass,
    Placement,
    gel_curvature_per_mm,
    opened_along,
    prebend_curvature_per_mm,
    resistance,
    support,
    tissues_along,
)
from dekomp_sim.instruments.resistance import AHEAD_MM
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.records import Push

FELT_HALVINGS: Final = 5
"""Halvings of a 0.25 mm step where a layer begins: to 0.008 mm, finer than a hand."""

TISSUE_OF_GEL: Final = 0.8
"""Curvature in a patient over that in ballistic gel.

Assumption: gel is even throughout and its deflection an upper estimate; in tough beef a bevelled 22 G went aside by
about 1 mm a cm (Drummond and Scott, Anaesthesia 1980;35:854), not much less than in gel.
"""


def curvature_per_mm(case: Case, key: str) -> float:
    """Curvature in 1/mm of an instrument's way through the patient: by bevel and bent tip, held by what it lies in."""
    item = CATALOGUE[key]
    outer = case.nest.get(key)
    held = support(item, CATALOGUE[outer] if outer is not None else None)
    bent = prebend_curvature_per_mm(item, case.placements[key].prebend_deg)
    return (gel_curvature_per_mm(item) * TISSUE_OF_GEL + bent) * (1.0 - held)


def steered(case: Case, key: str, bevel_deg: float | None = None) -> Placement:
    """An instrument ready to be pushed on, its bevel held at `bevel_deg`, or turned to and fro where that is None.

    Turned to and fro while it is pushed, a needle is not deflected (Hochman, US patent application 2001/0051798);
    Assumption: not at all.
    Within its guide it is straight: the arc begins where it comes out.
    """
    placement, free_mm = case.placements[key], free_from_mm(case, key)
    if bevel_deg is None:
        return placement.steered(0.0, free_mm)
    return replace(placement, roll_deg=bevel_deg).steered(curvature_per_mm(case, key), free_mm)


def course_ahead(case: Case, key: str, bevel_deg: float | None = None) -> Course:
    """The way an instrument would take if it were pushed on so."""
    return steered(case, key, bevel_deg).course


def free_from_mm(case: Case, key: str) -> float:
    """Depth from which an instrument meets tissue: its tip, or the tip of what it lies in where that is deeper."""
    own = case.placements[key].depth_mm
    outer = case.nest.get(key)
    return own if outer is None else max(own, case.placements[outer].depth_mm)


def push_felt(case: Case, outermost: str, travel: Advance, start_mm: float) -> Push:
    """The force curve of a push: the leading tip cuts, the outermost shaft rubs.

    Parameters
    ----------
    case
        The case before it, its bevel turned.
    outermost
        Key of the instrument that is held.
    travel
        How the leading tip got on.
    start_mm
        Its depth before.
    """
    led = travel.placement
    guide = case.nest.get(outermost)
    how = Pass(
        outer_mm=CATALOGUE[outermost].outer_mm,
        free_from_mm=0.0 if guide is None else max(case.placements[guide].depth_mm, 0.0),
        holes=opened_along(case.holes, led.course, led.depth_mm),
        skin_cut=any(p.instrument == outermost and p.through_incision for p in case.punctures),
    )
    met = tissues_along(case.patient, led.course, 0.0, led.depth_mm + AHEAD_MM, halvings=FELT_HALVINGS)
    curve = resistance(met, how, start_mm, led.depth_mm, on_bone=travel.stopped_by is not None)
    return Push(case.clock_s, led.instrument.key, curve)
