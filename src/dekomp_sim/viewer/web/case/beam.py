"""X-ray pictures that no pedal asks for: the one that nobody sees, and those of moments that are over."""

from __future__ import annotations

from contextlib import suppress

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import DekompSimError
from dekomp_sim.procedure.actions import Expose
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.exposing import exposed, posed
from dekomp_sim.procedure.fluoroscopy.views import OVER_THE_BACK_DEG, Angles
from dekomp_sim.viewer.panes.fluoroscopy import Live, Ray, Settings, dark
from dekomp_sim.viewer.practice.pedal import last_taken


class Past:
    """The X-ray screen of moments that are over. It changes nothing on the live one; used in the session's thread.

    Parameters
    ----------
    patient
        Who lies in the beam. Nothing is computed before the first picture.
    """

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._screen: Live | None = None
        self._index: int | None = None

    def picture(self, case: Case, settings: Settings) -> UInt8Array:
        """What stood on the screen at a case's moment (rows, cols): its last picture, or the dark."""
        if not case.exposures:
            self._index = None
            return dark()
        if self._screen is None:
            self._screen = Live(self._patient)
        self._screen.set(settings)
        taken = last_taken(case)
        if self._index != taken.exposure.index:
            self._screen.frame(taken)
            self._index = taken.exposure.index
        held = self._screen.last_image if taken.exposure.spot else self._screen.hold()
        return dark() if held is None else held

    def ray(self, x: float, y: float) -> Ray | None:
        """The line of sight at a pixel of that picture."""
        return None if self._screen is None or self._index is None else self._screen.point_of(x, y)


def warm(case: Case) -> None:
    """Take a picture that nobody sees: compiled loops are loaded, a second or two, before they are needed."""
    with suppress(DekompSimError):
        above = posed(case, Angles(OVER_THE_BACK_DEG, 0.0), (0.0, 0.0, 0.0))
        Live(case.patient).frame(last_taken(exposed(case, above, Expose())))
