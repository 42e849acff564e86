"""The patient: a volume, the discs derived from it, and the soft structures that needles must miss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numba import njit

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level, Side, Structure
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """A tube along a polyline: a nerve root, the thecal sac, a vessel, a loop of colon.

    Parameters
    ----------
    name
        What a clinician calls it: "left L4 exiting root".
    structure
        Its kind.
    path_mm
        (n, 3) centre line in the patient frame, n >= 2.
    radius_mm
        (n,) radius at each point of the path.
    level
        For a root: the disc level it passes as the exiting root, else None.
    side
        The patient's side, or None in the midline.
    uncertainty_mm
        Standard deviation of where it lies; 0 where it is known, as in a phantom.
    """

    name: str
    structure: Structure
    path_mm: FloatArray
    radius_mm: FloatArray
    level: Level | None = None
    side: Side | None = None
    uncertainty_mm: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "path_mm", frozen(self.path_mm))
        object.__setattr__(self, "radius_mm", frozen(self.radius_mm))
        if self.path_mm.ndim != 2 or self.path_mm.shape[1] != 3 or self.radius_mm.shape != self.path_mm.shape[:1]:
            raise ValueError(f"{self.name}: path {self.path_mm.shape} and radius {self.radius_mm.shape} do not match")

    def distance_mm(self, at_mm: FloatArray) -> float:
        """Distance of a point (3,) from the tube's surface, negative inside; the radius runs straight between stations.

        Examples
        --------
        >>> tube = Strand("a vein", Structure.AORTA, [[0.0, 0.0, 0.0], [0.0, 0.0, 10.0]], [2.0, 2.0])
        >>> tube.distance_mm(frozen([5.0, 0.0, 5.0]))
        3.0
        """
        return float(_off_cones(np.asarray(at_mm), self.path_mm, self.radius_mm))


@njit(cache=True, nogil=True)
def _off_cones(at_mm: FloatArray, path_mm: FloatArray, radius_mm: FloatArray) -> float:
    """Least distance of a point (3,) from the pieces of a tube, each taken straight across."""
    least_mm = math.inf
    for n in range(len(path_mm) - 1):
        px, py, pz = at_mm[0] - path_mm[n, 0], at_mm[1] - path_mm[n, 1], at_mm[2] - path_mm[n, 2]
        wx, wy, wz = path_mm[n + 1] - path_mm[n]
        along = min(max((px * wx + py * wy + pz * wz) / (wx * wx + wy * wy + wz * wz), 0.0), 1.0)
        px, py, pz = px - along * wx, py - along * wy, pz - along * wz
        radius = radius_mm[n] + along * (radius_mm[n + 1] - radius_mm[n])
        least_mm = min(least_mm, math.sqrt(px * px + py * py + pz * pz) - radius)
    return least_mm


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """Who lies on the table.

    Parameters
    ----------
    name
        "lumbar_reference" for a phantom; for a scan a neutral word, never the header's.
    volume
        CT with labels.
    discs
        The discs the volume shows.
    strands
        Nerves, sac and vessels, from the phantom's plan or placed from landmarks.
    digest
        SHA-256 of what the patient was made from.
    """

    name: str
    volume: Volume
    discs: Mapping[Level, DiscShape]
    strands: tuple[Strand, ...]
    digest: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "discs", MappingProxyType(dict(self.discs)))
