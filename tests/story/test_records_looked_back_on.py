"""Cases of learners looked back on: tables to take away, pages of one learner and of many."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from record_keeping import Cli, case

from dekomp_sim.debrief.scoring.learning import Design
from dekomp_sim.records.export import columns, csv_text, parquet_bytes
from dekomp_sim.records.pages import Asked, cohort_page, learner_page, standing_of
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import opened


def test_csv_and_parquet_hold_the_same_table(records_file: Path) -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    with opened(place_of(str(records_file)), new=True) as records:
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


def test_an_ending_that_is_no_table_is_refused(records_file: Path, records_cli: Cli) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        records.add("L01", case(1))
    code, _, wrong = records_cli("export", "-o", records_file.with_suffix(".xlsx"))
    assert (code, ".csv or .parquet" in wrong) == (2, True)
    assert records_cli("export", "-o", records_file.with_suffix(".csv"))[0] == 0


def test_few_cases_say_not_enough_data_and_enough_say_how_far(records_file: Path) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
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


def test_pages_ask_for_nothing_outside_themselves_and_say_what_they_reckon(
    records_file: Path, records_cli: Cli
) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        for number in range(15):
            records.add(f"L{number % 6}", case(number, passed=number % 5 != 0))
    own, all_of_them = records_file.with_name("own.html"), records_file.with_name("all.html")
    assert records_cli("progress", "L3", "-o", own)[1].startswith("Not enough data: 2 of at least 13 cases.\n")
    assert records_cli("cohort", "-o", all_of_them, "--limit", "0.3")[0] == 0
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
    code, _, wrong = records_cli("progress", "L3", "-o", own, "--rubric", "osce")
    assert (code, "found osce; allowed: disc_block, examination" in wrong) == (2, True)
    code, _, wrong = records_cli("cohort", "-o", all_of_them, "--acceptable", "0.5")
    assert (code, "0 < acceptable < inadequate < 1" in wrong) == (2, True)


def test_pages_are_the_same_each_time(records_file: Path) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        for number in range(6):
            records.add("L01", case(number))
        cases = records.cases()
    asked = Asked("examination", Design(limit=0.5))
    assert learner_page(cases, asked) == learner_page(cases, asked)
    assert cohort_page(cases, asked) == cohort_page(cases, asked)
