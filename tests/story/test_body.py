"""The body answers: faint and fear, allergy, blood loss, sedation; what is asked, and what the team must do first."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from test_complications import above, point, strand_point, through

from dekomp_sim.anatomy import Structure
from dekomp_sim.procedure import Case, Pain, PatientCard, Reaction, ReactionKind, Refusal, Risk, Said, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.body import FAINTS_AT, anxiety, strain
from dekomp_sim.procedure.clinic.card import Allergy
from dekomp_sim.procedure.clinic.courses import Cause, Influence

READY = ("time_out", "prepare_sterile_field")
PRICK: tuple[do.Action, ...] = (do.Insert("anaesthetic_needle"), do.Advance("anaesthetic_needle", to_depth_mm=6.0))


def reactions(case: Case) -> list[ReactionKind]:
    return [event.kind for event in case.events if isinstance(event, Reaction)]


def with_card(case: Case, **changed: object) -> Case:
    card = replace(PatientCard(), **changed)  # type: ignore[arg-type]
    return replace(case, card=card, done=READY)


def told(case: Case, steps: tuple[do.Action, ...]) -> Case:
    return reduce(after, steps, case)


def last_words(case: Case) -> list[str]:
    """What was said in answer to a question."""
    asked = after(case, do.AskPatient())
    return [event.words for event in asked.events[len(case.events) :] if isinstance(event, Said)]


def test_a_very_anxious_patient_faints_at_the_first_prick_and_a_calm_one_does_not(opened: Case) -> None:
    afraid, calm = (told(with_card(opened, anxiety=anxious), PRICK) for anxious in (9.5, 3.0))
    assert reactions(afraid) == [ReactionKind.ANXIETY, ReactionKind.VASOVAGAL]
    assert reactions(calm) == []
    later = after(afraid, do.Wait(40.0))
    assert later.vitals.heart_bpm < calm.vitals.heart_bpm - 20.0
    assert "I feel sick." in last_words(later)[0]


def test_light_sedation_or_a_numb_skin_spares_the_faint(opened: Case) -> None:
    afraid = with_card(opened, anxiety=9.5)
    sedated = told(afraid, (do.Sedate(do.Sedation.LIGHT), *PRICK))
    assert ReactionKind.VASOVAGAL not in reactions(sedated)
    assert anxiety(sedated) < anxiety(afraid)
    assert strain(sedated) < FAINTS_AT


def test_a_faint_stops_the_work_until_it_is_treated(opened: Case) -> None:
    fainted = told(with_card(opened, anxiety=9.5), (*PRICK, do.Wait(45.0)))
    assert ReactionKind.ALARM in reactions(fainted)
    on = do.Advance("anaesthetic_needle", to_depth_mm=20.0)
    stopped = after(fainted, on).events[-1]
    assert isinstance(stopped, Refusal)
    assert "treat first" in stopped.reason
    helped = told(fainted, (do.Treat(do.Treatment.LEGS_UP), do.Treat(do.Treatment.ATROPINE), do.Wait(60.0)))
    assert helped.vitals.heart_bpm > 60.0
    assert not isinstance(after(helped, on).events[-1], Refusal)
    assert not isinstance(after(fainted, do.Remove("anaesthetic_needle")).events[-1], Refusal)


def test_oxygen_is_given_once_atropine_as_often_as_it_takes(opened: Case) -> None:
    case = told(
        opened, (do.Treat(do.Treatment.OXYGEN), do.Treat(do.Treatment.ATROPINE), do.Treat(do.Treatment.ATROPINE))
    )
    assert [one.cause for one in case.influences] == [Cause.OXYGEN, Cause.ATROPINE, Cause.ATROPINE]
    assert isinstance(after(case, do.Treat(do.Treatment.OXYGEN)).events[-1], Refusal)


def test_an_unknown_allergy_answers_and_kills_unless_adrenaline_is_given(opened: Case) -> None:
    card = PatientCard(unknown_allergies=(Allergy.CEPHALOSPORIN,))
    given = after(replace(opened, card=card, done=("consent",)), do.GiveAntibiotic())
    assert reactions(given) == [ReactionKind.ALLERGY]
    left = after(given, do.Wait(600.0))
    assert left.harmed
    assert reactions(left)[-1] is ReactionKind.COLLAPSE
    treated = told(given, (do.Treat(do.Treatment.ADRENALINE), do.Treat(do.Treatment.FLUID), do.Wait(600.0)))
    assert not treated.harmed
    other = after(replace(opened, card=card, done=("consent",)), do.GiveAntibiotic(do.Agent.VANCOMYCIN))
    assert reactions(other) == []


def test_deep_sedation_lets_the_saturation_fall_and_oxygen_lifts_it(opened: Case) -> None:
    deep = told(opened, (do.Sedate(do.Sedation.DEEP), do.Wait(300.0)))
    assert ReactionKind.ALARM in reactions(deep)
    assert deep.vitals.saturation_percent < 90.0
    helped = told(deep, (do.Treat(do.Treatment.OXYGEN), do.Wait(120.0)))
    assert helped.vitals.saturation_percent > 92.0
    assert last_words(deep) == ["Deeply sedated: mumbles, and moves nothing when asked."]


def test_the_body_is_the_same_however_the_time_is_cut(opened: Case) -> None:
    hurt = replace(opened, influences=(Influence(Cause.BLEEDING, 0.0, 0.5), Influence(Cause.PAIN, 0.0, 0.8)))
    once = after(hurt, do.Wait(600.0))
    often = told(hurt, tuple(do.Wait(60.0) for _ in range(10)))
    assert once.vitals == often.vitals


def test_a_vessel_bleeds_and_the_pressure_tells(opened: Case) -> None:
    plan, aorta = opened.plan, np.array([5.0, -32.0, 0.0])
    case = through(opened, aorta, aorta + (plan.entry_mm - plan.target_mm) * 1.3, 150.0)
    later = after(case, do.Wait(900.0))
    assert later.vitals.systolic_mmhg < 85.0
    assert later.vitals.heart_bpm > 110.0
    assert after(later, do.AskPatient()).events[-1].words.startswith("I feel faint.")


def test_anaesthetic_in_the_sac_blocks_the_legs_and_lowers_the_pressure(opened: Case) -> None:
    aim = np.array([0.0, strand_point(opened, "thecal sac")[1], 0.0])
    entry = above(aim)
    inside = (
        do.Insert("anaesthetic_needle", point(entry), point(aim)),
        do.Advance("anaesthetic_needle", to_depth_mm=float(entry[1] - aim[1])),
        do.Anaesthetise(2.0, aspirated=False),
        do.Wait(300.0),
    )
    case = told(replace(opened, done=READY), inside)
    assert ReactionKind.SPINAL_BLOCK in reactions(case)
    assert case.vitals.systolic_mmhg < 100.0
    assert last_words(case)[0] == "I cannot feel my legs. I cannot move my feet."


def test_a_root_hurt_in_silence_is_found_when_both_feet_are_moved(opened: Case) -> None:
    aim = strand_point(opened, "left L4 exiting root", 1.0)
    entry = above(aim)
    short = float(entry[1] - aim[1]) - 5.0
    numbed = told(
        replace(opened, done=READY),
        (
            do.Insert("anaesthetic_needle", point(entry), point(aim)),
            do.Advance("anaesthetic_needle", to_depth_mm=short),
            do.Anaesthetise(3.0),
            do.Wait(120.0),
        ),
    )
    assert [event.lapse for event in numbed.events if isinstance(event, Risk)] == ["root_numbed"]
    assert "My left leg feels asleep." in last_words(numbed)[0]
    assert "move both feet" in last_words(numbed)[0]
    pierced = after(numbed, do.Advance("anaesthetic_needle", to_depth_mm=short + 6.0))
    assert not [event for event in pierced.events if isinstance(event, Pain) and event.dermatome]
    assert last_words(pierced)[1:] == ["Weak on the left: lifting the foot (L4)."]
    assert "inner side of the shin" in last_words(pierced)[0]


@pytest.mark.parametrize("weight_kg", [50.0, 75.0])
def test_more_lidocaine_than_the_weight_allows_is_refused(opened: Case, weight_kg: float) -> None:
    ready = told(with_card(opened, weight_kg=weight_kg), PRICK)
    refused = after(ready, do.Anaesthetise(31.0)).events[-1]
    assert isinstance(refused, Refusal)
    assert refused.reason.endswith(f"{min(4.5 * weight_kg, 300.0):.0f} mg at most.")


def test_who_was_hurt_a_moment_ago_says_so_when_asked_and_later_is_all_right(opened: Case) -> None:
    hurt = replace(opened, events=(Pain(opened.clock_s, 8.0, "Stop!", Structure.NERVE_ROOT, "L4"),))
    soon, late = after(hurt, do.AskPatient()), told(hurt, (do.Wait(240.0), do.AskPatient()))
    assert [event.words for event in (soon.events[-1], late.events[-1]) if isinstance(event, Said)] == [
        "It still hurts in the inner side of the shin, down to the ankle, 5.5 of 10. I can move both feet.",
        "I am all right. I can move both feet.",
    ]
