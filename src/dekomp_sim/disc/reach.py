"""What lies in reach of the helix: voxels sorted into slices along its axis and rings about it, with their wear."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim.arrays import BoolArray, FloatArray
from dekomp_sim.disc.probe_run import ProbeRun
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.disc.voxels import WATER, Disc

IntArray = NDArray[np.int64]

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

CLOG_PER_ML: Final[Mapping[Tissue, float]] = MappingProxyType(
    {
        Tissue.OUTSIDE: 0.0,
        Tissue.NUCLEUS: 0.6,
        Tissue.ANNULUS: 20.0,
        Tissue.ENDPLATE: 20.0,
        Tissue.PROTRUSION: 2.0,
    }
)
"""Assumption: how far a mL of tissue packs the thread until it is cleared, 1 being full: nucleus lets 1.5 mL through in
one go, about what a session takes; fibres wind about the core after 0.05 mL. Nothing is published.
"""

HALVED_BY_WATER: Final = 0.05
"""Assumption: with this share of water less, a mm of path takes half as much of a nucleus, and it flows half as far:
at 70 % it comes harder than a protrusion. That a drier nucleus is stiffer and more fibrous is known, how much harder it
comes out is not published.
"""

RING_MM: Final = 0.2
"""Width of the rings about the axis in which voxels are counted alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Voxels in reach of the helix: their flat indices and cells; the cells' bulk, rates and places."""

    voxels: IntArray
    cell: tuple[IntArray, IntArray]
    bulk_ml: FloatArray
    rates: FloatArray
    bins_mm: FloatArray
    in_disc: FloatArray


def cells_in_reach(disc: Disc, run: ProbeRun) -> Cells:
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
    bulk = disc.fraction.ravel()[voxels] * disc.voxel_ml
    if disc.stain.ml.size:
        bulk += disc.contrast_ml.ravel()[voxels]
    flat = np.bincount(bins * n_classes + classes, weights=bulk, minlength=n_bins * n_classes)
    mass = np.asarray(flat, dtype=np.float64).reshape(n_bins, n_classes)  # whole numbers where nothing is in reach
    soft = {part: softness(disc, part) for part in Tissue}
    wear = np.concatenate([_wear_by_ring(part, soft[part], n_rings, run.radius_mm, bin_mm) for part in Tissue])
    rates = np.stack([wear, np.repeat([CLOG_PER_ML[part] for part in Tissue], n_rings)])
    used = mass.any(axis=0) & (wear > 0.0)
    number = np.full(n_classes, -1)
    number[used] = np.arange(int(used.sum()))
    worn = number[classes] >= 0
    places: FloatArray = low_mm + bin_mm * np.arange(n_bins, dtype=np.float64)
    axis_points = run.shallow_mm + places[:, None] * run.direction
    in_disc = (disc.tissues_at(axis_points) != Tissue.OUTSIDE).astype(np.float64)
    cell = (bins[worn], number[classes[worn]])
    return Cells(
        voxels[worn], cell, np.ascontiguousarray(mass[:, used]), np.ascontiguousarray(rates[:, used]), places, in_disc
    )


def _reach_mm(run: ProbeRun) -> float:
    return run.radius_mm + max(REACH_MM.values()) + 1.0


def softness(disc: Disc, part: Tissue) -> float:
    """How easily a tissue comes against a healthy one's: less for a nucleus that holds less water, 1 for all else."""
    return 2.0 ** min((disc.water - WATER) / HALVED_BY_WATER, 0.0) if part is Tissue.NUCLEUS else 1.0


def _wear_by_ring(tissue: Tissue, soft: float, n_rings: int, radius_mm: float, voxel_mm: float) -> FloatArray:
    """(rings,) wear per mm of path: full at the helix, softened over a voxel, falling to 0 at the tissue's reach."""
    middle = (np.arange(n_rings) + 0.5) * RING_MM
    touched = np.clip(0.5 + (radius_mm - middle) / voxel_mm, 0.0, 1.0)
    reach_mm = soft * REACH_MM[tissue]
    drawn = np.clip(1.0 - (middle - radius_mm) / reach_mm, 0.0, 1.0) if reach_mm > 0.0 else 0.0
    return np.asarray(soft * WEAR_PER_MM[tissue] * np.maximum(touched, drawn))


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
