"""The scenarios under CT and with both machines, played on the coarse phantom, and the report they leave."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.debrief.metrics import Metrics, measure
from dekomp_sim.debrief.report import Report, report_html, report_json, scan_stills
from dekomp_sim.debrief.scoring.marks import score
from dekomp_sim.debrief.steps import objectives
from dekomp_sim.debrief.summary import summary
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import Case, Refusal, Risk, case_digest
from dekomp_sim.procedure.ct.acquired import Manner
from dekomp_sim.scenario import Story, play
from dekomp_sim.scenario.explain import told

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


@pytest.fixture(scope="module")
def by_ct() -> Story:
    return read_yaml(SCENARIOS / "ct_guided.yaml", Story)


@pytest.fixture(scope="module")
def cases(by_ct: Story, coarse_phantom: Patient) -> tuple[Case, ...]:
    return play(by_ct, coarse_phantom)


@pytest.fixture(scope="module")
def figures(cases: tuple[Case, ...]) -> Metrics:
    return measure(cases)


def test_the_whole_procedure_goes_under_ct_without_a_c_arm(cases: tuple[Case, ...], figures: Metrics) -> None:
    last = cases[-1]
    assert not last.harmed
    assert not [event for event in last.events if isinstance(event, Refusal | Risk)]
    assert last.exposures == ()
    assert figures.removed_ml > 0.5
    assert {taken.manner for taken in last.acquisitions} == set(Manner)


def test_every_look_at_the_needle_shows_its_tip(cases: tuple[Case, ...]) -> None:
    for before, later in pairwise(cases):
        for taken in later.acquisitions[len(before.acquisitions) :]:
            assert bool(taken.shows) == bool(later.placements), taken.note


def test_the_discogram_is_graded_on_the_couch(cases: tuple[Case, ...]) -> None:
    shown = cases[-1].injections[-1].shown
    assert shown is not None
    assert shown.dallas == 3


def test_its_objectives_are_met_and_it_passes(by_ct: Story, cases: tuple[Case, ...], figures: Metrics) -> None:
    assert [goal.words for goal in objectives(by_ct, figures) if not goal.met] == []
    assert score(by_ct.rubrics[0], figures, cases[-1]).passed
    assert 10.0 < figures.ct_dlp_mgycm < 199.0  # the mean of a low-dose programme
    assert figures.operator_hand_usv > 0.0  # for the two quick checks alone


def test_the_summary_tells_the_scanners_dose(by_ct: Story, figures: Metrics) -> None:
    words = summary(figures, by_ct)
    assert "11 CT acquisitions with 1.0 s of CT fluoroscopy gave 44 mGy cm" in words
    assert "X-ray" not in words


def test_the_report_holds_the_scanners_table_and_pictures(
    by_ct: Story, cases: tuple[Case, ...], figures: Metrics
) -> None:
    last = cases[-1]
    shown = scan_stills(last, [PNG] * len(last.acquisitions))
    html = report_html(Report(by_ct, cases, figures, case_digest(last), shown))
    assert html.count('alt="Simulated CT, ') == len(last.acquisitions)
    assert "Every acquisition of the CT scanner" in html
    assert re.search(r"Total of 11, \d+ turns, about 0\.66 mSv", html)
    assert "No X-ray was used" not in html


def test_a_picture_that_was_passed_over_leaves_no_empty_frame(cases: tuple[Case, ...]) -> None:
    pictures = [PNG] * len(cases[-1].acquisitions)
    pictures[3] = b""
    assert len(scan_stills(cases[-1], pictures)) == len(pictures) - 1


def test_the_data_hold_each_acquisition_and_the_totals(by_ct: Story, cases: tuple[Case, ...], figures: Metrics) -> None:
    found = report_json(by_ct, cases, figures, case_digest(cases[-1]))
    assert len(found["acquisitions"]) == 11
    assert found["acquisitions"][0]["protocol"]["kv"] == 120.0
    assert found["ct_totals"]["dlp_mgycm"] == pytest.approx(figures.ct_dlp_mgycm)
    assert found["metrics"]["ct_dlp_mgycm"]["unit"] == "mGy cm"


def test_it_is_explained_with_what_is_learned(by_ct: Story) -> None:
    words = "\n".join(told(by_ct))
    assert "The room has a CT scanner and no C-arm." in words
    assert "skin grid" in words
    assert "ct_dlp_mgycm: full marks at 80, none at 250" in words


def test_both_machines_add_two_doses() -> None:
    story = read_yaml(SCENARIOS / "ct_and_fluoroscopy.yaml", Story)
    patient = build_phantom(story.specification(replace(PhantomSpec(), voxel_mm=2.0)))
    cases = play(story, patient)
    found, last = measure(cases), cases[-1]
    assert not last.harmed
    assert not [event for event in last.events if isinstance(event, Refusal | Risk)]
    assert found.ct_dlp_mgycm > 0.0
    assert found.kap_gycm2 > 0.0
    assert any("gave" in words and "mGy cm" in words for words in [summary(found, story)])
    assert [goal.words for goal in objectives(story, found) if not goal.met] == []
