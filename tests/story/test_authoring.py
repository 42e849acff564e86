"""An educator at the keyboard: a starter that is in order, a case told in words, shipped scenarios that teach."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from dekomp_sim.cli import app
from dekomp_sim.debrief.definitions import METRICS
from dekomp_sim.files import read_yaml
from dekomp_sim.files.shipped import shipped, shipped_names
from dekomp_sim.scenario.rubric import Metric
from dekomp_sim.scenario.story import Story


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["dekomp-sim", *words])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out, told.err


def test_the_starter_is_in_order_and_says_what_it_inherits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, monkeypatch, "new", "mine", "--in", str(tmp_path))[0] == 0
    story = read_yaml(tmp_path / "mine.yaml", Story)
    assert story.inherits == "l4l5_left_posterolateral"
    assert story.rubrics[0].name == "mine"
    assert said(capsys, monkeypatch, "check", str(tmp_path / "mine.yaml"))[0] == 0


@pytest.mark.parametrize("name", ["a/b", "", "x y"])
def test_a_name_that_is_no_file_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code, _, wrong = said(capsys, monkeypatch, "new", name, "--in", str(tmp_path))
    assert code == 2
    assert "letters, digits, _ and -" in wrong
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    code, _, wrong = said(capsys, monkeypatch, "new", "mine", "--in", str(tmp_path))
    assert (code, (tmp_path / "mine.yaml").read_text()) == (2, "mine")
    assert "a file that exists" in wrong


def test_a_case_is_told_with_patient_lesson_marks_and_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told, _ = said(capsys, monkeypatch, "explain", "examination")
    assert code == 0
    flat = " ".join(told.split())
    for words in ("42 years old", "left posterolateral protrusion, 4.5 mm deep", "the x ray fails for 60 s"):
        assert words in flat
    for words in ("Marked by examination: 70 % pass", "Failed by: harm, wrong level", "78. "):
        assert words in flat


def test_texts_come_in_the_language_asked_for_and_else_in_the_files_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    german = said(capsys, monkeypatch, "explain", "wrong_candidate", "--language", "de-CH")[1]
    french = said(capsys, monkeypatch, "explain", "wrong_candidate", "--language", "fr")[1]
    assert german.startswith("Ein Patient, der abgewiesen werden sollte")
    assert french.startswith("A candidate to refuse")
    code, _, told = said(capsys, monkeypatch, "explain", "wrong_candidate", "--language", "deutsch")
    assert (code, "--language: found deutsch" in told) == (2, True)


@pytest.mark.parametrize("name", shipped_names("scenarios"))
def test_every_shipped_scenario_says_in_its_first_lines_what_it_teaches(name: str) -> None:
    head = "".join(shipped("scenarios", name).read_text().splitlines(True)[:5])
    assert "Teaches" in head or name == "l4l5_left_posterolateral"
    assert read_yaml(shipped("scenarios", name), Story).summary


def test_every_metric_that_a_rubric_may_use_is_defined_for_its_reader() -> None:
    assert {metric.value for metric in Metric} <= METRICS.keys()


BAD = {
    "a circle of inheritance": (
        {"a.yaml": "dekomp_sim: 1\ninherits: b.yaml\n", "b.yaml": "inherits: ./a.yaml\n"},
        r"b\.yaml:1:11: found a circle: a\.yaml inherits b\.yaml inherits a\.yaml",
    ),
    "a trigger on an unknown quantity": (
        {
            "a.yaml": "inherits: l4l5_left_posterolateral\nlesson:\n  triggers:\n"
            "    - {name: near, when: {quantity: tip_to_rot_mm, below: 3}, then: [{do: hint, words: Slow.}]}\n"
        },
        r'a\.yaml:4:37: found quantity: "tip_to_rot_mm".* The nearest is tip_to_root_mm',
    ),
    "two rubrics of one name": (
        {
            "a.yaml": "inherits: l4l5_left_posterolateral\nrubrics:\n"
            "  - {name: exam, criteria: [{metric: exposures, full_at: 5, zero_at: 20}]}\n"
            "  - {name: exam, criteria: [{metric: redirects, full_at: 0, zero_at: 6}]}\n"
        },
        r"a\.yaml:\d+:\d+: .*two rubrics are called exam",
    ),
    "texts in no language": (
        {"a.yaml": "inherits: l4l5_left_posterolateral\ntexts:\n  german: {title: Der Fall}\n"},
        r"a\.yaml:\d+:\d+: .*texts are in german.* write de, fr or pt-BR",
    ),
    "a scenario that cannot end": (
        {
            "a.yaml": "inherits: l4l5_left_posterolateral\nlesson:\n  gates:\n"
            "    - {step: incise, until: {done: bandage}, words: First the bandage.}\n"
            "    - {step: bandage, until: {done: incise}, words: First the incision.}\n"
        },
        r"a\.yaml:\d+:\d+: .*the scenario cannot end: incise waits for bandage waits for incise",
    ),
}


@pytest.mark.parametrize("command", ["check", "explain", "run", "sweep"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_scenario_is_told_in_a_sentence_with_its_place_and_nothing_is_left(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, sentence = BAD[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    code, _, wrong = said(
        capsys, monkeypatch, command, "a.yaml", *(("-o", "out") if command in {"run", "sweep"} else ())
    )
    assert code == 2
    assert re.search(sentence, wrong), wrong
    assert "Traceback" not in wrong
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


TYPOS = """\
dekomp_sim: 1
inherits: l4l5_left_posterolateral
titel: Typing errors
card:
  wieght_kg: 70
lesson:
  triggers:
    - name: near
      when: {quantity: tip_to_root_mm, below: 3}
      then:
        - {do: hnt, words: Slow.}
steps_after:
  - {do: wiat, seconds: 10}
  - {do: advance, instrument: discography_needel, to_depth_mm: 70}
"""


def test_check_tells_all_mistakes_at_once_each_with_its_place_and_the_nearest_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "typos.yaml").write_text(TYPOS)
    monkeypatch.chdir(tmp_path)
    code, _, wrong = said(capsys, monkeypatch, "check", "typos.yaml")
    assert code == 2
    told = [re.fullmatch(r"typos.yaml:(\d+:\d+): .* The nearest is (\w+)\.", line) for line in wrong.splitlines()]
    assert [one and one.groups() for one in told] == [
        ("3:1", "title"),
        ("5:3", "weight_kg"),
        ("11:16", "hint"),
        ("13:10", "wait"),
        ("14:31", "discography_needle"),
    ]
