"""What a discogram shows: Dallas grade and Adams type, read off where the contrast went and off nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray, IndexArray
from dekomp_sim.disc.reading import arc_deg, places, rims, sorted_out, weighted_quantile
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
    least_ml = SEEN_SHARE * disc.voxel_ml
    held = disc.stain
    in_slices_ml, seen, where, much = sorted_out(held.voxels, held.ml, disc.tissue, Tissue.ANNULUS, least_ml)
    if seen[Tissue.NUCLEUS] == 0:
        return None
    if seen[Tissue.OUTSIDE] > 0:
        return Discogram(5, Adams.RUPTURED)
    third, over_deg = _reach(disc, where, much)
    dallas = 4 if third == 3 and over_deg > WIDE_ARC_DEG else third
    if dallas <= 1 and _in_two_masses(in_slices_ml[:, Tissue.NUCLEUS]):
        return Discogram(dallas, Adams.LOBULAR)
    return Discogram(dallas, _ADAMS[dallas])


def _in_two_masses(held_ml: FloatArray) -> bool:
    """Whether contrast (nk,) by slices of the nucleus is in two masses over each other with a band between them."""
    below, above_it = np.maximum.accumulate(held_ml), np.maximum.accumulate(held_ml[::-1])[::-1]
    return bool((held_ml < VALLEY * np.minimum(below, above_it)).any())


def _reach(disc: Disc, voxels: IndexArray, held_ml: FloatArray) -> tuple[int, float]:
    """The third of the annulus, 1 to 3, that the contrast in these voxels (n,) reaches, 0 for none; and its arc in the
    outermost of these thirds, degrees.
    """
    if not voxels.size:
        return 0, 0.0
    shape = disc.shape
    turn = shape.patient_from_disc.inverse()
    shift = turn.points(disc.patient_from_index.origin_mm)
    disc_from_index = np.column_stack([turn.rotation @ disc.patient_from_index.matrix, shift])
    at_mm = places(voxels, disc.tissue.shape, disc_from_index)
    rim_at = rims(at_mm, (shape.half_width_mm, shape.half_depth_mm))
    nucleus, third_wide = shape.nucleus_fraction, (1.0 - shape.nucleus_fraction) / 3.0
    reached = (weighted_quantile(rim_at, held_ml, 1.0 - STRAY) - nucleus) / third_wide
    third = int(np.clip(np.ceil(reached - EDGE), 1, 3))
    return third, arc_deg(at_mm, rim_at, nucleus + (third - 1) * third_wide)
