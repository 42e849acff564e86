"""Whether memory stays flat: frames, cases opened and left, pages that come and go.

    python benchmarks/soak.py                 # an hour's 54 000 pictures at 15/s, as fast as they are made
    python benchmarks/soak.py --frames 3000   # a look

A pulse costs 28 ms of processor time: 54 000 take half an hour where nothing else runs.

Prints the resident memory at twenty marks, with the minutes gone and about those to come, and exits with 1 where the
second half grew by more than 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from dekomp_sim.cli.view import Openings, Request
from dekomp_sim.files import read_yaml, shipped
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.session import Mode
from dekomp_sim.viewer.probe import probe
from dekomp_sim.viewer.web.desk import Desk
from dekomp_sim.viewer.web.server import Address, Wire, serve

STORY = "l4l5_left_posterolateral"
ALLOWED = 1.05
BEGINNING = ("assess_candidate", "consent", "give_antibiotic", "position_prone", "time_out", "prepare_sterile_field")


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def desk() -> Desk:
    story = read_yaml(shipped("scenarios", STORY), Story)
    request = Request((STORY, STORY), Path(tempfile.mkdtemp()), real_time=False)
    openings = Openings(request, probe(), Console(quiet=True))
    return Desk([story, story], openings.open, Mode.PRACTICE)


class Crowd:
    """Pages that draw whatever they are sent at once."""

    def __init__(self, answering: Desk) -> None:
        self._desk, self.shown = answering, 0
        self._said: set[asyncio.Task[Any]] = set()

    def wire(self) -> Wire:
        return Wire(lambda keys: None, self._draw)

    def _draw(self, picture: dict[str, Any]) -> None:
        self.shown += 1
        drawn = {"what": "drawn", "pane": picture["pane"], "number": picture["number"]}
        task = asyncio.get_running_loop().create_task(self._desk.asked(drawn))
        self._said.add(task)
        task.add_done_callback(self._said.discard)


async def frames(count: int) -> list[float]:
    """Memory after each twentieth of a case in which the pedal is held and the needle moves now and then."""
    answering = desk()
    crowd = Crowd(answering)
    await answering.begin(crowd.wire())
    await begun(answering)
    sitting = answering._sitting
    assert sitting is not None
    found, begun_s = [], time.monotonic()
    for number in range(count):
        await sitting._work(sitting.foot.pulse)
        sitting.screens.renew()
        if number % 50 == 49:
            command = Command.FINE_FORWARD if number % 100 == 49 else Command.FINE_BACK
            await sitting.command(command, None, 1)
        await asyncio.sleep(0)
        if (number + 1) % max(count // 20, 1) == 0:
            found.append(resident_mb())
            gone_min = (time.monotonic() - begun_s) / 60.0
            more_min = gone_min * (count / (number + 1) - 1.0)
            took = f"after {gone_min:.1f} min, about {more_min:.0f} more"
            print(f"{number + 1:6d} pulses, {crowd.shown:6d} pictures sent: {found[-1]:.0f} MB {took}", flush=True)
    await answering.end()
    return found


async def begun(answering: Desk) -> None:
    await answering.asked({"what": "open", "number": 0, "mode": "practice"})
    panes = ["live", "reference", "room", "axial", "coronal", "sagittal", "along", "disc", "roots"]
    await answering.asked({"what": "watch", "page": "soak", "panes": panes})
    for do in BEGINNING:
        await answering.asked({"what": "perform", "do": do, "values": {}})
    await answering.asked({"what": "perform", "do": "set_view", "values": {"view": "lateral"}})
    await answering.asked({"what": "perform", "do": "insert", "values": {"instrument": "anaesthetic_needle"}})
    await answering.asked({"what": "command", "command": "pedal", "phase": "down"})
    assert answering._sitting is not None
    await answering._sitting.foot.stop()  # the soak gives the pulses itself, as fast as they are made


async def cases(count: int) -> list[float]:
    """Memory after each case that was opened, begun and left."""
    answering = desk()
    crowd = Crowd(answering)
    await answering.begin(crowd.wire())
    found = []
    for number in range(count):
        await begun(answering)
        await asyncio.sleep(1.0)
        await answering.asked({"what": "leave"})
        found.append(resident_mb())
        print(f"case {number + 1:3d} left: {found[-1]:.0f} MB", flush=True)
    return found


def reconnects(count: int) -> list[float]:
    """Memory as pages come and go."""
    found: list[float] = []

    async def come_and_go(url: str) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(url) as answer:
                await answer.read()
            root = url.split("/enter")[0]
            headers = {"Origin": root}
            for number in range(count):
                async with session.ws_connect(f"{root}/ws", headers=headers):
                    await asyncio.sleep(0.05)
                if (number + 1) % max(count // 10, 1) == 0:
                    found.append(resident_mb())
                    print(f"{number + 1:5d} pages came and went: {found[-1]:.0f} MB", flush=True)

    tasks: list[asyncio.Task[None]] = []

    def ready(url: str, end: Any) -> None:
        task = asyncio.get_running_loop().create_task(come_and_go(url))
        task.add_done_callback(lambda _: end())
        tasks.append(task)

    serve(desk(), Address(), ready)
    tasks[0].result()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=54_000)
    asked = parser.parse_args()
    grown = False
    for what, found in (
        ("frames", asyncio.run(frames(asked.frames))),
        ("cases", asyncio.run(cases(10))),
        ("reconnects", reconnects(200)),
    ):
        half, last = found[len(found) // 2], found[-1]
        grown = grown or last > ALLOWED * half
        print(f"{what}: {half:.0f} MB halfway, {last:.0f} MB at the end")
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
