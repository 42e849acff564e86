"""Where along a needle's axis the skin, the annulus and the nucleus lie: depths a script can name on any patient."""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure.actions import Mark

STEP_MM: Final = 0.1
"""Step in mm at which an axis is searched: a tenth of the thinnest needle's reading marks."""

REACH_MM: Final = 300.0
"""Depth in mm to which an axis is searched; no instrument is that long."""


def marks(shape: DiscShape, entry_mm: FloatArray, inward: FloatArray) -> dict[Mark, float]:
    """Depths in mm below the entry at which an axis meets the disc's parts; those it misses are left out.

    Parameters
    ----------
    shape
        The treated disc.
    entry_mm
        (3,) point on the skin, patient frame.
    inward
        (3,) unit vector.
    """
    depths = np.arange(0.0, REACH_MM, STEP_MM)
    points = shape.patient_from_disc.inverse().points(entry_mm + depths[:, None] * inward)
    in_disc = depths[shape.depth_inside_mm(points) > 0.0]
    in_nucleus = depths[(shape.nucleus_rim(points) < 1.0) & (shape.depth_inside_mm(points) > 0.0)]
    found = {Mark.SKIN: 0.0}
    if in_disc.size:
        found[Mark.ANNULUS] = float(in_disc[0])
    if in_nucleus.size:
        found[Mark.NUCLEUS] = float(in_nucleus[0])
        found[Mark.NUCLEUS_CENTRE] = float((shape.nucleus_centre_mm - entry_mm) @ inward)
        found[Mark.FAR_NUCLEUS] = float(in_nucleus[-1])
    return found
