"""Pictures cut through a volume along any plane: Hounsfield units between voxels, labels at the nearest one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.section import Section

AIR_HU: Final = -1000.0
"""What surrounds a volume."""


def hu_on(volume: Volume, section: Section) -> Float32Array:
    """(rows, cols) float32 Hounsfield units, linear between the eight voxels around each pixel; air off the grid."""
    return values_on(volume.hu, volume.patient_from_index, section, AIR_HU)


def labels_on(volume: Volume, section: Section) -> UInt8Array:
    """(rows, cols) `Structure` numbers of the nearest voxels; 0 off the grid and where nothing is labelled."""
    if volume.labels is None:
        return np.zeros((section.rows, section.cols), dtype=np.uint8)
    return codes_on(volume.labels, volume.patient_from_index, section)


def values_on(values: NDArray[Any], patient_from_index: Affine, section: Section, outside: float = 0.0) -> Float32Array:
    """(rows, cols) float32 of a field [k, j, i] on a section, linear between voxels; `outside` off the grid."""
    out = np.empty((section.rows, section.cols), dtype=np.float32)
    _between(values, *_steps(patient_from_index, section), np.float32(outside), out)
    return out


def codes_on(codes: UInt8Array, patient_from_index: Affine, section: Section) -> UInt8Array:
    """(rows, cols) of numbers that name something, [k, j, i], at the nearest voxel; 0 off the grid."""
    out = np.zeros((section.rows, section.cols), dtype=np.uint8)
    _nearest(codes, *_steps(patient_from_index, section), out)
    return out


def _steps(patient_from_index: Affine, section: Section) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(3,) each, in (i, j, k): the first pixel's place, and the steps of one pixel to the right and down."""
    place = patient_from_index.indices
    first = place(section.corner_mm)
    return first, place(section.point_of(1.0, 0.0)) - first, place(section.point_of(0.0, 1.0)) - first


@njit(cache=True, nogil=True)
def _between(field, first, across, along, outside, out):  # type: ignore[no-untyped-def]
    nk, nj, ni = field.shape
    rows, cols = out.shape
    for r in range(rows):
        for c in range(cols):
            x = first[0] + c * across[0] + r * along[0]
            y = first[1] + c * across[1] + r * along[1]
            z = first[2] + c * across[2] + r * along[2]
            if not (-0.5 <= x <= ni - 0.5 and -0.5 <= y <= nj - 0.5 and -0.5 <= z <= nk - 0.5):
                out[r, c] = outside
                continue
            x, y, z = min(max(x, 0.0), ni - 1.0), min(max(y, 0.0), nj - 1.0), min(max(z, 0.0), nk - 1.0)
            i, j, k = int(x), int(y), int(z)
            u, v, w = x - i, y - j, z - k
            i1, j1, k1 = min(i + 1, ni - 1), min(j + 1, nj - 1), min(k + 1, nk - 1)
            near = (field[k, j, i] * (1 - u) + field[k, j, i1] * u) * (1 - v) + (
                field[k, j1, i] * (1 - u) + field[k, j1, i1] * u
            ) * v
            far = (field[k1, j, i] * (1 - u) + field[k1, j, i1] * u) * (1 - v) + (
                field[k1, j1, i] * (1 - u) + field[k1, j1, i1] * u
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
