"""What holds of finding a spine: neither grid nor place of the scan matters, nor does the noise of a low dose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Volume
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.anatomy.spine.find import SeenSpine, see_spine
from dekomp_sim.anatomy.spine.naming import name_levels
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry import Affine

MIRROR = np.diag([-1.0, 1.0, 1.0])
AWAY_MM = np.array([31.0, -240.0, 977.0])


@pytest.fixture(scope="module")
def volume() -> Volume:
    """The reference phantom; its herniation and its great vessels tell left from right."""
    return build_phantom(replace(PhantomSpec(), voxel_mm=3.0)).volume


@pytest.fixture(scope="module")
def seen(volume: Volume) -> SeenSpine:
    return see_spine(volume)


def centres_mm(spine: SeenSpine) -> FloatArray:
    return np.array([disc.centre_mm for disc in spine.discs])


def test_a_mirrored_scan_elsewhere_on_a_grid_of_other_order_has_its_discs_mirrored_there(
    volume: Volume, seen: SeenSpine
) -> None:
    affine = volume.patient_from_index
    last = (volume.size[0] - 1.0, 0.0, volume.size[2] - 1.0)
    matrix = MIRROR @ affine.matrix @ np.diag([-1.0, 1.0, -1.0])
    order = matrix[:, [1, 0, 2]]  # i and j exchanged as well
    hu = np.ascontiguousarray(np.swapaxes(volume.hu[::-1, :, ::-1], 1, 2))
    other = Volume(hu, Affine(order, MIRROR @ affine.points(last) + AWAY_MM))

    mirrored = see_spine(other)

    # the upright grid starts at another corner, so that voxels of 2 mm fall elsewhere
    np.testing.assert_allclose(centres_mm(mirrored), centres_mm(seen) @ MIRROR + AWAY_MM, atol=2.0)
    assert name_levels(mirrored.discs, mirrored.witnesses, None) == name_levels(seen.discs, seen.witnesses, None)


def test_the_noise_of_a_low_dose_changes_no_name_and_moves_no_disc_by_a_voxel(volume: Volume, seen: SeenSpine) -> None:
    noise = np.random.Generator(np.random.Philox(40)).normal(0.0, 40.0, volume.hu.shape)

    noisy = see_spine(replace(volume, hu=(volume.hu + noise).astype(np.int16)))

    assert name_levels(noisy.discs, noisy.witnesses, None).last == name_levels(seen.discs, seen.witnesses, None).last
    along = centres_mm(noisy) - centres_mm(seen)
    assert np.abs(along[:, 2]).max() < 2.0
