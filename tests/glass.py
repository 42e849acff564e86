"""A patient of glass: a block of muscle with two discs, their nerves and boxes for organs, but no bone in the way."""

from __future__ import annotations

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Patient, Protrusion, Side, Strand, Structure, Volume
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.geometry import Affine, Rigid

VOXEL_MM = 2.0
HALF_MM = (120.0, 100.0, 90.0)
SKIN_Y_MM = 72.0

BOXES = {
    Structure.KIDNEY_LEFT: ((50.0, -40.0, 50.0), (80.0, 0.0, 80.0)),
    Structure.COLON: ((70.0, -60.0, -40.0), (100.0, -10.0, 0.0)),
    Structure.VERTEBRA_L4: ((-20.0, -15.0, 8.0), (20.0, 15.0, 26.0)),
}
"""Boxes, mm: a kidney above and a colon beside the L4-L5 disc, and the body of L4 above it."""


def disc(level: Level, z_mm: float, protrusion: Protrusion | None = None) -> DiscShape:
    frame = Rigid.shift([0.0, 0.0, z_mm])
    return DiscShape(level, frame, 25.0, 17.0, 13.0, 9.0, protrusion=protrusion)


def aorta() -> Strand:
    path = np.array([[5.0, -32.0, -80.0], [5.0, -32.0, 80.0]])
    return Strand("aorta", Structure.AORTA, path, np.full(2, 9.0))


def glass_patient() -> Patient:
    """Who lies here has the L4-L5 disc at the origin, square to the axes, and the skin of the back at y = 72 mm."""
    size = [int(2 * half / VOXEL_MM) + 1 for half in HALF_MM]
    affine = Affine.from_spacing([VOXEL_MM] * 3, [-half for half in HALF_MM])
    x, y, z = (np.arange(n) * VOXEL_MM - half for n, half in zip(size, HALF_MM, strict=True))
    body = np.broadcast_to((np.abs(y) <= SKIN_Y_MM)[None, :, None], size[::-1])
    hu = np.where(body, 40, -1000).astype(np.int16)
    labels = np.where(body, Structure.MUSCLE, Structure.OUTSIDE).astype(np.uint8)
    labels[:, np.abs(y - (SKIN_Y_MM - 1.0)) <= 2.0, :] = Structure.SKIN
    labels[:, y > SKIN_Y_MM, :] = Structure.OUTSIDE
    for structure, (low, high) in BOXES.items():
        inside = [(low[n] <= axis) & (axis <= high[n]) for n, axis in enumerate((x, y, z))]
        labels[np.ix_(*inside[::-1])] = structure
    discs = {
        Level.L3_L4: disc(Level.L3_L4, 36.0),
        Level.L4_L5: disc(Level.L4_L5, 0.0, Protrusion(Side.LEFT)),
    }
    strands = (*lay_nerves(discs), aorta())
    return Patient("glass", Volume(hu, affine, labels), discs, strands, "glass-1")
