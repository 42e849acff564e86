"""From a volume and a pose to areal densities: how much soft tissue and bone mineral each ray meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, Int16Array, sealed
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.projector import Projector
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
    both materials: of all counts above air, and of those above the bone threshold (docs/why/0002).
    """

    def __init__(self, volume: Volume, threads: int | None = None) -> None:
        counts = np.clip(volume.hu, AIR_HU, PURE_MINERAL_HU) - np.int16(AIR_HU)
        self._projector = Projector(counts, volume.patient_from_index, (0, BONE_BEGINS_HU - AIR_HU), threads)

    def thickness(self, carm: CArm, detector: Detector) -> Thickness:
        """Areal densities for a pose: Joseph line integrals of the densities, g/cm2."""
        everything, dense = self._projector.line_integrals(carm, detector)
        soft, bone = hu_tables()
        soft_per_count = float(soft[0]) / -AIR_HU / 10.0
        bone_per_count = float(bone[BONE_BEGINS_HU + 1000]) / 1000 / 10.0
        soft_at_bone = float(soft[BONE_BEGINS_HU + 1000]) / 10.0
        displaced = soft_per_count - (soft_at_bone - soft_per_count * (BONE_BEGINS_HU - AIR_HU)) / 1000
        return Thickness(
            sealed(np.asarray(soft_per_count * everything - np.float32(displaced) * dense, dtype=np.float32)),
            sealed(np.asarray(bone_per_count * dense, dtype=np.float32)),
        )


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


def field_thickness(
    density_g_cm3: Float32Array, patient_from_index: Affine, carm: CArm, detector: Detector
) -> Float32Array:
    """Areal density (rows, cols), g/cm2, of a small field of densities (nk, nj, ni), g/cm3, such as contrast."""
    if not density_g_cm3.any():
        return np.zeros((detector.rows, detector.cols), dtype=np.float32)
    counted = Counted.from_density(density_g_cm3)
    integral = Projector(counted.counts, patient_from_index).line_integrals(carm, detector)[0]
    return np.asarray(integral * np.float32(counted.step_g_cm3 / 10.0), dtype=np.float32)
