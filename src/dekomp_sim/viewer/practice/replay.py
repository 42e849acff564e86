"""A journal performed again: the same actions on the same patient, and where that parts from what was recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files import Recorded, plain
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.scenario import record
from dekomp_sim.scenario.player import opening
from dekomp_sim.scenario.story import Story, action_from, story_from
from dekomp_sim.viewer.practice.moments import History, Moment, next_moment

SAME: Final = 1e-9
"""Numbers that differ by less, of the larger or absolutely, are the same: as in a case's digest."""


@dataclass(frozen=True, slots=True)
class Parting:
    """Where a replay first left what was recorded.

    Parameters
    ----------
    line
        Of the journal, from 1.
    step
        Number of the action; of the last one where only the digest differs.
    action
        Its word.
    field
        What differs: "clock_s", "events", "events 2: rating", "digest", "harm".
    recorded, replayed
        What the journal holds and what came now.
    """

    line: int
    step: int
    action: str
    field: str
    recorded: Any
    replayed: Any

    @property
    def words(self) -> str:
        """The parting as a sentence."""
        at = f"line {self.line}, step {self.step} ({self.action})"
        return f"Parted at {at}: {self.field} is {_short(self.replayed)}; recorded was {_short(self.recorded)}."


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A journal performed again.

    Parameters
    ----------
    story
        What it was begun with.
    moments
        Everything that counted in the end, the opening first.
    parting
        Where it first left the record, or None.
    digest
        Of the state it ended in.
    finished
        Whether the journal closes with a digest; else the case was broken off.
    taken_back
        Steps that were undone.
    """

    story: Story
    moments: tuple[Moment, ...]
    parting: Parting | None
    digest: str
    finished: bool
    taken_back: int = 0

    @property
    def performed(self) -> Story:
        """The story with the actions that counted as its steps, for a debrief."""
        return replace(self.story, steps=tuple(one.action for one in self.moments if one.action is not None))


def story_of(recorded: Recorded) -> Story:
    """The story that a journal was begun with.

    Raises
    ------
    InputError
        If its header holds none.
    """
    story = recorded.header.get("story")
    if not isinstance(story, Mapping):
        raise InputError(f"{recorded.source}:1", "no story in its header", "a journal of a case")
    with _at(f"{recorded.source}:1"):
        return story_from(story)


def replay(recorded: Recorded, patient: Patient) -> Replay:
    """Perform a journal again.

    Parameters
    ----------
    recorded
        The journal as read.
    patient
        The one it was recorded on.

    Raises
    ------
    InputError
        If it was recorded on another patient, or one of its lines is none of a case.
    """
    story = story_of(recorded)
    _same_patient(recorded, patient)
    history = History(Moment(0, None, opening(story, patient)))
    parting, closed = None, False
    for number, line in enumerate(recorded.records, start=2):
        if closed:
            raise InputError(f"{recorded.source}:{number}", "a line after the case was closed", "nothing more")
        with _at(f"{recorded.source}:{number}"):
            parted = _read(number, line, history)
        parting = parting or parted
        closed = "digest" in line
    taken_back = sum(line["undo"] for line in recorded.records if "undo" in line)
    return Replay(story, history.moments, parting, case_digest(history.last.case), closed, taken_back)


def replayed(recorded: Recorded, patient: Patient) -> tuple[Moment, ...]:
    """The moments of a journal, for a film or a debrief; raises as `replay` does."""
    return replay(recorded, patient).moments


def parts(recorded: Recorded, patient: Patient) -> Parting | None:
    """Where a replay of a journal first leaves the record, or None; raises as `replay` does."""
    return replay(recorded, patient).parting


def _same_patient(recorded: Recorded, patient: Patient) -> None:
    wanted = recorded.header.get("patient_digest")
    if wanted != patient.digest:
        found = f"patient {patient.name}, digest {patient.digest[:12]}"
        remedy = "Give the same scan and labels, or the release that built the same phantom"
        raise InputError(f"{recorded.source}:1", found, f"the one it was recorded on, digest {wanted!s:.12}", remedy)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Puts a line of the journal before the words of a mistake in it."""
    try:
        yield
    except DekompSimError as wrong:
        where = f"{place}: {wrong.where}" if wrong.where else place
        raise InputError(where, wrong.found, wrong.allowed, wrong.remedy) from None


def _read(number: int, line: Mapping[str, Any], history: History) -> Parting | None:
    """Do what one line of a journal says; where that differs from what it recorded."""
    if "action" in line:
        return _acted(number, line, history)
    if "undo" in line:
        _take_back(line["undo"], history)
        return None
    if "digest" in line:
        now = plain(record.closing(history.last.case))
        return next(_partings(number, history.last, {key: line.get(key) for key in now}, now), None)
    raise InputError("", "neither action, undo nor digest", "a line of a case's journal")


def _acted(number: int, line: Mapping[str, Any], history: History) -> Parting | None:
    before = history.last
    if line.get("step") != before.number + 1:
        raise InputError("", f"step {line.get('step')}", f"step {before.number + 1}")
    if not isinstance(line["action"], Mapping):
        raise InputError("", "an action without its word", "the fields of an action")
    action = action_from(line["action"])
    moment = next_moment(before, action, idle=line.get("idle") is True)
    now = plain(record.line(moment.number, action, before.case, moment.case))
    history.append(moment)
    return next(_partings(number, moment, {key: line.get(key) for key in now if key != "action"}, now), None)


def _take_back(steps: Any, history: History) -> None:
    last = history.last.number
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= last:
        raise InputError("", f"undo: {steps}", f"a number from 1 to {last}")
    history.cut(last + 1 - steps)


def _partings(number: int, moment: Moment, recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Parting]:
    word = moment.action.do if moment.action is not None else "opening"
    for key in recorded:
        for place, then, here in _differences(key, recorded[key], now[key]):
            yield Parting(number, moment.number, word, place, then, here)


def _differences(place: str, then: Any, here: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each place at which two plain values differ: "events 2: rating"."""
    if isinstance(then, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys((*then, *here)):
            yield from _differences(f"{place}: {key}", then.get(key), here.get(key))
    elif isinstance(then, list) and isinstance(here, list):
        if len(then) != len(here):
            yield f"number of {place}", len(then), len(here)
        for number, (one, other) in enumerate(zip(then, here, strict=False), start=1):
            yield from _differences(f"{place} {number}", one, other)
    elif not _same(then, here):
        yield place, then, here


def _same(then: Any, here: Any) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (then, here))
    return math.isclose(then, here, rel_tol=SAME, abs_tol=SAME) if numbers else bool(then == here)


def _short(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else "absent" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
