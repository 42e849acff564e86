"""PNG bytes of an 8-bit colour picture that says in its text chunk, too, what it is (PNG, third edition, W3C)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from dekomp_sim.arrays import UInt8Array


def png_bytes(picture: UInt8Array, words: str) -> bytes:
    """A PNG of `picture` (rows, cols, 3) with `words` as its Description.

    Raises
    ------
    ValueError
        If the picture has another shape or type.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"expected uint8 (rows, cols, 3), got {picture.dtype} {picture.shape}")
    rows, cols = picture.shape[:2]
    unfiltered = np.zeros((rows, 1 + 3 * cols), dtype=np.uint8)
    unfiltered[:, 1:] = picture.reshape(rows, -1)
    header = struct.pack(">IIBBBBB", cols, rows, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", b"Description\0" + words.encode("latin-1", "replace")),
        (b"IDAT", zlib.compress(unfiltered.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
