"""What an exposure of a case saw: read off the case, so a picture can be made whenever it is wanted."""

from __future__ import annotations

from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.imaging.stand.collimator import active, shutter
from dekomp_sim.instruments import solids
from dekomp_sim.procedure.case import Case, Exposure


def shot_of(case: Case, exposure: Exposure, pulse: int = 0) -> Shot:
    """The shot of one pulse of an exposure, `pulse` its number from 0, with the instruments and the discs of `case`,
    the case right after it."""
    used = active(case.machine.detector, exposure.field)
    in_the_beam = tuple(solid for placement in case.placements.values() for solid in solids(placement))
    return Shot(
        exposure.carm,
        used,
        exposure.technique,
        in_the_beam,
        tuple(case.discs.values()),
        case.seed,
        exposure.index,
        pulse,
        shutter=shutter(exposure.collimator, used),
    )
