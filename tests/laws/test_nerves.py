"""Nerves laid from disc frames: mirrored, moved with the patient, and apart as MRI shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.anatomy import Level, Side, Strand, Structure
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.anatomy.phantom.bones import joint_of, superior_process
from dekomp_sim.anatomy.phantom.fields import part_distance
from dekomp_sim.anatomy.phantom.frames import stack
from dekomp_sim.anatomy.phantom.parts import rows
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.geometry import Rigid

SPEC = PhantomSpec()
COLUMN = stack(SPEC)
DISCS = COLUMN.discs(SPEC)


def _named(strands: tuple[Strand, ...], name: str) -> Strand:
    return next(strand for strand in strands if strand.name == name)


def test_each_level_has_an_exiting_root_a_ganglion_and_a_traversing_root_on_each_side() -> None:
    strands = lay_nerves(DISCS)
    assert strands[0].structure is Structure.THECAL_SAC
    assert len(strands) == 1 + 6 * len(DISCS)
    assert _named(strands, "left L4 exiting root").level is Level.L4_L5
    assert _named(strands, "right L5 traversing root").level is Level.L5_S1
    assert _named(strands, "left S1 traversing root").level is None


def test_left_mirrors_right() -> None:
    strands = lay_nerves(DISCS)
    for strand in strands:
        if strand.side is Side.LEFT:
            other = _named(strands, strand.name.replace("left", "right"))
            assert np.allclose(strand.path_mm * [-1.0, 1.0, 1.0], other.path_mm)


@settings(max_examples=15, deadline=None)
@given(turn=st.floats(-180.0, 180.0), x=st.floats(-300.0, 300.0), z=st.floats(-300.0, 300.0))
def test_nerves_move_with_the_discs(turn: float, x: float, z: float) -> None:
    move = Rigid.shift([x, 10.0, z]) @ Rigid.about_axis([0.3, 0.2, 1.0], turn)
    moved = {level: replace(disc, patient_from_disc=move @ disc.patient_from_disc) for level, disc in DISCS.items()}
    for strand, there in zip(lay_nerves(DISCS), lay_nerves(moved), strict=True):
        assert np.allclose(move.points(strand.path_mm), there.path_mm, atol=1e-8)


@settings(max_examples=10, deadline=None)
@given(levels=st.sets(st.sampled_from(list(Level)), min_size=1))
def test_any_discs_are_enough(levels: set[Level]) -> None:
    strands = lay_nerves({level: DISCS[level] for level in levels})
    assert len(strands) == 1 + 6 * len(levels)
    assert all(np.isfinite(strand.path_mm).all() for strand in strands)


def test_no_discs_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one disc"):
        lay_nerves({})


@pytest.mark.parametrize("level", list(Level))
def test_the_exiting_root_crosses_the_disc_outside_its_rim(level: Level) -> None:
    disc = DISCS[level]
    strand = next(s for s in lay_nerves(DISCS) if s.level is level and s.side is Side.LEFT and "exiting" in s.name)
    points = _stepped(disc.patient_from_disc.inverse().points(strand.path_mm))
    between = points[np.abs(points[:, 2]) < disc.height_mm(np.array([0.0, 0.0, 0.0])) / 2.0]
    depth = disc.depth_inside_mm(between)
    assert depth.max() < -1.9  # the root's own radius: it lies on the disc but not in it


def _stepped(path: np.ndarray) -> np.ndarray:
    at = np.linspace(0.0, len(path) - 1.0, 40 * len(path))
    return np.stack([np.interp(at, np.arange(len(path)), column) for column in path.T], axis=1)


ROOT_TO_FACET_MM = {Level.L1_L2: (3.42, 6.07), Level.L5_S1: (4.57, 12.9)}
"""Mean distances of root and facet at a disc's upper and lower border (Pairaiturkar 2019, JKNS 62(4), MRI, n=50)."""


@pytest.mark.parametrize("level", list(ROOT_TO_FACET_MM))
def test_root_and_facet_part_downward_as_on_mri(level: Level) -> None:
    disc, joint = DISCS[level], joint_of(COLUMN.interspaces[level.value], 1)
    strand = next(s for s in lay_nerves(DISCS) if s.level is level and s.side is Side.LEFT and "exiting" in s.name)
    points = _stepped(disc.patient_from_disc.inverse().points(strand.path_mm))
    lateral = points[:, 0] > 0.5 * disc.half_width_mm
    half = (disc.height_anterior_mm + disc.height_posterior_mm) / 4.0
    facet = rows(superior_process(joint))
    for z, mean_mm in zip((half, -half), ROOT_TO_FACET_MM[level], strict=True):
        near = disc.patient_from_disc.points(points[lateral][np.argmin(np.abs(points[lateral][:, 2] - z))])
        gap = min(_apart(row, near) for row in facet) - 1.9
        assert gap == pytest.approx(mean_mm, abs=2.0)  # within the published standard deviations of 1.1 to 3.0, rounded


def _apart(row: np.ndarray, point: np.ndarray) -> float:
    return float(part_distance(row, point[0], point[1], point[2]))
