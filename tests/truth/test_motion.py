"""A patient who moved or breathed during the scan: slices are pushed by known lengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Patient, Volume
from dekomp_sim.anatomy.suitability.checks import Check, Verdict
from dekomp_sim.anatomy.suitability.motion import check_motion
from dekomp_sim.anatomy.tissues import body_mask
from dekomp_sim.files.volumes import load_volume

TORSO = Path(__file__).parents[3] / "shared" / "data"


def moved(volume: Volume, from_slice: int, axis: int, pixels: int, *, rows: slice = slice(None)) -> Volume:
    """From a slice on, all of the patient, or some rows of it, pushed along an axis of [k, j, i]."""
    hu = volume.hu.copy()
    hu[from_slice:, rows] = np.roll(hu, pixels, axis)[from_slice:, rows]
    return Volume(hu, volume.patient_from_index, volume.labels)


def checked(volume: Volume) -> Check:
    return check_motion(volume, body_mask(volume))


def test_a_patient_who_lay_still_is_not_told_to_have_moved(coarse_phantom: Patient) -> None:
    assert checked(coarse_phantom.volume).verdict is Verdict.GOOD


@pytest.mark.parametrize(("axis", "pixels"), [(1, 3), (1, -3), (2, 3), (2, -3)])
def test_a_patient_who_moved_is_told_with_the_slice_and_how_far(
    coarse_phantom: Patient, axis: int, pixels: int
) -> None:
    found = checked(moved(coarse_phantom.volume, 41, axis, pixels))
    assert found.verdict is Verdict.CAUTION
    assert "between slices 41 and 42" in found.found
    assert float(found.found.split(" by ")[1].split(" mm")[0]) == pytest.approx(6.0, abs=2.0)  # a pixel is 2 mm


def test_a_breath_that_lifts_the_belly_alone_is_told(coarse_phantom: Patient) -> None:
    belly = moved(coarse_phantom.volume, 30, 1, -4, rows=slice(0, coarse_phantom.volume.hu.shape[1] // 3))
    other = moved(coarse_phantom.volume, 30, 1, 4, rows=slice(-coarse_phantom.volume.hu.shape[1] // 3, None))
    verdicts = {checked(volume).verdict for volume in (belly, other)}
    assert Verdict.CAUTION in verdicts


def test_a_push_of_a_pixel_is_no_motion(coarse_phantom: Patient) -> None:
    assert checked(moved(coarse_phantom.volume, 41, 1, 1)).verdict is Verdict.GOOD


def test_slices_that_run_along_another_axis_of_the_file_are_found(coarse_phantom: Patient) -> None:
    pushed = moved(coarse_phantom.volume, 41, 1, 3)
    turned = pushed.patient_from_index
    swapped = Volume(
        np.ascontiguousarray(pushed.hu.transpose(2, 1, 0)),
        type(turned)(turned.matrix[:, ::-1], turned.origin_mm),
        None,
    )
    assert "between slices 41 and 42" in checked(swapped).found


def test_a_real_scan_is_not_told_to_have_moved() -> None:
    scans = sorted(TORSO.rglob("*ct*.nii.gz")) if TORSO.is_dir() else []
    if not scans:
        pytest.skip("needs ../shared/data beside the project: a real torso CT")
    assert checked(load_volume(scans[0])).verdict is Verdict.GOOD
