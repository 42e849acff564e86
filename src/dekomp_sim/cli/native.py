"""`dekomp-sim view --native`: a case by hand in a plain PyVista window."""

from __future__ import annotations

from rich.console import Console

from dekomp_sim.cli.documents import document
from dekomp_sim.cli.view import Openings, Request
from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.native.display import why_no_window
from dekomp_sim.viewer.native.window import native
from dekomp_sim.viewer.probe import Renderer

NO_PAGE = Renderer(None, "the window draws its own 3D picture")


def perform(request: Request, console: Console) -> None:
    """One case in a window until it is closed; then its report.

    Raises
    ------
    InputError
        For a mistake in the scenario, the scan or the folder, or where no window can be opened.
    """
    reason = why_no_window()
    if reason:
        remedy = "Without --native the case is performed on a page"
        raise InputError("--native", reason, "a screen on which VTK can open a window", remedy)
    story = read_yaml(document("scenarios", request.scenarios[0]), Story)
    openings = Openings(request, NO_PAGE, console)
    with console.status("Preparing the patient (built once, then cached) ..."):
        openings.patient(story)
    opened = openings.open(story, request.mode)
    try:
        native(opened.session, opened.live)
        opened.session.finish()
        opened.finished(opened.session)
    finally:
        opened.close()
