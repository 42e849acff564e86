"""The spaces of a disc that contrast can fill: nucleus and fissures, annulus, and the epidural side of a tear.

Where they lie depends on what nothing changes (shape, grid, tissue, grade), so they are found once for a disc.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, UInt8Array, sealed
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.geometry import Affine

PORE_FRACTION: Final = 0.20
"""Assumption: contrast takes up to this share of nucleus or protrusion before it spreads on: a nucleus of 5.5 mL is
full at 1.1 mL, about where a normal disc has its firm end point (50 psi above opening at 1.16 mL, grade 0).
"""

FISSURE_FRACTION: Final = 0.30
"""Assumption: share of a fissured sector of annulus that is open to contrast."""

ANNULAR_FRACTION: Final = 0.10
"""Assumption: share of intact annulus that contrast takes up next to a needle in it: it stays local."""

FISSURE_REACH: Final[Mapping[int, float]] = MappingProxyType({0: 0.0, 1: 1 / 3, 2: 2 / 3, 3: 1.0, 4: 1.0, 5: 1.0})
"""Share of the annulus that fissures cross by modified Dallas grade: inner, middle, outer third; 5 is a full tear."""

FISSURE_ARC_DEG: Final[Mapping[int, float]] = MappingProxyType({0: 0.0, 1: 20.0, 2: 20.0, 3: 20.0, 4: 60.0, 5: 60.0})
"""Assumption: arc of the disc's circumference that is fissured; the grades only ask for less than 30 degrees up to
grade 3 and for more from grade 4.
"""

FISSURE_HEIGHT_SHARE: Final = 0.6
"""Assumption: fissures keep to the middle 60 % of the disc's height."""

FISSURE_HASTE: Final[Mapping[int, float]] = MappingProxyType({0: 1.0, 1: 1.0, 2: 1.0, 3: 2.0, 4: 2.5, 5: 3.0})
"""Assumption: how many times farther contrast runs toward the fissure than elsewhere, by grade."""

POOL_MM: Final = 20.0
"""Assumption: leaked contrast stays within this of the tear's mouth; more of it counts as spread past the grid."""

BAND_MM: Final = 2.0
"""Assumption: thickness of the fibrous plate across a lobular nucleus, about a quarter of its height; contrast runs
round it, not into it. The plate lies in the equator of the adult disc and grows from the nucleus's rim inward from the
second decade on (Yu, AJNR 1989;10:1105); how thick it is was not found.
"""

SHEET: Final = 3.0
"""Assumption: leaked contrast prefers 3 mm along the disc's back to 1 mm away from it, as the canal is narrow."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What of a disc nothing changes; equal where it is the same disc's, whatever happened to it between."""

    shape: DiscShape
    patient_from_index: Affine
    tissue: UInt8Array
    dallas_grade: int
    lobular: bool

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Layout)
            and self.shape is other.shape
            and self.patient_from_index is other.patient_from_index
            and self.tissue is other.tissue
            and (self.dallas_grade, self.lobular) == (other.dallas_grade, other.lobular)
        )

    def __hash__(self) -> int:
        return hash((id(self.tissue), self.dallas_grade, self.lobular))


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Voxels that contrast can fill.

    Parameters
    ----------
    voxels
        (n,) flat indices, ascending.
    points_mm
        (n, 3) their centres in the disc frame.
    share
        (n,) part of each voxel's tissue that is open to contrast.
    haste
        (n,) how many times farther contrast runs there.
    """

    voxels: IndexArray
    points_mm: FloatArray
    share: FloatArray
    haste: FloatArray

    def __post_init__(self) -> None:
        for array in (self.points_mm, self.share, self.haste):
            sealed(array)
        sealed(self.voxels)


def layout(disc: Disc) -> Layout:
    """The key under which a disc's spaces are kept."""
    return Layout(disc.shape, disc.patient_from_index, disc.tissue, disc.dallas_grade, disc.lobular)


@lru_cache(maxsize=8)
def voxels_of(of: Layout, part: Tissue) -> IndexArray:
    """(n,) flat indices of one tissue's voxels."""
    return sealed(np.flatnonzero(of.tissue.ravel() == part))


@lru_cache(maxsize=8)
def nuclear_space(of: Layout, *, with_protrusion: bool) -> Space:
    """Nucleus and fissure, with the protrusion where that is open to the nucleus."""
    share = np.where(of.tissue == Tissue.NUCLEUS, PORE_FRACTION, 0.0)
    if of.lobular:
        share[_band(of)] = 0.0
    if with_protrusion:
        share[of.tissue == Tissue.PROTRUSION] = PORE_FRACTION
    annulus = voxels_of(of, Tissue.ANNULUS)
    share.ravel()[annulus] = np.where(fissured(of, _centres(of, annulus)), FISSURE_FRACTION, 0.0)
    return _space(of, share)


@lru_cache(maxsize=4)
def annular_space(of: Layout) -> Space:
    """Intact annulus; along the endplate too, though not from it."""
    intact = (of.tissue == Tissue.ANNULUS) | (of.tissue == Tissue.ENDPLATE)
    return _space(of, np.where(intact, ANNULAR_FRACTION, 0.0))


@lru_cache(maxsize=4)
def epidural_space(of: Layout) -> IndexArray:
    """(n,) flat indices of the voxels about the mouth of a tear that what leaks can fill, in the order it does."""
    aim = np.radians(_aim_deg(of.shape))
    way = np.array([np.sin(aim), np.cos(aim), 0.0])
    mouth = way * (1.0 / float(of.shape.rim(way)) + float(of.shape.bump_mm(way)))
    outside = voxels_of(of, Tissue.OUTSIDE)
    points = _centres(of, outside)
    near = np.linalg.norm(points - mouth, axis=1) < POOL_MM
    near[near] = of.shape.rim(points[near]) > 1.0
    outside, points = outside[near], points[near]
    away = SHEET * np.maximum(-of.shape.depth_inside_mm(points), 0.0)
    return sealed(outside[np.argsort(np.linalg.norm(points - mouth, axis=1) + away, kind="stable")])


def fissured(of: Layout, points_mm: FloatArray) -> BoolArray:
    """Whether points (n, 3) of the disc frame lie in the grade's fissure."""
    shape, inner = of.shape, of.shape.nucleus_fraction
    reach = FISSURE_REACH[of.dallas_grade]
    deep = (shape.rim(points_mm) <= inner + reach * (1.0 - inner)) | (reach >= 1.0)
    flat = np.abs(points_mm[:, 2]) <= FISSURE_HEIGHT_SHARE * shape.height_mm(points_mm) / 2.0
    return _in_sector(of, points_mm) & deep & flat


def _band(of: Layout) -> BoolArray:
    """(nk, nj, ni) voxels of the plate across a lobular nucleus; the grid's last axis is the disc's own z."""
    levels = np.zeros((of.tissue.shape[0], 3))
    levels[:, 2] = np.arange(len(levels))
    z_mm = of.shape.patient_from_disc.inverse().points(of.patient_from_index.points(levels))[:, 2]
    near = np.abs(z_mm) < BAND_MM / 2.0
    return np.asarray((of.tissue == Tissue.NUCLEUS) & near[:, None, None])


def _space(of: Layout, share: FloatArray) -> Space:
    voxels = np.flatnonzero(share.ravel() > 0.0)
    points = _centres(of, voxels)
    haste = np.where(_in_sector(of, points), FISSURE_HASTE[of.dallas_grade], 1.0)
    return Space(voxels, points, share.ravel()[voxels], haste)


def _centres(of: Layout, voxels: IndexArray) -> FloatArray:
    """(n, 3) voxel centres in the disc frame."""
    k, j, i = np.unravel_index(voxels, of.tissue.shape)
    points = of.patient_from_index.points(np.stack([i, j, k], axis=-1))
    return of.shape.patient_from_disc.inverse().points(points)


def _aim_deg(shape: DiscShape) -> float:
    """Azimuth to which the fissure runs: to the protrusion if there is one, straight back if not."""
    return shape.protrusion.azimuth_deg * shape.protrusion.side.sign if shape.protrusion else 0.0


def _in_sector(of: Layout, points_mm: FloatArray) -> BoolArray:
    """Whether points (n, 3) of the disc frame lie in the arc of the grade's fissure, at any depth."""
    azimuth_deg = np.degrees(np.arctan2(points_mm[:, 0], points_mm[:, 1]))
    turn_deg = (azimuth_deg - _aim_deg(of.shape) + 180.0) % 360.0 - 180.0
    return np.asarray(np.abs(turn_deg) < FISSURE_ARC_DEG[of.dallas_grade] / 2.0)
