"""Regression scenes as a developer meets them: nothing changed, something did, and what a broken baseline says."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.app import main
from dekomp_sim.errors import InputError
from dekomp_sim.procedure.clinic import vitals
from dekomp_sim.procedure.fluoroscopy import pictures
from dekomp_sim.regress import baseline, scene
from dekomp_sim.regress.scene import judge, perform, renew, scene_of, scenes_in

pytestmark = pytest.mark.usefixtures("planned_once")

SHORT = """
dekomp_sim: 1
title: a needle and a picture
level: L4-L5
side: left
steps:
  - {do: assess_candidate}
  - {do: consent}
  - {do: position_prone}
  - {do: time_out, level: L4-L5, side: left}
  - {do: prepare_sterile_field}
  - {do: insert, instrument: discography_needle}
  - {do: advance, instrument: discography_needle, to: annulus, offset_mm: -5}
  - {do: set_view, view: lateral}
  - {do: expose, spot: true, note: "the needle's tip"}
  - {do: remove, instrument: discography_needle}
"""

Dekomp = Callable[..., tuple[int, str, str]]


@pytest.fixture
def dekomp(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, coarse_phantom: Patient, tmp_path: Path
) -> Dekomp:
    """`dekomp-sim regress WORDS` in a folder with one scene, on the coarse phantom: exit code, output, errors."""
    monkeypatch.setattr(scene, "patient_of", lambda story: coarse_phantom)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "needle.yaml").write_text(SHORT)

    def regress(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "regress", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return regress


@pytest.fixture(scope="module")
def first(coarse_phantom: Patient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline of the scene, written once."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "needle.yaml").write_text(SHORT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "patient_of", lambda story: coarse_phantom)
        renew(scene_of(folder / "needle.yaml"))
    return folder / "baselines"


@pytest.fixture
def written(dekomp: Dekomp, first: Path, tmp_path: Path) -> Path:
    """The scene's baseline, as it was just written."""
    copied: Path = shutil.copytree(first, tmp_path / "scenes" / "baselines")
    return copied / "needle"


def test_what_has_not_changed_passes_and_the_baseline_can_be_read(dekomp: Dekomp, written: Path) -> None:
    code, said, wrong = dekomp("scenes")
    assert (code, wrong) == (0, "")
    assert "needle: the same; " in said
    assert "calibration loops: " in said
    assert not Path("regress.html").exists()
    assert sorted(path.name for path in written.iterdir()) == ["state.yaml", "step_009.png"]
    text = (written / "state.yaml").read_text()
    assert len(text) < 8_000
    assert "  - step: 7\n    do: advance\n    changed:\n      clock_s: " in text
    assert "      discography_needle.tip_mm: [" in text
    assert "    gone: [discography_needle.tip_mm" in text
    assert b"SIMULATED" in (written / "step_009.png").read_bytes()


def test_changed_physics_fail_and_are_told_with_the_step_and_in_a_page(
    dekomp: Dekomp, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "REST", vitals.REST._replace(heart_bpm=72.0001))
    code, said, _ = dekomp("scenes", "--page", "changed.html")
    assert code == 1
    assert "needle: changed" in said
    assert "  step 0 (opening): heart_bpm was 72, is 72.0001 (and at 10 later steps)" in said
    page = Path("changed.html").read_text()
    assert "1 of 1 scenarios changed" in page
    assert "72.0001" in page
    assert "data:image" not in page, "the pictures are what they were"


def test_a_hidden_instrument_fails_and_the_page_shows_before_after_and_difference(
    dekomp: Dekomp, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "solids", lambda placement: ())
    code, said, _ = dekomp("scenes")
    assert code == 1
    assert "  step 9: picture step_009.png: similarity 0." in said
    page = Path("regress.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "the needle&#39;s tip" in page
    assert "http" not in page, "nothing is fetched"


def test_an_edited_scenario_is_named_as_the_cause(dekomp: Dekomp, written: Path) -> None:
    Path("scenes/needle.yaml").write_text(SHORT.replace("offset_mm: -5", "offset_mm: -6"))
    code, said, _ = dekomp("scenes")
    assert code == 1
    assert "step 7 (advance): clock_s was " in said or "step 7 (advance): discography_needle.tip_mm was " in said
    assert "note: the scenario's file has been edited since its baseline was written" in said
    code, said, _ = dekomp("scenes", "--update")
    assert code == 0
    assert said.startswith("needle: baseline written to scenes/baselines/needle")
    assert dekomp("scenes")[0] == 0


def test_a_scene_without_baseline_is_named_and_the_others_are_compared(dekomp: Dekomp, written: Path) -> None:
    Path("scenes/another.yaml").write_text(SHORT)
    code, said, wrong = dekomp("scenes")
    assert code == 2
    assert "needle: the same" in said
    assert "another: found no baseline; allowed: a folder with state.yaml. Write one with --update." in wrong


def altered(written: Path, old: str, new: str) -> None:
    path = written / "state.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


BROKEN = {
    "another platform": (
        f'platform: "{baseline.this_platform()}"',
        'platform: "Darwin arm64"',
        "found a baseline of Darwin arm64; allowed: one of ",
    ),
    "another version": (
        "baseline: 1\n",
        "baseline: 7\ntemperature_k: 4\n",
        "found baseline version 7 written by dekomp_sim 0.1.0; allowed: version 1. Use the release that wrote it",
    ),
    "a merge left open": ("  - step: 3\n", "<<<<<<< ours\n  - step: 3\n", "state.yaml:"),
    "a number that is none": ("heart_bpm: 72", "heart_bpm: {a: 72}", "state.yaml:"),
    "a file elsewhere": ("file: step_009.png", "file: ../step_009.png", "a file's name without a folder"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_baseline_that_cannot_be_used_is_refused_in_a_sentence(name: str, dekomp: Dekomp, written: Path) -> None:
    old, new, sentence = BROKEN[name]
    altered(written, old, new)
    code, said, wrong = dekomp("scenes")
    assert (code, said) == (2, "")
    assert sentence in wrong
    assert "Traceback" not in wrong


def test_a_baseline_of_another_platform_is_compared_where_that_is_asked(dekomp: Dekomp, written: Path) -> None:
    altered(written, f'platform: "{baseline.this_platform()}"', 'platform: "Darwin arm64"')
    code, said, _ = dekomp("scenes", "--any-platform")
    assert code == 0
    assert f"note: the baseline was written on Darwin arm64, this is {baseline.this_platform()}" in said


def test_what_was_cut_off_or_lost_is_refused(dekomp: Dekomp, written: Path) -> None:
    path = written / "state.yaml"
    whole = path.read_text()
    path.write_text(whole[: whole.index("  - step: 4\n")])
    assert "found 3 steps of 10; allowed: a baseline that is whole" in dekomp("scenes")[2]
    path.write_text(whole)
    picture = written / "step_009.png"
    picture.write_bytes(picture.read_bytes()[:2000])
    assert "step_009.png: found a damaged picture" in dekomp("scenes")[2]
    picture.unlink()
    assert "step_009.png: found no such file" in dekomp("scenes")[2]


def test_a_mistake_in_paths_is_told_before_anything_is_played(dekomp: Dekomp, tmp_path: Path) -> None:
    assert "scenarios: found no such file; allowed: a scenario, or a folder of scenarios" in dekomp()[2]
    (tmp_path / "empty").mkdir()
    assert "empty: found a folder without scenarios" in dekomp("empty")[2]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "needle.yaml").write_text(SHORT)
    with pytest.raises(InputError, match=r"needle\.yaml as well"):
        scenes_in([tmp_path / "scenes", tmp_path / "more"], tmp_path / "kept")


@contextmanager
def almost_full(most_bytes: int) -> Iterator[None]:
    """The system lets no file grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_the_disk_takes_no_more_the_earlier_baseline_stays_whole(
    dekomp: Dekomp, written: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    kept = baseline.read_baseline(written)
    taken = perform(scene_of(tmp_path / "scenes" / "needle.yaml")).pictures
    with almost_full(4096), pytest.raises(InputError, match="a place that cannot be written"):
        baseline.write_baseline(written, kept, taken)
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before
    assert [path.name for path in written.parent.iterdir()] == ["needle"], "and nothing else is left"


def test_a_folder_that_holds_something_else_is_never_replaced(dekomp: Dekomp, tmp_path: Path) -> None:
    folder = tmp_path / "scenes" / "baselines" / "needle"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    code, _, wrong = dekomp("scenes", "--update")
    assert code == 2
    assert "a folder that is not empty; allowed: a new or empty folder, or one that holds state.yaml" in wrong
    assert (folder / "thesis.txt").read_text() == "mine"


def test_time_is_told_and_never_fails(dekomp: Dekomp, written: Path, tmp_path: Path) -> None:
    kept = baseline.read_baseline(written)
    baseline.write_baseline(written, replace(kept, pace=1e-6), baseline.read_pictures(written, kept))
    verdict = judge(scene_of(tmp_path / "scenes" / "needle.yaml"), timing=True)
    assert verdict.same
    assert verdict.pace_words.endswith("OVER the budget of 0")
