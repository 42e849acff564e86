"""The panes, timed on the built-in patient: live fluoroscopy while pulsing, CT planes, the disc, gauges, strips.

Prints only: the median of wall time, its best, and the median of the CPU time of all threads. On a busy machine the
last two are what to go by.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from dekomp_sim.files import phantom_patient, read_yaml, shipped
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import after
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.scenario.player import play
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.panes.disc import Cut, disc_picture, removed_picture
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.gauges import manometer_picture, pressure_picture
from dekomp_sim.viewer.panes.roots import roots_picture
from dekomp_sim.viewer.panes.slices import Plane, Reading, picture
from dekomp_sim.viewer.practice.pedal import Pulse

SCENARIO = "l4l5_left_posterolateral"


def timed_ms(work: Callable[[int], object], repeats: int) -> str:
    """Times of `work(0)`, `work(1)` ... after one call that is not counted."""
    work(-1)
    wall, cpu = [], []
    for n in range(repeats):
        start, started = time.perf_counter(), time.process_time()
        work(n)
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.process_time() - started))
    return f"{statistics.median(wall):7.1f} ms (best {min(wall):.1f}, CPU {statistics.median(cpu):.1f})"


def moved(case: Case, n: int) -> Case:
    """The case with its instruments pushed on by a few tenths of a millimetre."""
    way = -8.0 + 0.3 * (n % 20)
    return replace(case, placements={key: one.at_depth(one.depth_mm + way) for key, one in case.placements.items()})


def pulses(case: Case) -> Iterator[Callable[[int], Pulse]]:
    """What gives pulse n: with the needle moving, and with the C-arm dragged."""
    exposure = after(case, do.Expose()).exposures[-1]

    def needle(n: int) -> Pulse:
        return Pulse(shot_of(moved(case, n), exposure, n + 1, breathing=False), exposure, n + 1)

    def dragged(n: int) -> Pulse:
        turned = replace(exposure, carm=replace(exposure.carm, primary_deg=exposure.carm.primary_deg + 0.7 * n))
        return Pulse(shot_of(case, turned, n + 1, breathing=False), turned, n + 1)

    yield needle
    yield dragged


def live_rows(case: Case, repeats: int) -> None:
    """The X-ray chain: pulse, physics, console, letters."""
    live = Live(case.patient)
    needle, dragged = pulses(case)
    for words, made, moving in (
        ("live frame, needle moving, 512 x 512", needle, False),
        ("live frame, C-arm dragged, 512 x 512", dragged, True),
        ("live frame, C-arm turned, 512 x 512", dragged, False),
    ):
        print(f"{words:44s} {timed_ms(partial(framed, live, made, moving), repeats)}")


def framed(live: Live, made: Callable[[int], Pulse], moving: bool, n: int) -> object:
    return live.frame(made(n), moving)


def slice_rows(case: Case, repeats: int) -> None:
    """The CT planes: scrolled, and with only an instrument moving."""
    at = case.shape.nucleus_centre_mm

    def sliced(plane: Plane, step_mm: float, n: int) -> object:
        return picture(moved(case, n), plane, at + step_mm * n, Reading())

    for plane in Plane:
        for words, step_mm in (("scrolled", 0.3), ("instrument moving", 0.0)):
            print(f"{f'CT {plane}, 384 x 384, {words}':44s} {timed_ms(partial(sliced, plane, step_mm), repeats)}")


def gauge_rows(cases: Sequence[Case], deep: Case, repeats: int) -> None:
    """The disc, its gauges, the strips."""
    upto = cases[: cases.index(deep) + 1]
    works: tuple[tuple[str, Callable[[int], object]], ...] = (
        ("disc across, 300 x 300", lambda n: disc_picture(moved(deep, n), Cut.ACROSS)),
        ("disc along, 300 x 300", lambda n: disc_picture(moved(deep, n), Cut.ALONG)),
        ("removed volume", lambda n: removed_picture(deep)),
        ("pressure curve", lambda n: pressure_picture(upto)),
        ("manometer", lambda n: manometer_picture(deep)),
        ("what each root saw, whole case", lambda n: roots_picture(cases, at_s=60.0 * n)),
    )
    for words, work in works:
        print(f"{words:44s} {timed_ms(work, repeats)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    repeats = parser.parse_args().repeats
    story = read_yaml(shipped("scenarios", SCENARIO), Story)
    cases = play(story, phantom_patient(shipped("phantoms", "lumbar_reference")))
    deep = [case for case in cases if "probe" in case.placements][-1]
    live_rows(deep, repeats)
    slice_rows(deep, repeats)
    gauge_rows(cases, deep, repeats)


if __name__ == "__main__":
    main()
