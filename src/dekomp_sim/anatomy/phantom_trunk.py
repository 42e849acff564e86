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
    voxel = grid[3]
    for k in range(hu.shape[0]):
        pz = grid[2] + k * voxel
        wide, middle, behind, front = profile[k, 0], profile[k, 1], profile[k, 2], profile[k, 3]
        spine, furrow = profile[k, 4], profile[k, 5]
        for j in range(hu.shape[1]):
            py = grid[1] + j * voxel
            for i in range(hu.shape[2]):
                px = grid[0] + i * voxel
                x = abs(px)
                y = py + furrow * math.exp(-((px / 16.0) ** 2)) - middle
                deep = behind if y > 0.0 else front
                power = 2.25 if y > 0.0 else 2.6
                f = ((x / wide) ** power + (abs(y) / deep) ** power) ** (1.0 / power)
                radius = math.sqrt(px * px + y * y)
                d = (f - 1.0) * radius / f if f > 1e-6 else -deep
                if d >= 0.5 * voxel:
                    continue
                fat_mm = matter[1] * (1.0 - 0.35 * min(1.0, max(0.0, y / deep)))
                value, label = matter[5], 160
                lobes = _noise(cube, px * 0.09, py * 0.09, pz * 0.09)
                if d > -matter[0]:
                    t = _share(d + matter[0], voxel)
                    value = matter[4] * (1.0 - t) + matter[5] * t
                    if t < 0.5:
                        label = 159
                elif d < -matter[0] - fat_mm:
                    inner = d + matter[0] + fat_mm
                    at_muscle = _share(inner, voxel)
                    plane = py - spine - 33.0 + 0.0016 * x * x
                    back = _smooth_less(plane, 76.0 - x, 10.0)
                    streak = _noise(cube, px * 0.33, py * 0.33, pz * 0.05) + lobes
                    muscle = matter[6] - 22.0 * max(0.0, streak - 0.9)
                    if back > 0.0:
                        value = muscle
                        label = 86 if px > 0.0 else 87
                    elif inner > -matter[2]:
                        value = muscle
                        label = 162
                    else:
                        organ = 1.0 / (1.0 + math.exp(-4.0 * (lobes - 0.25)))
                        value = matter[5] + (matter[7] - matter[5]) * organ
                        label = 166
                    value = at_muscle * value + (1.0 - at_muscle) * matter[5]
                value += 3.0 * lobes
                whole = _share(d, voxel)
                hu[k, j, i] = int(round(whole * value - 1000.0 * (1.0 - whole)))
                if whole >= 0.5:
                    labels[k, j, i] = label


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
def _wing_distance(curve: FloatArray, x: float, py: float, pz: float) -> float:
    """Signed distance to the bent plate of one hip bone, x positive on its own side."""
    best, at, side_t = 1e12, 0, 0.0
    drop = max(0.0, 6.0 - pz)
    for n in range(curve.shape[0] - 1):
        share = n / (curve.shape[0] - 1.0)
        lean = drop * (0.10 + 0.34 * share)
        ax, ay = curve[n, 0] - lean, curve[n, 1] + 0.1 * drop * (1.0 - share)
        share = (n + 1.0) / (curve.shape[0] - 1.0)
        lean = drop * (0.10 + 0.34 * share)
        bx, by = curve[n + 1, 0] - lean, curve[n + 1, 1] + 0.1 * drop * (1.0 - share)
        ex, ey = bx - ax, by - ay
        t = min(1.0, max(0.0, ((x - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey)))
        qx, qy = x - ax - t * ex, py - ay - t * ey
        square = qx * qx + qy * qy
        if square < best:
            best, at, side_t = square, n, t
    top = curve[at, 2] * (1.0 - side_t) + curve[at + 1, 2] * side_t
    half = curve[at, 3] * (1.0 - side_t) + curve[at + 1, 3] * side_t
    below = top - pz
    half += 2.6 * math.exp(-((below - 5.0) ** 2) / 60.0) - 1.2 * (1.0 if below > 30.0 else max(0.0, below / 30.0))
    along = (at + side_t) / (curve.shape[0] - 1.0)
    notch = pz + 88.0 + max(0.0, 0.42 - along) * -30.0
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
            for i in range(window[0], window[3]):
                px = grid[0] + i * voxel
                if labels[k, j, i] == 25 or labels[k, j, i] == 0:
                    continue
                d = _wing_distance(curve, px * matter[0], py, pz)
                if d >= 0.5 * voxel:
                    continue
                whole, marrow = _share(d, voxel), _share(d + matter[1], voxel)
                value = (whole - marrow) * matter[2] + (1.0 - whole) * hu[k, j, i]
                if marrow > 0.0:
                    c = matter[6]
                    value += marrow * (matter[3] + matter[4] * _noise(cube, px * c, py * c, pz * c))
                hu[k, j, i] = int(round(value))
                if whole >= 0.5:
                    labels[k, j, i] = int(matter[5])
