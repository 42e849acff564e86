"""The baseline of a scenario: a folder with a readable file of what each step changed, and a few pictures."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from annotated_types import Ge, MinLen

from dekomp_sim.errors import InputError
from dekomp_sim.files import output_folder, read_png8, read_yaml, write_png8, write_text
from dekomp_sim.files.marks import MistakesError, read_marked
from dekomp_sim.regress.comparison import shown
from dekomp_sim.regress.pictures import Taken
from dekomp_sim.regress.state import Moment, State, Value

FORMAT: Final = 1
"""Version of a baseline's files."""

STATE: Final = "state.yaml"
"""The file by which a folder is known as a baseline."""

_HEAD: Final = """\
# What a scenario leaves after each of its steps, as `dekomp-sim regress --update` wrote it.
# A step lists only what it changed. Numbers count to one in ten million. Simulated; not for clinical use.
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one step changed: values by name, and names of what is gone."""

    step: Annotated[int, Ge(0)]
    do: str
    changed: Mapping[str, Value]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the baseline: its file, the step it was taken at, the operator's note."""

    file: str
    step: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline's file.

    Parameters
    ----------
    baseline
        Version of this format.
    dekomp_sim, platform
        What wrote it.
    scenario_sha256, patient_digest
        What was played, on whom.
    pace
        Time of the play in calibration loops.
    steps
        How many there are, by which a file that was cut off is known.
    pictures, marks
        What was seen, and what each step changed.
    """

    baseline: int
    dekomp_sim: str
    platform: str
    scenario_sha256: str
    patient_digest: str
    pace: Annotated[float, Ge(0.0)]
    steps: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Mark, ...], MinLen(1)]
    pictures: tuple[Shown, ...] = ()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The whole state after each step."""
        state: dict[str, Value] = {}
        found = []
        for mark in self.marks:
            state = {name: value for name, value in state.items() if name not in mark.gone} | dict(mark.changed)
            found.append(Moment(mark.step, mark.do, state))
        return tuple(found)


def this_platform() -> str:
    """What a baseline calls the machine that wrote it.

    Numbers of another processor or mathematical library may differ beyond what counts as none.
    """
    return f"{platform.system()} {platform.machine()}"


def marks(moments: Sequence[Moment]) -> tuple[Mark, ...]:
    """What each moment changed of the one before it."""
    before: State = {}
    found = []
    for moment in moments:
        changed = {name: value for name, value in moment.state.items() if _differs(before.get(name), value)}
        gone = tuple(name for name in before if name not in moment.state)
        found.append(Mark(moment.step, moment.do, changed, gone))
        before = moment.state
    return tuple(found)


def read_baseline(folder: Path, any_platform: bool = False) -> Baseline:
    """The baseline in a folder.

    Raises
    ------
    InputError
        If there is none; if it is damaged, of another version, or of another platform and that was not allowed.
    """
    path = folder / STATE
    if not path.is_file():
        raise InputError(str(folder), "no baseline", f"a folder with {STATE}", "Write one with --update")
    try:
        found = read_yaml(path, Baseline)
    except MistakesError:
        _refuse_other_version(path, read_marked(path).values)  # whose keys may be others: say that first
        raise
    _refuse_other_version(path, {"baseline": found.baseline, "dekomp_sim": found.dekomp_sim})
    if len(found.marks) != found.steps + 1:
        told = f"{max(len(found.marks) - 1, 0)} steps of {found.steps}"
        raise InputError(str(path), told, "a baseline that is whole", "Take it from version control again")
    if found.platform != this_platform() and not any_platform:
        remedy = "Compare with it all the same with --any-platform, or keep baselines of this platform with --baselines"
        raise InputError(str(path), f"a baseline of {found.platform}", f"one of {this_platform()}", remedy)
    return found


def read_pictures(folder: Path, baseline: Baseline) -> tuple[Taken, ...]:
    """The pictures of a baseline.

    Raises
    ------
    InputError
        If one is absent or damaged, or no file of that folder.
    """
    for one in baseline.pictures:
        if Path(one.file).name != one.file:
            raise InputError(str(folder / STATE), f"file: {one.file}", "a file's name without a folder")
    return tuple(Taken(one.file, one.step, one.note, read_png8(folder / one.file)) for one in baseline.pictures)


def write_baseline(folder: Path, baseline: Baseline, pictures: Sequence[Taken]) -> None:
    """Write a baseline in one step: where that fails the earlier one stays whole.

    Raises
    ------
    InputError
        If the folder holds something else, or cannot be written.
    """
    with output_folder(folder, overwrite=True, mark=STATE) as fresh:
        write_text(fresh / STATE, text_of(baseline))
        for one in pictures:
            write_png8(fresh / one.file, one.picture, {"Description": one.note})


def text_of(baseline: Baseline) -> str:
    """A baseline as its file's text."""
    return _HEAD + "\n".join(_lines(baseline)) + "\n"


def _lines(baseline: Baseline) -> Iterator[str]:
    for name in ("baseline", "dekomp_sim", "platform", "scenario_sha256", "patient_digest", "pace", "steps"):
        yield f"{name}: {_yaml(getattr(baseline, name))}"
    if baseline.pictures:
        yield "pictures:"
    for one in baseline.pictures:
        yield f"  - {{file: {one.file}, step: {one.step}, note: {_yaml(one.note)}}}"
    yield "marks:"
    for mark in baseline.marks:
        yield f"  - step: {mark.step}"
        yield f"    do: {mark.do}"
        yield "    changed:" if mark.changed else "    changed: {}"
        yield from (f"      {name}: {_yaml(value)}" for name, value in mark.changed.items())
        if mark.gone:
            yield f"    gone: [{', '.join(mark.gone)}]"


def _yaml(value: Value) -> str:
    """A value as YAML: text in quotes, numbers to ten digits, of which nine more than count are none."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)


def _differs(before: Value | None, now: Value) -> bool:
    return before is None or shown(before) != shown(now)


def _refuse_other_version(path: Path, values: Mapping[str, Any]) -> None:
    version = values.get("baseline")
    if version is not None and version != FORMAT:
        by = f" written by dekomp_sim {values['dekomp_sim']}" if "dekomp_sim" in values else ""
        remedy = "Use the release that wrote it, or renew it with --update"
        raise InputError(str(path), f"baseline version {version}{by}", f"version {FORMAT}", remedy)
