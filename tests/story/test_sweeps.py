"""Sweeps as a user meets them: what is left, what is told, and what happens when somebody dies in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest
from disks import Disk
from distributed import WorkerPlugin

from dekomp_sim.cli.app import main
from dekomp_sim.errors import InputError
from dekomp_sim.files import plain, read_yaml
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.scenario import Story, play
from dekomp_sim.scenario.story import story_from
from dekomp_sim.sweep import crew as crews
from dekomp_sim.sweep.crew import Lead, crew
from dekomp_sim.sweep.forking import METHOD
from dekomp_sim.sweep.performing import Outcome, failed, perform
from dekomp_sim.sweep.plan import Plan
from dekomp_sim.sweep.store import CASES as CASE_LINES
from dekomp_sim.sweep.store import opened
from dekomp_sim.sweep.table import read_table
from dekomp_sim.sweep.vary import read_varies

SHORT = """
dekomp_sim: 1
title: a needle, again and again
level: L4-L5
side: left
operator: {entry_error_mm: 2}
objectives: {pain_at_most: 3}
rubrics:
  - {name: aim, pass_percent: 20, criteria: [{metric: off_axis_mm, full_at: 0, zero_at: 20}]}
steps:
  - {do: assess_candidate}
  - {do: consent}
  - {do: position_prone}
  - {do: time_out, level: L4-L5, side: left}
  - {do: prepare_sterile_field}
  - {do: insert, instrument: discography_needle}
  - {do: advance, instrument: discography_needle, to_depth_mm: 70}
  - {do: remove, instrument: discography_needle}
"""
VARIED = ("operator.entry_error_mm=0:8", "card.leg_pain=5,7", "card.weight_kg=50,90")
CASES = 24
MANY = 240
"""So many that they are not over before somebody who is to be killed dies."""
DIED_AT = 6
"""Cases that are over when somebody dies."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweeps") / "short.yaml"
    path.write_text(SHORT)
    return path


@pytest.fixture(scope="module")
def plan(scenario: Path) -> Plan:
    record = plain(read_yaml(scenario, Story))
    return Plan(record, read_varies(["operator.entry_error_mm=0:8", "card.weight_kg=50,90"], record), CASES, seed=7)


@pytest.fixture(scope="module")
def expected(plan: Plan) -> list[Outcome]:
    """What comes of all cases when one process performs them in order."""
    return perform(plan.story, [plan.draw(index) for index in range(CASES)])


@pytest.fixture
def dekomp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


class Cluster:
    """A scheduler and two workers, each a process that a test may kill."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.scheduler = self._begun("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.workers = [
            self._begun("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", folder)
            for _ in range(2)
        ]

    def _begun(self, module: str, *words: str | Path) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{module}",
            "--scheduler-file",
            str(self.file),
            *map(str, words),
        ]
        env = {**os.environ, "NUMBA_NUM_THREADS": "1"}
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)

    @property
    def address(self) -> str:
        while True:
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads(self.file.read_text())["address"])
            assert self.scheduler.poll() is None
            time.sleep(0.05)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


def performed(plan: Plan, folder: Path, who: str, *deaths: tuple[int, subprocess.Popen[bytes]]) -> None:
    """Perform what is left of a plan; processes are killed once so and so many cases are over."""
    with opened(folder, plan) as store, crew(who, 1) as client:
        lead = Lead(client, plan.story, who, lambda words: None)
        left = [draw for draw in map(plan.draw, range(plan.cases)) if store.outcome(draw) is None]
        for outcomes in lead.outcomes(iter(left), len(left)):
            store.keep(outcomes)
            for process in [process for number, process in deaths if number <= store.kept]:
                process.kill()


def kept(plan: Plan, folder: Path) -> list[Outcome]:
    with opened(folder, plan) as store:
        return list(store.outcomes())


def lines(folder: Path) -> list[str]:
    """A line for each case that was ever kept, in the order in which they were."""
    path = folder / CASE_LINES
    return path.read_text().splitlines() if path.exists() else []


def added(before: list[str], after: list[str]) -> list[int]:
    """The numbers of the cases that were kept since; what was there before is as it was."""
    assert after[: len(before)] == before
    return [json.loads(line)["index"] for line in after[len(before) :]]


def test_a_sweep_leaves_a_table_and_a_report_and_is_not_done_twice(
    scenario: Path, tmp_path: Path, dekomp: Callable[..., tuple[int, str, str]]
) -> None:
    out = tmp_path / "out"
    words = (
        "sweep",
        scenario,
        "-o",
        out,
        "--cases",
        "8",
        "--scheduler",
        "threads",
        *(w for v in VARIED for w in ("--vary", v)),
    )
    code, said, wrong = dekomp(*words)
    assert (code, wrong) == (0, "")
    assert "8 cases, " in said
    assert "8/8" in said, "the progress bar's last word"

    rows = read_table(out / "results.parquet").to_pylist()
    assert [row["index"] for row in rows] == list(range(8))
    crossed = {(row["card.leg_pain"], row["card.weight_kg"]) for row in rows}
    assert crossed == {(5, 50), (5, 90), (7, 50), (7, 90)}
    assert {row["failed"] for row in rows} == {""}
    met = [not row["harm"] and row["missed"] == "" and row["score_percent"] >= 20 for row in rows]
    assert [row["success"] for row in rows] == met
    marks = [0.0 if row["off_axis_mm"] is None else max(0.0, 100.0 - 5.0 * row["off_axis_mm"]) for row in rows]
    assert [row["score_percent"] for row in rows] == pytest.approx(marks)
    page = (out / "report.html").read_text()
    for told in ("Success maps", "By <code>operator.entry_error_mm</code>", "8 of 8 cases", "Wilson"):
        assert told in page
    fields = [(int(good), int(of)) for good, of in re.findall(r">(\d+)/(\d+)</td>", page)]
    assert sum(of for _, of in fields) == 3 * 8, "each case once in each of three maps"
    assert sum(good for good, _ in fields) == 3 * sum(met)
    assert "<img" not in page

    before = lines(out)
    code, said, _ = dekomp(*words)
    assert "8 of 8 cases are done already" in said
    assert (code, added(before, lines(out))) == (0, [])
    longer = [*words[:5], "12", *words[6:]]
    code, said, _ = dekomp(*longer)
    assert (code, sorted(added(before, lines(out)))) == (0, [8, 9, 10, 11])


def test_a_case_of_a_sweep_is_what_a_run_of_it_would_be(plan: Plan, expected: list[Outcome]) -> None:
    from dekomp_sim.cli.patients import Scan, patient_of

    found = expected[5]
    told = {**plan.story, "seed": found["seed"]}
    told["operator"] = {**told["operator"], "entry_error_mm": found["values"]["operator.entry_error_mm"]}
    told["card"] = {**told["card"], "weight_kg": found["values"]["card.weight_kg"]}
    story = story_from(told)
    last = play(story.as_performed(), patient_of(story, Scan()))[-1]

    assert found["digest"] == case_digest(last)
    assert found["harm"] == last.harmed
    assert len({one["digest"] for one in expected}) == CASES


@pytest.fixture(scope="module")
def long(plan: Plan) -> tuple[Plan, list[Outcome]]:
    """A longer sweep of the same cases, and what comes of all of them."""
    more = replace(plan, cases=MANY)
    return more, perform(more.story, [more.draw(index) for index in range(MANY)])


def test_a_failed_case_is_recorded_with_its_seed_and_reason_and_the_others_go_on(
    scenario: Path, tmp_path: Path, dekomp: Callable[..., tuple[int, str, str]]
) -> None:
    out = tmp_path / "out"
    words = (
        "sweep", scenario, "-o", out, "--cases", "4", "--scheduler", "threads",
        "--vary", "machine.source_to_isocentre_mm=600,1000", "--vary", "machine.source_to_detector_mm=900,1020",
    )  # fmt: skip
    code, said, _ = dekomp(*words)
    assert (code, "4 cases, 0 with harm, 1 failed." in said) == (1, True)
    (wrong,) = (row for row in read_table(out / "results.parquet").to_pylist() if row["failed"])
    assert (wrong["machine.source_to_isocentre_mm"], wrong["machine.source_to_detector_mm"]) == (1000, 900)
    assert "source_to_detector_mm must exceed source_to_isocentre_mm" in wrong["failed"]
    assert (wrong["seed"] > 0, wrong["digest"]) == (True, None)
    assert str(wrong["seed"]) in (out / "report.html").read_text()
    before = lines(out)
    assert dekomp(*words)[0] == 1
    assert added(before, lines(out)) == []
    assert dekomp(*words, "--retry")[0] == 1
    assert added(before, lines(out)) == [wrong["index"]]
    assert read_table(out / "results.parquet").num_rows == 4


def test_a_worker_and_then_the_scheduler_killed_in_the_middle_lose_and_double_no_case(
    long: tuple[Plan, list[Outcome]], cluster: Cluster, tmp_path: Path
) -> None:
    plan, expected = long
    out, later = tmp_path / "out", 2 * DIED_AT
    with pytest.raises(InputError, match=r"a scheduler that is gone.*What is done is kept"):
        performed(plan, out, cluster.address, (DIED_AT, cluster.workers[0]), (later, cluster.scheduler))
    assert cluster.workers[0].wait() == -signal.SIGKILL
    before = lines(out)
    assert later <= len(before) < MANY  # the other worker went on
    assert kept(plan, out) == [expected[index] for index in sorted(added([], before))]

    performed(plan, out, "threads")
    assert kept(plan, out) == expected
    assert sorted(added([], before) + added(before, lines(out))) == list(range(MANY))


def command(scenario: Path, out: Path, *words: str) -> list[str]:
    """The plan of `long`, as it is typed."""
    varies = [word for vary in ("operator.entry_error_mm=0:8", "card.weight_kg=50,90") for word in ("--vary", vary)]
    words = (*words, "--seed", "7", *varies, "--cases", str(MANY))
    return [sys.executable, "-m", "dekomp_sim", "sweep", str(scenario), "-o", str(out), *words]


def test_a_leader_killed_in_the_middle_goes_on_with_the_same_command(
    long: tuple[Plan, list[Outcome]], scenario: Path, tmp_path: Path
) -> None:
    plan, expected = long
    out = tmp_path / "out"
    leader = subprocess.Popen(command(scenario, out), stdout=subprocess.DEVNULL)
    while len(lines(out)) < DIED_AT:
        assert leader.poll() is None
        time.sleep(0.005)
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait()
    assert DIED_AT <= len(lines(out)) < MANY
    cut, spoilt, *whole = reversed(lines(out))  # as a disk without power may leave them
    (out / CASE_LINES).write_text("".join(f"{line}\n" for line in [*reversed(whole), "\0" * len(spoilt)]) + cut[:100])

    performed(plan, out, "threads")
    assert kept(plan, out) == expected
    assert sorted(added([], [*whole, *lines(out)[len(whole) + 1 :]])) == list(range(MANY))


@pytest.mark.skipif(METHOD != "forkserver", reason=f"workers of their own are not spared Ctrl-C on {sys.platform}")
@pytest.mark.parametrize(("when", "least"), [("sweep.json", 0), (CASE_LINES, DIED_AT)], ids=["called", "at work"])
def test_ctrl_c_ends_a_sweep_with_a_sentence_and_the_same_command_goes_on(
    when: str, least: int, long: tuple[Plan, list[Outcome]], scenario: Path, tmp_path: Path
) -> None:
    plan, expected = long
    out = tmp_path / "out"
    words = command(scenario, out, "--workers", "2")
    both = subprocess.STDOUT
    leader = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=both, text=True, start_new_session=True)
    while not (out / when).exists() or len(lines(out)) < least:
        assert leader.poll() is None
        time.sleep(0.005)
    os.killpg(leader.pid, signal.SIGINT)  # a terminal sends it to workers as well
    told, _ = leader.communicate()  # to the end of all processes that could still say something
    assert leader.returncode == 130
    assert "Traceback" not in told
    assert "Stopped. What is done is kept: the same command goes on." in told
    before = lines(out)
    assert least <= len(before) < MANY

    performed(plan, out, "threads")
    assert kept(plan, out) == expected
    assert sorted(added([], before) + added(before, lines(out))) == list(range(MANY))


def test_a_case_that_kills_its_worker_is_recorded_and_its_neighbours_are_not_blamed(
    plan: Plan, expected: list[Outcome], tmp_path: Path
) -> None:
    guilty = 2

    class Poison(WorkerPlugin):
        """Ends the worker's process where one case is performed."""

        def setup(self, worker: Any) -> None:
            def deadly(story: Any, draws: Any) -> Any:
                if any(draw.index == guilty for draw in draws):
                    os._exit(1)
                return perform(story, draws)

            vars(crews)["perform"] = deadly

    few = Plan(plan.story, plan.varies, 4, plan.seed)
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), crew("processes", 1) as client:
        client.register_plugin(Poison())
        lead = Lead(client, few.story, "processes", lambda words: None)
        lead._size = 4
        came = [one for outcomes in lead.outcomes(map(few.draw, range(4)), 4) for one in outcomes]

    blamed = failed(few.draw(guilty), "the worker died each time this case was tried")
    assert sorted(came, key=lambda one: int(one["index"])) == [*expected[:guilty], blamed, *expected[guilty + 1 : 4]]


def test_where_the_disk_becomes_full_what_is_done_is_kept_and_the_same_command_goes_on(
    plan: Plan, expected: list[Outcome], scenario: Path, small_disk: Disk, dekomp: Callable[..., tuple[int, str, str]]
) -> None:
    out = small_disk.folder / "out"
    varies = [word for vary in ("operator.entry_error_mm=0:8", "card.weight_kg=50,90") for word in ("--vary", vary)]
    words = ("sweep", scenario, "-o", out, "--seed", "7", "--scheduler", "threads", *varies)
    with opened(out, plan) as store:
        store.keep(expected[:2])
        small_disk.fill(leave_kb=16)
        with pytest.raises(
            InputError, match=r"cases\.jsonl: found a disk that takes no more .* 2 of 24 cases are kept"
        ):
            store.keep(expected)

    code, _, wrong = dekomp(*words, "--cases", CASES)  # room for some of the cases
    found = re.search(r"small/out/cases\.jsonl: found a disk .*no space left.*\. (\d+) of 24 cases are kept", wrong)
    assert (code, bool(found)) == (2, True), wrong
    before = lines(out)
    assert [2 < len(before) < CASES, found and int(found[1])] == [True, len(before)]
    small_disk.clear()
    small_disk.fill(leave_kb=64)
    code, _, wrong = dekomp(*words, "--cases", CASES)  # for all of them, but not for the report
    assert code == 2
    assert re.search(r"small/out/re\w+\.\w+: found a place that cannot be written \(.*no space left", wrong), wrong
    whole = lines(out)
    assert sorted(added([], before) + added(before, whole)) == list(range(CASES))
    small_disk.clear()
    code, said, _ = dekomp(*words, "--cases", CASES)
    assert (code, added(whole, lines(out)), kept(plan, out)) == (0, [], expected)
    assert "24 of 24 cases are done already" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vary", "patient.bmi=20:40"), "--vary: found 100 different patients, each of which is built once; "),
        (("--scheduler", "tcp://127.0.0.1:1"), "--scheduler: found tcp://127.0.0.1:1 ("),
        (("--scheduler", "nonsense"), "--scheduler: found nonsense ("),
        (("--vary", "card.age=20:40"), "The nearest is age_y."),
    ],
)
def test_a_mistake_ends_with_2_and_a_sentence(
    words: tuple[str, ...], told: str, scenario: Path, tmp_path: Path, dekomp: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(crews, "ANSWER_S", 0.5)
    code, _, wrong = dekomp("sweep", scenario, "-o", tmp_path / "out", *words)
    assert code == 2
    assert told in wrong
    assert "Traceback" not in wrong
    assert " ." not in wrong
    assert not (tmp_path / "out").exists()


def test_a_mistake_leaves_an_empty_folder_empty_and_a_begun_sweep_as_it_was(
    scenario: Path, tmp_path: Path, dekomp: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "ANSWER_S", 0.5)
    out = tmp_path / "out"
    out.mkdir()
    assert dekomp("sweep", scenario, "-o", out, "--cases", "2", "--scheduler", "nonsense")[0] == 2
    assert list(out.iterdir()) == []
    assert dekomp("sweep", scenario, "-o", out, "--cases", "2", "--scheduler", "threads")[0] == 0
    before = lines(out)
    assert dekomp("sweep", scenario, "-o", out, "--cases", "4", "--scheduler", "nonsense")[0] == 2
    assert lines(out) == before


def test_workers_that_do_not_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(**asked: Any) -> None:
        raise RuntimeError("Cluster failed to start")

    monkeypatch.setattr(crews, "LocalCluster", stuck)
    with pytest.raises(InputError, match="--workers: found 40, which do not start"), crew("processes", 40):
        pass


def test_a_folder_keeps_to_its_sweep(plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with opened(folder, plan), pytest.raises(InputError, match="a sweep that another process is performing"):
        kept(plan, folder)
    with pytest.raises(InputError, match="a sweep with another --seed; allowed: the same sweep"):
        kept(Plan(plan.story, plan.varies, plan.cases, plan.seed + 1), folder)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(InputError, match="a folder that is not empty"):
        kept(plan, tmp_path / "full")
