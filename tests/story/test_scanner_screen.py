"""The scanner's screen in a case done by hand: what is on it, its slices, and planes cut through what was scanned."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from by_hand import a_story

from dekomp_sim.anatomy import Patient
from dekomp_sim.errors import InputError
from dekomp_sim.imaging.ct.display import HuWindow
from dekomp_sim.procedure import Guidance
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.actions import CtFluoroscopy
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.readouts import readouts
from dekomp_sim.viewer.panes.scanner import NOTHING, ScannerScreen
from dekomp_sim.viewer.panes.slices import EXAM, Plane, picture
from dekomp_sim.viewer.practice import hands
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.keys import Command
from dekomp_sim.viewer.practice.obeying import obeyed
from dekomp_sim.viewer.practice.session import Mode, Session
from dekomp_sim.viewer.web.case.pointing import Pointer, Touch
from dekomp_sim.viewer.web.case.screen import stand_told
from dekomp_sim.viewer.web.case.screens import Screens

WINDOW = HuWindow(40.0, 400.0)
QUICK = {"field_mm": 300.0, "thickness_mm": 8.0}


@pytest.fixture(scope="module")
def session(glass: Patient) -> Session:
    """On the couch, in an examination."""
    made = Session(replace(a_story(), guidance=Guidance.CT), glass, Mode.EXAM)
    for action in (do.AssessCandidate(), do.Consent(), do.PositionProne()):
        assert made.act(action).refusal is None
    return made


def cases(session: Session) -> list[Any]:
    return [moment.case for moment in session.moments]


def test_nothing_is_on_the_screen_before_the_first_slice(session: Session, glass: Patient) -> None:
    screen = ScannerScreen(glass)
    assert screen.picture(cases(session)[:4], WINDOW) is None
    assert screen.volume(cases(session)[:4]) is NOTHING


def test_planes_show_what_was_scanned_and_nothing_else(session: Session, glass: Patient) -> None:
    """Cut through the scan: muscle of 40 HU where it went, air beyond its ends, though the patient goes on."""
    assert session.perform("ct_scan", {"from_mm": -24.0, "to_mm": 24.0, **QUICK}).refusal is None
    seen = ScannerScreen(glass).volume(cases(session))
    at = np.array([[60.0, 0.0, -14.0], [60.0, 0.0, 14.0], [60.0, 0.0, 60.0], [60.0, 0.0, -60.0]])
    assert seen.hu_at(at)[:2] == pytest.approx([40.0, 40.0], abs=60.0)  # noise of one voxel
    assert seen.hu_at(at)[2:].tolist() == [-1000.0, -1000.0]
    assert glass.volume.hu_at(at).tolist() == [40.0] * 4
    coronal = picture(session.case, Plane.CORONAL, (60.0, 0.0, 0.0), EXAM, 128, seen)
    perfect = picture(session.case, Plane.CORONAL, (60.0, 0.0, 0.0), EXAM, 128)
    assert coronal[20, 100].max() == 0
    assert perfect[20, 100].max() > 0


def test_planes_of_any_direction_are_cut_through_a_leaning_scan(session: Session, glass: Patient) -> None:
    """With the gantry leant the stack is sheared; a point of the skin still lies where it is."""
    leaning = Session(session.story, glass)
    for moment in session.moments[1:4]:
        assert moment.action is not None
        leaning.act(moment.action)
    leaning.act(do.MoveGantry(tilt_deg=20.0))
    leaning.perform("ct_scan", {"from_mm": -16.0, "to_mm": 16.0, **QUICK})
    seen = ScannerScreen(glass).volume(cases(leaning))
    column = np.array([[30.0, y, np.tan(np.radians(20.0)) * y] for y in np.arange(50.0, 90.0, 0.5)])
    edge = column[int(np.argmax(seen.hu_at(column) < -480.0)), 1]
    assert edge == pytest.approx(73.0, abs=3.0)  # a voxel and a breath


def test_the_wheel_goes_through_the_slices_of_the_scan(session: Session, glass: Patient) -> None:
    screen = ScannerScreen(glass)
    middle = screen.picture(cases(session), WINDOW)
    number = screen.number
    screen.step(1)
    higher = screen.picture(cases(session), WINDOW)
    assert screen.number == number + 1
    assert middle is not None
    assert higher is not None
    assert not np.array_equal(middle, higher)
    screen.step(100)
    screen.picture(cases(session), WINDOW)
    assert screen.number == 5
    assert np.array_equal(higher, _again(screen, session, number + 1))


def _again(screen: ScannerScreen, session: Session, number: int) -> Any:
    screen.number = number
    return screen.picture(cases(session), WINDOW)


def test_a_pixel_of_the_slice_is_a_point_of_the_patient_and_back(session: Session, glass: Patient) -> None:
    """The back is on top and the left at the left: the skin of the back is up, a point on the left is left."""
    screen = ScannerScreen(glass)
    assert screen.point_of(0.0, 0.0) is None
    assert screen.pixel_of([0.0, 0.0, 0.0]) is None
    screen.picture(cases(session), WINDOW)
    point = screen.point_of(100.0, 60.0)
    assert point is not None
    assert screen.pixel_of(point) == pytest.approx((100.0, 60.0))
    left = screen.pixel_of([40.0, 0.0, 0.0])
    back = screen.pixel_of([0.0, 60.0, 0.0])
    middle = screen.pixel_of([0.0, 0.0, 0.0])
    assert left is not None
    assert back is not None
    assert middle is not None
    assert left[0] < middle[0]
    assert back[1] < middle[1]
    assert (middle[1] - back[1]) * 300.0 / screen.edge() == pytest.approx(60.0)


def test_the_pedal_of_a_scanner_is_a_quick_check(session: Session) -> None:
    before = len(session.case.acquisitions)
    assert session.pedal_down().refusal is None
    assert not session.pedal_held
    assert isinstance(session.moments[-1].action, CtFluoroscopy)
    assert len(session.case.acquisitions) == before + 1


def test_the_key_of_a_picture_to_keep_takes_a_slice(session: Session) -> None:
    _, outcome = obeyed(session, Hand(), Command.SPOT)
    assert outcome is not None
    assert outcome.refusal is None
    assert isinstance(session.moments[-1].action, do.CtStep)


def test_a_hand_is_held_under_a_line_of_the_grid(session: Session) -> None:
    with pytest.raises(InputError, match="lay_grid first"):
        hands.under_grid(session.case, Hand(), "C")
    assert session.act(do.LayGrid()).refusal is None
    held = hands.under_grid(session.case, Hand(), "E")
    assert held.entry is not None
    assert (held.entry.x_mm, held.entry.z_mm) == pytest.approx((20.0, session.case.couch.table_mm))
    with pytest.raises(InputError, match="A to O"):
        hands.under_grid(session.case, Hand(), "Z")


def test_the_console_offers_the_machine_that_is_there(session: Session) -> None:
    told = stand_told(session.case, session.moments)
    assert told["views"] == []
    assert told["scanner"]["through"] == ["disc", "way"]
    names = [name for name, _ in readouts(session.case).lines]
    assert names == ["Slice", "CT pedal", "DLP"]


def test_a_touch_on_the_slice_aims_and_moves_the_entry_within_it(session: Session, glass: Patient) -> None:
    """A press with Aim on sets the aim in the slice's plane; with Shift held the entry is moved."""
    with ThreadPoolExecutor(1) as aside:
        screens = Screens(Live(glass), None, (aside, aside), session.case, Wire(), exam=True)  # type: ignore[arg-type]
        screens.cases = cases(session)
        assert screens.scanner is not None
        screens.scanner.picture(screens.cases, WINDOW)
        pointer = Pointer(screens)
        pointer.aiming = True
        aimed = pointer.touched(Touch("live", "down", 300.0, 200.0), Hand())
        moved = pointer.touched(Touch("live", "down", 200.0, 90.0, shift=True), aimed)
        shown = screens.marks({"aim": screens.look.crosshair_mm})["live"]
    height = session.case.acquisitions[-1].centre_mm[2]
    assert aimed.aim is not None
    assert moved.entry is not None
    assert (aimed.aim.z_mm, moved.entry.z_mm) == pytest.approx((height, height))
    assert moved.entry.x_mm > aimed.aim.x_mm  # farther left on the screen, farther to the patient's left
    assert moved.entry.y_mm > aimed.aim.y_mm  # higher on the screen, nearer to the back
    assert shown == [{"name": "aim", "x": pytest.approx(300.0 / 512.0), "y": pytest.approx(200.0 / 512.0)}]


class Wire:
    """Takes what the page would get."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def show(self, message: Any) -> None:
        self.shown.append(message)


def test_the_live_pane_is_the_scanners_once_a_slice_was_taken(session: Session, glass: Patient) -> None:
    """Of the panes in an examination under CT: the live one shows the slice, the planes its scan alone."""

    async def looked() -> tuple[Any, Any]:
        with ThreadPoolExecutor(1) as aside:
            threads, before = (aside, aside), session.moments[3].case
            screens = Screens(Live(glass), None, threads, before, Wire(), exam=True)  # type: ignore[arg-type]
            dark = await screens._live()
            screens.show(session.case, cases(session))
            return dark, await screens._live()

    dark, slice_ = asyncio.run(looked())
    assert slice_ is not None
    assert slice_.shape == (512, 512)
    assert not np.array_equal(dark, slice_)
