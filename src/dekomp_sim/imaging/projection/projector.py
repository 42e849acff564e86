"""Line integrals of a volume for any C-arm pose: the door to the slice sweep."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dekomp_sim.arrays import Float32Array, FloatArray, Int16Array
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.projection.lanes import LANES
from dekomp_sim.imaging.projection.region import Region
from dekomp_sim.imaging.projection.sweep import crossings, sweep_blocks, value_spans, warp_rows

_Task = TypeVar("_Task")

_MARGIN = 2
"""Accumulation-plane samples beyond the detector's outline, for the cubic warp."""


@dataclass(frozen=True, slots=True, eq=False)
class _Slab:
    """A volume with a zero border, laid out so that rows along one axis are contiguous, seen plane by plane."""

    flat: Int16Array
    strides: tuple[int, int, int]
    shape: tuple[int, int, int]
    spans: tuple[np.ndarray, ...]
    axes: tuple[int, int, int]
    """Index axes (0 = i, 1 = j, 2 = k) along planes, rows and within a row."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """The accumulation plane: where its samples lie and how detector pixels map to them."""

    focus: FloatArray
    across: tuple[float, float, int]
    upward: tuple[float, float, int]
    scale: FloatArray
    pixel_map: FloatArray
    factors: FloatArray


class Projector:
    """Projects one volume of counts; keeps its memory layouts, so that a second picture costs only the sweep.

    Parameters
    ----------
    counts
        (nk, nj, ni) int16, 0 where there is nothing.
    patient_from_index
        Places the voxels; may be oblique or flipped.
    floors
        One field is integrated per floor: the counts above it. (0,) is the plain line integral.
    threads
        Worker threads; the result does not depend on their number.
    """

    def __init__(
        self, counts: Int16Array, patient_from_index: Affine, floors: tuple[int, ...] = (0,), threads: int | None = None
    ) -> None:
        self._counts = counts
        self._patient_from_index = patient_from_index
        self._floors = floors
        self._threads = threads or os.cpu_count() or 1
        self._slabs: dict[int, _Slab] = {}
        self._padded: dict[bool, Int16Array] = {}
        self._pool: ThreadPoolExecutor | None = None

    def line_integrals(self, carm: CArm, detector: Detector, region: Region | None = None) -> Float32Array:
        """(floors, rows, cols) float32 integral of the counts above each floor along each pixel's ray, counts mm.

        Joseph's method on the planes between focus and detector; what lies outside the volume counts as nothing. With
        a region, only its pixels.
        """
        self._bordered(swapped=False)
        rays = _IndexRays(carm, detector, self._patient_from_index, region)
        if region is not None:
            detector = Detector(region.rows, region.cols, detector.pixel_mm)
        slab = self._slab(rays.major)
        plane = _accumulation_plane(rays, slab, detector)
        columns = _table(plane.across, plane, slab.axes[2], slab.shape[2])
        rows = _table(plane.upward, plane, slab.axes[1], slab.shape[1])
        blocks = -(-plane.upward[2] // LANES)
        heaps = 6 * self._threads  # blocks are dealt out in turn; enough heaps to even out cores that are unlike
        sums = np.zeros((len(self._floors), blocks, plane.across[2], LANES), dtype=np.float32)
        out = np.empty((len(self._floors), detector.rows, detector.cols), dtype=np.float32)

        def sweep(task: tuple[int, int]) -> None:
            field, start = task
            sweep_blocks(
                slab.flat, slab.strides, slab.spans[field], columns, rows, np.int16(self._floors[field]),
                (start, heaps), sums[field],
            )  # fmt: skip

        def warp(start: int) -> None:
            warp_rows(sums, plane.pixel_map, plane.factors, (start, min(start + 32, detector.rows)), out)

        fields = range(len(self._floors))
        self._spread(sweep, [(field, start) for start in range(heaps) for field in fields])
        self._spread(warp, range(0, detector.rows, 32))
        return out

    def _spread(self, work: Callable[[_Task], None], tasks: Iterable[_Task]) -> None:
        """Do the tasks, each on one of the threads, which are kept from picture to picture."""
        if self._threads == 1:
            for task in tasks:
                work(task)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads)
        list(self._pool.map(work, tasks))

    def _slab(self, major: int) -> _Slab:
        if major not in self._slabs:
            self._slabs[major] = self._build_slab(major)
        return self._slabs[major]

    def _build_slab(self, major: int) -> _Slab:
        axes = {0: (0, 2, 1), 1: (1, 2, 0), 2: (2, 1, 0)}[major]
        padded = self._bordered(swapped=major == 0)
        order = (1, 0, 2) if major in (0, 1) else (0, 1, 2)
        view = padded.transpose(order)
        strides = (view.strides[0] // 2, view.strides[1] // 2, view.shape[2])
        spans = tuple(value_spans(view, np.int16(floor)) for floor in self._floors)
        ni, nj, nk = (n + 2 for n in self._counts.shape[::-1])
        size = (ni, nj, nk)
        shape = (size[axes[0]], size[axes[1]], size[axes[2]])
        return _Slab(padded.reshape(-1), strides, shape, spans, axes)

    def _bordered(self, swapped: bool) -> Int16Array:
        """The counts as [k, j, i] (or [k, i, j]) with a border of one zero voxel, ready to be read eight at a time."""
        if swapped not in self._padded:
            if swapped:
                self._bordered(swapped=False)
            counts = self._counts.transpose(0, 2, 1) if swapped else self._counts[self._box()]
            shape = tuple(size + 2 for size in counts.shape)
            flat = np.zeros(math.prod(shape) + LANES, dtype=np.int16)
            padded = flat[:-LANES].reshape(shape)
            padded[1:-1, 1:-1, 1:-1] = counts
            self._padded[swapped] = padded
            if not swapped:
                self._counts = padded[1:-1, 1:-1, 1:-1]  # so that the caller's copy can go
        return self._padded[swapped]

    def _box(self) -> tuple[slice, slice, slice]:
        """The part of the counts that holds any, so that the air around a patient costs neither time nor memory.

        From then on `_patient_from_index` is that of the part with its border.
        """
        spans = value_spans(self._counts, np.int16(0))
        held = spans[..., 1] >= 0
        if not held.any():
            held[0, 0], spans[0, 0] = True, 0
        k, j = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
        i = int(spans[held, 0].min()), int(spans[held, 1].max())
        before = np.array([i[0], j[0], k[0]]) - 1.0
        self._patient_from_index = Affine(self._patient_from_index.matrix, self._patient_from_index.points(before))
        return slice(k[0], k[-1] + 1), slice(j[0], j[-1] + 1), slice(i[0], i[1] + 1)


class _IndexRays:
    """The C-arm's rays in index space: pixel (row, col) has direction offset + row * down + col * right."""

    def __init__(
        self, carm: CArm, detector: Detector, patient_from_index: Affine, region: Region | None = None
    ) -> None:
        corner = (
            carm.detector_centre_mm
            - carm.image_right * detector.pixel_mm * (detector.cols - 1) / 2.0
            + carm.image_up * detector.pixel_mm * (detector.rows - 1) / 2.0
        )
        if region is not None:
            corner += (region.left * carm.image_right - region.top * carm.image_up) * detector.pixel_mm
        self.mm = np.stack([
            -carm.image_up * detector.pixel_mm,
            carm.image_right * detector.pixel_mm,
            corner - carm.source_mm,
        ], axis=1)  # fmt: skip
        self.focus = patient_from_index.indices(carm.source_mm)
        self.index = np.linalg.solve(patient_from_index.matrix, self.mm)
        central = np.linalg.solve(patient_from_index.matrix, carm.towards_detector)
        self.major = int(np.argmax(np.abs(central)))
        self.reach = float(central[self.major]) * carm.source_to_detector_mm

    def on_plane(self, axis: int, row: float, col: float) -> float:
        """Where the ray of a pixel meets the accumulation plane, along `axis`, from the focus, in voxels."""
        pixel = np.array([row, col, 1.0])
        return float(self.reach * (self.index[axis] @ pixel) / (self.index[self.major] @ pixel))


def _accumulation_plane(rays: _IndexRays, slab: _Slab, detector: Detector) -> _Plane:
    """The plane through the detector's centre, parallel to the voxel planes, sampled about as finely as pixels are."""
    across = _samples(rays, slab.axes[2], detector)
    upward = _samples(rays, slab.axes[1], detector)
    scale = (np.arange(slab.shape[0]) - rays.focus[rays.major]) / rays.reach
    pixel_map = np.stack([
        (rays.reach * rays.index[slab.axes[2]] - across[0] * rays.index[rays.major]) / across[1],
        (rays.reach * rays.index[slab.axes[1]] - upward[0] * rays.index[rays.major]) / upward[1],
        rays.index[rays.major],
    ])  # fmt: skip
    return _Plane(rays.focus, across, upward, scale, pixel_map, np.vstack([rays.mm, rays.index[rays.major]]))


def _samples(rays: _IndexRays, axis: int, detector: Detector) -> tuple[float, float, int]:
    """First sample (from the focus), step and number of samples of the accumulation plane along one axis."""
    last_row, last_col = detector.rows - 1, detector.cols - 1
    corners = [rays.on_plane(axis, row, col) for row in (0, last_row) for col in (0, last_col)]
    middle = (last_row / 2.0, last_col / 2.0)
    here = rays.on_plane(axis, *middle)
    step = float(
        np.hypot(
            rays.on_plane(axis, middle[0] + 1, middle[1]) - here, rays.on_plane(axis, middle[0], middle[1] + 1) - here
        )
    )
    count = int(np.ceil((max(corners) - min(corners)) / step - 1e-6)) + 1
    return min(corners) - _MARGIN * step, step, count + 2 * _MARGIN


def _table(samples: tuple[float, float, int], plane: _Plane, axis: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    start, step, count = samples
    used = np.where((plane.scale > 0.0) & (plane.scale <= 1.0), plane.scale, 0.0)
    left, weight = crossings(count, len(used), used, (float(plane.focus[axis]), start), step, size)
    outside = used == 0.0
    left[outside], weight[outside] = 0, 0.0
    return left, weight
