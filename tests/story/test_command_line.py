"""The command line as a user meets it: what is printed, what is left in the folder, how it exits."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest

import dekomp_sim
from dekomp_sim.cli.app import main
from dekomp_sim.files import read_journal

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios" / "l4l5_left_posterolateral.yaml"
SCANS = ROOT.parent / "shared" / "data"

SHORT = """
dekomp_sim: 1
title: a needle and two pictures
level: L4-L5
side: left
steps:
  - {do: assess_candidate}
  - {do: consent}
  - {do: position_prone}
  - {do: time_out, level: L4-L5, side: left}
  - {do: give_antibiotic}
  - {do: prepare_sterile_field}
  - {do: set_view, view: ap}
  - {do: insert, instrument: discography_introducer}
  - {do: advance, instrument: discography_introducer, to: annulus, offset_mm: -5}
  - {do: insert, instrument: discography_needle}
  - {do: advance, instrument: discography_needle, to: DEPTH}
  - {do: expose, note: "AP, the needle's tip"}
  - {do: set_view, view: lateral}
  - {do: expose, kv: 110, spot: true}
"""


def dekomp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `dekomp-sim WORDS`."""
    monkeypatch.setattr("sys.argv", ["dekomp-sim", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def short(folder: Path, depth: str) -> str:
    path = folder / "case.yaml"
    path.write_text(SHORT.replace("DEPTH", depth))
    return str(path)


def test_a_case_without_harm_exits_with_0_and_leaves_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    words = ("run", short(tmp_path, "nucleus_centre"), "-o", str(out), "--no-3d")
    code, said, wrong = dekomp(capsys, monkeypatch, *words)
    assert (code, wrong) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == [
        "frames", "journal.jsonl", "overview.png", "report.html", "report.json",
    ]  # fmt: skip
    digest = said.splitlines()[-1].removeprefix("State digest: ")
    journal = read_journal(out / "journal.jsonl")
    assert len(journal.records) == 14 + 1
    assert journal.records[-1] == {"digest": digest, "harm": False}
    assert json.loads((out / "report.json").read_text())["digest"] == digest
    for name in ("001.png", "002.png"):
        head = (out / "frames" / name).read_bytes()[:33]
        assert struct.unpack(">IIBB", head[16:26]) == (512, 512, 16, 0), "16-bit grey"
        assert b"SIMULATED" in (out / "frames" / name).read_bytes()
    # the same again reaches the same state, and an earlier run is replaced only where that was asked
    assert dekomp(capsys, monkeypatch, *words)[0] == 2
    assert dekomp(capsys, monkeypatch, *words, "--overwrite")[1].splitlines()[-1].endswith(digest)


def test_a_case_that_ends_in_harm_exits_with_3_and_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = short(tmp_path, "far_nucleus, offset_mm: 30")
    code, said, _ = dekomp(capsys, monkeypatch, "run", deep, "-o", str(tmp_path / "out"), "--no-3d")
    assert code == 3
    assert "The case ended in harm: The discography needle goes through: the anterior L4-L5 annulus" in said
    assert json.loads((tmp_path / "out" / "journal.jsonl").read_text().splitlines()[-1])["harm"] is True


@pytest.mark.skipif(not SCANS.is_dir(), reason="the reference scans are not beside this checkout")
def test_the_shipped_scenario_runs_on_a_scan_and_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = (str(SCANS / "torso_ct_3mm.nii.gz"), str(SCANS / "torso_ct_3mm_vertebrae.nii.gz"))
    out = tmp_path / "out"
    code, said, _ = dekomp(
        capsys, monkeypatch, "run", str(SCENARIO), "--ct", scan[0], "--labels", scan[1], "-o", str(out), "--no-3d"
    )
    assert code == 0
    assert "Nothing was injured" in said
    page = (out / "report.html").read_text()
    assert "torso" not in page, "no file name of a user's scan is kept"
    assert "± is one standard deviation of where a nerve lies" in page
    assert re.search(r"left L4 exiting root</th><td class=\"n\">\d+\.\d \(± 1\.5\)</td>", page)
    assert str(SCANS) not in (out / "journal.jsonl").read_text()


def test_a_mistake_exits_with_2_says_where_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case.yaml").write_text(SHORT.replace("do: consent", "do: consen").replace("DEPTH", "annulus"))
    code, said, wrong = dekomp(capsys, monkeypatch, "run", str(tmp_path / "case.yaml"), "-o", str(tmp_path / "out"))
    assert (code, said) == (2, "")
    assert "case.yaml:8:10: found do: consen; allowed: assess_candidate, consent" in wrong
    assert "The nearest is consent." in wrong
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


def test_a_ct_without_labels_is_refused_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", str(SCENARIO), "-o", str(tmp_path / "out"))
    assert "a CT without a label map" in dekomp(capsys, monkeypatch, *words, "--ct", "scan.nii.gz")[2]
    assert "a label map without a CT" in dekomp(capsys, monkeypatch, *words, "--labels", "labels.nii.gz")[2]


def test_check_validates_each_file_and_fails_if_one_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = short(tmp_path, "annulus")
    bad = tmp_path / "bad.yaml"
    bad.write_text(Path(good).read_text().replace("L4-L5\nside", "L9-S4\nside"))
    code, said, wrong = dekomp(capsys, monkeypatch, "check", good, str(bad))
    assert code == 2
    assert "case.yaml: in order: a needle and two pictures, L4-L5 left, 14 steps" in said
    assert "bad.yaml:4:8" in wrong
    assert dekomp(capsys, monkeypatch, "check", good)[0] == 0


def test_version_help_and_schema(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert dekomp(capsys, monkeypatch, "--version")[1] == f"dekomp-sim {dekomp_sim.__version__}\n"
    assert "dekomp-sim run l4l5_left_posterolateral -o out/first" in " ".join(
        dekomp(capsys, monkeypatch, "--help")[1].split()
    )
    schema = json.loads(dekomp(capsys, monkeypatch, "schema")[1])
    assert {"title", "level", "side", "steps"} <= set(schema["else"]["required"])
    assert "voxel_mm" in json.loads(dekomp(capsys, monkeypatch, "schema", "phantom")[1])["properties"]


def test_the_door_opens_without_the_heavy_libraries() -> None:
    import subprocess
    import sys

    heavy = "numba", "SimpleITK", "pyvista", "vtk", "scipy", "matplotlib", "pydicom"
    code = f"import sys, dekomp_sim.cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
