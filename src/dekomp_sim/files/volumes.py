"""Loads CT volumes and label maps, makes patients of them, and writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.landmarks import patient_from_scan
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import digestible
from dekomp_sim.errors import InputError
from dekomp_sim.files import dicom, grids
from dekomp_sim.files.itk import hounsfield, label_numbers, refuse_unlike_hu, write_image
from dekomp_sim.files.writing import replacing
from dekomp_sim.geometry.affine import Affine

WRITTEN_SUFFIXES: Final = (".nii.gz", ".nii", ".nrrd", ".mha")
"""Endings of the formats that a volume is written in."""


def load_volume(path: Path | str, series: str | None = None) -> Volume:
    """The CT volume in a DICOM folder, a multi-frame DICOM file, or a NIfTI, NRRD or MetaImage file.

    Parameters
    ----------
    path
        File or folder.
    series
        For a folder with several series: the number or UID of one.

    Raises
    ------
    InputError
        If it is no CT in Hounsfield units on an even grid; the message says what it is instead.
    """
    source = _existing(Path(path))
    if source.is_dir():
        return dicom.read_folder(source, series)
    if not grids.is_grid(source):
        if source.stat().st_size == 0:
            raise InputError(str(source), "a file of 0 bytes", "a CT volume", "Export it again from its source")
        if not dicom.is_dicom(source):
            allowed = f"a DICOM folder, a multi-frame DICOM file, or {', '.join(grids.SUFFIXES)}"
            raise InputError(str(source), "a file of another kind", allowed)
        return dicom.read_file(source)
    values, affine = grids.read_grid(source)
    hu = hounsfield(values, str(source))
    refuse_unlike_hu(hu, str(source))
    return Volume(hu, affine)


def load_labels(path: Path | str, onto: Volume) -> Volume:
    """`onto` with the label map of a NIfTI, NRRD or MetaImage file, numbered as TotalSegmentator does.

    Raises
    ------
    InputError
        If the file is no label map or lies on another grid.
    """
    source = _existing(Path(path))
    if not source.is_file() or not grids.is_grid(source):
        raise InputError(str(source), "no label map", f"a file ending in {', '.join(grids.SUFFIXES)}")
    values, affine = grids.read_grid(source)
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.array(onto.size) - 1)
    off_mm = np.abs(affine.points(corners) - onto.patient_from_index.points(corners)).max()
    if values.shape != onto.hu.shape or off_mm > 0.1 * onto.patient_from_index.spacing_mm.min():
        sizes = [" x ".join(map(str, shape[::-1])) for shape in (values.shape, onto.hu.shape)]
        apart = f" with corners up to {off_mm:.1f} mm off" if values.shape == onto.hu.shape else ""
        found = f"a label map of {sizes[0]} voxels{apart}"
        raise InputError(str(source), found, f"the CT's own grid of {sizes[1]}", "Resample the labels onto the CT")
    return replace(onto, labels=label_numbers(values, str(source)))


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
        digest.update(digestible(part))
    digest.update(repr(sorted((protrusions or {}).items())).encode())
    return patient_from_scan("scan", volume, protrusions or {}, digest.hexdigest())


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
            _write(volume.hu, volume.patient_from_index, beside)
        return (target,)
    labels = target.with_name(f"{target.name[: -len(ending)]}_labels{ending}")
    with replacing(target) as beside:
        _write(volume.hu, volume.patient_from_index, beside)
        with replacing(labels) as labels_beside:
            _write(volume.labels, volume.patient_from_index, labels_beside)
    return target, labels


def _write(values: NDArray[Any], affine: Affine, path: Path) -> None:
    """Write a grid; OSError also where ITK says nothing, as of a NIfTI on a disk that became full."""
    write_image(values, affine, path)
    if path.name.lower().endswith(grids.NIFTI):
        try:
            grids.check_nifti(path)
        except InputError as wrong:
            raise OSError("no room") from wrong
