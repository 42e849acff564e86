"""Attenuation against NIST's tables and against xraydb, and Hounsfield units against known tissues."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.matter import (
    CT_EFFECTIVE_KEV,
    DENSITY_G_CM3,
    PURE_MINERAL_HU,
    WEIGHT_FRACTIONS,
    Beam,
    Substance,
    mass_attenuation_cm2_g,
    optical_depth,
    soft_and_bone_from_hu,
    spectrum,
)

ENERGIES_KEV = (30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
MASS_ATTENUATION_CM2_G = {
    Substance.WATER: (0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707),
    Substance.ADIPOSE: (0.3064, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688),
    Substance.MUSCLE: (0.3783, 0.2685, 0.2263, 0.2048, 0.1823, 0.1693),
    Substance.CORTICAL_BONE: (1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855),
    Substance.IODINE: (8.56, 22.10, 12.32, 7.58, 3.51, 1.94),
    Substance.STEEL: (8.02, 3.56, 1.92, 1.18, 0.586, 0.367),
    Substance.ALUMINIUM: (1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704),
    Substance.COPPER: (10.92, 4.862, 2.613, 1.593, 0.7630, 0.4584),
    Substance.LEAD: (30.32, 14.36, 8.041, 5.021, 2.419, 5.549),
    Substance.CSI: (9.045, 22.97, 12.87, 7.921, 3.677, 2.035),
}
"""mu/rho at `ENERGIES_KEV`: NIST X-ray mass attenuation coefficients, tables 3 and 4; steel by mixture of its
elements."""


@pytest.mark.parametrize("substance", MASS_ATTENUATION_CM2_G)
def test_mass_attenuation_agrees_with_published_tables(substance: Substance) -> None:
    got = mass_attenuation_cm2_g(substance, ENERGIES_KEV)
    assert got.tolist() == pytest.approx(MASS_ATTENUATION_CM2_G[substance], rel=0.01)


def test_iodine_keeps_its_k_edge() -> None:
    below, above = mass_attenuation_cm2_g(Substance.IODINE, [33.16, 33.18])
    # NIST: 6.55 and 35.8 cm2/g on the two sides of 33.1694 keV
    assert below == pytest.approx(6.55, rel=0.02)
    assert above == pytest.approx(35.8, rel=0.02)


@pytest.mark.parametrize("substance", [Substance.IODINE, Substance.BONE_MINERAL, Substance.STEEL, Substance.LEAD])
def test_shipped_attenuation_is_that_of_xraydb(substance: Substance) -> None:
    # imported here because only these tests need the oracle
    import xraydb

    from dekomp_sim.matter.tables import table

    held = table("mass_attenuation")
    parts = WEIGHT_FRACTIONS[substance].items()
    oracle = sum(part * xraydb.mu_elam(element, held.energies_kev * 1000.0) for element, part in parts)
    assert held.row(str(substance)).tolist() == pytest.approx(list(oracle), rel=1e-6)


def test_interpolation_between_nodes_is_as_good_as_the_table() -> None:
    import xraydb

    energies = np.arange(10.25, 120.0, 3.5)
    oracle = xraydb.mu_elam("I", energies * 1000.0)
    assert mass_attenuation_cm2_g(Substance.IODINE, energies).tolist() == pytest.approx(oracle.tolist(), rel=1e-3)


@pytest.mark.parametrize("substance", Substance)
def test_every_substance_is_whole(substance: Substance) -> None:
    assert sum(WEIGHT_FRACTIONS[substance].values()) == pytest.approx(1.0, abs=2e-6)
    assert DENSITY_G_CM3[substance] > 0.0
    assert (mass_attenuation_cm2_g(substance, [20.0, 120.0]) > 0.0).all()


def test_an_energy_outside_the_table_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="found 60 to 200 keV; allowed: 5 to 150 keV"):
        mass_attenuation_cm2_g(Substance.WATER, [60.0, 200.0])


def _mu_70(soft_g_cm3: float, bone_g_cm3: float) -> float:
    tissue, mineral = (
        mass_attenuation_cm2_g(s, [CT_EFFECTIVE_KEV])[0] for s in (Substance.SOFT_TISSUE, Substance.BONE_MINERAL)
    )
    return float(soft_g_cm3 * tissue + bone_g_cm3 * mineral)


@pytest.mark.parametrize("hu", [-1000, -700, -100, 0, 60, 100, 101, 250, 1581, 3071, 4100])
def test_a_voxel_attenuates_as_its_hounsfield_units_say(hu: int) -> None:
    soft, bone = soft_and_bone_from_hu(np.array([hu], dtype=np.int16))
    water = mass_attenuation_cm2_g(Substance.WATER, [CT_EFFECTIVE_KEV])[0]
    assert _mu_70(soft[0], bone[0]) == pytest.approx(water * (1.0 + hu / 1000.0), rel=1e-5, abs=1e-9)


def test_air_and_padding_hold_nothing() -> None:
    soft, bone = soft_and_bone_from_hu(np.array([[-1000, -1024, -32768]], dtype=np.int16))
    assert not soft.any()
    assert not bone.any()


def test_bone_begins_without_a_step_and_metal_is_pure_mineral() -> None:
    soft, bone = soft_and_bone_from_hu(np.arange(-200, 8000, dtype=np.int16))
    assert np.abs(np.diff(soft + bone)).max() < 0.002
    assert bone[-1] == pytest.approx(3.16)
    assert soft[-1] == 0.0
    full = int(np.argmax(bone >= np.float32(3.16))) - 200
    assert full == pytest.approx(PURE_MINERAL_HU, abs=5)


def test_muscle_and_cortical_bone_get_their_own_density_back() -> None:
    soft, bone = soft_and_bone_from_hu(np.array([43, 1581], dtype=np.int16))
    assert soft[0] == pytest.approx(DENSITY_G_CM3[Substance.MUSCLE], rel=0.01)
    # 5 %: collagen and water of real bone are not soft tissue of 1.1 g/cm3
    assert soft[1] + bone[1] == pytest.approx(DENSITY_G_CM3[Substance.CORTICAL_BONE], rel=0.05)


def test_the_scanner_energy_is_that_of_a_filtered_120_kv_beam_behind_25_cm_of_water() -> None:
    made = spectrum(Beam(120.0, aluminium_mm=6.0, copper_mm=0.0))
    weight = made.fluence_per_cm2_mas_at_1m * made.energies_kev
    weight = weight * np.exp(-optical_depth(Substance.WATER, 250.0, made.energies_kev))

    def ratio(energies: FloatArray, weights: FloatArray) -> float:
        bone = mass_attenuation_cm2_g(Substance.CORTICAL_BONE, energies)
        water = mass_attenuation_cm2_g(Substance.WATER, energies)
        return float(np.sum(weights * bone) / np.sum(weights * water))

    # 4 %: about 2 keV, the spread between scanners' filters
    assert ratio(np.array([CT_EFFECTIVE_KEV]), np.ones(1)) == pytest.approx(ratio(made.energies_kev, weight), rel=0.04)
