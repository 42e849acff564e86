"""Plays scenario files by the command line, as a user would, and says how each ended; exit 1 where one failed.

A scenario is expected to end without harm, unless its first lines hold the words "ends in harm".
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HARM = 3
AT_ONCE = max(2, min(4, os.cpu_count() or 2))
"""Programs at a time, each of which takes more than a core now and then, and up to 1.5 GiB."""

LEFT_BEHIND = ("report.html", "report.json", "journal.jsonl", "frames")


def play(scenario: Path, folder: Path) -> str:
    """What went wrong with a scenario, or nothing."""
    command = [sys.executable, "-m", "dekomp_sim", "run", str(scenario), "-o", str(folder), "--no-3d"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = HARM if "ends in harm" in "".join(scenario.read_text().splitlines(True)[:5]) else 0
    if run.returncode != expected:
        return f"exit {run.returncode} instead of {expected}: {run.stdout[-500:]}{run.stderr[-2000:]}"
    missing = [name for name in LEFT_BEHIND if not (folder / name).exists()]
    if missing:
        return f"left no {', '.join(missing)}"
    if not run.stdout.splitlines()[-1].startswith("State digest: "):
        return f"did not print the digest last: {run.stdout[-200:]}"
    return ""


def told(name: str) -> tuple[bool, str]:
    """Whether a scenario failed, and a line about it."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        wrong = play(Path(name), Path(folder) / "out")
    return bool(wrong), f"{name}: {wrong or 'played'} ({time.perf_counter() - start:.1f} s)"


def main(names: list[str]) -> int:
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for wrong, line in pool.map(told, names):
            failed += wrong
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(names) - failed} passed, {failed} failed\n")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
