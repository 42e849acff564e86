"""The tables this room ships, read once.

Files are opened in the room `files`; these few are the exception, because they are constants too long to type: they
travel inside the package, are read through `importlib.resources` and never name a user's path.
`benchmarks/make_matter_tables.py` makes them from SpekPy and xraydb; the tests recompute a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from dekomp_sim.arrays import FloatArray, sealed


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One shipped table.

    Parameters
    ----------
    energies_kev
        (n,) first column.
    names
        What the other columns hold.
    values
        (m, n) one row for each name, contiguous.
    """

    energies_kev: FloatArray
    names: tuple[str, ...]
    values: FloatArray

    def row(self, name: str) -> FloatArray:
        """(n,) the values under `name`."""
        return np.asarray(self.values[self.names.index(name)])


@cache
def table(name: str) -> Table:
    """The shipped table `name`.csv: comment lines with source and units, one line of names, then numbers."""
    text = (files("dekomp_sim.matter") / "data" / f"{name}.csv").read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    columns = np.loadtxt(lines[1:], delimiter=",", unpack=True, dtype=np.float64)
    return Table(
        sealed(np.ascontiguousarray(columns[0])),
        tuple(lines[0].split(",")[1:]),
        sealed(np.ascontiguousarray(columns[1:])),
    )
