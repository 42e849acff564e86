"""Where records are kept: an SQLite file, or a department's database by URL; and what goes wrong there, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from platformdirs import user_data_path
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from dekomp_sim.errors import InputError

WAIT_S: Final = 5.0
"""Time in s that a writer waits for another. Assumption: a case is written in milliseconds."""

WRITER: Final = 0x64656B6F6D70
"""Number of the lock that a writer holds on a server, as no other program would choose it: the letters of "dekomp"."""

PRAGMAS: Final = ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL")
"""What every SQLite connection is told: deletions cascade, deleted content is overwritten with zeros, and a commit has
reached the disk before it returns (sqlite.org/pragma.html)."""

REMEDIES: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("database is locked", "a database that another program is writing to", "one writer at a time", "Try again soon"),
    ("full", "a disk that takes no more", "room for the records", "Nothing was changed: make room and try again"),
    ("not a database", "a file that holds no records", "a database of this program, or a new file", ""),
    (
        "malformed",
        "a damaged database",
        "records as this program wrote them",
        "Take a copy back, or save what can be read: sqlite3 FILE .recover",
    ),
    ("readonly", "a database that may not be written", "a file and a folder that you may write", ""),
    ("unable to open", "a place where no database can be opened", "a file in a folder that you may write", ""),
    ("disk i/o", "a disk that fails", "a disk that can be read and written", "Nothing was changed: look to the disk"),
)
"""Words in what SQLite says; what was found, what is allowed, what to do."""


LOCK_NOT_AVAILABLE: Final = "55P03"
"""What PostgreSQL says when a lock was not to be had in time (its manual, appendix A)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database: its URL, and what messages call it, without a password."""

    url: URL
    name: str

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server."""
        local = self.url.get_backend_name() == "sqlite" and self.url.database
        return Path(local) if local else None


def usual_file() -> Path:
    """The file where records are kept unless another is named."""
    return user_data_path("dekomp_sim", appauthor=False) / "records.sqlite"


def place_of(named: str | None) -> Place:
    """The database that a path or a URL names.

    Raises
    ------
    InputError
        If a URL cannot be read, or is of another kind than SQLite or PostgreSQL.
    """
    if named is None or "://" not in named:
        path = usual_file() if named is None else Path(named)
        return Place(URL.create("sqlite", database=str(path)), str(path))
    try:
        url = make_url(named)
    except ArgumentError:
        raise InputError("--db", "a URL that cannot be read", "a file, or postgresql://USER@HOST/DATABASE") from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise InputError("--db", url.get_backend_name(), "sqlite or postgresql")
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return Place(url, url.set(query={}).render_as_string(hide_password=True))  # a password may stand in the query too


@contextmanager
def engine_of(place: Place) -> Iterator[Engine]:
    """Connections to a database; closed at the end.

    Raises
    ------
    InputError
        If the driver of a server is not installed.
    """
    arguments: dict[str, Any] = {"timeout": WAIT_S} if place.file is not None else {"connect_timeout": int(WAIT_S)}
    try:
        engine = create_engine(place.url, poolclass=NullPool, connect_args=arguments)
    except (ModuleNotFoundError, NoSuchModuleError):
        remedy = "pip install 'dekomp-sim[postgres]'"
        raise InputError(place.name, "a server whose driver is not installed", "psycopg", remedy) from None
    if place.file is not None:
        event.listen(engine, "connect", _prepared)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "begin", _begin_on_server)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def told_plainly(place: Place) -> Iterator[None]:
    """Whatever the database complains of becomes one sentence.

    Raises
    ------
    InputError
        In place of a database's own error.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as wrong:
        own = wrong.orig if isinstance(wrong, DBAPIError) else wrong
        said = (str(own).strip() or type(own).__name__).splitlines()[0]
        for words, found, allowed, remedy in REMEDIES:
            if isinstance(own, sqlite3.Error) and words in said.lower():
                raise InputError(place.name, found, allowed, remedy) from None
        if getattr(own, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            _, found, allowed, remedy = REMEDIES[0]
            raise InputError(place.name, found, allowed, remedy) from None
        raise InputError(place.name, f"a database that refuses ({said})", "a database that answers") from None


def whole(connection: Connection, place: Place) -> None:
    """Make sure that an SQLite file is undamaged.

    Raises
    ------
    InputError
        If it is damaged.
    """
    if place.file is None:
        return
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        _, what, allowed, remedy = next(one for one in REMEDIES if one[0] == "malformed")
        raise InputError(place.name, what, allowed, remedy)


def _prepared(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # begin is said below, so that it covers changes of tables as well
    try:
        with closing(connection.cursor()) as cursor:
            for pragma in PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:  # the file holds no database: nobody else knows of this connection yet
        connection.close()
        raise


def _begin(connection: Connection) -> None:
    """A writer asks for the lock at once: two that read first and write later would block each other."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_on_server(connection: Connection) -> None:
    """A server lets many write at once; here one after the other, as in a file.

    Two that find an empty database would both make its tables, and two that keep a new learner's case the learner.
    """
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")
