"""The folder of a sweep: its plan, and a small file for each case that is over.

A case's file is written beside its place and moved there by the one process that leads the sweep, so each case is there
once and whole or not at all, whoever dies when. Its name holds the case's number and key; what is there is not done
again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dekomp_sim.errors import InputError
from dekomp_sim.files import write_text
from dekomp_sim.files.locks import held
from dekomp_sim.sweep.performing import Outcome
from dekomp_sim.sweep.plan import Draw, Plan

PLAN: Final = "sweep.json"
"""The file by which a folder is known as a sweep's."""

CASES_IN_A_FOLDER: Final = 1000
"""Case files share folders by the thousand; file systems and people are slow with more."""

_CASES: Final = "cases"
_LOCK: Final = ".lock"
_END: Final = b"}\n"


class Store:
    """The cases of one sweep on disk.

    Parameters
    ----------
    folder
        As `opened` gave it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, outcome: Outcome) -> None:
        """Write a case's file.

        Raises
        ------
        InputError
            If the disk takes no more; what is there stays.
        """
        path = self._path(outcome["index"], outcome["key"])
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(outcome, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")

    def has(self, draw: Draw) -> bool:
        """Whether a case is over and its file whole; one that a failing disk cut short is not."""
        return _whole(self._path(draw.index, draw.key))

    def outcome(self, draw: Draw) -> Outcome:
        """What came of a case that is over."""
        found: Outcome = json.loads(self._path(draw.index, draw.key).read_text(encoding="utf-8"))
        return found

    def outcomes(self, plan: Plan) -> Iterator[Outcome]:
        """What came of all cases that are over, by number."""
        draws = (plan.draw(index) for index in range(plan.cases))
        return (self.outcome(draw) for draw in draws if self.has(draw))

    def _path(self, index: int, key: str) -> Path:
        return self.folder / _CASES / f"{index // CASES_IN_A_FOLDER:04d}" / f"{index:07d}-{key}.json"


@contextmanager
def opened(folder: Path, plan: Plan) -> Iterator[Store]:
    """The store of a plan in a new or empty folder, or in one in which the same plan was begun.

    Raises
    ------
    InputError
        If the folder holds something else, or another sweep, if another process leads this one, or if it cannot be
        written.
    """
    _refuse_others(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        reason = (wrong.strerror or str(wrong)).lower()
        raise InputError(str(folder), f"a place that cannot be written ({reason})", "a writable folder") from None
    with held(folder / _LOCK) as alone:
        if not alone:
            raise InputError(str(folder), "a sweep that another process is performing", "a folder of its own")
        _begin(folder / PLAN, plan)
        yield Store(folder)


def _refuse_others(folder: Path) -> None:
    if not folder.exists() or (folder / PLAN).is_file():
        return
    if not folder.is_dir() or any(path.name != _LOCK for path in folder.iterdir()):
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        raise InputError(str(folder), found, "a new or empty folder, or one that holds a sweep", "Choose another name")


def _begin(path: Path, plan: Plan) -> None:
    """Write the plan, or see that it is the one that was begun."""
    described = json.loads(json.dumps(plan.described))
    if path.is_file():
        _same(path, described)
    else:
        write_text(path, json.dumps(described, indent=1, ensure_ascii=False) + "\n")


def _same(path: Path, described: dict[str, Any]) -> None:
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(str(path), "no plan of a sweep", "the file as it was written") from None
    other = [key for key in described if not isinstance(begun, dict) or begun.get(key) != described[key]]
    if other:
        words = {"story": "scenario", "varies": "--vary", "seed": "--seed", "dekomp_sim": "version of this program"}
        named = ", ".join(words.get(key, key) for key in other)
        raise InputError(
            str(path.parent), f"a sweep with another {named}", "the same sweep, to go on with it", "Choose another name"
        )


def _whole(path: Path) -> bool:
    try:
        with path.open("rb") as source:
            source.seek(-len(_END), 2)
            return source.read() == _END
    except OSError:
        return False
