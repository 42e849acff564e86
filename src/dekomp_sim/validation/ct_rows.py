"""Rows about the CT scanner: Hounsfield units, noise, dose indices, and what treatments under CT take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.imaging.ct.acquisition import Turn
from dekomp_sim.imaging.ct.gantry import Gantry
from dekomp_sim.imaging.ct.protocol import PROTOCOLS, Kernel, Preset, Protocol
from dekomp_sim.imaging.radiation.ct_dose import ct_dose_of, scan_dose_of
from dekomp_sim.matter import Substance
from dekomp_sim.validation.cylinders import Cylinder, scanned, water_with, within
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "CT scanner"

COMPUTED: Final = "ICRU 44 and 46 compositions, SpekPy and XCOM, behind 25 cm of water"
FUJII: Final = "Fujii, Br J Radiol 2009;82:1010, table 2"
ULTRA_LOW: Final = "Acta Radiol, doi 10.1177/0284185117694508: 183 lumbar treatments"

WATER_MM: Final = 125.0
"""Radius of the water in which Hounsfield units are read: 25 cm across, as published values are computed."""

ASIDE_MM, ROD_MM = 40.0, 12.0
"""Where the rod of a substance lies, and its radius."""

FIELD_MM: Final = 350.0

TISSUE_HU: Final = (
    (Substance.ADIPOSE, -77.0), (Substance.MUSCLE, 43.0), (Substance.CARTILAGE, 104.0), (Substance.NERVE, 38.0),
    (Substance.BLOOD, 56.0), (Substance.SPONGIOSA, 298.0),
)  # fmt: skip
"""HU at 120 kV."""

IODINE_HU: Final = ((80.0, 41.5), (100.0, 31.9), (120.0, 25.9), (140.0, 21.6))
"""kV and HU for each mg/mL of iodine."""

SHOWN: Final = ((186.0, 18.7), (134.0, 11.8), (266.0, 19.2), (112.0, 8.8))
"""Effective mAs and CTDIvol in mGy that four scanners showed at 120 kV."""

TREATMENT_SLICES: Final = 14
"""Slices of a treatment at ultra-low dose. Assumption: what its published dose-length product comes to."""


def ct_rows() -> Iterator[Row]:
    """Water, tissues, iodine, noise, CTDIvol and dose-length products."""
    water = Published.near(0.0, 4.0, "asked of scanners in acceptance tests")
    yield _row("water in the middle of 25 cm, 120 kV", "HU", "IEC 61223-3-5", water, lambda: _read_hu(None, 120.0, 0.0))
    yield _row("water at the rim of 25 cm, 120 kV", "HU", "IEC 61223-3-5", water, lambda: _read_hu(None, 120.0, 108.0))
    for substance, hu in TISSUE_HU:
        meant = Published.near(hu, max(2.0, 0.03 * hu), "two attenuation tables; the rod's own hardening")
        yield _row(f"{substance} at 120 kV", "HU", COMPUTED, meant, _of(substance, 120.0))
    for kv, hu in IODINE_HU:
        meant = Published.about(hu, 0.05, "10 mg/mL harden the beam for themselves")
        yield _row(f"iodine in the scanner at {kv:g} kV", "HU per mg/mL", COMPUTED, meant, _iodine(kv))
    yield from _noise()
    yield from _dose()


def _noise() -> Iterator[Row]:
    known = "five percent are two standard errors of the sample"
    plain = Protocol(mas=100.0, thickness_mm=2.0, field_mm=240.0, matrix=256)
    for what, other in (("charge", replace(plain, mas=400.0)), ("thickness", replace(plain, thickness_mm=8.0))):
        yield _row(
            f"noise, four times the {what}, over that before", "", "law of quantum noise",
            Published.about(0.5, 0.05, known), _ratio(other, plain),
        )  # fmt: skip
    stated = Protocol(120.0, 250.0, 5.0, 240.0, Kernel.STANDARD, 256)
    meant = Published.between(2.0, 5.0, "makers state 3 to 5 HU; kernels differ")
    yield _row("noise in 20 cm of water, 250 mAs, 5 mm", "HU", "makers' data sheets", meant, lambda: _noise_hu(stated))


def _dose() -> Iterator[Row]:
    for mas, shown in SHOWN:
        meant = Published.about(shown, 0.25, "scanners differ")
        yield _row(f"CTDIvol, 120 kV, {mas:g} mAs", "mGy", FUJII, meant, _index(mas), Basis.CALIBRATED)
    meant = Published.about(2.26, 0.25, "the number of slices is not stated; 14 taken")
    one = PROTOCOLS[Preset.ULTRA_LOW_DOSE]
    yield _row(
        "dose-length product of a treatment at ultra-low dose", "mGy cm", ULTRA_LOW, meant,
        lambda: TREATMENT_SLICES * ct_dose_of(one).dlp_mgycm,
    )  # fmt: skip
    meant = Published.mean(199.0, 101.0)
    what = "dose-length product of an injection: 12 cm planned, 20 steps"
    yield _row(what, "mGy cm", "Shepherd, AJNR 2011, PMC7966006", meant, _injection_dlp)


def _injection_dlp() -> float:
    steps = 20.0 * ct_dose_of(PROTOCOLS[Preset.STEP]).dlp_mgycm
    return scan_dose_of(PROTOCOLS[Preset.PLANNING], 120.0).dlp_mgycm + steps


def _row(
    what: str, unit: str, source: str, published: Published, ours: Callable[[], float], basis: Basis = Basis.PREDICTED
) -> Row:
    return Row(ROOM, what, unit, source, published, basis, ours)


def _turn(kv: float) -> Turn:
    """Without noise, in few views: the middle of a rod does not depend on them."""
    return Turn(Protocol(kv=kv, field_mm=FIELD_MM, matrix=256), Gantry().quick(), index=None)


def _of(substance: Substance, kv: float) -> Callable[[], float]:
    return lambda: _read_hu(substance, kv, ASIDE_MM)


@cache
def _read_hu(substance: Substance | None, kv: float, x_mm: float) -> float:
    """Mean HU amid a rod, or of the water itself."""
    rods = [] if substance is None else [Cylinder.of(substance, x_mm, 0.0, ROD_MM)]
    picture = scanned(water_with(rods, WATER_MM), _turn(kv))
    return float(within(picture, FIELD_MM, x_mm, 0.0, ROD_MM / 2.0).mean())


def _iodine(kv: float) -> Callable[[], float]:
    def ours() -> float:
        rods = [*water_with([], WATER_MM), Cylinder(Substance.IODINE, ASIDE_MM, 0.0, ROD_MM, 0.010)]
        return float(within(scanned(rods, _turn(kv)), FIELD_MM, ASIDE_MM, 0.0, ROD_MM / 2.0).mean()) / 10.0

    return ours


@cache
def _noise_hu(protocol: Protocol) -> float:
    """Standard deviation within 3 cm of the middle of 20 cm of water, two turns subtracted."""
    one, two = (scanned(water_with([], 100.0), Turn(protocol, Gantry().quick(), 5, turn)) for turn in (3, 4))
    return float(within(one - two, protocol.field_mm, 0.0, 0.0, 30.0).std() / np.sqrt(2.0))


def _ratio(other: Protocol, plain: Protocol) -> Callable[[], float]:
    return lambda: _noise_hu(other) / _noise_hu(plain)


def _index(mas: float) -> Callable[[], float]:
    return lambda: ct_dose_of(Protocol(mas=mas)).ctdi_vol_mgy
