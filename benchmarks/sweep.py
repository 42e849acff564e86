"""How sweeps scale: cases a minute by workers, and what one leader can give out and take in.

Prints only. `--cases 1000` times the command itself, `dekomp-sim sweep`, from its first import to its report, with one
worker and two in turn, `--pairs` times; `--workers 2` with two alone; `--scenario` another scenario. Without `--cases`,
one worker and two take turns, so that what else the machine does falls on both, at three things: a loop that touches no
memory, which is all that the machine's cores can give; the cases with nobody leading; and a sweep, from the first case
given out to the last kept. Workers are there and warm before a clock starts. On a machine that is never idle, processor
times tell more than the clock. `--leading` is the second question.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from distributed import Client

from dekomp_sim.files import plain, read_yaml, shipped
from dekomp_sim.scenario import Story
from dekomp_sim.sweep import crew as crews
from dekomp_sim.sweep.crew import Lead, crew
from dekomp_sim.sweep.forking import PROCESSES
from dekomp_sim.sweep.performing import Draw, failed, perform
from dekomp_sim.sweep.plan import Plan
from dekomp_sim.sweep.store import CASES, opened
from dekomp_sim.sweep.table import write_table
from dekomp_sim.sweep.vary import read_varies

SCENARIO = "complication_root_contact"
VARIED = ("operator.entry_error_mm=0:8", "card.weight_kg=50:110")
LOOP, BARE, SWEEP = "a loop", "cases", "the sweep"
WHAT = (LOOP, BARE, SWEEP)
SPINS = 20_000
"""Turns of the loop that touches no memory: some seconds of one core."""
IN_TASK = 16
"""Cases that come in together, as they do where one takes an eighth of a second."""
UNKEPT = "PYTHONDONTWRITEBYTECODE"
"""By which Python compiles the program's source anew in each process, some 0.3 s; a user's Python does it once."""
IDLE_S = 6.0
WARM = 8
"""Cases for each worker before the clock starts: its libraries, its compiled code, its patient."""


def plan_of(cases: int) -> Plan:
    story = read_yaml(shipped("scenarios", SCENARIO), Story)
    record = plain(story)
    return Plan(record, read_varies(VARIED, record), cases, story.seed)


def performed(client: Client, plan: Plan, indices: range, folder: Path) -> float:
    """Wall time of some cases, given out, taken in and kept, s."""
    lead = Lead(client, plan.story, PROCESSES, print)
    begun_s = time.perf_counter()
    with opened(folder, plan) as store:
        for outcomes in lead.outcomes(map(plan.draw, indices), len(indices)):
            store.keep(outcomes)
    return time.perf_counter() - begun_s


def bare(client: Client, plan: Plan, indices: range) -> float:
    """Wall time of the same cases in as many tasks as workers, so that nobody leads, s."""
    return shared_out(client, perform, plan.story, [plan.draw(index) for index in indices])


def spun(client: Client) -> float:
    """Wall time of a fixed number of turns of a loop that touches no memory, parted among the workers, s."""
    return shared_out(client, spin, "", range(SPINS))


def spin(_: object, turns: Sequence[object]) -> int:
    """So many turns of Python's own loop, a tenth of a millisecond each."""
    total = 0
    for number in range(2_500 * len(turns)):
        total += number * number % 7
    return total


def shared_out(client: Client, work: Callable[..., object], story: object, parts: Sequence[object]) -> float:
    workers = list(client.nthreads())
    begun_s = time.perf_counter()
    tasks = [
        client.submit(work, story, parts[place :: len(workers)], workers=[name], pure=False)
        for place, name in enumerate(workers)
    ]
    client.gather(tasks)
    return time.perf_counter() - begun_s


def whole(scenario: str, cases: int, workers: int) -> float:
    """Wall time of the command as a user types it, s."""
    with TemporaryDirectory() as folder:
        words = ["sweep", scenario, "-o", folder, "--cases", str(cases), "--workers", str(workers)]
        for varied in VARIED:
            words += ["--vary", varied]
        env = {name: value for name, value in os.environ.items() if name != UNKEPT}
        begun_s = time.perf_counter()
        subprocess.run([sys.executable, "-m", "dekomp_sim", *words], check=True, stdout=subprocess.DEVNULL, env=env)
        took_s = time.perf_counter() - begun_s
    print(f"  {cases} cases of {scenario}, {workers} worker(s): {took_s:.1f} s", flush=True)
    return took_s


def commands(scenario: str, cases: int, pairs: int) -> None:
    """The command with one worker and with two, turn about; and with two cases, which is its beginning and end."""
    whole(scenario, 2, 2)
    ratios = []
    for turn in range(pairs):
        counts = (1, 2) if turn % 2 == 0 else (2, 1)
        took_s = {workers: whole(scenario, cases, workers) for workers in counts}
        ratios.append(took_s[1] / took_s[2])
    print(f"two over one, the whole command: median {spread(ratios)}")


class Spent(NamedTuple):
    """Processor time: a client's workers, and this process with scheduler and nannies."""

    workers: float
    leader: float


def spent_by(client: Client) -> Spent:
    return Spent(sum(client.run(time.process_time).values()), time.process_time())


def compared(cases: int, rounds: int) -> None:
    """One worker and two, turn about: the machine's own ceiling, the cases with nobody leading, and a sweep."""
    plan = plan_of(2 * rounds * cases + 2 * WARM)
    times: dict[str, dict[int, list[float]]] = {what: {1: [], 2: []} for what in WHAT}
    spent: dict[int, list[Spent]] = {1: [], 2: []}
    with TemporaryDirectory() as folder, crew(PROCESSES, 1) as one, crew(PROCESSES, 2) as two:
        for client, workers in ((one, 1), (two, 2)):
            bare(client, plan, range(WARM * workers))
            performed(client, plan, range(WARM * workers), Path(folder) / f"warm-{workers}")
        for turn in range(rounds):
            bared = range(2 * turn * cases, (2 * turn + 1) * cases)
            swept = range((2 * turn + 1) * cases, (2 * turn + 2) * cases)  # what was looked up for a case is kept
            for client, workers in ((one, 1), (two, 2))[:: 1 if turn % 2 else -1]:
                times[LOOP][workers].append(spun(client))
                times[BARE][workers].append(bare(client, plan, bared))
                before = spent_by(client)
                times[SWEEP][workers].append(performed(client, plan, swept, Path(folder) / f"{workers}-{turn}"))
                after = spent_by(client)
                spent[workers].append(Spent(*(1e3 * (b - a) / cases for a, b in zip(before, after, strict=True))))
            print(f"  round {turn + 1}: {', '.join(told(times[what], what) for what in WHAT)}", flush=True)
    ratios = {what: [a / b for a, b in zip(times[what][1], times[what][2], strict=True)] for what in WHAT}
    for what in WHAT:
        print(f"two over one, {what}: median {spread(ratios[what])}")
    for what in (BARE, SWEEP):
        shares = [100.0 * a / b for a, b in zip(ratios[what], ratios[LOOP], strict=True)]
        print(f"  {what} as a share of the machine's own ceiling: median {spread(shares)} %")
    one_ms, two_ms = (statistics.median(each.workers for each in spent[count]) for count in (1, 2))
    lead_ms = statistics.median(each.leader for each in spent[2])
    print(f"processor time a case: {one_ms:.0f} ms of one worker, {two_ms:.0f} of two, {lead_ms:.1f} of the leader")
    print(f"by processor time: {2.0 * one_ms / (two_ms + lead_ms):.2f} times one worker's cases")


def told(times: dict[int, list[float]], what: str) -> str:
    return f"{what} {times[1][-1]:.2f} s by one, {times[2][-1]:.2f} by two"


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def idle(story: object, draws: list[Draw]) -> list[dict[str, object]]:
    """Cases of which nothing comes, at once."""
    return [failed(draw, "not performed") for draw in draws]


def leading(cases: int) -> None:
    """What a leader manages when the cases themselves take no time, by cases in a task."""
    plan = plan_of(cases)
    draws = plan.draw
    begun_s = time.perf_counter()
    drawn = [draws(index) for index in range(cases)]
    print(f"  drawing a case {1e6 * (time.perf_counter() - begun_s) / cases:.0f} us")
    outcome = perform(plan.story, drawn[:1])[0]
    with TemporaryDirectory() as folder, opened(Path(folder), plan) as store:
        begun_s = time.perf_counter()
        for place in range(0, cases, IN_TASK):
            some = drawn[place : place + IN_TASK]
            store.keep([{**outcome, "index": draw.index, "key": draw.key} for draw in some])
        kept_s = time.perf_counter() - begun_s
        begun_s = time.perf_counter()
        write_table(Path(folder) / "results.parquet", plan, store.outcomes())
        written_s = time.perf_counter() - begun_s
        size = (Path(folder) / CASES).stat().st_size / cases
        table = (Path(folder) / "results.parquet").stat().st_size / cases
    print(f"  keeping a case {1e6 * kept_s / cases:.0f} us, {size:.0f} bytes")
    print(f"  a row of the table {1e6 * written_s / cases:.0f} us, {table:.0f} bytes")
    with crew(PROCESSES, 2) as client:
        time.sleep(2.0)
        before = spent_by(client)
        time.sleep(IDLE_S)
        after = spent_by(client)
        leader_ms, workers_ms = (1e3 * (b - a) / IDLE_S for a, b in zip(reversed(before), reversed(after), strict=True))
    print(f"  with nothing to do: leader {leader_ms:.0f}, two workers {workers_ms:.0f} ms of processor time a second")
    vars(crews)["perform"] = idle
    with crew("threads", 1) as client:
        for size_of_task in (1, 16, 64):
            each_us = _given(client, plan, drawn, size_of_task)
            print(f"  given out and taken in, {size_of_task:2} a task: {each_us:.0f} us a case")


def _given(client: Client, plan: Plan, drawn: list[Draw], size: int) -> float:
    lead = Lead(client, plan.story, "threads", print)
    crews.MOST_IN_TASK, lead._size = size, size
    begun_s = time.perf_counter()
    count = sum(len(outcomes) for outcomes in lead.outcomes(iter(drawn), len(drawn)))
    return 1e6 * (time.perf_counter() - begun_s) / count


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--cases", type=int, help="time the command with so many cases")
    asked.add_argument("--workers", type=int, help="only with so many")
    asked.add_argument("--pairs", type=int, default=1)
    asked.add_argument("--scenario", default=SCENARIO)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--each", type=int, default=60, help="cases in a turn of one worker or two")
    asked.add_argument("--leading", action="store_true", help="only what a leader manages")
    wanted = asked.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if wanted.cases and wanted.workers:
        whole(wanted.scenario, wanted.cases, wanted.workers)
        return
    if wanted.cases:
        commands(wanted.scenario, wanted.cases, wanted.pairs)
        return
    if wanted.leading:
        leading(1000)
    else:
        compared(wanted.each, wanted.rounds)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
