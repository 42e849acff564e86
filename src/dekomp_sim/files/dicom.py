"""CT slices and multi-frame CT from DICOM: which belong together, where each lies, and what its values mean.

Geometry comes from the headers, pixels from ITK, which knows the compressions. Of a header only geometry, modality and
rescaling are read; no name, number, date or text of it is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from dekomp_sim.anatomy.suitability.acquisition import Acquisition, Format, Posture, Scan
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray, Int16Array
from dekomp_sim.errors import InputError
from dekomp_sim.files.census import files_of
from dekomp_sim.files.itk import Image, array_view, hounsfield, read_image, refuse_unlike_hu
from dekomp_sim.files.stacking import Slice, stacked, tilt_deg

_TAGS: Final = (
    "Modality",
    "SeriesInstanceUID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ImageType",
    "PatientPosition",
    "SliceThickness",
)

_POSITIONS: Final = {
    "S": Posture.SUPINE,
    "P": Posture.PRONE,
    "DL": Posture.LEFT_SIDE,
    "DR": Posture.RIGHT_SIDE,
}
"""What follows "HF" (head first) or "FF" (feet first) in (0018,5100): DICOM PS3.3 C.7.3.1.1.2."""

_IMAGES: Final = ("CT", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
"""Storage classes of CT: plain, enhanced and converted (DICOM PS3.4 B.5); "CT" where a file is cut before it says."""


_SYNTAXES: Final = frozenset(
    {
        *(f"1.2.840.10008.1.2{ending}" for ending in ("", ".1", ".1.99", ".2", ".5")),
        *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)),
    }
)
"""Transfer syntaxes that ITK reads (DICOM PS3.5 A): uncompressed, deflated, RLE, JPEG, JPEG-LS and JPEG 2000."""


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What is read of one DICOM file.

    Parameters
    ----------
    path
        The file.
    modality, series
        (0008,0060) and (0020,000E); empty where the header has none.
    rows, cols, frames
        Size of its pictures, and how many.
    dataset
        The elements read, for geometry and rescaling.
    """

    path: Path
    modality: str
    series: str
    rows: int
    cols: int
    frames: int
    dataset: Any

    @property
    def grid(self) -> tuple[Any, ...]:
        """What the slices of one stack share: size, orientation and pixel size, rounded."""
        orientation = self.dataset.get("ImageOrientationPatient") or ()
        spacing = self.dataset.get("PixelSpacing") or ()
        return self.rows, self.cols, *(round(float(part), 3) for part in (*orientation, *spacing))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Files of one series that share one grid."""

    uid: str
    headers: tuple[Header, ...]

    def described(self, number: int) -> str:
        """A line for a person to choose by."""
        first = self.headers[0]
        count = sum(header.frames for header in self.headers)
        return f"{number}) {count} {first.modality or '?'} {first.cols} x {first.rows}, UID {self.uid or 'none'}"


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does: 128 bytes and the letters DICM."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_folder(folder: Path, series: str | None = None) -> Scan:
    """The CT of a folder of DICOM files.

    Parameters
    ----------
    folder
        Searched with its subfolders; files that are not DICOM are left alone.
    series
        Series instance UID, or the number in the list that the message gives, where the folder holds several.

    Raises
    ------
    InputError
        If there are no slices, several series and no choice, or the chosen ones make no CT volume.
    """
    files = files_of(folder)
    if not files:
        raise InputError(str(folder), "an empty folder", "a folder with the slices of a CT series")
    headers = [header for path in files if (header := _header(path)) is not None]
    if not headers:
        found = f"{len(files)} files, none of them a DICOM image"
        raise InputError(str(folder), found, "a folder with the slices of a CT series")
    return _scan(folder, _chosen(folder, _series(_without_localisers(folder, headers)), series))


def read_file(path: Path) -> Scan:
    """The CT of one multi-frame DICOM file.

    Raises
    ------
    InputError
        If it is no multi-frame CT.
    """
    header = _header(path)
    if header is None:
        raise InputError(str(path), "a DICOM file without a picture, or a damaged one", "a multi-frame CT")
    if header.frames < 2:
        raise InputError(str(path), "a single slice", "a multi-frame CT or a folder of slices", "Give the folder")
    _without_localisers(path, [header])
    return _scan(path, Series(header.series, (header,)))


def _without_localisers(source: Path, headers: Sequence[Header]) -> list[Header]:
    """The headers of what is no localiser: the overview that a scanner takes first, a projection without depth.

    Raises
    ------
    InputError
        If nothing else is there.
    """
    slices = [header for header in headers if "LOCALIZER" not in (header.dataset.get("ImageType") or ())]
    if not slices:
        found = "only a localiser, the overview taken before a scan"
        raise InputError(str(source), found, "the slices of a CT series", "Export the axial series")
    return slices


def _header(path: Path) -> Header | None:
    """The header of a DICOM image, or None for any other file."""
    from pydicom import dcmread  # half a second of import, wanted for DICOM only
    from pydicom.errors import InvalidDicomError

    try:
        with _unwarned():
            dataset = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
            numbers = [int(dataset.get(word) or 0) for word in ("Rows", "Columns")]
            frames = int(dataset.get("NumberOfFrames") or 1)
            words = [str(dataset.get(word) or "").strip() for word in ("Modality", "SeriesInstanceUID")]
    except InvalidDicomError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EOFError, NotImplementedError):
        raise _damaged(path) from None
    if min(numbers) > 0:
        return Header(path, words[0], words[1], numbers[0], numbers[1], frames, dataset)
    if str(dataset.file_meta.get("MediaStorageSOPClassUID") or "CT") in _IMAGES:
        raise _damaged(path)
    return None


def _damaged(path: Path) -> InputError:
    return InputError(str(path), "a damaged DICOM header", "whole DICOM files", "Copy it again")


@contextmanager
def _unwarned() -> Iterator[None]:
    """Pydicom warns of oddities in elements that are not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _series(headers: Sequence[Header]) -> list[Series]:
    groups: dict[tuple[Any, ...], list[Header]] = {}
    for header in headers:
        alone = header.path if header.frames > 1 else None
        groups.setdefault((header.series, header.modality, header.grid, alone), []).append(header)
    return [Series(key[0], tuple(group)) for key, group in groups.items()]


def _chosen(folder: Path, found: list[Series], wanted: str | None) -> Series:
    listed = "; ".join(series.described(number) for number, series in enumerate(found, 1))
    if wanted is None and len(found) == 1:
        return found[0]
    if wanted is None:
        raise InputError(str(folder), f"{len(found)} series", listed, "Choose one by its number or UID")
    matching = [one for number, one in enumerate(found, 1) if wanted in {one.uid, str(number)}]
    if len(matching) != 1:
        amount = "no series" if not matching else f"{len(matching)} series with different slices"
        raise InputError(str(folder), f"{amount} of the name {wanted}", listed, "Choose one by its number")
    return matching[0]


def _scan(source: Path, series: Series) -> Scan:
    first = series.headers[0]
    if first.modality != "CT":
        found = f"modality {first.modality or 'unknown'}"
        raise InputError(str(source), found, "CT, for only its values are Hounsfield units")
    _refuse_compression(series.headers)
    slices = [part for header in series.headers for part in _slices(header)]
    hu, affine = stacked(str(source), slices)
    refuse_unlike_hu(hu, str(source))
    return Scan(Volume(hu, affine), _acquisition(first.dataset, tilt_deg(slices)))


def _refuse_compression(headers: Sequence[Header]) -> None:
    for header in headers:
        syntax = header.dataset.file_meta.get("TransferSyntaxUID")
        if syntax is not None and syntax not in _SYNTAXES:
            allowed, remedy = "none, RLE, JPEG, JPEG-LS or JPEG 2000", "Export it uncompressed"
            raise InputError(str(header.path), f"pixels compressed as {syntax.name}", allowed, remedy)


def _acquisition(dataset: Any, tilt: float) -> Acquisition:
    """How it was taken; a word or number that is none of DICOM's own counts as not told."""
    position = str(dataset.get("PatientPosition") or "")
    posture = _POSITIONS.get(position[2:], Posture.UNKNOWN)
    feet_first = {"HF": False, "FF": True}.get(position[:2])
    return Acquisition(Format.DICOM, posture, feet_first, _thickness_mm(dataset), tilt)


def _thickness_mm(dataset: Any) -> float | None:
    shared = dataset.get("SharedFunctionalGroupsSequence") or [dataset]
    measures = shared[0].get("PixelMeasuresSequence") or [dataset]
    try:
        thickness = float(measures[0].get("SliceThickness") or 0.0)
    except (TypeError, ValueError):
        return None
    return thickness if np.isfinite(thickness) and thickness > 0.0 else None


def _slices(header: Header) -> Iterator[Slice]:
    """The slices of one file, with their places; pixels are read when they are asked for."""
    if header.frames == 1:
        _rescaled(header.path, [header.dataset])
        yield _slice(
            header.path.name, header.path, header.dataset, header.dataset, lambda: _picture(_image(header), header, 0)
        )
        return
    frames = [_Frame(header, number) for number in range(header.frames)]
    _rescaled(header.path, [frame.group("PixelValueTransformationSequence") for frame in frames])
    image = cache(lambda: _image(header))  # of all frames, read once, when the first is asked for
    for number, frame in enumerate(frames):
        plane = frame.group("PlaneOrientationSequence")
        plane.ImagePositionPatient = frame.group("PlanePositionSequence").get("ImagePositionPatient")
        measures = frame.group("PixelMeasuresSequence")
        yield _slice(f"frame {number + 1}", header.path, plane, measures, lambda n=number: _picture(image(), header, n))


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """One frame of a multi-frame file, with its functional groups (DICOM PS3.3 C.7.6.16)."""

    header: Header
    number: int

    def group(self, name: str) -> Any:
        """A functional group's macro: the frame's own, or the one that all frames share."""
        per_frame = self.header.dataset.get("PerFrameFunctionalGroupsSequence") or []
        own = per_frame[self.number : self.number + 1]
        for groups in (*own, *(self.header.dataset.get("SharedFunctionalGroupsSequence") or [])):
            if groups.get(name):
                return groups[name].value[0]
        where = f"{self.header.path} frame {self.number + 1}"
        raise InputError(where, f"no {name}", "a multi-frame CT with its functional groups")


def _slice(name: str, path: Path, plane: Any, measures: Any, read: Any) -> Slice:
    orientation = _numbers(path, plane, "ImageOrientationPatient", 6)
    position = _numbers(path, plane, "ImagePositionPatient", 3)
    row_mm, col_mm = _numbers(path, measures, "PixelSpacing", 2)
    if not min(row_mm, col_mm) > 0.0:
        raise InputError(str(path), f"pixels of {row_mm:g} x {col_mm:g} mm", "sizes above 0 mm")
    along, down = orientation[:3], orientation[3:]
    lengths = np.linalg.norm(along), np.linalg.norm(down)
    if abs(along @ down) > 1e-3 or max(abs(length - 1.0) for length in lengths) > 1e-3:
        raise InputError(str(path), "an image orientation that is not two unit vectors at right angles", "a CT slice")
    return Slice(name, position, along / lengths[0], down / lengths[1], (col_mm, row_mm), read)


def _numbers(path: Path, dataset: Any, word: str, count: int) -> FloatArray:
    try:
        values = np.array([float(part) for part in dataset.get(word) or ()])
    except (TypeError, ValueError):
        values = np.array([])
    if values.shape != (count,) or not np.isfinite(values).all():
        raise InputError(str(path), f"no {word} of {count} numbers in the header", "a CT slice that says where it lies")
    return values


def _rescaled(path: Path, datasets: list[Any]) -> None:
    """Refuse slices without rescaling to HU, and frames whose rescaling differs, for ITK applies one to all."""
    found = []
    for dataset in datasets:
        slope, intercept = (dataset.get(word) for word in ("RescaleSlope", "RescaleIntercept"))
        if slope is None or intercept is None or float(slope) == 0.0:
            raise InputError(str(path), "no rescale slope and intercept", "a CT slice with both")
        if str(dataset.get("RescaleType") or "HU") not in {"HU", "US"}:
            raise InputError(str(path), f"values in {dataset.get('RescaleType')}", "Hounsfield units (HU)")
        found.append((float(slope), float(intercept)))
    if len(set(found)) > 1:
        raise InputError(str(path), "frames rescaled differently", "one slope and intercept for all frames")


def _image(header: Header) -> Image:
    """A file's pictures, as ITK holds them."""
    return read_image(header.path, "a whole CT slice")


def _picture(image: Image, header: Header, number: int) -> Int16Array:
    """Hounsfield units (nj, ni) of one of a file's pictures."""
    values = array_view(image)
    if values.shape != (header.frames, header.rows, header.cols):
        found = f"pictures of shape {values.shape}"
        raise InputError(str(header.path), found, f"{header.frames} of {header.rows} x {header.cols}")
    return hounsfield(values[number : number + 1], (1, header.rows, header.cols), str(header.path)).reshape(
        header.rows, header.cols
    )
