"""How long every kind of action takes: `procedure.after`, step by step, over all shipped scenarios, in one table.

Each play but the first enters the skin a little further aside, so that no place met is met twice and no answer can
come from what an earlier play left behind, except what belongs to the patient. A step's time is its median over the
plays; the table gives the median and the worst step of a kind, and the worst single call, which on a busy machine is
the machine's. `--short` plays once more than the warming play; `--json FILE` keeps the table. Prints only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Patient, Side
from dekomp_sim.disc import ProbeRun, decompress, voxelise
from dekomp_sim.files import phantom_patient, read_yaml, shipped
from dekomp_sim.files.shipped import shipped_names
from dekomp_sim.geometry import Rigid
from dekomp_sim.imaging.stand.collimator import Field
from dekomp_sim.procedure import Case
from dekomp_sim.procedure.actions import (
    Action,
    Advance,
    AssessCandidate,
    Consent,
    Expose,
    Incise,
    Insert,
    MoveTable,
    PositionProne,
    PrepareSterileField,
    Redirect,
    Remove,
    SetField,
    SetFluoroscopy,
    SetView,
    TimeOut,
    View,
    Withdraw,
)
from dekomp_sim.procedure.after import after
from dekomp_sim.scenario import Story, opening

LIMIT_MS: Final = 5.0
"""What any action but a long run may take."""

ASIDE_MM: Final = 0.01
"""How much further aside each play enters the skin: every place differs, and what is met is the same."""

DRILLED: Final = "l4l5_left_posterolateral"
"""The scenario whose patient the drill is done on."""

LONG: Final = frozenset({"decompress"})
"""Long runs: shown, not held to the limit."""


Clock = Callable[[], float]
"""Seconds of the wall or of the processor."""


DRILL: Final = (
    AssessCandidate(),
    Consent(),
    PositionProne(),
    TimeOut(Level.L4_L5, Side.LEFT),
    PrepareSterileField(),
    SetView(view=View.OBLIQUE),
    MoveTable(head_mm=20.0),
    SetField(Field.MAG1),
    SetFluoroscopy(pulses_per_s=4.0),
    SetView(primary_deg=150.0, secondary_deg=-5.0),
    Expose(frames=4),
    Insert("anaesthetic_needle"),
    Advance("anaesthetic_needle", to_depth_mm=30.0, bevel_deg=90.0),
    Withdraw("anaesthetic_needle", to_depth_mm=12.0),
    Redirect("anaesthetic_needle", medial_deg=3.0, cranial_deg=2.0),
    Advance("anaesthetic_needle", to_depth_mm=70.0, bevel_deg=270.0),
    Remove("anaesthetic_needle"),
)
"""What the shipped scenarios do not do, or do once: the console, a needle turned, and held bent in tissue."""


class Step(NamedTuple):
    """One step of one scenario."""

    scenario: str
    number: int
    kind: str


def aside(action: Action, by_mm: float) -> Action:
    if isinstance(action, Insert | Incise):
        return replace(action, entry_lateral_mm=action.entry_lateral_mm + by_mm)
    return action


def timed(name: str, case: Case, actions: Sequence[Action], by_mm: float, clock: Clock) -> Iterator[tuple[Step, float]]:
    for number, planned in enumerate(actions, start=1):
        action = aside(planned, by_mm)
        start = clock()
        case = after(case, action)
        yield Step(name, number, action.do), (clock() - start) * 1e3


def measured(plays: int, clock: Clock) -> dict[Step, list[float]]:
    """Milliseconds of every step of every shipped scenario and the drill, once a play; a play before them warms up."""
    took: dict[Step, list[float]] = defaultdict(list)
    patients: dict[str, Patient] = {}
    for name in shipped_names("scenarios"):
        story = read_yaml(shipped("scenarios", name), Story)
        if story.phantom not in patients:
            patients[story.phantom] = phantom_patient(shipped("phantoms", story.phantom))
        first = opening(story, patients[story.phantom])
        parts = {name: story.steps, f"drill on {name}": DRILL} if name == DRILLED else {name: story.steps}
        for part, actions in parts.items():
            for play in range(plays + 1):
                for step, milliseconds in timed(part, first, actions, play * ASIDE_MM, clock):
                    if play > 0:
                        took[step].append(milliseconds)
    return took


class Row(NamedTuple):
    """One kind of action: how many steps are one, their median and worst (each the median of its plays), the worst
    call, and where the worst step is."""

    kind: str
    steps: int
    median_ms: float
    worst_ms: float
    worst_call_ms: float
    worst_at: str


def rows(took: Mapping[Step, Sequence[float]]) -> list[Row]:
    kinds: dict[str, list[Step]] = defaultdict(list)
    for step in took:
        kinds[step.kind].append(step)
    return sorted((_row(kind, steps, took) for kind, steps in kinds.items()), key=lambda row: -row.worst_ms)


def _row(kind: str, steps: Sequence[Step], took: Mapping[Step, Sequence[float]]) -> Row:
    each = {step: statistics.median(took[step]) for step in steps}
    worst = max(each, key=lambda step: each[step])
    call = max(max(took[step]) for step in steps)
    at = f"{worst.scenario} step {worst.number}"
    return Row(kind, len(steps), statistics.median(each.values()), each[worst], call, at)


def probe_second_ms(times: int, clock: Clock) -> float:
    """Least of some runs of the probe: 1 s with two strokes, 1000 steps, voxels of 0.4 mm."""
    disc = voxelise(DiscShape(Level.L4_L5, Rigid.identity(), 26.0, 18.0, 12.0, 8.0), voxel_mm=0.4)
    run = ProbeRun(np.array([0.0, 8.0, 0.0]), np.array([0.0, -4.0, 0.0]), strokes=2.0, seconds=1.0)
    took = []
    for _ in range(times + 1):
        start = clock()
        decompress(disc, run, rate_hz=1000.0)
        took.append((clock() - start) * 1e3)
    return min(took[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one play after the warming one")
    parser.add_argument("--json", type=Path, help="also write the table there")
    parser.add_argument("--cpu", action="store_true", help="this thread's processor time: for a busy machine")
    options = parser.parse_args()
    clock = time.thread_time if options.cpu else time.perf_counter
    table = rows(measured(1 if options.short else 7, clock))
    print(f"{'action':<24}{'steps':>6}{'median':>10}{'worst':>10}{'worst call':>12}   milliseconds")
    for row in table:
        over = "" if row.kind in LONG or row.worst_ms < LIMIT_MS else f"  above {LIMIT_MS:g} ms: {row.worst_at}"
        print(
            f"{row.kind:<24}{row.steps:>6}{row.median_ms:>10.2f}{row.worst_ms:>10.2f}{row.worst_call_ms:>12.2f}{over}"
        )
    probe_ms = probe_second_ms(3 if options.short else 15, clock)
    print(f"1 s of probe work at 1 kHz, 0.4 mm voxels: {probe_ms:.1f} ms")
    if options.json:
        found = {"actions": [row._asdict() for row in table], "probe_second_ms": probe_ms}
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
