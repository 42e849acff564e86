"""What a needle meets on its way in, straight or bent, at every mm, and how far it gets: bone stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import BONES, Level, Patient, Strand, Structure
from dekomp_sim.anatomy.disc_regions import region_at
from dekomp_sim.arrays import FloatArray, UInt8Array, frozen, unit
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.instruments.course import CHORD_MM, Course
from dekomp_sim.instruments.placement import Placement
from dekomp_sim.instruments.strand_contact import contact_intervals

SAMPLE_MM: Final = 0.25
"""Assumption: step along the axis; what is thinner than this may be missed; skin and fascia are thicker."""

AIR_BELOW_HU: Final = -300.0
"""Assumption: below this an unlabelled voxel is air: outside the body before it is entered, bowel gas within."""

FAT_BELOW_HU: Final = -30.0
"""Assumption: below this an unlabelled voxel is fat (adipose tissue reads -120 to -80 HU), above it muscle."""

BONE_ABOVE_HU: Final = 250.0
"""Assumption: above this an unlabelled voxel is bone: above trabecular bone's mean at any age (L1 226 HU below 30
years, Jang, Radiology 2019;291:360), so a cortex always stops the needle and marrow alone does not.
"""

BISECTIONS: Final = 20
"""Halvings of one sample step when a boundary is sought: 0.25 mm / 2^20 is far below any meaning."""

JOINT_MM: Final = 0.05
"""Gap in mm at a joint of two chords below which a contact is one: chords of `CHORD_MM` leave the arc by 0.01 mm."""

EDGE_MM: Final = 3.0
"""Assumption: labels of a disc this near to the formulas of the same disc are its edge voxels (up to 3 mm thick)."""

DISC_LABELS: Final = (Structure.NUCLEUS, Structure.ANNULUS, Structure.ENDPLATE, Structure.PROTRUSION)
"""Labels that stand for a disc."""


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


def _strands(patient: Patient, course: Course, span_mm: tuple[float, float], radius_mm: float) -> list[Crossing]:
    pieces = list(course.pieces(*span_mm))
    near = [strand for strand in patient.strands if _may_meet(strand, course, span_mm, radius_mm)]
    return [c for strand in near for c in _contacts(strand, course, pieces, radius_mm)]


def _may_meet(strand: Strand, course: Course, span_mm: tuple[float, float], radius_mm: float) -> bool:
    """Whether the boxes about a strand and about a bent course overlap; a line is met in one go anyway."""
    if not course.bends:
        return True
    ends = course.points(np.array([cut for piece in course.pieces(*span_mm) for cut in piece]))
    room = float(strand.radius_mm.max()) + radius_mm + CHORD_MM
    below = ends.min(axis=0) - room > strand.path_mm.max(axis=0)
    above = ends.max(axis=0) + room < strand.path_mm.min(axis=0)
    return not bool((below | above).any())


def _contacts(strand: Strand, course: Course, pieces: list[tuple[float, float]], radius_mm: float) -> list[Crossing]:
    touched = _along_pieces(strand, course, pieces, radius_mm)
    core = _along_pieces(strand, course, pieces, 0.0) if touched else []
    return [
        Crossing(
            strand.structure, first, last, strand.name, strand.level,
            pierced=any(first <= a and b <= last for a, b in core),
        )
        for first, last in touched
    ]  # fmt: skip


def _along_pieces(
    strand: Strand, course: Course, pieces: list[tuple[float, float]], radius_mm: float
) -> list[tuple[float, float]]:
    """Lengths along the course at which it lies within `radius_mm` of the strand, merged over its pieces."""
    if not course.bends:  # one line: also what it touches before and after the span, cut later
        return contact_intervals(strand, course.entry_mm, course.direction, radius_mm)
    found: list[tuple[float, float]] = []
    for first, last in pieces:
        start, end = course.points(np.array([first, last]))
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
    span_mm = (from_mm, to_mm)
    count = max(2, int(np.ceil((span_mm[1] - span_mm[0]) / SAMPLE_MM)) + 1)
    depths = np.linspace(*span_mm, count)
    kinds, discs = _classify(patient, course.points(depths))
    change = np.flatnonzero((np.diff(kinds) != 0) | (np.diff(discs) != 0))
    low, high = depths[change], depths[change + 1]
    for _ in range(halvings):
        middle = (low + high) / 2.0
        kind, disc = _classify(patient, course.points(middle))
        same = (kind == kinds[change]) & (disc == discs[change])
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    edges = np.concatenate([[span_mm[0]], high, [span_mm[1]]])
    firsts = np.concatenate([[0], change + 1])
    levels = list(patient.discs)
    return _in_body([
        _tissue(Structure(int(kinds[at])), levels[discs[at]] if discs[at] >= 0 else None, edges[n], edges[n + 1])
        for n, at in enumerate(firsts)
    ])  # fmt: skip


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


def _classify(patient: Patient, points_mm: FloatArray) -> tuple[UInt8Array, FloatArray]:
    """Structure numbers (n,) and index of the disc (n,), -1 outside discs, of points (n, 3)."""
    labels = patient.volume.label_at(points_mm)
    held = {int(strand.structure) for strand in patient.strands} | {0}
    kinds = np.where(np.isin(labels, list(held)), _by_hounsfield(patient.volume.hu_at(points_mm)), labels)
    discs = np.full(len(points_mm), -1)
    bone = np.isin(labels, [int(b) for b in BONES])
    for n, shape in enumerate(patient.discs.values()):
        local = shape.patient_from_disc.inverse().points(points_mm)
        near = np.flatnonzero(~bone & (np.linalg.norm(local, axis=1) < 2.0 * shape.half_width_mm))
        if not near.size:
            continue
        depth = shape.depth_inside_mm(local[near])
        # A label's staircase sticks out of the formula by less than a voxel: there it is no second disc, nor bone.
        frayed = near[(depth > -EDGE_MM) & np.isin(kinds[near], DISC_LABELS)]
        kinds[frayed] = _by_hounsfield(np.minimum(patient.volume.hu_at(points_mm[frayed]), BONE_ABOVE_HU))
        inside = near[depth > 0.0]
        kinds[inside], discs[inside] = region_at(shape, local[inside]), n
    return kinds.astype(np.uint8), discs


def _by_hounsfield(hu: FloatArray) -> FloatArray:
    classes = [hu < AIR_BELOW_HU, hu < FAT_BELOW_HU, hu > BONE_ABOVE_HU]
    return np.select(classes, [Structure.BOWEL_GAS, Structure.FAT, Structure.BONE], Structure.MUSCLE)
