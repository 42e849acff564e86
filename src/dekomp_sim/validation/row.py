"""A row of the validation: a number somebody published, its spread, and the function that computes ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ROUNDING: Final = 1e-9
"""Relative slack at the ends of a range: a value that lies on its end is inside, however the last digit rounds."""


class Basis(StrEnum):
    """How much agreement is worth.

    `INPUT`: the published number is a parameter of the model, and the row shows that it comes out again.
    `CALIBRATED`: a free parameter of the model was chosen so that it meets this number.
    `PREDICTED`: nothing in the model was set to this number.
    """

    INPUT = "input"
    CALIBRATED = "calibrated"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class Published:
    """A published number and what counts as agreement with it.

    Parameters
    ----------
    text
        As it is printed: "43.0 +- 9.6", "0.4 to 0.75".
    low, high
        Ends of the range, both inside.
    spread
        Where the range comes from: the source's own standard deviation, its range, or a tolerance and its reason.
    """

    text: str
    low: float
    high: float
    spread: str

    @staticmethod
    def mean(value: float, sd: float) -> Published:
        """A mean and its standard deviation, which is the range."""
        return Published(f"{value:g} +- {sd:g}", value - sd, value + sd, "1 SD")

    @staticmethod
    def people(mean: float, sd: float) -> Published:
        """Mean and standard deviation of a measure of people: one person, as a phantom is, is ordinary within two."""
        return Published(f"{mean:g} +- {sd:g}", mean - 2.0 * sd, mean + 2.0 * sd, "2 SD: 95 % of people")

    @staticmethod
    def about(value: float, share: float, why: str) -> Published:
        """A number without a spread; `share` of it either way counts as agreement, for the reason given."""
        return Published(f"{value:g}", value - share * abs(value), value + share * abs(value), f"{share:.1%}: {why}")

    @staticmethod
    def near(value: float, margin: float, why: str) -> Published:
        """A number without a spread; `margin` either way, in its own unit, for the reason given."""
        return Published(f"{value:g}", value - margin, value + margin, f"+- {margin:g}: {why}")

    @staticmethod
    def between(low: float, high: float, why: str = "the source's range") -> Published:
        """A range."""
        if math.isinf(high):
            return Published(f"{low:g} or more", low, high, why)
        return Published(f"{low:g} to {high:g}", low, high, why)

    @staticmethod
    def factor(value: float, times: float, why: str) -> Published:
        """A number known to a factor only."""
        return Published(f"{value:g}", value / times, value * times, f"x/÷ {times:g}: {why}")


@dataclass(frozen=True, slots=True)
class Row:
    """One published number.

    Parameters
    ----------
    room
        The part of the building it is about, as docs/fidelity.md divides it.
    what, unit
        The quantity.
    source
        Paper or standard.
    published
        The number and its spread.
    basis
        How much agreement is worth.
    ours
        Computes the model's number.
    """

    room: str
    what: str
    unit: str
    source: str
    published: Published
    basis: Basis
    ours: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Finding:
    """A row and the number the model gives for it."""

    row: Row
    ours: float

    @property
    def inside(self) -> bool:
        """Whether the model's number lies in the published range; what is not a number does not."""
        published = self.row.published
        slack = ROUNDING * abs(self.ours)
        return published.low - slack <= self.ours <= published.high + slack


def find(rows: Iterable[Row]) -> tuple[Finding, ...]:
    """Compute the model's number for every row."""
    return tuple(Finding(row, row.ours()) for row in rows)


def as_record(finding: Finding) -> dict[str, str | float | bool | None]:
    """A finding as plain values for a file; an open end of a range, and what is no number, is None."""
    row = finding.row
    return {
        "room": row.room,
        "what": row.what,
        "unit": row.unit,
        "source": row.source,
        "published": row.published.text,
        "low": _finite(row.published.low),
        "high": _finite(row.published.high),
        "spread": row.published.spread,
        "basis": str(row.basis),
        "ours": _finite(finding.ours),
        "inside": finding.inside,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
