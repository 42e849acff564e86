"""Pictures on their way to the page: the newest request wins, and none waits behind an older one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image

from dekomp_sim.arrays import UInt8Array

QUALITY: Final = 88
"""JPEG quality of coloured pictures. Assumption: above 85 no artefact shows at the size of a pane."""

AHEAD: Final = 2
"""Pictures of a pane that may be on their way: one travels while the one before is drawn."""

PATIENCE_S: Final = 0.4
"""How long the next picture of a pane waits for a page to say that it has drawn the last: a tab that sleeps says
nothing, and must not hold up the others."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as it travels: `form` is "gray" (a byte per pixel) or "jpeg"; `moment` tells which moment it shows."""

    pane: str
    number: int
    width: int
    height: int
    form: str
    data: bytes
    moment: int

    def message(self) -> dict[str, Any]:
        """What the page is sent."""
        return {
            "pane": self.pane, "number": self.number, "width": self.width, "height": self.height,
            "form": self.form, "data": self.data, "moment": self.moment,
        }  # fmt: skip


def encoded(pane: str, number: int, picture: UInt8Array, moment: int = 0) -> Frame:
    """A picture (rows, cols) as bytes as they are, (rows, cols, 3) as JPEG: grey levels of an X-ray stay whole."""
    rows, cols = picture.shape[:2]
    if picture.ndim == 2:
        return Frame(pane, number, cols, rows, "gray", np.ascontiguousarray(picture).tobytes(), moment)
    data = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(data, "JPEG", quality=QUALITY, subsampling=0)
    return Frame(pane, number, cols, rows, "jpeg", data.getvalue(), moment)


Making = Callable[[], Awaitable[UInt8Array | None]]


class Pump:
    """One pane's pictures: one is made at a time, few are on their way, and only the newest wish is kept.

    Parameters
    ----------
    pane
        Its name on the page.
    make
        Makes the picture of what is true now, or None where there is none to show.
    send
        Puts a frame on the wire.
    moment
        Which moment a picture that is begun now will show.
    apart_s
        Least time between two pictures now: what changes one by one is shown at once, a stream leaves others room.
    """

    def __init__(
        self,
        pane: str,
        make: Making,
        send: Callable[[Frame], None],
        moment: Callable[[], int],
        apart_s: Callable[[], float],
    ) -> None:
        self.pane = pane
        self.last: Frame | None = None
        self._make, self._send, self._moment, self._apart_s = make, send, moment, apart_s
        self._wanted = self._made = self._number = self._seen = 0
        self._begun_s = -math.inf
        self._task: asyncio.Task[None] | None = None
        self._drawn = asyncio.Event()

    def want(self) -> None:
        """Ask for a new picture; returns at once."""
        self._wanted += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"pump {self.pane}")

    def again(self) -> None:
        """Send the last picture once more: a page has come in."""
        if self.last is not None:
            self._send(self.last)

    def drawn(self, number: int) -> None:
        """A page has drawn a picture."""
        self._seen = max(self._seen, min(number, self._number))
        self._drawn.set()

    async def settled(self) -> None:
        """Wait until what was wanted is on its way."""
        if self._task is not None:
            await self._task

    async def _push(self, picture: UInt8Array, moment: int) -> None:
        """Put a picture on the wire, once there is room for it."""
        while self._number - self._seen >= AHEAD:
            self._drawn.clear()
            try:
                await asyncio.wait_for(self._drawn.wait(), PATIENCE_S)
            except TimeoutError:
                self._seen = self._number
        self._number += 1
        self.last = encoded(self.pane, self._number, picture, moment)
        self._send(self.last)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._made != self._wanted:
            await asyncio.sleep(max(self._begun_s + self._apart_s() - loop.time(), 0.0))
            self._begun_s = loop.time()
            wanted, moment = self._wanted, self._moment()
            made = await self._make()
            self._made = wanted
            if made is not None:
                await self._push(made, moment)

    async def stop(self) -> None:
        """Let go of what is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
