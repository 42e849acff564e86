"""A scenario's texts in other languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Texts:
    """What a person reads of a scenario.

    Parameters
    ----------
    title, summary
        What it is.
    prebrief, debrief
        What is said to the trainee before and after.
    learning
        Learning objectives, a sentence each.
    """

    title: str = ""
    summary: str = ""
    prebrief: str = ""
    debrief: str = ""
    learning: tuple[str, ...] = ()

    def over(self, other: Texts) -> Texts:
        """These texts, those of `other` where one is empty."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name)}
        return replace(other, **said)


TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
"""A language, its script, its region: what BCP 47 (RFC 5646) calls a tag, as far as texts of a scenario need it."""


def is_language(tag: str) -> bool:
    """Whether that is written as a language's tag is.

    Examples
    --------
    >>> is_language("de"), is_language("zh-Hant-TW"), is_language("german")
    (True, True, False)
    """
    return TAG.fullmatch(tag) is not None


def in_language(texts: Mapping[str, Texts], language: str, otherwise: Texts) -> Texts:
    """The texts in a language ("de" or "de-CH"), falling back to the plain language and then to `otherwise`.

    Examples
    --------
    >>> in_language({"de": Texts(title="Der erste Fall")}, "de-CH", Texts("The first case", "A")).title
    'Der erste Fall'
    """
    plain = language.split("-")[0]
    found = texts.get(language, Texts()).over(texts.get(plain, Texts()))
    return found.over(otherwise)
