"""The default corridor: a straight posterolateral way into the nucleus that misses bone, nerves, vessels and organs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.anatomy import BONES, DiscShape, Level, Patient, Side, Strand, Structure, Volume
from dekomp_sim.anatomy.clearance import ORGANS, in_words, millimetres
from dekomp_sim.anatomy.landmarks import disc_at
from dekomp_sim.anatomy.strand_distance import strand_distances_mm
from dekomp_sim.arrays import BoolArray, FloatArray, UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.instruments import instrument
from dekomp_sim.planning.trajectory import LEAST_CLEARANCE_MM, Rejection, Trajectory

ENOUGH_MM: Final = 3.0
"""Assumption: beyond this from bone a way is not better for being farther."""

TISSUE_ABOVE_HU: Final = -300.0
"""Assumption: above this is tissue, below it air, foam or gas: halfway between fat's -100 and lung's or foam's -700
and less."""

BONE_ABOVE_HU: Final = 250.0
"""Assumption: unlabelled voxels above this are bone: above trabecular bone's mean at any age (L1 226 HU below 30
years, Jang 2019, Radiology 291:360)."""

LEAST_TISSUE_MM: Final = 20.0
"""Assumption: what is thinner than this, seen from outside, is the table or a tube and not the patient."""

PREFERRED_ANGLE_DEG: Final = 47.0
"""Of ways that are equally free, the one nearest this angle from the sagittal plane is taken: the mean angle to the
centre of the nucleus is 40, 47 and 52 degrees at L3-4, L4-5 and L5-S1 (Rajagopal, MRI, n=102)."""

_STEP_MM, _REACH_MM = 0.5, 220.0
_RING = 8
_BLOCKING = np.zeros(256, dtype=np.bool_)
_BLOCKING[[*BONES, *ORGANS]] = True


@dataclass(frozen=True, slots=True)
class Search:
    """The ways that are tried.

    Parameters
    ----------
    angles_deg
        Angles from the sagittal plane: first, last, step.
    tilts_deg
        Angles out of the disc's plane: first, last, step; + with the entry headward of it.
    targets
        Points in the nucleus as shares of its half width (toward the needle's side) and half depth (backward).
    """

    angles_deg: tuple[float, float, float]
    tilts_deg: tuple[float, float, float]
    targets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)


USUAL: Final = Search((35.0, 60.0, 2.5), (-16.0, 16.0, 2.0))
"""What is tried first: the clinic's 35 to 60 degrees, to the centre of the nucleus, as far off its plane as the disc
is high."""

OFF_CENTRE: Final = Search(
    (30.0, 62.5, 2.5),
    (-8.0, 8.0, 2.0),
    ((0.35, 0.0), (0.35, 0.35), (0.35, -0.35), (0.7, 0.0), (0.7, 0.2), (0.7, -0.35), (0.0, -0.35)),
)
"""What is tried next: the near side and the front of the nucleus, which a way past a large facet joint reaches more
easily (entries to the lateral nucleus lie 32 to 60 mm from the midline: Rajagopal, MRI, n=102)."""

TILTED: Final = Search((20.0, 70.0, 5.0), (-32.0, 32.0, 4.0), ((0.0, 0.0), *OFF_CENTRE.targets[:4]))
"""What is tried last, as where the iliac crest stands before L5-S1: ways tilted far headward or footward, steeper and
flatter."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fan:
    """Ways from targets (m, 3) outward along unit vectors (m, 3), with their angles (m,) in the disc's frame."""

    targets: FloatArray
    outward: FloatArray
    angles_deg: FloatArray
    tilts_deg: FloatArray

    def points(self, distances: FloatArray) -> FloatArray:
        """(m, n, 3) points of the ways at distances (n,) from their targets."""
        return np.asarray(self.targets[:, None] + distances[:, None] * self.outward[:, None])


def posterolateral(patient: Patient, level: Level, side: Side) -> Trajectory:
    """The freest straight way for the trocar's cannula from the skin of one side into the nucleus.

    Ways are tried over the angle from the sagittal plane and the tilt out of the disc's plane. One is rejected where
    its axis or surface meets bone, an organ or a vessel, where it passes nerve, sac or vessel nearer than
    `LEAST_CLEARANCE_MM` and one standard deviation of where that lies, where it is longer than the cannula, or where
    the volume ends before the skin. Of the rest the one with the largest least clearance, less that deviation, is
    taken; of equals (to 0.5 mm) the one nearest the disc's plane, then the one nearest `PREFERRED_ANGLE_DEG`. Where no
    way keeps the deviation too, those count that keep `LEAST_CLEARANCE_MM` alone; `Trajectory.keeps_deviation` says
    which it is. Needle bending is left out.

    Parameters
    ----------
    patient
        Who.
    level
        The disc.
    side
        The patient's side from which to enter.

    Raises
    ------
    InputError
        If the volume does not show the level, or nothing is free: with what stood in how many ways.
    """
    disc = disc_at(patient, level)
    # Ways that keep clear of where a nerve may lie come first; where none does, one clear of where it most likely lies.
    for deviations in (1.0, 0.0) if any(strand.uncertainty_mm for strand in patient.strands) else (0.0,):
        rejected: list[Rejection] = []
        for search in (USUAL, OFF_CENTRE, TILTED):
            fan = _fan(disc, side, search)
            judged = _judge(patient, fan, deviations)
            rejected += judged.rejections(fan)
            if not judged.all_blocked:
                return _trajectory(disc, side, fan, judged, tuple(rejected))
    counts = Counter(rejection.reason.split(" at ")[0].split(" within ")[0] for rejection in rejected)
    found = ", ".join(f"{name} in {count}" for name, count in counts.most_common(4))
    raise InputError(
        f"{level} from the {side}",
        f"no free way among {len(rejected)} tried (in the way: {found})",
        "a straight way from the skin to the nucleus",
        "Choose the other side or another level, or give entry and target yourself",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """For each way: the distance of the skin from the target, why it is rejected ("" if not), clearance and from
    what, and one standard deviation of where that lies."""

    skin_mm: FloatArray
    reasons: list[str]
    clearance_mm: FloatArray
    nearest: list[str]
    uncertainty_mm: FloatArray

    @property
    def all_blocked(self) -> bool:
        return all(self.reasons)

    def rejections(self, fan: _Fan) -> list[Rejection]:
        triples = zip(fan.angles_deg.tolist(), fan.tilts_deg.tolist(), self.reasons, strict=True)
        return [Rejection(angle, tilt, reason) for angle, tilt, reason in triples if reason]


def _fan(disc: DiscShape, side: Side, search: Search) -> _Fan:
    (a0, a1, da), (t0, t1, dt) = search.angles_deg, search.tilts_deg
    angles, tilts, which = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(a0, a1 + da / 2, da),
            np.arange(t0, t1 + dt / 2, dt),
            np.arange(len(search.targets)),
            indexing="ij",
        )
    )
    a, t = np.radians(angles), np.radians(tilts)
    outward = np.stack([side.sign * np.sin(a) * np.cos(t), np.cos(a) * np.cos(t), np.sin(t)], axis=-1)
    half = disc.nucleus_fraction * np.array([side.sign * disc.half_width_mm, disc.half_depth_mm])
    shifts = np.concatenate([np.array(search.targets) * half, np.zeros((len(search.targets), 1))], axis=1)
    targets = disc.nucleus_centre_mm + disc.patient_from_disc.directions(shifts)
    return _Fan(targets[which], disc.patient_from_disc.directions(outward), angles, tilts)


def _judge(patient: Patient, fan: _Fan, deviations: float) -> _Judged:
    """What stands in each way, with nerves kept clear of by that many standard deviations of where they lie."""
    volume = patient.volume
    radius_mm = instrument("trocar_cannula").outer_mm / 2.0
    points = fan.points(np.arange(0.0, _REACH_MM, _STEP_MM))
    labels, hu = volume.label_at(points), volume.hu_at(points)
    skin, reasons = _skin(volume, points, _tissue(labels, hu))
    _note(reasons, _met(labels, hu, skin))
    _note(reasons, _too_long(skin))
    clearance, nearest = np.full(len(points), ENOUGH_MM), ["bone"] * len(points)
    unsure = np.zeros(len(points))
    for number, (distance, strand) in _strands(patient, fan, skin, reasons).items():
        gap = distance - radius_mm
        clearance[number], nearest[number], unsure[number] = gap, strand.name, strand.uncertainty_mm
        if gap - deviations * strand.uncertainty_mm < LEAST_CLEARANCE_MM:
            reasons[number] = f"{strand.name} within {millimetres(max(gap, 0.0), strand.uncertainty_mm)}"
    for number in _open(reasons):
        beside = _beside(volume, fan, number, float(skin[number]), radius_mm)
        if beside < 0.0:
            reasons[number] = "bone beside the axis"
        elif beside < clearance[number] - unsure[number]:
            clearance[number], nearest[number], unsure[number] = beside, "bone", 0.0
    return _Judged(skin, reasons, clearance, nearest, unsure)


def _open(reasons: list[str]) -> list[int]:
    return [number for number, reason in enumerate(reasons) if not reason]


def _note(reasons: list[str], more: Sequence[str]) -> None:
    for number, reason in enumerate(more):
        reasons[number] = reasons[number] or reason


def _tissue(labels: UInt8Array, hu: FloatArray) -> BoolArray:
    """(m, n) whether samples lie in the body: by labels where these cover it, else by Hounsfield units."""
    by_hu = hu > TISSUE_ABOVE_HU
    covered = by_hu.any() and np.mean(labels[by_hu] != Structure.OUTSIDE) > 0.8
    return np.asarray(labels != Structure.OUTSIDE if covered else by_hu)


def _skin(volume: Volume, points: FloatArray, tissue: BoolArray) -> tuple[FloatArray, list[str]]:
    """(m,) distance of the skin from the target: the outer end of the outermost stretch of `LEAST_TISSUE_MM` of
    tissue."""
    window = int(LEAST_TISSUE_MM / _STEP_MM)
    total = np.cumsum(tissue, axis=1)
    full = np.zeros_like(tissue)
    full[:, window:] = total[:, window:] - total[:, :-window] == window
    last = tissue.shape[1] - 1 - np.argmax(full[:, ::-1], axis=1)
    beyond = np.minimum(last + 2, tissue.shape[1] - 1)
    index = volume.patient_from_index.indices(points[np.arange(len(points)), beyond])
    within = (index >= -0.5) & (index <= np.array(volume.size) - 0.5)
    reasons = [
        "no skin" if not found else "" if inside else "the volume ends before the skin"
        for found, inside in zip(np.asarray(full.any(axis=1)), np.asarray(within.all(axis=1)), strict=True)
    ]
    return (last + 0.5) * _STEP_MM, reasons


def _met(labels: UInt8Array, hu: FloatArray, skin: FloatArray) -> list[str]:
    """What the needle's axis meets first on its way in, with its depth below the skin."""
    blocking = _blocks(labels, hu)
    blocking &= np.arange(labels.shape[1]) * _STEP_MM < skin[:, None]
    outermost = labels.shape[1] - 1 - np.argmax(blocking[:, ::-1], axis=1)
    return [
        f"{_word(labels[number, at])} at {skin[number] - at * _STEP_MM:.0f} mm" if blocking[number, at] else ""
        for number, at in enumerate(outermost)
    ]


def _blocks(labels: UInt8Array, hu: FloatArray) -> BoolArray:
    return np.asarray(_BLOCKING[labels] | ((labels == Structure.OUTSIDE) & (hu > BONE_ABOVE_HU)))


def _word(label: int) -> str:
    return "bone" if label == Structure.OUTSIDE else in_words(Structure(label))


def _too_long(skin: FloatArray) -> list[str]:
    length_mm = instrument("trocar_cannula").length_mm
    return [f"cannula of {length_mm:.0f} mm too short at {far:.0f} mm" if far > length_mm else "" for far in skin]


def _strands(patient: Patient, fan: _Fan, skin: FloatArray, reasons: list[str]) -> dict[int, tuple[float, Strand]]:
    """Distance of the axis from the nearest strand, each counted nearer by its deviation, for the ways still open."""
    chosen = np.array(_open(reasons), dtype=np.int64)
    if not patient.strands or not len(chosen):
        return {}
    entries = fan.targets[chosen] + skin[chosen, None] * fan.outward[chosen]
    apart = strand_distances_mm(patient.strands, entries, fan.targets[chosen])
    least = np.argmin(apart - np.array([strand.uncertainty_mm for strand in patient.strands]), axis=1)
    return {
        int(number): (float(apart[row, strand]), patient.strands[strand])
        for row, (number, strand) in enumerate(zip(chosen, least, strict=True))
    }


def _beside(volume: Volume, fan: _Fan, number: int, skin_mm: float, radius_mm: float) -> float:
    """Clearance of the cannula's surface from what blocks, in steps of 1 mm up to `ENOUGH_MM`; -1 where it touches."""
    way = fan.outward[number]
    across = np.linalg.svd(way[None])[2][1:]
    turn = 2.0 * np.pi * np.arange(_RING) / _RING
    ring = np.cos(turn)[:, None] * across[0] + np.sin(turn)[:, None] * across[1]
    axis = fan.targets[number] + np.arange(0.0, skin_mm, 2.0 * _STEP_MM)[:, None] * way
    for gap in np.arange(0.0, ENOUGH_MM):
        points = axis + (radius_mm + gap) * ring[:, None]
        if _blocks(volume.label_at(points), volume.hu_at(points)).any():
            return float(gap - 1.0)
    return ENOUGH_MM


def _trajectory(disc: DiscShape, side: Side, fan: _Fan, judged: _Judged, rejected: tuple[Rejection, ...]) -> Trajectory:
    best = min(
        _open(judged.reasons),
        key=lambda number: (
            -np.floor(2.0 * (judged.clearance_mm[number] - judged.uncertainty_mm[number])),
            abs(fan.tilts_deg[number]),
            abs(fan.angles_deg[number] - PREFERRED_ANGLE_DEG),
        ),
    )
    target, outward, skin_mm = fan.targets[best], fan.outward[best], float(judged.skin_mm[best])
    entry = target + skin_mm * outward
    local = disc.patient_from_disc.inverse().points(entry)
    return Trajectory(
        disc.level,
        side,
        entry,
        target,
        angle_from_sagittal_deg=float(np.degrees(np.arcsin(abs(outward @ disc.patient_from_disc.rotation[:, 0])))),
        inclination_deg=float(np.degrees(np.arcsin(outward[2]))),
        from_midline_mm=float(abs(local[0])),
        annulus_mm=skin_mm - _outermost_inside(disc, target, outward),
        clearance_mm=float(judged.clearance_mm[best]),
        nearest=judged.nearest[best],
        rejected=rejected,
        uncertainty_mm=float(judged.uncertainty_mm[best]),
    )


def _outermost_inside(disc: DiscShape, target: FloatArray, outward: FloatArray) -> float:
    """Distance from the target at which the way leaves the disc, to 0.05 mm."""
    distances = np.arange(0.0, 2.0 * disc.half_width_mm, 0.05)
    points = disc.patient_from_disc.inverse().points(target + distances[:, None] * outward)
    outside = disc.depth_inside_mm(points) <= 0.0
    return float(distances[np.argmax(outside)])
