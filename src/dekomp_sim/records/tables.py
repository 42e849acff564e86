"""The tables of the records. What is changed here needs a migration; a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "uq": "uq_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(column_0_label)s",
        }
    )


class LearnerRow(Base):
    """Who learns, by pseudonym."""

    __tablename__ = "learner"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(24), unique=True)
    cases: Mapped[list[CaseRow]] = relationship(
        back_populates="learner", cascade="all, delete-orphan", passive_deletes=True, order_by="CaseRow.id"
    )


class CaseRow(Base):
    """One case a learner performed."""

    __tablename__ = "played_case"
    __table_args__ = (UniqueConstraint("learner_id", "report_sha256"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id", ondelete="CASCADE"), index=True)
    recorded_on: Mapped[str] = mapped_column(String(10))
    report_sha256: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String)
    level: Mapped[str] = mapped_column(String(8))
    side: Mapped[str] = mapped_column(String(8))
    seed: Mapped[str] = mapped_column(String)
    digest: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(32))
    harmed: Mapped[bool] = mapped_column(Boolean)

    learner: Mapped[LearnerRow] = relationship(back_populates="cases")
    figures: Mapped[list[FigureRow]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    marks: Mapped[list[MarkRow]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="MarkRow.place"
    )
    assessments: Mapped[list[AssessmentRow]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="AssessmentRow.id"
    )


class FigureRow(Base):
    """One figure of a case; a figure of what was not done has no row."""

    __tablename__ = "figure"

    case_id: Mapped[int] = mapped_column(ForeignKey("played_case.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[float] = mapped_column(Float(53))
    unit: Mapped[str] = mapped_column(String(16))


class MarkRow(Base):
    """A case marked by one rubric; the one in place 0 counts."""

    __tablename__ = "mark"

    case_id: Mapped[int] = mapped_column(ForeignKey("played_case.id", ondelete="CASCADE"), primary_key=True)
    rubric: Mapped[str] = mapped_column(String(80), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    percent: Mapped[float] = mapped_column(Float(53))
    passed: Mapped[bool] = mapped_column(Boolean)
    errors: Mapped[list[str]] = mapped_column(JSON)


class AssessmentRow(Base):
    """What a human assessor entered of a case: once for each assessor."""

    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("case_id", "assessor"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("played_case.id", ondelete="CASCADE"), index=True)
    assessor: Mapped[str] = mapped_column(String(24))
    rating: Mapped[dict[str, Any]] = mapped_column(JSON)
    checklist: Mapped[dict[str, Any]] = mapped_column(JSON)
