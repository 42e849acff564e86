"""How every figure looks, and a figure as SVG text, the same bytes each time.

Colours are Okabe and Ito's, which colour-blind readers tell apart; instruments differ in their dashes as well.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK: Final = "#1f2933"
"""Text and axes."""

QUIET: Final = "#6b7785"
"""Grid, marks and what lies behind."""

BLUE: Final = "#0072b2"
ORANGE: Final = "#d55e00"
GREEN: Final = "#007a5a"
PURPLE: Final = "#a0528a"
SKY: Final = "#3a8fc4"
AMBER: Final = "#b07a00"

NUCLEUS: Final = "#dbe9f6"
"""The nucleus behind lines."""

STROKES: Final[Mapping[str, tuple[str, Any]]] = {
    "anaesthetic_needle": (AMBER, (0, (1, 1.2))),
    "discography_introducer": (SKY, (0, (4, 1.5))),
    "discography_needle": (BLUE, "solid"),
    "fine_discography_introducer": (SKY, (0, (2, 1.5))),
    "fine_discography_needle": (BLUE, (0, (6, 1))),
    "trocar_cannula": (ORANGE, "solid"),
    "trocar_stylet": (QUIET, (0, (1, 1.2))),
    "probe": (GREEN, "solid"),
}
"""Colour and dashes of each instrument's line."""

WIDTH_IN: Final = 9.0
"""Width of a figure in inches, at 72 SVG units each."""

SECONDS_PER_MIN: Final = 60.0
"""s in one minute."""

STYLE: Final[Any] = {
    "svg.hashsalt": "dekomp_sim",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d8dee4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "lines.linewidth": 2.0,
}
"""matplotlib's settings for every figure."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure: its title, SVG text, and what a reader who does not see it should know."""

    title: str
    svg: str
    alt: str


def svg_text(figure: Figure) -> str:
    """A figure as SVG, the same bytes each time."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def legend(axes: Axes) -> None:
    """The names of the lines above the axes, where any has one."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5)


def note(axes: Axes, at: float, words: str) -> None:
    """Words at the right end of a horizontal line."""
    axes.annotate(
        words, (1.0, at), xycoords=("axes fraction", "data"), xytext=(-3, 3), textcoords="offset points",
        ha="right", va="bottom", fontsize=9, color=QUIET,
    )  # fmt: skip
