"""A journal performed again: the same digest, or the action and the field in which it parted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.cli.app import main
from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.errors import InputError
from dekomp_sim.files import Journal, read_journal
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure import case_digest
from dekomp_sim.scenario import Story, play, record
from dekomp_sim.viewer.practice.moments import cases_of
from dekomp_sim.viewer.practice.replay import parts, replay, replayed, story_of
from dekomp_sim.viewer.practice.session import Session

pytestmark = pytest.mark.usefixtures("planned_once")

SCENARIO = Path(__file__).parents[2] / "scenarios" / "l4l5_left_posterolateral.yaml"
SHORT = Story(
    1,
    "a needle and two pictures",
    Level.L4_L5,
    Side.LEFT,
    (
        do.AssessCandidate(),
        do.Consent(),
        do.PositionProne(),
        do.TimeOut(Level.L4_L5, Side.LEFT),
        do.PrepareSterileField(),
        do.SetView(do.View.AP),
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to_depth_mm=30.0),
        do.Expose(),
    ),
    seed=5,
)


@contextmanager
def on_record(path: Path, story: Story, patient: Patient) -> Iterator[Session]:
    with Journal(path, record.header(story, patient)) as journal:
        yield Session(story, patient, record=journal.append)


@pytest.fixture
def journal(tmp_path: Path, glass: Patient) -> Path:
    """A case performed by hand, one step of it refused, one undone, the pedal held; closed."""
    path = tmp_path / "journal.jsonl"
    with on_record(path, SHORT, glass) as session:
        for step in SHORT.steps:
            session.act(step)
        session.act(do.Bandage())
        session.act(do.Advance("discography_introducer", to_depth_mm=45.0))
        session.undo()
        session.pedal_down()
        for _ in range(3):
            session.pulse()
        session.pedal_up()
        session.act(do.Advance("discography_introducer", to_depth_mm=40.0))
        session.finish()
    return path


def tampered(path: Path, line: int, change: Callable[[dict[str, Any]], None]) -> Path:
    """The journal with one line changed by hand, lines counted from 1."""
    lines = path.read_text().splitlines()
    changed = json.loads(lines[line - 1])
    change(changed)
    lines[line - 1] = json.dumps(changed)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_case_performed_by_hand_reaches_the_same_digest_again(journal: Path, glass: Patient) -> None:
    recorded = read_journal(journal)
    again = replay(recorded, glass)
    assert again.parting is None
    assert again.finished
    assert again.taken_back == 1
    assert again.digest == recorded.records[-1]["digest"]
    assert [one.action for one in again.moments if isinstance(one.action, do.Advance)] == [
        do.Advance("discography_introducer", to_depth_mm=30.0),
        do.Advance("discography_introducer", to_depth_mm=40.0),
    ]
    assert [one.number for one in again.moments] == list(range(len(again.moments)))


def test_the_header_alone_says_how_the_case_began(journal: Path) -> None:
    assert story_of(read_journal(journal)) == SHORT
    header = read_journal(journal).header
    assert header["simulated"].startswith("SIMULATED")
    assert header["patient"] == "glass"


def test_what_was_performed_can_be_told_as_a_script(journal: Path, glass: Patient) -> None:
    again = replay(read_journal(journal), glass)
    assert case_digest(play(again.performed, glass)[-1]) == again.digest


def test_on_any_number_of_threads_it_reaches_the_same_digest(journal: Path, glass: Patient) -> None:
    recorded = read_journal(journal)
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            digests = set(pool.map(lambda _: replay(recorded, glass).digest, range(threads)))
        assert digests == {recorded.records[-1]["digest"]}


@pytest.mark.parametrize(
    ("line", "change", "sentence"),
    [
        (
            5,
            lambda r: r["events"][0].update(words="Time-out: L3-L4, left. All agree."),
            'Parted at line 5, step 4 (time_out): events 1: words is "Time-out: L4-L5, left. All agree."; '
            'recorded was "Time-out: L3-L4, left. All agree.".',
        ),
        (8, lambda r: r.update(clock_s=1.0), "Parted at line 8, step 7 (insert): clock_s is "),
        (4, lambda r: r["events"].append({"kind": "Said"}), "step 3 (position_prone): number of events is 0"),
        (
            9,
            lambda r: r["action"].update(to_depth_mm=33.0),
            "Parted at line 9, step 8 (advance): clock_s is ",
        ),
        (-1, lambda r: r.update(digest="0" * 64), "(advance): digest is "),
        (-1, lambda r: r.update(harm=True), "(advance): harm is False; recorded was True."),
    ],
)
def test_a_tampered_journal_parts_at_that_action_and_field(
    journal: Path, glass: Patient, line: int, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    count = len(journal.read_text().splitlines())
    parting = parts(read_journal(tampered(journal, line % (count + 1), change)), glass)
    assert parting is not None
    assert sentence in parting.words


def test_the_first_parting_is_told_not_its_consequences(journal: Path, glass: Patient) -> None:
    parting = parts(read_journal(tampered(journal, 5, lambda r: r.update(clock_s=0.0))), glass)
    assert parting is not None
    assert (parting.line, parting.step, parting.action, parting.field) == (5, 4, "time_out", "clock_s")


@pytest.mark.parametrize(
    ("line", "change", "sentence"),
    [
        (3, lambda r: r.update(step=9), ":3: found step 9; allowed: step 2."),
        (3, lambda r: r["action"].update(do="juggle"), ":3: action juggle: do: found"),
        (9, lambda r: r["action"].update(speed=1), ":9: action advance: found the field speed; allowed: instrument"),
        (3, lambda r: r.update(action=[]), ":3: found an action without its word"),
        (3, lambda r: r.pop("action"), ":3: found neither action, undo nor digest; allowed: a line of a case's"),
        (13, lambda r: r.update(undo=99), ":13: found undo: 99; allowed: a number from 1 to 11."),
        (1, lambda r: r.pop("story"), ":1: found no story in its header"),
        (1, lambda r: r["story"].update(side="front"), ":1: story: side: found front"),
        (1, lambda r: r.update(patient_digest="f" * 64), ":1: found patient glass, digest glass-1; allowed: the one"),
        (1, lambda r: r.update(journal=1), ":1: found journal version 1 written by dekomp_sim"),
    ],
)
def test_a_journal_that_cannot_be_performed_is_refused_with_its_line(
    journal: Path, glass: Patient, line: int, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    tampered(journal, line, change)
    with pytest.raises(InputError) as caught:
        replay(read_journal(journal), glass)
    assert f"{journal}{sentence}" in str(caught.value)


def test_nothing_follows_the_closing_line(journal: Path, glass: Patient) -> None:
    with journal.open("a") as more:
        more.write('{"undo":1}\n')
    with pytest.raises(InputError, match="found a line after the case was closed"):
        replay(read_journal(journal), glass)


def test_a_case_cut_off_by_a_crash_is_replayed_as_far_as_it_goes(journal: Path, glass: Patient) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:8]) + lines[8][:20])
    recorded = read_journal(journal)
    again = replay(recorded, glass)
    assert recorded.torn
    assert (again.finished, again.parting, len(again.moments)) == (False, None, 8)


def test_moments_are_walked_once_and_their_last_case_is_the_true_one(journal: Path, glass: Patient) -> None:
    moments = replayed(read_journal(journal), glass)
    for moment in moments[2:6]:
        moment.forget()
    assert [case.clock_s for case in cases_of(moments)] == [moment.case.clock_s for moment in moments]
    assert case_digest(tuple(cases_of(moments))[-1]) == case_digest(moments[-1].case)


# --- the command -----------------------------------------------------------------------------------------------------


def dekomp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `dekomp-sim WORDS`."""
    monkeypatch.setattr("sys.argv", ["dekomp-sim", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short case by hand on the built-in patient."""
    path = tmp_path_factory.mktemp("case") / "journal.jsonl"
    with on_record(path, SHORT, patient_of(SHORT, Scan())) as session:
        for step in SHORT.steps:
            session.act(step)
        session.finish()
    return path


def test_replay_prints_the_digest_last_and_exits_with_0(
    by_hand: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said, wrong = dekomp(capsys, monkeypatch, "replay", str(by_hand))
    assert (code, wrong) == (0, "")
    assert said.splitlines() == [
        "a needle and two pictures: 9 steps, 19:40 on the case's clock.",
        "The same as recorded.",
        f"State digest: {read_journal(by_hand).records[-1]['digest']}",
    ]


def test_replay_leaves_a_debrief_where_asked(
    by_hand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    code, said, _ = dekomp(capsys, monkeypatch, "replay", str(by_hand), "-o", str(out))
    digest = said.splitlines()[-1].removeprefix("State digest: ")
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["frames", "overview.png", "report.html", "report.json"]
    assert json.loads((out / "report.json").read_text())["digest"] == digest


def test_replay_of_a_parted_journal_exits_with_1_and_says_where(
    by_hand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "journal.jsonl"
    copy.write_bytes(by_hand.read_bytes())
    tampered(copy, 4, lambda r: r.update(clock_s=0.0))
    code, said, _ = dekomp(capsys, monkeypatch, "replay", str(copy))
    assert code == 1
    assert "Parted at line 4, step 3 (position_prone): clock_s is 780.0; recorded was 0.0." in said


def test_replay_of_what_is_no_journal_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.jsonl").write_text('{"journal":1,"dekomp_sim":"0.1.0"}\n')
    code, said, wrong = dekomp(capsys, monkeypatch, "replay", str(tmp_path / "old.jsonl"))
    assert (code, said) == (2, "")
    assert "found journal version 1 written by dekomp_sim 0.1.0; allowed: version 2" in wrong
    assert dekomp(capsys, monkeypatch, "replay", str(tmp_path / "none.jsonl"))[0] == 2
