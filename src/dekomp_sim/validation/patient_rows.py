"""Rows about the awake patient: anaesthetic, sedation, what a vein takes up, and the chances that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from dekomp_sim.procedure.clinic.aftercare import DISCITIS_PER_DISC, HEADACHE, HEADACHE_LARGE
from dekomp_sim.procedure.clinic.card import POSITIVE_PAIN, PatientCard
from dekomp_sim.procedure.clinic.courses import SEDATION_COURSE, Cause, Influence, sedation_depth
from dekomp_sim.procedure.clinic.injecting import VEIN_CHANCE, VEIN_CHANCE_S1, VEIN_SHOWS
from dekomp_sim.procedure.clinic.local_anaesthetic import Deposit, Lumen, Syringe, dose_at_most_mg, numbness
from dekomp_sim.procedure.clinic.toxicity import strength_mcg_ml
from dekomp_sim.procedure.clinic.verdict import CHEMICAL_KPA, CONTRAST_ML_AT_MOST, STOP_ABOVE_OPENING_KPA
from dekomp_sim.procedure.needle.discography import SLOW_ML_S
from dekomp_sim.units import psi_from_kpa
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Awake patient"

LABEL: Final = "product label of plain lidocaine"
FURMAN: Final = "Furman, Spine 2000;25:2628, 761 injections"
SEDATIVES: Final = "product labels of midazolam and fentanyl, intravenous"
DERBY: Final = "Derby and Vorobeychik 2026, PMC12874308"
CRITERIA: Final = "criteria of pressure-controlled discography; Derby, Spine 1999;24:364"
PRACTICE: Final = "practice of the Spine Intervention Society"
GLOSSOP: Final = "Glossop and Hu, Spine 1997;22:903"
COVINO: Final = "Covino and Vassallo, Local Anesthetics, 1976"

PRINTED: Final = "the digits printed"

WEIGHT_KG: Final = 70.0
"""An adult; the strength in plasma goes by mg/kg alone."""

SAMPLED_S: Final = 15.0
"""Time step in s at which a course is searched for the moment at which half is left."""


def patient_rows() -> Iterator[Row]:
    """Doses, courses and chances."""
    yield from _anaesthetic_rows()
    yield from _vein_rows()
    yield from _sedation_rows()
    yield from _chance_rows()
    yield from _discography_rows()
    yield _input("a breath, the spine at L3 and L4", "mm", GLOSSOP, 1.3, PatientCard().breath_mm)


def _anaesthetic_rows() -> Iterator[Row]:
    for weight_kg, limit_mg in ((60.0, 270.0), (100.0, 300.0)):
        yield _input(f"most lidocaine, {weight_kg:g} kg", "mg", LABEL, limit_mg, dose_at_most_mg(weight_kg))
    lasts = Published.between(30.0, 60.0, "the label's range, infiltration of 0.5 to 1 %")
    yield Row(ROOM, "1 % numbs for", "min", LABEL, lasts, Basis.CALIBRATED, _numb_min)


def _vein_rows() -> Iterator[Row]:
    for what, value, ours in (
        ("a vein at a lumbar foramen", 8.1, VEIN_CHANCE),
        ("a vein at the foramen of S1", 21.3, VEIN_CHANCE_S1),
        ("such a vein shows blood", 44.7, VEIN_SHOWS),
    ):
        yield _input(what, "%", FURMAN, value, 100.0 * ours)
    signs = Published.between(5.0, 10.0, "first signs from 5, convulsions from about 10")
    yield Row(
        ROOM, "lidocaine in plasma, 1 mg/kg into a vein, a quarter of a minute after", "ug/mL",
        f"{COVINO}; 1 mg/kg is the dose from which signs are seen", signs, Basis.CALIBRATED, _strength(1.0, 15.0),
    )  # fmt: skip
    convulses = Published.between(10.0, 20.0, "convulsions from about 10, the heart from about 20")
    yield Row(
        ROOM, "the same, 2.5 mg/kg", "ug/mL", COVINO, convulses, Basis.CALIBRATED, _strength(2.5, 15.0),
    )  # fmt: skip


def _sedation_rows() -> Iterator[Row]:
    peak = Published.between(3.0, 5.0, "3 to 5 min")
    yield Row(
        ROOM, "sedation works fully after", "min", SEDATIVES, peak, Basis.CALIBRATED,
        lambda: SEDATION_COURSE.peak_s / 60.0,
    )  # fmt: skip
    lasts = Published.between(30.0, 60.0, "30 to 60 min")
    yield Row(ROOM, "sedation is down to a third after", "min", SEDATIVES, lasts, Basis.CALIBRATED, _sedated_min)


def _chance_rows() -> Iterator[Row]:
    for what, source, value, ours in (
        ("discitis, a disc", "Willems, Spine J 2004;4:16: 12 of 12 770", 0.094, DISCITIS_PER_DISC),
        ("headache, 22 G", "Turnbull and Shepherd, Br J Anaesth 2003;91:718", 36.0, HEADACHE["discography_needle"]),
        ("headache, 16 G", "Turnbull and Shepherd, Br J Anaesth 2003;91:718", 70.0, HEADACHE_LARGE),
    ):
        yield _input(what, "%", source, value, 100.0 * ours)


def _discography_rows() -> Iterator[Row]:
    """The criteria by which a discography is stopped and read."""
    for what, unit, source, value, ours in (
        ("pain of a positive discography", "of 10", CRITERIA, 7.0, POSITIVE_PAIN),
        ("discography stops above opening", "psi", DERBY, 50.0, psi_from_kpa(STOP_ABOVE_OPENING_KPA)),
        ("a disc is chemically sensitive up to", "psi", CRITERIA, 15.0, psi_from_kpa(CHEMICAL_KPA)),
        ("fastest slow injection", "mL/s", PRACTICE, 0.05, SLOW_ML_S),
    ):
        yield _input(what, unit, source, value, ours)
    cap = Published.between(3.0, 3.5)
    yield Row(ROOM, "discography stops at", "mL", PRACTICE, cap, Basis.INPUT, lambda: CONTRAST_ML_AT_MOST)


def _input(what: str, unit: str, source: str, value: float, ours: float) -> Row:
    return Row(ROOM, what, unit, source, Published.about(value, 0.005, PRINTED), Basis.INPUT, lambda: ours)


def _numb_min() -> float:
    """Time until half of the pain in the middle of 2 mL of 1 % is felt again."""
    deposit = Deposit(0.0, (0.0, 0.0, 0.0), 2.0, 1.0)
    seconds = np.arange(300.0, 7200.0, SAMPLED_S)
    felt = [numbness((deposit,), np.zeros(3), float(at_s)) < 0.5 for at_s in seconds]
    return float(seconds[int(np.argmax(felt))]) / 60.0


def _sedated_min() -> float:
    light = (Influence(Cause.SEDATION, 0.0),)
    seconds = np.arange(SEDATION_COURSE.peak_s, 7200.0, SAMPLED_S)
    gone = [sedation_depth(light, float(at_s)) < 1.0 / 3.0 for at_s in seconds]
    return float(seconds[int(np.argmax(gone))]) / 60.0


def _strength(mg_kg: float, after_s: float) -> Callable[[], float]:
    volume_ml = mg_kg * WEIGHT_KG / 10.0
    given = (Syringe(Deposit(0.0, (0.0, 0.0, 0.0), volume_ml, 1.0), Lumen.VESSEL),)
    return lambda: strength_mcg_ml(given, WEIGHT_KG, (), after_s)
