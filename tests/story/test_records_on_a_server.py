"""A department keeps its records in PostgreSQL: the same records, many writers, and a server that says no."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres_server import SECRET, department, programs
from record_keeping import case
from sqlalchemy import text

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.cli.app import main
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import report_json
from dekomp_sim.debrief.scoring.rating import Checklist, HumanAssessment, Rating, form
from dekomp_sim.errors import InputError
from dekomp_sim.procedure import actions as do
from dekomp_sim.records import place as places
from dekomp_sim.records.place import Place, engine_of, place_of
from dekomp_sim.records.schema import bring_up_to_date
from dekomp_sim.records.store import opened
from dekomp_sim.records.tables import Base
from dekomp_sim.scenario import Story, play

COMER = """
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import Performed, opened
with opened(place_of({url!r})) as records:
    records.add("L01", Performed("f" * 64, "2026-03-01", "t", "L4-L5", "left", "7", "d", "0.1.0", False))
"""

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server's own database."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL is installed")
    pytest.importorskip("psycopg", reason="the driver of a server is not installed")
    with department(found) as url:
        yield url


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def url(server: str, numbers: Iterator[int]) -> str:
    """A new, empty database on the server."""
    name = f"records_{next(numbers)}"
    with (
        engine_of(place_of(server)) as engine,
        engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection,
    ):
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def at(url: str) -> Place:
    return place_of(url)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Exit code and all that `dekomp-sim records WORDS` says."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "records", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), " ".join((said.out + said.err).split())

    return run


def test_a_server_keeps_and_forgets_the_same(at: Place) -> None:
    with opened(at) as records:
        (number,) = records.add("L01", case(1))
        rating, checklist = Rating(1, 2, 3, 4, 5, 4, 3), Checklist(consent_obtained=True)
        records.assess(number, HumanAssessment(1, "A1", rating, checklist))
        (kept,) = records.cases("L01")
        assert kept.case == case(1)
        assert kept.assessments == (HumanAssessment(1, "A1", rating, checklist),)
        with pytest.raises(InputError, match=f"already kept as case {number}"):
            records.add("L01", case(2), case(1))
        assert [kept.case for kept in records.cases()] == [case(1)]
        assert records.forget("L01") == 1
        assert records.cases() == ()


def test_migrations_and_tables_agree_on_a_server(at: Place) -> None:
    with opened(at) as records, records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_every_command_of_the_records_works_on_a_server(
    url: str, glass: Patient, tmp_path: Path, cli: Callable[..., tuple[int, str]]
) -> None:
    story = Story(1, "A quiet case", Level.L4_L5, Side.LEFT, (do.Consent(), do.Insert("discography_needle")))
    cases = play(story, glass)
    run, entered = tmp_path / "run", tmp_path / "seen.yaml"
    run.mkdir()
    (run / "report.json").write_text(json.dumps(report_json(story, cases, measure(cases), "d" * 64)))
    entered.write_text(re.sub(r"^(  (?!.*null)\w+:).*$", r"\1 4", form(), flags=re.MULTILINE))

    said = [
        cli("add", run, "--learner", "L01", "--db", url),
        cli("list", "--db", url),
        cli("assess", 1, entered, "--db", url),
        cli("progress", "L01", "--db", url, "-o", tmp_path / "learner.html"),
        cli("cohort", "--db", url, "-o", tmp_path / "cohort.html"),
        cli("export", "--db", url, "-o", tmp_path / "cases.csv"),
        cli("forget", "L01", "--yes", "--db", url),
        cli("list", "--db", url),
    ]

    assert [code for code, _ in said] == [0] * len(said), said
    assert "Case 1 of L01: A quiet case" in said[0][1]
    assert "A quiet case" in said[1][1]
    assert "L01" in (tmp_path / "learner.html").read_text()
    assert "L01" in (tmp_path / "cases.csv").read_text()
    assert "A quiet case" not in said[-1][1]
    assert SECRET not in str(said)


def test_who_comes_while_another_makes_the_tables_waits_and_is_served(url: str, at: Place) -> None:
    with engine_of(at) as engine:
        with engine.execution_options(writes=True).begin() as first:
            bring_up_to_date(first, at.name)
            second = subprocess.Popen([sys.executable, "-c", COMER.format(url=url)], stderr=subprocess.PIPE, text=True)
            while second.poll() is None and not first.scalar(text(WAITING)):
                time.sleep(0.05)
        said = second.communicate(timeout=60)[1]
    assert (second.returncode, said) == (0, "")
    with opened(at) as records:
        assert [kept.learner for kept in records.cases()] == ["L01"]


def test_who_waits_too_long_for_another_writer_is_told(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WAIT_S", 1.0)
    with opened(at) as records, records.engine.execution_options(writes=True).begin():
        with pytest.raises(InputError, match="a database that another program is writing to"):
            records.add("L01", case(1))
        assert records.cases() == ()


def test_records_of_the_first_schema_on_a_server_are_brought_up_to_date(at: Place) -> None:
    with engine_of(at) as engine, engine.execution_options(writes=True).begin() as connection:
        bring_up_to_date(connection, at.name, to="0001")
        connection.execute(text("INSERT INTO learner (pseudonym) VALUES ('L01')"))
        connection.execute(
            text(
                "INSERT INTO played_case VALUES "
                "(1, 1, '2026-01-02', 'r', 'Of old', 'L4-L5', 'left', '1', 'd', '0.0.9', false)"
            )
        )
        connection.execute(text("INSERT INTO figure VALUES (1, 'exposures', 4.0, '')"))
    with opened(at) as records:
        (kept,) = records.cases()
    assert (kept.case.title, kept.figure("exposures"), kept.assessments) == ("Of old", 4.0, ())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({SECRET: "guessed"}, "password authentication failed"),
        ({"/records_": "/nothing_"}, "does not exist"),
        ({"?host=": "?host=/nowhere"}, "No such file or directory"),
    ],
)
def test_a_server_that_refuses_is_told_in_a_sentence_without_the_password(
    url: str, wrong: dict[str, str], words: str, cli: Callable[..., tuple[int, str]]
) -> None:
    for right, other in wrong.items():
        url = url.replace(right, other)
    code, said = cli("list", "--db", url)
    assert code == 2
    assert words in said
    assert not any(hidden in said for hidden in (SECRET, "guessed", "Traceback"))


def test_another_program_s_tables_are_not_touched(at: Place) -> None:
    with engine_of(at) as engine, engine.begin() as connection:
        connection.execute(text("CREATE TABLE patients (name TEXT)"))

    def come() -> Any:
        with opened(at):
            pass

    with pytest.raises(InputError, match="a database of another program"):
        come()
