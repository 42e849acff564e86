"""A number outside its range is refused with the range, for every field of every action."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from annotated_types import Ge, Gt, Le

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.procedure import Case, Refusal, after
from dekomp_sim.procedure import actions as do

NEEDLE = "anaesthetic_needle"

GIVEN: dict[type, do.Action] = {
    do.TimeOut: do.TimeOut(Level.L4_L5, Side.LEFT),
    do.SetView: do.SetView(primary_deg=180.0, secondary_deg=0.0),
    do.SetCollimator: do.SetCollimator(iris=1.0),
    do.Expose: do.Expose(kv=80.0, mas=1.0),
    do.MoveGantry: do.MoveGantry(table_mm=0.0, tilt_deg=0.0),
    do.CtScan: do.CtScan(kv=120.0, ma=100.0, thickness_mm=3.0, field_mm=350.0),
    do.CtStep: do.CtStep(kv=120.0, ma=100.0, thickness_mm=3.0, field_mm=200.0),
    do.CtFluoroscopy: do.CtFluoroscopy(kv=120.0, ma=40.0, thickness_mm=4.0, field_mm=200.0),
    do.Anaesthetise: do.Anaesthetise(1.0),
    do.Insert: do.Insert(NEEDLE),
    do.Advance: do.Advance(NEEDLE, to_depth_mm=10.0, bevel_deg=0.0),
    do.Withdraw: do.Withdraw(NEEDLE, to_depth_mm=10.0),
    do.Redirect: do.Redirect(NEEDLE),
    do.Remove: do.Remove(NEEDLE),
    do.InjectContrast: do.InjectContrast(0.5),
    do.Treat: do.Treat(do.Treatment.OXYGEN),
    do.Answer: do.Answer("the question", 1),
    do.Wait: do.Wait(1.0),
}
"""An action of each kind that needs an argument, with a number in every field that can hold one."""

OPEN_ABOVE = {(do.Expose, "mas")}
"""What the machine of the case limits rather than the type: a refusal with its range, in test_refusals."""


def bounds(hint: Any) -> list[Ge | Gt | Le]:
    """The bounds that stand in a field's type."""
    if get_origin(hint) is Annotated:
        return [one for one in get_args(hint)[1:] if isinstance(one, Ge | Gt | Le)]
    return [one for part in get_args(hint) for one in bounds(part)]


def numeric(hint: Any) -> bool:
    return hint in (int, float) or any(numeric(part) for part in get_args(hint))


def just_outside(bound: Ge | Gt | Le, whole: bool) -> float:
    """The number nearest to a bound that it does not allow, or near enough."""
    match bound:
        case Ge(limit):
            return int(limit) - 1 if whole else math.nextafter(float(limit), -math.inf)  # type: ignore[call-overload, arg-type]
        case Gt(limit):
            return float(limit)  # type: ignore[arg-type]
        case Le(limit):
            return int(limit) + 1 if whole else math.nextafter(float(limit), math.inf)  # type: ignore[call-overload, arg-type]


def kinds() -> list[type]:
    return list(get_args(do.Action))


def ranged() -> list[Any]:
    """Kind, field and bound of every bound of every action."""
    return [
        pytest.param(kind, one.name, bound, id=f"{kind.__name__}.{one.name} {type(bound).__name__}")
        for kind in kinds()
        for one in fields(kind)
        for bound in bounds(get_type_hints(kind, include_extras=True)[one.name])
    ]


@pytest.mark.parametrize(("kind", "name", "bound"), ranged())
def test_a_number_beyond_its_bound_is_refused_and_the_bound_is_told(
    opened: Case, kind: type, name: str, bound: Ge | Gt | Le
) -> None:
    action: Any = GIVEN.get(kind) or kind()
    assert getattr(action, name) is not None, "the field is not tried"
    wrong = replace(action, **{name: just_outside(bound, whole=isinstance(getattr(action, name), int))})
    told = after(opened, wrong).events[-1]
    assert isinstance(told, Refusal)
    limit = {Ge: "at least", Gt: "above", Le: "at most"}[type(bound)]
    assert told.reason.startswith(f"{name} is ")
    assert f"{limit} {next(iter(vars_of(bound))):g}" in told.reason


def vars_of(bound: Ge | Gt | Le) -> tuple[float, ...]:
    return tuple(float(getattr(bound, one.name)) for one in fields(bound))


@pytest.mark.parametrize(("kind", "name", "bound"), ranged())
def test_a_number_on_a_closed_bound_is_in_range(opened: Case, kind: type, name: str, bound: Ge | Gt | Le) -> None:
    if isinstance(bound, Gt):
        return
    action: Any = GIVEN.get(kind) or kind()
    limit = vars_of(bound)[0]
    right = replace(action, **{name: int(limit) if isinstance(getattr(action, name), int) else limit})
    told = [event for event in after(opened, right).events if isinstance(event, Refusal)]
    assert not any("it must be" in event.reason for event in told)


def test_every_number_of_every_action_has_a_lower_and_an_upper_bound() -> None:
    bare = [
        (kind, one.name)
        for kind in kinds()
        for one in fields(kind)
        if numeric(hint := get_type_hints(kind, include_extras=True)[one.name])
        and one.name not in {"entry", "aim"}
        and {type(bound) is Le for bound in bounds(hint)} != {True, False}
    ]
    assert set(bare) == OPEN_ABOVE


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_wherever_it_stands(opened: Case, wrong: float) -> None:
    for kind in kinds():
        action: Any = GIVEN.get(kind) or kind()
        for one in fields(kind):
            value = getattr(action, one.name)
            if isinstance(value, float):
                told = after(opened, replace(action, **{one.name: wrong})).events[-1]
                assert isinstance(told, Refusal)
                assert told.reason.startswith(f"{one.name} is ")
    aimed = after(opened, do.Insert(NEEDLE, aim=do.Point(wrong, 0.0, 0.0))).events[-1]
    assert isinstance(aimed, Refusal)
    assert "x_mm is" in aimed.reason
