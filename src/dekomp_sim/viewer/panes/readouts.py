"""What the console tells in numbers beside the picture: technique, dose so far, time, distances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Volume
from dekomp_sim.geometry import CArm
from dekomp_sim.imaging.console.display import positioner_words
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.radiation.dose import DoseTotals, totals
from dekomp_sim.imaging.stand.collimator import zoom
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.units import MM_PER_CM
from dekomp_sim.viewer.panes.fluoroscopy import Pulsed

SKIN_STEP_MM: Final = 2.0
"""Step in mm along the central ray at which the skin is looked for: half the grid on which it is known."""

SECONDS_PER_MIN: Final = 60.0
"""s in one minute."""

NONE: Final = "--"
"""What a read-out shows before there is anything to read."""


@dataclass(frozen=True, slots=True)
class Readouts:
    """The console's numbers.

    Parameters
    ----------
    kv, ma, pulse_ms
        Of the last pulse; None before the first.
    pulses_per_s
        As set, or as given in the last exposure; 0 for a spot.
    air_kerma_mgy, kap_gycm2
        So far, at the reference point, and the kerma-area product.
    air_kerma_rate_mgy_min
        While the pedal is held, else 0.
    fluoroscopy_s
        Time of fluoroscopy so far; spots are none.
    frames, spots
        How many of each so far.
    angles
        As consoles show them; empty where the C-arm stands nowhere.
    source_to_detector_mm, source_to_skin_mm
        Distances along the central ray; None where the C-arm stands nowhere or the ray misses the patient.
    magnification
        Of the field: 1, 1.33 or 2.
    c_arm
        Whether there is one to read.
    couch, ct_fluoroscopy_s, ct_dlp_mgycm
        Of the CT scanner: where the slice lies, time of beam and dose-length product so far; empty and 0 without one.
    """

    kv: float | None
    ma: float | None
    pulse_ms: float | None
    pulses_per_s: float
    air_kerma_mgy: float
    kap_gycm2: float
    air_kerma_rate_mgy_min: float
    fluoroscopy_s: float
    frames: int
    spots: int
    angles: str
    source_to_detector_mm: float | None
    source_to_skin_mm: float | None
    magnification: float
    c_arm: bool = True
    couch: str = ""
    ct_fluoroscopy_s: float = 0.0
    ct_dlp_mgycm: float = 0.0

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Each read-out's name and its words."""
        return (*(self._c_arm if self.c_arm else ()), *(self._scanner if self.couch else ()))

    @property
    def _scanner(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Slice", self.couch),
            ("CT pedal", f"{self.ct_fluoroscopy_s:.1f} s"),
            ("DLP", f"{self.ct_dlp_mgycm:.1f} mGy cm"),
        )

    @property
    def _c_arm(self) -> tuple[tuple[str, str], ...]:
        return (
            ("kV", NONE if self.kv is None else f"{self.kv:.0f}"),
            ("mA", NONE if self.ma is None else f"{self.ma:.1f}"),
            ("Pulse", NONE if self.pulse_ms is None else f"{self.pulse_ms:.1f} ms, {_rate(self.pulses_per_s)}"),
            ("Time", f"{int(self.fluoroscopy_s // SECONDS_PER_MIN)}:{self.fluoroscopy_s % SECONDS_PER_MIN:04.1f} min"),
            ("Pictures", f"{self.frames} frames, {self.spots} spots"),
            ("Air kerma", f"{self.air_kerma_mgy:.3g} mGy"),
            ("Rate", f"{self.air_kerma_rate_mgy_min:.3g} mGy/min"),
            ("KAP", f"{self.kap_gycm2:.3g} Gy cm²"),
            ("Angles", self.angles or NONE),
            ("Source to detector", _centimetres(self.source_to_detector_mm)),
            ("Source to skin", _centimetres(self.source_to_skin_mm)),
            ("Field", f"x {self.magnification:.3g}"),
        )


def readouts(case: Case, pulse: Pulsed | None = None) -> Readouts:
    """The numbers of a case, and of the pulses given since while the pedal is held.

    Parameters
    ----------
    case
        What is on record.
    pulse
        The last pulse of the held pedal, not yet on record: its number tells how many there were.
    """
    given = 0 if pulse is None else pulse.number + 1
    last: Exposure | None = pulse.exposure if pulse is not None else (case.exposures or (None,))[-1]
    so_far, now = _totals(case), None if pulse is None else pulse.exposure
    more_mgy, more_gycm2, more_s, rate = 0.0, 0.0, 0.0, 0.0
    if now is not None:
        more_mgy, more_gycm2 = given * now.dose.air_kerma_reference_mgy, given * now.dose.kap_gycm2
        more_s = 0.0 if now.spot else given / now.pulses_per_s
        rate = now.dose.air_kerma_reference_mgy * now.pulses_per_s * SECONDS_PER_MIN
    return Readouts(
        kv=None if last is None else last.technique.beam.kv,
        ma=None if last is None else last.ma,
        pulse_ms=None if last is None else last.pulse_ms,
        pulses_per_s=case.controls.fluoroscopy.pulses_per_s if last is None else last.pulses_per_s,
        air_kerma_mgy=so_far.air_kerma_reference_mgy + more_mgy,
        kap_gycm2=so_far.kap_gycm2 + more_gycm2,
        air_kerma_rate_mgy_min=rate,
        fluoroscopy_s=case.fluoroscopy_s + more_s,
        frames=_frames(case, spots=False) + (given if now is not None and not now.spot else 0),
        spots=_frames(case, spots=True) + (given if now is not None and now.spot else 0),
        angles="" if case.carm is None else positioner_words(case.carm),
        source_to_detector_mm=None if case.carm is None else case.carm.source_to_detector_mm,
        source_to_skin_mm=None if case.carm is None else source_to_skin_mm(case.patient.volume, case.carm),
        magnification=zoom(case.controls.field),
        c_arm=case.guidance.has_c_arm,
        couch=_couch(case) if case.guidance.has_scanner else "",
        ct_fluoroscopy_s=case.ct_fluoroscopy_s,
        ct_dlp_mgycm=math.fsum(taken.dose.dlp_mgycm for taken in case.acquisitions),
    )


def _couch(case: Case) -> str:
    return f"{case.couch.table_mm:+.0f} mm, {case.couch.tilt_deg:+.0f}°"


@lru_cache(maxsize=8)
def source_to_skin_mm(volume: Volume, carm: CArm) -> float | None:
    """Way from the focus to the skin along the central ray, to `SKIN_STEP_MM`; None where it misses the patient."""
    along = np.arange(0.0, carm.source_to_detector_mm, SKIN_STEP_MM)
    inside = body_of(volume).holds(carm.source_mm + along[:, None] * carm.towards_detector)
    return float(along[int(np.argmax(inside))]) if inside.any() else None


def _totals(case: Case) -> DoseTotals:
    return totals(exposure.dose for exposure in case.exposures)


def _frames(case: Case, *, spots: bool) -> int:
    return sum(exposure.frames for exposure in case.exposures if exposure.spot is spots)


def _rate(pulses_per_s: float) -> str:
    return f"{pulses_per_s:g}/s" if pulses_per_s else "spot"


def _centimetres(length_mm: float | None) -> str:
    return NONE if length_mm is None else f"{length_mm / MM_PER_CM:.0f} cm"
