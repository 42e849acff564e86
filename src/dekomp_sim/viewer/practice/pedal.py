"""The foot pedal: while it is held, pulses are shown as they come; on record they are one exposure of many frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.procedure.actions import Expose
from dekomp_sim.procedure.after import after
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.records import Exposure


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """One pulse of a held pedal.

    Parameters
    ----------
    shot
        What the panel sees.
    exposure
        The exposure it belongs to, with the technique and the dose of this one pulse.
    number
        From 0 in its exposure; with the exposure's index it keys the noise.
    lateral
        The second plane's shot, where two are in use.
    """

    shot: Shot
    exposure: Exposure
    number: int
    lateral: Shot | None = None


def last_taken(case: Case) -> Pulse:
    """What the first pulse of a case's last exposure saw, with the second plane's where two were in use."""
    last = case.exposures[-1]
    first, *second = (one for one in case.exposures[-2:] if one.clock_s == last.clock_s)
    return Pulse(shot_of(case, first), first, 0, *(shot_of(case, one) for one in second))


class Hold:
    """A pedal that is held: how many pulses were given since the last thing put on record.

    Parameters
    ----------
    how
        kV, mAs and kind of exposure; its number of frames is left aside.
    """

    def __init__(self, how: Expose) -> None:
        self.how = how
        self.frames = 0
        self._seen: tuple[Case, Case] | None = None
        self._went_on = False

    @property
    def exposure(self) -> Expose | None:
        """What is to be put on record of the pulses given so far, or None where none was."""
        return replace(self.how, frames=self.frames, held=self._went_on) if self.frames else None

    def pulse(self, case: Case) -> Pulse:
        """The next pulse on a case in which an exposure is allowed.

        Left out: the breath, which would have the patient projected anew at each pulse; pictures of what is on record
        have it.
        """
        if self._seen is None or self._seen[0] is not case:  # what one pulse gives changes only with the case
            self._seen = (case, after(case, replace(self.how, frames=1)))
        seen = self._seen[1]
        first, *second = seen.exposures[len(case.exposures) :]
        number = self.frames
        self.frames += 1
        shots = [shot_of(seen, one, number, breathing=False) for one in (first, *second)]
        return Pulse(shots[0], first, number, *shots[1:])

    def undone(self) -> None:
        """The press was taken back: what is given from here on is a new one."""
        self.frames, self._went_on = 0, False

    def settled(self) -> None:
        """Its pulses are on record; what is given from here on belongs to the same press."""
        self.frames, self._went_on = 0, True
