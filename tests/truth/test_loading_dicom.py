"""DICOM: slices find their order, their place and their Hounsfield units, whatever the files are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compressed_slices import SYNTAXES, cortex, write_compressed
from dicom_files import SERIES, write_multiframe, write_series, write_slice
from pydicom import dcmread
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGExtended12Bit

from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_volume

DATA = Path(__file__).parents[3] / "shared" / "data"

ROW_MM, COL_MM = 1.5, 2.0
"""PixelSpacing of the slices made: distance of rows, then of columns."""


def counted(count: int = 6) -> FloatArray:
    """Even Hounsfield units that tell their place."""
    k, j, i = np.meshgrid(np.arange(count), np.arange(8), np.arange(10), indexing="ij")
    return np.asarray(200.0 * k + 20.0 * j + 2.0 * i - 1000.0)


def test_slices_are_ordered_by_place_and_rescaled_to_hounsfield_units(tmp_path: Path) -> None:
    write_series(tmp_path, counted())

    volume = load_volume(tmp_path)

    np.testing.assert_array_equal(volume.hu, counted())
    np.testing.assert_allclose(volume.patient_from_index.matrix, np.diag([COL_MM, ROW_MM, 3.0]))


def test_pixel_spacing_names_the_distance_of_rows_first(tmp_path: Path) -> None:
    """DICOM PS3.3 10.7.1.3: PixelSpacing is (distance between rows, distance between columns)."""
    write_series(tmp_path, counted())

    volume = load_volume(tmp_path)

    assert volume.hu_at([4 * COL_MM, 2 * ROW_MM, 3 * 3.0]) == counted()[3, 2, 4]


def test_a_series_written_from_head_to_foot_is_the_same_volume(tmp_path: Path) -> None:
    write_series(tmp_path, counted()[::-1], step_mm=(0.0, 0.0, -3.0))

    np.testing.assert_array_equal(load_volume(tmp_path).hu, counted())


def test_each_slice_is_rescaled_by_its_own_slope(tmp_path: Path) -> None:
    for k, picture in enumerate(counted(4)):
        write_slice(tmp_path / f"{k}.dcm", picture, (0, 0, 3.0 * k), RescaleSlope=1.0 + k % 2)

    np.testing.assert_array_equal(load_volume(tmp_path).hu, counted(4))


def test_a_coronal_acquisition_lies_in_the_patient_as_its_header_says(tmp_path: Path) -> None:
    coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]  # rows to the left, columns toward the feet: slices stack to the back
    write_series(tmp_path, counted(), step_mm=(0.0, 4.0, 0.0), ImageOrientationPatient=coronal)

    volume = load_volume(tmp_path)

    np.testing.assert_allclose(volume.patient_from_index.matrix @ [0, 0, 1], [0.0, 4.0, 0.0], atol=1e-12)
    assert volume.hu_at([2 * COL_MM, 5 * 4.0, -3 * ROW_MM]) == counted()[5, 3, 2]


@pytest.mark.parametrize("tilt_deg", [-18.0, 12.0])
def test_a_ball_seen_with_a_tilted_gantry_is_round_and_in_its_place(tmp_path: Path, tilt_deg: float) -> None:
    """Slices lean by the gantry's tilt while the table moves along z: their positions drift within their plane."""
    lean = np.radians(tilt_deg)
    down = np.array([0.0, np.cos(lean), np.sin(lean)])
    centre, radius = np.array([40.0, 45.0, 20.0]), 14.0
    first = centre - 27.0 * 1.5 * down - [40.0, 0.0, 20.0]
    i, j = np.arange(40), np.arange(54)
    for k in range(21):
        position = first + 2.0 * k * np.array([0.0, 0.0, 1.0])
        points = position + j[:, None, None] * 1.5 * down + i[:, None] * 2.0 * np.array([1.0, 0.0, 0.0])
        inside = np.clip(radius - np.linalg.norm(points - centre, axis=-1) + 0.5, 0.0, 1.0)
        orientation = [1.0, 0.0, 0.0, *down.round(6)]
        write_slice(
            tmp_path / f"{k}.dcm", np.rint(inside * 500) * 2 - 1000, position, ImageOrientationPatient=orientation
        )

    volume = load_volume(tmp_path)
    weight = (volume.hu + 1000.0).clip(0.0)
    k_, j_, i_ = (index.ravel() for index in np.indices(volume.hu.shape))
    places = volume.patient_from_index.points(np.stack([i_, j_, k_], axis=-1))
    found = weight.ravel() @ places / weight.sum()

    steps = volume.patient_from_index.matrix
    np.testing.assert_allclose(steps.T @ steps, np.diag(np.diag(steps.T @ steps)), atol=1e-9)
    np.testing.assert_allclose(found, centre, atol=0.05)
    spread = np.sqrt(weight.ravel() @ (places - found) ** 2 / weight.sum())
    # A ball's points lie radius / sqrt(5) from its middle along each axis; a sheared one would be longer by 6 %.
    np.testing.assert_allclose(spread, radius / np.sqrt(5.0), rtol=0.015)


def test_a_multiframe_ct_is_ordered_by_its_frames_places(tmp_path: Path) -> None:
    heights = np.array([0.0, 6.0, 3.0, 9.0, 12.0, 15.0])
    positions = np.column_stack([np.full(6, 5.0), np.full(6, -7.0), heights])
    path = write_multiframe(tmp_path / "multi.dcm", counted()[[0, 2, 1, 3, 4, 5]], positions)

    volume = load_volume(path)

    np.testing.assert_array_equal(volume.hu, counted())
    np.testing.assert_allclose(volume.patient_from_index.origin_mm, [5.0, -7.0, 0.0])
    np.testing.assert_allclose(volume.patient_from_index.matrix, np.diag([COL_MM, ROW_MM, 3.0]))
    np.testing.assert_array_equal(load_volume(tmp_path).hu, volume.hu)


def test_frames_with_one_rescale_each_are_taken_if_they_agree(tmp_path: Path) -> None:
    positions = np.column_stack([np.zeros(6), np.zeros(6), 3.0 * np.arange(6)])
    path = write_multiframe(tmp_path / "multi.dcm", counted(), positions, own_rescale=[-1000.0] * 6)

    np.testing.assert_array_equal(load_volume(path).hu, counted())


def test_one_of_several_series_is_chosen_by_number_or_uid(tmp_path: Path) -> None:
    write_series(tmp_path / "a", counted())
    write_series(tmp_path / "b", counted() + 500, SeriesInstanceUID="1.2.3.4")

    with pytest.raises(
        InputError, match=r"found 2 series; allowed: 1\) 6 CT 10 x 8, UID .*; 2\) 6 CT 10 x 8, UID 1.2.3"
    ):
        load_volume(tmp_path)
    assert load_volume(tmp_path, series="2").hu.min() == -500
    assert load_volume(tmp_path, series=SERIES).hu.min() == -1000


def test_files_that_are_no_images_are_left_alone(tmp_path: Path) -> None:
    write_series(tmp_path, counted())
    (tmp_path / "README.txt").write_text("scanned on Monday")

    assert load_volume(tmp_path).size == (10, 8, 6)


@pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")
def test_the_real_series_in_jpeg_2000_stacks_at_its_true_distance() -> None:
    """Its slices are 3 mm thick, but 2 mm apart: the distance counts, not the thickness."""
    volume = load_volume(DATA / "ct_dicom_20")

    assert volume.size == (512, 512, 20)
    np.testing.assert_allclose(volume.patient_from_index.spacing_mm, [0.9765625, 0.9765625, 2.0])
    assert volume.hu.min() == -1024
    assert 1000 < volume.hu.max() < 3072


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_a_compressed_series_has_the_values_it_was_made_of(tmp_path: Path, syntax: UID) -> None:
    """Near-lossless and lossy ones to a few HU: they were made at their makers' highest quality."""
    hu = load_volume(write_compressed(tmp_path / "series", syntax)).hu

    assert hu.shape == (3, 12, 16)
    allowed = 4.0 if syntax == JPEGExtended12Bit else 0.0
    assert np.abs(hu - cortex()).max() <= allowed


def test_a_deflated_series_has_the_values_it_was_made_of(tmp_path: Path) -> None:
    for path in write_series(tmp_path / "series", counted()):
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        dataset.save_as(path, enforce_file_format=True)

    np.testing.assert_array_equal(load_volume(tmp_path / "series").hu, counted())


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"),
        ("1.2.840.10008.1.2.4.100", "MPEG2"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_a_compression_that_is_not_known_is_named(tmp_path: Path, syntax: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_volume(write_compressed(tmp_path / "series", syntax))

    assert f"found pixels compressed as {name}" in str(caught.value)
    assert "allowed: none, RLE, JPEG, JPEG-LS or JPEG 2000. Export it uncompressed" in str(caught.value)


def test_pixels_cut_short_in_a_known_compression_are_named(tmp_path: Path) -> None:
    folder = write_compressed(tmp_path / "series", JPEG2000Lossless)
    path = folder / "1.dcm"
    path.write_bytes(path.read_bytes()[:-150])

    with pytest.raises(InputError, match=r"1\.dcm: found a file that is damaged, cut short"):
        load_volume(folder)
