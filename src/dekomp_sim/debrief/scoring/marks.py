"""A case marked by a rubric: each criterion in proportion, critical errors that fail it, pass or fail."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dekomp_sim.debrief.metrics import Metrics
from dekomp_sim.debrief.scoring.errors import committed
from dekomp_sim.debrief.scoring.presets import presets
from dekomp_sim.procedure.case import Case
from dekomp_sim.scenario.rubric import Criterion, Rubric
from dekomp_sim.scenario.story import Story


@dataclass(frozen=True, slots=True)
class Mark:
    """One criterion: what was reached, None where the step was not done, and the share of its marks earned."""

    criterion: Criterion
    value: float | None
    share: float


@dataclass(frozen=True, slots=True)
class Score:
    """A case marked by one rubric.

    Parameters
    ----------
    rubric
        By which.
    marks
        One for each criterion, in its order.
    errors
        The critical errors made, a sentence each.
    percent
        Share of all marks, 0 to 100.
    passed
        No critical error, and at least the rubric's share.
    """

    rubric: Rubric
    marks: tuple[Mark, ...]
    errors: tuple[str, ...]
    percent: float
    passed: bool


def share(criterion: Criterion, value: float | None) -> float:
    """Share of a criterion's marks that a value earns, 0 to 1: (value - zero_at) / (full_at - zero_at), kept within.

    What was not done earns nothing.

    Examples
    --------
    >>> from dekomp_sim.scenario.rubric import Criterion, Metric
    >>> [share(Criterion(Metric.EXPOSURES, full_at=5, zero_at=15), shots) for shots in (3, 10, 20, None)]
    [1.0, 0.5, 0.0, 0.0]
    """
    if value is None:
        return 0.0
    return min(1.0, max(0.0, (value - criterion.zero_at) / (criterion.full_at - criterion.zero_at)))


def score(rubric: Rubric, metrics: Metrics, last: Case) -> Score:
    """A case marked by a rubric.

    Parameters
    ----------
    rubric
        By which.
    metrics
        The case's figures.
    last
        The last case.
    """
    marks = tuple(_mark(criterion, metrics) for criterion in rubric.criteria)
    earned = math.fsum(mark.criterion.weight * mark.share for mark in marks)
    percent = 100.0 * (earned / math.fsum(criterion.weight for criterion in rubric.criteria))
    errors = tuple(dict.fromkeys(words for error in rubric.critical for words in committed(error, last)))
    return Score(rubric, marks, errors, percent, not errors and percent >= rubric.pass_percent)


def scores(story: Story, metrics: Metrics, last: Case) -> tuple[Score, ...]:
    """A case marked by its story's rubrics, the one that counts first, then by the presets that apply to its disc."""
    own = {rubric.name for rubric in story.rubrics}
    also = (rubric for rubric in presets(story.level) if rubric.name not in own)
    return tuple(score(rubric, metrics, last) for rubric in (*story.rubrics, *also))


def words_of(found: Score) -> str:
    """A score as a sentence, with the critical errors that failed it."""
    told = f"Marks by {found.rubric.name}: {found.percent:.0f} %, {'passed' if found.passed else 'not passed'}."
    return " ".join((told, *(f"Critical: {error}" for error in found.errors)))


def _mark(criterion: Criterion, metrics: Metrics) -> Mark:
    value = getattr(metrics, criterion.metric.value)
    return Mark(criterion, value, share(criterion, value))
