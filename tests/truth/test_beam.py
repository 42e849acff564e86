"""The detected beam against Beer-Lambert sums written out, and the limits of its tables."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.imaging.signal.beam import BONE_RANGE_G_CM2, SOFT_RANGE_G_CM2, response
from dekomp_sim.matter import DENSITY_G_CM3, Beam, Substance, mass_attenuation_cm2_g, spectrum


def _direct(kv: float, layers: dict[Substance, float]) -> float:
    """ln of energy absorbed in 0.6 mm CsI behind layers (g/cm2) over that without them, summed energy by energy."""
    made = spectrum(Beam(kv))
    scintillator = mass_attenuation_cm2_g(Substance.CSI, made.energies_kev) * DENSITY_G_CM3[Substance.CSI] * 0.06
    with_layers, without = 0.0, 0.0
    for number, energy in enumerate(made.energies_kev):
        absorbed = made.fluence_per_cm2_mas_at_1m[number] * energy * (1.0 - np.exp(-scintillator[number]))
        depth = sum(mass_attenuation_cm2_g(s, [energy])[0] * mass for s, mass in layers.items())
        with_layers += absorbed * np.exp(-depth)
        without += absorbed
    return float(np.log(with_layers / without))


SLABS: tuple[dict[Substance, float], ...] = (
    {Substance.SOFT_TISSUE: 20.0},
    {Substance.SOFT_TISSUE: 25.0, Substance.BONE_MINERAL: 3.0},
    {Substance.SOFT_TISSUE: 20.0, Substance.IODINE: 0.15},
    {Substance.SOFT_TISSUE: 20.0, Substance.STEEL: 0.4},
    {Substance.SOFT_TISSUE: 22.0, Substance.BONE_MINERAL: 1.5, Substance.IODINE: 0.05, Substance.STEEL: 1.2},
    {Substance.WATER: 20.0},
    {Substance.LEAD: 1.0},
)


@pytest.mark.parametrize("kv", [60.0, 80.0, 110.0])
@pytest.mark.parametrize("layers", SLABS, ids=lambda layers: "+".join(layers))
def test_slabs_attenuate_as_the_sum_over_energies_says(kv: float, layers: dict[Substance, float]) -> None:
    got = response(Beam(kv)).log_signal_behind(layers)
    # single precision: depth up to 40 has a rounding error of 4e-6
    assert float(got) == pytest.approx(_direct(kv, layers), abs=2e-5)


def test_a_slab_of_one_energy_would_follow_one_exponential_and_a_beam_hardens() -> None:
    log = response(Beam(80.0)).log_signal(np.array([0.0, 10.0, 20.0, 30.0], dtype=np.float32), 0.0)
    per_g = -np.diff(log) / 10.0
    assert log[0] == pytest.approx(0.0, abs=1e-6)
    assert (np.diff(per_g) < 0.0).all()
    # between mu/rho of soft tissue at 80 keV and at 40 keV
    assert (per_g > 0.18).all()
    assert (per_g < 0.27).all()


@pytest.mark.parametrize("kv", [50.0, 80.0, 120.0])
def test_the_patients_table_is_within_a_thousandth_of_the_sum(kv: float) -> None:
    made = response(Beam(kv))
    soft, bone = np.meshgrid(
        np.arange(0.0, 60.0, 0.87, dtype=np.float32), np.arange(0.0, 25.0, 0.213, dtype=np.float32)
    )
    assert np.abs(made.patient_log_signal(soft, bone) - made.log_signal(soft, bone)).max() < 1e-3


def test_beyond_its_range_the_table_holds_its_rim() -> None:
    made = response(Beam(80.0))
    soft = np.array([[SOFT_RANGE_G_CM2[1], SOFT_RANGE_G_CM2[1] + 20.0, SOFT_RANGE_G_CM2[0] - 3.0]], dtype=np.float32)
    bone = np.array([[BONE_RANGE_G_CM2[1], BONE_RANGE_G_CM2[1] + 20.0, -1.0]], dtype=np.float32)
    got = made.patient_log_signal(soft, bone)[0]
    assert got[0] == got[1]
    assert got[2] == pytest.approx(float(made.log_signal(SOFT_RANGE_G_CM2[0], 0.0)), abs=1e-5)


def test_open_field_energy_falls_with_the_square_of_distance_and_grows_with_charge_and_area() -> None:
    made = response(Beam(80.0))
    once = made.open_kev(1.0, 0.36, 1000.0)
    assert once == pytest.approx(made.open_kev_per_cm2_mas_at_1m * 0.0036)
    assert made.open_kev(1.0, 0.36, 2000.0) == pytest.approx(once / 4.0)
    assert made.open_kev(3.0, 0.72, 1000.0) == pytest.approx(once * 6.0)


def test_scintillator_stops_most_of_the_beam_but_not_all() -> None:
    made = spectrum(Beam(80.0))
    incident = float(made.fluence_per_cm2_mas_at_1m @ made.energies_kev)
    # mu/rho of CsI at 50 keV is 12.9 cm2/g: 0.27 g/cm2 stop 97 %; 80 keV photons go through by a third
    assert 0.75 < response(Beam(80.0)).open_kev_per_cm2_mas_at_1m / incident < 0.95


def test_the_noise_quantum_is_the_energy_weighted_mean_energy_and_grows_as_the_beam_hardens() -> None:
    made = response(Beam(80.0))
    depth = np.array([[0.0, 20.0, 20.0]], dtype=np.float32)
    bone = np.array([[0.0, 0.0, 3.0]], dtype=np.float32)
    quantum = made.quantum_kev(depth, bone)[0]
    behind = made.shares * np.exp(-mass_attenuation_cm2_g(Substance.SOFT_TISSUE, made.energies_kev) * 20.0)
    assert quantum[1] == pytest.approx(float(behind @ made.energies_kev / behind.sum()), rel=1e-3)
    assert quantum[0] < quantum[1] < quantum[2] < 80.0
