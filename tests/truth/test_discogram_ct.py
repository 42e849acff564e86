"""The CT after discography, by the scanner: iodine's Hounsfield units, and where they lie in the slice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.arrays import Float32Array
from dekomp_sim.disc import Disc, inject, voxelise
from dekomp_sim.imaging.ct.protocol import Kernel, Protocol
from dekomp_sim.imaging.ct.scanner import CtSlice, Scanner, SliceShot
from dekomp_sim.procedure.case import Setting, begin
from dekomp_sim.procedure.ct.pictures import after_discography, discogram_shot

PIXEL_MM = 0.25


@pytest.fixture(scope="module")
def whole(glass: Patient) -> Disc:
    return voxelise(glass.discs[Level.L4_L5], 0)


def shot_of(glass: Patient, disc: Disc) -> SliceShot:
    """The slice as the case takes it, but without noise."""
    case = replace(begin(glass, Setting(Level.L4_L5, Side.LEFT)), disc=disc)
    shot = discogram_shot(case, Level.L4_L5)
    return replace(shot, turn=replace(shot.turn, index=None))


def taken(glass: Patient, disc: Disc) -> CtSlice:
    return Scanner(glass).scan(shot_of(glass, disc))


def added(glass: Patient, disc: Disc, whole: Disc, shot: SliceShot | None = None) -> Float32Array:
    """What injection or carving changed in the slice, HU."""
    scanner, shot = Scanner(glass), shot or shot_of(glass, disc)
    return np.asarray(scanner.scan(shot).hu - scanner.scan(replace(shot, discs=(whole,))).hu)


def at(picture: Float32Array, x_mm: float, y_mm: float) -> float:
    """Mean within 1 mm of a place to the patient's left and backward of the disc's centre."""
    middle = (len(picture) - 1) / 2.0
    row, col = (round(middle + mm / PIXEL_MM) for mm in (y_mm, x_mm))
    return float(picture[row - 3 : row + 4, col - 3 : col + 4].mean())


def test_a_pore_full_of_contrast_reads_its_share_of_the_medium(glass: Patient, whole: Disc) -> None:
    """20 % of the voxel at 300 mg/mL is 60 mg/mL of 25.9 HU a mg/mL (published, 120 kV): about 1560 HU. Two
    centimetres of it, 12 % of a beam of 60 keV a millimetre, harden the beam for themselves: up to a sixth less.
    """
    filled = inject(whole, 0.8, 0.05)
    x_mm, y_mm, _ = filled.shape.patient_from_disc.inverse().points(filled.shape.nucleus_centre_mm)
    read = at(added(glass, filled, whole), x_mm, y_mm)
    assert 0.83 * 60.0 * 25.9 < read < 1.02 * 60.0 * 25.9


def test_the_intact_annulus_stays_as_it_was(glass: Patient, whole: Disc) -> None:
    change = added(glass, inject(whole, 0.8, 0.05), whole)
    assert at(change, -0.92 * whole.shape.half_width_mm, 0.0) == pytest.approx(
        0.0, abs=25.0
    )  # the bright disc's streak


def test_the_slices_of_a_disc_hold_the_iodine_that_was_injected(glass: Patient, whole: Disc) -> None:
    """100 mg in 0.5 mL; slices of 2 mm side by side, each less than a tenth dark from its own hardening."""
    filled = inject(whole, 0.5, 0.05, iodine_mg_ml=200.0)
    shot = shot_of(glass, filled)
    turn = replace(
        shot.turn, protocol=Protocol(120.0, 150.0, 2.0, 100.0, Kernel.STANDARD, 400), gantry=shot.turn.gantry.quick()
    )
    slices = [
        replace(shot, turn=turn, centre_mm=shot.centre_mm + np.array([0.0, 0.0, z])) for z in np.arange(-8.0, 8.1, 2.0)
    ]
    sums = sum(float(added(glass, filled, whole, one).sum()) for one in slices)
    assert sums / 25.9 * (PIXEL_MM**2 * 2.0 / 1000.0) == pytest.approx(100.0, rel=0.1)


def test_a_fissure_on_the_left_lies_at_the_pictures_right_and_behind(glass: Patient, whole: Disc) -> None:
    """The slice itself has the patient's left at the right and the back below: a protrusion on the left and a fissure
    of grade 3, which takes contrast to the left and backward."""
    torn = inject(voxelise(whole.shape, 3), 1.5, 0.05)
    rows, cols = np.indices((400, 400)) - 199.5
    points = np.stack([cols * PIXEL_MM, rows * PIXEL_MM, 0.0 * rows], axis=-1)
    rim = whole.shape.rim(points)
    weight = np.clip(added(glass, torn, whole), 100.0, None) * ((rim > 0.75) & (rim < 1.05))
    weight -= 100.0 * ((rim > 0.75) & (rim < 1.05))
    assert float((weight * cols).sum()) > 0.0
    assert float((weight * rows).sum()) > 0.0


def test_what_was_carved_away_reads_as_water(glass: Patient, whole: Disc) -> None:
    """Nucleus of 1.06 g/cm3 with soft tissue's attenuation gives way to water: 60 HU less."""
    empty = replace(whole, fraction=np.zeros_like(whole.fraction))
    assert at(added(glass, empty, whole), 0.0, 0.0) == pytest.approx(-60.0, abs=4.0)


def test_the_case_that_counts_is_the_one_after_the_last_injection(glass: Patient) -> None:
    case = begin(glass, Setting(Level.L4_L5, Side.LEFT))
    assert after_discography((case, case)) == {}
