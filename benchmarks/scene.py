"""The 3D pane, timed: how long it takes until a moved needle, a turned C-arm, a carved disc is seen, and what it keeps.

Prints only. Draws off-screen with the window class that `dekomp_sim.viewer.probe` finds.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from dekomp_sim.cli.documents import document
from dekomp_sim.files import phantom_patient, read_yaml, shipped
from dekomp_sim.geometry import CArm
from dekomp_sim.procedure.case import Case
from dekomp_sim.scenario import Story, play
from dekomp_sim.viewer.probe import probe
from dekomp_sim.viewer.scene.cameras import VISIBLE, View
from dekomp_sim.viewer.scene.of_case import telling
from dekomp_sim.viewer.scene.room import Room3D
from dekomp_sim.viewer.snapshot import plotter_of, windowed


def needle_at(case: Case, back_mm: float) -> Case:
    return replace(
        case, placements={key: placed.at_depth(placed.depth_mm - back_mm) for key, placed in case.placements.items()}
    )


def turned(case: Case, degrees: float) -> Case:
    carm = case.carm
    assert carm is not None
    return replace(
        case,
        carm=CArm(
            carm.primary_deg + degrees,
            carm.secondary_deg,
            carm.isocentre_mm,
            carm.source_to_isocentre_mm,
            carm.source_to_detector_mm,
        ),
    )


def shown_ms(room: Room3D, view: View, cases: list[Case]) -> tuple[float, float, float, float]:
    """Medians of putting a case on the stage and of rendering and reading it back, and the slowest of both together.

    The last is the median time of all cores for both, which other work on the machine disturbs less.
    """
    synced, drawn, cores = [], [], []
    for case in cases:
        busy, start = time.process_time(), time.perf_counter()
        room.sync(case, view, VISIBLE[view])
        middle = time.perf_counter()
        room.picture()
        synced.append((middle - start) * 1e3)
        drawn.append((time.perf_counter() - middle) * 1e3)
        cores.append((time.process_time() - busy) * 1e3)
    both = [a + b for a, b in zip(synced, drawn, strict=True)]
    return statistics.median(synced), statistics.median(drawn), max(both), statistics.median(cores)


def row(words: str, figures: tuple[float, float, float, float]) -> None:
    sync, picture, slowest, cores = figures
    print(f"{words:26s} sync {sync:5.1f}, picture {picture:5.1f}, slowest {slowest:5.1f}, processor {cores:5.1f} ms")


def growth_mb(step: Callable[[int], None], updates: int) -> float:
    """Growth of the peak of memory over so many updates, after a hundred to warm up."""
    for number in range(100):
        step(number)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(updates):
        step(number)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="640x480", help="width x height")
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--updates", type=int, default=500, help="updates over which memory is watched")
    options = parser.parse_args()
    cols, rows = (int(word) for word in options.size.split("x"))
    renderer = probe()
    if renderer.window_class is None:
        print(f"nothing can be drawn here: {renderer.reason}")
        return
    story = read_yaml(document("scenarios", "l4l5_left_posterolateral"), Story)
    cases = play(story, phantom_patient(shipped("phantoms", "lumbar_reference")))
    deep = telling(cases)
    moving = [needle_at(deep, 0.5 * number) for number in range(options.repeats)]
    turning = [turned(deep, 1.0 * number) for number in range(options.repeats)]
    carved = [case for case in cases if case.removed_ml > 0.0]
    with windowed(renderer.window_class), plotter_of((cols, rows)) as plotter:
        room = Room3D(plotter)
        for view in View:
            start = time.perf_counter()
            room.sync(deep, view, VISIBLE[view])
            room.picture()
            print(f"{view.value}, {cols} x {rows}: first picture {time.perf_counter() - start:.2f} s")
            row("  needle moved", shown_ms(room, view, moving))
            if view is View.ROOM:
                row("  C-arm turned", shown_ms(room, view, turning))
        row("disc carved on, close-up", shown_ms(room, View.CLOSE_UP, carved[:10]))

        def step(number: int) -> None:
            room.sync(moving[number % len(moving)], View.CLOSE_UP, VISIBLE[View.CLOSE_UP])
            room.picture()

        print(f"memory: +{growth_mb(step, options.updates):.1f} MB over {options.updates} updates")


if __name__ == "__main__":
    main()
