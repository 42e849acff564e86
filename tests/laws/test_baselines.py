"""Baselines: what is written is read again; what is the same is the same; what changed is found where it did."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.regress.baseline import (
    Baseline,
    Shown,
    marks,
    read_baseline,
    read_pictures,
    this_platform,
    write_baseline,
)
from dekomp_sim.regress.comparison import ABSOLUTE, RELATIVE, alike, partings
from dekomp_sim.regress.pictures import Taken
from dekomp_sim.regress.state import Moment, Value

numbers = st.floats(-1e300, 1e300)
values: st.SearchStrategy[Value] = st.one_of(
    numbers, st.tuples(numbers, numbers, numbers), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
)
names = st.sampled_from(["clock_s", "probe.fatigue", "L4-L5.pressure_kpa", "trocar_cannula.tip_mm", "events"])
states = st.dictionaries(names, values, min_size=1)


def moments_of(found: list[dict[str, Value]]) -> tuple[Moment, ...]:
    return tuple(Moment(step, "wait" if step else "opening", state) for step, state in enumerate(found))


def baseline_of(moments: tuple[Moment, ...], pictures: tuple[Shown, ...] = ()) -> Baseline:
    return Baseline(1, "0.1.0", this_platform(), "aa", "bb", 12.5, len(moments) - 1, marks(moments), pictures)


@settings(max_examples=25, deadline=None)
@given(st.lists(states, min_size=2, max_size=4), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12))
def test_what_is_written_is_read_again(found: list[dict[str, Value]], note: str) -> None:
    moments, grey = moments_of(found), np.arange(48, dtype=np.uint8).reshape(6, 8)
    written = baseline_of(moments, (Shown("step_001.png", 1, note),))
    with tempfile.TemporaryDirectory() as folder:
        write_baseline(Path(folder) / "case", written, (Taken("step_001.png", 1, note, grey),))
        read = read_baseline(Path(folder) / "case")
        picture = read_pictures(Path(folder) / "case", read)[0]
    assert partings(read.moments, moments) == ()
    assert (read.pace, read.steps, read.pictures) == (12.5, len(found) - 1, written.pictures)
    assert (picture.picture == grey).all()


@given(states, st.data())
def test_a_number_that_moved_by_more_than_counts_is_found(state: dict[str, Value], data: st.DataObject) -> None:
    number = data.draw(st.floats(-1e6, 1e6))
    least = max(RELATIVE * abs(number) * 1.01, ABSOLUTE * 1.01)
    moved = number + data.draw(st.sampled_from([-1.0, 1.0])) * least * data.draw(st.floats(1.001, 1e3))
    before = moments_of([state, state | {"pain": number}, state])
    after = moments_of([state, state | {"pain": moved}, state])
    found = partings(before, after)
    assert [(one.step, one.name, one.steps) for one in found] == [(1, "pain", 1)]
    assert not alike(number, moved)


@given(values, values)
def test_likeness_has_no_direction_and_all_is_like_itself(one: Value, other: Value) -> None:
    assert alike(one, other) == alike(other, one)
    assert alike(one, one)


def test_a_vector_is_judged_by_its_length_not_by_each_component() -> None:
    assert alike((120.0, 0.0, 0.0), (120.0, 1e-6, 0.0))
    assert not alike((120.0, 0.0, 0.0), (120.0, 1e-4, 0.0))


def test_other_steps_are_told_and_what_follows_is_not_compared() -> None:
    before = (Moment(0, "opening", {"a": 1.0}), Moment(1, "wait", {"a": 2.0}))
    after = (Moment(0, "opening", {"a": 1.0}), Moment(1, "expose", {"a": 9.0}))
    assert [one.words for one in partings(before, after)] == ["step 1 (expose): the step was wait, is expose"]
    assert partings(before, after[:1])[0].words == "step 1 (wait): the step was wait, is absent"
