"""`dekomp-sim records`: cases of learners kept, assessed, looked back on, exported and forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dekomp_sim.errors import InputError

if TYPE_CHECKING:  # the command line's help must not wait for SQLAlchemy
    from dekomp_sim.records.pages import Asked
    from dekomp_sim.records.store import Kept, Records

PIPED_COLUMNS = 160
"""Width of tables where no terminal says its own."""

records = typer.Typer(
    no_args_is_help=True,
    help="Keep cases of learners: progress, cohort, export. Pseudonyms only.",
    rich_markup_mode="markdown",
)

Where = Annotated[
    str | None,
    typer.Option(
        "--db",
        envvar="DEKOMP_SIM_RECORDS",
        help="An SQLite file, or postgresql://USER@HOST/DATABASE. Without it, a file in your data folder.",
    ),
]
Page = Annotated[Path, typer.Option("-o", "--out", help="The page to write, HTML.")]
ByRubric = Annotated[
    str | None, typer.Option(help="The rubric whose passes count, such as disc_block. Without it, the latest case's.")
]
Acceptable = Annotated[float, typer.Option(help="Share of cases that who is competent fails.")]
Inadequate = Annotated[float, typer.Option(help="Share of cases that who is not competent fails.")]
Limit = Annotated[float, typer.Option(help="Score at which competence counts as shown.")]


@records.command()
def add(
    runs: Annotated[list[Path], typer.Argument(help="Folders that run, replay or view left, or their report.json.")],
    learner: Annotated[str, typer.Option(help="Whose, as a pseudonym: letters, then digits, such as L017.")],
    db: Where = None,
) -> None:
    """Keep cases of a learner, in the order given: all of them, or none."""
    for words in keep(runs, learner, db):
        typer.echo(words)


def keep(runs: Sequence[Path], learner: str, db: str | None) -> list[str]:
    """Keep cases of a learner, all of them or none; a line of words about each.

    Raises
    ------
    InputError
        If a folder holds no report, the learner is no pseudonym, or the records cannot be written.
    """
    from dekomp_sim.files.reading import read_bytes
    from dekomp_sim.records.reports import performed

    files = [run / "report.json" if run.is_dir() else run for run in runs]
    today = date.today().isoformat()
    cases = [performed(read_bytes(file), file, today) for file in files]
    with _opened(db, new=True) as kept:
        numbers = kept.add(learner, *cases)
    return [f"Case {number} of {learner}: {case.title}" for number, case in zip(numbers, cases, strict=True)]


def ready_for(learner: str, db: str | None) -> None:
    """Make sure, before a case is begun, that it can be kept.

    Raises
    ------
    InputError
        If the learner is no pseudonym, or the records cannot be opened.
    """
    from dekomp_sim.records.pseudonyms import pseudonym

    pseudonym(learner)
    with _opened(db, new=True):
        return


@records.command("list")
def list_cases(
    learner: Annotated[str | None, typer.Option(help="Only this learner's.")] = None,
    db: Where = None,
) -> None:
    """Show what is kept."""
    with _opened(db) as kept:
        cases = kept.cases(learner)
    table = Table("No.", "Learner", "Added", "Case", "Marks", "Assessed by")
    for one in cases:
        counted = next(iter(one.case.marks), None)
        marks = f"{counted.rubric} {counted.percent:.0f} %{'' if counted.passed else ', not passed'}" if counted else ""
        harm = ", harm" if one.case.harmed else ""
        assessors = ", ".join(entered.assessor for entered in one.assessments)
        table.add_row(str(one.number), one.learner, one.case.recorded_on, one.case.title + harm, marks, assessors)
    console = Console(highlight=False)
    Console(highlight=False, width=None if console.is_terminal else PIPED_COLUMNS).print(table)


@records.command()
def form() -> None:
    """Print an empty assessment: a global rating scale and a checklist, for a human assessor."""
    from dekomp_sim.debrief.scoring.rating import form as blank

    typer.echo(blank(), nl=False)


@records.command()
def assess(
    case: Annotated[int, typer.Argument(help="The case's number, as `records list` shows it.")],
    assessment: Annotated[Path, typer.Argument(help="A filled-in form.")],
    db: Where = None,
) -> None:
    """Keep what an assessor entered; an earlier one of the same assessor is replaced."""
    from dekomp_sim.debrief.scoring.rating import HumanAssessment
    from dekomp_sim.files import read_yaml

    entered = read_yaml(assessment, HumanAssessment)
    with _opened(db) as kept:
        kept.assess(case, entered)
    seen = entered.checklist
    typer.echo(
        f"Case {case}, {entered.assessor}: rating {entered.rating.total} of 35, checklist {seen.done} of {seen.seen}"
    )


@records.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The table to write: .csv or .parquet.")],
    learner: Annotated[str | None, typer.Option(help="Only this learner's.")] = None,
    db: Where = None,
) -> None:
    """Write one row for each case: figures, marks, assessments."""
    from dekomp_sim.files import write_bytes
    from dekomp_sim.records.export import ENDINGS, csv_text, parquet_bytes

    if out.suffix not in ENDINGS:
        raise InputError(str(out), f"the ending {out.suffix or 'of none'}", " or ".join(ENDINGS))
    with _opened(db) as kept:
        cases = kept.cases(learner)
    write_bytes(out, parquet_bytes(cases) if out.suffix == ".parquet" else csv_text(cases).encode())
    typer.echo(f"{out}: {len(cases)} cases")


@records.command()
def forget(
    learner: Annotated[str, typer.Argument(help="Whom.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    db: Where = None,
) -> None:
    """Delete a learner with all cases; nothing is left in the database."""
    with _opened(db) as kept:
        many = len(kept.cases(learner))
        if not yes:
            typer.confirm(f"Delete {learner} and {many} cases for good?", abort=True)
        kept.forget(learner)
    typer.echo(f"Forgotten: {learner}, {many} cases. Pages, exports and run folders made before are not touched.")


@records.command()
def progress(  # noqa: PLR0913 - a command line's options are its nouns
    learner: Annotated[str, typer.Argument(help="Whose.")],
    out: Page,
    rubric: ByRubric = None,
    acceptable: Acceptable = 0.10,
    inadequate: Inadequate = 0.20,
    limit: Limit = 1.5,
    db: Where = None,
) -> None:
    """Write a learner's page: learning curve, what tells experts from novices, every case."""
    from dekomp_sim.files import write_text
    from dekomp_sim.records.pages import learner_page, standing_of

    with _opened(db) as kept:
        cases = kept.cases(learner)
    asked = _asked(cases, rubric, (acceptable, inadequate, limit))
    write_text(out, learner_page(cases, asked))
    typer.echo(f"{standing_of(cases, asked).curve.words}\n{out.resolve()}")


@records.command()
def cohort(
    out: Page,
    rubric: ByRubric = None,
    acceptable: Acceptable = 0.10,
    inadequate: Inadequate = 0.20,
    limit: Limit = 1.5,
    db: Where = None,
) -> None:
    """Write the cohort's page: all learning curves, one row a learner, figures by case."""
    from dekomp_sim.files import write_text
    from dekomp_sim.records.pages import cohort_page

    with _opened(db) as kept:
        cases = kept.cases()
    if not cases:
        raise InputError(db or "records", "no case", "at least one", "Add one first: dekomp-sim records add")
    write_text(out, cohort_page(cases, _asked(cases, rubric, (acceptable, inadequate, limit))))
    typer.echo(str(out.resolve()))


@contextmanager
def _opened(db: str | None, *, new: bool = False) -> Iterator[Records]:
    from dekomp_sim.records.place import place_of
    from dekomp_sim.records.store import opened

    with opened(place_of(db), new=new) as kept:
        yield kept


def _asked(cases: Sequence[Kept], rubric: str | None, design: tuple[float, float, float]) -> Asked:
    from dekomp_sim.debrief.scoring.learning import Design
    from dekomp_sim.records.pages import Asked, rubric_of

    known = sorted({mark.rubric for one in cases for mark in one.case.marks})
    if rubric is not None and rubric not in known:
        raise InputError("--rubric", rubric, ", ".join(known) or "none: no case was marked")
    try:
        return Asked(rubric or rubric_of(cases), Design(*design))
    except ValueError as wrong:
        raise InputError("--acceptable, --inadequate, --limit", str(design), str(wrong)) from None
