"""Brings a database to today's tables, step by step, and refuses what it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from dekomp_sim.errors import InputError

STEPS: Final = Path(__file__).with_name("migrations")
"""The folder of migrations."""

NEWEST: Final = "head"
"""Alembic's word for the last step."""


def up_to_date(connection: Connection, where: str) -> bool:
    """Whether a database has today's tables; nothing is changed.

    Parameters
    ----------
    connection
        To the database.
    where
        What messages call it.

    Raises
    ------
    InputError
        If the database was written by a later release, or belongs to another program.
    """
    known = [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()]
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in known:
        raise InputError(where, f"records of schema {now}", f"schema {known[0]} or older", "Use a newer dekomp_sim")
    if now is None and inspect(connection).get_table_names():
        raise InputError(where, "a database of another program", "records of this program, or a new database")
    return now == known[0]


def bring_up_to_date(connection: Connection, where: str, to: str = NEWEST) -> None:
    """Make the tables of a new database, or bring an older one's up to date, its content kept.

    Parameters
    ----------
    connection
        In a transaction, which holds all steps or none.
    where
        What messages call the database.
    to
        The last step to take; a test stops earlier.

    Raises
    ------
    InputError
        As `up_to_date` does.
    """
    if not up_to_date(connection, where):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    return config
