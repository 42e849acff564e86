"""Figures of a sweep as SVG: shares by what was varied, success maps, and distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dekomp_sim.arrays import FloatArray
from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.debrief.plots.look import BLUE, GREEN, INK, ORANGE, QUIET, STYLE, WIDTH_IN, Plot, svg_text
from dekomp_sim.sweep.performing import PERCENT
from dekomp_sim.sweep.shares import Axis, Mask, Share, share_map, shares

MOST_MAPS: Final = 6
"""Pairs of keys that get a map. Assumption: four keys and all their pairs; who varies more reads the table."""

COLUMNS: Final = 3
"""Histograms beside each other."""

LEGIBLE: Final = 100
"""Most fields of a map whose numbers are written in them."""

ROW_IN: Final = 1.9
"""Height of a row of histograms with its title of up to two lines, inches."""

BINS: Final = 24
"""Bars of a histogram."""

ROUNDING: Final = 1e-9
"""Values closer together than this part of the largest are alike. Assumption: far above what sums round, far below
what a figure is read to."""


def share_plots(axes: Sequence[Axis], success: Mask, harm: Mask) -> tuple[Plot, ...]:
    """Success and harm by each varied key."""
    return tuple(_share_plot(axis, shares(axis, success), shares(axis, harm)) for axis in axes)


def success_maps(axes: Sequence[Axis], success: Mask) -> tuple[Plot, ...]:
    """The share of successes by pairs of keys, the first pairs where there are many."""
    pairs = [pair for pair in combinations(axes, 2) if min(one.count for one in pair) > 1]
    return tuple(_map(across, up, share_map(across, up, success)) for across, up in pairs[:MOST_MAPS])


def distributions(columns: Mapping[str, FloatArray]) -> Plot | None:
    """A histogram of each figure that differs from case to case; None where none does."""
    shown = {name: values[np.isfinite(values)] for name, values in columns.items()}
    shown = {name: values for name, values in shown.items() if _differ(values)}
    if not shown:
        return None
    rows = -(-len(shown) // COLUMNS)
    with mpl.rc_context(STYLE | {"axes.titlesize": 9.0, "font.size": 8.5}):
        figure = Figure(figsize=(WIDTH_IN, ROW_IN * rows))
        figure.subplots_adjust(left=0.05, right=0.99, wspace=0.2, bottom=0.2 / rows, top=1.0 - 0.24 / rows, hspace=0.75)
        for place, (name, values) in enumerate(shown.items(), 1):
            _histogram(figure.add_subplot(rows, COLUMNS, place), name, values)
        svg = svg_text(figure)
    return Plot("Distributions", svg, f"Histograms of {len(shown)} figures over all cases; the table gives quartiles.")


def _differ(values: FloatArray) -> bool:
    """Whether any two are apart by more than rounding."""
    return bool(values.size) and float(np.ptp(values)) > ROUNDING * float(np.abs(values).max())


def _share_plot(axis: Axis, success: Sequence[Share], harm: Sequence[Share]) -> Plot:
    at = _middles(axis)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 2.9), layout="constrained")
        axes = figure.subplots()
        for found, words, colour, marker in ((success, "success", GREEN, "o"), (harm, "harm", ORANGE, "s")):
            _bars(axes, at, found, {"label": words, "color": colour, "marker": marker})
        axes.set(xlabel=axis.key, ylabel="share of cases (%)", ylim=(-4.0, 104.0))
        if not axis.edges:
            axes.set_xticks(at, axis.words)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        svg = svg_text(figure)
    told = "; ".join(_told(*one) for one in zip(axis.words, success, harm, strict=True))
    return Plot(f"By {axis.key}", svg, told)


def _told(word: str, success: Share, harm: Share) -> str:
    return f"{word}: {_percent(success)} success, {_percent(harm)} harm"


def _bars(axes: Axes, at: FloatArray, found: Sequence[Share], drawn: dict[str, Any]) -> None:
    value, low, high = (100.0 * np.array([getattr(one, end) for one in found]) for end in ("value", "low", "high"))
    errors = np.maximum(np.array([value - low, high - value]), 0.0)
    axes.errorbar(at, value, yerr=errors, capsize=3.0, linewidth=1.6, markersize=5.0, **drawn)


def _middles(axis: Axis) -> FloatArray:
    if not axis.edges:
        return np.arange(axis.count, dtype=float)
    edges = np.array(axis.edges)
    return np.asarray(0.5 * (edges[1:] + edges[:-1]))


def _map(across: Axis, up: Axis, found: Sequence[Sequence[Share]]) -> Plot:
    values = 100.0 * np.array([[share.value for share in row] for row in found])
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(WIDTH_IN, 1.6 + 0.36 * up.count), layout="constrained")
        axes = figure.subplots()
        drawn = axes.imshow(values, vmin=0.0, vmax=100.0, cmap="cividis", origin="lower", aspect="auto")
        axes.set(xlabel=across.key, ylabel=up.key)
        axes.set_xticks(range(across.count), across.words, fontsize=8.0)
        axes.set_yticks(range(up.count), up.words, fontsize=8.0)
        figure.colorbar(drawn, ax=axes, label="success (%)")
        if values.size <= LEGIBLE:
            _number(axes, found)
        svg = svg_text(figure)
    known = values[np.isfinite(values)]
    spread = f"from {known.min():.0f} to {known.max():.0f} %" if known.size else "unknown"
    return Plot(f"{across.key} and {up.key}", svg, f"Success by {across.key} and {up.key}: {spread}.")


def _number(axes: Axes, found: Sequence[Sequence[Share]]) -> None:
    for row, line in enumerate(found):
        for column, share in enumerate(line):
            if share.of:
                colour = INK if share.value > 0.55 else "white"
                words = f"{share.count}/{share.of}"
                axes.text(column, row, words, ha="center", va="center", fontsize=8.0, color=colour)


def _histogram(axes: Axes, name: str, values: FloatArray) -> None:
    axes.hist(values, bins=BINS, color=BLUE, histtype="stepfilled")
    axes.axvline(float(np.median(values)), color=QUIET, linewidth=1.2, linestyle="--")
    axes.set_title(title_of(name), wrap=True)
    axes.locator_params(nbins=4)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.0)


def title_of(name: str) -> str:
    """A figure's title with its unit."""
    if name == PERCENT:
        return "Score (%)"
    found = METRICS.get(name)
    if found is None:
        return name
    return f"{found.title} ({found.unit})" if found.unit else found.title


def _percent(share: Share) -> str:
    return f"{100.0 * share.value:.0f} % of {share.of}" if share.of else "no cases"
