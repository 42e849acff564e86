"""How far a straight needle passes from nerves, vessels, bowel, kidneys and bone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.strand_distance import nearest_on_axes
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array, frozen

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


def _of_strands(patient: Patient, start: FloatArray, end: FloatArray, radius_mm: float) -> list[Clearance]:
    distance, along = (rows[0].tolist() for rows in nearest_on_axes(patient.strands, start[None], end[None]))
    return [
        Clearance(one.name, one.structure, away - radius_mm, start + share * (end - start), one.uncertainty_mm)
        for one, away, share in zip(patient.strands, distance, along, strict=True)
    ]


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
