"""Units at the doors: inside, lengths are mm, times s, pressures kPa, volumes mL, masses g, energies keV.

Psi, inches and gauge appear only where a person reads or types them; the factors live here.
"""

from __future__ import annotations

from typing import Final

KPA_PER_PSI: Final = 6.894757
"""kPa in one pound-force per square inch (NIST SP 811, table B.8)."""

MM_PER_CM: Final = 10.0
"""mm in one cm."""

MM3_PER_ML: Final = 1000.0
"""mm3 in one mL."""

STANDARD_GAUGE_MM: Final = {
    16: (1.651, 1.194),
    17: (1.473, 1.067),
    18: (1.270, 0.838),
    19: (1.067, 0.686),
    20: (0.908, 0.603),
    22: (0.718, 0.413),
    25: (0.515, 0.260),
}
"""Outer and inner diameter in mm of regular-wall hypodermic tube by gauge (standard needle gauge table)."""


def psi_from_kpa(pressure_kpa: float) -> float:
    """Pressure in psi for a person to read.

    Examples
    --------
    >>> round(psi_from_kpa(100.0), 1)
    14.5
    """
    return pressure_kpa / KPA_PER_PSI


def kpa_from_psi(pressure_psi: float) -> float:
    """Pressure in kPa from a manometer's psi.

    Examples
    --------
    >>> round(kpa_from_psi(50.0), 1)
    344.7
    """
    return pressure_psi * KPA_PER_PSI
