"""Scenarios that inherit: what is not said comes from above, and mistakes are told where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml, schema
from dekomp_sim.scenario.story import Story

BASE = """\
dekomp_sim: 1
title: base
level: L4-L5
side: left
card:
  age_y: 50
  weight_kg: 80
steps:
  - do: assess_candidate
  - do: consent
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_what_a_scenario_does_not_say_comes_from_the_one_it_inherits(tmp_path: Path) -> None:
    written(tmp_path, base=BASE, own="inherits: base.yaml\ntitle: own\nside: right\ncard: {age_y: 70}\n")
    story = read_yaml(tmp_path / "own.yaml", Story)
    assert (story.title, story.side.value, story.level.value) == ("own", "right", "L4-L5")
    assert (story.card.age_y, story.card.weight_kg) == (70.0, 80.0)
    assert [step.do for step in story.steps] == ["assess_candidate", "consent"]


def test_steps_before_and_after_add_to_inherited_steps_and_steps_replace_them(tmp_path: Path) -> None:
    more = "inherits: base.yaml\nsteps_before: [{do: wait, seconds: 5}]\nsteps_after: [{do: ask_patient}]\n"
    other = "inherits: more.yaml\nsteps: [{do: bandage}]\n"
    written(tmp_path, base=BASE, more=more, other=other)
    words = [step.do for step in read_yaml(tmp_path / "more.yaml", Story).steps]
    assert words == ["wait", "assess_candidate", "consent", "ask_patient"]
    assert [step.do for step in read_yaml(tmp_path / "other.yaml", Story).steps] == ["wait", "bandage", "ask_patient"]


def test_a_shipped_scenario_is_inherited_by_its_name(tmp_path: Path) -> None:
    written(tmp_path, own="inherits: l4l5_left_posterolateral\ntitle: mine\n")
    assert len(read_yaml(tmp_path / "own.yaml", Story).steps) > 50


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inherits: own.yaml\n", r"own.yaml:1:11: found a circle: own.yaml inherits own.yaml"),
        ("inherits: other.yaml\n", r"other.yaml:1:11: found a circle: own.yaml inherits other.yaml inherits own.yaml"),
        ("inherits: bse.yaml\n", r"own.yaml:1:11: found inherits: bse.yaml; .*no such file"),
        ("inherits: l4l5_left_postero\n", r"own.yaml:1:11: .*The nearest is l4l5_left_posterolateral"),
        ("inherits: 5\n", r"own.yaml:1:11: found inherits: 5; allowed: the name of a shipped scenario, or a file"),
    ],
)
def test_what_cannot_be_inherited_is_told_at_its_place(tmp_path: Path, text: str, told: str) -> None:
    written(tmp_path, base=BASE, other="inherits: own.yaml\n", own=text)
    with pytest.raises(InputError, match=told):
        read_yaml(tmp_path / "own.yaml", Story)


def test_mistakes_are_told_in_the_file_in_which_they_stand_its_own_first(tmp_path: Path) -> None:
    base = BASE.replace("weight_kg: 80", "weight_kg: 8")
    own = "inherits: base.yaml\ncard: {age: 70}\nsteps_after:\n  - do: wiat\n    seconds: 1\n"
    written(tmp_path, base=base, own=own)
    with pytest.raises(InputError) as caught:
        read_yaml(tmp_path / "own.yaml", Story)
    lines = str(caught.value).splitlines()
    places = [line.split(": found")[0].rsplit("/", 1)[1] for line in lines]
    assert places == ["own.yaml:2:8", "own.yaml:4:9", "base.yaml:7:14"]
    assert "The nearest is age_y" in lines[0]
    assert "The nearest is wait" in lines[1]


def test_the_schema_asks_nothing_of_a_file_that_inherits_and_the_usual_of_any_other() -> None:
    found = schema(Story)
    assert found["if"] == {"required": ["inherits"]}
    assert set(found["else"]["required"]) >= {"title", "level", "side", "steps"}
    assert {"steps_before", "steps_after"} <= found["properties"].keys()


def test_two_rubrics_of_one_name_are_refused(tmp_path: Path) -> None:
    rubric = "{name: a, criteria: [{metric: exposures, full_at: 5, zero_at: 20}]}"
    written(tmp_path, base=BASE, own=f"inherits: base.yaml\nrubrics: [{rubric}, {rubric}]\n")
    with pytest.raises(InputError, match=r"two rubrics are called a"):
        read_yaml(tmp_path / "own.yaml", Story)
