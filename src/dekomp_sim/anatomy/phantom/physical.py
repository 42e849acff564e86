"""A physical training phantom as a person describes it: bodies or voxels, what they are made of, and where discs are.

Its twin is a patient like a scan's: Hounsfield units follow from the materials, discs from points, and the rest of the
body is named by Hounsfield units. A block of gelatin has no nerves; those of its twin are laid from the discs.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Len, MinLen

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import VERTEBRAE, Level, Structure
from dekomp_sim.anatomy.landmarks import find_landmarks
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.tissues import with_tissues
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.geometry.rigid import Rigid
from dekomp_sim.matter import (
    CT_EFFECTIVE_KEV,
    DENSITY_G_CM3,
    PURE_MINERAL_HU,
    Substance,
    hounsfield_units,
    known_elements,
    mass_attenuation_cm2_g,
    mixture_attenuation_cm2_g,
)

Point = tuple[float, float, float]

WHOLE: Final = (0.99, 1.01)
"""What weight fractions may add up to, for tables that are rounded."""

AIR_HU: Final = -1000


class Unit(StrEnum):
    """In what the numbers of a surface file are meant."""

    MM = "mm"
    CM = "cm"
    M = "m"

    @property
    def in_mm(self) -> float:
        """One of it."""
        return {"mm": 1.0, "cm": 10.0, "m": 1000.0}[self.value]


@dataclass(frozen=True, slots=True)
class Mixture:
    """A material by its density and elements by weight, as {H: 0.11, O: 0.89}."""

    density_g_cm3: Annotated[float, Gt(0.0), Le(5.0)]
    weight_fractions: Mapping[str, Annotated[float, Gt(0.0), Le(1.0)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What something is made of: one of a substance, a mixture, or the Hounsfield units that a scanner showed.

    Parameters
    ----------
    material, mixture, hu
        One of the three.
    density_g_cm3
        Of the substance, where it is not the usual one.
    structure
        What it stands for: a vertebra as L4, or a structure as sacrum; by Hounsfield units where empty.
    """

    material: Substance | None = None
    mixture: Mixture | None = None
    hu: Annotated[int, Ge(AIR_HU), Le(PURE_MINERAL_HU)] | None = None
    density_g_cm3: Annotated[float, Gt(0.0), Le(5.0)] | None = None
    structure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Material):
    """A closed surface in an STL file beside the specification, filled with a material."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledVoxels(Material):
    """What the voxels of a label number are made of."""

    label: Annotated[int, Ge(1), Le(255)]


@dataclass(frozen=True, slots=True)
class VoxelsSpec:
    """A label map beside the specification and what its labels are made of; 0 is air."""

    file: str
    materials: Annotated[tuple[LabelledVoxels, ...], MinLen(1)]


@dataclass(frozen=True, slots=True)
class DiscPoints:
    """A disc by points of the phantom, patient mm (x left, y back, z head).

    Parameters
    ----------
    level
        Which.
    upper_mm, lower_mm
        Middles of the faces above and below it.
    width_mm, depth_mm
        Across the patient, and from front to back.
    back
        Direction toward the back.
    """

    level: Level
    upper_mm: Point
    lower_mm: Point
    width_mm: Annotated[float, Ge(20.0), Le(80.0)]
    depth_mm: Annotated[float, Ge(15.0), Le(60.0)]
    back: Point = (0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class PhysicalSpec:
    """What a physical phantom's file says.

    Parameters
    ----------
    physical
        Version of this format: 1.
    name
        Of the phantom.
    bodies, unit
        Closed surfaces in the order in which later ones displace earlier ones, and in what they are measured.
    voxels
        A label map instead.
    voxel_mm
        Edge of the voxels that surfaces are turned into.
    discs
        Where discs are; without them they are found between vertebrae that are named.
    """

    physical: Literal[1]
    name: Annotated[str, Len(1, 60)]
    bodies: tuple[Body, ...] = ()
    unit: Unit = Unit.MM
    voxels: VoxelsSpec | None = None
    voxel_mm: Annotated[float, Ge(0.3), Le(3.0)] = 1.0
    discs: tuple[DiscPoints, ...] = field(default=())

    @property
    def materials(self) -> tuple[Material, ...]:
        """Everything that it is made of."""
        return self.bodies if self.voxels is None else self.voxels.materials


def hounsfield_of(made_of: Material, where: str) -> int:
    """Hounsfield units of a material.

    Raises
    ------
    InputError, OutOfRangeError
        If it is not said what it is, an element is unknown, or it is a metal.
    """
    given = [one for one in (made_of.material, made_of.mixture, made_of.hu) if one is not None]
    if len(given) != 1:
        found = "nothing of what it is made" if not given else "more than one word of what it is made"
        raise InputError(where, found, "one of material, mixture and hu")
    if made_of.hu is not None:
        return made_of.hu
    if made_of.mixture is not None:
        value = _of_mixture(made_of.mixture, where)
    else:
        assert made_of.material is not None
        mass = float(mass_attenuation_cm2_g(made_of.material, [CT_EFFECTIVE_KEV])[0])
        value = hounsfield_units(mass, made_of.density_g_cm3 or DENSITY_G_CM3[made_of.material])
    if value > PURE_MINERAL_HU:
        found = f"a material of {value:.0f} HU"
        raise OutOfRangeError(where, found, f"up to {PURE_MINERAL_HU} HU, solid bone mineral: metals are instruments'")
    return round(value)


def _of_mixture(mixture: Mixture, where: str) -> float:
    known = known_elements()
    for element in mixture.weight_fractions:
        if element not in known:
            near = difflib.get_close_matches(element.capitalize(), known, n=1, cutoff=0.1)
            raise InputError(where, f"the element {element}", ", ".join(known), f"Is it {near[0]}?" if near else "")
    total = sum(mixture.weight_fractions.values())
    if not WHOLE[0] <= total <= WHOLE[1]:
        raise OutOfRangeError(where, f"weight fractions that add up to {total:.3f}", "1")
    fractions = {element: part / total for element, part in mixture.weight_fractions.items()}
    return hounsfield_units(mixture_attenuation_cm2_g(fractions, CT_EFFECTIVE_KEV), mixture.density_g_cm3)


def structure_of(made_of: Material, where: str) -> Structure:
    """The structure that a material stands for; OUTSIDE, which is named by Hounsfield units, where it says none.

    Raises
    ------
    InputError
        If there is no structure of that name.
    """
    if not made_of.structure:
        return Structure.OUTSIDE
    words = {one.name.lower().removeprefix("vertebra_"): one for one in Structure if one is not Structure.OUTSIDE}
    wanted = made_of.structure.lower().replace(" ", "_").removeprefix("vertebra_")
    if wanted not in words:
        near = difflib.get_close_matches(wanted, words, n=1, cutoff=0.4)
        remedy = f"The nearest is {near[0]}" if near else "Leave it out: it is then named by its Hounsfield units"
        allowed = "T11 to L5, S1, or a structure as sacrum, muscle, fat, skin, aorta"
        raise InputError(where, f"structure: {made_of.structure}", allowed, remedy)
    return words[wanted]


def physical_patient(
    spec: PhysicalSpec, volume: Volume, protrusions: Mapping[Level, Protrusion], digest: str
) -> Patient:
    """The patient that a phantom's voxels and points make.

    Parameters
    ----------
    spec
        Gives the discs, or none where they are found between named vertebrae.
    volume
        Hounsfield units with the structures that are named.
    protrusions
        Herniations by level, of the scenario.
    digest
        SHA-256 of what it is made from.

    Raises
    ------
    InputError
        If it has no disc, or not those of `protrusions`.
    """
    discs = {points.level: _shape(points) for points in spec.discs} or dict(find_landmarks(volume).discs)
    for level in protrusions:
        if level not in discs:
            raise InputError(f"{spec.name}: level {level}", f"no {level} disc in this phantom", ", ".join(discs))
    shaped = {level: replace(disc, protrusion=protrusions.get(level)) for level, disc in discs.items()}
    named = with_tissues(volume, shaped.values(), _bodies_mm(volume, shaped))
    return Patient(spec.name, named, MappingProxyType(shaped), lay_nerves(discs), digest)


def _shape(points: DiscPoints) -> DiscShape:
    upper, lower = np.array(points.upper_mm), np.array(points.lower_mm)
    height = float(np.linalg.norm(upper - lower))
    if not 2.0 <= height <= 25.0:
        raise OutOfRangeError(f"disc {points.level}: upper_mm to lower_mm", f"{height:.1f} mm", "2 to 25 mm")
    try:
        frame = Rigid.from_axes((upper + lower) / 2.0, upper - lower, points.back)
    except ValueError:
        allowed = "a direction across the way from lower_mm to upper_mm"
        raise InputError(f"disc {points.level}", f"back: {points.back}", allowed) from None
    half_depth = points.depth_mm / (1.0 + 1.0 / 1.12)  # the outline is flattened behind: see DiscShape.rim
    middle = frame.points([0.0, half_depth - points.depth_mm / 2.0, 0.0])
    frame = Rigid(frame.rotation, middle)
    return DiscShape(points.level, frame, points.width_mm / 2.0, half_depth, height, height, concavity_mm=0.0)


def _bodies_mm(volume: Volume, discs: Mapping[Level, DiscShape]) -> list[FloatArray]:
    """Middles of the vertebrae that are named, or of the discs: where the spine runs."""
    assert volume.labels is not None
    found = []
    for structure in VERTEBRAE:
        at = np.argwhere(volume.labels == structure)
        if len(at):
            found.append(volume.patient_from_index.points(np.median(at, axis=0)[::-1]))
    return found if len(found) > 1 else [disc.patient_from_disc.translation_mm for disc in discs.values()]
