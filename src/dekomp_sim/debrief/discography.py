"""The discography as a table: what each disc took, from when it hurt, how the contrast lay, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass

from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.verdict import Provoked, verdict
from dekomp_sim.units import psi_from_kpa


@dataclass(frozen=True, slots=True)
class DiscRow:
    """One disc as a row, as shown."""

    disc: str
    volume_ml: str
    opening_psi: str
    highest_psi: str
    onset: str
    pain: str
    concordant: str
    sensitivity: str
    contrast: str


@dataclass(frozen=True, slots=True)
class DiscographyTable:
    """The discs that were injected, and the verdict as a sentence."""

    rows: tuple[DiscRow, ...]
    words: str


def discography_table(case: Case) -> DiscographyTable | None:
    """The table of a case at its end; None where the treated disc was not injected."""
    found = verdict(case)
    if found is None:
        return None
    rows = (_row(case, found.treated, "treated"), *(_row(case, one, "control") for one in found.controls))
    return DiscographyTable(rows, found.words)


def _row(case: Case, provoked: Provoked, role: str) -> DiscRow:
    onset, shown = provoked.onset, provoked.shown
    return DiscRow(
        disc=f"{provoked.level}, {role}",
        volume_ml=f"{provoked.volume_ml:.2f}",
        opening_psi=_psi(case.discs[provoked.level].opening_kpa),
        highest_psi=_psi(provoked.highest_kpa),
        onset=f"{onset.volume_ml:.2f} mL, {_psi(onset.above_opening_kpa)} psi" if onset else "none",
        pain=f"{provoked.pain:g} of 10" if onset else "none",
        concordant=("own pain" if provoked.concordant else "another pain") if onset else "",
        sensitivity=provoked.sensitivity,
        contrast=f"{shown.adams}, Dallas {shown.dallas}" if shown else "not seen",
    )


def _psi(kpa: float) -> str:
    return f"{psi_from_kpa(kpa):.0f}"
