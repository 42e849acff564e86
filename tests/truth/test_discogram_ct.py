"""The CT after discography: iodine's Hounsfield units, and where they lie in the slice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient
from dekomp_sim.disc import Disc, Stain, inject, voxelise
from dekomp_sim.imaging.ct.discogram import Slice, axial_ct, changed_hu, hu_per_g_cm3
from dekomp_sim.matter import Substance

PIXEL_MM = 0.25


@pytest.fixture(scope="module")
def whole(glass: Patient) -> Disc:
    return voxelise(glass.discs[Level.L4_L5], 0)


def at(picture: np.ndarray, x_mm: float, y_mm: float) -> float:
    """The pixel nearest to x to the patient's left and y backward of the disc's centre."""
    middle = picture.shape[0] // 2
    return float(picture[middle + round(y_mm / PIXEL_MM), middle + round(x_mm / PIXEL_MM)])


def test_a_milligram_of_iodine_per_millilitre_is_25_to_27_hu_at_120_kv() -> None:
    """NIST XCOM by hand: iodine 7.579 and 3.510, water 0.2059 and 0.1837 cm2/g at 60 and 80 keV; at 70 keV, on straight
    lines between logarithms, 5.02 and 0.1937: 25.9 HU. Clinical scanners show 25 to 27 at 120 kV.
    """
    ours = hu_per_g_cm3(Substance.IODINE) / 1000.0
    assert ours == pytest.approx(25.9, rel=0.02)
    assert 25.0 <= ours <= 27.0


def test_a_pore_full_of_contrast_reads_its_share_of_the_medium(glass: Patient, whole: Disc) -> None:
    """20 % of the voxel at 300 mg/mL is 60 mg/mL: about 1560 HU above the 40 HU of the tissue, at the needle's tip."""
    filled = inject(whole, 0.8, 0.05)
    picture = axial_ct(glass.volume, filled)
    x_mm, y_mm, _ = filled.shape.patient_from_disc.inverse().points(filled.shape.nucleus_centre_mm)
    assert at(picture, x_mm, y_mm) == pytest.approx(40.0 + 60.0 * 25.9, rel=0.02)
    # the intact annulus stays as it was, outside the disc nothing changes
    assert at(picture, -0.9 * filled.shape.half_width_mm, 0.0) == 40.0
    before = axial_ct(glass.volume, whole)
    assert float(before.max()) == 40.0


def test_the_slices_of_a_disc_hold_the_iodine_that_was_injected(glass: Patient, whole: Disc) -> None:
    filled = inject(whole, 0.5, 0.05, iodine_mg_ml=200.0)
    slices = [Slice(above_middle_mm=z_mm, thickness_mm=0.5) for z_mm in np.arange(-8.0, 8.1, 0.5)]
    added = sum(float((axial_ct(glass.volume, filled, cut) - 40.0).clip(0.0, None).sum()) for cut in slices)
    iodine_mg = added / 25.9 * (PIXEL_MM**2 * 0.5 / 1000.0)
    assert iodine_mg == pytest.approx(0.5 * 200.0, rel=0.03)


def test_the_picture_is_read_with_the_patients_left_at_the_right_and_the_back_below(
    glass: Patient, whole: Disc
) -> None:
    """A protrusion on the left: the fissure of grade 3 takes contrast to the left and backward."""
    torn = inject(voxelise(whole.shape, 3), 1.5, 0.05)
    contrast = np.clip(axial_ct(glass.volume, torn) - 40.0, 0.0, None)
    annulus = np.ones(contrast.shape, dtype=bool)
    rows, cols = np.indices(contrast.shape) - contrast.shape[0] // 2
    points = np.stack([cols * PIXEL_MM, rows * PIXEL_MM, 0.0 * rows], axis=-1)
    annulus &= whole.shape.rim(points) > 0.75
    weight = contrast * annulus
    assert weight.sum() > 0.0
    assert float((weight * cols).sum()) > 0.0
    assert float((weight * rows).sum()) > 0.0


def test_what_was_carved_away_reads_as_water_and_undiluted_contrast_as_the_scale_s_end(whole: Disc) -> None:
    empty = replace(whole, fraction=np.zeros_like(whole.fraction))
    # nucleus of 1.06 g/cm3 gives way to water
    assert float(changed_hu(empty).min()) < -55.0
    full = replace(
        whole,
        stain=Stain.of(np.full_like(whole.coverage, whole.voxel_ml)),
        contrast=replace(whole.contrast, injected_ml=1.0, iodine_mg_ml=300.0),
    )
    assert float(changed_hu(full).max()) == pytest.approx(7770.0, rel=0.02)
