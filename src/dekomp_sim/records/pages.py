"""A learner's page and a cohort's: HTML files without scripts that ask for nothing outside themselves."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import dekomp_sim
from dekomp_sim.debrief.definitions import METRICS, Definition, Group
from dekomp_sim.debrief.scoring.learning import HORIZON, Design, LearningCurve, chance_of_showing, learning_curve
from dekomp_sim.debrief.scoring.spread import FEWEST, TOO_FEW, rate_95, spread
from dekomp_sim.debrief.steps import clock
from dekomp_sim.imaging.console.display import BANNER
from dekomp_sim.records.charts import figure_chart, learning_chart
from dekomp_sim.records.store import Kept

FIRST: Final = tuple(name for name, means in METRICS.items() if means.group is Group.EXPERTS)
"""The figures shown by case: those that told experts from novices in studies."""

RECENT: Final = 5
"""Cases whose median stands for how a learner does now."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page judges by: the rubric whose passes make the learning curve, and the curve's design."""

    rubric: str
    design: Design = field(default_factory=Design)


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over a learner's cases, as shown: median of the first and of the last few."""

    means: Definition
    first: str
    recent: str
    svg: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One learner's standing, as shown."""

    learner: str
    cases: int
    judged: int
    passed: int
    rate: str
    curve: LearningCurve
    medians: tuple[str, ...]


def rubric_of(cases: Sequence[Kept]) -> str:
    """The rubric that counts in the latest case: that by which a page judges unless another is asked for."""
    return next((kept.case.marks[0].rubric for kept in reversed(cases) if kept.case.marks), "")


def learner_page(cases: Sequence[Kept], asked: Asked) -> str:
    """How one learner comes along.

    Parameters
    ----------
    cases
        The learner's, in order; at least one.
    asked
        By what to judge.
    """
    standing = standing_of(cases, asked)
    return _page(
        "learner.html.j2",
        asked,
        title=f"Progress of {standing.learner}",
        standing=standing,
        learning=learning_chart({standing.learner: standing.curve}, asked.design),
        trends=[_trend(name, cases) for name in FIRST],
        cases=cases,
    )


def cohort_page(cases: Sequence[Kept], asked: Asked) -> str:
    """How all learners come along, one row each, and where the figures lie by case.

    Parameters
    ----------
    cases
        Of all learners, in order; at least one.
    asked
        By what to judge.
    """
    by_learner: dict[str, list[Kept]] = {}
    for kept in cases:
        by_learner.setdefault(kept.learner, []).append(kept)
    standings = [standing_of(own, asked) for _, own in sorted(by_learner.items())]
    lines = {name: [[kept.figure(name) for kept in own] for own in by_learner.values()] for name in FIRST}
    return _page(
        "cohort.html.j2",
        asked,
        title=f"Cohort of {len(by_learner)}",
        standings=standings,
        learning=learning_chart({one.learner: one.curve for one in standings}, asked.design),
        shown=sum(one.curve.competent_at is not None for one in standings),
        firsts=[METRICS[name] for name in FIRST],
        charts=[(METRICS[name], figure_chart(name, lines[name])) for name in FIRST],
        cases=cases,
    )


def standing_of(cases: Sequence[Kept], asked: Asked) -> Standing:
    """Where a learner stands.

    Parameters
    ----------
    cases
        The learner's, in order; at least one.
    asked
        By what to judge.
    """
    judged = [passed for passed in (kept.passed(asked.rubric) for kept in cases) if passed is not None]
    medians = tuple(_median(name, [kept.figure(name) for kept in cases]) for name in FIRST)
    curve = learning_curve(judged, asked.design)
    return Standing(cases[0].learner, len(cases), len(judged), sum(judged), _rate(judged), curve, medians)


def _rate(judged: Sequence[bool]) -> str:
    if len(judged) < FEWEST:
        return TOO_FEW
    low, high = rate_95(sum(judged), len(judged))
    return f"{100.0 * sum(judged) / len(judged):.0f} % ({100.0 * low:.0f} to {100.0 * high:.0f})"


def _median(name: str, values: Sequence[float | None]) -> str:
    found = spread(values)
    return _shown(METRICS[name], found.median) if found is not None else TOO_FEW


def _shown(means: Definition, value: float | None) -> str:
    if value is None:
        return "not done"
    return clock(value) if means.as_clock else f"{value:.{max(means.digits, 0 if value == int(value) else 1)}f}"


def _trend(name: str, cases: Sequence[Kept]) -> Trend:
    values = [kept.figure(name) for kept in cases]
    return Trend(
        METRICS[name],
        _median(name, values[:RECENT]),
        _median(name, values[-RECENT:]) if len(values) >= 2 * RECENT else TOO_FEW,
        figure_chart(name, [values]),
    )


def _page(template: str, asked: Asked, **content: object) -> str:
    environment = _environment()
    css = environment.get_template("report.css").render() + environment.get_template("page.css").render()
    design = asked.design
    return environment.get_template(template).render(
        banner=BANNER,
        css=Markup(css),
        style_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        asked=asked,
        design=design,
        rubric=asked.rubric.replace("_", " ") or "none",
        horizon=HORIZON,
        right=chance_of_showing(design.acceptable, HORIZON, design),
        wrong=chance_of_showing(design.inadequate, HORIZON, design),
        fewest=FEWEST,
        few=TOO_FEW,
        recent=RECENT,
        version=dekomp_sim.__version__,
        **content,
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader([PackageLoader("dekomp_sim.records", ""), PackageLoader("dekomp_sim.debrief", "")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        svg_uri=lambda svg: f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", shown=_shown,
        figures=METRICS, firsts=FIRST,
    )  # fmt: skip
    return made
