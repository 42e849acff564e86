"""Nothing of the records is lost or harmed: killed writers, full disks, damaged files, other releases."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from disks import Disk
from record_keeping import Cli, case, kept_in, quiet_report, written
from sqlalchemy import text

from dekomp_sim.anatomy import Patient
from dekomp_sim.errors import InputError
from dekomp_sim.records import place as places
from dekomp_sim.records.place import engine_of, place_of
from dekomp_sim.records.schema import bring_up_to_date
from dekomp_sim.records.store import opened
from dekomp_sim.records.tables import Base


@pytest.fixture(scope="module")
def told(glass: Patient) -> dict[str, Any]:
    return quiet_report(glass)


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


def test_a_program_killed_while_it_writes_loses_no_case_it_said_it_kept(records_file: Path) -> None:
    for wanted in (2, 5):
        script = WRITER.format(file=str(records_file))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(wanted)]
            time.sleep(0.003 * wanted)  # somewhere within the next case
            writer.kill()
            told += [int(line) for line in writer.stdout.read().split()]
        cases = kept_in(records_file)  # which checks that the file is whole
        assert len(cases) >= len(told)
        assert [one.case.title for one in cases] == [str(number) for number in range(len(cases))]
        assert all(len(one.case.figures) == 40 and len(one.case.marks) == 1 for one in cases), "a case kept in part"
        records_file.unlink()


def test_a_locked_database_is_said_to_be_so(
    records_file: Path, monkeypatch: pytest.MonkeyPatch, records_cli: Cli
) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        records.add("L01", case(1))
    monkeypatch.setattr(places, "WAIT_S", 0.05)
    with closing(sqlite3.connect(records_file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert records_cli("list")[0] == 0  # who reads is not in the way of who writes
        code, _, wrong = records_cli("forget", "L01", "--yes")
        assert code == 2
        assert "a database that another program is writing to; allowed: one writer at a time. Try again soon." in wrong
        holder.execute("ROLLBACK")
        holder.execute("BEGIN EXCLUSIVE")
        assert records_cli("list")[0] == 2
    assert len(kept_in(records_file)) == 1


def test_a_full_disk_changes_nothing(records_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        records.add("L01", case(1))
    before = kept_in(records_file)
    pages = records_file.stat().st_size // 4096
    monkeypatch.setattr(places, "PRAGMAS", (*places.PRAGMAS, f"max_page_count={pages}"))
    big = replace(case(2), title="t" * 50_000)
    with opened(place_of(str(records_file))) as records, pytest.raises(InputError, match="a disk that takes no more"):
        records.add("L02", big)
    monkeypatch.undo()
    assert kept_in(records_file) == before


def test_where_the_disk_becomes_full_every_case_said_to_be_kept_is_there(
    small_disk: Disk, tmp_path: Path, told: dict[str, Any], records_cli: Cli
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
    code, _, wrong = records_cli("add", run, "--learner", "L02", "--db", file)
    assert (code, f"{file}: found a disk that takes no more" in wrong, kept_in(file)) == (2, True, before)
    small_disk.clear()
    assert records_cli("add", run, "--learner", "L02", "--db", file)[0] == 0
    assert kept_in(file)[:-1] == before


@pytest.mark.parametrize("where", [0.4, 0.9])
def test_a_damaged_database_is_said_to_be_so_and_left_alone(records_file: Path, records_cli: Cli, where: float) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        for number in range(20):
            records.add("L01", case(number))
    content = bytearray(records_file.read_bytes())
    start = int(where * len(content)) // 4096 * 4096
    content[start : start + 4096] = b"\xa5" * 4096
    records_file.write_bytes(content)
    code, _, wrong = records_cli("list")
    assert (code, "a damaged database" in wrong, "Traceback" in wrong) == (2, True, False)
    assert records_file.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no database, but text of some length " * 40, "a file that holds no records"),
        (b"SQLite format 3\0" + b"\0" * 200, "a file that holds no records|a damaged database"),
    ],
)
def test_another_file_is_no_database(records_file: Path, content: bytes, words: str, records_cli: Cli) -> None:
    records_file.write_bytes(content)
    code, _, wrong = records_cli("add", "anything", "--learner", "L1")
    assert code == 2
    code, _, wrong = records_cli("list")
    assert code == 2
    assert re.search(words, wrong)
    assert records_file.read_bytes() == content


def test_another_program_s_database_is_not_touched(records_file: Path, records_cli: Cli) -> None:
    with closing(sqlite3.connect(records_file)) as other:
        other.execute("CREATE TABLE patients (name TEXT)")
        other.commit()
    before = records_file.read_bytes()
    code, _, wrong = records_cli("list")
    assert (code, "a database of another program" in wrong) == (2, True)
    assert records_file.read_bytes() == before


def test_no_records_yet_and_no_place_for_them_are_said(tmp_path: Path, records_cli: Cli, told: dict[str, Any]) -> None:
    assert "Add one first: dekomp-sim records add" in records_cli("list")[2]
    run = written(tmp_path / "run", told)
    assert records_cli("add", run, "--learner", "L1", "--db", run / "report.json" / "r.sqlite")[0] == 2
    assert records_cli("add", tmp_path / "nowhere", "--learner", "L1")[0] == 2
    assert "sqlite or postgresql" in records_cli("list", "--db", "mysql://u@h/d")[2]
    code, _, wrong = records_cli("list", "--db", "postgresql://u:secret@127.0.0.1:9/d")
    assert code == 2
    assert "secret" not in wrong


def test_migrations_and_tables_agree(records_file: Path) -> None:
    with opened(place_of(str(records_file)), new=True) as records, records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_records_of_the_first_schema_are_brought_up_to_date_with_all_they_hold(records_file: Path) -> None:
    place = place_of(str(records_file))
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
    (kept,) = kept_in(records_file)
    assert (kept.case.title, kept.figure("exposures"), kept.passed("examination")) == ("Of old", 4.0, True)
    with closing(sqlite3.connect(records_file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)


def test_records_of_a_later_release_are_refused_with_the_version_named(records_file: Path, records_cli: Cli) -> None:
    with opened(place_of(str(records_file)), new=True):
        pass
    with closing(sqlite3.connect(records_file)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.commit()
    code, _, wrong = records_cli("list")
    assert (code, "records of schema 0099; allowed: schema 0002 or older" in wrong) == (2, True)


def test_a_server_is_called_by_a_name_that_tells_no_password() -> None:
    place = place_of("postgresql://anna:first@host/records?password=second&sslmode=require")
    assert place.name == "postgresql+psycopg://anna:***@host/records"
    assert place.url.query["password"] == "second"
