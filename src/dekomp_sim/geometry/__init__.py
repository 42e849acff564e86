"""Where things are: rigid moves, voxel frames, C-arm poses and simple solids."""

from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.geometry.rigid import Rigid
from dekomp_sim.geometry.solids import Ball, Helix, Material, Rod, Solid, Tube

__all__ = ["Affine", "Ball", "CArm", "Detector", "Helix", "Material", "Rigid", "Rod", "Solid", "Tube"]
