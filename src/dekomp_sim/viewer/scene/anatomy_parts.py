"""The patient as parts of a scene: skin, bones, discs, nerves, vessels, organs. Made once per patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.anatomy import DiscShape, Patient, Structure, Volume
from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array
from dekomp_sim.geometry import Affine
from dekomp_sim.viewer.scene.forms import Surface, Tubing, grid
from dekomp_sim.viewer.scene.palette import BONE, LABEL_LOOKS, OTHER_DISC, SKIN, STRAND_LOOKS, Layer
from dekomp_sim.viewer.scene.parts import Part

SKIN_HU: Final = -300.0
"""Assumption: between air and skin; any value from -600 to -200 gives the same surface to a fraction of a voxel."""

SKIN_STEP_MM: Final = 3.0
"""Voxels about this far apart are enough to draw the skin."""

SEEN_STEP_MM: Final = 3.0
"""Labels are looked for at voxels this far apart; Assumption: everything drawn is thicker somewhere."""

LABEL_STEP_MM: Final = 1.7
"""Voxels of a labelled structure are averaged over blocks of at most this size: a grey edge draws as well as a fine
one, at an eighth of the time.
"""

SMOOTH_VOXELS: Final = 0.75
"""Standard deviation, in averaged voxels, that takes the steps off a labelled structure."""

DISC_STEP_MM: Final = 0.8
"""Voxel for drawing a disc from its formulas."""

DISC_TRIANGLES: Final = 3_000
"""Most triangles of a disc or a part of it. In software a picture's time grows with its triangles, about 0.2 ms of one
core for a thousand, whatever their size: hence these four figures, as low as looks round at 640 x 480.
"""

SKIN_TRIANGLES: Final = 8_000
"""Most triangles of the skin."""

BONE_TRIANGLES: Final = 5_500
"""Most triangles of one bone."""

SMOOTH_TRIANGLES: Final = 3_000
"""Most triangles of an organ or a hip bone, which are large, smooth and far from the needle."""


@lru_cache(maxsize=2)
def anatomy_parts(patient: Patient) -> tuple[Part, ...]:
    """Everything of the patient that does not change in a case; the same objects again for the same patient."""
    discs = [Part(disc_name(shape), disc_surface(shape), OTHER_DISC) for shape in patient.discs.values()]
    skin = Part("skin", skin_surface(patient.volume), SKIN)
    return (*discs, *_strands(patient), *_labelled(patient), skin)


def disc_name(shape: DiscShape) -> str:
    """Name of a disc's part."""
    return f"{shape.level} disc"


def disc_surface(shape: DiscShape) -> Surface:
    """A whole disc with its protrusion, from its formulas."""
    return shaped(shape, shape.depth_inside_mm)


def shaped(shape: DiscShape, field: Callable[[FloatArray], FloatArray]) -> Surface:
    """The surface on which `field`, of points (..., 3) in the disc frame, crosses 0 from positive inside."""
    bump = shape.protrusion.depth_mm if shape.protrusion else 0.0
    tall = 0.6 * max(shape.height_anterior_mm, shape.height_posterior_mm) + shape.concavity_mm / 2.0
    half = np.array([shape.half_width_mm + bump, shape.half_depth_mm + bump, tall]) + 3.0 * DISC_STEP_MM
    disc_from_index, points = grid(-half, half, DISC_STEP_MM)
    move = shape.patient_from_disc
    patient_from_index = Affine(move.rotation @ disc_from_index.matrix, move.points(disc_from_index.origin_mm))
    return Surface(
        field(points).astype(np.float32), patient_from_index, 0.0, smooth_voxels=0.8, most_triangles=DISC_TRIANGLES
    )


def skin_surface(volume: Volume) -> Surface:
    """The body's surface, open where the scan ends."""
    values, affine = averaged(volume.hu, volume.patient_from_index, _strides(volume, SKIN_STEP_MM))
    return Surface(values, affine, SKIN_HU, smooth_voxels=1.0, most_triangles=SKIN_TRIANGLES, largest_only=True)


def labelled_surface(volume: Volume, structure: Structure) -> Surface | None:
    """The surface of one labelled structure, or None where the volume does not show it."""
    if volume.labels is None:
        return None
    found = _box(volume.labels, structure, _strides(volume, SEEN_STEP_MM))
    if found is None:
        return None
    box, first = found
    inside = np.pad(volume.labels[box] == structure, _MARGIN)
    corner = volume.patient_from_index.points(np.array(first) - _MARGIN)
    values, affine = averaged(inside, Affine(volume.patient_from_index.matrix, corner), _strides(volume, LABEL_STEP_MM))
    smooth = LABEL_LOOKS.get(structure, BONE).layer is not Layer.BONE
    most = SMOOTH_TRIANGLES if smooth else BONE_TRIANGLES
    return Surface(values, affine, 0.5, smooth_voxels=SMOOTH_VOXELS, most_triangles=most)


def averaged(values: NDArray[Any], affine: Affine, block: tuple[int, int, int]) -> tuple[Float32Array, Affine]:
    """Means over blocks of `block` voxels along (i, j, k), and where they lie; an incomplete last block is dropped."""
    i, j, k = block
    nk, nj, ni = (size // step for size, step in zip(values.shape, (k, j, i), strict=True))
    total = np.zeros((nk, nj, ni), dtype=np.float32)
    whole = values[: nk * k, : nj * j, : ni * i]
    # Adding strided views reads the big array without ever making a float copy of it.
    for first in product(range(k), range(j), range(i)):
        total += whole[first[0] :: k, first[1] :: j, first[2] :: i]
    middle = affine.points((np.array(block) - 1) / 2.0)
    total /= np.float32(i * j * k)
    return total, Affine(affine.matrix * np.array(block), middle)


_MARGIN: Final = 5
"""Empty voxels around a structure, so that smoothing closes its surface."""


def _strides(volume: Volume, step_mm: float) -> tuple[int, int, int]:
    """How many voxels along i, j and k make about `step_mm`."""
    i, j, k = (max(1, int(step_mm / spacing)) for spacing in volume.patient_from_index.spacing_mm)
    return i, j, k


def _box(
    labels: UInt8Array, structure: Structure, stride: tuple[int, int, int]
) -> tuple[tuple[slice, ...], tuple[int, int, int]] | None:
    """Slices (k, j, i) around a structure and the first voxel (i, j, k) in them."""
    i, j, k = stride
    seen = np.argwhere(labels[::k, ::j, ::i] == structure)
    if not len(seen):
        return None
    steps = np.array([k, j, i])
    low = np.maximum((seen.min(axis=0) - 2) * steps, 0)
    high = np.minimum((seen.max(axis=0) + 3) * steps, labels.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return box, (int(low[2]), int(low[1]), int(low[0]))


def _strands(patient: Patient) -> Iterator[Part]:
    for strand in patient.strands:
        if strand.structure in STRAND_LOOKS:
            yield Part(strand.name, Tubing(strand.path_mm, strand.radius_mm), STRAND_LOOKS[strand.structure])


def _labelled(patient: Patient) -> Iterator[Part]:
    laid = {strand.structure for strand in patient.strands}
    looks = LABEL_LOOKS | {kind: look for kind, look in STRAND_LOOKS.items() if kind not in laid}
    for structure, look in looks.items():
        surface = labelled_surface(patient.volume, structure)
        if surface is not None:
            yield Part(structure.name.replace("_", " ").lower(), surface, look)
