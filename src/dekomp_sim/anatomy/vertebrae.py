"""The vertebrae of a label map: where each body is, and where its back.

A vertebral body is the thickest part of its vertebra, so the distance transform finds it without a model. The back is
from the body to the arch, and in the plane in which the vertebra is most nearly its own mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.labels import VERTEBRAE, Structure
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, Float32Array, FloatArray, sealed, unit
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.rigid import Rigid

LEAST_COSINE: Final = 0.5
"""Assumption: a spine that leans more than 60 degrees from its header's axes contradicts them."""


@dataclass(frozen=True, slots=True, eq=False)
class BoneField:
    """One vertebra's voxels as a field of 0 and 1 that is interpolated linearly: its 0.5 contour is the surface.

    Parameters
    ----------
    field
        (nk, nj, ni) float32 crop around the vertebra, 0 at its borders.
    patient_from_index
        Of that crop.
    """

    field: Float32Array
    patient_from_index: Affine

    @classmethod
    def cropped(cls, volume: Volume, structure: Structure, box: tuple[slice, ...]) -> BoneField:
        """The field of `structure` within `box` (slices along k, j, i) of the volume's labels."""
        assert volume.labels is not None
        field = np.pad(volume.labels[box] == structure, 2).astype(np.float32)
        corner = [part.start - 2 for part in box][::-1]
        affine = volume.patient_from_index
        return cls(sealed(field), Affine(affine.matrix, affine.points(corner)))

    def at(self, points_mm: FloatArray) -> FloatArray:
        """Part (...) of bone at points (..., 3) of the patient frame."""
        index = np.moveaxis(self.patient_from_index.indices(points_mm)[..., ::-1], -1, 0)
        return np.asarray(ndimage.map_coordinates(self.field, index, order=1, cval=0.0), dtype=np.float64)

    def voxels_mm(self, among: BoolArray) -> FloatArray:
        """(n, 3) centres in the patient frame of the crop's voxels that `among` picks."""
        return self.patient_from_index.points(np.argwhere(among)[:, ::-1])


@dataclass(frozen=True, slots=True, eq=False)
class Vertebra:
    """Where one labelled vertebra is.

    Parameters
    ----------
    structure
        Which vertebra.
    body_mm
        (3,) middle of the vertebral body in the patient frame.
    posterior
        (3,) unit vector from the body toward the arch.
    bone
        Its voxels.
    """

    structure: Structure
    body_mm: FloatArray
    posterior: FloatArray
    bone: BoneField


def find_vertebrae(volume: Volume) -> dict[Structure, Vertebra]:
    """The labelled vertebrae T11 to S1 of a volume, from caudal to cranial.

    Raises
    ------
    InputError
        If the volume has no labels, no labelled vertebrae, or labels that contradict the grid's orientation.
    """
    if volume.labels is None:
        raise InputError("label map", "no label map", "a label map with vertebrae numbered as TotalSegmentator does")
    boxes = ndimage.find_objects(volume.labels, max_label=max(VERTEBRAE))
    found = {
        structure: _find_vertebra(structure, BoneField.cropped(volume, structure, boxes[structure - 1]))
        for structure in VERTEBRAE
        if boxes[structure - 1] is not None
    }
    if len(found) < 2:
        raise InputError(
            "label map",
            f"{len(found)} vertebrae between T11 and S1",
            "at least two neighbours, numbered 26 (S1), 27 (L5) to 31 (L1), 32 (T12)",
            "Segment the scan with TotalSegmentator's task 'total'",
        )
    _refuse_contradiction(list(found.values()))
    return found


def _find_vertebra(structure: Structure, bone: BoneField) -> Vertebra:
    mask = bone.field > 0.5
    inside = ndimage.distance_transform_edt(mask, sampling=bone.patient_from_index.spacing_mm[::-1])
    body = np.median(bone.voxels_mm(inside >= 0.8 * inside.max()), axis=0)
    centroid = bone.voxels_mm(mask).mean(axis=0)
    return Vertebra(structure, body, unit(centroid - body + 1e-9), bone)


def _refuse_contradiction(vertebrae: list[Vertebra]) -> None:
    """Refuse labels that climb against the patient's z or have their arches in front: x and z would then be wrong."""
    up = unit(vertebrae[-1].body_mm - vertebrae[0].body_mm)
    back = unit(np.sum([vertebra.posterior for vertebra in vertebrae], axis=0) + 1e-9)
    for name, direction, axis in (("head", up, 2), ("back", back, 1)):
        if direction[axis] < LEAST_COSINE:
            towards = ", ".join(f"{part:+.2f}" for part in direction)
            raise InputError(
                "label map",
                f"vertebrae whose {name} points to ({towards}) in left, posterior, superior",
                f"a spine whose {name} agrees with the scan's orientation",
                "Check the direction matrix of scan and label map",
            )


def mirror_plane(vertebra: Vertebra, frame: Rigid) -> FloatArray:
    """Posterior direction (3,) in the patient frame, turned about the frame's z so that the vertebra is most nearly its
    own mirror image: its processes are seldom of one length, so that the centroid alone leans to a side.
    """
    x, y, z = (np.arange(least, most, 2.0) for least, most in ((-44.0, 45.0), (-24.0, 70.0), (-16.0, 17.0)))
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    shadow = vertebra.bone.at(frame.points(grid)).sum(axis=2)
    best = (np.inf, 0.0)
    for angle in np.radians(np.arange(-20.0, 21.0)):
        turned_x = (x[:, None] * np.cos(angle) - y * np.sin(angle) + 44.0) / 2.0
        turned_y = (x[:, None] * np.sin(angle) + y * np.cos(angle) + 24.0) / 2.0
        turned = ndimage.map_coordinates(shadow, [turned_x, turned_y], order=1)
        for middle in range(-3, 4):
            moved = np.roll(turned, middle, axis=0)
            best = min(best, (float(np.abs(moved - moved[::-1]).sum()), float(angle)))
    return frame.directions([-np.sin(best[1]), np.cos(best[1]), 0.0])
