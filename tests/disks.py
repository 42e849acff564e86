"""A disk of its own, so small that a test can fill it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAGE_KB: Final = 4
"""The least that a tmpfs gives away."""


class Disk:
    """A small disk, mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / "filler"

    def fill(self, leave_kb: int = 0) -> None:
        """Leave so much room, in whole pages."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(1024 * PAGE_KB))
            except OSError:
                filler.truncate(filler.tell() - 1024 * leave_kb)

    def clear(self) -> None:
        """Make room again."""
        self._filler.unlink()


@contextmanager
def mounted(folder: Path, size_kb: int) -> Iterator[Disk | None]:
    """A disk of a size at an empty folder; None where the system has none to give."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
