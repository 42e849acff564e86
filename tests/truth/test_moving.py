"""While the C-arm is dragged a coarser picture is shown: it must not be told apart from the full one."""

from __future__ import annotations

import numpy as np

from dekomp_sim.anatomy import Level, Patient
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.radiation.dose import Technique
from dekomp_sim.matter import Beam


def test_the_picture_of_a_moving_c_arm_differs_by_less_than_a_frames_noise(coarse_phantom: Patient) -> None:
    centre = coarse_phantom.discs[Level.L4_L5].patient_from_disc.translation_mm
    carm, detector = CArm(150.0, 8.0, centre), Detector(256, 256, 1.2)
    frame = Technique(Beam(80.0), 0.3)
    scope = Fluoroscope(coarse_phantom)
    moving = scope.expose(Shot(carm, detector, frame, moving=True)).signal
    still = scope.expose(Shot(carm, detector, frame)).signal
    again = scope.expose(Shot(carm, detector, frame, index=1)).signal
    noise = np.std(np.log(again / still)) / np.sqrt(2.0)
    # the same noise index: what is left is the coarser rays alone
    assert np.std(np.log(moving / still)) < 0.5 * noise


def test_a_standing_c_arm_is_never_served_the_moving_picture(coarse_phantom: Patient) -> None:
    centre = coarse_phantom.discs[Level.L4_L5].patient_from_disc.translation_mm
    shot = Shot(CArm(180.0, 0.0, centre), Detector(128, 128, 2.4), Technique(Beam(80.0), 1.0))
    alone = Fluoroscope(coarse_phantom).expose(shot).signal
    scope = Fluoroscope(coarse_phantom)
    scope.expose(Shot(shot.carm, shot.detector, shot.technique, moving=True))
    np.testing.assert_array_equal(scope.expose(shot).signal, alone)


def test_a_detector_with_an_odd_side_is_traced_in_full(coarse_phantom: Patient) -> None:
    centre = coarse_phantom.discs[Level.L4_L5].patient_from_disc.translation_mm
    carm, detector, technique = CArm(180.0, 0.0, centre), Detector(101, 128, 2.4), Technique(Beam(80.0), 1.0)
    moving, still = (
        Fluoroscope(coarse_phantom).expose(Shot(carm, detector, technique, moving=flag)).signal
        for flag in (True, False)
    )
    np.testing.assert_array_equal(moving, still)
