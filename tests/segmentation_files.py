"""Writes segmentations of a label volume as DICOM SEG, RTSTRUCT or a folder of masks, for the tests of importing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import write_slice
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, SegmentationStorage, generate_uid

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.files.volumes import write_grid


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def _file(kind: Any, modality: str) -> Dataset:
    dataset = item(SOPClassUID=kind, SOPInstanceUID=generate_uid(), Modality=modality, PatientName="Doe^Jane")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def write_scan(folder: Path, volume: Volume, **changed: Any) -> Path:
    """The CT of an upright volume as a DICOM series."""
    folder.mkdir(exist_ok=True)
    x_mm, y_mm, _ = volume.patient_from_index.spacing_mm.tolist()
    for k, picture in enumerate(volume.hu):
        even = 2.0 * np.rint(picture / 2.0)
        place = volume.patient_from_index.points([0, 0, k])
        write_slice(folder / f"{k:03d}.dcm", even, place, **({"PixelSpacing": [y_mm, x_mm]} | changed))
    return folder


def write_masks(folder: Path, volume: Volume, names: Mapping[int, str]) -> Path:
    folder.mkdir()
    assert volume.labels is not None
    for number, name in names.items():
        mask = (volume.labels == number).astype(np.uint8)
        write_grid(mask, volume.patient_from_index, folder / f"{name}.nii.gz")
    return folder


def write_seg(path: Path, volume: Volume, names: Mapping[int, str], kind: str = "BINARY") -> Path:
    """A SEG whose frames are the slices that a segment touches; names become segment labels 1, 2, ...

    A FRACTIONAL one has 200 of 250 inside and 100 beside it to the left; a LABELMAP has a frame for each slice.
    """
    assert volume.labels is not None
    dataset = _file(SegmentationStorage, "SEG")
    x_mm, y_mm, _ = volume.patient_from_index.spacing_mm.tolist()
    dataset.SegmentationType = kind
    dataset.SegmentSequence = [item(SegmentNumber=n, SegmentLabel=name) for n, name in enumerate(names.values(), 1)]
    dataset.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=[y_mm, x_mm])],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
        )
    ]
    frames, groups = [], []
    for n, k, frame in _segment_frames(volume.labels, list(names), kind):
        place = volume.patient_from_index.points([0, 0, k]).tolist()
        frames.append(frame)
        groups.append(item(PlanePositionSequence=[item(ImagePositionPatient=place)]))
        if kind != "LABELMAP":
            groups[-1].SegmentIdentificationSequence = [item(ReferencedSegmentNumber=n)]
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.NumberOfFrames, (dataset.Rows, dataset.Columns) = len(frames), frames[0].shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 1 if kind == "BINARY" else 8
    dataset.HighBit = dataset.BitsStored - 1
    if kind == "FRACTIONAL":
        dataset.SegmentationFractionalType, dataset.MaximumFractionalValue = "PROBABILITY", 250
    stored = np.array(frames).ravel()
    pixels = np.packbits(stored, bitorder="little").tobytes() if kind == "BINARY" else stored.tobytes()
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _segment_frames(labels: UInt8Array, numbers: list[int], kind: str) -> Iterator[tuple[int, int, UInt8Array]]:
    """Segment, slice and values of each frame."""
    if kind == "LABELMAP":
        table = np.zeros(256, dtype=np.uint8)
        table[numbers] = range(1, len(numbers) + 1)
        yield from ((0, k, table[plane]) for k, plane in enumerate(labels))
        return
    for n, number in enumerate(numbers, 1):
        for k in np.flatnonzero((labels == number).any(axis=(1, 2))):
            inside = labels[k] == number
            beside = np.roll(inside, -1, axis=1) & ~inside
            yield n, int(k), np.asarray(inside if kind == "BINARY" else 200 * inside + 100 * beside, dtype=np.uint8)


def write_rtstruct(path: Path, volume: Volume, contours: Mapping[str, list[np.ndarray]]) -> Path:
    """A structure set; each structure is a list of closed contours (n, 3), patient mm."""
    dataset = _file(RTStructureSetStorage, "RTSTRUCT")
    dataset.StructureSetROISequence = [item(ROINumber=n, ROIName=name) for n, name in enumerate(contours, 1)]
    dataset.ROIContourSequence = [
        item(
            ReferencedROINumber=n,
            ContourSequence=[
                item(
                    ContourGeometricType="CLOSED_PLANAR",
                    NumberOfContourPoints=len(points),
                    ContourData=[f"{value:.4f}" for value in points.ravel()],
                )
                for points in drawn
            ],
        )
        for n, drawn in enumerate(contours.values(), 1)
    ]
    dataset.save_as(path, enforce_file_format=True)
    return path
