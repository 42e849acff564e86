"""Writes files so that a failure leaves either the old file or the new one, never half of one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Final

from dekomp_sim.errors import InputError

RUN_MARK: Final = "journal.jsonl"
"""The file by which a folder is known as a run's."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write to; it takes the place of `path` when all went well, else it is removed.

    The new file has the same endings, for writers that choose a format by them.

    Raises
    ------
    InputError
        If the folder is absent or cannot be written.
    """
    endings = "".join(path.suffixes[-2:]) if path.name.endswith(".gz") else path.suffix
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[: -len(endings) or None]}-", suffix=endings, dir=path.parent
        )
    except OSError as wrong:
        raise _unwritable(path, wrong) from None
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        _as_other_files(beside)
        beside.replace(path)
    except OSError as wrong:
        raise _unwritable(path, wrong) from None
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 text in one step.

    Raises
    ------
    InputError
        If the folder is absent or cannot be written.
    """
    with replacing(Path(path)) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write bytes in one step.

    Raises
    ------
    InputError
        If the folder is absent or cannot be written.
    """
    with replacing(Path(path)) as beside:
        beside.write_bytes(content)


def append_whole(file: FileIO, content: bytes, end: int) -> int:
    """Add bytes to an unbuffered file, all of them or none; its new end.

    Parameters
    ----------
    file
        Open for adding.
    content
        What to add.
    end
        The file's end before; where not all can be written the file is cut there again.

    Raises
    ------
    OSError
        If the disk takes no more.
    """
    left = content
    try:
        file.seek(end)
        while left:
            left = left[file.write(left) :]
    except OSError:
        with suppress(OSError):  # a device has no length
            file.truncate(end)
        raise
    return end + len(content)


@contextmanager
def output_folder(path: Path | str, overwrite: bool = False, mark: str = RUN_MARK) -> Iterator[Path]:
    """A fresh folder to write a run's results to; it becomes `path` when all went well, else it is removed.

    A user's mistake in the middle of a run so leaves nothing behind.

    Parameters
    ----------
    path
        The folder to be.
    overwrite
        Whether an earlier run may be replaced: a folder that holds the file `mark`.
    mark
        The file by which a folder is known as one that may be replaced.

    Raises
    ------
    InputError
        If `path` exists and is neither an empty folder nor an earlier run that may be replaced, or cannot be made.
    """
    target = Path(path)
    earlier = overwrite and (target / mark).is_file()
    if target.exists() and not earlier and (not target.is_dir() or any(target.iterdir())):
        found = "a folder that is not empty" if target.is_dir() else "a file"
        allowed = "a new or empty folder, or with --overwrite an earlier run"
        if mark != RUN_MARK:
            allowed = f"a new or empty folder, or one that holds {mark}"
        raise InputError(str(target), found, allowed, "Choose another name or remove it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as wrong:
        raise _unwritable(target, wrong) from None
    try:
        yield beside
        beside.chmod(0o777 & ~_umask())
        if earlier:
            target.replace(beside.with_name(f"{beside.name}-earlier"))
        elif target.is_dir():
            target.rmdir()
        beside.replace(target)
    except OSError as wrong:
        raise _unwritable(target, wrong) from None
    except InputError as wrong:
        raise _at_its_place(wrong, beside, target) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(beside.with_name(f"{beside.name}-earlier"), ignore_errors=True)


def _at_its_place(wrong: InputError, beside: Path, target: Path) -> InputError:
    """A mistake in the folder that is being made, told of the folder that it was to become."""
    if not wrong.where.startswith(str(beside)):
        return wrong
    where = str(target) + wrong.where.removeprefix(str(beside))
    return InputError(where, wrong.found, wrong.allowed, wrong.remedy or f"{target} is as it was before")


def _as_other_files(path: Path) -> None:
    """Temporary files are readable by their owner alone; results are as readable as any file."""
    path.chmod(0o666 & ~_umask())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _unwritable(path: Path, wrong: OSError) -> InputError:
    reason = (wrong.strerror or str(wrong)).lower()
    return InputError(str(path), f"a place that cannot be written ({reason})", "a folder with room that you may write")
