"""What an exposure of a case saw: read off the case, so a picture can be made whenever it is wanted."""

from __future__ import annotations

from dataclasses import replace

from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.imaging.stand.collimator import active, shutter
from dekomp_sim.instruments import solids
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.breathing import breath_mm
from dekomp_sim.procedure.fluoroscopy.exposing import SPOT_S
from dekomp_sim.procedure.records import Exposure


def shot_of(case: Case, exposure: Exposure, pulse: int = 0, *, breathing: bool = True) -> Shot:
    """The shot of one pulse of an exposure, with the instruments and the discs of `case`, the case right after it.

    Parameters
    ----------
    case, exposure
        What was exposed, and when.
    pulse
        Its number from 0.
    breathing
        Whether the breath moves the patient in the beam. Then the patient is projected again for each pose of the
        breath; a live window that cannot afford it asks for the C-arm as it stands about a patient breathed out.
    """
    used = active(case.machine.detector, exposure.field)
    in_the_beam = tuple(solid for placement in case.placements.values() for solid in solids(placement))
    return Shot(
        _pose(case, exposure, pulse) if breathing else exposure.carm,
        used,
        exposure.technique,
        in_the_beam,
        tuple(case.discs.values()),
        case.seed,
        exposure.index,
        pulse,
        shutter=shutter(exposure.collimator, used),
    )


def _pose(case: Case, exposure: Exposure, pulse: int) -> CArm:
    """The C-arm in the patient's frame at one pulse."""
    later_s = pulse * SPOT_S if exposure.spot else pulse / exposure.pulses_per_s
    return replace(exposure, breath_mm=breath_mm(case, exposure.clock_s + later_s)).pose
