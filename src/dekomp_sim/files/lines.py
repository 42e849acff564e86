"""A growing file of JSON lines, each of which is there whole or not at all, whoever dies while writing.

Lines are added at the end and never changed. A last line that was cut off is cut away when the file is opened, and a
line that a failing disk spoilt is passed over: what it held counts as never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dekomp_sim.errors import InputError
from dekomp_sim.files.writing import append_whole

TAIL_BYTES: Final = 1 << 16
"""How much of the file's end is read at a time when its last whole line is looked for."""


class Lines:
    """A file of JSON lines, open for adding and for reading what is there.

    Parameters
    ----------
    path
        A file, made where there is none; only one process may have it open.

    Raises
    ------
    InputError
        If the file cannot be made or written.

    Examples
    --------
    >>> import tempfile
    >>> with Lines(Path(tempfile.mkdtemp()) / "lines.jsonl") as lines:
    ...     first, second = lines.append([{"a": 1}, {"a": 2}])
    ...     (lines.at(second), [record for _, record in lines.all()])
    ({'a': 2}, [{'a': 1}, {'a': 2}])
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("a+b", buffering=0)
            self._end = self._whole_bytes()
            self._file.truncate(self._end)
        except OSError as wrong:
            raise self._refused(wrong) from None

    def append(self, records: Sequence[Mapping[str, Any]]) -> list[int]:
        """Add records, all of them or none; the place of each, for `at`.

        Raises
        ------
        InputError
            If the disk takes no more; what was there before stays as it was.
        ValueError
            If a record holds what JSON cannot.
        """
        lines = [_line(record) for record in records]
        *places, _ = accumulate(map(len, lines), initial=self._end)
        try:
            self._end = append_whole(self._file, b"".join(lines), self._end)
        except OSError as wrong:
            raise self._refused(wrong) from None
        return places

    def at(self, place: int) -> dict[str, Any]:
        """The record at a place that `append` or `all` told."""
        with self.path.open("rb") as source:
            source.seek(place)
            found: dict[str, Any] = json.loads(source.readline())
        return found

    def all(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each whole record with its place, in the order in which they were added."""
        place = 0
        with self.path.open("rb") as source:
            for line in source:
                record = _record(line)
                if record is not None:
                    yield place, record
                place += len(line)

    def _whole_bytes(self) -> int:
        """Length of the file up to the end of its last whole line."""
        end = self._file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - TAIL_BYTES)
            self._file.seek(begin)
            newline = self._file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
        return 0

    def _refused(self, wrong: OSError) -> InputError:
        reason = (wrong.strerror or str(wrong)).lower()
        return InputError(
            str(self.path), f"a disk that takes no more ({reason})", "a folder with room that you may write"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _line(record: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(record, sort_keys=True, ensure_ascii=False, allow_nan=False)}\n".encode()


def _record(line: bytes) -> dict[str, Any] | None:
    """What a line holds; None where it is spoilt."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
