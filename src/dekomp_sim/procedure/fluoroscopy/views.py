"""Named views as DICOM positioner angles, for a prone patient with the detector over the back.

A true AP looks along the vertebra's own midline: the spinous process stands midway between the pedicles however the
patient lies. The unit vector isocentre to detector is (sin p cos s, -cos p cos s, sin s) for primary p and secondary s.
A view is square to a disc where that vector lies in the disc's plane: with the normal n,
tan s = (n_y cos p - n_x sin p) / n_z.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level, Side, Structure
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure.actions import View

OVER_THE_BACK_DEG: Final = 180.0
"""Primary angle of a detector over a prone patient's back, by DICOM's formula above."""

OBLIQUE_DEG: Final = 35.0
"""Turn from the midline toward the side of approach, degrees.

Assumption: 30 to 35 degrees put the superior articular process over the middle of the disc in common teaching. Used
where no process is labelled.
"""

OBLIQUE_RANGE_DEG: Final = (20.0, 45.0)
"""Turns between which an operator looks for the superior articular process. Assumption: beyond them the facet's joint
line, or the crest, covers the disc."""

PROCESS_MM: Final = (6.0, 25.0)
"""Where a superior articular process is looked for behind the disc: at least the first figure from the midline (beside
the spinous process), at most the second above the disc's plane. Assumption: from lumbar CT, processes end 10 to 20 mm
above it."""


NEIGHBOURHOOD_MM: Final = 80.0
"""Distance from a disc within which its neighbours' processes lie: beyond any lumbar vertebra's half width."""


class Angles(NamedTuple):
    """DICOM's positioner angles (0018,1510) and (0018,1511)."""

    primary_deg: float
    secondary_deg: float


def square_tilt_deg(disc: DiscShape, primary_deg: float) -> float:
    """Secondary angle at which the central ray lies in the disc's plane, for a primary angle.

    Examples
    --------
    >>> from dekomp_sim.anatomy import Level
    >>> from dekomp_sim.geometry import Rigid
    >>> level = DiscShape(Level.L4_L5, Rigid.identity(), 25, 17, 12, 8)
    >>> abs(square_tilt_deg(level, 180.0))
    0.0
    """
    normal = disc.patient_from_disc.directions([0.0, 0.0, 1.0])
    p = np.radians(primary_deg)
    return float(np.degrees(np.arctan2(normal[1] * np.cos(p) - normal[0] * np.sin(p), normal[2])))


def straight_behind_deg(disc: DiscShape) -> float:
    """Primary angle of a detector straight behind a disc: along its own midline, on which the spinous process lies.

    Examples
    --------
    >>> from dekomp_sim.anatomy import Level
    >>> from dekomp_sim.geometry import Rigid
    >>> rolled = DiscShape(Level.L4_L5, Rigid.about_axis([0, 0, 1], 5.0), 25, 17, 12, 8)
    >>> round(straight_behind_deg(rolled), 6)
    -175.0
    """
    x, y, _ = disc.patient_from_disc.directions([0.0, 1.0, 0.0])
    return _wrapped(float(np.degrees(np.arctan2(x, -y))))


@lru_cache(maxsize=8)
def process_turn_deg(patient: Patient, level: Level, side: Side) -> float:
    """Turn from straight behind that puts the superior articular process of the lower vertebra over the disc's middle.

    The process is what is labelled of the lower vertebra behind and above the disc's plane. `OBLIQUE_DEG` where the
    labels show none; held to `OBLIQUE_RANGE_DEG`. Kept for the patients in use.
    """
    disc = patient.discs[level]
    near = _labelled_near(patient.volume, level.vertebra_below, disc.patient_from_disc.translation_mm)
    at = disc.patient_from_disc.inverse().points(near)
    aside, above = PROCESS_MM
    behind = (at[:, 1] > disc.half_depth_mm) & (at[:, 2] > 0.0) & (at[:, 2] < above)
    process = at[behind & (at[:, 0] * side.sign > aside)]
    if len(process) == 0:
        return OBLIQUE_DEG
    along = disc.patient_from_disc.directions(process.mean(axis=0) * (1.0, 1.0, 0.0))
    turn = _towards(along).primary_deg - straight_behind_deg(disc)
    return float(np.clip(abs(_wrapped(turn)), *OBLIQUE_RANGE_DEG))


def biplane_pair(disc: DiscShape, side: Side) -> tuple[Angles, Angles]:
    """Angles of two planes seen at once: the true AP, and the lateral square to it with its detector on `side`."""
    frontal = straight_behind_deg(disc)
    lateral = _wrapped(frontal - side.sign * 90.0)
    return Angles(frontal, square_tilt_deg(disc, frontal)), Angles(lateral, square_tilt_deg(disc, lateral))


def angles_of(
    view: View,
    disc: DiscShape,
    side: Side,
    inward: FloatArray,
    primary_now_deg: float,
    oblique_deg: float = OBLIQUE_DEG,
) -> Angles:
    """Angles of a named view.

    Parameters
    ----------
    view
        Its name. `endplate` keeps the present primary angle and squares the tilt to the disc; of `biplane` these are
        the frontal plane's, `biplane_pair` tells both.
    disc
        The treated disc.
    side
        Side of approach: the oblique view turns toward it, and the lateral has its detector there.
    inward
        (3,) direction of the planned needle, from the skin to the disc.
    primary_now_deg
        The C-arm's present primary angle.
    oblique_deg
        Turn of the oblique view from straight behind: `process_turn_deg` finds it.
    """
    if view is View.NEEDLE_EYE:
        return _towards(-inward)
    behind = straight_behind_deg(disc)
    primary = {
        View.AP: behind,
        View.BIPLANE: behind,
        View.LATERAL: behind - side.sign * 90.0,
        View.OBLIQUE: behind - side.sign * oblique_deg,
        View.ENDPLATE: primary_now_deg,
    }[view]
    return Angles(_wrapped(primary), square_tilt_deg(disc, primary))


def _labelled_near(volume: Volume, structure: Structure, centre_mm: FloatArray) -> FloatArray:
    """Points (n, 3) of a structure's voxels within `NEIGHBOURHOOD_MM` of a centre along each of the grid's axes."""
    if volume.labels is None:
        return np.empty((0, 3))
    middle = volume.patient_from_index.indices(centre_mm)
    reach = NEIGHBOURHOOD_MM / volume.patient_from_index.spacing_mm
    first = np.maximum(np.floor(middle - reach), 0.0).astype(int)
    last = np.maximum(np.ceil(middle + reach), 0.0).astype(int)
    part = tuple(slice(a, b) for a, b in zip(first[::-1], last[::-1], strict=True))
    k, j, i = np.nonzero(volume.labels[part] == structure)
    return volume.patient_from_index.points(np.stack([i, j, k], axis=-1) + first)


def _towards(direction: FloatArray) -> Angles:
    x, y, z = direction / np.linalg.norm(direction)
    return Angles(_wrapped(float(np.degrees(np.arctan2(x, -y)))), float(np.degrees(np.arcsin(z))))


def _wrapped(angle_deg: float) -> float:
    """The same angle in (-180, 180], as DICOM wants it."""
    return 180.0 - (180.0 - angle_deg) % 360.0
