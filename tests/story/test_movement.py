"""How instruments move: what lies inside goes along, a turn is about the skin, strange wishes are refused."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest

from dekomp_sim.instruments import followed, holding_mm
from dekomp_sim.procedure import Case, Refusal, after
from dekomp_sim.procedure import actions as do
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit
from dekomp_sim.procedure.needle.sites import as_tuple

NEEDLE = "discography_needle"


@pytest.fixture
def ready(opened: Case) -> Case:
    """Field and time-out done, and the back numb from the start."""
    numb = Deposit(-120.0, as_tuple(opened.plan.entry_mm), 20.0, 1.0)
    return replace(opened, done=("time_out", "prepare_sterile_field"), deposits=(numb,))


def run(case: Case, *steps: do.Action) -> Case:
    return reduce(after, steps, case)


def refused(case: Case, action: do.Action) -> str:
    last = after(case, action).events[-1]
    assert isinstance(last, Refusal)
    return last.reason


def test_a_turn_to_the_midline_keeps_the_entry_and_turns_by_the_share_that_tissue_lets_through(ready: Case) -> None:
    before = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=30.0))
    later = run(before, do.Redirect(NEEDLE, medial_deg=5.0))
    old, new = before.placements[NEEDLE], later.placements[NEEDLE]
    np.testing.assert_array_equal(new.entry_mm, old.entry_mm)
    share = followed(30.0, holding_mm([old.instrument]))
    assert 0.4 < share < 0.7
    assert np.degrees(np.arccos(old.direction @ new.direction)) == pytest.approx(5.0 * share)
    assert new.tip_mm[0] < old.tip_mm[0]  # from the left, the midline lies toward -x
    assert later.redirects == 1


def test_a_turn_to_the_head_raises_the_tip(ready: Case) -> None:
    before = run(ready, do.Insert(NEEDLE))
    later = run(before, do.Redirect(NEEDLE, cranial_deg=4.0))  # at the skin nothing pulls it back
    old, new = before.placements[NEEDLE], later.placements[NEEDLE]
    elevation = np.degrees(np.arcsin(np.array([old.direction[2], new.direction[2]])))
    assert elevation[1] - elevation[0] == pytest.approx(4.0)


def test_a_turn_and_its_opposite_undo_each_other(ready: Case) -> None:
    before = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=30.0))
    later = run(before, do.Redirect(NEEDLE, medial_deg=6.0), do.Redirect(NEEDLE, medial_deg=-6.0))
    np.testing.assert_allclose(later.placements[NEEDLE].direction, before.placements[NEEDLE].direction, atol=1e-12)


def test_what_lies_in_an_introducer_moves_with_it(ready: Case) -> None:
    case = run(
        ready,
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to_depth_mm=30.0),
        do.Insert(NEEDLE),
        do.Advance(NEEDLE, to_depth_mm=38.0),
        do.Advance("discography_introducer", to_depth_mm=35.0),
    )
    assert case.placements[NEEDLE].depth_mm == pytest.approx(43.0)
    turned = run(
        case, do.Withdraw("discography_introducer", to_depth_mm=20.0), do.Redirect("discography_introducer", 3.0)
    )
    assert turned.placements[NEEDLE].depth_mm == pytest.approx(28.0)
    np.testing.assert_allclose(
        turned.placements[NEEDLE].direction, turned.placements["discography_introducer"].direction
    )
    assert "which it lies in" in refused(turned, do.Redirect(NEEDLE, 3.0))


def test_the_probe_reaches_past_its_cannula_by_its_helix(ready: Case) -> None:
    case = run(
        ready,
        do.Incise(),
        do.Insert("trocar_cannula"),
        do.Advance("trocar_cannula", to=do.Mark.NUCLEUS, offset_mm=4.0),
        do.RemoveStylet(),
        do.InsertProbe(),
    )
    beyond = case.placements["probe"].depth_mm - case.placements["trocar_cannula"].depth_mm
    assert beyond == pytest.approx(case.placements["probe"].instrument.helix_mm)


def test_a_trocar_goes_only_through_the_incision(ready: Case) -> None:
    case = run(ready, do.Incise())
    assert "Incise there" in refused(case, do.Insert("trocar_cannula", entry_lateral_mm=12.0))
    aside = run(ready, do.Incise(entry_lateral_mm=12.0), do.Insert("trocar_cannula", entry_lateral_mm=12.0))
    assert aside.punctures[-1].through_incision


def test_strange_wishes_are_refused_in_words(ready: Case) -> None:
    entry = do.Point(*as_tuple(ready.plan.entry_mm))
    assert "the entry itself" in refused(ready, do.Insert(NEEDLE, entry, entry))
    nowhere = do.Point(float("nan"), 0.0, 0.0)
    assert "x_mm is nan" in refused(ready, do.Insert(NEEDLE, nowhere))
    flat = do.Point(entry.x_mm - 60.0, entry.y_mm, entry.z_mm)
    sideways = do.Point(entry.x_mm, 20.0, 0.0), do.Point(entry.x_mm - 50.0, 20.0, 0.0)
    assert "point inside the body" in refused(ready, do.Insert(NEEDLE, *sideways))
    assert isinstance(after(ready, do.Insert(NEEDLE, entry, flat)), Case)


def test_every_movement_leaves_its_tip_in_the_track(ready: Case) -> None:
    case = run(ready, do.Insert(NEEDLE), do.Advance(NEEDLE, to_depth_mm=30.0), do.Withdraw(NEEDLE, to_depth_mm=10.0))
    assert [round(tip.depth_mm, 6) for tip in case.track] == [0.0, 30.0, 10.0]
    assert [tip.clock_s for tip in case.track] == sorted(tip.clock_s for tip in case.track)
