"""The shipped scenario, played from the first step to the last on the reference phantom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.files import load_patient
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.procedure import Breach, Case, Contact, Exposure, Pain, Refusal, Risk, case_digest
from dekomp_sim.procedure.needle.sites import in_nucleus
from dekomp_sim.scenario import Played, Story, play

DATA = Path(__file__).parents[3] / "shared" / "data"
SCENARIO = Path(__file__).parents[2] / "scenarios" / "l4l5_left_posterolateral.yaml"


@pytest.fixture(scope="module")
def story() -> Story:
    return read_yaml(SCENARIO, Story)


@pytest.fixture(scope="module")
def told(story: Story, coarse_phantom: Patient) -> tuple[tuple[Case, ...], list[Played]]:
    heard: list[Played] = []
    return play(story, coarse_phantom, heard.append), heard


@pytest.fixture(scope="module")
def cases(told: tuple[tuple[Case, ...], list[Played]]) -> tuple[Case, ...]:
    return told[0]


@pytest.fixture(scope="module")
def scan(story: Story) -> Patient:
    return load_patient(DATA / "torso_ct_3mm.nii.gz", DATA / "torso_ct_3mm_vertebrae.nii.gz", story.protrusions)


def test_every_step_is_heard_once_and_in_order(story: Story, told: tuple[tuple[Case, ...], list[Played]]) -> None:
    cases, heard = told
    assert [played.action for played in heard] == list(story.steps)
    assert [played.number for played in heard] == list(range(1, len(story.steps) + 1))
    assert [played.after for played in heard] == list(cases[1:])


def test_no_step_is_refused_and_nobody_is_harmed(story: Story, cases: tuple[Case, ...]) -> None:
    last = cases[-1]
    assert not [event for event in last.events if isinstance(event, Refusal | Contact | Breach)]
    assert last.done == tuple(step.do for step in story.steps)
    assert not last.harmed


def test_nothing_was_neglected(cases: tuple[Case, ...]) -> None:
    assert [event.lapse for event in cases[-1].events if isinstance(event, Risk)] == []


def test_about_three_quarters_of_a_millilitre_of_nucleus_comes_out(cases: tuple[Case, ...]) -> None:
    last = cases[-1]
    assert 0.65 <= last.removed_ml <= 0.85
    assert float(last.disc.ledger.collected_ml.sum()) == pytest.approx(last.removed_ml)
    assert sum(receipt.total_ml for receipt in last.receipts) == pytest.approx(last.removed_ml)
    assert last.receipts[-1].pressure_after_kpa < last.disc.opening_kpa


def test_the_discogram_finds_the_patient_s_own_pain_and_no_root_is_touched(cases: tuple[Case, ...]) -> None:
    pains = [event for event in cases[-1].events if isinstance(event, Pain)]
    assert [pain.concordant for pain in pains].count(True) == 1
    assert not [pain for pain in pains if pain.dermatome]


def test_the_needle_ends_in_the_nucleus_and_the_probe_stays_in_it(cases: tuple[Case, ...]) -> None:
    shape = cases[0].shape
    deepest = {name: max((t for t in cases[-1].track if t.instrument == name), key=lambda t: t.depth_mm) for name in
               ("discography_needle", "probe")}  # fmt: skip
    assert np.linalg.norm(np.array(deepest["discography_needle"].at_mm) - shape.nucleus_centre_mm) < 0.5
    assert all(in_nucleus(shape, np.array(tip.at_mm)) for tip in deepest.values())


def views(exposures: tuple[Exposure, ...]) -> set[str]:
    angles = [abs(exposure.carm.primary_deg) for exposure in exposures]
    return {"ap" if angle > 160.0 else "lateral" if 70.0 < angle < 110.0 else "oblique" for angle in angles}


@pytest.mark.parametrize("words", ["at the annulus", "in the nucleus", "Discogram", "after decompression"])
def test_each_moment_is_seen_from_behind_and_from_the_side(cases: tuple[Case, ...], words: str) -> None:
    told = tuple(e for e in cases[-1].exposures if words in e.note)
    assert {"ap", "lateral"} <= views(told)


def test_three_skin_punctures_and_the_last_through_the_incision(cases: tuple[Case, ...]) -> None:
    assert [(p.instrument, p.through_incision) for p in cases[-1].punctures] == [
        ("anaesthetic_needle", False),
        ("discography_introducer", False),
        ("trocar_cannula", True),
    ]


def test_dose_stays_within_what_discography_clinics_report(cases: tuple[Case, ...]) -> None:
    # 4 to 6 Gy cm2 per level for discography of about one minute; several spot pictures and a factor of two for sizes.
    kap = sum(exposure.dose.kap_gycm2 for exposure in cases[-1].exposures)
    assert 1.0 < kap < 12.0
    assert cases[-1].fluoroscopy_s < 60.0


def test_the_whole_visit_takes_between_one_and_two_hours(cases: tuple[Case, ...]) -> None:
    assert 3600.0 < cases[-1].clock_s < 7200.0


def test_told_twice_it_ends_the_same_to_the_last_digit(
    story: Story, coarse_phantom: Patient, cases: tuple[Case, ...]
) -> None:
    assert case_digest(play(story, coarse_phantom)[-1]) == case_digest(cases[-1])


def test_the_file_explains_itself(story: Story) -> None:
    assert "#" in SCENARIO.read_text()
    assert story.title
    assert story.summary


@pytest.mark.skipif(not (DATA / "torso_ct_3mm.nii.gz").exists(), reason="the scan of ../shared/data is not here")
def test_the_same_steps_run_unchanged_on_a_patient_s_scan(story: Story, scan: Patient) -> None:
    last = play(story, scan)[-1]
    assert not [event for event in last.events if isinstance(event, Refusal | Contact | Breach)]
    assert 0.4 < last.removed_ml < 1.0
    assert last.done == tuple(step.do for step in story.steps)
