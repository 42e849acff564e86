"""Where an axis meets the skin."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError

SKIN_SEARCH_MM: Final = 40.0
"""Distance in mm along an axis within which its skin entry is looked for. Assumption: a shifted entry on a back."""

TISSUE_BEHIND_MM: Final = 20.0
"""Thickness in mm of tissue that makes a skin. Assumption: a table top or a tube is thinner."""

TISSUE_ABOVE_HU: Final = -300.0
"""Assumption: above this is tissue, below it air or foam: halfway between fat's -100 and foam's -700 and less."""

SKIN_STEP_MM: Final = 0.5
"""Step in mm of that search: below a voxel."""


def onto_skin(volume: Volume, near_mm: FloatArray, inward: FloatArray) -> FloatArray:
    """(3,) where an axis meets the skin: the first point along it, from outside, with tissue behind it.

    Parameters
    ----------
    volume
        The patient's.
    near_mm
        (3,) a point on the axis, up to `SKIN_SEARCH_MM` before or behind the skin.
    inward
        (3,) unit vector.

    Raises
    ------
    InputError
        If the axis meets no skin there.
    """
    depths = np.arange(-SKIN_SEARCH_MM, SKIN_SEARCH_MM + TISSUE_BEHIND_MM, SKIN_STEP_MM)
    tissue = volume.hu_at(near_mm + depths[:, None] * inward) > TISSUE_ABOVE_HU
    behind = np.asarray(sliding_window_view(tissue, int(TISSUE_BEHIND_MM / SKIN_STEP_MM)).all(axis=1))
    if behind[0] or not behind.any():
        where = "inside the body" if behind[0] else "beside the body"
        raise InputError("entry", f"a point {where}", f"a point on the skin, to {SKIN_SEARCH_MM:.0f} mm")
    return np.asarray(near_mm + depths[int(np.argmax(behind))] * inward)
