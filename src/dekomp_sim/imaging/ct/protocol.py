"""What is set at the scanner's console: voltage, charge, slice, field, kernel; and the named protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.matter import Beam

HU_RANGE: Final = (-1024.0, 3071.0)
"""Hounsfield units that a scanner writes: 12 bits. Steel and undiluted contrast lie above and show as the highest."""

ALUMINIUM_MM, COPPER_MM = 3.0, 0.15
"""Assumption: the tube's filter without the bow-tie. It gives a half-value layer of about 7.3 mm Al at 120 kV, where CT
tubes have 6.5 to 8.5."""

_RANGES: Final = {
    "kv": (80.0, 140.0),
    "mas": (1.0, 600.0),
    "thickness_mm": (0.6, 10.0),
    "field_mm": (50.0, 500.0),
    "matrix": (64, 1024),
}
"""What a scanner offers: 80 to 140 kV, fields up to 500 mm. Assumption: 1 to 600 mAs a turn, slices of 0.6 to 10 mm."""


class Kernel(StrEnum):
    """How sharp the picture is made."""

    SOFT = "soft"
    STANDARD = "standard"
    BONE = "bone"


class Preset(StrEnum):
    """A named protocol."""

    PLANNING = "planning"
    STEP = "step"
    LOW_DOSE = "low_dose"
    ULTRA_LOW_DOSE = "ultra_low_dose"
    FLUOROSCOPY = "fluoroscopy"


KERNEL_HALF_PER_MM: Final[Mapping[Kernel, tuple[float, float]]] = MappingProxyType(
    {Kernel.SOFT: (0.40, 2.0), Kernel.STANDARD: (0.50, 2.5), Kernel.BONE: (1.15, 4.0)}
)
"""Frequency at which the window on the ramp falls to half, cycles/mm, and its steepness. Assumption: with the channel,
the focus and the interpolation of the scanner they give transfer functions that fall to a half at 3 to 4.5 cycles/cm
for soft tissue and 7 to 10 for bone, as makers state for such kernels; no formula is published."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Settings of one slice.

    Parameters
    ----------
    kv, mas
        Tube voltage and the charge of one turn.
    thickness_mm
        Of the slice, at the isocentre.
    field_mm
        Edge of the picture.
    kernel
        Its sharpness.
    matrix
        Pixels along an edge.

    Raises
    ------
    OutOfRangeError
        If the scanner cannot do it.

    Examples
    --------
    >>> Protocol(kv=60.0)
    Traceback (most recent call last):
    dekomp_sim.errors.OutOfRangeError: kv: found 60; allowed: 80 to 140.
    """

    kv: float = 120.0
    mas: float = 100.0
    thickness_mm: float = 3.0
    field_mm: float = 200.0
    kernel: Kernel = Kernel.STANDARD
    matrix: int = 512

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise OutOfRangeError(name, f"{value:g}", f"{least:g} to {most:g}")

    @property
    def beam(self) -> Beam:
        """The tube's setting."""
        return Beam(self.kv, ALUMINIUM_MM, COPPER_MM)

    def window(self, per_mm: FloatArray) -> FloatArray:
        """(...) what the kernel leaves of each spatial frequency (...) of the ramp: 2^-(f / half)^steepness."""
        half, steepness = KERNEL_HALF_PER_MM[self.kernel]
        return np.asarray(np.exp2(-((per_mm / half) ** steepness)))


PROTOCOLS: Final[Mapping[Preset, Protocol]] = MappingProxyType(
    {
        Preset.PLANNING: Protocol(120.0, 100.0, 3.0, 350.0),
        Preset.STEP: Protocol(120.0, 40.0, 3.0, 200.0),
        Preset.LOW_DOSE: Protocol(120.0, 20.0, 4.0, 200.0, Kernel.SOFT),
        Preset.ULTRA_LOW_DOSE: Protocol(100.0, 5.0, 5.0, 200.0, Kernel.SOFT),
        Preset.FLUOROSCOPY: Protocol(120.0, 20.0, 4.0, 200.0, Kernel.SOFT, 256),
    }
)
"""Named settings. Ultra-low dose: 100 kV and 5 mAs, adequate in 91 % of 183 lumbar treatments, not above a body mass
index of 30 (Acta Radiologica, doi 10.1177/0284185117694508). Fluoroscopy: 40 mA, which sufficed where the patient
measured up to 30 cm from front to back (Schauberger 2012), and turns of 0.5 s. The others: Assumption, usual charges
for a planning scan and for single slices."""
