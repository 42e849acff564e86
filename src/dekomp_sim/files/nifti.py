"""NIfTI files: what their headers say, whether they are whole, and their values plane by plane.

ITK fills a cut NIfTI with zeros, turns its NaN into 0, takes a voxel size of 0 for 1 and a missing orientation for the
identity, all without an error, and holds a volume twice while it reads; so values are read here, one plane at a time.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.errors import InputError
from dekomp_sim.files.census import refuse_bytes

ENDINGS: Final = (".nii", ".nii.gz")

_DTYPES: Final = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
"""NIfTI's codes of one real number in each voxel (nifti1.h), as NumPy writes them without their byte order."""

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """What is read of a NIfTI header (nifti1.h, nifti2.h).

    Parameters
    ----------
    shape
        Voxels along i, j, k, and further axes where there are any.
    dtype
        NumPy's name of a voxel's type; None for colours and complex numbers.
    bits
        Of one voxel.
    voxel_mm
        Along i, j, k.
    data_offset
        Bytes before the first voxel.
    slope, intercept
        What values are multiplied by, and what is added; 1 and 0 for none.
    oriented
        Whether it says where left and head are.
    """

    shape: tuple[int, ...]
    dtype: str | None
    bits: int
    voxel_mm: tuple[float, ...]
    data_offset: int
    slope: float
    intercept: float
    oriented: bool

    @property
    def length(self) -> int:
        """Bytes of the whole file, uncompressed."""
        return self.data_offset + int(np.prod(self.shape, dtype=np.int64)) * self.bits // 8


def is_nifti(path: Path) -> bool:
    """Whether a file's name says that it is a NIfTI."""
    return path.name.lower().endswith(ENDINGS)


def check_nifti(path: Path) -> NiftiHeader:
    """The header of a NIfTI file; one is refused that ITK would take for whole and sound, though it is not.

    Raises
    ------
    InputError
        If it has no header, voxel size or orientation, holds colours or complex numbers, or is cut short.
    """
    header = _header(path)
    if any(not size > 0.0 for size in header.voxel_mm):
        sizes = " x ".join(f"{size:g}" for size in header.voxel_mm)
        raise InputError(str(path), f"voxels of {sizes} mm", "sizes above 0 mm")
    if not header.oriented:
        found = "no orientation (qform and sform codes are 0)"
        raise InputError(str(path), found, "a NIfTI that says where left and head are", "Convert it again from DICOM")
    if header.dtype is None:
        raise InputError(str(path), "colours or complex numbers", "one real number in each voxel", "Export the volume")
    refuse_bytes(path, header.length)
    held = _unpacked_length(path, header.length) if _packed(path) else path.stat().st_size
    if held < header.length:
        found = f"a file cut short, with {held} of {header.length} bytes"
        raise InputError(str(path), found, "a whole NIfTI file", "Copy it again from its source")
    return header


def planes(path: Path, header: NiftiHeader) -> Iterator[NDArray[Any]]:
    """The planes [j, i] of a three-dimensional file that was checked, from the first k to the last.

    Raises
    ------
    InputError
        If the file cannot be read to its end.
    """
    assert header.dtype is not None
    ni, nj, nk = header.shape[:3]
    size = ni * nj * header.bits // 8
    try:
        with _opened(path) as file:
            file.seek(header.data_offset)
            for _ in range(nk):
                stored = np.frombuffer(file.read(size), header.dtype).reshape(nj, ni)
                scaled = (header.slope, header.intercept) != (1.0, 0.0)
                yield stored * header.slope + header.intercept if scaled else stored
    except (OSError, EOFError, zlib.error, ValueError):
        raise InputError(str(path), "a file that is damaged", "a whole NIfTI file", "Copy it again") from None


def _packed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path) if _packed(path) else path.open("rb")


def _header(path: Path) -> NiftiHeader:
    try:
        with _opened(path) as file:
            head = file.read(540)
    except (OSError, EOFError, zlib.error):
        head = b""
    for order in "<>":
        if head[344:348] == b"n+1\0" and struct.unpack_from(f"{order}i", head)[0] == 348:
            return _fields(head, order, ("8h", 40), ("2h", 70), ("8f", 76), ("3f", 108), ("2h", 252))
        if head[4:7] == b"n+2" and len(head) == 540 and struct.unpack_from(f"{order}i", head)[0] == 540:
            return _fields(head, order, ("8q", 16), ("2h", 12), ("8d", 104), ("q2d", 168), ("2i", 344))
    raise InputError(str(path), "no NIfTI header", "a NIfTI file", "Copy it again from its source")


def _fields(head: bytes, order: str, *fields: tuple[str, int]) -> NiftiHeader:
    """Fields in the order dim, datatype and bitpix, pixdim, vox_offset with slope and intercept, form codes."""
    dim, (datatype, bits), pixdim, values, codes = (struct.unpack_from(order + form, head, at) for form, at in fields)
    offset, slope, intercept = values
    if slope == 0.0 or not np.isfinite([slope, intercept]).all():  # 0 says that nothing is scaled (nifti1.h)
        slope, intercept = 1.0, 0.0
    count = min(max(int(dim[0]), 1), 7)
    dtype = _DTYPES.get(datatype)
    return NiftiHeader(
        tuple(dim[1 : count + 1]),
        None if dtype is None else order + dtype,
        bits,
        tuple(pixdim[1:4]),
        int(offset),
        float(slope),
        float(intercept),
        any(codes),
    )


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
            while part := unpacked.read(_PIECE):
                length += len(part)
    except (OSError, EOFError, zlib.error):
        pass
    return length
