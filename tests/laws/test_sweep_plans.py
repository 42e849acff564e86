"""What a sweep draws: evenly, crossed, the same whoever draws it and however long the sweep is to be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.errors import InputError
from dekomp_sim.files import plain, read_yaml, shipped
from dekomp_sim.scenario.story import Story
from dekomp_sim.sweep.keys import value_at, with_value
from dekomp_sim.sweep.performing import reference_of
from dekomp_sim.sweep.plan import Plan
from dekomp_sim.sweep.vary import Between, OneOf, read_varies

STORY = read_yaml(shipped("scenarios", "complication_root_contact"), Story)
RECORD = plain(STORY)
DRAWN = Plan(RECORD, read_varies(["card.weight_kg=50:120", "operator.entry_error_mm=0:8"], RECORD), 64, 1)
CROSSED = Plan(RECORD, read_varies(["card.weight_kg=50:120", "side=left,right"], RECORD), 64, 1)


def plan_of(*varies: str, cases: int = 64) -> Plan:
    return Plan(RECORD, read_varies(varies, RECORD), cases, seed=1)


@settings(deadline=None)
@given(shorter=st.integers(1, 40), more=st.integers(0, 40), seed=st.integers(0, 2**40))
def test_a_longer_sweep_begins_with_the_shorter_one(shorter: int, more: int, seed: int) -> None:
    short = replace(CROSSED, cases=shorter, seed=seed)
    long = replace(short, cases=shorter + more)

    assert [short.draw(index) for index in range(shorter)] == [long.draw(index) for index in range(shorter)]


@settings(deadline=None)
@given(power=st.integers(0, 6), seed=st.integers(0, 2**40))
def test_each_part_of_a_range_is_drawn_from_once(power: int, seed: int) -> None:
    cases = 2**power
    plan = replace(DRAWN, cases=cases, seed=seed)
    drawn = [plan.draw(index).values for index in range(cases)]

    for key, low, high in (("card.weight_kg", 50.0, 120.0), ("operator.entry_error_mm", 0.0, 8.0)):
        shares = sorted((values[key] - low) / (high - low) for values in drawn)
        for part, share in enumerate(shares):  # values are kept to six digits
            assert part / cases - 1e-5 <= share <= (part + 1) / cases + 1e-5


def test_a_block_holds_each_combination_once_with_the_same_draws_and_seed() -> None:
    plan = plan_of("card.weight_kg=50:120", "side=left,right", "card.leg_pain=5,7,9", cases=24)
    draws = [plan.draw(index) for index in range(24)]

    crossed = Counter((draw.values["side"], draw.values["card.leg_pain"]) for draw in draws)
    assert (len(crossed), set(crossed.values())) == (6, {4})
    for block in range(4):
        within = draws[6 * block : 6 * block + 6]
        assert len({(draw.seed, draw.values["card.weight_kg"]) for draw in within}) == 1
    assert len({draw.seed for draw in draws}) == 4
    assert len({draw.key for draw in draws}) == 24


def test_whole_numbers_are_drawn_whole_and_to_both_ends() -> None:
    plan = plan_of("card.conservative_weeks=4:9", "seed=10:13", cases=64)
    assert plan.varies[1].over == Between(10, 13, whole=True)
    draws = [plan.draw(index) for index in range(64)]

    assert Counter(draw.seed for draw in draws) == dict.fromkeys(range(10, 14), 16)
    assert all(draw.seed == draw.values["seed"] for draw in draws)


def test_another_seed_scenario_or_range_gives_other_keys() -> None:
    plan = plan_of("card.weight_kg=50:120")
    others = (
        replace(plan, seed=2),
        replace(plan, story=with_value(RECORD, "title", "another")),
        plan_of("card.weight_kg=50:121"),
    )

    assert len({one.digest for one in (plan, *others)}) == 4
    assert not {one.draw(0).key for one in others} & {plan.draw(0).key}


def test_patients_are_counted_and_their_cases_come_after_each_other() -> None:
    reference = reference_of(STORY)
    assert plan_of("card.weight_kg=50:120").patients(reference) == 1
    assert plan_of("patient.bmi=20:40", cases=30).patients(reference) == 30
    listed = plan_of("side=left,right", "card.leg_pain=5,7", "patient.bmi=22,30", cases=64)

    assert listed.patients(reference) == 4  # the herniation is on the side of the complaint
    order = listed.order(reference)
    assert sorted(order) == list(range(64))
    bodies = [(values["side"], values["patient.bmi"]) for values in (listed.draw(int(n)).values for n in order)]
    assert sum(one != other for one, other in pairwise(bodies)) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("card.wieght_kg=50:90", "--vary card.wieght_kg: found the key wieght_kg in card; *The nearest is weight_kg."),
        ("card.weight_kg", "--vary: found card.weight_kg; allowed: KEY=LOW:HIGH or KEY=A,B,C."),
        ("card.weight_kg=90:50", "*allowed: two numbers LOW:HIGH, the lower one first."),
        ("card.weight_kg=5:90", "--vary card.weight_kg: found 5*; allowed: *"),
        ("card.weight_kg=50,50", "*allowed: values that differ, with commas between."),
        ("side=left,up", '--vary side: found "up"; allowed: *'),
        ("steps.99.seconds=1:2", "--vary steps.99.seconds: found 99; allowed: 1 to 26 for steps*"),
        ("title.x=1:2", "--vary title.x: found title, which has no keys below it; allowed: title itself."),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(InputError) as wrong:
        read_varies([text], RECORD)
    assert Path(str(wrong.value).replace("/", "|")).match(told.replace("[", "?").replace("/", "|")), str(wrong.value)


def test_a_key_is_varied_once_and_not_within_another() -> None:
    for texts in (["side=left,right", "side=left"], ["card.weight_kg=50:60", "card.weight_kg=70"]):
        with pytest.raises(InputError, match="more than once"):
            read_varies(texts, RECORD)


def test_braces_and_single_values_are_lists() -> None:
    one, many = read_varies(["card.weight_kg=70", "side={left, right}"], RECORD)
    assert (one.over, many.over) == (OneOf((70,)), OneOf(("left", "right")))
    assert value_at(RECORD, "steps.4.do") == "wait"
