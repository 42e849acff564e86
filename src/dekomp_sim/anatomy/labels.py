"""Names of structures and their numbers in a label volume.

Numbers below 120 are TotalSegmentator's (class map "total", version 2); those from 150 are this project's, for what
that map does not hold.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Structure(IntEnum):
    """A structure of the body and its number in label volumes."""

    OUTSIDE = 0
    KIDNEY_RIGHT = 2
    KIDNEY_LEFT = 3
    COLON = 20
    SACRUM = 25
    VERTEBRA_S1 = 26
    VERTEBRA_L5 = 27
    VERTEBRA_L4 = 28
    VERTEBRA_L3 = 29
    VERTEBRA_L2 = 30
    VERTEBRA_L1 = 31
    VERTEBRA_T12 = 32
    VERTEBRA_T11 = 33
    AORTA = 52
    INFERIOR_VENA_CAVA = 63
    ILIAC_ARTERY_LEFT = 65
    ILIAC_ARTERY_RIGHT = 66
    ILIAC_VEIN_LEFT = 67
    ILIAC_VEIN_RIGHT = 68
    HIP_LEFT = 77
    HIP_RIGHT = 78
    ERECTOR_SPINAE_LEFT = 86
    ERECTOR_SPINAE_RIGHT = 87
    PSOAS_LEFT = 88
    PSOAS_RIGHT = 89
    RIB = 92
    NUCLEUS = 150
    ANNULUS = 151
    ENDPLATE = 152
    PROTRUSION = 153
    THECAL_SAC = 154
    NERVE_ROOT = 155
    GANGLION = 156
    LIGAMENTUM_FLAVUM = 157
    QUADRATUS_LUMBORUM = 158
    SKIN = 159
    FAT = 160
    FASCIA = 161
    MUSCLE = 162
    BOWEL_GAS = 163
    BOWEL_CONTENT = 164
    EPIDURAL_FAT = 165
    ABDOMINAL_SOFT_TISSUE = 166
    BONE = 167


VERTEBRAE = (
    Structure.VERTEBRA_S1,
    Structure.VERTEBRA_L5,
    Structure.VERTEBRA_L4,
    Structure.VERTEBRA_L3,
    Structure.VERTEBRA_L2,
    Structure.VERTEBRA_L1,
    Structure.VERTEBRA_T12,
    Structure.VERTEBRA_T11,
)
"""Vertebrae from caudal to cranial."""

BONES = frozenset(
    {*VERTEBRAE, Structure.SACRUM, Structure.HIP_LEFT, Structure.HIP_RIGHT, Structure.RIB, Structure.BONE}
)
"""Structures on which a needle stops."""


class Level(StrEnum):
    """A disc level."""

    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L4 = "L3-L4"
    L4_L5 = "L4-L5"
    L5_S1 = "L5-S1"

    @property
    def vertebra_above(self) -> Structure:
        """The vertebra above."""
        return _ABOVE[self]

    @property
    def vertebra_below(self) -> Structure:
        """The vertebra below."""
        return VERTEBRAE[VERTEBRAE.index(self.vertebra_above) - 1]


_ABOVE = {
    Level.L1_L2: Structure.VERTEBRA_L1,
    Level.L2_L3: Structure.VERTEBRA_L2,
    Level.L3_L4: Structure.VERTEBRA_L3,
    Level.L4_L5: Structure.VERTEBRA_L4,
    Level.L5_S1: Structure.VERTEBRA_L5,
}


class Side(StrEnum):
    """The patient's own side."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def sign(self) -> int:
        """+1 for the patient's left (LPS +x), -1 for the right."""
        return 1 if self is Side.LEFT else -1
