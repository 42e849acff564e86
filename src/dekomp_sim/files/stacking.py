"""Puts slices in order, refuses gaps, and straightens a stack taken with a tilted gantry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray, Int16Array
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.affine import Affine

GAP_TOLERANCE: Final = 0.02
"""Assumption: part of the slice distance by which it may vary; headers round positions to 0.01 to 0.1 mm."""

LEAST_GAP_MM: Final = 0.05
"""Assumption: deviation that is never called a gap, for positions written with one decimal."""

TILT_TOLERANCE_PX: Final = 0.1
"""Assumption: drift over the whole stack, in pixels, below which slices are taken to lie straight above each other."""

AIR_HU: Final = -1024
"""Value of the corners that a straightened stack leaves empty: the least one of 12-bit CT, as scanners pad with."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice: where it lies and how to read it.

    Parameters
    ----------
    name
        File name or frame, for messages.
    position_mm
        (3,) centre of the first pixel in the patient frame.
    along, down
        (3,) unit vectors along a row (growing i) and down a column (growing j).
    pixel_mm
        Distance of pixels along i and j.
    read
        Gives its (nj, ni) Hounsfield units.
    """

    name: str
    position_mm: FloatArray
    along: FloatArray
    down: FloatArray
    pixel_mm: tuple[float, float]
    read: Callable[[], Int16Array]


def stacked(where: str, slices: Sequence[Slice]) -> tuple[Int16Array, Affine]:
    """Hounsfield units [k, j, i] and affine of slices in any order.

    Slices whose positions drift within their plane, as with a tilted gantry, are shifted back by linear interpolation
    so that the grid has right angles; what a shift leaves empty becomes `AIR_HU`.

    Raises
    ------
    InputError
        If there are fewer than two, two lie at one place, or they are not evenly spaced.
    """
    if len(slices) < 2:
        raise InputError(where, f"{len(slices)} slice", "at least two slices of one series")
    first = slices[0]
    normal = np.cross(first.along, first.down)
    ordered = sorted(slices, key=lambda part: float(part.position_mm @ normal))
    positions = np.array([part.position_mm for part in ordered])
    _refuse_gaps(where, ordered, positions, positions @ normal)
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    drift_px = np.array([step @ first.along / first.pixel_mm[0], step @ first.down / first.pixel_mm[1]])
    in_plane = np.column_stack([first.along * first.pixel_mm[0], first.down * first.pixel_mm[1]])
    matrix = np.column_stack([in_plane, (step @ normal) * normal])
    if np.abs(drift_px).max() * len(ordered) < TILT_TOLERANCE_PX:
        return _upright(where, ordered), Affine(matrix, positions[0])
    hu, corner_px = _straightened(where, ordered, drift_px)
    return hu, Affine(matrix, positions[0] + in_plane @ corner_px)


def tilt_deg(slices: Sequence[Slice]) -> float:
    """Angle between the slices' normal and the way from one to the next, as a tilted gantry leaves it; 0 for one."""
    normal = np.cross(slices[0].along, slices[0].down)
    places = np.array([part.position_mm for part in slices])
    heights = places @ normal
    way = places[np.argmax(heights)] - places[np.argmin(heights)]
    length = float(np.linalg.norm(way))
    return float(np.degrees(np.arccos(min(float(way @ normal) / length, 1.0)))) if length > 0.0 else 0.0


def _refuse_gaps(where: str, ordered: Sequence[Slice], positions: FloatArray, heights: FloatArray) -> None:
    steps = np.diff(positions, axis=0)
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    for (lower, upper), gap in zip(pairwise(ordered), gaps, strict=True):
        if gap < 1e-3:
            found = f"{lower.name} and {upper.name} at one place"
            raise InputError(where, found, "one slice at each place", "Remove the second acquisition")
    allowed = max(GAP_TOLERANCE * usual, LEAST_GAP_MM)
    off = np.abs(steps - np.median(steps, axis=0)).max(axis=1)
    worst = int(np.argmax(off))
    if off[worst] > allowed:
        names = f"{ordered[worst].name} and {ordered[worst + 1].name}"
        found = f"{np.linalg.norm(steps[worst]):.2f} mm between {names}"
        allowed_text = f"{usual:.2f} mm as between the others"
        raise InputError(where, found, allowed_text, "Add the slices that are missing, or resample")


def _upright(where: str, ordered: Sequence[Slice]) -> Int16Array:
    """Slices that lie straight above each other, read one after the other into one array."""
    first = ordered[0].read()
    hu = np.empty((len(ordered), *first.shape), dtype=np.int16)
    for number, part in enumerate(ordered):
        hu[number] = _alike(where, part.read() if number else first, first.shape)
    return hu


def _alike(where: str, picture: Int16Array, shape: tuple[int, ...]) -> Int16Array:
    if picture.shape != shape:
        raise InputError(where, "slices of different sizes", "slices of one size")
    return picture


def _straightened(where: str, ordered: Sequence[Slice], drift_px: FloatArray) -> tuple[Int16Array, FloatArray]:
    """Slices moved by their number times the drift (2,) in pixels (i, j), and where the new first pixel lies (2,)."""
    ends = drift_px * (len(ordered) - 1)
    corner = np.floor(np.minimum(ends, 0.0))
    grown = np.ceil(np.abs(ends)).astype(int)
    first = ordered[0].read()
    rows, cols = first.shape
    hu = np.full((len(ordered), rows + grown[1] + 1, cols + grown[0] + 1), AIR_HU, dtype=np.int16)
    for number, part in enumerate(ordered):
        picture = _alike(where, part.read() if number else first, first.shape)
        right, down = number * drift_px - corner
        moved = _moved_down(_moved_down(picture.astype(np.float32), down, grown[1]).T, right, grown[0]).T
        hu[number] = np.rint(moved)
    return hu, corner


def _moved_down(
    picture: np.ndarray[tuple[int, int], np.dtype[np.float32]], rows: float, grown: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A picture moved by `rows` (not negative) onto one that has `grown` + 1 more rows, interpolated linearly."""
    whole = int(rows)
    part = np.float32(rows - whole)
    padded = np.pad(picture, ((1, 1), (0, 0)), constant_values=AIR_HU)
    between = (1 - part) * padded[1:] + part * padded[:-1]
    moved = np.full((len(picture) + grown + 1, picture.shape[1]), AIR_HU, dtype=np.float32)
    rows_left = min(len(between), len(moved) - whole)
    moved[whole : whole + rows_left] = between[:rows_left]
    return moved
