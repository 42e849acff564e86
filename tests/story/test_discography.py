"""Discography as it is done: increments, what the manometer shows, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry import CArm
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.instruments import Placement, instrument
from dekomp_sim.procedure import (
    Case,
    Measured,
    Pain,
    PatientCard,
    Reaction,
    ReactionKind,
    Refusal,
    Risk,
    Said,
    Setting,
    after,
    begin,
)
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.card import Allergy
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of

NO_PAIN_KPA = 2000.0


def needled(opened: Case, card: PatientCard, tip_mm: FloatArray | None = None, key: str = "discography_needle") -> Case:
    """A case whose discography needle has its tip at a point (3,), in the nucleus's centre unless told."""
    case = begin(opened.patient, Setting(opened.level, opened.side, card))
    tip = case.plan.target_mm if tip_mm is None else tip_mm
    way = tip - case.plan.entry_mm
    depth = float(np.linalg.norm(way))
    needle = Placement(instrument(key), case.plan.entry_mm, way / depth, depth)
    return replace(case, placements=MappingProxyType({key: needle}))


def until_stopped(case: Case, increment_ml: float = 0.25) -> tuple[Case, str]:
    """Increments until one is refused: the last case, and why."""
    for _ in range(40):
        following = after(case, do.InjectContrast(increment_ml))
        if isinstance(following.events[-1], Refusal):
            return case, following.events[-1].reason
        case = following
    raise AssertionError("nothing stopped it")


def lapses(case: Case) -> set[str]:
    return {event.lapse for event in case.events if isinstance(event, Risk)}


def read(case: Case, quantity: str) -> list[float]:
    return [event.value for event in case.events if isinstance(event, Measured) and event.quantity == quantity]


@pytest.mark.parametrize(
    ("grade", "why", "volume_ml"),
    [
        (0, "50 psi above opening", 1.25),  # 1.16 mL, rounded up to whole increments
        (1, "50 psi above opening", 1.5),  # 1.27
        (2, "50 psi above opening", 1.5),  # 1.43
        (3, "50 psi above opening", 1.75),  # 1.64
        (4, "3.5 mL at most", 3.5),  # 50 psi would come at 3.8 mL
    ],
)
def test_each_grade_ends_where_its_published_curve_says(opened: Case, grade: int, why: str, volume_ml: float) -> None:
    card = PatientCard(dallas_grade=grade, pain_above_opening_kpa=NO_PAIN_KPA)
    case, reason = until_stopped(needled(opened, card))
    assert why in reason
    assert sum(one.volume_ml for one in case.injections) == pytest.approx(volume_ml)


def test_a_ruptured_disc_is_stopped_by_its_leak_and_never_by_pressure(opened: Case) -> None:
    card = PatientCard(dallas_grade=5, pain_above_opening_kpa=NO_PAIN_KPA)
    case, reason = until_stopped(needled(opened, card))
    assert "run out into the epidural space: stop" in reason
    assert max(one.pressure_kpa for one in case.injections) - case.disc.opening_kpa < 100.0


def test_pain_of_seven_ends_it(opened: Case) -> None:
    case, reason = until_stopped(needled(opened, PatientCard(dallas_grade=2, pain_above_opening_kpa=120.0)))
    assert reason.endswith("of 10: stop.")
    assert max(event.rating for event in case.events if isinstance(event, Pain)) >= 7.0


def test_the_manometer_reads_opening_flowing_and_still(opened: Case) -> None:
    case = after(needled(opened, PatientCard(dallas_grade=3)), do.InjectContrast(0.25, rate_ml_s=0.05))
    assert read(case, "opening pressure") == [100.0]
    still = 100.0 + 0.25 * 30.5 * 6.894757
    assert read(case, "manometer pressure") == pytest.approx([still])
    assert read(case, "manometer pressure while injecting") == pytest.approx([still + 0.05 * 1345.0], rel=1e-3)
    assert lapses(case) == set()
    again = after(case, do.InjectContrast(0.25, rate_ml_s=0.01))
    assert len(read(again, "opening pressure")) == 1
    assert again.injections[-1].dynamic_kpa - again.injections[-1].pressure_kpa == pytest.approx(13.45, rel=1e-3)


def test_too_much_in_one_go_is_a_lapse(opened: Case) -> None:
    assert lapses(after(needled(opened, PatientCard()), do.InjectContrast(0.6))) == {"large_increment"}


def test_in_the_annulus_the_pressure_jumps_and_in_the_endplate_nothing_builds_up(opened: Case) -> None:
    shape = opened.shape
    side = shape.patient_from_disc.points([-0.85 * shape.half_width_mm, 0.0, 0.0])
    plate = shape.patient_from_disc.points([0.0, 0.0, float(shape.height_mm(np.zeros(3))) / 2.0 - 0.3])
    card = PatientCard(dallas_grade=0, pain_above_opening_kpa=NO_PAIN_KPA)
    nucleus, annulus, endplate = (
        after(needled(opened, card, tip), do.InjectContrast(0.1)) for tip in (None, side, plate)
    )
    assert annulus.injections[-1].pressure_kpa > nucleus.injections[-1].pressure_kpa > 110.0
    assert endplate.injections[-1].pressure_kpa == 100.0
    assert lapses(nucleus) == set()
    assert lapses(annulus) == {"annular_injection"}
    assert lapses(endplate) == {"vascular_injection"}


@pytest.mark.parametrize(("grade", "words"), [(0, "cottonball, Dallas 0"), (3, "fissured, Dallas 3")])
def test_the_team_reads_the_discogram_where_the_c_arm_stands_over_it(opened: Case, grade: int, words: str) -> None:
    blind = needled(opened, PatientCard(dallas_grade=grade, pain_above_opening_kpa=NO_PAIN_KPA))
    x, y, z = blind.plan.target_mm.tolist()
    watched = replace(blind, carm=CArm(180.0, 0.0, (x, y, z)))
    said = [
        [event.words for event in after(case, do.InjectContrast(1.0)).events if isinstance(event, Said)]
        for case in (blind, watched)
    ]
    assert said == [[], [f"The contrast so far: {words}."]]


def test_a_finer_needle_reads_the_same_at_rest_and_far_more_while_it_flows(opened: Case) -> None:
    card = PatientCard(dallas_grade=3)
    usual, fine = (
        after(needled(opened, card, key=key), do.InjectContrast(0.25)).injections[-1]
        for key in ("discography_needle", "fine_discography_needle")
    )
    assert fine.pressure_kpa == usual.pressure_kpa
    flow = [one.dynamic_kpa - one.pressure_kpa for one in (usual, fine)]
    assert flow[1] / flow[0] == pytest.approx((0.413 / 0.260) ** 4, rel=1e-6)  # by the bore's fourth power


def test_the_finer_set_is_used_like_the_usual_one(opened: Case) -> None:
    case = replace(opened, done=("time_out", "prepare_sterile_field"))
    for step in (
        do.Insert("fine_discography_introducer"),
        do.Advance("fine_discography_introducer", to=do.Mark.ANNULUS, offset_mm=-20.0),
        do.Insert("fine_discography_needle"),
        do.Advance("fine_discography_needle", to=do.Mark.NUCLEUS_CENTRE),
        do.InjectContrast(0.5),
        do.Remove("fine_discography_needle"),
    ):
        case = after(case, step)
    assert not [event for event in case.events if isinstance(event, Refusal)]
    assert case.disc.injected_ml == 0.5
    assert any(isinstance(event, Said) and event.words.startswith("Discography of L4-L5") for event in case.events)


def test_an_allergy_to_contrast_is_heeded_where_it_is_known_and_answers_where_it_is_not(opened: Case) -> None:
    known = after(needled(opened, PatientCard(allergies=(Allergy.IODINE_CONTRAST,))), do.InjectContrast(0.25))
    unknown = after(needled(opened, PatientCard(unknown_allergies=(Allergy.IODINE_CONTRAST,))), do.InjectContrast(0.25))
    assert isinstance(known.events[-1], Refusal)
    assert [event.kind for event in unknown.events if isinstance(event, Reaction)] == [ReactionKind.ALLERGY]
    assert not any(isinstance(event, Reaction) for event in after(needled(opened, PatientCard()), do.Wait(60.0)).events)


def test_nucleus_annulus_and_vein_look_different_in_the_picture(opened: Case) -> None:
    """Contrast in the nucleus lies in the middle, in the annulus it stays at the tip, in a vein it is gone."""
    shape = opened.shape
    side = shape.patient_from_disc.points([-0.85 * shape.half_width_mm, 0.0, 0.0])
    plate = shape.patient_from_disc.points([0.0, 0.0, float(shape.height_mm(np.zeros(3))) / 2.0 - 0.3])
    x, y, z = shape.patient_from_disc.translation_mm.tolist()
    card = PatientCard(dallas_grade=0, pain_above_opening_kpa=NO_PAIN_KPA)
    blind = [needled(opened, card, tip) for tip in (None, side, plate)]
    scope = Fluoroscope(opened.patient)
    seen = after(replace(blind[0], carm=CArm(180.0, 0.0, (x, y, z)), done=("position_prone",)), do.Expose(spot=True))
    shot = shot_of(replace(seen, placements=MappingProxyType({})), seen.exposures[-1])
    before = scope.expose(shot).log_signal
    dark = [
        before - scope.expose(replace(shot, discs=(after(case, do.InjectContrast(0.3)).disc,))).log_signal
        for case in blind
    ]
    where = [np.argwhere(one > 0.1) for one in dark]
    middle = np.array(before.shape) / 2.0
    assert min(len(where[0]), len(where[1])) > 500
    assert np.abs(where[0].mean(axis=0) - middle).max() < 5.0
    assert np.abs(where[1].mean(axis=0) - middle)[1] > 20.0
    assert len(where[2]) == 0
