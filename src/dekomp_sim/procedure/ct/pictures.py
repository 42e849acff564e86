"""What an acquisition of a case saw: read off the case, so that a slice can be made whenever it is wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.imaging.ct.acquisition import Turn
from dekomp_sim.imaging.ct.gantry import LARGEST_TILT_DEG, Gantry
from dekomp_sim.imaging.ct.protocol import Kernel, Protocol
from dekomp_sim.imaging.ct.scanner import SliceShot
from dekomp_sim.instruments import solids
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import Acquisition, Manner
from dekomp_sim.procedure.ct.grid import wires
from dekomp_sim.procedure.ct.scanning import places

DISCOGRAM: Final = Protocol(120.0, 150.0, 3.0, 100.0, Kernel.STANDARD, 400)
"""Settings of the CT after discography. Assumption: thin slices of a small field at a usual charge."""

DISCOGRAM_INDEX: Final = 1_000_000
"""Numbers of its noise, beyond those of any case's acquisitions."""


def gantry_of(taken: Acquisition) -> Gantry:
    """How the scanner reads an acquisition: quickly in fluoroscopy."""
    upright = Gantry(tilt_deg=taken.tilt_deg)
    return upright.quick() if taken.manner is Manner.FLUOROSCOPY else upright


def shots_of(case: Case, taken: Acquisition, numbers: Iterable[int] | None = None) -> tuple[SliceShot, ...]:
    """Slices of an acquisition, from the feet up, with instruments, discs and grid of `case`, the case right after it.

    Parameters
    ----------
    case, taken
        What was scanned, and when.
    numbers
        Which slices, counted from 0; all unless told.
    """
    steel = [solid for placement in case.placements.values() for solid in solids(placement)]
    if case.grid is not None and case.couch.grid_lies:
        steel += wires(case.patient.volume, case.grid)
    at, gantry = places(case, taken), gantry_of(taken)
    return tuple(
        SliceShot(
            at[number].translation_mm,
            Turn(taken.protocol, gantry, case.seed, taken.first_turn + number),
            tuple(steel),
            tuple(case.discs.values()),
            taken.middle_mm,
        )
        for number in (range(taken.slices) if numbers is None else numbers)
    )


def discogram_shot(case: Case, level: Level) -> SliceShot:
    """A slice through the middle of a disc as it is in a case, in its own plane as far as the gantry leans, all
    instruments out: the CT that follows a discography. It is none of the case's acquisitions."""
    shape = case.patient.discs[level]
    backward = shape.patient_from_disc.directions([0.0, 1.0, 0.0])
    lean = math.degrees(math.atan2(backward[2], backward[1]))
    gantry = Gantry(tilt_deg=min(max(lean, -LARGEST_TILT_DEG), LARGEST_TILT_DEG))
    turn = Turn(DISCOGRAM, gantry, case.seed, DISCOGRAM_INDEX + list(Level).index(level))
    return SliceShot(shape.patient_from_disc.translation_mm, turn, (), tuple(case.discs.values()))


def nearest_slice(case: Case, taken: Acquisition, point_mm: object) -> int:
    """The number of the slice nearest to a point (3,) of the patient."""
    heights = [abs(float(at.inverse().points(np.asarray(point_mm))[2])) for at in places(case, taken)]
    return int(np.argmin(heights))


def after_discography(cases: Sequence[Case]) -> dict[Level, Case]:
    """The case right after the last injection into each disc that was injected."""
    counts = {level: _injections(cases[-1], level) for level in cases[-1].discs}
    return {
        level: next(case for case in cases if _injections(case, level) == count)
        for level, count in counts.items()
        if count
    }


def _injections(case: Case, level: Level) -> int:
    return sum(injection.level is level for injection in case.injections)
