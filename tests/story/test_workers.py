"""Workers of this machine: forked from one server that has read what they need, in the surroundings of the command."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

from dekomp_sim.sweep.crew import crew
from dekomp_sim.sweep.forking import METHOD, ONE_THREAD, PROCESSES

pytestmark = pytest.mark.skipif(METHOD != "forkserver", reason=f"workers are not forked on {sys.platform}")


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def surroundings() -> dict[str, object]:
    """What a worker finds when it begins."""
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "threads of the parent": threads_of(os.getppid()),
        "read": {"dekomp_sim.sweep.performing", "dekomp_sim.procedure.after"} <= set(sys.modules),
        "environ": dict(os.environ),
        "folder": Path.cwd(),
    }


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("A_WORD_OF_THE_COMMAND", "said after the server was started")
    with crew(PROCESSES, 2) as made:
        yield made


def test_workers_are_forked_with_what_they_need_and_see_the_commands_surroundings(client: Client) -> None:
    found = list(client.run(surroundings).values())
    assert len({one["pid"] for one in found}) == 2
    assert len({one["parent"] for one in found}) == 1  # the server, not this process
    assert found[0]["parent"] != os.getpid()
    for one in found:
        assert one["read"]
        assert one["threads of the parent"] == 1  # a fork finds no lock that another thread holds
        assert one["folder"] == Path.cwd()
        environ = one["environ"]
        assert isinstance(environ, dict)
        assert environ["A_WORD_OF_THE_COMMAND"] == "said after the server was started"
        assert ONE_THREAD.items() <= environ.items()


def test_a_server_that_died_is_started_again(client: Client) -> None:
    server = next(iter(client.run(os.getppid).values()))
    os.kill(server, signal.SIGKILL)
    begun_s = time.monotonic()
    while (stat := Path(f"/proc/{server}/stat")).exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() - begun_s < 30.0
        time.sleep(0.02)
    with crew(PROCESSES, 1) as later:
        (again,) = later.run(os.getppid).values()
        assert again not in {server, os.getpid()}
