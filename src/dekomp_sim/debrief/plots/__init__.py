"""Figures of a case as SVG text, the same bytes each time: curves over time, and the way of the needle in the disc."""

from collections.abc import Sequence

from dekomp_sim.debrief.curves import Curves
from dekomp_sim.debrief.plots.look import Plot
from dekomp_sim.debrief.plots.over_depth import force
from dekomp_sim.debrief.plots.over_time import clearance, depth, dose, pressure, removed, vital_signs
from dekomp_sim.debrief.plots.way import needle_way
from dekomp_sim.procedure.case import Case

__all__ = ["Plot", "plots"]


def plots(cases: Sequence[Case], series: Curves) -> tuple[Plot, ...]:
    """All figures of a case: way in the disc, depth, force, clearance, pressure, removed volume, dose, vital signs."""
    last = cases[-1]
    return (
        needle_way(cases),
        depth(series, last),
        force(last),
        clearance(series),
        pressure(series, last),
        removed(series),
        dose(series),
        vital_signs(series),
    )
