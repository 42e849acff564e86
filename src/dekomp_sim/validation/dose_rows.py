"""Rows about scatter, dose and its control: orders of magnitude where no more is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Side, Volume
from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.imaging.radiation.dose import dose_of, reference_distance_mm
from dekomp_sim.imaging.radiation.skin import table_transmission
from dekomp_sim.imaging.radiation.staff import (
    Protection,
    Room,
    Scattering,
    lead_transmission,
    operator,
    scatter_ugy_per_gycm2,
    staff_dose,
)
from dekomp_sim.imaging.signal.detector import PANEL_GLARE, Panel, lagged
from dekomp_sim.imaging.signal.scatter import scatter_kernels, scattered
from dekomp_sim.imaging.stand.brightness import DoseRate, Fluoroscopy, Sensed, controlled, wanted_ugy
from dekomp_sim.imaging.stand.machine import Table
from dekomp_sim.matter import Beam
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Scatter and dose"

ALTUNBAS: Final = "Altunbas, Med Phys 2016;43:3899 and 2017;44:3952"
BOTWIN: Final = "Botwin, Pain Physician 2003;6:295"
CHOI: Final = "Choi, J Korean Med Sci 2016: 4.4 to 5.9 Gy cm2/min, 57 s (Botwin 2003)"
HUDA: Final = "Huda, Review of Radiologic Physics"
SIEWERDSEN: Final = "Siewerdsen and Jaffray, Med Phys 1999;26:1624"
CFR: Final = "21 CFR 1020.32"

ACRYLIC_G_CM3: Final = 1.18
"""Density of acrylic."""

PIXEL_MM: Final = 2.0
"""Pixel on which scatter is computed here: kernels are tens of mm wide."""

UNDER: Final = CArm(180.0, 0.0, (0.0, 0.0, 0.0))
"""The C-arm with the tube under the table."""

DISCOGRAPHY_S: Final = 57.0
"""Fluoroscopy of one level of discography (Botwin 2003: 57.24 s)."""

DISCOGRAPHY_GYCM2: Final = 5.0
"""Kerma-area product of that: the middle of 4 to 6 Gy cm2 (57 s at Choi's rates)."""

STAFF_FACTOR: Final = 2.5
"""Distances and habits of the dosimeters' wearers are not published."""

SCATTER_TEXTBOOK: Final = (
    (20.0, 300.0, 3.0, 5.0),
    (25.0, 300.0, 4.0, 6.0),
    (30.0, 250.0, 5.0, 7.0),
    (20.0, 100.0, 1.0, 2.0),
    (15.0, 150.0, 1.0, 2.5),
)
"""Water in g/cm2, side of the field in mm, and the range of scatter over primary without a grid."""

LAG: Final = ((1, 0.02, 0.10), (2, 0.0067, 0.0073), (3, 0.0037, 0.0043), (4, 0.0027, 0.0033))
"""Frame after the beam has gone, and the range of its lag: 2 to 10 %, then 0.7, 0.4, 0.3 % as rounded in print."""

SAVED: Final = ((15.0, 0.22), (10.0, 0.38), (7.5, 0.49))
"""Pulses per second and the dose saved at equal appearance against 30 (Aufrichtig, Med Phys 1994;21:245)."""


def dose_rows() -> Iterator[Row]:
    """Scatter, lag, automatic brightness, dose of a discography, staff and lead."""
    yield from _scatter()
    yield from _panel()
    yield from _control()
    yield from _discography()
    yield from _staff()


def _scatter() -> Iterator[Row]:
    water, field = 30.0 * ACRYLIC_G_CM3, (300.0, 400.0)
    # beam stops count the panel's glare too, here 10.5 % (Lazos and Williamson, Med Phys 2012;39:5639)
    glared = {grid: _glared(water, grid, field) for grid in (0, 10)}
    yield _row(
        "scatter over primary, 30 cm acrylic, no grid",
        "",
        ALTUNBAS,
        Published.about(4.51, 0.10, "the air gap is not stated; 27 cm taken"),
        glared[0],
    )
    yield _row(
        "scatter over primary, 30 cm acrylic, grid 10:1",
        "",
        ALTUNBAS,
        Published.about(1.28, 0.20, "gap and the grid's make are not stated"),
        glared[10],
    )
    yield _row(
        "primary through a grid of 10:1",
        "",
        ALTUNBAS,
        Published.near(0.706, 0.02, "the grid's make is not stated"),
        lambda: scatter_kernels(120.0, 300.0, 10).grid_passes(water),
    )
    for grams, side_mm, low, high in SCATTER_TEXTBOOK:
        what = f"scatter over primary, {grams:g} cm water, field {side_mm / 10:g} cm, no grid"
        yield _row(what, "", HUDA, Published.between(low, high), _ratio_of(grams, 0.0, 0, (side_mm, side_mm)))
    yield _row(
        "scatter cut by a grid of 10:1, 25 cm air gap",
        "times",
        "textbooks of radiography",
        Published.between(3.0, 6.0),
        lambda: _ratio(20.0, 250.0, 0, (250.0, 250.0)) / _ratio(20.0, 250.0, 10, (250.0, 250.0)),
    )


def _panel() -> Iterator[Row]:
    for frame, low, high in LAG:
        yield Row(
            ROOM,
            f"lag of the panel, frame {frame}",
            "of the signal",
            SIEWERDSEN,
            Published.between(low, high),
            Basis.INPUT,
            _lag(frame),
        )
    yield Row(
        ROOM,
        "veiling glare of the panel",
        "",
        "Lazos and Williamson, Med Phys 2012;39:5639",
        Published.between(0.08, 0.105, "60 to 120 kV"),
        Basis.INPUT,
        lambda: PANEL_GLARE[0],
    )


def _control() -> Iterator[Row]:
    for cm in (15.0, 20.0, 25.0):
        yield _row(
            f"output for 5 cm more than {cm:g} cm, kV left to the control",
            "times",
            "rule of thumb of fluoroscopy",
            Published.between(2.0, 3.5, "about 3 at one kV; rising kV saves, thinner copper spends"),
            _control_costs(cm),
        )
    for rate, limit in ((DoseRate.NORMAL, 88.0), (DoseRate.HIGH_LEVEL, 176.0)):
        yield Row(
            ROOM,
            f"most air kerma, 40 cm patient, {rate}",
            "mGy/min",
            CFR,
            Published.between(0.0, limit, "a legal maximum"),
            Basis.INPUT,
            _most(rate),
        )
    for pulses, saved in SAVED:
        yield Row(
            ROOM,
            f"dose saved at {pulses:g} pulses/s against 30",
            "",
            "Aufrichtig, Med Phys 1994;21:245",
            Published.near(saved, 0.1, "what looks equal varies among observers"),
            Basis.CALIBRATED,
            _saved(pulses),
        )


def _discography() -> Iterator[Row]:
    yield Row(
        ROOM,
        "focus to reference point, isocentre at 810 mm",
        "mm",
        "Philips Azurion, IEC 60601-2-43",
        Published.near(660.0, 0.5, "printed in mm"),
        Basis.INPUT,
        lambda: reference_distance_mm(CArm(0.0, 0.0, (0, 0, 0), 810.0, 1195.0)),
    )
    yield _row(
        "kerma-area product of a level of discography",
        "Gy cm2",
        CHOI,
        Published.between(4.0 / 2.0, 6.0 * 2.0, "4 to 6, x/÷ 2: field and patient are not stated"),
        lambda: _frame_dose()[0] * DISCOGRAPHY_S * Fluoroscopy().pulses_per_s,
    )
    yield _row(
        "air kerma rate at the reference point",
        "mGy/min",
        "standard adult in lumbar fluoroscopy",
        Published.between(10.0 / 2.0, 30.0 * 2.0, "10 to 30, x/÷ 2: an order of magnitude"),
        lambda: _frame_dose()[1] * Fluoroscopy().pulses_per_s * 60.0,
    )


def _staff() -> Iterator[Row]:
    for place, name, measured in (
        ("hand", "ring", 36.6),
        ("chest", "badge on the apron", 23.5),
        ("eye", "glasses", 14.9),
    ):
        yield _row(
            f"operator's dose, a level of discography, {name}",
            "uSv",
            BOTWIN,
            Published.factor(measured, STAFF_FACTOR, "distances and habits"),
            _operator(place),
        )
    yield _row(
        "operator's dose per kerma-area product, chest",
        "uSv per Gy cm2",
        "across staff-dose studies",
        Published.between(4.0 / STAFF_FACTOR, 6.0 * STAFF_FACTOR, "4 to 6, x/÷ 2.5: distances and habits"),
        lambda: _doses(180.0)["chest"] / DISCOGRAPHY_GYCM2,
    )
    for kv in (70.0, 85.0, 110.0):
        yield Row(
            ROOM,
            f"scatter on a wall at 1 m, greatest, {kv:g} kV",
            "uGy per Gy cm2",
            "Sutton and Williams, Radiation Shielding for Diagnostic X-rays",
            Published.about(0.031 * kv + 2.5, 0.02, "a fitted polynomial"),
            Basis.INPUT,
            _wall(kv),
        )
    yield _row(
        "scatter at 1 m and 90 degrees, field 20 x 20 cm",
        "of the entrance dose",
        "rule of thumb: 0.1 %",
        Published.factor(0.001, 2.0, "a rule of thumb"),
        lambda: float(scatter_ugy_per_gycm2(80.0, 90.0)) * 400.0 / 1e6,
    )
    for lead_mm, low, high in ((0.5, 0.01, 0.05), (0.25, 0.05, 0.12)):
        yield _row(
            f"kerma behind {lead_mm:g} mm of lead, 80 kV",
            "",
            "as aprons are rated: 95 % and about 90 % held back",
            Published.between(low, high),
            _lead(lead_mm),
        )
    yield Row(
        ROOM,
        "kerma behind table and pad, 80 kV",
        "",
        "Pain Med 2019;20:971: reported product 34 % (13 to 44) too high",
        Published.between(1.0 / 1.44, 1.0 / 1.13, "1/1.44 to 1/1.13"),
        Basis.CALIBRATED,
        lambda: table_transmission(Beam(80.0)),
    )


def _row(what: str, unit: str, source: str, published: Published, ours: Callable[[], float]) -> Row:
    return Row(ROOM, what, unit, source, published, Basis.PREDICTED, ours)


@cache
def _ratio(water: float, gap_mm: float, grid: int, field_mm: tuple[float, float], kv: float = 80.0) -> float:
    """Scattered over primary energy in the middle of an even field behind a slab."""
    rows, cols = (round(size / PIXEL_MM) for size in field_mm)
    primary = np.ones((rows, cols), dtype=np.float32)
    behind = scattered(primary, np.full_like(primary, water), PIXEL_MM, scatter_kernels(kv, gap_mm, grid))
    return float(behind[rows // 2, cols // 2])


def _ratio_of(water: float, gap_mm: float, grid: int, field_mm: tuple[float, float]) -> Callable[[], float]:
    return lambda: _ratio(water, gap_mm, grid, field_mm)


def _glared(water: float, grid: int, field_mm: tuple[float, float]) -> Callable[[], float]:
    return lambda: (0.105 + _ratio(water, 270.0, grid, field_mm, 120.0)) / (1.0 - 0.105)


def _lag(frame: int) -> Callable[[], float]:
    def ours() -> float:
        lit = np.full((2, 2), 1000.0, dtype=np.float32)
        _, trapped = lagged(lit, None, 1.0 / 15.0, Panel())
        read = lit
        for _ in range(frame):
            read, trapped = lagged(np.zeros_like(lit), trapped, 1.0 / 15.0, Panel())
        return float(read[0, 0]) / 1000.0

    return ours


def _control_costs(cm: float) -> Callable[[], float]:
    def rate(thickness: float) -> float:
        return controlled(Sensed(thickness), UNDER, Fluoroscopy()).kerma_rate_mgy_min

    return lambda: rate(cm + 5.0) / rate(cm)


def _most(rate: DoseRate) -> Callable[[], float]:
    return lambda: controlled(Sensed(40.0), UNDER, Fluoroscopy(rate, 15.0)).kerma_rate_mgy_min


def _saved(pulses: float) -> Callable[[], float]:
    def a_second(rate: float) -> float:
        return rate * wanted_ugy(Fluoroscopy(DoseRate.NORMAL, rate))

    return lambda: 1.0 - a_second(pulses) / a_second(30.0)


@cache
def _frame_dose() -> tuple[float, float]:
    """KAP in Gy cm2 and air kerma in mGy of a pulse behind 20 g/cm2 of soft tissue and 2 of bone."""
    frame = controlled(Sensed(20.0, 2.0), UNDER, Fluoroscopy())
    record = dose_of(frame.technique, UNDER, Detector())
    return record.kap_gycm2, record.air_kerma_reference_mgy


@cache
def _doses(primary_deg: float) -> dict[str, float]:
    """Operator's dose by place, bare, for the product of a discography, at the left of a box of a man on the table."""
    x, y = np.arange(-220.0, 221.0, 4.0), np.arange(-200.0, 141.0, 4.0)
    plane = (np.abs(x)[None, :] <= 170.0) & (y[:, None] >= -150.0) & (y[:, None] <= 80.0)
    hu = np.where(np.repeat(plane[None], 76, 0), 40, -1000).astype(np.int16)
    body = body_of(Volume(hu, Affine.from_spacing((4.0, 4.0, 4.0), (-220.0, -200.0, -152.0))))
    one = Scattering(CArm(primary_deg, 0.0, (0, 0, 0)), Beam(85.0), DISCOGRAPHY_GYCM2)
    bare = Protection(0.0, 0.0, glasses=False, skirt_lead_mm=0.0)
    return {dose.place: dose.outside_usv for dose in staff_dose(operator(Side.LEFT), one, Room(body, Table(), bare))}


def _operator(place: str) -> Callable[[], float]:
    """Two thirds of the beam from below, one third lateral with the operator on the detector's side."""
    return lambda: (2.0 * _doses(180.0)[place] + _doses(90.0)[place]) / 3.0


def _wall(kv: float) -> Callable[[], float]:
    def ours() -> float:
        angles = np.arange(60.0, 140.0)
        return float((scatter_ugy_per_gycm2(kv, angles) * np.sin(np.radians(angles)) ** 2).max())

    return ours


def _lead(lead_mm: float) -> Callable[[], float]:
    return lambda: lead_transmission(Beam(80.0), lead_mm)
