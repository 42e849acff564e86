"""The fluoroscopy screens: the live picture, and beside it the reference or the second plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from numpy.typing import ArrayLike

from dekomp_sim.anatomy import Patient
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.imaging.fluoroscope import Shot
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.viewer.panes.monitor import RECURSION, Monitor, Ray, Settings, Showing, dark, eight_bits

__all__ = ["RECURSION", "Kept", "Live", "Pulsed", "Ray", "Settings", "Showing", "dark", "eight_bits"]


class Pulsed(Protocol):
    """One pulse while the pedal is held: what `practice.session.Pulse` is."""

    @property
    def shot(self) -> Shot:
        """What it sees."""

    @property
    def exposure(self) -> Exposure:
        """The exposure it belongs to, as one of its pulses."""

    @property
    def number(self) -> int:
        """Its number within that, from 0."""

    @property
    def lateral(self) -> Shot | None:
        """What the second plane sees at the same time, where two are in use."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A picture put aside: how it looked (rows, cols), and which exposure it is of."""

    picture: UInt8Array
    exposure: Exposure


class Live:
    """The screens of one patient's C-arm: the live one, and the one beside it.

    `frame` belongs to one worker thread, everything else to any; see `Monitor`.

    Parameters
    ----------
    patient
        Who lies in the beam. Nothing is computed before the first frame.
    threads
        Worker threads of the X-ray engine; pictures do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._patient, self._threads = patient, threads
        self._live = Monitor(patient, threads)
        self._second: Monitor | None = None
        self._reference: UInt8Array | None = None
        self._stored: tuple[Kept, ...] = ()

    def frame(self, pulse: Pulsed, moving: bool = False) -> UInt8Array:
        """Compute and show the picture (rows, cols) of one pulse.

        Of a second plane the picture is shown beside, in place of a reference. A run's frames follow one another with
        lag and time filter; a spot, and a run's first frame, stand alone.

        Parameters
        ----------
        pulse
            Which.
        moving
            The C-arm is being dragged: half the time, a coarser picture.
        """
        image = self._live.frame(replace(pulse.shot, moving=moving), pulse.exposure, pulse.number)
        if pulse.lateral is not None:
            if self._second is None:
                self._second = Monitor(self._patient, self._threads)
                self._second.set(self.settings)
            self._reference = self._second.frame(pulse.lateral, pulse.exposure, pulse.number)
        return image

    def hold(self) -> UInt8Array | None:
        """The pedal is let go: the last frames' mean stays on the screen; None where nothing was taken yet."""
        self._beside(lambda second: second.hold())
        return self._live.hold()

    @property
    def settings(self) -> Settings:
        """How the screens are set."""
        return self._live.settings

    def set(self, settings: Settings) -> UInt8Array | None:
        """Set the screens; what is on them changes at once. The live one's picture, or None where there is none."""
        self._beside(lambda second: second.set(settings))
        return self._live.set(settings)

    @property
    def last_image(self) -> UInt8Array:
        """What is on the live screen (rows, cols); dark before the first picture."""
        image = self._live.image
        return dark() if image is None else image

    @property
    def reference(self) -> UInt8Array:
        """What is on the screen beside it (rows, cols); dark until a picture is stored or a second plane is used."""
        return dark("NO REFERENCE") if self._reference is None else self._reference

    @property
    def stored(self) -> tuple[Kept, ...]:
        """Pictures put aside, the first stored first."""
        return self._stored

    def store(self) -> int | None:
        """Put the last image aside and show it beside the live one; its number, or None where there is no image."""
        image, exposure = self._live.image, self._live.exposure
        if image is None or exposure is None:
            return None
        self._stored = (*self._stored, Kept(image, exposure))
        self._reference = image
        return len(self._stored) - 1

    def refer(self, number: int) -> UInt8Array:
        """Show a stored picture beside the live one.

        Raises
        ------
        OutOfRangeError
            If no picture of that number is stored.
        """
        if not 0 <= number < len(self._stored):
            raise OutOfRangeError("stored picture", f"No. {number + 1}", f"1 to {len(self._stored)}")
        self._reference = self._stored[number].picture
        return self._reference

    def take_mask(self) -> bool:
        """Take the last image as the mask that is subtracted, on both planes; whether there was one."""
        self._beside(lambda second: second.image if second.take_mask() else None)
        return self._live.take_mask()

    def point_of(self, x: float, y: float) -> Ray | None:
        """The line of sight at a pixel of the live picture; see `Monitor.point_of`."""
        return self._live.point_of(x, y)

    def pixel_of(self, point_mm: ArrayLike) -> tuple[float, float] | None:
        """(x, y) where a point (3,) of the patient is seen in the live picture; None before the first one."""
        return self._live.pixel_of(point_mm)

    def _beside(self, act: Callable[[Monitor], UInt8Array | None]) -> None:
        """Do the same on the second plane, where its picture is the one beside."""
        second = self._second
        if second is None:
            return
        shown = self._reference is second.image
        image = act(second)
        if shown and image is not None:
            self._reference = image
