"""Figures of a case as SVG text, the same bytes each time: curves over time, and the way of the needle in the disc.

Colours are Okabe and Ito's, which colour-blind readers tell apart; instruments differ in their dashes as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch
from matplotlib.ticker import MaxNLocator

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.anatomy.clearance import REACH_MM
from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.debrief.curves import Curves
from dekomp_sim.debrief.steps import spoken
from dekomp_sim.debrief.track import CRITICAL, NEAR_MM
from dekomp_sim.instruments import Course
from dekomp_sim.procedure.actions import Mark
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Breach, Contact, Event, Pain, Refusal
from dekomp_sim.procedure.needle.marks import marks
from dekomp_sim.units import KPA_PER_PSI

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

NERVE: Final = "#f2d58a"
"""Nerves and vessels in the disc's picture."""

FIELD_MM: Final = 60.0
"""Distance from the disc's centre beyond which they are not drawn, mm."""

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

SHOWN_MM: Final = REACH_MM
"""Largest gap in mm drawn: the reach within which clearance is computed for every kind of structure."""

WIDTH_IN: Final = 9.0
"""Width of a figure in inches, at 72 SVG units each."""

LOW_MMHG: Final = 100.0
"""Systolic pressure in mmHg below which a figure shows that time too: the lower end of what is normal at rest."""

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


def depth(series: Curves, case: Case) -> Plot:
    """Depth of each instrument's tip over time, with the disc's marks on the planned way."""

    def draw(axes: Axes) -> None:
        found = marks(case.shape, Course(case.plan.entry_mm, case.plan.direction))
        if Mark.NUCLEUS in found:
            axes.axhspan(found[Mark.NUCLEUS], found[Mark.FAR_NUCLEUS], color=NUCLEUS, zorder=0)
            _note(axes, found[Mark.FAR_NUCLEUS], "nucleus")
        if Mark.ANNULUS in found:
            axes.axhline(found[Mark.ANNULUS], color=QUIET, linewidth=1.0, zorder=0.5)
            _note(axes, found[Mark.ANNULUS], "annulus")
        for key, depths in series.depth_mm.items():
            if key != "trocar_stylet":
                colour, dashes = STROKES.get(key, (INK, "solid"))
                axes.plot(_min(series.clock_s), depths, color=colour, linestyle=dashes, label=spoken(key))
        _events(axes, case.events, _window_min(series))
        axes.set_ylabel("depth below the skin (mm)")
        axes.invert_yaxis()
        axes.set_ylim(top=-4.0)
        _legend(axes)

    names = ", ".join(spoken(key) for key in series.depth_mm if key != "trocar_stylet") or "none"
    deepest = max((float(np.nanmax(d)) for d in series.depth_mm.values()), default=0.0)
    alt = f"Depth of each instrument's tip over time; deepest {deepest:.0f} mm. Instruments: {names}."
    return Plot("Depth of the tips", _drawn(draw, series, 3.8, head_in=0.55), alt)


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
        _legend(axes)
        svg = svg_text(figure)
    alt = (
        f"Force on the hand over depth, {len(case.pushes)} pushes, {hardest:.1f} N at most: it rises before a layer "
        "gives way and falls after. Plausible orders of magnitude, uncalibrated."
    )
    return Plot("Force of the pushes (uncalibrated)", svg, alt)


def clearance(series: Curves) -> Plot:
    """Least gap to a nerve, vessel or organ over time."""

    def draw(axes: Axes) -> None:
        least = series.clearance_mm
        axes.axhspan(min(0.0, _least(least, 0.0)) - 1.0, 0.0, color="#f6d5c4", zorder=0)
        axes.axhline(NEAR_MM, color=QUIET, linewidth=1.0, linestyle=(0, (4, 2)))
        _note(axes, NEAR_MM, f"near: {NEAR_MM:g} mm")
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
        _note(axes, case.disc.opening_kpa, "at rest")
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
        _legend(axes)

    least = ", ".join(f"{label.partition(' (')[0]} {values.min():.0f}" for values, _, _, label in lines)
    return Plot("Vital signs", _drawn(draw, series, 3.0, head_in=0.35), f"Vital signs over time; lowest: {least}.")


def needle_way(cases: Sequence[Case]) -> Plot:
    """Two sections of the treated disc through the planned target, with the nerves in them and each needle's way."""
    case = cases[-1]
    target, inward = _planned(case)
    to_skin = unit([-inward[0], -inward[1], 0.0])
    level = _Section(np.array([0.0, 0.0, target[2]]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    along = _Section(target, to_skin, np.array([0.0, 0.0, 1.0]))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 4.6))
        above, beside = figure.add_axes((0.085, 0.23, 0.38, 0.7)), figure.add_axes((0.565, 0.23, 0.38, 0.7))
        for axes, section in ((above, level), (beside, along)):
            _disc(axes, case.shape, section)
            _strands(axes, case, section)
            _needles(axes, cases, section)
            axes.set_aspect("equal")
        above.set(xlim=(-35.0, 35.0), ylim=(42.0, -30.0), title="Across, seen from the feet")
        above.set_xlabel("right — mm — left")
        above.set_ylabel("front — mm — back")
        beside.set(xlim=(-30.0, 40.0), ylim=(-36.0, 36.0), title="Along the planned needle")
        beside.set_xlabel("deeper — mm from the target — to the skin")
        beside.set_ylabel("feet — mm — head")
        handles, labels = above.get_legend_handles_labels()
        figure.legend(
            [*handles, Patch(color=NERVE), Patch(color=NUCLEUS)], [*labels, "nerves and vessels", "nucleus"],
            loc="lower center", ncols=4,
        )  # fmt: skip
        svg = svg_text(figure)
    alt = (
        "Two sections of the treated disc through the planned target, across and along the planned needle: nucleus, "
        "nerves and vessels, the planned way and each needle's way."
    )
    return Plot("The way in the disc", svg, alt)


@dataclass(frozen=True, slots=True, eq=False)
class _Section:
    """A plane in the disc's frame: a point (3,) of it, and its unit vectors (3,) to the right and up."""

    origin: FloatArray
    right: FloatArray
    up: FloatArray

    def points(self, right: FloatArray, up: FloatArray) -> FloatArray:
        """(..., 3) points of the disc's frame at coordinates (...) in the plane."""
        return np.asarray(self.origin + right[..., None] * self.right + up[..., None] * self.up)

    def seen(self, points: FloatArray) -> FloatArray:
        """(..., 3) right, up and distance from the plane of points (..., 3) of the disc's frame."""
        axes = np.stack([self.right, self.up, np.cross(self.right, self.up)])
        return np.asarray((points - self.origin) @ axes.T)


def _planned(case: Case) -> tuple[FloatArray, FloatArray]:
    """The planned target and the inward direction (3,) in the disc's frame."""
    disc_from_patient = case.shape.patient_from_disc.inverse()
    return disc_from_patient.points(case.plan.target_mm), disc_from_patient.directions(case.plan.direction)


def _disc(axes: Axes, shape: DiscShape, section: _Section) -> None:
    """Outline of the disc and its nucleus in a section."""
    one, other = np.linspace(-45.0, 45.0, 151), np.linspace(-35.0, 35.0, 151)
    right, up = np.meshgrid(one, other)
    points = section.points(right, up)
    inside = shape.depth_inside_mm(points)
    nucleus = np.where(inside > 0.0, shape.nucleus_rim(points), 2.0)
    axes.contourf(one, other, inside, levels=[0.0, 1e3], colors=["#eceff3"])
    axes.contour(one, other, inside, levels=[0.0], colors=[QUIET], linewidths=1.2)
    axes.contourf(one, other, nucleus, levels=[0.0, 1.0], colors=[NUCLEUS])


def _strands(axes: Axes, case: Case, section: _Section) -> None:
    """Nerves and vessels cut by a section, each as the circles its balls leave in the plane."""
    disc_from_patient = case.shape.patient_from_disc.inverse()
    for strand in case.patient.strands:
        if strand.structure in CRITICAL:
            path, radius = _resampled(disc_from_patient.points(strand.path_mm), strand.radius_mm)
            right, up, off = section.seen(path).T
            cut = np.sqrt(np.maximum(radius**2 - off**2, 0.0))
            near = (cut > 0.0) & (np.hypot(right, up) < FIELD_MM)
            balls = [Circle((x, y), r) for x, y, r in zip(right[near], up[near], cut[near], strict=True)]
            axes.add_collection(PatchCollection(balls, facecolor=NERVE, edgecolor="none", zorder=1.5))


def _resampled(path: FloatArray, radius: FloatArray, step_mm: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """A polyline (n, 3) and its radii at about every `step_mm`."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], max(2, int(along[-1] / step_mm) + 1))
    return np.stack([np.interp(at, along, part) for part in path.T], axis=-1), np.interp(at, along, radius)


def _needles(axes: Axes, cases: Sequence[Case], section: _Section) -> None:
    case = cases[-1]
    disc_from_patient = case.shape.patient_from_disc.inverse()

    def seen(*points: FloatArray) -> FloatArray:
        return section.seen(disc_from_patient.points(np.stack(points)))[:, :2].T

    axes.plot(
        *seen(case.plan.entry_mm, case.plan.target_mm), color=INK, linewidth=1.0, linestyle=(0, (5, 3)), label="planned"
    )
    axes.plot(*seen(case.plan.target_mm), "+", color=INK, markersize=9, label="target", zorder=5)
    for key, width in (
        ("trocar_cannula", 5.0),
        ("probe", 2.6),
        ("discography_needle", 1.2),
        ("fine_discography_needle", 0.8),
    ):
        lain = [one.placements[key] for one in cases if key in one.placements]
        if lain:
            deepest = max(lain, key=lambda placement: placement.depth_mm)
            colour, dashes = STROKES[key]
            way = seen(*deepest.axis_mm())
            axes.plot(*way, color=colour, linestyle=dashes, linewidth=width, label=spoken(key), solid_capstyle="butt")


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


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5)


def _note(axes: Axes, at: float, words: str) -> None:
    """Words at the right end of a horizontal line."""
    axes.annotate(
        words, (1.0, at), xycoords=("axes fraction", "data"), xytext=(-3, 3), textcoords="offset points",
        ha="right", va="bottom", fontsize=9, color=QUIET,
    )  # fmt: skip


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


def svg_text(figure: Figure) -> str:
    """A figure as SVG, the same bytes each time."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
