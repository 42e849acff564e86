"""Force over depth, as the hand felt it."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from dekomp_sim.debrief.plots.look import INK, STROKES, STYLE, WIDTH_IN, Plot, legend, svg_text
from dekomp_sim.debrief.steps import spoken
from dekomp_sim.procedure.case import Case


def force(case: Case) -> Plot:
    """Force of every push over the depth of the leading tip, a colour an instrument (the trocar goes by its stylet)."""
    hardest = max((push.peak_n for push in case.pushes), default=0.0)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 3.4))
        axes = figure.add_axes((0.085, 0.6 / 3.4, 0.825, 1.0 - 1.15 / 3.4))
        named: set[str] = set()
        for push in case.pushes:
            if push.curve:
                depths, forces = np.array(push.curve).T
                colour, _ = STROKES.get(push.instrument, (INK, "solid"))
                label = "_" if push.instrument in named else spoken(push.instrument)
                axes.plot(depths, forces, color=colour, linewidth=1.3, label=label)
                named.add(push.instrument)
        axes.set_xlabel("depth of the tip below the skin (mm)")
        axes.set_ylabel("force (N)")
        axes.set_ylim(0.0, 1.1 * hardest + 1.0)
        legend(axes)
        svg = svg_text(figure)
    alt = (
        f"Force on the hand over depth, {len(case.pushes)} pushes, {hardest:.1f} N at most: it rises before a layer "
        "gives way and falls after. Plausible orders of magnitude, uncalibrated."
    )
    return Plot("Force of the pushes (uncalibrated)", svg, alt)
