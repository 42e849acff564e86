"""Which part of a scan a case needs: the lumbar spine with what its X-ray pictures show, and the body around it.

A whole trunk in thin slices fills gigabytes; what is far from the spine is left out before anything is made per voxel.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Structure
from dekomp_sim.anatomy.suitability.checks import Check, Verdict, head_axis
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray

LUMBAR: Final = range(Structure.VERTEBRA_S1, Structure.VERTEBRA_L1 + 1)

BEYOND_MM: Final = 120.0
"""Kept above L1 and below S1, mm.

Assumption: a field of 300 mm magnified 1.3 times shows 115 mm either way of a disc; a beam tilted by 35 degrees reaches
105 mm further up or down at the skin, 150 mm from the disc, and L1-L2 and L5-S1 lie 20 mm within.
"""

AROUND_MM: Final = 10.0
"""Air kept around the body. Assumption: enough that the outermost voxels of the skin have air beside them."""


def lumbar_part(volume: Volume) -> Volume:
    """The volume from `BEYOND_MM` below S1 to as much above L1, as the labels show them; whole where they show none."""
    assert volume.labels is not None
    axis = head_axis(volume)
    planes = np.moveaxis(volume.labels, 2 - axis, 0)
    found = np.flatnonzero([((plane >= LUMBAR[0]) & (plane <= LUMBAR[-1])).any() for plane in planes])
    if not len(found):
        return volume
    beyond = int(np.ceil(BEYOND_MM / float(volume.patient_from_index.spacing_mm[axis])))
    box = [slice(0, size) for size in volume.hu.shape]
    box[2 - axis] = slice(max(int(found[0]) - beyond, 0), min(int(found[-1]) + beyond + 1, len(planes)))
    return volume if box[2 - axis] == slice(0, len(planes)) else volume.part((box[0], box[1], box[2]))


def body_part(volume: Volume, body: BoolArray) -> tuple[Volume, BoolArray]:
    """The volume and its body mask [k, j, i] without the air farther than `AROUND_MM` from the body."""
    box = []
    for axis, spacing in enumerate(volume.patient_from_index.spacing_mm[::-1]):
        found = np.flatnonzero(body.any(axis=tuple(other for other in range(3) if other != axis)))
        around = int(np.ceil(AROUND_MM / float(spacing)))
        box.append(slice(max(int(found[0]) - around, 0), min(int(found[-1]) + around + 1, body.shape[axis])))
    return volume.part((box[0], box[1], box[2])), body[box[0], box[1], box[2]]


def kept(volume: Volume) -> Check:
    """How much of the scan is kept."""
    x, y, z = (f"{size:.0f}" for size in np.array(volume.size) * volume.patient_from_index.spacing_mm)
    found = f"{x} x {y} x {z} mm about the lumbar spine"
    return Check("part kept", Verdict.GOOD, found, f"the body from {BEYOND_MM:.0f} mm below S1 to as much above L1")
