"""An imported patient is corrected on a page in a real browser: by hand and by keys, saved, and played on."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from page import CHROMIUM

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.anatomy.corrections import Corrections
from dekomp_sim.cli.app import main
from dekomp_sim.cli.editing import Sheet
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_patient_folder, read_yaml
from dekomp_sim.files.patient_record import PatientRecord
from dekomp_sim.files.patients import RECORD
from dekomp_sim.scenario import Story, opening
from dekomp_sim.viewer.web.editing.desk import EditDesk
from dekomp_sim.viewer.web.editing.editor import Editor

playwright_api = pytest.importorskip("playwright.sync_api")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium-like browser on this machine")

ROOT = "left L4 exiting root"
STORY = """dekomp_sim: 1
title: Mine
level: L4-L5
side: left
steps: [{do: assess_candidate}]
"""


@pytest.fixture
def patient(imported: Path, tmp_path: Path) -> Path:
    """A copy of the imported spine of blocks, to be written to."""
    return Path(shutil.copytree(imported, tmp_path / "patient"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the page of a patient's folder."""
    command = [sys.executable, "-m", "dekomp_sim", "import", "--edit", str(folder), "--no-window"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


class Visitor:
    """A tab on the page, and everything it asked of the net or complained about."""

    def __init__(self, tab: Any, url: str) -> None:
        self.tab = tab
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        tab.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or "none"))
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(url)
        tab.wait_for_selector("[data-test=edit]", timeout=30_000)
        tab.wait_for_function("document.querySelector('[data-test=pane-axial]').dataset.drawn > 0", timeout=20_000)

    def at(self, words: str) -> np.ndarray:
        """Where the list says that a point lies."""
        return np.array(list(map(float, self.tab.get_attribute(f"[data-test='point-{words}']", "data-at").split())))

    def until(self, words: str, at_mm: np.ndarray) -> None:
        """Wait until a point lies there."""
        test = """([name, at]) => document.querySelector(`[data-test='${name}']`).dataset.at.split(' ')
            .every((part, axis) => Math.abs(Number(part) - at[axis]) < 0.02)"""
        self.tab.wait_for_function(test, arg=[f"point-{words}", at_mm.tolist()], timeout=10_000)

    def wait(self, test: str, state: str = "visible") -> None:
        self.tab.wait_for_selector(f"[data-test={test}]", state=state, timeout=10_000)

    def drag(self, words: str, by_px: tuple[float, float]) -> float:
        """Drag a point on the axial picture, whose middle is the level's disc's; mm per pixel of the screen."""
        canvas = self.tab.locator("[data-test=pane-axial] canvas")
        box = canvas.bounding_box()
        mm = 110.0 / min(box["width"], box["height"])
        across, down, _ = (self.at(words) - self.at("L4-L5 disc")) / mm
        x, y = box["x"] + box["width"] / 2.0 + across, box["y"] + box["height"] / 2.0 + down
        self.tab.mouse.move(x, y)
        self.tab.mouse.down()
        self.tab.mouse.move(x + by_px[0] / 2.0, y + by_px[1] / 2.0)
        self.tab.mouse.move(x + by_px[0], y + by_px[1])
        self.tab.mouse.up()
        return float(mm)


@contextmanager
def visited(url: str) -> Iterator[Visitor]:
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visitor = Visitor(chromium.new_context(viewport={"width": 1280, "height": 720}).new_page(), url)
        yield visitor
        chromium.close()
    assert visitor.hosts == {"127.0.0.1"}
    assert visitor.complaints == []


@needs_browser
def test_a_root_dragged_on_the_page_is_saved_where_it_was_put_and_the_case_opens_on_it(patient: Path) -> None:
    before = {strand.name: strand.path_mm for strand in load_patient_folder(patient).strands}
    untouched = (patient / RECORD).read_text()

    with served(patient) as url, visited(url) as page:
        page.tab.click("[data-test='level-L4-L5']")
        page.tab.click(f"[data-test='point-{ROOT}, 5']")
        page.tab.wait_for_selector(".task.chosen:has-text('left L4 exiting root, 5')")
        start = page.at(f"{ROOT}, 5")
        page.tab.wait_for_timeout(500)  # the picture of its plane
        mm = page.drag(f"{ROOT}, 5", (21.0, -14.0))
        put = start + np.array([21.0 * mm, -14.0 * mm, 0.0])
        page.until(f"{ROOT}, 5", put)
        assert (patient / RECORD).read_text() == untouched
        told = page.tab.inner_text(f"[data-test='gap-{ROOT}']")
        page.tab.click("[data-test=save]")
        page.tab.wait_for_selector("[data-test=edit][data-unsaved=false]")

    record = read_yaml(patient / RECORD, PatientRecord)
    [nerve] = record.nerves
    assert (nerve.name, nerve.placed.value) == (ROOT, "edited")
    assert nerve.moved_mm == pytest.approx(np.hypot(21.0 * mm, 14.0 * mm), abs=0.02)
    assert all(level.disc is not None and level.disc.placed.value == "auto" for level in record.levels)
    opened = load_patient_folder(patient)
    after = {strand.name: strand.path_mm for strand in opened.strands}
    np.testing.assert_allclose(after[ROOT][4], put, atol=0.02)
    np.testing.assert_allclose(np.delete(after[ROOT], 4, 0), np.delete(before[ROOT], 4, 0), atol=1e-3)
    assert re.search(r"left L4 exiting root: -?\d+\.\d mm \(± 1\.5\)", told)
    (patient / "mine.yaml").write_text(STORY)
    case = opening(read_yaml(patient / "mine.yaml", Story), opened)
    np.testing.assert_array_equal(next(s for s in case.patient.strands if s.name == ROOT).path_mm, after[ROOT])


@needs_browser
def test_a_patient_is_corrected_by_keys_alone(patient: Path) -> None:
    """Tab and Enter choose, numbers are typed, Ctrl+Z takes back, Ctrl+S saves; Alt and arrows nudge."""
    with served(patient) as url, visited(url) as page:
        tab = page.tab
        tab.focus("[data-test='level-L4-L5']")
        tab.keyboard.press("Enter")
        tab.focus("[data-test='point-L4-L5 disc']")
        tab.keyboard.press("Enter")
        disc = page.at("L4-L5 disc")
        tab.focus("[data-test=at-x]")
        tab.keyboard.press("Control+A")
        tab.keyboard.type(f"{disc[0] + 2.5:.2f}")
        tab.keyboard.press("Enter")
        page.until("L4-L5 disc", disc + np.array([2.5, 0.0, 0.0]))
        tab.focus("[data-test=pane-axial] canvas")
        tab.keyboard.press("Alt+ArrowDown")
        page.until("L4-L5 disc", disc + np.array([2.5, 0.5, 0.0]))
        tab.keyboard.press("Control+z")
        page.until("L4-L5 disc", disc + np.array([2.5, 0.0, 0.0]))
        for name, value in (("azimuth", "60"), ("depth", "6.5"), ("width", "30")):
            tab.focus(f"[data-test=h-{name}]")
            tab.keyboard.press("Control+A")
            tab.keyboard.type(value)
        tab.focus("[data-test=h-side]")
        tab.keyboard.type("right")
        tab.focus("[data-test=h-width]")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("[data-test='point-L4-L5 herniation']")
        tab.focus("[data-test=h-depth]")
        tab.keyboard.press("Control+A")
        tab.keyboard.type("99")
        tab.keyboard.press("Enter")
        page.wait("refusal")
        assert "found 99.0; allowed: 0.5 to 15" in tab.inner_text("[data-test=refusal]")
        tab.keyboard.press("Control+s")
        tab.wait_for_selector("[data-test=edit][data-unsaved=false]")

    record = read_yaml(patient / RECORD, PatientRecord)
    moved = {level.level: level.disc for level in record.levels if level.disc and level.disc.placed.value == "edited"}
    assert set(moved) == {Level.L4_L5}
    np.testing.assert_allclose(moved[Level.L4_L5].centre_mm, disc + np.array([2.5, 0.0, 0.0]), atol=0.006)
    own = record.herniation
    assert own is not None
    assert (own.level, own.side, own.azimuth_deg, own.depth_mm) == (Level.L4_L5, Side.RIGHT, 60.0, 6.5)
    opened = load_patient_folder(patient, read_yaml(Path("scenarios/l4l5_left_posterolateral.yaml"), Story).protrusions)
    protrusion = opened.discs[Level.L4_L5].protrusion
    assert protrusion is not None
    assert (protrusion.side, protrusion.depth_mm) == (Side.RIGHT, 6.5)


def test_a_record_changed_meanwhile_is_not_written_over(patient: Path) -> None:
    sheet = Sheet(patient)
    changed = (patient / RECORD).read_text() + "# by hand\n"
    (patient / RECORD).write_text(changed)

    with pytest.raises(InputError, match="found a record that was changed since it was opened"):
        sheet.write(sheet.record)
    assert (patient / RECORD).read_text() == changed


def test_a_record_of_a_later_version_is_named(patient: Path) -> None:
    text = (patient / RECORD).read_text()
    (patient / RECORD).write_text(text.replace("\nformat: 2\n", "\nformat: 3\n"))

    with pytest.raises(InputError, match=r"found format 3; allowed: up to 2\. It was written by dekomp_sim"):
        load_patient_folder(patient)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--edit", "nowhere"], "nowhere: found no patient.yaml; allowed: the folder of an imported patient"),
        (["scan.nii", "--edit", "patient"], "--edit: found a scan as well; allowed: --edit FOLDER alone"),
        (["-o", "patient"], "dekomp-sim import: found no SCAN"),
        (["scan.nii"], "dekomp-sim import: found no -o FOLDER"),
    ],
)
def test_what_cannot_be_edited_is_answered_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    monkeypatch.setattr("sys.argv", ["dekomp-sim", "import", *words])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "message",
    [
        None, {}, {"what": "boom"}, {"what": "choose", "id": 7}, {"what": "choose", "id": "disc|L9|0"},
        {"what": "choose", "id": "station|nobody|x"}, {"what": "level", "level": "../.."},
        {"what": "move", "id": "disc|L4-L5|0", "x": float("nan"), "y": 0, "z": 0},
        {"what": "move", "id": "disc|L4-L5|0", "x": 1e9, "y": 0, "z": 0},
        {"what": "size", "pane": "room", "width": 10**9, "height": 5},
        {"what": "scroll", "pane": "axial", "times": 1e6},
        {"what": "herniation", "on": True, "side": "both", "azimuth_deg": 1, "depth_mm": 1, "width_deg": 30},
        {"what": "pointer", "pane": "axial", "phase": "down", "x": "a", "y": 0}, {"what": "begin"}, {"what": "_show"},
    ],
)  # fmt: skip
def test_a_message_that_the_page_does_not_send_is_refused_in_one_sentence(glass: Patient, message: Any) -> None:
    placed = Corrections({level: replace(disc, protrusion=None) for level, disc in glass.discs.items()})
    desk = EditDesk(Editor(glass, placed.discs, placed), "", lambda _: pytest.fail("saved"))

    answer = asyncio.run(desk.asked(message))

    assert len({"error", "refusal"} & set(answer)) == len(answer) == 1
    assert ".py" not in str(answer)
