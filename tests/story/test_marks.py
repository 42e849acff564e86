"""A case is marked by its scenario's rubric, and the debrief says by what, how well, and what failed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.report import Report, report_html, report_json
from dekomp_sim.debrief.scoring.marks import Score, scores, words_of
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Story, play

SCENARIO = """
dekomp_sim: 1
title: a needle under a rubric
level: L4-L5
side: left
rubrics:
  - name: needle
    pass_percent: 70
    critical: [harm, no_time_out]
    source: a test
    criteria:
      - {metric: exposures, full_at: 1, zero_at: 5}
      - {metric: risk_contacts, full_at: 0, zero_at: 1, weight: 2}
      - {metric: tip_to_target_mm, full_at: 3, zero_at: 12}
steps:
  - {do: assess_candidate}
  - {do: consent}
  - {do: position_prone}
  - {do: time_out, level: L4-L5, side: left}
  - {do: prepare_sterile_field}
  - {do: set_view, view: ap}
  - {do: expose}
  - {do: insert, instrument: discography_needle}
  - {do: advance, instrument: discography_needle, to: nucleus_centre}
  - {do: expose}
  - {do: remove, instrument: discography_needle}
"""


@pytest.fixture
def story(tmp_path: Path) -> Story:
    path = tmp_path / "needle.yaml"
    path.write_text(SCENARIO)
    return read_yaml(path, Story)


def marked(story: Story, patient: Patient) -> tuple[Score, str, dict[str, Any]]:
    """The score by the story's own rubric, the report's HTML, and its data."""
    cases = play(story, patient)
    metrics = measure(cases)
    found = report_json(story, cases, metrics, "d")
    json.dumps(found, allow_nan=False)
    return scores(story, metrics, cases[-1])[0], report_html(Report(story, cases, metrics, "d")), found


def test_a_case_is_marked_by_its_rubric_and_the_report_shows_how(story: Story, glass: Patient) -> None:
    score, html, found = marked(story, glass)
    assert score.rubric.name == "needle"
    assert [mark.share for mark in score.marks] == [0.75, 1.0, 1.0]  # two exposures of one to five
    assert score.percent == pytest.approx(100.0 * 3.75 / 4.0, abs=1e-9)
    assert score.passed
    assert "Needle: 94 %" in html
    assert "✓ passed" in html
    assert "70 % pass. Source: a test" in html
    first, preset = found["scores"]
    assert (first["rubric"], first["passed"], first["errors"]) == ("needle", True, [])
    assert first["marks"][0] == {
        "metric": "exposures", "value": 2, "full_at": 1.0, "zero_at": 5.0, "weight": 1.0, "share": 0.75,
    }  # fmt: skip
    assert preset["rubric"] == "disc_block"


def test_reaching_for_the_needle_before_the_time_out_fails_a_case_with_the_same_marks(
    story: Story, glass: Patient
) -> None:
    hasty = (do.Insert("discography_needle"), *story.steps)
    score, html, _ = marked(Story(1, story.title, Level.L4_L5, Side.LEFT, hasty, rubrics=story.rubrics), glass)
    assert score.percent == pytest.approx(100.0 * 3.75 / 4.0, abs=1e-9)
    assert not score.passed
    assert "Critical errors fail the case" in html
    assert words_of(score).startswith("Marks by needle: 94 %, not passed. Critical: Stopped at insert")
    assert "Stopped at insert: not yet done was time out." in html


def test_the_shipped_examination_is_marked_by_its_own_rubric(coarse_phantom: Patient) -> None:
    story = read_yaml(Path(__file__).parents[2] / "scenarios" / "examination.yaml", Story)
    cases = play(story.as_performed(), coarse_phantom)
    score = scores(story, measure(cases), cases[-1])[0]
    assert score.rubric.name == "examination"
    assert all(mark.value is not None for mark in score.marks)
    assert score.passed, (score.percent, score.errors)
