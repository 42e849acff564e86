"""`dekomp-sim view` and `dekomp-sim serve`: a case by hand on a page, in a window here or for a browser elsewhere."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.cli.documents import document
from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.cli.records import keep, ready_for
from dekomp_sim.cli.results import Gallery, Told, leave, leave_overview, seen
from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files import Journal, read_yaml
from dekomp_sim.scenario import record
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.practice.moments import cases_of
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.probe import Renderer, probe
from dekomp_sim.viewer.web.browser import window
from dekomp_sim.viewer.web.case.room_pane import RoomPane
from dekomp_sim.viewer.web.case.sitting import Opened
from dekomp_sim.viewer.web.desk import Desk
from dekomp_sim.viewer.web.server import LOOPBACK, Address, serve


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim view --help` and `dekomp-sim serve --help`.

    Parameters
    ----------
    scenarios
        Files or names of shipped ones.
    out
        The folder in which each case gets one of its own; named after case and time where None.
    scan
        A CT to perform on.
    mode
        Practice or examination, where there is one scenario.
    real_time
        Whether time that passes before the screen passes for the patient.
    learner, db
        In whose records each finished case is kept, and where those are; None keeps it in nobody's.
    """

    scenarios: tuple[str, ...]
    out: Path | None = None
    scan: Scan = field(default_factory=Scan)
    mode: Mode = Mode.PRACTICE
    real_time: bool = True
    learner: str | None = None
    db: str | None = None


class Openings:
    """Opens cases: a patient built once, a journal in a folder of its own, the panes that need a thread.

    Parameters
    ----------
    request
        What the user asked for.
    renderer
        Whether 3D can be drawn here.
    console
        For people.
    """

    def __init__(self, request: Request, renderer: Renderer, console: Console) -> None:
        self.request, self.renderer, self.console = request, renderer, console
        if request.learner is not None:
            ready_for(request.learner, request.db)
        self._patients: dict[str, Patient] = {}
        self._opened = 0

    def patient(self, story: Story) -> Patient:
        """The patient of a story, made once; stories whose bodies differ have patients of their own."""
        who = f"{story.phantom} {story.specification(PhantomSpec())}"
        if who not in self._patients or self.request.scan.given:
            self._patients[who] = patient_of(story, self.request.scan)
        return self._patients[who]

    def open(self, story: Story, mode: Mode) -> Opened:
        """Open a case."""
        patient = self.patient(story)
        folder = self._folder(story)
        header = record.header(story, patient) | {"mode": mode.value}
        journal = Journal(folder / "journal.jsonl", header)
        self.console.print(f"{story.title}: journal in {folder.resolve()}", soft_wrap=True)
        clock = time.monotonic if self.request.real_time else None
        session = Session(story, patient, mode, journal.append, clock)
        room = RoomPane(self.renderer) if self.renderer else None
        return Opened(session, Live(patient), room, lambda done: self._leave(done, folder, header), journal.close)

    def _folder(self, story: Story) -> Path:
        """A new folder: the one asked for, the first time, if it is free."""
        self._opened += 1
        asked = self.request.out
        if asked is None:
            asked = Path(f"dekomp_sim-{_slug(story.title)}-{datetime.now():%Y%m%d-%H%M%S}")
        folder = asked if self._opened == 1 and len(self.request.scenarios) == 1 else asked / f"case-{self._opened}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            reason = (wrong.strerror or str(wrong)).lower()
            raise InputError(str(folder), f"a place that cannot be written ({reason})", "a writable folder") from None
        if any(folder.iterdir()):
            raise InputError(str(folder), "a folder that is not empty", "a new or empty folder", "Choose another name")
        return folder

    def _leave(self, session: Session, folder: Path, header: dict[str, object]) -> Path:
        """Write the report of a finished case; where it is."""
        cases = tuple(cases_of(session.moments))
        gallery = Gallery(session.patient, folder / "frames", cases[-1])
        seen(cases, gallery)
        leave_overview(gallery, folder)
        actions = tuple(moment.action for moment in session.moments if moment.action is not None)
        story = replace(session.story, steps=actions) if actions else session.story
        digest = leave(Told(story, cases, gallery, record.origin(header)), folder, self.console)
        self.console.print(f"Report: {(folder / 'report.html').resolve()}", soft_wrap=True)
        self.console.print(f"State digest: {digest}", soft_wrap=True)
        self._keep(folder)
        return folder / "report.html"

    def _keep(self, folder: Path) -> None:
        """Keep a finished case in the learner's records; where that fails, say how it is done later."""
        learner = self.request.learner
        if learner is None:
            return
        try:
            (words,) = keep([folder], learner, self.request.db)
        except DekompSimError as wrong:
            words = f"Not kept: {wrong} Later: dekomp-sim records add {folder} --learner {learner}"
        self.console.print(words, soft_wrap=True)


def view(request: Request, console: Console, *, browser: bool) -> None:
    """One case in a window of its own, or in the system's browser; ends when the window is closed, or with Ctrl-C.

    Raises
    ------
    InputError
        For a mistake in the scenario, the scan or the folder.
    """
    desk = _desk(request, console)
    # the system's browser does not tell when its page is closed: then a minute without a page ends the case
    serve(desk, Address(linger_s=60), lambda url, end: in_window(url, end, console, as_app=not browser))


def offer(request: Request, address: Address, console: Console) -> None:
    """Several cases on a page; prints its address once, and ends with Ctrl-C.

    Raises
    ------
    InputError
        As for `view`; or if the address is not this machine's, or taken.
    """
    desk = _desk(request, console)
    if address.host not in {LOOPBACK, "localhost"}:
        console.print("Other machines can reach this address, unencrypted: use it in a network you trust.")
    serve(desk, address, lambda url, end: console.print(url, soft_wrap=True))


def _desk(request: Request, console: Console) -> Desk:
    stories = [read_yaml(document("scenarios", name), Story) for name in request.scenarios]
    renderer = probe()
    if not renderer:
        console.print(f"No 3D pane: {renderer.reason}. {renderer.remedy}", soft_wrap=True)
    openings = Openings(request, renderer, console)
    with console.status("Preparing the patient (built once, then cached) ..."):
        openings.patient(stories[0])
    return Desk(stories, openings.open, request.mode)


def in_window(url: str, end: Callable[[], None], console: Console, *, as_app: bool) -> None:
    """Open the window in a thread of its own; when it is closed the server ends."""

    def wait() -> None:
        with window(url, as_app) as process:
            if process is None:
                console.print(f"If no page opened, open {url}", soft_wrap=True)
                threading.Event().wait(5.0)  # the browser reads the file meanwhile
                return
            process.wait()
        end()

    threading.Thread(target=wait, name="window", daemon=True).start()


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "case"
