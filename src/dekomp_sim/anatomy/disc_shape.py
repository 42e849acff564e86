"""The geometry of one disc: its frame, outline, endplates, nucleus and protrusion, as formulas in the disc's frame.

The disc frame has its origin at the disc's centre, x toward the patient's left, y toward the back (posterior) and z
along the disc's normal toward the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry.rigid import Rigid


@dataclass(frozen=True, slots=True)
class Protrusion:
    """A focal contained herniation on the disc's posterior rim.

    Parameters
    ----------
    side
        Side of the protrusion's apex.
    azimuth_deg
        Angle of the apex from straight posterior toward `side`, seen from the disc's centre: about 15 is paramedian
        (posteromedian), 40 posterolateral, 65 foraminal.
    depth_mm
        How far the apex lies beyond the outline.
    width_deg
        Full width at half height of the bump, as an angle about the disc's centre.
    """

    side: Side
    azimuth_deg: float = 35.0
    depth_mm: float = 4.5
    width_deg: float = 35.0


@dataclass(frozen=True, slots=True, eq=False)
class DiscShape:
    """One intervertebral disc as formulas in its own frame.

    The outline is a superellipse |x/a|^2.5 + |y/b|^2.5 = 1, flattened behind; the height falls linearly from front to
    back and grows with endplate concavity toward the middle; the nucleus is a like shape, scaled and shifted backward.

    Parameters
    ----------
    level
        Which disc.
    patient_from_disc
        Frame as the module says.
    half_width_mm, half_depth_mm
        a and b of the outline.
    height_anterior_mm, height_posterior_mm
        Heights at the rims.
    concavity_mm
        Extra height in the middle, both endplates together.
    nucleus_fraction
        Linear size of the nucleus over the disc's: 0.64 at L4-5, 0.72 at L5-S1 (in vivo MRI, n=41, ovid
        00005792-201412030-00064).
    protrusion
        The herniation at this level, or None.
    """

    level: Level
    patient_from_disc: Rigid
    half_width_mm: float
    half_depth_mm: float
    height_anterior_mm: float
    height_posterior_mm: float
    concavity_mm: float = 2.0
    nucleus_fraction: float = 0.64
    protrusion: Protrusion | None = None

    def rim(self, points_mm: FloatArray) -> FloatArray:
        """Radius (...) over the outline's radius in the same direction, of points (..., 3) in the disc frame: 1 on
        the intact outline, without the protrusion; 0 on the axis.
        """
        x = np.abs(points_mm[..., 0]) / self.half_width_mm
        y = points_mm[..., 1] / self.half_depth_mm
        y = np.where(y > 0.0, y * (1.0 + 0.12 * np.exp(-((x / 0.45) ** 2))), y)
        return np.asarray((x**2.5 + np.abs(y) ** 2.5) ** 0.4)

    def bump_mm(self, points_mm: FloatArray) -> FloatArray:
        """How far (...) the protrusion pushes the outline out, in the direction of points (..., 3), mm."""
        if self.protrusion is None:
            return np.zeros(points_mm.shape[:-1])
        azimuth = np.degrees(np.arctan2(self.protrusion.side.sign * points_mm[..., 0], points_mm[..., 1]))
        sigma = self.protrusion.width_deg / 2.3548
        return np.asarray(
            self.protrusion.depth_mm * np.exp(-(((azimuth - self.protrusion.azimuth_deg) / sigma) ** 2) / 2.0)
        )

    def height_mm(self, points_mm: FloatArray) -> FloatArray:
        """Height (...) of the disc at points (..., 3) of the disc frame, mm."""
        along = np.clip(points_mm[..., 1] / self.half_depth_mm, -1.2, 1.2)
        mean = (self.height_anterior_mm + self.height_posterior_mm) / 2.0
        slope = (self.height_posterior_mm - self.height_anterior_mm) / 2.0
        return np.asarray(mean + slope * along + self.concavity_mm * np.clip(1.0 - self.rim(points_mm) ** 2, 0.0, 1.0))

    def depth_inside_mm(self, points_mm: FloatArray) -> FloatArray:
        """Signed depth (...), mm, positive inside the disc with its protrusion: the lesser of the way to the outline
        (measured along the radius) and to the nearer endplate, for points (..., 3) in the disc frame.
        """
        radius = np.hypot(points_mm[..., 0], points_mm[..., 1])
        outline = radius / np.maximum(self.rim(points_mm), 1e-6)
        outline = np.where(radius < 1e-6, min(self.half_width_mm, self.half_depth_mm), outline)
        to_rim = outline + self.bump_mm(points_mm) - radius
        to_endplate = self.height_mm(points_mm) / 2.0 - np.abs(points_mm[..., 2])
        return np.minimum(to_rim, to_endplate)

    def nucleus_rim(self, points_mm: FloatArray) -> FloatArray:
        """Like `rim`, for the nucleus (...): below 1 inside it. The nucleus sits 6 % of the half depth behind the
        centre and keeps 1 mm from the endplates' rims (the centroid lies slightly behind: ASME 141/5/051004).
        """
        shifted = points_mm - np.array([0.0, 0.06 * self.half_depth_mm, 0.0])
        in_plane = self.rim(shifted) / self.nucleus_fraction
        across = np.abs(points_mm[..., 2]) / np.maximum(self.height_mm(points_mm) / 2.0 - 1.0, 0.5)
        return np.asarray((in_plane**4 + across**4) ** 0.25)

    @property
    def nucleus_centre_mm(self) -> FloatArray:
        """(3,) centre of the nucleus in the patient frame: the usual target."""
        return self.patient_from_disc.points([0.0, 0.06 * self.half_depth_mm, 0.0])
