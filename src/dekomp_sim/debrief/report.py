"""The report of a case: one HTML file that opens without a network, and the same content as plain data for JSON."""

from __future__ import annotations

import base64
import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum, IntEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import dekomp_sim
from dekomp_sim.anatomy.clearance import REACH_MM, millimetres
from dekomp_sim.debrief.curves import curves
from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.debrief.discography import discography_table
from dekomp_sim.debrief.lesson import questions
from dekomp_sim.debrief.metrics import Metrics
from dekomp_sim.debrief.plots import plots
from dekomp_sim.debrief.scans import place_words, scan_name, scan_table
from dekomp_sim.debrief.scoring.marks import Score, scores
from dekomp_sim.debrief.steps import clock, kind_of, objectives, steps, title_of, told, views
from dekomp_sim.debrief.summary import summary
from dekomp_sim.debrief.tables import account, card_rows, dose_table, figures, tiles
from dekomp_sim.imaging.console.display import BANNER
from dekomp_sim.imaging.radiation.ct_dose import ct_totals
from dekomp_sim.imaging.radiation.dose import totals
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.verdict import verdict
from dekomp_sim.procedure.events import Event, Risk
from dekomp_sim.scenario.story import Story

FORMAT: Final = 2
"""Version of report.json. Since 2 it holds the marks."""

FAR_MM: Final = REACH_MM
"""Gap in mm beyond which a structure is left out of the report's table; report.json holds all of them."""

SHOWN_ELSEWHERE: Final = frozenset({"simulated", "title", "dekomp_sim", "patient", "patient_digest", "seed"})
"""Extras that the page says in places of its own."""

UNCERTAINTY: Final = (
    "Air kerma and kerma-area product are what a C-arm would display, free in air at the reference point of IEC "
    "60601-2-43; a real display is uncertain by 35 %."
)
"""The sentence below the doses (35 %: Pain Med 2019;20:971)."""

LIMITS: Final = (
    "Needles bend only while their bevel is held, and push no tissue aside; forces are plausible, not calibrated.",
    "Breath and startle move the spine as one piece, with all that sticks in it; nothing moves within it.",
    "Pictures leave out the table top, the heel effect and what metal and contrast change in the scatter.",
    "CT leaves out scatter, the couch, and motion during a turn; the hand in its beam is not counted.",
    "Skin and staff dose are orders of magnitude: one scattering point, people who stand still, a standard table.",
    "The disc's pressure is a closed form by Dallas grade for a prone patient over minutes; creep is slower than that.",
    "Whether the herniation goes back, and whether the pain goes, is not predicted.",
    "What shows after the bandage is settled by a cause or drawn once by a stated chance; nobody is followed up.",
    "Times of steps and ratings of pain are assumptions; no table of them is published.",
)
"""What a reader must not read into the figures."""


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of the report.

    Parameters
    ----------
    title, note
        What it is; what it shows.
    clock_s
        When it was taken.
    png
        The file's bytes.
    alt
        For a reader who does not see it.
    wide
        Whether it holds several pictures side by side.
    """

    title: str
    note: str
    clock_s: float
    png: bytes
    alt: str
    wide: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything a report is made from.

    Parameters
    ----------
    story
        What was played.
    cases
        The opening case and the case after each of the story's steps.
    metrics
        As `metrics.measure` gives them.
    digest
        Of the last case.
    stills
        Pictures in the order in which they are shown.
    extras
        Anything else to be named as the report's origin: versions of libraries, the command.
    """

    story: Story
    cases: Sequence[Case]
    metrics: Metrics
    digest: str
    stills: tuple[Still, ...] = ()
    extras: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def stills(story: Story, cases: Sequence[Case], pictures: Sequence[bytes]) -> tuple[Still, ...]:
    """The pictures of all exposures with their captions.

    Parameters
    ----------
    story, cases
        As in `Report`.
    pictures
        One PNG file for each exposure, in order; empty where none was kept.

    Raises
    ------
    ValueError
        If there are more or fewer pictures than exposures.
    """
    made = cases[-1].exposures
    return tuple(
        Still(
            title=f"{exposure.index + 1}. {view[:1].upper()}{view[1:]}",
            note=exposure.note,
            clock_s=exposure.clock_s,
            png=png,
            alt=f"Simulated X-ray, {view} view. {exposure.note}".strip(),
        )
        for exposure, view, png in zip(made, views(story.steps, cases), pictures, strict=True)
        if png
    )


def scan_stills(case: Case, pictures: Sequence[bytes]) -> tuple[Still, ...]:
    """The pictures of all acquisitions of the scanner with their captions.

    Parameters
    ----------
    case
        The last one.
    pictures
        One PNG file for each acquisition, in order; empty where none was kept.

    Raises
    ------
    ValueError
        If there are more or fewer pictures than acquisitions.
    """
    return tuple(
        Still(
            title=f"CT {taken.index + 1}. {scan_name(taken)}, {place_words(taken)}",
            note=taken.note,
            clock_s=taken.clock_s,
            png=png,
            alt=f"Simulated CT, {scan_name(taken)}. {taken.note}".strip(),
            wide=taken.slices > 1,
        )
        for taken, png in zip(case.acquisitions, pictures, strict=True)
        if png
    )


def versions() -> dict[str, str]:
    """What made the report."""
    return {"dekomp_sim": dekomp_sim.__version__, "numpy": np.__version__, "python": platform.python_version()}


def report_json(
    story: Story, cases: Sequence[Case], metrics: Metrics, digest: str, extras: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """The report as plain data: numbers, words, lists and dictionaries with sorted keys; nothing that is not finite.

    Parameters
    ----------
    story, cases, metrics, digest, extras
        As in `Report`.
    """
    last = cases[-1]
    played = steps(story.steps, cases)
    whole: dict[str, object] = {
        "format": FORMAT,
        "notice": BANNER,
        "title": story.title,
        "summary": summary(metrics, story),
        "level": story.level,
        "side": story.side,
        "seed": last.seed,
        "digest": digest,
        "patient": {"name": last.patient.name, "digest": last.patient.digest},
        "card": last.card,
        "assessment": last.assessment,
        "plan": _plan(last),
        "harm": metrics.harmed,
        "harms": metrics.harms,
        "objectives": objectives(story, metrics),
        "scores": [_score(one) for one in scores(story, metrics, last)],
        "questions": questions(last),
        "metrics": {name: {"value": getattr(metrics, name), "unit": one.unit} for name, one in METRICS.items()},
        "needles": metrics.aims,
        "clearances": metrics.gaps,
        "removal": {"tissues": metrics.removed, "all": account(metrics.removed), "runs": last.receipts},
        "exposures": _exposures(story, cases),
        "dose_totals": totals(exposure.dose for exposure in last.exposures),
        "acquisitions": last.acquisitions,
        "ct_totals": ct_totals(taken.dose for taken in last.acquisitions),
        "dose_uncertainty": UNCERTAINTY,
        "injections": last.injections,
        "discography": verdict(last),
        "steps": [
            {
                "number": step.number,
                "do": step.action,
                "words": step.words,
                "note": step.note,
                "clock_s": step.clock_s,
                "seconds": step.seconds,
                "events": [_event(event) for event in step.events],
            }
            for step in played
        ],
        "curves": curves(cases),
        "not_modelled": LIMITS,
        "versions": versions(),
        "extras": extras or {},
    }
    plain = _plain(whole)
    assert isinstance(plain, dict)
    return plain


def report_html(report: Report) -> str:
    """The report as one HTML file without scripts; nothing in it asks for anything outside it."""
    story, cases, metrics = report.story, report.cases, report.metrics
    last = cases[-1]
    played = steps(story.steps, cases)
    environment = _environment()
    css = environment.get_template("report.css").render()
    found = last.assessment
    return environment.get_template("report.html.j2").render(
        banner=BANNER,
        css=Markup(css),
        style_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        story=story,
        patient=last.patient,
        seed=last.seed,
        metrics=metrics,
        summary=summary(metrics, story),
        tiles=tiles(metrics),
        refused=[step for step in played if step.refusal is not None],
        lapses=[event for event in last.events if isinstance(event, Risk)],
        objectives=objectives(story, metrics),
        scores=scores(story, metrics, last),
        definitions=METRICS,
        questions=questions(last),
        card=card_rows(last.card),
        assessment=found,
        assessed=_assessed(found) if found else (),
        figures=figures(metrics),
        plan=_plan_words(last),
        near=[gap for gap in metrics.gaps if gap.distance_mm <= FAR_MM],
        far=f"Structures farther than {FAR_MM:g} mm are left out.{_unseen(metrics)}",
        steps=played,
        stills=report.stills,
        plots=plots(cases, curves(cases)),
        account=account(metrics.removed),
        runs=last.receipts,
        discography=discography_table(last),
        dose=dose_table(story.steps, cases),
        scans=scan_table(last),
        uncertainty=UNCERTAINTY,
        limits=LIMITS,
        digest=report.digest,
        versions=versions(),
        extras={name: value for name, value in report.extras.items() if name not in SHOWN_ELSEWHERE},
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dekomp_sim.debrief", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        clock=clock, told=told, kind_of=kind_of, title_of=title_of,
        png_uri=lambda png: _uri("image/png", png),
        svg_uri=lambda svg: _uri("image/svg+xml", svg.encode()),
    )  # fmt: skip
    return made


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _assessed(found: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("Speaks against it", found.forbids),
        ("Missing", found.missing),
        ("To be heeded", found.cautions),
        ("Speaks for it", found.supports),
    )


def _unseen(metrics: Metrics) -> str:
    """What must be said where nerves were laid from landmarks."""
    worst = max((gap.uncertainty_mm for gap in metrics.gaps), default=0.0)
    if not worst:
        return ""
    return (
        " ± is one standard deviation of where a nerve lies: a CT does not show nerves, they are laid from its bones."
    )


def _plan(case: Case) -> dict[str, object]:
    plan = case.plan
    return {
        "entry_mm": plan.entry_mm,
        "target_mm": plan.target_mm,
        "length_mm": plan.length_mm,
        "angle_from_sagittal_deg": plan.angle_from_sagittal_deg,
        "inclination_deg": plan.inclination_deg,
        "clearance_mm": plan.clearance_mm,
        "uncertainty_mm": plan.uncertainty_mm,
        "nearest": plan.nearest,
    }


def _plan_words(case: Case) -> str:
    plan = case.plan
    near = f"{millimetres(plan.clearance_mm, plan.uncertainty_mm)} from the {plan.nearest}"
    if not plan.keeps_deviation:
        near += " (nearer than the uncertainty of its place asks for; no other way is free)"
    return (
        f"{plan.length_mm:.0f} mm from the skin, {plan.from_midline_mm:.0f} mm from the midline, "
        f"{plan.angle_from_sagittal_deg:.0f}° from the sagittal plane, {near}"
    )


def _score(found: Score) -> dict[str, object]:
    rubric = found.rubric
    marks = [
        {
            "metric": mark.criterion.metric,
            "value": mark.value,
            "full_at": mark.criterion.full_at,
            "zero_at": mark.criterion.zero_at,
            "weight": mark.criterion.weight,
            "share": mark.share,
        }
        for mark in found.marks
    ]
    return {
        "rubric": rubric.name,
        "source": rubric.source,
        "pass_percent": rubric.pass_percent,
        "percent": found.percent,
        "passed": found.passed,
        "errors": found.errors,
        "marks": marks,
    }


def _exposures(story: Story, cases: Sequence[Case]) -> list[dict[str, object]]:
    return [
        {
            "number": exposure.index + 1,
            "clock_s": exposure.clock_s,
            "view": view,
            "primary_deg": exposure.carm.primary_deg,
            "secondary_deg": exposure.carm.secondary_deg,
            "frames": exposure.frames,
            "seconds": exposure.seconds,
            "dose": exposure.dose,
            "note": exposure.note,
        }
        for exposure, view in zip(cases[-1].exposures, views(story.steps, cases), strict=True)
    ]


def _event(event: Event) -> dict[str, object]:
    return {
        "kind": kind_of(event),
        "clock_s": event.clock_s,
        "words": told(event),
        "severity": event.severity,
        "harm": event.harm,
    }


def _plain(value: object) -> object:
    """A value as what JSON holds: enum members as words, what is not finite as None."""
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in sorted(fields(value), key=lambda f: f.name)}
    if isinstance(value, Mapping):
        named = {str(_plain(key)): _plain(held) for key, held in value.items()}
        return dict(sorted(named.items()))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
