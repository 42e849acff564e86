"""What each root saw: how near an instrument came to it over time, one strip a root, for the debrief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Patient, Strand, Structure
from dekomp_sim.anatomy.strand_distance import strand_distances_mm
from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array, frozen
from dekomp_sim.debrief.track import NEAR_MM
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Breach, Contact, Pain
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.chart import Axes, stepped

SEEN: Final = frozenset({Structure.NERVE_ROOT, Structure.GANGLION, Structure.THECAL_SAC})
"""What has a strip: roots with their ganglia, and the sac."""

SHOWN_MM: Final = 15.0
"""A strip's height in mm. The reach of the other clearances: farther off is no concern."""

MOST_STRIPS: Final = 6
"""Strips at most, those that were come nearest first."""

TITLES: Final = ("What each root saw: distance to the nearest instrument", "What each root saw", "Roots")
"""By the room there is."""

DISTANCE: Final = "#56b4e9"
NEAR: Final = "#d55e00"
PAIN: Final = "#cc79a7"
CURSOR: Final = "#f0e442"
"""Okabe and Ito's colours."""


@dataclass(frozen=True, slots=True, eq=False)
class RootGaps:
    """Distances of the instruments from nerves over the n cases of a procedure.

    Parameters
    ----------
    clock_s
        (n,) time of each case.
    names
        (k,) what a clinician calls them, the one that was come nearest first.
    distance_mm
        (n, k) between the surfaces, negative inside; NaN while nothing is in the patient.
    """

    clock_s: FloatArray
    names: tuple[str, ...]
    distance_mm: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "clock_s", frozen(self.clock_s))
        object.__setattr__(self, "distance_mm", frozen(self.distance_mm, (len(self.clock_s), len(self.names))))


def root_gaps(cases: Sequence[Case]) -> RootGaps:
    """How near the instruments were to each nerve at each moment.

    Parameters
    ----------
    cases
        All cases in order, the opening first.
    """
    strands = _nerves(cases[0].patient)
    distance = np.stack([_least_mm(case, len(strands)) for case in cases])
    least = np.nanmin(np.where(np.isnan(distance), np.inf, distance), axis=0) if len(strands) else np.empty(0)
    order = np.argsort(least, kind="stable")
    clock = np.array([case.clock_s for case in cases])
    return RootGaps(clock, tuple(strands[n].name for n in order), distance[:, order])


def roots_picture(
    cases: Sequence[Case], size_px: tuple[int, int] = (330, 640), at_s: float | None = None
) -> UInt8Array:
    """Strips (rows, cols, 3), the root that was come nearest on top; contacts and pain above, a cursor at `at_s`.

    Parameters
    ----------
    cases
        All cases in order, the opening first.
    size_px
        Rows and columns.
    at_s
        The moment looked at, on the case's clock.
    """
    (rows, cols), found = size_px, root_gaps(cases)
    seen, size = marks.paper(rows, cols), max(10, round(cols / 58))
    inside = np.asarray(np.isfinite(found.distance_mm).any(axis=1))
    room = (_key(seen, size) if inside.any() else cols) - 1.4 * size
    marks.write(seen, marks.fitting(TITLES, room, size + 1), (0.7 * size, 0.5 * size), size + 1)
    if inside.any():
        frame = _frame(found, inside, size_px, size)
        count = min(MOST_STRIPS, len(found.names), max(1, int((frame.bottom - frame.top) / (1.6 * size))))
        height = (frame.bottom - frame.top) / count
        for number in range(count):
            top = frame.top + number * height
            part = replace(frame, top=top + 1.0, bottom=top + height - 2.0, y=(0.0, SHOWN_MM))
            _strip(seen, part, found, number, size)
        frame.ruled(seen, size, ())
        marks.write(seen, "min", (frame.right + 0.6 * size, frame.bottom + 4.0), size, marks.QUIET, "la")
        _happened(seen, frame, cases[-1])
        if at_s is not None:
            frame.line(seen, [at_s, at_s], [0.0, 1.0], CURSOR, 1.5)
    else:
        marks.write(seen, "no instrument was in the patient", (cols / 2.0, rows / 2.0), size, marks.QUIET, "mm")
    marks.stamp(seen, max(9, size - 1))
    return seen


def _frame(found: RootGaps, inside: BoolArray, size_px: tuple[int, int], size: int) -> Axes:
    """Where all strips lie: between the names and the distances, over the time in which an instrument was in."""
    named = max(marks.length(name, size) for name in found.names[:MOST_STRIPS])
    told = marks.length("in contact", size)
    times = found.clock_s[inside]
    span = max(0.0, float(times[0]) - 60.0), float(times[-1]) + 60.0
    return Axes(
        named + 1.4 * size, 3.6 * size, size_px[1] - told - 1.2 * size, size_px[0] - 3.3 * size, span, (0.0, 1.0)
    )


def _nerves(patient: Patient) -> tuple[Strand, ...]:
    return tuple(strand for strand in patient.strands if strand.structure in SEEN)


def _least_mm(case: Case, count: int) -> FloatArray:
    """(count,) least distance of any instrument from each nerve, NaN without one."""
    deep = [placed for placed in case.placements.values() if placed.depth_mm > 0.0]
    if not deep:
        return np.full(count, np.nan)
    return np.asarray(np.min([_distances_mm(case.patient, placed) for placed in deep], axis=0))


@lru_cache(maxsize=512)
def _distances_mm(patient: Patient, placement: Placement) -> FloatArray:
    axis = placement.axis_mm()
    found = strand_distances_mm(_nerves(patient), axis[:-1], axis[1:])
    return frozen(found.min(axis=0) - placement.instrument.radius_mm)


def _strip(seen: UInt8Array, axes: Axes, found: RootGaps, number: int, size: int) -> None:
    distance = found.distance_mm[:, number]
    least = float(np.nanmin(distance))
    near = least < NEAR_MM
    x, y = stepped(found.clock_s, distance)
    marks.box(seen, (axes.left, axes.top), (axes.right - axes.left, axes.bottom - axes.top), marks.FAINT)
    axes.line(seen, axes.x, (NEAR_MM, NEAR_MM), NEAR, 1.0)
    axes.line(seen, x, y, DISTANCE, 2.0)
    axes.line(seen, x, np.where(y < NEAR_MM, y, np.nan), NEAR, 3.5)
    middle = (axes.top + axes.bottom) / 2.0
    marks.write(seen, found.names[number], (axes.left - 0.6 * size, middle), size, marks.INK, "rm")
    words = "in contact" if least <= 0.0 else f"{least:.1f} mm"
    marks.write(seen, words, (axes.right + 0.6 * size, middle), size, NEAR if near else marks.INK, "lm")


def _happened(seen: UInt8Array, axes: Axes, case: Case) -> None:
    """Signs above the strips for contacts, harm and pain."""
    for event in case.events:
        if not isinstance(event, Contact | Breach | Pain) or not axes.x[0] <= event.clock_s <= axes.x[1]:
            continue
        (x, y), *_ = axes.places([event.clock_s], [1.0])
        (_wedge if isinstance(event, Pain) else _cross)(seen, x, y - 7.0)


def _key(seen: UInt8Array, size: int) -> float:
    """What the signs mean, at the right of the title; where it begins, px."""
    y, x = 1.2 * size, float(seen.shape[1]) - 0.7 * size
    for words, sign in (("touched", _cross), ("pain", _wedge)):
        marks.write(seen, words, (x, y), size, marks.QUIET, "rm")
        x -= marks.length(words, size) + 9.0
        sign(seen, x, y)
        x -= 1.6 * size
    words = f"red line {NEAR_MM:g} mm, strip {SHOWN_MM:g} mm"
    if marks.length(words, size) > 0.3 * seen.shape[1]:
        return x
    marks.write(seen, words, (x, y), size, marks.QUIET, "rm")
    return x - marks.length(words, size)


def _wedge(seen: UInt8Array, x: float, y: float) -> None:
    marks.line(seen, [[x - 3, y - 3], [x + 3, y - 3], [x, y + 3], [x - 3, y - 3]], PAIN, 2.0)


def _cross(seen: UInt8Array, x: float, y: float) -> None:
    marks.line(seen, [[x - 4, y - 4], [x + 4, y + 4]], NEAR, 2.0)
    marks.line(seen, [[x - 4, y + 4], [x + 4, y - 4]], NEAR, 2.0)
