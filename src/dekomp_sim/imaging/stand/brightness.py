"""Automatic brightness control: what the generator gives for each pulse, so that the detector gets what it needs.

The control knows what the detector saw and climbs a regulation curve: kV, tube current and pulse length rise together
(an anti-isowatt curve: Lin, "Operation logic of automatic dose control of fluoroscopy equipment", RadioGraphics
2007;27:1; AAPM Report 125), thick copper gives way to thin, and the law's air kerma rate ends the climb.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, frozen, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.radiation.dose import FRAME_DETECTOR_UGY, GENERATOR_MAS, SPOT_DETECTOR_UGY, Technique
from dekomp_sim.matter import Beam, Substance, air_kerma_ugy_per_mas_at_1m, mass_attenuation_cm2_g, spectrum


class DoseRate(StrEnum):
    """How much the detector asks for in fluoroscopy."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    HIGH_LEVEL = "high_level"


class Held(StrEnum):
    """What kept the control from giving the detector what it wants."""

    NOTHING = "nothing"
    LEAST = "least"
    MOST = "most"
    LAW = "law"


DETECTOR_SHARE: Final = {
    DoseRate.LOW: 0.5,
    DoseRate.NORMAL: 1.0,
    DoseRate.HIGH: 2.0,
    DoseRate.HIGH_LEVEL: 4.0,
}
"""Air kerma at the detector per pulse over that of `NORMAL`.

Assumption: consoles halve and double it and publish no figure.
"""

LIMIT_MGY_MIN: Final = {
    DoseRate.LOW: 88.0,
    DoseRate.NORMAL: 88.0,
    DoseRate.HIGH: 88.0,
    DoseRate.HIGH_LEVEL: 176.0,
}
"""Highest air kerma rate of fluoroscopy in mGy/min at the compliance point: 88, with high-level control 176 (21 CFR
1020.32(d))."""

COMPLIANCE_TO_DETECTOR_MM: Final = 300.0
"""Distance of that point from the detector's cover, toward the focus, on a C-arm (21 CFR 1020.32(d)(3)(iii))."""

PULSES_PER_S: Final = (1.0, 30.0)
"""Slowest and fastest pulses."""

REFERENCE_PULSES_PER_S: Final = 8.0
"""Pulse rate at which a pulse of `DoseRate.NORMAL` gives the detector `FRAME_DETECTOR_UGY`. Assumption."""

PULSE_EXPONENT: Final = 0.5
"""A pulse's dose grows with the pause before it to this power, so that noise looks the same: at 15, 10 and 7.5 pulses/s
observers needed 22, 38 and 49 % less dose a second than at 30 (Aufrichtig, Med Phys 1994;21:245); this gives 29, 42
and 50 %."""

KV_STEP: Final = 1.0
"""The generator sets whole kV."""

TUBE_KW: Final = 9.0
"""Assumption: power the generator holds through a train of pulses; makers of mobile C-arms state 2 to 25 kW."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A regulation curve: tube current and pulse length for each voltage, and the copper that goes with it.

    Parameters
    ----------
    kv, ma, pulse_ms
        (n,) knots, straight lines between; voltage grows, the others do not fall.
    copper_mm
        Filters from thick to thin, each with the voltage up to which it stays in.
    """

    kv: FloatArray
    ma: FloatArray
    pulse_ms: FloatArray
    copper_mm: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        for name in ("kv", "ma", "pulse_ms"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        rising = np.all(np.diff(self.kv) > 0.0) and all(
            np.all(np.diff(knots) >= 0.0) for knots in (self.ma, self.pulse_ms)
        )
        if not rising or not self.kv.shape == self.ma.shape == self.pulse_ms.shape:
            raise ValueError("a regulation curve climbs: kV grows, mA and pulse length do not fall")

    def ma_at(self, kv: float) -> float:
        """Tube current, held to the generator's power."""
        return min(float(np.interp(kv, self.kv, self.ma)), TUBE_KW * 1e3 / kv)

    def pulse_ms_at(self, kv: float) -> float:
        """Longest pulse."""
        return float(np.interp(kv, self.kv, self.pulse_ms))


FLUOROSCOPY_CURVE: Final = Curve(
    kv=frozen([60.0, 70.0, 80.0, 95.0, 120.0]),
    ma=frozen([8.0, 25.0, 50.0, 70.0, 75.0]),
    pulse_ms=frozen([5.0, 8.0, 10.0, 14.0, 20.0]),
    copper_mm=((0.3, 74.0), (0.2, 78.0), (0.1, 120.0)),
)
"""Assumption: kV restrained until current and pulse are near their most, as published anti-isowatt curves are shaped
(Lin 2007; AAPM Report 125, where copper goes from 0.9 or 0.6 mm to 0.1 mm as the phantom thickens); the figures give
70 to 90 kV through a slim trunk from behind and 80 to 110 kV from the side, as lumbar practice has it."""

SPOT_CURVE: Final = Curve(
    kv=frozen([60.0, 70.0, 80.0, 95.0, 120.0]),
    ma=frozen([40.0, 60.0, 80.0, 90.0, 90.0]),
    pulse_ms=frozen([20.0, 40.0, 80.0, 140.0, 220.0]),
    copper_mm=((0.1, 120.0),),
)
"""Assumption: the same for one picture to keep: longer pulses, up to the generator's 20 mAs."""


@dataclass(frozen=True, slots=True)
class Fluoroscopy:
    """How the console is set.

    Parameters
    ----------
    rate
        What the detector asks for.
    pulses_per_s
        1 to 30.

    Raises
    ------
    OutOfRangeError
        If the pulse rate lies outside.
    """

    rate: DoseRate = DoseRate.NORMAL
    pulses_per_s: float = REFERENCE_PULSES_PER_S

    def __post_init__(self) -> None:
        if not PULSES_PER_S[0] <= self.pulses_per_s <= PULSES_PER_S[1]:
            allowed = f"{PULSES_PER_S[0]:g} to {PULSES_PER_S[1]:g}"
            raise OutOfRangeError("pulses_per_s", f"{self.pulses_per_s:g}", allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Sensed:
    """What lies before the control's sensor: soft tissue and bone mineral (n,), g/cm2, on rays of its measuring field.

    One ray may be given as plain numbers.
    """

    soft_g_cm2: ArrayLike
    bone_g_cm2: ArrayLike = 0.0

    def __post_init__(self) -> None:
        soft, bone = np.broadcast_arrays(np.atleast_1d(self.soft_g_cm2), np.atleast_1d(self.bone_g_cm2))
        object.__setattr__(self, "soft_g_cm2", frozen(soft))
        object.__setattr__(self, "bone_g_cm2", frozen(bone))


@dataclass(frozen=True, slots=True)
class Brightness:
    """What the control chose for a pulse.

    Parameters
    ----------
    technique
        Beam and charge of one pulse.
    ma, pulse_ms
        Tube current and pulse length; their product is the charge.
    pulses_per_s
        Pulse rate; 0 for one picture.
    detector_ugy
        Air kerma of a pulse at the detector, primary beam only, mean over the measuring field.
    kerma_rate_mgy_min
        Air kerma rate at the law's compliance point; 0 for one picture.
    held
        What kept the detector from what it wants.
    """

    technique: Technique
    ma: float
    pulse_ms: float
    pulses_per_s: float
    detector_ugy: float
    kerma_rate_mgy_min: float
    held: Held


def wanted_ugy(setting: Fluoroscopy, zoom: float = 1.0, spot: bool = False) -> float:
    """Air kerma the detector asks of one pulse.

    Parameters
    ----------
    setting
        Dose rate and pulses per second.
    zoom
        Side of the full field over that of the field in use: a magnified picture shows its noise larger.
        Assumption: flat panels ask for as much more as the zoom (intensifiers for its square).
    spot
        One picture to keep, whatever the setting.
    """
    if spot:
        return SPOT_DETECTOR_UGY * zoom
    pause = REFERENCE_PULSES_PER_S / setting.pulses_per_s
    return FRAME_DETECTOR_UGY * DETECTOR_SHARE[setting.rate] * zoom * float(pause**PULSE_EXPONENT)


def controlled(
    sensed: Sensed, carm: CArm, setting: Fluoroscopy, kv: float | None = None, zoom: float = 1.0
) -> Brightness:
    """What the control gives for one pulse of fluoroscopy.

    It climbs the curve with the thickest copper that can give the detector what it wants, takes the lowest whole kV
    that does, and shortens the pulse to what is needed. Then the law's limit shortens it further.

    Parameters
    ----------
    sensed
        What lies before the sensor.
    carm
        Distances from the focus.
    setting
        Dose rate and pulses.
    kv
        A voltage set by hand; the control then has only current and pulse length, with 0.1 mm of copper.
    zoom
        See `wanted_ugy`.

    Raises
    ------
    OutOfRangeError
        If the voltage cannot be given.

    Examples
    --------
    >>> slim = controlled(Sensed(20.0, 2.0), CArm(180.0, 0.0, (0, 0, 0)), Fluoroscopy())
    >>> f"{slim.technique.beam.kv:.0f} kV, {slim.ma:.0f} mA, {slim.pulse_ms:.1f} ms, {slim.held}"
    '81 kV, 51 mA, 9.5 ms, nothing'
    """
    wanted = wanted_ugy(setting, zoom)
    beam, ma, most_ms = _climbed(sensed, carm, wanted, FLUOROSCOPY_CURVE, kv)
    found = _pulse(_detector_ugy_per_mas(beam, sensed, carm), wanted, beam, ma, most_ms)
    rate = kerma_rate_mgy_min(found[0], carm, setting.pulses_per_s)
    limit = LIMIT_MGY_MIN[setting.rate]
    if rate > limit:
        cut = limit / rate
        technique = Technique(beam, found[0].mas * cut)
        return Brightness(technique, ma, found[1] * cut, setting.pulses_per_s, found[2] * cut, limit, Held.LAW)
    return Brightness(found[0], ma, found[1], setting.pulses_per_s, found[2], rate, found[3])


def spot_controlled(sensed: Sensed, carm: CArm, kv: float | None = None, zoom: float = 1.0) -> Brightness:
    """What the control gives for one picture to keep; the law's limit is on fluoroscopy alone.

    Parameters are those of `controlled`.
    """
    wanted = wanted_ugy(Fluoroscopy(), zoom, spot=True)
    beam, ma, most_ms = _climbed(sensed, carm, wanted, SPOT_CURVE, kv)
    technique, pulse_ms, at_detector, held = _pulse(
        _detector_ugy_per_mas(beam, sensed, carm), wanted, beam, ma, most_ms
    )
    return Brightness(technique, ma, pulse_ms, 0.0, at_detector, 0.0, held)


def ma_by_hand(kv: float, curve: Curve = FLUOROSCOPY_CURVE) -> float:
    """Tube current at a voltage set by hand: the curve's most, held to the generator's power."""
    return min(float(curve.ma[-1]), TUBE_KW * 1e3 / kv)


def kerma_rate_mgy_min(technique: Technique, carm: CArm, pulses_per_s: float) -> float:
    """Air kerma rate at the law's compliance point, 30 cm before the detector, free in air: mGy/min."""
    distance_mm = carm.source_to_detector_mm - COMPLIANCE_TO_DETECTOR_MM
    per_pulse_ugy = air_kerma_ugy_per_mas_at_1m(technique.beam) * technique.mas * (1000.0 / distance_mm) ** 2
    return per_pulse_ugy * pulses_per_s * 60.0 / 1000.0


def _climbed(sensed: Sensed, carm: CArm, wanted: float, curve: Curve, kv: float | None) -> tuple[Beam, float, float]:
    """Beam, tube current and longest pulse at which the curve first gives what is wanted, or its end."""
    if kv is not None:
        return Beam(kv), ma_by_hand(kv, curve), float(curve.pulse_ms[-1])
    for copper_mm, to_kv in curve.copper_mm:
        low, high = float(curve.kv[0]), to_kv
        if _given(sensed, carm, curve, high, copper_mm) < wanted:
            continue
        while high - low > KV_STEP:
            middle = low + KV_STEP * ((high - low) // (2.0 * KV_STEP))
            enough = _given(sensed, carm, curve, middle, copper_mm) >= wanted
            low, high = (low, middle) if enough else (middle, high)
        at = low if _given(sensed, carm, curve, low, copper_mm) >= wanted else high
        return Beam(at, copper_mm=copper_mm), curve.ma_at(at), curve.pulse_ms_at(at)
    copper_mm, at = curve.copper_mm[-1]
    return Beam(at, copper_mm=copper_mm), curve.ma_at(at), curve.pulse_ms_at(at)


def _given(sensed: Sensed, carm: CArm, curve: Curve, kv: float, copper_mm: float) -> float:
    mas = curve.ma_at(kv) * curve.pulse_ms_at(kv) / 1000.0
    return mas * _detector_ugy_per_mas(Beam(kv, copper_mm=copper_mm), sensed, carm)


def _pulse(
    per_mas: float, wanted: float, beam: Beam, ma: float, most_ms: float
) -> tuple[Technique, float, float, Held]:
    """Technique, pulse length, kerma at the detector and what held, for a beam that is chosen."""
    least, most = GENERATOR_MAS[0], min(GENERATOR_MAS[1], ma * most_ms / 1000.0)
    mas = wanted / per_mas if per_mas > 0.0 else np.inf
    held = Held.LEAST if mas < least else Held.MOST if mas > most * (1.0 + 1e-9) else Held.NOTHING
    mas = min(max(mas, least), most)
    return Technique(beam, mas), mas / ma * 1000.0, mas * per_mas, held


@lru_cache(maxsize=256)
def _body_cm2_g(beam: Beam) -> tuple[FloatArray, FloatArray]:
    """(e,) mass attenuation coefficients of soft tissue and bone mineral at a beam's energies."""
    at_kev = spectrum(beam).energies_kev
    soft, bone = (mass_attenuation_cm2_g(one, at_kev) for one in (Substance.SOFT_TISSUE, Substance.BONE_MINERAL))
    return sealed(soft), sealed(bone)


def _detector_ugy_per_mas(beam: Beam, sensed: Sensed, carm: CArm) -> float:
    """Air kerma per mAs at the detector, mean over the rays: primary only, no grid."""
    tissue, mineral = _body_cm2_g(beam)
    depth = np.multiply.outer(np.asarray(sensed.soft_g_cm2), tissue)
    depth += np.multiply.outer(np.asarray(sensed.bone_g_cm2), mineral)
    behind = float(np.mean(np.exp(-depth) @ spectrum(beam).kerma_ugy_per_mas_by_bin))
    return behind * (1000.0 / carm.source_to_detector_mm) ** 2
