"""What holds of a case whatever is done: nothing raises, nothing is changed in place, the ledgers add up."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.disc import contrast_balance_ml, tissue_balance_ml
from dekomp_sim.errors import InputError
from dekomp_sim.files import plain
from dekomp_sim.imaging.stand.brightness import DoseRate
from dekomp_sim.imaging.stand.collimator import Field
from dekomp_sim.procedure import Action, Case, Refusal, after, case_digest, may
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.ranges import out_of_range
from dekomp_sim.scenario import action_from

KEYS = st.sampled_from(
    ["anaesthetic_needle", "discography_introducer", "discography_needle", "trocar_cannula", "trocar_stylet", "probe"]
)
DEPTHS = st.floats(-20.0, 200.0)
MARKS = st.sampled_from(list(do.Mark))

ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.sampled_from(
        [do.AssessCandidate(), do.Consent(), do.PositionProne(), do.PrepareSterileField(), do.Incise(),
         do.RemoveStylet(), do.InsertProbe(), do.SendSpecimen(), do.AskPatient(), do.Bandage(), do.AdviseRecovery()]
    ),
    st.builds(do.TimeOut, st.sampled_from(list(Level)), st.sampled_from(list(Side))),
    st.builds(do.GiveAntibiotic, st.sampled_from(list(do.Agent)), st.sampled_from(list(do.Route))),
    st.builds(do.Sedate, st.sampled_from(list(do.Sedation))),
    st.builds(do.HoldBreath, st.floats(0.0, 25.0)),
    st.builds(do.Treat, st.sampled_from(list(do.Treatment))),
    st.builds(do.SetView, st.sampled_from(list(do.View))),
    st.builds(do.Expose, kv=st.floats(20.0, 140.0), frames=st.integers(0, 20)),
    st.builds(do.MoveTable, up_mm=st.floats(-200.0, 400.0), left_mm=st.floats(-50.0, 50.0)),
    st.builds(do.SetCollimator, st.floats(0.0, 1.1), iris=st.none() | st.floats(0.0, 1.6)),
    st.builds(do.SetField, st.sampled_from(list(Field))),
    st.builds(do.SetFluoroscopy, st.sampled_from(list(DoseRate)), st.floats(0.5, 31.0)),
    st.builds(do.Anaesthetise, st.floats(0.0, 10.0)),
    st.builds(do.Insert, KEYS, entry_lateral_mm=st.floats(-10.0, 10.0)),
    st.builds(do.Advance, KEYS, to=MARKS, offset_mm=st.floats(-20.0, 30.0)),
    st.builds(do.Advance, KEYS, to_depth_mm=DEPTHS),
    st.builds(do.Withdraw, KEYS, to_depth_mm=DEPTHS),
    st.builds(do.Redirect, KEYS, st.floats(-10.0, 10.0), st.floats(-10.0, 10.0)),
    st.builds(do.Remove, KEYS),
    st.builds(do.InjectContrast, st.floats(0.0, 1.0), rate_ml_s=st.floats(0.0, 0.2)),
    st.builds(do.Decompress, st.integers(0, 20), st.floats(0.0, 15.0), st.floats(0.0, 5.0)),
    st.builds(do.Wait, st.floats(0.0, 100.0)),
)  # fmt: skip

READY: tuple[Action, ...] = (
    do.PositionProne(),
    do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(),
    do.SetView(do.View.AP),
)
AT_THE_NUCLEUS: tuple[Action, ...] = (
    do.Insert("discography_introducer"),
    do.Advance("discography_introducer", to_depth_mm=70.0),
    do.Insert("discography_needle"),
    do.Advance("discography_needle", to=do.Mark.NUCLEUS_CENTRE),
    do.InjectContrast(0.3),
)
PROBE_IN: tuple[Action, ...] = (
    do.Insert("anaesthetic_needle"),
    do.Advance("anaesthetic_needle", to_depth_mm=5.0),
    do.Anaesthetise(2.0),
    do.Remove("anaesthetic_needle"),
    do.Wait(60.0),
    do.Incise(),
    do.Insert("trocar_cannula"),
    do.Advance("trocar_cannula", to=do.Mark.NUCLEUS, offset_mm=4.0),
    do.RemoveStylet(),
    do.InsertProbe(),
)
GENEROUS = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def starts(opened: Case) -> tuple[Case, ...]:
    """Cases from which to go on: before, in the field, needle in the nucleus, probe in."""
    ready = reduce(after, READY, replace(opened, done=("consent",)))
    later = [reduce(after, steps, ready) for steps in (AT_THE_NUCLEUS, PROBE_IN)]
    for case in (ready, *later):
        assert not [event for event in case.events if isinstance(event, Refusal)]
    return opened, ready, *later


@GENEROUS
@given(start=st.integers(0, 3), actions=st.lists(ACTIONS, min_size=1, max_size=8))
def test_whatever_is_done_nothing_raises_and_the_ledgers_add_up(
    starts: tuple[Case, ...], start: int, actions: list[Action]
) -> None:
    case = starts[start]
    for action in actions:
        later = after(case, action)
        assert later.clock_s >= case.clock_s
        assert later.events[: len(case.events)] == case.events
        assert len(later.done) + sum(isinstance(e, Refusal) for e in later.events) == (
            len(case.done) + sum(isinstance(e, Refusal) for e in case.events) + 1
        )
        assert set(later.nest) | set(later.nest.values()) <= set(later.placements)
        case = later
    # Sums of a million voxels in float64: 1e-12 of some 20 mL.
    np.testing.assert_allclose(tissue_balance_ml(case.disc), 0.0, atol=2e-11)
    assert contrast_balance_ml(case.disc) == pytest.approx(0.0, abs=2e-11)


@GENEROUS
@given(start=st.integers(0, 3), action=ACTIONS)
def test_after_is_pure_and_deterministic(starts: tuple[Case, ...], start: int, action: Action) -> None:
    case = starts[start]
    before = case_digest(case)
    first, second = after(case, action), after(case, action)
    assert case_digest(case) == before
    assert case_digest(first) == case_digest(second)


@GENEROUS
@given(start=st.integers(0, 3), action=ACTIONS)
def test_what_may_not_happen_changes_only_the_events(starts: tuple[Case, ...], start: int, action: Action) -> None:
    case = starts[start]
    later = after(case, action)
    if later.events and isinstance(later.events[-1], Refusal):
        assert case_digest(replace(later, events=case.events)) == case_digest(case)
    else:
        assert may(case, action) is None
        assert later.done == (*case.done, action.do)


@GENEROUS
@given(start=st.integers(1, 3), mm=st.floats(0.5, 8.0))
def test_withdrawing_and_advancing_again_comes_back_to_the_same_place(
    starts: tuple[Case, ...], start: int, mm: float
) -> None:
    case = starts[start]
    for key, placement in case.placements.items():
        if key in case.nest:
            continue
        back = after(case, do.Withdraw(key, to_depth_mm=placement.depth_mm - mm))
        again = after(back, do.Advance(key, to_depth_mm=placement.depth_mm))
        if isinstance(again.events[-1], Refusal):  # an open cannula is not pushed on
            continue
        for name in case.placements:
            np.testing.assert_allclose(again.placements[name].tip_mm, case.placements[name].tip_mm, atol=1e-9)


@given(action=ACTIONS)
def test_an_action_read_back_from_its_record_is_the_same(action: Action) -> None:
    if out_of_range(action) is None:
        assert action_from(plain(action)) == action
    else:
        with pytest.raises(InputError, match=f"action {action.do}"):
            action_from(plain(action))


def test_every_action_has_its_word_and_no_two_share_one() -> None:
    words = [kind.__dataclass_fields__["do"].default for kind in get_args(Action)]
    assert len(set(words)) == len(words) == 37


@given(seconds=st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_in_range_exactly_when_its_type_says_so(seconds: float) -> None:
    assert (out_of_range(do.Wait(seconds)) is None) == (0.0 < seconds <= 86400.0)
