"""The column of vertebral bodies: its curved middle line ahead of the canal, and the scan straightened along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import make_lsq_spline

from dekomp_sim.anatomy.spine.canal import Canal
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.geometry.rigid import Rigid

LINE_STEP_MM: Final = 1.0
"""Assumption: distance of stations along the column; an endplate is as thick."""

BODY_MM: Final = (21.0, 16.0)
"""Assumption: half width and half depth of the body that is looked for ahead of the canal (Panjabi 1992, L3: 44 by 35
mm); a size off by a quarter moves its middle by a few millimetres."""

AHEAD_MM: Final = (18.0, 36.0)
"""Assumption: distance from a canal's middle to its body's: half of 11 to 28 mm, and half of 26 to 44."""

ASIDE_MM: Final = 14.0
"""Assumption: a turned vertebra's body lies up to 25 degrees to a side of its canal."""

OFF_COST: Final = 0.1
"""Assumption: what a body off its usual place costs per mm squared, in HU by which it stands out, so that neither
vessels nor the ilium draw it away."""

MOVE_COST: Final = 5.0
"""Assumption: the same for a move between points 2 mm apart."""

KNOTS_MM: Final = (45.0, 55.0)
"""Assumption: canal and column are cubic curves over stretches as long as this, about two vertebrae: a lordosis."""

BACK_SMOOTH_MM: Final = 12.0
"""Assumption: standard deviation over which the direction to the back is smoothed."""

BEYOND_MM: Final = 20.0
"""Assumption: the column is drawn on straight this far beyond the canal that was seen."""

GREY_HU: Final = (-50.0, 250.0)
"""Assumption: between fat and bone; beyond, gas and metal say no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The middle line of the vertebral bodies, from caudal to cranial, a station each `LINE_STEP_MM`.

    Parameters
    ----------
    middle_mm
        (n, 3) the line, patient frame.
    axes
        (n, 3, 3) unit vectors at each station, as columns: to the left, back, and along the line to the head.
    canal_mm
        (n,) how far the canal's middle lies behind the line.
    seen
        (n,) how much the canal looked like one there, 0 where it was drawn on.
    """

    middle_mm: FloatArray
    axes: FloatArray
    canal_mm: FloatArray
    seen: FloatArray

    def straightened(self, volume: Volume, x_mm: FloatArray, y_mm: FloatArray) -> Float32Array:
        """(n, ny, nx) Hounsfield units across the line at every station: y back, x left."""
        y, x = np.meshgrid(y_mm, x_mm, indexing="ij")
        local = np.stack([x, y, np.zeros_like(x)], axis=-1)
        points = self.middle_mm[:, None, None] + np.einsum("nab,yxb->nyxa", self.axes, local)
        return hu_between(volume, points)

    def canal_at(self, point_mm: FloatArray) -> FloatArray | None:
        """(3,) the canal's middle behind the station nearest to a point (3,); None where it was not seen."""
        station = int(np.argmin(np.linalg.norm(self.middle_mm - point_mm, axis=1)))
        if self.seen[station] <= 0.0:
            return None
        return np.asarray(self.middle_mm[station] + self.canal_mm[station] * self.axes[station, :, 1])

    def frame(self, station: float) -> Rigid:
        """`patient_from_station`: x left, y back, z along the line, between stations."""
        at = min(max(station, 0.0), len(self.middle_mm) - 1.001)
        low, part = int(at), at - int(at)
        middle = (1.0 - part) * self.middle_mm[low] + part * self.middle_mm[low + 1]
        axes = self.axes[low]
        return Rigid.from_axes(middle, axes[:, 2], axes[:, 1])


def hu_between(volume: Volume, points_mm: FloatArray) -> Float32Array:
    """Hounsfield units (...) linear between voxels at points (..., 3) of the patient frame; air off the grid."""
    index = np.moveaxis(volume.patient_from_index.indices(points_mm)[..., ::-1], -1, 0)
    return np.asarray(
        ndimage.map_coordinates(volume.hu, index, output=np.float32, order=1, cval=-1000.0), dtype=np.float32
    )


def find_column(block: Volume, canal: Canal) -> Column:
    """The column ahead of a canal, in an upright scan."""
    path = _even(_smooth(canal.path_mm, KNOTS_MM[0]), 2.0)
    axes = _axes(path, np.broadcast_to([0.0, 1.0, 0.0], path.shape))
    forward, aside = _bodies(block, path, axes)
    middle = path - forward[:, None] * axes[:, :, 1] + aside[:, None] * axes[:, :, 0]
    line = _even(_drawn_on(_smooth(middle, KNOTS_MM[1])), LINE_STEP_MM)
    nearest = np.argmin(np.linalg.norm(line[:, None] - path[None], axis=2), axis=1)
    behind = path[nearest] - line
    axes = _axes(line, ndimage.gaussian_filter1d(behind, BACK_SMOOTH_MM, axis=0, mode="nearest"))
    heights = np.linalg.norm(np.diff(canal.path_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(heights)])
    seen = np.interp(nearest * 2.0, along, canal.score)
    off = np.abs(np.einsum("na,na->n", behind, axes[:, :, 2])) > BEYOND_MM / 2.0
    return Column(line, axes, np.einsum("na,na->n", behind, axes[:, :, 1]), np.where(off, 0.0, seen))


def _smooth(line: FloatArray, knots_mm: float) -> FloatArray:
    """The cubic spline with a knot about each `knots_mm` that is nearest to a line (n, 3), at its points."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    pieces = max(round(along[-1] / knots_mm), 1)
    knots = np.concatenate([[0.0] * 3, np.linspace(0.0, along[-1], pieces + 1), [along[-1]] * 3])
    return np.asarray(make_lsq_spline(along, line, knots)(along))


def _bodies(block: Volume, path: FloatArray, axes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far ahead of each point of the canal (n,), and to its left (n,), a body-sized patch stands out most."""
    step = 2.0
    y, x = np.arange(-64.0, 1.0, step), np.arange(-46.0, 47.0, step)
    line = Column(path, axes, np.zeros(len(path)), np.zeros(len(path)))
    grey = np.clip(line.straightened(block, x, y), *GREY_HU)
    grey = ndimage.gaussian_filter1d(grey, 16.0 / step, axis=0, mode="nearest")
    inner, outer = _patch(1.0, step), _patch(1.45, step)
    ring = outer / outer.sum() - inner / inner.sum()
    score = -ndimage.correlate(grey, ring[None], mode="nearest")
    score = ndimage.gaussian_filter1d(score, 12.0 / step, axis=0, mode="nearest")
    ahead, aside = np.meshgrid(-y, x, indexing="ij")
    allowed = (ahead >= AHEAD_MM[0]) & (ahead <= AHEAD_MM[1]) & (np.abs(aside) <= ASIDE_MM)
    places = np.stack([ahead[allowed], aside[allowed]], axis=1)
    off = places - (sum(AHEAD_MM) / 2.0, 0.0)
    path_of = _steadiest(score[:, allowed] - OFF_COST * (off**2).sum(axis=1), places)
    return places[path_of, 0], places[path_of, 1]


def _steadiest(worth: FloatArray, places_mm: FloatArray) -> NDArray[np.int64]:
    """(n,) the choice of a place at each of n points, worth (n, m), that adds up highest less what its moves cost."""
    cost = MOVE_COST * ((places_mm[:, None] - places_mm[None]) ** 2).sum(axis=2)
    best, came = worth[0], np.zeros(worth.shape, dtype=np.int64)
    for n in range(1, len(worth)):
        reached = best[None] - cost
        came[n] = reached.argmax(axis=1)
        best = reached.max(axis=1) + worth[n]
    chosen = np.zeros(len(worth), dtype=np.int64)
    chosen[-1] = best.argmax()
    for n in range(len(worth) - 1, 0, -1):
        chosen[n - 1] = came[n, chosen[n]]
    return chosen


def _patch(scale: float, step: float) -> FloatArray:
    """An ellipse of `scale` times the body's size, 1 within, on a grid that holds the largest."""
    reach = np.arange(-32.0, 32.0 + step, step)
    y, x = np.meshgrid(reach, reach, indexing="ij")
    return np.asarray((x / BODY_MM[0]) ** 2 + (y / BODY_MM[1]) ** 2 <= scale**2, dtype=np.float64)


def _axes(line: FloatArray, behind: NDArray[np.float64]) -> FloatArray:
    """(n, 3, 3) left, back and along at each point of a line, back nearest to `behind` (n, 3)."""
    along = np.gradient(ndimage.gaussian_filter1d(line, 4.0, axis=0, mode="nearest"), axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    back = behind - np.einsum("na,na->n", behind, along)[:, None] * along
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    return np.stack([np.cross(back, along), back, along], axis=2)


def _drawn_on(line: FloatArray) -> FloatArray:
    """A line with straight ends of `BEYOND_MM`."""
    ends = []
    for end, inside in ((line[0], line[10]), (line[-1], line[-11])):
        way = (end - inside) / np.linalg.norm(end - inside)
        ends.append(end + way * BEYOND_MM)
    return np.concatenate([[ends[0]], line, [ends[1]]])


def _even(line: FloatArray, step_mm: float) -> FloatArray:
    """The same line with a point each `step_mm`."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0.0, along[-1], step_mm)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in range(3)], axis=1)
