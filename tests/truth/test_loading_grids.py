"""NIfTI, NRRD and MetaImage: the values and places that were written are the ones loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from dekomp_sim.anatomy import Patient, Volume
from dekomp_sim.arrays import FloatArray, Int16Array
from dekomp_sim.files import load_labels, load_patient, load_volume, write_volume
from dekomp_sim.geometry import Affine, Rigid

DATA = Path(__file__).parents[3] / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")


def counted_hu() -> Int16Array:
    """Each voxel's value tells its place: 100 k + 10 j + i - 1000."""
    k, j, i = np.meshgrid(np.arange(5), np.arange(6), np.arange(7), indexing="ij")
    return np.asarray(100 * k + 10 * j + i - 1000, dtype=np.int16)


def tilted_affine(spacing_mm: tuple[float, float, float] = (0.7, 1.1, 2.3)) -> Affine:
    """A grid turned about an axis that is none of the patient's, with its i axis pointing to the right."""
    turn = Rigid.about_axis([1.0, 2.0, 3.0], 25.0).rotation @ np.diag([-1.0, -1.0, 1.0])
    return Affine(turn @ np.diag(spacing_mm), np.array([12.0, -34.0, 56.0]))


def patient_of(volume: Volume) -> Patient:
    return Patient("scan", volume, {}, (), "")


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_written_volume_loads_with_the_same_values_labels_and_places(tmp_path: Path, ending: str) -> None:
    labels = (counted_hu() % 7).astype(np.uint8)
    volume = Volume(counted_hu(), tilted_affine(), labels)

    ct_path, labels_path = write_volume(patient_of(volume), tmp_path / f"case{ending}")
    loaded = load_labels(labels_path, load_volume(ct_path))

    assert labels_path.name == f"case_labels{ending}"
    np.testing.assert_array_equal(loaded.hu, volume.hu)
    np.testing.assert_array_equal(loaded.labels, labels)
    # NIfTI keeps its quaternion and offsets as float32: 1e-4 mm at 100 mm.
    np.testing.assert_allclose(loaded.patient_from_index.matrix, volume.patient_from_index.matrix, atol=1e-5)
    np.testing.assert_allclose(loaded.patient_from_index.origin_mm, volume.patient_from_index.origin_mm, atol=1e-4)


def test_a_nifti_is_turned_from_its_ras_to_the_patients_lps(tmp_path: Path) -> None:
    """NIfTI counts x to the right and y to the front; the same file read elsewhere has these signs flipped."""
    write_volume(patient_of(Volume(counted_hu(), Affine.from_spacing((1, 2, 3), (10, 20, 30)))), tmp_path / "a.nii")

    raw = (tmp_path / "a.nii").read_bytes()
    sform = np.frombuffer(raw[280:328], dtype="<f4").reshape(3, 4)
    loaded = load_volume(tmp_path / "a.nii")

    np.testing.assert_allclose(sform, [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30]])
    assert loaded.hu_at([10.0 + 3.0, 20.0 + 2 * 2.0, 30.0 + 1 * 3.0]) == 100 * 1 + 10 * 2 + 3 - 1000


@pytest.mark.parametrize(("stored", "expected"), [(-1206.6, -1207), (32767.0, 32767), (-2000.0, -2000)])
def test_fractions_are_rounded_and_padding_below_air_is_kept(tmp_path: Path, stored: float, expected: int) -> None:
    values = np.full((4, 4, 4), -3.0, dtype=np.float32)
    values[1, 2, 3] = stored
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(tmp_path / "a.mha"))

    assert load_volume(tmp_path / "a.mha").hu[1, 2, 3] == expected


def test_a_nifti_in_several_gzip_members_is_whole(tmp_path: Path) -> None:
    import gzip

    write_volume(patient_of(Volume(counted_hu(), Affine.from_spacing((1, 2, 3)))), tmp_path / "a.nii")
    raw = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(raw[:500]) + gzip.compress(raw[500:]))

    np.testing.assert_array_equal(load_volume(tmp_path / "b.nii.gz").hu, counted_hu())


def test_the_name_of_a_scans_patient_says_nothing_of_the_file(tmp_path: Path) -> None:
    from spine_blocks import spine_volume

    write_volume(patient_of(spine_volume(tilted_affine((3, 3, 3)))), tmp_path / "Doe_Jane.nii.gz")
    patient = load_patient(tmp_path / "Doe_Jane.nii.gz", tmp_path / "Doe_Jane_labels.nii.gz")

    assert patient.name == "scan"
    assert len(patient.digest) == 64
    assert "Doe" not in repr(patient)


@needs_data
def test_the_real_scan_keeps_its_direction_its_metal_and_its_padding() -> None:
    volume = load_volume(DATA / "torso_ct_3mm.nii.gz")

    assert volume.size == (122, 101, 112)
    assert (volume.hu.min(), volume.hu.max()) == (-1207, 3382)
    np.testing.assert_allclose(volume.patient_from_index.matrix, np.diag([-3.0, -3.0, 3.0]))
    # The belly is toward -y and the table behind: the last rows of the grid lie in front of the first.
    assert corner_mm(volume)[1] < volume.patient_from_index.origin_mm[1]


def corner_mm(volume: Volume) -> FloatArray:
    return volume.patient_from_index.points(np.array(volume.size) - 1)
