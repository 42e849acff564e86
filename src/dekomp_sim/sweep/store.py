"""The folder of a sweep: its plan, and one growing file with a line for each case that is over.

Only the process that leads the sweep writes there, and a line counts when it is whole, so each case is there once or
not at all, whoever dies when. A case that is there is not done again; where one was tried again, its last line counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files import write_text
from dekomp_sim.files.lines import Lines
from dekomp_sim.files.locks import held
from dekomp_sim.sweep.performing import Draw, Outcome
from dekomp_sim.sweep.plan import Plan

PLAN: Final = "sweep.json"
"""The file by which a folder is known as a sweep's."""

CASES: Final = "cases.jsonl"
"""The file of cases that are over."""

_LOCK: Final = ".lock"
_NOWHERE: Final = -1


class Store:
    """The cases of one sweep on disk; in memory only the place of each, 8 bytes a case.

    Parameters
    ----------
    lines
        The file of cases.
    plan
        The sweep they are of.
    """

    def __init__(self, lines: Lines, plan: Plan) -> None:
        self._lines, self._plan = lines, plan
        self._places = np.full(plan.cases, _NOWHERE, dtype=np.int64)
        for place, outcome in lines.all():
            self._note(outcome, place)

    @property
    def kept(self) -> int:
        """How many cases are there."""
        return int(np.count_nonzero(self._places != _NOWHERE))

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Add cases, all of them or none.

        Raises
        ------
        InputError
            If the disk takes no more; what is there stays.
        """
        try:
            places = self._lines.append(outcomes)
        except InputError as wrong:
            remedy = f"{self.kept} of {self._plan.cases} cases are kept: make room, and the same command goes on"
            raise InputError(wrong.where, wrong.found, wrong.allowed, remedy) from None
        for place, outcome in zip(places, outcomes, strict=True):
            self._note(outcome, place)

    def outcome(self, draw: Draw) -> Outcome | None:
        """What came of a case; None of one that is not over."""
        place = int(self._places[draw.index])
        found = None if place == _NOWHERE else self._lines.at(place)
        return found if found is not None and found["key"] == draw.key else None

    def outcomes(self) -> Iterator[Outcome]:
        """What came of all cases that are over, by number."""
        found = (self.outcome(self._plan.draw(index)) for index in range(self._plan.cases))
        return (outcome for outcome in found if outcome is not None)

    def _note(self, outcome: Outcome, place: int) -> None:
        """Remember where a case stands; one of a longer sweep in the same folder is left where it is."""
        index = outcome.get("index")
        if isinstance(index, int) and 0 <= index < len(self._places):
            self._places[index] = place


@contextmanager
def opened(folder: Path, plan: Plan) -> Iterator[Store]:
    """The store of a plan in a new or empty folder, or in one in which the same plan was begun.

    Where a mistake ends a sweep before its first case, what was made for it is taken away again.

    Raises
    ------
    InputError
        If the folder holds something else, or another sweep, if another process leads this one, or if it cannot be
        written.
    """
    _refuse_others(folder)
    new, made = not (folder / PLAN).is_file(), not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        reason = (wrong.strerror or str(wrong)).lower()
        raise InputError(str(folder), f"a place that cannot be written ({reason})", "a writable folder") from None
    with held(folder / _LOCK) as alone:
        if not alone:
            raise InputError(str(folder), "a sweep that another process is performing", "a folder of its own")
        _begin(folder / PLAN, plan)
        kept = 0
        try:
            with Lines(folder / CASES) as lines:
                store = Store(lines, plan)
                try:
                    yield store
                finally:
                    kept = store.kept
        except DekompSimError:
            if new and not kept:
                _forget(folder, made=made)
            raise


def _forget(folder: Path, *, made: bool) -> None:
    """Take away what a sweep without cases has left, and the folder if it was made for it."""
    with suppress(OSError):
        for name in (CASES, PLAN, _LOCK):
            (folder / name).unlink(missing_ok=True)
        if made:
            folder.rmdir()


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
        words = {
            "story": "scenario",
            "varies": "--vary",
            "seed": "--seed",
            "dekomp_sim": "version of this program",
            "sweep": "layout of its folder",
        }
        named = ", ".join(words.get(key, key) for key in other)
        raise InputError(
            str(path.parent), f"a sweep with another {named}", "the same sweep, to go on with it", "Choose another name"
        )
