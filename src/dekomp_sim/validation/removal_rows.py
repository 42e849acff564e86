"""Rows about removal: the one documented case, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.disc import ProbeRun, Receipt, conveyor_ml_s, decompress, voxelise
from dekomp_sim.disc.removal import CONVEYOR_FILL
from dekomp_sim.validation.disc_rows import SHAPE
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Removal"

DOMSKY: Final = "Domsky, Reg Anesth Pain Med 2006;31:177: L4-5, channelling 1 to 2 min, about 3/4 mL"
SERIES: Final = "series of the device: 0.5 to 2 mL in 1 to 10 min"

STROKE_MM: Final = 18.0
"""Channelling to and fro through the nucleus. Assumption."""

STROKE_S: Final = 1.5
"""Time of one stroke. Assumption."""

ANGLE_DEG: Final = 47.0
"""The approach's angle from the sagittal plane (Rajagopal, MRI n=102)."""


def removal_rows() -> Iterator[Row]:
    """Rate, time, total and conveyor of channelling."""
    rate = Published.between(0.375, 0.75, "3/4 mL in 1 to 2 min")
    for seconds in (60.0, 120.0):
        yield Row(ROOM, f"rate of removal, {seconds:g} s", "mL/min", DOMSKY, rate, Basis.CALIBRATED, _rate(seconds))
    yield Row(
        ROOM, "time to 0.75 mL", "s", DOMSKY, Published.between(60.0, 120.0), Basis.CALIBRATED, _time_to_documented
    )
    yield Row(
        ROOM,
        "removed in 10 min",
        "mL",
        SERIES,
        Published.between(0.5, 2.0),
        Basis.PREDICTED,
        lambda: _run(600.0).total_ml,
    )
    yield Row(
        ROOM,
        "rate over the conveyor's, at 12 000 rpm, thread filled",
        "",
        "0.375 to 0.75 mL/min over Q = pi/4 (D2 - d2) pitch n for D = pitch = 1 mm, d = 0.5 mm",
        Published.between(0.05, 0.11),
        Basis.CALIBRATED,
        lambda: _run(90.0).rate_ml_min / (60.0 * conveyor_ml_s(12000.0, 0.5) / CONVEYOR_FILL),
    )


@cache
def _run(seconds: float) -> Receipt:
    angle = np.radians(ANGLE_DEG)
    inward = SHAPE.patient_from_disc.directions([-np.sin(angle), -np.cos(angle), 0.0])
    half = STROKE_MM / 2.0 * inward
    middle = SHAPE.nucleus_centre_mm
    run = ProbeRun(middle - half, middle + half, seconds / STROKE_S, seconds, inward=inward)
    return decompress(voxelise(SHAPE, 2), run, rate_hz=100.0)[1]


def _rate(seconds: float) -> Callable[[], float]:
    return lambda: _run(seconds).rate_ml_min


def _time_to_documented() -> float:
    times = np.arange(45.0, 136.0, 15.0)
    return float(np.interp(0.75, [_run(float(seconds)).total_ml for seconds in times], times))
