"""Which part of a disc a point lies in: nucleus, annulus, endplate cartilage or protrusion, by its formulas."""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.arrays import FloatArray, UInt8Array

ENDPLATE_CARTILAGE_MM: Final = 0.8
"""Assumption: thickness of the cartilage layer on each endplate, counted to the disc; between 0.6 and 1 mm is usual."""

LEAST_BUMP_MM: Final = 0.5
"""Assumption: where the rim stands out less than this it is called annulus, not protrusion (about one voxel)."""


def region_at(shape: DiscShape, points_mm: FloatArray) -> UInt8Array:
    """Structure numbers (...) of points (..., 3) in the disc frame as if all of them lay in the disc.

    The nearest part is meant where a point lies just outside, so that partly covered voxels have a tissue.
    """
    behind_rim = (shape.rim(points_mm) > 1.0) & (shape.bump_mm(points_mm) > LEAST_BUMP_MM)
    to_endplate = shape.height_mm(points_mm) / 2.0 - np.abs(points_mm[..., 2])
    parts = [shape.nucleus_rim(points_mm) < 1.0, behind_rim, to_endplate < ENDPLATE_CARTILAGE_MM]
    names = [np.uint8(Structure.NUCLEUS), np.uint8(Structure.PROTRUSION), np.uint8(Structure.ENDPLATE)]
    return np.asarray(np.select(parts, names, np.uint8(Structure.ANNULUS)), dtype=np.uint8)


def disc_structure_at(shape: DiscShape, points_mm: FloatArray) -> UInt8Array:
    """Structure numbers (...) of points (..., 3) in the patient frame: a part of this disc, or 0 outside it."""
    local = shape.patient_from_disc.inverse().points(points_mm)
    inside = shape.depth_inside_mm(local) > 0.0
    return np.where(inside, region_at(shape, local), np.uint8(Structure.OUTSIDE)).astype(np.uint8)
