"""How sure a finding is, in a word."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Sureness(StrEnum):
    """How sure a finding is."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


def least_sure(words: Iterable[Sureness]) -> Sureness:
    """The least sure of some words; sure where there is none.

    Examples
    --------
    >>> str(least_sure([Sureness.SURE, Sureness.LIKELY]))
    'likely'
    """
    return max(words, key=list(Sureness).index, default=Sureness.SURE)
