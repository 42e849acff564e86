"""Paints found vertebrae into a label map with TotalSegmentator's numbers: bodies, and the arches that hang on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.spine.bodies import Body
from dekomp_sim.anatomy.spine.canal import BONE_HU
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array
from dekomp_sim.geometry.affine import Affine

ARCH_MM: Final = (50.0, -14.0, 80.0)
"""Assumption: an arch reaches this far to a side of its body's middle, and from before to behind it (Panjabi 1992:
spans to 92 mm, spinous processes to 70); farther out are ribs and ilium."""

GROWN_HU: Final = (350.0, BONE_HU)
"""Assumption: an arch's cortex has more than the first, the joint between two arches, blurred over 2 mm, less."""

MARROW_MM2: Final = 100.0
"""Assumption: greatest section of an arch's marrow; a canal of 11 by 15 mm has 130."""

ARCH_HU: Final = 100.0
"""Assumption: marrow of an arch has more, muscle beside it less."""


def painted(volume: Volume, block: Volume, bodies: Mapping[Structure, Body]) -> UInt8Array:
    """Label map [k, j, i] of `volume` with bodies and arches.

    Parameters
    ----------
    volume
        The scan.
    block
        Its upright copy, on which arches are told apart.
    bodies
        By vertebra.
    """
    labels = np.zeros(volume.hu.shape, dtype=np.uint8)
    for structure, body in bodies.items():
        _paint(labels, volume, structure, body)
    _paint_arches(labels, volume, _arches(block, bodies), bodies)
    return labels


def _paint(labels: UInt8Array, volume: Volume, structure: Structure, body: Body) -> None:
    box = _box(volume, body.corners_mm)
    for k in range(box[0].start, box[0].stop):
        held = body.holds(_centres(volume, k, box)).reshape(labels[k, box[1], box[2]].shape)
        labels[k, box[1], box[2]][held] = structure


def _arches(block: Volume, bodies: Mapping[Structure, Body]) -> Volume:
    """A part of the upright scan with every vertebra's bone labelled, grown from its body through dense bone first."""
    corners = np.concatenate([body.patient_from_body.points(_arch_corners(body)) for body in bodies.values()])
    box = _box(block, corners)
    hu = block.hu[box]
    affine = block.patient_from_index
    part = Volume(hu, Affine(affine.matrix, affine.points([part.start for part in box[::-1]])))
    grown, around = np.zeros(hu.shape, dtype=np.uint8), np.zeros(hu.shape, dtype=bool)
    for structure, body in bodies.items():
        _paint(grown, part, structure, body)
        near = _box(part, body.patient_from_body.points(_arch_corners(body)))
        for k in range(near[0].start, near[0].stop):
            here = around[k, near[1], near[2]]
            here |= _near(body, _centres(part, k, near)).reshape(here.shape)
    for least_hu in GROWN_HU:
        grown = _spread(grown, _with_marrow(hu > least_hu, block.patient_from_index.spacing_mm) & around)
    return Volume(hu, part.patient_from_index, grown)


def _with_marrow(bone: BoolArray, spacing_mm: FloatArray) -> BoolArray:
    """Bone with what it closes in on a slice, unless that is as large as a canal."""
    most = int(MARROW_MM2 / (spacing_mm[0] * spacing_mm[1]))
    filled = bone.copy()
    for k, ring in enumerate(bone):
        holes, _ = ndimage.label(~ring)
        filled[k] |= (np.bincount(holes.ravel()) <= most)[holes]
    return filled


def _spread(labels: UInt8Array, bone: BoolArray) -> UInt8Array:
    """Labels grown through bone, voxel by voxel, all at one pace."""
    while True:
        beside = np.zeros_like(labels)
        for axis in range(3):
            there, back = [slice(None)] * 3, [slice(None)] * 3
            there[axis], back[axis] = slice(1, None), slice(None, -1)
            for to, of in ((tuple(there), tuple(back)), (tuple(back), tuple(there))):
                beside[to] = np.maximum(beside[to], labels[of])
        reached = (labels == 0) & bone & (beside > 0)
        if not reached.any():
            return labels
        labels = np.where(reached, beside, labels)


def _arch_corners(body: Body) -> FloatArray:
    aside, front, back = ARCH_MM
    tall = (body.low_mm - 25.0, body.high_mm + 15.0)
    return np.array([[x, y, z] for x in (-aside, aside) for y in (front, back) for z in tall])


def _near(body: Body, points_mm: FloatArray) -> BoolArray:
    low, high = _arch_corners(body)[[0, -1]]
    local = body.patient_from_body.inverse().points(points_mm)
    return np.asarray(((local >= low) & (local <= high)).all(axis=1))


def _paint_arches(labels: UInt8Array, volume: Volume, arches: Volume, bodies: Mapping[Structure, Body]) -> None:
    """Label what is bone on the scan's own voxels as the arch around it is."""
    ends = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.array(arches.size) - 1)
    box = _box(volume, arches.patient_from_index.points(ends))
    for k in range(box[0].start, box[0].stop):
        there = labels[k, box[1], box[2]].reshape(-1)
        bone = np.flatnonzero((there == 0) & (volume.hu[k, box[1], box[2]].reshape(-1) > ARCH_HU))
        points = _centres(volume, k, box)[bone]
        near = arches.label_at(points)
        for structure in np.unique(near[near > 0]):
            arch = near == structure
            arch[arch] = bodies[Structure(structure)].leaves(points[arch])
            there[bone[arch]] = structure
        labels[k, box[1], box[2]] = there.reshape(labels[k, box[1], box[2]].shape)


def _box(volume: Volume, points_mm: FloatArray) -> tuple[slice, slice, slice]:
    """Slices along k, j and i of the voxels around points (n, 3) of the patient frame."""
    index = volume.patient_from_index.indices(points_mm)[:, ::-1]
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, volume.hu.shape)
    k, j, i = (slice(int(a), max(int(a), int(b))) for a, b in zip(low, high, strict=True))
    return k, j, i


def _centres(volume: Volume, k: int, box: tuple[slice, ...]) -> FloatArray:
    """(n, 3) centres of the voxels of slice k within a box, patient frame."""
    j, i = np.meshgrid(np.arange(box[1].start, box[1].stop), np.arange(box[2].start, box[2].stop), indexing="ij")
    return volume.patient_from_index.points(np.stack([i, j, np.full_like(i, k)], axis=-1).reshape(-1, 3))
