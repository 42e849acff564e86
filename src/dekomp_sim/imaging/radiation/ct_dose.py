"""Dose of CT: the scanner's own indices for a turn, totals of a case, and what the patient scatters to the staff."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.radiation.staff import NEAREST_MM, PERSONAL_SV_PER_GY, lead_transmission
from dekomp_sim.units import MM_PER_CM

CTDI_MGY_PER_100_MAS: Final = 8.0
"""CTDIvol of the 32 cm body phantom at 120 kV. Four scanners showed 7.2 to 10.0 mGy for 100 effective mAs (chest
protocols, Fujii et al., Br J Radiol 2009;82:1010, table 2: 18.7, 11.8, 19.2, 8.8 mGy for 186, 134, 266, 112 mAs)."""

KV_EXPONENT: Final = 2.6
"""Power of the voltage with which it grows. Assumption: scanners' tables lie between 2.5 and 2.8."""

EFFECTIVE_MSV_PER_MGYCM: Final = 0.015
"""Effective dose of an adult's abdomen and pelvis per dose-length product (AAPM Report 96, from the European guidelines
on CT): a coarse average over people."""

SCATTER_UGY_PER_MGYCM: Final = 0.36
"""Air kerma scattered 1 m from the isocentre for 1 mGy cm on a body (Wallace et al., J Radiol Prot 2012;32:39)."""

GANTRY_TRANSMISSION: Final = 0.1
"""What of it passes the gantry, for people who stand beside or behind it (same source)."""

NO_GREATER_THICKNESS_MM: Final = 40.0
"""Widest collimation of one turn that is asked for here: three slices of 10 mm and some."""


@dataclass(frozen=True, slots=True)
class CtDose:
    """Dose of turns at one place or of a scan along the table.

    Parameters
    ----------
    kv, mas
        Voltage, and the charge of all turns.
    ctdi_vol_mgy
        Volume CT dose index of the 32 cm phantom, summed over turns at the same place.
    dlp_mgycm
        Dose-length product.
    turns
        How many.
    """

    kv: float
    mas: float
    ctdi_vol_mgy: float
    dlp_mgycm: float
    turns: int = 1

    @property
    def effective_msv(self) -> float:
        """Effective dose of an average adult, an estimate."""
        return self.dlp_mgycm * EFFECTIVE_MSV_PER_MGYCM


def ct_dose_of(protocol: Protocol, turns: float = 1.0, slices: int = 1) -> CtDose:
    """Dose of turns without table travel between them.

    CTDIvol = 8 mGy / 100 mAs (kV / 120)^2.6; with the table at rest it overstates the skin's dose, as the tails of
    neighbouring turns are counted that never came (AAPM Report 111).

    Parameters
    ----------
    protocol
        Voltage, charge of a turn and slice thickness.
    turns
        How many; CT fluoroscopy need not end on a whole one.
    slices
        Slices read side by side in one turn: they widen the beam.

    Examples
    --------
    >>> ct_dose_of(Protocol(kv=120.0, mas=100.0, thickness_mm=5.0)).dlp_mgycm
    4.0
    """
    beam_mm = protocol.thickness_mm * slices
    if not 0.0 < beam_mm <= NO_GREATER_THICKNESS_MM:
        raise OutOfRangeError("slices", f"{beam_mm:g} mm side by side", f"up to {NO_GREATER_THICKNESS_MM:g} mm")
    index = CTDI_MGY_PER_100_MAS * protocol.mas / 100.0 * (protocol.kv / 120.0) ** KV_EXPONENT * turns
    return CtDose(protocol.kv, protocol.mas * turns, index, index * beam_mm / MM_PER_CM, max(1, math.ceil(turns)))


def scan_dose_of(protocol: Protocol, length_mm: float) -> CtDose:
    """Dose of slices side by side along a length of the table: the index of one turn, and it times the length."""
    one, turns = ct_dose_of(protocol), max(1, math.ceil(length_mm / protocol.thickness_mm - 1e-9))
    return CtDose(one.kv, one.mas * turns, one.ctdi_vol_mgy, one.dlp_mgycm * turns, turns)


@dataclass(frozen=True, slots=True)
class CtTotals:
    """Sums over a case: turns, charge and dose-length product."""

    turns: int
    mas: float
    dlp_mgycm: float

    @property
    def effective_msv(self) -> float:
        """Effective dose of an average adult, an estimate."""
        return self.dlp_mgycm * EFFECTIVE_MSV_PER_MGYCM


def ct_totals(records: Iterable[CtDose]) -> CtTotals:
    """The sums, rounded once, so that the order of records does not matter."""
    held = tuple(records)
    return CtTotals(
        sum(record.turns for record in held),
        math.fsum(record.mas for record in held),
        math.fsum(record.dlp_mgycm for record in held),
    )


def ct_staff_usv(
    dose: CtDose, protocol: Protocol, distance_mm: float, lead_mm: float = 0.0, *, behind_gantry: bool = False
) -> float:
    """Personal dose equivalent of someone in the room during turns, uSv.

    DLP x scatter / distance^2, lead as for the beam itself (`lead_transmission`).

    Parameters
    ----------
    dose, protocol
        What was given.
    distance_mm
        From the isocentre.
    lead_mm
        Lead apron; 0 in front of it.
    behind_gantry
        Whether the gantry stands between.

    Raises
    ------
    OutOfRangeError
        If the place lies in the beam or so near that it is no point.

    Examples
    --------
    >>> one = Protocol(mas=20.0, thickness_mm=5.0)
    >>> round(ct_staff_usv(ct_dose_of(one, turns=20.0), one, 500.0), 1)
    34.6
    """
    if distance_mm < NEAREST_MM:
        raise OutOfRangeError(
            "distance_mm", f"{distance_mm:.0f} mm from the isocentre", f"{NEAREST_MM:.0f} mm and more"
        )
    kerma_ugy = dose.dlp_mgycm * SCATTER_UGY_PER_MGYCM * (1000.0 / distance_mm) ** 2
    passed = GANTRY_TRANSMISSION if behind_gantry else 1.0
    return kerma_ugy * PERSONAL_SV_PER_GY * passed * lead_transmission(protocol.beam, lead_mm)
