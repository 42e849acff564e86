"""What a sweep varies: a key of the scenario over a range or over a list, as written on the command line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dekomp_sim.errors import InputError
from dekomp_sim.scenario.story import story_from
from dekomp_sim.sweep.keys import Record, value_at, with_value

FORM: Final = "KEY=LOW:HIGH or KEY=A,B,C"
"""How a variation is written."""

DIGITS: Final = 6
"""Digits of a drawn value that count: readable in a table, and the same wherever it is drawn."""

_RANGE: Final = re.compile(r"([^:,{}]+):([^:,{}]+)")


@dataclass(frozen=True, slots=True)
class Between:
    """A range from which values are drawn evenly; `whole` where only whole numbers are taken, both ends included."""

    low: float
    high: float
    whole: bool = False

    def at(self, share: float) -> float:
        """The value at a share of the range from 0 up to, not including, 1.

        Examples
        --------
        >>> Between(20.0, 40.0).at(0.25), Between(1, 3, whole=True).at(0.99)
        (25.0, 3)
        """
        if self.whole:
            return int(self.low) + math.floor(share * (self.high - self.low + 1.0))
        return float(f"{self.low + share * (self.high - self.low):.{DIGITS}g}")

    @property
    def ends(self) -> tuple[float, ...]:
        """Its lowest and highest value."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Values that are all taken, each equally often."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Vary:
    """A key of the scenario and what it takes."""

    key: str
    over: Between | OneOf

    @property
    def tried(self) -> tuple[Any, ...]:
        """The values that must be allowed for all of them to be."""
        return self.over.ends if isinstance(self.over, Between) else self.over.values


def read_varies(texts: Sequence[str], story: Record) -> tuple[Vary, ...]:
    """Variations as written on the command line, each tried on the scenario.

    Parameters
    ----------
    texts
        "card.weight_kg=50:120", "patient.bmi=22,30" or "patient.bmi={22,30}".
    story
        The scenario as plain values.

    Raises
    ------
    InputError
        If one is not written so, names a key twice or one that the scenario has not, or a value that the key refuses.
    """
    varies = tuple(_read(text, story) for text in texts)
    keys = [vary.key for vary in varies]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InputError("--vary", f"{twice} more than once", "each key once")
    for one, other in ((one, other) for one in keys for other in keys if other.startswith(f"{one}.")):
        raise InputError("--vary", f"{one} and {other}", "keys of which none holds another")
    return varies


def _read(text: str, story: Record) -> Vary:
    key, equals, written = (part.strip() for part in text.partition("="))
    if not (key and equals and written):
        raise InputError("--vary", text, FORM)
    value_at(story, key)
    found = _RANGE.fullmatch(written)
    vary = Vary(key, _between(text, found) if found else OneOf(_listed(text, written)))
    for value in vary.tried:
        _try(story, key, value)
    return _whole(vary, story) if isinstance(vary.over, Between) else vary


def _between(text: str, found: re.Match[str]) -> Between:
    low, high = (_plain(end) for end in found.groups())
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
    if not numbers or not low < high:
        raise InputError("--vary", text, "two numbers LOW:HIGH, the lower one first")
    return Between(low, high)


def _listed(text: str, written: str) -> tuple[Any, ...]:
    words = [word.strip() for word in written.removeprefix("{").removesuffix("}").split(",")]
    values = tuple(_plain(word) for word in words)
    if not all(words) or len({json.dumps(value) for value in values}) < len(values):
        raise InputError("--vary", text, "values that differ, with commas between")
    return values


def _plain(word: str) -> Any:
    """A number, true, false or null as such; anything else is text."""
    try:
        value = json.loads(word)
    except ValueError:
        return word.strip()
    return word.strip() if isinstance(value, float) and not math.isfinite(value) else value


def _try(story: Record, key: str, value: Any) -> None:
    try:
        story_from(with_value(story, key, value))
    except InputError as wrong:
        raise InputError(f"--vary {key}", json.dumps(value), wrong.allowed, wrong.remedy) from None


def _whole(vary: Vary, story: Mapping[str, Any]) -> Vary:
    """The same range of whole numbers where the key refuses others."""
    low, high = vary.tried
    try:
        story_from(with_value(story, vary.key, low + (high - low) / math.pi))
    except InputError:
        return Vary(vary.key, Between(low, high, whole=True))
    return vary
