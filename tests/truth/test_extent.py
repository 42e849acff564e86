"""The part of a scan that a case keeps: its length, its place, and the memory that the rest does not take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from spine_blocks import spine_volume

from dekomp_sim.anatomy import Structure, Volume
from dekomp_sim.anatomy.suitability.extent import AROUND_MM, BEYOND_MM, body_part, kept, lumbar_part
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.files.volumes import write_grid
from dekomp_sim.geometry import Affine

BYTES_A_VOXEL = 20.0
"""What an import may hold at its peak for each voxel of a scan of which all is kept: 16 were measured, and 24 where
whole volumes were copied on the way."""


def tall(labels: UInt8Array, matrix: np.ndarray) -> Volume:
    """Voxels that tell their place."""
    hu = np.arange(labels.size, dtype=np.int64).reshape(labels.shape) % 30000
    return Volume(hu.astype(np.int16), Affine(matrix, np.array([3.0, -4.0, 5.0])), labels)


@pytest.mark.parametrize("matrix", [np.diag([2.0, 2.0, 4.0]), np.diag([-2.0, 2.0, -4.0])], ids=["upright", "flipped"])
def test_a_tall_scan_is_cut_to_the_lumbar_spine_and_its_margins(matrix: np.ndarray) -> None:
    """Labels of S1 at slice 100 and of L1 at 150, 4 mm apart: 30 slices are 120 mm. T12 does not count."""
    labels = np.zeros((250, 3, 4), dtype=np.uint8)
    labels[100], labels[150], labels[200] = Structure.VERTEBRA_S1, Structure.VERTEBRA_L1, Structure.VERTEBRA_T12
    volume = tall(labels, matrix)

    part = lumbar_part(volume)

    assert part.size == (4, 3, 150 - 100 + 1 + 2 * 30)
    assert BEYOND_MM == 120.0
    inside = volume.patient_from_index.points([[0, 0, 70], [3, 2, 180], [1, 1, 123]])
    np.testing.assert_array_equal(part.hu_at(inside), volume.hu_at(inside))
    np.testing.assert_array_equal(part.label_at(inside), volume.label_at(inside))
    assert (part.hu_at(volume.patient_from_index.points([[0, 0, 69], [0, 0, 181]])) == -1000).all()


def test_a_scan_in_sagittal_slices_is_cut_along_the_body_too() -> None:
    labels = np.zeros((3, 4, 250), dtype=np.uint8)
    labels[:, :, 100], labels[:, :, 110] = Structure.VERTEBRA_L5, Structure.VERTEBRA_L4
    head_along_i = np.array([[0.0, 0.0, 2.0], [0.0, 2.0, 0.0], [4.0, 0.0, 0.0]])

    assert lumbar_part(tall(labels, head_along_i)).size == (11 + 60, 4, 3)


def test_a_short_scan_and_one_without_lumbar_labels_stay_whole() -> None:
    labels = np.zeros((40, 3, 4), dtype=np.uint8)
    for number in (0, Structure.VERTEBRA_L3, Structure.VERTEBRA_T12):
        labels[20] = number
        volume = tall(labels.copy(), np.diag([2.0, 2.0, 4.0]))
        assert lumbar_part(volume) is volume


def test_air_beyond_the_skin_is_cut_to_its_margin() -> None:
    body = np.zeros((20, 40, 60), dtype=bool)
    body[:, 12:30, 25:50] = True
    volume = tall(np.zeros(body.shape, dtype=np.uint8), np.diag([2.0, 5.0, 4.0]))

    part, within = body_part(volume, body)

    assert AROUND_MM == 10.0
    assert part.size == (25 + 2 * 5, 18 + 2 * 2, 20)
    assert within.sum() == body.sum()
    at = volume.patient_from_index.points([30, 15, 7])
    assert part.hu_at(at) == volume.hu_at(at)
    assert kept(part).found == "70 x 110 x 80 mm about the lumbar spine"


IMPORT = """
import sys
from pathlib import Path
from rich.console import Console
from dekomp_sim.cli.importing import Request, perform

def peak_after(name):
    place = Path(sys.argv[1])
    request = Request(place / f"{name}.nii.gz", place / f"{name}_labels.nii.gz", None, place / f"{name}_patient")
    perform(request, Console(quiet=True))
    return 1024 * int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))

small = peak_after("small")  # with the libraries
print(peak_after("large") - small)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the peak of memory is told by Linux")
def test_an_import_holds_few_bytes_for_each_voxel(tmp_path: Path) -> None:
    """The spine of blocks in voxels of 2 and of 1 mm, all of it body."""
    spine = spine_volume(Affine.from_spacing((2.0, 2.0, 2.0)))
    assert spine.labels is not None
    hu, labels = (np.pad(part[:70], ((0, 0), (0, 0), (20, 20)), mode="edge") for part in (spine.hu, spine.labels))
    hu = np.asarray(np.where(np.asarray(hu) < -500, 40, hu), dtype=np.int16)
    hu[:, 0] = -1000
    for name, finer in (("small", 1), ("large", 2)):
        affine = Affine.from_spacing([2.0 / finer] * 3)
        for ending, values in (("", hu), ("_labels", labels)):
            fine = values.repeat(finer, 0).repeat(finer, 1).repeat(finer, 2)
            write_grid(fine, affine, tmp_path / f"{name}{ending}.nii.gz")

    words = [sys.executable, "-c", IMPORT, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert 4.0 < int(done.stdout) / (8 - 1) / hu.size < BYTES_A_VOXEL
