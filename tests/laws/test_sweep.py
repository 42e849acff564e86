"""The compiled sweep against ten lines of NumPy that define what it computes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dekomp_sim.arrays import FloatArray, Int16Array
from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.projection.projector import Projector

DETECTOR = Detector(74, 90, 3.0)


def joseph(counts: Int16Array, patient_from_index: Affine, floor: int, carm: CArm, detector: Detector) -> FloatArray:
    """Joseph's integrals, ray by ray: bilinear samples on the planes of the major axis times the path per plane."""
    padded = np.pad(np.maximum(counts.astype(np.float64) - floor, 0.0), 1).transpose(2, 1, 0)
    focus = patient_from_index.indices(carm.source_mm) + 1.0
    pixels = carm.pixel_centres_mm(detector)
    ray = patient_from_index.indices(pixels) + 1.0 - focus
    central = patient_from_index.indices(carm.detector_centre_mm) + 1.0 - focus
    major = int(np.argmax(np.abs(central)))
    path_mm = np.linalg.norm(pixels - carm.source_mm, axis=-1) / np.abs(ray[..., major])
    total = np.zeros(pixels.shape[:2])
    for plane in range(padded.shape[major]):
        share = (plane - focus[major]) / ray[..., major]
        place = focus + share[..., None] * ray
        place[..., major] = plane
        total += ndimage.map_coordinates(padded, np.moveaxis(place, -1, 0), order=1, mode="constant")
    return np.asarray(total * path_mm)


def smooth_volume(seed: int, shape: tuple[int, int, int]) -> Int16Array:
    """Counts that fade to 0 at the borders and hold no detail finer than a pixel: nothing the warp may lose."""
    noise = np.random.default_rng(seed).normal(size=shape)
    field = ndimage.gaussian_filter(noise, 3.0)
    fade = np.einsum("k,j,i->kji", *[np.hanning(n + 2)[1:-1] for n in shape])
    return np.asarray((1000 + 400 * field / np.abs(field).max()) * fade, dtype=np.int16)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 99),
    primary_deg=st.floats(-180.0, 180.0),
    secondary_deg=st.floats(-40.0, 40.0),
    flips=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
)
def test_the_sweep_equals_joseph_ray_by_ray(
    seed: int, primary_deg: float, secondary_deg: float, flips: tuple[float, float, float]
) -> None:
    counts = smooth_volume(seed, (19, 23, 29))
    matrix = np.diag(np.array(flips) * [4.0, 5.0, 6.0])
    affine = Affine(matrix, -matrix @ np.array([14.0, 11.0, 9.0]))
    carm = CArm(primary_deg, secondary_deg, (1.0, -2.0, 3.0))
    ours = Projector(counts, affine, (0, 300), threads=1).line_integrals(carm, DETECTOR)
    for field, floor in zip(ours, (0, 300), strict=True):
        theirs = joseph(counts, affine, floor, carm, DETECTOR)
        # the cubic warp onto a tilted detector, with two pixels a voxel: 0.5 % of the peak for interpolation, and 0.3 %
        # for the sharpening that KEYS_A puts in on purpose
        assert np.abs(field - theirs).max() < 0.008 * theirs.max()


def test_without_tilt_the_warp_is_the_identity_and_the_sweep_equals_joseph_to_rounding() -> None:
    counts = np.random.default_rng(3).integers(0, 2000, (19, 23, 29)).astype(np.int16)
    affine = Affine.from_spacing((4.0, 5.0, 6.0), (-60.0, -50.0, -50.0))
    carm = CArm(0.0, 0.0, (0.0, 0.0, 0.0))
    ours = Projector(counts, affine).line_integrals(carm, DETECTOR)[0]
    np.testing.assert_allclose(ours, joseph(counts, affine, 0, carm, DETECTOR), rtol=2e-5, atol=0.5)


@pytest.mark.parametrize("primary_deg", [0.0, 90.0, 35.0])
def test_the_number_of_threads_changes_no_bit(primary_deg: float) -> None:
    counts = smooth_volume(5, (19, 23, 29))
    affine = Affine.from_spacing((4.0, 5.0, 6.0), (-60.0, -50.0, -50.0))
    carm = CArm(primary_deg, 10.0, (0.0, 0.0, 0.0))
    one, three = (Projector(counts, affine, threads=n).line_integrals(carm, DETECTOR) for n in (1, 3))
    np.testing.assert_array_equal(one, three)
