"""What a needle meets on its way in, straight or bent, at every mm, and how far it gets: bone stops it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import BONES, Level, Patient, Strand, Structure
from dekomp_sim.anatomy.tissue_at import TissueMap, name, tissue_map
from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, frozen, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.instruments.course import Course, CourseTable, point
from dekomp_sim.instruments.placement import Placement
from dekomp_sim.instruments.strand_contact import contact_intervals

SAMPLE_MM: Final = 0.25
"""Assumption: step along the axis; what is thinner than this may be missed; skin and fascia are thicker."""

BISECTIONS: Final = 20
"""Halvings of one sample step when a boundary is sought: 0.25 mm / 2^20 is far below any meaning."""

BALL_MM: Final = 8.0
"""Longest part of a strand in one ball: smaller ones pass over more pieces, larger ones are fewer; any is right."""

JOINT_MM: Final = 0.05
"""Gap in mm at a joint of two chords below which a contact is one: chords of `CHORD_MM` leave the arc by 0.01 mm."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """One structure met along a needle's axis.

    Parameters
    ----------
    structure
        Which kind.
    from_mm, to_mm
        Depths below the skin entry.
    name
        What a clinician calls it: "left L4 exiting root", "L4-L5 nucleus".
    level
        Disc level of a disc or a root, else None.
    pierced
        False where only the needle's side touches a nerve or vessel that its axis misses.
    """

    structure: Structure
    from_mm: float
    to_mm: float
    name: str
    level: Level | None = None
    pierced: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Advance:
    """How far an instrument got, through what, and what stopped it (None where it got as far as wanted)."""

    placement: Placement
    crossings: tuple[Crossing, ...]
    stopped_by: Structure | None
    wanted_mm: float


def crossings(
    patient: Patient,
    entry_mm: ArrayLike,
    direction: ArrayLike,
    depth_mm: float,
    *,
    radius_mm: float = 0.0,
    from_mm: float = 0.0,
) -> tuple[Crossing, ...]:
    """Every structure along an axis from `from_mm` to `depth_mm` below the entry, ascending by where it begins.

    Nerves and vessels given as strands are met exactly, with the needle's radius, and lie over the rest; the rest is a
    gapless list: bone by its label, then discs by their formulas, then other labels, then Hounsfield units. What the
    patient holds as strands is not looked up in the labels again. The axis is a line: the needle's width counts for
    strands only.

    Parameters
    ----------
    patient
        Who.
    entry_mm, direction
        (3,) skin entry and inward direction.
    depth_mm
        How deep.
    radius_mm
        The needle's radius.
    from_mm
        Where the new part begins.
    """
    return crossings_along(patient, Course(frozen(entry_mm), unit(direction)), from_mm, depth_mm, radius_mm=radius_mm)


def crossings_along(
    patient: Patient, course: Course, from_mm: float, to_mm: float, *, radius_mm: float = 0.0
) -> tuple[Crossing, ...]:
    """The same along a course: tissues at its very points, nerves and vessels against pieces of at most `CHORD_MM`.

    Parameters
    ----------
    patient
        Who.
    course
        The needle's axis.
    from_mm, to_mm
        Lengths along it below the skin.
    radius_mm
        The needle's radius.
    """
    if to_mm <= from_mm:
        return ()
    met = [*_strands(patient, course, (from_mm, to_mm), radius_mm), *tissues_along(patient, course, from_mm, to_mm)]
    cut = (_within(crossing, from_mm, to_mm) for crossing in met)
    return tuple(sorted((c for c in cut if c is not None), key=lambda c: (c.from_mm, c.to_mm)))


def structure_at(met: tuple[Crossing, ...], depth_mm: float) -> Crossing | None:
    """What lies at `depth_mm`: a pierced nerve or vessel before the tissue it runs in; None outside what was asked."""
    here = [c for c in met if c.from_mm <= depth_mm <= c.to_mm and c.pierced]
    return min(here, key=lambda c: c.to_mm - c.from_mm, default=None)


def advance(patient: Patient, placement: Placement, to_depth_mm: float) -> Advance:
    """Push an instrument along its course to `to_depth_mm`; its tip comes to rest on the first bone.

    Raises
    ------
    OutOfRangeError
        If the instrument is too short for that depth, or the depth lies behind the tip (withdraw it instead).
    """
    if to_depth_mm < placement.depth_mm:
        raise OutOfRangeError(
            f"depth of {placement.instrument.title}",
            f"{to_depth_mm:.1f} mm with the tip at {placement.depth_mm:.1f} mm",
            "a greater depth",
            "Withdraw it to go back.",
        )
    placement.at_depth(to_depth_mm)  # refuses what is longer than the instrument
    radius_mm = placement.instrument.radius_mm
    met = crossings_along(patient, placement.course, placement.depth_mm, to_depth_mm, radius_mm=radius_mm)
    bone = next((c for c in met if c.structure in BONES), None)
    if bone is None:
        return Advance(placement.at_depth(to_depth_mm), met, None, to_depth_mm)
    upto = tuple(c for c in (_within(c, placement.depth_mm, bone.from_mm) for c in met) if c is not None)
    return Advance(placement.at_depth(bone.from_mm), upto, bone.structure, to_depth_mm)


def withdraw(placement: Placement, to_depth_mm: float) -> Placement:
    """Draw an instrument back along its axis to `to_depth_mm`.

    Raises
    ------
    OutOfRangeError
        If that depth lies beyond the tip.
    """
    if to_depth_mm > placement.depth_mm:
        raise OutOfRangeError(
            f"depth of {placement.instrument.title}", f"{to_depth_mm:.1f} mm", f"up to {placement.depth_mm:.1f} mm"
        )
    return placement.at_depth(to_depth_mm)


def _within(crossing: Crossing, from_mm: float, to_mm: float) -> Crossing | None:
    first, last = max(crossing.from_mm, from_mm), min(crossing.to_mm, to_mm)
    if last <= first:
        return None
    return Crossing(crossing.structure, first, last, crossing.name, crossing.level, crossing.pierced)


@dataclass(frozen=True, slots=True, eq=False)
class _Chords:
    """The pieces of a course: (n, 2) lengths along it at which they begin and end, and (n, 2, 3) those points."""

    spans_mm: FloatArray
    ends_mm: FloatArray

    def only(self, chosen: BoolArray) -> _Chords:
        """Those that are chosen (n,)."""
        return _Chords(self.spans_mm[chosen], self.ends_mm[chosen])


def _strands(patient: Patient, course: Course, span_mm: tuple[float, float], radius_mm: float) -> list[Crossing]:
    spans_mm = np.array(list(course.pieces(*span_mm)))
    chords = _Chords(spans_mm, course.points(spans_mm))
    near = _near(patient, chords, radius_mm)
    return [
        crossing
        for number in np.flatnonzero(near.any(axis=0)).tolist()
        for crossing in _contacts(patient.strands[number], course, chords.only(near[:, number]), radius_mm)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Balls:
    """Balls that hold all strands: centres (n, 3), radii (n,), and where each strand's begin."""

    centres_mm: FloatArray
    radii_mm: FloatArray
    begins: IndexArray


@lru_cache(maxsize=4)
def _balls(patient: Patient) -> _Balls:
    """Kept for the patients in use."""
    held = [_balls_about(strand) for strand in patient.strands]
    begins = np.cumsum([0, *(len(radii) for _, radii in held[:-1])])
    return _Balls(
        np.concatenate([centres for centres, _ in held]), np.concatenate([radii for _, radii in held]), begins
    )


def _balls_about(strand: Strand) -> tuple[FloatArray, FloatArray]:
    """Balls that hold a strand, each about a part of a segment no longer than `BALL_MM`."""
    steps = np.diff(strand.path_mm, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    counts = np.maximum(np.ceil(lengths / BALL_MM).astype(np.int64), 1)
    segment = np.repeat(np.arange(len(steps)), counts)
    number = np.concatenate([np.arange(count) for count in counts])
    share = (number + 0.5) / counts[segment]
    thick = np.maximum(strand.radius_mm[:-1], strand.radius_mm[1:])
    centres = strand.path_mm[:-1][segment] + share[:, None] * steps[segment]
    return centres, (lengths / counts / 2.0 + thick)[segment]


def _near(patient: Patient, chords: _Chords, radius_mm: float) -> BoolArray:
    """Which pieces may meet which strand (pieces, strands): those that come into a ball about one of its segments."""
    if not patient.strands:
        return np.zeros((len(chords.spans_mm), 0), dtype=np.bool_)
    balls = _balls(patient)
    return np.asarray(_met(chords.ends_mm, balls.centres_mm, balls.radii_mm + radius_mm + JOINT_MM, balls.begins))


@njit(cache=True, nogil=True)
def _met(ends_mm: FloatArray, centres_mm: FloatArray, reach_mm: FloatArray, begins: IndexArray) -> BoolArray:
    """Which pieces (m, 2, 3) come into a ball (n,) of which strand: (m, strands)."""
    met = np.zeros((len(ends_mm), len(begins)), dtype=np.bool_)
    for piece in range(len(ends_mm)):
        ax, ay, az = ends_mm[piece, 0]
        wx, wy, wz = ends_mm[piece, 1, 0] - ax, ends_mm[piece, 1, 1] - ay, ends_mm[piece, 1, 2] - az
        length2 = max(wx * wx + wy * wy + wz * wz, 1e-12)
        for strand in range(len(begins)):
            last = begins[strand + 1] if strand + 1 < len(begins) else len(reach_mm)
            for ball in range(begins[strand], last):
                x, y, z = centres_mm[ball, 0] - ax, centres_mm[ball, 1] - ay, centres_mm[ball, 2] - az
                along = min(max((x * wx + y * wy + z * wz) / length2, 0.0), 1.0)
                x, y, z = x - along * wx, y - along * wy, z - along * wz
                if x * x + y * y + z * z <= reach_mm[ball] * reach_mm[ball]:
                    met[piece, strand] = True
                    break
    return met


def _contacts(strand: Strand, course: Course, chords: _Chords, radius_mm: float) -> list[Crossing]:
    touched = _along(strand, course, chords, radius_mm)
    core = _along(strand, course, chords, 0.0) if touched else []
    return [
        Crossing(
            strand.structure, first, last, strand.name, strand.level,
            pierced=any(first <= a and b <= last for a, b in core),
        )
        for first, last in touched
    ]  # fmt: skip


def _along(strand: Strand, course: Course, chords: _Chords, radius_mm: float) -> list[tuple[float, float]]:
    """Lengths along the course at which it lies within `radius_mm` of the strand, merged over its pieces."""
    if not course.bends:  # one line: also what it touches before and after the span, cut later
        return contact_intervals(strand, course.entry_mm, course.direction, radius_mm)
    found: list[tuple[float, float]] = []
    for (first, last), (start, end) in zip(chords.spans_mm.tolist(), chords.ends_mm, strict=True):
        met = contact_intervals(strand, start, unit(end - start), radius_mm)
        found += [(first + max(a, 0.0), first + min(b, last - first)) for a, b in met if b > 0.0 and a < last - first]
    return _joined(found)


def _joined(intervals: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Ascending intervals with those made one that meet at the end of a piece."""
    joined: list[tuple[float, float]] = []
    for first, last in intervals:
        if joined and first <= joined[-1][1] + JOINT_MM:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def tissues_along(
    patient: Patient, course: Course, from_mm: float, to_mm: float, *, halvings: int = BISECTIONS
) -> list[Crossing]:
    """The gapless list of tissues along a course without the nerves and vessels over it, boundaries found by halving.

    Parameters
    ----------
    patient
        Who.
    course
        The needle's axis.
    from_mm, to_mm
        Lengths along it below the skin.
    halvings
        How often a step of `SAMPLE_MM` is halved to find a boundary.
    """
    count = max(2, int(np.ceil((to_mm - from_mm) / SAMPLE_MM)) + 1)
    depths = np.linspace(from_mm, to_mm, count)
    kinds, discs, change, high = _changes(depths, course.table, tissue_map(patient), halvings)
    edges = [from_mm, *high.tolist(), to_mm]
    firsts = [0, *(change + 1).tolist()]
    levels = list(patient.discs)
    return _in_body([
        _tissue(Structure(int(kinds[at])), levels[discs[at]] if discs[at] >= 0 else None, edges[n], edges[n + 1])
        for n, at in enumerate(firsts)
        if edges[n] < edges[n + 1]  # what begins with the very last sample has no length yet
    ])  # fmt: skip


@njit(cache=True, nogil=True)
def _changes(
    depths: FloatArray, way: CourseTable, held: TissueMap, halvings: int
) -> tuple[IndexArray, IndexArray, IndexArray, FloatArray]:
    """Structure and disc numbers at depths (n,); after which of them others begin (m,), and where by halving (m,)."""
    kinds, discs = np.empty(len(depths), dtype=np.int64), np.empty(len(depths), dtype=np.int64)
    for n in range(len(depths)):
        kinds[n], discs[n] = name(point(depths[n], way), held)
    change = np.flatnonzero((np.diff(kinds) != 0) | (np.diff(discs) != 0))
    begins = np.empty(len(change))
    for m in range(len(change)):
        at = change[m]
        low, high = depths[at], depths[at + 1]
        for _ in range(halvings):
            middle = 0.5 * (low + high)
            kind, disc = name(point(middle, way), held)
            if kind == kinds[at] and disc == discs[at]:
                low = middle
            else:
                high = middle
        begins[m] = high
    return kinds, discs, change, begins


def _tissue(structure: Structure, level: Level | None, from_mm: float, to_mm: float) -> Crossing:
    word = structure.name.lower().replace("_", " ")
    return Crossing(structure, float(from_mm), float(to_mm), f"{level} {word}" if level else word, level)


def _in_body(tissues: list[Crossing]) -> list[Crossing]:
    """Air before the first tissue is outside; gas after it lies in bowel unless nothing follows."""
    solid = [n for n, c in enumerate(tissues) if c.structure is not Structure.BOWEL_GAS]
    if not solid:
        return [_tissue(Structure.OUTSIDE, None, c.from_mm, c.to_mm) for c in tissues]
    return [
        c if solid[0] < n < solid[-1] or n in solid else _tissue(Structure.OUTSIDE, None, c.from_mm, c.to_mm)
        for n, c in enumerate(tissues)
    ]
