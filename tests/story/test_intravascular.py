"""Local anaesthetic in a vessel or in the sac: seen when the syringe is drawn back, or felt when it is not."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from test_complications import above, point, strand_point

from dekomp_sim.anatomy import Strand, Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure import Case, PatientCard, Reaction, ReactionKind, Refusal, Risk, Said, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.injecting import VEIN_CHANCE, VEIN_SHOWS, opening
from dekomp_sim.procedure.clinic.local_anaesthetic import Lumen

READY = ("time_out", "prepare_sterile_field")
NEEDLE = "anaesthetic_needle"
VEIN = Strand("a vein", Structure.ILIAC_VEIN_LEFT, np.array([[45.0, 20.0, -30.0], [45.0, 20.0, 30.0]]), np.full(2, 3.0))
TOXIC = {ReactionKind.TOXICITY, ReactionKind.SEIZURE, ReactionKind.HEART_FAILS}


def at(case: Case, aim_mm: FloatArray) -> Case:
    """The anaesthetic needle with its tip at a point, straight from behind."""
    entry = above(aim_mm)
    steps: tuple[do.Action, ...] = (
        do.Insert(NEEDLE, point(entry), point(aim_mm)),
        do.Advance(NEEDLE, to_depth_mm=float(entry[1] - aim_mm[1])),
    )
    return reduce(after, steps, replace(case, done=READY))


def in_vein(opened: Case, weight_kg: float = 68.0) -> Case:
    patient = replace(opened.patient, strands=(*opened.patient.strands, VEIN))
    return at(replace(opened, patient=patient, card=PatientCard(weight_kg=weight_kg)), np.array([45.0, 20.0, 0.0]))


def told(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


def toxic(case: Case) -> list[ReactionKind]:
    return [event.kind for event in case.events if isinstance(event, Reaction) and event.kind in TOXIC]


def said(case: Case) -> list[str]:
    return [event.words for event in case.events if isinstance(event, Said)]


def collapsed(case: Case) -> bool:
    return any(isinstance(event, Reaction) and event.kind is ReactionKind.COLLAPSE for event in case.events)


def test_blood_in_the_syringe_keeps_it_full(opened: Case) -> None:
    case = told(in_vein(opened), do.Anaesthetise(8.0, 2.0), do.Wait(300.0))
    assert said(case)[-1].startswith("Blood in the syringe")
    assert case.deposits == ()
    assert [one.deposit.lidocaine_mg for one in case.syringes] == [0.0]
    assert toxic(case) == []


def test_clear_fluid_in_the_syringe_keeps_it_full(opened: Case) -> None:
    aim = np.array([0.0, strand_point(opened, "thecal sac")[1], 0.0])
    drawn = told(at(opened, aim), do.Anaesthetise(3.0), do.Wait(300.0))
    blind = told(at(opened, aim), do.Anaesthetise(3.0, aspirated=False), do.Wait(300.0))
    assert any("Clear fluid" in words for words in said(drawn))
    blocked = [
        any(isinstance(e, Reaction) and e.kind is ReactionKind.SPINAL_BLOCK for e in case.events)
        for case in (drawn, blind)
    ]
    assert blocked == [False, True]


def test_not_drawing_the_syringe_back_is_a_lapse_wherever_the_tip_lies(opened: Case) -> None:
    skin = at(opened, np.array([45.0, 60.0, 0.0]))
    lapses = [
        [event.lapse for event in after(skin, do.Anaesthetise(2.0, aspirated=drawn)).events if isinstance(event, Risk)]
        for drawn in (True, False)
    ]
    assert lapses == [[], ["not_aspirated"]]


@pytest.mark.parametrize(
    ("volume_ml", "weight_kg", "stages"),
    [
        (2.0, 68.0, 0),  # 0.6 mg/kg: an antiarrhythmic dose is 1
        (4.0, 68.0, 1),  # 1.2 mg/kg: tasted
        (8.0, 68.0, 2),  # 2.4 mg/kg: convulses
        (8.0, 100.0, 1),  # the same dose, 1.6 mg/kg
        (15.0, 67.0, 3),  # 4.48 mg/kg, all that may be given in tissue
    ],
)
def test_what_a_dose_in_a_vein_does_goes_by_the_weight(
    opened: Case, volume_ml: float, weight_kg: float, stages: int
) -> None:
    blind = do.Anaesthetise(volume_ml, 2.0, aspirated=False)
    case = told(in_vein(opened, weight_kg), blind, do.Wait(300.0))
    order = [ReactionKind.TOXICITY, ReactionKind.SEIZURE, ReactionKind.HEART_FAILS]
    assert toxic(case) == order[:stages]


def test_the_metal_is_tasted_before_the_seizure_and_the_needle_rests_meanwhile(opened: Case) -> None:
    case = after(in_vein(opened), do.Anaesthetise(8.0, 2.0, aspirated=False))
    asked = after(case, do.AskPatient())
    assert asked.events[-1].words == "My ears ring and I taste metal. I can move both feet."
    convulsing = after(asked, do.Wait(10.0))
    assert toxic(convulsing) == [ReactionKind.TOXICITY, ReactionKind.SEIZURE]
    assert "Convulses, and hears nothing." in said(after(convulsing, do.AskPatient()))
    stopped = after(convulsing, do.Advance(NEEDLE, to_depth_mm=60.0)).events[-1]
    assert isinstance(stopped, Refusal)
    assert "convulses" in stopped.reason


def test_a_seizure_ends_in_collapse_unless_oxygen_is_given(opened: Case) -> None:
    case = after(in_vein(opened), do.Anaesthetise(8.0, 2.0, aspirated=False))
    left = after(case, do.Wait(600.0))
    helped = told(case, do.Treat(do.Treatment.OXYGEN), do.Treat(do.Treatment.LIPID), do.Wait(600.0))
    assert (collapsed(left), collapsed(helped)) == (True, False)
    assert helped.vitals.saturation_percent > 95.0


def test_lipid_given_at_the_first_sign_spares_the_heart(opened: Case) -> None:
    case = after(in_vein(opened), do.Anaesthetise(15.0, 2.0, aspirated=False))
    left = told(case, do.Treat(do.Treatment.OXYGEN), do.Wait(600.0))
    helped = told(case, do.Treat(do.Treatment.OXYGEN), do.Treat(do.Treatment.LIPID), do.Wait(600.0))
    assert ReactionKind.HEART_FAILS in toxic(left)
    assert ReactionKind.HEART_FAILS not in toxic(helped)
    assert (collapsed(left), collapsed(helped)) == (True, False)


def test_what_lidocaine_does_is_the_same_however_the_time_is_cut(opened: Case) -> None:
    case = after(in_vein(opened), do.Anaesthetise(15.0, 2.0, aspirated=False))
    once, often = after(case, do.Wait(240.0)), told(case, *(do.Wait(8.0) for _ in range(30)))
    assert once.influences == often.influences
    assert once.vitals == often.vitals


def test_what_went_into_a_vein_numbs_nothing_and_counts_against_the_dose(opened: Case) -> None:
    case = after(in_vein(opened), do.Anaesthetise(4.0, 2.0, aspirated=False))
    assert case.deposits == ()
    refused = after(case, do.Anaesthetise(12.0, 2.0, aspirated=False)).events[-1]
    assert isinstance(refused, Refusal)
    assert "320 mg of lidocaine; 300 mg at most" in refused.reason


def test_beside_a_root_a_vein_is_met_as_often_as_published_and_half_of_them_show(opened: Case) -> None:
    root = strand_point(opened, "left L4 exiting root", 1.0)
    beside = at(opened, root + np.array([4.0, 0.0, 0.0]))
    tip_mm = beside.placements[NEEDLE].tip_mm
    found = [opening(replace(beside, seed=seed), tip_mm) for seed in range(2000)]
    veins = [one for one in found if one.lumen is Lumen.VESSEL]
    # Three standard errors of 2000 draws and of the 160 of them that are veins.
    assert len(veins) / len(found) == pytest.approx(VEIN_CHANCE, abs=0.018)
    assert np.mean([one.shows for one in veins]) == pytest.approx(VEIN_SHOWS, abs=0.12)
    assert {one.chance for one in found} == {VEIN_CHANCE}


def test_far_from_any_root_no_vein_is_drawn(opened: Case) -> None:
    case = after(at(opened, np.array([45.0, 60.0, 0.0])), do.Anaesthetise(2.0))
    assert (case.syringes[-1].lumen, case.syringes[-1].drawn) == (Lumen.TISSUE, None)
