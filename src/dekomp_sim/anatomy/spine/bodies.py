"""The surfaces of the vertebral bodies: endplates found from the discs outward, walls from the middle outward."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dekomp_sim.anatomy.spine.column import BODY_MM, Column, hu_between
from dekomp_sim.anatomy.spine.discs import PATCH_MM, DiscPlane
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, Float32Array, FloatArray
from dekomp_sim.geometry.rigid import Rigid

PLATE_REACH_MM: Final = 30.0
"""Half edge of the square on which an endplate is looked for: beyond the widest body, 65 mm, nothing is."""

PLATE_STEP_MM: Final = 2.0

PLATE_EDGE_HU: Final = (110.0, 300.0)
"""Assumption: an endplate is met half way between its disc's grey and its own, within these: above every disc, below
dense cortex."""

PLATE_HALF_MM: Final = 0.4
"""Assumption: half of a bony endplate's thickness, 0.6 to 1 mm in sections."""

BEYOND_PLATE_MM: Final = 6.0
"""Assumption: how far beyond a plane's endplate its surface may dip or a rim rise."""

ANGLES: Final = 72
"""Directions of each slice in which a wall is looked for."""

WALL_MM: Final = (8.0, 36.0)
"""Assumption: least and greatest distance of a lumbar body's wall from its middle."""

WALL_STEP_MM: Final = 0.5

WALL_GREY_HU: Final = (-50.0, 350.0)
"""Assumption: fat and gas beside a body, and its densest cortex, count no more."""

OFF_USUAL: Final = 1.5
"""Assumption: what a wall costs per mm by which it leaves the usual outline, in HU per mm of its own edge."""

ARCH_FRONT_MM: Final = 4.0
"""Assumption: pedicles rise from a body no farther forward than this behind its middle."""

BEFORE_CANAL_MM: Final = 4.0
"""Assumption: a body's back lies at least this far before the middle of its canal, which is 11 mm deep or more."""

IN_CANAL: Final = 200.0
"""What a wall within the canal costs: more than any edge is worth."""

S1_TALL_MM: Final = 24.0
"""Assumption: height of the first sacral body, which no disc ends below; as L5's back (Panjabi 1992)."""

S1_TAPER: Final = 0.45
"""Assumption: part by which the front of the first sacral body comes nearer toward its lower end; its back stands
square on its endplate (sacral table angle 97 degrees)."""

TOP_TALL_MM: Final = 27.0
"""Assumption: height of a body whose upper disc was not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Plates:
    """Both endplates that bound a disc, as heights over its plane on a square of `PLATE_STEP_MM`."""

    patient_from_plane: Rigid
    upper_mm: FloatArray
    lower_mm: FloatArray

    def above(self, points_mm: FloatArray) -> BoolArray:
        """Whether points (n, 3) of the patient frame lie above the upper endplate."""
        local = self._local(points_mm)
        return np.asarray(local[:, 2] >= _on(self.upper_mm, local))

    def below(self, points_mm: FloatArray) -> BoolArray:
        """Whether points (n, 3) lie below the lower endplate."""
        local = self._local(points_mm)
        return np.asarray(local[:, 2] <= _on(self.lower_mm, local))

    def _local(self, points_mm: FloatArray) -> FloatArray:
        return self.patient_from_plane.inverse().points(points_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One vertebral body.

    Parameters
    ----------
    patient_from_body
        Frame: origin amid the body, x left, y back, z to the head.
    low_mm, high_mm
        Heights between which its walls were looked for; beyond, the nearest wall holds.
    walls_mm
        (m, ANGLES) distance of the wall from the frame's z, at even heights from low to high.
    floor, roof
        Plates of the disc below and above, or None at a free end.
    """

    patient_from_body: Rigid
    low_mm: float
    high_mm: float
    walls_mm: FloatArray
    floor: Plates | None
    roof: Plates | None

    def holds(self, points_mm: FloatArray) -> BoolArray:
        """(n,) whether points (n, 3) of the patient frame lie in the body."""
        local = self.patient_from_body.inverse().points(points_mm)
        within = np.hypot(local[:, 0], local[:, 1]) <= self._wall(local)
        for kept in (
            local[:, 2] >= self.low_mm if self.floor is None else self.floor.above(points_mm),
            local[:, 2] <= self.high_mm if self.roof is None else self.roof.below(points_mm),
        ):
            within &= kept
        return np.asarray(within)

    def leaves(self, points_mm: FloatArray) -> BoolArray:
        """(n,) whether points (n, 3) may lie in its arch: behind its middle, and neither in it nor in a disc beside."""
        local = self.patient_from_body.inverse().points(points_mm)
        return np.asarray((local[:, 1] > ARCH_FRONT_MM) & (np.hypot(local[:, 0], local[:, 1]) > self._wall(local)))

    def _wall(self, local: FloatArray) -> FloatArray:
        rows = (local[:, 2] - self.low_mm) / (self.high_mm - self.low_mm) * (len(self.walls_mm) - 1)
        turns = np.arctan2(local[:, 1], local[:, 0]) / (2.0 * np.pi) * ANGLES % ANGLES
        closed = np.concatenate([self.walls_mm, self.walls_mm[:, :1]], axis=1)
        index = [np.clip(rows, 0.0, len(closed) - 1.0), turns]
        return np.asarray(ndimage.map_coordinates(closed, index, order=1, mode="nearest"))

    @property
    def corners_mm(self) -> FloatArray:
        """(8, 3) corners of a box that holds the body, patient frame."""
        reach, tall = float(self.walls_mm.max()) + 1.0, (self.low_mm - 12.0, self.high_mm + 12.0)
        ends = [[x, y, z] for x in (-reach, reach) for y in (-reach, reach) for z in tall]
        return self.patient_from_body.points(ends)


def find_plates(volume: Volume, disc: DiscPlane) -> Plates:
    """The endplates on both sides of a disc's plane."""
    edge = float(np.clip((disc.inside_hu + disc.plates_hu) / 2.0, *PLATE_EDGE_HU))
    reach = np.arange(-PLATE_REACH_MM, PLATE_REACH_MM + PLATE_STEP_MM, PLATE_STEP_MM)
    heights = np.arange(0.0, disc.height_mm / 2.0 + BEYOND_PLATE_MM, 0.5)
    y, x, z = np.meshgrid(reach, reach, heights, indexing="ij")
    blurred = float(np.linalg.norm(volume.patient_from_index.matrix.T @ disc.patient_from_plane.rotation[:, 2]))
    usual = disc.height_mm / 2.0 - PLATE_HALF_MM
    surfaces = []
    for sign in (1.0, -1.0):
        hu = hu_between(volume, disc.patient_from_plane.points(np.stack([x, y, sign * z], axis=-1)))
        surfaces.append(sign * _met(hu, edge, heights, usual, blurred))
    return Plates(disc.patient_from_plane, *surfaces)


def levelled(disc: DiscPlane, plates: Plates) -> DiscPlane:
    """The disc's plane laid midway between its endplates, within `PATCH_MM`, by least squares."""
    reach = np.arange(-PLATE_REACH_MM, PLATE_REACH_MM + PLATE_STEP_MM, PLATE_STEP_MM)
    y, x = np.meshgrid(reach, reach, indexing="ij")
    within = (x / PATCH_MM[0]) ** 2 + (y / PATCH_MM[1]) ** 2 <= 1.0
    middle = ((plates.upper_mm + plates.lower_mm) / 2.0)[within]
    terms = np.column_stack([np.ones(len(middle)), x[within], y[within]])
    height, aside, back = np.linalg.lstsq(terms, middle, rcond=None)[0].tolist()
    old = disc.patient_from_plane
    centre, normal = old.points([0.0, 0.0, height]), old.directions([-aside, -back, 1.0])
    return replace(disc, patient_from_plane=Rigid.from_axes(centre, normal, old.rotation[:, 1]))


def _met(hu: Float32Array, edge: float, heights: FloatArray, usual_mm: float, blurred_mm: float) -> FloatArray:
    """(ny, nx) height at which each line (ny, nx, nz) enters the endplate, smoothed; as its nearest
    neighbour that does where it does not, `usual_mm` where none does.

    A plate thinner than a voxel is blurred by half of one to either side: it begins `PLATE_HALF_MM` before its
    brightest place, and not more than half a voxel beyond where the line first rises to `edge`.
    """
    risen = (hu[..., 1:] >= edge) & (hu[..., :-1] < edge)
    first = np.argmax(risen, axis=-1)
    before = np.take_along_axis(hu, first[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(hu, first[..., None] + 1, axis=-1)[..., 0]
    step = heights[1] - heights[0]
    rise = heights[first] + (edge - before) / np.maximum(after - before, 1.0) * step
    falls = np.concatenate([hu[..., 1:] < hu[..., :-1], np.ones((*hu.shape[:-1], 1), dtype=bool)], axis=-1)
    brightest = heights[np.argmax(falls & (np.arange(len(heights)) > first[..., None]), axis=-1)]
    begins = np.clip(brightest - PLATE_HALF_MM, rise, rise + blurred_mm / 2.0)
    met = risen.any(axis=-1)
    if not met.any():
        return np.full(met.shape, usual_mm)
    nearest = ndimage.distance_transform_edt(~met, return_distances=False, return_indices=True)
    return np.asarray(ndimage.median_filter(begins[tuple(nearest)], 5, mode="nearest"), dtype=np.float64)


def _on(surface: FloatArray, local: FloatArray) -> FloatArray:
    index = (local[:, 1::-1] + PLATE_REACH_MM).T / PLATE_STEP_MM
    return np.asarray(ndimage.map_coordinates(surface, index, order=1, mode="nearest"))


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Where a body's walls are looked for: at heights (m,), before the canal's middle (3,) where that was seen; by
    which part their front comes nearer from the highest to the lowest.
    """

    heights_mm: FloatArray
    canal_mm: FloatArray | None
    narrowing: float

    def walls(self, volume: Volume, frame: Rigid, usual_mm: FloatArray) -> FloatArray:
        """(m, ANGLES) distance of the wall from the frame's z: the strongest way from bone to what is not, round
        about, near to the usual one (ANGLES,).
        """
        radius = np.arange(WALL_MM[0], WALL_MM[1], WALL_STEP_MM)
        angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
        z, a, r = np.meshgrid(self.heights_mm, angle, radius, indexing="ij")
        hu = hu_between(volume, frame.points(np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1)))
        grey = ndimage.gaussian_filter(np.clip(hu, *WALL_GREY_HU), (1.0, 0.7, 1.0 / WALL_STEP_MM), mode="nearest")
        edge = -np.gradient(grey, WALL_STEP_MM, axis=2)
        depth = np.linspace(1.0, 0.0, len(self.heights_mm))[:, None]
        usual = usual_mm * (1.0 - self.narrowing * depth * np.clip(-np.sin(angle), 0.0, 1.0))
        cost = OFF_USUAL * np.abs(radius - usual[:, :, None])
        if self.canal_mm is not None:
            most_y = float(frame.inverse().points(self.canal_mm)[1]) - BEFORE_CANAL_MM
            cost = cost + IN_CANAL * (r * np.sin(a) > most_y)
        return radius[_round(edge - cost)]


def find_body(volume: Volume, column: Column, below: DiscPlane | None, above: DiscPlane | None,
              plates: tuple[Plates | None, Plates | None]) -> Body:  # fmt: skip
    """The body between two discs of a column, one of which may not have been seen."""
    frame, low, high = _frame(column, below, above)
    canal = column.canal_at(frame.translation_mm)
    search = _Search(np.arange(low + 2.0, high - 1.9, 2.0), canal, S1_TAPER if below is None else 0.0)
    usual = _ellipse(*BODY_MM)
    for _ in range(2):
        frame, usual = _recentred(frame, search.walls(volume, frame, usual))
    return Body(frame, low, high, search.walls(volume, frame, usual), *plates)


def _frame(column: Column, below: DiscPlane | None, above: DiscPlane | None) -> tuple[Rigid, float, float]:
    """Amid a body, with z from disc to disc, and the heights of its ends over that."""
    if below is not None and above is not None:
        middle = column.frame((below.station + above.station) / 2.0)
        up = above.centre_mm - below.centre_mm
        half = float(np.linalg.norm(up)) / 2.0
        centre = (above.centre_mm + below.centre_mm) / 2.0
        ends = -half + below.height_mm / 2.0, half - above.height_mm / 2.0
        return Rigid.from_axes(centre, up, middle.rotation[:, 1]), *ends
    one, tall, way = (above, S1_TALL_MM, -1.0) if above is not None else (below, TOP_TALL_MM, 1.0)
    assert one is not None
    plane = one.patient_from_plane
    centre = plane.points([0.0, 0.0, way * (one.height_mm / 2.0 + tall / 2.0)])
    return Rigid(plane.rotation, centre), -tall / 2.0, tall / 2.0


def _ellipse(half_width: float, half_depth: float) -> FloatArray:
    angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
    return 1.0 / np.hypot(np.cos(angle) / half_width, np.sin(angle) / half_depth)


def _recentred(frame: Rigid, walls_mm: FloatArray) -> tuple[Rigid, FloatArray]:
    """The frame moved amid its walls, and the ellipse they are nearest to."""
    angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
    outline = np.median(walls_mm, axis=0)
    x, y = outline * np.cos(angle), outline * np.sin(angle)
    (left, right), (front, back) = np.percentile(x, [3, 97]), np.percentile(y, [3, 97])
    centre = frame.points([(left + right) / 2.0, (front + back) / 2.0, 0.0])
    return Rigid(frame.rotation, centre), _ellipse((right - left) / 2.0 + 0.5, (back - front) / 2.0 + 0.5)


def _round(worth: FloatArray) -> NDArray[np.int64]:
    """(m, ANGLES) the closed way round of worth (m, ANGLES, nr) that adds up highest, one step of r per angle.

    It is followed twice round, of which the later half has forgotten where it began.
    """
    rows, turns, sizes = worth.shape
    twice = np.concatenate([worth, worth], axis=1)
    best = twice[:, 0]
    came = np.zeros(twice.shape, dtype=np.int64)
    steps = np.arange(sizes) + np.arange(-2, 3)[:, None]
    outside = (steps < 0) | (steps >= sizes)
    for turn in range(1, 2 * turns):
        reached = np.where(outside[None], -np.inf, best[:, np.clip(steps, 0, sizes - 1)])
        way = reached.argmax(axis=1)
        came[:, turn] = np.arange(sizes) + way - 2
        best = reached.max(axis=1) + twice[:, turn]
    path = np.zeros((rows, 2 * turns), dtype=np.int64)
    path[:, -1] = best.argmax(axis=1)
    each = np.arange(rows)
    for turn in range(2 * turns - 1, 0, -1):
        path[:, turn - 1] = came[each, turn, path[:, turn]]
    later = path[:, turns // 2 : turns // 2 + turns]
    return np.roll(later, turns // 2, axis=1)
