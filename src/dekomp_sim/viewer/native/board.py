"""The written pane of the window: what is due, what is said, what is in hand, and the key map. No VTK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.debrief.steps import clock
from dekomp_sim.instruments import CATALOGUE
from dekomp_sim.procedure.events import Severity
from dekomp_sim.viewer.panes.marks import INK, QUIET, length, paper, stamp, write
from dekomp_sim.viewer.panes.readouts import Readouts, readouts
from dekomp_sim.viewer.practice.bedside import bedside
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import DEFAULT_KEYS, Command, key_map
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.steps import Stage, State

ACTED: Final = "Enter"
"""The key that does what is due, as its form begins; no command may take it."""

CHOICE: Final = "Tab"
"""The key that chooses among a stage's tasks."""

SAID: Final = 5
"""Latest lines of what is said that are shown."""

MARKS: Final = {State.DONE: "done", State.DUE: "due", State.OPEN: "may be", State.REFUSED: "not yet"}
"""How a task stands, in a word: colour alone would not tell everybody."""

COLOURS: Final = {State.DONE: "#009e73", State.DUE: "#e69f00", State.OPEN: INK, State.REFUSED: QUIET}
"""The same by colour."""

GRAVE: Final = {
    Severity.INFO: INK,
    Severity.NOTICE: "#56b4e9",
    Severity.WARNING: "#e69f00",
    Severity.HARM: "#ff8a4c",
}
"""Colours of what is said, by how grave it is."""

PLAIN: Final = str.maketrans({"²": "2", "³": "3"})
"""Signs that the letters in pictures lack."""

LETTERS_PX: Final = 13
"""Height of letters."""

KEY_PX: Final = 11
"""Height of letters of the key map, which is long."""

LINE_PX: Final = 17
"""Distance of lines."""

SIDE: Final = 0.42
"""Share of the pane's width that the steps take."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the window knows besides the case.

    Parameters
    ----------
    hand
        What is in hand, and how.
    stage
        Number of the stage that is shown.
    chosen
        Number of the task of that stage that Enter does; what is due where None.
    message
        What came of the last key.
    help
        Whether the key map is shown.
    keys
        The key map.
    """

    hand: Hand = field(default_factory=Hand)
    stage: int = 0
    chosen: int | None = None
    message: str = ""
    help: bool = False
    keys: Mapping[Command, str] = field(default_factory=lambda: DEFAULT_KEYS)


def board(session: Session, stages: Sequence[Stage], desk: Desk, size: tuple[int, int]) -> UInt8Array:
    """The pane (rows, cols, 3) of `size` (width, height)."""
    cols, rows = size
    pane = paper(rows, cols)
    if desk.help:
        _keys(pane, desk)
    else:
        _column(pane, 8.0, _steps(stages[desk.stage], desk), SIDE * cols)
        _column(pane, SIDE * cols + 12.0, _bedside(session, desk), (1.0 - SIDE) * cols - 20.0)
    stamp(pane)
    return pane


def _steps(stage: Stage, desk: Desk) -> Iterator[tuple[str, str]]:
    yield f"{desk.stage + 1}. {stage.title}", INK
    for number, task in enumerate(stage.tasks):
        here = number == desk.chosen
        yield f"{'> ' if here else ''}{MARKS[task.state]}: {task.words}", COLOURS[task.state]
        if task.reason and (task.state is State.DUE or here):
            yield f"    {task.reason}", QUIET
    yield "", QUIET
    what = "what is due" if desk.chosen is None else "what is chosen"
    yield f"{ACTED}: {what}; {CHOICE}: choose; {desk.keys[Command.KEY_MAP]}: keys", QUIET


def _bedside(session: Session, desk: Desk) -> Iterator[tuple[str, str]]:
    case = session.now
    known, read = bedside(case, session.mode), readouts(case)
    beat = known.vitals
    yield f"{case.level} {case.side}   {clock(known.clock_s)}   {_console(read)}", INK
    yield (
        f"HR {beat.heart_bpm:.0f}  BP {beat.systolic_mmhg:.0f}  SpO2 {beat.saturation_percent:.0f} %  "
        f"pain {known.pain:.0f} of 10",
        INK if not known.alarms else GRAVE[Severity.HARM],
    )
    yield _in_hand(session, desk.hand), QUIET
    for line in known.said[-SAID:]:
        yield f"{clock(line.clock_s)} {line.words}", GRAVE[line.severity]
    if desk.message:
        yield desk.message, GRAVE[Severity.NOTICE]


def _console(read: Readouts) -> str:
    told = dict(read.lines)
    return f"{told['kV']} kV  {told['Time']}  {told['KAP']}"


def _in_hand(session: Session, hand: Hand) -> str:
    key = hand.instrument
    if key is None:
        return "In hand: nothing"
    placed = session.case.placements.get(key)
    where = "not in the patient" if placed is None else f"{placed.depth_mm:.1f} mm deep"
    bevel = "turned to and fro" if hand.bevel_deg is None else f"bevel at {hand.bevel_deg:.0f} degrees"
    bend = f", tip bent by {hand.prebend_deg:.0f} degrees" if hand.prebend_deg else ""
    return f"In hand: {CATALOGUE[key].title}, {where}, {bevel}{bend}"


def _column(pane: UInt8Array, left: float, lines: Iterator[tuple[str, str]], room: float) -> None:
    """Lines below one another, each broken where it is too long."""
    y = 8.0
    for words, colour in lines:
        for part in _broken(words.translate(PLAIN), room):
            if y + LINE_PX < pane.shape[0] - LINE_PX:
                write(pane, part, (left, y), LETTERS_PX, colour)
            y += LINE_PX


def _broken(words: str, room: float) -> Iterator[str]:
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and length(longer, LETTERS_PX) > room:
            yield line
            longer = f"  {word}"
        line = longer
    yield line


def _keys(pane: UInt8Array, desk: Desk) -> None:
    """The key map in two columns."""
    rows = [
        (ACTED, "Do what is due, as its form begins"),
        ("F1 to F5", "Look: room, trunk, near, axial, needle"),
        ("Escape", "Close the case"),
    ]
    rows += [(row.key, row.words) for row in key_map(desk.keys)]
    half = (len(rows) + 1) // 2
    for number, (key, words) in enumerate(rows):
        column, line = divmod(number, half)
        x, y = 8.0 + column * 0.49 * pane.shape[1], 8.0 + (LINE_PX - 1) * line
        write(pane, key, (x, y), KEY_PX, "#e69f00")
        write(pane, words, (x + 92.0, y), KEY_PX, INK)
