"""Where workers of this machine come from: a fork server that has read their libraries and compiled code once.

A worker that begins anew reads them for itself, two and a half seconds of a core each; one that is forked has them and
shares their memory. The server can be started before anything else is imported, so that it reads beside the command.
Why a fork of the command itself is no choice: docs/why/0013-workers-from-a-fork-server.md.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import Final

PROCESSES: Final = "processes"
"""What `--scheduler` calls workers that are processes of this machine."""

METHOD: Final = "forkserver" if sys.platform == "linux" else "spawn"
"""How workers of this machine begin, in Python's words. Windows has no fork, and macOS none that its own linear algebra
survives."""

ONE_THREAD: Final = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Environment of a worker here, read when its libraries are."""

WARM: Final = "dekomp_sim.sweep.warm"
"""What the fork server imports."""


def start_forkserver() -> None:
    """Start the fork server where there is one and it does not run yet; it is ended with this process.

    Neither it nor its workers hear a Ctrl-C, which a terminal sends to all of them: the command ends them.
    """
    if METHOD != "forkserver":
        return
    forkserver.set_forkserver_preload([WARM])
    kept = {name: os.environ.get(name) for name in ONE_THREAD}
    resource_tracker.ensure_running()  # started with the server, it would let Ctrl-C through again
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is begun meanwhile inherits it
    os.environ.update(ONE_THREAD)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def without_collector() -> Iterator[None]:
    """Python's collector of cycles rests, and leaves alone for good what is there afterwards.

    For reading libraries, which stay: the collector takes a sixth of the time to find that nothing of them can go, and
    later copies a forked worker's pages by going through them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
