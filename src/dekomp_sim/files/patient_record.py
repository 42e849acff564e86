"""What patient.yaml says: checks and levels of an import, and what a person corrected of it.

Written and read by `files.patients`; here are its words, and the discs, nerves and herniation that they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from dekomp_sim import __version__
from dekomp_sim.anatomy.corrections import Corrections, checked
from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.anatomy.suitability.acquisition import Posture
from dekomp_sim.anatomy.suitability.checks import Check
from dekomp_sim.anatomy.suitability.spine import Finding
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.geometry.rigid import Rigid

RECORD_FORMAT: Final = 2
"""Grows whenever older readers would misunderstand a record. 2: nerves and a herniation may be the patient's own."""

SIZES_MM: Final = (0.5, 80.0)
"""Sizes that a disc of a record may have: anything a person could mean."""

Point = tuple[float, float, float]


class Placed(StrEnum):
    """Who put something where it is."""

    AUTO = "auto"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class DiscRecord:
    """A disc as its record tells it: places and directions in patient LPS mm; sizes as `DiscShape` has them."""

    centre_mm: Point
    up: Point
    back: Point
    half_width_mm: float
    half_depth_mm: float
    height_anterior_mm: float
    height_posterior_mm: float
    concavity_mm: float
    nucleus_fraction: float
    placed: Placed = Placed.AUTO


@dataclass(frozen=True, slots=True)
class NerveRecord:
    """A nerve that a person moved: its stations, and how far the farthest of them is from where it was laid."""

    name: str
    path_mm: tuple[Point, ...]
    moved_mm: float = 0.0
    placed: Placed = Placed.EDITED


@dataclass(frozen=True, slots=True)
class HerniationRecord:
    """The patient's own herniation, which takes the place of a scenario's at its level; fields as of `Protrusion`."""

    level: Level
    side: Side
    azimuth_deg: float
    depth_mm: float
    width_deg: float
    placed: Placed = Placed.EDITED


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level: whether its disc is sure, what is doubtful, and the disc where there is one."""

    level: Level
    sure: bool
    doubts: tuple[str, ...] = ()
    disc: DiscRecord | None = None


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What patient.yaml holds.

    Parameters
    ----------
    notice
        That it is for simulation.
    format, dekomp_sim
        Version of the record, and of what wrote it.
    voxels_sha256
        Of volume and labels, by which it is seen that they belong to this record.
    posture, posture_limits
        How the patient was scanned, and what follows from it.
    nerves_uncertainty_mm
        Standard deviation of where a nerve lies.
    checks
        What was looked at.
    levels
        From L1-L2 to L5-S1.
    nerves
        Those that a person moved.
    herniation
        The patient's own, or None where the scenario says where it is.
    """

    notice: str
    format: int
    dekomp_sim: str
    voxels_sha256: str
    posture: Posture
    posture_limits: str
    nerves_uncertainty_mm: float
    checks: tuple[Check, ...]
    levels: tuple[LevelRecord, ...]
    nerves: tuple[NerveRecord, ...] = ()
    herniation: HerniationRecord | None = None


def corrections_of(where: str, record: PatientRecord) -> Corrections:
    """The discs, nerves and herniation that a record tells.

    Raises
    ------
    InputError, OutOfRangeError
        If one of them is none.
    """
    discs = {one.level: _shape(where, one.level, one.disc) for one in record.levels if one.disc is not None}
    own = record.herniation
    herniation = None
    if own is not None:
        if own.level not in discs:
            raise InputError(f"{where}: herniation", f"level {own.level}", ", ".join(discs))
        herniation = own.level, checked(Protrusion(own.side, own.azimuth_deg, own.depth_mm, own.width_deg))
    paths = {nerve.name: np.array(nerve.path_mm) for nerve in record.nerves}
    placed = Corrections(discs, paths, herniation, record.nerves_uncertainty_mm)
    placed.strands()  # says which nerve is none
    return placed


def corrected(record: PatientRecord, placed: Corrections, found: Mapping[Level, DiscShape]) -> PatientRecord:
    """The record with what a person corrected; `found` are the discs as the import finds them.

    A disc counts as edited where it differs from the one found, a nerve where it was moved by hand.
    """
    laid = {strand.name: strand.path_mm for strand in replace(placed, paths={}).strands()}
    nerves = tuple(
        NerveRecord(name, tuple(_rounded(at, 3) for at in path), round(_farthest_mm(path, laid[name]), 3))
        for name, path in placed.paths.items()
    )
    levels = tuple(
        one if one.disc is None else replace(one, disc=_compared(placed.discs[one.level], found.get(one.level)))
        for one in record.levels
    )
    own = placed.herniation
    herniation = own and HerniationRecord(
        own[0], own[1].side, round(own[1].azimuth_deg, 3), round(own[1].depth_mm, 3), round(own[1].width_deg, 3)
    )
    return replace(
        record, format=RECORD_FORMAT, dekomp_sim=__version__, levels=levels, nerves=nerves, herniation=herniation
    )


def _compared(disc: DiscShape, found: DiscShape | None) -> DiscRecord:
    told = _recorded(disc)
    same = found is not None and told == _recorded(found)
    return replace(told, placed=Placed.AUTO if same else Placed.EDITED)


def _farthest_mm(path: FloatArray, laid: FloatArray) -> float:
    return float(np.linalg.norm(path - laid, axis=1).max())


def level_of(found: Finding) -> LevelRecord:
    """The record of what was found of a level."""
    return LevelRecord(found.level, found.sure, found.doubts, None if found.disc is None else _recorded(found.disc))


def _recorded(disc: DiscShape) -> DiscRecord:
    frame = disc.patient_from_disc
    return DiscRecord(
        _rounded(frame.translation_mm, 3),
        _rounded(frame.rotation[:, 2], 5),
        _rounded(frame.rotation[:, 1], 5),
        round(disc.half_width_mm, 3),
        round(disc.half_depth_mm, 3),
        round(disc.height_anterior_mm, 3),
        round(disc.height_posterior_mm, 3),
        round(disc.concavity_mm, 3),
        disc.nucleus_fraction,
    )


def _rounded(values: Any, digits: int) -> Point:
    x, y, z = (round(float(value), digits) + 0.0 for value in values)
    return x, y, z


def _shape(record: str, level: Level, disc: DiscRecord) -> DiscShape:
    where = f"{record}: {level}"
    sizes = {name: getattr(disc, name) for name in
             ("half_width_mm", "half_depth_mm", "height_anterior_mm", "height_posterior_mm")}  # fmt: skip
    for name, value in sizes.items():
        if not SIZES_MM[0] <= value <= SIZES_MM[1]:
            raise InputError(where, f"{name}: {value:g}", f"{SIZES_MM[0]:g} to {SIZES_MM[1]:g} mm")
    try:
        frame = Rigid.from_axes(disc.centre_mm, disc.up, disc.back)
    except ValueError:
        raise InputError(where, "up and back along one line, or 0", "two directions that differ") from None
    return DiscShape(level, frame, **sizes, concavity_mm=disc.concavity_mm, nucleus_fraction=disc.nucleus_fraction)
