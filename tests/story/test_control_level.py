"""Discography with a control level: a disc is painful only where its neighbour is not, and the patient is blind."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.debrief.discography import discography_table
from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.steps import asked
from dekomp_sim.disc import contrast_balance_ml, pressure_kpa
from dekomp_sim.errors import InputError
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.geometry import CArm
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure import (
    Breach,
    BreachKind,
    Case,
    Measured,
    Pain,
    PatientCard,
    Refusal,
    Risk,
    Said,
    Setting,
    after,
    begin,
    case_digest,
)
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.card import DiscFindings
from dekomp_sim.procedure.clinic.verdict import Finding, verdict
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.scenario import Story, play
from dekomp_sim.units import kpa_from_psi, psi_from_kpa

SCENARIO = Path(__file__).parents[2] / "scenarios" / "discography_with_control.yaml"
NEEDLE = "discography_needle"
ABOVE = Level.L3_L4
READY = ("time_out", "prepare_sterile_field", "position_prone")
HURTS_AT_KPA = 120.0
CARD = PatientCard(dallas_grade=3, pain_above_opening_kpa=HURTS_AT_KPA, controls={ABOVE: DiscFindings()})


@pytest.fixture(scope="module")
def controlled(glass: Patient) -> Case:
    """The glass patient with L3-L4 as a healthy control, draped."""
    return replace(begin(glass, Setting(Level.L4_L5, Side.LEFT, CARD)), done=READY)


def run(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


def into(level: Level | None, *volumes_ml: float, announced: bool = False) -> tuple[do.Action, ...]:
    """A needle to the middle of a disc, injections, and out again."""
    return (
        do.Insert(NEEDLE, level=level),
        do.Advance(NEEDLE, to=do.Mark.NUCLEUS_CENTRE),
        *(do.InjectContrast(volume_ml, announced=announced) for volume_ml in volumes_ml),
        do.Remove(NEEDLE),
    )


TO_THE_END = into(ABOVE, 0.5, 0.5, 0.16)
TREATED = into(None, 0.5, 0.5)


def refusals(case: Case) -> list[str]:
    return [event.reason for event in case.events if isinstance(event, Refusal)]


def last_words(case: Case) -> str:
    return next(event.words for event in reversed(case.events) if isinstance(event, Said) and event.speaker == "team")


def found(case: Case) -> Finding:
    read = verdict(case)
    assert read is not None
    return read.finding


def test_a_painful_disc_beside_a_painless_control_is_positive(controlled: Case) -> None:
    case = run(controlled, *TO_THE_END, *TREATED)
    assert refusals(case) == []
    assert not case.harmed
    read = verdict(case)
    assert read is not None
    assert read.finding is Finding.POSITIVE
    assert last_words(case) == read.words
    assert read.words == (
        "Discography of L4-L5 positive: own pain, 7.5 of 10, from 17 psi above opening (mechanically sensitive), and "
        "L3-L4 as control does not."
    )
    # each disc has its own contrast, pressure and record
    assert [one.level for one in case.injections] == [ABOVE] * 3 + [Level.L4_L5] * 2
    control, treated = case.discs[ABOVE], case.disc
    assert (control.injected_ml, treated.injected_ml) == pytest.approx((1.16, 1.0))
    assert pressure_kpa(control) - 100.0 == pytest.approx(kpa_from_psi(43.0 * 1.16))
    assert pressure_kpa(treated) - 100.0 == pytest.approx(kpa_from_psi(30.5 * 1.0))
    assert max(abs(contrast_balance_ml(disc)) for disc in case.discs.values()) < 1e-11
    readings = [event.quantity for event in case.events if isinstance(event, Measured)]
    assert readings.count("opening pressure, L3-L4") == readings.count("opening pressure") == 1
    assert case_digest(case) == case_digest(run(controlled, *TO_THE_END, *TREATED))


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (TREATED, "but no painless control"),
        ((*TREATED, *into(ABOVE, 0.25)), "but the control L3-L4 was taken only to 11 psi"),
        (into(None, 0.1), "painless to 3 psi above opening and 0.1 mL"),
    ],
)
def test_without_a_tested_control_it_is_indeterminate(
    controlled: Case, steps: tuple[do.Action, ...], words: str
) -> None:
    case = run(controlled, *steps)
    assert found(case) is Finding.INDETERMINATE
    assert words in last_words(case)


def test_a_control_that_hurts_alike_at_low_pressure_proves_nothing(glass: Patient) -> None:
    sore = DiscFindings(pain_above_opening_kpa=kpa_from_psi(10.0), pain=6.0, concordant=True)
    setting = Setting(Level.L4_L5, Side.LEFT, replace(CARD, controls={ABOVE: sore}))
    case = run(replace(begin(glass, setting), done=READY), *into(ABOVE, 0.5), *TREATED)
    assert found(case) is Finding.INDETERMINATE
    assert "but the control L3-L4 hurts too" in last_words(case)


def test_the_onset_of_pain_is_found_within_the_increment(controlled: Case) -> None:
    case = run(controlled, *into(None, 0.3, 0.4))
    first, second = case.injections
    assert first.onset is None
    assert second.onset is not None
    volume_ml = HURTS_AT_KPA / (30.5 * 6.894757)  # E v = 120 kPa
    assert second.onset.volume_ml == pytest.approx(volume_ml, rel=1e-6)
    assert second.onset.above_opening_kpa == HURTS_AT_KPA
    began_s = first.clock_s + (volume_ml - 0.3) / 0.05
    assert second.onset.clock_s == pytest.approx(began_s)
    assert [event.clock_s for event in case.events if isinstance(event, Pain) and event.concordant] == [
        pytest.approx(began_s)
    ]
    read = {event.quantity: event.value for event in case.events if isinstance(event, Measured)}
    assert read["volume at the onset of pain"] == pytest.approx(volume_ml, rel=1e-6)
    assert read["pressure above opening at the onset of pain"] == HURTS_AT_KPA


def test_a_patient_who_is_told_rates_higher_and_the_answer_is_not_blind(controlled: Case) -> None:
    blind = run(controlled, *TREATED)
    told = run(controlled, *into(None, 0.5, 0.5, announced=True))
    afraid = replace(controlled, card=replace(CARD, anxiety=8.0))
    assert blind.injections[-1].pain == 7.5
    assert told.injections[-1].pain == 8.5  # 7.5 + 0.3 x 3, said in halves
    assert run(afraid, *into(None, 0.5, 0.5, announced=True)).injections[-1].pain == 10.0  # 7.5 + 0.3 x 8
    assert run(afraid, *TREATED).injections[-1].pain == 7.5
    lapses = [{event.lapse for event in case.events if isinstance(event, Risk)} for case in (blind, told)]
    assert "announced_injection" in lapses[1] - lapses[0]
    assert last_words(told).endswith("The patient had been told: it was not blind.")


def test_a_declared_control_is_no_wrong_level_for_the_discography_set_but_is_for_the_trocar(
    controlled: Case, opened: Case
) -> None:
    def wrong(case: Case) -> list[str]:
        return [e.name for e in case.events if isinstance(e, Breach) and e.kind is BreachKind.WRONG_LEVEL]

    assert wrong(run(controlled, *TO_THE_END)) == []
    plan = controlled.plan_to(ABOVE)
    (entry, aim) = (do.Point(*(float(v) for v in at)) for at in (plan.entry_mm, plan.target_mm))
    same_way = (do.Insert(NEEDLE, entry, aim), do.Advance(NEEDLE, to_depth_mm=plan.length_mm))
    assert wrong(run(replace(opened, done=READY), *same_way)) == ["the L3-L4 disc"]
    assert wrong(run(controlled, *same_way)) == []
    trocar = run(
        controlled,
        do.Insert("anaesthetic_needle", level=ABOVE),
        do.Advance("anaesthetic_needle", to_depth_mm=6.0),
        do.Anaesthetise(2.0),
        do.Wait(60.0),
        do.Remove("anaesthetic_needle"),
        do.Incise(level=ABOVE),
        do.Insert("trocar_cannula", level=ABOVE),
        do.Advance("trocar_cannula", to=do.Mark.NUCLEUS),
    )
    assert refusals(trocar) == []
    assert wrong(trocar) == ["the L3-L4 disc"]


def test_marks_are_those_of_the_disc_the_needle_was_inserted_for(controlled: Case) -> None:
    guide = "discography_introducer"
    case = run(
        controlled,
        do.Insert(guide, level=ABOVE),
        do.Advance(guide, to=do.Mark.ANNULUS, offset_mm=-20.0),
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to=do.Mark.NUCLEUS_CENTRE),
    )
    np.testing.assert_allclose(case.placements[NEEDLE].tip_mm, case.patient.discs[ABOVE].nucleus_centre_mm, atol=1e-6)


def test_a_level_that_was_not_planned_is_refused_with_those_that_were(controlled: Case) -> None:
    stray = after(controlled, do.Insert(NEEDLE, level=Level.L5_S1))
    assert refusals(stray) == ["L5-S1 is not planned: L4-L5 is treated; controls: L3-L4."]
    guided = run(controlled, do.Insert("discography_introducer"), do.Insert(NEEDLE, level=ABOVE))
    assert "stands at L4-L5" in refusals(guided)[0]


def test_a_card_s_dry_nucleus_is_the_disc_s_and_its_controls_stay_healthy(opened: Case) -> None:
    card = replace(CARD, water_percent=70.0)
    case = begin(opened.patient, Setting(Level.L4_L5, Side.LEFT, card))
    assert case.disc.water == 0.70
    assert [disc.disc.water for disc in case.control_discs.values()] == [0.80]


def test_a_control_must_be_another_disc_that_the_scan_shows(glass: Patient) -> None:
    own = PatientCard(controls={Level.L4_L5: DiscFindings()})
    with pytest.raises(InputError, match="another disc than the treated one"):
        begin(glass, Setting(Level.L4_L5, Side.LEFT, own))
    with pytest.raises(InputError, match="a level it shows: L3-L4, L4-L5"):
        begin(glass, Setting(Level.L4_L5, Side.LEFT, PatientCard(controls={Level.L5_S1: DiscFindings()})))


def test_contrast_in_the_sac_is_a_mistake_that_raises_no_pressure(controlled: Case) -> None:
    sac = next(strand.path_mm for strand in controlled.patient.strands if strand.name == "thecal sac")
    aim = do.Point(0.0, float(sac[len(sac) // 2][1]), 0.0)
    entry = do.Point(0.0, 72.0, 0.0)
    depth_mm = 72.0 - aim.y_mm
    case = run(controlled, do.Insert(NEEDLE, entry, aim), do.Advance(NEEDLE, to_depth_mm=depth_mm))
    given = after(case, do.InjectContrast(0.5))
    lapses = [event for event in given.events if isinstance(event, Risk)]
    assert lapses[-1].lapse == "intrathecal_injection"
    assert given.clock_s == case.clock_s + 10.0
    assert given.injections == ()
    outside = run(case, do.Withdraw(NEEDLE, to_depth_mm=5.0), do.InjectContrast(0.5))
    assert refusals(outside) == ["No discography needle has its tip in the L4-L5 or L3-L4 disc."]


def test_the_picture_shows_the_contrast_of_both_discs(controlled: Case, glass: Patient) -> None:
    x, y, z = controlled.plan.target_mm.tolist()
    seen = after(replace(controlled, carm=CArm(180.0, 0.0, (x, y, z + 18.0))), do.Expose(spot=True))
    injected = run(controlled, *TO_THE_END, *TREATED)
    scope, exposure = Fluoroscope(glass), seen.exposures[-1]
    both, only_treated, none = (
        scope.expose(shot_of(case, exposure)).log_signal
        for case in (injected, replace(injected, control_discs=controlled.control_discs), controlled)
    )
    # headward is up: L3-L4 above the middle, L4-L5 below it
    middle = both.shape[0] // 2
    darker = none - both
    assert darker[:middle].max() > 0.2
    assert darker[middle:].max() > 0.2
    assert np.abs(only_treated - none)[: middle - 10].max() < 1e-6


def test_the_debrief_has_a_row_for_each_disc_and_keeps_the_figures_to_the_treated_one(controlled: Case) -> None:
    assert discography_table(controlled) is None
    case = run(controlled, *TO_THE_END, *TREATED)
    table = discography_table(case)
    assert table is not None
    read = verdict(case)
    assert read is not None
    assert table.words == read.words
    treated, control = table.rows
    assert (treated.disc, treated.volume_ml, treated.onset) == ("L4-L5, treated", "1.00", "0.57 mL, 17 psi")
    assert (treated.pain, treated.concordant, treated.sensitivity) == (
        "7.5 of 10",
        "own pain",
        "mechanically sensitive",
    )
    assert (control.disc, control.highest_psi, control.onset) == ("L3-L4, control", "50", "none")
    figures = measure([controlled, case])
    assert figures.contrast_ml == pytest.approx(1.0)
    assert figures.highest_pressure_kpa == pytest.approx(100.0 + kpa_from_psi(30.5))
    assert asked(TREATED[0]) == "Insert the discography needle."
    assert asked(TO_THE_END[0]) == "Insert the discography needle for L3-L4."
    assert asked(do.InjectContrast(0.5, announced=True)).endswith("at 0.05 mL/s, and tell the patient.")


def test_the_shipped_scenario_plays_control_and_suspect_to_a_positive_verdict(coarse_phantom: Patient) -> None:
    last = play(read_yaml(SCENARIO, Story), coarse_phantom)[-1]
    assert refusals(last) == []
    assert not last.harmed
    assert [event.lapse for event in last.events if isinstance(event, Risk)] == []
    read = verdict(last)
    assert read is not None
    assert read.finding is Finding.POSITIVE
    control = read.controls[0]
    assert control.shown is not None
    assert (control.shown.adams, control.onset) == ("lobular", None)
    assert 49.0 < psi_from_kpa(control.highest_kpa) <= 50.0
