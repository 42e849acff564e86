"""The results of a sweep as one Parquet file: a row for each case, a column for each value and figure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dekomp_sim.errors import InputError
from dekomp_sim.files.writing import replacing
from dekomp_sim.sweep.performing import FIGURES, SEED, Outcome
from dekomp_sim.sweep.plan import Plan

ROWS_AT_ONCE: Final = 10_000
"""Rows in a group of the file, which are all that is in memory."""

NAMED: Final = {
    "index": pa.int64(),
    "key": pa.string(),
    SEED: pa.int64(),
    "patient": pa.string(),
    "digest": pa.string(),
    "harm": pa.bool_(),
    "success": pa.bool_(),
    "harms": pa.string(),
    "missed": pa.string(),
    "refusals": pa.string(),
    "failed": pa.string(),
}
"""Columns that every sweep has; lists of sentences are told one to a line."""


def write_table(path: Path, plan: Plan, outcomes: Iterable[Outcome]) -> None:
    """Write the results of a sweep; the plan travels in the file's metadata under `dekomp_sim`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    schema = _schema(plan)
    try:
        with replacing(path) as beside, pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            for rows in _grouped(_row(outcome) for outcome in outcomes):
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    except pa.ArrowException as wrong:
        raise InputError(str(path), f"a table that cannot be written ({wrong})", "a disk with room") from None


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The results of a sweep, or some columns of them.

    Raises
    ------
    InputError
        If the file is no such table.
    """
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns)
    except (OSError, pa.ArrowException) as wrong:
        raise InputError(str(path), f"no table ({wrong})", "results.parquet of a sweep") from None


def _schema(plan: Plan) -> pa.Schema:
    columns = [pa.field(name, kind) for name, kind in NAMED.items()]
    columns += [pa.field(vary.key, _kind(vary.tried)) for vary in plan.varies if vary.key != SEED]
    columns += [pa.field(name, pa.float64()) for name in FIGURES]
    return pa.schema(columns, metadata={"dekomp_sim": json.dumps(plan.described)})


def _kind(values: tuple[Any, ...]) -> pa.DataType:
    """Of a column: numbers, truths, or text where values are of several kinds."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {bool}:
        return pa.bool_()
    return pa.float64() if kinds and kinds <= {int, float} else pa.string()


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {name: _flat(outcome.get(name)) for name in NAMED}
    row |= {key: value for key, value in outcome["values"].items() if key != SEED}
    figures: dict[str, Any] = outcome.get("metrics", {})
    return row | figures


def _flat(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, list) else value


def _grouped(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    yield from iter(lambda: list(islice(rows, ROWS_AT_ONCE)), [])
