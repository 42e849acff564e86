"""Writes pictures as PNG with a word in the file that they are simulated, and reads its own again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files.writing import write_bytes

SIMULATED: Final = {"Comment": "SIMULATED - NOT FOR CLINICAL USE", "Software": "dekomp_sim"}
"""Text that every picture carries."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {2: 0, 3: 2}


def write_png16(path: Path | str, image: NDArray[np.uint16], text: Mapping[str, str] | None = None) -> None:
    """Write a grey picture of 16 bits.

    Parameters
    ----------
    path
        The file to write, in one step.
    image
        (rows, cols) uint16.
    text
        Further keywords and values for the file (ASCII keywords of at most 79 letters).

    Raises
    ------
    InputError
        If the folder cannot be written.
    ValueError
        If the array has another shape or type.
    """
    if image.ndim != 2 or image.dtype != np.uint16:
        raise ValueError(f"a 16-bit picture is (rows, cols) uint16, got {image.shape} {image.dtype}")
    write_bytes(path, png_bytes(image, text))


def write_png8(path: Path | str, image: UInt8Array, text: Mapping[str, str] | None = None) -> None:
    """Write a grey (rows, cols) or colour (rows, cols, 3) picture of 8 bits; arguments and errors as `write_png16`."""
    if image.ndim not in _COLOUR_TYPES or image.shape[2:] not in {(), (3,)} or image.dtype != np.uint8:
        raise ValueError(f"an 8-bit picture is (rows, cols) or (rows, cols, 3) uint8, got {image.shape} {image.dtype}")
    write_bytes(path, png_bytes(image, text))


def read_png8(path: Path | str) -> UInt8Array:
    """The pixels (rows, cols) of a grey picture of 8 bits.

    Raises
    ------
    InputError
        If the file is absent, damaged or another kind of picture.
    """
    allowed = "a grey PNG of 8 bits"
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.mode != "L":
                raise InputError(str(path), f"a picture of kind {picture.mode}", allowed)
            return np.asarray(picture, dtype=np.uint8)
    except FileNotFoundError:
        raise InputError(str(path), "no such file", allowed) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):  # PIL's words for damage of different depth
        raise InputError(str(path), "a damaged picture", allowed) from None


def png_bytes(image: NDArray[Any], text: Mapping[str, str] | None = None) -> bytes:
    """A picture that was checked, as PNG (ISO/IEC 15948): signature, header, texts, one compressed block, end.

    Rows are stored with the filter "up", which halves the size of a smooth radiograph of 16 bits.
    """
    rows, cols = image.shape[:2]
    bits = 8 * image.dtype.itemsize
    stored = np.ascontiguousarray(image.astype(image.dtype.newbyteorder(">"))).view(np.uint8).reshape(rows, -1)
    above = np.vstack([np.zeros_like(stored[:1]), stored[:-1]])
    filtered = np.column_stack([np.full(rows, 2, np.uint8), stored - above])
    header = struct.pack(">IIBBBBB", cols, rows, bits, _COLOUR_TYPES[image.ndim], 0, 0, 0)
    chunks = [_chunk(b"IHDR", header)]
    for keyword, value in {**SIMULATED, **(text or {})}.items():
        # iTXt, for it holds UTF-8: keyword, no compression, no language, no translated keyword, text.
        chunks.append(_chunk(b"iTXt", keyword.encode("ascii") + b"\0\0\0\0\0" + value.encode()))
    chunks += [_chunk(b"IDAT", zlib.compress(filtered.tobytes(), 4)), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
