"""Shares of cases, with how sure they are, by what was varied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.sweep.vary import Between, Vary

Z_95: Final = 1.959964
"""Standard deviations that hold 95 % of a normal law, to either side."""

CLASSES: Final = 8
"""Classes into which a range is cut. Assumption: enough to see a trend, few enough for ten cases in each of eighty."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with Wilson's 95 % interval (Wilson, J Am Stat Assoc 1927;22:209).

    Examples
    --------
    >>> share = Share(8, 10)
    >>> [round(100 * one, 1) for one in (share.value, share.low, share.high)]
    [80.0, 49.0, 94.3]
    """

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share; NaN of none."""
        return self.count / self.of if self.of else math.nan

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self._wilson(-1.0)

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self._wilson(1.0)

    def _wilson(self, sign: float) -> float:
        if not self.of:
            return math.nan
        share, extra = self.value, Z_95**2 / self.of
        spread = math.sqrt(share * (1.0 - share) * extra + 0.25 * extra**2)
        return (share + 0.5 * extra + sign * spread) / (1.0 + extra)


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The classes of one varied key: a part of its range each, or a listed value each.

    Parameters
    ----------
    key
        What is varied.
    edges
        Ends of the classes of a range, one more than classes; empty for a list.
    words
        A class in words.
    classes
        The number of its class for each case.
    """

    key: str
    edges: tuple[float, ...]
    words: tuple[str, ...]
    classes: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many classes."""
        return len(self.words)


def axis_of(vary: Vary, values: Sequence[Any]) -> Axis:
    """The classes of a varied key and the class of each case's value, in the order of the cases."""
    if isinstance(vary.over, Between):
        edges = _edges(vary.over)
        found = np.clip(np.searchsorted(edges, np.asarray(values, float), side="right") - 1, 0, len(edges) - 2)
        words = tuple(f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges))
        return Axis(vary.key, edges, words, found.astype(np.int64))
    words = tuple(_word(value) for value in vary.over.values)
    number = {word: place for place, word in enumerate(words)}
    return Axis(vary.key, (), words, np.array([number[_word(value)] for value in values], dtype=np.int64))


def shares(axis: Axis, hit: Mask) -> tuple[Share, ...]:
    """The share of each class for which `hit` is true."""
    return tuple(_share(hit, axis.classes == number) for number in range(axis.count))


def share_map(across: Axis, up: Axis, hit: Mask) -> tuple[tuple[Share, ...], ...]:
    """The share of each pair of classes: rows by `up`, columns by `across`."""
    return tuple(
        tuple(_share(hit, (up.classes == row) & (across.classes == column)) for column in range(across.count))
        for row in range(up.count)
    )


def _share(hit: Mask, within: Mask) -> Share:
    return Share(int(np.count_nonzero(hit & within)), int(np.count_nonzero(within)))


def _edges(over: Between) -> tuple[float, ...]:
    """Even classes; a whole number each where there are few."""
    if over.whole and over.high - over.low < CLASSES:
        return tuple(float(number) for number in np.arange(over.low, over.high + 1.5))
    return tuple(float(edge) for edge in np.linspace(over.low, over.high, CLASSES + 1))


def _word(value: Any) -> str:
    """A value as the command line would have it, whole numbers without a point.

    Examples
    --------
    >>> _word(50), _word(50.0), _word(True), _word(None), _word("left")
    ('50', '50', 'true', 'none', 'left')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
