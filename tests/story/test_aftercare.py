"""What shows after days: settled by a cause, or drawn from the case's seed against a stated probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from test_complications import above, strand_point, through

from dekomp_sim.procedure import Ailment, Breach, BreachKind, Case, Outcome, ReactionKind, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.aftercare import (
    BARE_C_ARM,
    BARE_NEEDLE,
    DISCITIS_PER_DISC,
    PROTECTED,
    discitis_probability,
    outcomes,
)
from dekomp_sim.procedure.records import Antibiotic


def later(case: Case) -> dict[Ailment, Outcome]:
    """What shows after a case that is ended now."""
    return {outcome.ailment: outcome for outcome in outcomes(case)}


def in_disc(opened: Case) -> Case:
    return through(opened, opened.plan.target_mm, opened.plan.entry_mm, opened.plan.length_mm)


def test_discitis_has_the_published_chance_and_its_factors(opened: Case) -> None:
    assert pytest.approx(0.00094, abs=5e-6) == DISCITIS_PER_DISC  # 0.094 % of discs (Willems 2004)
    assert discitis_probability(opened) == 0.0
    bare = in_disc(opened)
    assert discitis_probability(bare) == pytest.approx(DISCITIS_PER_DISC * BARE_NEEDLE)
    early = Antibiotic(bare.clock_s - 4000.0, do.Agent.CEFAZOLIN, do.Route.INTRAVENOUS, 2.0)
    assert discitis_probability(replace(bare, antibiotics=(early,))) == pytest.approx(
        DISCITIS_PER_DISC * BARE_NEEDLE * PROTECTED
    )
    undraped = after(replace(bare, done=("position_prone",)), do.PrepareSterileField(drape_c_arm=False))
    assert discitis_probability(undraped) == pytest.approx(DISCITIS_PER_DISC * BARE_NEEDLE * BARE_C_ARM)


def test_an_introducer_between_skin_and_disc_lowers_the_chance(opened: Case) -> None:
    steps: tuple[do.Action, ...] = (
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to=do.Mark.ANNULUS, offset_mm=-20.0),
        do.Insert("discography_needle"),
        do.Advance("discography_needle", to=do.Mark.NUCLEUS_CENTRE),
    )
    case = reduce(after, steps, replace(opened, done=("time_out", "prepare_sterile_field")))
    assert discitis_probability(case) == pytest.approx(DISCITIS_PER_DISC)


def test_a_draw_depends_on_the_seed_alone_and_is_recorded(opened: Case) -> None:
    case = in_disc(opened)
    first, waited = later(case)[Ailment.DISCITIS], later(after(case, do.Wait(50.0)))[Ailment.DISCITIS]
    assert first.drawn == waited.drawn
    assert first.drawn is not None
    assert first.happens == (first.drawn < first.probability)
    drawn = [later(replace(case, seed=seed))[Ailment.DISCITIS].drawn for seed in range(300)]
    assert np.mean([one for one in drawn if one is not None]) == pytest.approx(0.5, abs=0.05)  # 3 sigma of 300 draws


def test_a_headache_follows_a_third_of_dural_punctures_by_a_fine_needle_after_a_day(opened: Case) -> None:
    aim = np.array([0.0, strand_point(opened, "thecal sac")[1], 0.0])
    case = through(opened, aim, above(aim), float(above(aim)[1] - aim[1]))
    found = [later(replace(case, seed=seed))[Ailment.HEADACHE] for seed in range(400)]
    assert found[0].probability == 0.36
    assert found[0].shows_after_s == 86400.0
    assert np.mean([one.happens for one in found]) == pytest.approx(0.36, abs=0.075)  # 3 sigma of 400 draws


def test_an_injured_root_stays_weak_and_is_told_at_once(opened: Case) -> None:
    aim = strand_point(opened, "left L4 exiting root", 1.0)
    case = through(opened, aim, above(aim), float(above(aim)[1] - aim[1]))
    weak = later(case)[Ailment.WEAKNESS]
    assert weak.harm
    assert "lifting the foot on the left" in weak.words
    assert weak.shows_after_s == 0.0


def test_outcomes_come_in_the_order_in_which_they_show(opened: Case) -> None:
    plan, aorta = opened.plan, np.array([5.0, -32.0, 0.0])
    case = through(opened, aorta, aorta + (plan.entry_mm - plan.target_mm) * 1.3, 150.0)
    times = [outcome.shows_after_s for outcome in outcomes(case)]
    assert Ailment.HAEMATOMA in later(case)
    assert times == sorted(times)


CAUSED = {
    "complication_root_contact": (BreachKind.ROOT, Ailment.WEAKNESS),
    "complication_numbed_root": (BreachKind.ROOT, Ailment.WEAKNESS),
    "complication_dural_puncture": (BreachKind.DURA, Ailment.HEADACHE),
    "complication_discitis": (None, Ailment.DISCITIS),
    "complication_bleeding": (BreachKind.VESSEL, Ailment.HAEMATOMA),
    "complication_bowel": (BreachKind.BOWEL, Ailment.PERITONITIS),
    "complication_kidney": (BreachKind.KIDNEY, Ailment.HAEMATURIA),
    "complication_device_fracture": (BreachKind.DEVICE_FRACTURE, Ailment.FRAGMENT),
    "complication_spinal_block": (BreachKind.DURA, Ailment.LEG_ASLEEP),
    "complication_wrong_level": (BreachKind.WRONG_LEVEL, Ailment.PAIN_AS_BEFORE),
}
"""What each scenario provokes: the injury, and what shows afterwards."""


@pytest.mark.parametrize("name", CAUSED)
def test_a_scenario_named_after_a_complication_causes_it_and_what_shows_later(
    name: str, played: Callable[[str], Case]
) -> None:
    last = played(name)
    kind, ailment = CAUSED[name]
    assert last.harmed
    breaches = {event.kind for event in last.events if isinstance(event, Breach)}
    assert (kind in breaches) if kind else not breaches
    assert ailment in {event.ailment for event in last.events if isinstance(event, Outcome)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reaction_allergy", ReactionKind.ALLERGY),
        ("reaction_faint", ReactionKind.VASOVAGAL),
        ("reaction_toxicity", ReactionKind.SEIZURE),
        ("reaction_oversedation", ReactionKind.ALARM),
    ],
)
def test_a_reaction_that_is_treated_harms_nobody(name: str, kind: ReactionKind, played: Callable[[str], Case]) -> None:
    last = played(name)
    assert kind in {getattr(event, "kind", None) for event in last.events}
    assert not last.harmed
    assert last.vitals.systolic_mmhg > 90.0


def test_the_usual_case_provokes_none_of_them(played: Callable[[str], Case]) -> None:
    last = played("l4l5_left_posterolateral")
    shown = [event for event in last.events if isinstance(event, Outcome)]
    assert [(one.ailment, one.happens) for one in shown] == [(Ailment.DISCITIS, False)]
    assert not [event for event in last.events if isinstance(event, Breach)]
    assert not [event for event in last.events if getattr(event, "kind", None) in set(ReactionKind)]
