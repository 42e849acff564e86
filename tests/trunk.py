"""A trunk with a brick for L4 and two discs, a cannula and a probe in one of them: quick to draw, all places known."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from dekomp_sim.anatomy import Level, Patient, Side, Strand, Structure, Volume
from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.disc import voxelise
from dekomp_sim.geometry import Affine, CArm, Rigid
from dekomp_sim.instruments import Placement, coaxial, instrument
from dekomp_sim.planning import Trajectory
from dekomp_sim.procedure.case import Case, Machine
from dekomp_sim.procedure.clinic.card import PatientCard

CENTRE_MM = np.array([12.0, -30.0, 400.0])
"""Centre of the treated disc: nowhere special, so that a forgotten offset shows."""

INWARD = np.array([-0.7, -0.7, -0.14])
"""From behind, from the patient's left and from a little above."""


def shape_at(level: Level, height_mm: float, protrusion: Protrusion | None = None) -> DiscShape:
    move = Rigid.shift(CENTRE_MM + np.array([0.0, 0.0, height_mm]))
    return DiscShape(level, move, 24.0, 17.0, 12.0, 8.0, protrusion=protrusion)


def volume(flipped: bool) -> Volume:
    """A round trunk of 3 mm voxels with a brick for L4, on a grid that may run from left to right and head to feet."""
    size = np.array([74, 60, 50])
    step = np.array([-3.0, 3.0, -3.0]) if flipped else np.full(3, 3.0)
    affine = Affine(np.diag(step), CENTRE_MM - step * (size - 1) / 2.0)
    k, j, i = np.indices((50, 60, 74))
    x, y, z = np.moveaxis(affine.points(np.stack([i, j, k], axis=-1)) - CENTRE_MM, -1, 0)
    hu = np.where((x / 95.0) ** 2 + (y / 75.0) ** 2 < 1.0, 40, -1000).astype(np.int16)
    brick = (np.abs(x) < 24.0) & (np.abs(y) < 17.0) & (np.abs(z - 20.0) < 13.5)
    labels = np.where(brick, np.uint8(Structure.VERTEBRA_L4), np.uint8(0))
    return Volume(hu, affine, labels)


@cache
def patient(flipped: bool = False) -> Patient:
    discs = {Level.L4_L5: shape_at(Level.L4_L5, 0.0, Protrusion(Side.LEFT)), Level.L3_L4: shape_at(Level.L3_L4, 40.0)}
    path = CENTRE_MM + np.array([[0.0, 26.0, 60.0], [0.0, 26.0, 0.0], [0.0, 26.0, -60.0]])
    sac = Strand("thecal sac", Structure.THECAL_SAC, path, np.full(3, 7.0))
    return Patient("trunk", volume(flipped), discs, (sac,), "0" * 64)


@lru_cache(maxsize=4)
def case(flipped: bool = False) -> Case:
    """A cannula in the disc's rim from the left, a probe in it."""
    someone = patient(flipped)
    shape = someone.discs[Level.L4_L5]
    target = shape.nucleus_centre_mm
    entry = target - 95.0 * INWARD / np.linalg.norm(INWARD)
    plan = Trajectory(Level.L4_L5, Side.LEFT, entry, target, 45.0, 8.0, 67.0, 76.0, 3.0, "nothing")
    cannula = Placement(instrument("trocar_cannula"), entry, plan.direction, 86.0)
    inside = coaxial(instrument("probe"), cannula)
    return Case(
        seed=1,
        patient=someone,
        level=Level.L4_L5,
        side=Side.LEFT,
        card=PatientCard(),
        machine=Machine(),
        plan=plan,
        disc=voxelise(shape, voxel_mm=0.8),
        placements={"trocar_cannula": cannula, "probe": inside},
        nest={"probe": "trocar_cannula"},
        carm=CArm(180.0, 0.0, CENTRE_MM),
    )
