"""What a session costs the hand that waits for it: an action, a pulse, what the screen asks, an hour's memory.

Prints only: medians of CPU time of this thread, which a busy machine changes less than wall time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.files import Journal, read_yaml, shipped
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Story, record
from dekomp_sim.viewer.practice.bedside import bedside
from dekomp_sim.viewer.practice.hands import tray
from dekomp_sim.viewer.practice.hints import hint
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.practice.steps import stages

SCENARIO = "l4l5_left_posterolateral"
NEEDLE, TROCAR = "discography_needle", "trocar_cannula"
BEFORE_THE_NUCLEUS, PROBE_IN = 34, 64
"""Steps of the scenario after which the needle stands before the nucleus, and after which the disc is carved."""
MOVES = 600


def cost_ms(work: Callable[[], object], repeats: int = 25) -> str:
    work()
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        times.append(1e3 * (time.thread_time() - started))
    return f"{statistics.median(times):7.2f} ms"


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def push(session: Session, key: str, by_mm: float) -> None:
    depth_mm = session.case.placements[key].depth_mm + by_mm
    action = do.Advance(key, to_depth_mm=depth_mm) if by_mm > 0.0 else do.Withdraw(key, to_depth_mm=depth_mm)
    outcome = session.act(action)
    assert outcome.refusal is None, outcome.refusal


def to_and_fro(session: Session, key: str, by_mm: float) -> None:
    push(session, key, by_mm)
    push(session, key, -by_mm)


def at_the_needle(session: Session) -> None:
    print(f"{len(session.moments) - 1} actions are behind; the needle stands before the nucleus")
    print(f"  push and pull by 0.5 mm, both on record  {cost_ms(lambda: to_and_fro(session, NEEDLE, 0.5))}")
    print(f"  stages and tasks with their reasons      {cost_ms(lambda: stages(session))}")
    print(f"  the tray                                 {cost_ms(lambda: tray(session.case))}")
    print(f"  the bedside                              {cost_ms(lambda: bedside(session.case))}")
    print(f"  a hint                                   {cost_ms(lambda: hint(session))}")
    session.pedal_down()
    print(f"  a pulse of the held pedal                {cost_ms(session.pulse)}")

    def moved() -> None:
        push(session, NEEDLE, 0.02)
        session.pulse()

    print(f"  a push under the pedal and its pulse     {cost_ms(moved)}")
    session.pedal_up()


def memory(session: Session) -> None:
    print(f"{MOVES} moves in a carved disc, each of whose cases holds a disc of 6 MB: resident memory")
    for number in range(1, MOVES // 2 + 1):
        to_and_fro(session, TROCAR, 1.0)
        if number % (MOVES // 6) == 0:
            print(f"  after {2 * number:4d} moves  {resident_mb():6.0f} MB")
    moments = session.moments
    started = time.perf_counter()
    assert moments[-MOVES // 2].case.clock_s == moments[-MOVES // 2].clock_s
    print(f"  a moment half way back, made again: {time.perf_counter() - started:.2f} s")


def main() -> None:
    story = read_yaml(shipped("scenarios", SCENARIO), Story)
    patient = patient_of(story, Scan())
    with TemporaryDirectory() as folder, Journal(Path(folder) / "j.jsonl", record.header(story, patient)) as journal:
        session = Session(story, patient, record=journal.append, clock=time.monotonic)
        for number, step in enumerate(story.steps[:PROBE_IN], start=1):
            session.act(step)
            if number == BEFORE_THE_NUCLEUS:
                at_the_needle(session)
        memory(session)


if __name__ == "__main__":
    main()
