"""Executes notebooks from top to bottom in a fresh kernel, one line each; exit 1 where one fails.

A notebook is stored without outputs, and stays so: nothing is written back. It may reach nothing outside this machine.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

untyped: Any = nbformat
"""Its functions carry no types."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""A terminal's colours in a kernel's traceback."""

SECONDS_PER_CELL = 300
"""Longest a cell may take; building the reference patient for the first time is the longest thing any does."""

GUARD = """
import sys as _sys

def _stay_here(event, args):
    if event == "socket.getaddrinfo" and args[0] not in (None, "localhost", "127.0.0.1", "::1"):
        raise OSError(f"a notebook may not reach {args[0]}")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in ("127.0.0.1", "::1"):
        raise OSError(f"a notebook may not reach {args[1][0]}")

_sys.addaudithook(_stay_here)
"""
"""Run before the first cell: a connection to anywhere but this machine is an error."""


def run(path: Path, folder: Path) -> str:
    """What went wrong with a notebook, or nothing; the kernel's pipes lie in `folder`."""
    try:
        notebook = untyped.read(path, as_version=4)
    except (OSError, ValueError) as wrong:
        return f"cannot be read: {wrong}"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if any(cell.outputs or cell.execution_count is not None for cell in code):
        return "is stored with outputs: clear them"
    notebook.cells.insert(0, untyped.v4.new_code_cell(GUARD))
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(folder / path.stem)),
        timeout=SECONDS_PER_CELL,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as wrong:
        sys.stderr.write(COLOUR.sub("", wrong.traceback) + "\n")
        return f"cell {_failed(code)}: {wrong.ename}: {wrong.evalue}"
    except (CellTimeoutError, DeadKernelError) as wrong:
        return " ".join(str(wrong).split())
    return ""


def _failed(code: list[Any]) -> int:
    """Number of the code cell, from 1, that ended in an error; 0 where none of the notebook's own did."""
    wrong = (any(output.output_type == "error" for output in cell.outputs) for cell in code)
    return next((number for number, failed in enumerate(wrong, start=1) if failed), 0)


def main(names: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        # No kernel of the user's and no settings of theirs: "python3" is then the interpreter that runs this.
        for variable in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            os.environ[variable] = str(Path(folder) / variable.lower())
        os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
        os.environ.pop("JUPYTER_PATH", None)
        for name in names:
            start = time.perf_counter()
            wrong = run(Path(name), Path(folder))
            failed += bool(wrong)
            sys.stdout.write(f"{name}: {wrong or 'ran'} ({time.perf_counter() - start:.1f} s)\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(names) - failed} passed, {failed} failed\n")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
