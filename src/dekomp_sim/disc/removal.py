"""Taking tissue out: what the turning helix wears away, limited by intake and conveyor, with a receipt.

The rule. Where the bare helix moves along its axis, tissue beside it is lost as exp(-k w path): k by tissue, w falling
from 1 at the helix to 0 at the distance from which that tissue still flows to it. The sum over all voxels is scaled
down, all alike, to what the probe takes in and conveys at that moment. What is lost arrives in the cannula, and past
the cannula's volume at the handle. What passes packs the thread, fibres most, until the probe is out and cleared; the
nucleus left flows toward the cavity as slowly as its fluid does. Left out: heat, spill.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.disc.auger import Limits, Plan, carved, even_out, wear
from dekomp_sim.disc.pressure import elastance_kpa_ml, pressure_kpa, surplus_ml
from dekomp_sim.disc.probe_run import ProbeRun, Receipt
from dekomp_sim.disc.reach import Cells, cells_in_reach
from dekomp_sim.disc.spaces import layout, voxels_of
from dekomp_sim.disc.tissue import DENSITY_G_ML, PARTS, Tissue
from dekomp_sim.disc.voxels import Disc, Ledger, Stain, tissue_volumes_ml
from dekomp_sim.errors import OutOfRangeError

INTAKE_ML_S: Final = 0.75 / 60.0
"""Intake of a nucleus at resting pressure: 0.75 mL/min, the faster end of the one documented case, 3/4 mL of nucleus in
1 to 2 min of channelling at L4-5 (Domsky, Reg Anesth Pain Med 2006;31:177). The rate is set from this case and so does
not predict it.
"""

INTAKE_WITHOUT_PRESSURE: Final = 0.5
"""Assumption: share of that intake left once the pressure is gone: half, the slower end of the same case. The thread
still draws in what it touches.
"""

CREEP_MM_S: Final = 0.05
"""Assumption: a helix that turns without strokes takes as much as one that moves this slowly."""

CONVEYOR_FILL: Final = 0.5
"""Assumption: share of the thread's swept volume that it can carry; observed rates need only 5 to 11 %."""

CORE_OVER_OUTER: Final = 0.5
"""Assumption: diameter of the thread's core over its outer diameter."""

PITCH_OVER_OUTER: Final = 1.0
"""Assumption: pitch of the thread over its outer diameter."""

AGGREGATE_MODULUS_KPA: Final = 1010.0
"""Effective aggregate modulus of non-degenerate nucleus, 1.01 +- 0.43 MPa (Johannessen, Spine 2005;30:E724)."""

PERMEABILITY_M4_NS: Final = 0.9e-15
"""Hydraulic permeability of non-degenerate nucleus, m4/(N s) (same source; 1.4e-15 where degenerate)."""

CANNULA_ML: Final = 0.106
"""Assumption: what a 17 G, 6 in cannula holds around the thread's core before anything reaches the handle, mL."""


def conveyor_ml_s(rpm: float, radius_mm: float) -> float:
    """What the thread can carry: fill pi/4 (D^2 - d^2) pitch n, mL/s.

    Examples
    --------
    >>> round(60 * conveyor_ml_s(12000, 0.5), 2)
    3.53
    """
    outer_mm = 2.0 * radius_mm
    ring_mm2 = math.pi / 4.0 * outer_mm**2 * (1.0 - CORE_OVER_OUTER**2)
    return CONVEYOR_FILL * ring_mm2 * PITCH_OVER_OUTER * outer_mm * rpm / 60.0 / 1000.0


def decompress(disc: Disc, run: ProbeRun, rate_hz: float = 1000.0) -> tuple[Disc, Receipt]:
    """The disc after one run of the probe, and what came out; `rate_hz` sets the time step and not the result.

    Raises
    ------
    OutOfRangeError
        If `rate_hz` is not 10 to 10000.
    """
    if not 10.0 <= rate_hz <= 10000.0:
        raise OutOfRangeError("rate_hz", f"{rate_hz}", "10 to 10000 Hz")
    cells = cells_in_reach(disc, run)
    mass = cells.bulk_ml.copy()
    before_kpa = pressure_kpa(disc)
    report = wear(mass, cells.rates, cells.bins_mm, cells.in_disc, _plan(disc, run, rate_hz), _limits(disc, run))
    left = np.divide(mass, cells.bulk_ml, out=np.ones_like(mass), where=cells.bulk_ml > 0.0)
    after, removed_ml = _carved(disc, cells, left)
    after = replace(after, clogged=min(1.0, float(report[4])))
    moved = after.ledger
    receipt = Receipt(
        removed_ml={part: float(removed_ml[part]) for part in PARTS},
        removed_g={part: float(removed_ml[part]) * DENSITY_G_ML[part] for part in PARTS},
        in_cannula_ml=float((moved.in_cannula_ml - disc.ledger.in_cannula_ml).sum()),
        collected_ml=float((moved.collected_ml - disc.ledger.collected_ml).sum()),
        contrast_ml=after.contrast.removed_ml - disc.contrast.removed_ml,
        pressure_before_kpa=before_kpa,
        pressure_after_kpa=pressure_kpa(after),
        seconds=run.seconds,
        dwell_s=_dwell_s(disc, run),
        starved_s=float(report[0]),
        intake_s=float(report[1]),
        conveyor_s=float(report[2]),
        clogged=after.clogged,
    )
    return after, receipt


def probe_withdrawn(disc: Disc) -> Disc:
    """The disc's ledgers once the probe is out: what was in the cannula is collected with it, the thread cleared."""
    ledger = disc.ledger
    collected = ledger.collected_ml + ledger.in_cannula_ml
    return replace(disc, ledger=Ledger(ledger.initial_ml, np.zeros(len(Tissue)), collected), clogged=0.0)


def creep_time_s(shape: DiscShape) -> float:
    """Time in which the nucleus left fills out its cavity to all but 1/e: 4 L^2 / (pi^2 H k), first mode of a layer of
    thickness L that is drained on one side; L is the nucleus's half depth.

    Examples
    --------
    >>> from dekomp_sim.anatomy import Level
    >>> from dekomp_sim.geometry import Rigid
    >>> round(creep_time_s(DiscShape(Level.L4_L5, Rigid.identity(), 25.0, 17.0, 12.6, 8.1)) / 3600.0)
    15
    """
    thick_m = shape.nucleus_fraction * shape.half_depth_mm / 1000.0
    return 4.0 * thick_m**2 / (math.pi**2 * AGGREGATE_MODULUS_KPA * 1000.0 * PERMEABILITY_M4_NS)


def crept(disc: Disc, seconds: float) -> Disc:
    """The disc after `seconds` in which the nucleus left evens out: each voxel goes toward the nucleus's mean filling.

    Filling s' = (mean - s) / `creep_time_s`; the mean does not change, so no tissue is made or lost, and its exact
    solution is used, so cutting the time up changes nothing. Assumption: one time for the whole nucleus, near and far
    alike; contrast stays where it is.
    """
    nucleus = voxels_of(layout(disc), Tissue.NUCLEUS)
    if seconds <= 0.0 or not carved(disc.fraction.ravel(), disc.coverage.ravel(), nucleus):
        return disc
    fraction = disc.fraction.copy()
    share = -math.expm1(-seconds / creep_time_s(disc.shape))
    even_out(fraction.ravel(), disc.coverage.ravel(), nucleus, share)
    return replace(disc, fraction=fraction)


def tissue_balance_ml(disc: Disc) -> FloatArray:
    """(5,) initial less remaining less in cannula less collected, by `Tissue` number: 0 but for rounding."""
    return np.asarray(disc.ledger.initial_ml - disc.remaining_ml - disc.ledger.removed_ml)


def _plan(disc: Disc, run: ProbeRun, rate_hz: float) -> Plan:
    steps = max(1, math.ceil(run.seconds * rate_hz))
    creep = CREEP_MM_S if run.rpm > 0.0 else 0.0
    bin_mm = float(disc.patient_from_index.spacing_mm[0])
    return Plan(run.stroke_mm, float(run.strokes), float(run.seconds), steps, float(run.window_mm), bin_mm, creep)


def _limits(disc: Disc, run: ProbeRun) -> Limits:
    opening = disc.opening_kpa
    before = disc.opening_kpa + elastance_kpa_ml(disc.dallas_grade) * surplus_ml(disc)
    ratio = before / opening if opening > 0.0 else 0.0
    slope = elastance_kpa_ml(disc.dallas_grade) / opening if opening > 0.0 else 0.0
    conveyor = conveyor_ml_s(run.rpm, run.radius_mm)
    return Limits(conveyor, INTAKE_ML_S, INTAKE_WITHOUT_PRESSURE, ratio, slope, disc.clogged)


def _carved(disc: Disc, cells: Cells, left: FloatArray) -> tuple[Disc, FloatArray]:
    """The disc with its cells worn to what is `left` of them, and the tissue removed (5,)."""
    voxels, survival = cells.voxels, left[cells.cell]
    tissue: UInt8Array = disc.tissue.ravel()[voxels]
    fraction, contrast = disc.fraction.copy(), disc.contrast_ml.ravel()
    old, old_contrast = fraction.ravel()[voxels], contrast[voxels]
    fraction.ravel()[voxels] = old * survival
    contrast[voxels] = old_contrast * survival
    held = Stain(disc.stain.voxels, contrast[disc.stain.voxels])
    removed_ml = tissue_volumes_ml(tissue, old - old * survival, disc.voxel_ml)
    contrast_ml = float((old_contrast - old_contrast * survival).sum())
    ledger = replace(disc.contrast, removed_ml=disc.contrast.removed_ml + contrast_ml)
    carved = replace(disc, fraction=fraction, stain=held, ledger=_conveyed(disc.ledger, removed_ml), contrast=ledger)
    return carved, removed_ml


def _conveyed(ledger: Ledger, removed_ml: FloatArray) -> Ledger:
    """Fill the cannula, well mixed; what it cannot hold is collected."""
    held = ledger.in_cannula_ml + removed_ml
    over = max(0.0, float(held.sum()) - CANNULA_ML)
    share = over / float(held.sum()) if over > 0.0 else 0.0
    passed = held * share
    return Ledger(ledger.initial_ml, held - passed, ledger.collected_ml + passed)


def _dwell_s(disc: Disc, run: ProbeRun) -> dict[Tissue, float]:
    """Seconds the tip spends in each tissue: the stroke sampled finely, as it covers all its places alike."""
    samples = max(2, math.ceil(run.stroke_mm / 0.05)) if run.strokes > 0.0 else 1
    places = (np.arange(samples) + 0.5) / samples * run.stroke_mm if samples > 1 else np.zeros(1)
    tissues = disc.tissues_at(run.shallow_mm + places[:, None] * run.direction)
    return {part: run.seconds * int(np.count_nonzero(tissues == part)) / samples for part in Tissue}
