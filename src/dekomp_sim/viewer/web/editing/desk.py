"""What answers the page of corrections: one message in, one answer out, and the pictures that follow from it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from dekomp_sim.anatomy import Level, Patient, Protrusion, Side
from dekomp_sim.anatomy.corrections import Corrections, Handle, Part
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import DekompSimError
from dekomp_sim.geometry.section import Section
from dekomp_sim.viewer.panes.corrections import Shown, held, picture, section_at
from dekomp_sim.viewer.panes.outlines import Treated
from dekomp_sim.viewer.panes.slices import FIELD_MM, Plane
from dekomp_sim.viewer.web.editing.editor import Editor, gaps, ways
from dekomp_sim.viewer.web.message import NOT_UNDERSTOOD, Message, NotUnderstood
from dekomp_sim.viewer.web.pumps import Pump
from dekomp_sim.viewer.web.safety import WRONG
from dekomp_sim.viewer.web.server import Wire

PLANES: Final = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)

SIZES_PX: Final = (160, 900)
"""Least and greatest edge of a picture."""

STEP_MM: Final = 1.0
"""Between two slices of the wheel."""

NUDGE_MM: Final = 0.5
"""What an arrow key moves the chosen point by."""

ZOOM: Final = 1.2

Answer = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Drag:
    """A point taken hold of, where it and the hand were, and what was so."""

    handle: Handle
    section: Section
    off_mm: Any
    since: Corrections


class EditDesk:
    """Answers the page of corrections.

    Parameters
    ----------
    editor
        What is corrected.
    title
        What stands above it.
    save
        Writes corrections down; raises an error of the user's where it cannot.
    """

    page = "edit"
    report: Path | None = None

    def __init__(self, editor: Editor, title: str, save: Callable[[Corrections], None]) -> None:
        self._editor, self._title, self._save = editor, title, save
        self._wire: Wire | None = None
        self._pumps: dict[str, Pump] = {}
        self._sizes = dict.fromkeys(PLANES, 420)
        self._drag: _Drag | None = None
        self._patient: tuple[Corrections, Patient] | None = None
        self._planned: tuple[Corrections, Level] | None = None
        self._ways: list[tuple[str, str]] = []
        self._planning: asyncio.Task[None] | None = None
        self._said = ""

    async def begin(self, wire: Wire) -> None:
        """The server is up."""
        self._wire = wire
        self._pumps = {
            plane.value: Pump(
                plane.value,
                self._maker(plane),
                lambda frame: wire.show(frame.message()),
                lambda: 0,
                lambda: 0.0,
            )
            for plane in PLANES
        }
        self._show()

    async def end(self) -> None:
        """Let go of what is under way."""
        if self._planning is not None:
            self._planning.cancel()
        for pump in self._pumps.values():
            await pump.stop()

    async def asked(self, message: Any) -> Answer:
        """The answer to a message: empty, or with a `refusal` (of what was asked) or an `error` (the message's)."""
        try:
            told = Message(message)
            what = told.word("what")
            if what not in ANSWERS:
                raise NotUnderstood(NOT_UNDERSTOOD)
            if ANSWERS[what](self, told):
                self._show()
        except NotUnderstood as wrong:
            log.warning("not understood: %.300r", message)
            return {"error": str(wrong)}
        except DekompSimError as wrong:
            self._show()
            return {"refusal": str(wrong)}
        except Exception:
            log.exception("while answering %r", message.get("what") if isinstance(message, dict) else "a message")
            return {"error": WRONG}
        return {}

    def hello(self, _: Message) -> bool:
        """A page has come in."""
        for pump in self._pumps.values():
            pump.again()
        return True

    def watch(self, _: Message) -> bool:
        """A page tells which panes it shows: always all."""
        return False

    def drawn(self, message: Message) -> bool:
        """A page has drawn a picture."""
        pump = self._pumps.get(message.word("pane"))
        if pump is not None:
            pump.drawn(message.whole("number", 0, 2**31))
        return False

    def size(self, message: Message) -> bool:
        """A pane has another size: pictures are square."""
        plane = message.one_of("pane", Plane)
        edge = min(message.whole("width", 1, 10000), message.whole("height", 1, 10000))
        self._sizes[plane] = int(np.clip(edge, *SIZES_PX))
        return True

    def level(self, message: Message) -> bool:
        """Look at another level."""
        self._editor.choose_level(message.one_of("level", Level))
        return True

    def choose(self, message: Message) -> bool:
        """Choose a point of the list."""
        self._editor.choose(_handle(message))
        return True

    def move(self, message: Message) -> bool:
        """Move the chosen point to three numbers."""
        self._editor.choose(_handle(message))
        self._editor.move(np.array([message.number(axis, -2e3, 2e3) for axis in ("x", "y", "z")]))
        return True

    def nudge(self, message: Message) -> bool:
        """An arrow key moves the chosen point a little within a plane."""
        editor, section = self._editor, self._section(message.one_of("pane", Plane))
        steps = np.sign([message.number("x"), message.number("y")])
        way = steps[0] * np.array(section.right) + steps[1] * np.array(section.down)
        if editor.view.chosen is not None:
            editor.move(editor.handles[editor.view.chosen] + NUDGE_MM * way)
        return True

    def pointer(self, message: Message) -> bool:
        """A press takes hold of a point, or lets the planes cross there; a drag goes on with either."""
        phase, plane = message.word("phase"), message.one_of("pane", Plane)
        x, y = message.number("x"), message.number("y")
        if phase == "down":
            self._press(self._section(plane), x, y)
        elif self._drag is not None:
            drag = self._drag
            if phase == "up":
                self._drag = None
            self._editor.move(drag.section.point_of(x, y) + drag.off_mm, drag.since)
            if phase == "up":
                self._editor.dragged(drag.since)
        elif phase == "move":
            self._editor.cross(self._section(plane).point_of(x, y))
        return True

    def _press(self, section: Section, x: float, y: float) -> None:
        handle = held(section, self._editor.handles, x, y)
        if handle is None:
            self._editor.cross(section.point_of(x, y))
            return
        at = self._editor.handles[handle]
        self._drag = _Drag(handle, section, at - section.point_of(x, y), self._editor.placed)
        self._editor.view = replace(self._editor.view, chosen=handle)

    def scroll(self, message: Message) -> bool:
        """The wheel goes through the slices."""
        section = self._section(message.one_of("pane", Plane))
        times = message.whole("times", -50, 50)
        self._editor.cross(np.array(self._editor.view.crosshair_mm) + times * STEP_MM * section.inward)
        return True

    def zoom(self, message: Message) -> bool:
        """Show less or more of the body."""
        view = self._editor.view
        field = float(np.clip(view.field_mm / ZOOM ** message.whole("times", -20, 20), *FIELD_MM))
        self._editor.view = replace(view, field_mm=field)
        return True

    def whole(self, message: Message) -> bool:
        """Whether a nerve is moved as it is, or one of its points alone."""
        self._editor.whole = message.maybe("on") is True
        return True

    def herniation(self, message: Message) -> bool:
        """Give the level a herniation of these sizes, or none."""
        if message.maybe("on") is not True:
            self._editor.herniate(None)
            return True
        sizes = [message.number(name) for name in ("azimuth_deg", "depth_mm", "width_deg")]
        self._editor.herniate(Protrusion(message.one_of("side", Side), *sizes))
        return True

    def found(self, _: Message) -> bool:
        """Put what is chosen back where the import puts it."""
        self._editor.back_to_found()
        return True

    def undo(self, _: Message) -> bool:
        """Take the last step back."""
        self._editor.undo()
        return True

    def redo(self, _: Message) -> bool:
        """Go on again."""
        self._editor.redo()
        return True

    def save(self, _: Message) -> bool:
        """Write it down."""
        self._save(self._editor.placed)
        self._editor.saved()
        self._said = "Saved"
        return True

    def _section(self, plane: Plane) -> Section:
        view = self._editor.view
        return section_at(
            plane, view.centre_mm, view.crosshair_mm, view.field_mm / self._sizes[plane], self._sizes[plane]
        )

    def _person(self) -> Patient:
        """The patient as corrected, made once for what is so."""
        if self._patient is None or self._patient[0] is not self._editor.placed:
            self._patient = self._editor.placed, self._editor.patient
        return self._patient[1]

    def _maker(self, plane: Plane) -> Callable[[], Awaitable[UInt8Array | None]]:
        async def make() -> UInt8Array:
            editor = self._editor
            shown = Shown(editor.handles, editor.edited(), editor.view.chosen)
            treated, section = Treated(self._person(), editor.view.level), self._section(plane)
            title = plane.value.capitalize()
            return await asyncio.to_thread(picture, treated, section, editor.view.crosshair_mm, shown, title)

        return make

    def _show(self) -> None:
        """Tell the page what is so, ask for its pictures, and plan anew where something changed."""
        if self._wire is None:
            return
        editor = self._editor
        if editor.unsaved:
            self._said = ""
        self._wire.tell({"edit": self._told()})
        for pump in self._pumps.values():
            pump.want()
        if self._drag is None and self._planned != self._wanted():
            self._planned = self._wanted()
            if self._planning is None or self._planning.done():
                self._planning = asyncio.create_task(self._plan())

    def _plans(self) -> bool:
        """Whether a plan is under way that is not told yet."""
        return self._planning is not None and not self._planning.done() and self._planning is not asyncio.current_task()

    def _wanted(self) -> tuple[Corrections, Level]:
        """What the ways are planned for."""
        return self._editor.placed, self._editor.view.level

    async def _plan(self) -> None:
        """Plan the ways from both sides, one after the other: the newest wish wins, and none waits behind an older."""
        planned = None
        while planned != self._planned:
            planned = self._planned
            self._ways = await asyncio.to_thread(ways, self._person(), self._editor.view.level)
        if self._wire is not None:
            self._wire.tell({"edit": self._told()})

    def _told(self) -> dict[str, Any]:
        editor, view = self._editor, self._editor.view
        far, edited = editor.moved_mm(), editor.edited()
        own = editor.placed.herniation
        return {
            "title": self._title,
            "levels": [{"name": level.value, "on": level is view.level} for level in editor.placed.discs],
            "level": view.level.value,
            "points": [
                {
                    "id": _name(handle), "words": handle.words, "part": handle.part.value,
                    "at": [round(float(part), 2) + 0.0 for part in at],
                    "moved_mm": round(far[handle], 2), "edited": handle in edited, "on": handle == view.chosen,
                }
                for handle, at in editor.handles.items()
            ],
            "herniation": asdict(editor.protrusion()) | {"on": own is not None and own[0] is view.level},
            "elsewhere": "" if own is None or own[0] is view.level else own[0].value,
            "whole": editor.whole,
            "ways": self._ways if self._planned == self._wanted() and not self._plans() else [],
            "gaps": gaps(self._person(), view.level),
            "can_undo": editor.can_undo, "can_redo": editor.can_redo,
            "unsaved": editor.unsaved, "said": self._said,
        }  # fmt: skip


def _name(handle: Handle) -> str:
    return f"{handle.part.value}|{handle.owner}|{handle.number}"


def _handle(message: Message) -> Handle:
    """The point that a message names."""
    part, _, rest = message.word("id").partition("|")
    owner, _, number = rest.rpartition("|")
    try:
        return Handle(Part(part), owner, int(number))
    except ValueError:
        raise NotUnderstood(NOT_UNDERSTOOD) from None


ANSWERS: Final[dict[str, Callable[[EditDesk, Message], bool]]] = {
    one.__name__: one
    for one in (
        EditDesk.hello, EditDesk.watch, EditDesk.drawn, EditDesk.size, EditDesk.level, EditDesk.choose, EditDesk.move,
        EditDesk.nudge, EditDesk.pointer, EditDesk.scroll, EditDesk.zoom, EditDesk.whole, EditDesk.herniation,
        EditDesk.found, EditDesk.undo, EditDesk.redo, EditDesk.save,
    )
}  # fmt: skip
"""What a page may ask, by the word in `what`."""
