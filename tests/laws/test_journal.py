"""A journal loses at most the line that a crash cut, and says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Level
from dekomp_sim.errors import InputError
from dekomp_sim.files import Journal, read_journal

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

records = st.lists(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8) | st.floats(allow_nan=False,
                    allow_infinity=False) | st.booleans() | st.none(), max_size=3), max_size=4)  # fmt: skip


def kept(path: Path, header: dict[str, Any], found: list[dict[str, Any]]) -> Path:
    path.unlink(missing_ok=True)
    with Journal(path, header) as journal:
        for record in found:
            journal.append(record)
    return path


@quick
@given(records)
def test_what_was_recorded_is_read_back_equal(tmp_path: Path, found: list[dict[str, Any]]) -> None:
    read = read_journal(kept(tmp_path / "j.jsonl", {"seed": 7, "version": "0.1"}, found))

    assert read.header == {"seed": 7, "version": "0.1"}
    assert list(read.records) == found
    assert read.torn == ""


@quick
@given(records, st.data())
def test_a_journal_cut_anywhere_keeps_its_whole_lines(
    tmp_path: Path, found: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = kept(tmp_path / "j.jsonl", {"seed": 7}, found).read_bytes()
    first = whole.index(b"\n") + 1
    cut = data.draw(st.integers(first, len(whole)))
    (tmp_path / "j.jsonl").write_bytes(whole[:cut])

    read = read_journal(tmp_path / "j.jsonl")

    lines = whole[:cut].count(b"\n") - 1
    assert list(read.records) == found[:lines]
    assert read.torn.encode() == whole[:cut].rpartition(b"\n")[2] or "\ufffd" in read.torn


def test_arrays_enums_and_dataclasses_become_plain_json(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl", {}) as journal:
        journal.append({"level": Level.L4_L5, "tip_mm": np.array([1.0, 2.5]), "count": np.int64(3), "pair": (1, 2)})

    (record,) = read_journal(tmp_path / "j.jsonl").records
    assert record == {"level": "L4-L5", "tip_mm": [1.0, 2.5], "count": 3, "pair": [1, 2]}


def test_each_record_is_on_the_disk_before_the_next(tmp_path: Path) -> None:
    """The process is killed without closing; what it recorded is there."""
    program = (
        "import os, sys; from dekomp_sim.files.journal import Journal; journal = Journal(sys.argv[1], {});"
        "journal.append({'do': 'expose'}); os._exit(9)"
    )
    code = subprocess.run([sys.executable, "-c", program, tmp_path / "j.jsonl"], check=False).returncode

    assert code == 9
    assert read_journal(tmp_path / "j.jsonl").records == ({"do": "expose"},)


def test_a_number_that_json_does_not_know_is_refused_and_leaves_no_half_line(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl", {}) as journal, pytest.raises(ValueError, match="not JSON compliant"):
        journal.append({"kv": float("nan")})

    assert read_journal(tmp_path / "j.jsonl").records == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", ":1: found no journal's first line; allowed: a journal of this program."),
        (b'{"seed": 1}\n', ":1: found no journal's first line; allowed: a journal of this program."),
        (b'{"journal":9}\n', ":1: found journal version 9; allowed: version 2."),
        (
            b'{"journal":1,"dekomp_sim":"0.1.0"}\n',
            ":1: found journal version 1 written by dekomp_sim 0.1.0; allowed: version 2. "
            "Use the release that wrote it.",
        ),
        (b'{"journal":2}\n{"do": \n{"do": "wait"}\n', ":2: found a damaged line before the last; allowed: one JSON"),
        (b'{"journal":2}\n[1]\n', ":2: found a damaged line before the last; allowed: one JSON object in each line."),
    ],
)
def test_a_file_that_is_no_whole_journal_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_journal(path)

    assert sentence in str(caught.value)


def test_an_earlier_journal_is_never_written_over(tmp_path: Path) -> None:
    kept(tmp_path / "j.jsonl", {}, [{"do": "wait"}])

    with pytest.raises(InputError, match=r"j\.jsonl: found a journal that exists; allowed: a new file\."):
        Journal(tmp_path / "j.jsonl", {})
    with pytest.raises(InputError, match="no such file"):
        read_journal(tmp_path / "k.jsonl")
    assert len(read_journal(tmp_path / "j.jsonl").records) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", {})
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file.fileno())
    os.close(full)

    with pytest.raises(InputError, match="found a disk that takes no more"):
        journal.append({"do": "wait"})
    journal.close()
