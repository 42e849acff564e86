"""Made of what: substances, their attenuation, X-ray spectra, and grams from Hounsfield units."""

from dekomp_sim.matter.attenuation import known_elements, mass_attenuation_cm2_g, mixture_attenuation_cm2_g
from dekomp_sim.matter.hounsfield import (
    BONE_BEGINS_HU,
    CT_EFFECTIVE_KEV,
    PURE_MINERAL_HU,
    hounsfield_units,
    hu_tables,
    soft_and_bone_from_hu,
)
from dekomp_sim.matter.spectra import (
    MAX_KV,
    MIN_KV,
    Beam,
    Spectrum,
    air_kerma_ugy_per_mas_at_1m,
    half_value_layer_mm_al,
    kerma_transmission,
    optical_depth,
    spectrum,
)
from dekomp_sim.matter.substances import DENSITY_G_CM3, WEIGHT_FRACTIONS, Substance

__all__ = [
    "BONE_BEGINS_HU",
    "CT_EFFECTIVE_KEV",
    "DENSITY_G_CM3",
    "MAX_KV",
    "MIN_KV",
    "PURE_MINERAL_HU",
    "WEIGHT_FRACTIONS",
    "Beam",
    "Spectrum",
    "Substance",
    "air_kerma_ugy_per_mas_at_1m",
    "half_value_layer_mm_al",
    "hounsfield_units",
    "hu_tables",
    "kerma_transmission",
    "known_elements",
    "mass_attenuation_cm2_g",
    "mixture_attenuation_cm2_g",
    "optical_depth",
    "soft_and_bone_from_hu",
    "spectrum",
]
