"""Named views as DICOM positioner angles, for a prone patient with the detector over the back.

The unit vector isocentre to detector is (sin p cos s, -cos p cos s, sin s) for primary p and secondary s. A view is
square to a disc where that vector lies in the disc's plane: with the normal n,
tan s = (n_y cos p - n_x sin p) / n_z.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure.actions import View

OVER_THE_BACK_DEG: Final = 180.0
"""Primary angle of a detector over a prone patient's back, by DICOM's formula above."""

OBLIQUE_DEG: Final = 35.0
"""Turn from the midline toward the side of approach, degrees.

Assumption: 30 to 35 degrees put the superior articular process over the middle of the disc in common teaching.
"""

TILT_DEG_AT_MOST: Final = 45.0
"""Largest cranial or caudal tilt in degrees of the C-arm.

Assumption: maker's figures differ; mobile C-arms reach 40 to 50 degrees before the table is in the way.
"""


class Angles(NamedTuple):
    """DICOM's positioner angles (0018,1510) and (0018,1511)."""

    primary_deg: float
    secondary_deg: float


def square_tilt_deg(disc: DiscShape, primary_deg: float) -> float:
    """Secondary angle at which the central ray lies in the disc's plane, for a primary angle.

    Examples
    --------
    >>> from dekomp_sim.anatomy import Level
    >>> from dekomp_sim.geometry import Rigid
    >>> level = DiscShape(Level.L4_L5, Rigid.identity(), 25, 17, 12, 8)
    >>> abs(square_tilt_deg(level, 180.0))
    0.0
    """
    normal = disc.patient_from_disc.directions([0.0, 0.0, 1.0])
    p = np.radians(primary_deg)
    return float(np.degrees(np.arctan2(normal[1] * np.cos(p) - normal[0] * np.sin(p), normal[2])))


def angles_of(view: View, disc: DiscShape, side: Side, inward: FloatArray, primary_now_deg: float) -> Angles:
    """Angles of a named view.

    Parameters
    ----------
    view
        Its name. `endplate` keeps the present primary angle and squares the tilt to the disc.
    disc
        The treated disc.
    side
        Side of approach: the oblique view turns toward it, and the lateral has its detector there.
    inward
        (3,) direction of the planned needle, from the skin to the disc.
    primary_now_deg
        The C-arm's present primary angle.
    """
    if view is View.NEEDLE_EYE:
        return _towards(-inward)
    primary = {
        View.AP: OVER_THE_BACK_DEG,
        View.LATERAL: side.sign * 90.0,
        View.OBLIQUE: OVER_THE_BACK_DEG - side.sign * OBLIQUE_DEG,
        View.ENDPLATE: primary_now_deg,
    }[view]
    return Angles(_wrapped(primary), square_tilt_deg(disc, primary))


def _towards(direction: FloatArray) -> Angles:
    x, y, z = direction / np.linalg.norm(direction)
    return Angles(_wrapped(float(np.degrees(np.arctan2(x, -y)))), float(np.degrees(np.arcsin(z))))


def _wrapped(angle_deg: float) -> float:
    """The same angle in (-180, 180], as DICOM wants it."""
    return 180.0 - (180.0 - angle_deg) % 360.0
