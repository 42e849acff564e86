"""The trunk around the spine: skin, fat, muscle and abdominal cavity, and the hip bones as bent plates."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.phantom_frames import Column
from dekomp_sim.anatomy.phantom_paint import _noise, _share, _smooth_less
from dekomp_sim.anatomy.phantom_spec import PhantomSpec
from dekomp_sim.geometry.arrays import Float32Array, FloatArray, Int16Array, UInt8Array

PROFILE_STEP_MM: Final = 1.0
"""Step of the tables along z that the trunk painter reads, mm."""


def trunk_profile(spec: PhantomSpec, column: Column, z_mm: FloatArray) -> FloatArray:
    """(n, 6) per height z: half width, y of the widest section, half depths behind and before it, y of the spine's
    disc line, and depth of the furrow over the spinous processes.

    The half depth behind is set so that the skin passes through the specified point at the L4-L5 disc.
    """
    body = spec.body
    centres = np.array([s.patient_from_disc.translation_mm for s in column.interspaces.values()])
    centres = np.concatenate([centres, [column.patient_from_sacrum.points([0.0, 12.0, -80.0])]])
    order = np.argsort(centres[:, 2])
    spine_y = np.interp(z_mm, centres[order, 2], centres[order, 1])
    waist = np.interp(z_mm, [-130.0, -90.0, 0.0, 70.0, 130.0, 180.0], [1.03, 1.02, 0.97, 0.94, 0.96, 0.98])
    half_width = waist * body.width_mm / 2.0
    middle = np.interp(z_mm, [-130.0, 0.0, 180.0], [-30.0, -38.0, -34.0])
    share = (1.0 - (body.skin_lateral_mm / (0.97 * body.width_mm / 2.0)) ** BACK_POWER) ** (1.0 / BACK_POWER)
    behind = (body.skin_depth_mm + 38.0) / share
    back_y = (
        -38.0
        + behind
        + np.interp(z_mm, [-130.0, -80.0, -34.0, 0.0, 36.0, 100.0, 180.0], [14.0, 9.0, 1.5, 0.0, 0.5, 5.0, 8.0])
    )
    apex = -38.0 + behind
    furrow = np.full(z_mm.shape, apex - body.back_midline_mm)
    front = body.depth_mm - (apex + 38.0)
    return np.stack([half_width, middle, back_y - middle, np.full(z_mm.shape, front), spine_y, furrow], axis=1)


BACK_POWER: Final = 2.25
"""Exponent of the superellipse behind. Assumption: between an ellipse and a box, as axial CT shows."""


def trunk_matter(spec: PhantomSpec) -> FloatArray:
    """(11,) thicknesses and HU the trunk painter reads."""
    body, hu = spec.body, spec.hu
    sizes = [body.skin_mm, body.subcutaneous_fat_mm, body.abdominal_wall_mm, body.depth_mm]
    return np.array([*sizes, hu.skin, hu.fat, hu.muscle, hu.bowel])


_SKIN, _FAT, _WALL = int(Structure.SKIN), int(Structure.FAT), int(Structure.MUSCLE)
_ERECTOR_LEFT, _ERECTOR_RIGHT = int(Structure.ERECTOR_SPINAE_LEFT), int(Structure.ERECTOR_SPINAE_RIGHT)
_CAVITY = int(Structure.ABDOMINAL_SOFT_TISSUE)


FRONT_POWER: Final = 2.6
"""Exponent of the superellipse in front, flattened by the table."""


@njit(cache=True, nogil=True)
def _trunk_matter(  # noqa: PLR0913 - a kernel takes plain numbers
    d: float,
    px: float,
    py: float,
    pz: float,
    backward: float,
    spine: float,
    voxel: float,
    matter: FloatArray,
    cube: Float32Array,
) -> tuple[float, int]:
    """HU and label of the trunk at depth -d under the skin."""
    fat_mm = matter[1] * (1.0 - 0.35 * min(1.0, max(0.0, backward)))
    if d > -matter[0] - 0.5 * voxel:
        t = _share(d + matter[0], voxel)
        return matter[4] * (1.0 - t) + matter[5] * t, _SKIN if t < 0.5 else _FAT
    inner = d + matter[0] + fat_mm
    if inner > 0.5 * voxel:
        return matter[5] + 4.0 * _noise(cube, px * 0.09, py * 0.09, pz * 0.09), _FAT
    lobes = _noise(cube, px * 0.09, py * 0.09, pz * 0.09)
    at_muscle = _share(inner, voxel)
    plane = py - spine - 33.0 + 0.0016 * px * px
    back = _smooth_less(plane, 76.0 - abs(px), 10.0)
    if back > 0.0 or inner > -matter[2]:
        streak = _noise(cube, px * 0.33, py * 0.33, pz * 0.05) + lobes
        value = matter[6] - 22.0 * max(0.0, streak - 0.9)
        label = _WALL if back <= 0.0 else (_ERECTOR_LEFT if px > 0.0 else _ERECTOR_RIGHT)
    else:
        organ = 1.0 / (1.0 + math.exp(-4.0 * (lobes - 0.25)))
        value, label = matter[5] + (matter[7] - matter[5]) * organ, _CAVITY
    return at_muscle * value + (1.0 - at_muscle) * matter[5], label


@njit(cache=True, nogil=True)
def paint_trunk(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    profile: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint skin, fat, abdominal wall, back muscles and what fills the abdomen; the rest stays air.

    `profile` holds one row of `trunk_profile` per slice; `grid` is (4,) origin and voxel.
    """
    voxel, ni = grid[3], hu.shape[2]
    dips, backs, fronts = np.zeros(ni), np.zeros(ni), np.zeros(ni)
    for k in range(hu.shape[0]):
        pz = grid[2] + k * voxel
        wide, middle, behind, front = profile[k, 0], profile[k, 1], profile[k, 2], profile[k, 3]
        spine = profile[k, 4]
        for i in range(ni):
            px = grid[0] + i * voxel
            dips[i] = profile[k, 5] * math.exp(-((px / 16.0) ** 2))
            backs[i], fronts[i] = (abs(px) / wide) ** BACK_POWER, (abs(px) / wide) ** FRONT_POWER
        for j in range(hu.shape[1]):
            py = grid[1] + j * voxel
            level = py - middle
            flat = (abs(level) / (behind if level > 0.0 else front)) ** (BACK_POWER if level > 0.0 else FRONT_POWER)
            for i in range(ni):
                px = grid[0] + i * voxel
                y = level + dips[i]
                if level > 0.0:
                    share = (y / behind) ** BACK_POWER if dips[i] > 0.01 else flat
                    square = backs[i] + share
                else:
                    square = fronts[i] + flat
                if square > 1.1:
                    continue
                power = BACK_POWER if level > 0.0 else FRONT_POWER
                deep = behind if level > 0.0 else front
                d = -1.0e3
                if square > 0.05:
                    f = square ** (1.0 / power)
                    d = (f - 1.0) * math.sqrt(px * px + y * y) / f
                if d >= 0.5 * voxel:
                    continue
                value, label = _trunk_matter(d, px, py, pz, y / deep, spine, voxel, matter, cube)
                whole = _share(d, voxel)
                hu[k, j, i] = round(whole * value - 1000.0 * (1.0 - whole))
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(label)


WING_REACH_MM: Final = 17.0
"""No point of the wing lies farther from its curve."""

WING_MM: Final = (
    (40.0, 52.0, -52.0, 9.0),
    (50.0, 42.0, -34.0, 10.0),
    (64.0, 28.0, -14.0, 7.0),
    (86.0, 8.0, 2.0, 5.0),
    (106.0, -14.0, 6.0, 4.0),
    (122.0, -38.0, 2.0, 5.5),
    (129.0, -60.0, -16.0, 5.0),
    (126.0, -82.0, -46.0, 4.5),
    (120.0, -94.0, -72.0, 5.0),
)
"""The left iliac wing from the posterior to the anterior superior spine: x, y, height of the crest above the L4-L5 disc
less the specified crest height, and half thickness, mm. Assumption: drawn after axial CT of an adult man."""


def wing(spec: PhantomSpec) -> FloatArray:
    """(n, 4) the wing's curve for the painter, finely spaced."""
    rough = np.array(WING_MM)
    share = np.linspace(0.0, len(rough) - 1.0, 25)
    fine = np.stack([np.interp(share, np.arange(len(rough)), column) for column in rough.T], axis=1)
    kernel = np.array([0.25, 0.5, 0.25])
    for _ in range(2):
        fine[1:-1] = np.apply_along_axis(lambda c: np.convolve(c, kernel, "valid"), 0, fine)
    fine[:, 2] += spec.body.crest_height_mm
    return fine


@njit(cache=True, nogil=True)
def _wing_station(curve: FloatArray, n: int, pz: float) -> tuple[float, float]:
    """x and y of the wing's curve at one station and height: it leans inward below the crest."""
    share = n / (curve.shape[0] - 1.0)
    drop = max(0.0, 6.0 - pz)
    return curve[n, 0] - drop * (0.10 + 0.34 * share), curve[n, 1] + 0.1 * drop * (1.0 - share)


@njit(cache=True, nogil=True)
def _wing_span(curve: FloatArray, py: float, pz: float) -> tuple[float, float]:
    """Range of x over which the wing can meet one voxel row."""
    near, away = 1e9, -1e9
    for n in range(curve.shape[0] - 1):
        ax, ay = _wing_station(curve, n, pz)
        bx, by = _wing_station(curve, n + 1, pz)
        if min(ay, by) - WING_REACH_MM < py < max(ay, by) + WING_REACH_MM:
            near, away = min(near, min(ax, bx) - WING_REACH_MM), max(away, max(ax, bx) + WING_REACH_MM)
    return near, away


@njit(cache=True, nogil=True)
def _wing_distance(curve: FloatArray, x: float, py: float, pz: float) -> float:
    """Signed distance to the bent plate of one hip bone, x positive on its own side."""
    best, at, side_t = 1e12, 0, 0.0
    bx, by = _wing_station(curve, 0, pz)
    for n in range(curve.shape[0] - 1):
        ax, ay = bx, by
        bx, by = _wing_station(curve, n + 1, pz)
        ex, ey = bx - ax, by - ay
        t = min(1.0, max(0.0, ((x - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey)))
        qx, qy = x - ax - t * ex, py - ay - t * ey
        square = qx * qx + qy * qy
        if square < best:
            best, at, side_t = square, n, t
    top = curve[at, 2] * (1.0 - side_t) + curve[at + 1, 2] * side_t
    half = curve[at, 3] * (1.0 - side_t) + curve[at + 1, 3] * side_t
    below = top - pz
    half += 2.6 * math.exp(-((below - 5.0) ** 2) / 60.0) - 1.2 * min(1.0, max(0.0, below / 30.0))
    along = (at + side_t) / (curve.shape[0] - 1.0)
    notch = pz + 88.0 - 30.0 * max(0.0, 0.42 - along)
    sheet = math.sqrt(best) * 0.93 - half
    edge = _smooth_less(below, notch if along < 0.42 else 1e6, 4.0)
    return -_smooth_less(-sheet, edge, 5.0)


@njit(cache=True, nogil=True)
def paint_wing(
    hu: Int16Array,
    labels: UInt8Array,
    grid: FloatArray,
    window: FloatArray,
    curve: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint one hip bone; `matter` is (7,) side, shell mm, cortical, trabecular, texture HU, label, cells per mm."""
    voxel = grid[3]
    for k in range(window[2], window[5]):
        pz = grid[2] + k * voxel
        for j in range(window[1], window[4]):
            py = grid[1] + j * voxel
            near, away = _wing_span(curve, py, pz)
            for i in range(window[0], window[3]):
                px = grid[0] + i * voxel
                if px * matter[0] < near or px * matter[0] > away:
                    continue
                if labels[k, j, i] in (25, 26) or labels[k, j, i] == 0:
                    continue
                d = _wing_distance(curve, px * matter[0], py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole, marrow = _share(d, voxel), _share(d + matter[1], voxel)
                value = (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                if marrow > 0.0:
                    c = matter[6]
                    value += marrow * (matter[3] + matter[4] * _noise(cube, px * c, py * c, pz * c))
                hu[k, j, i] = round(value)
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(matter[5])
