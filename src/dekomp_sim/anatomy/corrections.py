"""What a person corrects of a scan's landmarks: discs by their endplates, nerves by their stations, the herniation.

A CT does not show nerves and shows a herniation badly; who knows better, from an MRI or from the slices, puts them
where they are. What nobody touched stays as it was found, and nerves go with their discs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level, Side, Structure
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM, ganglion_on, lay_nerves
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry.rigid import Rigid

THICKNESS_MM: Final = (2.0, 25.0)
"""Height of a disc in its middle. Assumption: anything between a collapsed and a tall disc with its concavity."""

DEPTH_MM: Final = (0.5, 15.0)
"""Depth of a protrusion. Assumption: an extrusion seldom reaches deeper than the canal, 15 to 17 mm."""

AZIMUTH_DEG: Final = (0.0, 110.0)
"""Azimuth of a protrusion's apex: from the midline to before the foramen."""

WIDTH_DEG: Final = (10.0, 90.0)
"""Width of a protrusion at half its height. Assumption: above a quarter of the rim it is a bulge."""

SAC_REACH_MM: Final = 45.0
"""How far from a disc's middle the sac's stations are counted to its level."""

NEW: Final = Protrusion(Side.LEFT)
"""The protrusion that is offered first: posterolateral, of usual size."""


class Part(StrEnum):
    """What of a landmark is taken hold of."""

    DISC = "disc"
    UPPER = "upper endplate"
    LOWER = "lower endplate"
    APEX = "herniation"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Handle:
    """A point that may be moved.

    Parameters
    ----------
    part
        What it belongs to.
    owner
        The level of a disc, or the name of a nerve.
    number
        Which station of a nerve, from 0; 0 for others.
    """

    part: Part
    owner: str
    number: int = 0

    @property
    def words(self) -> str:
        """As a person says it."""
        return f"{self.owner}, {self.number + 1}" if self.part is Part.STATION else f"{self.owner} {self.part}"


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """Discs, the nerves that were moved by hand, and the herniation.

    Parameters
    ----------
    discs
        By level, without protrusions.
    paths
        By name, (n, 3) stations of the nerves moved by hand, patient frame.
    herniation
        Level and shape of the one that this patient has, or None where the scenario says where it is.
    uncertainty_mm
        Standard deviation of where nerves lie.
    """

    discs: Mapping[Level, DiscShape]
    paths: Mapping[str, FloatArray] = field(default_factory=dict)
    herniation: tuple[Level, Protrusion] | None = None
    uncertainty_mm: float = UNSEEN_NERVE_SD_MM

    def __post_init__(self) -> None:
        object.__setattr__(self, "discs", MappingProxyType(dict(self.discs)))
        paths = {name: frozen(path) for name, path in self.paths.items()}
        object.__setattr__(self, "paths", MappingProxyType(paths))

    def strands(self) -> tuple[Strand, ...]:
        """The nerves as laid from the discs, those moved by hand where they were put; ganglia go with their roots.

        Raises
        ------
        InputError
            If a nerve that was moved is none of these discs', or has another number of stations.
        """
        laid = {strand.name: strand for strand in lay_nerves(self.discs)}
        for name, path in self.paths.items():
            if name not in laid or laid[name].structure is Structure.GANGLION:
                raise InputError(f"nerve {name}", "no such nerve", ", ".join(movable(laid.values())))
            if path.shape != laid[name].path_mm.shape:
                found, allowed = f"{len(path)} stations", f"{len(laid[name].path_mm)} stations of three numbers"
                raise InputError(f"nerve {name}", found, allowed)
            laid[name] = replace(laid[name], path_mm=path)
            ganglion = name.replace("exiting root", "ganglion")
            if ganglion != name and ganglion in laid:
                laid[ganglion] = ganglion_on(laid[ganglion], path)
        return tuple(replace(strand, uncertainty_mm=self.uncertainty_mm) for strand in laid.values())

    def with_protrusions(self, others: Mapping[Level, Protrusion]) -> dict[Level, Protrusion]:
        """Herniations by level: a scenario's, and this patient's own, which is kept at its level."""
        return {**others, **(dict([self.herniation]) if self.herniation else {})}


def movable(strands: Iterable[Strand]) -> list[str]:
    """Names of the nerves that may be moved: a ganglion goes with its root."""
    return [strand.name for strand in strands if strand.structure is not Structure.GANGLION]


def handles(placed: Corrections, level: Level) -> dict[Handle, FloatArray]:
    """The points (3,) about a level that may be moved, patient frame."""
    found: dict[Handle, FloatArray] = {}
    disc = placed.discs.get(level)
    if disc is not None:
        upper, lower = endplates_mm(disc)
        found[Handle(Part.DISC, level)] = disc.patient_from_disc.translation_mm
        found[Handle(Part.UPPER, level)], found[Handle(Part.LOWER, level)] = upper, lower
        if placed.herniation and placed.herniation[0] is level:
            found[Handle(Part.APEX, level)] = apex_mm(disc, placed.herniation[1])
    strands = [strand for strand in placed.strands() if strand.structure is not Structure.GANGLION]
    for strand in sorted(strands, key=lambda strand: strand.side is None):  # the sac last
        if _passes(strand, level):
            found |= {
                Handle(Part.STATION, strand.name, number): at
                for number, at in enumerate(strand.path_mm)
                if strand.side is not None or _near(disc, at)
            }
    return found


def _near(disc: DiscShape | None, at_mm: FloatArray) -> bool:
    """Whether a point of the sac is one of this level's."""
    return disc is not None and float(np.linalg.norm(at_mm - disc.patient_from_disc.translation_mm)) < SAC_REACH_MM


def _passes(strand: Strand, level: Level) -> bool:
    """Whether a nerve is one of a level's: the exiting root there, the traversing one behind its disc, or the sac."""
    below = level.vertebra_below.name.removeprefix("VERTEBRA_")
    return (
        strand.side is None
        or (strand.level is level and "exiting" in strand.name)
        or (strand.name.endswith(f"{below} traversing root"))
    )


def moved(placed: Corrections, handle: Handle, to_mm: FloatArray, whole: bool = False) -> Corrections:
    """With a point moved.

    A disc's middle takes its endplates along; an endplate's middle turns the disc and makes it higher or lower; a
    station of a nerve is moved alone, or with `whole` the nerve as it is.

    Raises
    ------
    InputError, OutOfRangeError
        If there is no such point, or a disc or protrusion would come out as none.
    """
    if handle.part is Part.STATION:
        return _with_station(placed, handle, to_mm, whole)
    level = Level(handle.owner)
    if level not in placed.discs:
        raise InputError(f"level {level}", "no disc", ", ".join(placed.discs))
    disc = placed.discs[level]
    if handle.part is Part.APEX:
        if placed.herniation is None or placed.herniation[0] is not level:
            raise InputError(f"level {level}", "no herniation", "one that was placed there")
        return replace(placed, herniation=(level, reaching(disc, placed.herniation[1], to_mm)))
    return replace(placed, discs={**placed.discs, level: _with_endplates(disc, handle.part, to_mm)})


def _with_station(placed: Corrections, handle: Handle, to_mm: FloatArray, whole: bool) -> Corrections:
    paths = {strand.name: strand.path_mm for strand in placed.strands() if strand.structure is not Structure.GANGLION}
    if handle.owner not in paths or handle.number >= len(paths[handle.owner]):
        raise InputError(f"nerve {handle.words}", "no such station", ", ".join(paths))
    path = paths[handle.owner].copy()
    shift = np.asarray(to_mm) - path[handle.number]
    if whole:
        path += shift
    else:
        path[handle.number] += shift
    return replace(placed, paths={**placed.paths, handle.owner: path})


def endplates_mm(disc: DiscShape) -> tuple[FloatArray, FloatArray]:
    """Middles (3,) of the upper and the lower endplate, patient frame."""
    half = float(disc.height_mm(np.zeros(3))) / 2.0
    return disc.patient_from_disc.points([0.0, 0.0, half]), disc.patient_from_disc.points([0.0, 0.0, -half])


def _with_endplates(disc: DiscShape, part: Part, to_mm: FloatArray) -> DiscShape:
    frame = disc.patient_from_disc
    if part is Part.DISC:
        return replace(disc, patient_from_disc=Rigid(frame.rotation, to_mm))
    upper, lower = endplates_mm(disc)
    before = float(np.linalg.norm(upper - lower))
    upper, lower = (to_mm, lower) if part is Part.UPPER else (upper, to_mm)
    up = np.asarray(upper) - np.asarray(lower)
    height = float(np.linalg.norm(up))
    least, most = THICKNESS_MM
    if not least <= height <= most or up @ frame.rotation[:, 2] <= 0.0:
        raise OutOfRangeError(f"{disc.level} height", f"{height:.1f} mm", f"{least:g} to {most:g} mm, head above feet")
    grown = height - before
    return replace(
        disc,
        patient_from_disc=Rigid(_tilted(frame.rotation, up / height), (np.asarray(upper) + np.asarray(lower)) / 2.0),
        height_anterior_mm=disc.height_anterior_mm + grown,
        height_posterior_mm=disc.height_posterior_mm + grown,
    )


def _tilted(rotation: FloatArray, up: FloatArray) -> FloatArray:
    """A disc's axes (3, 3) turned the shortest way until its normal is `up` (3,): turned back, they are as before."""
    across = np.cross(rotation[:, 2], up)
    sine = float(np.linalg.norm(across))
    if sine == 0.0:
        return rotation
    angle_deg = math.degrees(math.atan2(sine, float(rotation[:, 2] @ up)))
    return Rigid.about_axis(across, angle_deg).rotation @ rotation


def apex_mm(disc: DiscShape, protrusion: Protrusion) -> FloatArray:
    """(3,) the outermost point of a protrusion, patient frame."""
    turn = np.radians(protrusion.azimuth_deg)
    way = np.array([protrusion.side.sign * np.sin(turn), np.cos(turn), 0.0])
    low, high = 0.0, 150.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _beyond_mm(disc, middle * way) < protrusion.depth_mm else (low, middle)
    return disc.patient_from_disc.points(low * way)


def _beyond_mm(disc: DiscShape, at_mm: FloatArray) -> float:
    """How far a point (3,) of the disc's frame lies beyond its intact outline, along the radius."""
    radius = float(np.hypot(at_mm[0], at_mm[1]))
    return radius - radius / max(float(disc.rim(at_mm)), 1e-6)


def reaching(disc: DiscShape, protrusion: Protrusion, to_mm: FloatArray) -> Protrusion:
    """The protrusion with its apex where a point (3,) of the patient frame lies, seen along the disc's normal.

    Raises
    ------
    OutOfRangeError
        If the point lies before the disc's sides, within its outline or too far out.
    """
    at = disc.patient_from_disc.inverse().points(to_mm)
    side = Side.LEFT if at[0] >= 0.0 else Side.RIGHT
    azimuth = float(np.degrees(np.arctan2(abs(at[0]), at[1])))
    depth = _beyond_mm(disc, at)
    return checked(replace(protrusion, side=side, azimuth_deg=azimuth, depth_mm=depth))


def checked(protrusion: Protrusion) -> Protrusion:
    """The protrusion itself.

    Raises
    ------
    OutOfRangeError
        If its sizes are none of a herniation's.
    """
    ranges = {"azimuth_deg": AZIMUTH_DEG, "depth_mm": DEPTH_MM, "width_deg": WIDTH_DEG}
    for name, (least, most) in ranges.items():
        value = getattr(protrusion, name)
        if not least <= value <= most:
            raise OutOfRangeError(f"herniation {name}", f"{value:.1f}", f"{least:g} to {most:g}")
    return protrusion
