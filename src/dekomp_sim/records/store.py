"""The records themselves: cases are added, assessed, listed, forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from dekomp_sim.debrief.scoring.rating import Checklist, HumanAssessment, Rating
from dekomp_sim.errors import InputError
from dekomp_sim.records.place import Place, engine_of, told_plainly, whole
from dekomp_sim.records.pseudonyms import pseudonym
from dekomp_sim.records.schema import bring_up_to_date, up_to_date
from dekomp_sim.records.tables import AssessmentRow, CaseRow, FigureRow, LearnerRow, MarkRow


@dataclass(frozen=True, slots=True)
class Marked:
    """How a rubric marked a case."""

    rubric: str
    percent: float
    passed: bool
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Performed:
    """One case as it is kept.

    Parameters
    ----------
    report_sha256
        Of the report it came from: the same report is not kept twice for a learner.
    recorded_on
        Day on which it was added, year-month-day.
    title, level, side, seed, digest, version
        What was played, and what played it.
    harmed
        Whether the case ended in harm.
    figures
        Value and unit by name; what was not done is left out.
    marks
        The rubric that counts first.
    """

    report_sha256: str
    recorded_on: str
    title: str
    level: str
    side: str
    seed: str
    digest: str
    version: str
    harmed: bool
    figures: Mapping[str, tuple[float, str]] = field(default_factory=lambda: MappingProxyType({}))
    marks: tuple[Marked, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A case in the records: its number, whose it is, and what assessors entered."""

    number: int
    learner: str
    case: Performed
    assessments: tuple[HumanAssessment, ...] = ()

    def passed(self, rubric: str) -> bool | None:
        """Whether a rubric was passed; None where the case was not marked by it."""
        return next((mark.passed for mark in self.case.marks if mark.rubric == rubric), None)

    def figure(self, name: str) -> float | None:
        """The value of a figure; None where the step it belongs to was not done."""
        return self.case.figures[name][0] if name in self.case.figures else None


@dataclass(frozen=True, slots=True)
class Records:
    """An open database of records. Each method is one transaction: it is done wholly or not at all."""

    engine: Engine
    place: Place

    def add(self, learner: str, *cases: Performed) -> tuple[int, ...]:
        """Keep cases of a learner, all of them or none; their numbers.

        Raises
        ------
        InputError
            If the learner is no pseudonym, or already has a case of the same report.
        """
        with self._writing() as session:
            who = self._learner(session, pseudonym(learner))
            return tuple(self._added(session, who, case) for case in cases)

    def assess(self, number: int, entered: HumanAssessment) -> None:
        """Keep what an assessor entered; what the same assessor entered before is replaced.

        Raises
        ------
        InputError
            If there is no such case, or the assessor is no pseudonym.
        """
        assessor = pseudonym(entered.assessor, "assessor")
        with self._writing() as session:
            row = session.get(CaseRow, number)
            if row is None:
                raise InputError(self.place.name, f"no case {number}", "a number of `records list`")
            row.assessments[:] = [one for one in row.assessments if one.assessor != assessor]
            session.flush()
            row.assessments.append(
                AssessmentRow(assessor=assessor, rating=asdict(entered.rating), checklist=asdict(entered.checklist))
            )

    def cases(self, learner: str | None = None) -> tuple[Kept, ...]:
        """All cases, or one learner's, in the order in which they were added.

        Raises
        ------
        InputError
            If there is no such learner.
        """
        wanted = select(CaseRow).options(
            selectinload(CaseRow.learner),
            selectinload(CaseRow.figures),
            selectinload(CaseRow.marks),
            selectinload(CaseRow.assessments),
        )
        if learner is not None:
            wanted = wanted.join(LearnerRow).where(LearnerRow.pseudonym == learner)
        with told_plainly(self.place), Session(self.engine) as session:
            found = tuple(_kept(row) for row in session.scalars(wanted.order_by(CaseRow.id)))
        if learner is not None and not found:
            raise self._nobody(learner)
        return found

    def learners(self) -> tuple[str, ...]:
        """All pseudonyms, sorted."""
        with told_plainly(self.place), Session(self.engine) as session:
            return tuple(sorted(session.scalars(select(LearnerRow.pseudonym))))

    def forget(self, learner: str) -> int:
        """Delete a learner with all cases; how many they were.

        In an SQLite file nothing of them is left: deleted rows are overwritten, and the file is written anew. A
        server keeps its log and its backups as its administrator decided.

        Raises
        ------
        InputError
            If there is no such learner.
        """
        with self._writing() as session:
            who = session.scalar(select(LearnerRow).where(LearnerRow.pseudonym == learner))
            if who is None:
                raise self._nobody(learner)
            many = len(who.cases)
            session.delete(who)
        if self.place.file is not None:
            with told_plainly(self.place), closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("VACUUM")  # which may not be in a transaction
        return many

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with (
            told_plainly(self.place),
            Session(self.engine.execution_options(writes=True)) as session,
            session.begin(),
        ):
            yield session

    def _learner(self, session: Session, name: str) -> LearnerRow:
        found = session.scalar(select(LearnerRow).where(LearnerRow.pseudonym == name))
        if found is None:
            found = LearnerRow(pseudonym=name)
            session.add(found)
            session.flush()
        return found

    def _added(self, session: Session, who: LearnerRow, case: Performed) -> int:
        same = select(CaseRow.id).where(CaseRow.learner_id == who.id, CaseRow.report_sha256 == case.report_sha256)
        twice = session.scalar(same)
        if twice is not None:
            raise InputError(who.pseudonym, f"a report already kept as case {twice}", "each report once")
        row = _row(case, who.id)
        session.add(row)
        session.flush()
        return row.id

    def _nobody(self, learner: str) -> InputError:
        return InputError(self.place.name, f"no learner {learner!r}", "a learner of `records list`")


@contextmanager
def opened(place: Place, *, new: bool = False) -> Iterator[Records]:
    """The records at a place, brought up to date.

    Parameters
    ----------
    place
        Where.
    new
        Whether an SQLite file that does not exist is made.

    Raises
    ------
    InputError
        If there are none, or they are damaged, locked, of a later release or of another program.
    """
    if place.file is not None and not place.file.exists():
        if not new:
            raise InputError(place.name, "no records", "a database with cases", "Add one first: dekomp-sim records add")
        try:
            place.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            reason = (wrong.strerror or str(wrong)).lower()
            raise InputError(place.name, f"a folder that cannot be made ({reason})", "a writable folder") from None
    with engine_of(place) as engine:
        with told_plainly(place):
            with engine.begin() as connection:  # a reader needs no lock, and none is taken where nothing is to be done
                whole(connection, place)
                done = up_to_date(connection, place.name)
            if not done:
                with engine.execution_options(writes=True).begin() as connection:
                    bring_up_to_date(connection, place.name)
        yield Records(engine, place)


def _row(case: Performed, learner_id: int) -> CaseRow:
    return CaseRow(
        learner_id=learner_id,
        recorded_on=case.recorded_on,
        report_sha256=case.report_sha256,
        title=case.title,
        level=case.level,
        side=case.side,
        seed=case.seed,
        digest=case.digest,
        version=case.version,
        harmed=case.harmed,
        figures=[FigureRow(name=name, value=value, unit=unit) for name, (value, unit) in case.figures.items()],
        marks=[
            MarkRow(rubric=m.rubric, place=place, percent=m.percent, passed=m.passed, errors=list(m.errors))
            for place, m in enumerate(case.marks)
        ],
    )


def _kept(row: CaseRow) -> Kept:
    case = Performed(
        report_sha256=row.report_sha256,
        recorded_on=row.recorded_on,
        title=row.title,
        level=row.level,
        side=row.side,
        seed=row.seed,
        digest=row.digest,
        version=row.version,
        harmed=row.harmed,
        figures=MappingProxyType({one.name: (one.value, one.unit) for one in row.figures}),
        marks=tuple(Marked(one.rubric, one.percent, one.passed, tuple(one.errors)) for one in row.marks),
    )
    entered = tuple(
        HumanAssessment(1, one.assessor, Rating(**one.rating), Checklist(**one.checklist)) for one in row.assessments
    )
    return Kept(row.id, row.learner.pseudonym, case, entered)
