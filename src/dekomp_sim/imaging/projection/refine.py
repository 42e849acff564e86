"""Coarse volumes, split into finer voxels before they are projected.

Between coarse voxels Joseph's interpolation blurs more or less with a ray's place between them, which shows as stripes
with the grid's period. A cubic spline through the voxels' values blurs far more evenly: of noise, its variance between
voxels is 78 % of that on them, of Joseph's 50 %.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.arrays import Float32Array, Int16Array
from dekomp_sim.geometry import Affine

COARSE_MM: Final = 1.5
"""Voxels longer than this are split: at a magnification of 1.7 four of the detector's pixels or more."""

FINE_MM: Final = 1.0
"""About the length they are split to."""

MOST_VOXELS: Final = 150_000_000
"""Volumes that would grow beyond this stay as they are: 300 MB of counts a memory layout."""


def refined(counts: Int16Array, patient_from_index: Affine) -> tuple[Int16Array, Affine]:
    """Counts (nk, nj, ni) not below 0 and their affine, with coarse axes split; what was fine comes back as it is.

    The cubic spline through the values (Unser, IEEE Signal Process Mag 1999;16:22) at the finer voxels' centres,
    mirrored at the volume's ends. Overshoot below 0 and above the highest count is cut.
    """
    factors = [round(float(mm) / FINE_MM) if mm > COARSE_MM else 1 for mm in patient_from_index.spacing_mm]
    if max(factors) == 1 or counts.size * np.prod(factors) > MOST_VOXELS:
        return counts, patient_from_index
    fine = counts.astype(np.float32)
    for axis, factor in zip((2, 1, 0), factors, strict=True):
        if factor > 1:
            fine = _split(fine, axis, factor)
    scale = np.array(factors, dtype=np.float64)
    first_mm = patient_from_index.points((1.0 / scale - 1.0) / 2.0)
    np.clip(np.rint(fine, out=fine), 0.0, float(counts.max(initial=0)), out=fine)
    return fine.astype(np.int16), Affine(patient_from_index.matrix / scale, first_mm)


def _split(values: Float32Array, axis: int, factor: int) -> Float32Array:
    """Each voxel along `axis` split into `factor`, by the cubic spline through the voxels' values."""
    knots = np.moveaxis(ndimage.spline_filter1d(values, 3, axis, output=np.float32, mode="mirror"), axis, 0)
    count = len(knots)
    around = np.abs(np.arange(-2, count + 2))
    padded = knots[np.minimum(around, 2 * (count - 1) - around)]
    out = np.zeros((count, factor, *knots.shape[1:]), dtype=np.float32)
    for part in range(factor):
        place = (part + 0.5) / factor - 0.5
        start = 0 if place < 0.0 else 1
        for tap, weight in enumerate(spline_weights(place + 1.0 - start)):
            out[:, part] += np.float32(weight) * padded[start + tap : start + tap + count]
    return np.moveaxis(out.reshape(count * factor, *knots.shape[1:]), 0, axis)


def spline_weights(t: float) -> tuple[float, float, float, float]:
    """Weights of four neighbouring knots of a cubic spline at fraction t between the middle two.

    Examples
    --------
    >>> [round(weight, 4) for weight in spline_weights(0.5)]
    [0.0208, 0.4792, 0.4792, 0.0208]
    """
    u = 1.0 - t
    return (u**3 / 6.0, (3.0 * t**3 - 6.0 * t**2 + 4.0) / 6.0, (3.0 * u**3 - 6.0 * u**2 + 4.0) / 6.0, t**3 / 6.0)
