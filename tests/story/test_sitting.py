"""What one case tells its pages, without a browser: pictures of both planes, looking back, a turning C-arm, sounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.procedure import Case
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.case import Machine
from dekomp_sim.procedure.events import Pain, Startled
from dekomp_sim.scenario import Story
from dekomp_sim.viewer.panes.fluoroscopy import Live, dark
from dekomp_sim.viewer.practice.pedal import last_taken
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.web.case import screen
from dekomp_sim.viewer.web.case.sitting import Opened, Sitting
from dekomp_sim.viewer.web.server import Wire

pytestmark = pytest.mark.usefixtures("planned_once")

ON_THE_TABLE = ("assess_candidate", "consent", "position_prone")


class Page:
    """What a page would know: the state as it was told last, and every picture."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.pictures: dict[str, list[dict[str, Any]]] = {}
        self.sitting: Sitting | None = None

    def show(self, picture: dict[str, Any]) -> None:
        self.pictures.setdefault(picture["pane"], []).append(picture)
        assert self.sitting is not None
        self.sitting.screens.pumps[picture["pane"]].drawn(picture["number"])

    async def last(self, pane: str) -> np.ndarray[Any, Any]:
        """The newest grey picture of a pane, once no more is on its way."""
        assert self.sitting is not None
        await self.sitting.screens.pumps[pane].settled()
        picture = self.pictures[pane][-1]
        return np.frombuffer(picture["data"], dtype=np.uint8).reshape(picture["height"], picture["width"])


def sat(patient: Patient, told: Callable[[Sitting, Page], Awaitable[None]], planes: int = 1) -> None:
    """Tell a story of a case that is open, on the table, and watched."""
    story = Story(1, "a case by hand", Level.L4_L5, Side.LEFT, (do.Consent(),), machine=Machine(planes=planes))

    async def run() -> None:
        page, session = Page(), Session(story, patient)
        opened = Opened(session, Live(patient, threads=1), None, lambda _: Path(), lambda: None)
        sitting = page.sitting = Sitting(opened, Wire(page.state.update, page.show), several=False)
        await sitting.begin()
        sitting.screens.watched("page", ["live", "reference"])
        for word in ON_THE_TABLE:
            assert await sitting.perform(word, {}) == {}
        await told(sitting, page)
        await sitting.close()

    asyncio.run(run())


def seen(case: Case) -> Live:
    """What the screens show of a case's last exposure."""
    live = Live(case.patient, threads=1)
    live.frame(last_taken(case))
    live.hold()
    return live


def test_a_second_plane_is_shown_beside_the_first_by_button_and_by_pedal(glass: Patient) -> None:
    async def told(sitting: Sitting, page: Page) -> None:
        assert await sitting.perform("set_view", {"view": "biplane"}) == {}
        assert await sitting.perform("expose", {"frames": 1}) == {}
        expected = seen(sitting.session.case)
        assert np.array_equal(await page.last("live"), expected.last_image)
        assert np.array_equal(await page.last("reference"), expected.reference)
        assert (expected.reference != expected.last_image).mean() > 0.3
        count = len(page.pictures["reference"])
        await sitting.pedal_down()
        while len(page.pictures["reference"]) < count + 3:
            await asyncio.sleep(0.01)
        await sitting.pedal_up()
        assert len({picture["data"] for picture in page.pictures["reference"][count:]}) >= 3, "noise differs"

    sat(glass, told, planes=2)


def test_looking_back_shows_what_stood_on_the_screen_then_and_says_so(glass: Patient) -> None:
    async def told(sitting: Sitting, page: Page) -> None:
        for view in ("ap", "lateral"):
            assert await sitting.perform("set_view", {"view": view}) == {}
            assert await sitting.perform("expose", {"spot": True}) == {}
        now, moments = await page.last("live"), sitting.session.moments
        assert await sitting.scrub(len(moments) - 3) == {}
        then = await page.last("live")
        assert np.array_equal(then, seen(moments[-3].case).last_image)
        assert (then != now).mean() > 0.3
        assert page.state["status"]["looking_back"] is True
        assert page.state["status"]["looked_at"] == page.state["timeline"]["words"].split()[0]
        assert set(sitting.store()) == {"refusal"}
        assert await sitting.scrub(1) == {}
        assert np.array_equal(await page.last("live"), dark())
        assert await sitting.scrub(None) == {}
        assert np.array_equal(await page.last("live"), now)
        assert page.state["status"]["looking_back"] is False

    sat(glass, told)


def test_pulses_of_a_moved_needle_are_counted_once(glass: Patient) -> None:
    async def told(sitting: Sitting, page: Page) -> None:
        assert await sitting.perform("set_view", {"view": "ap"}) == {}
        await sitting.pedal_down()
        await sitting.foot.stop()  # pulses come by hand
        for _ in range(3):
            assert await sitting._work(sitting.foot.pulse)
        given = sitting.foot.given
        assert given is not None
        assert await sitting.perform("ask_patient", {}) == {}
        frames = sum(one.frames for one in sitting.session.case.exposures)
        assert dict(page.state["readouts"])["Pictures"] == f"{frames} + 0 spots"
        assert frames == given.number + 1
        await sitting.pedal_up()

    sat(glass, told)


def test_a_held_c_arm_tells_its_angles_and_takes_no_picture(glass: Patient) -> None:
    async def told(sitting: Sitting, page: Page) -> None:
        assert await sitting.perform("set_view", {"view": "ap"}) == {}
        await page.last("live")
        count, pictures = len(sitting.session.moments), len(page.pictures["live"])
        for left_deg in (3.0, 8.0, 20.0):
            assert await sitting.swing(left_deg, 2.0, held=True) == {}
            assert (page.state["console"]["left_deg"], page.state["console"]["cranial_deg"]) == (left_deg, 2.0)
            assert not any(view["on"] for view in page.state["console"]["views"])
        assert len(sitting.session.moments) == count
        beyond = await sitting.swing(20.0, 90.0, held=True)
        assert set(beyond) == {"refusal"}
        assert page.state["console"]["cranial_deg"] == 2.0, "it stops"
        assert await sitting.swing(20.0, 2.0) == {}
        assert len(sitting.session.moments) == count + 1
        assert len(page.pictures["live"]) == pictures

    sat(glass, told)


def test_what_is_heard_has_its_words_and_ratings_their_halves(opened: Case) -> None:
    pain = Pain(1.0, 6.5, "Ouch!", Structure.SKIN)
    start = Startled(1.0, 6.5, (2.0, 0.0, 0.0), "trocar_cannula", 1.25)
    later = replace(opened, events=(*opened.events, pain, start))
    for mode in Mode:
        assert screen.sounds_of(opened, later, mode) == [
            ("pain", "[groan: 6.5 of 10]"),
            ("startle", f"[gasp: {start.words}]"),
        ]
    assert "slips 1.2 mm deeper" in start.words
    felt = screen.bedside_told(replace(later, clock_s=1.0), Mode.PRACTICE)["bedside"]
    assert (felt["pain"], felt["pain_words"]) == (6.5, "6.5 of 10")
