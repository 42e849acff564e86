"""How far a needle follows the hand that turns it: tissue pulls the shaft back, the more the deeper it is.

The shaft is a beam on an elastic foundation (Hetenyi, Beams on Elastic Foundation, 1946, ch. III), held in the skin,
turned there by the hand, and free at its tip. With u = depth / length and length = (4 EI / k)^(1/4) the tip goes the
share

    F2 / (u (F1^2 + F2 F3)),  F1 = cosh u cos u,  F2 = (cosh u sin u + sinh u cos u) / 2,
    F3 = cosh u sin u - sinh u cos u

of the way on which a rigid needle would take it: all of it at the skin, and less and less below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from dekomp_sim.instruments.catalogue import Instrument
from dekomp_sim.instruments.deflection import second_moment_mm4

STEEL_N_MM2: Final = 193_000.0
"""Young's modulus of stainless steel 304 in N/mm^2 (193 GPa)."""

TISSUE_N_MM2: Final = 0.02
"""Push back in N per mm of shaft and mm of way.

Assumption: about the tissue's own Young's modulus, 20 kPa, as for relaxed muscle and fat together; nothing was measured
for needles in a back.
"""


def holding_mm(shafts: Iterable[Instrument]) -> float:
    """Length in mm over which shafts that lie in one another yield to tissue: (4 EI / k)^(1/4).

    Examples
    --------
    >>> from dekomp_sim.instruments.catalogue import CATALOGUE
    >>> [round(holding_mm([CATALOGUE[key]])) for key in ("discography_needle", "trocar_cannula")]
    [26, 50]
    """
    stiff = STEEL_N_MM2 * sum(second_moment_mm4(one.outer_mm, one.inner_mm) for one in shafts)
    return float((4.0 * stiff / TISSUE_N_MM2) ** 0.25)


def followed(depth_mm: float, length_mm: float) -> float:
    """Share of a turn about the skin that the tip follows at a depth, 1 at the skin.

    Left out: that the shaft lies bent; after the turn it counts as a line from the skin to its tip.

    Parameters
    ----------
    depth_mm
        Of the tip, below the skin.
    length_mm
        `holding_mm` of the shafts.

    Examples
    --------
    >>> [round(followed(depth, 26.0), 2) for depth in (0.0, 20.0, 40.0)]
    [1.0, 0.88, 0.27]
    """
    u = depth_mm / length_mm
    if u <= 0.0:
        return 1.0
    across, along = math.cosh(u) * math.sin(u), math.sinh(u) * math.cos(u)
    first, second, third = math.cosh(u) * math.cos(u), (across + along) / 2.0, across - along
    return second / (u * (first**2 + second * third))
