"""Cases of learners are kept, looked back on, exported, forgotten; and nothing is lost when something goes wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from disks import Disk
from sqlalchemy import text

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.cli.app import main
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import report_json
from dekomp_sim.debrief.scoring.learning import Design
from dekomp_sim.debrief.scoring.rating import HumanAssessment, form
from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import actions as do
from dekomp_sim.records import place as places
from dekomp_sim.records.export import columns, csv_text, parquet_bytes
from dekomp_sim.records.pages import Asked, cohort_page, learner_page, standing_of
from dekomp_sim.records.place import engine_of, place_of
from dekomp_sim.records.pseudonyms import pseudonym
from dekomp_sim.records.reports import performed
from dekomp_sim.records.schema import bring_up_to_date
from dekomp_sim.records.store import Kept, Marked, Performed, opened
from dekomp_sim.records.tables import Base
from dekomp_sim.scenario import Story, play

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


def test_a_case_by_hand_is_not_begun_for_a_name_or_where_it_could_not_be_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_text("no database, and long enough to look at: " * 40)
    for learner, db, reason in (("John Smith", "new.sqlite", "a pseudonym"), ("L017", broken, "a file that holds no")):
        words = ["serve", "l4l5_left_posterolateral", "--learner", learner, "--db", str(tmp_path / db)]
        monkeypatch.setattr("sys.argv", ["dekomp-sim", *words, "-o", str(tmp_path / "out")])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert reason in " ".join(capsys.readouterr().err.split())
        assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def told(glass: Patient) -> dict[str, Any]:
    """The report of a case in which little was done, as data."""
    story = Story(1, "A quiet case", Level.L4_L5, Side.LEFT, (do.Consent(), do.Insert("discography_needle")))
    cases = play(story, glass)
    return report_json(story, cases, measure(cases), "d" * 64)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: Path) -> Cli:
    """Exit code, standard output and standard error of `dekomp-sim records WORDS` on the test's own file."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "records", *map(str, words)])
        monkeypatch.setenv("DEKOMP_SIM_RECORDS", str(file))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def case(number: int, passed: bool = True, shots: float | None = 6.0) -> Performed:
    """A made-up case; the number tells it from others."""
    figures = {"procedure_s": (1000.0 + number, "s"), "redirects": (2.0, "")}
    if shots is not None:
        figures["exposures"] = (shots, "")
    return Performed(
        report_sha256=f"{number:064d}",
        recorded_on="2026-03-01",
        title=f"Case of day {number}",
        level="L4-L5",
        side="left",
        seed="7",
        digest=f"{number:064x}",
        version="0.1.0",
        harmed=False,
        figures=figures,
        marks=(Marked("examination", 80.0, passed), Marked("disc_block", 55.5, False, ("Too slow: 3 > 2",))),
    )


def written(folder: Path, told: dict[str, Any], **changed: object) -> Path:
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps(told | changed))
    return folder


def kept_in(file: Path) -> tuple[Kept, ...]:
    with opened(place_of(str(file))) as records:
        return records.cases()


def test_a_case_comes_back_as_it_was_kept(file: Path) -> None:
    with opened(place_of(str(file)), new=True) as records:
        assert records.add("L01", case(1)) == (1,)
        assert records.add("L02", case(2, passed=False)) == (2,)
    first, second = kept_in(file)
    assert (first.number, first.learner, first.case) == (1, "L01", case(1))
    assert second.passed("examination") is False
    assert second.passed("another rubric") is None
    assert first.figure("exposures") == 6.0
    assert first.figure("tip_to_target_mm") is None


def test_a_run_s_report_is_kept_with_its_figures_and_marks(tmp_path: Path, told: dict[str, Any], cli: Cli) -> None:
    run = written(tmp_path / "run", told)
    assert cli("add", run, "--learner", "L017")[:2] == (0, "Case 1 of L017: A quiet case\n")
    code, out, _ = cli("list")
    assert code == 0
    assert all(word in out for word in ("L017", "A quiet case", "disc_block 50 %, not passed"))
    (kept,) = kept_in(tmp_path / "records.sqlite")
    assert kept.figure("exposures") == 0.0
    assert kept.figure("tip_to_target_mm") is None  # not done: no row, not a nought
    assert kept.case.figures["total_s"] == (told["metrics"]["total_s"]["value"], "s")
    assert [mark.rubric for mark in kept.case.marks] == ["disc_block"]


def test_the_same_report_is_kept_once_for_a_learner(tmp_path: Path, told: dict[str, Any], cli: Cli) -> None:
    run = written(tmp_path / "run", told)
    assert cli("add", run, "--learner", "L017")[0] == 0
    code, _, wrong = cli("add", run / "report.json", "--learner", "L017")
    assert (code, "a report already kept as case 1" in wrong) == (2, True)
    assert cli("add", run, "--learner", "L018")[0] == 0


@pytest.mark.parametrize("name", ["Anna", "Anna Meier", "a.meier@clinic.org", "17", "", "L" * 13 + "1", "L17; drop"])
def test_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"a pseudonym: letters, then digits, such as L017"):
        pseudonym(name)


def test_one_bad_report_among_good_ones_keeps_none_of_them(tmp_path: Path, told: dict[str, Any], cli: Cli) -> None:
    good, bad = written(tmp_path / "good", told), written(tmp_path / "bad", told, format=1)
    code, _, wrong = cli("add", good, bad, "--learner", "L1")
    assert code == 2
    assert "found a report of format 1; allowed: format 2. Make it anew: dekomp-sim replay" in wrong
    assert not (tmp_path / "records.sqlite").exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 2}', '{"format": 2, "metrics": []}'])
def test_what_is_no_report_is_said_to_be_none(content: str) -> None:
    with pytest.raises(InputError, match=r"no report|a report that was changed"):
        performed(content.encode(), Path("report.json"), "2026-03-01")


def test_a_human_assessor_s_rating_and_checklist_are_entered_and_stored(tmp_path: Path, file: Path, cli: Cli) -> None:
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(1))
    blank = tmp_path / "assessment.yaml"
    blank.write_text(cli("form")[1])
    code, _, wrong = cli("assess", 1, blank)  # not filled in
    assert code == 2
    assert "assessment.yaml:5" in wrong
    filled = re.sub(r"^(  (?!.*null)\w+:).*$", r"\1 4", form(), flags=re.MULTILINE)
    blank.write_text(filled.replace("consent_obtained: null", "consent_obtained: true"))
    assert cli("assess", 1, blank)[1] == "Case 1, A1: rating 28 of 35, checklist 1 of 1\n"
    blank.write_text(blank.read_text().replace("time_and_motion: 4", "time_and_motion: 2"))
    assert cli("assess", 1, blank)[0] == 0  # the same assessor thought again
    ((entered,),) = (kept.assessments for kept in kept_in(file))
    assert entered == read_yaml(blank, HumanAssessment)
    assert entered.rating.total == 26
    blank.write_text(blank.read_text().replace("time_and_motion: 2", "time_and_motion: 6"))
    assert "at most 5" in cli("assess", 1, blank)[2]
    blank.write_text(filled.replace("assessor: A1", "assessor: Dr Meier"))
    assert cli("assess", 1, blank)[0] == 2
    blank.write_text(filled)
    assert "no case 9; allowed: a number of `records list`" in cli("assess", 9, blank)[2]


def test_csv_and_parquet_hold_the_same_table(file: Path) -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", replace(case(1), title="=1+1"))
        records.add("L02", case(2, passed=False, shots=None))
        cases = records.cases()
    rows = list(csv.DictReader(io.StringIO(csv_text(cases))))
    table = arrow.read_table(io.BytesIO(parquet_bytes(cases))).to_pydict()
    assert list(rows[0]) == list(table) == list(columns(cases))
    assert table["exposures"] == [6.0, None]
    assert [row["exposures"] for row in rows] == ["6.0", ""]
    assert table["examination_passed"] == [True, False]
    assert float(rows[1]["procedure_s"]) == table["procedure_s"][1] == 1002.0
    assert table["title"][0] == "=1+1"
    assert rows[0]["title"] == "'=1+1"  # which no spreadsheet reckons


def test_an_ending_that_is_no_table_is_refused(file: Path, cli: Cli) -> None:
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(1))
    code, _, wrong = cli("export", "-o", file.with_suffix(".xlsx"))
    assert (code, ".csv or .parquet" in wrong) == (2, True)
    assert cli("export", "-o", file.with_suffix(".csv"))[0] == 0


def test_few_cases_say_not_enough_data_and_enough_say_how_far(file: Path) -> None:
    with opened(place_of(str(file)), new=True) as records:
        for number in range(4):
            records.add("L01", case(number))
        few = standing_of(records.cases("L01"), Asked("examination"))
        for number in range(4, 14):
            records.add("L01", case(number))
        many = standing_of(records.cases("L01"), Asked("examination"))
        by_block = standing_of(records.cases("L01"), Asked("disc_block"))
    assert few.curve.words == "Not enough data: 4 of at least 13 cases."
    assert few.rate == "not enough data"
    assert set(few.medians) == {"not enough data"}
    assert many.curve.competent_at == 13
    assert many.rate == "100 % (78 to 100)"
    assert many.medians == ("16:47", "6", "not enough data", "2", "not enough data")
    assert by_block.curve.words == "Not shown yet after 14 cases: 0.00 of 1.5."


def test_pages_ask_for_nothing_outside_themselves_and_say_what_they_reckon(file: Path, cli: Cli) -> None:
    with opened(place_of(str(file)), new=True) as records:
        for number in range(15):
            records.add(f"L{number % 6}", case(number, passed=number % 5 != 0))
    own, all_of_them = file.with_name("own.html"), file.with_name("all.html")
    assert cli("progress", "L3", "-o", own)[1].startswith("Not enough data: 2 of at least 13 cases.\n")
    assert cli("cohort", "-o", all_of_them, "--limit", "0.3")[0] == 0
    for page in (own.read_text(), all_of_them.read_text()):
        assert "<script" not in page
        assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page)
        assert "SIMULATED" in page
        assert "not enough data" in page
        assert "Biau and Porcher" in page
        assert "/work" not in page
    assert "Progress of L3" in own.read_text()
    assert ">L0<" not in own.read_text()
    assert "Cohort of 6" in all_of_them.read_text()
    code, _, wrong = cli("progress", "L3", "-o", own, "--rubric", "osce")
    assert (code, "found osce; allowed: disc_block, examination" in wrong) == (2, True)
    code, _, wrong = cli("cohort", "-o", all_of_them, "--acceptable", "0.5")
    assert (code, "0 < acceptable < inadequate < 1" in wrong) == (2, True)


def test_pages_are_the_same_each_time(file: Path) -> None:
    with opened(place_of(str(file)), new=True) as records:
        for number in range(6):
            records.add("L01", case(number))
        cases = records.cases()
    asked = Asked("examination", Design(limit=0.5))
    assert learner_page(cases, asked) == learner_page(cases, asked)
    assert cohort_page(cases, asked) == cohort_page(cases, asked)


def test_of_a_forgotten_learner_nothing_is_left_in_the_folder(file: Path, cli: Cli) -> None:
    secret = replace(case(5), title="Unmistakable title", digest="feedc0de" * 8)
    with opened(place_of(str(file)), new=True) as records:
        for number in range(12):
            records.add("L01", case(100 + number))
        records.add("Zz4711", secret)
        filled = re.sub(r"^(  (?!.*null)\w+:).*$", r"\1 3", form().replace("A1", "A9"), flags=re.MULTILINE)
        (file.parent / "a.yaml").write_text(filled)
        records.assess(13, read_yaml(file.parent / "a.yaml", HumanAssessment))
    (file.parent / "a.yaml").unlink()
    marks = (b"Zz4711", b"Unmistakable title", b"feedc0de", f"{5:064d}".encode(), b"A9")
    assert all(mark in file.read_bytes() for mark in marks), "else the search below proves nothing"
    code, out, _ = cli("forget", "Zz4711", "--yes")
    assert (code, out[:28]) == (0, "Forgotten: Zz4711, 1 cases. ")
    for path in file.parent.iterdir():
        assert not [mark for mark in marks if mark in path.read_bytes()], path.name
    assert len(kept_in(file)) == 12
    code, _, wrong = cli("forget", "Zz4711", "--yes")
    assert (code, "no learner 'Zz4711'" in wrong) == (2, True)


WRITER = """
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import Marked, Performed, opened
with opened(place_of({file!r}), new=True) as records:
    for number in range(100000):
        figures = {{f"figure_{{n}}": (float(number), "mm") for n in range(40)}}
        about = (f"{{number:064d}}", "2026-03-01", str(number), "L4-L5", "left", "7", "d", "0.1.0", False)
        records.add("L01", Performed(*about, figures, (Marked("examination", 80.0, True),)))
        print(number, flush=True)
"""


def test_a_program_killed_while_it_writes_loses_no_case_it_said_it_kept(file: Path) -> None:
    for wanted in (2, 5):
        script = WRITER.format(file=str(file))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(wanted)]
            time.sleep(0.003 * wanted)  # somewhere within the next case
            writer.kill()
            told += [int(line) for line in writer.stdout.read().split()]
        cases = kept_in(file)  # which checks that the file is whole
        assert len(cases) >= len(told)
        assert [one.case.title for one in cases] == [str(number) for number in range(len(cases))]
        assert all(len(one.case.figures) == 40 and len(one.case.marks) == 1 for one in cases), "a case kept in part"
        file.unlink()


def test_a_locked_database_is_said_to_be_so(file: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(1))
    monkeypatch.setattr(places, "WAIT_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert cli("list")[0] == 0  # who reads is not in the way of who writes
        code, _, wrong = cli("forget", "L01", "--yes")
        assert code == 2
        assert "a database that another program is writing to; allowed: one writer at a time. Try again soon." in wrong
        holder.execute("ROLLBACK")
        holder.execute("BEGIN EXCLUSIVE")
        assert cli("list")[0] == 2
    assert len(kept_in(file)) == 1


def test_of_several_cases_all_are_kept_or_none(file: Path) -> None:
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(1), case(2))
        with pytest.raises(InputError, match=r"already kept as case 2"):
            records.add("L01", case(3), case(2))
        with pytest.raises(InputError, match=r"already kept"):
            records.add("L02", case(4), case(4))
        assert [kept.number for kept in records.cases()] == [1, 2]
        assert records.learners() == ("L01",)


def test_a_full_disk_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(1))
    before = kept_in(file)
    pages = file.stat().st_size // 4096
    monkeypatch.setattr(places, "PRAGMAS", (*places.PRAGMAS, f"max_page_count={pages}"))
    big = replace(case(2), title="t" * 50_000)
    with opened(place_of(str(file))) as records, pytest.raises(InputError, match="a disk that takes no more"):
        records.add("L02", big)
    monkeypatch.undo()
    assert kept_in(file) == before


def test_where_the_disk_becomes_full_every_case_said_to_be_kept_is_there(
    small_disk: Disk, tmp_path: Path, told: dict[str, Any], cli: Cli
) -> None:
    file = small_disk.folder / "records.sqlite"
    with opened(place_of(str(file)), new=True) as records:
        records.add("L01", case(0))
        small_disk.fill(leave_kb=64)
        said = [0]

        def go_on() -> None:
            for number in range(1, 1000):
                records.add("L01", replace(case(number), title="t" * 2000))
                said.append(number)

        with pytest.raises(InputError, match="Nothing was changed: make room and try again"):
            go_on()
    before = kept_in(file)
    assert [kept.case.report_sha256 for kept in before] == [f"{number:064d}" for number in said]

    run = written(tmp_path / "run", told)
    code, _, wrong = cli("add", run, "--learner", "L02", "--db", file)
    assert (code, f"{file}: found a disk that takes no more" in wrong, kept_in(file)) == (2, True, before)
    small_disk.clear()
    assert cli("add", run, "--learner", "L02", "--db", file)[0] == 0
    assert kept_in(file)[:-1] == before


@pytest.mark.parametrize("where", [0.4, 0.9])
def test_a_damaged_database_is_said_to_be_so_and_left_alone(file: Path, cli: Cli, where: float) -> None:
    with opened(place_of(str(file)), new=True) as records:
        for number in range(20):
            records.add("L01", case(number))
    content = bytearray(file.read_bytes())
    start = int(where * len(content)) // 4096 * 4096
    content[start : start + 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    code, _, wrong = cli("list")
    assert (code, "a damaged database" in wrong, "Traceback" in wrong) == (2, True, False)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no database, but text of some length " * 40, "a file that holds no records"),
        (b"SQLite format 3\0" + b"\0" * 200, "a file that holds no records|a damaged database"),
    ],
)
def test_another_file_is_no_database(file: Path, content: bytes, words: str, cli: Cli) -> None:
    file.write_bytes(content)
    code, _, wrong = cli("add", "anything", "--learner", "L1")
    assert code == 2
    code, _, wrong = cli("list")
    assert code == 2
    assert re.search(words, wrong)
    assert file.read_bytes() == content


def test_another_program_s_database_is_not_touched(file: Path, cli: Cli) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE patients (name TEXT)")
        other.commit()
    before = file.read_bytes()
    code, _, wrong = cli("list")
    assert (code, "a database of another program" in wrong) == (2, True)
    assert file.read_bytes() == before


def test_no_records_yet_and_no_place_for_them_are_said(tmp_path: Path, cli: Cli, told: dict[str, Any]) -> None:
    assert "Add one first: dekomp-sim records add" in cli("list")[2]
    run = written(tmp_path / "run", told)
    assert cli("add", run, "--learner", "L1", "--db", run / "report.json" / "r.sqlite")[0] == 2
    assert cli("add", tmp_path / "nowhere", "--learner", "L1")[0] == 2
    assert "sqlite or postgresql" in cli("list", "--db", "mysql://u@h/d")[2]
    code, _, wrong = cli("list", "--db", "postgresql://u:secret@127.0.0.1:9/d")
    assert code == 2
    assert "secret" not in wrong


def test_migrations_and_tables_agree(file: Path) -> None:
    with opened(place_of(str(file)), new=True) as records, records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_records_of_the_first_schema_are_brought_up_to_date_with_all_they_hold(file: Path) -> None:
    place = place_of(str(file))
    with engine_of(place) as engine, engine.execution_options(writes=True).begin() as connection:
        bring_up_to_date(connection, place.name, to="0001")
        connection.execute(text("INSERT INTO learner VALUES (1, 'L01')"))
        connection.execute(
            text(
                "INSERT INTO played_case VALUES "
                "(1, 1, '2026-01-02', 'r', 'Of old', 'L4-L5', 'left', '1', 'd', '0.0.9', 0)"
            )
        )
        connection.execute(text("INSERT INTO figure VALUES (1, 'exposures', 4.0, '')"))
        connection.execute(text("INSERT INTO mark VALUES (1, 'examination', 0, 71.0, 1, '[]')"))
    (kept,) = kept_in(file)
    assert (kept.case.title, kept.figure("exposures"), kept.passed("examination")) == ("Of old", 4.0, True)
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)


def test_records_of_a_later_release_are_refused_with_the_version_named(file: Path, cli: Cli) -> None:
    with opened(place_of(str(file)), new=True):
        pass
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.commit()
    code, _, wrong = cli("list")
    assert (code, "records of schema 0099; allowed: schema 0002 or older" in wrong) == (2, True)
