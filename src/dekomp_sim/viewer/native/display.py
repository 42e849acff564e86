"""Can a window be opened here? Asked in a second process: VTK crashes instead of raising."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from dekomp_sim.viewer.probe import WINDOW_VARIABLE

WITHIN_S: Final = 60.0
"""How long that may take. Assumption: VTK's first start on a slow disk."""

_OPENING: Final = """
import pyvista
plotter = pyvista.Plotter(window_size=(64, 64))
plotter.show(auto_close=False, interactive_update=True)
offered = plotter.render_window.GetClassName() not in ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
print("opened" if offered and plotter.render_window.GetMapped() else "nothing to open it on", flush=True)
plotter.close()
"""
"""What the second process runs."""


def why_no_window(environment: Mapping[str, str] | None = None) -> str:
    """Why no window can be opened here; empty where one was (about 2 s).

    Parameters
    ----------
    environment
        Of the second process; this process's own where None.
    """
    asked = dict(os.environ if environment is None else environment)
    asked.pop(WINDOW_VARIABLE, None)
    if sys.platform.startswith("linux") and not (asked.get("DISPLAY") or asked.get("WAYLAND_DISPLAY")):
        return "no screen (DISPLAY is not set)"
    command = [sys.executable, "-c", _OPENING]
    try:
        run = subprocess.run(command, env=asked, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return f"no window within {WITHIN_S:g} s"
    said = [line for line in run.stdout.splitlines() if line]
    if run.returncode == 0 and said and said[-1] == "opened":
        return ""
    return (
        said[-1]
        if run.returncode == 0 and said
        else f"a screen that refuses (the test window ended with {run.returncode})"
    )
