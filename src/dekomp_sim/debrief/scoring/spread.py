"""What a handful of values says, or that it is too few to say anything."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 5
"""Values below which no median is given. Assumption: the quartiles of fewer are single values, and of fewer learners
each could be recognised."""

TOO_FEW: Final = "not enough data"
"""Said instead of a number."""

NORMAL_95: Final = 1.959963984540054
"""Standard deviations of a normal distribution that hold 95 %."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles of `count` values."""

    count: int
    low: float
    median: float
    high: float


def spread(values: Iterable[float | None], fewest: int = FEWEST) -> Spread | None:
    """Median and quartiles (as NumPy's, linear between values) of what is known; None where that is too few.

    Examples
    --------
    >>> spread([4.0, 1.0, 3.0, None, 2.0, 5.0])
    Spread(count=5, low=2.0, median=3.0, high=4.0)
    >>> spread([1.0, 2.0])
    """
    known = sorted(value for value in values if value is not None)
    if len(known) < max(fewest, 2):
        return None
    low, median, high = statistics.quantiles(known, n=4, method="inclusive")
    return Spread(len(known), low, median, high)


def rate_95(successes: int, of: int) -> tuple[float, float]:
    """Limits of a share with 95 % confidence, 0 to 1 (Wilson, J Am Stat Assoc 1927;22:209).

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in rate_95(8, 10))
    (0.4902, 0.9433)

    Raises
    ------
    ValueError
        If nothing was tried.
    """
    if of < 1:
        raise ValueError("a share of nothing")
    z2, share = NORMAL_95**2, successes / of
    middle = (share + z2 / (2.0 * of)) / (1.0 + z2 / of)
    half = NORMAL_95 * math.sqrt(share * (1.0 - share) / of + z2 / (4.0 * of * of)) / (1.0 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)
