"""What a discography proves: a disc is called painful only against a control disc that stays painless."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.disc import Discogram
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.card import POSITIVE_PAIN
from dekomp_sim.procedure.records import Injection, Onset
from dekomp_sim.units import kpa_from_psi, psi_from_kpa

STOP_ABOVE_OPENING_KPA: Final = kpa_from_psi(50.0)
"""Pressure above opening at which discography stops (50 psi: Derby and Vorobeychik 2026, PMC12874308); a pain that
begins only there proves nothing."""

CONTRAST_ML_AT_MOST: Final = 3.5
"""Volume in mL a disc at which discography stops (SIS practice: about 3 to 3.5 mL)."""

CHEMICAL_KPA: Final = kpa_from_psi(15.0)
"""Pressure above opening up to which a disc that hurts is called chemically sensitive (15 psi: Derby, Spine
1999;24:364)."""

READING_KPA: Final = kpa_from_psi(1.0)
"""Least step read on a manometer. Assumption: 1 psi; who stops at 49.9 psi has gone to 50."""


class Finding(StrEnum):
    """What a discography shows of the treated disc."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"


class Sensitivity(StrEnum):
    """At which pressure a disc hurts (Derby, Spine 1999;24:364): up to 15 psi above opening, up to 50, or not."""

    CHEMICAL = "chemically sensitive"
    MECHANICAL = "mechanically sensitive"
    NONE = "not sensitive"


@dataclass(frozen=True, slots=True)
class Provoked:
    """What the injections into one disc have shown so far.

    Parameters
    ----------
    level
        Which disc.
    volume_ml, highest_kpa
        All that was injected; the highest static reading above opening.
    onset
        When it began to hurt, or None.
    pain, concordant, announced
        The worst rating, whether the pain was the patient's own, and whether an injection had been announced.
    shown
        The last reading of the contrast, where there was one.
    """

    level: Level
    volume_ml: float
    highest_kpa: float
    onset: Onset | None
    pain: float
    concordant: bool
    announced: bool
    shown: Discogram | None

    @property
    def sensitivity(self) -> Sensitivity:
        """By the pressure at the onset of pain."""
        if self.onset is None:
            return Sensitivity.NONE
        low = self.onset.above_opening_kpa <= CHEMICAL_KPA
        return Sensitivity.CHEMICAL if low else Sensitivity.MECHANICAL

    @property
    def to_the_end(self) -> bool:
        """Whether pressure or volume were taken to where discography stops."""
        pressed = self.highest_kpa >= STOP_ABOVE_OPENING_KPA - READING_KPA
        return pressed or self.volume_ml >= CONTRAST_ML_AT_MOST - 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finding, its reason in words, and what it rests on."""

    finding: Finding
    words: str
    treated: Provoked
    controls: tuple[Provoked, ...]


def verdict(case: Case) -> Verdict | None:
    """What the discography of a case shows so far; None where the treated disc was not injected.

    Positive is concordant pain of at least 7 of 10 that begins below 50 psi above opening, with a control disc that is
    painless, or hurts only unlike the patient's own pain or above 15 psi (criteria of pressure-controlled discography).
    Assumption: a control counts once it was taken to the pressure at which the treated disc began to hurt, or to where
    discography stops. The grade on CT, which some societies ask for besides, is not asked for.
    """
    found = [_provoked(case, level) for level in case.discs]
    treated, *others = found
    if treated is None:
        return None
    controls = tuple(control for control in others if control is not None)
    finding, why = _found(treated, controls)
    blind = not any(one.announced for one in (treated, *controls))
    told = "" if blind else " The patient had been told: it was not blind."
    return Verdict(finding, f"Discography of {treated.level} {finding}: {why}.{told}", treated, controls)


def _provoked(case: Case, level: Level) -> Provoked | None:
    mine = [one for one in case.injections if one.level is level]
    if not mine:
        return None
    opening_kpa = case.discs[level].opening_kpa
    return Provoked(
        level,
        sum(one.volume_ml for one in mine),
        max(one.pressure_kpa for one in mine) - opening_kpa,
        next((one.onset for one in mine if one.onset is not None), None),
        max((one.pain for one in mine if one.pain is not None), default=0.0),
        any(one.concordant for one in mine),
        any(one.announced for one in mine),
        _last_shown(mine),
    )


def _last_shown(injections: list[Injection]) -> Discogram | None:
    return next((one.shown for one in reversed(injections) if one.shown is not None), None)


def _found(treated: Provoked, controls: tuple[Provoked, ...]) -> tuple[Finding, str]:
    against = _why_negative(treated)
    if against is not None:
        return against
    assert treated.onset is not None  # else it were negative or unfinished
    onset = treated.onset
    own = f"own pain, {treated.pain:g} of 10, from {_psi(onset.above_opening_kpa)} above opening"
    if not controls:
        return Finding.INDETERMINATE, f"{own}, but no painless control"
    spared = [control for control in controls if _spared(control)]
    if len(spared) < len(controls):
        hurt = next(control for control in controls if control not in spared)
        return Finding.INDETERMINATE, f"{own}, but the control {hurt.level} hurts too"
    enough = [c for c in spared if c.to_the_end or c.highest_kpa >= onset.above_opening_kpa]
    if not enough:
        best = max(spared, key=lambda control: control.highest_kpa)
        return Finding.INDETERMINATE, f"{own}, but the control {best.level} was taken only to {_psi(best.highest_kpa)}"
    names = " and ".join(control.level for control in enough)
    return Finding.POSITIVE, f"{own} ({treated.sensitivity}), and {names} as control does not"


def _why_negative(treated: Provoked) -> tuple[Finding, str] | None:
    if treated.onset is None:
        reached = f"painless to {_psi(treated.highest_kpa)} above opening and {treated.volume_ml:.2g} mL"
        return (Finding.NEGATIVE if treated.to_the_end else Finding.INDETERMINATE), reached
    if not treated.concordant:
        return Finding.NEGATIVE, f"it hurts, {treated.pain:g} of 10, but not as the patient's own pain"
    if treated.pain < POSITIVE_PAIN:
        return Finding.NEGATIVE, f"the patient's own pain, but only {treated.pain:g} of 10"
    if treated.onset.above_opening_kpa >= STOP_ABOVE_OPENING_KPA:
        return Finding.NEGATIVE, f"pain only from {_psi(treated.onset.above_opening_kpa)} above opening"
    return None


def _spared(control: Provoked) -> bool:
    if control.onset is None or not control.concordant:
        return True
    return control.onset.above_opening_kpa > CHEMICAL_KPA


def _psi(kpa: float) -> str:
    return f"{psi_from_kpa(kpa):.0f} psi"
