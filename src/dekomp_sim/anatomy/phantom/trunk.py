"""The trunk around the spine: skin, fat, muscle and abdominal cavity, and the hip bones as bent plates."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.phantom.fields import FAR, noise, share, smooth_less, wing_station
from dekomp_sim.anatomy.phantom.frames import Column
from dekomp_sim.anatomy.phantom.paint import Picture, Place
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.errors import OutOfRangeError

PROFILE_STEP_MM: Final = 1.0
"""Step of the tables along z that the trunk painter reads, mm."""


def trunk_profile(spec: PhantomSpec, column: Column, z_mm: FloatArray) -> FloatArray:
    """(n, 6) per height z: half width, y of the widest section, half depths behind and before it, y of the spine's
    disc line, and depth of the furrow over the spinous processes.

    The half depth behind is set so that the skin passes through the specified point at the L4-L5 disc.

    Raises
    ------
    OutOfRangeError
        If the trunk is too thin for its back, or its midline lies far from the rest of the back.
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
    front = body.depth_mm - behind
    if not front > LEAST_FRONT_MM:
        raise OutOfRangeError(
            "body.depth_mm", f"{body.depth_mm:g}", f"{behind + LEAST_FRONT_MM:.0f} or more for this back"
        )
    if not -25.0 < apex - body.back_midline_mm < 25.0:
        raise OutOfRangeError(
            "body.back_midline_mm",
            f"{body.back_midline_mm:g}",
            f"{apex - 25.0:.0f} to {apex + 25.0:.0f} for skin_lateral_mm and skin_depth_mm",
        )
    return np.stack([half_width, middle, back_y - middle, np.full(z_mm.shape, front), spine_y, furrow], axis=1)


BACK_POWER: Final = 2.25
"""Exponent of the superellipse behind. Assumption: between an ellipse and a box, as axial CT shows."""


def trunk_matter(spec: PhantomSpec) -> FloatArray:
    """(9,) thicknesses, HU and voxel edge the trunk painter reads."""
    body, hu = spec.body, spec.hu
    sizes = [body.skin_mm, body.subcutaneous_fat_mm, body.abdominal_wall_mm, body.depth_mm]
    return np.array([*sizes, hu.skin, hu.fat, hu.muscle, hu.bowel, spec.voxel_mm])


_SKIN, _FAT, _WALL = int(Structure.SKIN), int(Structure.FAT), int(Structure.MUSCLE)
_ERECTOR_LEFT, _ERECTOR_RIGHT = int(Structure.ERECTOR_SPINAE_LEFT), int(Structure.ERECTOR_SPINAE_RIGHT)
_CAVITY = int(Structure.ABDOMINAL_SOFT_TISSUE)


LEAST_FRONT_MM: Final = 70.0
"""Least depth of the trunk before its widest section, mm. Assumption: vessels and bowel need that room."""

FRONT_POWER: Final = 2.6
"""Exponent of the superellipse in front, flattened by the table."""


@njit(cache=True, nogil=True)
def _trunk_matter(
    d: float,
    point: tuple[float, float, float],
    where: tuple[float, float, float],
    matter: FloatArray,
    cube: Float32Array,
) -> tuple[float, int]:
    """HU and label of the trunk at depth -d under the skin.

    `where` is how far back the point lies (1 at the skin), the discs' y, and the x beyond which gluteal muscle is.
    """
    backward, spine, gluteal = where
    px, py, pz = point
    voxel = matter[8]
    fat_mm = matter[1] * (1.0 - 0.35 * min(1.0, max(0.0, backward)))
    if d > -matter[0] - 0.5 * voxel:
        t = share(d + matter[0], voxel)
        return matter[4] * (1.0 - t) + matter[5] * t, _SKIN if t < 0.5 else _FAT
    inner = d + matter[0] + fat_mm
    if inner > 0.5 * voxel:
        return matter[5] + 4.0 * noise(cube, px * 0.09, py * 0.09, pz * 0.09), _FAT
    lobes = noise(cube, px * 0.09, py * 0.09, pz * 0.09)
    at_muscle = share(inner, voxel)
    plane = py - spine - 33.0 + 0.0016 * px * px
    back = smooth_less(plane, 74.0 - abs(px), 24.0)
    if back > 0.0 or inner > -matter[2] or abs(px) > gluteal:
        streak = noise(cube, px * 0.33, py * 0.33, pz * 0.05) + lobes
        value = matter[6] - 22.0 * max(0.0, streak - 0.9)
        label = _WALL if back <= 0.0 else (_ERECTOR_LEFT if px > 0.0 else _ERECTOR_RIGHT)
    elif plane > -32.0:
        value, label = matter[5] + 5.0 * lobes, _FAT
    else:
        organ = 1.0 / (1.0 + math.exp(-4.0 * (lobes - 0.25)))
        value, label = matter[5] + (matter[7] - matter[5]) * organ, _CAVITY
    return at_muscle * value + (1.0 - at_muscle) * matter[5], label


@njit(cache=True, nogil=True)
def paint_trunk(
    picture: Picture,
    place: Place,
    profile: FloatArray,
    beside: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
) -> None:
    """Paint skin, fat, abdominal wall, back muscles and what fills the abdomen; the rest stays air.

    `profile` holds one row of `trunk_profile` per slice, `beside` (nk, nj) the x beyond which a voxel row runs through
    the gluteal muscles.
    """
    hu, labels = picture
    grid, window = place
    voxel, ni = grid[3], hu.shape[2]
    dips, backs, fronts = np.zeros(ni), np.zeros(ni), np.zeros(ni)
    for k in range(window[2], window[5]):
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
                    part = (y / behind) ** BACK_POWER if dips[i] > 0.01 else flat
                    square = backs[i] + part
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
                value, label = _trunk_matter(d, (px, py, pz), (y / deep, spine, beside[k, j]), matter, cube)
                whole = share(d, voxel)
                hu[k, j, i] = round(whole * value - 1000.0 * (1.0 - whole))
                if whole >= 0.5:
                    labels[k, j, i] = np.uint8(label)


WING_MM: Final = (
    (36.0, 62.0, -94.0, 5.0),
    (42.0, 55.0, -64.0, 8.0),
    (51.0, 44.0, -42.0, 9.5),
    (65.0, 28.0, -18.0, 7.0),
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


def gluteal_table(spec: PhantomSpec, y_mm: FloatArray, z_mm: FloatArray) -> FloatArray:
    """(nz, ny) distance from the midline beyond which a voxel row lies outside the iliac wing; far above the crest."""
    curve = wing(spec)
    table = np.full((len(z_mm), len(y_mm)), FAR)
    for row, z in zip(table, z_mm, strict=True):
        stations = np.array([wing_station(curve, n, float(z)) for n in range(len(curve))])[::-1]
        outer = np.interp(y_mm, stations[:, 1], stations[:, 0]) + 2.0 * np.maximum(0.0, stations[0, 1] - y_mm)
        top = np.interp(y_mm, stations[:, 1], curve[::-1, 2])
        row[:] = np.where(z < top, outer + 0.9 * np.maximum(0.0, z - top + 60.0), FAR)
    return table


def sacroiliac(spec: PhantomSpec) -> FloatArray:
    """(2, 3) a point in the middle of the left iliac wing beside the sacrum and the plane's normal there, outward."""
    curve = wing(spec)
    ends = np.array([[*wing_station(curve, n, z), z] for n in (2, 8) for z in (-90.0, -45.0)])
    along, upward = ends[2] - ends[0], ends[1] - ends[0]
    normal = np.cross(upward, along)
    normal *= np.sign(normal[0]) / np.linalg.norm(normal)
    return np.stack([ends.mean(axis=0), normal])
