"""Rows about the disc's mechanics: pressure by Dallas grade, and the loaded disc of the testing machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level
from dekomp_sim.disc import Disc, elastance_kpa_ml, inject, loaded_response, pressure_kpa, voxelise
from dekomp_sim.disc.contrast import FLUID_FRACTION
from dekomp_sim.disc.tissue import DENSITY_G_ML, Tissue
from dekomp_sim.geometry import Rigid
from dekomp_sim.units import psi_from_kpa
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Disc mechanics"

DISCOGRAPHY: Final = "automated pressure-controlled discography, 49 discs, PMC2729819"
BRINCKMANN: Final = "Brinckmann and Grootenboer, Spine 1991;16:641"
CASTRO: Final = "Castro, Eur Spine J 1992;1:96, per 0.1 g freeze-dried"
SATO: Final = "Sato, Spine 1999;24:2468 and Wilke, Spine 1999;24:755"

SHAPE: Final = DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 12.6, 8.1, 2.2)
"""An L4-L5 disc of the reference patient's size, without a protrusion."""

SLOW_ML_S: Final = 0.05
"""Rate of pressure-controlled discography (SIS practice: 0.05 mL/s or less)."""

STEP_ML: Final = 0.1
"""Increment of the injections made here."""

STOP_PSI: Final = 50.0
"""Pressure above opening at which discography stops (Derby and Vorobeychik 2026, PMC12874308)."""

CAP_ML: Final = 3.5
"""Volume at which discography stops (3 to 3.5 mL, SIS practice)."""

CURVE_ML: Final = 4.0
"""How far the curves are followed: past the cap."""

ELASTANCE_PSI_ML: Final = (
    (0, 43.0, 9.6),
    (1, 39.5, 8.3),
    (2, 30.5, 22.3),
    (3, 30.5, 22.3),
    (4, 13.2, 8.3),
    (5, 6.9, 3.8),
)
"""Dallas grade, mean and standard deviation of the elastance; the abstract prints grade 3's values for grade 2 too."""

DRY_G: Final = 0.1
"""Freeze-dried nucleus by which Castro's results are printed."""


def disc_rows() -> Iterator[Row]:
    """Resting pressure, elastance and stop by grade, loaded disc."""
    yield Row(
        ROOM,
        "resting pressure, prone",
        "kPa",
        SATO,
        Published.between(91.0, 110.0, "the two means"),
        Basis.INPUT,
        lambda: pressure_kpa(_disc(0)),
    )
    for grade, mean, sd in ELASTANCE_PSI_ML:
        yield Row(
            ROOM,
            f"elastance, Dallas {grade}",
            "psi/mL",
            DISCOGRAPHY,
            Published.mean(mean, sd),
            Basis.INPUT,
            _elastance(grade),
        )
    for grade, mean, sd in ELASTANCE_PSI_ML[:5]:
        low, high = STOP_PSI / (mean + sd), STOP_PSI / (mean - sd)
        volume = Published(f"{STOP_PSI / mean:.2f}", low, high, "from elastance +- 1 SD")
        yield Row(
            ROOM, f"volume to +50 psi, Dallas {grade}", "mL", DISCOGRAPHY, volume, Basis.INPUT, _volume_to_stop(grade)
        )
    for grade in (4, 5):
        under = Published.between(0.0, STOP_PSI, "the volume cap comes first")
        yield Row(
            ROOM,
            f"pressure above opening at 3.5 mL, Dallas {grade}",
            "psi",
            DISCOGRAPHY,
            under,
            Basis.PREDICTED,
            _above_at_cap(grade),
        )
    yield from _loaded()


def _loaded() -> Iterator[Row]:
    exact = "a straight line through it"
    yield Row(
        ROOM,
        "height per g removed, loaded",
        "mm/g",
        BRINCKMANN,
        Published.about(-0.8, 0.01, exact),
        Basis.INPUT,
        lambda: loaded_response(1.0).height_mm,
    )
    yield Row(
        ROOM,
        "radial bulge per g removed, loaded",
        "mm/g",
        BRINCKMANN,
        Published.about(0.2, 0.01, exact),
        Basis.INPUT,
        lambda: loaded_response(1.0).bulge_mm,
    )
    yield Row(
        ROOM,
        "pressure left after 3 g, loaded",
        "of the first",
        BRINCKMANN,
        Published.about(0.4, 0.05, 'printed as "about 40 %"'),
        Basis.CALIBRATED,
        lambda: loaded_response(3.0).pressure_ratio,
    )
    both = "manual to automated removal; 80 % of nucleus is water"
    yield Row(
        ROOM,
        "height for 0.1 g of dry nucleus",
        "mm",
        CASTRO,
        Published.between(-0.47, -0.32, both),
        Basis.PREDICTED,
        lambda: loaded_response(_wet_g()).height_mm,
    )
    yield Row(
        ROOM,
        "radial bulge for 0.1 g of dry nucleus",
        "mm",
        CASTRO,
        Published.between(0.10, 0.15, both),
        Basis.PREDICTED,
        lambda: loaded_response(_wet_g()).bulge_mm,
    )
    yield Row(
        ROOM,
        "pressure for 0.1 g of dry nucleus, elastance of Dallas 0",
        "kPa",
        CASTRO,
        Published.between(-188.0, -94.0, both),
        Basis.PREDICTED,
        lambda: -elastance_kpa_ml(0) * _wet_g() / DENSITY_G_ML[Tissue.NUCLEUS],
    )


def _wet_g() -> float:
    return DRY_G / (1.0 - FLUID_FRACTION)


@cache
def _disc(grade: int) -> Disc:
    return voxelise(SHAPE, grade, voxel_mm=0.8)


@cache
def _curve(grade: int) -> tuple[tuple[float, float], ...]:
    """Volumes in mL and pressures above opening in psi of slow injections, past 50 psi or up to 4 mL."""
    disc, points = _disc(grade), [(0.0, 0.0)]
    while points[-1][1] <= STOP_PSI and points[-1][0] < CURVE_ML:
        disc = inject(disc, STEP_ML, SLOW_ML_S)
        points.append((len(points) * STEP_ML, psi_from_kpa(pressure_kpa(disc) - disc.opening_kpa)))
    return tuple(points)


def _elastance(grade: int) -> Callable[[], float]:
    return lambda: _curve(grade)[1][1] / STEP_ML


def _volume_to_stop(grade: int) -> Callable[[], float]:
    def ours() -> float:
        volumes, pressures = np.array(_curve(grade)).T
        return float(np.interp(STOP_PSI, pressures, volumes, right=np.nan))

    return ours


def _above_at_cap(grade: int) -> Callable[[], float]:
    def ours() -> float:
        volumes, pressures = np.array(_curve(grade)).T
        return float(np.interp(CAP_ML, volumes, pressures))

    return ours
