"""What a person corrects lies where it was put, to the last digit; the rest stays, and nerves go with their disc."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.anatomy.corrections import (
    Corrections,
    Handle,
    Part,
    apex_mm,
    endplates_mm,
    handles,
    moved,
    reaching,
)
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry import Rigid
from dekomp_sim.viewer.web.editing.editor import Editor

L4, L5 = Level.L4_L5, Level.L5_S1
ROOT = "left L4 exiting root"


def shape(level: Level, z_mm: float, turn_deg: float = 12.0) -> DiscShape:
    frame = Rigid.shift((3.0, -7.0, z_mm)) @ Rigid.about_axis([1.0, 0.0, 0.0], turn_deg)
    return DiscShape(level, frame, 25.0, 18.0, 12.0, 8.0, concavity_mm=2.0)


@pytest.fixture
def placed() -> Corrections:
    return Corrections({L4: shape(L4, 40.0), L5: shape(L5, 0.0, 30.0)})


def station(placed: Corrections, name: str, number: int) -> FloatArray:
    return np.asarray(next(strand for strand in placed.strands() if strand.name == name).path_mm[number])


def test_one_station_of_a_nerve_is_moved_alone_and_its_ganglion_follows(placed: Corrections) -> None:
    before = {strand.name: strand for strand in placed.strands()}
    to = station(placed, ROOT, 3) + np.array([1.0, -2.0, 3.0])
    after = {strand.name: strand for strand in moved(placed, Handle(Part.STATION, ROOT, 3), to).strands()}

    np.testing.assert_allclose(after[ROOT].path_mm[3] - before[ROOT].path_mm[3], [1.0, -2.0, 3.0])
    np.testing.assert_array_equal(np.delete(after[ROOT].path_mm, 3, 0), np.delete(before[ROOT].path_mm, 3, 0))
    ganglion = after["left L4 ganglion"].path_mm - before["left L4 ganglion"].path_mm
    np.testing.assert_allclose(ganglion[1], [1.0, -2.0, 3.0])
    others = set(before) - {ROOT, "left L4 ganglion"}
    for name in others:
        np.testing.assert_array_equal(after[name].path_mm, before[name].path_mm)


def test_a_whole_nerve_keeps_its_form(placed: Corrections) -> None:
    to = station(placed, ROOT, 4) + np.array([0.0, 4.0, 0.0])
    later = moved(placed, Handle(Part.STATION, ROOT, 4), to, whole=True)

    for number in range(8):
        np.testing.assert_allclose(station(later, ROOT, number) - station(placed, ROOT, number), [0.0, 4.0, 0.0])


def test_a_disc_takes_its_nerves_along_but_not_those_put_by_hand(placed: Corrections) -> None:
    """The root of the other side goes along where it hangs on this disc alone: under the pedicle and beyond."""
    own = moved(placed, Handle(Part.STATION, ROOT, 4), station(placed, ROOT, 4) + np.array([1.0, 0.0, 0.0]))
    centre = placed.discs[L4].patient_from_disc.translation_mm
    later = moved(own, Handle(Part.DISC, L4), centre + np.array([2.0, 0.0, 0.0]))

    np.testing.assert_array_equal(station(later, ROOT, 4), station(own, ROOT, 4))
    np.testing.assert_allclose(
        station(later, "right L4 exiting root", 4) - station(own, "right L4 exiting root", 4), [2.0, 0.0, 0.0]
    )


def test_an_endplate_put_higher_makes_the_disc_higher_and_leaves_the_other_endplate(placed: Corrections) -> None:
    disc = placed.discs[L4]
    upper, lower = endplates_mm(disc)
    assert np.linalg.norm(upper - lower) == pytest.approx(10.0 + 2.0)  # mean of the rims, and the concavity
    up = disc.patient_from_disc.rotation[:, 2]

    later = moved(placed, Handle(Part.UPPER, L4), upper + 3.0 * up).discs[L4]

    assert (later.height_anterior_mm, later.height_posterior_mm) == pytest.approx((15.0, 11.0))
    np.testing.assert_allclose(endplates_mm(later)[0], upper + 3.0 * up, atol=1e-9)
    np.testing.assert_allclose(endplates_mm(later)[1], lower, atol=1e-9)


def test_an_endplate_put_aside_turns_the_disc(placed: Corrections) -> None:
    disc = placed.discs[L4]
    upper, lower = endplates_mm(disc)
    aside = disc.patient_from_disc.rotation[:, 0]

    later = moved(placed, Handle(Part.LOWER, L4), lower - 3.0 * aside).discs[L4]

    turned = np.degrees(np.arccos(later.patient_from_disc.rotation[:, 2] @ disc.patient_from_disc.rotation[:, 2]))
    assert turned == pytest.approx(np.degrees(np.arctan2(3.0, 12.0)))
    np.testing.assert_allclose(endplates_mm(later)[0], upper, atol=1e-9)


@pytest.mark.parametrize(("side", "azimuth_deg", "depth_mm"), [(Side.LEFT, 35.0, 4.5), (Side.RIGHT, 70.0, 8.0)])
def test_a_herniation_has_its_apex_where_it_was_put(
    placed: Corrections, side: Side, azimuth_deg: float, depth_mm: float
) -> None:
    """There the disc ends: its depth is 0."""
    disc = placed.discs[L4]
    protrusion = Protrusion(side, azimuth_deg, depth_mm)
    apex = apex_mm(disc, protrusion)

    found = reaching(disc, replace(protrusion, side=Side.LEFT, azimuth_deg=5.0, depth_mm=1.0), apex)

    assert found.side is side
    assert (found.azimuth_deg, found.depth_mm) == pytest.approx((azimuth_deg, depth_mm), abs=1e-6)
    herniated = replace(disc, protrusion=protrusion)
    at = disc.patient_from_disc.inverse().points(apex)
    assert float(herniated.depth_inside_mm(at)) == pytest.approx(0.0, abs=1e-6)


def test_what_cannot_be_is_refused_with_what_can(placed: Corrections) -> None:
    disc = placed.discs[L4]
    upper, lower = endplates_mm(disc)
    with pytest.raises(OutOfRangeError, match=r"L4-L5 height: found 1\.\d mm; allowed: 2 to 25 mm"):
        moved(placed, Handle(Part.UPPER, L4), lower + (upper - lower) / 10.0)
    with pytest.raises(OutOfRangeError, match="head above feet"):
        moved(placed, Handle(Part.UPPER, L4), lower - (upper - lower))
    with pytest.raises(OutOfRangeError, match=r"herniation depth_mm: found -1[0-9.]+; allowed: 0.5 to 15"):
        reaching(disc, Protrusion(Side.LEFT), disc.patient_from_disc.points([2.0, 2.0, 0.0]))
    with pytest.raises(InputError, match="nerve the nose: found no such nerve; allowed: thecal sac, left L4"):
        Corrections(placed.discs, {"the nose": np.zeros((3, 3))}).strands()
    with pytest.raises(InputError, match="found 3 stations; allowed: 8 stations of three numbers"):
        Corrections(placed.discs, {ROOT: np.zeros((3, 3))}).strands()


def test_each_step_can_be_taken_back_and_done_again(placed: Corrections) -> None:
    from glass import glass_patient

    editor = Editor(glass_patient(), placed.discs, placed)
    editor.choose(Handle(Part.STATION, ROOT, 4))
    at = station(placed, ROOT, 4)
    for x in (1.0, 2.0):
        editor.move(at + np.array([x, 0.0, 0.0]))
    drag = editor.placed
    for x in (3.0, 4.0, 5.0):  # one drag is one step
        editor.move(at + np.array([x, 0.0, 0.0]), since=drag)
    editor.dragged(drag)

    seen = [station(editor.placed, ROOT, 4)[0] - at[0]]
    for step in (editor.undo, editor.undo, editor.undo, editor.redo):
        step()
        seen.append(station(editor.placed, ROOT, 4)[0] - at[0])
    assert seen == pytest.approx([5.0, 2.0, 1.0, 0.0, 1.0])
    assert editor.can_redo
    assert set(editor.edited()) == {Handle(Part.STATION, ROOT, 4)}
    editor.back_to_found()
    assert not editor.edited()
    assert not editor.can_redo


def test_the_points_of_a_level_are_its_own(placed: Corrections) -> None:
    names = {handle.owner for handle in handles(placed, L4)}

    assert names == {
        L4, ROOT, "right L4 exiting root", "left L5 traversing root", "right L5 traversing root", "thecal sac",
    }  # fmt: skip
