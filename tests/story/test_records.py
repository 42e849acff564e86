"""Cases of learners are kept, marked by assessors and forgotten."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from record_keeping import Cli, case, kept_in, quiet_report, written

from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.app import main
from dekomp_sim.debrief.scoring.rating import HumanAssessment, form
from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml
from dekomp_sim.records.place import place_of
from dekomp_sim.records.pseudonyms import pseudonym
from dekomp_sim.records.reports import performed
from dekomp_sim.records.store import opened


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
    return quiet_report(glass)


def test_a_case_comes_back_as_it_was_kept(records_file: Path) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        assert records.add("L01", case(1)) == (1,)
        assert records.add("L02", case(2, passed=False)) == (2,)
    first, second = kept_in(records_file)
    assert (first.number, first.learner, first.case) == (1, "L01", case(1))
    assert second.passed("examination") is False
    assert second.passed("another rubric") is None
    assert first.figure("exposures") == 6.0
    assert first.figure("tip_to_target_mm") is None


def test_a_run_s_report_is_kept_with_its_figures_and_marks(
    tmp_path: Path, told: dict[str, Any], records_cli: Cli
) -> None:
    run = written(tmp_path / "run", told)
    assert records_cli("add", run, "--learner", "L017")[:2] == (0, "Case 1 of L017: A quiet case\n")
    code, out, _ = records_cli("list")
    assert code == 0
    assert all(word in out for word in ("L017", "A quiet case", "disc_block 50 %, not passed"))
    (kept,) = kept_in(tmp_path / "records.sqlite")
    assert kept.figure("exposures") == 0.0
    assert kept.figure("tip_to_target_mm") is None  # not done: no row, not a nought
    assert kept.case.figures["total_s"] == (told["metrics"]["total_s"]["value"], "s")
    assert [mark.rubric for mark in kept.case.marks] == ["disc_block"]


def test_the_same_report_is_kept_once_for_a_learner(tmp_path: Path, told: dict[str, Any], records_cli: Cli) -> None:
    run = written(tmp_path / "run", told)
    assert records_cli("add", run, "--learner", "L017")[0] == 0
    code, _, wrong = records_cli("add", run / "report.json", "--learner", "L017")
    assert (code, "a report already kept as case 1" in wrong) == (2, True)
    assert records_cli("add", run, "--learner", "L018")[0] == 0


@pytest.mark.parametrize("name", ["Anna", "Anna Meier", "a.meier@clinic.org", "17", "", "L" * 13 + "1", "L17; drop"])
def test_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"a pseudonym: letters, then digits, such as L017"):
        pseudonym(name)


def test_one_bad_report_among_good_ones_keeps_none_of_them(
    tmp_path: Path, told: dict[str, Any], records_cli: Cli
) -> None:
    good, bad = written(tmp_path / "good", told), written(tmp_path / "bad", told, format=1)
    code, _, wrong = records_cli("add", good, bad, "--learner", "L1")
    assert code == 2
    assert "found a report of format 1; allowed: format 2. Make it anew: dekomp-sim replay" in wrong
    assert not (tmp_path / "records.sqlite").exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 2}', '{"format": 2, "metrics": []}'])
def test_what_is_no_report_is_said_to_be_none(content: str) -> None:
    with pytest.raises(InputError, match=r"no report|a report that was changed"):
        performed(content.encode(), Path("report.json"), "2026-03-01")


def test_a_human_assessor_s_rating_and_checklist_are_entered_and_stored(
    tmp_path: Path, records_file: Path, records_cli: Cli
) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        records.add("L01", case(1))
    blank = tmp_path / "assessment.yaml"
    blank.write_text(records_cli("form")[1])
    code, _, wrong = records_cli("assess", 1, blank)  # not filled in
    assert code == 2
    assert "assessment.yaml:5" in wrong
    filled = re.sub(r"^(  (?!.*null)\w+:).*$", r"\1 4", form(), flags=re.MULTILINE)
    blank.write_text(filled.replace("consent_obtained: null", "consent_obtained: true"))
    assert records_cli("assess", 1, blank)[1] == "Case 1, A1: rating 28 of 35, checklist 1 of 1\n"
    blank.write_text(blank.read_text().replace("time_and_motion: 4", "time_and_motion: 2"))
    assert records_cli("assess", 1, blank)[0] == 0  # the same assessor thought again
    ((entered,),) = (kept.assessments for kept in kept_in(records_file))
    assert entered == read_yaml(blank, HumanAssessment)
    assert entered.rating.total == 26
    blank.write_text(blank.read_text().replace("time_and_motion: 2", "time_and_motion: 6"))
    assert "at most 5" in records_cli("assess", 1, blank)[2]
    blank.write_text(filled.replace("assessor: A1", "assessor: Dr Meier"))
    assert records_cli("assess", 1, blank)[0] == 2
    blank.write_text(filled)
    assert "no case 9; allowed: a number of `records list`" in records_cli("assess", 9, blank)[2]


def test_of_a_forgotten_learner_nothing_is_left_in_the_folder(records_file: Path, records_cli: Cli) -> None:
    secret = replace(case(5), title="Unmistakable title", digest="feedc0de" * 8)
    with opened(place_of(str(records_file)), new=True) as records:
        for number in range(12):
            records.add("L01", case(100 + number))
        records.add("Zz4711", secret)
        filled = re.sub(r"^(  (?!.*null)\w+:).*$", r"\1 3", form().replace("A1", "A9"), flags=re.MULTILINE)
        (records_file.parent / "a.yaml").write_text(filled)
        records.assess(13, read_yaml(records_file.parent / "a.yaml", HumanAssessment))
    (records_file.parent / "a.yaml").unlink()
    marks = (b"Zz4711", b"Unmistakable title", b"feedc0de", f"{5:064d}".encode(), b"A9")
    assert all(mark in records_file.read_bytes() for mark in marks), "else the search below proves nothing"
    code, out, _ = records_cli("forget", "Zz4711", "--yes")
    assert (code, out[:28]) == (0, "Forgotten: Zz4711, 1 cases. ")
    for path in records_file.parent.iterdir():
        assert not [mark for mark in marks if mark in path.read_bytes()], path.name
    assert len(kept_in(records_file)) == 12
    code, _, wrong = records_cli("forget", "Zz4711", "--yes")
    assert (code, "no learner 'Zz4711'" in wrong) == (2, True)


def test_of_several_cases_all_are_kept_or_none(records_file: Path) -> None:
    with opened(place_of(str(records_file)), new=True) as records:
        records.add("L01", case(1), case(2))
        with pytest.raises(InputError, match=r"already kept as case 2"):
            records.add("L01", case(3), case(2))
        with pytest.raises(InputError, match=r"already kept"):
            records.add("L02", case(4), case(4))
        assert [kept.number for kept in records.cases()] == [1, 2]
        assert records.learners() == ("L01",)
