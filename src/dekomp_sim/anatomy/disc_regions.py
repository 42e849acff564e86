"""Which part of a disc a point lies in: nucleus, annulus, endplate cartilage or protrusion, by its formulas.

`region_at` says it in NumPy; the compiled twins below are for the many points of a needle's way, where NumPy's calls
would cost more than the formulas, and for a whole grid.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.phantom.fields import disc_side, local, rim
from dekomp_sim.arrays import FloatArray, UInt8Array, frozen

ENDPLATE_CARTILAGE_MM: Final = 0.8
"""Assumption: thickness of the cartilage layer on each endplate, counted to the disc; between 0.6 and 1 mm is usual."""

LEAST_BUMP_MM: Final = 0.5
"""Assumption: where the rim stands out less than this it is called annulus, not protrusion (about one voxel)."""

ROW: Final = 22
"""Numbers of a disc as the kernels read it."""

BEYOND_AXES: Final = 1.1
"""No point of an outline lies farther from the middle than its longer half axis times this: 2^(1/2 - 1/2.5) = 1.07."""

_NUCLEUS, _ANNULUS = int(Structure.NUCLEUS), int(Structure.ANNULUS)
_ENDPLATE, _PROTRUSION = int(Structure.ENDPLATE), int(Structure.PROTRUSION)


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
    points = np.ascontiguousarray(points_mm, dtype=np.float64).reshape(-1, 3)
    names = np.zeros(len(points), dtype=np.uint8)
    _name_points(disc_row(shape), points, names)
    return names.reshape(np.shape(points_mm)[:-1])


@lru_cache(maxsize=32)
def disc_row(shape: DiscShape) -> FloatArray:
    """(22,) a disc as the kernels read it: `disc_from_patient`, sizes, protrusion."""
    inverse = shape.patient_from_disc.inverse()
    sizes = (shape.half_width_mm, shape.half_depth_mm, shape.height_anterior_mm, shape.height_posterior_mm)
    form = (*sizes, shape.concavity_mm, shape.nucleus_fraction)
    out = shape.protrusion
    bump = (out.side.sign, out.depth_mm, out.azimuth_deg, out.width_deg / 2.3548) if out else (0.0,) * 4
    return frozen([*inverse.rotation.ravel(), *inverse.translation_mm, *form, *bump], (ROW,))


@njit(cache=True, nogil=True)
def depth_and_region(disc: FloatArray, x: float, y: float, z: float) -> tuple[float, int]:
    """`DiscShape.depth_inside_mm` and `region_at` of one point of the disc frame."""
    side, bump, half = disc_side(disc, x, y)
    to_endplate = half - abs(z)
    depth = min(bump - side, to_endplate)
    flat = rim(x, y - 0.06 * disc[13], disc[12], disc[13]) / disc[17]
    if flat**4 + (abs(z) / max(half - 1.0, 0.5)) ** 4 < 1.0:
        return depth, _NUCLEUS
    if side > 0.0 and bump > LEAST_BUMP_MM:
        return depth, _PROTRUSION
    return depth, _ENDPLATE if to_endplate < ENDPLATE_CARTILAGE_MM else _ANNULUS


def on_grid(shape: DiscShape, axes_mm: tuple[FloatArray, FloatArray, FloatArray]) -> tuple[FloatArray, UInt8Array]:
    """`DiscShape.depth_inside_mm` and `region_at` at the points (nk, nj, ni) of a grid along the disc's own axes.

    Parameters
    ----------
    shape
        The disc.
    axes_mm
        The grid's x (ni,), y (nj,) and z (nk,) in the disc frame.
    """
    size = (len(axes_mm[2]), len(axes_mm[1]), len(axes_mm[0]))
    depth_mm, names = np.empty(size), np.empty(size, dtype=np.uint8)
    _fill_grid(disc_row(shape), axes_mm, depth_mm, names)
    return depth_mm, names


@njit(cache=True, nogil=True)
def _fill_grid(
    disc: FloatArray, axes_mm: tuple[FloatArray, FloatArray, FloatArray], depth_mm: FloatArray, names: UInt8Array
) -> None:
    """What is the same all along z is worked out once for a column."""
    xs, ys, zs = axes_mm
    for j in range(len(ys)):
        for i in range(len(xs)):
            side, bump, half = disc_side(disc, xs[i], ys[j])
            flat = (rim(xs[i], ys[j] - 0.06 * disc[13], disc[12], disc[13]) / disc[17]) ** 4
            herniated = side > 0.0 and bump > LEAST_BUMP_MM
            for k in range(len(zs)):
                to_endplate = half - abs(zs[k])
                depth_mm[k, j, i] = min(bump - side, to_endplate)
                if flat + (abs(zs[k]) / max(half - 1.0, 0.5)) ** 4 < 1.0:
                    names[k, j, i] = _NUCLEUS
                elif herniated:
                    names[k, j, i] = _PROTRUSION
                else:
                    names[k, j, i] = _ENDPLATE if to_endplate < ENDPLATE_CARTILAGE_MM else _ANNULUS


@njit(cache=True, nogil=True)
def _name_points(disc: FloatArray, points: FloatArray, names: UInt8Array) -> None:
    """Put the structure numbers of points (n, 3) of the patient frame inside the disc into `names` (n,)."""
    reach = BEYOND_AXES * max(disc[12], disc[13]) + disc[19]
    for n in range(points.shape[0]):
        x, y, z = local(disc, points[n, 0], points[n, 1], points[n, 2])
        if x * x + y * y > reach * reach:
            continue
        depth, region = depth_and_region(disc, x, y, z)
        if depth > 0.0:
            names[n] = region
