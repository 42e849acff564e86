"""A phantom's soft organs: muscles beside the spine, kidneys, liver, great vessels and colon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dekomp_sim.anatomy.labels import Side, Structure
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.anatomy.phantom.frames import Column
from dekomp_sim.anatomy.phantom.parts import Part, ellipsoid, tube
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.arrays import FloatArray
from dekomp_sim.geometry.rigid import Rigid


@dataclass(frozen=True, slots=True, eq=False)
class Organ:
    """One soft structure as parts, with its Hounsfield units and the spread of their texture."""

    structure: Structure
    hu: float
    texture_hu: float
    parts: list[Part]


def strand_parts(strand: Strand) -> list[Part]:
    """A strand's tubes between its stations."""
    wide = np.array([0.13, 0.97, 0.2])
    pairs = zip(strand.path_mm[:-1], strand.path_mm[1:], strand.radius_mm[:-1], strand.radius_mm[1:], strict=True)
    return [tube(a, b, (p, p, q, q), wide, 0.8) for a, b, p, q in pairs]


def organs(spec: PhantomSpec, column: Column) -> list[Organ]:
    """What is painted into the trunk before vessels, nerves and bones, in this order."""
    hu = spec.hu
    found = [Organ(Structure.ABDOMINAL_SOFT_TISSUE, hu.liver, 3.0, _liver())]
    for side in Side:
        left = side is Side.LEFT
        kidney = Structure.KIDNEY_LEFT if left else Structure.KIDNEY_RIGHT
        psoas = Structure.PSOAS_LEFT if left else Structure.PSOAS_RIGHT
        found += [
            Organ(Structure.FAT, hu.fat, 4.0, _paraspinal_fat(column, side.sign)),
            Organ(Structure.FAT, hu.fat, 5.0, _kidney(column, side, 9.0)),
            Organ(kidney, hu.kidney, 3.0, _kidney(column, side, 0.0)),
            Organ(Structure.QUADRATUS_LUMBORUM, hu.muscle, 5.0, _quadratus(column, side.sign)),
            Organ(psoas, hu.muscle, 5.0, _psoas(column, side.sign)),
            Organ(Structure.FAT, hu.fat, 3.0, _foraminal_fat(column, side.sign)),
        ]
    found.append(Organ(Structure.EPIDURAL_FAT, hu.fat, 3.0, _canal(column)))
    found += [Organ(Structure.LIGAMENTUM_FLAVUM, hu.ligament, 0.0, _flavum(column, side.sign)) for side in Side]
    return found


def _chain(points: FloatArray, radii: list[tuple[float, float]], wide: FloatArray, blend_mm: float = 4.0) -> list[Part]:
    return [
        tube(a, b, (*p, *q), wide, blend_mm)
        for a, b, p, q in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    ]


def _centres(column: Column) -> FloatArray:
    """(n, 3) vertebrae from T12 to L5, then the sacrum."""
    rows = [v.patient_from_vertebra.translation_mm for v in column.vertebrae.values()]
    return np.array([*rows, column.patient_from_sacrum.translation_mm])


def _liver() -> list[Part]:
    upright = Rigid.identity()
    return [ellipsoid([-70.0, -50.0, 198.0], (72.0, 74.0, 90.0), upright, 8.0)]


def _psoas(column: Column, sign: int) -> list[Part]:
    c = _centres(column)
    offsets = np.array([[24, 8, 0], [29, 7, 0], [35, 4, 0], [41, 0, 0], [47, -5, 0]], float)
    points = c[1:6] + offsets * [sign, 1.0, 1.0]
    tail = np.array([[sign * 58.0, -22.0, -62.0], [sign * 60.0, -52.0, -125.0]])
    radii = [(5.0, 6.0), (9.0, 12.0), (13.0, 17.0), (17.0, 21.0), (20.0, 22.0), (21.0, 20.0), (20.0, 18.0)]
    return _chain(np.concatenate([points, tail]), radii, np.array([0.0, 1.0, 0.0]))


def _quadratus(column: Column, sign: int) -> list[Part]:
    c = _centres(column)
    points = np.array([c[0] + [sign * 42.0, 34.0, 0.0], c[3] + [sign * 58.0, 27.0, 0.0], [sign * 72.0, 22.0, 2.0]])
    return _chain(points, [(8.0, 5.0), (19.0, 7.0), (22.0, 7.5)], np.array([0.0, 1.0, 0.0]))


def _paraspinal_fat(column: Column, sign: int) -> list[Part]:
    c = _centres(column)
    points = c[:6] + np.array([sign * 44.0, 12.0, 0.0])
    return _chain(points, [(26.0, 17.0)] * 6, np.array([0.0, 1.0, 0.0]))


def _kidney(column: Column, side: Side, margin_mm: float) -> list[Part]:
    lift = 8.0 if side is Side.LEFT else -6.0
    c = _centres(column)
    high, low = c[1] + [side.sign * 58.0, 6.0, 22.0 + lift], c[2] + [side.sign * 72.0, 3.0, -6.0 + lift]
    radii = (25.0 + margin_mm, 20.0 + margin_mm)
    return [tube(high, low, radii, (0.0, 1.0, 0.0), 4.0)]


def _foraminal_fat(column: Column, sign: int) -> list[Part]:
    parts = []
    for space in list(column.interspaces.values())[1:]:
        at = space.patient_from_disc.points
        low, high = -4.0, space.spec.posterior_height_mm / 2.0 + 7.0
        start = at([sign * 0.5 * space.half_width_mm, space.half_depth_mm + 4.0, (low + high) / 2.0 + 2.0])
        end = at([sign * 1.08 * space.half_width_mm, space.half_depth_mm, (low + high) / 2.0 - 1.0])
        parts.append(tube(start, end, (6.0, 10.0), space.patient_from_disc.rotation[:, 2], 3.0))
    return parts


def _canal(column: Column) -> list[Part]:
    points, radii = [], []
    for vertebra in column.vertebrae.values():
        spec = vertebra.spec
        y = 0.9 * vertebra.posterior_wall_mm + spec.canal_depth_mm / 2.0
        points.append(vertebra.patient_from_vertebra.points([0.0, y, 0.0]))
        radii.append((spec.canal_width_mm / 2.0, spec.canal_depth_mm / 2.0 + 1.0))
    for y, z in ((26.0, -5.0), (29.0, -60.0)):
        points.append(column.patient_from_sacrum.points([0.0, y, z]))
        radii.append((12.0, 9.0) if z > -20.0 else (8.0, 5.0))
    return _chain(np.array(points), radii, np.array([0.0, 1.0, 0.0]))


def _flavum(column: Column, sign: int) -> list[Part]:
    parts = []
    for space in list(column.interspaces.values())[1:]:
        at = space.patient_from_disc.points
        y = space.half_depth_mm + 17.0
        start = at([sign * 0.62 * space.spec.facet_offset_mm, y - 1.0, 0.0])
        end = at([sign * 1.5, y + 4.5, 0.0])
        parts.append(tube(start, end, (1.8, 9.0), space.patient_from_disc.rotation[:, 2], 1.0))
    return parts


def vessels_and_bowel(column: Column, retrorenal: bool = False) -> tuple[Strand, ...]:
    """Aorta and its bifurcation at L4, inferior vena cava and its confluence at L5, and the colon.

    `retrorenal` leads the descending colon behind the left kidney's lower pole. The aorta runs 3 mm before the discs
    (Kot 2022, Surg Radiol Anat 44:431) and divides at L4 (AJR 182:1295).
    """
    fronts = {
        name: space.patient_from_disc.points([0.0, -space.half_depth_mm, 0.0])
        for name, space in column.interspaces.items()
    }
    spine = np.array([fronts[n] for n in ("T11-T12", "T12-L1", "L1-L2", "L2-L3", "L3-L4")])
    l4 = column.vertebrae["L4"].patient_from_vertebra.points([0.0, -16.5, -6.0])
    down = np.stack([*spine, l4])
    aorta = down + np.array([7.0, -12.0, 0.0])
    aorta[-1, 0] -= 3.0
    cava = np.stack([*down[1:], fronts["L4-L5"] - np.array([-4.0, 0.0, 10.0])]) + np.array([-16.0, -10.0, 0.0])
    fork, confluence = aorta[-1], cava[-1]
    promontory = column.patient_from_sacrum.points([0.0, -17.0, 0.0])
    strands = [
        Strand("abdominal aorta", Structure.AORTA, aorta, np.linspace(9.5, 8.5, len(aorta))),
        Strand("inferior vena cava", Structure.INFERIOR_VENA_CAVA, cava, np.full(len(cava), 9.5)),
    ]
    for side in Side:
        left = side is Side.LEFT
        artery = np.array(
            [fork, promontory + np.array([side.sign * 32.0, -14.0, 2.0]), [side.sign * 44.0, -50.0, -118.0]]
        )
        vein = np.array(
            [confluence, promontory + np.array([side.sign * 34.0, -2.0, -4.0]), [side.sign * 40.0, -42.0, -118.0]]
        )
        strands += [
            Strand(
                f"{side} common iliac artery",
                Structure.ILIAC_ARTERY_LEFT if left else Structure.ILIAC_ARTERY_RIGHT,
                artery,
                np.array([6.0, 5.5, 4.5]),
                side=side,
            ),
            Strand(
                f"{side} common iliac vein",
                Structure.ILIAC_VEIN_LEFT if left else Structure.ILIAC_VEIN_RIGHT,
                vein,
                np.array([7.0, 6.5, 6.0]),
                side=side,
            ),
        ]
    return (*strands, *_colon(retrorenal))


def _colon(retrorenal: bool) -> tuple[Strand, ...]:
    """Ascending, transverse and descending colon with haustra every 26 mm."""
    runs = {
        "ascending colon": (_ASCENDING_MM, 20.0, Side.RIGHT),
        "transverse colon": (_TRANSVERSE_MM, 18.0, None),
        "descending colon": (_RETRORENAL_MM if retrorenal else _DESCENDING_MM, 14.0, Side.LEFT),
    }
    strands = []
    for name, (stations, radius, side) in runs.items():
        path = _resampled(np.array(stations, float), 5.5)
        at = 5.5 * np.arange(len(path))
        pouch = 0.13 * np.cos(2.0 * np.pi * at / 29.0) + 0.10 * np.cos(2.0 * np.pi * at / 71.0 + 1.0)
        path[1:-1] += np.stack([3.0 * np.sin(at / 17.0), 2.5 * np.sin(at / 23.0 + 2.0), 0.0 * at], axis=1)[1:-1]
        strands.append(Strand(name, Structure.COLON, path, radius * (1.0 + pouch), side=side))
    return tuple(strands)


_ASCENDING_MM = (
    (-56.0, -64.0, -88.0),
    (-70.0, -62.0, -40.0),
    (-88.0, -48.0, 14.0),
    (-106.0, -28.0, 50.0),
    (-102.0, -30.0, 84.0),
)
_TRANSVERSE_MM = (
    (-98.0, -58.0, 86.0),
    (-55.0, -96.0, 60.0),
    (0.0, -106.0, 46.0),
    (55.0, -96.0, 72.0),
    (100.0, -50.0, 110.0),
)
_DESCENDING_MM = (
    (112.0, -22.0, 112.0),
    (116.0, -20.0, 62.0),
    (96.0, -42.0, 16.0),
    (78.0, -55.0, -34.0),
    (48.0, -68.0, -100.0),
)
_RETRORENAL_MM = (
    (112.0, -22.0, 112.0),
    (100.0, 8.0, 88.0),
    (88.0, 20.0, 60.0),
    (82.0, 12.0, 32.0),
    (72.0, -24.0, 0.0),
    (66.0, -48.0, -34.0),
    (48.0, -68.0, -100.0),
)
"""Axes of the colon's parts, mm from the L4-L5 disc. Assumption: drawn after CT of prone adults."""


def _resampled(path: FloatArray, step_mm: float) -> FloatArray:
    """The polyline (n, 3) at about even steps."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0.0, lengths[-1], max(2, round(lengths[-1] / step_mm)))
    return np.stack([np.interp(at, lengths, column) for column in path.T], axis=1)
