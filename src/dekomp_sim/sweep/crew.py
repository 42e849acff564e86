"""Who performs the cases: workers of dask.distributed, here or on a cluster.

Few tasks are out at a time, so neither scheduler nor leader holds more for a million cases than for a thousand. A task
is a handful of cases, about two seconds of work; a worker that dies takes its tasks' cases with it, which the
scheduler gives to another, and they come out the same, for a case follows from its plan alone. Towards the end tasks
become smaller, so that all workers end together (guided self-scheduling: Polychronopoulos and Kuck, IEEE Trans Comput
1987;C-36:1425).
"""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final
from uuid import uuid4

import dask
from distributed import Client, Future, KilledWorker, LocalCluster

from dekomp_sim import __version__
from dekomp_sim.errors import InputError
from dekomp_sim.sweep.forking import METHOD, ONE_THREAD, PROCESSES, start_forkserver
from dekomp_sim.sweep.keys import Record
from dekomp_sim.sweep.performing import Draw, Outcome, failed, perform

THREADS: Final = "threads"
"""The other kind of workers on this machine. They share one interpreter: for looking into a sweep, not for speed."""

TASK_S: Final = 2.0
"""What a task is to take, s. Assumption: far above the millisecond that a scheduler spends on it, little to lose."""

LEAST_S: Final = 0.25
"""What a task is to take at least, s. Assumption: giving it out costs some milliseconds, and so long may a worker wait
for the others at the end."""

MOST_IN_TASK: Final = 64
"""Cases in a task. Assumption: results of some 3 kB a case stay below a megabyte."""

AHEAD: Final = 2
"""Tasks out for each worker: one in hand and one waiting there."""

JOIN_S: Final = 60.0
"""How long to wait for a scheduler's first worker, s. Assumption: a worker starts in seconds."""

ANSWER_S: Final = 10.0
"""How long to wait for an answer from a scheduler, s. Assumption: enough for a network, not long for a typing error."""

RUNNING: Final = "running"
"""Status of a client that has its scheduler."""

LOOK_S: Final = 2.0
"""How often the scheduler is looked for while nothing comes back, s."""

Timed = tuple[float, list[Outcome]]
"""How long a task took, s, and what came of its cases."""

_SELDOM: Final = "1s"
"""How often scheduler, nannies and workers each look after themselves. Dask's own 20 ms for whether a loop still turns
took 5 % of two cores (`benchmarks/sweep.py --leading`)."""


@contextmanager
def crew(scheduler: str, workers: int) -> Iterator[Client]:
    """Workers, ready to perform.

    Parameters
    ----------
    scheduler
        "processes" or "threads" on this machine, or the address of a scheduler: "tcp://host:8786".
    workers
        How many, on this machine.

    Raises
    ------
    InputError
        If nobody answers at the address, no worker is there, or one has another version of this program.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with TemporaryDirectory(prefix="dekomp_sim-sweep-") as folder, dask.config.set(_settings(folder)):
        if scheduler == PROCESSES:
            start_forkserver()
        if scheduler in {PROCESSES, THREADS}:
            with ExitStack() as stack:
                with _begun_whole():
                    cluster = stack.enter_context(_here(scheduler == PROCESSES, workers))
                    client = stack.enter_context(Client(cluster))
                yield client
        else:
            with _at(scheduler) as client:
                _look_over(client, scheduler)
                yield client


@dataclass(slots=True)
class Task:
    """Cases that one worker performs after each other; a suspect is one that may have killed a worker."""

    draws: list[Draw]
    future: Future[Timed]
    suspect: bool


@dataclass(slots=True)
class Lead:
    """Gives out the cases of a scenario and takes in what came of them.

    Parameters
    ----------
    client
        Of the workers.
    story
        The scenario as plain values.
    scheduler
        What messages call it.
    waiting
        Called with a word while no worker is there.
    """

    client: Client
    story: Record
    scheduler: str
    waiting: Callable[[str], None]
    _out: dict[Any, Task] = field(default_factory=dict)
    _over: SimpleQueue[Future[Timed]] = field(default_factory=SimpleQueue)
    _suspects: list[Draw] = field(default_factory=list)
    _left: int = 0
    _size: int = 1
    _least: int = 1
    _known: int = 0
    _asked_s: float = -math.inf

    def outcomes(self, draws: Iterator[Draw], cases: int) -> Iterator[list[Outcome]]:
        """What came of the cases, in no order, those of a task together.

        Parameters
        ----------
        draws
            What is to be performed.
        cases
            How many they are.

        Raises
        ------
        InputError
            If the scheduler is gone, or a worker cannot run this program.
        """
        self._left = cases
        self._give(draws)
        while self._out:
            task = self._out.pop(self._next().key)
            yield self._taken_in(task)
            self._give(draws)

    def _give(self, draws: Iterator[Draw]) -> None:
        """Keep every worker busy; while a case is out that may have killed its worker, nothing waits beside it."""
        while len(self._out) < (most := max(1, self._threads()) * (1 if self._wary() else AHEAD)):
            suspect = bool(self._suspects)
            cases = [self._suspects.pop()] if suspect else self._some(draws, most)
            if not cases:
                return
            name = f"sweep-{uuid4().hex}"
            future = self.client.submit(timed, self.story, cases, key=name, pure=False)
            self._out[name] = Task(cases, future, suspect)
            future.add_done_callback(self._over.put)

    def _some(self, draws: Iterator[Draw], out: int) -> list[Draw]:
        """The next cases for one task: at the end no more than an even part of what is left, so nobody waits long."""
        cases = list(islice(draws, max(self._least, min(self._size, self._left // out))))
        self._left -= len(cases)
        return cases

    def _threads(self) -> int:
        """How many cases can be performed at once; the scheduler is asked now and then."""
        if time.monotonic() - self._asked_s > LOOK_S:
            try:
                self._known = sum(self.client.nthreads().values())
            except (OSError, RuntimeError):  # the connection, or the whole client, is closed
                raise self._gone() from None
            self._asked_s = time.monotonic()
        return self._known

    def _wary(self) -> bool:
        return bool(self._suspects) or any(task.suspect for task in self._out.values())

    def _next(self) -> Future[Timed]:
        while True:
            with suppress(Empty):
                return self._over.get(timeout=LOOK_S)
            if not self._threads():
                self.waiting("no worker is left; waiting for one")

    def _taken_in(self, task: Task) -> list[Outcome]:
        try:
            seconds, outcomes = task.future.result()
        except KilledWorker:
            if len(task.draws) == 1:
                return [failed(task.draws[0], "the worker died each time this case was tried")]
            self._suspects += task.draws
            return []
        except Exception as wrong:  # whatever a cluster may fail with
            if task.future.cancelled() or self.client.status != RUNNING:
                raise self._gone() from None
            allowed = f"workers with dekomp_sim {__version__}"
            raise InputError(self.scheduler, f"a worker that cannot perform ({wrong})", allowed) from None
        a_second = len(outcomes) / max(seconds, 1e-3)
        self._size = min(MOST_IN_TASK, max(1, round(TASK_S * a_second)))
        self._least = min(self._size, max(1, round(LEAST_S * a_second)))
        return outcomes

    def _gone(self) -> InputError:
        remedy = "What is done is kept: the same command goes on"
        return InputError(self.scheduler, "a scheduler that is gone", "one that runs to the end", remedy)


def timed(story: Record, draws: Sequence[Draw]) -> Timed:
    """What came of cases, and how long they took, s."""
    begun_s = time.perf_counter()
    outcomes = perform(story, draws)
    return time.perf_counter() - begun_s, outcomes


def version() -> str:
    """Of this program, where it runs."""
    return __version__


def _settings(folder: str) -> dict[str, Any]:
    return {
        "temporary-directory": folder,
        "distributed.scheduler.worker-saturation": 1.0,  # a suspect waits behind nobody, nobody behind a suspect
        "distributed.diagnostics.nvml": False,
        "distributed.worker.profile.enabled": False,  # nobody looks at a sweep's profile
        "distributed.admin.system-monitor.interval": "5s",
        "distributed.admin.tick.interval": _SELDOM,
        "distributed.worker.memory.monitor-interval": _SELDOM,
        "distributed.nanny.pre-spawn-environ": ONE_THREAD,  # in place of dask's, by which each freed array goes back
        "distributed.nanny.environ": dict(os.environ),  # as it is now: the fork server's is older
        "distributed.worker.multiprocessing-method": METHOD,
    }


@contextmanager
def _begun_whole() -> Iterator[None]:
    """A Ctrl-C waits for the end of the block, for workers that are half begun cannot be closed; a second one does not.

    Raises
    ------
    KeyboardInterrupt
        At the end, where Ctrl-C was typed.
    """
    if threading.current_thread() is not threading.main_thread():  # which Ctrl-C does not reach
        yield
        return
    usual = signal.getsignal(signal.SIGINT)
    typed = threading.Event()

    def keep(_number: int, _frame: FrameType | None) -> None:
        typed.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if typed.is_set():
        raise KeyboardInterrupt


def _here(processes: bool, workers: int) -> LocalCluster:
    """Workers on this machine, one kernel thread each: two cases at once are faster than two halves of one."""
    count, threads = (workers, 1) if processes else (1, workers)
    try:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=threads,
            processes=processes,
            dashboard_address="127.0.0.1:0",  # a scheduler has a page of its health even without a dashboard
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
            memory_limit=0,
        )
    except (RuntimeError, OSError, TimeoutError) as wrong:
        found = f"{workers}, which do not start ({wrong})"
        raise InputError("--workers", found, "as many as the machine has room for", "Try fewer, or again") from None


def _at(address: str) -> Client:
    try:
        return Client(address, timeout=ANSWER_S)
    except (OSError, ValueError, TypeError) as wrong:
        reason = str(wrong).partition(chr(10))[0]
        raise InputError(
            "--scheduler",
            f"{address} ({reason})",
            f"{PROCESSES}, {THREADS} or the address of a scheduler: tcp://host:8786",
        ) from None


def _look_over(client: Client, address: str) -> None:
    """See that workers are there and have this program."""
    allowed = f"workers with dekomp_sim {__version__} and its extra sweep"
    try:
        client.wait_for_workers(1, timeout=JOIN_S)
        versions = set(client.run(version).values())
    except TimeoutError:
        raise InputError(address, "no worker", allowed, "Start dask worker there") from None
    except Exception as wrong:  # whatever a worker without this program answers
        raise InputError(address, f"workers that cannot perform ({wrong})", allowed) from None
    if versions != {__version__}:
        raise InputError(address, f"workers with version {', '.join(sorted(versions))}", allowed)
