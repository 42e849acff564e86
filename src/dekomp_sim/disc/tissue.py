"""The tissues of a disc and their densities."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from dekomp_sim.anatomy import Structure


class Tissue(IntEnum):
    """What a voxel of the disc's grid is made of."""

    OUTSIDE = 0
    NUCLEUS = 1
    ANNULUS = 2
    ENDPLATE = 3
    PROTRUSION = 4


PARTS: Final = (Tissue.NUCLEUS, Tissue.ANNULUS, Tissue.ENDPLATE, Tissue.PROTRUSION)
"""The tissues that make up the disc."""

TISSUE_OF_STRUCTURE: Final[Mapping[Structure, Tissue]] = MappingProxyType(
    {
        Structure.NUCLEUS: Tissue.NUCLEUS,
        Structure.ANNULUS: Tissue.ANNULUS,
        Structure.ENDPLATE: Tissue.ENDPLATE,
        Structure.PROTRUSION: Tissue.PROTRUSION,
    }
)
"""The disc's tissues by their number in label volumes."""

CAVITY_FLUID_G_ML: Final = 1.0
"""Assumption: what was carved away is replaced at once by fluid of water's density, so a cavity hardly shows in X-ray;
nothing published says how fast it fills, and gas in it is not modelled."""

DENSITY_G_ML: Final[Mapping[Tissue, float]] = MappingProxyType(
    {
        Tissue.OUTSIDE: 0.0,
        Tissue.NUCLEUS: 1.06,
        Tissue.ANNULUS: 1.09,
        Tissue.ENDPLATE: 1.10,
        Tissue.PROTRUSION: 1.06,
    }
)
"""Assumption: wet densities in g/mL. No measured value was found for nucleus or annulus apart; 1.03 to 1.09 and 1.06 to
1.11 are plausible, cartilage is 1.10 (ICRU Report 44), and what has herniated is taken as nucleus.
"""
