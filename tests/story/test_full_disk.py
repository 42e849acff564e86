"""A disk that becomes full while a case is played: one sentence, and nothing lost that was said to be kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from disks import Disk
from test_regress import SHORT

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.cli import run
from dekomp_sim.cli.app import main
from dekomp_sim.errors import InputError
from dekomp_sim.files import Journal, read_journal
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import case_digest
from dekomp_sim.scenario import Story, record
from dekomp_sim.viewer.practice.replay import replay
from dekomp_sim.viewer.practice.session import Mode, Session

pytestmark = pytest.mark.usefixtures("planned_once")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_finds_no_room_leaves_the_earlier_run_as_it_was(
    small_disk: Disk, tmp_path: Path, coarse_phantom: Patient, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def dekomp(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "run", str(tmp_path / "short.yaml"), "--no-3d", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    monkeypatch.setattr(run, "patient_of", lambda story, scan: coarse_phantom)
    (tmp_path / "short.yaml").write_text(SHORT)
    out = small_disk.folder / "out"
    assert dekomp("-o", str(out)) == 0
    earlier = contents(out)

    for room_kb, file in ((4, "journal.jsonl"), (48, "frames/001.png")):
        small_disk.fill(room_kb)
        capsys.readouterr()
        assert dekomp("-o", str(out), "--overwrite") == 2
        wrong = capsys.readouterr().err
        assert "Traceback" not in wrong
        told = " ".join(wrong.split())
        assert f"{out}/{file}: found a " in told, told
        assert "no space left on device" in told
        assert f"{out} is as it was before." in told
        assert contents(out) == earlier
        assert sorted(path.name for path in small_disk.folder.iterdir()) == ["filler", "out"]
        small_disk.clear()


def test_a_case_by_hand_goes_on_once_there_is_room_and_its_journal_holds_what_was_done(
    small_disk: Disk, glass: Patient
) -> None:
    steps: tuple[do.Action, ...] = (do.AssessCandidate(), do.Consent(), do.PositionProne())
    story = Story(1, "a case by hand", Level.L4_L5, Side.LEFT, steps)
    path = small_disk.folder / "journal.jsonl"
    with Journal(path, record.header(story, glass) | {"mode": Mode.PRACTICE.value}) as journal:
        session = Session(story, glass, Mode.PRACTICE, journal.append)
        small_disk.fill()
        outcomes = [session.act(do.Wait(seconds)) for seconds in range(1, 60)]
        refused = [outcome.refusal for outcome in outcomes if outcome.refusal]
        assert 0 < len(refused) < len(outcomes), "the last page has room for some lines"
        assert f"{path}: found a disk that takes no more (no space left on device)" in refused[0]
        small_disk.clear()
        for step in steps:
            assert session.act(step).refusal is None
        session.finish()

    recorded = read_journal(path)
    assert recorded.torn == ""
    again = replay(recorded, glass)
    assert (again.parting, again.digest) == (None, case_digest(session.case))


def test_a_journal_that_cannot_be_begun_leaves_no_file(small_disk: Disk) -> None:
    small_disk.fill()
    with pytest.raises(InputError, match=r"takes no more|cannot be written"):
        Journal(small_disk.folder / "journal.jsonl", {"seed": 1})
    assert [path.name for path in small_disk.folder.iterdir()] == ["filler"]
