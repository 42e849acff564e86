"""What CT guidance took, as a table: each acquisition with its dose, and the totals."""

from __future__ import annotations

from dataclasses import dataclass

from dekomp_sim.debrief.tables import adding_up
from dekomp_sim.imaging.radiation.ct_dose import ct_totals
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import Acquisition, Manner

DLP_DIGITS = 2
"""Decimals of a dose-length product in mGy cm shown per acquisition."""

NAMES = {Manner.SCAN: "scan", Manner.STEP: "step", Manner.FLUOROSCOPY: "CT fluoroscopy"}
"""How slices were taken, for a reader."""


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One acquisition as a row, numbers as shown."""

    number: int
    clock_s: float
    name: str
    place: str
    kv: str
    mas: str
    slices: str
    seconds: str
    ctdi_vol_mgy: str
    dlp_mgycm: str
    beside: bool
    shows: str
    note: str


@dataclass(frozen=True, slots=True)
class ScanTable:
    """All acquisitions and their totals; the last column adds up as it is shown."""

    rows: tuple[ScanRow, ...]
    turns: int
    dlp_mgycm: str
    effective_msv: str


def scan_table(case: Case) -> ScanTable | None:
    """The table of a case at its end; None where no scanner was used."""
    made = case.acquisitions
    if not made:
        return None
    whole = ct_totals(taken.dose for taken in made)
    dlp = adding_up([taken.dose.dlp_mgycm for taken in made], DLP_DIGITS)
    rows = tuple(_row(taken, shown) for taken, shown in zip(made, dlp, strict=True))
    return ScanTable(rows, whole.turns, f"{whole.dlp_mgycm:.{DLP_DIGITS}f}", f"{whole.effective_msv:.2f}")


def scan_name(taken: Acquisition) -> str:
    """What an acquisition is called."""
    name = NAMES[taken.manner]
    if taken.manner is Manner.SCAN:
        return f"{name} of {len(taken.along_mm) * taken.protocol.thickness_mm:.0f} mm"
    return f"{name}, {taken.seconds:g} s" if taken.manner is Manner.FLUOROSCOPY else name


def place_words(taken: Acquisition, along_mm: float = 0.0) -> str:
    """Where couch and gantry stood, or stood so far on in a scan: "table +3 mm, gantry 16° to the head"."""
    lean = f", gantry {abs(taken.tilt_deg):.0f}° to the {'head' if taken.tilt_deg > 0.0 else 'feet'}"
    return f"table {taken.table_mm + along_mm:+.0f} mm{lean if round(taken.tilt_deg) else ''}"


def _row(taken: Acquisition, dlp: str) -> ScanRow:
    return ScanRow(
        number=taken.index + 1,
        clock_s=taken.clock_s,
        name=scan_name(taken),
        place=place_words(taken),
        kv=f"{taken.protocol.kv:.0f}",
        mas=f"{taken.protocol.mas:g}",
        slices=f"{taken.slices} of {taken.protocol.thickness_mm:g} mm",
        seconds=f"{taken.seconds:.1f}",
        ctdi_vol_mgy=f"{taken.dose.ctdi_vol_mgy:.2f}",
        dlp_mgycm=dlp,
        beside=taken.beside,
        shows=", ".join(key.replace("_", " ") for key in taken.shows),
        note=taken.note,
    )
