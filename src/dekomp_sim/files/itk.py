"""The door to ITK: reads an image without its warnings, and turns its values into Hounsfield units or label numbers.

SimpleITK takes a third of a second to import; it is imported where a volume is read, so that reading a scenario or a
journal does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.arrays import Int16Array, UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.affine import Affine

Image = Any
"""A SimpleITK image: the library has no types."""

HU_RANGE: Final = (-32768, 32767)
"""Hounsfield units that a volume holds (int16). Values beyond are refused; padding such as -2000 is kept as it is."""


def itk() -> Any:
    """The SimpleITK module."""
    import SimpleITK

    return SimpleITK


@contextmanager
def quiet() -> Iterator[None]:
    """Within, ITK keeps its warnings to itself; afterwards it is as it was."""
    sitk = itk()
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)


def read_image(path: Path, what: str) -> Image:
    """The image in a file, read by ITK.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for the message: "a NIfTI volume".

    Raises
    ------
    InputError
        If ITK cannot read it.
    """
    return _told(path, what, lambda: itk().ReadImage(str(path)))


def _told(path: Path, what: str, read: Callable[[], Any]) -> Any:
    """What `read` gives, and its failure in words."""
    try:
        with quiet():
            return read()
    except RuntimeError as wrong:
        if "orthonormal" in str(wrong):
            found = "a sheared grid, whose axes are not at right angles"
            raise InputError(str(path), found, "a grid with right angles", "Resample it first") from None
        found = "a file that is damaged, cut short or of another format"
        raise InputError(str(path), found, what, "Export it again from its source") from None


def read_information(path: Path, what: str) -> Any:
    """An ITK reader that has read a file's header, not its values: it answers what an image answers of its grid.

    Raises
    ------
    InputError
        If ITK cannot read it.
    """
    reader = itk().ImageFileReader()
    reader.SetFileName(str(path))
    _told(path, what, reader.ReadImageInformation)
    return reader


def array_view(image: Image) -> NDArray[Any]:
    """Values [k, j, i] of a three-dimensional image of one component, not copied: read them while the image lives."""
    return np.asarray(itk().GetArrayViewFromImage(image))


def affine_of(image: Image) -> Affine:
    """Affine of a three-dimensional image, or of a reader that has read its header."""
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return Affine(direction * np.array(image.GetSpacing()), np.array(image.GetOrigin()))


def write_image(values: NDArray[Any], affine: Affine, path: Path) -> None:
    """Write values [k, j, i] on a grid with right angles, compressed, in the format that the ending names.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    image = itk().GetImageFromArray(values)
    image.SetSpacing(affine.spacing_mm.tolist())
    image.SetOrigin(affine.origin_mm.tolist())
    image.SetDirection((affine.matrix / affine.spacing_mm).ravel().tolist())
    try:
        with quiet():
            itk().WriteImage(image, str(path), True)
    except RuntimeError as wrong:
        raise OSError("no room, or no right to write") from wrong


def hounsfield(planes: Iterable[NDArray[Any]], shape: tuple[int, ...], where: str) -> Int16Array:
    """Planes rounded to int16 Hounsfield units, stacked to `shape`.

    Raises
    ------
    InputError
        If a value is no number or does not fit in 16 bits.
    """
    hu = np.empty(shape, dtype=np.int16)
    least, most = np.inf, -np.inf
    for number, plane in enumerate(numbers_only(planes, where)):
        least, most = min(least, float(plane.min())), max(most, float(plane.max()))
        if HU_RANGE[0] <= least and most <= HU_RANGE[1]:
            hu[number] = np.rint(plane) if plane.dtype.kind == "f" else plane
    if least < HU_RANGE[0] or most > HU_RANGE[1]:
        found = f"values from {least:g} to {most:g}"
        raise InputError(where, found, f"Hounsfield units from {HU_RANGE[0]} to {HU_RANGE[1]}")
    return hu


def numbers_only(planes: Iterable[NDArray[Any]], where: str) -> Iterator[NDArray[Any]]:
    """Planes of any shape as they are; those with NaN or infinite values are held back and counted.

    Raises
    ------
    InputError
        If there were such values, after the last plane.
    """
    count = 0
    for plane in planes:
        wrong = 0 if plane.dtype.kind != "f" else int(np.count_nonzero(~np.isfinite(plane)))
        count += wrong
        if wrong == 0:
            yield plane
    if count:
        raise InputError(where, f"{count} voxels that are no number (NaN or infinite)", "a Hounsfield unit in each")


def refuse_unlike_hu(hu: Int16Array, where: str) -> None:
    """Refuse a volume without any value below 0, for a CT of a body has air and fat in it.

    Raises
    ------
    InputError
        If there is none: a label map, or a CT stored without its rescale intercept.
    """
    if hu.min() >= 0:
        found = f"values from {hu.min()} to {hu.max()}"
        raise InputError(where, found, "CT in Hounsfield units, with air near -1000", "Is it a label map, or unscaled?")


def label_numbers(planes: Iterable[NDArray[Any]], shape: tuple[int, ...], where: str) -> UInt8Array:
    """Planes as uint8 label numbers, stacked to `shape`.

    Raises
    ------
    InputError
        If a value is no whole number from 0 to 255.
    """
    labels = np.empty(shape, dtype=np.uint8)
    for number, plane in enumerate(planes):
        if plane.dtype.kind == "f" and not np.array_equal(plane, np.rint(plane)):
            raise InputError(where, "values that are no whole numbers", "label numbers from 0 to 255")
        if plane.min() < 0 or plane.max() > 255:
            raise InputError(where, f"values from {plane.min():g} to {plane.max():g}", "label numbers from 0 to 255")
        labels[number] = plane
    return labels
