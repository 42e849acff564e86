"""Volumes in one file with a plain grid: NIfTI, NRRD and MetaImage, read plane by plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.errors import InputError
from dekomp_sim.files import nifti
from dekomp_sim.files.census import refuse_bytes
from dekomp_sim.files.itk import affine_of, array_view, read_image, read_information
from dekomp_sim.geometry.affine import Affine

SUFFIXES: Final = (*nifti.ENDINGS, ".nrrd", ".nhdr", ".mha", ".mhd")
"""File name endings of plain grids."""

_KIND: Final = "a NIfTI, NRRD or MetaImage volume"


@dataclass(frozen=True, slots=True)
class Grid:
    """A volume in a file: its size and place are known, its values not yet read.

    Parameters
    ----------
    path
        The file.
    shape
        (nk, nj, ni).
    patient_from_index
        Takes (i, j, k) to patient LPS mm.
    nifti_header
        Of a NIfTI, else None.
    """

    path: Path
    shape: tuple[int, int, int]
    patient_from_index: Affine
    nifti_header: nifti.NiftiHeader | None = None

    def planes(self) -> Iterator[NDArray[Any]]:
        """Its planes [j, i] in the order of k. A plane is to be used before the next is asked for.

        Raises
        ------
        InputError
            If the file cannot be read to its end.
        """
        if self.nifti_header is not None:
            yield from nifti.planes(self.path, self.nifti_header)
            return
        image = read_image(self.path, _KIND)
        yield from array_view(image)


def is_grid(path: Path) -> bool:
    """Whether a file's name says that it holds a plain grid."""
    return path.name.lower().endswith(SUFFIXES)


def open_grid(path: Path) -> Grid:
    """The grid of a NIfTI, NRRD or MetaImage file, whose values are read when its planes are asked for.

    Raises
    ------
    InputError
        If the file is empty, damaged, cut short, too large, not three-dimensional, of several components, sheared, or
        has no voxel size or orientation.
    """
    if path.stat().st_size == 0:
        raise InputError(str(path), "a file of 0 bytes", "a volume", "Export it again from its source")
    refuse_bytes(path, path.stat().st_size)
    header = nifti.check_nifti(path) if nifti.is_nifti(path) else None
    told = read_information(path, _KIND)
    if told.GetDimension() != 3 or told.GetNumberOfComponents() != 1:
        found = f"{told.GetDimension()} axes and {told.GetNumberOfComponents()} values in each voxel"
        raise InputError(str(path), found, "3 axes and 1 value", "Export one volume")
    spacing = told.GetSpacing()
    if not all(np.isfinite(spacing)) or min(spacing) <= 0.0:
        sizes = " x ".join(f"{size:g}" for size in spacing)
        raise InputError(str(path), f"voxels of {sizes} mm", "sizes above 0 mm")
    ni, nj, nk = told.GetSize()
    refuse_bytes(path, ni * nj * nk)  # packed formats tell their size in their header
    return Grid(path, (nk, nj, ni), affine_of(told), header)
