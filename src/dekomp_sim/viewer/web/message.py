"""A page's message, read with suspicion: each field is asked for by its kind and range."""

from __future__ import annotations

import math
from typing import Any, Final

NOT_UNDERSTOOD: Final = "The page asked for something that the simulator does not know."


class NotUnderstood(Exception):  # noqa: N818 - told to the page, never to a user
    """A message that no page of ours sends."""


class Message:
    """A message's fields, each asked for by its kind: what a page may send is not to be trusted."""

    def __init__(self, content: Any) -> None:
        if not isinstance(content, dict):
            raise NotUnderstood(NOT_UNDERSTOOD)
        self._content = content

    def word(self, name: str) -> str:
        """A short text."""
        found = self._content.get(name)
        if not isinstance(found, str) or len(found) > 200:
            raise NotUnderstood(NOT_UNDERSTOOD)
        return found

    def number(self, name: str, low: float = -1e5, high: float = 1e5) -> float:
        """A finite number."""
        found = self._content.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise NotUnderstood(NOT_UNDERSTOOD)
        if not math.isfinite(found) or not low <= found <= high:
            raise NotUnderstood(NOT_UNDERSTOOD)
        return float(found)

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number in a range."""
        found = self.number(name, low, high)
        if found != int(found):
            raise NotUnderstood(NOT_UNDERSTOOD)
        return int(found)

    def one_of(self, name: str, kind: Any) -> Any:
        """A member of an enumeration."""
        try:
            return kind(self.word(name))
        except ValueError:
            raise NotUnderstood(NOT_UNDERSTOOD) from None

    def table(self, name: str) -> dict[str, Any]:
        """A mapping with words as keys."""
        found = self._content.get(name)
        if not isinstance(found, dict) or len(found) > 100 or not all(isinstance(key, str) for key in found):
            raise NotUnderstood(NOT_UNDERSTOOD)
        return found

    def words(self, name: str) -> list[str]:
        """A list of short texts."""
        found = self._content.get(name)
        if not isinstance(found, list) or len(found) > 100 or not all(isinstance(one, str) for one in found):
            raise NotUnderstood(NOT_UNDERSTOOD)
        return found

    def maybe(self, name: str) -> Any:
        """Whatever stands there."""
        return self._content.get(name)
