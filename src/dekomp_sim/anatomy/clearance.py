"""How far a straight needle passes from nerves, vessels, bowel, kidneys and bone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.patient import Patient, Strand
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, UInt8Array, frozen

REACH_MM: Final = 15.0
"""Assumption: labelled structures farther from the needle than this are not reported: 10 mm is already no threat."""

ORGANS: Final = (
    Structure.KIDNEY_RIGHT,
    Structure.KIDNEY_LEFT,
    Structure.COLON,
    Structure.BOWEL_GAS,
    Structure.BOWEL_CONTENT,
    Structure.AORTA,
    Structure.INFERIOR_VENA_CAVA,
    Structure.ILIAC_ARTERY_LEFT,
    Structure.ILIAC_ARTERY_RIGHT,
    Structure.ILIAC_VEIN_LEFT,
    Structure.ILIAC_VEIN_RIGHT,
)
"""Labels of organs and vessels a needle must miss."""

_FAR = 1e9
"""Beyond either end of a segment."""

_PIECE_MM = 15.0
"""Length of the pieces about which labels are searched."""


@dataclass(frozen=True, slots=True, eq=False)
class Clearance:
    """How near a needle comes to one structure.

    Parameters
    ----------
    name
        The strand's name, "L4-L5 disc", or the label's name in words.
    structure
        Its kind.
    distance_mm
        From surface to surface; negative inside.
    at_mm
        (3,) point on the needle's axis where it comes nearest, patient frame.
    uncertainty_mm
        Standard deviation of where the structure lies: see `Strand`.
    """

    name: str
    structure: Structure
    distance_mm: float
    at_mm: FloatArray
    uncertainty_mm: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_mm", frozen(self.at_mm, (3,)))


def clearances(
    patient: Patient, start_mm: ArrayLike, end_mm: ArrayLike, radius_mm: float = 0.0
) -> tuple[Clearance, ...]:
    """Distances of a needle from every strand and disc, and from labelled bones and organs within `REACH_MM`.

    Strands are exact (hulls of balls along their path). Discs use `DiscShape.depth_inside_mm` every 0.25 mm, which
    never overstates the distance outside. Labels are good to half a voxel; what the patient holds as strands is not
    looked up in the labels again.

    Parameters
    ----------
    patient
        Who.
    start_mm, end_mm
        (3,) ends of the needle's axis in the patient frame.
    radius_mm
        The needle's radius.

    Returns
    -------
    Ascending by distance.
    """
    start, end = frozen(start_mm, (3,)), frozen(end_mm, (3,))
    found = _of_strands(patient, start, end, radius_mm)
    found += [_of_disc(disc, start, end, radius_mm) for disc in patient.discs.values()]
    found += _of_labels(patient, start, end, radius_mm)
    return tuple(sorted(found, key=lambda clearance: clearance.distance_mm))


def strand_distances_mm(strands: Sequence[Strand], starts_mm: FloatArray, ends_mm: FloatArray) -> FloatArray:
    """(m, strands) distance of m needle axes from each strand's surface, negative inside.

    Parameters
    ----------
    strands
        Nerves, sac, vessels.
    starts_mm, ends_mm
        (m, 3) ends of the axes.
    """
    if not strands:
        return np.empty((len(starts_mm), 0))
    return np.stack([_to_segments(_segments(one), starts_mm, ends_mm)[0].min(axis=1) for one in strands], axis=1)


def nearest_strand_mm(strands: Sequence[Strand], at_mm: FloatArray) -> float:
    """Distance of a point (3,) from the nearest of some strands' surfaces, negative inside, infinite without any.

    A strand whose box, or whose axis, is farther away than what was found is not looked at closely.
    """
    at, best = at_mm.tolist(), math.inf
    boxes = ((_box(strand), strand) for strand in strands)
    for away_mm, box, strand in sorted(
        ((box.off_mm(at), box, strand) for box, strand in boxes), key=lambda row: row[0]
    ):
        if away_mm >= best:
            break
        across_mm = strand.distance_mm(at_mm)
        if across_mm - box.lean * (across_mm + box.thickest_mm) < best:
            best = min(best, float(strand_distances_mm([strand], at_mm[None], at_mm[None])[0, 0]))
    return best


@dataclass(frozen=True, slots=True)
class _Box:
    """The box about a strand's path, its greatest radius, and by which share of its way to the axis a point may be
    nearer to a cone's surface than it is straight across: 1 - sqrt(1 - slope^2).
    """

    low_mm: list[float]
    high_mm: list[float]
    thickest_mm: float
    lean: float

    def off_mm(self, at: list[float]) -> float:
        """A lower bound of a point's distance from the surface."""
        out = (max(a - x, x - b, 0.0) for a, x, b in zip(self.low_mm, at, self.high_mm, strict=True))
        return math.hypot(*out) - self.thickest_mm


@lru_cache(maxsize=256)
def _box(strand: Strand) -> _Box:
    path, radius = strand.path_mm, strand.radius_mm
    slope = np.abs(np.diff(radius)) / np.linalg.norm(np.diff(path, axis=0), axis=1)
    lean = 1.0 - math.sqrt(max(1.0 - float(slope.max()) ** 2, 0.0))
    return _Box(path.min(axis=0).tolist(), path.max(axis=0).tolist(), float(radius.max()), lean)


class _Segments(NamedTuple):
    """Segments of strands: (n, 3) ends, (n,) radius at the first and its growth to the other."""

    near_mm: FloatArray
    far_mm: FloatArray
    radius_mm: FloatArray
    growth_mm: FloatArray


def _segments(strand: Strand) -> _Segments:
    return _Segments(strand.path_mm[:-1], strand.path_mm[1:], strand.radius_mm[:-1], np.diff(strand.radius_mm))


@lru_cache(maxsize=4)
def _all_segments(patient: Patient) -> tuple[_Segments, IndexArray]:
    """The segments of all strands, and where each strand's begin; kept for the patients in use."""
    each = [_segments(strand) for strand in patient.strands]
    begins = np.cumsum([0, *(len(one.radius_mm) for one in each)])
    return _Segments(*(np.concatenate(part) for part in zip(*each, strict=True))), begins


def _of_strands(patient: Patient, start: FloatArray, end: FloatArray, radius_mm: float) -> list[Clearance]:
    if not patient.strands:
        return []
    segments, begins = _all_segments(patient)
    distance, along = (rows[0] for rows in _to_segments(segments, start[None], end[None]))
    found = []
    for strand, (first, last) in zip(patient.strands, pairwise(begins.tolist()), strict=True):
        nearest = first + int(np.argmin(distance[first:last]))
        at, apart_mm = start + along[nearest] * (end - start), float(distance[nearest]) - radius_mm
        found.append(Clearance(strand.name, strand.structure, apart_mm, at, strand.uncertainty_mm))
    return found


def _to_segments(segments: _Segments, starts: FloatArray, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(m, n) distance of m axes from n segments, and where (0 to 1) along the axes it is attained.

    With axis point P(s) and segment point Q(t), |P(s) - Q(t)| - r(t) is convex in (s, t), so its least value over the
    unit square lies either where its gradient is zero or on an edge; all five cases have closed forms.
    """
    near, far, r0, slope = segments
    along_axis = (ends - starts)[:, None, :]
    along_strand = far - near
    gap = starts[:, None, :] - near
    cases = [
        _from_point(starts, near, along_strand, slope, 0.0),
        _from_point(ends, near, along_strand, slope, 1.0),
        _from_path_point(near, starts, along_axis, 0.0),
        _from_path_point(far, starts, along_axis, 1.0),
        _inside(gap, along_axis, along_strand, slope),
    ]
    s = np.stack([np.broadcast_to(case[0], gap.shape[:2]) for case in cases])
    t = np.stack([np.broadcast_to(case[1], gap.shape[:2]) for case in cases])
    apart = gap + s[..., None] * along_axis - t[..., None] * along_strand
    distance = np.sqrt((apart**2).sum(axis=-1)) - (r0 + slope * t)
    best = np.argmin(distance, axis=0)[None]
    return np.take_along_axis(distance, best, axis=0)[0], np.take_along_axis(s, best, axis=0)[0]


def _shift(height: FloatArray, length: FloatArray, slope: FloatArray) -> FloatArray:
    """How far beyond the foot of the perpendicular (in units of t) a growing radius moves the nearest point."""
    steep = length**2 - slope**2
    shift = slope * height / (length * np.sqrt(np.where(steep > 0.0, steep, 1.0)))
    return np.where(steep > 0.0, shift, np.sign(slope) * _FAR)


def _from_point(
    points: FloatArray, near: FloatArray, along: FloatArray, slope: FloatArray, s: float
) -> tuple[FloatArray, FloatArray]:
    """(s, t) nearest to one end of the axes."""
    length = np.maximum(np.linalg.norm(along, axis=-1), 1e-9)
    to_point = points[:, None, :] - near
    foot = (to_point * along).sum(axis=-1) / length**2
    height = np.linalg.norm(to_point - foot[..., None] * along, axis=-1)
    return np.asarray(s), np.clip(foot + _shift(height, length, slope), 0.0, 1.0)


def _from_path_point(
    points: FloatArray, starts: FloatArray, along_axis: FloatArray, t: float
) -> tuple[FloatArray, FloatArray]:
    """(s, t) nearest to one end of the strand's segments."""
    square = np.maximum((along_axis**2).sum(axis=-1), 1e-18)
    s = ((points - starts[:, None, :]) * along_axis).sum(axis=-1) / square
    return np.clip(s, 0.0, 1.0), np.asarray(t)


def _inside(
    gap: FloatArray, along_axis: FloatArray, along_strand: FloatArray, slope: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(s, t) where the gradient is zero, held to the unit square: a value there is attained, if not always the
    least."""
    a = (along_axis**2).sum(axis=-1)
    b = (along_axis * along_strand).sum(axis=-1)
    c = (along_strand**2).sum(axis=-1)
    d, e = (gap * along_axis).sum(axis=-1), (gap * along_strand).sum(axis=-1)
    cross = np.maximum(a * c - b * b, 1e-12)
    s0, t0 = (b * e - c * d) / cross, (a * e - b * d) / cross
    height = np.linalg.norm(gap + s0[..., None] * along_axis - t0[..., None] * along_strand, axis=-1)
    across = np.sqrt(cross / np.maximum(a, 1e-18))
    t = np.clip(t0 + _shift(height, across, np.broadcast_to(slope, height.shape)), 0.0, 1.0)
    return np.clip((b * t - d) / np.maximum(a, 1e-18), 0.0, 1.0), t


def _of_disc(disc: DiscShape, start: FloatArray, end: FloatArray, radius_mm: float) -> Clearance:
    count = max(2, int(np.ceil(np.linalg.norm(end - start) / 0.25)) + 1)
    axis = start + np.linspace(0.0, 1.0, count)[:, None] * (end - start)
    depth = disc.depth_inside_mm(disc.patient_from_disc.inverse().points(axis))
    deepest = int(np.argmax(depth))
    # the name's kind is the part a needle meets first
    return Clearance(f"{disc.level} disc", Structure.ANNULUS, -float(depth[deepest]) - radius_mm, axis[deepest])


def _of_labels(patient: Patient, start: FloatArray, end: FloatArray, radius_mm: float) -> list[Clearance]:
    volume = patient.volume
    if volume.labels is None:
        return []
    watched = np.zeros(256, dtype=np.bool_)
    watched[[*BONES, *ORGANS]] = True
    watched[[strand.structure for strand in patient.strands]] = False
    half_voxel = float(volume.patient_from_index.spacing_mm.mean()) / 2.0
    nearest: dict[int, Clearance] = {}
    # piece by piece: the box about an oblique needle is mostly far from it
    cuts = np.linspace(0.0, 1.0, max(1, round(float(np.linalg.norm(end - start)) / _PIECE_MM)) + 1)
    for first, last in pairwise(cuts):
        piece = (start + first * (end - start), start + last * (end - start))
        for found in _of_piece(volume, watched, piece, half_voxel + radius_mm):
            held = nearest.get(found.structure)
            if held is None or found.distance_mm < held.distance_mm:
                nearest[found.structure] = found
    return list(nearest.values())


def _of_piece(
    volume: Volume, watched: BoolArray, piece: tuple[FloatArray, FloatArray], less_mm: float
) -> list[Clearance]:
    corner, labels = _neighbourhood(volume, *piece)
    start, end = piece
    frame = np.column_stack([volume.patient_from_index.matrix, volume.patient_from_index.points(corner)])
    distance, along = _least(labels, watched, frame, start, end)
    return [
        Clearance(
            in_words(Structure(which)),
            Structure(which),
            float(distance[which]) - less_mm,
            start + along[which] * (end - start),
        )
        for which in np.flatnonzero(distance < REACH_MM).tolist()
    ]


@njit(cache=True, nogil=True)
def _least(
    labels: UInt8Array, watched: BoolArray, frame: FloatArray, start: FloatArray, end: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(256,) least distance of a segment from the voxels of each watched label of a box (nk, nj, ni), infinite where
    there is none; and where along the segment (0 to 1) it is. `frame` (3, 4) takes the box's indices to mm.
    """
    distance, along = np.full(256, np.inf), np.zeros(256)
    way = end - start
    square = max(way[0] * way[0] + way[1] * way[1] + way[2] * way[2], 1e-18)
    nk, nj, ni = labels.shape
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                which = labels[k, j, i]
                if not watched[which]:
                    continue
                x = frame[0, 0] * i + frame[0, 1] * j + frame[0, 2] * k + frame[0, 3] - start[0]
                y = frame[1, 0] * i + frame[1, 1] * j + frame[1, 2] * k + frame[1, 3] - start[1]
                z = frame[2, 0] * i + frame[2, 1] * j + frame[2, 2] * k + frame[2, 3] - start[2]
                share = min(max((x * way[0] + y * way[1] + z * way[2]) / square, 0.0), 1.0)
                x, y, z = x - share * way[0], y - share * way[1], z - share * way[2]
                here = math.sqrt(x * x + y * y + z * z)
                if here < distance[which]:
                    distance[which], along[which] = here, share
    return distance, along


def millimetres(distance_mm: float, uncertainty_mm: float = 0.0) -> str:
    """A distance as a person reads it, with the standard deviation of its far end where that is not known exactly.

    Examples
    --------
    >>> millimetres(2.14), millimetres(2.14, 1.5)
    ('2.1 mm', '2.1 mm (± 1.5)')
    """
    return f"{distance_mm:.1f} mm" + (f" (± {uncertainty_mm:.1f})" if uncertainty_mm else "")


def in_words(structure: Structure) -> str:
    """A structure's name as a person says it.

    Examples
    --------
    >>> in_words(Structure.VERTEBRA_L4), in_words(Structure.KIDNEY_LEFT)
    ('vertebra L4', 'kidney left')
    """
    words = structure.name.split("_")
    return " ".join(word if word[-1].isdigit() else word.lower() for word in words)


def _neighbourhood(volume: Volume, start: FloatArray, end: FloatArray) -> tuple[FloatArray, UInt8Array]:
    """First index point (i, j, k) and the labels of the box around a needle, `REACH_MM` wider on each side."""
    assert volume.labels is not None
    ends = volume.patient_from_index.indices(np.stack([start, end]))
    margin = np.linalg.norm(np.linalg.inv(volume.patient_from_index.matrix), axis=1) * REACH_MM
    low = np.clip(np.floor(ends.min(axis=0) - margin), 0, volume.size).astype(np.int64)
    high = np.clip(np.ceil(ends.max(axis=0) + margin) + 1, 0, volume.size).astype(np.int64)
    box = volume.labels[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    return low.astype(np.float64), box
