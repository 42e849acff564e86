"""Whatever is corrected comes out of its record as it went in, and goes back where it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.anatomy.corrections import Corrections, Handle, Part, endplates_mm, handles, moved
from dekomp_sim.anatomy.suitability.acquisition import Posture
from dekomp_sim.anatomy.suitability.spine import Finding
from dekomp_sim.files.patient_record import PatientRecord, Placed, corrected, corrections_of, level_of
from dekomp_sim.geometry import Rigid

LEVELS = (Level.L3_L4, Level.L4_L5, Level.L5_S1)
FOUND = {
    level: DiscShape(
        level,
        Rigid.shift((1.0, -2.0, 80.0 - 38.0 * n)) @ Rigid.about_axis([1.0, 0.1, 0.0], 8.0 * n),
        25.0, 18.0, 12.0, 8.5, concavity_mm=1.5,
    )
    for n, level in enumerate(LEVELS)
}  # fmt: skip
START = Corrections(FOUND)
ALL = [handle for level in LEVELS for handle in handles(START, level)]

moves = st.lists(
    st.tuples(st.sampled_from(ALL), st.tuples(*[st.floats(-3.0, 3.0)] * 3), st.booleans()), min_size=1, max_size=6
)


def corrected_by(steps: list[tuple[Handle, tuple[float, float, float], bool]]) -> Corrections:
    placed = START
    for handle, by, whole in steps:
        owner = Level(handle.owner) if handle.part is not Part.STATION else _level_of(placed, handle)
        placed = moved(placed, handle, handles(placed, owner)[handle] + np.array(by), whole)
    return placed


def _level_of(placed: Corrections, handle: Handle) -> Level:
    return next(level for level in LEVELS if handle in handles(placed, level))


def record() -> PatientRecord:
    levels = tuple(level_of(Finding(level, disc)) for level, disc in FOUND.items())
    return PatientRecord("", 1, "", "", Posture.SUPINE, "", 1.5, (), levels)


@settings(max_examples=25, deadline=None)
@given(moves, st.sampled_from([None, *LEVELS]), st.sampled_from(list(Side)), st.floats(0.0, 110.0))
def test_a_record_gives_back_what_was_corrected(
    steps: list[tuple[Handle, tuple[float, float, float], bool]], level: Level | None, side: Side, azimuth: float
) -> None:
    """To the micrometre of places and the fifth digit of directions that it keeps: 0.002 mm 80 mm from a disc."""
    herniation = None if level is None else (level, Protrusion(side, azimuth, 4.5))
    placed = replace(corrected_by(steps), herniation=herniation)

    again = corrections_of("", corrected(record(), placed, FOUND))

    assert (again.herniation is None) == (level is None)
    for one, other in zip(placed.strands(), again.strands(), strict=True):
        np.testing.assert_allclose(other.path_mm, one.path_mm, atol=4e-3)
    for one_disc, other_disc in zip(placed.discs.values(), again.discs.values(), strict=True):
        for end, same in zip(endplates_mm(one_disc), endplates_mm(other_disc), strict=True):
            np.testing.assert_allclose(same, end, atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(moves)
def test_a_record_says_of_each_who_put_it_there(steps: list[tuple[Handle, tuple[float, float, float], bool]]) -> None:
    placed = corrected_by(steps)
    told = corrected(record(), placed, FOUND)

    assert {nerve.name for nerve in told.nerves} == {h.owner for h, _, _ in steps if h.part is Part.STATION}
    touched = {h.owner for h, _, _ in steps if h.part is not Part.STATION}
    edited = {one.level for one in told.levels if one.disc is not None and one.disc.placed is Placed.EDITED}
    assert edited <= touched


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ALL), st.tuples(*[st.floats(-3.0, 3.0)] * 3), st.booleans())
def test_what_is_moved_and_moved_back_lies_where_it_lay(
    handle: Handle, by: tuple[float, float, float], whole: bool
) -> None:
    level = Level(handle.owner) if handle.part is not Part.STATION else _level_of(START, handle)
    at = handles(START, level)[handle]
    back = moved(moved(START, handle, at + np.array(by), whole), handle, at, whole)

    for one, other in zip(START.strands(), back.strands(), strict=True):
        np.testing.assert_allclose(other.path_mm, one.path_mm, atol=1e-6)
    np.testing.assert_allclose(handles(back, level)[handle], at, atol=1e-9)
