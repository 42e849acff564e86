"""Which tissue a point of the patient lies in, as a needle meets it: bone, discs, other labels, then Hounsfield units.

Nerves and vessels that the patient holds as strands are left out: they are met exactly elsewhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dekomp_sim.anatomy.disc_regions import ROW, depth_and_region, disc_row
from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.phantom.fields import local
from dekomp_sim.anatomy.volume import OFF_THE_GRID_HU, lookup_frame, nearest
from dekomp_sim.arrays import FloatArray, IndexArray, Int16Array, UInt8Array, frozen, sealed

AIR_BELOW_HU: Final = -300.0
"""Assumption: below this an unlabelled voxel is air: outside the body before it is entered, bowel gas within."""

FAT_BELOW_HU: Final = -30.0
"""Assumption: below this an unlabelled voxel is fat (adipose tissue reads -120 to -80 HU), above it muscle."""

BONE_ABOVE_HU: Final = 250.0
"""Assumption: above this an unlabelled voxel is bone: above trabecular bone's mean at any age (L1 226 HU below 30
years, Jang, Radiology 2019;291:360), so a cortex always stops the needle and marrow alone does not.
"""

EDGE_MM: Final = 3.0
"""Assumption: labels of a disc this near to the formulas of the same disc are its edge voxels (up to 3 mm thick)."""

DISC_LABELS: Final = (Structure.NUCLEUS, Structure.ANNULUS, Structure.ENDPLATE, Structure.PROTRUSION)
"""Labels that stand for a disc."""

_UNNAMED, _BONE, _DISC = 1, 2, 4
_GAS, _FAT = int(Structure.BOWEL_GAS), int(Structure.FAT)
_DENSE, _MUSCLE = int(Structure.BONE), int(Structure.MUSCLE)


class TissueMap(NamedTuple):
    """A patient as the kernel reads it: voxels, (3, 4) `lookup_frame`, (256,) what each label is good for, and
    (n, 22) discs."""

    hu: Int16Array
    labels: UInt8Array
    frame: FloatArray
    roles: UInt8Array
    discs: FloatArray


def tissue_at(patient: Patient, points_mm: FloatArray) -> tuple[UInt8Array, IndexArray]:
    """Structure numbers (n,) and the place of the disc in `patient.discs` (n,), -1 outside discs, of points (n, 3).

    Bone by its label comes first, then the discs by their formulas, then other labels, then Hounsfield units. A disc's
    label that sticks out of the formula by less than `EDGE_MM` is neither disc nor bone.
    """
    points = np.ascontiguousarray(points_mm, dtype=np.float64)
    kinds, discs = np.empty(len(points), dtype=np.uint8), np.empty(len(points), dtype=np.int64)
    _name_each(points, tissue_map(patient), (kinds, discs))
    return kinds, discs


@lru_cache(maxsize=4)
def tissue_map(patient: Patient) -> TissueMap:
    """The patient for `name`, kept for the patients in use."""
    volume = patient.volume
    labels = sealed(np.zeros((0, 0, 0), dtype=np.uint8)) if volume.labels is None else np.asarray(volume.labels)
    rows = np.array([disc_row(shape) for shape in patient.discs.values()]).reshape(-1, ROW)
    return TissueMap(
        np.asarray(volume.hu), labels, lookup_frame(volume.patient_from_index), _roles(patient), frozen(rows)
    )


def _roles(patient: Patient) -> UInt8Array:
    roles = np.zeros(256, dtype=np.uint8)
    roles[[int(Structure.OUTSIDE), *(int(strand.structure) for strand in patient.strands)]] |= _UNNAMED
    roles[[int(bone) for bone in BONES]] |= _BONE
    roles[[int(part) for part in DISC_LABELS]] |= _DISC
    return sealed(roles)


@njit(cache=True, nogil=True)
def _by_hounsfield(hu: float) -> int:
    if hu < AIR_BELOW_HU:
        return _GAS
    if hu < FAT_BELOW_HU:
        return _FAT
    return _DENSE if hu > BONE_ABOVE_HU else _MUSCLE


@njit(cache=True, nogil=True)
def _voxel(held: TissueMap, x: float, y: float, z: float) -> tuple[float, int]:
    """Hounsfield units and label of the voxel nearest to a point."""
    k, j, i = nearest(held.frame, held.hu.shape, x, y, z)
    if k < 0:
        return OFF_THE_GRID_HU, 0
    return float(held.hu[k, j, i]), int(held.labels[k, j, i]) if held.labels.size > 0 else 0


@njit(cache=True, nogil=True)
def name(at_mm: tuple[float, float, float], held: TissueMap) -> tuple[int, int]:
    """Structure number and disc number of a point; the kernel of `tissue_at`, for other kernels."""
    px, py, pz = at_mm
    roles, discs = held.roles, held.discs
    hu, label = _voxel(held, px, py, pz)
    kind, at = label, -1
    if roles[label] & _UNNAMED:
        kind = _by_hounsfield(hu)
    if not roles[label] & _BONE:
        for d in range(discs.shape[0]):
            x, y, z = local(discs[d], px, py, pz)
            if x * x + y * y + z * z >= 4.0 * discs[d, 12] * discs[d, 12]:
                continue
            depth, region = depth_and_region(discs[d], x, y, z)
            if depth > -EDGE_MM and roles[kind] & _DISC:
                kind = _by_hounsfield(min(hu, BONE_ABOVE_HU))
            if depth > 0.0:
                kind, at = region, d
    return kind, at


@njit(cache=True, nogil=True)
def _name_each(points: FloatArray, held: TissueMap, found: tuple[UInt8Array, IndexArray]) -> None:
    """Put structure numbers and disc numbers of points (n, 3) into `found`."""
    kinds, in_disc = found
    for n in range(points.shape[0]):
        kinds[n], in_disc[n] = name((points[n, 0], points[n, 1], points[n, 2]), held)
