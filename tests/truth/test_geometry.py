"""Frames and angles against numbers from paper: a transposed rotation obeys every group law, so only these catch it."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.geometry import Affine, CArm, Detector, Rigid

HALF, ROOT = 0.5, np.sqrt(3.0) / 2.0


@pytest.mark.parametrize(
    ("primary_deg", "secondary_deg", "towards_detector", "right", "up"),
    [
        (
            0.0,
            0.0,
            (0, -1, 0),
            (1, 0, 0),
            (0, 0, 1),
        ),  # AP: detector in front, the patient's left on the picture's right
        (180.0, 0.0, (0, 1, 0), (-1, 0, 0), (0, 0, 1)),  # PA, as over a prone patient: left on the left
        (90.0, 0.0, (1, 0, 0), (0, 1, 0), (0, 0, 1)),  # left lateral: the back on the right
        (-90.0, 0.0, (-1, 0, 0), (0, -1, 0), (0, 0, 1)),  # right lateral: the front on the right
        (30.0, 0.0, (HALF, -ROOT, 0), (ROOT, HALF, 0), (0, 0, 1)),  # LAO 30
        (-30.0, 0.0, (-HALF, -ROOT, 0), (ROOT, -HALF, 0), (0, 0, 1)),  # RAO 30
        (0.0, 30.0, (0, -ROOT, HALF), (1, 0, 0), (0, HALF, ROOT)),  # cranial 30: the detector toward the head
        (180.0, -30.0, (0, ROOT, -HALF), (-1, 0, 0), (0, HALF, ROOT)),  # caudal 30 from behind
    ],
)
def test_positioner_angles_turn_the_detector_as_dicom_says(
    primary_deg: float,
    secondary_deg: float,
    towards_detector: tuple[float, ...],
    right: tuple[float, ...],
    up: tuple[float, ...],
) -> None:
    carm = CArm(primary_deg, secondary_deg, (10.0, 20.0, 30.0))
    np.testing.assert_allclose(carm.towards_detector, towards_detector, atol=1e-12)
    np.testing.assert_allclose(carm.image_right, right, atol=1e-12)
    np.testing.assert_allclose(carm.image_up, up, atol=1e-12)
    np.testing.assert_allclose(carm.source_mm, np.array([10, 20, 30]) - 600.0 * np.array(towards_detector), atol=1e-9)


def test_the_central_pixel_is_the_isocentre_and_rows_run_down() -> None:
    carm, detector = CArm(0.0, 0.0, (0.0, 0.0, 0.0)), Detector(101, 201, 0.5)
    np.testing.assert_allclose(carm.pixel_of(np.zeros(3), detector), [50.0, 100.0])
    # 10 mm up and left at the isocentre are 10 * 1020 / 600 / 0.5 = 34 pixels
    np.testing.assert_allclose(carm.pixel_of(np.array([10.0, 0.0, 10.0]), detector), [50.0 - 34.0, 100.0 + 34.0])
    centres = carm.pixel_centres_mm(detector)
    assert centres.shape == (101, 201, 3)
    np.testing.assert_allclose(centres[0, 0], [-50.0, -420.0, 25.0])


def test_a_turn_about_z_is_right_handed() -> None:
    np.testing.assert_allclose(Rigid.about_axis([0, 0, 1], 90.0).points([1, 0, 0]), [0, 1, 0], atol=1e-12)


def test_a_frame_from_axes_keeps_z_and_leans_y() -> None:
    patient_from_disc = Rigid.from_axes([1, 2, 3], z_axis=[0, 0, 2], towards_y=[0, 1, 5])
    np.testing.assert_allclose(patient_from_disc.points([1, 0, 0]), [2, 2, 3])
    np.testing.assert_allclose(patient_from_disc.directions([0, 1, 0]), [0, 1, 0])


def test_voxel_centres_follow_dicom_plane_position_and_orientation() -> None:
    # a flipped, anisotropic grid as supine-feet-first scanners write it: i runs to the right, j to the front
    patient_from_index = Affine(np.diag([-0.5, -0.7, 2.0]), np.array([100.0, 50.0, -30.0]))
    np.testing.assert_allclose(patient_from_index.points([2, 1, 3]), [99.0, 49.3, -24.0])
    np.testing.assert_allclose(patient_from_index.indices([99.0, 49.3, -24.0]), [2, 1, 3], atol=1e-12)
    np.testing.assert_allclose(patient_from_index.spacing_mm, [0.5, 0.7, 2.0])


@pytest.mark.parametrize("rotation", [np.diag([1.0, 1.0, -1.0]), np.eye(3) * 1.1])
def test_a_mirror_or_a_stretch_is_no_rigid_move(rotation: np.ndarray) -> None:
    with pytest.raises(ValueError, match="proper rotation"):
        Rigid(rotation, np.zeros(3))
