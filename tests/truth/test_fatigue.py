"""The bent, turning shaft: a beam's stress on paper, and the textbook's line of strength over turns."""

from __future__ import annotations

import math

import pytest

from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.instruments.fatigue import NOTCH, TENSILE_MPA, bending_stress_mpa, cycles_to_break, life_used


def test_a_cantilever_turned_at_its_end_has_the_stress_of_the_beam_formula() -> None:
    """Slope F L2 / 2 E I, moment F L, stress M r / I: 2 E r slope / L; 193 GPa, 0.25 mm, 10 degrees, 90 mm."""
    force_n, inertia_mm4 = 0.1, math.pi / 4.0 * 0.25**4
    slope = force_n * 90.0**2 / (2.0 * 193e3 * inertia_mm4)
    stress = force_n * 90.0 * 0.25 / inertia_mm4
    assert bending_stress_mpa(0.25, math.degrees(slope), 90.0) == pytest.approx(stress, rel=1e-12)
    assert bending_stress_mpa(0.25, 10.0, 90.0) == pytest.approx(187.1, abs=0.1)
    assert bending_stress_mpa(0.25, 0.0, 90.0) == 0.0


def test_strength_is_nine_tenths_at_a_thousand_turns_and_half_at_a_million() -> None:
    assert cycles_to_break(0.9 * TENSILE_MPA / NOTCH) == pytest.approx(1e3)
    assert cycles_to_break(0.5001 * TENSILE_MPA / NOTCH) == pytest.approx(1e6, rel=0.01)
    assert cycles_to_break(0.5 * TENSILE_MPA / NOTCH) == math.inf
    lives = [cycles_to_break(stress) for stress in (140.0, 180.0, 220.0, 260.0)]
    assert lives == sorted(lives, reverse=True)


def test_shares_of_life_add() -> None:
    assert life_used(200.0, 600.0) + life_used(200.0, 400.0) == pytest.approx(life_used(200.0, 1000.0))
    assert life_used(50.0, 1e9) == 0.0


def test_a_shaft_without_length_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="above 0 mm"):
        bending_stress_mpa(0.25, 5.0, 0.0)
