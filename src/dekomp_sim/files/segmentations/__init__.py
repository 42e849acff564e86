"""Segmentations of a CT in the forms in which they come, as label numbers on the CT's grid."""

from __future__ import annotations

from pathlib import Path

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files import grids
from dekomp_sim.files.census import files_of
from dekomp_sim.files.segmentations.dicom_objects import read_dicom_segmentation
from dekomp_sim.files.segmentations.masks import read_label_map, read_masks


def read_labels(path: Path, onto: Volume) -> UInt8Array:
    """Label numbers [k, j, i] on the grid of `onto`, TotalSegmentator's.

    Parameters
    ----------
    path
        A label map, a folder of masks by name, a DICOM segmentation or RT structure set, or a folder with one.
    onto
        The CT that was segmented.

    Raises
    ------
    InputError
        If it is none of these, lies on another grid, or none of its names is a vertebra's.
    """
    if path.is_dir():
        return _of_folder(path, onto)
    if grids.is_grid(path):
        return read_label_map(path, onto)
    return read_dicom_segmentation(path, onto)


def _of_folder(folder: Path, onto: Volume) -> UInt8Array:
    files = files_of(folder)
    masks = [path for path in files if grids.is_grid(path)]
    if masks:
        return read_masks(folder, masks, onto)
    if len(files) == 1:
        return read_dicom_segmentation(files[0], onto)
    allowed = "masks by name (vertebrae_L4.nii.gz ...), or one DICOM segmentation or RT structure set"
    raise InputError(str(folder), f"{len(files)} files, none of them a mask", allowed, "Give the segmentation's file")
