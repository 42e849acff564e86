"""Quantum noise against compound Poisson theory, and its independence and repeatability."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.imaging.signal.beam import response
from dekomp_sim.imaging.signal.noise import Purpose, generator, quantum_noise, random_words
from dekomp_sim.matter import Beam


def _flat(
    quanta: float, quantum_kev: float = 50.0, shape: tuple[int, int] = (400, 400)
) -> tuple[np.ndarray, np.ndarray]:
    quantum = np.full(shape, quantum_kev, dtype=np.float32)
    return quantum * np.float32(quanta), quantum


@pytest.mark.parametrize("quanta", [0.5, 3.0, 19.0, 21.0, 100.0, 5000.0])
def test_mean_and_variance_are_those_of_poissons_law(quanta: float) -> None:
    mean, quantum = _flat(quanta)
    got = quantum_noise(mean, quantum, seed=1, exposure_index=0).astype(np.float64) / 50.0
    # four standard errors of the mean and of the variance of 160 000 draws
    assert got.mean() == pytest.approx(quanta, abs=4.0 * np.sqrt(quanta / got.size))
    assert got.var() == pytest.approx(quanta, rel=4.0 * np.sqrt((2.0 + 1.0 / quanta) / got.size))


def test_variance_is_that_of_photons_counted_one_energy_at_a_time() -> None:
    made = response(Beam(80.0))
    mas, pixel_mm2, distance_mm = 0.002, 0.04, 1000.0
    open_kev = made.open_kev(mas, pixel_mm2, distance_mm)
    chance = generator(3, Purpose.QUANTUM_NOISE, 999)
    count = 20000
    photons = chance.poisson(made.shares * open_kev / made.energies_kev, size=(count, len(made.shares)))
    energy = photons @ made.energies_kev
    nothing = np.zeros((1, 1), dtype=np.float32)
    quantum = float(made.quantum_kev(nothing, nothing)[0, 0])
    # four standard errors of a variance from 20 000 draws
    assert energy.var() == pytest.approx(open_kev * quantum, rel=4.0 * np.sqrt(2.0 / count))
    assert energy.mean() == pytest.approx(open_kev, abs=4.0 * np.sqrt(open_kev * quantum / count))


def test_the_same_exposure_repeats_bit_for_bit_and_another_differs() -> None:
    mean, quantum = _flat(200.0, shape=(64, 64))
    first, again, other, elsewhere = (
        quantum_noise(mean, quantum, seed, index) for seed, index in ((5, 17), (5, 17), (5, 18), (6, 17))
    )
    assert first.tobytes() == again.tobytes()
    for different in (other, elsewhere):
        correlation = np.corrcoef(first.ravel(), different.ravel())[0, 1]
        # four standard errors of the correlation of 4096 independent pairs
        assert abs(correlation) < 4.0 / 64.0


def test_a_purpose_has_numbers_of_its_own() -> None:
    assert generator(1, Purpose.QUANTUM_NOISE, 2).random() != generator(1, Purpose.ELECTRONIC_NOISE, 2).random()


def test_energy_is_never_negative_and_nothing_stays_nothing() -> None:
    mean = np.array([[0.0, 1.0, 50.0, 1050.0]], dtype=np.float32).repeat(1000, axis=0)
    got = quantum_noise(mean, np.full_like(mean, 50.0), seed=2, exposure_index=1)
    assert (got >= 0.0).all()
    assert not got[:, 0].any()


def test_each_pulse_of_an_exposure_has_noise_of_its_own_and_the_first_is_the_exposures() -> None:
    words = [random_words((70, 40), 1, Purpose.QUANTUM_NOISE, 2, None, pulse) for pulse in (0, 1, 2)]
    np.testing.assert_array_equal(words[0], random_words((70, 40), 1, Purpose.QUANTUM_NOISE, 2))
    assert (words[0] != words[1]).mean() > 0.99
    assert (words[1] != words[2]).mean() > 0.99
