"""A patient who breathes and who may start: told from the pictures' side."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure import Case, Refusal, Setting, after, begin
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of


def run(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


@pytest.fixture(scope="module")
def lying(coarse_phantom: Patient) -> Case:
    """The phantom prone under the C-arm, left L4-L5."""
    return after(
        replace(begin(coarse_phantom, Setting(Level.L4_L5, Side.LEFT)), done=("position_prone",)),
        do.SetView(do.View.AP),
    )


def pictures(case: Case) -> list[np.ndarray]:
    """Each exposure's picture, all with the same noise."""
    scope = Fluoroscope(case.patient)
    return [scope.expose(replace(shot_of(case, one), index=0)).display for one in case.exposures]


def refused(case: Case, action: do.Action) -> str:
    last = after(case, action).events[-1]
    assert isinstance(last, Refusal)
    return last.reason


def test_two_pictures_of_a_breathing_patient_differ_and_of_a_held_breath_they_are_one(lying: Case) -> None:
    free = run(lying, do.Expose(), do.Wait(1.5), do.Expose())
    one, other = pictures(free)
    assert not np.array_equal(one, other)
    held = run(lying, do.HoldBreath(), do.Expose(), do.Wait(1.5), do.Expose())
    one, other = pictures(held)
    np.testing.assert_array_equal(one, other)
    assert [exposure.pose for exposure in held.exposures] == [held.carm, held.carm]


def test_a_breath_is_held_as_long_as_asked_and_then_goes_on(lying: Case) -> None:
    held = run(
        lying, do.HoldBreath(10.0), do.Wait(11.0), *[step for _ in range(8) for step in (do.Expose(), do.Wait(0.4))]
    )
    assert any(any(exposure.breath_mm) for exposure in held.exposures)
    assert "Let the patient breathe first" in refused(run(lying, do.HoldBreath(5.0)), do.HoldBreath(5.0))
    rested = run(lying, do.HoldBreath(5.0), do.Wait(16.0))
    assert not isinstance(after(rested, do.HoldBreath(5.0)).events[-1], Refusal)


def test_who_is_deeply_sedated_does_not_hold_the_breath_and_nobody_does_for_long(lying: Case) -> None:
    assert "seconds is 25" in refused(lying, do.HoldBreath(25.0))
    light, deep = (run(lying, do.Sedate(level)) for level in (do.Sedation.LIGHT, do.Sedation.DEEP))
    assert "Deeply sedated" in refused(deep, do.HoldBreath())
    assert light.breath_held_until_s < after(light, do.HoldBreath()).breath_held_until_s
