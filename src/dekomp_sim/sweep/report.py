"""The report of a sweep: one HTML file that asks for nothing outside it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dekomp_sim import __version__
from dekomp_sim.arrays import FloatArray
from dekomp_sim.imaging.console.display import BANNER
from dekomp_sim.sweep.figures import HEIGHT, WIDTH, spread_of, success_maps
from dekomp_sim.sweep.performing import FIGURES, SEED
from dekomp_sim.sweep.plan import Plan
from dekomp_sim.sweep.shares import Axis, Share, axis_of, shares
from dekomp_sim.sweep.table import read_table
from dekomp_sim.sweep.vary import Between, Vary

MOST_LISTED: Final = 40
"""Failed cases, or kinds of harm, that are listed; the table holds all."""

_ENVIRONMENT: Final = Environment(loader=PackageLoader("dekomp_sim", "."), autoescape=True, undefined=StrictUndefined)
_CSS: Final = "".join(_ENVIRONMENT.get_template(f"{room}/report.css").render() for room in ("debrief", "sweep"))
_PAGE: Final = _ENVIRONMENT.get_template("sweep/report.html.j2")


def report_html(plan: Plan, results: Path) -> str:
    """The report of a sweep from its results.

    Parameters
    ----------
    plan
        What was varied.
    results
        Its table, `results.parquet`.
    """
    table = read_table(results)
    done = table.filter(pc.equal(table["failed"], ""))
    success, harm = (np.asarray(done[name].to_numpy(), dtype=bool) for name in ("success", "harm"))
    axes = _axes(plan, done)
    return _PAGE.render(
        css=Markup(_CSS),
        style_hash=base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode(),
        banner=BANNER,
        version=__version__,
        plan=plan,
        varied=[(vary.key, _over(vary)) for vary in plan.varies],
        cases=table.num_rows,
        success=Share(int(success.sum()), len(success)),
        harm=Share(int(harm.sum()), len(harm)),
        failures=_failures(table),
        harms=_harms(done),
        patients=len(set(done["patient"].to_pylist())),
        by_key=[(axis, list(zip(axis.words, shares(axis, success), shares(axis, harm), strict=True))) for axis in axes],
        maps=success_maps(axes, success),
        outline={"width": WIDTH, "height": HEIGHT},
        spreads=[found for name in FIGURES if (found := spread_of(name, _numbers(done, name)))],
    )


def _axes(plan: Plan, done: pa.Table) -> list[Axis]:
    """Of each varied key but the seed, whose values mean nothing."""
    return [axis_of(vary, done[vary.key].to_pylist()) for vary in plan.varies if vary.key != SEED and done.num_rows]


def _numbers(table: pa.Table, name: str) -> FloatArray:
    return np.asarray(table[name].to_numpy(), dtype=float)


def _over(vary: Vary) -> str:
    if isinstance(vary.over, Between):
        return f"{vary.over.low:g} to {vary.over.high:g}" + (", whole numbers" if vary.over.whole else "")
    return ", ".join(str(value) for value in vary.over.values)


def _failures(table: pa.Table) -> list[dict[str, Any]]:
    wrong = table.filter(pc.not_equal(table["failed"], ""))
    rows: list[dict[str, Any]] = wrong.select(["index", SEED, "failed"]).slice(0, MOST_LISTED).to_pylist()
    return [{**row, "all": wrong.num_rows} for row in rows]


def _harms(done: pa.Table) -> list[tuple[str, int]]:
    """Sentences about harm without their numbers, and in how many cases each is said."""
    counted: Counter[str] = Counter()
    for sentences in done["harms"].to_pylist():
        counted.update({_unnumbered(one) for one in sentences.splitlines()})
    return counted.most_common(MOST_LISTED)


def _unnumbered(sentence: str) -> str:
    """A sentence with dots for the measures in it; a vertebra keeps its number.

    Examples
    --------
    >>> _unnumbered("The needle goes through: the left L4 exiting root, at 75.7 mm.")
    'The needle goes through: the left L4 exiting root, at … mm.'
    """
    return re.sub(r"(?<![\w-])\d+(?:\.\d+)?", "…", sentence)
