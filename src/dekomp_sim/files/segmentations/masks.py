"""Label maps, and folders of one mask for each structure, as TotalSegmentator writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dekomp_sim.anatomy.labels import VERTEBRAE
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files import grids
from dekomp_sim.files.itk import label_numbers
from dekomp_sim.files.segmentations.names import matched
from dekomp_sim.geometry.affine import Affine


def read_label_map(path: Path, onto: Volume) -> UInt8Array:
    """Label numbers [k, j, i] of one file on the grid of `onto`.

    Raises
    ------
    InputError
        If the file is no label map or lies on another grid.
    """
    grid = _on_grid(path, onto)
    return label_numbers(grid.planes(), grid.shape, str(path))


def read_masks(folder: Path, masks: Sequence[Path], onto: Volume) -> UInt8Array:
    """Label numbers [k, j, i] of masks whose file names say what they hold; files of other names are left alone.

    Raises
    ------
    InputError
        If no name is a lumbar vertebra's, or a mask lies on another grid.
    """
    files = {_stem(path): path for path in masks}
    labels = np.zeros(onto.hu.shape, dtype=np.uint8)
    for name, number in painting_order(matched(str(folder), files)):
        for k, plane in enumerate(_on_grid(files[name], onto).planes()):
            labels[k][plane > 0] = number
    return labels


def painting_order(numbers: dict[str, int]) -> list[tuple[str, int]]:
    """Names with their numbers, vertebrae last: where the sacrum overlaps S1, S1 is kept."""
    return sorted(numbers.items(), key=lambda one: (one[1] in VERTEBRAE, one[1]))


def _stem(path: Path) -> str:
    ending = next(end for end in sorted(grids.SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(end))
    return path.name[: -len(ending)]


def _on_grid(path: Path, onto: Volume) -> grids.Grid:
    """A file's grid, which must be the CT's own."""
    grid = grids.open_grid(path)
    off_mm = _corners_apart_mm(grid.patient_from_index, onto)
    if grid.shape != onto.hu.shape or off_mm > 0.1 * onto.patient_from_index.spacing_mm.min():
        sizes = [" x ".join(map(str, shape[::-1])) for shape in (grid.shape, onto.hu.shape)]
        apart = f" with corners up to {off_mm:.1f} mm off" if grid.shape == onto.hu.shape else ""
        found = f"a label map of {sizes[0]} voxels{apart}"
        raise InputError(str(path), found, f"the CT's own grid of {sizes[1]}", "Resample the labels onto the CT")
    return grid


def _corners_apart_mm(affine: Affine, onto: Volume) -> float:
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.array(onto.size) - 1)
    return float(np.abs(affine.points(corners) - onto.patient_from_index.points(corners)).max())
