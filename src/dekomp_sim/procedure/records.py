"""What a case keeps of what was done: one small record of each drug, movement, cut, exposure, injection and failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.disc import Discogram
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.radiation.dose import DoseRecord, Technique
from dekomp_sim.imaging.stand.brightness import REFERENCE_PULSES_PER_S
from dekomp_sim.imaging.stand.collimator import OPEN, Collimator, Field
from dekomp_sim.procedure.actions import Agent, Route
from dekomp_sim.procedure.lesson.plan import Equipment

FRAMES_PER_S: Final = REFERENCE_PULSES_PER_S
"""Pulses per second of fluoroscopy until set otherwise: 8, within the 3 to 15 of Schmid (Cardiovasc Intervent Radiol
2006)."""


@dataclass(frozen=True, slots=True)
class Antibiotic:
    """An antibiotic given."""

    clock_s: float
    agent: Agent
    route: Route
    dose_g: float


@dataclass(frozen=True, slots=True)
class Tip:
    """Where an instrument's tip was after a movement."""

    clock_s: float
    instrument: str
    depth_mm: float
    at_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Push:
    """What the hand felt of one push.

    Parameters
    ----------
    clock_s
        When it began.
    instrument
        Key of the one whose tip led.
    curve
        (depth in mm below the skin, force in N), by depth.
    """

    clock_s: float
    instrument: str
    curve: tuple[tuple[float, float], ...]

    @property
    def peak_n(self) -> float:
        """The greatest force."""
        return max((force for _, force in self.curve), default=0.0)


@dataclass(frozen=True, slots=True)
class Puncture:
    """An instrument set on the skin; `through_incision` where the skin was cut there, `level` the disc it is for."""

    clock_s: float
    instrument: str
    at_mm: tuple[float, float, float]
    through_incision: bool
    level: Level


@dataclass(frozen=True, slots=True)
class Incision:
    """A cut in the skin."""

    clock_s: float
    at_mm: tuple[float, float, float]
    length_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One press of the pedal, or a part of one: `index` counts from 0 and keys the noise of its picture.

    `technique` is that of one pulse, with the tube current `ma`, and `dose` that of all `frames` pulses together.
    `pulses_per_s` is 0 for pictures to keep, which are no fluoroscopy. `carm` is the C-arm as it stands about the
    patient breathed out, `breath_mm` how far the breath had moved the patient when the exposure began. `held` says that
    the pedal was down already.
    """

    clock_s: float
    index: int
    carm: CArm
    technique: Technique
    frames: int
    dose: DoseRecord
    note: str
    ma: float
    pulses_per_s: float = FRAMES_PER_S
    collimator: Collimator = OPEN
    field: Field = Field.FULL
    breath_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    held: bool = False

    @property
    def pose(self) -> CArm:
        """The C-arm as the patient's frame has it: moved against the breath; the same one where there is none."""
        if not any(self.breath_mm):
            return self.carm
        return replace(self.carm, isocentre_mm=np.asarray(self.carm.isocentre_mm) - np.array(self.breath_mm))

    @property
    def pulse_ms(self) -> float:
        """Length of one pulse."""
        return self.technique.mas / self.ma * 1000.0

    @property
    def spot(self) -> bool:
        """Whether it was a picture to keep rather than fluoroscopy."""
        return self.pulses_per_s == 0.0

    @property
    def seconds(self) -> float:
        """Time of fluoroscopy it took: none for pictures to keep."""
        return 0.0 if self.spot else self.frames / self.pulses_per_s


@dataclass(frozen=True, slots=True)
class Onset:
    """When a disc began to hurt: the volume injected into it by then, and its pressure above opening."""

    clock_s: float
    volume_ml: float
    above_opening_kpa: float


@dataclass(frozen=True, slots=True)
class Injection:
    """Contrast given into a disc, and the pressures read: with the plunger at rest after it, and while it flowed.

    Parameters
    ----------
    clock_s
        When it ended.
    level
        Into which disc.
    volume_ml, rate_ml_s, iodine_mg_ml
        How much, how fast, of what strength.
    pressure_kpa, dynamic_kpa
        The readings at rest and while it flowed.
    announced
        Whether the patient was told.
    pain, concordant
        The rating, None where it did not hurt; and whether that was the patient's own pain.
    onset
        When that pain began, where it began in this injection.
    shown
        What was read of the contrast, where the C-arm stood over it and it lay in the nucleus.
    """

    clock_s: float
    level: Level
    volume_ml: float
    rate_ml_s: float
    iodine_mg_ml: float
    pressure_kpa: float
    dynamic_kpa: float
    announced: bool = False
    pain: float | None = None
    concordant: bool | None = None
    onset: Onset | None = None
    shown: Discogram | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Equipment that does not work from one moment to another."""

    equipment: Equipment
    since_s: float
    until_s: float
