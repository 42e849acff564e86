"""A slice on the scanner's screen: window, how the patient lies, letters, banner and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.arrays import Float32Array, UInt8Array, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.imaging.console.display import lettered
from dekomp_sim.imaging.console.processing import WHITE
from dekomp_sim.imaging.ct.scanner import CtSlice


@dataclass(frozen=True, slots=True)
class HuWindow:
    """Which Hounsfield units are shown from black to white.

    Parameters
    ----------
    level_hu, width_hu
        The middle and the whole range.

    Raises
    ------
    OutOfRangeError
        If the width is not 1 to 8000 HU or the level not -2000 to 4000 HU.
    """

    level_hu: float
    width_hu: float

    def __post_init__(self) -> None:
        if not 1.0 <= self.width_hu <= 8000.0:
            raise OutOfRangeError("window width", f"{self.width_hu:g} HU", "1 to 8000 HU")
        if not -2000.0 <= self.level_hu <= 4000.0:
            raise OutOfRangeError("window level", f"{self.level_hu:g} HU", "-2000 to 4000 HU")

    def shares(self, hu: Float32Array) -> Float32Array:
        """(...) from 0 to 1: (HU - level) / width + 1/2 (DICOM PS3.3 C.11.2.1.3.2)."""
        share = (hu - np.float32(self.level_hu)) / np.float32(self.width_hu) + np.float32(0.5)
        return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float32)

    def grey(self, hu: Float32Array) -> UInt8Array:
        """Grey (...) of Hounsfield units.

        Examples
        --------
        >>> HuWindow(40.0, 400.0).grey(np.array([-160.0, 40.0, 240.0], dtype=np.float32)).tolist()
        [0, 128, 255]
        """
        return np.asarray(self.shares(hu) * np.float32(255.0) + np.float32(0.5), dtype=np.uint8)


NEEDLE_WINDOW: Final = HuWindow(150.0, 900.0)
"""Between soft tissue and bone: needle, its streaks, facet and muscle are all seen. Assumption: a usual choice for
punctures."""

CONTRAST_WINDOW: Final = HuWindow(950.0, 2500.0)
"""Wide enough to tell bone from contrast; a soft tissue window would show both white. Assumption."""


SCREEN_PX: Final = 384
"""Fewer pixels than these are shown larger, so that words beside them can be read."""


def shown_px(matrix: int) -> int:
    """Pixels along an edge of the screen for a slice of so many."""
    return matrix if matrix >= SCREEN_PX else 2 * matrix


def enlarged(taken: CtSlice) -> CtSlice:
    """A slice of few pixels with each shown as four; any other as it is."""
    if shown_px(len(taken.hu)) == len(taken.hu):
        return taken
    twice = np.repeat(np.repeat(taken.hu, 2, axis=0), 2, axis=1)
    return replace(taken, hu=sealed(twice), pixel_mm=taken.pixel_mm / 2.0)


def on_screen(taken: CtSlice, window: HuWindow, lines: Sequence[str], *, prone: bool = True) -> NDArray[np.uint16]:
    """A slice as the scanner shows it, (rows, cols) uint16.

    Parameters
    ----------
    taken
        The slice.
    window
        What is black and white.
    lines
        Words at the upper left.
    prone
        As the patient lies, the back on top and his left at the left; else the front on top.
    """
    grey = np.rint(window.shares(taken.hu) * np.float32(WHITE)).astype(np.uint16)
    right, down = (taken.patient_from_scan.directions(axis) for axis in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]))
    if prone:
        return sealed(lettered(np.ascontiguousarray(grey[::-1, ::-1]), (-right, down), lines))
    return sealed(lettered(grey, (right, -down), lines))
