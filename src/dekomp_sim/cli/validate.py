"""`dekomp-sim validate`: every published number the models claim, beside the one they give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from dekomp_sim import __version__
from dekomp_sim.files import phantom_patient, shipped, write_text
from dekomp_sim.validation import Basis, Finding, as_record, find, rows_for

PHANTOM: Final = "lumbar_reference"
"""The patient on which the rows of the spine are measured."""

MEANING: Final = (
    "input: the number is a parameter, and comes out again. calibrated: a parameter was chosen to meet it. "
    "predicted: nothing was set to it."
)


def validate(into: Path | None, console: Console) -> bool:
    """Compute every row, print the tables, write them as JSON where asked; whether all are inside.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with console.status("Computing (the patient is built once, then cached) ..."):
        findings = find(rows_for(phantom_patient(shipped("phantoms", PHANTOM))))
    for room, group in groupby(findings, key=lambda finding: finding.row.room):
        console.print(_table(room, tuple(group)))
    console.print(f"\n{MEANING}\n{verdict(findings)}", soft_wrap=True)
    if into is not None:
        record = {"dekomp_sim": __version__, "rows": [as_record(finding) for finding in findings]}
        write_text(into, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return all(finding.inside for finding in findings)


def verdict(findings: Sequence[Finding]) -> str:
    """How many rows there are, of which kind, and which are outside."""
    counts = ", ".join(f"{sum(found.row.basis is basis for found in findings)} {basis}" for basis in Basis)
    outside = [found.row.what for found in findings if not found.inside]
    ends = f"outside: {'; '.join(outside)}" if outside else "all inside"
    return f"{len(findings)} numbers ({counts}): {ends}."


def _table(room: str, findings: Sequence[Finding]) -> Table:
    table = Table(title=room, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("what", "source", "published", "spread", "ours", "unit", "basis", ""):
        table.add_column(heading, justify="right" if heading == "ours" else "left")
    for found in findings:
        row, published = found.row, found.row.published
        state = "inside" if found.inside else "[bold red]OUTSIDE[/]"
        ours = f"{found.ours:.4g}"
        table.add_row(row.what, row.source, published.text, published.spread, ours, row.unit, row.basis, state)
    return table
