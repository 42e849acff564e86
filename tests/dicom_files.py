"""Makes small DICOM files from scratch, whole or with one fault, for the tests of loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

SERIES = "1.2.826.0.1.3680043.2.1125.1"
SLOPE, INTERCEPT = 2.0, -1000.0


def write_slice(path: Path, hu: NDArray[Any], position_mm: Any, **changed: Any) -> Path:
    """Write one CT slice of even Hounsfield units; `changed` replaces header elements, None removes them."""
    dataset = _dataset(hu.shape, "CT")
    dataset.ImagePositionPatient = [float(part) for part in position_mm]
    dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    dataset.PixelSpacing = [1.5, 2.0]
    dataset.RescaleSlope, dataset.RescaleIntercept = SLOPE, INTERCEPT
    for name, value in changed.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    slope, intercept = (float(dataset.get(word) or given) for word, given in
                        (("RescaleSlope", SLOPE), ("RescaleIntercept", INTERCEPT)))  # fmt: skip
    return _save(path, dataset, (hu - intercept) / slope)


def write_series(folder: Path, hu: NDArray[Any], step_mm: Any = (0.0, 0.0, 3.0), **changed: Any) -> list[Path]:
    """Write hu [k, j, i] as a series whose slice k lies at k x `step_mm`, under names that do not tell the order."""
    folder.mkdir(exist_ok=True)
    names = [f"IM{(7 * k + 3) % 101:03d}" for k in range(len(hu))]
    return [
        write_slice(folder / name, picture, k * np.asarray(step_mm), **changed)
        for k, (name, picture) in enumerate(zip(names, hu, strict=True))
    ]


def write_multiframe(path: Path, hu: NDArray[Any], positions_mm: NDArray[Any], own_rescale: Any = None) -> Path:
    """Write an enhanced CT whose frames lie where told; `own_rescale` gives each frame an intercept of its own."""
    dataset = _dataset(hu.shape[1:], "CT", EnhancedCTImageStorage)
    dataset.NumberOfFrames = len(hu)
    shared = Dataset()
    shared.PixelMeasuresSequence = [_with(PixelSpacing=[1.5, 2.0], SliceThickness=3.0)]
    shared.PlaneOrientationSequence = [_with(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])]
    if own_rescale is None:
        shared.PixelValueTransformationSequence = [_rescale(INTERCEPT)]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for number, position in enumerate(positions_mm):
        frame = _with(PlanePositionSequence=[_with(ImagePositionPatient=[float(part) for part in position])])
        if own_rescale is not None:
            frame.PixelValueTransformationSequence = [_rescale(own_rescale[number])]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    return _save(path, dataset, (hu - INTERCEPT) / SLOPE)


def _rescale(intercept: float) -> Dataset:
    return _with(RescaleSlope=SLOPE, RescaleIntercept=intercept, RescaleType="HU")


def _with(**elements: Any) -> Dataset:
    dataset = Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def _dataset(shape: tuple[int, ...], modality: str, kind: Any = CTImageStorage) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage if modality == "MR" else kind
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Modality, dataset.SeriesInstanceUID = modality, SERIES
    dataset.PatientName, dataset.PatientID, dataset.StudyDate = "Doe^Jane", "4711", "20200229"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 0, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    return dataset


def _save(path: Path, dataset: Dataset, stored: NDArray[Any]) -> Path:
    dataset.PixelData = np.ascontiguousarray(np.rint(stored).astype("<u2")).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
