"""The shadow of instruments: analytic path lengths through rods, tubes, helices and balls, averaged over each pixel.

No voxels: the chord of a ray in a cylinder or sphere is a closed form, exact at any pixel size; 6 x 6 rays a pixel make
its edge smooth. What is averaged is areal density, not transmission, so the rim of a needle is a little too dark where
steel fills part of a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, assert_never

import numpy as np
from numba import njit

from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.geometry.rigid import Rigid
from dekomp_sim.geometry.solids import Ball, Helix, Material, Rod, Solid, Tube
from dekomp_sim.imaging.projection.region import Region
from dekomp_sim.matter import DENSITY_G_CM3, Substance

SUBSTANCE_OF: Final[Mapping[Material, Substance]] = {
    Material.STEEL: Substance.STEEL,
    Material.LEAD: Substance.LEAD,
    Material.WATER: Substance.WATER,
}
"""What a solid's material is to the X-ray beam."""

_TURN_PARTS = 24
"""Straight pieces one turn of a helix is cut into; its length is then 0.3 % short (sin(x)/x at pi/24)."""

_SAMPLES = 6
"""Rays across and down a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """Areal density of all solids of one substance.

    Parameters
    ----------
    substance
        What they are made of.
    areal_g_cm2
        (rows, cols) float32.
    """

    substance: Substance
    areal_g_cm2: Float32Array


def shadow_region(solids: Sequence[Solid], carm: CArm, detector: Detector) -> Region:
    """The pixels that solids can darken."""
    shape = (detector.rows, detector.cols)
    if any(isinstance(solid, Ball) for solid in solids):
        return Region(0, 0, *shape)
    rods = [row for solid in solids if not isinstance(solid, Ball) for row in straight_rods(solid)]
    if not rods:
        return Region(0, 0, 0, 0)
    prints = _footprints(np.array(rods), carm, detector)
    return Region.about(np.concatenate([prints[:, :2], prints[:, 2:4]]), float(prints[:, 4].max()), shape)


def shadows(solids: Sequence[Solid], carm: CArm, detector: Detector) -> tuple[Shadow, ...]:
    """Areal density of `solids` on each pixel, one shadow per substance in use, in the order of `Substance`."""
    made = {SUBSTANCE_OF[solid.material] for solid in solids}
    return tuple(
        Shadow(
            substance, _areal([s for s in solids if SUBSTANCE_OF[s.material] is substance], substance, carm, detector)
        )
        for substance in Substance
        if substance in made
    )


def _areal(solids: Sequence[Solid], substance: Substance, carm: CArm, detector: Detector) -> Float32Array:
    image = np.zeros((detector.rows, detector.cols), dtype=np.float32)
    rods = [row for solid in solids if not isinstance(solid, Ball) for row in straight_rods(solid)]
    balls = [[*solid.centre_mm, solid.radius_mm] for solid in solids if isinstance(solid, Ball)]
    rays = _ray_frame(carm, detector)
    if rods:
        ends = np.array(rods)
        _add_rods(image, rod_axes(ends), _footprints(ends, carm, detector), rays)
    if balls:
        _add_balls(image, np.array(balls), rays)
    image[shadow_region(solids, carm, detector).pixels] *= DENSITY_G_CM3[substance] / 10.0
    return image


def _ray_frame(carm: CArm, detector: Detector) -> FloatArray:
    """(4, 3): focus, then a pixel's direction as corner + row * down + col * right."""
    right = carm.image_right * detector.pixel_mm
    down = -carm.image_up * detector.pixel_mm
    corner = carm.detector_centre_mm - carm.source_mm - right * (detector.cols - 1) / 2 - down * (detector.rows - 1) / 2
    return np.stack([carm.source_mm, corner, down, right])


def straight_rods(solid: Rod | Tube | Helix) -> list[list[float]]:
    """Rows (start, end, radius, bore) of straight cylinders that make up the solid."""
    match solid:
        case Rod():
            return [[*solid.start_mm, *solid.end_mm, solid.radius_mm, 0.0]]
        case Tube():
            return [[*solid.start_mm, *solid.end_mm, solid.radius_mm, solid.bore_mm]]
        case Helix():
            centres = helix_centre_line(solid, _TURN_PARTS)
            pairs = pairwise(centres)
            return [[*start, *end, solid.wire_mm, 0.0] for start, end in pairs]
        case _:
            assert_never(solid)


def helix_centre_line(helix: Helix, parts_per_turn: int) -> FloatArray:
    """(n, 3) points along the wire's centre line, evenly spaced in angle."""
    axis = helix.end_mm - helix.start_mm
    length = float(np.linalg.norm(axis))
    across = np.eye(3)[int(np.argmin(np.abs(axis)))]
    frame = Rigid.from_axes(helix.start_mm, axis, across)
    along = np.linspace(0.0, length, max(2, math.ceil(length / helix.pitch_mm * parts_per_turn)) + 1)
    angle = 2.0 * np.pi * along / helix.pitch_mm + np.radians(helix.phase_deg)
    return frame.points(np.stack([helix.radius_mm * np.cos(angle), helix.radius_mm * np.sin(angle), along], axis=-1))


def rod_axes(rods: FloatArray) -> FloatArray:
    """(n, 9) start, unit axis, length, radius and bore of rods (start, end, radius, bore)."""
    along = rods[:, 3:6] - rods[:, :3]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    return np.concatenate([rods[:, :3], along / length, length, rods[:, 6:8]], axis=1)


def _footprints(rods: FloatArray, carm: CArm, detector: Detector) -> FloatArray:
    """(n, 5) pixel (row, col) of both ends of each rod, and its half width with a pixel to spare."""
    starts, ends = carm.pixel_of(rods[:, :3], detector), carm.pixel_of(rods[:, 3:6], detector)
    nearest = np.minimum(
        (rods[:, :3] - carm.source_mm) @ carm.towards_detector, (rods[:, 3:6] - carm.source_mm) @ carm.towards_detector
    )
    half = 1.5 * rods[:, 6] * carm.source_to_detector_mm / nearest / detector.pixel_mm + 1.5
    return np.concatenate([starts, ends, half[:, None]], axis=1)


@njit(cache=True, nogil=True)
def wall_mm(ray, rod):  # type: ignore[no-untyped-def]
    """Length of a unit ray (from the rod's start to the focus, then direction) in a flat-ended cylinder's wall.

    rod: start, unit axis, length, radius, bore.
    """
    wx, wy, wz, dx, dy, dz = ray
    d_along = dx * rod[3] + dy * rod[4] + dz * rod[5]
    w_along = wx * rod[3] + wy * rod[4] + wz * rod[5]
    a = 1.0 - d_along * d_along
    b = dx * wx + dy * wy + dz * wz - d_along * w_along
    apart = wx * wx + wy * wy + wz * wz - w_along * w_along
    nearest, farthest = -1e30, 1e30
    if abs(d_along) > 1e-12:
        first, last = -w_along / d_along, (rod[6] - w_along) / d_along
        nearest, farthest = min(first, last), max(first, last)
    elif w_along < 0.0 or w_along > rod[6]:
        return 0.0
    return _within(a, b, apart, rod[7], nearest, farthest) - _within(a, b, apart, rod[8], nearest, farthest)


@njit(cache=True, nogil=True)
def _within(a, b, apart, radius, nearest, farthest):  # type: ignore[no-untyped-def]
    """Length between the two ends and within a radius, for squared distance apart + 2 b t + a t^2 from the axis."""
    if radius <= 0.0:
        return 0.0
    c = apart - radius * radius
    if a <= 1e-12:
        return farthest - nearest if c < 0.0 else 0.0
    inner = b * b - a * c
    if inner <= 0.0:
        return 0.0
    root = np.sqrt(inner)
    return max(0.0, min(farthest, (-b + root) / a) - max(nearest, (-b - root) / a))


@njit(cache=True, nogil=True)
def _far_from(r, c, print_):  # type: ignore[no-untyped-def]
    """Whether pixel (r, c) lies beyond the half width of the footprint's line segment."""
    vr, vc = print_[2] - print_[0], print_[3] - print_[1]
    share = 0.0
    square = vr * vr + vc * vc
    if square > 0.0:
        share = min(1.0, max(0.0, ((r - print_[0]) * vr + (c - print_[1]) * vc) / square))
    gr, gc = r - print_[0] - share * vr, c - print_[1] - share * vc
    return gr * gr + gc * gc > print_[4] * print_[4]


@njit(cache=True, nogil=True)
def _columns_near(r, print_, left, right):  # type: ignore[no-untyped-def]
    """First and last of the columns left..right that lie within the half width of the footprint's endless line."""
    vr, vc = print_[2] - print_[0], print_[3] - print_[1]
    if abs(vr) < 1e-3:
        return left, right
    middle = print_[1] + (r - print_[0]) * vc / vr
    reach = print_[4] * np.sqrt(vr * vr + vc * vc) / abs(vr)
    return int(max(float(left), np.floor(middle - reach))), int(min(float(right), np.ceil(middle + reach)))


@njit(cache=True, nogil=True)
def _pixel_path(r, c, rod, rays):  # type: ignore[no-untyped-def]
    """Mean path through one rod's wall over the pixel's sub-rays."""
    total = 0.0
    wx, wy, wz = rays[0, 0] - rod[0], rays[0, 1] - rod[1], rays[0, 2] - rod[2]
    for a in range(_SAMPLES):
        for b in range(_SAMPLES):
            row, col = r + (a + 0.5) / _SAMPLES - 0.5, c + (b + 0.5) / _SAMPLES - 0.5
            dx = rays[1, 0] + row * rays[2, 0] + col * rays[3, 0]
            dy = rays[1, 1] + row * rays[2, 1] + col * rays[3, 1]
            dz = rays[1, 2] + row * rays[2, 2] + col * rays[3, 2]
            scale = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
            total += wall_mm((wx, wy, wz, dx * scale, dy * scale, dz * scale), rod)
    return total / (_SAMPLES * _SAMPLES)


@njit(cache=True, nogil=True)
def _add_rods(image, rods, footprints, rays):  # type: ignore[no-untyped-def]
    """Add the mean path (mm) of each rod to the pixels in its footprint."""
    height, width = image.shape
    for n in range(rods.shape[0]):
        print_ = footprints[n]
        half = print_[4]
        top = max(0, int(np.floor(min(print_[0], print_[2]) - half)))
        bottom = min(height - 1, int(np.ceil(max(print_[0], print_[2]) + half)))
        left = max(0, int(np.floor(min(print_[1], print_[3]) - half)))
        right = min(width - 1, int(np.ceil(max(print_[1], print_[3]) + half)))
        for r in range(top, bottom + 1):
            first, last = _columns_near(r, print_, left, right)
            for c in range(first, last + 1):
                if not _far_from(r, c, print_):
                    image[r, c] += _pixel_path(r, c, rods[n], rays)


@njit(cache=True, nogil=True)
def _add_balls(image, balls, rays):  # type: ignore[no-untyped-def]
    """Add the mean path (mm) through each ball (centre, radius) to all pixels."""
    for n in range(balls.shape[0]):
        for r in range(image.shape[0]):
            for c in range(image.shape[1]):
                total = 0.0
                for a in range(_SAMPLES):
                    for b in range(_SAMPLES):
                        row, col = r + (a + 0.5) / _SAMPLES - 0.5, c + (b + 0.5) / _SAMPLES - 0.5
                        square, along, distance = 0.0, 0.0, 0.0
                        for x in range(3):
                            d = rays[1, x] + row * rays[2, x] + col * rays[3, x]
                            w = balls[n, x] - rays[0, x]
                            square += d * d
                            along += d * w
                            distance += w * w
                        gap = balls[n, 3] ** 2 - distance + along * along / square
                        if gap > 0.0:
                            total += 2.0 * np.sqrt(gap)
                image[r, c] += total / (_SAMPLES * _SAMPLES)
