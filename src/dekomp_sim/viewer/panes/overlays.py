"""What is drawn over a section: instruments as they cut or project, the planned path, the crosshair."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.geometry.section import Section
from dekomp_sim.instruments import Placement
from dekomp_sim.planning import Trajectory
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.scene.palette import INNER_INSTRUMENT, OUTER_INSTRUMENT

SLAB_MM: Final = 1.5
"""Assumption: what lies this near to a section is drawn as cut: half of a usual 3 mm slice; the rest is projected."""

PROJECTED: Final = 0.38
"""How strongly what lies before or behind a section is drawn."""

PLAN: Final = "#56b4e9"
"""The planned path: sky blue, which neither steel nor a structure has."""

CROSSHAIR: Final = "#f0e442"
"""Yellow, as workstations have it."""

GAP_PX: Final = 9.0
"""The crosshair leaves the place itself free."""

STEP_MM: Final = 0.5
"""Step in mm at which it is asked whether an axis lies in the section."""


def draw_instruments(seen: UInt8Array, section: Section, case: Case) -> None:
    """Draw what is in the patient: solid where the section cuts it, faint where it lies before or behind it."""
    for key, placement in case.placements.items():
        inner = case.nest.get(key) in case.placements
        look = INNER_INSTRUMENT if inner else OUTER_INSTRUMENT
        width = max(1.6, 2.0 * placement.instrument.radius_mm / section.mm_per_px * (0.6 if inner else 1.0))
        draw_axis(seen, section, _axis_mm(placement), look.colour, width)


def draw_plan(seen: UInt8Array, section: Section, plan: Trajectory) -> None:
    """Draw the planned path, dashed, with a ring about its target where the section is near it."""
    draw_axis(seen, section, np.stack([plan.entry_mm, plan.target_mm]), PLAN, 1.3, (6.0, 4.0))
    x, y, off_mm = section.pixel_of(plan.target_mm)
    if abs(off_mm) <= 2.0 * SLAB_MM:
        angles = np.linspace(0.0, 2.0 * np.pi, 25)
        marks.line(seen, np.stack([x + 4.0 * np.cos(angles), y + 4.0 * np.sin(angles)], axis=-1), PLAN, 1.2)


def draw_axis(
    seen: UInt8Array,
    section: Section,
    axis_mm: FloatArray,
    colour: str,
    width: float,
    dash: tuple[float, float] | None = None,
) -> None:
    """Draw an axis (n, 3): solid within `SLAB_MM` of the section, faint elsewhere."""
    for first, last in pairwise(axis_mm):
        places = section.pixel_of(_fine(first, last))
        near = np.abs(places[:, 2]) <= SLAB_MM
        ends = [0, *(np.flatnonzero(np.diff(near)) + 1).tolist(), len(places) - 1]
        for a, b in pairwise(ends):
            marks.line(seen, places[[a, b], :2], colour, width, dash, 1.0 if near[a] else PROJECTED)


def draw_crosshair(seen: UInt8Array, section: Section, crosshair_mm: ArrayLike) -> None:
    """Draw thin lines through the crosshair's place, that leave it free."""
    x, y, _ = section.pixel_of(crosshair_mm)
    reach = (section.cols - 1.0, section.rows - 1.0)
    for first, last in (
        ((0.0, y), (x - GAP_PX, y)),
        ((x + GAP_PX, y), (reach[0], y)),
        ((x, 0.0), (x, y - GAP_PX)),
        ((x, y + GAP_PX), (x, reach[1])),
    ):
        if last[0] >= first[0] and last[1] >= first[1]:
            marks.line(seen, [first, last], CROSSHAIR, 1.0, None, 0.5)


def _axis_mm(placement: Placement) -> FloatArray:
    """(n, 3) from the hub through the skin to the tip."""
    if placement.depth_mm <= 0.0:
        return np.stack([placement.hub_mm, placement.tip_mm])
    return np.concatenate([placement.hub_mm[None], placement.axis_mm()])


def _fine(first: FloatArray, last: FloatArray) -> FloatArray:
    count = max(2, int(np.ceil(float(np.linalg.norm(last - first)) / STEP_MM)) + 1)
    return np.asarray(first + np.linspace(0.0, 1.0, count)[:, None] * (last - first))
