"""Charts of progress as SVG text, the same bytes each time; colours are Okabe and Ito's, dashes tell lines apart."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.debrief.plots.look import AMBER, BLUE, GREEN, INK, NUCLEUS, ORANGE, PURPLE, QUIET, SECONDS_PER_MIN, SKY
from dekomp_sim.debrief.scoring.learning import Design, LearningCurve
from dekomp_sim.debrief.scoring.spread import spread

COLOURS: Final = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY)
DASHES: Final[tuple[Any, ...]] = ("solid", (0, (5, 1.5)), (0, (1, 1.2)))

ALONE: Final = {"color": BLUE, "marker": "o", "markersize": 4}
AMONG_OTHERS: Final = {"color": QUIET, "alpha": 0.45}

_STYLE: Final[Any] = {
    "svg.hashsalt": "dekomp_sim",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d8dee4",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
}


def learning_chart(curves: Mapping[str, LearningCurve], design: Design) -> str:
    """Scores of the LC-CUSUM by case, one line a learner, with the limit at which competence is shown.

    Parameters
    ----------
    curves
        By pseudonym; one without cases is left out.
    design
        Whose limit is drawn.
    """

    def draw(axes: Axes) -> None:
        drawn = {name: curve for name, curve in curves.items() if curve.scores}
        for index, (name, curve) in enumerate(drawn.items()):
            colour, dashes = COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]
            cases = range(len(curve.scores) + 1)
            axes.plot(cases, (0.0, *curve.scores), color=colour, linestyle=dashes, marker="o", markersize=3, label=name)
            if curve.competent_at is not None:
                axes.plot(curve.competent_at, curve.scores[-1], "*", color=colour, markersize=12, zorder=4)
        axes.axhline(design.limit, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.annotate(
            "competence shown", (0.0, design.limit), xytext=(4, 4), textcoords="offset points", fontsize=9, color=INK
        )
        axes.set_ylim(0.0, 1.2 * design.limit)
        axes.set_xlim(0.0, max([len(curve.scores) for curve in drawn.values()] + [design.fewest]) + 0.5)
        axes.set_ylabel("LC-CUSUM score")
        if 1 < len(drawn) <= len(COLOURS) * len(DASHES):
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), title="learner")

    return _drawn(draw, 3.4)


def figure_chart(name: str, lines: Sequence[Sequence[float | None]]) -> str:
    """One figure by case: a learner's line, or of several learners each line faint, median and quartiles where they are
    enough.

    Parameters
    ----------
    name
        Of the figure.
    lines
        Values of each learner, in the order of the cases; None where the step was not done.
    """
    means = METRICS[name]
    unit = "min" if means.as_clock else means.unit
    if means.as_clock:
        lines = [[None if value is None else value / SECONDS_PER_MIN for value in line] for line in lines]

    def draw(axes: Axes) -> None:
        for line in lines:
            known = [(number, value) for number, value in enumerate(line, 1) if value is not None]
            style: dict[str, Any] = ALONE if len(lines) == 1 else AMONG_OTHERS
            axes.plot([number for number, _ in known], [value for _, value in known], linewidth=1.4, **style)
        if len(lines) > 1:
            _middle(axes, lines)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.set_ylabel(f"{means.title}{f' ({unit})' if unit else ''}")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=not unit))

    return _drawn(draw, 2.2)


def _middle(axes: Axes, lines: Sequence[Sequence[float | None]]) -> None:
    """Median and quartiles at each case that enough learners performed."""
    most = max((len(line) for line in lines), default=0)
    at = [
        (number, spread(line[number - 1] if number <= len(line) else None for line in lines))
        for number in range(1, most + 1)
    ]
    known = [(number, found) for number, found in at if found is not None]
    numbers = [number for number, _ in known]
    axes.fill_between(numbers, [s.low for _, s in known], [s.high for _, s in known], color=NUCLEUS, zorder=0)
    axes.plot(numbers, [s.median for _, s in known], color=ORANGE, linewidth=2.2, marker="o", markersize=4)


def _drawn(draw: Callable[[Axes], None], height_in: float) -> str:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.0, height_in))
        axes = figure.add_axes((0.085, 0.52 / height_in, 0.78, 1.0 - 0.68 / height_in))
        draw(axes)
        axes.set_xlabel("case")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        return text.getvalue()
