"""Curves over time: depth, clearance, pressure, removed volume, dose, vital signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dekomp_sim.anatomy.clearance import REACH_MM
from dekomp_sim.arrays import FloatArray
from dekomp_sim.debrief.curves import Curves
from dekomp_sim.debrief.plots.look import (
    AMBER,
    BLUE,
    GREEN,
    INK,
    NUCLEUS,
    ORANGE,
    PURPLE,
    QUIET,
    SECONDS_PER_MIN,
    STROKES,
    STYLE,
    WIDTH_IN,
    Plot,
    legend,
    note,
    svg_text,
)
from dekomp_sim.debrief.steps import spoken
from dekomp_sim.debrief.track import NEAR_MM
from dekomp_sim.instruments import Course
from dekomp_sim.procedure.actions import Mark
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Breach, Contact, Event, Pain, Refusal
from dekomp_sim.procedure.needle.marks import marks
from dekomp_sim.units import KPA_PER_PSI

SHOWN_MM: Final = REACH_MM
"""Largest gap in mm drawn: the reach within which clearance is computed for every kind of structure."""

LOW_MMHG: Final = 100.0
"""Systolic pressure in mmHg below which a figure shows that time too: the lower end of what is normal at rest."""


def depth(series: Curves, case: Case) -> Plot:
    """Depth of each instrument's tip over time, with the disc's marks on the planned way."""

    def draw(axes: Axes) -> None:
        found = marks(case.shape, Course(case.plan.entry_mm, case.plan.direction))
        if Mark.NUCLEUS in found:
            axes.axhspan(found[Mark.NUCLEUS], found[Mark.FAR_NUCLEUS], color=NUCLEUS, zorder=0)
            note(axes, found[Mark.FAR_NUCLEUS], "nucleus")
        if Mark.ANNULUS in found:
            axes.axhline(found[Mark.ANNULUS], color=QUIET, linewidth=1.0, zorder=0.5)
            note(axes, found[Mark.ANNULUS], "annulus")
        for key, depths in series.depth_mm.items():
            if key != "trocar_stylet":
                colour, dashes = STROKES.get(key, (INK, "solid"))
                axes.plot(_min(series.clock_s), depths, color=colour, linestyle=dashes, label=spoken(key))
        _events(axes, case.events, _window_min(series))
        axes.set_ylabel("depth below the skin (mm)")
        axes.invert_yaxis()
        axes.set_ylim(top=-4.0)
        legend(axes)

    names = ", ".join(spoken(key) for key in series.depth_mm if key != "trocar_stylet") or "none"
    deepest = max((float(np.nanmax(d)) for d in series.depth_mm.values()), default=0.0)
    alt = f"Depth of each instrument's tip over time; deepest {deepest:.0f} mm. Instruments: {names}."
    return Plot("Depth of the tips", _drawn(draw, series, 3.8, head_in=0.55), alt)


def clearance(series: Curves) -> Plot:
    """Least gap to a nerve, vessel or organ over time."""

    def draw(axes: Axes) -> None:
        least = series.clearance_mm
        axes.axhspan(min(0.0, _least(least, 0.0)) - 1.0, 0.0, color="#f6d5c4", zorder=0)
        axes.axhline(NEAR_MM, color=QUIET, linewidth=1.0, linestyle=(0, (4, 2)))
        note(axes, NEAR_MM, f"near: {NEAR_MM:g} mm")
        axes.plot(_min(series.clock_s), least, color=ORANGE, drawstyle="steps-post", marker="o", markersize=2.5)
        axes.set_ylabel("least clearance (mm)")
        axes.set_ylim(min(-0.5, _least(least, 0.0) - 0.5), SHOWN_MM)

    low = _least(series.clearance_mm, float("nan"))
    said = f"smallest {low:.1f} mm" if np.isfinite(low) else "no instrument was in the patient"
    alt = f"Least gap to a nerve, vessel or organ over time, drawn up to {SHOWN_MM:g} mm; {said}."
    return Plot("Clearance", _drawn(draw, series, 2.5), alt)


def pressure(series: Curves, case: Case) -> Plot:
    """Pressure in the disc over time, with psi on the right."""

    def draw(axes: Axes) -> None:
        axes.plot(_min(series.clock_s), series.pressure_kpa, color=PURPLE)
        axes.axhline(case.disc.opening_kpa, color=QUIET, linewidth=1.0, linestyle=(0, (4, 2)))
        note(axes, case.disc.opening_kpa, "at rest")
        axes.set_ylabel("pressure (kPa)")
        axes.set_ylim(0.0, 1.15 * float(series.pressure_kpa.max()) + 1.0)
        axes.secondary_yaxis("right", functions=(_psi, _kpa)).set_ylabel("psi")

    first, last, top = series.pressure_kpa[0], series.pressure_kpa[-1], series.pressure_kpa.max()
    alt = f"Pressure in the disc over time: {first:.0f} kPa at first, {top:.0f} kPa at most, {last:.0f} kPa at the end."
    return Plot("Pressure in the disc", _drawn(draw, series, 2.5), alt)


def removed(series: Curves) -> Plot:
    """Removed volume over time."""

    def draw(axes: Axes) -> None:
        axes.fill_between(_min(series.clock_s), series.removed_ml, color="#cfe8df")
        axes.plot(_min(series.clock_s), series.removed_ml, color=GREEN)
        axes.set_ylabel("removed (mL)")
        axes.set_ylim(0.0, max(1.15 * float(series.removed_ml.max()), 0.1))

    alt = f"Tissue removed over time, {series.removed_ml[-1]:.2f} mL in the end."
    return Plot("Removed volume", _drawn(draw, series, 2.5), alt)


def dose(series: Curves) -> Plot:
    """Dose so far over time: kerma-area product, and air kerma on the right."""

    def draw(axes: Axes) -> None:
        axes.plot(_min(series.clock_s), series.kap_gycm2, color=BLUE, drawstyle="steps-post", label="KAP (left)")
        axes.set_ylabel("KAP (Gy cm²)")
        kerma = axes.twinx()
        kerma.grid(visible=False)
        kerma.spines["right"].set_visible(True)
        kerma.plot(
            _min(series.clock_s), series.air_kerma_mgy, color=ORANGE, linestyle=(0, (4, 1.5)),
            drawstyle="steps-post", label="air kerma (right)",
        )  # fmt: skip
        kerma.set_ylabel("air kerma (mGy)")
        axes.set_ylim(0.0, 1.08 * float(series.kap_gycm2[-1]) + 1e-3)
        kerma.set_ylim(0.0, 1.5 * float(series.air_kerma_mgy[-1]) + 1e-3)  # apart from the other line
        lines = [*axes.get_lines(), *kerma.get_lines()]
        axes.legend(handles=lines, loc="upper left")

    alt = (
        f"Dose over time: kerma-area product {series.kap_gycm2[-1]:.3g} Gy cm² and air kerma "
        f"{series.air_kerma_mgy[-1]:.3g} mGy in the end."
    )
    return Plot("Cumulative dose", _drawn(draw, series, 2.5), alt)


def vital_signs(series: Curves) -> Plot:
    """Heart rate, systolic pressure and saturation over time: one axis, the numbers of each being near 100."""
    lines = (
        (series.heart_bpm, GREEN, "solid", "heart rate (bpm)"),
        (series.systolic_mmhg, ORANGE, "solid", "systolic pressure (mmHg)"),
        (series.saturation_percent, BLUE, (0, (4, 1.5)), "saturation (%)"),
    )

    def draw(axes: Axes) -> None:
        for values, colour, dashes, label in lines:
            axes.plot(_min(series.clock_s), values, color=colour, linestyle=dashes, label=label)
        axes.set_ylabel("vital signs")
        axes.set_ylim(0.0, 1.3 * max(float(values.max()) for values, *_ in lines))
        legend(axes)

    least = ", ".join(f"{label.partition(' (')[0]} {values.min():.0f}" for values, _, _, label in lines)
    return Plot("Vital signs", _drawn(draw, series, 3.0, head_in=0.35), f"Vital signs over time; lowest: {least}.")


def _drawn(draw: Callable[[Axes], None], series: Curves, height_in: float, head_in: float = 0.15) -> str:
    """One plot over the time in which instruments or X-rays were used; all have the same margins, so times line up."""
    foot_in = 0.6
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        axes = figure.add_axes((0.085, foot_in / height_in, 0.825, 1.0 - (foot_in + head_in) / height_in))
        draw(axes)
        axes.set_xlabel("time on the case's clock (min)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.set_xlim(*_window_min(series))
        return svg_text(figure)


def _window_min(series: Curves) -> tuple[float, float]:
    """From before the first exposure, puncture or low pressure until after the last, min; else the whole case."""
    used = np.concatenate([[False], np.diff(series.kap_gycm2) > 0.0])
    used |= series.systolic_mmhg < LOW_MMHG
    for depths in series.depth_mm.values():
        used |= np.isfinite(depths)
    times = series.clock_s[used] if used.any() else series.clock_s
    low, high = float(times.min()), float(times.max())
    room = 0.03 * (high - low) + 20.0
    return max(0.0, low - room) / SECONDS_PER_MIN, (high + room) / SECONDS_PER_MIN


def _min(clock_s: FloatArray) -> FloatArray:
    return np.asarray(clock_s / SECONDS_PER_MIN)


def _least(values: FloatArray, otherwise: float) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if known.size else otherwise


def _events(axes: Axes, events: Sequence[Event], window_min: tuple[float, float]) -> None:
    """Signs for pain, contact, harm and refusal along the upper edge, within the time shown."""
    signs: tuple[tuple[type[Any], str, str, str], ...] = (
        (Pain, "v", PURPLE, "pain"),
        (Contact, "D", AMBER, "contact"),
        (Breach, "X", "#b00020", "harm"),
        (Refusal, "s", QUIET, "refused"),
    )
    for kind, sign, colour, name in signs:
        found = [event.clock_s / SECONDS_PER_MIN for event in events if isinstance(event, kind)]
        times = [time for time in found if window_min[0] <= time <= window_min[1]]
        if times:
            axes.plot(times, [-1.5] * len(times), sign, color=colour, markersize=6, label=name, clip_on=False, zorder=4)


def _psi(pressure: Any) -> Any:
    return pressure / KPA_PER_PSI


def _kpa(pressure: Any) -> Any:
    return pressure * KPA_PER_PSI
