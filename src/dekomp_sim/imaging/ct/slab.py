"""What lies in a slice: mass of each substance per volume, averaged over the slice's thickness, on a plane's grid.

Left out: what averaging mass instead of transmission hides, the partial volume of steep edges within a slice. Steel is
not averaged (`paths`): there it would show.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from scipy.ndimage import map_coordinates

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.geometry import Rigid
from dekomp_sim.imaging.signal.rows import by_rows
from dekomp_sim.matter import Substance, hu_tables

PIXEL_MM: Final = (0.6, 1.0)
"""Finest and coarsest grid on which a patient is sampled: the volume's own spacing within these. Assumption: half a
channel at the isocentre and the spacing of a plain CT."""

CHANGE_PIXEL_MM: Final = 0.4
"""Grid of what has changed in a disc: the disc's own voxels."""

AIR_HU: Final = -950
"""Assumption: up to here a voxel is air around the patient, and rows and columns of nothing else are left away."""


@dataclass(frozen=True, slots=True, eq=False)
class Slab:
    """Two substances on a plane.

    Parameters
    ----------
    substances
        Which.
    g_cm3
        (rows, cols, 2) float32 mass per volume, contiguous, its rim empty.
    first_mm
        (x, y) of pixel (0, 0)'s middle in the scan frame.
    pixel_mm
        Edge of a pixel.
    """

    substances: tuple[Substance, Substance]
    g_cm3: Float32Array
    first_mm: tuple[float, float]
    pixel_mm: float

    def __post_init__(self) -> None:
        rim = (self.g_cm3[0], self.g_cm3[-1], self.g_cm3[:, 0], self.g_cm3[:, -1])
        if any(edge.any() for edge in rim):
            raise ValueError("the rim of a slab has to be empty: rays are followed from one rim to the other")
        sealed(self.g_cm3)


def slab_of(
    volume: Volume, patient_from_scan: Rigid, offsets_mm: FloatArray, field_mm: float, pool: Executor | None = None
) -> Slab | None:
    """Soft tissue and bone mineral of the patient in a slice, between voxels by straight lines; None where it is air.

    Parameters
    ----------
    volume
        The patient's.
    patient_from_scan
        Where the slice lies.
    offsets_mm
        (rows, n) heights that make up the slice.
    field_mm
        Diameter about the isocentre; what lies outside is not sampled.
    pool
        Threads.
    """
    pixel_mm = float(np.clip(volume.patient_from_index.spacing_mm.min(), *PIXEL_MM))
    box = _box(volume, patient_from_scan, field_mm)
    if box is None:
        return None
    low, high = box
    cols, rows = (int(np.ceil((b - a) / pixel_mm)) + 3 for a, b in zip(low, high, strict=True))
    first = (low[0] - pixel_mm, low[1] - pixel_mm)
    index_from_scan = _index_from_scan(volume, patient_from_scan)
    out = np.zeros((rows, cols, 2), dtype=np.float32)
    soft, bone = hu_tables()
    heights = np.ascontiguousarray(offsets_mm).reshape(-1)
    hu = volume.hu.view(np.uint16)

    def sample(first_row: int, last_row: int) -> None:
        _sample((hu, soft, bone), index_from_scan, (first[0], first[1], pixel_mm), heights, (first_row, last_row), out)

    by_rows(rows, sample, pool)
    out[[0, -1]] = 0.0
    out[:, [0, -1]] = 0.0
    return _without_air(Slab((Substance.SOFT_TISSUE, Substance.BONE_MINERAL), out, first, pixel_mm))


def change_of(disc: Disc, patient_from_scan: Rigid, offsets_mm: FloatArray) -> Slab | None:
    """Iodine in a disc and soft tissue gone from it (negative), in a slice; None where nothing of either is met."""
    fields = (disc.iodine_g_cm3, -disc.missing_g_cm3)
    touched = np.argwhere((fields[0] != 0.0) | (fields[1] != 0.0))
    if not len(touched):
        return None
    low, high = touched.min(axis=0)[::-1] - 1.0, touched.max(axis=0)[::-1] + 1.0
    corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1), indexing="ij"), axis=-1).reshape(-1, 3)
    seen = patient_from_scan.inverse().points(disc.patient_from_index.points(corners))
    if seen[:, 2].max() < offsets_mm.min() or seen[:, 2].min() > offsets_mm.max():
        return None
    least, most = seen[:, :2].min(axis=0) - CHANGE_PIXEL_MM, seen[:, :2].max(axis=0) + CHANGE_PIXEL_MM
    x, y = (np.arange(a, b + CHANGE_PIXEL_MM, CHANGE_PIXEL_MM) for a, b in zip(least, most, strict=True))
    across, down, up = np.meshgrid(x, y, offsets_mm.reshape(-1), indexing="xy")
    points = patient_from_scan.points(np.stack([across, down, up], axis=-1))
    index = np.moveaxis(disc.patient_from_index.indices(points), -1, 0)[::-1]
    mean = [map_coordinates(f, index, order=1, mode="constant").mean(axis=-1, dtype=np.float64) for f in fields]
    held = np.pad(np.stack(mean, axis=-1), ((1, 1), (1, 1), (0, 0))).astype(np.float32)
    first = (float(x[0]) - CHANGE_PIXEL_MM, float(y[0]) - CHANGE_PIXEL_MM)
    return Slab((Substance.IODINE, Substance.SOFT_TISSUE), held, first, CHANGE_PIXEL_MM)


def _box(volume: Volume, patient_from_scan: Rigid, field_mm: float) -> tuple[FloatArray, FloatArray] | None:
    """Least and greatest (x, y) of the volume's corners in the scan frame, within the field."""
    ends = np.array(volume.size) - 1.0
    corners = np.stack(np.meshgrid(*([0.0, end] for end in ends), indexing="ij"), axis=-1).reshape(-1, 3)
    seen = patient_from_scan.inverse().points(volume.patient_from_index.points(corners))
    low = np.maximum(seen[:, :2].min(axis=0), -field_mm / 2.0)
    high = np.minimum(seen[:, :2].max(axis=0), field_mm / 2.0)
    return (low, high) if (high > low).all() else None


def _index_from_scan(volume: Volume, patient_from_scan: Rigid) -> FloatArray:
    """(3, 4) affine from the scan frame to continuous (i, j, k)."""
    inverse = np.linalg.inv(volume.patient_from_index.matrix)
    shift = inverse @ (patient_from_scan.translation_mm - volume.patient_from_index.origin_mm)
    return np.column_stack([inverse @ patient_from_scan.rotation, shift])


def _without_air(slab: Slab) -> Slab | None:
    """The slab cut to what is not air, with an empty rim."""
    least = float(hu_tables()[0][np.int16(AIR_HU).view(np.uint16)])
    dense = slab.g_cm3.sum(axis=2) > least
    if not dense.any():
        return None
    rows, cols = (np.flatnonzero(dense.any(axis=axis)) for axis in (1, 0))
    held = slab.g_cm3[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    padded = np.ascontiguousarray(np.pad(held, ((1, 1), (1, 1), (0, 0))))
    first = tuple(a + (n - 1) * slab.pixel_mm for a, n in zip(slab.first_mm, (cols[0], rows[0]), strict=True))
    return Slab(slab.substances, padded, (float(first[0]), float(first[1])), slab.pixel_mm)


@njit(cache=True, nogil=True)
def _sample(tables, index_from_scan, grid, offsets, span, out):  # type: ignore[no-untyped-def]
    """Mean over the offsets of both densities, trilinear between voxels; voxels off the volume are empty."""
    hu, soft, bone = tables
    nk, nj, ni = hu.shape
    m = index_from_scan
    share = np.float32(1.0 / offsets.size)
    for r in range(span[0], span[1]):
        y = grid[1] + r * grid[2]
        for c in range(out.shape[1]):
            x = grid[0] + c * grid[2]
            total_soft, total_bone = np.float32(0.0), np.float32(0.0)
            for n in range(offsets.size):
                z = offsets[n]
                fi = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
                fj = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
                fk = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
                i, j, k = int(np.floor(fi)), int(np.floor(fj)), int(np.floor(fk))
                if i < -1 or j < -1 or k < -1 or i >= ni or j >= nj or k >= nk:
                    continue
                for dk in range(2):
                    for dj in range(2):
                        for di in range(2):
                            a, b, h = i + di, j + dj, k + dk
                            if a < 0 or b < 0 or h < 0 or a >= ni or b >= nj or h >= nk:
                                continue
                            w = (1.0 - abs(fi - a)) * (1.0 - abs(fj - b)) * (1.0 - abs(fk - h))
                            value = hu[h, b, a]
                            total_soft += np.float32(w) * soft[value]
                            total_bone += np.float32(w) * bone[value]
            out[r, c, 0] = total_soft * share
            out[r, c, 1] = total_bone * share
