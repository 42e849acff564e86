"""How much there is to read, asked before anything is read: the wrong folder is answered at once, not after an hour."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from dekomp_sim.errors import InputError

MOST_FILES: Final = 20_000
"""Assumption: more files than any one examination holds; a whole-body CT in slices of 0.5 mm has 4000."""

MOST_BYTES: Final = 4 * 1024**3
"""Assumption: 512 x 512 x 4000 voxels of 16 bits take half of it; beyond it memory would run out."""


def files_of(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders, sorted; counting ends as soon as they are too many.

    Raises
    ------
    InputError
        If they are more than `MOST_FILES` or together larger than `MOST_BYTES`.
    """
    found: list[Path] = []
    held = 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if not path.is_file():
                continue
            found.append(path)
            held += path.stat().st_size
            if len(found) > MOST_FILES:
                raise InputError(
                    str(folder), f"more than {MOST_FILES} files", "the folder of one CT series", "Choose its subfolder"
                )
            refuse_bytes(folder, held)
    return sorted(found)


def refuse_bytes(path: Path, held: int) -> None:
    """Refuse what would take more than `MOST_BYTES`.

    Raises
    ------
    InputError
        If it would.
    """
    if held > MOST_BYTES:
        found = f"more than {MOST_BYTES // 1024**3} GiB to read"
        raise InputError(str(path), found, "one CT series, or a volume of the trunk", "Choose the series or crop it")
