"""A lesson as data: conditions, what follows where one comes true, and gates before steps."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import Field

from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.lesson.words import Quantity

WORDS = tuple(kind.__dataclass_fields__["do"].default for kind in get_args(Action))
"""The words of all actions."""


class Happening(StrEnum):
    """A kind of event that a condition can wait for."""

    CONTACT = "contact"
    BREACH = "breach"
    PAIN = "pain"
    REFUSAL = "refusal"
    LAPSE = "lapse"
    REACTION = "reaction"


class Equipment(StrEnum):
    """What may fail, with the steps that it then stops."""

    X_RAY = "x_ray"
    C_ARM = "c_arm"
    TABLE = "table"
    PROBE_MOTOR = "probe_motor"
    SYRINGE = "syringe"


class Ill(StrEnum):
    """What may befall the patient without a cause in the case."""

    FAINT = "faint"
    ALLERGY = "allergy"


@dataclass(frozen=True, slots=True)
class When:
    """A condition: all that is given must hold.

    Parameters
    ----------
    quantity, above, below
        A number of the case lies above or below a limit; nothing holds of a number that there is none of.
    done
        An action of this word was carried out.
    happened
        Such an event is on record.
    """

    quantity: Quantity | None = None
    above: float | None = None
    below: float | None = None
    done: str | None = None
    happened: Happening | None = None

    def __post_init__(self) -> None:
        limited = self.above is not None or self.below is not None
        if limited != (self.quantity is not None):
            raise ValueError("a condition takes quantity together with above or below")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"a condition that never holds: above {self.above:g} and below {self.below:g}")
        if self.quantity is None and self.done is None and self.happened is None:
            raise ValueError("a condition needs quantity with above or below, done, or happened")
        if self.done is not None:
            known_word("done", self.done)


@dataclass(frozen=True, slots=True)
class Hint:
    """Tell the trainee something."""

    words: Annotated[str, MinLen(1)]
    do: Literal["hint"] = "hint"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the trainee; `right` counts the answers from 1, `because` is told after the answer."""

    words: Annotated[str, MinLen(1)]
    answers: Annotated[tuple[str, ...], MinLen(2)]
    right: Annotated[int, Ge(1)]
    because: str = ""
    do: Literal["ask"] = "ask"

    def __post_init__(self) -> None:
        if self.right > len(self.answers):
            raise ValueError(f"right is {self.right}, there are {len(self.answers)} answers")


@dataclass(frozen=True, slots=True)
class Befall:
    """Something befalls the patient."""

    ill: Ill
    do: Literal["befall"] = "befall"


@dataclass(frozen=True, slots=True)
class Fail:
    """Equipment fails for a time."""

    equipment: Equipment
    seconds: Annotated[float, Gt(0.0), Le(3600.0)]
    words: str = ""
    do: Literal["fail"] = "fail"


Effect = Annotated[Hint | Ask | Befall | Fail, Field(discriminator="do")]
"""What follows where a condition comes true; in a file the key `do` tells which."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What follows when a condition comes true.

    Parameters
    ----------
    name
        Its own within a lesson.
    when
        The condition, looked at after each action.
    then
        What follows, in order.
    again
        Whether it follows each time the condition comes true anew, not only the first time.
    """

    name: Annotated[str, MinLen(1)]
    when: When
    then: Annotated[tuple[Effect, ...], MinLen(1)]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """A step that may not happen before a condition holds."""

    step: str
    until: When
    words: Annotated[str, MinLen(1)]

    def __post_init__(self) -> None:
        known_word("step", self.step)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a teacher laid into a case.

    Raises
    ------
    ValueError
        If two triggers share a name, a question could be asked twice, or gates wait for each other for ever.
    """

    triggers: tuple[Trigger, ...] = ()
    gates: tuple[Gate, ...] = field(default=())

    def __post_init__(self) -> None:
        twice = [name for name, count in Counter(t.name for t in self.triggers).items() if count > 1]
        if twice:
            raise ValueError(f"two triggers are called {twice[0]}")
        for trigger in self.triggers:
            questions = [effect for effect in trigger.then if isinstance(effect, Ask)]
            if len(questions) > 1 or (questions and trigger.again):
                raise ValueError(f"trigger {trigger.name}: one question, asked once")
        circle = circle_of_gates(self.gates)
        if circle:
            raise ValueError(f"the scenario cannot end: {' waits for '.join(circle)}")


def known_word(key: str, word: str) -> None:
    """ValueError if `word` is no action's, with the nearest one that is."""
    if word not in WORDS:
        close = difflib.get_close_matches(word, WORDS, n=1, cutoff=0.5)
        raise ValueError(f"{key}: {word} is no step" + (f"; the nearest is {close[0]}" if close else ""))


def circle_of_gates(gates: Iterable[Gate]) -> tuple[str, ...]:
    """Steps that wait for each other in a circle, the first at both ends; empty where every gate can open.

    Examples
    --------
    >>> circle_of_gates([Gate("incise", When(done="bandage"), "no"), Gate("bandage", When(done="incise"), "no")])
    ('incise', 'bandage', 'incise')
    """
    waits: dict[str, set[str]] = {}
    for gate in gates:
        if gate.until.done is not None:
            waits.setdefault(gate.step, set()).add(gate.until.done)
    for start in waits:
        found = _back_to(start, start, waits, (start,))
        if found:
            return found
    return ()


def _back_to(start: str, here: str, waits: dict[str, set[str]], way: tuple[str, ...]) -> tuple[str, ...]:
    for there in sorted(waits.get(here, ())):
        if there == start:
            return (*way, start)
        if there not in way:
            found = _back_to(start, there, waits, (*way, there))
            if found:
                return found
    return ()
