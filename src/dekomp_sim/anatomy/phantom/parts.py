"""The building blocks of a phantom: elliptic tubes and rounded boxes as rows of numbers that the painter reads.

A part is one row of `PART_COLUMNS` numbers: kind, sign, smoothing, the rotation and shift into the part's own frame,
six sizes, a clipping plane, and a ball that holds it all. Rows rather than objects, because the compiled painter
takes plain arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, unit
from dekomp_sim.geometry.rigid import Rigid

TUBE: Final = 0.0
"""Kind of an elliptic tube with round ends."""

BOX: Final = 1.0
"""Kind of a rounded box."""

PART_COLUMNS: Final = 29
"""Numbers in a part's row."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One primitive in the patient frame.

    Parameters
    ----------
    kind
        `TUBE` or `BOX`.
    patient_from_part
        Its frame.
    sizes_mm
        (6,) tube: radii x and y at the start, x and y at the end, length along z, 0; box: half extents x, y, z and
        the rounding radius, the change of the half extent x from bottom to top as a fraction, 0.
    sign
        +1 adds matter, -1 carves it away.
    blend_mm
        Width of the fillet with what came before.
    plane
        (4,) unit normal and offset: matter is kept where normal . p < offset; zeros for no clipping.
    """

    kind: float
    patient_from_part: Rigid
    sizes_mm: tuple[float, ...]
    sign: float = 1.0
    blend_mm: float = 2.5
    plane: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def row(self) -> FloatArray:
        """The part as the painter reads it (`PART_COLUMNS`,)."""
        inverse = self.patient_from_part.inverse()
        return np.concatenate(
            [
                [self.kind, self.sign, self.blend_mm],
                inverse.rotation.ravel(),
                inverse.translation_mm,
                self.sizes_mm,
                self.plane,
                *self._ball(),
            ]
        )

    def _ball(self) -> tuple[FloatArray, list[float]]:
        """Centre and radius of a ball in the patient frame that holds the part with its fillet."""
        low, high = self.reach()
        if self.kind == TUBE:
            radius = self.sizes_mm[4] / 2.0 + max(self.sizes_mm[:4])
            centre = self.patient_from_part.points([0.0, 0.0, self.sizes_mm[4] / 2.0])
        else:
            radius, centre = float((high - low)[0]) / 2.0, (low + high) / 2.0
        return centre, [radius + self.blend_mm + 1.0]

    def reach(self) -> FloatArray:
        """(2, 3) lower and upper corner of a box in the patient frame that holds the part."""
        if self.kind == TUBE:
            radius = max(self.sizes_mm[:4])
            ends = self.patient_from_part.points([[0.0, 0.0, 0.0], [0.0, 0.0, self.sizes_mm[4]]])
        else:
            radius = float(np.linalg.norm(self.sizes_mm[:3])) * (1.0 + abs(self.sizes_mm[4]))
            ends = self.patient_from_part.points([[0.0, 0.0, 0.0]])
        return np.stack([ends.min(axis=0) - radius, ends.max(axis=0) + radius])

    def carving(self) -> Part:
        """The same form taken away instead of added."""
        return replace(self, sign=-1.0)

    def clipped(self, normal: ArrayLike, through_mm: ArrayLike) -> Part:
        """The same form kept only on the side of a plane (3,), (3,) from which `normal` points away."""
        n = unit(normal)
        return replace(self, plane=(float(n[0]), float(n[1]), float(n[2]), float(n @ np.asarray(through_mm))))


def tube(
    start_mm: ArrayLike, end_mm: ArrayLike, radii_mm: tuple[float, ...], wide: ArrayLike, blend_mm: float = 2.5
) -> Part:
    """An elliptic tube from `start_mm` to `end_mm` (3,).

    `radii_mm` is (across, wide) or (across start, wide start, across end, wide end); `wide` (3,) is the direction
    nearest to which the wide radius lies.
    """
    a, b = np.asarray(start_mm, dtype=np.float64), np.asarray(end_mm, dtype=np.float64)
    length = float(np.linalg.norm(b - a))
    axis = b - a if length > 1e-9 else np.cross(np.asarray(wide, dtype=np.float64), _off(wide))
    sizes = radii_mm if len(radii_mm) == 4 else (*radii_mm, *radii_mm)
    return Part(TUBE, Rigid.from_axes(a, axis, wide), (*sizes, length, 0.0), blend_mm=blend_mm)


def _off(wide: ArrayLike) -> FloatArray:
    """Any direction (3,) that is not along `wide`."""
    w = np.asarray(wide, dtype=np.float64)
    return np.asarray(np.eye(3)[int(np.argmin(np.abs(w)))])


def ellipsoid(centre_mm: ArrayLike, radii_mm: tuple[float, float, float], frame: Rigid, blend_mm: float = 2.5) -> Part:
    """An ellipsoid with radii along the axes of `frame`, centred at `centre_mm` (3,) of that frame.

    Only the first two radii are free of each other: the third is drawn out by a tube along z.
    """
    rx, ry, rz = radii_mm
    stretch = max(rz - rx, 0.0)
    low = np.asarray(centre_mm, dtype=np.float64) - np.array([0.0, 0.0, stretch])
    move = Rigid(frame.rotation, frame.points(low))
    return Part(TUBE, move, (rx, ry, rx, ry, 2.0 * stretch, 0.0), blend_mm=blend_mm)


def box(
    centre_mm: ArrayLike,
    half_mm: tuple[float, float, float],
    frame: Rigid,
    round_mm: float = 2.0,
    blend_mm: float = 2.5,
) -> Part:
    """A rounded box with half extents along the axes of `frame`, centred at `centre_mm` (3,) of that frame."""
    return Part(BOX, Rigid(frame.rotation, frame.points(centre_mm)), (*half_mm, round_mm, 0.0, 0.0), blend_mm=blend_mm)


def rows(parts: list[Part]) -> FloatArray:
    """(n, `PART_COLUMNS`) the painter's table."""
    return np.stack([part.row() for part in parts]) if parts else np.zeros((0, PART_COLUMNS))


def reach(parts: list[Part]) -> FloatArray:
    """(2, 3) corners of a box that holds all added parts."""
    corners = np.stack([part.reach() for part in parts if part.sign > 0.0])
    return np.stack([corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)])
