"""Records as one table, a row for each case: CSV text, or Parquet's bytes."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Sequence
from typing import Any, Final

from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.errors import InputError
from dekomp_sim.records.store import Kept

ENDINGS: Final = (".csv", ".parquet")
"""Endings of a file by which its kind is chosen."""

FORMULA: Final = ("=", "+", "-", "@", "\t")
"""First letters by which a spreadsheet takes a text for a formula."""


def columns(cases: Sequence[Kept]) -> dict[str, list[Any]]:
    """The table by column: what was played, figures with their units, marks and assessments.

    What was not done, or not marked by a rubric, is None.
    """
    rubrics = list(dict.fromkeys(mark.rubric for kept in cases for mark in kept.case.marks))
    table: dict[str, list[Any]] = {
        "case": [kept.number for kept in cases],
        "learner": [kept.learner for kept in cases],
        "recorded_on": [kept.case.recorded_on for kept in cases],
        "title": [kept.case.title for kept in cases],
        "level": [kept.case.level for kept in cases],
        "side": [kept.case.side for kept in cases],
        "seed": [kept.case.seed for kept in cases],
        "version": [kept.case.version for kept in cases],
        "digest": [kept.case.digest for kept in cases],
        "harmed": [kept.case.harmed for kept in cases],
    }
    for name in METRICS:
        table[name] = [kept.figure(name) for kept in cases]
    for rubric in rubrics:
        table[f"{rubric}_percent"] = [_percent(kept, rubric) for kept in cases]
        table[f"{rubric}_passed"] = [kept.passed(rubric) for kept in cases]
    table["assessors"] = [len(kept.assessments) for kept in cases]
    table["global_rating_7_to_35"] = [_mean([entered.rating.total for entered in kept.assessments]) for kept in cases]
    table["checklist_share"] = [_mean_share(kept) for kept in cases]
    return table


def csv_text(cases: Sequence[Kept]) -> str:
    """The table as CSV (RFC 4180, UTF-8); numbers with all their digits, None as nothing."""
    table, text = columns(cases), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table)
    writer.writerows([_cell(value) for value in row] for row in zip(*table.values(), strict=True))
    return text.getvalue()


def parquet_bytes(cases: Sequence[Kept]) -> bytes:
    """The table as a Parquet file.

    Raises
    ------
    InputError
        If pyarrow is not installed.
    """
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        remedy = "pip install 'dekomp-sim[parquet]', or write .csv"
        raise InputError("export", "Parquet, which needs pyarrow", "an installed pyarrow", remedy) from None
    types = {name: arrow.float64() for name in METRICS}
    table = {name: arrow.array(values, type=types.get(name)) for name, values in columns(cases).items()}
    stream = io.BytesIO()
    parquet.write_table(arrow.table(table), stream)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _percent(kept: Kept, rubric: str) -> float | None:
    return next((mark.percent for mark in kept.case.marks if mark.rubric == rubric), None)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_share(kept: Kept) -> float | None:
    return _mean([e.checklist.done / e.checklist.seen for e in kept.assessments if e.checklist.seen])
