"""From a volume and a pose to areal densities: how much soft tissue and bone mineral each ray meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, Float32Array, Int16Array, sealed
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.projection.projector import Projector
from dekomp_sim.imaging.projection.refine import refined
from dekomp_sim.imaging.projection.region import Region
from dekomp_sim.matter import BONE_BEGINS_HU, PURE_MINERAL_HU, hu_tables

AIR_HU: Final = -1000
"""Hounsfield units of nothing; padding below it counts as air."""


@dataclass(frozen=True, slots=True, eq=False)
class Thickness:
    """Areal density of the patient on each pixel.

    Parameters
    ----------
    soft_g_cm2, bone_g_cm2
        (rows, cols) float32 soft tissue and bone mineral.
    """

    soft_g_cm2: Float32Array
    bone_g_cm2: Float32Array


class PatientProjector:
    """Projects a volume into soft tissue and bone mineral.

    `soft_and_bone_from_hu` is linear in Hounsfield units below and above `BONE_BEGINS_HU`, so two line integrals give
    both materials: of all counts above air, and of those above the bone threshold (docs/why/0002). Coarse voxels are
    split first, so that no grid shows.
    """

    def __init__(self, volume: Volume, threads: int | None = None) -> None:
        counts = np.clip(volume.hu, AIR_HU, PURE_MINERAL_HU)
        counts -= np.int16(AIR_HU)  # in place: a volume less to find memory for
        fine, patient_from_index = refined(counts, volume.patient_from_index)
        self._projector = Projector(fine, patient_from_index, (0, BONE_BEGINS_HU - AIR_HU), threads)

    def thickness(self, carm: CArm, detector: Detector, moving: bool = False) -> Thickness:
        """Areal densities for a pose: Joseph line integrals of the densities, g/cm2.

        With `moving`, rays are traced for every second pixel each way and interpolated between, for a C-arm that is
        being dragged; a detector with an odd number of rows or columns is traced in full all the same.
        """
        halved = moving and detector.rows % 2 == 0 and detector.cols % 2 == 0
        if halved:
            detector = Detector(detector.rows // 2, detector.cols // 2, 2.0 * detector.pixel_mm)
        everything, dense = self._projector.line_integrals(carm, detector)
        if halved:
            everything, dense = _doubled(everything), _doubled(dense)
        soft, bone = hu_tables()
        soft_per_count = float(soft[0]) / -AIR_HU / 10.0
        bone_per_count = float(bone[BONE_BEGINS_HU + 1000]) / 1000 / 10.0
        soft_at_bone = float(soft[BONE_BEGINS_HU + 1000]) / 10.0
        displaced = soft_per_count - (soft_at_bone - soft_per_count * (BONE_BEGINS_HU - AIR_HU)) / 1000
        return Thickness(
            sealed(np.asarray(soft_per_count * everything - np.float32(displaced) * dense, dtype=np.float32)),
            sealed(np.asarray(bone_per_count * dense, dtype=np.float32)),
        )


def _doubled(coarse: Float32Array) -> Float32Array:
    """(2 rows, 2 cols) of (rows, cols): each pixel split into four, linear between the coarse pixels' centres."""
    for axis in (0, 1):
        padded = np.concatenate([coarse.take([0], axis), coarse, coarse.take([-1], axis)], axis)
        size = coarse.shape[axis]
        before, after = (padded.take(range(start, start + size), axis) for start in (0, 2))
        pair = np.stack([0.75 * coarse + 0.25 * before, 0.75 * coarse + 0.25 * after], axis=axis + 1)
        coarse = pair.reshape([2 * n if axis == m else n for m, n in enumerate(coarse.shape)])
    return np.asarray(coarse, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A density field stored as int16 counts, for the projector: density = counts * step."""

    counts: Int16Array
    step_g_cm3: float

    @classmethod
    def from_density(cls, density_g_cm3: Float32Array) -> Self:
        """Counts that resolve the field's maximum in 32 000 steps; densities are not negative."""
        step = max(float(density_g_cm3.max()), 1e-9) / 32000.0
        return cls(np.rint(density_g_cm3 / step).astype(np.int16), step)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Areal density of something small, on the pixels it can reach.

    Parameters
    ----------
    region
        Which pixels.
    areal_g_cm2
        (region's rows, cols) float32.
    """

    region: Region
    areal_g_cm2: Float32Array


def _filled(field: Float32Array) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """First and last [k, j, i] between which a field is not 0; None where it is 0 throughout."""
    rows: BoolArray = np.any(field, axis=2)
    k, j = np.flatnonzero(np.any(rows, axis=1)), np.flatnonzero(np.any(rows, axis=0))
    if not len(k):
        return None
    i = np.flatnonzero(field[k[0] : k[-1] + 1, j[0] : j[-1] + 1].any(axis=(0, 1)))
    ends = ((k[end], j[end], i[end]) for end in (0, -1))
    first, last = (tuple(int(n) for n in end) for end in ends)
    return first, last


def field_patch(density_g_cm3: Float32Array, patient_from_index: Affine, carm: CArm, detector: Detector) -> Patch:
    """Areal density of a small field of densities (nk, nj, ni), g/cm3, such as contrast: where it is not 0."""
    if not (box := _filled(density_g_cm3)):
        return Patch(Region(0, 0, 0, 0), np.zeros((0, 0), dtype=np.float32))
    first, last = np.array(box)
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    index = first[::-1] - 1.0 + corners * (last - first + 2.0)[::-1]
    shape = (detector.rows, detector.cols)
    region = Region.about(carm.pixel_of(patient_from_index.points(index), detector), 1.0, shape)
    if not region:
        return Patch(region, np.zeros((region.rows, region.cols), dtype=np.float32))
    part = density_g_cm3[first[0] : last[0] + 1, first[1] : last[1] + 1, first[2] : last[2] + 1]
    placed = Affine(patient_from_index.matrix, patient_from_index.points(first[::-1].astype(float)))
    counted = Counted.from_density(part)
    integral = Projector(counted.counts, placed).line_integrals(carm, detector, region)[0]
    return Patch(region, np.asarray(integral * np.float32(counted.step_g_cm3 / 10.0), dtype=np.float32))
