"""Phantoms of round rods for the CT scanner, whose line integrals are chords on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.imaging.ct.acquisition import Masses, Turn
from dekomp_sim.imaging.ct.gantry import Gantry, pixel_centres_mm
from dekomp_sim.imaging.ct.scanner import picture_hu
from dekomp_sim.matter import DENSITY_G_CM3, Substance

NO_STEEL: Final = np.zeros((0, 9))
"""No rods."""


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A rod along the table of one substance; negative density takes away what a larger one has there."""

    substance: Substance
    x_mm: float
    y_mm: float
    radius_mm: float
    g_cm3: float

    @classmethod
    def of(cls, substance: Substance, x_mm: float, y_mm: float, radius_mm: float) -> Cylinder:
        """A rod of its substance's own density."""
        return cls(substance, x_mm, y_mm, radius_mm, DENSITY_G_CM3[substance])


def chord_mm(gantry: Gantry, x_mm: float, y_mm: float, radius_mm: float) -> FloatArray:
    """(views, channels) path in a circle."""
    beta, fan = gantry.view_rad[:, None], gantry.fan_rad[None, :]
    normal = beta - fan + np.pi / 2.0
    apart = gantry.source_to_isocentre_mm * np.sin(fan) - (x_mm * np.cos(normal) + y_mm * np.sin(normal))
    return np.asarray(2.0 * np.sqrt(np.maximum(radius_mm**2 - apart**2, 0.0)))


def masses_of(cylinders: Iterable[Cylinder], gantry: Gantry) -> Masses:
    """What every ray of a turn meets of them."""
    by_substance: dict[Substance, FloatArray] = {}
    for one in cylinders:
        mass = chord_mm(gantry, one.x_mm, one.y_mm, one.radius_mm) * one.g_cm3 / 10.0
        by_substance[one.substance] = by_substance.get(one.substance, np.zeros_like(mass)) + mass
    nothing = np.zeros((gantry.views, gantry.channels), dtype=np.float32)
    return Masses(nothing, nothing, tuple((name, mass.astype(np.float32)) for name, mass in by_substance.items()))


def scanned(cylinders: Iterable[Cylinder], turn: Turn) -> Float32Array:
    """(matrix, matrix) HU of the slice through them."""
    return picture_hu(masses_of(cylinders, turn.gantry), NO_STEEL, turn)


def water_with(inserts: Iterable[Cylinder], radius_mm: float) -> list[Cylinder]:
    """A cylinder of water about the isocentre with rods in it, the water they displace taken away."""
    held = [Cylinder.of(Substance.WATER, 0.0, 0.0, radius_mm)]
    for one in inserts:
        held += [Cylinder(Substance.WATER, one.x_mm, one.y_mm, one.radius_mm, -1.0), one]
    return held


def within(picture: Float32Array, field_mm: float, x_mm: float, y_mm: float, radius_mm: float) -> Float32Array:
    """The pixels within a circle."""
    at = pixel_centres_mm(len(picture), field_mm)
    return picture[(at[None, :] - x_mm) ** 2 + (at[:, None] - y_mm) ** 2 < radius_mm**2]
