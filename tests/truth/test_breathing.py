"""The breath on paper: how far, how often, which way, and how a picture shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.procedure import Case, PatientCard, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.breathing import GRAIN_MM, PERIOD_S, breath_mm
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of


def course_mm(case: Case, seconds: float = 4.0, count: int = 4001) -> np.ndarray:
    """How far the breath has moved the patient, from now on."""
    moments = case.clock_s + np.linspace(0.0, seconds, count)
    return np.asarray(np.linalg.norm([breath_mm(case, float(at)) for at in moments], axis=1))


def test_the_spine_goes_the_published_way_with_each_breath_and_comes_back(opened: Case) -> None:
    way = course_mm(opened)
    assert way.max() == pytest.approx(1.3)  # Glossop and Hu 1997
    assert way.min() == 0.0
    assert way.mean() == pytest.approx(1.3 * 3.0 / 8.0, abs=GRAIN_MM / 4.0)  # mean of cos^4
    np.testing.assert_array_equal(way, course_mm(replace(opened, clock_s=opened.clock_s + 4.0)))


def test_a_sedated_patient_breathes_shallower(opened: Case) -> None:
    light, deep = (after(opened, do.Sedate(level)) for level in (do.Sedation.LIGHT, do.Sedation.DEEP))
    later = [replace(case, clock_s=300.0) for case in (opened, light, deep)]
    awake, sleepy, asleep = (course_mm(case, PERIOD_S).max() for case in later)
    assert awake > sleepy > asleep > 0.7 * awake


def test_the_seed_sets_the_phase_and_the_card_the_range(opened: Case) -> None:
    assert not np.array_equal(course_mm(opened), course_mm(replace(opened, seed=opened.seed + 1)))
    still = replace(opened, card=replace(PatientCard(), breath_mm=0.0))
    assert course_mm(still).max() == 0.0


def test_breathing_in_lifts_the_back_and_goes_headward(opened: Case) -> None:
    left, up, head = breath_mm(opened, float(np.argmax(course_mm(opened)) * 4.0 / 4000.0))
    assert left == 0.0
    assert up > head > 0.0  # y is posterior: the ceiling, for he lies prone


def test_a_patient_moved_headward_and_up_is_seen_higher_and_smaller(opened: Case) -> None:
    seen = after(replace(opened, done=("position_prone",)), do.SetView(primary_deg=180.0, secondary_deg=0.0))
    exposed = after(seen, do.Expose())
    out = replace(exposed.exposures[0], breath_mm=(0.0, 0.0, 0.0))
    headward, up = (replace(out, breath_mm=moved) for moved in ((0.0, 0.0, 2.0), (0.0, 20.0, 0.0)))
    assert out.pose is out.carm
    panel = exposed.machine.detector
    at = opened.shape.patient_from_disc.translation_mm + np.array([[10.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    rest, higher, smaller = (one.pose.pixel_of(at, panel) for one in (out, headward, up))
    shift = 2.0 * out.carm.magnification / panel.pixel_mm
    np.testing.assert_allclose(higher - rest, [[-shift, 0.0]] * 2, atol=1e-9)  # row 0 is at the head
    assert np.ptp(smaller[:, 1]) == pytest.approx(np.ptp(rest[:, 1]) * 600.0 / 620.0)  # toward the detector, prone


def test_each_pulse_of_a_run_sees_the_breath_of_its_moment(opened: Case) -> None:
    seen = after(replace(opened, done=("position_prone",)), do.SetView(do.View.AP))
    case = after(seen, do.Expose(frames=32))
    run = case.exposures[0]
    centres = [tuple(shot_of(case, run, pulse).carm.isocentre_mm) for pulse in range(32)]
    assert len(set(centres)) > 4
    np.testing.assert_allclose(np.ptp(centres, axis=0), [0.0, 0.9 * 1.3, 0.567], atol=0.25)  # four seconds, one breath
    still = {tuple(shot_of(case, run, pulse, breathing=False).carm.isocentre_mm) for pulse in range(32)}
    assert still == {tuple(np.asarray(run.carm.isocentre_mm))}
