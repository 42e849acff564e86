"""What is found in a scan: metal, contrast, cut skin, missing and doubtful levels, each put there by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spine_blocks import spine_volume, true_discs

from dekomp_sim.anatomy import Level, Structure, Volume
from dekomp_sim.anatomy.landmarks import Landmarks, find_landmarks
from dekomp_sim.anatomy.suitability.acquisition import Acquisition, Format, Posture, Scan
from dekomp_sim.anatomy.suitability.checks import Check, Verdict, check_scan, turned_prone
from dekomp_sim.anatomy.suitability.spine import check_spine, find_levels
from dekomp_sim.arrays import BoolArray, FloatArray
from dekomp_sim.geometry import Affine, Rigid


@pytest.fixture(scope="module")
def volume() -> Volume:
    """The spine of blocks with air behind its processes."""
    made = spine_volume(Affine.from_spacing((2.0, 2.0, 2.0)))
    assert made.labels is not None
    behind = ((0, 0), (0, 12), (0, 0))
    hu, labels = np.pad(made.hu, behind, constant_values=-1000), np.pad(made.labels, behind)
    return Volume(hu, made.patient_from_index, labels)


@pytest.fixture(scope="module")
def landmarks(volume: Volume) -> Landmarks:
    return find_landmarks(volume)


def in_disc_frame(volume: Volume, level: Level) -> FloatArray:
    """(nk, nj, ni, 3) places of all voxels in the frame of a disc that is known on paper."""
    k, j, i = np.indices(volume.hu.shape)
    places = volume.patient_from_index.points(np.stack([i, j, k], axis=-1))
    return true_discs(Rigid.identity())[level].inverse().points(places)


def painted(volume: Volume, where: BoolArray, hu: int) -> Volume:
    values = volume.hu.copy()
    values[where] = hu
    return Volume(values, volume.patient_from_index, volume.labels)


def checked(volume: Volume, landmarks: Landmarks, name: str, body: BoolArray | None = None) -> Check:
    found = check_spine(volume, landmarks, volume.hu > -300 if body is None else body)
    return next(check for check in found if check.name == name)


def test_a_plain_spine_passes_every_check_of_the_spine(volume: Volume, landmarks: Landmarks) -> None:
    for check in check_spine(volume, landmarks, volume.hu > -300):
        assert check.verdict is Verdict.GOOD, check
    assert [one.sure for one in find_levels(volume, landmarks)] == [True] * 5


def test_a_screw_beside_a_disc_is_measured_and_makes_its_level_unsure(volume: Volume, landmarks: Landmarks) -> None:
    local = in_disc_frame(volume, Level.L4_L5)
    screw = np.all(np.abs(local - [15.0, 20.0, 12.0]) < (3.0, 12.0, 3.0), axis=-1)
    metal = painted(volume, screw, 3071)
    check = checked(metal, landmarks, "metal")

    assert check.verdict is Verdict.CAUTION
    assert check.found == f"{screw.sum() * 8.0 / 1000.0:.2f} mL of metal in the spine"
    unsure = {one.level: one.doubts for one in find_levels(metal, landmarks) if not one.sure}
    assert "metal beside it" in unsure[Level.L4_L5]
    assert Level.L1_L2 not in unsure


def test_a_bright_aorta_is_told_and_a_calcified_wall_is_not(volume: Volume, landmarks: Landmarks) -> None:
    local = in_disc_frame(volume, Level.L3_L4)
    vessel = (np.hypot(local[..., 0] - 6.0, local[..., 1] + 30.0) < 9.0) & (np.abs(local[..., 2]) < 30.0)
    wall = vessel & (np.hypot(local[..., 0] - 6.0, local[..., 1] + 30.0) > 6.5)

    bright = checked(painted(volume, vessel, 280), landmarks, "contrast in vessels")
    assert (bright.verdict, bright.found) == (Verdict.CAUTION, "vessels of 280 HU")
    assert checked(painted(volume, wall, 600), landmarks, "contrast in vessels").verdict is Verdict.GOOD


def test_contrast_in_the_canal_is_told(volume: Volume, landmarks: Landmarks) -> None:
    local = in_disc_frame(volume, Level.L4_L5)
    sac = (np.hypot(local[..., 0], local[..., 1] - 25.0) < 7.0) & (np.abs(local[..., 2]) < 10.0)
    check = checked(painted(volume, sac, 400), landmarks, "contrast in the canal")
    assert (check.verdict, check.found) == (Verdict.CAUTION, "a sac of 400 HU, as after myelography")


def test_a_body_cut_off_by_the_field_is_told_by_its_side(volume: Volume, landmarks: Landmarks) -> None:
    body = volume.hu > -300
    body[:, 5:60, -1] = True  # i grows to the patient's left
    body[:, -1, 5:60] = True  # j to the back
    assert checked(volume, landmarks, "skin", body).found == "the body cut off at the left and the back"


def test_a_missing_vertebra_leaves_two_levels_out_and_the_others_in(volume: Volume) -> None:
    assert volume.labels is not None
    labels = np.where(volume.labels == Structure.VERTEBRA_L3, 0, volume.labels).astype(np.uint8)
    without = replace(volume, labels=labels)
    found = find_landmarks(without)
    check = checked(without, found, "levels")

    assert (check.verdict, check.found) == (Verdict.CAUTION, "L1-L2, L4-L5, L5-S1; without L2-L3, L3-L4")
    doubts = {one.level: one.doubts for one in find_levels(without, found)}
    assert doubts[Level.L3_L4] == ("found a label map without L3; allowed: L1-L2, L4-L5, L5-S1",)


@pytest.mark.parametrize(
    ("taken", "name", "verdict", "found"),
    [
        (Acquisition(Format.DICOM, thickness_mm=1.0), "slices", Verdict.CAUTION, "with gaps between them"),
        (Acquisition(Format.DICOM, thickness_mm=2.5), "slices", Verdict.GOOD, "slices 2 mm apart and 2.5 mm thick"),
        (Acquisition(Format.DICOM, tilt_deg=12.0), "gantry", Verdict.CAUTION, "a gantry tilted by 12.0 degrees"),
        (Acquisition(Format.DICOM, Posture.PRONE, False), "posture", Verdict.GOOD, "scanned prone, head first"),
        (Acquisition(Format.DICOM, Posture.SUPINE, True), "posture", Verdict.CAUTION, "scanned supine, feet first"),
        (Acquisition(Format.GRID), "posture", Verdict.CAUTION, "no word of how the patient lay"),
    ],
)
def test_how_it_was_taken_is_told(volume: Volume, taken: Acquisition, name: str, verdict: Verdict, found: str) -> None:
    check = next(one for one in check_scan(Scan(volume, taken)) if one.name == name)
    assert check.verdict is verdict
    assert found in check.found


def test_only_a_prone_scan_is_not_turned() -> None:
    assert "nothing was turned" in turned_prone(Posture.PRONE)
    assert "on the left side and turned prone as one rigid piece" in turned_prone(Posture.LEFT_SIDE)
    assert "supine (assumed" in turned_prone(Posture.UNKNOWN)
