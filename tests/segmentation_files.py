"""Writes segmentations of a label volume as DICOM SEG, RTSTRUCT or a folder of masks, for the tests of importing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import write_slice
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, SegmentationStorage, generate_uid

from dekomp_sim.anatomy import Volume
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


def write_seg(path: Path, volume: Volume, names: Mapping[int, str]) -> Path:
    """A binary SEG whose frames are the slices that a segment touches; names become segment labels 1, 2, ..."""
    assert volume.labels is not None
    dataset = _file(SegmentationStorage, "SEG")
    x_mm, y_mm, _ = volume.patient_from_index.spacing_mm.tolist()
    dataset.SegmentationType = "BINARY"
    dataset.SegmentSequence = [item(SegmentNumber=n, SegmentLabel=name) for n, name in enumerate(names.values(), 1)]
    dataset.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=[y_mm, x_mm])],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
        )
    ]
    frames, groups = [], []
    for n, number in enumerate(names, 1):
        for k in np.flatnonzero((volume.labels == number).any(axis=(1, 2))):
            place = volume.patient_from_index.points([0, 0, int(k)]).tolist()
            frames.append(volume.labels[k] == number)
            groups.append(
                item(
                    SegmentIdentificationSequence=[item(ReferencedSegmentNumber=n)],
                    PlanePositionSequence=[item(ImagePositionPatient=place)],
                )
            )
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.NumberOfFrames, (dataset.Rows, dataset.Columns) = len(frames), frames[0].shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    bits = np.packbits(np.array(frames).ravel(), bitorder="little").tobytes()
    dataset.PixelData = bits + b"\0" * (len(bits) % 2)
    dataset.save_as(path, enforce_file_format=True)
    return path


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
