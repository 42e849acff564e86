"""Pictures of exposures that are on record already, and one that nobody sees."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from dekomp_sim.errors import DekompSimError
from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.procedure.actions import Expose
from dekomp_sim.procedure.case import Case, Exposure
from dekomp_sim.procedure.fluoroscopy.exposing import exposed, posed
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.fluoroscopy.views import OVER_THE_BACK_DEG, Angles
from dekomp_sim.viewer.panes.fluoroscopy import Live


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A pulse of an exposure that is on record."""

    shot: Shot
    exposure: Exposure
    number: int = 0


def last_taken(case: Case) -> Taken:
    """What the first pulse of a case's last exposure saw."""
    return Taken(shot_of(case, case.exposures[-1]), case.exposures[-1])


def warm(case: Case) -> None:
    """Take a picture that nobody sees: compiled loops are loaded, a second or two, before they are needed."""
    with suppress(DekompSimError):
        above = posed(case, Angles(OVER_THE_BACK_DEG, 0.0), (0.0, 0.0, 0.0))
        Live(case.patient).frame(last_taken(exposed(case, above, Expose())))
