"""What a discogram shows: Dallas grade and Adams type, read off where the contrast went and off nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.disc.reach import IntArray
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.disc.voxels import Disc

SEEN_SHARE: Final = 0.02
"""Assumption: contrast is seen in a voxel of which it fills this much: 6 mg/mL of iodine at 300 mg/mL, 150 HU."""

STRAY: Final = 0.02
"""Share of the contrast in the annulus that may lie beyond where it is read to reach: single voxels on a rim."""

WIDE_ARC_DEG: Final = 30.0
"""Arc of the outer annulus above which grade 3 becomes grade 4 (modified Dallas description)."""

EDGE: Final = 0.2
"""Assumption: what passes a third's border by this share of a third is a voxel's edge, not the next grade."""


VALLEY: Final = 0.25
"""Assumption: two masses are seen where, between them, a slice of the nucleus holds less contrast than this share of
the fullest slice of the lesser one."""


class Adams(StrEnum):
    """Type of a discogram, 1 to 5 (Adams, J Bone Joint Surg Br 1986;68:36)."""

    COTTONBALL = "cottonball"
    LOBULAR = "lobular"
    IRREGULAR = "irregular"
    FISSURED = "fissured"
    RUPTURED = "ruptured"


_ADAMS: Final = (Adams.COTTONBALL, Adams.IRREGULAR, Adams.IRREGULAR, Adams.FISSURED, Adams.FISSURED)


@dataclass(frozen=True, slots=True)
class Discogram:
    """What is read: modified Dallas grade and Adams type so far."""

    dallas: int
    adams: Adams


def discogram(disc: Disc) -> Discogram | None:
    """Read the contrast in a disc; None where there is none in the nucleus (nothing, annular or vascular).

    Dallas: 0 nucleus only; 1, 2, 3 inner, middle, outer third of the annulus; 4 outer third over more than 30 degrees;
    5 past the disc. Adams: cottonball 0, irregular 1 and 2, fissured 3 and 4 (to the annulus's outer edge), ruptured 5;
    lobular where at 0 or 1 two masses lie over each other.
    """
    seen = disc.contrast_ml > SEEN_SHARE * disc.voxel_ml
    if not (seen & (disc.tissue == Tissue.NUCLEUS)).any():
        return None
    if (seen & (disc.tissue == Tissue.OUTSIDE)).any():
        return Discogram(5, Adams.RUPTURED)
    third, arc_deg = _reach(disc, np.flatnonzero(seen & (disc.tissue == Tissue.ANNULUS)))
    dallas = 4 if third == 3 and arc_deg > WIDE_ARC_DEG else third
    if dallas <= 1 and _in_two_masses(disc):
        return Discogram(dallas, Adams.LOBULAR)
    return Discogram(dallas, _ADAMS[dallas])


def _in_two_masses(disc: Disc) -> bool:
    """Whether the nucleus's contrast lies in two masses, one over the other, with a band between them."""
    held_ml = np.where(disc.tissue == Tissue.NUCLEUS, disc.contrast_ml, 0.0).sum(axis=(1, 2))  # the disc's slices
    below, above = np.maximum.accumulate(held_ml), np.maximum.accumulate(held_ml[::-1])[::-1]
    return bool((held_ml < VALLEY * np.minimum(below, above)).any())


def _reach(disc: Disc, voxels: IntArray) -> tuple[int, float]:
    """The third of the annulus, 1 to 3, that contrast in these voxels reaches, 0 for none; and its arc in the outermost
    of these thirds, degrees.
    """
    if not voxels.size:
        return 0, 0.0
    k, j, i = np.unravel_index(voxels, disc.tissue.shape)
    points = disc.patient_from_index.points(np.stack([i, j, k], axis=-1))
    local = disc.shape.patient_from_disc.inverse().points(points)
    inner = disc.shape.nucleus_fraction
    thirds = 3.0 * (disc.shape.rim(local) - inner) / (1.0 - inner)
    order = np.argsort(thirds)
    below = np.cumsum(disc.contrast_ml.ravel()[voxels][order])
    reached = float(thirds[order][np.searchsorted(below, (1.0 - STRAY) * below[-1])])
    third = int(np.clip(np.ceil(reached - EDGE), 1, 3))
    return third, _arc_deg(local[thirds > third - 1.0])


def _arc_deg(local: FloatArray) -> float:
    """Arc about the disc's axis, degrees, over which points (n, 3) of its frame lie: the circle less its widest gap."""
    azimuth = np.sort(np.degrees(np.arctan2(local[:, 0], local[:, 1])))
    if azimuth.size < 2:
        return 0.0
    gaps = np.diff(azimuth, append=azimuth[0] + 360.0)
    return float(360.0 - gaps.max())
