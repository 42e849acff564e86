"""What holds of marks and learning curves whatever the numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dekomp_sim.debrief.scoring.learning import Design, chance_of_showing, learning_curve
from dekomp_sim.debrief.scoring.marks import share
from dekomp_sim.debrief.scoring.spread import rate_95, spread
from dekomp_sim.scenario.rubric import Criterion, Metric

NUMBERS = st.floats(-1e6, 1e6)
CASES = st.lists(st.booleans(), max_size=60)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_share_lies_between_0_and_1_and_never_falls_toward_full(
    full: float, zero: float, one: float, other: float
) -> None:
    if full == zero:
        return
    criterion = Criterion(Metric.EXPOSURES, full_at=full, zero_at=zero)
    near, far = sorted((one, other), reverse=zero < full)
    assert 0.0 <= share(criterion, far) <= share(criterion, near) <= 1.0
    assert (share(criterion, full), share(criterion, zero)) == (1.0, 0.0)


@given(CASES, CASES)
def test_later_cases_never_undo_that_competence_was_shown(first: list[bool], later: list[bool]) -> None:
    before, after = learning_curve(first), learning_curve(first + later)
    assert after.scores[: len(before.scores)] == before.scores
    if before.competent_at is not None:
        assert after.competent_at == before.competent_at


@given(CASES, st.integers(0, 59))
def test_a_failure_in_place_of_a_pass_never_shows_competence_sooner(passed: list[bool], at: int) -> None:
    worse = [one and number != at for number, one in enumerate(passed)]
    soon, late = learning_curve(passed).competent_at, learning_curve(worse).competent_at
    assert late is None or (soon is not None and soon <= late)


@given(CASES)
def test_nobody_is_competent_before_the_fewest_cases(passed: list[bool]) -> None:
    curve = learning_curve(passed)
    assert curve.competent_at is None or curve.competent_at >= Design().fewest
    assert all(score >= 0.0 for score in curve.scores)


@given(st.floats(0.0, 1.0), st.integers(0, 30))
def test_chances_lie_between_0_and_1_and_grow_with_cases(failures: float, cases: int) -> None:
    now, then = chance_of_showing(failures, cases), chance_of_showing(failures, cases + 1)
    assert 0.0 <= now <= then + 1e-12 <= 1.0 + 2e-12  # sums of rounded products


@given(st.lists(st.one_of(st.none(), NUMBERS), max_size=20))
def test_quartiles_stand_in_order_or_there_are_none(values: list[float | None]) -> None:
    found = spread(values)
    known = [value for value in values if value is not None]
    assert (found is None) is (len(known) < 5)
    if found is not None:
        assert min(known) <= found.low <= found.median <= found.high <= max(known)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_a_rate_lies_within_its_limits(tried: tuple[int, int]) -> None:
    successes, of = tried
    low, high = rate_95(successes, of)
    assert 0.0 <= low <= successes / of + 1e-12
    assert successes / of - 1e-12 <= high <= 1.0
