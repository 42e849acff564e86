"""What levering does to the turning probe: stress of a bent steel shaft in closed form, and the turns it survives.

The documented case: levered at the handle, the probe broke and 10 cm stayed in the patient (Domsky, Reg Anesth Pain Med
2006;31:177). The shaft is a beam clamped by the disc and turned out of its axis at the handle; each turn of it is a
full cycle of bending. Left out: the cannula's share of the load, wear of the bore, corrosion, faults of make.
"""

from __future__ import annotations

import math
from typing import Final

from dekomp_sim.errors import OutOfRangeError

YOUNG_MPA: Final = 193e3
"""Young's modulus of stainless steel 304 (standard handbook value)."""

TENSILE_MPA: Final = 515.0
"""Least tensile strength of annealed stainless steel 304 (ASTM A240). Assumption: the probe is no harder."""

NOTCH: Final = 2.0
"""Assumption: the thread's root doubles the stress of a smooth shaft; notch factors of threads are 2 to 3."""

AT_1E3: Final = 0.9
"""Strength over tensile strength at 1e3 cycles of rotating bending (Shigley, Mechanical Engineering Design)."""

AT_1E6: Final = 0.5
"""The same at 1e6 cycles and for ever after (same source)."""


def bending_stress_mpa(radius_mm: float, lever_deg: float, free_mm: float) -> float:
    """Greatest stress of a shaft whose end is turned out of its axis by a side force: 2 E r angle / L, at the clamp.

    Parameters
    ----------
    radius_mm
        The shaft's radius.
    lever_deg
        Angle of the handle out of the axis.
    free_mm
        Length between the clamp (the disc's rim) and the handle.

    Raises
    ------
    OutOfRangeError
        If the free length is not above 0.

    Examples
    --------
    >>> round(bending_stress_mpa(0.25, 10.0, 90.0))
    187
    """
    if not free_mm > 0.0:
        raise OutOfRangeError("free_mm", f"{free_mm:g} mm", "above 0 mm")
    return 2.0 * YOUNG_MPA * radius_mm * math.radians(lever_deg) / free_mm


def cycles_to_break(stress_mpa: float) -> float:
    """Turns until a notched shaft bent with this stress breaks: a straight line in log S over log N, flat from 1e6.

    Examples
    --------
    >>> f"{cycles_to_break(0.9 * TENSILE_MPA / NOTCH):.0f}", cycles_to_break(100.0)
    ('1000', inf)
    """
    strength = NOTCH * stress_mpa / TENSILE_MPA
    if strength <= AT_1E6:
        return math.inf
    slope = math.log10(AT_1E3 / AT_1E6) / 3.0
    return float(10.0 ** (3.0 + math.log10(AT_1E3 / strength) / slope))


def life_used(stress_mpa: float, turns: float) -> float:
    """Share of its life that so many turns cost a shaft bent so (Miner's rule: shares add, at 1 it breaks)."""
    return turns / cycles_to_break(stress_mpa)
