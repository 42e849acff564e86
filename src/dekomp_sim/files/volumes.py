"""Loads CT volumes and label maps, makes patients of them, and writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.landmarks import patient_from_scan
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.suitability.acquisition import Acquisition, Format, Scan
from dekomp_sim.anatomy.suitability.extent import lumbar_part
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import absorb
from dekomp_sim.errors import InputError
from dekomp_sim.files import dicom, grids, nifti
from dekomp_sim.files.census import refuse_bytes
from dekomp_sim.files.itk import hounsfield, refuse_unlike_hu, write_image
from dekomp_sim.files.segmentations import read_labels
from dekomp_sim.files.writing import replacing
from dekomp_sim.geometry.affine import Affine

WRITTEN_SUFFIXES: Final = (".nii.gz", ".nii", ".nrrd", ".mha")
"""Endings of the formats that a volume is written in."""


def load_volume(path: Path | str, series: str | None = None) -> Volume:
    """The CT volume of `load_scan`."""
    return load_scan(path, series).volume


def load_scan(path: Path | str, series: str | None = None) -> Scan:
    """The CT in a DICOM folder, a multi-frame DICOM file, or a NIfTI, NRRD or MetaImage file, and how it was taken.

    Parameters
    ----------
    path
        File or folder.
    series
        For a folder with several series: the number or UID of one.

    Raises
    ------
    InputError
        If it is no CT in Hounsfield units on an even grid, or too much to read; the message says what it is instead.
    """
    source = _existing(Path(path))
    if source.is_dir():
        return dicom.read_folder(source, series)
    refuse_bytes(source, source.stat().st_size)
    if not grids.is_grid(source):
        if source.stat().st_size == 0:
            raise InputError(str(source), "a file of 0 bytes", "a CT volume", "Export it again from its source")
        if not dicom.is_dicom(source):
            allowed = f"a DICOM folder, a multi-frame DICOM file, or {', '.join(grids.SUFFIXES)}"
            raise InputError(str(source), "a file of another kind", allowed)
        return dicom.read_file(source)
    grid = grids.open_grid(source)
    hu = hounsfield(grid.planes(), grid.shape, str(source))
    refuse_unlike_hu(hu, str(source))
    return Scan(Volume(hu, grid.patient_from_index), Acquisition(Format.GRID))


def load_labels(path: Path | str, onto: Volume) -> Volume:
    """`onto` with the labels of a segmentation, numbered as TotalSegmentator does.

    Parameters
    ----------
    path
        A label map (NIfTI, NRRD, MetaImage), a folder of masks named as TotalSegmentator does, a DICOM segmentation or
        an RT structure set, or a folder with one of these two.
    onto
        The CT that was segmented.

    Raises
    ------
    InputError
        If it is no segmentation, lies on another grid, or none of its names is a vertebra's.
    """
    return replace(onto, labels=read_labels(_existing(Path(path)), onto))


def load_patient(
    ct_path: Path | str,
    labels_path: Path | str,
    protrusions: Mapping[Level, Protrusion] | None = None,
    series: str | None = None,
) -> Patient:
    """The patient of a CT and its label map; the name is "scan", whatever the header says.

    Parameters
    ----------
    ct_path, series
        As in `load_volume`.
    labels_path
        As in `load_labels`.
    protrusions
        Herniations by level; a CT alone does not show them well enough.

    Raises
    ------
    InputError
        If one of the files cannot be used, or the labels do not show a level of `protrusions`.
    """
    volume = load_labels(labels_path, load_volume(ct_path, series))
    digest = hashlib.sha256()
    for part in (volume.hu, volume.labels, volume.patient_from_index.matrix, volume.patient_from_index.origin_mm):
        absorb(digest, part)
    digest.update(repr(sorted((protrusions or {}).items())).encode())
    return patient_from_scan("scan", lumbar_part(volume), protrusions or {}, digest.hexdigest())


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(str(path), "no such file or folder", "a CT volume or label map")
    return path


def write_volume(patient: Patient, path: Path | str) -> tuple[Path, ...]:
    """Write a patient's CT, and its label map beside it as `<name>_labels`, in the format that the ending names.

    Parameters
    ----------
    patient
        Whose volume; its grid must have right angles.
    path
        Ends in .nii.gz, .nii, .nrrd or .mha.

    Returns
    -------
    tuple of Path
        The files written: the CT, and the label map where there is one.

    Raises
    ------
    InputError
        If the ending is unknown or the folder cannot be written; neither file is left then.
    """
    target = Path(path)
    ending = next((end for end in WRITTEN_SUFFIXES if target.name.lower().endswith(end)), None)
    if ending is None:
        raise InputError(str(target), "a file name without a known ending", ", ".join(WRITTEN_SUFFIXES))
    volume = patient.volume
    if volume.labels is None:
        with replacing(target) as beside:
            write_grid(volume.hu, volume.patient_from_index, beside)
        return (target,)
    labels = target.with_name(f"{target.name[: -len(ending)]}_labels{ending}")
    with replacing(target) as beside:
        write_grid(volume.hu, volume.patient_from_index, beside)
        with replacing(labels) as labels_beside:
            write_grid(volume.labels, volume.patient_from_index, labels_beside)
    return target, labels


def write_grid(values: NDArray[Any], affine: Affine, path: Path) -> None:
    """Write values [k, j, i] on a grid with right angles, compressed.

    Raises
    ------
    OSError
        If it cannot be written, also where ITK says nothing, as of a NIfTI on a disk that became full.
    """
    write_image(values, affine, path)
    if nifti.is_nifti(path):
        try:
            nifti.check_nifti(path)
        except InputError as wrong:
            raise OSError("no room") from wrong
