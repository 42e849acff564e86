"""Locks between processes of one machine; the system releases them when their holder dies, however that happens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until no other process or thread is within `only_one` of the same path, then go on.

    Where no lock can be had (a folder that takes no files, a system without `flock`) nobody waits, and as the file goes
    when its holder is done, who comes then does not wait for who waited: what is guarded must stay right without it,
    and only be done twice.
    """
    handle = _opened(path)
    try:
        if handle is not None:
            _lock(handle, wait=True)
        yield
    finally:
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a lock if it is free; whether it is held. It is where no lock can be had.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, held(Path(folder) / "lock") as first:
    ...     with held(Path(folder) / "lock") as second:
    ...         (first, second)
    (True, False)
    """
    handle = _opened(path)
    try:
        yield handle is None or _lock(handle, wait=False)
    finally:
        if handle is not None:
            os.close(handle)


def _opened(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None


if sys.platform == "win32":

    def _lock(handle: int, *, wait: bool) -> bool:
        """Assumption: sweeps on Windows are of one process; nobody is kept out."""
        return True

else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> bool:
        """Whether the lock is held now. A file system without locks lets everybody in."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
