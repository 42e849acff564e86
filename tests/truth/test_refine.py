"""Coarse volumes: splitting voxels keeps places and values, and takes the grid's stripes out of the picture."""

from __future__ import annotations

import numpy as np

from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.projection.projector import Projector
from dekomp_sim.imaging.projection.refine import refined


def test_a_fine_volume_comes_back_as_it_is() -> None:
    counts = np.ones((4, 4, 4), dtype=np.int16)
    affine = Affine.from_spacing((1.0, 1.5, 0.7))
    assert refined(counts, affine) == (counts, affine)


def test_a_ramp_stays_the_same_ramp_in_the_patient_even_in_an_oblique_grid() -> None:
    turned = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, -1.0]])
    affine = Affine(turned @ np.diag([3.0, 0.9, 2.0]), np.array([5.0, -7.0, 11.0]))
    slope = np.array([20.0, -10.0, 15.0])

    def ramp(frame: Affine, shape: tuple[int, ...]) -> np.ndarray:
        k, j, i = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
        return np.asarray(5000.0 + frame.points(np.stack([i, j, k], axis=-1)) @ slope)

    counts = np.rint(ramp(affine, (12, 8, 10))).astype(np.int16)
    fine, fine_affine = refined(counts, affine)
    assert fine.shape == (24, 8, 30)
    inner = (slice(4, -4), slice(None), slice(6, -6))
    # a spline gives back straight lines; what is left is the rounding to whole counts, twice
    assert np.abs(fine - ramp(fine_affine, fine.shape))[inner].max() <= 1.5


def test_a_projection_of_a_noisy_slice_is_as_rough_between_voxels_as_on_them() -> None:
    counts = np.zeros((400, 12, 40), dtype=np.int16)
    counts[:, 5:7] = np.random.default_rng(1).integers(2000, 3000, (400, 2, 40))
    affine = Affine.from_spacing((3.0,) * 3, (-58.5, -16.5, -598.5))
    carm, detector = CArm(0.0, 0.0, (0.0, 0.0, 0.0), 3000.0, 3100.0), Detector(1800, 180, 3.1 / 6.0)

    def unevenness(projector: Projector) -> float:
        """Lowest over highest roughness over the six columns of a voxel's shadow, all voxels taken together."""
        rough = np.var(projector.line_integrals(carm, detector)[0][100:-100], axis=0).reshape(-1, 6).mean(axis=0)
        return float(rough.min() / rough.max())

    joseph, spline = unevenness(Projector(counts, affine)), unevenness(Projector(*refined(counts, affine)))
    assert joseph < 0.65, "Joseph: variance 1/2 midway between two voxels, 0.6 at the nearest column"
    assert spline > 0.7, "cubic spline: 0.78, less what Joseph then takes between the finer voxels"
