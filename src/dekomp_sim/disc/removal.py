"""Taking tissue out: what the turning helix wears away, limited by intake and conveyor, with a receipt.

The rule. Where the bare helix moves along its axis, tissue beside it is lost as exp(-k w path): k by tissue, w falling
from 1 at the helix to 0 at the distance from which that tissue still flows to it. The sum over all voxels is scaled
down, all alike, to what the probe takes in and conveys at that moment. What is lost arrives in the cannula, and past
the cannula's volume at the handle. Left out: clogging, tissue flowing back into the cavity, heat, spill.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array, frozen
from dekomp_sim.disc.auger import Limits, Plan, wear
from dekomp_sim.disc.pressure import elastance_kpa_ml, pressure_kpa, surplus_ml
from dekomp_sim.disc.tissue import DENSITY_G_ML, PARTS, Tissue
from dekomp_sim.disc.voxels import Disc, Ledger, tissue_volumes_ml
from dekomp_sim.errors import OutOfRangeError

IntArray = NDArray[np.int64]

INTAKE_ML_S: Final = 0.75 / 60.0
"""Intake of a nucleus at resting pressure: 0.75 mL/min, the faster end of the one documented case, 3/4 mL of nucleus in
1 to 2 min of channelling at L4-5 (Domsky, Reg Anesth Pain Med 2006;31:177).
"""

INTAKE_WITHOUT_PRESSURE: Final = 0.5
"""Assumption: share of that intake left once the pressure is gone: half, the slower end of the same case. The thread
still draws in what it touches.
"""

WEAR_PER_MM: Final[Mapping[Tissue, float]] = MappingProxyType(
    {
        Tissue.OUTSIDE: 0.0,
        Tissue.NUCLEUS: 0.02,
        Tissue.ANNULUS: 0.002,
        Tissue.ENDPLATE: 0.0002,
        Tissue.PROTRUSION: 0.012,
    }
)
"""Assumption: share lost per mm of path at the helix. Nucleus comes easily; a protrusion is tougher; of annulus little
and of cartilage very little comes. Calibrated only so that intake, not these, governs a nucleus worked with strokes.
"""

REACH_MM: Final[Mapping[Tissue, float]] = MappingProxyType(
    {
        Tissue.OUTSIDE: 0.0,
        Tissue.NUCLEUS: 4.0,
        Tissue.ANNULUS: 0.0,
        Tissue.ENDPLATE: 0.0,
        Tissue.PROTRUSION: 2.0,
    }
)
"""Assumption: distance beyond the helix from which tissue still flows to it: gel from half a nucleus's height (8.6 mm,
in vivo MRI, n = 41), fibres and cartilage not at all.
"""

CREEP_MM_S: Final = 0.05
"""Assumption: a helix that turns without strokes takes as much as one that moves this slowly."""

CONVEYOR_FILL: Final = 0.5
"""Assumption: share of the thread's swept volume that it can carry; observed rates need only 5 to 11 %."""

CORE_OVER_OUTER: Final = 0.5
"""Assumption: diameter of the thread's core over its outer diameter."""

PITCH_OVER_OUTER: Final = 1.0
"""Assumption: pitch of the thread over its outer diameter."""

CANNULA_ML: Final = 0.106
"""Assumption: what a 17 G, 6 in cannula holds around the thread's core before anything reaches the handle, mL."""

RING_MM: Final = 0.2
"""Width of the rings about the axis in which voxels are counted alike."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeRun:
    """One spell of running the probe along one axis.

    Parameters
    ----------
    tip_from_mm, tip_to_mm
        (3,) patient frame: the tip moves between these, to and fro once per stroke.
    strokes
        How many; 0 for standing still at the shallower end.
    seconds
        How long it turns.
    rpm
        Turns per minute; 0 conveys nothing.
    radius_mm
        Radius of the helix.
    window_mm
        Length of bare helix behind the tip.
    inward
        (3,) direction in which the probe points; None: from `tip_from_mm` to `tip_to_mm`. Needed where these are one
        point, or where the first is the deeper.

    Raises
    ------
    OutOfRangeError
        If a number is out of its range or the direction is missing.
    """

    tip_from_mm: FloatArray
    tip_to_mm: FloatArray
    strokes: float
    seconds: float
    rpm: float = 12000.0
    radius_mm: float = 0.5
    window_mm: float = 8.0
    inward: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tip_from_mm", frozen(self.tip_from_mm, (3,)))
        object.__setattr__(self, "tip_to_mm", frozen(self.tip_to_mm, (3,)))
        for name, low, high in _RANGES:
            if not low <= getattr(self, name) <= high:
                raise OutOfRangeError(f"probe run: {name}", f"{getattr(self, name)}", f"{low} to {high}")
        if self.inward is None and self.stroke_mm < 1e-6:
            raise OutOfRangeError("probe run: inward", "no direction", "a direction, as the tip does not move")
        off_axis = np.linalg.norm(np.cross(self.tip_to_mm - self.tip_from_mm, self.direction))
        if off_axis > 0.1:
            raise OutOfRangeError(
                "probe run: stroke", f"{off_axis:.1f} mm across the probe's axis", "strokes along the axis, no levering"
            )

    @property
    def stroke_mm(self) -> float:
        """Length of a stroke."""
        return float(np.linalg.norm(self.tip_to_mm - self.tip_from_mm))

    @property
    def direction(self) -> FloatArray:
        """(3,) unit vector along which the probe points."""
        way = self.tip_to_mm - self.tip_from_mm if self.inward is None else np.asarray(self.inward, dtype=np.float64)
        return np.asarray(way / np.linalg.norm(way))

    @property
    def shallow_mm(self) -> FloatArray:
        """(3,) the end of the stroke nearer the skin."""
        forward = float((self.tip_to_mm - self.tip_from_mm) @ self.direction) >= 0.0
        return self.tip_from_mm if forward else self.tip_to_mm


_RANGES: Final = (
    ("strokes", 0.0, 10000.0),
    ("seconds", 1e-3, 3600.0),
    ("rpm", 0.0, 30000.0),
    ("radius_mm", 0.2, 1.5),
    ("window_mm", 1.0, 30.0),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one run of the probe did.

    Parameters
    ----------
    removed_ml, removed_g
        By tissue.
    in_cannula_ml, collected_ml
        How much of it stayed in the cannula and how much reached the handle.
    contrast_ml
        Contrast that came out with it.
    pressure_before_kpa, pressure_after_kpa
        Static pressure.
    seconds
        Length of the run.
    dwell_s
        Seconds the tip spent in each tissue.
    starved_s, intake_s, conveyor_s
        Seconds in which removal was held back by lack of tissue, by intake, by the conveyor.
    """

    removed_ml: Mapping[Tissue, float]
    removed_g: Mapping[Tissue, float]
    in_cannula_ml: float
    collected_ml: float
    contrast_ml: float
    pressure_before_kpa: float
    pressure_after_kpa: float
    seconds: float
    dwell_s: Mapping[Tissue, float]
    starved_s: float
    intake_s: float
    conveyor_s: float

    @property
    def total_ml(self) -> float:
        """Tissue removed, all kinds."""
        return sum(self.removed_ml.values())

    @property
    def total_g(self) -> float:
        """Mass of that."""
        return sum(self.removed_g.values())

    @property
    def rate_ml_min(self) -> float:
        """Mean rate of removal."""
        return 60.0 * self.total_ml / self.seconds

    @property
    def dwell_outside_nucleus_s(self) -> float:
        """Seconds the turning tip spent anywhere but in the nucleus."""
        return sum(time for tissue, time in self.dwell_s.items() if tissue is not Tissue.NUCLEUS)


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
    cells = _cells(disc, run)
    mass = cells.bulk_ml.copy()
    before_kpa = pressure_kpa(disc)
    report = wear(mass, cells.wear_per_mm, cells.bins_mm, cells.in_disc, _plan(disc, run, rate_hz), _limits(disc, run))
    left = np.divide(mass, cells.bulk_ml, out=np.ones_like(mass), where=cells.bulk_ml > 0.0)
    after, removed_ml = _carved(disc, cells, left)
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
    )
    return after, receipt


def probe_withdrawn(disc: Disc) -> Disc:
    """The disc's ledgers once the probe is out: what was in the cannula comes with it and is collected."""
    ledger = disc.ledger
    collected = ledger.collected_ml + ledger.in_cannula_ml
    return replace(disc, ledger=Ledger(ledger.initial_ml, np.zeros(len(Tissue)), collected))


def tissue_balance_ml(disc: Disc) -> FloatArray:
    """(5,) initial less remaining less in cannula less collected, by `Tissue` number: 0 but for rounding."""
    return np.asarray(disc.ledger.initial_ml - disc.remaining_ml - disc.ledger.removed_ml)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Voxels in reach of the helix: their flat indices and cells; the cells' bulk, wear and places."""

    voxels: IntArray
    cell: tuple[IntArray, IntArray]
    bulk_ml: FloatArray
    wear_per_mm: FloatArray
    bins_mm: FloatArray
    in_disc: FloatArray


def _cells(disc: Disc, run: ProbeRun) -> _Cells:
    """Sort what lies in reach into slices of one voxel along the axis and rings about it."""
    along, across, voxels = _in_reach(disc, run)
    tissue = disc.tissue.ravel()[voxels]
    bin_mm = float(disc.patient_from_index.spacing_mm[0])
    low_mm = -run.window_mm - 2.0 * bin_mm
    n_bins = math.ceil((run.stroke_mm + 2.0 * bin_mm - low_mm) / bin_mm) + 1
    n_rings = int(_reach_mm(run) / RING_MM) + 2
    bins = np.clip(np.rint((along - low_mm) / bin_mm).astype(np.int64), 0, n_bins - 1)
    classes = tissue.astype(np.int64) * n_rings + np.minimum((across / RING_MM).astype(np.int64), n_rings - 1)
    n_classes = len(Tissue) * n_rings
    bulk = disc.fraction.ravel()[voxels] * disc.voxel_ml + disc.contrast_ml.ravel()[voxels]
    flat = np.bincount(bins * n_classes + classes, weights=bulk, minlength=n_bins * n_classes)
    mass = np.asarray(flat, dtype=np.float64).reshape(n_bins, n_classes)  # whole numbers where nothing is in reach
    rates = np.concatenate([_wear_by_ring(part, n_rings, run.radius_mm, bin_mm) for part in Tissue])
    used = mass.any(axis=0) & (rates > 0.0)
    number = np.full(n_classes, -1)
    number[used] = np.arange(int(used.sum()))
    worn = number[classes] >= 0
    places: FloatArray = low_mm + bin_mm * np.arange(n_bins, dtype=np.float64)
    axis_points = run.shallow_mm + places[:, None] * run.direction
    in_disc = (disc.tissues_at(axis_points) != Tissue.OUTSIDE).astype(np.float64)
    cell = (bins[worn], number[classes[worn]])
    return _Cells(voxels[worn], cell, np.ascontiguousarray(mass[:, used]), rates[used], places, in_disc)


def _reach_mm(run: ProbeRun) -> float:
    return run.radius_mm + max(REACH_MM.values()) + 1.0


def _wear_by_ring(tissue: Tissue, n_rings: int, radius_mm: float, voxel_mm: float) -> FloatArray:
    """(rings,) wear per mm of path: full at the helix, softened over a voxel, falling to 0 at the tissue's reach."""
    middle = (np.arange(n_rings) + 0.5) * RING_MM
    touched = np.clip(0.5 + (radius_mm - middle) / voxel_mm, 0.0, 1.0)
    reach_mm = REACH_MM[tissue]
    drawn = np.clip(1.0 - (middle - radius_mm) / reach_mm, 0.0, 1.0) if reach_mm > 0.0 else 0.0
    return np.asarray(WEAR_PER_MM[tissue] * np.maximum(touched, drawn))


def _in_reach(disc: Disc, run: ProbeRun) -> tuple[FloatArray, FloatArray, IntArray]:
    """Places along and across the axis in mm, and flat indices, of voxels with tissue in reach of the whole run."""
    back = run.shallow_mm - run.window_mm * run.direction
    ends = disc.patient_from_index.indices(np.stack([back, run.tip_from_mm, run.tip_to_mm]))
    margin = _reach_mm(run) / disc.patient_from_index.spacing_mm
    size = np.array(disc.tissue.shape[::-1])
    low = np.clip(np.floor(ends.min(axis=0) - margin).astype(int), 0, size)
    high = np.clip(np.ceil(ends.max(axis=0) + margin).astype(int) + 1, 0, size)
    k, j, i = np.meshgrid(*(np.arange(a, b) for a, b in zip(low[::-1], high[::-1], strict=True)), indexing="ij")
    voxels = np.ravel_multi_index((k.ravel(), j.ravel(), i.ravel()), disc.tissue.shape)
    offset = disc.patient_from_index.points(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=-1)) - run.shallow_mm
    along = offset @ run.direction
    across = np.sqrt(np.maximum((offset**2).sum(axis=1) - along**2, 0.0))
    near: BoolArray = (across < _reach_mm(run)) & (disc.fraction.ravel()[voxels] > 0.0)
    near &= (along > -run.window_mm - 1.0) & (along < run.stroke_mm + 1.0)
    return along[near], across[near], voxels[near]


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
    return Limits(conveyor_ml_s(run.rpm, run.radius_mm), INTAKE_ML_S, INTAKE_WITHOUT_PRESSURE, ratio, slope)


def _carved(disc: Disc, cells: _Cells, left: FloatArray) -> tuple[Disc, FloatArray]:
    """The disc with its cells worn to what is `left` of them, and the tissue removed (5,)."""
    voxels, survival = cells.voxels, left[cells.cell]
    tissue: UInt8Array = disc.tissue.ravel()[voxels]
    fraction, contrast = disc.fraction.copy(), disc.contrast_ml.copy()
    old, old_contrast = fraction.ravel()[voxels], contrast.ravel()[voxels]
    fraction.ravel()[voxels] = old * survival
    contrast.ravel()[voxels] = old_contrast * survival
    removed_ml = tissue_volumes_ml(tissue, old - old * survival, disc.voxel_ml)
    contrast_ml = float((old_contrast - old_contrast * survival).sum())
    ledger = replace(disc.contrast, removed_ml=disc.contrast.removed_ml + contrast_ml)
    carved = replace(
        disc, fraction=fraction, contrast_ml=contrast, ledger=_conveyed(disc.ledger, removed_ml), contrast=ledger
    )
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
