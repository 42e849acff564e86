"""What is asked of a case rather than of a hand: an answer to the lesson, and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a question of the lesson: the name of what asked it, and which of its answers, counted from 1."""

    question: str
    choice: Annotated[int, Ge(1), Le(20)]
    do: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    seconds: Annotated[float, Gt(0.0), Le(86400.0)]
    do: Literal["wait"] = "wait"
