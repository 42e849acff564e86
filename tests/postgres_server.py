"""A PostgreSQL server of the tests' own, reached by a socket in its own folder: no port, and nobody's records."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SECRET: Final = "only-of-this-test"
"""The owner's password."""

DEBIAN: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps a server's programs, in a folder for each release, off the path."""


def programs() -> Path | None:
    """The folder with a server's programs: the one on the path, or the newest that Debian has; None without any."""
    found = shutil.which("pg_ctl")
    if found is not None and Path(found).resolve().with_name("initdb").exists():
        return Path(found).resolve().parent
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda program: float(program.parents[1].name))
    return debian[-1].parent if debian else None


@contextmanager
def department(programs: Path) -> Iterator[str]:
    """The URL of an empty database, which wants a password; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        (folder / "secret").write_text(SECRET)
        user = _server_user()
        if user is not None:
            for path in (folder, folder / "secret"):
                shutil.chown(path, user)
        data = str(folder / "data")
        create = ["-U", "keeper", "-A", "scram-sha-256", f"--pwfile={folder / 'secret'}", "-E", "UTF8", "--locale=C"]
        _told([str(programs / "initdb"), "--no-sync", "-D", data, *create], user)
        served = [str(programs / "pg_ctl"), "-D", data, "-w"]
        options = f"-c unix_socket_directories={folder} -c listen_addresses='' -c fsync=off"
        _told([*served, "-l", str(folder / "log"), "-o", options, "start"], user)
        try:
            yield f"postgresql://keeper:{SECRET}@/postgres?host={folder}"
        finally:
            _told([*served, "-m", "immediate", "stop"], user)


def _server_user() -> str | None:
    """Who may run the server: not the superuser, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _told(command: Sequence[str], user: str | None) -> None:
    run = subprocess.run(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 0, f"{command[0]}: {run.stderr}"
