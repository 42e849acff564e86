"""A case's report.json as a case to be kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import InputError
from dekomp_sim.records.store import Marked, Performed

FORMAT: Final = 2
"""The version of report.json that holds marks."""


def performed(text: bytes, where: Path, recorded_on: str) -> Performed:
    """The case that a report tells.

    Parameters
    ----------
    text
        The file's bytes.
    where
        What messages call it.
    recorded_on
        Today, year-month-day.

    Raises
    ------
    InputError
        If it is no report, or of another format.
    """
    try:
        told = json.loads(text)
        version = told["format"]
    except (ValueError, KeyError, TypeError):
        raise InputError(str(where), "no report", "a report.json that `run`, `replay` or `view` left") from None
    if version != FORMAT:
        remedy = "Make it anew: dekomp-sim replay JOURNAL -o FOLDER"
        raise InputError(str(where), f"a report of format {version}", f"format {FORMAT}", remedy)
    try:
        return _performed(told, hashlib.sha256(text).hexdigest(), recorded_on)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise InputError(str(where), f"a report that was changed ({wrong})", "a report as it was written") from None


def _performed(told: dict[str, Any], sha256: str, recorded_on: str) -> Performed:
    return Performed(
        report_sha256=sha256,
        recorded_on=recorded_on,
        title=str(told["title"]),
        level=str(told["level"]),
        side=str(told["side"]),
        seed=str(told["seed"]),
        digest=str(told["digest"]),
        version=str(told["versions"]["dekomp_sim"]),
        harmed=bool(told["harm"]),
        figures={
            name: (float(one["value"]), str(one["unit"]))
            for name, one in told["metrics"].items()
            if one["value"] is not None
        },
        marks=tuple(
            Marked(str(one["rubric"]), float(one["percent"]), bool(one["passed"]), tuple(map(str, one["errors"])))
            for one in told["scores"]
        ),
    )
