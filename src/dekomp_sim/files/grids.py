"""Volumes in one file with a plain grid: NIfTI, NRRD and MetaImage.

ITK fills a cut NIfTI with zeros, turns its NaN into 0, takes a voxel size of 0 for 1 and a missing orientation for the
identity, all without an error; such files are found here from their headers and bytes, and refused.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.errors import InputError
from dekomp_sim.files.census import refuse_bytes
from dekomp_sim.files.itk import affine_of, array_of, read_image, refuse_no_numbers
from dekomp_sim.geometry.affine import Affine

NIFTI: Final = (".nii", ".nii.gz")
SUFFIXES: Final = (*NIFTI, ".nrrd", ".nhdr", ".mha", ".mhd")
"""File name endings of plain grids."""


def is_grid(path: Path) -> bool:
    """Whether a file's name says that it holds a plain grid."""
    return path.name.lower().endswith(SUFFIXES)


def read_grid(path: Path) -> tuple[NDArray[Any], Affine]:
    """Values [k, j, i] and affine (patient LPS mm) of a NIfTI, NRRD or MetaImage file.

    Raises
    ------
    InputError
        If the file is empty, damaged, cut short, not three-dimensional, of several components, sheared, or has no
        voxel size or orientation.
    """
    if path.stat().st_size == 0:
        raise InputError(str(path), "a file of 0 bytes", "a volume", "Export it again from its source")
    refuse_bytes(path, path.stat().st_size)
    if path.name.lower().endswith(NIFTI):
        check_nifti(path)
    image = read_image(path, "a NIfTI, NRRD or MetaImage volume")
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        found = f"{image.GetDimension()} axes and {image.GetNumberOfComponentsPerPixel()} values in each voxel"
        raise InputError(str(path), found, "3 axes and 1 value", "Export one volume")
    spacing = image.GetSpacing()
    if not all(np.isfinite(spacing)) or min(spacing) <= 0.0:
        raise InputError(str(path), f"voxels of {_sizes(spacing)} mm", "sizes above 0 mm")
    return array_of(image), affine_of(image)


@dataclass(frozen=True, slots=True)
class _NiftiHeader:
    """What is checked of a NIfTI header (nifti1.h, nifti2.h)."""

    shape: tuple[int, ...]
    floats: str | None
    bits: int
    voxel_mm: tuple[float, ...]
    data_offset: int
    oriented: bool

    @property
    def length(self) -> int:
        """Bytes of the whole file, uncompressed."""
        return self.data_offset + int(np.prod(self.shape, dtype=np.int64)) * self.bits // 8


def check_nifti(path: Path) -> None:
    """Refuse a NIfTI file that ITK would take for whole and sound, though it is not.

    Raises
    ------
    InputError
        If it has no header, voxel size or orientation, is cut short, or holds NaN.
    """
    packed = path.name.lower().endswith(".gz")
    header = _nifti_header(path, packed)
    if any(not size > 0.0 for size in header.voxel_mm):
        raise InputError(str(path), f"voxels of {_sizes(header.voxel_mm)} mm", "sizes above 0 mm")
    if not header.oriented:
        found = "no orientation (qform and sform codes are 0)"
        raise InputError(str(path), found, "a NIfTI that says where left and head are", "Convert it again from DICOM")
    refuse_bytes(path, header.length)
    held = _unpacked_length(path, header.length) if packed else path.stat().st_size
    if held < header.length:
        found = f"a file cut short, with {held} of {header.length} bytes"
        raise InputError(str(path), found, "a whole NIfTI file", "Copy it again from its source")
    if header.floats is not None:
        with gzip.open(path) if packed else path.open("rb") as file:
            stored = np.frombuffer(file.read(header.length), header.floats, offset=header.data_offset)
        refuse_no_numbers(stored, str(path))


def _nifti_header(path: Path, packed: bool) -> _NiftiHeader:
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.read(540)
    except (OSError, EOFError, zlib.error):
        head = b""
    for order in "<>":
        if head[344:348] in {b"n+1\0", b"ni1\0"} and struct.unpack_from(f"{order}i", head)[0] == 348:
            return _nifti_fields(head, order, ("8h", 40), ("2h", 70), ("8f", 76), ("f", 108), ("2h", 252))
        if head[4:7] == b"n+2" and len(head) == 540 and struct.unpack_from(f"{order}i", head)[0] == 540:
            return _nifti_fields(head, order, ("8q", 16), ("2h", 12), ("8d", 104), ("q", 168), ("2i", 344))
    raise InputError(str(path), "no NIfTI header", "a NIfTI file", "Copy it again from its source")


def _nifti_fields(head: bytes, order: str, *fields: tuple[str, int]) -> _NiftiHeader:
    """Fields in the order dim, datatype and bitpix, pixdim, vox_offset, qform and sform code."""
    dim, (datatype, bits), pixdim, offset, codes = (struct.unpack_from(order + form, head, at) for form, at in fields)
    count = min(max(int(dim[0]), 1), 7)
    floats = {16: f"{order}f4", 64: f"{order}f8"}.get(datatype)
    return _NiftiHeader(tuple(dim[1 : count + 1]), floats, bits, tuple(pixdim[1:4]), int(offset[0]), any(codes))


def _unpacked_length(path: Path, wanted: int) -> int:
    """Unpacked length of a gzip file. Its last four bytes tell it modulo 2^32 (RFC 1952); only where they do not agree
    with `wanted`, because the file is cut or has several members, is it unpacked to count.
    """
    with path.open("rb") as file:
        file.seek(-4, 2)
        if struct.unpack("<I", file.read(4))[0] == wanted % 2**32:
            return wanted
    length = 0
    try:
        with gzip.open(path) as unpacked:
            while part := unpacked.read(1 << 20):
                length += len(part)
    except (OSError, EOFError, zlib.error):
        pass
    return length


def _sizes(spacing_mm: tuple[float, ...]) -> str:
    return " x ".join(f"{size:g}" for size in spacing_mm)
