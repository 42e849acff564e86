"""Where two plays of a scenario part: which value, at which step first, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from dekomp_sim.regress.state import Moment, State, Value

RELATIVE: Final = 1e-7
"""Greatest difference that counts as none, as a share of the greater value; of a vector, of its largest component.
SOFA's regression tests compare positions as closely."""

ABSOLUTE: Final = 1e-9
"""Differences below it are none: a nanometre, a nanosecond; where a state's digest rounds as well."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A value that is not what it was.

    Parameters
    ----------
    step, do
        Where it first was not.
    name
        Of the value.
    before, after
        What it was and what it is there; None where there was, or is, none.
    steps
        At how many steps it is not what it was.
    """

    step: int
    do: str
    name: str
    before: Value | None
    after: Value | None
    steps: int = 1

    @property
    def words(self) -> str:
        """One line for people."""
        more = f" (and at {self.steps - 1} later steps)" if self.steps > 1 else ""
        return f"step {self.step} ({self.do}): {self.name} was {shown(self.before)}, is {shown(self.after)}{more}"

    @property
    def difference(self) -> str:
        """By how much, where both are numbers."""
        gap = _gap(self.before, self.after)
        return "" if gap is None else f"{gap[0]:.3g} ({gap[0] / gap[1]:.1e} of it)"


def partings(before: Sequence[Moment], after: Sequence[Moment]) -> tuple[Parting, ...]:
    """Every value that parted, in the order of the steps at which it first did.

    Where the steps themselves are others, what follows is not compared.
    """
    first: dict[str, Parting] = {}
    for was, now in zip_longest(before, after):
        if was is None or now is None or was.do != now.do:
            first.setdefault("the step", _other_step(was, now))
            break
        for name in _parted(was.state, now.state):
            known = first.get(name) or Parting(now.step, now.do, name, was.state.get(name), now.state.get(name), 0)
            first[name] = replace(known, steps=known.steps + 1)
    return tuple(sorted(first.values(), key=lambda parting: parting.step))


def shown(value: Value | None) -> str:
    """A value as people read it: ten digits of a number.

    Examples
    --------
    >>> shown((1.0, 2.5)), shown(None)
    ('[1, 2.5]', 'absent')
    """
    if value is None:
        return "absent"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    return f"{value:.10g}"


def alike(before: Value | None, after: Value | None) -> bool:
    """Whether two values count as the same.

    Examples
    --------
    >>> alike(100.0, 100.000001), alike(100.0, 100.0001), alike((50.0, 0.0), (50.0, 1e-6)), alike("none", "none")
    (True, False, True, True)
    """
    gap = _gap(before, after)
    if gap is None:
        return before == after
    return gap[0] <= max(ABSOLUTE, RELATIVE * gap[1])


def _gap(before: Value | None, after: Value | None) -> tuple[float, float] | None:
    """The greatest difference of a component, and the greatest component; None where they are no such numbers."""
    one, other = _components(before), _components(after)
    if not one or len(one) != len(other) or not all(map(math.isfinite, one + other)):
        return None
    return max(abs(a - b) for a, b in zip(one, other, strict=True)), max(map(abs, one + other)) or 1.0


def _components(value: Value | None) -> tuple[float, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, float) else ()


def _parted(was: State, now: State) -> Iterator[str]:
    return (name for name in {**was, **now} if not alike(was.get(name), now.get(name)))


def _other_step(was: Moment | None, now: Moment | None) -> Parting:
    there = now or was
    assert there is not None  # zip_longest ends with the longer
    done = now.do if now is not None else None
    return Parting(there.step, there.do, "the step", was.do if was is not None else None, done)
