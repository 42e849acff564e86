"""A bend that the operator gives a needle's tip before it goes in, so that it steers more.

The bend lies on the last centimetre and points away from the bevel's opening, so that it adds to what the bevel does
(clinical teaching: 5 to 10 degrees for most spinal injections, more for L5-S1 discography; "Needle techniques", ch. 2
in Furman et al., Atlas of Image-Guided Spinal Procedures).
"""

from __future__ import annotations

import math
from typing import Final

from dekomp_sim.instruments.catalogue import Instrument, Kind, instrument
from dekomp_sim.instruments.deflection import gel_curvature_per_mm, slenderness
from dekomp_sim.instruments.nesting import YES, Answer

BENT_MM: Final = 10.0
"""Length in mm of the bent end: a bend works best on the last half to whole centimetre (the same chapter)."""

FOLLOWED: Final = 0.2
"""Share of its own circle that a bent 22 G tip follows in tissue; the rest the tissue yields.

Assumption: no steel needle was measured. A tip that slipped nowhere would go round with tan(bend) / length, as a
bicycle does (Webster et al., Int J Rob Res 2006;25:509). Superelastic pre-bent needles, far more pliable, reached a
radius of 104 mm in a living liver (Majewicz et al., IEEE Trans Biomed Eng 2012;59:2705); with 0.2 the sharpest bend
allowed, 20 degrees, goes round with 137 mm and the usual 10 degrees with 284 mm, twice what its Chiba point does alone.
"""

YIELD_STRAIN: Final = 0.006
"""Strain beyond which a needle's steel keeps a bend. Assumption: 1200 MPa over 193 GPa, hard-drawn stainless tube."""


def may_be_prebent(key: str) -> Answer:
    """Whether the tip of that instrument may be bent by hand before it goes in; where not, why.

    Raises
    ------
    InputError
        If the tray does not hold it.

    Examples
    --------
    >>> print(may_be_prebent("probe").reason)
    Decompression probe with helical tip turns in a straight bore: a bent one breaks.
    """
    item = instrument(key)
    if item.kind is Kind.PROBE:
        return Answer(False, f"{item.title} turns in a straight bore: a bent one breaks.")
    if item.kind is not Kind.NEEDLE or gel_curvature_per_mm(item) == 0.0:
        return Answer(False, f"{item.title} guides others and stays straight: bend the fine needle's tip instead.")
    return YES


def prebend_curvature_per_mm(item: Instrument, bend_deg: float) -> float:
    """Curvature in 1/mm that a bent tip adds to an unguided needle's way: `FOLLOWED` tan(bend) / length.

    Finer needles follow more, as with their bevel (`slenderness`).

    Examples
    --------
    >>> from dekomp_sim.instruments.catalogue import CATALOGUE
    >>> round(1.0 / prebend_curvature_per_mm(CATALOGUE["discography_needle"], 10.0))
    284
    """
    sharp = math.tan(math.radians(bend_deg)) / BENT_MM
    return FOLLOWED * sharp * slenderness(item.outer_mm, item.inner_mm)


def left_of_bend_deg(item: Instrument, guide: Instrument | None, bend_deg: float) -> float:
    """What is left of a bend once the needle has been led through a guide, degrees.

    In the bore it is held straight; what strains its steel beyond the yield point stays straight:
    `YIELD_STRAIN` x length / radius at most is left. Left out: hardening, the guide's play.

    Examples
    --------
    >>> from dekomp_sim.instruments.catalogue import CATALOGUE
    >>> needle, guide = CATALOGUE["discography_needle"], CATALOGUE["discography_introducer"]
    >>> round(left_of_bend_deg(needle, guide, 20.0), 1), left_of_bend_deg(needle, None, 20.0)
    (9.6, 20.0)
    """
    if guide is None:
        return bend_deg
    return min(bend_deg, math.degrees(YIELD_STRAIN * BENT_MM / item.radius_mm))


def swept_mm(item: Instrument, bend_deg: float) -> float:
    """Diameter in mm of the hole that a needle leaves when it is turned to and fro: its tip wobbles about the axis.

    Its own diameter and twice what the bent end stands aside in tissue, curvature x length^2 / 2.
    """
    return item.outer_mm + prebend_curvature_per_mm(item, bend_deg) * BENT_MM**2
