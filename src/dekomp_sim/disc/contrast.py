"""Contrast in the disc: it fills pores from the needle's tip outward, through nucleus and fissures.

A simple picture: the front is a ball about the tip with a tongue toward the fissure, and nothing diffuses. Every mL
injected is in a voxel, past the grid or taken out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import BoolArray, FloatArray
from dekomp_sim.disc.pressure import leaked_during_ml
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.disc.voxels import ContrastLedger, Disc
from dekomp_sim.errors import InputError, OutOfRangeError

PORE_FRACTION: Final = 0.20
"""Assumption: contrast takes up to this share of nucleus or protrusion before it spreads on: a nucleus of 5.5 mL is
full at 1.1 mL, about where a normal disc has its firm end point (50 psi above opening at 1.16 mL, grade 0).
"""

FISSURE_FRACTION: Final = 0.30
"""Assumption: share of a fissured sector of annulus that is open to contrast."""

ANNULAR_FRACTION: Final = 0.10
"""Assumption: share of intact annulus that contrast takes up next to a needle in it: it stays local."""

FLUID_FRACTION: Final = 0.80
"""Share of nucleus that is water and that contrast can at most replace: 70 to 85 % (Castro, Eur Spine J 1992;1:96)."""

FISSURE_REACH: Final[Mapping[int, float]] = MappingProxyType({0: 0.0, 1: 1 / 3, 2: 2 / 3, 3: 1.0, 4: 1.0, 5: 1.0})
"""Share of the annulus that fissures cross by modified Dallas grade: inner, middle, outer third; 5 is a full tear."""

FISSURE_ARC_DEG: Final[Mapping[int, float]] = MappingProxyType({0: 0.0, 1: 20.0, 2: 20.0, 3: 20.0, 4: 60.0, 5: 60.0})
"""Assumption: arc of the disc's circumference that is fissured; the grades only ask for less than 30 degrees up to
grade 3 and for more from grade 4.
"""

FISSURE_HEIGHT_SHARE: Final = 0.6
"""Assumption: fissures keep to the middle 60 % of the disc's height."""

FISSURE_HASTE: Final[Mapping[int, float]] = MappingProxyType({0: 1.0, 1: 1.0, 2: 1.0, 3: 2.0, 4: 2.5, 5: 3.0})
"""Assumption: how many times farther contrast runs toward the fissure than elsewhere, by grade."""

POOL_MM: Final = 20.0
"""Assumption: leaked contrast stays within this of the tear's mouth; more of it counts as spread past the grid."""

BAND_MM: Final = 2.0
"""Assumption: thickness of the fibrous plate across a lobular nucleus, about a quarter of its height; contrast runs
round it, not into it. The plate lies in the equator of the adult disc and grows from the nucleus's rim inward from the
second decade on (Yu, AJNR 1989;10:1105); how thick it is was not found.
"""

SHEET: Final = 3.0
"""Assumption: leaked contrast prefers 3 mm along the disc's back to 1 mm away from it, as the canal is narrow."""


def inject(
    disc: Disc, volume_ml: float, rate_ml_s: float, iodine_mg_ml: float = 300.0, tip_mm: ArrayLike | None = None
) -> Disc:
    """The disc after `volume_ml` through a needle at `tip_mm`.

    Parameters
    ----------
    disc
        The disc before.
    volume_ml, rate_ml_s
        How much, how fast; the rate matters only where the disc leaks.
    iodine_mg_ml
        Iodine in it: 300 for undiluted contrast, 0 for saline.
    tip_mm
        (3,) needle tip in the patient frame; None for the nucleus's centre.

    Raises
    ------
    OutOfRangeError
        If volume or rate is not above 0, iodine is below 0, or the disc cannot hold that much.
    InputError
        If the tip lies outside the disc.
    """
    _check(volume_ml, rate_ml_s, iodine_mg_ml)
    tip = disc.shape.nucleus_centre_mm if tip_mm is None else np.asarray(tip_mm, dtype=np.float64)
    if disc.tissue_at(tip) is Tissue.OUTSIDE:
        raise InputError("injection", "the needle's tip outside the disc", "a tip inside it", "Reposition the needle.")
    if disc.tissue_at(tip) is Tissue.ENDPLATE:
        return _into_veins(disc, volume_ml, iodine_mg_ml)
    annular = not in_nuclear_space(disc, tip)
    leak_ml = 0.0 if annular else leaked_during_ml(disc, rate_ml_s, volume_ml / rate_ml_s)
    spread = _annular if annular else _nuclear
    field = spread(disc, disc.contrast_ml, volume_ml - leak_ml, tip)
    field, beyond_ml = _epidural(disc, field, leak_ml)
    old = disc.contrast
    return replace(
        disc,
        contrast_ml=field,
        contrast=replace(
            old,
            injected_ml=old.injected_ml + volume_ml,
            annular_ml=old.annular_ml + (volume_ml if annular else 0.0),
            leaked_ml=old.leaked_ml + leak_ml,
            beyond_ml=old.beyond_ml + beyond_ml,
            iodine_mg_ml=_mixed_mg_ml(old, volume_ml, iodine_mg_ml),
        ),
    )


def _mixed_mg_ml(old: ContrastLedger, volume_ml: float, iodine_mg_ml: float) -> float:
    return (old.iodine_mg_ml * old.injected_ml + iodine_mg_ml * volume_ml) / (old.injected_ml + volume_ml)


def _into_veins(disc: Disc, volume_ml: float, iodine_mg_ml: float) -> Disc:
    """Assumption: what is injected into an endplate runs off at once through its veins and raises nothing."""
    old = disc.contrast
    ledger = replace(
        old,
        injected_ml=old.injected_ml + volume_ml,
        beyond_ml=old.beyond_ml + volume_ml,
        vascular_ml=old.vascular_ml + volume_ml,
        iodine_mg_ml=_mixed_mg_ml(old, volume_ml, iodine_mg_ml),
    )
    return replace(disc, contrast=ledger)


def rest(disc: Disc, seconds: float) -> Disc:
    """The disc after `seconds` of waiting: a grade 5 disc leaks down toward its opening pressure, others stay."""
    leak_ml = leaked_during_ml(disc, 0.0, seconds)
    inside = disc.tissue != Tissue.OUTSIDE
    held_ml = float(disc.contrast_ml[inside].sum())
    leak_ml = min(leak_ml, held_ml)
    if leak_ml <= 0.0:
        return disc
    thinned = np.where(inside, disc.contrast_ml * (1.0 - leak_ml / held_ml), disc.contrast_ml)
    field, beyond_ml = _epidural(disc, thinned, leak_ml)
    old = disc.contrast
    ledger = replace(old, leaked_ml=old.leaked_ml + leak_ml, beyond_ml=old.beyond_ml + beyond_ml)
    return replace(disc, contrast_ml=field, contrast=ledger)


def in_nuclear_space(disc: Disc, tip_mm: ArrayLike) -> bool:
    """Whether a needle's tip (3,) lies where it reads the nucleus: in it, in a protrusion, or in a fissure."""
    tissue = disc.tissue_at(tip_mm)
    if tissue is not Tissue.ANNULUS:
        return tissue in (Tissue.NUCLEUS, Tissue.PROTRUSION)
    local = disc.shape.patient_from_disc.inverse().points(tip_mm)
    return bool(_fissured(disc, local[None])[0])


def contrast_balance_ml(disc: Disc) -> float:
    """Injected less what the voxels hold, what spread past the grid and what came out: 0 but for rounding."""
    ledger: ContrastLedger = disc.contrast
    return ledger.injected_ml - float(disc.contrast_ml.sum()) - ledger.beyond_ml - ledger.removed_ml


def _check(volume_ml: float, rate_ml_s: float, iodine_mg_ml: float) -> None:
    if not volume_ml > 0.0:
        raise OutOfRangeError("volume_ml", f"{volume_ml} mL", "more than 0 mL")
    if not rate_ml_s > 0.0:
        raise OutOfRangeError("rate_ml_s", f"{rate_ml_s} mL/s", "more than 0 mL/s; 0.05 mL/s or less is usual")
    if not 0.0 <= iodine_mg_ml <= 400.0:
        raise OutOfRangeError("iodine_mg_ml", f"{iodine_mg_ml} mg/mL", "0 to 400 mg/mL")


def _local_points(disc: Disc, where: BoolArray) -> FloatArray:
    """(n, 3) voxel centres in the disc frame of the voxels chosen, in array order."""
    k, j, i = np.nonzero(where)
    points = disc.patient_from_index.points(np.stack([i, j, k], axis=-1))
    return disc.shape.patient_from_disc.inverse().points(points)


def _aim_deg(shape: DiscShape) -> float:
    """Azimuth to which the fissure runs: to the protrusion if there is one, straight back if not."""
    return shape.protrusion.azimuth_deg * shape.protrusion.side.sign if shape.protrusion else 0.0


def _in_sector(disc: Disc, points_mm: FloatArray) -> BoolArray:
    """Whether points (n, 3) of the disc frame lie in the arc of the grade's fissure, at any depth."""
    azimuth_deg = np.degrees(np.arctan2(points_mm[:, 0], points_mm[:, 1]))
    turn_deg = (azimuth_deg - _aim_deg(disc.shape) + 180.0) % 360.0 - 180.0
    return np.asarray(np.abs(turn_deg) < FISSURE_ARC_DEG[disc.dallas_grade] / 2.0)


def _fissured(disc: Disc, points_mm: FloatArray) -> BoolArray:
    """Whether points (n, 3) of the disc frame lie in the grade's fissure."""
    shape, inner = disc.shape, disc.shape.nucleus_fraction
    reach = FISSURE_REACH[disc.dallas_grade]
    deep = (shape.rim(points_mm) <= inner + reach * (1.0 - inner)) | (reach >= 1.0)
    flat = np.abs(points_mm[:, 2]) <= FISSURE_HEIGHT_SHARE * shape.height_mm(points_mm) / 2.0
    return _in_sector(disc, points_mm) & deep & flat


def _nuclear(disc: Disc, field: FloatArray, volume_ml: float, tip: FloatArray) -> FloatArray:
    """Nucleus and fissure, with the protrusion where the fissure reaches the rim or the tip is in it."""
    share = np.where(disc.tissue == Tissue.NUCLEUS, PORE_FRACTION, 0.0)
    if disc.lobular:
        share[_band(disc)] = 0.0
    if disc.dallas_grade >= 3 or disc.tissue_at(tip) is Tissue.PROTRUSION:
        share[disc.tissue == Tissue.PROTRUSION] = PORE_FRACTION
    annulus = disc.tissue == Tissue.ANNULUS
    share[annulus] = np.where(_fissured(disc, _local_points(disc, annulus)), FISSURE_FRACTION, 0.0)
    return _fill(disc, field, share, volume_ml, tip)


def _band(disc: Disc) -> BoolArray:
    """(nk, nj, ni) voxels of the plate across a lobular nucleus; the grid's last axis is the disc's own z."""
    levels = np.zeros((disc.tissue.shape[0], 3))
    levels[:, 2] = np.arange(len(levels))
    z_mm = disc.shape.patient_from_disc.inverse().points(disc.patient_from_index.points(levels))[:, 2]
    near = np.abs(z_mm) < BAND_MM / 2.0
    return np.asarray((disc.tissue == Tissue.NUCLEUS) & near[:, None, None])


def _annular(disc: Disc, field: FloatArray, volume_ml: float, tip: FloatArray) -> FloatArray:
    intact = (disc.tissue == Tissue.ANNULUS) | (disc.tissue == Tissue.ENDPLATE)  # along the endplate, not from it
    return _fill(disc, field, np.where(intact, ANNULAR_FRACTION, 0.0), volume_ml, tip)


def _fill(disc: Disc, field: FloatArray, share: FloatArray, volume_ml: float, tip: FloatArray) -> FloatArray:
    """Fill pores from the tip (patient frame) outward, sooner toward the fissure; then all of the region evenly fuller.

    Raises
    ------
    OutOfRangeError
        If the region cannot hold the volume.
    """
    where = share > 0.0
    points, from_mm = _local_points(disc, where), disc.shape.patient_from_disc.inverse().points(tip)
    distance = np.sqrt(((points - from_mm) ** 2).sum(axis=1))
    distance[_in_sector(disc, points)] /= FISSURE_HASTE[disc.dallas_grade]
    taken = _outward(_room_ml(disc, field, share)[where], distance, volume_ml)
    left_ml = volume_ml - float(taken.sum())
    filled = field.copy()
    filled[where] += taken
    if left_ml <= 1e-9 * volume_ml:
        return filled
    room = _room_ml(disc, filled, np.where(where, FLUID_FRACTION, 0.0)) * where
    if left_ml > (total_ml := float(room.sum())):
        raise OutOfRangeError("volume_ml", f"{left_ml - total_ml:.2f} mL more than fits", "less", "Stop injecting.")
    return np.asarray(filled + room * (left_ml / total_ml))


def _room_ml(disc: Disc, field: FloatArray, share: FloatArray) -> FloatArray:
    """mL of contrast each voxel can still take: a share of its tissue and all of where tissue is gone."""
    gone = disc.coverage - disc.fraction
    return np.maximum((share * disc.fraction + gone) * disc.voxel_ml - field, 0.0)


def _outward(room_ml: FloatArray, distance: FloatArray, volume_ml: float) -> FloatArray:
    """Share out `volume_ml`, or all the room there is, over places by distance, each up to its room."""
    order = np.argsort(distance, kind="stable")
    room = room_ml[order]
    before = np.cumsum(room) - room
    taken = np.empty_like(room_ml)
    taken[order] = np.clip(volume_ml - before, 0.0, room)
    # The running sum rounds; the sum of what is taken must not.
    wanted_ml, sum_ml = min(volume_ml, float(room.sum())), float(taken.sum())
    return taken * (wanted_ml / sum_ml) if sum_ml > 0.0 else taken


def _epidural(disc: Disc, field: FloatArray, volume_ml: float) -> tuple[FloatArray, float]:
    """Pool what leaks around the mouth of the tear, as a sheet on the disc; the field and what is past the grid, mL."""
    if volume_ml <= 0.0:
        return field, 0.0
    shape = disc.shape
    aim = np.radians(_aim_deg(shape))
    way = np.array([np.sin(aim), np.cos(aim), 0.0])
    mouth = way * (1.0 / float(shape.rim(way)) + float(shape.bump_mm(way)))
    outside = np.flatnonzero(disc.tissue.ravel() == Tissue.OUTSIDE)
    points = _local_points(disc, disc.tissue == Tissue.OUTSIDE)
    near = np.linalg.norm(points - mouth, axis=1) < POOL_MM
    outside, points = outside[near], points[near]
    pooled = field.copy()
    room = np.where(shape.rim(points) > 1.0, np.maximum(disc.voxel_ml - field.ravel()[outside], 0.0), 0.0)
    distance = np.linalg.norm(points - mouth, axis=1) + SHEET * np.maximum(-shape.depth_inside_mm(points), 0.0)
    taken = _outward(room, distance, volume_ml)
    pooled.ravel()[outside] += taken
    return pooled, max(0.0, volume_ml - float(taken.sum()))
