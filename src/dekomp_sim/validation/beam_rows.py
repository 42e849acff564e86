"""Rows about matter and the beam: half-value layers, kerma, attenuation, transmission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dekomp_sim.matter import (
    CT_EFFECTIVE_KEV,
    Beam,
    Substance,
    air_kerma_ugy_per_mas_at_1m,
    half_value_layer_mm_al,
    kerma_transmission,
    mass_attenuation_cm2_g,
    spectrum,
)
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Matter and X-ray"

SPEKPY: Final = "SpekPy 2.5.4, casim, W 12 deg, 1 m of air"
NIST: Final = "NIST X-ray mass attenuation coefficients, tables 3 and 4"

FILTERS_MM: Final = ((2.5, 0.0), (3.0, 0.0), (4.0, 0.0), (3.0, 0.1), (3.0, 0.2), (3.0, 0.3))
"""Aluminium and copper of the columns below."""

HVL_MM_AL: Final = {
    60: (2.12, 2.34, 2.72, 3.48, 4.24, 4.79),
    70: (2.44, 2.70, 3.14, 4.04, 4.94, 5.60),
    80: (2.78, 3.08, 3.59, 4.61, 5.64, 6.39),
    90: (3.15, 3.47, 4.04, 5.17, 6.29, 7.09),
    100: (3.52, 3.87, 4.48, 5.70, 6.88, 7.70),
    110: (3.91, 4.29, 4.93, 6.21, 7.41, 8.25),
    120: (4.29, 4.68, 5.36, 6.67, 7.89, 8.73),
}
"""First half-value layers by kV and filter, computed with SpekPy and its own attenuation tables."""

KERMA_UGY_PER_MAS: Final = {
    60: (46.5, 38.5, 27.8, 16.1, 8.9, 5.5),
    70: (61.9, 52.3, 39.1, 24.5, 14.8, 10.0),
    80: (78.4, 67.4, 51.9, 34.6, 22.4, 16.0),
    90: (96.0, 83.6, 66.0, 46.3, 31.7, 23.7),
    100: (114.3, 100.8, 81.2, 59.3, 42.2, 32.6),
    110: (133.6, 119.0, 97.5, 73.7, 54.3, 43.1),
    120: (153.1, 137.5, 114.3, 88.8, 67.2, 54.4),
}
"""Air kerma per mAs at 1 m, likewise."""

RQR: Final = (
    (40, 2.55, 1.42), (50, 2.50, 1.78), (60, 2.65, 2.19), (70, 2.77, 2.58), (80, 2.88, 3.01),
    (90, 3.01, 3.48), (100, 3.15, 3.97), (120, 3.44, 5.00), (150, 3.97, 6.57),
)  # fmt: skip
"""kV, total aluminium that brings a tube of 12 degrees there, and the half-value layer of RQR 2 to 10 (IEC 61267)."""

LEAST_HVL_MM_AL: Final = ((60, 1.5), (71, 2.5), (80, 2.9), (90, 3.2), (100, 3.6), (110, 3.9), (120, 4.3))
"""kV and the least half-value layer of equipment made since 2006 (21 CFR 1020.30, table 1)."""

ENERGIES_KEV: Final = (30.0, 40.0, 50.0, 60.0, 80.0, 100.0)

MASS_ATTENUATION_CM2_G: Final = {
    Substance.WATER: (0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707),
    Substance.ADIPOSE: (0.3064, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688),
    Substance.MUSCLE: (0.3783, 0.2685, 0.2263, 0.2048, 0.1823, 0.1693),
    Substance.CORTICAL_BONE: (1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855),
    Substance.IODINE: (8.56, 22.10, 12.32, 7.58, 3.51, 1.94),
    Substance.ALUMINIUM: (1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704),
    Substance.COPPER: (10.92, 4.862, 2.613, 1.593, 0.7630, 0.4584),
    Substance.LEAD: (30.32, 14.36, 8.041, 5.021, 2.419, 5.549),
    Substance.CSI: (9.045, 22.97, 12.87, 7.921, 3.677, 2.035),
}
"""mu/rho at `ENERGIES_KEV`."""

WATER_TRANSMISSION: Final = {
    70: ((150, 1.9e-2), (200, 5.9e-3), (250, 1.8e-3), (300, 5.9e-4)),
    80: ((150, 2.37e-2), (200, 7.6e-3), (250, 2.5e-3), (300, 8.5e-4), (400, 1.0e-4)),
    100: ((150, 3.1e-2), (200, 1.09e-2), (250, 3.9e-3), (300, 1.39e-3), (400, 1.9e-4)),
}
"""kV: thickness in mm and kerma transmission of water behind 3 mm Al + 0.1 mm Cu, likewise with SpekPy."""


def beam_rows() -> Iterator[Row]:
    """Half-value layers, kerma per mAs, attenuation, transmission of water, mean energy."""
    yield from _by_filter("half-value layer", "mm Al", HVL_MM_AL, half_value_layer_mm_al)
    yield from _by_filter("air kerma at 1 m", "uGy/mAs", KERMA_UGY_PER_MAS, air_kerma_ugy_per_mas_at_1m)
    for kv, aluminium_mm, hvl_mm in RQR:
        within = Published.about(hvl_mm, 0.03, "asked of the spectra; the standard's filters are a laboratory's own")
        beam = Beam(kv, aluminium_mm, 0.0)
        yield _row(f"half-value layer of RQR, {kv} kV", "mm Al", "IEC 61267", within, _of(half_value_layer_mm_al, beam))
    for kv, least_mm in LEAST_HVL_MM_AL:
        within = Published.between(least_mm, float("inf"), "a legal minimum")
        what = f"half-value layer, {kv} kV, as delivered"
        yield _row(what, "mm Al", "21 CFR 1020.30", within, _of(half_value_layer_mm_al, Beam(kv)))
    for substance, values in MASS_ATTENUATION_CM2_G.items():
        for kev, value in zip(ENERGIES_KEV, values, strict=True):
            within = Published.about(value, 0.01, "two attenuation tables")
            yield _row(f"mu/rho of {substance}, {kev:g} keV", "cm2/g", NIST, within, _attenuation(substance, kev))
    yield from _water()
    iodine = Published.about(25.9, 0.02, "two tables, read between 60 and 80 keV")
    yield _row("iodine in CT near 120 kV", "HU per mg/mL", f"{NIST}, at 70 keV", iodine, _iodine_hu)


def _iodine_hu() -> float:
    """What 1 mg/mL adds: (mu/rho) over water's mu, at the energy by which Hounsfield units are read here."""
    iodine, water = (mass_attenuation_cm2_g(one, [CT_EFFECTIVE_KEV])[0] for one in (Substance.IODINE, Substance.WATER))
    return float(iodine / water)


def _by_filter(
    what: str, unit: str, table: Mapping[int, tuple[float, ...]], ours: Callable[[Beam], float]
) -> Iterator[Row]:
    for kv, values in table.items():
        for (aluminium, copper), value in zip(FILTERS_MM, values, strict=True):
            within = Published.about(value, 0.012, "two attenuation tables, two or three printed digits")
            name = f"{what}, {kv} kV, {aluminium:g} mm Al + {copper:g} mm Cu"
            yield Row(ROOM, name, unit, SPEKPY, within, Basis.INPUT, _of(ours, Beam(kv, aluminium, copper)))


def _water() -> Iterator[Row]:
    for kv, pairs in WATER_TRANSMISSION.items():
        for thickness_mm, share in pairs:
            within = Published.about(share, 0.05, "two printed digits, ten relaxation lengths")
            what = f"kerma behind {thickness_mm / 10:g} cm of water, {kv} kV"
            yield Row(ROOM, what, "of the open beam", SPEKPY, within, Basis.INPUT, _transmission(kv, thickness_mm))
    for thickness_mm in (150, 200, 250):
        what = f"output for 5 cm more than {thickness_mm / 10:g} cm of water, 80 kV"
        within = Published.about(3.0, 0.1, "a rule of thumb")
        yield _row(what, "times", "rule of thumb of fluoroscopy", within, _costs(thickness_mm))
    within = Published.about(48.5, 0.01, "two attenuation tables")
    yield Row(
        ROOM,
        "mean energy, 80 kV, 3 mm Al + 0.1 mm Cu",
        "keV",
        SPEKPY,
        within,
        Basis.INPUT,
        lambda: spectrum(Beam(80.0)).mean_kev,
    )


def _row(what: str, unit: str, source: str, published: Published, ours: Callable[[], float]) -> Row:
    return Row(ROOM, what, unit, source, published, Basis.PREDICTED, ours)


def _of(ours: Callable[[Beam], float], beam: Beam) -> Callable[[], float]:
    return lambda: ours(beam)


def _attenuation(substance: Substance, kev: float) -> Callable[[], float]:
    return lambda: float(mass_attenuation_cm2_g(substance, [kev])[0])


def _transmission(kv: float, thickness_mm: float) -> Callable[[], float]:
    return lambda: kerma_transmission(Beam(kv), Substance.WATER, thickness_mm)


def _costs(thickness_mm: float) -> Callable[[], float]:
    return lambda: _transmission(80.0, thickness_mm)() / _transmission(80.0, thickness_mm + 50.0)()
