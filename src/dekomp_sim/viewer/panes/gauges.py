"""Pressure in the disc: the manometer's dial, and the curve over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.disc import Tissue, in_nuclear_space, manometer_kpa, pressure_kpa
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.verdict import STOP_ABOVE_OPENING_KPA
from dekomp_sim.procedure.needle.discography import NEEDLE
from dekomp_sim.procedure.needle.sites import level_at_tip
from dekomp_sim.units import kpa_from_psi, psi_from_kpa
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.chart import Axes, stepped
from dekomp_sim.viewer.panes.disc import level_shown

DIAL_PSI: Final = 100.0
"""End of the dial. Assumption: manometers sold for discography read to 100 psi and more."""

NAMED_PX: Final = 170
"""Least width at which the readings have room for their names; their colours are the marks' in any case."""

SWEEP_DEG: Final = (225.0, -45.0)
"""Angle of 0 and of the dial's end, counter-clockwise from the right: the usual three quarters of a turn."""

STATIC: Final = "#ffffff"
OPENING: Final = "#009e73"
DYNAMIC: Final = "#e69f00"
STOP: Final = "#d55e00"
CURVE: Final = "#56b4e9"
PAIN: Final = "#cc79a7"
"""Okabe and Ito's, which colour-blind readers tell apart."""


@dataclass(frozen=True, slots=True)
class Manometer:
    """What the manometer at the discography needle tells.

    Parameters
    ----------
    opening_kpa
        Pressure at rest, read when the first contrast went in; None before.
    static_kpa
        With the plunger at rest, now; once the needle is out, at the last injection.
    dynamic_kpa
        The most while contrast flowed into that disc.
    stop_kpa
        Where discography stops, 50 psi above opening.
    connected
        Whether the needle is in a disc.
    """

    opening_kpa: float | None
    static_kpa: float | None
    dynamic_kpa: float | None
    stop_kpa: float | None
    connected: bool


def manometer(case: Case) -> Manometer:
    """What is read of the disc at the needle's tip, or of the one last injected: nothing before the first contrast."""
    level = level_at_tip(case, NEEDLE)
    connected = level is not None
    mine = [given for given in case.injections if given.level is (level or level_shown(case))]
    if not mine:
        return Manometer(None, None, None, None, connected)
    disc = case.discs[mine[-1].level]
    opening, static = disc.opening_kpa, mine[-1].pressure_kpa
    if connected:
        tip = case.placements[NEEDLE].tip_mm
        free = in_nuclear_space(disc, tip) or disc.tissue_at(tip) is Tissue.ENDPLATE
        static = manometer_kpa(disc, needle_in_nucleus=free)
    dynamic = max(given.dynamic_kpa for given in mine)
    return Manometer(opening, static, dynamic, opening + STOP_ABOVE_OPENING_KPA, connected)


def manometer_picture(case: Case, size_px: int = 220) -> UInt8Array:
    """The dial (size, size, 3): the hand is the static pressure, marks are opening, greatest dynamic, and stop."""
    seen, read = marks.paper(size_px, size_px), manometer(case)
    size = max(10, round(size_px / 20))
    centre, radius = np.array([size_px / 2.0, 0.45 * size_px]), 0.38 * size_px
    _dial(seen, centre, radius, size)
    for kpa, colour in ((read.opening_kpa, OPENING), (read.stop_kpa, STOP), (read.dynamic_kpa, DYNAMIC)):
        if kpa is not None:
            marks.line(seen, _spoke(centre, radius, kpa, (0.86, 1.08)), colour, 3.0)
    if read.static_kpa is not None:
        hand = STATIC if read.connected else marks.QUIET
        marks.line(seen, _spoke(centre, radius, read.static_kpa, (-0.12, 0.82)), hand, 3.0)
    marks.dot(seen, centre, 5.0, marks.QUIET)
    _figures(seen, read, size)
    marks.stamp(seen, max(9, size - 2))
    return seen


def pressure_picture(cases: Sequence[Case], size_px: tuple[int, int] = (170, 300)) -> UInt8Array:
    """Pressure in the nucleus (rows, cols, 3) over the case's clock, of the disc that `level_shown` names.

    Amber dots are what the manometer read while contrast flowed, pink ones where it began to hurt.

    Parameters
    ----------
    cases
        All cases so far, the opening first.
    size_px
        Rows and columns.
    """
    rows, cols = size_px
    seen, last = marks.paper(rows, cols), cases[-1]
    size = max(10, round(min(cols / 28, rows / 14)))
    clock = np.array([case.clock_s for case in cases])
    level = level_shown(last)
    opening = last.discs[level].opening_kpa
    static = np.array([pressure_kpa(case.discs[level]) for case in cases])
    mine = [given for given in last.injections if given.level is level]
    flowing = [(given.clock_s, given.dynamic_kpa) for given in mine]
    hurt = [(given.onset.clock_s, opening + given.onset.above_opening_kpa) for given in mine if given.onset]
    high = 1.15 * max([1.2 * opening, *static.tolist(), *(kpa for _, kpa in flowing)])
    axes = Axes(3.4 * size, 2.2 * size, cols - 2.8 * size, rows - 3.6 * size, _span(clock, static), (0.0, high))
    axes.ruled(seen, size)
    axes.level(seen, opening, OPENING, "opening", size)
    axes.line(seen, *stepped(clock, static), CURVE)
    for points, colour in ((flowing, DYNAMIC), (hurt, PAIN)):
        for place in axes.places(*np.array(points).reshape(-1, 2).T):
            marks.dot(seen, place, 2.5, colour)
    now = f"{level}: {static[-1]:.0f} kPa, {psi_from_kpa(float(static[-1])):.0f} psi"
    marks.write(seen, now, (0.6 * size, 0.4 * size), size)
    marks.write(seen, "min", (cols - 0.5 * size, axes.bottom + 4.0), size, marks.QUIET, "ra")
    marks.stamp(seen, max(9, size - 1))
    return seen


def _span(clock: FloatArray, static: FloatArray) -> tuple[float, float]:
    """From a minute before the pressure first changes until now, five minutes at least."""
    changed = np.flatnonzero(np.diff(static) != 0.0)
    first = float(clock[changed[0]]) if changed.size else float(clock[-1])
    last = float(clock[-1])
    return max(0.0, min(first - 60.0, last - 300.0)), max(last, 60.0)


def _dial(seen: UInt8Array, centre: FloatArray, radius: float, size: int) -> None:
    turns = np.radians(np.linspace(*SWEEP_DEG, 61))
    arc = centre + radius * np.stack([np.cos(turns), -np.sin(turns)], axis=-1)
    marks.line(seen, arc, marks.QUIET, 2.0)
    for psi in range(0, int(DIAL_PSI) + 1, 5):
        whole = psi % 20 == 0
        spoke = _spoke(centre, radius, kpa_from_psi(psi), (0.88 if whole else 0.94, 1.0))
        marks.line(seen, spoke, marks.INK if whole else marks.QUIET, 1.5 if whole else 1.0)
        if whole:
            x, y = _spoke(centre, radius, kpa_from_psi(psi), (0.73, 0.73))[0]
            marks.write(seen, str(psi), (x, y), min(size, round(0.2 * radius)), marks.INK, "mm")
    marks.write(seen, "psi", (centre[0], centre[1] - 0.33 * radius), size, marks.QUIET, "mm")


def _spoke(centre: FloatArray, radius: float, kpa: float, reach: tuple[float, float]) -> FloatArray:
    """(2, 2) two points at a pressure's angle; past the dial's end the hand stands a little beyond it."""
    share = min(max(psi_from_kpa(kpa) / DIAL_PSI, 0.0), 1.03)
    turn = np.radians(SWEEP_DEG[0] + share * (SWEEP_DEG[1] - SWEEP_DEG[0]))
    way = np.array([np.cos(turn), -np.sin(turn)])
    return np.asarray(centre + radius * np.array(reach)[:, None] * way)


def _figures(seen: UInt8Array, read: Manometer, size: int) -> None:
    """The readings in words under the dial."""
    if read.static_kpa is None:
        words = "no reading yet" if read.connected else "not connected"
        marks.write(seen, words, (seen.shape[1] / 2.0, seen.shape[0] - 3.0 * size), size, marks.QUIET, "mm")
        return
    now = ("static", STATIC) if read.connected else ("last static", marks.QUIET)
    shown = ((read.opening_kpa, "opening", OPENING), (read.static_kpa, *now), (read.dynamic_kpa, "dynamic", DYNAMIC))
    for number, (kpa, name, colour) in enumerate(shown):
        x = (number + 0.5) * seen.shape[1] / 3.0
        unit = " psi" if seen.shape[1] >= NAMED_PX else ""
        words = "--" if kpa is None else f"{psi_from_kpa(kpa):.0f}{unit}"
        if seen.shape[1] >= NAMED_PX:
            marks.write(seen, name, (x, seen.shape[0] - 4.3 * size), max(9, size - 1), marks.QUIET, "mm")
        marks.write(seen, words, (x, seen.shape[0] - 3.0 * size), size, colour, "mm")
