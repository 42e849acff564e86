"""Array types of the project and the way an owner makes an array read-only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
Int16Array = NDArray[np.int16]
UInt8Array = NDArray[np.uint8]
UInt16Array = NDArray[np.uint16]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]

_Any = TypeVar("_Any", bound=np.generic)


def frozen(values: ArrayLike, shape: tuple[int, ...] | None = None) -> FloatArray:
    """A read-only float64 copy of `values`, of the given shape.

    Raises
    ------
    ValueError
        If the values do not have that shape.
    """
    array = np.array(values, dtype=np.float64)
    if shape is not None and array.shape != shape:
        raise ValueError(f"expected an array of shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array


def sealed(array: NDArray[_Any]) -> NDArray[_Any]:
    """The same array with writing switched off: for an owner that has just made it."""
    array.setflags(write=False)
    return array


def unit(vector: ArrayLike) -> FloatArray:
    """`vector` (3,) scaled to length 1, read-only.

    Raises
    ------
    ValueError
        If the vector has no direction.

    Examples
    --------
    >>> unit([0, 0, 5]).tolist()
    [0.0, 0.0, 1.0]
    """
    array = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(array))
    if not length > 0.0:
        raise ValueError(f"a direction needs a length above 0, got {array.tolist()}")
    return frozen(array / length, (3,))


@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    """A read-only array as the key of what is kept: the array itself, whatever it holds."""

    array: NDArray[Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self.array is other.array

    def __hash__(self) -> int:
        return id(self.array)


class Digest(Protocol):
    """What hashlib's digests answer to."""

    def update(self, data: Any, /) -> None:
        """Go on with these bytes."""


def absorb(digest: Digest, value: Any) -> None:
    """Let a digest go on with an array: its shape, type and content, which is not copied for it."""
    array = np.ascontiguousarray(value)
    digest.update(f"{array.shape}{array.dtype.str}".encode())
    digest.update(array.reshape(-1).view(np.uint8))
