"""`dekomp-sim sweep`: many cases of a scenario, here or on a cluster, and what they show together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dekomp_sim.cli.documents import document
from dekomp_sim.errors import InputError
from dekomp_sim.files import plain, read_yaml, write_text
from dekomp_sim.scenario.story import Story
from dekomp_sim.sweep.crew import Lead, crew
from dekomp_sim.sweep.forking import without_collector
from dekomp_sim.sweep.performing import Outcome, reference_of
from dekomp_sim.sweep.plan import IntArray, Plan
from dekomp_sim.sweep.store import Store, opened
from dekomp_sim.sweep.vary import read_varies

MOST_PATIENTS: Final = 12
"""Patients that are built without being asked for. Assumption: a patient takes some ten seconds and 150 MB to build."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim sweep --help`."""

    scenario: str
    out: Path
    vary: tuple[str, ...] = ()
    cases: int = 100
    workers: int = 1
    scheduler: str = "processes"
    seed: int | None = None
    patients: int = MOST_PATIENTS
    retry: bool = False


@dataclass(slots=True)
class Tally:
    """How the cases of a sweep stand."""

    done: int = 0
    failed: int = 0
    harmed: int = 0

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Take in more cases."""
        self.done += len(outcomes)
        self.failed += sum(bool(one["failed"]) for one in outcomes)
        self.harmed += sum(bool(one.get("harm")) for one in outcomes)

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.harmed} with harm, {self.failed} failed"


def perform(request: Request, console: Console) -> bool:
    """Perform what is not yet done of a sweep and write its table and report; whether no case failed.

    Raises
    ------
    InputError
        For any mistake in what was asked, and where scheduler or disk are lost; what is done is kept.
    """
    plan, order, patients = planned(request)
    if patients > 1:
        console.print(f"{patients} different patients are built, each once on a machine.", soft_wrap=True)
    try:
        with opened(request.out, plan) as store:
            tally, left = _standing(store, plan, order, request.retry)
            if tally.done:
                console.print(f"{tally.done} of {plan.cases} cases are done already.", soft_wrap=True)
            if left.size:
                _performed(request, (plan, left), (store, tally), console)
            results = request.out / "results.parquet"
            with without_collector():  # a figure is thousands of objects, and all is over soon
                _written(plan, store, results, request.out / "report.html")
    except KeyboardInterrupt:
        console.print("Stopped. What is done is kept: the same command goes on.", soft_wrap=True)
        raise
    console.print(f"{tally.done} cases, {tally.words}.", soft_wrap=True)
    console.print(f"Results: {results.resolve()}", soft_wrap=True)
    console.print(f"Report: {(request.out / 'report.html').resolve()}", soft_wrap=True)
    return not tally.failed


def _written(plan: Plan, store: Store, results: Path, report: Path) -> None:
    from dekomp_sim.sweep.report import report_html  # half a second of import, which no case waits for
    from dekomp_sim.sweep.table import write_table

    write_table(results, plan, store.outcomes())
    write_text(report, report_html(plan, results))


def planned(request: Request) -> tuple[Plan, IntArray, int]:
    """The plan, the numbers of its cases in the order in which they are performed, and how many patients they are of.

    Raises
    ------
    InputError
        If a variation is wrong, or needs more patients than are allowed.
    """
    story = read_yaml(document("scenarios", request.scenario), Story)
    record = plain(story)
    varies = read_varies(request.vary, record)
    plan = Plan(record, varies, request.cases, story.seed if request.seed is None else request.seed)
    reference = reference_of(story)
    patients = plan.patients(reference)
    if patients > request.patients:
        found = f"{patients} different patients, each of which is built once"
        remedy = f"List a few values, patient.bmi=22,26,30, or allow them with --patients {patients}"
        raise InputError("--vary", found, f"at most {request.patients}", remedy)
    return plan, plan.order(reference), patients


def _standing(store: Store, plan: Plan, order: IntArray, retry: bool) -> tuple[Tally, IntArray]:
    """What is done, and the numbers of the cases that are not."""
    if not store.kept:
        return Tally(), order
    tally, left = Tally(), np.zeros(len(order), dtype=bool)
    for place, index in enumerate(order):
        outcome = store.outcome(plan.draw(int(index)))
        if outcome is None or (retry and outcome["failed"]):
            left[place] = True
        else:
            tally.count([outcome])
    return tally, order[left]


def _performed(request: Request, work: tuple[Plan, IntArray], kept: tuple[Store, Tally], console: Console) -> None:
    plan, left = work
    store, tally = kept
    columns = (TextColumn("Cases"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with (
        ThreadPoolExecutor(1) as beside,  # one thread: two that read libraries which want each other may get halves
        Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress,
    ):
        task = progress.add_task("calling the workers", total=plan.cases, completed=tally.done)
        drawn = beside.submit(plan.draw, int(left[0]))  # all ranges at once
        with crew(request.scheduler, request.workers) as client:
            drawn.result()
            beside.submit(_read_reports_libraries)
            lead = Lead(client, plan.story, request.scheduler, lambda words: progress.update(task, description=words))
            for outcomes in lead.outcomes((plan.draw(int(index)) for index in left), left.size):
                store.keep(outcomes)
                tally.count(outcomes)
                progress.update(task, completed=tally.done, description=tally.words)


def _read_reports_libraries() -> None:
    with without_collector():
        import_module("dekomp_sim.sweep.report")
