"""The journal of a case: JSON lines, appended and forced to disk action by action, so that a crash loses at most one.

The first line says what the case was made from; each further line is one record, mostly an action.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from dekomp_sim.errors import InputError
from dekomp_sim.files.writing import append_whole

JOURNAL_VERSION: Final = 2
"""Grows whenever older readers would misunderstand a journal. Since 2 the header holds the whole story, so that the
case can begin again without the scenario's file, and a line may take steps back."""


class Journal:
    """An append-only journal, open for writing.

    Parameters
    ----------
    path
        A file that does not exist yet.
    header
        What the case was made from: version, seed, digests; never a path of a user or a word of a scan's header.

    Raises
    ------
    InputError
        If the file exists or cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "journal.jsonl"
    >>> with Journal(path, {"seed": 1}) as journal:
    ...     journal.append({"do": "expose", "kv": 70.0})
    >>> read_journal(path).records
    ({'do': 'expose', 'kv': 70.0},)
    """

    def __init__(self, path: Path | str, header: Mapping[str, Any]) -> None:
        self.path = Path(path)
        try:
            self._file = self.path.open("xb", buffering=0)
        except FileExistsError:
            raise InputError(str(self.path), "a journal that exists", "a new file", "Choose another name") from None
        except OSError as wrong:
            reason = (wrong.strerror or str(wrong)).lower()
            raise InputError(
                str(self.path), f"a place that cannot be written ({reason})", "a writable folder"
            ) from None
        self._end = 0
        try:
            self.append({"journal": JOURNAL_VERSION, **header})
        except InputError:
            self.close()
            self.path.unlink()
            raise

    def append(self, record: Mapping[str, Any] | Any) -> None:
        """Add a mapping or a dataclass as one line, and wait until it is on the disk.

        Raises
        ------
        InputError
            If the disk is full or gone; nothing of the record is then in the journal, and the next may be tried.
        ValueError
            If the record holds what JSON cannot: a NaN, an object without fields.
        """
        line = json.dumps(plain(record), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        try:
            end = append_whole(self._file, f"{line}\n".encode(), self._end)
            os.fsync(self._file.fileno())
        except OSError as wrong:
            with suppress(OSError):
                self._file.truncate(self._end)
            reason = (wrong.strerror or str(wrong)).lower()
            raise InputError(str(self.path), f"a disk that takes no more ({reason})", "room for the journal") from None
        self._end = end

    def close(self) -> None:
        """Close the file; further records are refused by Python."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A journal as read.

    Parameters
    ----------
    header
        Its first line, without the journal's version.
    records
        All whole lines after it.
    torn
        The text of a last line that was cut by a crash, which is not among the records; empty where none was.
    source
        What messages call it: its path.
    """

    header: dict[str, Any]
    records: tuple[dict[str, Any], ...]
    torn: str = ""
    source: str = "journal"


def read_journal(path: Path | str) -> Recorded:
    """Read a journal. A torn last line is reported in the result and dropped; any other damage is refused.

    Raises
    ------
    InputError
        If the file is absent, empty, no journal, of another version, or damaged before its last line.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(str(source), "no such file", "a journal")
    whole, newline, torn = source.read_bytes().rpartition(b"\n")
    lines = [_line(source, number, line) for number, line in enumerate((whole + newline).splitlines(), 1)]
    if not lines or "journal" not in lines[0]:
        raise InputError(f"{source}:1", "no journal's first line", "a journal of this program")
    version = lines[0]["journal"]
    if version != JOURNAL_VERSION:
        by = f" written by dekomp_sim {lines[0]['dekomp_sim']}" if "dekomp_sim" in lines[0] else ""
        remedy = "Use the release that wrote it" if by else ""
        raise InputError(f"{source}:1", f"journal version {version}{by}", f"version {JOURNAL_VERSION}", remedy)
    header = {key: value for key, value in lines[0].items() if key != "journal"}
    return Recorded(header, tuple(lines[1:]), torn.decode("utf-8", "replace"), str(source))


def _line(source: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        found = "a damaged line before the last"
        raise InputError(f"{source}:{number}", found, "one JSON object in each line", "Keep only the lines before it")
    return record


def plain(value: Any) -> Any:
    """A value as JSON's own types: dataclasses and mappings as objects, arrays as lists, enums as their value.

    Examples
    --------
    >>> plain({"at_mm": np.array([1.0, 2.0])})
    {'at_mm': [1.0, 2.0]}
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    return value
