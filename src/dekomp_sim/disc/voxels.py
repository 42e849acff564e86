"""The disc as voxels: tissue left, contrast in it, and ledgers that add up. Copied on every change, never written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.anatomy.disc_regions import on_grid
from dekomp_sim.anatomy.volume import look_up, lookup_frame
from dekomp_sim.arrays import Float32Array, FloatArray, IndexArray, Itself, UInt8Array, absorb, frozen, sealed
from dekomp_sim.disc.tissue import CAVITY_FLUID_G_ML, DENSITY_G_ML, TISSUE_OF_STRUCTURE, Tissue
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine
from dekomp_sim.units import MM3_PER_ML

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

OPENING_KPA: Final = 100.0
"""Resting pressure of a healthy lumbar disc, prone: 0.1 MPa (Wilke, Spine 1999;24:755; 91 kPa in Sato, Spine
1999;24:2468). Assumption: the same for every Dallas grade; means by grade are not published.
"""

EPIDURAL_ROOM_MM: Final = 8.0
"""Assumption: the grid of a disc that leaks reaches this far behind it, to hold the contrast next to the tear."""


WATER: Final = 0.80
"""Water in a healthy adult's nucleus: 70 to 85 % (Castro, Eur Spine J 1992;1:96)."""


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Tissue volumes in mL by `Tissue` number, (5,) each: at first, now in the cannula, and collected at the handle."""

    initial_ml: FloatArray
    in_cannula_ml: FloatArray
    collected_ml: FloatArray

    def __post_init__(self) -> None:
        for name in ("initial_ml", "in_cannula_ml", "collected_ml"):
            object.__setattr__(self, name, frozen(getattr(self, name), (len(Tissue),)))

    @property
    def removed_ml(self) -> FloatArray:
        """(5,) everything that has left the disc."""
        return np.asarray(self.in_cannula_ml + self.collected_ml)


@dataclass(frozen=True, slots=True)
class ContrastLedger:
    """Where the injected contrast went: injected = in the grid + `beyond_ml` + `removed_ml`.

    Parameters
    ----------
    injected_ml
        Everything injected.
    annular_ml
        Part of it injected into the annulus, which does not raise the nucleus's pressure.
    leaked_ml
        Part of it that left through a full-thickness tear.
    beyond_ml
        What has spread past the grid: part of what leaked, and all that ran off into veins.
    removed_ml
        Part that came out with the tissue.
    iodine_mg_ml
        Mean iodine concentration of what was injected.
    vascular_ml
        Part of it that ran off into the veins of a vertebra, from a tip in the endplate.
    """

    injected_ml: float = 0.0
    annular_ml: float = 0.0
    leaked_ml: float = 0.0
    beyond_ml: float = 0.0
    removed_ml: float = 0.0
    iodine_mg_ml: float = 0.0
    vascular_ml: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Stain:
    """Contrast in a disc, only where there is any: a few mL lie in a small part of the grid.

    Parameters
    ----------
    voxels
        (n,) flat indices, ascending.
    ml
        (n,) contrast in each, 0 or more.
    """

    voxels: IndexArray
    ml: FloatArray

    def __post_init__(self) -> None:
        sealed(self.voxels)
        sealed(self.ml)

    @classmethod
    def of(cls, field_ml: FloatArray) -> Stain:
        """What a field (nk, nj, ni) of mL in each voxel holds."""
        voxels = np.flatnonzero(field_ml)
        return cls(voxels, field_ml.ravel()[voxels])


NO_CONTRAST: Final = Stain(np.zeros(0, dtype=np.int64), np.zeros(0))
"""A disc that nothing was injected into."""


@dataclass(frozen=True, slots=True, eq=False)
class Disc:
    """One disc's state; arrays are [k, j, i] on a grid along the disc's own axes.

    Parameters
    ----------
    shape
        The formulas it was made from.
    patient_from_index
        Takes (i, j, k) to patient mm.
    tissue
        uint8 `Tissue` numbers.
    coverage
        float64, share of each voxel that the disc filled at first.
    fraction
        float64, share of each voxel that tissue fills now.
    stain
        Contrast medium, voxel by voxel where there is any.
    ledger, contrast
        Where tissue and contrast have gone.
    dallas_grade
        Modified Dallas grade 0 to 5 of the annulus.
    opening_kpa
        Pressure before anything was injected or removed.
    clogged
        How far the probe's thread is packed with what it took, 0 clear to 1 full.
    lobular
        Whether a fibrous band parts the nucleus into an upper and a lower lobe.
    water
        Share of the nucleus that is water; a drier one is tougher and flows less.
    """

    shape: DiscShape
    patient_from_index: Affine
    tissue: UInt8Array
    coverage: FloatArray
    fraction: FloatArray
    stain: Stain
    ledger: Ledger
    contrast: ContrastLedger
    dallas_grade: int
    opening_kpa: float
    clogged: float = 0.0
    lobular: bool = False
    water: float = WATER

    def __post_init__(self) -> None:
        for array in (self.tissue, self.coverage, self.fraction):
            sealed(array)

    @property
    def contrast_ml(self) -> FloatArray:
        """Contrast medium in each voxel, [k, j, i]."""
        field_ml = np.zeros(self.fraction.shape)
        field_ml.ravel()[self.stain.voxels] = self.stain.ml
        return field_ml

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel."""
        return self.patient_from_index.voxel_mm3 / MM3_PER_ML

    @property
    def remaining_ml(self) -> FloatArray:
        """(5,) tissue left by `Tissue` number."""
        if self.fraction is self.coverage:
            return self.ledger.initial_ml
        return tissue_volumes_ml(self.tissue, self.fraction, self.voxel_ml)

    @property
    def removed_ml(self) -> float:
        """Tissue removed so far, all kinds."""
        return float(self.ledger.removed_ml.sum())

    @property
    def injected_ml(self) -> float:
        """Contrast injected so far."""
        return self.contrast.injected_ml

    @property
    def iodine_g_cm3(self) -> Float32Array:
        """Iodine per volume in each voxel, [k, j, i]."""
        per_ml = self.contrast.iodine_mg_ml / 1000.0 / self.voxel_ml
        iodine = np.zeros(self.fraction.shape, dtype=np.float32)
        iodine.ravel()[self.stain.voxels] = self.stain.ml * per_ml
        return iodine

    @property
    def missing_g_cm3(self) -> Float32Array:
        """Mass that each voxel has lost per volume, [k, j, i]: tissue removed less the fluid that fills its place."""
        density = np.array([DENSITY_G_ML[tissue] - CAVITY_FLUID_G_ML for tissue in Tissue], dtype=np.float32)
        missing: Float32Array = (self.coverage - self.fraction).astype(np.float32)
        missing *= density.take(self.tissue)
        return missing

    def tissues_at(self, points_mm: ArrayLike) -> UInt8Array:
        """`Tissue` numbers (...) of the voxels nearest to patient points (..., 3); OUTSIDE off the grid."""
        points = np.ascontiguousarray(points_mm, dtype=np.float64)
        found = np.full(points.shape[:-1], Tissue.OUTSIDE, dtype=np.uint8)
        look_up(points.reshape(-1, 3), lookup_frame(self.patient_from_index), self.tissue, found.reshape(-1))
        return found

    def tissue_at(self, point_mm: ArrayLike) -> Tissue:
        """Tissue at one point (3,) of the patient frame."""
        return Tissue(int(self.tissues_at(point_mm)))

    def digest(self) -> bytes:
        """SHA-256 over everything that can change, and the grid."""
        frame = (self.patient_from_index.matrix, self.patient_from_index.origin_mm)
        ledgers = (self.ledger.initial_ml, self.ledger.in_cannula_ml, self.ledger.collected_ml)
        whole = self.fraction is self.coverage
        total = _begun(Itself(self.tissue), Itself(self.coverage), whole=whole).copy()
        changed = (self.stain.voxels, self.stain.ml) if whole else (self.fraction, self.stain.voxels, self.stain.ml)
        for array in (*changed, *frame, *ledgers):
            absorb(total, array)
        plain = (self.contrast, self.dallas_grade, self.opening_kpa, self.clogged, self.lobular, self.water)
        total.update(" ".join(map(repr, plain)).encode())
        return total.digest()


@lru_cache(maxsize=8)
def _begun(tissue: Itself, coverage: Itself, *, whole: bool) -> Hash:
    """The SHA-256 begun with the fields that no step changes, to be copied; with the tissue where none was taken."""
    total = hashlib.sha256()
    for field in (tissue, coverage, coverage)[: 3 if whole else 2]:
        absorb(total, field.array)
    return total


def tissue_volumes_ml(tissue: UInt8Array, fraction: FloatArray, voxel_ml: float) -> FloatArray:
    """(5,) volume in mL by `Tissue` number; summed pairwise, so good to about 1e-15."""
    return np.array([fraction[tissue == part].sum() * voxel_ml for part in Tissue])


def voxelise(
    shape: DiscShape,
    dallas_grade: int = 2,
    voxel_mm: float = 0.4,
    opening_kpa: float = OPENING_KPA,
    *,
    lobular: bool = False,
    water: float = WATER,
) -> Disc:
    """A whole disc on a grid along its own axes, edge voxels covered in part.

    Parameters
    ----------
    shape
        The disc.
    dallas_grade
        0 to 5.
    voxel_mm
        Edge of a voxel.
    opening_kpa
        Pressure at rest.
    lobular
        Whether a fibrous band parts the nucleus, as in a mature disc.
    water
        Share of the nucleus that is water.

    Raises
    ------
    OutOfRangeError
        If the grade is not 0 to 5, the voxel not 0.2 to 2 mm, the pressure below 0 or the water not 0.6 to 0.9.
    """
    _check(dallas_grade, voxel_mm, opening_kpa)
    if not 0.6 <= water <= 0.9:
        raise OutOfRangeError("water of the nucleus", f"{water}", "0.6 to 0.9")
    plain = _voxelised(shape, dallas_grade, voxel_mm, opening_kpa)
    return replace(plain, lobular=lobular, water=water) if lobular or water != WATER else plain


@lru_cache(maxsize=4)
def _voxelised(shape: DiscShape, dallas_grade: int, voxel_mm: float, opening_kpa: float) -> Disc:
    """Kept for the discs in use: a case begun again shares its first disc."""
    patient_from_index, axes = _grid(shape, voxel_mm, EPIDURAL_ROOM_MM if dallas_grade == 5 else 0.0)
    depth, regions = on_grid(shape, axes)
    coverage = _coverage(depth, voxel_mm)
    names = np.zeros(256, dtype=np.uint8)
    for structure, part in TISSUE_OF_STRUCTURE.items():
        names[structure] = part
    tissue = np.where(coverage > 0.0, names[regions], np.uint8(Tissue.OUTSIDE)).astype(np.uint8)
    initial = tissue_volumes_ml(tissue, coverage, patient_from_index.voxel_mm3 / MM3_PER_ML)
    nothing = np.zeros(len(Tissue))
    return Disc(
        shape, patient_from_index, tissue, coverage, coverage, NO_CONTRAST,
        Ledger(initial, nothing, nothing), ContrastLedger(), dallas_grade, opening_kpa,
    )  # fmt: skip


def _check(dallas_grade: int, voxel_mm: float, opening_kpa: float) -> None:
    if dallas_grade not in range(6):
        raise OutOfRangeError("dallas_grade", str(dallas_grade), "0, 1, 2, 3, 4 or 5")
    if not 0.2 <= voxel_mm <= 2.0:
        raise OutOfRangeError("voxel_mm of the disc", f"{voxel_mm} mm", "0.2 to 2 mm")
    if not opening_kpa >= 0.0:
        raise OutOfRangeError("opening_kpa", f"{opening_kpa} kPa", "0 kPa or more")


def _grid(
    shape: DiscShape, voxel_mm: float, room_behind_mm: float
) -> tuple[Affine, tuple[FloatArray, FloatArray, FloatArray]]:
    """Affine, and x, y and z of the voxels' centres in the disc frame: the disc, its bump and one voxel around."""
    bump = shape.protrusion.depth_mm if shape.protrusion else 0.0
    taller = max(shape.height_anterior_mm, shape.height_posterior_mm)
    half = np.array([shape.half_width_mm + bump, shape.half_depth_mm + bump, (1.2 * taller + shape.concavity_mm) / 2.0])
    low, high = -(half + voxel_mm), half + voxel_mm
    high[1] += room_behind_mm
    size = np.ceil((high - low) / voxel_mm).astype(int) + 1
    x, y, z = (first + voxel_mm * np.arange(n) for first, n in zip(low, size, strict=True))
    patient_from_disc = shape.patient_from_disc
    affine = Affine(frozen(patient_from_disc.rotation * voxel_mm), frozen(patient_from_disc.points(low)))
    return affine, (x, y, z)


def _coverage(depth_mm: FloatArray, voxel_mm: float) -> FloatArray:
    """Share of each voxel below a surface given by depth: linear over the voxel's width along the surface's normal.

    The width of a cube along a gradient g is the sum of |g|'s parts, so faces, edges and slopes keep their volume.
    """
    width = sum(np.abs(part) for part in np.gradient(depth_mm))
    return np.asarray(np.clip(0.5 + depth_mm / np.maximum(width, 1e-3 * voxel_mm), 0.0, 1.0))
