"""Pictures cut through a volume along any plane: Hounsfield units between voxels, labels at the nearest one."""

from __future__ import annotations

import numpy as np
from numba import njit

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array
from dekomp_sim.geometry.section import Section

AIR_HU = -1000.0


def hu_on(volume: Volume, section: Section) -> Float32Array:
    """(rows, cols) float32 Hounsfield units, linear between the eight voxels around each pixel; air off the grid."""
    out = np.empty((section.rows, section.cols), dtype=np.float32)
    first, across, along = _steps(volume, section)
    _between(volume.hu, first, across, along, np.float32(AIR_HU), out)
    return out


def labels_on(volume: Volume, section: Section) -> UInt8Array:
    """(rows, cols) `Structure` numbers of the nearest voxels; 0 off the grid and where nothing is labelled."""
    out = np.zeros((section.rows, section.cols), dtype=np.uint8)
    if volume.labels is not None:
        _nearest(volume.labels, *_steps(volume, section), out)
    return out


def _steps(volume: Volume, section: Section) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(3,) each, in (i, j, k): the first pixel's place, and the steps of one pixel to the right and down."""
    place = volume.patient_from_index.indices
    first = place(section.corner_mm)
    return first, place(section.point_of(1.0, 0.0)) - first, place(section.point_of(0.0, 1.0)) - first


@njit(cache=True, nogil=True)
def _between(hu, first, across, along, air, out):  # type: ignore[no-untyped-def]
    nk, nj, ni = hu.shape
    rows, cols = out.shape
    for r in range(rows):
        for c in range(cols):
            x = first[0] + c * across[0] + r * along[0]
            y = first[1] + c * across[1] + r * along[1]
            z = first[2] + c * across[2] + r * along[2]
            if not (-0.5 <= x <= ni - 0.5 and -0.5 <= y <= nj - 0.5 and -0.5 <= z <= nk - 0.5):
                out[r, c] = air
                continue
            x, y, z = min(max(x, 0.0), ni - 1.0), min(max(y, 0.0), nj - 1.0), min(max(z, 0.0), nk - 1.0)
            i, j, k = int(x), int(y), int(z)
            u, v, w = x - i, y - j, z - k
            i1, j1, k1 = min(i + 1, ni - 1), min(j + 1, nj - 1), min(k + 1, nk - 1)
            near = (hu[k, j, i] * (1 - u) + hu[k, j, i1] * u) * (1 - v) + (
                hu[k, j1, i] * (1 - u) + hu[k, j1, i1] * u
            ) * v
            far = (hu[k1, j, i] * (1 - u) + hu[k1, j, i1] * u) * (1 - v) + (
                hu[k1, j1, i] * (1 - u) + hu[k1, j1, i1] * u
            ) * v
            out[r, c] = near * (1 - w) + far * w


@njit(cache=True, nogil=True)
def _nearest(labels, first, across, along, out):  # type: ignore[no-untyped-def]
    nk, nj, ni = labels.shape
    rows, cols = out.shape
    for r in range(rows):
        for c in range(cols):
            i = int(np.floor(first[0] + c * across[0] + r * along[0] + 0.5))
            j = int(np.floor(first[1] + c * across[1] + r * along[1] + 0.5))
            k = int(np.floor(first[2] + c * across[2] + r * along[2] + 0.5))
            if 0 <= i < ni and 0 <= j < nj and 0 <= k < nk:
                out[r, c] = labels[k, j, i]
