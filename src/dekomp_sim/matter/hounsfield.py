"""From Hounsfield units to grams: how much soft tissue and bone mineral a CT voxel holds."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.arrays import Float32Array, FloatArray, Int16Array, sealed
from dekomp_sim.matter.attenuation import mass_attenuation_cm2_g
from dekomp_sim.matter.substances import DENSITY_G_CM3, Substance

CT_EFFECTIVE_KEV: Final = 70.0
"""Energy at which one energy gives ICRU 44 cortical bone the Hounsfield units that a 120 kV beam gives behind 25 cm
of water (about 1580 HU, computed with SpekPy spectra); scans at 100 or 140 kV differ by some keV."""

BONE_BEGINS_HU: Final = 100
"""Assumption: at and below this a voxel is taken as soft tissue of fitting density. Above muscle, disc and kidney (40
to 100 HU) with their noise, and at the low end of trabecular bone (Jang 2019, Radiology 291:360: 89 HU at 90 years or
more)."""

PURE_MINERAL_HU: Final = 4130
"""Hounsfield units of solid hydroxyapatite (3.16 g/cm3) at `CT_EFFECTIVE_KEV`, where a voxel's share of mineral
reaches 1: metal."""


def soft_and_bone_from_hu(hu: Int16Array) -> tuple[Float32Array, Float32Array]:
    """Densities of soft tissue and bone mineral that give a voxel the attenuation its Hounsfield units state.

    With mu_w = attenuation of water at 70 keV, mu = mu_w (1 + HU/1000). Up to 100 HU all of it is soft tissue (ICRU 44
    composition) of density mu / (mu/rho); above, hydroxyapatite takes the share v of the volume, with (1 - v)
    mu_soft(100 HU) + v mu_mineral = mu. Air and padding (-1000 HU and less) are empty. Above pure mineral (about 4100
    HU: metal) v stays 1. Contrast media and metal in the scan are read as bone mineral.

    Parameters
    ----------
    hu
        (...) Hounsfield units.

    Returns
    -------
    soft_g_cm3, bone_g_cm3
        (...) float32; mass per volume of the voxel.

    Examples
    --------
    >>> soft, bone = soft_and_bone_from_hu(np.array([-1000, 0, 50], dtype=np.int16))
    >>> [f"{value:.2f}" for value in soft], bone.tolist()
    (['0.00', '1.01', '1.06'], [0.0, 0.0, 0.0])
    """
    soft, bone = hu_tables()
    index = np.ascontiguousarray(hu, dtype=np.int16).view(np.uint16)
    return soft[index], bone[index]


def hounsfield_units(mass_attenuation_70_kev_cm2_g: float, density_g_cm3: float) -> float:
    """Hounsfield units of a material as a 120 kV scanner shows it: 1000 (mu / mu_water - 1) at `CT_EFFECTIVE_KEV`.

    Examples
    --------
    >>> water = float(mass_attenuation_cm2_g(Substance.WATER, [CT_EFFECTIVE_KEV])[0])
    >>> hounsfield_units(water, 1.0), hounsfield_units(water, 0.5)
    (0.0, -500.0)
    """
    water = float(mass_attenuation_cm2_g(Substance.WATER, [CT_EFFECTIVE_KEV])[0])
    return 1000.0 * (mass_attenuation_70_kev_cm2_g * density_g_cm3 / water - 1.0)


@cache
def hu_tables() -> tuple[Float32Array, Float32Array]:
    """Soft tissue and bone mineral in g/cm3, (65536,) each, indexed by the int16 Hounsfield unit's bits read as
    uint16."""
    hu = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.float64)
    soft, bone = _mixture(hu)
    return sealed(soft.astype(np.float32)), sealed(bone.astype(np.float32))


def _mixture(hu: FloatArray) -> tuple[FloatArray, FloatArray]:
    water, tissue, mineral = (
        float(mass_attenuation_cm2_g(substance, [CT_EFFECTIVE_KEV])[0])
        for substance in (Substance.WATER, Substance.SOFT_TISSUE, Substance.BONE_MINERAL)
    )
    mu_per_cm = water * np.maximum(1.0 + hu / 1000.0, 0.0)
    mu_begin = water * (1.0 + BONE_BEGINS_HU / 1000.0)
    mineral_g_cm3 = DENSITY_G_CM3[Substance.BONE_MINERAL]
    share = np.clip((mu_per_cm - mu_begin) / (mineral_g_cm3 * mineral - mu_begin), 0.0, 1.0)
    soft = (1.0 - share) * np.minimum(mu_per_cm, mu_begin) / tissue
    return soft, share * mineral_g_cm3
