"""The disc on its grid: volumes against integrals of the formulas, frames, digests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dekomp_sim.anatomy import DiscShape, Level, Protrusion, Side, Structure
from dekomp_sim.anatomy.disc_regions import disc_structure_at
from dekomp_sim.disc import Disc, Tissue, inject, voxelise
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Rigid

TILTED = Rigid.shift([10.0, -20.0, 30.0]) @ Rigid.about_axis([1.0, 0.2, 0.0], 20.0)
SHAPE = DiscShape(Level.L4_L5, TILTED, 25.0, 17.0, 14.0, 9.0, protrusion=Protrusion(Side.LEFT))


@cache
def disc() -> Disc:
    return voxelise(SHAPE)


def analytic_volume_ml(shape: DiscShape) -> float:
    """Height integrated over the outline with its bump, in polar coordinates."""
    n_angle, n_radius, far = 720, 800, 32.0
    angle = (np.arange(n_angle) + 0.5) / n_angle * 2.0 * np.pi
    radius = (np.arange(n_radius) + 0.5) / n_radius * far
    way = np.stack([np.cos(angle), np.sin(angle), np.zeros(n_angle)], axis=-1)
    points = way[:, None, :] * radius[None, :, None]
    inside = radius / np.maximum(shape.rim(points), 1e-9) + shape.bump_mm(points) - radius > 0.0
    height = np.where(inside, shape.height_mm(points), 0.0)
    return float((height * radius).sum() * (far / n_radius) * (2.0 * np.pi / n_angle) / 1000.0)


@pytest.mark.parametrize("voxel_mm", [0.4, 0.8])
@pytest.mark.parametrize("protrusion", [None, Protrusion(Side.LEFT)])
def test_the_voxels_hold_the_volume_of_the_formulas(voxel_mm: float, protrusion: Protrusion | None) -> None:
    shape = replace(SHAPE, protrusion=protrusion)
    volume_ml = float(voxelise(shape, voxel_mm=voxel_mm).remaining_ml.sum())
    # Linear coverage at curved edges is good to a few 0.1 %; without sub-voxel coverage 0.8 mm is off by 1 %.
    assert volume_ml == pytest.approx(analytic_volume_ml(shape), rel=0.003)


def test_nucleus_and_protrusion_have_published_sizes() -> None:
    volume_ml = disc().remaining_ml
    assert 4.0 < volume_ml[Tissue.NUCLEUS] < 8.0  # 30 to 50 % of the disc
    assert 0.2 < volume_ml[Tissue.PROTRUSION] < 0.8  # 0.503 +- 0.301 mL, MRI of 220 discs
    assert 14.4 - 4.2 < volume_ml.sum() < 14.4 + 4.2  # all discs of that series


def test_the_protrusion_lies_on_its_side() -> None:
    k, j, i = np.nonzero(disc().tissue == Tissue.PROTRUSION)
    centre = disc().patient_from_index.points(np.stack([i, j, k], axis=-1)).mean(axis=0)
    local = SHAPE.patient_from_disc.inverse().points(centre)
    assert local[0] > 5.0  # the patient's left
    assert local[1] > 10.0  # behind


def test_the_grid_lies_along_the_discs_axes() -> None:
    nucleus = SHAPE.nucleus_centre_mm
    assert disc().tissue_at(nucleus) is Tissue.NUCLEUS
    assert disc().tissue_at(SHAPE.patient_from_disc.points([23.0, 0.0, 0.0])) is Tissue.ANNULUS
    assert disc().tissue_at(SHAPE.patient_from_disc.points([0.0, 0.0, 6.4])) is Tissue.ENDPLATE
    assert disc().tissue_at(SHAPE.patient_from_disc.points([0.0, 0.0, 20.0])) is Tissue.OUTSIDE
    np.testing.assert_allclose(disc().patient_from_index.spacing_mm, 0.4)


def test_voxels_and_formulas_name_the_same_parts() -> None:
    rng = np.random.Generator(np.random.Philox(key=[1, 2]))
    points = TILTED.points(rng.uniform([-28, -20, -9], [28, 24, 9], (4000, 3)))
    formula = disc_structure_at(SHAPE, points)
    voxel = disc().tissues_at(points)
    names = {Structure.OUTSIDE: Tissue.OUTSIDE, Structure.NUCLEUS: Tissue.NUCLEUS, Structure.ANNULUS: Tissue.ANNULUS,
             Structure.ENDPLATE: Tissue.ENDPLATE, Structure.PROTRUSION: Tissue.PROTRUSION}  # fmt: skip
    same = voxel == np.array([names[Structure(int(number))] for number in formula])
    assert same.mean() > 0.93  # the rest lies within half a voxel of a boundary


def test_a_fresh_disc_misses_nothing_and_holds_no_iodine() -> None:
    assert not disc().missing_g_cm3.any()
    assert not disc().iodine_g_cm3.any()
    assert disc().missing_g_cm3.dtype == np.float32
    assert disc().removed_ml == disc().injected_ml == 0.0


def test_the_digest_tells_discs_apart_and_only_those() -> None:
    coarse = voxelise(SHAPE, voxel_mm=1.0)
    assert voxelise(SHAPE, voxel_mm=1.0).digest() == coarse.digest()
    assert voxelise(SHAPE, 3, voxel_mm=1.0).digest() != coarse.digest()
    assert inject(coarse, 0.1, 0.05).digest() != coarse.digest()


def test_a_disc_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        disc().fraction[0, 0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dallas_grade": 6}, "dallas_grade: found 6; allowed: 0, 1, 2, 3, 4 or 5"),
        ({"voxel_mm": 0.05}, "0.2 to 2 mm"),
        ({"opening_kpa": -1.0}, "0 kPa or more"),
    ],
)
def test_impossible_discs_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(OutOfRangeError, match=message):
        voxelise(SHAPE, **arguments)  # type: ignore[arg-type]
