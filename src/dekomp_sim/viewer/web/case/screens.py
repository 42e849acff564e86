"""The pictures of one case on the page: which there are, how they are set, and when each is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.imaging.ct.display import HuWindow
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.panes import slices
from dekomp_sim.viewer.panes.disc import Cut, disc_picture, removed_picture
from dekomp_sim.viewer.panes.fluoroscopy import Live, Ray
from dekomp_sim.viewer.panes.gauges import manometer_picture, pressure_picture
from dekomp_sim.viewer.panes.roots import roots_picture
from dekomp_sim.viewer.panes.scanner import ScannerScreen
from dekomp_sim.viewer.panes.slices import Plane, Reading, section_of
from dekomp_sim.viewer.scene.cameras import VISIBLE
from dekomp_sim.viewer.scene.cameras import View as Eye
from dekomp_sim.viewer.scene.palette import Layer
from dekomp_sim.viewer.scene.visibility import DEBRIEF, EXAM, PRACTICE, STRIPPED, Shown, Visibility
from dekomp_sim.viewer.web.case.beam import Past
from dekomp_sim.viewer.web.case.knobs import EXAM_EYES
from dekomp_sim.viewer.web.case.room_pane import RoomPane, prepare
from dekomp_sim.viewer.web.pumps import Frame, Pump
from dekomp_sim.viewer.web.server import Wire

EDGES_PX: Final = (96, 1024)
"""Least and greatest edge of a plane of the CT."""

WINDOW_HU_PER_PX: Final = 4.0
"""How far a drag of one pixel changes level and width. Assumption."""

ZOOM: Final = 1.15
"""How much one notch enlarges a plane of the CT. Assumption."""

SLICE_MM: Final = 1.0
"""How far one notch goes through the slices. Assumption: a thin slice."""

LEAST_STRIPS_PX: Final = 120
"""Least height of gauges and strips that can be read."""

BARS_PX: Final = 560
"""Width from which bars and pressure stand side by side; the page tells volumes in words as well."""

APART_S: Final = 0.05
"""Least time between two pictures of the room or a plane: 20 a second are smooth."""

BESIDE_BEAM_S: Final = 0.25
"""The same while the beam is on. Assumption: the eye is then on the X-ray picture."""

ROOM_BESIDE_BEAM_S: Final = 0.6
"""The same for the room, whose drawing holds up all else for a moment."""


@dataclass(slots=True)
class Look:
    """How the pictures of a case are set.

    Parameters
    ----------
    crosshair_mm
        (3,) where the planes of the CT cross.
    reading
        Window, field and what is drawn on the planes.
    visibility
        What of the room is shown.
    peel
        How far the tissue is stripped in the debriefing, or None.
    sizes
        Edges in pixels of what the page shows of each pane.
    """

    crosshair_mm: FloatArray
    reading: Reading
    visibility: Visibility
    peel: int | None = None
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)


class Screens:
    """Makes the pictures of what is shown, each when it is wanted.

    Parameters
    ----------
    live
        The fluoroscopy screens; frames are made by whoever holds the pedal.
    room
        The 3D room, drawn in the event loop's thread, or None where nothing draws.
    threads
        The session's own thread, in which X-ray pictures are made, and one for planes, disc and strips.
    case
        What is shown first.
    wire
        Takes the pictures.
    exam
        Hide what eye, ear and hand would not notice.
    """

    def __init__(
        self,
        live: Live,
        room: RoomPane | None,
        threads: tuple[Executor, Executor],
        case: Case,
        wire: Wire,
        *,
        exam: bool,
    ) -> None:
        self.live, self.room, self.case, self.exam = live, room, case, exam
        self.cases: Sequence[Case] = (case,)
        self.moment = self.live_moment = 1
        self.beam = self.over = False
        self.room_seen: Callable[[], None] = lambda: None
        self._prepared = False
        (self._own, self._aside), self._wire = threads, wire
        self._past, self._back = Past(case.patient), case
        self.back = False
        self.scanner = ScannerScreen(case.patient) if case.guidance.has_scanner else None
        self.look = Look(np.array(case.plan.target_mm), slices.EXAM if exam else Reading(), EXAM if exam else PRACTICE)
        made: dict[str, Callable[[], Awaitable[UInt8Array | None]]] = {
            "live": self._live, "reference": self._reference, "room": self._room,
            "disc": self._disc, "roots": self._roots,
            **{plane.value: self._plane(plane) for plane in Plane},
        }  # fmt: skip
        self.pumps = {
            pane: Pump(pane, make, self._sent, self._moment(pane), self._apart(pane)) for pane, make in made.items()
        }
        self._watched: dict[str, frozenset[str]] = {}

    def _sent(self, frame: Frame) -> None:
        """Put a picture on the wire; what lies on the room's is told anew, for its eye may have moved."""
        self._wire.show(frame.message())
        if frame.pane == "room":
            self.room_seen()

    def _moment(self, pane: str) -> Callable[[], int]:
        return (lambda: self.live_moment) if pane == "live" else (lambda: self.moment)

    def _apart(self, pane: str) -> Callable[[], float]:
        """X-ray pictures come as they are made; while they do, the others leave them the processor."""
        if pane in {"live", "reference"}:
            return lambda: 0.0
        beside_s = ROOM_BESIDE_BEAM_S if pane == "room" else BESIDE_BEAM_S
        return lambda: beside_s if self.beam else APART_S

    # what is watched

    def watched(self, page: str, panes: Iterable[str]) -> None:
        """A page says which panes it shows; those are renewed, the others wait."""
        known = frozenset(panes) & self.pumps.keys()
        self._watched[page] = known
        while len(self._watched) > 8:  # pages that are gone
            del self._watched[next(iter(self._watched))]
        self.renew(known)

    def renew(self, panes: Iterable[str] | None = None) -> None:
        """Ask for new pictures of these panes, or of all, where somebody looks."""
        seen = frozenset().union(*self._watched.values())
        for pane, pump in self.pumps.items():
            if pane in seen and (panes is None or pane in panes):
                pump.want()

    def again(self) -> None:
        """Send every last picture again: a page has come in."""
        for pump in self.pumps.values():
            pump.again()

    def show(self, case: Case, cases: Sequence[Case]) -> None:
        """Show another moment, `cases` being all up to it."""
        before, self.case, self.cases, self.moment = self.case, case, cases, len(cases)
        moved = {"room", *(plane.value for plane in Plane)}
        if case.acquisitions != before.acquisitions:
            self.live_moment = self.moment
            moved.add("live")
        if case.disc is not before.disc or case.placements is not before.placements:
            moved.add("disc")
        self.renew(moved | {"roots"})

    def look_back(self, case: Case | None) -> None:
        """Show on the live screen what stood there at a moment that is over, or, with None, what stands there now."""
        if case is not None or self.back:
            self.back, self._back = case is not None, case or self._back
            self.renew({"live"})

    def turned_to(self, case: Case) -> None:
        """Show the C-arm where a hand has it now; nothing else has changed, and no picture was taken."""
        self.case = case
        self.renew({"room"})

    def debriefed(self) -> None:
        """The case is over: nothing is hidden any more; the planned path and the one taken shine through the bones."""
        self.exam, self.over = False, True
        self.look.reading, self.look.visibility, self.look.peel = Reading(), DEBRIEF, None
        if self.room is not None:
            self.room.view = Eye.CLOSE_UP
        self.renew()

    # how they are set

    def resized(self, pane: str, width: int, height: int) -> None:
        """A page shows a pane at another size."""
        if pane == "room":
            if self.room is not None and self.room.resize(width, height):
                self.renew({"room"})
            return
        low, high = EDGES_PX
        edge = min(max(min(width, height), low), high)
        wide = min(max(width, low), 2 * high)
        if self.look.sizes.get(pane) != (wide, edge):
            self.look.sizes[pane] = (wide, edge)
            self.renew({pane})

    def windowed(self, right_px: float, down_px: float) -> None:
        """Drag the window: right widens it, up raises its level."""
        window = self.look.reading.window
        width = min(max(window.width_hu + WINDOW_HU_PER_PX * right_px, 10.0), 4000.0)
        level = min(max(window.level_hu + WINDOW_HU_PER_PX * down_px, -1000.0), 2000.0)
        self._read(window=HuWindow(level, width))
        if self.scanner is not None:
            self.renew({"live"})

    def zoomed(self, pane: str, notches: int) -> None:
        """Show less of the patient, larger."""
        if pane == "room" and self.room is not None:
            self.room.zoom(self.case, notches)
            self.renew({"room"})
        elif pane == "live" and self.scanner is not None and self._by_ct():
            self.scanner.step(notches)
            self.renew({"live"})
        elif pane in list(Plane):
            self._read(field_mm=min(max(self.look.reading.field_mm * ZOOM**-notches, 40.0), 500.0))

    def turned(self, right_px: float, down_px: float) -> None:
        """Turn the room by a drag."""
        if self.room is not None:
            self.room.turn(self.case, right_px, down_px)
            self.renew({"room"})

    def _read(self, **changes: Any) -> None:
        self.look.reading = replace(self.look.reading, **changes)
        self.renew(plane.value for plane in Plane)

    def crossed(self, point_mm: FloatArray) -> None:
        """Put the crosshair somewhere."""
        self.look.crosshair_mm = np.asarray(point_mm, dtype=np.float64)
        self.renew(plane.value for plane in Plane)

    def stepped(self, plane: Plane, notches: int) -> None:
        """Go through the slices of a plane."""
        section = section_of(self.case, plane, self.look.crosshair_mm, self.look.reading, self._edge(plane))
        self.crossed(self.look.crosshair_mm + SLICE_MM * notches * section.inward)

    def looked_from(self, eye: Eye) -> None:
        """Look at the room from a named point of view.

        Raises
        ------
        InputError
            If an examination does not allow it.
        """
        if self.exam and eye not in EXAM_EYES:
            raise InputError("camera", eye.value, "what an eye in the room sees, in an examination")
        if self.room is not None:
            self.room.view = eye
        if not self.exam and not self.over:
            self.look.visibility = VISIBLE[eye]
        self.renew({"room"})

    def peeled(self, number: int) -> None:
        """Strip the tissue to a step of `STRIPPED`; the same step again takes it back.

        Raises
        ------
        InputError
            In an examination, or if there is no such step.
        """
        self._practice_only("peel", str(number))
        if not 0 <= number < len(STRIPPED):
            raise InputError("peel", str(number), f"0 to {len(STRIPPED) - 1}")
        self.look.peel = None if self.look.peel == number else number
        self.look.visibility = DEBRIEF if self.look.peel is None else STRIPPED[self.look.peel]
        self.renew({"room"})

    def layered(self, layer: Layer) -> None:
        """Show, ghost, hide a layer, in turn.

        Raises
        ------
        InputError
            In an examination.
        """
        self._practice_only("layer", layer.value)
        turn = {Shown.SHOWN: Shown.GHOST, Shown.GHOST: Shown.HIDDEN, Shown.HIDDEN: Shown.SHOWN}
        now = self.look.visibility.get(layer, Shown.SHOWN)
        self.look.visibility = {**self.look.visibility, layer: turn[now]}
        self.look.peel = None
        self.renew({"room"})

    def _practice_only(self, where: str, found: str) -> None:
        if self.exam:
            raise InputError(where, found, "nothing shown or hidden in an examination")

    # where a pointer points

    def point_mm(self, plane: Plane, x: float, y: float) -> FloatArray:
        """(3,) the patient's point at a pixel of a plane."""
        section = section_of(self.case, plane, self.look.crosshair_mm, self.look.reading, self._edge(plane))
        return section.point_of(x, y)

    def ray(self, pane: str, x: float, y: float) -> Ray | None:
        """The line of sight at a pixel of the live picture or the room."""
        if pane == "room":
            return None if self.room is None else self.room.ray(x, y)
        return self._past.ray(x, y) if self.back else self.live.point_of(x, y)

    def pixel(self, point_mm: ArrayLike) -> tuple[float, float]:
        """Where a point (3,) of the patient is seen on the live picture.

        Raises
        ------
        InputError
            If there is none.
        """
        seen = self.live.pixel_of(point_mm)
        if seen is None or self.back:
            raise InputError("pointer", "no picture to point at", "a picture", "Take one first")
        return seen

    def slice_point(self, x: float, y: float) -> FloatArray | None:
        """(3,) the patient's point at a pixel of the scanner's slice on the live pane; None where it shows none."""
        return self.scanner.point_of(x, y) if self.scanner is not None and self._by_ct() else None

    def _on_live(self, point_mm: ArrayLike) -> tuple[float, float] | None:
        """Where a point (3,) of the patient is seen on the live pane, as shares of its width and height."""
        if self.scanner is not None and self._by_ct():
            seen, size = self.scanner.pixel_of(point_mm), (self.scanner.edge(),) * 2
        else:
            seen, size = self.live.pixel_of(point_mm), self.live.last_image.shape
        return None if seen is None else (seen[0] / size[1], seen[1] / size[0])

    def marks(self, points_mm: Mapping[str, ArrayLike]) -> dict[str, list[dict[str, Any]]]:
        """Where points of the patient lie on the live picture and in the room, as shares of width and height."""
        found: dict[str, list[dict[str, Any]]] = {"live": [], "room": []}
        for name, point in points_mm.items():
            if (seen := self._on_live(point)) is not None:
                found["live"].append({"name": name, "x": seen[0], "y": seen[1]})
            if self.room is not None:
                x, y = self.room.share_of(point)
                found["room"].append({"name": name, "x": x, "y": y})
        return found

    def _edge(self, plane: Plane) -> int:
        return self.look.sizes.get(plane.value, (192, 192))[1]

    # how they are made

    async def _live(self) -> UInt8Array | None:
        if self.scanner is not None and self._by_ct():
            make = partial(self._scanned_slice, self.scanner, self.cases, self.look.reading.window)
            return await self._beside(make)
        if not self.back:
            return self.live.last_image
        make = partial(self._past.picture, self._back, self.live.settings)
        return await asyncio.get_running_loop().run_in_executor(self._own, make)

    def _scanned_slice(self, scanner: ScannerScreen, cases: Sequence[Case], window: HuWindow) -> UInt8Array:
        """What the scanner took last up to the moment that is shown."""
        made = scanner.picture(cases, window)
        return self.live.last_image if made is None else made

    def _by_ct(self) -> bool:
        """Whether the last picture is the scanner's."""
        slices_s = [taken.clock_s for taken in self.case.acquisitions[-1:]]
        beam_s = [exposure.clock_s for exposure in self.case.exposures[-1:]]
        return bool(slices_s) and not self.beam and slices_s > beam_s

    def _scanned(self, case: Case, cases: Sequence[Case]) -> Volume | None:
        """What the planes are cut through, where CT alone guides: its own scan, until the debriefing."""
        if self.scanner is None or case.guidance.has_c_arm or self.over:
            return None
        return self.scanner.volume(cases)

    async def _reference(self) -> UInt8Array | None:
        return self.live.reference

    async def _room(self) -> UInt8Array | None:
        if self.room is None:
            return None
        if not self._prepared:
            await asyncio.to_thread(prepare, self.case)
            self._prepared = True
        return self.room.picture(self.case, self.look.visibility, self.beam)

    def _plane(self, plane: Plane) -> Callable[[], Awaitable[UInt8Array | None]]:
        async def make() -> UInt8Array | None:
            case, cases, look, edge = self.case, self.cases, self.look, self._edge(plane)

            def cut() -> UInt8Array:
                scanned = self._scanned(case, cases)
                return slices.picture(case, plane, look.crosshair_mm, look.reading, edge, scanned)

            return await self._beside(cut)

        return make

    async def _disc(self) -> UInt8Array | None:
        case, cases, size = self.case, self.cases, self.look.sizes.get("disc", (388, 288))
        return None if self.exam else await self._beside(lambda: near(case, cases, size))

    async def _roots(self) -> UInt8Array | None:
        case, cases, (width, height) = self.case, self.cases, self.look.sizes.get("roots", (388, 150))
        size = (max(height, LEAST_STRIPS_PX), width)
        if self.exam or len(cases) < 2:
            return None
        return await self._beside(lambda: roots_picture(cases, size, case.clock_s))

    async def _beside(self, make: Callable[[], UInt8Array]) -> UInt8Array:
        return await asyncio.get_running_loop().run_in_executor(self._aside, make)

    async def close(self) -> None:
        """Stop the pumps and let the plotter go."""
        for pump in self.pumps.values():
            await pump.stop()
        if self.room is not None:
            self.room.close()


def near(case: Case, cases: Sequence[Case], size: tuple[int, int]) -> UInt8Array:
    """The disc from near (rows, cols, 3): both sections, manometer, pressure, and bars where there is room."""
    width, height = size
    low = max(height // 3, LEAST_STRIPS_PX)
    edge = min(width // 2, max(height - low, LEAST_STRIPS_PX))
    sections = np.hstack([disc_picture(case, cut, edge) for cut in Cut])
    wide = sections.shape[1] - low
    strips = [manometer_picture(case, low)]
    if wide >= BARS_PX:
        strips += [removed_picture(case, (low, wide // 2)), pressure_picture(cases, (low, wide - wide // 2))]
    else:
        strips += [pressure_picture(cases, (low, wide))]
    return np.vstack([sections, np.hstack(strips)])
