"""The discs along a column: dark planes between two bright ones, as far apart as vertebrae are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.spine.column import LINE_STEP_MM, Column
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.geometry.rigid import Rigid

PATCH_MM: Final = (14.0, 11.0)
"""Assumption: half axes of the middle of a disc, within the rim of every adult lumbar disc."""

LEAN_DEG: Final = (24, 12)
"""Assumption: how far a disc may lean against the column's line, back and to a side; the line follows the curves."""

LEAN_STEP_DEG: Final = 4

PLATES_MM: Final = (5, 16)
"""Assumption: distance of the two endplates' bright middles; a disc has 3 to 15 mm of height, a plate 1."""

GREY_HU: Final = (-100.0, 600.0)
"""Assumption: gas in a disc and sclerosis beside it count no more than this."""

LEAST_CONTRAST_HU: Final = 20.0
"""Assumption: by less than this a disc's endplates do not stand out from noise averaged over the patch."""

APART_MM: Final = (21.0, 46.0)
"""Assumption: distance of neighbouring discs' middles from the lower thorax to the sacrum; a lumbar body has 24 to 30
mm and a disc 4 to 15 (Panjabi 1992, Spine 17:299)."""

UNEVEN_MM: Final = 8.0
"""Assumption: a step between discs that differs by this from the one before it costs half a disc's contrast."""

WEAK: Final = 0.3
"""Assumption: a plane with less than this part of the usual contrast is not worth its place in the row."""


@dataclass(frozen=True, slots=True, eq=False)
class DiscPlane:
    """A disc as a plane across the column.

    Parameters
    ----------
    station
        Where along the column, in its stations.
    patient_from_plane
        Its frame: origin on the column's line, x left, y back, z along the normal to the head.
    height_mm
        Distance of its endplates' bright middles.
    contrast_hu
        By how much the darker endplate is brighter than the disc.
    inside_hu, plates_hu
        Mean of the disc's middle, and of the darker endplate.
    """

    station: float
    patient_from_plane: Rigid
    height_mm: float
    contrast_hu: float
    inside_hu: float
    plates_hu: float

    @property
    def centre_mm(self) -> FloatArray:
        """(3,) where it crosses the column's line, patient frame."""
        return self.patient_from_plane.translation_mm


@dataclass(frozen=True, slots=True, eq=False)
class _Best:
    """Of every station the plane through it that looks most like a disc: contrast, lean (rad), height, greys."""

    contrast: FloatArray
    back: FloatArray
    aside: FloatArray
    height: FloatArray
    inside: FloatArray


def find_discs(volume: Volume, column: Column) -> tuple[DiscPlane, ...]:
    """The row of discs along a column, from caudal to cranial; empty where there is none."""
    best = _best_planes(volume, column)
    row = _row(best.contrast)
    return tuple(_plane(column, best, station) for station in row)


def _best_planes(volume: Volume, column: Column) -> _Best:
    x, y = np.arange(-14.0, 15.0, 2.0), np.arange(-12.0, 13.0, 2.0)
    slab = np.clip(column.straightened(volume, x, y), *GREY_HU)
    across, back = np.meshgrid(x, y)
    within = (across / PATCH_MM[0]) ** 2 + (back / PATCH_MM[1]) ** 2 <= 1.0
    columns, across, back = slab[:, within], across[within], back[within]
    found = np.full((5, len(slab)), -np.inf)
    for lean in _leans(LEAN_DEG[0]):
        for turn in _leans(LEAN_DEG[1]):
            profile = _profile(columns, back * np.tan(lean) + across * np.tan(turn))
            for height in range(PLATES_MM[0], PLATES_MM[1] + 1):
                contrast, inside = _contrast(profile, height)
                better = contrast > found[0]
                values = np.broadcast_arrays(contrast, lean, turn, float(height), inside)
                found[:, better] = np.stack(values)[:, better]
    return _Best(*found)


def _leans(most_deg: int) -> FloatArray:
    return np.radians(np.arange(-most_deg, most_deg + 1, LEAN_STEP_DEG))


def _profile(columns: Float32Array, lift_mm: FloatArray) -> FloatArray:
    """(n,) mean of columns (n, m) over planes that are lifted by (m,) there."""
    stations = np.arange(len(columns))[:, None] + lift_mm / LINE_STEP_MM
    low = np.clip(np.floor(stations).astype(int), 0, len(columns) - 2)
    part = np.clip(stations - low, 0.0, 1.0)
    each = np.arange(columns.shape[1])
    return np.asarray(((1.0 - part) * columns[low, each] + part * columns[low + 1, each]).mean(axis=1))


def _contrast(profile: FloatArray, height: int) -> tuple[FloatArray, FloatArray]:
    """(n,) by how much the darker of two plates `height` apart is brighter than what lies between, and the latter."""
    n = len(profile)
    low = np.arange(n) - height // 2
    high = low + height
    able = (low >= 1) & (high < n - 1)
    added = np.concatenate([[0.0], np.cumsum(profile)])
    first, last = np.clip(low + 2, 0, n), np.clip(high - 1, 0, n)
    inside = (added[last] - added[first]) / np.maximum(last - first, 1)
    plates = np.minimum(profile[np.clip(low, 0, n - 1)], profile[np.clip(high, 0, n - 1)])
    return np.where(able, plates - inside, -np.inf), inside


def _row(contrast: FloatArray) -> list[int]:
    """Stations of the row of discs whose contrasts add up highest, evenly spaced."""
    peaks = np.flatnonzero((contrast == ndimage.maximum_filter1d(contrast, 2 * 5 + 1)) & (contrast > LEAST_CONTRAST_HU))
    if not len(peaks):
        return []
    usual = float(np.median(np.sort(contrast[peaks])[-6:]))
    worth = np.minimum(contrast[peaks] / usual, 1.5) - WEAK
    rows: dict[tuple[int, int], tuple[float, list[int]]] = {}  # by its last two peaks
    for n in range(len(peaks)):
        rows[n, n] = (float(worth[n]), [n])
        for (before, last), (value, row) in list(rows.items()):
            step = (peaks[n] - peaks[last]) * LINE_STEP_MM
            if last == n or not APART_MM[0] <= step <= APART_MM[1]:
                continue
            uneven = 0.0 if before == last else (step - (peaks[last] - peaks[before]) * LINE_STEP_MM) / UNEVEN_MM
            longer = (value + float(worth[n]) - 0.5 * uneven**2, [*row, n])
            rows[last, n] = max(rows.get((last, n), (-np.inf, [])), longer)
    return [int(peaks[n]) for n in max(rows.values())[1]]


def _plane(column: Column, best: _Best, station: int) -> DiscPlane:
    frame = column.frame(float(station))
    normal = frame.directions([-np.tan(best.aside[station]), -np.tan(best.back[station]), 1.0])
    plane = Rigid.from_axes(frame.translation_mm, normal, frame.rotation[:, 1])
    contrast, inside = float(best.contrast[station]), float(best.inside[station])
    return DiscPlane(float(station), plane, float(best.height[station]), contrast, inside, inside + contrast)


def steps_mm(discs: Sequence[DiscPlane]) -> FloatArray:
    """Distances (n - 1,) from each disc to the next."""
    return np.diff([disc.station for disc in discs]) * LINE_STEP_MM
