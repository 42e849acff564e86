"""Rows about instruments: how far each needle tip strays in gel, and how many turns a bent shaft survives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy as np

from dekomp_sim.instruments import Instrument, Kind, Placement, Tip, gel_curvature_per_mm
from dekomp_sim.instruments.fatigue import NOTCH, TENSILE_MPA, cycles_to_break
from dekomp_sim.units import STANDARD_GAUGE_MM
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Instruments"

RAND: Final = "Rand, Anesth Pain Med 2016;6(5):e36607: 22 G needles, 80 mm of ballistic gel"
SHIGLEY: Final = "Shigley, Mechanical Engineering Design: steel in rotating bending"

DEFLECTED_MM: Final = (
    (Tip.SHORT_BEVEL, 9.96, 0.77),
    (Tip.QUINCKE, 8.89, 0.17),
    (Tip.CHIBA, 7.71, 1.16),
    (Tip.TUOHY, 7.64, 0.16),
    (Tip.WHITACRE, 0.73, 0.34),
)
"""Tip, mean and standard deviation as printed."""

GEL_MM: Final = 80.0
"""Thickness of the gel."""

GAUGE: Final = 22
"""Gauge of those needles."""

SURVIVES: Final = ((0.9, 1e3), (0.5, 1e6))
"""Stress over tensile strength, and the cycles at which it breaks."""


def instrument_rows() -> Iterator[Row]:
    """Deflection by tip, and the life of a shaft."""
    for tip, mean_mm, sd_mm in DEFLECTED_MM:
        what = f"deflection, {tip.value.replace('_', ' ')}"
        ours = partial(_deflection_mm, tip)
        yield Row(ROOM, what, "mm", RAND, Published.mean(mean_mm, sd_mm), Basis.CALIBRATED, ours)
    for share, cycles in SURVIVES:
        published = Published.about(cycles, 0.01, "the line's end")
        yield Row(ROOM, f"turns at {share:g} of the strength", "", SHIGLEY, published, Basis.INPUT, _turns(share))


def _deflection_mm(tip: Tip) -> float:
    """How far from its axis a needle with its bevel held leaves the far face of the gel."""
    outer_mm, inner_mm = STANDARD_GAUGE_MM[GAUGE]
    needle = Instrument("needle", "Needle", Kind.NEEDLE, outer_mm, inner_mm, 2.0 * GEL_MM, RAND, tip=tip)
    inward = np.array([0.0, -1.0, 0.0])
    placed = Placement(needle, np.zeros(3), inward, 0.0, roll_deg=0.0).steered(gel_curvature_per_mm(needle))
    points = placed.at_depth(1.2 * GEL_MM).course.points(np.linspace(0.0, 1.2 * GEL_MM, 4001))
    deep = points @ inward
    aside = np.linalg.norm(points - deep[:, None] * inward, axis=1)
    return float(np.interp(GEL_MM, deep, aside))


def _turns(share: float) -> Callable[[], float]:
    stress_mpa = (share + 1e-6) * TENSILE_MPA / NOTCH  # at half of the strength it lasts for ever
    return lambda: cycles_to_break(stress_mpa)
