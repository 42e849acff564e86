"""What the acquisitions of a case gave to the people in the room."""

from __future__ import annotations

from typing import Final

from dekomp_sim.imaging.radiation.ct_dose import ct_staff_usv
from dekomp_sim.imaging.radiation.staff import Protection, StaffDose, worn
from dekomp_sim.procedure.ct.acquired import Acquisition

DISTANCE_MM: Final = {"chest": 600.0, "neck": 650.0, "eye": 750.0, "hand": 250.0, "leg": 900.0}
"""Distances in mm from the isocentre of an operator who stays at the couch. Assumption: leans to the gantry's opening,
the hand on a holder that keeps it 25 cm off the slice; the hand in the beam is left out."""


def operator_dose(taken: Acquisition, protection: Protection) -> tuple[StaffDose, ...]:
    """Personal dose equivalent of the operator from one acquisition; nothing outside the room."""
    return tuple(_at(place, far_mm, taken, protection) for place, far_mm in DISTANCE_MM.items())


def _at(place: str, far_mm: float, taken: Acquisition, protection: Protection) -> StaffDose:
    if not taken.beside:
        return StaffDose(place, 0.0, 0.0)
    outside = ct_staff_usv(taken.dose, taken.protocol, far_mm)
    return StaffDose(place, outside, outside * worn(place, taken.protocol.beam, protection))
