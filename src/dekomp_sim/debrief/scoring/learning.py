"""The learning curve of one learner by LC-CUSUM: when have passes and failures shown competence?

Biau and Porcher, Stat Med 2010;29:1900 (doi 10.1002/sim.3947); Biau, Br J Surg 2008;95:925 (doi 10.1002/bjs.6056).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HORIZON: Final = 52
"""Cases over which a learning curve's chances of error are stated: the median number a resident performed in the study
that set `Design`'s rates."""

_SAME: Final = 10
"""Decimals to which two scores are the same state."""


@dataclass(frozen=True, slots=True)
class Design:
    """What counts as competent, and how sure one wants to be.

    Parameters
    ----------
    acceptable, inadequate
        Share of failures of who is competent and of who is not. The defaults, 10 and 20 %, are those of 2076 peribulbar
        blocks by 39 residents (de Oliveira Filho, Braz J Anesthesiol 2023, doi 10.1016/j.bjane.2023.11.003).
    limit
        Score at which competence counts as shown. Assumption: that study set its limit by simulation and prints no
        value; its fastest residents were through after 13 blocks, which limits above 1.413 up to 1.531 give.

    Raises
    ------
    ValueError
        Unless 0 < acceptable < inadequate < 1 and the limit is above 0.
    """

    acceptable: float = 0.10
    inadequate: float = 0.20
    limit: float = 1.5

    def __post_init__(self) -> None:
        if not 0.0 < self.acceptable < self.inadequate < 1.0 or self.limit <= 0.0:
            raise ValueError("a learning curve needs 0 < acceptable < inadequate < 1 and a limit above 0")

    @property
    def pass_adds(self) -> float:
        """What a pass adds: ln((1 - acceptable) / (1 - inadequate))."""
        return math.log((1.0 - self.acceptable) / (1.0 - self.inadequate))

    @property
    def failure_takes(self) -> float:
        """What a failure takes: ln(inadequate / acceptable)."""
        return math.log(self.inadequate / self.acceptable)

    @property
    def fewest(self) -> int:
        """Cases below which nobody can be shown to be competent."""
        return math.ceil(self.limit / self.pass_adds)

    def after(self, score: float, passed: bool) -> float:
        """The score after one more case; it never falls below 0, so that early failures are not held for ever."""
        return max(0.0, score + self.pass_adds if passed else score - self.failure_takes)


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How far a learner has come.

    Parameters
    ----------
    design
        What was asked.
    scores
        After each case, as far as the test runs: until competence is shown.
    cases
        How many there were.
    competent_at
        The case, from 1, at which it was; None where it is not.
    """

    design: Design
    scores: tuple[float, ...]
    cases: int
    competent_at: int | None

    @property
    def enough(self) -> bool:
        """Whether there are cases enough to say anything."""
        return self.cases >= self.design.fewest

    @property
    def words(self) -> str:
        """How far, as a sentence."""
        if self.competent_at is not None:
            return f"Competence was shown at case {self.competent_at}."
        if not self.enough:
            return f"Not enough data: {self.cases} of at least {self.design.fewest} cases."
        return f"Not shown yet after {self.cases} cases: {self.scores[-1]:.2f} of {self.design.limit:g}."


def learning_curve(passed: Sequence[bool], design: Design | None = None) -> LearningCurve:
    """S(t) = max(0, S(t-1) + w), w = ln((1-p0)/(1-p1)) for a pass and ln(p0/p1) for a failure, until S reaches a limit.

    Parameters
    ----------
    passed
        Whether each case was passed, in order.
    design
        p0, p1 and the limit; the default's where none is given.

    Examples
    --------
    >>> curve = learning_curve([True, False] + 13 * [True])
    >>> [round(score, 3) for score in curve.scores[:4]], curve.competent_at
    ([0.118, 0.0, 0.118, 0.236], 15)
    """
    asked = design or Design()
    scores: list[float] = []
    for one in passed:
        scores.append(asked.after(scores[-1] if scores else 0.0, one))
        if scores[-1] >= asked.limit:
            return LearningCurve(asked, tuple(scores), len(passed), len(scores))
    return LearningCurve(asked, tuple(scores), len(passed), None)


def chance_of_showing(failures: float, cases: int = HORIZON, design: Design | None = None) -> float:
    """Probability that a learner who fails a given share of cases, each by itself, is shown competent within `cases`.

    Exact: the distribution of the score is carried from case to case.

    Parameters
    ----------
    failures
        Share of cases failed, 0 to 1.
    cases
        How many are performed.
    design
        As in `learning_curve`.
    """
    asked = design or Design()
    shown, open_still = 0.0, {0.0: 1.0}
    for _ in range(cases):
        later: dict[float, float] = {}
        for score, chance in open_still.items():
            for passed, likely in ((True, 1.0 - failures), (False, failures)):
                reached = asked.after(score, passed)
                if reached >= asked.limit:
                    shown += chance * likely
                else:
                    state = round(reached, _SAME)
                    later[state] = later.get(state, 0.0) + chance * likely
        open_still = later
    return shown
