"""The tables of a report: metrics by group, exposures whose doses add up, tissue by tissue accounts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dekomp_sim.debrief.definitions import METRICS, Definition, Group
from dekomp_sim.debrief.metrics import Metrics, Removed
from dekomp_sim.debrief.steps import clock, views
from dekomp_sim.imaging.console.display import positioner_words
from dekomp_sim.imaging.radiation.dose import totals
from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.card import PatientCard
from dekomp_sim.units import psi_from_kpa

KERMA_DIGITS = 3
"""Decimals of air kerma in mGy shown per exposure."""

KAP_DIGITS = 4
"""Decimals of kerma-area product in Gy cm2 shown per exposure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric as a row: its value as shown and its definition."""

    value: str
    unit: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One exposure as a row, numbers as shown."""

    number: int
    clock: str
    view: str
    angles: str
    kv: str
    mas: str
    frames: int
    seconds: str
    air_kerma_mgy: str
    kap_gycm2: str
    note: str


@dataclass(frozen=True, slots=True)
class DoseTable:
    """All exposures and the totals; each column adds up as it is shown."""

    rows: tuple[DoseRow, ...]
    frames: int
    seconds: str
    air_kerma_mgy: str
    kap_gycm2: str


@dataclass(frozen=True, slots=True)
class Account:
    """All tissues together, mL: at first, left, in the cannula, collected, and what the account is out by."""

    initial_ml: float
    remaining_ml: float
    in_cannula_ml: float
    collected_ml: float
    difference_ml: float


def figures(metrics: Metrics) -> dict[Group, tuple[Figure, ...]]:
    """Metrics by group, in the order of their definitions."""
    rows = [(definition.group, _figure(name, metrics)) for name, definition in METRICS.items()]
    return {group: tuple(row for its, row in rows if its is group) for group in Group}


def dose_table(actions: Iterable[Action], cases: Sequence[Case]) -> DoseTable:
    """Each exposure with its dose, and the totals.

    Parameters
    ----------
    actions
        The steps that led from each case to the next.
    cases
        The opening case and the case after each action.
    """
    made = cases[-1].exposures
    whole = totals(exposure.dose for exposure in made)
    kerma = adding_up([exposure.dose.air_kerma_reference_mgy for exposure in made], KERMA_DIGITS)
    kap = adding_up([exposure.dose.kap_gycm2 for exposure in made], KAP_DIGITS)
    rows = tuple(
        DoseRow(
            number=exposure.index + 1,
            clock=clock(exposure.clock_s),
            view=view,
            angles=positioner_words(exposure.carm),
            kv=f"{exposure.dose.kv:.0f}",
            mas=f"{exposure.dose.mas:.2f}",
            frames=exposure.frames,
            seconds=f"{exposure.seconds:.3f}",
            air_kerma_mgy=one_kerma,
            kap_gycm2=one_kap,
            note=exposure.note,
        )
        for exposure, view, one_kerma, one_kap in zip(made, views(actions, cases), kerma, kap, strict=True)
    )
    return DoseTable(
        rows=rows,
        frames=sum(exposure.frames for exposure in made),
        seconds=f"{cases[-1].fluoroscopy_s:.3f}",
        air_kerma_mgy=f"{whole.air_kerma_reference_mgy:.{KERMA_DIGITS}f}",
        kap_gycm2=f"{whole.kap_gycm2:.{KAP_DIGITS}f}",
    )


def adding_up(values: Sequence[float], digits: int) -> tuple[str, ...]:
    """Values rounded so that what is shown adds up to the rounded sum; each is out by less than one last digit.

    Examples
    --------
    >>> adding_up([0.4, 0.4, 0.4], 0)
    ('0', '1', '0')
    """
    shown, running, before = [], 0.0, 0
    for value in values:
        running += value
        so_far = round(running * 10**digits)
        shown.append(f"{(so_far - before) / 10**digits:.{digits}f}")
        before = so_far
    return tuple(shown)


def tiles(metrics: Metrics) -> tuple[tuple[str, str, str], ...]:
    """The figures shown first: title, value and unit."""
    chosen = ("procedure_s", "fluoroscopy_s", "kap_gycm2", "tip_to_target_mm", "least_clearance_mm", "removed_ml")
    rows = [_figure(name, metrics) for name in chosen]
    shown = [(row.definition.title, row.value, row.unit) for row in rows]
    before, after = metrics.pressure_before_kpa, metrics.pressure_after_kpa
    if before is not None and after is not None:
        shown.append(("Pressure", f"{before:.0f} → {after:.0f}", "kPa"))
    return (*shown, ("Worst pain", f"{metrics.worst_pain:.2g}", "of 10"))


def account(parts: Iterable[Removed]) -> Account:
    """The tissues' accounts taken together."""
    held = tuple(parts)
    return Account(
        math.fsum(part.initial_ml for part in held),
        math.fsum(part.remaining_ml for part in held),
        math.fsum(part.in_cannula_ml for part in held),
        math.fsum(part.collected_ml for part in held),
        math.fsum(part.difference_ml for part in held),
    )


def card_rows(card: PatientCard) -> tuple[tuple[str, str], ...]:
    """The patient's card as titles and values."""
    return (
        ("Age", f"{card.age_y:g} years"),
        ("Weight", f"{card.weight_kg:g} kg"),
        ("Leg pain", f"{card.leg_pain:g} of 10"),
        ("Back pain", f"{card.back_pain:g} of 10"),
        ("Conservative care", f"{card.conservative_weeks:g} weeks"),
        ("Steroid injection", "failed" if card.steroid_injection_failed else "not tried or of use"),
        ("Root block", "positive" if card.root_block_positive else "not positive"),
        ("Herniation", f"{card.herniation}, {card.site}, {card.herniation_mm:g} mm"),
        ("Disc height", f"{card.disc_height_percent:g} % preserved"),
        ("Dallas grade", f"{card.dallas_grade}"),
        ("Nucleus", f"{card.nucleus}, {card.water_percent:g} % water"),
        ("Control discs", ", ".join(card.controls) or "none"),
        ("Conditions", _listed(card.conditions)),
        ("Allergies", _listed(card.allergies)),
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(word.replace("_", " ") for word in words) or "none known"


def _figure(name: str, metrics: Metrics) -> Figure:
    definition = METRICS[name]
    value = getattr(metrics, name)
    if value is None:
        return Figure("not done", "", definition)
    if definition.as_clock:
        return Figure(clock(value), "min:s" if value < 3600.0 else "h:min:s", definition)
    unit = definition.unit
    if unit == "kPa":
        unit = f"kPa ({psi_from_kpa(value):.0f} psi)"
    shown = f"{value:.{definition.digits}f}"
    return Figure(shown.removeprefix("-") if float(shown) == 0.0 else shown, unit, definition)
