"""Figures of a sweep as its page draws them, in the rows of its tables: docs/why/0014-a-sweeps-page-is-tables.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.sweep.performing import PERCENT
from dekomp_sim.sweep.shares import Axis, Mask, Share, share_map

MOST_MAPS: Final = 6
"""Pairs of keys that get a map. Assumption: four keys and all their pairs; who varies more reads the table."""

BINS: Final = 24
"""Bars of a histogram."""

WIDTH: Final = 100.0
HEIGHT: Final = 20.0
"""Of a histogram's outline, in the units of its drawing."""

ROUNDING: Final = 1e-9
"""Values closer together than this part of the largest are alike, and smaller ones are nothing. Assumption: far above
what sums round, far below what a figure is read to."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one figure is spread over the cases in which it was measured.

    Parameters
    ----------
    title
        With its unit.
    cases
        In how many it was measured.
    least, lower, median, upper, most
        Ends and quartiles.
    outline
        Histogram from least to most as an SVG path, `WIDTH` by `HEIGHT`; empty where all values are alike.
    middle
        Where in the outline the median is.
    """

    title: str
    cases: int
    least: float
    lower: float
    median: float
    upper: float
    most: float
    outline: str
    middle: float


@dataclass(frozen=True, slots=True)
class SuccessMap:
    """Successes by two keys: rows by `up`, columns by `across`."""

    across: Axis
    up: Axis
    rows: tuple[tuple[Share, ...], ...]


def success_maps(axes: Sequence[Axis], success: Mask) -> tuple[SuccessMap, ...]:
    """The share of successes by pairs of keys, the first pairs where there are many."""
    pairs = [pair for pair in combinations(axes, 2) if min(one.count for one in pair) > 1]
    return tuple(SuccessMap(across, up, share_map(across, up, success)) for across, up in pairs[:MOST_MAPS])


def spread_of(name: str, values: FloatArray) -> Spread | None:
    """How a figure is spread; None where it was never measured.

    Parameters
    ----------
    name
        Of a metric, or of the score.
    values
        One for each case, NaN where it was not measured, (cases,).
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    small = ROUNDING * np.abs(known).max()
    known = np.where(np.abs(known) > small, known, 0.0)
    least, lower, median, upper, most = (float(one) for one in np.percentile(known, (0, 25, 50, 75, 100)))
    differ = most - least > small
    outline = _outline(known) if differ else ""
    middle = WIDTH * (median - least) / (most - least) if differ else 0.0
    return Spread(title_of(name), known.size, least, lower, median, upper, most, outline, middle)


def title_of(name: str) -> str:
    """A figure's title with its unit."""
    if name == PERCENT:
        return "Score (%)"
    found = METRICS.get(name)
    if found is None:
        return name
    return f"{found.title} ({found.unit})" if found.unit else found.title


def _outline(values: FloatArray) -> str:
    """A histogram's outline as an SVG path, y down, the highest bar as high as the drawing.

    Examples
    --------
    >>> _outline(np.array([0.0, 1.0, 1.0]))[:27], _outline(np.array([0.0, 1.0, 1.0]))[-14:]
    ('M0 20V10.0H4.2V20.0H8.3V20.', 'V0.0H100.0V20Z')
    """
    counts, _ = np.histogram(values, BINS)
    tops = HEIGHT * (1.0 - counts / counts.max())
    right = WIDTH * np.arange(1, BINS + 1) / BINS
    steps = "".join(f"V{top:.1f}H{end:.1f}" for top, end in zip(tops, right, strict=True))
    return f"M0 {HEIGHT:g}{steps}V{HEIGHT:g}Z"
