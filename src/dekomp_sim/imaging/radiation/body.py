"""The patient's outside: which points are body, and the skin as points with normals, on a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.volume import Volume, look_up, lookup_frame
from dekomp_sim.arrays import BoolArray, FloatArray, frozen, sealed
from dekomp_sim.geometry.affine import Affine

TISSUE_ABOVE_HU: Final = -300.0
"""Assumption: above this is tissue, below it air or foam: halfway between fat's -100 and foam's -700 and less."""

STEP_MM: Final = 4.0
"""Grid on which the skin is found. Assumption: far below a field's size; 2 mm of skin place are 1 % of skin dose."""

THINNEST_MM: Final = 12.0
"""What is thinner is not the patient: the table's plates, tubes, sheets. Assumption: a CT table's shell."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The patient as a solid.

    Parameters
    ----------
    inside
        (nk, nj, ni) whether a voxel is body, its gas and lungs included.
    patient_from_index
        Places that grid.
    skin_mm
        (n, 3) points of the skin in the patient frame. The ends of the scan are no skin.
    outward
        (n, 3) unit normals there, away from the body.
    area_mm2
        (n,) area that each point stands for.
    """

    inside: BoolArray
    patient_from_index: Affine
    skin_mm: FloatArray
    outward: FloatArray
    area_mm2: FloatArray

    def holds(self, points_mm: FloatArray) -> BoolArray:
        """Whether points (..., 3) lie in the body; outside the scan they do not."""
        points = np.ascontiguousarray(points_mm, dtype=np.float64)
        found = np.zeros(points.shape[:-1], dtype=np.bool_)
        look_up(points.reshape(-1, 3), lookup_frame(self.patient_from_index), self.inside, found.reshape(-1))
        return found

    @property
    def front_mm(self) -> float:
        """Least y of the skin: where a prone patient lies on the table."""
        return float(self.skin_mm[:, 1].min())

    @property
    def across_mm(self) -> tuple[float, float]:
        """Least and greatest x of the skin."""
        return float(self.skin_mm[:, 0].min()), float(self.skin_mm[:, 0].max())


@lru_cache(maxsize=2)
def body_of(volume: Volume) -> Body:
    """The body in a volume: its largest piece of tissue, holes filled; kept for the volumes in use.

    Raises
    ------
    ValueError
        If the volume holds no tissue.
    """
    strides = np.maximum(np.rint(STEP_MM / volume.patient_from_index.spacing_mm), 1.0).astype(int)
    coarse = volume.hu[:: strides[2], :: strides[1], :: strides[0]]
    frame = Affine(frozen(volume.patient_from_index.matrix * strides), volume.patient_from_index.origin_mm)
    inside = _largest_piece(coarse > TISSUE_ABOVE_HU, frame.spacing_mm)
    return Body(sealed(inside), frame, *_skin(inside, frame))


def _largest_piece(tissue: BoolArray, spacing_mm: FloatArray) -> BoolArray:
    """The largest piece that stays when thin things are taken away, grown back, each slice's holes filled."""
    times = max(1, int(np.ceil(THINNEST_MM / 2.0 / float(spacing_mm.min()) - 0.5)))
    thick = ndimage.binary_erosion(tissue, iterations=times, border_value=1)
    pieces, count = ndimage.label(thick)
    if count == 0:
        raise ValueError("the volume holds no body")
    sizes = np.bincount(pieces.ravel())[1:]
    kept = ndimage.binary_dilation(pieces == 1 + int(np.argmax(sizes)), iterations=times) & tissue
    filled = [ndimage.binary_fill_holes(plane) for plane in kept]
    return np.asarray(np.stack(filled), dtype=np.bool_)


def _skin(inside: BoolArray, frame: Affine) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points half a voxel outside the outermost voxels, normals from the smoothed solid, and areas."""
    k, j, i = np.nonzero(inside & ~ndimage.binary_erosion(inside, border_value=1))
    soft = ndimage.gaussian_filter(inside.astype(np.float32), 1.5, mode="nearest")
    slope = np.stack(np.gradient(soft)[::-1], axis=-1)[k, j, i]
    outward = -slope @ np.linalg.inv(frame.matrix)
    lengths = np.linalg.norm(outward, axis=1, keepdims=True)
    outward = outward / np.maximum(lengths, 1e-12)
    steps = outward @ (frame.matrix / frame.spacing_mm)  # along the grid's own axes
    steepest = np.abs(steps).max(axis=1)
    axis = np.abs(steps).argmax(axis=1)
    area = frame.voxel_mm3 / frame.spacing_mm[axis] / np.maximum(steepest, 1e-6)
    points = frame.points(np.stack([i, j, k], axis=-1)) + outward * (frame.spacing_mm[axis] / 2.0 * steepest)[:, None]
    known = lengths[:, 0] > 1e-6
    return frozen(points[known]), frozen(outward[known]), frozen(area[known])
