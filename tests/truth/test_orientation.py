"""A letter of lead, read from eight angles in volumes stored in every posture: right side up, left and right true."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.console.display import direction_letters, positioner_words
from dekomp_sim.imaging.projection.thickness import PatientProjector

LETTER_F = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)
CELL_MM, SIZE, VOXEL_MM = 12.0, 64, 2.0
HALF, ROOT, DIAGONAL = 0.5, np.sqrt(3.0) / 2.0, np.sqrt(0.5)

ANGLES = [
    # primary, secondary, what is right and up for somebody looking from the detector (LPS, from paper), console letters
    (0.0, 0.0, (1, 0, 0), (0, 0, 1), "L", "H", "LAO 0 CRA 0"),
    (180.0, 0.0, (-1, 0, 0), (0, 0, 1), "R", "H", "LAO 180 CRA 0"),
    (90.0, 0.0, (0, 1, 0), (0, 0, 1), "P", "H", "LAO 90 CRA 0"),
    (-90.0, 0.0, (0, -1, 0), (0, 0, 1), "A", "H", "RAO 90 CRA 0"),
    (30.0, 0.0, (ROOT, HALF, 0), (0, 0, 1), "LP", "H", "LAO 30 CRA 0"),
    (150.0, 0.0, (-ROOT, HALF, 0), (0, 0, 1), "RP", "H", "LAO 150 CRA 0"),
    (180.0, 30.0, (-1, 0, 0), (0, -HALF, ROOT), "R", "HA", "LAO 180 CRA 30"),
    (-45.0, -30.0, (DIAGONAL, -DIAGONAL, 0), (-HALF * DIAGONAL, -HALF * DIAGONAL, ROOT), "LA", "HAR", "RAO 45 CAU 30"),
]
POSTURES = {
    "head first supine": (1, 1, 1),  # i to the left, j to the back, k to the head
    "head first prone": (-1, -1, 1),
    "feet first supine": (-1, 1, -1),
    "feet first prone": (1, -1, -1),
}


def plate(right: FloatArray, up: FloatArray, signs: tuple[int, int, int]) -> Volume:
    """A volume, stored as scanned in a posture, that holds the letter as a plate facing somebody with these axes."""
    matrix = np.diag(np.array(signs) * VOXEL_MM)
    affine = Affine(matrix, -matrix @ np.full(3, (SIZE - 1) / 2.0))
    k, j, i = np.meshgrid(*[np.arange(SIZE)] * 3, indexing="ij")
    points = affine.points(np.stack([i, j, k], axis=-1))
    col = np.floor((points @ right) / CELL_MM + 2.0).astype(int)
    row = np.floor(2.5 - (points @ up) / CELL_MM).astype(int)
    thin = np.abs(points @ np.cross(right, up)) < 8.0
    there = thin & (row >= 0) & (row < 5) & (col >= 0) & (col < 4)
    inked = there & LETTER_F[np.clip(row, 0, 4), np.clip(col, 0, 3)]
    return Volume(np.where(inked, 3000, -1000).astype(np.int16), affine)


@pytest.mark.parametrize("signs", POSTURES.values(), ids=POSTURES.keys())
@pytest.mark.parametrize(("primary", "secondary", "right", "up", "letter", "upper", "words"), ANGLES)
def test_the_letter_reads_as_from_the_detector_whatever_the_posture_of_the_scan(  # noqa: PLR0913
    primary: float,
    secondary: float,
    right: tuple[float, ...],
    up: tuple[float, ...],
    letter: str,
    upper: str,
    words: str,
    signs: tuple[int, int, int],
) -> None:
    carm, detector = CArm(primary, secondary, (0.0, 0.0, 0.0)), Detector(96, 96, 1.6)
    bone = PatientProjector(plate(np.array(right), np.array(up), signs)).thickness(carm, detector).bone_g_cm2
    cell_px = CELL_MM * carm.magnification / detector.pixel_mm
    rows = np.rint(47.5 + (np.arange(5) - 2.0) * cell_px).astype(int)
    cols = np.rint(47.5 + (np.arange(4) - 1.5) * cell_px).astype(int)
    read = bone[np.ix_(rows, cols)] > 0.5 * bone.max()
    np.testing.assert_array_equal(read, LETTER_F)
    assert direction_letters(carm.image_right) == letter
    assert direction_letters(carm.image_up) == upper
    assert positioner_words(carm) == words
