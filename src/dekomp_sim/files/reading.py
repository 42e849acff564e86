"""Reads whole files, and says in words where that fails."""

from __future__ import annotations

from pathlib import Path

from dekomp_sim.errors import InputError


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises
    ------
    InputError
        If there is no such file, or it may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as wrong:
        reason = (wrong.strerror or str(wrong)).lower()
        raise InputError(str(path), f"a file that cannot be read ({reason})", "a file that exists") from None
