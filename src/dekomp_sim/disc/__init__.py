"""What gives way: the voxelised disc, its pressure, the contrast in it and the tissue that comes out."""

from dekomp_sim.disc.contrast import contrast_balance_ml, find_spaces, in_nuclear_space, inject, rest
from dekomp_sim.disc.discogram import Adams, Discogram, discogram
from dekomp_sim.disc.pressure import (
    ELASTANCE_PSI_ML,
    LoadedResponse,
    elastance_kpa_ml,
    loaded_response,
    manometer_kpa,
    needle_resistance_kpa_s_ml,
    pressure_kpa,
    protrusion_retraction,
    root_relief,
    surplus_ml,
    volume_to_reach_ml,
)
from dekomp_sim.disc.probe_run import ProbeRun, Receipt
from dekomp_sim.disc.removal import conveyor_ml_s, creep_time_s, crept, decompress, probe_withdrawn, tissue_balance_ml
from dekomp_sim.disc.tissue import DENSITY_G_ML, PARTS, Tissue
from dekomp_sim.disc.voxels import OPENING_KPA, ContrastLedger, Disc, Ledger, Stain, voxelise

__all__ = [
    "DENSITY_G_ML",
    "ELASTANCE_PSI_ML",
    "OPENING_KPA",
    "PARTS",
    "Adams",
    "ContrastLedger",
    "Disc",
    "Discogram",
    "Ledger",
    "LoadedResponse",
    "ProbeRun",
    "Receipt",
    "Stain",
    "Tissue",
    "contrast_balance_ml",
    "conveyor_ml_s",
    "creep_time_s",
    "crept",
    "decompress",
    "discogram",
    "elastance_kpa_ml",
    "find_spaces",
    "in_nuclear_space",
    "inject",
    "loaded_response",
    "manometer_kpa",
    "needle_resistance_kpa_s_ml",
    "pressure_kpa",
    "probe_withdrawn",
    "protrusion_retraction",
    "rest",
    "root_relief",
    "surplus_ml",
    "tissue_balance_ml",
    "volume_to_reach_ml",
    "voxelise",
]
