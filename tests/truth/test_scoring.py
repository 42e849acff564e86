"""Marks, learning curves and spreads whose answers are known on paper or from a published table."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from itertools import product
from types import MappingProxyType

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side, Structure
from dekomp_sim.debrief.metrics import Metrics, measure
from dekomp_sim.debrief.scoring.errors import committed
from dekomp_sim.debrief.scoring.learning import Design, chance_of_showing, learning_curve
from dekomp_sim.debrief.scoring.marks import score, scores, share
from dekomp_sim.debrief.scoring.presets import presets
from dekomp_sim.debrief.scoring.rating import ANCHORS, Checklist, Rating
from dekomp_sim.debrief.scoring.spread import rate_95, spread
from dekomp_sim.procedure import Breach, BreachKind, Case, Setting, after, begin
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.card import Condition, PatientCard
from dekomp_sim.procedure.events import Reaction, ReactionKind
from dekomp_sim.procedure.records import Puncture
from dekomp_sim.scenario import Story
from dekomp_sim.scenario.rubric import Criterion, Critical, Metric, Rubric

NEEDLE = "discography_needle"
NOWHERE = (0.0, 0.0, 0.0)

THREE = Rubric(
    name="three",
    criteria=(
        Criterion(Metric.PROCEDURE_S, full_at=1200.0, zero_at=3600.0, weight=2.0),
        Criterion(Metric.EXPOSURES, full_at=10.0, zero_at=40.0, weight=1.0),
        Criterion(Metric.REMOVED_ML, full_at=0.7, zero_at=0.1, weight=1.0),
    ),
    critical=(Critical.HARM,),
    pass_percent=70.0,
)


@pytest.fixture
def metrics(opened: Case) -> Metrics:
    return replace(measure([opened]), procedure_s=1800.0, exposures=25, removed_ml=0.4)


def harmed(case: Case, kind: BreachKind) -> Case:
    """The case with one complication."""
    breach = Breach(1.0, kind, NEEDLE, Structure.NERVE_ROOT, "something", 60.0, NOWHERE)
    return replace(case, events=(*case.events, breach))


def test_marks_are_the_weighted_mean_of_shares(opened: Case, metrics: Metrics) -> None:
    # 1800 s: (1800 - 3600) / (1200 - 3600) = 3/4; 25 shots: 1/2; 0.4 mL: 1/2. (2 x 3/4 + 1/2 + 1/2) / 4 = 62.5 %.
    found = score(THREE, metrics, opened)
    assert [mark.share for mark in found.marks] == pytest.approx([0.75, 0.5, 0.5], abs=1e-12)
    assert found.percent == pytest.approx(62.5, abs=1e-12)
    assert not found.passed
    assert score(replace(THREE, pass_percent=62.5), metrics, opened).passed


def test_beyond_full_and_below_nothing_marks_stay_where_they_are() -> None:
    shots = Criterion(Metric.EXPOSURES, full_at=5.0, zero_at=15.0)
    volume = Criterion(Metric.REMOVED_ML, full_at=0.7, zero_at=0.1)
    assert [share(shots, value) for value in (0, 5, 10, 15, 90)] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert [share(volume, value) for value in (0.0, 0.1, 0.7, 2.0)] == [0.0, 0.0, 1.0, 1.0]


def test_what_was_not_done_earns_nothing(opened: Case, metrics: Metrics) -> None:
    found = score(THREE, replace(metrics, procedure_s=None), opened)
    assert found.marks[0].value is None
    assert found.percent == pytest.approx(25.0, abs=1e-12)


def test_a_critical_error_fails_a_case_with_all_marks(opened: Case, metrics: Metrics) -> None:
    best = replace(metrics, procedure_s=600.0, exposures=3, removed_ml=1.0)
    assert score(THREE, best, opened).passed
    found = score(THREE, best, harmed(opened, BreachKind.ROOT))
    assert found.percent == 100.0
    assert not found.passed
    assert found.errors == ("The discography needle goes through: something, at 60.0 mm.",)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Critical.ROOT_BREACH, BreachKind.ROOT),
        (Critical.DURA_BREACH, BreachKind.DURA),
        (Critical.VESSEL_BREACH, BreachKind.VESSEL),
        (Critical.ORGAN_BREACH, BreachKind.KIDNEY),
        (Critical.ORGAN_BREACH, BreachKind.BOWEL),
        (Critical.WRONG_LEVEL, BreachKind.WRONG_LEVEL),
    ],
)
def test_each_complication_is_its_own_error_and_no_other(opened: Case, error: Critical, kind: BreachKind) -> None:
    case = harmed(opened, kind)
    assert {one for one in Critical if committed(one, case)} == {error, Critical.HARM}


def test_a_collapse_is_an_error_and_a_faint_is_none(opened: Case) -> None:
    faint = replace(opened, events=(Reaction(1.0, ReactionKind.VASOVAGAL, "Faint."),))
    fallen = replace(opened, events=(Reaction(1.0, ReactionKind.COLLAPSE, "Collapse."),))
    assert committed(Critical.COLLAPSE, faint) == ()
    assert committed(Critical.COLLAPSE, fallen) == ("Collapse.",)


def test_who_reaches_for_the_needle_before_the_time_out_made_the_error_though_stopped(opened: Case) -> None:
    asked = after(opened, do.Insert(NEEDLE))
    assert committed(Critical.NO_TIME_OUT, opened) == ()
    assert committed(Critical.NO_TIME_OUT, asked) == ("Stopped at insert: not yet done was time out.",)
    ready = after(replace(opened, done=("time_out",)), do.Insert(NEEDLE))
    assert committed(Critical.NO_TIME_OUT, ready) == ()
    assert committed(Critical.NO_STERILE_FIELD, ready) != ()


def test_skin_opened_without_consent_is_an_error_even_where_nothing_stopped_it(opened: Case) -> None:
    pricked = replace(opened, punctures=(Puncture(5.0, NEEDLE, NOWHERE, False, opened.level),))
    assert committed(Critical.NO_CONSENT, pricked) == ("The skin was opened without this step: consent.",)
    assert committed(Critical.NO_CONSENT, replace(pricked, done=("consent",))) == ()


def test_the_wrong_candidate_is_an_error_only_once_begun(glass: Patient) -> None:
    card = PatientCard(conditions=(Condition.PREGNANCY,))
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT, card))
    assert committed(Critical.WRONG_CANDIDATE, case) == ()
    begun = replace(case, punctures=(Puncture(5.0, NEEDLE, NOWHERE, False, case.level),))
    assert committed(Critical.WRONG_CANDIDATE, begun)[0].startswith("Begun although: pregnancy")


# Zhang, Chin J Spine Spinal Cord 2021;31:56: success is at most 20 min and 5 shots at L2-L5, 25 min and 7 at L5-S1.
@pytest.mark.parametrize(
    ("level", "minutes", "shots", "passed"),
    [
        (Level.L4_L5, 20.0, 5, True),
        (Level.L2_L3, 20.0, 5, True),
        (Level.L4_L5, 20.1, 5, False),
        (Level.L4_L5, 20.0, 6, False),
        (Level.L5_S1, 25.0, 7, True),
        (Level.L5_S1, 25.1, 7, False),
        (Level.L5_S1, 25.0, 8, False),
    ],
)
def test_the_disc_block_preset_has_the_study_s_pass_marks(
    opened: Case, metrics: Metrics, level: Level, minutes: float, shots: int, passed: bool
) -> None:
    (rubric,) = presets(level)
    found = score(rubric, replace(metrics, procedure_s=60.0 * minutes, exposures=shots), opened)
    assert found.passed is passed


def test_a_disc_that_no_study_had_has_no_preset_and_a_story_s_rubric_comes_first(
    opened: Case, metrics: Metrics
) -> None:
    story = Story(1, "t", Level.L4_L5, Side.LEFT, (do.Wait(1.0),), rubrics=(THREE,))
    assert [one.rubric.name for one in scores(story, metrics, opened)] == ["three", "disc_block"]
    assert scores(replace(story, level=Level.L1_L2, rubrics=()), metrics, opened) == ()


def test_the_lc_cusum_of_a_short_sequence_is_the_one_reckoned_by_hand() -> None:
    # p0 = 0.10, p1 = 0.20: a pass adds ln(0.9 / 0.8) = 0.11778, a failure takes ln(0.2 / 0.1) = 0.69315, never below 0
    up, down = 0.117783, 0.693147
    passed = [True, True, False, True, True, True, True, True, True, True, False, True]
    by_hand = [up, 2 * up, 0.0, up, 2 * up, 3 * up, 4 * up, 5 * up, 6 * up, 7 * up, 7 * up - down, 8 * up - down]
    curve = learning_curve(passed)
    assert curve.scores == pytest.approx(by_hand, abs=1e-5)  # the constants above have six digits
    assert curve.competent_at is None
    assert curve.words == "Not enough data: 12 of at least 13 cases."


def test_the_first_to_be_shown_competent_are_so_after_13_passes_as_published() -> None:
    # de Oliveira Filho 2023: 10 and 20 %; of 30 residents shown competent the fastest were after 13 blocks.
    assert learning_curve([True] * 13).competent_at == 13
    assert learning_curve([True] * 12).competent_at is None
    # one failure at first costs one case; one in the middle costs ln 2 / ln(9/8) = 5.9 passes and itself, within the 24
    assert learning_curve([False] + [True] * 20).competent_at == 14
    assert learning_curve([True] * 8 + [False] + [True] * 20).competent_at == 20


def test_after_competence_is_shown_the_test_is_over() -> None:
    curve = learning_curve([True] * 13 + [False] * 9)
    assert (len(curve.scores), curve.cases, curve.competent_at) == (13, 22, 13)
    assert curve.words == "Competence was shown at case 13."


def test_the_chance_of_being_shown_is_that_of_all_sequences_counted_one_by_one() -> None:
    design = Design(acceptable=0.2, inadequate=0.5, limit=1.2)  # a pass adds 0.470, a failure takes 0.916
    for failures in (0.1, 0.4):
        counted = math.fsum(
            math.prod((1.0 - failures) if one else failures for one in passed)
            for passed in product((True, False), repeat=12)
            if learning_curve(passed, design).competent_at is not None
        )
        assert chance_of_showing(failures, 12, design) == pytest.approx(counted, abs=1e-12)
    assert chance_of_showing(0.1, 13) == pytest.approx(0.9**13, rel=1e-12)  # all 13 must be passes
    assert chance_of_showing(0.1, 12) == 0.0


@pytest.mark.parametrize("rates", [(0.2, 0.1), (0.0, 0.2), (0.1, 1.0)])
def test_a_curve_that_cannot_tell_competent_from_not_is_refused(rates: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="0 < acceptable < inadequate < 1"):
        Design(*rates)


# Newcombe, Stat Med 1998;17:857, table I, method 3 (score without continuity correction)
@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_limits_of_a_rate_are_the_published_ones(successes: int, of: int, low: float, high: float) -> None:
    assert rate_95(successes, of) == pytest.approx((low, high), abs=5e-5)  # printed to four digits


def test_medians_are_numpy_s_and_few_values_give_none() -> None:
    values = [9.0, 1.0, 4.0, 4.5, 2.0, 8.0]
    found = spread([*values, None])
    assert found is not None
    assert [found.low, found.median, found.high] == pytest.approx(np.percentile(values, [25, 50, 75]).tolist())
    assert spread(values[:4]) is None
    assert spread([1.0, None, None, None, None, None]) is None


def test_the_global_rating_runs_from_7_to_35_and_each_item_is_explained() -> None:
    names = [one.name for one in fields(Rating)]
    assert list(ANCHORS) == names
    assert Rating(**MappingProxyType(dict.fromkeys(names, 1))).total == 7
    assert Rating(**MappingProxyType(dict.fromkeys(names, 5))).total == 35
    seen = Checklist(consent_obtained=True, recovery_explained=False)
    assert (seen.done, seen.seen) == (1, 2)
