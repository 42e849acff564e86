"""Every step can be refused, and says why; a refused step leaves the case as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

import pytest

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.procedure import Case, Refusal, after, case_digest
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.card import Allergy, Condition, Herniation, PatientCard

READY: tuple[do.Action, ...] = (
    do.AssessCandidate(),
    do.Consent(),
    do.PositionProne(),
    do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(),
)
NUMB: tuple[do.Action, ...] = (
    do.Insert("anaesthetic_needle"),
    do.Advance("anaesthetic_needle", to_depth_mm=5.0),
    do.Anaesthetise(2.0),
    do.Remove("anaesthetic_needle"),
    do.Wait(60.0),
)
TROCAR: tuple[do.Action, ...] = (
    do.Incise(),
    do.Insert("trocar_cannula"),
    do.Advance("trocar_cannula", to=do.Mark.NUCLEUS, offset_mm=4.0),
)


def after_all(case: Case, actions: Iterable[do.Action]) -> Case:
    return reduce(after, actions, case)


def refusal(case: Case, action: do.Action) -> str:
    last = after(case, action).events[-1]
    assert isinstance(last, Refusal), f"{action} was not refused"
    assert last.action == action.do
    return last.reason


def with_card(case: Case, card: PatientCard) -> Case:
    return replace(case, card=card)


def test_a_refused_action_changes_nothing_but_the_journal(opened: Case) -> None:
    refused = after(opened, do.Incise())
    assert refused.events[-1] == Refusal(opened.clock_s, "incise", "First: time out.")
    assert case_digest(replace(refused, events=opened.events)) == case_digest(opened)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition.GENERAL_ANAESTHESIA, "cannot report a touched root"),
        (Condition.INFECTION, "infection"),
        (Condition.FRACTURE, "fracture"),
        (Condition.TUMOUR, "tumour"),
        (Condition.PREGNANCY, "pregnancy"),
        (Condition.SEVERE_STENOSIS, "stenosis"),
        (Condition.SEVERE_DEGENERATION, "degenerat"),
        (Condition.PAIN_NOT_FROM_HERNIATION, "does not come from the herniation"),
        (Condition.RAPID_DEFICIT, "open surgery"),
        (Condition.COAGULOPATHY, "bleeds"),
    ],
)
def test_a_contraindication_stops_the_consent_and_names_itself(opened: Case, condition: Condition, words: str) -> None:
    case = after(with_card(opened, PatientCard(conditions=(condition,))), do.AssessCandidate())
    assert words in refusal(case, do.Consent())


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (PatientCard(herniation=Herniation.SEQUESTRATION), "outside the annulus"),
        (PatientCard(leg_pain=3.0, back_pain=1.0), "leg pain 3 of 10"),
        (PatientCard(back_pain=9.0), "back pain is not below leg pain"),
        (PatientCard(conservative_weeks=2.0), "only 2 weeks of conservative care"),
        (PatientCard(disc_height_percent=40.0), "disc height 40 %"),
    ],
)
def test_a_missing_indication_stops_the_consent(opened: Case, card: PatientCard, words: str) -> None:
    assert words in refusal(after(with_card(opened, card), do.AssessCandidate()), do.Consent())


@pytest.mark.parametrize(
    ("done", "action", "reason"),
    [
        ((), do.Consent(), "First: assess candidate."),
        ((), do.PositionProne(), "First: consent."),
        (READY[:2], do.TimeOut(Level.L4_L5, Side.LEFT), "First: position prone."),
        (READY[:3], do.TimeOut(Level.L4_L5, Side.RIGHT), "L4-L5, right was read out"),
        (READY[:3], do.TimeOut(Level.L3_L4, Side.LEFT), "L3-L4, left was read out"),
        ((), do.Sedate(do.Sedation.GENERAL), "General anaesthesia is contraindicated"),
        ((), do.SetView(do.View.AP), "First: position prone."),
        (READY, do.Expose(), "no view yet"),
        (READY[:4], do.Insert("anaesthetic_needle"), "First: prepare sterile field."),
        (READY, do.Anaesthetise(2.0), "anaesthetic needle is not in the patient"),
        ((*READY, *NUMB[:2]), do.Anaesthetise(40.0, 1.0), "300 mg at most"),
        (READY, do.Incise(), "not numb"),
        (READY, do.Insert("trocar_cannula"), "skin incision first"),
        (READY, do.Insert("probe"), "trocar cannula is not in the patient"),
        (READY, do.Insert("trocar_stylet"), "only through Trocar cannula"),
        ((*READY, do.SetView(do.View.AP)), do.Expose(mas=50.0), "0.01 to 20 mAs"),
        ((*READY, *NUMB, do.Bandage()), do.Insert("anaesthetic_needle"), "The wound is closed."),
        (READY, do.Insert("spoon"), "The tray holds no 'spoon'"),
        (READY, do.Insert("scalpel"), "cuts with incise"),
        ((*READY, *NUMB[:1]), do.Insert("anaesthetic_needle"), "in the patient already"),
        (READY, do.Advance("probe", to_depth_mm=10.0), "not in the patient"),
        ((*READY, *NUMB[:2]), do.Advance("anaesthetic_needle", to_depth_mm=2.0), "withdraw it"),
        (
            (*READY, NUMB[0], do.Advance("anaesthetic_needle", to_depth_mm=200.0)),
            do.Advance("anaesthetic_needle", to_depth_mm=200.0),
            "Its hub is home",
        ),
        ((*READY, *NUMB[:2]), do.Withdraw("anaesthetic_needle", to_depth_mm=50.0), "advance or remove it"),
        (READY, do.InjectContrast(0.5), "No discography needle"),
        (READY, do.RemoveStylet(), "No stylet"),
        ((*READY, *NUMB, *TROCAR), do.InsertProbe(), "The stylet is still in the cannula"),
        ((*READY, *NUMB, *TROCAR), do.Redirect("trocar_cannula", medial_deg=5.0), "levering breaks instruments"),
        ((*READY, *NUMB, *TROCAR), do.Decompress(), "not in the trocar cannula"),
        ((*READY, *NUMB, *TROCAR, do.RemoveStylet()), do.Advance("trocar_cannula", to_depth_mm=140.0), "no stylet in"),
        (
            (*READY, *NUMB, *TROCAR, do.RemoveStylet(), do.InsertProbe()),
            do.Remove("trocar_cannula"),
            "take it out first",
        ),
        ((*READY, *NUMB, *TROCAR[:2], do.RemoveStylet()), do.InsertProbe(), "tip is not in the L4-L5 disc"),
        (READY, do.SendSpecimen(), "Nothing was removed"),
        ((*READY, *NUMB[:2]), do.Bandage(), "Still in the patient"),
        (READY, do.Bandage(), "no wound"),
        (READY, do.AdviseRecovery(), "First: bandage."),
        ((), do.Wait(float("nan")), "seconds is nan"),
        ((*READY, *NUMB[:2]), do.Anaesthetise(-1.0), "volume_ml is -1, it must be above 0 and at most 50."),
    ],
)
def test_a_step_out_of_turn_is_refused_with_its_reason(
    opened: Case, done: tuple[do.Action, ...], action: do.Action, reason: str
) -> None:
    case = after_all(opened, done)
    assert not [event for event in case.events if isinstance(event, Refusal)], "the way there was refused"
    assert reason in refusal(case, action)


@pytest.mark.parametrize(
    ("allergy", "done", "action"),
    [
        (Allergy.CEPHALOSPORIN, READY, do.GiveAntibiotic(do.Agent.CEFAZOLIN)),
        (Allergy.LOCAL_ANAESTHETIC, (*READY, *NUMB[:2]), do.Anaesthetise(1.0)),
        (Allergy.IODINE_CONTRAST, READY, do.InjectContrast(0.5)),
    ],
)
def test_an_allergy_refuses_its_agent(
    opened: Case, allergy: Allergy, done: tuple[do.Action, ...], action: do.Action
) -> None:
    case = after_all(with_card(opened, PatientCard(allergies=(allergy,))), done)
    assert "allergic" in refusal(case, action)


def test_another_antibiotic_is_given_to_the_allergic(opened: Case) -> None:
    case = after_all(with_card(opened, PatientCard(allergies=(Allergy.CEPHALOSPORIN,))), READY)
    assert after(case, do.GiveAntibiotic(do.Agent.CLINDAMYCIN, dose_g=0.9)).antibiotics


def test_a_needle_too_short_stops_at_its_hub_and_says_so(opened: Case) -> None:
    case = after_all(opened, (*READY, *NUMB[:1], do.Advance("anaesthetic_needle", to_depth_mm=200.0)))
    assert case.placements["anaesthetic_needle"].depth_mm == pytest.approx(88.9)
    assert case.events[-1].words == "The anaesthetic needle's hub is on the skin: 89 mm, 200 mm was asked."


def test_the_stylet_goes_back_fully_in_and_lets_the_trocar_be_pushed_on(opened: Case) -> None:
    case = after_all(opened, (*READY, *NUMB, *TROCAR, do.RemoveStylet(), do.Insert("trocar_stylet")))
    ahead = case.placements["trocar_stylet"].depth_mm - case.placements["trocar_cannula"].depth_mm
    assert ahead == pytest.approx(2.0)
    pushed = after(case, do.Advance("trocar_cannula", to=do.Mark.NUCLEUS, offset_mm=6.0))
    assert pushed.placements["trocar_stylet"].depth_mm == pytest.approx(case.placements["trocar_stylet"].depth_mm + 2.0)
