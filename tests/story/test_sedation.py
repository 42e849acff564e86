"""Sedation comes, adds up and wears off; it eases pain while it lasts and costs breath and words when it is deep."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from test_complications import above, point, strand_point

from dekomp_sim.anatomy import Structure
from dekomp_sim.procedure import Case, Pain, PatientCard, Reaction, ReactionKind, Refusal, Risk, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.awake import GROAN
from dekomp_sim.procedure.clinic.body import anxiety

LIGHT, DEEP = do.Sedate(do.Sedation.LIGHT), do.Sedate(do.Sedation.DEEP)
OXYGEN = do.Treat(do.Treatment.OXYGEN)
NEEDLE = "discography_needle"


def told(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, replace(case, done=("time_out", "prepare_sterile_field")))


def root_pain(case: Case) -> Pain:
    """What is heard when a needle goes into the left L4 root now."""
    aim = strand_point(case, "left L4 exiting root", 1.0)
    entry = above(aim)
    depth = do.Advance(NEEDLE, to_depth_mm=float(entry[1] - aim[1]))
    hurt = told(case, do.Insert(NEEDLE, point(entry), point(aim)), depth)
    return next(e for e in hurt.events if isinstance(e, Pain) and e.structure is Structure.NERVE_ROOT)


def alarmed(case: Case) -> bool:
    return any(isinstance(e, Reaction) and e.kind is ReactionKind.ALARM for e in case.events)


def test_the_ease_is_full_after_five_minutes_and_mostly_gone_after_an_hour(opened: Case) -> None:
    later = [told(opened, LIGHT, do.Wait(seconds)) for seconds in (180.0, 1800.0, 3600.0)]
    assert [case.sedation_depth for case in later] == pytest.approx([1.0, 0.45, 0.16], abs=0.05)
    assert [root_pain(case).rating for case in later] == [7.0, 7.5, 8.0]  # 8 less that, said in halves


def test_the_level_asked_stays_in_the_record_while_its_depth_wears_off(opened: Case) -> None:
    later = told(opened, LIGHT, do.Wait(3600.0))
    assert later.sedation is do.Sedation.LIGHT
    assert later.sedation_depth < 0.2


def test_fear_comes_back_as_sedation_wears_off(opened: Case) -> None:
    afraid = replace(opened, card=PatientCard(anxiety=9.0))
    soon, late = told(afraid, LIGHT, do.Wait(180.0)), told(afraid, LIGHT, do.Wait(3600.0))
    assert anxiety(soon) == pytest.approx(7.0, abs=0.1)
    assert anxiety(late) > 8.5


def test_three_light_doses_at_once_are_a_deep_sedation_and_the_same_spread_out_are_not(opened: Case) -> None:
    stacked = told(opened, LIGHT, LIGHT, LIGHT, do.Wait(300.0))
    spread = told(opened, *(step for _ in range(3) for step in (LIGHT, do.Wait(2400.0))))
    lapses = [[e.words for e in case.events if isinstance(e, Risk)] for case in (stacked, spread)]
    assert lapses[0][0].startswith("Another dose while the last still works.")
    assert lapses[1] == []
    assert (alarmed(stacked), alarmed(spread)) == (True, False)


def test_deeply_sedated_the_patient_groans_and_names_no_leg(opened: Case) -> None:
    light, deep = (root_pain(told(opened, OXYGEN, dose, do.Wait(180.0))) for dose in (LIGHT, DEEP))
    assert light.dermatome == "L4"
    assert "left leg" in light.words
    assert (deep.words, deep.dermatome) == (GROAN, "")
    assert deep.rating == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("remedy", [do.Treatment.OXYGEN, do.Treatment.STIMULATE, do.Treatment.FLUMAZENIL])
def test_oxygen_a_loud_word_and_an_antidote_each_lift_the_saturation(opened: Case, remedy: do.Treatment) -> None:
    deep = told(opened, DEEP, do.Wait(150.0))
    left, helped = after(deep, do.Wait(90.0)), told(deep, do.Treat(remedy), do.Wait(60.0))
    assert helped.vitals.saturation_percent > left.vitals.saturation_percent + 2.0


def test_the_antidotes_wake_so_that_a_root_is_told_again(opened: Case) -> None:
    deep = told(opened, OXYGEN, DEEP, do.Wait(180.0))
    woken = told(deep, do.Treat(do.Treatment.FLUMAZENIL), do.Treat(do.Treatment.NALOXONE), do.Wait(60.0))
    assert woken.sedation_depth < 2.0 < deep.sedation_depth
    assert root_pain(woken).dermatome == "L4"


def test_too_deep_and_left_alone_ends_in_collapse(opened: Case) -> None:
    assert told(opened, DEEP, DEEP, do.Wait(600.0)).harmed
    helped = told(opened, DEEP, do.Treat(do.Treatment.OXYGEN), do.Treat(do.Treatment.NALOXONE), do.Wait(600.0))
    assert not helped.harmed


def test_deeply_sedated_nobody_says_whose_pain_the_discogram_finds(opened: Case) -> None:
    ready = told(opened, OXYGEN, do.Insert(NEEDLE), do.Advance(NEEDLE, to=do.Mark.NUCLEUS_CENTRE))
    full = do.InjectContrast(1.5)
    awake, deep = after(ready, full), told(ready, DEEP, do.Wait(180.0), full)
    assert awake.injections[-1].concordant is True
    assert deep.injections[-1].pain is not None
    assert deep.injections[-1].concordant is None
    assert [e.words for e in deep.events if isinstance(e, Pain)][-1] == GROAN


def test_general_anaesthesia_is_refused_with_its_reason(opened: Case) -> None:
    last = after(opened, do.Sedate(do.Sedation.GENERAL)).events[-1]
    assert isinstance(last, Refusal)
    assert "must report a touched root" in last.reason
