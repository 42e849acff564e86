"""How strongly a needle bends while it is pushed: by tip, gauge, what guides it and what it goes through.

Calibrated on a gel, which is even throughout. Muscle, fascia and fat are not, so the gel's value is an upper estimate
for a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dekomp_sim.instruments.catalogue import Instrument, Tip
from dekomp_sim.units import STANDARD_GAUGE_MM

GEL_DEPTH_MM: Final = 80.0
"""Depth in mm of the gel at which deflection was measured (Rand et al., Anesth Pain Med 2016;6(5):e36607)."""

GEL_GAUGE: Final = 22
"""Gauge of the needles of that table."""

GEL_DEFLECTION_MM: Final[Mapping[Tip, tuple[float, float]]] = MappingProxyType(
    {
        Tip.SHORT_BEVEL: (9.96, 0.77),
        Tip.QUINCKE: (8.89, 0.17),
        Tip.CHIBA: (7.71, 1.16),
        Tip.TUOHY: (7.64, 0.16),
        Tip.WHITACRE: (0.73, 0.34),
    }
)
"""Mean and SD in mm of the deflection of 22 G needles after 80 mm of ballistic gel (Rand et al. 2016, abstract)."""

TOWARDS_OPENING: Final = frozenset({Tip.TUOHY})
"""Tips that go toward their opening; the others go away from it.

A bevel's face is pushed away from its opening; a Tuohy's curved side is pushed toward it (Rand et al. 2016,
discussion).
"""


def gel_curvature_per_mm(item: Instrument) -> float:
    """Curvature in 1/mm of the path of an instrument alone in gel.

    The circle through the table's point, 2 d / (L^2 + d^2) for a 22 G; other sizes by `slenderness`.

    Examples
    --------
    >>> from dekomp_sim.instruments.catalogue import CATALOGUE
    >>> round(1.0 / gel_curvature_per_mm(CATALOGUE["discography_needle"]))
    419
    >>> gel_curvature_per_mm(CATALOGUE["trocar_cannula"])
    0.0
    """
    if item.tip not in GEL_DEFLECTION_MM:
        return 0.0
    aside = GEL_DEFLECTION_MM[item.tip][0]
    return 2.0 * aside / (GEL_DEPTH_MM**2 + aside**2) * slenderness(item.outer_mm, item.inner_mm)


def slenderness(outer_mm: float, inner_mm: float) -> float:
    """How much more than a 22 G a tube bends.

    Assumption: the push on the tip grows with its face (outer diameter squared), what resists it is the tube's second
    moment of area. A 25 G then bends 1.9 times as much; that it bends significantly more is all that is published
    (Rand et al. 2016).

    Examples
    --------
    >>> round(slenderness(0.515, 0.260), 2)
    1.85
    """
    ref_outer, ref_inner = STANDARD_GAUGE_MM[GEL_GAUGE]
    push = (outer_mm / ref_outer) ** 2
    return push * second_moment_mm4(ref_outer, ref_inner) / second_moment_mm4(outer_mm, inner_mm)


def second_moment_mm4(outer_mm: float, inner_mm: float) -> float:
    """Second moment of area of a tube, pi / 64 (D^4 - d^4), mm^4."""
    return 3.141592653589793 / 64.0 * (outer_mm**4 - inner_mm**4)


def support(inner: Instrument, outer: Instrument | None) -> float:
    """Share by which what a needle lies in keeps its free part from bending, 0 to 1.

    Assumption: the share of the needle that lies within the guide, from hub to tip, times the share of the pair's
    bending stiffness that is the guide's. So any introducer reduces the deflection and a thicker one more, as Ahn et
    al. found (Anaesthesia 2002;57:1007); how much is not calibrated, and bevels set against each other are left out.

    Examples
    --------
    >>> from dekomp_sim.instruments.catalogue import CATALOGUE
    >>> needle = CATALOGUE["discography_needle"]
    >>> support(needle, None), round(support(needle, CATALOGUE["discography_introducer"]), 2)
    (0.0, 0.52)
    """
    if outer is None:
        return 0.0
    guide = second_moment_mm4(outer.outer_mm, outer.inner_mm)
    needle = second_moment_mm4(inner.outer_mm, inner.inner_mm)
    return min(outer.length_mm / inner.length_mm, 1.0) * guide / (guide + needle)


def towards_deg(item: Instrument, bevel_deg: float) -> float:
    """Roll toward which the tip goes when its opening faces `bevel_deg`."""
    return bevel_deg if item.tip in TOWARDS_OPENING else bevel_deg + 180.0
