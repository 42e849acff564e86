"""Names for what a scan's label map leaves unnamed: skin, fat, muscle, bone and gas by Hounsfield units and place.

A needle's way must be told in tissues on a scan as on a phantom. Organs cannot be told from Hounsfield units: where a
label map names no kidney, colon or vessel, none is known, and the case must say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.disc_regions import disc_structure_at
from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray, IndexArray, Int16Array, UInt8Array, sealed
from dekomp_sim.errors import InputError

BODY_ABOVE_HU: Final = -300
"""Assumption: skin against air; half way between -1000 and fat at -100 would be -550, less thin table pads."""

FAT_BELOW_HU: Final = -30
"""Assumption: between fat (-120 to -80 HU) and muscle (40 to 65 HU)."""

BONE_ABOVE_HU: Final = 250
"""Assumption: above contrast-filled veins, below cortical bone; the same as where a needle meets an unnamed voxel."""

THIN_BONE_ABOVE_HU: Final = 130
"""Assumption: beside dense bone this is bone too: a thin cortex blurred over coarse voxels, or dense marrow."""

LEAST_BONE_MM3: Final = 1000.0
"""Assumption: smaller dense pieces are calcified vessels, clips or bowel content, on which no needle stops."""

SKIN_MM: Final = 2.0
"""Assumption: thickness of skin with dermis on the back, 2 to 3 mm; at least one voxel is named skin."""

BACK_MUSCLE_Y_MM: Final = 15.0
"""Assumption: behind this distance from the bodies' middle, soft tissue is muscle (erector spinae, quadratus)."""

PSOAS_REACH_MM: Final = (55.0, -20.0)
"""Assumption: soft tissue closer than 55 mm to the bodies' middle to a side, and not more than 20 mm before it, is
psoas; the rest before the back muscles is called abdominal.
"""

MOST_MARROW_MM2: Final = 1500.0
"""Assumption: greatest section of marrow within one closed cortex, that of the ilium; the pelvis holds far more."""

MARROW_BEYOND_MM: Final = 35.0
"""Assumption: closer to the spine's middle a closed hole is the canal or a foramen, not marrow."""

_COARSE_MM: Final = 3.0

_IS_BONE: Final = sealed(np.isin(np.arange(256), [int(structure) for structure in BONES]))

Strides = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Voxels (3,) along k, j and i from one voxel of a coarse grid to the next."""

_RENUMBERED: Final[dict[int, Structure]] = {
    **dict.fromkeys((1, *range(4, 10), *range(15, 18), 21, 22, 23, 24, 51, 90), Structure.ABDOMINAL_SOFT_TISSUE),
    **dict.fromkeys((10, 11, 12, 13, 14), Structure.BOWEL_GAS),
    **dict.fromkeys((18, 19), Structure.BOWEL_CONTENT),
    **dict.fromkeys((*range(34, 51), *range(69, 77), 91, 116, 117), Structure.BONE),
    **dict.fromkeys(range(53, 63), Structure.ABDOMINAL_SOFT_TISSUE),
    64: Structure.INFERIOR_VENA_CAVA,
    79: Structure.THECAL_SAC,
    **dict.fromkeys(range(80, 86), Structure.MUSCLE),
    **dict.fromkeys(range(93, 116), Structure.RIB),
}
"""TotalSegmentator's structures (class map "total", version 2) that this project has no name of their own for."""


def with_tissues(volume: Volume, discs: Iterable[DiscShape], bodies_mm: Sequence[FloatArray]) -> Volume:
    """The volume with every voxel of the body named; what the label map names already keeps its name.

    Parameters
    ----------
    volume
        CT with vertebra labels.
    discs
        The discs found; their voxels become nucleus, annulus, endplate or protrusion.
    bodies_mm
        Middles (3,) of the vertebral bodies, to tell back muscles and psoas from the belly.

    Raises
    ------
    InputError
        If the volume shows no body.
    """
    assert volume.labels is not None
    labels = _renumbered(volume.labels)
    body = body_mask(volume)
    unnamed = body & (labels == Structure.OUTSIDE)
    _name_by_hu(labels, volume, unnamed, bodies_mm)
    labels[_skin(body, volume) & unnamed] = Structure.SKIN
    for disc in discs:
        _name_disc(labels, volume, disc)
    return Volume(volume.hu, volume.patient_from_index, labels)


def body_mask(volume: Volume) -> BoolArray:
    """Voxels [k, j, i] of the body: the largest piece that is no air, without table and clothes, gas within included.

    Raises
    ------
    InputError
        If nothing but air is there.
    """
    stride = _stride(volume)
    coarse = volume.hu[:: stride[0], :: stride[1], :: stride[2]] > BODY_ABOVE_HU
    # Opening parts the table from the back; its plates are thin.
    pieces, count = ndimage.label(ndimage.binary_opening(np.pad(coarse, 1, mode="edge"), _cross(), 1)[1:-1, 1:-1, 1:-1])
    if count == 0:
        found = f"nothing denser than {BODY_ABOVE_HU} HU"
        raise InputError("volume", found, "a CT of a body", "Check the rescaling of the scan")
    largest = int(np.argmax(np.bincount(pieces.ravel())[1:])) + 1
    piece = ndimage.binary_dilation(pieces == largest, _cross(), 1)
    filled = np.stack([ndimage.binary_fill_holes(part) for part in piece])
    inner = _grown(ndimage.binary_erosion(filled, _cross(), 2), stride, volume.hu.shape)
    return (_grown(filled, stride, volume.hu.shape) & (volume.hu > BODY_ABOVE_HU)) | inner


def _cross() -> BoolArray:
    return np.asarray(ndimage.generate_binary_structure(3, 1))


def _stride(volume: Volume) -> Strides:
    """Voxels (3,) along k, j, i that make a step of about `_COARSE_MM`."""
    return np.maximum(np.rint(_COARSE_MM / volume.patient_from_index.spacing_mm[::-1]).astype(np.int64), 1)


def _grown(coarse: BoolArray, stride: Strides, shape: tuple[int, ...]) -> BoolArray:
    """A mask of every stride-th voxel spread over all voxels of `shape`."""
    return np.asarray(coarse[np.ix_(*_picks(stride, shape, coarse.shape))])


def _picks(stride: Strides, shape: tuple[int, ...], coarse: tuple[int, ...]) -> list[IndexArray]:
    """Along each axis, which of the coarse voxels is nearest to each voxel of `shape`."""
    return [
        np.minimum((np.arange(size) + step // 2) // step, have - 1)
        for size, step, have in zip(shape, stride, coarse, strict=True)
    ]


def _any_of_block(mask: BoolArray, stride: Strides) -> BoolArray:
    """Coarse mask: whether any voxel is set among the stride's voxels from each stride-th one on."""
    for axis, step in enumerate(stride):
        mask = np.logical_or.reduceat(mask, np.arange(0, mask.shape[axis], step), axis=axis)
    return mask


def _renumbered(labels: UInt8Array) -> UInt8Array:
    """A writable copy with numbers that this project does not know replaced or, failing that, cleared."""
    known = {int(structure) for structure in Structure}
    table = np.array([number if number in known else 0 for number in range(256)], dtype=np.uint8)
    for number, structure in _RENUMBERED.items():
        table[number] = structure
    return table[labels]


def _skin(body: BoolArray, volume: Volume) -> BoolArray:
    """The body's outer layer, slice by slice (the scan's own ends are no skin), and soft tissue one voxel beneath it:
    there a skin that fills its voxels in part begins, for under it lies fat.
    """
    _, along_j, along_i = volume.patient_from_index.spacing_mm[::-1]
    layers = max(round(SKIN_MM / float(min(along_j, along_i))), 1)
    around = np.ones((3, 3), dtype=bool)  # corners too, so that no slanting way leads past the skin
    skin = np.empty(body.shape, dtype=bool)
    for k, part in enumerate(body):
        beneath_outer = ndimage.binary_erosion(part, around, layers, border_value=1)
        deeper = ndimage.binary_erosion(beneath_outer, around, border_value=1)
        skin[k] = part & (~beneath_outer | ~deeper & (volume.hu[k] > FAT_BELOW_HU))
    return skin


def _name_by_hu(labels: UInt8Array, volume: Volume, unnamed: BoolArray, bodies_mm: Sequence[FloatArray]) -> None:
    """Name in place what is unnamed. Regions are drawn on a coarse grid: their borders are conventions anyway."""
    stride = _stride(volume)
    side, behind = _beside_spine_mm(volume, stride, bodies_mm)
    beside, before = PSOAS_REACH_MM
    muscle = (behind > BACK_MUSCLE_Y_MM) | ((side < beside) & (behind > before))
    dense = _large_pieces(_dense(labels, volume, unnamed), volume)
    area_mm2 = volume.patient_from_index.voxel_mm3 / volume.patient_from_index.spacing_mm[2] * stride[1] * stride[2]
    closed_in = np.stack([_marrow(part, float(area_mm2)) for part in _any_of_block(dense, stride)])
    closed_in &= side > MARROW_BEYOND_MM
    spread = _picks(stride, volume.hu.shape, muscle.shape)
    across = np.ix_(*spread[1:])
    for k, coarse in enumerate(spread[0]):
        names = _classes(volume.hu[k], muscle[coarse][across])
        names[dense[k] | closed_in[coarse][across]] = Structure.BONE
        labels[k][unnamed[k]] = names[unnamed[k]]


def _dense(labels: UInt8Array, volume: Volume, unnamed: BoolArray) -> BoolArray:
    """Voxels as dense as bone that are unnamed, or named bone."""
    dense = volume.hu > BONE_ABOVE_HU
    for k, plane in enumerate(dense):
        plane &= unnamed[k] | _IS_BONE[labels[k]]
    return np.asarray(dense)


def _classes(hu: Int16Array, muscle: BoolArray) -> UInt8Array:
    soft = np.where(muscle, np.uint8(Structure.MUSCLE), np.uint8(Structure.ABDOMINAL_SOFT_TISSUE))
    names = [np.uint8(Structure.BOWEL_GAS), np.uint8(Structure.FAT)]
    return np.asarray(np.select([hu < BODY_ABOVE_HU, hu < FAT_BELOW_HU], names, soft), dtype=np.uint8)


def _large_pieces(dense: BoolArray, volume: Volume) -> BoolArray:
    """Dense pieces that are large enough for bone; those joined to named bone count with it."""
    pieces, count = ndimage.label(dense)
    sizes = np.zeros(count + 1, dtype=np.int64)
    for plane in pieces:  # all at once they would be copied as 64-bit numbers
        sizes += np.bincount(plane.ravel(), minlength=count + 1)
    large = sizes * volume.patient_from_index.voxel_mm3 >= LEAST_BONE_MM3
    large[0] = False
    kept = large[pieces]
    del pieces  # four bytes a voxel
    return np.asarray(ndimage.binary_dilation(kept, _cross(), 2, mask=volume.hu > THIN_BONE_ABOVE_HU))


def _marrow(dense: BoolArray, area_mm2: float) -> BoolArray:
    """Holes of one slice that a cortex closes in, as the marrow of the ilium; larger ones are the pelvis."""
    closed = ndimage.binary_closing(dense)
    pieces, _ = ndimage.label(ndimage.binary_fill_holes(closed) & ~dense)
    small = np.bincount(pieces.ravel()) * area_mm2 <= MOST_MARROW_MM2
    small[0] = False
    return np.asarray(small[pieces])


def _beside_spine_mm(volume: Volume, stride: Strides, bodies_mm: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """How far every stride-th voxel lies to a side of the vertebral bodies, and behind them; along z they are
    interpolated, and beyond the last ones taken to go on straight up and down.
    """
    steps = [np.arange(0, size, step) for size, step in zip(volume.hu.shape, stride, strict=True)]
    k, j, i = np.meshgrid(*steps, indexing="ij", sparse=True)
    left, back, up = (
        row[0] * i + row[1] * j + row[2] * k + start
        for row, start in zip(volume.patient_from_index.matrix, volume.patient_from_index.origin_mm, strict=True)
    )
    spine = np.array(sorted((body.tolist() for body in bodies_mm), key=lambda body: float(body[2])))
    side = np.abs(left - np.interp(up, spine[:, 2], spine[:, 0]))
    return side, back - np.interp(up, spine[:, 2], spine[:, 1])


def _name_disc(labels: UInt8Array, volume: Volume, disc: DiscShape) -> None:
    """Name the disc's voxels in place; a vertebra's keep their name."""
    reach = disc.half_width_mm + 10.0
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * (reach, reach, 15.0)
    index = volume.patient_from_index.indices(disc.patient_from_disc.points(corners))
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.maximum(np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, volume.size), low)
    ranges = [np.arange(least, most) for least, most in zip(low[::-1], high[::-1], strict=True)]
    k, j, i = np.meshgrid(*ranges, indexing="ij")
    names = disc_structure_at(disc, volume.patient_from_index.points(np.stack([i, j, k], axis=-1)))
    box = tuple(slice(least, most) for least, most in zip(low[::-1], high[::-1], strict=True))
    free = (names != Structure.OUTSIDE) & (~_IS_BONE[labels[box]] | (labels[box] == Structure.BONE))
    labels[box][free] = names[free]
