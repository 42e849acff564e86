"""What a user can give by mistake: each is answered by one clear sentence, and nothing half-written is left."""

from __future__ import annotations

import gzip
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from dicom_files import write_multiframe, write_series, write_slice

from dekomp_sim.anatomy import Level, Patient, Protrusion, Side, Volume
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.cli.app import main
from dekomp_sim.errors import DekompSimError, InputError
from dekomp_sim.files import (
    load_labels,
    load_patient,
    load_volume,
    output_folder,
    read_yaml,
    shipped,
    write_text,
    write_volume,
)
from dekomp_sim.geometry import Affine

HU = np.full((6, 8, 10), -200.0)


def nifti(path: Path, change: Callable[[bytearray], None] | None = None) -> Path:
    """A small NIfTI, with bytes of its header changed."""
    grid(path, HU.astype(np.int16), (1.0, 2.0, 3.0))
    if change is not None:
        raw = bytearray(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        change(raw)
        path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def grid(path: Path, values: object, spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Path:
    image: Any = SimpleITK.GetImageFromArray(np.asarray(values))
    image.SetSpacing(spacing_mm)
    SimpleITK.WriteImage(image, str(path))
    return path


def an_empty_folder(folder: Path) -> Path:
    return folder


def a_folder_without_dicom(folder: Path) -> Path:
    (folder / "notes.txt").write_text("nothing")
    return folder


def a_truncated_slice(folder: Path) -> Path:
    path = write_series(folder, HU)[2]
    path.write_bytes(path.read_bytes()[:-31])
    return folder


def a_header_cut_in_two(folder: Path) -> Path:
    path = write_series(folder, HU)[2]
    path.write_bytes(path.read_bytes()[:300])
    return folder


def an_mr(folder: Path) -> Path:
    write_series(folder, HU, Modality="MR")
    return folder


def two_series(folder: Path) -> Path:
    write_series(folder / "one", HU)
    write_series(folder / "two", HU, SeriesInstanceUID="1.2.3")
    return folder


def a_localiser_among_the_slices(folder: Path) -> Path:
    write_series(folder, HU)
    write_slice(folder / "scout", HU[0], (0, 0, 0), ImageOrientationPatient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0])
    return folder


def a_missing_slice(folder: Path) -> Path:
    write_series(folder, HU)[3].unlink()
    return folder


def one_slice_twice(folder: Path) -> Path:
    write_slice(folder / "again", HU[0], (0, 0, 0))
    write_series(folder, HU)
    return folder


def one_slice_alone(folder: Path) -> Path:
    return write_series(folder, HU)[0]


def a_slice_without_place(folder: Path) -> Path:
    write_series(folder, HU, ImagePositionPatient=None)
    return folder


def pixels_without_size(folder: Path) -> Path:
    write_series(folder, HU, PixelSpacing=[0.0, 1.0])
    return folder


def a_slice_without_rescaling(folder: Path) -> Path:
    write_series(folder, HU, RescaleSlope=None)
    return folder


def frames_rescaled_differently(folder: Path) -> Path:
    positions = np.column_stack([np.zeros(6), np.zeros(6), 3.0 * np.arange(6)])
    return write_multiframe(folder / "multi.dcm", HU, positions, own_rescale=np.arange(6.0))


def frames_without_place(folder: Path) -> Path:
    return write_multiframe(folder / "multi.dcm", HU, np.empty((0, 3)))


def nothing_there(folder: Path) -> Path:
    return folder / "scan.nii"


def a_picture_of_another_kind(folder: Path) -> Path:
    path = folder / "scan.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 JFIF and so on")
    return path


def a_nifti_of_no_bytes(folder: Path) -> Path:
    path = folder / "scan.nii.gz"
    path.touch()
    return path


def a_nifti_that_is_none(folder: Path) -> Path:
    path = folder / "scan.nii.gz"
    path.write_bytes(gzip.compress(b"hello" * 200))
    return path


def a_nifti_cut_short(folder: Path) -> Path:
    path = nifti(folder / "scan.nii")
    path.write_bytes(path.read_bytes()[:700])
    return path


def a_packed_nifti_cut_short(folder: Path) -> Path:
    path = nifti(folder / "scan.nii.gz")
    raw = gzip.decompress(path.read_bytes())
    noisy = raw[:352] + np.random.default_rng(1).bytes(len(raw) - 352)
    path.write_bytes(gzip.compress(noisy)[:600])
    return path


def voxels_of_no_height(folder: Path) -> Path:
    return nifti(folder / "scan.nii.gz", lambda raw: struct.pack_into("<f", raw, 76 + 4 * 3, 0.0))


def voxels_of_negative_size(folder: Path) -> Path:
    return nifti(folder / "scan.nii", lambda raw: struct.pack_into("<f", raw, 76 + 4 * 2, -1.0))


def a_nifti_without_orientation(folder: Path) -> Path:
    return nifti(folder / "scan.nii", lambda raw: struct.pack_into("<2h", raw, 252, 0, 0))


def a_sheared_nifti(folder: Path) -> Path:
    def shear(raw: bytearray) -> None:
        struct.pack_into("<2h", raw, 252, 0, 1)
        struct.pack_into("<4f", raw, 280, 1.0, 0.5, 0.0, 0.0)

    return nifti(folder / "scan.nii", shear)


def a_voxel_that_is_no_number(folder: Path) -> Path:
    values = HU.astype(np.float32)
    values[1, 2, 3] = np.nan
    return grid(folder / "scan.nii.gz", values)


def a_voxel_that_is_no_number_elsewhere(folder: Path) -> Path:
    values = HU.astype(np.float64)
    values[1, 2, 3:5] = np.inf
    return grid(folder / "scan.nrrd", values)


def a_value_beyond_16_bits(folder: Path) -> Path:
    values = HU.astype(np.float32)
    values[1, 2, 3] = 40000.0
    return grid(folder / "scan.mha", values)


def labels_given_as_the_scan(folder: Path) -> Path:
    return grid(folder / "scan.nrrd", np.arange(6 * 8 * 10, dtype=np.uint8).reshape(6, 8, 10))


def a_series_of_volumes(folder: Path) -> Path:
    image = SimpleITK.GetImageFromArray(np.full((2, 6, 8, 10), -200, dtype=np.int16), isVector=False)
    SimpleITK.WriteImage(image, str(folder / "scan.nii.gz"))
    return folder / "scan.nii.gz"


def a_colour_picture(folder: Path) -> Path:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True),
                         str(folder / "scan.nrrd"))  # fmt: skip
    return folder / "scan.nrrd"


def a_damaged_nrrd(folder: Path) -> Path:
    path = grid(folder / "scan.nrrd", HU.astype(np.int16))
    path.write_bytes(path.read_bytes()[:-60])
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (an_empty_folder, "found an empty folder; allowed: a folder with the slices of a CT series."),
        (a_folder_without_dicom, "found 1 files, none of them a DICOM image; allowed: a folder with the slices of a"),
        (
            a_truncated_slice,
            "/IM017: found a file that is damaged, cut short or of another format; allowed: a whole CT",
        ),
        (a_header_cut_in_two, "IM017: found a damaged DICOM header; allowed: whole DICOM files. Copy it again."),
        (an_mr, "found modality MR; allowed: CT, for only its values are Hounsfield units."),
        (two_series, "found 2 series; allowed: 1) 6 CT 10 x 8, UID 1.2.826.0.1.3680043.2.1125.1; 2) 6 CT 10 x 8"),
        (a_localiser_among_the_slices, "found 2 series; allowed: 1) 6 CT 10 x 8"),
        (a_missing_slice, "found 6.00 mm between IM017 and IM031; allowed: 3.00 mm as between the others. Add"),
        (one_slice_twice, "at one place; allowed: one slice at each place. Remove the second acquisition."),
        (one_slice_alone, "found a single slice; allowed: a multi-frame CT or a folder of slices. Give the folder."),
        (a_slice_without_place, "found no ImagePositionPatient of 3 numbers in the header; allowed: a CT slice that"),
        (pixels_without_size, "found pixels of 0 x 1 mm; allowed: sizes above 0 mm."),
        (a_slice_without_rescaling, "found no rescale slope and intercept; allowed: a CT slice with both."),
        (frames_rescaled_differently, "found frames rescaled differently; allowed: one slope and intercept for all"),
        (frames_without_place, "multi.dcm frame 1: found no PlanePositionSequence; allowed: a multi-frame CT with"),
        (nothing_there, "scan.nii: found no such file or folder; allowed: a CT volume or label map."),
        (a_picture_of_another_kind, "found a file of another kind; allowed: a DICOM folder, a multi-frame DICOM file"),
        (a_nifti_of_no_bytes, "found a file of 0 bytes; allowed: a volume. Export it again from its source."),
        (a_nifti_that_is_none, "found no NIfTI header; allowed: a NIfTI file. Copy it again from its source."),
        (a_nifti_cut_short, "found a file cut short, with 700 of 1312 bytes; allowed: a whole NIfTI file."),
        (a_packed_nifti_cut_short, "found a file cut short, with "),
        (voxels_of_no_height, "found voxels of 1 x 2 x 0 mm; allowed: sizes above 0 mm."),
        (voxels_of_negative_size, "found voxels of 1 x -1 x 3 mm; allowed: sizes above 0 mm."),
        (a_nifti_without_orientation, "found no orientation (qform and sform codes are 0); allowed: a NIfTI that says"),
        (
            a_sheared_nifti,
            "found a sheared grid, whose axes are not at right angles; allowed: a grid with right angles",
        ),
        (a_voxel_that_is_no_number, "found 1 voxels that are no number (NaN or infinite); allowed: a Hounsfield unit"),
        (a_voxel_that_is_no_number_elsewhere, "found 2 voxels that are no number (NaN or infinite); allowed: a Houns"),
        (a_value_beyond_16_bits, "found values from -200 to 40000; allowed: Hounsfield units from -32768 to 32767."),
        (labels_given_as_the_scan, "found values from 0 to 255; allowed: CT in Hounsfield units, with air near -1000."),
        (a_series_of_volumes, "found 4 axes and 1 values in each voxel; allowed: 3 axes and 1 value."),
        (a_colour_picture, "found 3 axes and 3 values in each voxel; allowed: 3 axes and 1 value."),
        (a_damaged_nrrd, "found a file that is damaged, cut short or of another format; allowed: a NIfTI, NRRD or"),
    ],
)
def test_a_bad_volume_is_answered_by_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)

    with pytest.raises(InputError) as caught:
        load_volume(path)

    assert sentence in str(caught.value)
    assert str(tmp_path) in caught.value.where
    assert "\n" not in str(caught.value)
    assert "Doe" not in str(caught.value)
    assert capfd.readouterr().err == "", "ITK keeps its own warnings to itself"


def ct_and(labels: object, folder: Path, spacing_mm: tuple[float, float, float] = (1.0, 2.0, 3.0)) -> tuple[Path, Path]:
    return nifti(folder / "ct.nii.gz"), grid(folder / "labels.nii.gz", labels, spacing_mm)


@pytest.mark.parametrize(
    ("labels", "spacing_mm", "sentence"),
    [
        (np.zeros((6, 8, 9), np.uint8), (1.0, 2.0, 3.0), "a label map of 9 x 8 x 6 voxels; allowed: the CT's own grid"),
        (np.zeros((6, 8, 10), np.uint8), (1.0, 2.0, 3.5), "10 x 8 x 6 voxels with corners up to 2.5 mm off; allowed"),
        (np.full((6, 8, 10), 0.5, np.float32), (1.0, 2.0, 3.0), "found values that are no whole numbers; allowed"),
        (np.full((6, 8, 10), 300, np.int16), (1.0, 2.0, 3.0), "found values from 300 to 300; allowed: label numbers"),
        (np.zeros((6, 8, 10), np.uint8), (1.0, 2.0, 3.0), "found 0 vertebrae between T11 and S1; allowed: at least"),
    ],
    ids=["another size", "another spacing", "fractions", "too large", "no vertebrae"],
)
def test_a_bad_label_map_is_answered_by_one_sentence(
    tmp_path: Path, labels: object, spacing_mm: tuple[float, float, float], sentence: str
) -> None:
    ct, label_map = ct_and(labels, tmp_path, spacing_mm)

    with pytest.raises(InputError) as caught:
        load_patient(ct, label_map, {Level.L4_L5: Protrusion(Side.LEFT)})

    assert sentence in str(caught.value)


def test_labels_in_dicom_are_answered_with_what_is_taken(tmp_path: Path) -> None:
    volume = Volume(HU.astype(np.int16), Affine.from_spacing((1.0, 1.0, 1.0)))

    with pytest.raises(InputError, match=r"found modality CT; allowed: a label map, a folder of masks, a DICOM seg"):
        load_labels(write_series(tmp_path, HU)[0], volume)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", ":1:1: found an empty file; allowed: a mapping of keys to values."),
        ("- name\n", ":1:1: found a list at the top; allowed: a mapping of keys to values."),
        ("name: a\n\tseed: 2\n", ":2:1: found a tab; allowed: spaces. Indent with spaces."),
        ("seed: 1\nseed: 2\n", ":2:1: found the key seed a second time (first in line 1); allowed: each key once."),
        ("sede: 1\n", ":1:1: found the key sede; allowed: name, seed, voxel_mm,"),
        ("seed: one\n", ':1:7: found seed: "one"; allowed: a whole number.'),
        ('voxel_mm: "1.0"\n', ':1:11: found voxel_mm: "1.0"; allowed: a number.'),
        ("voxel_mm: .nan\n", ":1:11: found .nan; allowed: a finite number."),
        ("seed: 1\nvoxel_mm: 0.1\n", ":2:11: voxel_mm: found 0.1; allowed: 0.5 to 3."),
        ("name: [a\n", "allowed: YAML. Look at the colons, quotes and indentation of this line."),
    ],
)
def test_a_bad_specification_is_answered_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text)

    with pytest.raises(DekompSimError) as caught:
        read_yaml(path, PhantomSpec)

    assert f"{path}" in str(caught.value)
    assert sentence in str(caught.value)


def test_a_file_that_is_not_utf_8_is_answered_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes("name: ok\n# für\n".encode("latin-1"))

    with pytest.raises(InputError, match=r":2:1: found byte 0xfc, which is not UTF-8; allowed: text in UTF-8\."):
        read_yaml(path, PhantomSpec)


def test_an_unknown_phantom_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        InputError, match=r"shipped phantoms: found lumbar_referense; .* The nearest is lumbar_reference"
    ):
        shipped("phantoms", "lumbar_referense")


def test_a_run_that_fails_leaves_no_folder_behind(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with output_folder(tmp_path / "out") as folder:
            (folder / "picture.png").write_bytes(b"half")
            raise InputError("step 3", "a", "b")

    with pytest.raises(InputError, match="step 3"):
        fail_half_way()

    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_with_someones_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with (
        pytest.raises(InputError, match="found a folder that is not empty; allowed: a new or empty folder"),
        output_folder(tmp_path),
    ):
        pass

    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_volume_that_cannot_be_written_leaves_neither_ct_nor_labels(tmp_path: Path) -> None:
    volume = Volume(HU.astype(np.int16), Affine.from_spacing((1, 1, 1)), np.zeros(HU.shape, np.uint8))
    patient = Patient("scan", volume, {}, (), "")

    with pytest.raises(InputError, match=r"found a file name without a known ending; allowed: \.nii\.gz, "):
        write_volume(patient, tmp_path / "ct.dcm")
    with pytest.raises(InputError, match="found a place that cannot be written"):
        write_volume(patient, tmp_path / "absent" / "ct.nii.gz")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit on the size of files")
@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".mha", ".nrrd"])
def test_a_disk_that_becomes_full_is_told_and_leaves_nothing(tmp_path: Path, ending: str) -> None:
    import resource

    noise = np.random.default_rng(5).integers(-1000, 1000, (20, 30, 40)).astype(np.int16)
    patient = Patient("scan", Volume(noise, Affine.from_spacing((1, 1, 1))), {}, (), "")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(InputError, match="found a place that cannot be written"):
            write_volume(patient, tmp_path / f"ct{ending}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert list(tmp_path.iterdir()) == []


def test_text_replaces_a_file_in_one_step_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_text(path, "first")

    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")

    assert path.read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    shutil.rmtree(tmp_path)
    with pytest.raises(InputError, match=r"report\.html: found a place that cannot be written"):
        write_text(path, "gone")


@pytest.mark.parametrize("make", [an_empty_folder, an_mr, a_nifti_of_no_bytes, a_voxel_that_is_no_number])
def test_the_command_line_says_the_sentence_ends_with_2_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    scan, labels = make(tmp_path / "in"), nifti(tmp_path / "labels.nii.gz")
    out = tmp_path / "out"
    words = ["run", "l4l5_left_posterolateral", "--ct", scan, "--labels", labels, "-o", out, "--no-3d"]
    monkeypatch.setattr("sys.argv", ["dekomp-sim", *map(str, words)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("dekomp-sim: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "labels.nii.gz"]
