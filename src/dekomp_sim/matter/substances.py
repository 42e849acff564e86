"""What things are made of: substances, their elements by weight and their densities."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Substance(StrEnum):
    """A substance whose attenuation is tabulated."""

    WATER = "water"
    SOFT_TISSUE = "soft_tissue"
    BONE_MINERAL = "bone_mineral"
    IODINE = "iodine"
    STEEL = "steel"
    ADIPOSE = "adipose"
    MUSCLE = "muscle"
    SKIN = "skin"
    NERVE = "nerve"
    BLOOD = "blood"
    CARTILAGE = "cartilage"
    CORTICAL_BONE = "cortical_bone"
    SPONGIOSA = "spongiosa"
    AIR = "air"
    PMMA = "pmma"
    ALUMINIUM = "aluminium"
    COPPER = "copper"
    LEAD = "lead"
    CSI = "csi"


DENSITY_G_CM3: Final[Mapping[Substance, float]] = MappingProxyType(
    {
        Substance.WATER: 1.0,
        Substance.SOFT_TISSUE: 1.06,
        Substance.BONE_MINERAL: 3.16,
        Substance.IODINE: 4.93,
        Substance.STEEL: 8.0,
        Substance.ADIPOSE: 0.95,
        Substance.MUSCLE: 1.05,
        Substance.SKIN: 1.09,
        Substance.NERVE: 1.04,
        Substance.BLOOD: 1.06,
        Substance.CARTILAGE: 1.10,
        Substance.CORTICAL_BONE: 1.92,
        Substance.SPONGIOSA: 1.18,
        Substance.AIR: 0.001205,
        Substance.PMMA: 1.19,
        Substance.ALUMINIUM: 2.699,
        Substance.COPPER: 8.96,
        Substance.LEAD: 11.35,
        Substance.CSI: 4.51,
    }
)
"""Density in g/cm3. Tissues: ICRU Report 44 (spongiosa: ICRU Report 46); water, air (20 degC, dry), PMMA, metals,
iodine and caesium iodide: NIST X-ray mass attenuation coefficients, tables 1 and 2; bone mineral: crystalline
hydroxyapatite; steel: AISI 304."""

WEIGHT_FRACTIONS: Final[Mapping[Substance, Mapping[str, float]]] = MappingProxyType(
    {
        Substance.WATER: {"H": 0.111894, "O": 0.888106},
        Substance.SOFT_TISSUE: {
            "H": 0.102, "C": 0.143, "N": 0.034, "O": 0.708, "Na": 0.002, "P": 0.003, "S": 0.003,
            "Cl": 0.002, "K": 0.003,
        },
        Substance.BONE_MINERAL: {"H": 0.002007, "O": 0.414068, "P": 0.184987, "Ca": 0.398938},
        Substance.IODINE: {"I": 1.0},
        Substance.STEEL: {"Fe": 0.695, "Cr": 0.19, "Ni": 0.095, "Mn": 0.02},
        Substance.ADIPOSE: {"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001},
        Substance.MUSCLE: {
            "H": 0.102, "C": 0.143, "N": 0.034, "O": 0.710, "Na": 0.001, "P": 0.002, "S": 0.003,
            "Cl": 0.001, "K": 0.004,
        },
        Substance.SKIN: {
            "H": 0.100, "C": 0.204, "N": 0.042, "O": 0.645, "Na": 0.002, "P": 0.001, "S": 0.002,
            "Cl": 0.003, "K": 0.001,
        },
        Substance.NERVE: {
            "H": 0.107, "C": 0.145, "N": 0.022, "O": 0.712, "Na": 0.002, "P": 0.004, "S": 0.002,
            "Cl": 0.003, "K": 0.003,
        },
        Substance.BLOOD: {
            "H": 0.102, "C": 0.110, "N": 0.033, "O": 0.745, "Na": 0.001, "P": 0.001, "S": 0.002,
            "Cl": 0.003, "K": 0.002,
            "Fe": 0.001,
        },
        Substance.CARTILAGE: {
            "H": 0.096, "C": 0.099, "N": 0.022, "O": 0.744, "Na": 0.005, "P": 0.022, "S": 0.009, "Cl": 0.003,
        },
        Substance.CORTICAL_BONE: {
            "H": 0.034, "C": 0.155, "N": 0.042, "O": 0.435, "Na": 0.001, "Mg": 0.002, "P": 0.103,
            "S": 0.003, "Ca": 0.225,
        },
        Substance.SPONGIOSA: {
            "H": 0.085, "C": 0.404, "N": 0.028, "O": 0.367, "Na": 0.001, "Mg": 0.001, "P": 0.034,
            "S": 0.002, "Cl": 0.002,
            "K": 0.001, "Ca": 0.074, "Fe": 0.001,
        },
        Substance.AIR: {"C": 0.000124, "N": 0.755268, "O": 0.231781, "Ar": 0.012827},
        Substance.PMMA: {"H": 0.080541, "C": 0.599846, "O": 0.319613},
        Substance.ALUMINIUM: {"Al": 1.0},
        Substance.COPPER: {"Cu": 1.0},
        Substance.LEAD: {"Pb": 1.0},
        Substance.CSI: {"Cs": 0.511549, "I": 0.488451},
    }
)  # fmt: skip
"""Elements by weight. Tissues: ICRU Report 44 (soft tissue as in NIST's table 2, spongiosa ICRU Report 46); air and
PMMA: NIST table 2; water, hydroxyapatite Ca10(PO4)6(OH)2 and CsI: stoichiometry; steel: AISI 304 at mid-range. The
thallium of CsI(Tl), below 0.1 % by weight, is left out."""
