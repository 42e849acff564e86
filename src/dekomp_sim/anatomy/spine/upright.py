"""A coarse copy of a scan whose axes are the patient's, on which the spine is looked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.reformat import AIR_HU, hu_on
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.section import Section

STEP_MM: Final = 2.0
"""Assumption: a canal of 11 to 28 mm and endplates 5 mm apart are seen on voxels of 2 mm, noise is averaged away."""

MOST_SAMPLES: Final = 3
"""Assumption: fine voxels are sampled up to three times along each axis, more says little more."""


def upright(volume: Volume) -> Volume:
    """The scan on cubic voxels of `STEP_MM` along the patient's left, back and head, fine voxels averaged."""
    corners = volume.patient_from_index.points(_corners(volume))
    low, high = corners.min(axis=0), corners.max(axis=0)
    cols, rows, slices = (np.floor((high - low) / STEP_MM).astype(int) + 1).tolist()
    x, y = (low[:2] + (np.array([cols, rows]) - 1) * STEP_MM / 2.0).tolist()
    first = Section((x, y, float(low[2])), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), STEP_MM, rows, cols)
    offsets = _offsets_mm(volume)
    hu = np.full((slices, rows, cols), AIR_HU, dtype=np.int16)
    for k in range(slices):
        hu[k] = _averaged(volume, first, np.add(offsets, (x, y, float(low[2]) + k * STEP_MM)))
    return Volume(hu, Affine.from_spacing((STEP_MM,) * 3, low))


def _averaged(volume: Volume, like: Section, centres_mm: FloatArray) -> Float32Array:
    planes = [hu_on(volume, replace(like, centre_mm=(x, y, z))) for x, y, z in centres_mm.tolist()]
    return np.asarray(np.mean(planes, axis=0), dtype=np.float32)


def _corners(volume: Volume) -> FloatArray:
    ends = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=np.float64)
    return np.asarray(ends * (np.array(volume.size) - 1))


def _offsets_mm(volume: Volume) -> FloatArray:
    """(n, 3) where around a voxel's middle the scan is sampled."""
    spacing = np.abs(volume.patient_from_index.matrix).max(axis=1)
    counts = np.clip(np.round(STEP_MM / spacing), 1, MOST_SAMPLES).astype(int)
    ways = [(np.arange(n) - (n - 1) / 2.0) * STEP_MM / n for n in counts]
    return np.stack(np.meshgrid(*ways, indexing="ij"), axis=-1).reshape(-1, 3)
