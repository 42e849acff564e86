"""The compiled loop of tissue removal: a window of bare helix runs to and fro along an axis and wears down cells.

A cell is one slice along the axis (a bin) and one kind of tissue at one distance from it (a class). All voxels of a
cell share its survival, so the loop's work does not grow with the voxels and no tissue is lost between them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from dekomp_sim.arrays import FloatArray, IndexArray


class Plan(NamedTuple):
    """How the tip moves, in how many steps; a turning helix that stands still counts as creeping at `creep_mm_s`."""

    stroke_mm: float
    strokes: float
    seconds: float
    steps: int
    window_mm: float
    bin_mm: float
    creep_mm_s: float


class Limits(NamedTuple):
    """What holds removal back: conveyor; intake at full pressure, its share without any; pressure over opening at the
    start and how much of that ratio a mL costs; how far the thread is packed at the start, 0 clear to 1 full.
    """

    conveyor_ml_s: float
    intake_ml_s: float
    intake_floor: float
    pressure_ratio: float
    ratio_loss_per_ml: float
    clogged: float


@njit(cache=True, nogil=True)
def _ramp(y: float, half_mm: float) -> float:
    """Integral up to y of a step of height 1 at 0 that is smoothed over a bin's width."""
    if y <= -half_mm:
        return 0.0
    if y >= half_mm:
        return y
    return (y + half_mm) ** 2 / (4.0 * half_mm)


@njit(cache=True, nogil=True)
def _moved(s0: float, s1: float, at_mm: float, window_mm: float, half_mm: float) -> float:
    """Path in mm that the tip covers from s0 to s1 while the bin at `at_mm` lies in the window behind it."""
    front = _ramp(s1 - at_mm, half_mm) - _ramp(s0 - at_mm, half_mm)
    back = _ramp(s1 - window_mm - at_mm, half_mm) - _ramp(s0 - window_mm - at_mm, half_mm)
    return abs(front - back)


@njit(cache=True, nogil=True)
def _tip(phase: float) -> float:
    """Place of the tip, 0 to 1, at a phase of to-and-fro strokes: out for half a stroke, back for the other."""
    part = phase - math.floor(phase)
    return 2.0 * part if part <= 0.5 else 2.0 - 2.0 * part


@njit(cache=True, nogil=True)
def _beside(tip_mm: float, at_mm: float, window_mm: float, half_mm: float) -> float:
    """Share, 0 to 1 and smooth over 1 mm, to which the bin at `at_mm` lies in the window behind the tip."""
    front = _ramp(tip_mm - at_mm + 0.5, half_mm) - _ramp(tip_mm - at_mm - 0.5, half_mm)
    back = _ramp(tip_mm - window_mm - at_mm + 0.5, half_mm) - _ramp(tip_mm - window_mm - at_mm - 0.5, half_mm)
    return max(front - back, 0.0)  # rounding may leave a crumb below 0, and tissue would grow


@njit(cache=True, nogil=True)
def _travel(path_mm: FloatArray, bins_mm: FloatArray, plan: Plan, step: int) -> None:
    """Put into `path_mm` (bins,) how far the window moves past each bin in one step, cut where the stroke turns."""
    path_mm[:] = 0.0
    half_mm = plan.bin_mm / 2.0
    here, stop = plan.strokes * step / plan.steps, plan.strokes * (step + 1) / plan.steps
    while here < stop:
        turn = min(stop, (math.floor(2.0 * here + 1e-9) + 1.0) / 2.0)
        s0, s1 = plan.stroke_mm * _tip(here), plan.stroke_mm * _tip(turn)
        first, last = min(s0, s1) - plan.window_mm - half_mm, max(s0, s1) + half_mm
        for b in range(len(bins_mm)):
            if first < bins_mm[b] < last:
                path_mm[b] += _moved(s0, s1, bins_mm[b], plan.window_mm, half_mm)
        here = turn


@njit(cache=True, nogil=True)
def _stand(path_mm: FloatArray, bins_mm: FloatArray, in_disc: FloatArray, plan: Plan, step: int) -> float:
    """Add the creep of a standing helix to `path_mm`; return the share of the window that lies in the disc."""
    tip_mm = plan.stroke_mm * _tip(plan.strokes * (step + 0.5) / plan.steps)
    creep_mm = plan.creep_mm_s * plan.seconds / plan.steps
    touch = 0.0
    for b in range(len(bins_mm)):
        share = _beside(tip_mm, bins_mm[b], plan.window_mm, plan.bin_mm / 2.0)
        path_mm[b] += creep_mm * share
        touch += in_disc[b] * share
    return min(1.0, touch * plan.bin_mm / plan.window_mm)


@njit(cache=True, nogil=True)
def _demand(cut_ml: FloatArray, mass_ml: FloatArray, wear_per_mm: FloatArray, path_mm: FloatArray) -> float:
    """Put into `cut_ml` (bins, classes) what the path would take from each cell; return the sum."""
    total_ml = 0.0
    for b in range(mass_ml.shape[0]):
        if path_mm[b] > 0.0:
            for c in range(mass_ml.shape[1]):
                cut_ml[b, c] = -mass_ml[b, c] * math.expm1(-wear_per_mm[c] * path_mm[b])
                total_ml += cut_ml[b, c]
    return total_ml


@njit(cache=True, nogil=True)
def _take(mass_ml: FloatArray, cut_ml: FloatArray, path_mm: FloatArray, scale: float, clog_per_ml: FloatArray) -> float:
    """Take `scale` of every cut from its cell; return by how much that packs the thread."""
    packed = 0.0
    for b in range(mass_ml.shape[0]):
        if path_mm[b] > 0.0:
            for c in range(mass_ml.shape[1]):
                mass_ml[b, c] -= scale * cut_ml[b, c]
                packed += scale * cut_ml[b, c] * clog_per_ml[c]
    return packed


@njit(cache=True, nogil=True)
def wear(
    mass_ml: FloatArray,
    rates: FloatArray,
    bins_mm: FloatArray,
    in_disc: FloatArray,
    plan: Plan,
    limits: Limits,
) -> FloatArray:
    """Wear `mass_ml` down in place.

    Parameters
    ----------
    mass_ml
        (bins, classes) bulk volume left in each cell.
    rates
        (2, classes) rate per mm at which a class is lost, exp(-rate path), and how far a mL of it packs the thread.
    bins_mm
        (bins,) place of each bin's middle along the axis; 0 is the tip at the shallow end of its stroke.
    in_disc
        (bins,) 1 where the axis lies in the disc, else 0.
    plan, limits
        The motion, and what holds removal back.

    Returns
    -------
    (5,) seconds limited by tissue, by intake and by conveyor; mL taken; how far the thread is packed.
    """
    path_mm = np.zeros(len(bins_mm))
    cut_ml = np.zeros_like(mass_ml)
    limited_s, taken_ml, clogged = np.zeros(3), 0.0, limits.clogged
    dt = plan.seconds / plan.steps
    for step in range(plan.steps):
        _travel(path_mm, bins_mm, plan, step)
        touch = _stand(path_mm, bins_mm, in_disc, plan, step)
        wanted_ml = _demand(cut_ml, mass_ml, rates[0], path_mm)
        ratio = min(1.0, max(0.0, limits.pressure_ratio - limits.ratio_loss_per_ml * taken_ml))
        suction = limits.intake_floor + (1.0 - limits.intake_floor) * ratio
        intake_ml, conveyor_ml = (
            limits.intake_ml_s * suction * touch * dt,
            limits.conveyor_ml_s * max(0.0, 1.0 - clogged) * dt,
        )
        allowed_ml = min(intake_ml, conveyor_ml)
        scale, why = 1.0, 0
        if wanted_ml > allowed_ml:
            scale, why = allowed_ml / wanted_ml, 1 if intake_ml <= conveyor_ml else 2
        clogged += _take(mass_ml, cut_ml, path_mm, scale, rates[1])
        taken_ml += scale * wanted_ml
        limited_s[why] += dt
    return np.array([limited_s[0], limited_s[1], limited_s[2], taken_ml, clogged])


@njit(cache=True, nogil=True)
def carved(fraction: FloatArray, coverage: FloatArray, voxels: IndexArray) -> bool:
    """Whether of any of these voxels (n,), by flat index, tissue was taken."""
    for v in voxels:  # noqa: SIM110 - compiled, where any() over a generator is not
        if fraction[v] != coverage[v]:
            return True
    return False


@njit(cache=True, nogil=True)
def even_out(fraction: FloatArray, coverage: FloatArray, voxels: IndexArray, share: float) -> None:
    """Move the filling of voxels (n,), by flat index, `share` of the way to their mean; sums are compensated
    (Neumaier's with Knuth's two-sum, whose corrections do not wait for each other), so that no tissue is made or lost.
    """
    left, left_lost, whole, whole_lost = 0.0, 0.0, 0.0, 0.0
    for v in voxels:
        total = left + fraction[v]
        came = total - left
        left_lost += (left - (total - came)) + (fraction[v] - came)
        left = total
        total = whole + coverage[v]
        came = total - whole
        whole_lost += (whole - (total - came)) + (coverage[v] - came)
        whole = total
    mean = (left + left_lost) / (whole + whole_lost)
    for v in voxels:
        fraction[v] += (coverage[v] * mean - fraction[v]) * share
