"""Where contrast goes, by grade; and that none is lost."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side
from dekomp_sim.disc import (
    Disc,
    Tissue,
    contrast_balance_ml,
    discogram,
    in_nuclear_space,
    inject,
    pressure_kpa,
    rest,
    voxelise,
)
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry import Rigid

SHAPE = DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 14.0, 9.0, protrusion=Protrusion(Side.LEFT))


@cache
def disc(grade: int) -> Disc:
    return voxelise(SHAPE, grade, voxel_mm=0.8)


def held_ml(of: Disc, tissue: Tissue) -> float:
    return float(of.contrast_ml[of.tissue == tissue].sum())


def farthest_rim(of: Disc) -> float:
    """How far toward the outline contrast has come in the annulus, 1 on the outline."""
    k, j, i = np.nonzero((of.contrast_ml > 1e-9) & (of.tissue == Tissue.ANNULUS))
    points = SHAPE.patient_from_disc.inverse().points(of.patient_from_index.points(np.stack([i, j, k], axis=-1)))
    return float(SHAPE.rim(points).max(initial=0.0))


@pytest.mark.parametrize("grade", range(6))
@pytest.mark.parametrize("volume_ml", [0.3, 1.0, 3.0])
def test_every_ml_injected_is_somewhere(grade: int, volume_ml: float) -> None:
    after = inject(disc(grade), volume_ml, 0.05)
    assert abs(contrast_balance_ml(after)) < 1e-12 * volume_ml
    # the X-ray sees the same iodine: 300 mg/mL, in float32
    iodine_mg = float(after.iodine_g_cm3.astype(np.float64).sum()) * after.voxel_ml * 1000.0
    assert iodine_mg == pytest.approx(300.0 * (volume_ml - after.contrast.beyond_ml), rel=1e-6)


def test_in_a_whole_disc_all_contrast_stays_in_the_nucleus() -> None:
    after = inject(disc(0), 1.16, 0.05)
    assert held_ml(after, Tissue.NUCLEUS) == pytest.approx(1.16)


def test_contrast_begins_around_the_needle() -> None:
    tip = np.array([8.0, 1.0, 0.0])
    after = inject(disc(0), 0.1, 0.05, tip_mm=tip)
    k, j, i = np.nonzero(after.contrast_ml)
    away = np.linalg.norm(after.patient_from_index.points(np.stack([i, j, k], axis=-1)) - tip, axis=1)
    # a ball of 0.1 mL in pores of 20 % has a radius of 4.9 mm; a voxel's diagonal is added
    assert away.max() < 4.9 + 1.4


@pytest.mark.parametrize(("grade", "third"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_contrast_reaches_the_third_of_the_annulus_that_gives_the_grade(grade: int, third: int) -> None:
    inner = SHAPE.nucleus_fraction
    reached = (farthest_rim(inject(disc(grade), 2.0, 0.05)) - inner) / (1.0 - inner) * 3.0
    assert third - 1 < reached <= third + 0.15  # a voxel at the edge


def test_grade_four_spreads_over_more_of_the_rim_than_grade_three() -> None:
    three, four = inject(disc(3), 2.0, 0.05), inject(disc(4), 2.0, 0.05)
    assert held_ml(four, Tissue.ANNULUS) > 2.0 * held_ml(three, Tissue.ANNULUS)


def test_only_a_full_tear_leaks_into_the_epidural_space_behind_it() -> None:
    assert held_ml(inject(disc(4), 3.0, 0.05), Tissue.OUTSIDE) == 0.0
    leaked = inject(disc(5), 3.0, 0.05)
    assert held_ml(leaked, Tissue.OUTSIDE) == pytest.approx(leaked.contrast.leaked_ml - leaked.contrast.beyond_ml)
    k, j, i = np.nonzero((leaked.contrast_ml > 0.0) & (leaked.tissue == Tissue.OUTSIDE))
    centre = leaked.patient_from_index.points(np.stack([i, j, k], axis=-1)).mean(axis=0)
    assert centre[0] > 0.0  # the protrusion's side
    assert centre[1] > 10.0  # behind


def test_waiting_moves_contrast_out_of_a_ruptured_disc_and_loses_none() -> None:
    before = inject(disc(5), 2.0, 0.05)
    after = rest(before, 60.0)
    assert held_ml(after, Tissue.OUTSIDE) > held_ml(before, Tissue.OUTSIDE)
    assert abs(contrast_balance_ml(after)) < 1e-11


def test_contrast_in_the_annulus_stays_local() -> None:
    tip = np.array([-20.0, 0.0, 0.0])
    after = inject(disc(0), 0.1, 0.05, tip_mm=tip)
    assert not in_nuclear_space(disc(0), tip)
    assert held_ml(after, Tissue.NUCLEUS) == 0.0
    k, j, i = np.nonzero(after.contrast_ml)
    away = np.linalg.norm(after.patient_from_index.points(np.stack([i, j, k], axis=-1)) - tip, axis=1)
    assert away.max() < 11.0


def test_saline_brings_volume_and_no_iodine() -> None:
    after = inject(disc(0), 0.5, 0.05, iodine_mg_ml=0.0)
    assert after.injected_ml == 0.5
    assert not after.iodine_g_cm3.any()


def test_two_strengths_mix_to_their_sum_of_iodine() -> None:
    after = inject(inject(disc(0), 0.5, 0.05, 300.0), 0.5, 0.05, 100.0)
    assert after.contrast.iodine_mg_ml == pytest.approx(200.0)


def test_a_needle_outside_the_disc_is_told_to_move() -> None:
    with pytest.raises(InputError, match="tip outside the disc"):
        inject(disc(0), 0.5, 0.05, tip_mm=[0.0, 60.0, 0.0])


@pytest.mark.parametrize(
    ("volume_ml", "rate_ml_s", "message"),
    [(0.0, 0.05, "more than 0 mL"), (0.5, 0.0, "0.05 mL/s or less is usual"), (9.0, 0.05, "more than fits")],
)
def test_impossible_injections_are_refused(volume_ml: float, rate_ml_s: float, message: str) -> None:
    with pytest.raises(OutOfRangeError, match=message):
        inject(disc(0), volume_ml, rate_ml_s)


@pytest.mark.parametrize("voxel_mm", [0.4, 0.8])
@pytest.mark.parametrize("grade", range(6))
def test_the_grade_that_was_put_in_is_read_off_the_contrast(grade: int, voxel_mm: float) -> None:
    shown = discogram(inject(voxelise(SHAPE, grade, voxel_mm=voxel_mm), 1.5, 0.05))
    assert shown is not None
    assert shown.dallas == grade
    types = ("cottonball", "irregular", "irregular", "fissured", "fissured", "ruptured")
    assert shown.adams == types[grade]


@pytest.mark.parametrize("voxel_mm", [0.4, 0.8])
@pytest.mark.parametrize("tip", [None, (0.0, 1.0, 3.0)], ids=["in the plate", "in the upper lobe"])
@pytest.mark.parametrize(("grade", "adams"), [(0, "lobular"), (1, "lobular"), (2, "irregular"), (3, "fissured")])
def test_a_mature_nucleus_fills_in_two_lobes_until_fissures_outweigh_them(
    grade: int, adams: str, tip: tuple[float, float, float] | None, voxel_mm: float
) -> None:
    filled = inject(voxelise(SHAPE, grade, voxel_mm=voxel_mm, lobular=True), 1.2, 0.05, tip_mm=tip)
    shown = discogram(filled)
    assert shown is not None
    assert shown.adams == adams
    assert abs(contrast_balance_ml(filled)) < 1e-11
    # the plate, 2 mm about the disc's middle plane, stays clear of contrast
    k = np.flatnonzero((filled.contrast_ml * (filled.tissue == Tissue.NUCLEUS)).sum(axis=(1, 2)) > 0.0)
    z_mm = filled.patient_from_index.points(np.stack([0.0 * k, 0.0 * k, 1.0 * k], axis=-1))[:, 2]
    assert np.abs(z_mm).min() >= 1.0
    assert z_mm.min() < -1.0 < 1.0 < z_mm.max()


def test_the_pressure_of_a_lobular_nucleus_is_that_of_its_grade() -> None:
    lobular = voxelise(SHAPE, 1, voxel_mm=0.8, lobular=True)
    assert pressure_kpa(inject(lobular, 1.0, 0.05)) == pressure_kpa(inject(disc(1), 1.0, 0.05))
    assert lobular.digest() != disc(1).digest()


def test_a_disc_without_a_protrusion_reads_the_same() -> None:
    plain = replace(SHAPE, protrusion=None)
    shown = [discogram(inject(voxelise(plain, grade, voxel_mm=0.8), 1.5, 0.05)) for grade in range(6)]
    assert [one.dallas for one in shown if one is not None] == list(range(6))


def test_a_discogram_shows_no_more_than_what_the_contrast_has_reached() -> None:
    shown = [discogram(inject(disc(2), volume_ml, 0.05)) for volume_ml in (0.25, 1.0)]
    assert [one.dallas for one in shown if one is not None] == [0, 2]
    assert discogram(disc(2)) is None
    assert discogram(inject(disc(0), 0.1, 0.05, tip_mm=np.array([-20.0, 0.0, 0.0]))) is None


def test_what_goes_into_an_endplate_runs_off_and_raises_nothing() -> None:
    tip = SHAPE.patient_from_disc.points([0.0, 0.0, 6.4])
    assert disc(0).tissue_at(tip) is Tissue.ENDPLATE
    after = inject(disc(0), 0.5, 0.05, tip_mm=tip)
    assert after.contrast.vascular_ml == after.contrast.beyond_ml == 0.5
    assert not after.contrast_ml.any()
    assert contrast_balance_ml(after) == 0.0
    assert pressure_kpa(after) == pressure_kpa(disc(0))
    # mixing goes on as if it were there
    assert inject(after, 0.5, 0.05, 100.0).contrast.iodine_mg_ml == pytest.approx(200.0)
