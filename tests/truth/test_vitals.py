"""Vital signs: rest, courses in closed form, and the direction of each cause as textbooks have it."""

from __future__ import annotations

import math

import pytest

from dekomp_sim.procedure.clinic.courses import COURSES, Cause, Course, Influence
from dekomp_sim.procedure.clinic.vitals import (
    COLLAPSE,
    FIT,
    LEAST,
    MOST,
    REST,
    Vitals,
    below,
    vitals,
)


def at_worst(*causes: Cause, strength: float = 1.0) -> Vitals:
    """Vital signs at the lowest systolic pressure of ten minutes, all causes beginning at once."""
    moved = [Influence(cause, 0.0, strength) for cause in causes]
    return min((vitals(moved, float(second)) for second in range(0, 600, 5)), key=lambda one: one.systolic_mmhg)


def worst_breath(*remedies: Cause) -> Vitals:
    """Vital signs at the lowest saturation of ten minutes of a deep sedation, a remedy given as the monitor rings."""
    moved = [Influence(Cause.SEDATION, 0.0, 3.0), *(Influence(remedy, 120.0) for remedy in remedies)]
    return min((vitals(moved, float(second)) for second in range(180, 600, 5)), key=lambda one: one.saturation_percent)


def test_rest_is_within_what_is_normal_and_nothing_changes_it_before_it_begins() -> None:
    assert 60.0 <= REST.heart_bpm <= 100.0
    assert 100.0 <= REST.systolic_mmhg <= 140.0
    assert vitals([Influence(Cause.BLEEDING, 100.0)], 100.0) == REST
    assert below(REST, FIT) == ()


def test_a_course_is_its_closed_form() -> None:
    course = Course(1.0, 1.0, 1.0, rise_s=20.0, fall_s=300.0)
    assert course.part(55.0) == pytest.approx((1.0 - math.exp(-55.0 / 20.0)) * math.exp(-55.0 / 300.0))
    assert course.part(-1.0) == 0.0


def test_influences_add() -> None:
    pain, oxygen = Influence(Cause.PAIN, 0.0, 0.8), Influence(Cause.SEDATION, 0.0)
    both, alone = vitals([pain, oxygen], 30.0), (vitals([pain], 30.0), vitals([oxygen], 30.0))
    assert both.heart_bpm - REST.heart_bpm == pytest.approx(sum(one.heart_bpm - REST.heart_bpm for one in alone))


def test_a_faint_is_slow_and_low_a_bleeding_and_an_anaphylaxis_fast_and_low() -> None:
    faint, blood, allergy = at_worst(Cause.VASOVAGAL), at_worst(Cause.BLEEDING), at_worst(Cause.ALLERGY)
    assert faint.heart_bpm < 50.0
    assert blood.heart_bpm > 100.0
    assert allergy.heart_bpm > 100.0
    assert max(one.systolic_mmhg for one in (faint, blood, allergy)) < FIT.systolic_mmhg
    assert allergy.saturation_percent < FIT.saturation_percent


def test_a_faint_passes_by_itself_in_a_quarter_of_an_hour() -> None:
    later = vitals([Influence(Cause.VASOVAGAL, 0.0)], 900.0)
    assert below(later, FIT) == ()
    assert below(at_worst(Cause.VASOVAGAL), COLLAPSE) == ()


def test_an_anaphylaxis_without_adrenaline_ends_in_collapse() -> None:
    assert below(at_worst(Cause.ALLERGY), COLLAPSE)
    assert not below(at_worst(Cause.ALLERGY, Cause.ADRENALINE), COLLAPSE)


def test_atropine_quickens_a_slow_heart() -> None:
    assert at_worst(Cause.VASOVAGAL, Cause.ATROPINE).heart_bpm > at_worst(Cause.VASOVAGAL).heart_bpm + 15.0


def test_oxygen_brings_a_deeply_sedated_patient_above_the_alarm() -> None:
    deep, helped = worst_breath(), worst_breath(Cause.OXYGEN)
    assert deep.saturation_percent < FIT.saturation_percent < helped.saturation_percent
    assert vitals([Influence(Cause.SEDATION, 0.0)], 400.0).saturation_percent > 95.0


@pytest.mark.parametrize("remedy", [Cause.FLUID, Cause.LEGS_UP, Cause.ADRENALINE])
def test_fluid_raised_legs_and_adrenaline_lift_the_pressure_of_a_bleeding(remedy: Cause) -> None:
    assert at_worst(Cause.BLEEDING, remedy).systolic_mmhg > at_worst(Cause.BLEEDING).systolic_mmhg + 10.0


def test_the_monitor_shows_nothing_beyond_its_scale() -> None:
    worst = vitals([Influence(cause, 0.0, 10.0) for cause in COURSES if COURSES[cause].systolic_mmhg < 0.0], 300.0)
    assert worst.systolic_mmhg == LEAST.systolic_mmhg
    assert vitals([Influence(Cause.ADRENALINE, 0.0, 10.0)], 300.0).systolic_mmhg == MOST.systolic_mmhg


def test_an_alarm_names_each_sign_that_is_low() -> None:
    assert below(Vitals(40.0, 70.0, 85.0), FIT) == ("heart rate 40 bpm", "systolic pressure 70 mmHg", "saturation 85 %")
