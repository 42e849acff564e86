"""Local anaesthetic in tissue: Crank's diffusing ball, its drug conserved, onset, wear-off and the dose allowed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dekomp_sim.procedure.clinic.local_anaesthetic import (
    HALF_LIFE_S,
    NUMB_ENOUGH,
    NUMBS,
    Deposit,
    diffused_ball,
    dose_at_most_mg,
    numbness,
)

CENTRE = np.zeros(3)


def beside(distance_mm: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([distance_mm, 0.0, 0.0])


def test_a_deposit_of_two_millilitres_is_a_ball_of_fifteen_millimetres_and_holds_twenty_milligrams() -> None:
    deposit = Deposit(0.0, (0.0, 0.0, 0.0), 2.0, 1.0)
    assert deposit.lidocaine_mg == 20.0
    assert deposit.radius_mm == pytest.approx(14.71, abs=0.01)  # (3 x 2000 / (4 pi 0.15))^(1/3)


def test_the_centre_of_a_diffusing_ball_follows_crank_s_closed_form() -> None:
    # At r = 0 the formula becomes erf a - 2 a / sqrt(pi) exp(-a^2) with a = R / L.
    for a in (0.5, 1.0, 2.0):
        paper = math.erf(a) - 2.0 * a / math.sqrt(math.pi) * math.exp(-a * a)
        assert diffused_ball(0.0, 5.0, 5.0 / a) == pytest.approx(paper, rel=1e-5)


def test_the_rim_of_a_sharp_ball_holds_half_of_its_strength() -> None:
    assert diffused_ball(15.0, 15.0, 0.5) == pytest.approx(0.5, abs=0.02)  # a plane front, but for curvature L / R


def test_diffusion_loses_no_drug() -> None:
    radius_mm, reach_mm = 5.0, 3.0
    edges = np.linspace(0.0, 40.0, 4001)
    r = (edges[1:] + edges[:-1]) / 2.0
    held = np.array([diffused_ball(float(one), radius_mm, reach_mm) for one in r])
    volume = float(np.sum(4.0 * np.pi * r**2 * held) * (edges[1] - edges[0]))
    assert volume == pytest.approx(4.0 / 3.0 * np.pi * radius_mm**3, rel=1e-4)


def test_half_of_the_drug_is_gone_after_its_half_life_far_inside_the_deposit() -> None:
    deposit = Deposit(0.0, (0.0, 0.0, 0.0), 5.0, 1.0)
    assert deposit.strength_percent(0.0, HALF_LIFE_S) == pytest.approx(0.5, rel=1e-3)
    assert deposit.strength_percent(0.0, -1.0) == 0.0


def test_one_percent_numbs_within_a_minute_and_wears_off_in_an_hour() -> None:
    deposit = Deposit(0.0, (0.0, 0.0, 0.0), 2.0, 1.0)
    after = {
        seconds: numbness((deposit,), beside(8.0), float(seconds)) for seconds in (0, 20, 60, 120, 1800, 3600, 5400)
    }
    assert after[0] == 0.0
    assert after[20] < NUMB_ENOUGH < after[60] < after[120] <= NUMBS
    assert after[120] == pytest.approx(NUMBS, abs=0.05)
    assert after[1800] > 0.8
    assert after[3600] == pytest.approx(NUMBS / 2.0, abs=0.1)  # 1 % has fallen to the strength of half an effect
    assert after[5400] < 0.1


def test_numbness_ends_at_the_deposit_s_rim() -> None:
    deposit = Deposit(0.0, (0.0, 0.0, 0.0), 2.0, 1.0)
    assert numbness((deposit,), beside(13.0), 120.0) > 0.8
    assert numbness((deposit,), beside(17.0), 120.0) < 0.01


def test_neighbouring_deposits_help_each_other() -> None:
    weak = [Deposit(0.0, (x, 0.0, 0.0), 2.0, 0.15) for x in (-5.0, 5.0)]
    alone, both = numbness(weak[:1], CENTRE, 300.0), numbness(weak, CENTRE, 300.0)
    assert both > 1.8 * alone > 0.0  # twice the strength near half an effect, where the curve is steepest


def test_no_deposit_numbs_nothing() -> None:
    assert numbness((), CENTRE, 0.0) == 0.0


@pytest.mark.parametrize(("weight_kg", "limit_mg"), [(40.0, 180.0), (60.0, 270.0), (75.0, 300.0), (120.0, 300.0)])
def test_plain_lidocaine_is_limited_by_weight_and_by_three_hundred_milligrams(
    weight_kg: float, limit_mg: float
) -> None:
    assert dose_at_most_mg(weight_kg) == pytest.approx(limit_mg)
