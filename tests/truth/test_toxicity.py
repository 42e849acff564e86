"""Lidocaine in plasma and the depth of sedation: closed forms, and thresholds as they are published."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dekomp_sim.anatomy import Strand, Structure
from dekomp_sim.procedure.clinic.courses import COURSES, SEDATION_COURSE, Cause, Course, Influence, sedation_depth
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit, Lumen, Syringe
from dekomp_sim.procedure.clinic.toxicity import (
    BINDS,
    EMPTIES_S,
    POOL_L_KG,
    SEIZURE_S,
    STAGES,
    seizing,
    stages_begun,
    strength_mcg_ml,
)


def press(mg: float, lumen: Lumen = Lumen.VESSEL, clock_s: float = 0.0) -> Syringe:
    return Syringe(Deposit(clock_s, (0.0, 0.0, 0.0), mg / 10.0, 1.0), lumen)


def least_mg_kg(stage: int) -> float:
    """Dose that just begins a stage: its strength, times the pool, over what has left by then."""
    return STAGES[stage].from_mcg_ml * POOL_L_KG * math.exp(STAGES[stage].after_s / EMPTIES_S)


def test_strength_is_mass_over_the_pool_and_empties_in_one_exponential() -> None:
    at_once = strength_mcg_ml([press(90.0)], 50.0, (), 1e-9)
    assert at_once == pytest.approx(90.0 / (0.18 * 50.0))  # 10 mg/L, which is 10 ug/mL
    assert strength_mcg_ml([press(90.0)], 50.0, (), EMPTIES_S) == pytest.approx(at_once / math.e)


def test_only_what_went_into_a_vessel_counts_and_doses_add() -> None:
    mixed = [press(90.0, Lumen.TISSUE), press(90.0, Lumen.SAC), press(90.0)]
    assert strength_mcg_ml(mixed, 50.0, (), 60.0) == strength_mcg_ml([press(90.0)], 50.0, (), 60.0)
    twice = strength_mcg_ml([press(90.0), press(90.0)], 50.0, (), 60.0)
    assert twice == pytest.approx(2.0 * strength_mcg_ml([press(90.0)], 50.0, (), 60.0))


def test_first_signs_convulsions_and_the_heart_begin_at_one_two_and_above_four_milligrams_a_kilogram() -> None:
    # 1 to 1.5 mg/kg in a vein gives first signs to ten to eighty in a hundred; 4.5 mg/kg is the most for tissue.
    assert [least_mg_kg(stage) for stage in range(3)] == pytest.approx([0.93, 1.99, 4.40], abs=0.01)
    for stage in range(3):
        for factor, count in ((0.99, stage), (1.01, stage + 1)):
            dose = press(factor * least_mg_kg(stage) * 70.0)
            assert len(stages_begun([dose], 70.0, (), (0.0, 300.0))) == count


def test_each_stage_begins_once_and_in_its_own_time() -> None:
    dose = [press(400.0)]
    begun = stages_begun(dose, 70.0, (), (0.0, 300.0))
    assert [(at_s, stage.cause) for at_s, stage in begun] == [
        (15.0, Cause.TOXIC_PRODROME), (45.0, Cause.TOXIC_SEIZURE), (90.0, Cause.TOXIC_HEART),
    ]  # fmt: skip
    already = tuple(Influence(stage.cause, at_s) for at_s, stage in begun)
    again = [press(400.0), press(100.0, clock_s=60.0)]
    assert stages_begun(again, 70.0, already, (60.0, 200.0)) == ()


def test_lipid_takes_up_its_part() -> None:
    lipid = Influence(Cause.LIPID, 0.0)
    held = BINDS * COURSES[Cause.LIPID].part(120.0)
    plain = strength_mcg_ml([press(90.0)], 50.0, (), 120.0)
    assert strength_mcg_ml([press(90.0)], 50.0, (lipid,), 120.0) == pytest.approx((1.0 - held) * plain)


def test_a_seizure_lasts_its_time() -> None:
    convulses = (Influence(Cause.TOXIC_SEIZURE, 10.0),)
    assert [seizing(convulses, at_s) for at_s in (9.0, 10.0, 9.9 + SEIZURE_S, 10.0 + SEIZURE_S)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_course_peaks_where_its_derivative_is_zero() -> None:
    course = Course(1.0, 1.0, 1.0, rise_s=20.0, fall_s=300.0)
    seconds = np.arange(0.0, 400.0, 0.01)
    parts = (1.0 - np.exp(-seconds / 20.0)) * np.exp(-seconds / 300.0)
    assert course.peak_s == pytest.approx(float(seconds[np.argmax(parts)]), abs=0.02)


def test_sedation_peaks_at_five_minutes_and_is_half_gone_between_half_an_hour_and_an_hour() -> None:
    assert 180.0 <= SEDATION_COURSE.peak_s <= 300.0  # midazolam and fentanyl work fully in 3 to 5 min
    light = (Influence(Cause.SEDATION, 0.0),)
    assert sedation_depth(light, SEDATION_COURSE.peak_s) == pytest.approx(1.0)
    assert sedation_depth(light, 1800.0) < 0.5 < sedation_depth(light, 1500.0)
    assert sedation_depth(light, 3600.0) < 0.2


def test_antidotes_make_nobody_more_than_awake() -> None:
    woken = (Influence(Cause.FLUMAZENIL, 0.0), Influence(Cause.NALOXONE, 0.0))
    assert sedation_depth(woken, 100.0) == 0.0


def test_a_point_s_distance_from_a_strand_is_that_from_a_cone_s_axis_less_its_radius() -> None:
    cone = Strand("a cone", Structure.AORTA, np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 10.0]]), np.array([1.0, 3.0]))
    assert cone.distance_mm(np.array([5.0, 0.0, 5.0])) == pytest.approx(5.0 - 2.0)
    assert cone.distance_mm(np.array([0.5, 0.0, 10.0])) == pytest.approx(0.5 - 3.0)
    assert cone.distance_mm(np.array([0.0, 0.0, 17.0])) == pytest.approx(7.0 - 3.0)
