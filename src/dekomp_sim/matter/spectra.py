"""X-ray spectra: what leaves the tube and its filters, in air, 1 m from the focus."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.matter.attenuation import mass_attenuation_cm2_g
from dekomp_sim.matter.substances import DENSITY_G_CM3, Substance
from dekomp_sim.matter.tables import table
from dekomp_sim.units import MM_PER_CM

MIN_KV: Final = 40.0
"""Lowest tube voltage tabulated: below it no spine examination is made."""

MAX_KV: Final = 150.0
"""Highest tube voltage tabulated, that of diagnostic tubes (IEC 61267 ends with RQR 10 at 150 kV)."""

MAX_ALUMINIUM_MM: Final = 30.0
"""Most aluminium in front of the tube: between RQR (4 mm at 150 kV) and RQA qualities (21 mm at 70 kV, 34 mm at 100
kV)."""

MIN_ALUMINIUM_MM: Final = 2.5
"""Least aluminium: the total filtration IEC 60601-1-3 asks of diagnostic equipment."""

MAX_COPPER_MM: Final = 1.0
"""Most copper: interventional C-arms offer up to 0.9 mm."""

KEV_PER_CM2_G_TO_UGY: Final = 1.602176634e-16 * 1e3 * 1e6
"""uGy in 1 keV/g: 1.602e-16 J/keV times 1000 g/kg times 1e6 uGy/Gy (SI)."""

AIR_PATH_MM: Final = 1000.0
"""Air between the focus and the point where fluence is stated."""


@dataclass(frozen=True, slots=True)
class Beam:
    """An X-ray tube's setting: tungsten anode at 12 degrees, a filter of aluminium and copper.

    Parameters
    ----------
    kv
        Peak tube voltage, without ripple.
    aluminium_mm
        Total aluminium, the tube's inherent filtration included.
    copper_mm
        Added copper.

    Raises
    ------
    OutOfRangeError
        If the voltage or a filter is not covered by the tables.

    Examples
    --------
    >>> Beam(200.0)
    Traceback (most recent call last):
    dekomp_sim.errors.OutOfRangeError: kv: found 200 kV; allowed: 40 to 150 kV.
    """

    kv: float
    aluminium_mm: float = 3.0
    copper_mm: float = 0.1

    def __post_init__(self) -> None:
        _require("kv", self.kv, (MIN_KV, MAX_KV), "kV")
        _require("aluminium_mm", self.aluminium_mm, (MIN_ALUMINIUM_MM, MAX_ALUMINIUM_MM), "mm")
        _require("copper_mm", self.copper_mm, (0.0, MAX_COPPER_MM), "mm")


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Photons of a beam in 1 keV bins.

    Parameters
    ----------
    energies_kev
        (n,) centres of the bins, from 5.5 keV to the tube voltage.
    fluence_per_cm2_mas_at_1m
        (n,) photons in each bin, per cm2 and mAs, behind the filter and 1 m of air.
    """

    energies_kev: FloatArray
    fluence_per_cm2_mas_at_1m: FloatArray

    @property
    def mean_kev(self) -> float:
        """Mean photon energy."""
        return float(np.average(self.energies_kev, weights=self.fluence_per_cm2_mas_at_1m))

    @property
    def kerma_ugy_per_mas_by_bin(self) -> FloatArray:
        """(n,) air kerma of each bin 1 m from the focus, uGy/mAs: fluence * energy * mu_en/rho of air."""
        absorption = table("air_energy_absorption").row("cm2_g")[: len(self.energies_kev)]
        return np.asarray(self.fluence_per_cm2_mas_at_1m * self.energies_kev * absorption * KEV_PER_CM2_G_TO_UGY)


@lru_cache(maxsize=64)
def spectrum(beam: Beam) -> Spectrum:
    """The spectrum of a beam: the tube's own, attenuated by the filter and 1 m of air (Beer-Lambert).

    Between whole kilovolts the fluence is interpolated. Scatter from the filter is left out.

    Returns
    -------
    Energies and fluence. Source: SpekPy (casim model, Poludniowski et al. 2021, Med Phys 48:3630), tungsten, 12
    degrees.
    """
    held = table("spectra")
    below = min(int(beam.kv), int(MAX_KV) - 1)
    share = beam.kv - below
    count = int(np.ceil(beam.kv - held.energies_kev[0] + 0.5))
    tube = (1.0 - share) * held.row(str(below))[:count] + share * held.row(str(below + 1))[:count]
    energies = held.energies_kev[:count]
    layers = [
        (Substance.ALUMINIUM, beam.aluminium_mm),
        (Substance.COPPER, beam.copper_mm),
        (Substance.AIR, AIR_PATH_MM),
    ]
    depth = sum(optical_depth(substance, thickness_mm, energies) for substance, thickness_mm in layers)
    return Spectrum(energies, sealed(np.asarray(tube * np.exp(-depth))))


def optical_depth(substance: Substance, thickness_mm: float, energies_kev: FloatArray) -> FloatArray:
    """(n,) mu * thickness of a layer of a substance at its tabulated density."""
    areal_g_cm2 = DENSITY_G_CM3[substance] * thickness_mm / MM_PER_CM
    return np.asarray(mass_attenuation_cm2_g(substance, energies_kev) * areal_g_cm2)


def air_kerma_ugy_per_mas_at_1m(beam: Beam) -> float:
    """Air kerma free in air 1 m from the focus, uGy/mAs.

    Examples
    --------
    >>> round(air_kerma_ugy_per_mas_at_1m(Beam(80.0, aluminium_mm=3.0, copper_mm=0.0)))
    67
    """
    return float(spectrum(beam).kerma_ugy_per_mas_by_bin.sum())


def half_value_layer_mm_al(beam: Beam) -> float:
    """Aluminium that halves the air kerma in narrow-beam geometry, mm.

    Examples
    --------
    >>> round(half_value_layer_mm_al(Beam(80.0, aluminium_mm=3.0, copper_mm=0.0)), 1)
    3.1
    """
    made = spectrum(beam)
    kerma = made.kerma_ugy_per_mas_by_bin
    per_mm = optical_depth(Substance.ALUMINIUM, 1.0, made.energies_kev)
    low, high = 0.0, 40.0
    for _ in range(50):
        middle = (low + high) / 2.0
        low, high = (middle, high) if kerma @ np.exp(-per_mm * middle) > kerma.sum() / 2.0 else (low, middle)
    return (low + high) / 2.0


def kerma_transmission(beam: Beam, substance: Substance, thickness_mm: float) -> float:
    """Air kerma behind a slab over air kerma without it, in narrow-beam geometry (no scatter)."""
    made = spectrum(beam)
    kerma = made.kerma_ugy_per_mas_by_bin
    depth = optical_depth(substance, thickness_mm, made.energies_kev)
    return float(kerma @ np.exp(-depth) / kerma.sum())


def _require(where: str, value: float, allowed: tuple[float, float], unit: str) -> None:
    low, high = allowed
    if not low <= value <= high:
        raise OutOfRangeError(where, f"{value:g} {unit}", f"{low:g} to {high:g} {unit}")
