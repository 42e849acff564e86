"""Fields, blades and iris: areas known on paper, the mask that shows them, and the dose that follows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.radiation.dose import Technique, dose_of
from dekomp_sim.imaging.stand.collimator import OPEN, PENUMBRA_MM, Collimator, Field, active, zoom
from dekomp_sim.matter import Beam

FULL = Detector(512, 400, 0.6)


def test_an_open_collimator_hides_nothing() -> None:
    assert OPEN.open_share(FULL) == 1.0
    assert np.all(OPEN.mask(FULL) == 1.0)


def test_blades_leave_the_product_of_their_openings() -> None:
    assert Collimator(0.5, 0.25).open_share(FULL) == pytest.approx(0.125)


def test_an_iris_alone_leaves_a_circle() -> None:
    assert Collimator(iris=0.8).open_share(FULL) == pytest.approx(math.pi * (0.4 * 240.0) ** 2 / (240.0 * 307.2))


def test_an_iris_around_the_blades_leaves_the_blades() -> None:
    # the half diagonal of 0.5 x 0.5 of 240 x 240 is 84.9 mm; the iris' radius 120 mm
    square = Detector(400, 400, 0.6)
    assert Collimator(0.5, 0.5, 1.0).open_share(square) == pytest.approx(0.25)


def test_an_iris_across_a_slit_leaves_a_slit_with_round_ends() -> None:
    # |x| < 60, r = 120: 4 * integral of sqrt(120^2 - x^2) from 0 to 60 = 2 * 120^2 * (0.5 * 0.8660 + 0.5236)
    square = Detector(400, 400, 0.6)
    area = 2.0 * 120.0**2 * (0.5 * math.sqrt(0.75) + math.pi / 6.0)
    assert Collimator(0.5, 1.0, 1.0).open_share(square) == pytest.approx(area / 240.0**2)


@pytest.mark.parametrize(
    "shape", [Collimator(0.5, 0.8), Collimator(iris=0.7), Collimator(0.5, 0.9, 0.8), Collimator(0.3, 0.3, 0.35)]
)
def test_the_mask_passes_what_the_share_says(shape: Collimator) -> None:
    # 0.5 % of the open area: pixels along the edge, and the penumbra's corners
    assert shape.mask(FULL).mean() == pytest.approx(shape.open_share(FULL), rel=0.005)


def test_the_blades_edge_lies_where_it_should_and_falls_over_the_penumbra() -> None:
    fine = Detector(11, 2000, 0.1)
    line = Collimator(across=0.5).mask(fine)[5]
    right = (np.arange(2000) - 999.5) * 0.1
    assert np.interp(0.5, line[1000:][::-1], right[1000:][::-1]) == pytest.approx(50.0, abs=0.05)
    falling = (line > 0.0) & (line < 1.0) & (right > 0.0)
    assert np.count_nonzero(falling) * 0.1 == pytest.approx(PENUMBRA_MM, abs=0.15)


def test_magnified_fields_are_smaller_at_the_full_matrix() -> None:
    for field, side in ((Field.FULL, 1.0), (Field.MAG1, 0.75), (Field.MAG2, 0.5)):
        part = active(FULL, field)
        assert (part.rows, part.cols) == (FULL.rows, FULL.cols)
        assert part.width_mm == pytest.approx(side * FULL.width_mm)
        assert zoom(field) == pytest.approx(1.0 / side)


def test_collimation_saves_area_and_not_kerma() -> None:
    arm, technique = CArm(180.0, 0.0, (0, 0, 0)), Technique(Beam(80.0), 1.0)
    whole = dose_of(technique, arm, FULL)
    part = dose_of(technique, arm, FULL, Collimator(0.5, 0.5).open_share(FULL))
    assert part.air_kerma_reference_mgy == whole.air_kerma_reference_mgy
    assert part.kap_gycm2 == pytest.approx(whole.kap_gycm2 / 4.0)


@pytest.mark.parametrize(
    ("openings", "words"),
    [
        ((0.05, 1.0, None), r"across: found 0\.05; allowed: 0\.1 to 1 of the field"),
        ((1.0, 1.2, None), r"along: found 1\.2; allowed: 0\.1 to 1 of the field"),
        ((1.0, 1.0, 2.0), r"iris: found 2; allowed: 0\.1 to 1\.5 of the field"),
        ((math.nan, 1.0, None), "across: found nan"),
    ],
)
def test_what_the_blades_cannot_do_is_refused(openings: tuple[float, float, float | None], words: str) -> None:
    with pytest.raises(OutOfRangeError, match=words):
        Collimator(*openings)
