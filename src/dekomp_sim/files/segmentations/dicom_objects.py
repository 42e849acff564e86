"""DICOM segmentations (SEG) and RT structure sets (RTSTRUCT), painted onto the CT they were drawn on.

Only numbers, geometry and the names of segments are read, and the names only to be matched: none is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files.census import refuse_bytes
from dekomp_sim.files.segmentations.masks import painting_order
from dekomp_sim.files.segmentations.names import matched

OFF_GRID_VOXELS: Final = 0.1
"""Assumption: part of a voxel by which a segment's pixels may miss the CT's, for rounded headers."""

KINDS: Final = ("BINARY", "FRACTIONAL", "LABELMAP")
"""Types of a segmentation; of a fractional one a half and more counts as the segment."""

TAKEN: Final = "a label map, a folder of masks, a DICOM segmentation (SEG) or RT structure set (RTSTRUCT)"

_BROKEN: Final = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, NotImplementedError,
                  RuntimeError)  # fmt: skip
"""What pydicom raises of files that are cut, lack an element, or are compressed in a way that it cannot undo."""


def read_dicom_segmentation(path: Path, onto: Volume) -> UInt8Array:
    """Label numbers [k, j, i] of a DICOM SEG or RTSTRUCT on the grid of `onto`.

    Raises
    ------
    InputError
        If the file is neither, is damaged, lies on another grid, or names no lumbar vertebra.
    """
    from pydicom import dcmread  # half a second of import, wanted for DICOM only

    refuse_bytes(path, path.stat().st_size)
    with path.open("rb") as file:
        if file.read(132)[128:] != b"DICM":
            raise InputError(str(path), "no label map", TAKEN)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path)
            modality = str(dataset.get("Modality") or "")
            if modality == "SEG":
                return _of_segments(path, dataset, onto)
            if modality == "RTSTRUCT":
                return _of_contours(path, dataset, onto)
    except InputError:
        raise
    except _BROKEN as wrong:
        found = f"a damaged or unreadable segmentation ({type(wrong).__name__})"
        raise InputError(str(path), found, TAKEN, "Export it again, uncompressed") from None
    raise InputError(str(path), f"modality {modality or 'unknown'}", TAKEN)


def _of_segments(path: Path, dataset: Any, onto: Volume) -> UInt8Array:
    known = {int(segment.SegmentNumber): _segment_names(segment) for segment in dataset.SegmentSequence}
    numbers = matched(str(path), [name for names in known.values() for name in names])
    order = {segment: number for name, number in painting_order(numbers)
             for segment, names in known.items() if name in names}  # fmt: skip
    refuse_bytes(path, int(dataset.get("NumberOfFrames") or 1) * int(dataset.Rows) * int(dataset.Columns))
    labels = np.zeros(onto.hu.shape, dtype=np.uint8)
    kind = _kind(path, dataset)
    groups = dataset.PerFrameFunctionalGroupsSequence
    shown = [order if kind == "LABELMAP" else [_segment_of(group)] for group in groups]
    for segment, number in order.items():
        wanted = [index for index, segments in enumerate(shown) if segment in segments]
        for index, frame in zip(wanted, _frames(dataset, wanted), strict=True):
            inside = frame == segment if kind == "LABELMAP" else _inside(dataset, frame)
            if inside.any():
                k, j, i = _voxels(path, dataset, groups[index], inside, onto)
                labels[k, j, i] = number
    return labels


def _kind(path: Path, dataset: Any) -> str:
    """What a segmentation's values mean (DICOM PS3.3 C.8.20.2).

    Raises
    ------
    InputError
        If it is none of the standard's kinds.
    """
    kind = str(dataset.get("SegmentationType") or "BINARY")
    if kind not in KINDS:
        raise InputError(str(path), f"a segmentation of the type {kind}", ", ".join(KINDS), "Export it as binary")
    return kind


def _segment_of(group: Any) -> int:
    return int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _segment_names(segment: Any) -> list[str]:
    """What a segment is called: by its author, and by the code of its type."""
    codes = segment.get("SegmentedPropertyTypeCodeSequence") or []
    found = [
        segment.get("SegmentLabel"),
        segment.get("SegmentDescription"),
        *(code.get("CodeMeaning") for code in codes),
    ]
    return [str(name) for name in found if name]


def _frames(dataset: Any, indices: list[int]) -> Iterator[NDArray[Any]]:
    """The frames (rows, cols) of these indices, one after the other: unpacked together they would fill the memory."""
    from pydicom.pixels.utils import iter_pixels

    return iter_pixels(dataset, indices=indices) if indices else iter(())


def _inside(dataset: Any, frame: NDArray[Any]) -> BoolArray:
    """(rows, cols) where a frame shows its segment: of probabilities or fractions, a half and more."""
    fractional = str(dataset.get("SegmentationType") or "BINARY") == "FRACTIONAL"
    full = int(dataset.get("MaximumFractionalValue") or 255) if fractional else 1
    return np.asarray(2 * frame.astype(np.int64) >= full) & (frame > 0)


def _voxels(path: Path, dataset: Any, group: Any, inside: BoolArray, onto: Volume) -> tuple[NDArray[np.int64], ...]:
    """Indices k, j, i of the CT's voxels that a frame's pixels are.

    Raises
    ------
    InputError
        If the frame's pixels do not fall on the CT's voxels.
    """
    shared = dataset.get("SharedFunctionalGroupsSequence") or [{}]
    plane = _macro(group, shared[0], "PlaneOrientationSequence").ImageOrientationPatient
    row_mm, col_mm = map(float, _macro(group, shared[0], "PixelMeasuresSequence").PixelSpacing)
    first = np.array(_macro(group, shared[0], "PlanePositionSequence").ImagePositionPatient, dtype=np.float64)
    along, down = np.array(plane, dtype=np.float64).reshape(2, 3) * np.array([[col_mm], [row_mm]])
    rows, cols = np.nonzero(inside)
    index = onto.patient_from_index.indices(first + cols[:, None] * along + rows[:, None] * down)
    nearest = np.rint(index).astype(np.int64)
    step = np.abs(
        onto.patient_from_index.indices(np.array([along, down])) - onto.patient_from_index.indices(np.zeros(3))
    )
    within = (nearest >= 0).all() and (nearest < np.array(onto.size)).all()
    if np.abs(index - nearest).max() > OFF_GRID_VOXELS or np.abs(step.sum(axis=1) - 1.0).max() > 0.02 or not within:
        size = " x ".join(map(str, onto.size))
        found = "segments on another grid than the CT's"
        raise InputError(str(path), found, f"the CT's own grid of {size}", "Resample the segments onto the CT")
    return nearest[:, 2], nearest[:, 1], nearest[:, 0]


def _macro(group: Any, shared: Any, name: str) -> Any:
    return (group.get(name) or shared.get(name))[0]


def _of_contours(path: Path, dataset: Any, onto: Volume) -> UInt8Array:
    names = {int(roi.ROINumber): str(roi.get("ROIName") or "") for roi in dataset.StructureSetROISequence}
    numbers = matched(str(path), names.values())
    drawn = {int(roi.ReferencedROINumber): roi.get("ContourSequence") or [] for roi in dataset.ROIContourSequence}
    labels = np.zeros(onto.hu.shape, dtype=np.uint8)
    for name, number in painting_order(numbers):
        for roi in (roi for roi, called in names.items() if called == name):
            _paint(path, drawn.get(roi, []), onto, number, labels)
    if not labels.any():
        raise InputError(str(path), "contours that miss the CT", "contours drawn on this CT", "Give the CT's own set")
    return labels


def _paint(path: Path, contours: Any, onto: Volume, number: int, labels: UInt8Array) -> None:
    """Fill the closed contours of one structure; one within another is a hole, slices between two are filled alike."""
    planes: dict[int, BoolArray] = {}
    for contour in contours:
        if str(contour.ContourGeometricType).startswith("CLOSED"):
            points = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
            index = onto.patient_from_index.indices(points)
            if np.ptp(index[:, 2]) > 0.2:
                raise InputError(str(path), "contours across the CT's slices", "contours on the slices of the CT")
            k = round(float(index[:, 2].mean()))
            if 0 <= k < len(labels):
                planes[k] = planes.get(k, False) ^ _filled(index[:, :2], labels.shape[1:])
    drawn = np.array(sorted(planes))
    for k in range(int(drawn[0]), int(drawn[-1]) + 1) if len(drawn) else ():
        nearest = int(drawn[np.argmin(np.abs(drawn - k))])
        labels[k][planes[nearest]] = number


def _filled(corners: FloatArray, shape: tuple[int, ...]) -> BoolArray:
    """(nj, ni) of the pixels whose centres lie inside a polygon with corners (n, 2) at (i, j), by the even-odd rule."""
    nj, ni = shape
    flips = np.zeros((nj, ni + 1), dtype=np.int64)
    for (i0, j0), (i1, j1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = sorted((j0, j1))
        rows = np.arange(max(int(np.ceil(low)), 0), min(int(np.ceil(high)), nj))
        if len(rows):
            crossing = np.ceil(i0 + (rows - j0) * (i1 - i0) / (j1 - j0))
            np.add.at(flips, (rows, np.clip(crossing, 0, ni).astype(np.int64)), 1)
    return np.asarray(np.cumsum(flips, axis=1)[:, :ni] % 2 == 1)
