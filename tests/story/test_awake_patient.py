"""The patient is awake: what hurts, what is numb, and whose pain the discogram finds."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from glass import disc
from test_complications import above, through

from dekomp_sim.anatomy import Level, Side, Strand, Structure
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.procedure import Case, Measured, Pain, Risk, Setting, after, begin
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.answers import KEY_MUSCLE
from dekomp_sim.procedure.clinic.awake import DERMATOME, PAIN, complaint, dermatome, rating
from dekomp_sim.procedure.clinic.card import PatientCard
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit

READY = ("time_out", "prepare_sterile_field")


@pytest.fixture(scope="module")
def long_spine(opened: Case) -> Case:
    """The glass patient with all five discs, 36 mm apart, and no bone before any root."""
    discs = {level: disc(level, 36.0 * (3 - n)) for n, level in enumerate(Level)}
    plain = np.asarray(opened.patient.volume.labels)
    labels = np.where(plain == Structure.VERTEBRA_L4, Structure.MUSCLE, plain)
    volume = replace(opened.patient.volume, labels=labels.astype(np.uint8))
    return replace(opened, patient=replace(opened.patient, volume=volume, discs=discs, strands=lay_nerves(discs)))


def pains(case: Case) -> list[Pain]:
    return [event for event in case.events if isinstance(event, Pain)]


def in_nucleus(case: Case) -> Case:
    steps: tuple[do.Action, ...] = (
        do.Insert("discography_needle"),
        do.Advance("discography_needle", to=do.Mark.NUCLEUS_CENTRE),
    )
    return reduce(after, steps, replace(case, done=READY))


def test_each_root_s_pain_is_felt_in_its_own_dermatome(opened: Case) -> None:
    roots = {s.name: dermatome(s) for s in opened.patient.strands if s.structure is Structure.NERVE_ROOT}
    assert roots["left L4 exiting root"] == "L4"
    assert roots["left L5 traversing root"] == "L5"
    assert roots["right L3 exiting root"] == "L3"
    assert "big toe" in DERMATOME["L5"]
    assert "outer edge of the foot" in DERMATOME["S1"]
    assert complaint(Structure.NERVE_ROOT, 8.0, "L5", "right") == (
        "Stop! It shoots down my right leg, into the outer side of the shin, the top of the foot and the big toe."
    )


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("root", ["L2", "L3", "L4", "L5", "S1"])
def test_a_needle_on_a_root_is_felt_down_its_own_leg_and_into_its_own_dermatome(
    long_spine: Case, side: Side, root: str
) -> None:
    strand = next(s for s in long_spine.patient.strands if s.name.startswith(f"{side} {root} ") and _leaves(s, root))
    aim = strand.path_mm[-1] if root == "S1" else (strand.path_mm[-2] + strand.path_mm[-1]) / 2.0
    hurt = through(long_spine, aim, above(aim), float(above(aim)[1] - aim[1]))
    pain = next(event for event in pains(hurt) if event.dermatome)
    assert (pain.structure, pain.dermatome, pain.rating) == (Structure.NERVE_ROOT, root, 8.0)
    assert pain.words == f"Stop! It shoots down my {side} leg, into {DERMATOME[root]}."
    weak = after(hurt, do.AskPatient()).events[-1].words
    assert weak == f"Weak on the {side}: {KEY_MUSCLE[root]} ({root})."


def _leaves(strand: Strand, root: str) -> bool:
    """The strand in which a root leaves the canal: its foramen's, or for S1 the last that is laid."""
    return "traversing" in strand.name if root == "S1" else "exiting" in strand.name


def test_structures_hurt_in_the_order_that_is_taught() -> None:
    order = [
        Structure.NUCLEUS, Structure.FAT, Structure.MUSCLE, Structure.FASCIA, Structure.ANNULUS, Structure.ENDPLATE,
        Structure.NERVE_ROOT, Structure.GANGLION,
    ]  # fmt: skip
    ratings = [rating(structure, 0.0, 0.0) for structure in order]
    assert ratings == sorted(set(ratings))
    assert rating(Structure.VERTEBRA_L4, 0.0, 0.0) == rating(Structure.ENDPLATE, 0.0, 0.0)  # both are innervated


@pytest.mark.parametrize("structure", list(PAIN))
def test_anaesthetic_and_sedation_lower_every_rating_and_never_below_none(structure: Structure) -> None:
    plain = rating(structure, 0.0, 0.0)
    assert rating(structure, 0.9, 0.0) == pytest.approx(0.1 * plain)
    assert rating(structure, 0.0, 1.0) == pytest.approx(max(plain - 1.0, 0.0))
    assert rating(structure, 0.9, 3.0) == max(0.1 * plain - 3.0, 0.0)


@pytest.mark.parametrize(("rated", "first"), [(2.0, "I feel that."), (4.0, "Ow."), (7.0, "Stop!")])
def test_the_words_grow_with_the_rating(rated: float, first: str) -> None:
    assert complaint(Structure.SKIN, rated) == f"{first} It stings on the skin."
    assert complaint(Structure.NERVE_ROOT, rated, "L5", "left").startswith(f"{first} It shoots down my left leg")


def test_the_sac_and_vessels_have_no_dermatome(opened: Case) -> None:
    others = [s for s in opened.patient.strands if s.structure in {Structure.THECAL_SAC, Structure.AORTA}]
    assert others
    assert {dermatome(strand) for strand in others} == {""}


def test_the_skin_hurts_only_where_it_is_not_numb(opened: Case) -> None:
    ready = replace(opened, done=READY)
    needle: tuple[do.Action, ...] = (
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to_depth_mm=20.0),
    )
    assert [pain.structure for pain in pains(reduce(after, needle, ready))] == [Structure.SKIN]
    deposit = Deposit(-120.0, (opened.plan.entry_mm[0], opened.plan.entry_mm[1], opened.plan.entry_mm[2]), 2.0, 1.0)
    assert not pains(reduce(after, needle, replace(ready, deposits=(deposit,))))


def test_sedation_takes_the_edge_off() -> None:
    awake = rating(Structure.NERVE_ROOT, 0.0, 0.0)
    light = rating(Structure.NERVE_ROOT, 0.0, 1.0)
    deep = rating(Structure.NERVE_ROOT, 0.0, 3.0)
    assert (awake, light, deep) == (8.0, 7.0, 5.0)
    assert rating(Structure.GANGLION, 0.0, 0.0) == 10.0


def test_deep_sedation_is_a_lapse(opened: Case) -> None:
    case = after(opened, do.Sedate(do.Sedation.DEEP))
    assert [event.lapse for event in case.events if isinstance(event, Risk)] == ["deep_sedation"]


@pytest.mark.parametrize("concordant", [True, False])
def test_the_discogram_hurts_above_the_card_s_threshold_and_says_whose_pain_it_is(
    opened: Case, concordant: bool
) -> None:
    card = PatientCard(pain_above_opening_kpa=120.0, concordant=concordant)
    case = in_nucleus(replace(opened, card=card))
    quiet = after(case, do.InjectContrast(0.3))  # 241 kPa/mL at grade 2: 72 kPa above opening
    assert len(pains(quiet)) == len(pains(case))
    sore = after(quiet, do.InjectContrast(0.25))  # 133 kPa above opening
    pain = pains(sore)[-1]
    assert pain.rating >= 7.0
    assert pain.concordant is concordant
    read = [event.value for event in sore.events if isinstance(event, Measured)]
    assert read[-1] == pytest.approx(100.0 + 0.55 * 35.0 * 6.894757, rel=1e-6)


def test_pushing_past_fifty_psi_is_a_lapse_and_then_refused(opened: Case) -> None:
    case = after(in_nucleus(opened), do.InjectContrast(1.6))
    assert "over_pressure" in [event.lapse for event in case.events if isinstance(event, Risk)]
    assert after(case, do.InjectContrast(0.1)).events[-1].words.endswith("50 psi above opening: stop.")


def test_a_fast_injection_is_a_lapse(opened: Case) -> None:
    case = after(in_nucleus(opened), do.InjectContrast(0.2, rate_ml_s=0.5))
    assert [event.lapse for event in case.events if isinstance(event, Risk)][-1] == "fast_injection"


def test_a_ruptured_disc_leaks_on_while_the_clock_runs(opened: Case) -> None:
    setting = Setting(Level.L4_L5, opened.side, PatientCard(dallas_grade=5))
    filled = after(in_nucleus(begin(opened.patient, setting)), do.InjectContrast(1.0))
    later = after(filled, do.Wait(120.0))
    assert later.disc.contrast.leaked_ml > filled.disc.contrast.leaked_ml > 0.0
