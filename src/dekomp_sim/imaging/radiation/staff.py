"""Dose of the people in the room: what the patient scatters, by angle and distance, behind lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Side
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.radiation.body import Body
from dekomp_sim.imaging.radiation.skin import crosses, table_transmission
from dekomp_sim.imaging.stand.machine import Table, require_within, table_block, table_top_mm
from dekomp_sim.matter import Beam, Substance, kerma_transmission

SCATTER_BY_ANGLE: Final = (-1.042e-7, 3.265e-5, -2.751e-3, 8.371e-2, 1.578)
"""Polynomial, highest power first, of the angle in degrees between the beam and the scattered ray: air kerma in uGy 1 m
from the patient for 1 Gy cm2, at 85 kV (Williams, Br J Radiol 1996;69:1032; Sutton and Williams, Radiation Shielding
for Diagnostic X-rays, BIR 2000). Its greatest value on a wall, S(117) sin2(117) = 5.1, is their 0.031 kV + 2.5."""

SCATTER_PER_KV: Final = 5.987e-3
"""Growth of that with each kV above 85, as a share (same source)."""

SCATTER_KV: Final = 85.0
"""Voltage at which the polynomial holds."""

SCATTER_ANGLES_DEG: Final = (10.0, 170.0)
"""Angles over which it is used: nearer the axis lies the beam itself. Assumption: held at these ends."""

SCATTER_DEPTH_MM: Final = 80.0
"""Depth below the entrance from which the scatter seems to come. Assumption: about two mean free paths at 50 keV; half
of what leaves the patient comes from the half nearer the tube."""

PERSONAL_SV_PER_GY: Final = 1.5
"""Personal dose equivalent Hp(10) over air kerma: 1.11, 1.49, 1.77 Sv/Gy at 30, 40, 50 keV (ICRP Publication 74, table
A.24); scattered rays have about 40 keV. Hp(0.07) and Hp(3) differ by less than 15 % there."""

GLASSES_TRANSMISSION: Final = 0.3
"""Dose of the lens behind lead glasses over that without: gaps below and beside matter more than lead (shielding 0.70
to 0.72 of 0.07 mm lead glasses from the left and below: Shindo, J Radiol Prot 2024)."""

AROUND_A_SHIELD: Final = 0.1
"""Share that comes round a hanging shield. Assumption: published reductions go from 2 to beyond 20 with its place."""

HANGING_SHIELD_LEAD_MM: Final = 0.5
"""Lead in a hanging shield: the usual figure on its label."""

NEAREST_MM: Final = 150.0
"""Distance within which the irradiated volume is no point and a dose by inverse square is refused."""


_PROTECTION_RANGES: Final = {
    "apron_lead_mm": (0.0, 2.0),
    "collar_lead_mm": (0.0, 2.0),
    "skirt_lead_mm": (0.0, 2.0),
    "skirt_length_mm": (0.0, 1200.0),
}
"""What may be worn and hung. Assumption: aprons go to 1 mm; beyond 2 mm is a typing error."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What is between people and the patient.

    Parameters
    ----------
    apron_lead_mm, collar_lead_mm
        Lead of apron and thyroid collar; 0 where none is worn.
    glasses
        Lead glasses.
    hanging_shield
        A shield from the ceiling between the patient and the heads of the staff.
    skirt_lead_mm, skirt_length_mm
        Lead curtain from the table's edge on the operator's side, and how far it hangs down.

    Raises
    ------
    OutOfRangeError
        If a thickness or length is none that anybody wears or hangs.
    """

    apron_lead_mm: float = 0.5
    collar_lead_mm: float = 0.5
    glasses: bool = True
    hanging_shield: bool = False
    skirt_lead_mm: float = 0.5
    skirt_length_mm: float = 700.0

    def __post_init__(self) -> None:
        require_within(self, _PROTECTION_RANGES)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a person, from the isocentre: toward the operator's side, up, toward the patient's head."""

    aside_mm: float
    up_mm: float
    headward_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Where someone stands.

    Parameters
    ----------
    title
        Who.
    side
        The patient's side at which they stand.
    places
        Chest, neck, eye, hand and leg.
    """

    title: str
    side: Side
    places: Mapping[str, Place]

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", MappingProxyType(dict(self.places)))


def operator(side: Side) -> Person:
    """The one with the needle. Assumption: stands 65 cm from the midline, the hands drawn back to 45 cm for a pulse."""
    places = {
        "chest": Place(650.0, 250.0, -150.0),
        "neck": Place(620.0, 430.0, -150.0),
        "eye": Place(600.0, 570.0, -150.0),
        "hand": Place(450.0, 130.0, -50.0),
        "leg": Place(650.0, -600.0, -150.0),
    }
    return Person("operator", side, places)


def assistant(side: Side) -> Person:
    """The one who hands things. Assumption: stands 1 m from the midline, toward the feet."""
    places = {
        "chest": Place(950.0, 250.0, -700.0),
        "neck": Place(950.0, 430.0, -700.0),
        "eye": Place(950.0, 570.0, -700.0),
        "hand": Place(700.0, 130.0, -600.0),
        "leg": Place(950.0, -600.0, -700.0),
    }
    return Person("assistant", side, places)


@dataclass(frozen=True, slots=True)
class StaffDose:
    """Personal dose equivalent at one place, uSv: on what is worn, and behind it."""

    place: str
    outside_usv: float
    behind_usv: float


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What stands between the tube and the people: patient, table and protection."""

    body: Body
    table: Table
    protection: Protection


@dataclass(frozen=True, slots=True, eq=False)
class Scattering:
    """What an exposure scatters.

    Parameters
    ----------
    carm
        Its pose.
    beam
        Voltage and filter.
    kap_gycm2
        Kerma-area product.
    """

    carm: CArm
    beam: Beam
    kap_gycm2: float


def scatter_ugy_per_gycm2(kv: float, angle_deg: FloatArray | float) -> FloatArray:
    """Air kerma (...) 1 m from the patient for 1 Gy cm2 on it, scattered by angles (...) from the beam's direction.

    Examples
    --------
    >>> scatter_ugy_per_gycm2(85.0, np.array([45.0, 90.0, 135.0])).round(1).tolist()
    [2.3, 3.8, 8.5]
    """
    angle = np.clip(angle_deg, *SCATTER_ANGLES_DEG)
    return np.asarray(np.polyval(SCATTER_BY_ANGLE, angle) * (1.0 + SCATTER_PER_KV * (kv - SCATTER_KV)))


def lead_transmission(beam: Beam, lead_mm: float) -> float:
    """Share of air kerma behind lead, taken from the beam itself: what a patient scatters is softer by some keV.

    Examples
    --------
    >>> round(lead_transmission(Beam(80.0), 0.5), 3)
    0.023
    """
    return kerma_transmission(beam, Substance.LEAD, lead_mm) if lead_mm > 0.0 else 1.0


def scatters_from_mm(carm: CArm, body: Body) -> FloatArray:
    """(3,) the point of the central ray from which the scatter seems to come; the isocentre where the ray misses."""
    depths = np.arange(0.0, carm.source_to_detector_mm, 4.0)
    inside = body.holds(carm.source_mm + depths[:, None] * carm.towards_detector)
    if not inside.any():
        return np.asarray(carm.isocentre_mm)
    return np.asarray(carm.source_mm + (depths[int(np.argmax(inside))] + SCATTER_DEPTH_MM) * carm.towards_detector)


def staff_dose(person: Person, one: Scattering, room: Room) -> tuple[StaffDose, ...]:
    """Personal dose equivalent of a person for one exposure: KAP S(angle) / d^2, then what is in the way.

    The table weakens a beam that comes through it; the skirt what passes below the table's edge; a hanging shield what
    goes to neck and eye. Scatter by walls, the detector's housing as a shield, and tube leakage are left out.

    Raises
    ------
    OutOfRangeError
        If a place is in the irradiated volume itself.
    """
    centre = scatters_from_mm(one.carm, room.body)
    if crosses(table_block(room.table, room.body), one.carm.source_mm, centre[None, :])[0]:
        one = replace(one, kap_gycm2=one.kap_gycm2 * table_transmission(one.beam))
    return tuple(
        _at(name, _point_mm(person, place, one.carm), one, centre, room) for name, place in person.places.items()
    )


def summed(parts: Iterable[tuple[StaffDose, ...]]) -> tuple[StaffDose, ...]:
    """Doses of many exposures added place by place; nothing from nothing."""
    return tuple(
        StaffDose(at[0].place, sum(dose.outside_usv for dose in at), sum(dose.behind_usv for dose in at))
        for at in zip(*parts, strict=True)
    )


def _at(name: str, point_mm: FloatArray, one: Scattering, centre: FloatArray, room: Room) -> StaffDose:
    way = point_mm - centre
    distance = float(np.linalg.norm(way))
    if distance < NEAREST_MM:
        raise OutOfRangeError(name, f"{distance:.0f} mm from the irradiated volume", f"{NEAREST_MM:.0f} mm and more")
    angle = np.degrees(np.arccos(np.clip(way @ one.carm.towards_detector / distance, -1.0, 1.0)))
    kerma_ugy = one.kap_gycm2 * float(scatter_ugy_per_gycm2(one.beam.kv, angle)) * (1000.0 / distance) ** 2
    outside = kerma_ugy * PERSONAL_SV_PER_GY * _before_the_person(name, point_mm, centre, one.beam, room)
    return StaffDose(name, outside, outside * worn(name, one.beam, room.protection))


def worn(name: str, beam: Beam, protection: Protection) -> float:
    """Share of scattered radiation that passes what is worn at a place: chest, neck or eye."""
    match name:
        case "chest":
            return lead_transmission(beam, protection.apron_lead_mm)
        case "neck":
            return lead_transmission(beam, protection.collar_lead_mm)
        case "eye":
            return GLASSES_TRANSMISSION if protection.glasses else 1.0
        case _:
            return 1.0


def _before_the_person(name: str, point_mm: FloatArray, centre: FloatArray, beam: Beam, room: Room) -> float:
    """Share that passes the hanging shield and the skirt."""
    protection = room.protection
    share = 1.0
    if protection.hanging_shield and name in {"eye", "neck"}:
        share *= AROUND_A_SHIELD + (1.0 - AROUND_A_SHIELD) * lead_transmission(beam, HANGING_SHIELD_LEAD_MM)
    if protection.skirt_lead_mm > 0.0 and _meets_skirt(point_mm, centre, room):
        share *= lead_transmission(beam, protection.skirt_lead_mm)
    return share


def _meets_skirt(point_mm: FloatArray, centre: FloatArray, room: Room) -> bool:
    """Whether the way to a place crosses the curtain at the table's edge."""
    side = np.sign(point_mm[0] - centre[0])
    edge = sum(room.body.across_mm) / 2.0 + side * room.table.width_mm / 2.0
    if (point_mm[0] - edge) * side <= 0.0 or (centre[0] - edge) * side >= 0.0:
        return False
    share = (edge - centre[0]) / (point_mm[0] - centre[0])
    height = centre[1] + share * (point_mm[1] - centre[1])
    top = table_top_mm(room.table, room.body)
    return bool(top - room.protection.skirt_length_mm <= height <= top)


def _point_mm(person: Person, place: Place, carm: CArm) -> FloatArray:
    """A place in the patient frame: the patient lies prone, so up is posterior."""
    return np.asarray(carm.isocentre_mm + np.array([person.side.sign * place.aside_mm, place.up_mm, place.headward_mm]))
