"""A spine of superellipse bodies with square arches, whose discs are known on paper, for the tests of landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dekomp_sim.anatomy import Level, Structure, Volume
from dekomp_sim.arrays import BoolArray, FloatArray
from dekomp_sim.geometry import Affine, Rigid

HALF_WIDTH_MM, HALF_DEPTH_MM, BODY_MM = 24.0, 17.0, 27.0
"""Half axes of the bodies' outline and their height."""

DISC_MM = (12.0, 8.0)
"""Heights of the discs in front and behind, which make the spine curve."""


@dataclass(frozen=True, slots=True)
class Block:
    """One vertebra and the frame of its body: z from the lower (0) to the upper endplate (`BODY_MM`)."""

    structure: Structure
    patient_from_body: Rigid


def wedge_deg() -> float:
    """Angle between the endplates of a disc."""
    return float(np.degrees(np.arctan((DISC_MM[0] - DISC_MM[1]) / (2.0 * HALF_DEPTH_MM))))


def blocks(patient_from_spine: Rigid) -> list[Block]:
    """S1 to L1, stacked."""
    frame, found = patient_from_spine, []
    for structure in (26, 27, 28, 29, 30, 31):
        found.append(Block(Structure(structure), frame))
        frame = frame @ Rigid.shift((0.0, 0.0, BODY_MM)) @ _over_disc()
    return found


def true_discs(patient_from_spine: Rigid) -> dict[Level, Rigid]:
    """`patient_from_disc` of each disc: its plane halves the angle between the endplates."""
    levels = list(Level)[::-1]
    mean = sum(DISC_MM) / 2.0
    half = Rigid.shift((0.0, 0.0, BODY_MM)) @ Rigid.about_axis([1.0, 0.0, 0.0], -wedge_deg() / 2.0)
    up = Rigid.shift((0.0, 0.0, mean / 2.0))
    return {level: block.patient_from_body @ half @ up
            for level, block in zip(levels, blocks(patient_from_spine), strict=False)}  # fmt: skip


def _over_disc() -> Rigid:
    """Across one disc: half its wedge, up its mean height, the other half; a disc higher in front leans backward."""
    half = Rigid.about_axis([1.0, 0.0, 0.0], -wedge_deg() / 2.0)
    return half @ Rigid.shift((0.0, 0.0, sum(DISC_MM) / 2.0)) @ half


def spine_volume(affine: Affine, patient_from_spine: Rigid | None = None) -> Volume:
    """CT and labels of the spine in a block of muscle and fat, on a grid of that affine's directions and voxel size."""
    spine = patient_from_spine or Rigid.identity()
    corners = np.array([[x, y, z] for x in (-60.0, 60.0) for y in (-70.0, 80.0) for z in (-15.0, 235.0)])
    index = affine.indices(spine.points(corners))
    low, high = np.floor(index.min(axis=0)), np.ceil(index.max(axis=0))
    grid = Affine(affine.matrix, affine.points(low))
    ni, nj, nk = (high - low).astype(int) + 1
    k, j, i = np.meshgrid(np.arange(nk), np.arange(nj), np.arange(ni), indexing="ij")
    points = grid.points(np.stack([i, j, k], axis=-1))
    local = spine.inverse().points(points)
    body = np.all(np.abs(local - [0.0, 5.0, 110.0]) < (50.0, 62.0, 115.0), axis=-1)
    hu = np.where(body, np.where(np.abs(local[..., 0]) > 46.0, -100, 50), -1000).astype(np.int16)
    labels = np.zeros(hu.shape, dtype=np.uint8)
    for block in blocks(spine):
        bone = _bone(block.patient_from_body.inverse().points(points), block.structure)
        labels[bone], hu[bone] = block.structure, 300
    return Volume(hu, grid, labels)


def _bone(local: FloatArray, structure: Structure) -> BoolArray:
    """A body with a waist of its own height, two pedicles on its upper half, a lamina and a spinous process."""
    x, y, z = np.moveaxis(local, -1, 0)
    back = np.where(y > 0.0, y * (1.0 + 0.12 * np.exp(-((x / HALF_WIDTH_MM / 0.45) ** 2))), y) / HALF_DEPTH_MM
    body = (np.abs(x / HALF_WIDTH_MM) ** 2.5 + np.abs(back) ** 2.5 < 1.0) & (z > 0.0) & (z < BODY_MM)
    if structure is Structure.VERTEBRA_S1:
        return np.asarray(body)
    pedicle = (np.abs(np.abs(x) - 15.0) < 4.0) & (y > 8.0) & (y < 34.0) & (np.abs(z - 19.0) < 6.0)
    lamina = (np.abs(x) < 19.0) & (np.abs(y - 36.0) < 3.0) & (np.abs(z - 10.0) < 10.0)
    # One transverse process is longer, as they often are: the middle of the arch is then not its midline.
    across = (x > -36.0) & (x < 44.0) & (np.abs(y - 26.0) < 4.0) & (np.abs(z - 19.0) < 4.0) & (np.abs(x) > 11.0)
    spinous = (np.abs(x) < 3.0) & (y > 36.0) & (y < 62.0) & (np.abs(z - 6.0) < 8.0)
    return np.asarray(body | pedicle | lamina | across | spinous)
