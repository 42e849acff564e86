"""Contrast in the disc: it fills pores from the needle's tip outward, through nucleus and fissures.

A simple picture: the front is a ball about the tip with a tongue toward the fissure, and nothing diffuses. Every mL
injected is in a voxel, past the grid or taken out again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, IndexArray, Itself, UInt16Array, sealed
from dekomp_sim.disc.filling import capacities, poured, poured_outward, shells
from dekomp_sim.disc.pressure import leaked_during_ml
from dekomp_sim.disc.spaces import Space, annular_space, epidural_space, fissured, layout, nuclear_space
from dekomp_sim.disc.tissue import Tissue
from dekomp_sim.disc.voxels import ContrastLedger, Disc, Stain
from dekomp_sim.errors import InputError, OutOfRangeError

FLUID_FRACTION: Final = 0.80
"""Share of nucleus that is water and that contrast can at most replace: 70 to 85 % (Castro, Eur Spine J 1992;1:96)."""

LEFT: Final = 1e-13
"""Share of an injection below which what found no room is rounding."""


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
    filled = _fill(disc, _space_about(disc, tip, annular=annular), volume_ml - leak_ml, tip)
    held, beyond_ml = _pooled(disc, filled, leak_ml)
    old = disc.contrast
    return replace(
        disc,
        stain=held,
        contrast=replace(
            old,
            injected_ml=old.injected_ml + volume_ml,
            annular_ml=old.annular_ml + (volume_ml if annular else 0.0),
            leaked_ml=old.leaked_ml + leak_ml,
            beyond_ml=old.beyond_ml + beyond_ml,
            iodine_mg_ml=_mixed_mg_ml(old, volume_ml, iodine_mg_ml),
        ),
    )


def _space_about(disc: Disc, tip: FloatArray, *, annular: bool) -> Space:
    """What a needle there fills; the protrusion with it where the fissure reaches the rim or the tip is in it."""
    if annular:
        return annular_space(layout(disc))
    open_to_rim = disc.dallas_grade >= 3 or disc.tissue_at(tip) is Tissue.PROTRUSION
    return nuclear_space(layout(disc), with_protrusion=open_to_rim)


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


def find_spaces(disc: Disc) -> None:
    """Find what contrast can fill before it is needed: it takes a moment, and is kept for the discs in use."""
    of = layout(disc)
    nuclear_space(of, with_protrusion=disc.dallas_grade >= 3)
    annular_space(of)
    if disc.dallas_grade >= 5:
        epidural_space(of)


def rest(disc: Disc, seconds: float) -> Disc:
    """The disc after `seconds` of waiting: a grade 5 disc leaks down toward its opening pressure, others stay."""
    leak_ml = leaked_during_ml(disc, 0.0, seconds)
    if leak_ml <= 0.0:
        return disc
    held = disc.stain
    inside = disc.tissue.ravel()[held.voxels] != Tissue.OUTSIDE
    inside_ml = float(held.ml[inside].sum())
    if inside_ml <= 0.0:
        return disc
    leak_ml = min(leak_ml, inside_ml)
    thinned = Stain(held.voxels, np.where(inside, held.ml * (1.0 - leak_ml / inside_ml), held.ml))
    pooled, beyond_ml = _pooled(disc, thinned, leak_ml)
    old = disc.contrast
    ledger = replace(old, leaked_ml=old.leaked_ml + leak_ml, beyond_ml=old.beyond_ml + beyond_ml)
    return replace(disc, stain=pooled, contrast=ledger)


def in_nuclear_space(disc: Disc, tip_mm: ArrayLike) -> bool:
    """Whether a needle's tip (3,) lies where it reads the nucleus: in it, in a protrusion, or in a fissure."""
    tissue = disc.tissue_at(tip_mm)
    if tissue is not Tissue.ANNULUS:
        return tissue in (Tissue.NUCLEUS, Tissue.PROTRUSION)
    local = disc.shape.patient_from_disc.inverse().points(tip_mm)
    return bool(fissured(layout(disc), local[None])[0])


def contrast_balance_ml(disc: Disc) -> float:
    """Injected less what the voxels hold, what spread past the grid and what came out: 0 but for rounding."""
    ledger: ContrastLedger = disc.contrast
    return ledger.injected_ml - float(disc.stain.ml.sum()) - ledger.beyond_ml - ledger.removed_ml


def _check(volume_ml: float, rate_ml_s: float, iodine_mg_ml: float) -> None:
    if not volume_ml > 0.0:
        raise OutOfRangeError("volume_ml", f"{volume_ml} mL", "more than 0 mL")
    if not rate_ml_s > 0.0:
        raise OutOfRangeError("rate_ml_s", f"{rate_ml_s} mL/s", "more than 0 mL/s; 0.05 mL/s or less is usual")
    if not 0.0 <= iodine_mg_ml <= 400.0:
        raise OutOfRangeError("iodine_mg_ml", f"{iodine_mg_ml} mg/mL", "0 to 400 mg/mL")


def _fill(disc: Disc, space: Space, volume_ml: float, tip: FloatArray) -> Stain:
    """Fill pores from the tip (patient frame) outward, sooner toward the fissure; then all of the space evenly fuller.

    Raises
    ------
    OutOfRangeError
        If the space cannot hold the volume.
    """
    held, tip_in_disc = disc.stain, tuple(disc.shape.patient_from_disc.inverse().points(tip).tolist())
    most_ml = _capacities(space, Itself(disc.coverage), Itself(disc.fraction), disc.voxel_ml)
    about_tip = _shells(space, tip_in_disc)
    voxels, ml, left_ml = poured_outward((held.voxels, held.ml), (space.voxels, most_ml), about_tip, volume_ml)
    filled = Stain(voxels, ml)
    return _fuller(disc, filled, space.voxels, left_ml) if left_ml > LEFT * volume_ml else filled


@lru_cache(maxsize=4)
def _capacities(space: Space, coverage: Itself, fraction: Itself, voxel_ml: float) -> FloatArray:
    """Kept until tissue is taken: no injection changes how much a voxel can hold."""
    fields = (coverage.array.ravel(), fraction.array.ravel())
    return sealed(capacities((space.voxels, space.share), fields, voxel_ml))


@lru_cache(maxsize=2)
def _shells(space: Space, tip_mm: tuple[float, ...]) -> tuple[FloatArray, UInt16Array]:
    """Kept for the next increment through the same needle."""
    distance_mm, shell = shells(space.points_mm, space.haste, np.array(tip_mm))
    return sealed(distance_mm), sealed(shell)


def _fuller(disc: Disc, held: Stain, voxels: IndexArray, volume_ml: float) -> Stain:
    """`volume_ml` more in voxels whose pores are full, in proportion to the fluid they still hold."""
    tissue, whole = disc.fraction.ravel()[voxels], disc.coverage.ravel()[voxels]
    room = np.maximum((FLUID_FRACTION * tissue + whole - tissue) * disc.voxel_ml - _in(disc, held, voxels), 0.0)
    if volume_ml > (total_ml := float(room.sum())):
        raise OutOfRangeError("volume_ml", f"{volume_ml - total_ml:.2f} mL more than fits", "less", "Stop injecting.")
    return _put(held, voxels, room, volume_ml)


def _in(disc: Disc, held: Stain, voxels: IndexArray) -> FloatArray:
    """(n,) contrast in voxels in any order, mL."""
    field_ml = np.zeros(disc.fraction.size)
    field_ml[held.voxels] = held.ml
    return np.asarray(field_ml[voxels])


def _put(held: Stain, voxels: IndexArray, taken_ml: FloatArray, volume_ml: float) -> Stain:
    """`volume_ml` more in ascending voxels as `taken_ml` (n,) shares it: a running sum rounds, the volume must not."""
    sum_ml = float(taken_ml.sum())
    if sum_ml <= 0.0:
        return held
    return Stain(*poured((held.voxels, held.ml), (voxels, taken_ml), volume_ml / sum_ml))


def _pooled(disc: Disc, held: Stain, volume_ml: float) -> tuple[Stain, float]:
    """What leaks pooled about the mouth of the tear, as a sheet on the disc; and what is past the grid, mL."""
    if volume_ml <= 0.0:
        return held, 0.0
    voxels = epidural_space(layout(disc))
    room = np.maximum(disc.voxel_ml - _in(disc, held, voxels), 0.0)
    before = np.cumsum(room) - room
    pooled_ml = min(volume_ml, float(room.sum()))
    taken_ml = np.clip(volume_ml - before, 0.0, room)
    wet = np.flatnonzero(taken_ml)
    wet = wet[np.argsort(voxels[wet])]
    return _put(held, voxels[wet], taken_ml[wet], pooled_ml), volume_ml - pooled_ml
