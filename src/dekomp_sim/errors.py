"""The one error a user can cause, and the words it must hold.

An error says where it happened, what was found there, what is allowed, and what to do next.
"""

from __future__ import annotations


class DekompSimError(Exception):
    """A mistake in what a user gave: shown as a message, never as a traceback; the program exits with 2.

    Parameters
    ----------
    where
        File with line, argument or folder in which the mistake sits.
    found
        What was found there.
    allowed
        What would have been accepted.
    remedy
        What to do next; empty where `allowed` says it already.

    Examples
    --------
    >>> print(DekompSimError("case.yaml:3", "level: L9", "L1-L2, L2-L3, L3-L4, L4-L5 or L5-S1"))
    case.yaml:3: found level: L9; allowed: L1-L2, L2-L3, L3-L4, L4-L5 or L5-S1.
    """

    def __init__(self, where: str, found: str, allowed: str, remedy: str = "") -> None:
        self.where, self.found, self.allowed, self.remedy = where, found, allowed, remedy
        tail = f" {remedy.rstrip('.')}." if remedy else ""
        super().__init__(f"{where}: found {found}; allowed: {allowed.rstrip('.')}.{tail}")


class InputError(DekompSimError):
    """A file, folder or option cannot be used as it is."""


class OutOfRangeError(DekompSimError):
    """A quantity lies outside what the device, the machine or the model covers."""
