"""Every action has its form, and a form allows what the action's rules allow: neither more nor less."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.errors import InputError
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.ranges import out_of_range
from dekomp_sim.scenario import action_from
from dekomp_sim.viewer.practice.controls import ACTIONS, Control, ControlKind, controls, title

quick = settings(max_examples=60, deadline=None)

ALL = [(word, one) for word in ACTIONS for one in controls(word)]


def entered(one: Control) -> st.SearchStrategy[Any]:
    """What a person may enter in a control."""
    if one.kind is ControlKind.FLAG:
        return st.booleans()
    if one.kind is ControlKind.TEXT:
        return st.text(max_size=5)
    if one.kind is ControlKind.CHOICE:
        return st.sampled_from(one.choices)
    if one.kind is ControlKind.POINT:
        points = st.builds(lambda x: {"x_mm": x, "y_mm": 0.0, "z_mm": 0.0}, st.floats(-100.0, 100.0))
        return st.one_of(points, st.sampled_from(one.choices))
    low = one.low if one.low is not None else -1e3
    high = one.high if one.high is not None else 1e3
    if one.kind is ControlKind.INTEGER:
        return st.integers(int(low), int(high))
    return st.floats(low, high, allow_nan=False, exclude_min=one.low == 0.0).map(abs if low >= 0 else float)


def needed(one: Control) -> bool:
    return one.default is None and not one.optional


@quick
@given(st.sampled_from(sorted(ACTIONS)), st.data())
def test_whatever_a_form_allows_is_read_as_its_action_in_range(word: str, data: st.DataObject) -> None:
    values = {
        one.name: data.draw(entered(one), label=one.name)
        for one in controls(word)
        if needed(one) or (not one.optional and data.draw(st.booleans()))
    }
    if word in {"advance", "withdraw"}:
        values["to_depth_mm"] = data.draw(st.floats(0.0, 300.0))
    if word == "set_view":
        values["view"] = data.draw(st.sampled_from(controls(word)[0].choices))
    action = action_from({"do": word, **values})
    assert type(action) is ACTIONS[word]
    assert out_of_range(action) is None


@pytest.mark.parametrize(("word", "one"), ALL, ids=[f"{word}.{one.name}" for word, one in ALL])
def test_each_control_can_be_shown(word: str, one: Control) -> None:
    assert one.words[0].isupper() or one.words in {"kV", "mAs"}
    assert "_" not in one.words
    assert (one.kind is ControlKind.CHOICE) <= (len(one.choices) >= 2)
    if one.kind in {ControlKind.NUMBER, ControlKind.INTEGER}:
        assert one.step is not None
        assert one.step > 0.0
        if isinstance(one.default, int | float):
            assert abs(math.remainder(float(one.default), one.step)) < 1e-9, "the default is a step"
            assert one.low is None or one.low <= one.default
            assert one.high is None or one.default <= one.high
    if one.name.endswith(("_mm", "_deg", "_ml", "_kv", "_percent")):
        assert one.unit, "a unit in the name is a unit on the screen"


@pytest.mark.parametrize(("word", "one"), [(w, c) for w, c in ALL if c.high is not None], ids=str)
def test_beyond_a_control_s_range_the_action_is_refused(word: str, one: Control) -> None:
    values: dict[str, Any] = {c.name: c.choices[0] if c.choices else 1.0 for c in controls(word) if needed(c)}
    if word in {"advance", "withdraw"} and one.name != "to_depth_mm":
        values["to"] = "skin"
    if one.name.endswith(("primary_deg", "secondary_deg")):
        values |= {"primary_deg": 0.0, "secondary_deg": 0.0}
    assert one.high is not None
    with pytest.raises(InputError):
        action_from({"do": word, **values, one.name: one.high + 1.0})


def test_ranges_units_and_defaults_are_the_action_s_own() -> None:
    rate = {one.name: one for one in controls("inject_contrast")}["rate_ml_s"]
    assert (rate.words, rate.unit, rate.low, rate.high, rate.default) == ("Rate", "mL/s", 0.0, 5.0, 0.05)
    kv = controls("expose")[0]
    assert (kv.unit, kv.low, kv.high, kv.choices, kv.default) == ("kV", 40.0, 125.0, ("auto",), "auto")
    view = controls("set_view")[0]
    assert view.optional
    assert "needle_eye" in view.choices
    entry = {one.name: one for one in controls("insert")}["entry"]
    assert (entry.kind, entry.choices, entry.default) == (ControlKind.POINT, ("planned",), "planned")


def test_the_scalpel_is_no_instrument_to_push() -> None:
    assert "scalpel" not in controls("advance")[0].choices
    assert "trocar_cannula" in controls("advance")[0].choices


def test_an_unknown_action_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"do: found juggle; allowed: assess_candidate, consent"):
        controls("juggle")
    assert title("prepare_sterile_field") == "Prepare sterile field"
    assert ACTIONS["wait"] is do.Wait
