"""Segmentations of every form give the same labels on the CT's own voxels; names are matched in many spellings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_series
from segmentation_files import write_masks, write_rtstruct, write_seg

from dekomp_sim.anatomy import Structure, Volume
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_labels
from dekomp_sim.files.segmentations.names import NAMES, number_named
from dekomp_sim.geometry import Affine

SPELLINGS = {
    27: "vertebrae_L5", 28: "L4", 29: "Lumbar 3 vertebra", 30: "2nd lumbar vertebra", 31: "LWK 1", 32: "Th12",
}  # fmt: skip


@pytest.fixture(scope="module")
def volume() -> Volume:
    """Boxes for vertebrae on a grid with a different spacing along each axis, off the origin."""
    labels = np.zeros((24, 12, 14), dtype=np.uint8)
    for n, number in enumerate(SPELLINGS):
        labels[4 * n : 4 * n + 3, 3 : 9 + n % 2, 4 : 11 - n % 3] = number
    return Volume(
        np.where(labels, 300, -500).astype(np.int16), Affine.from_spacing((1.5, 2.0, 3.0), (-7, 9, 40)), labels
    )


def test_every_name_of_totalsegmentator_has_its_published_number() -> None:
    """Class map "total" of TotalSegmentator 2: 117 structures; these are looked up by hand."""
    assert len(NAMES) == 117
    published = {"spleen": 1, "sacrum": 25, "vertebrae_S1": 26, "vertebrae_L5": 27, "vertebrae_T11": 33,
                 "vertebrae_C1": 50, "aorta": 52, "inferior_vena_cava": 63, "hip_right": 78, "spinal_cord": 79,
                 "rib_left_1": 92, "rib_right_12": 115, "costal_cartilages": 117}  # fmt: skip
    assert {name: number_named(name) for name in published} == published


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *[(name, Structure.VERTEBRA_L4) for name in
          ("vertebrae_L4", "VERTEBRAE_L4", "Vertebra L4", "L4", "l-4", "L 4 vertebra", "Lumbar 4", "lumbar_vertebra_4",
           "4th lumbar vertebra", "Fourth lumbar vertebra", "LWK4", "LWK 4", "Lendenwirbel 4", "seg L4")],
        ("S1", Structure.VERTEBRA_S1), ("First sacral vertebra", Structure.VERTEBRA_S1),
        ("T12", Structure.VERTEBRA_T12), ("Th 12", Structure.VERTEBRA_T12), ("BWK 12", Structure.VERTEBRA_T12),
        ("D11", Structure.VERTEBRA_T11), ("Left Kidney", Structure.KIDNEY_LEFT), ("Sacrum", Structure.SACRUM),
        *[(name, None) for name in
          ("L4-L5 disc", "L4 body", "L9", "L4 L5", "vertebrae", "Doe", "", "canal L4", "L0", "4")],
    ],
)  # fmt: skip
def test_a_vertebra_is_known_by_any_of_its_names_and_a_disc_is_none(name: str, number: int | None) -> None:
    assert number_named(name) == number


def test_a_folder_of_masks_gives_the_labels_they_were_made_of(tmp_path: Path, volume: Volume) -> None:
    folder = write_masks(tmp_path / "masks", volume, SPELLINGS)
    (folder / "statistics.json").write_text("{}")
    write_masks(tmp_path / "other", volume, {27: "my thing"})
    (tmp_path / "other" / "my thing.nii.gz").rename(folder / "my thing.nii.gz")

    np.testing.assert_array_equal(load_labels(folder, volume).labels, volume.labels)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_a_dicom_segmentation_falls_on_the_voxels_it_was_drawn_on(tmp_path: Path, volume: Volume, kind: str) -> None:
    """Of fractions a half and more is inside: 200 of 250 is, 100 of 250 is not (DICOM PS3.3 C.8.20.2.3)."""
    path = write_seg(tmp_path / "seg.dcm", volume, SPELLINGS, kind)

    np.testing.assert_array_equal(load_labels(path, volume).labels, volume.labels)
    np.testing.assert_array_equal(load_labels(tmp_path, volume).labels, volume.labels)


def test_a_segmentation_of_an_unknown_type_is_named(tmp_path: Path, volume: Volume) -> None:
    path = write_seg(tmp_path / "seg.dcm", volume, SPELLINGS, "SURFACE")

    with pytest.raises(InputError, match=r"type SURFACE; allowed: BINARY, FRACTIONAL, LABELMAP\. Export it as binary"):
        load_labels(path, volume)


def test_a_segmentation_of_another_grid_is_refused(tmp_path: Path, volume: Volume) -> None:
    path = write_seg(tmp_path / "seg.dcm", volume, SPELLINGS)
    shifted = Volume(volume.hu, Affine.from_spacing((1.5, 2.0, 3.0), (-6.5, 9, 40)))

    with pytest.raises(InputError, match=r"found segments on another grid than the CT's; allowed: .* 14 x 12 x 24"):
        load_labels(path, shifted)


def _square(centre_mm: tuple[float, float], half_mm: float, z_mm: float) -> np.ndarray:
    x, y = centre_mm
    return np.array([[x - half_mm, y - half_mm, z_mm], [x + half_mm, y - half_mm, z_mm],
                     [x + half_mm, y + half_mm, z_mm], [x - half_mm, y + half_mm, z_mm]])  # fmt: skip


def test_contours_are_filled_to_pixel_centres_with_their_holes_and_between_slices(tmp_path: Path) -> None:
    """A square of 10 mm with a hole of 4 mm, drawn on every other slice of 1 mm voxels: 11^2 - 5^2 centres."""
    onto = Volume(np.zeros((9, 30, 30), dtype=np.int16), Affine.from_spacing((1.0, 1.0, 1.0), (-10.0, -10.0, 0.0)))
    contours = [_square((0.0, 0.0), half, z) for z in (2.0, 4.0, 6.0) for half in (5.4, 2.4)]
    path = write_rtstruct(tmp_path / "rs.dcm", onto, {"Wirbel": [], "LWK 4": contours})

    labels = load_labels(path, onto).labels

    assert labels is not None
    assert np.unique(labels).tolist() == [0, Structure.VERTEBRA_L4]
    counts = (labels == Structure.VERTEBRA_L4).sum(axis=(1, 2)).tolist()
    assert counts == [0, 0, 96, 96, 96, 96, 96, 0, 0]
    assert labels[4, 10, 10] == 0, "the hole"
    assert labels[4, 10, 14] == Structure.VERTEBRA_L4


@pytest.mark.parametrize("write", [write_seg, write_masks])
def test_names_that_are_no_vertebras_are_answered_with_the_nearest(
    tmp_path: Path, volume: Volume, write: object
) -> None:
    path = write(tmp_path / "given", volume, {27: "vertebrei_L5", 28: "tumour"})  # type: ignore[operator]

    with pytest.raises(InputError) as caught:
        load_labels(path, volume)

    assert "found no lumbar vertebra among the names " in str(caught.value)
    assert "allowed: names of lumbar vertebrae, such as vertebrae_L4, L4, L4 vertebra" in str(caught.value)
    assert "The nearest known name is vertebrae_L5, to vertebrei_L5." in str(caught.value)


def test_what_is_no_segmentation_is_named(tmp_path: Path, volume: Volume) -> None:
    (ct,) = write_series(tmp_path / "ct", np.zeros((1, 8, 10)))
    text = tmp_path / "labels.txt"
    text.write_text("L4")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(write_seg(tmp_path / "seg.dcm", volume, SPELLINGS).read_bytes()[:1500])
    sentences = {ct: "found modality CT; allowed: a label map, a folder", text: "found no label map; allowed: ",
                 cut: "found a damaged or unreadable segmentation"}  # fmt: skip
    for path, sentence in sentences.items():
        with pytest.raises(InputError, match=sentence):
            load_labels(path, volume)
