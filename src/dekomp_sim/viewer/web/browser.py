"""A window for the page: a Chromium-like browser without its frame where one is found, else the system's browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from dekomp_sim.viewer.web.safety import opener

NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "brave-browser",
)
"""Browsers that can open a page as a window of its own."""

PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
"""Where they stand on systems that do not list them in the path."""


def app_browser() -> str | None:
    """A browser that can open a window of its own, or None."""
    found = (shutil.which(name) for name in NAMES)
    standing = (place for place in PLACES if Path(place).is_file())
    return next((path for path in found if path), None) or next(standing, None)


@contextmanager
def window(url: str, as_app: bool = True) -> Iterator[subprocess.Popen[bytes] | None]:
    """Open the page; meanwhile the process of its window, or None where the system's browser took it.

    The key in `url` stands in a file that only this user can read, not in the browser's command line. A window of its
    own has a fresh profile: no extension of the user's sees the page.
    """
    browser = app_browser() if as_app else None
    with TemporaryDirectory(prefix="dekomp_sim_", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "open.html"
        page.touch(mode=0o600)
        page.write_text(opener(url), encoding="utf-8")
        if browser is None:
            webbrowser.open(page.as_uri())
            yield None
            return
        command, nowhere = _command(browser, page, folder), subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5.0)


def _command(browser: str, page: Path, folder: str) -> list[str]:
    command = [browser, f"--app={page.as_uri()}", f"--user-data-dir={folder}/profile", "--window-size=1280,760"]
    command += ["--no-first-run", "--no-default-browser-check", "--disable-sync", "--disable-background-networking"]
    if sys.platform == "linux" and os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium refuses to start for root otherwise
    return command
