"""Can this machine draw? Asked in a second process: VTK crashes instead of raising where a library is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WINDOW_CLASSES: Final = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
"""VTK's windows that need no display, in the order they are tried: EGL draws on a GPU where there is one."""

WINDOW_VARIABLE: Final = "VTK_DEFAULT_OPENGL_WINDOW"
"""Environment variable by which VTK chooses the class of a window when the window is made."""

REMEDY: Final = (
    "Debian or Ubuntu: sudo apt-get install libegl1 libgl1-mesa-dri libx11-6. Elsewhere install Mesa's EGL library "
    "and its software renderer (often named mesa-libEGL and mesa-dri-drivers, or mesa) and libX11."
)
"""What to install where nothing can be drawn."""

_DRAWING: Final = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(8, 8))
plotter.set_background("#ff0000")
middle = plotter.screenshot(return_img=True)[4, 4].tolist()
print("drawn", plotter.render_window.GetClassName(), *middle, flush=True)
plotter.close()
"""
"""What the second process runs: a red picture, and proof that it came out red."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """What was found out: which window draws here, or why none does.

    Parameters
    ----------
    window_class
        VTK's name of a window that drew a picture, or None.
    reason
        What happened.
    remedy
        What to install; empty where drawing works.
    """

    window_class: str | None
    reason: str
    remedy: str = ""

    def __bool__(self) -> bool:
        return self.window_class is not None


def probe(environment: Mapping[str, str] | None = None, timeout_s: float = 60.0) -> Renderer:
    """Draw a tiny picture in a second process, with each window class in turn until one works (about 2 s).

    Parameters
    ----------
    environment
        Of the second process; this process's own where None.
    timeout_s
        How long one try may take.

    Returns
    -------
    Renderer
        Keep it: asking again costs the same again.
    """
    base = dict(os.environ if environment is None else environment)
    failures = []
    for window_class in WINDOW_CLASSES:
        found, reason = _try(base | {WINDOW_VARIABLE: window_class}, timeout_s)
        if found is not None:
            return Renderer(found, reason)
        failures.append(f"{window_class}: {reason}")
    return Renderer(None, "; ".join(failures), REMEDY)


def _try(environment: dict[str, str], timeout_s: float) -> tuple[str | None, str]:
    """Name of the window class that drew, or None; and what happened."""
    command = [sys.executable, "-c", _DRAWING]
    try:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return None, f"no picture within {timeout_s:g} s"
    said = [line for line in run.stdout.splitlines() if line.startswith("drawn ")]
    if run.returncode == 0 and said:
        _, name, *middle = said[-1].split()
        if middle[:3] == ["255", "0", "0"]:
            return name, f"{name} drew a test picture"
        return None, f"drew a wrong picture (middle {' '.join(middle)} instead of 255 0 0)"
    return None, _ending(run)


def _ending(run: subprocess.CompletedProcess[str]) -> str:
    """How a process that drew nothing ended, with the first thing it complained about."""
    how = f"crashed (signal {-run.returncode})" if run.returncode < 0 else f"ended with {run.returncode}"
    said = [line.split("WARN|")[-1].split("ERR|")[-1].strip() for line in run.stderr.splitlines() if line.strip()]
    # A Python traceback names its cause in the last line, VTK's log in the first.
    telling = said[-1:] if run.returncode > 0 else said[:1]
    return how + "".join(f": {_plain(line)}" for line in telling)


def _plain(line: str) -> str:
    return line.replace("\x1b[0m", "").replace("\x1b[33m", "").replace("\x1b[31m", "").rstrip(".")
