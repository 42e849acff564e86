"""Rows about the built-in patient: sizes of discs, curve, corridors and what lies beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Patient, Side, Structure
from dekomp_sim.anatomy.nerves import ROOT_RADIUS_MM
from dekomp_sim.anatomy.phantom.bones import joint_of, superior_process
from dekomp_sim.anatomy.phantom.fields import part_distance
from dekomp_sim.anatomy.phantom.frames import stack
from dekomp_sim.anatomy.phantom.parts import rows
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.disc import Tissue, voxelise
from dekomp_sim.planning import Trajectory, posterolateral
from dekomp_sim.validation.row import Basis, Published, Row

ROOM: Final = "Spine of the built-in patient"

IRAN: Final = "MRI n=14, Anat J A-10-159-1"
TWO_SERIES: Final = "MRI n=14 (Anat J A-10-159-1) and n=106 (nepjol 40674; Shukri 2013)"
CORNELL: Final = "Weill Cornell MRI, pubid10929308"
RAJAGOPAL: Final = "Rajagopal, MRI n=102"
PAIRAITURKAR: Final = "Pairaiturkar, J Korean Neurosurg Soc 2019;62(4), MRI n=50"
CHA: Final = "Cha 2011, n=1653"

MIDDLE_HEIGHT_MM: Final = {
    Level.L1_L2: (7.89, 10.0), Level.L2_L3: (9.64, 11.59), Level.L3_L4: (10.71, 12.45), Level.L4_L5: (11.44, 13.82),
    Level.L5_S1: (10.56, 12.99),
}  # fmt: skip
"""Heights in the middle: lower and upper of the series' means."""

DEPTH_MM: Final = {
    Level.L1_L2: (30.23, 2.71), Level.L2_L3: (32.03, 2.43), Level.L3_L4: (32.86, 2.44), Level.L4_L5: (33.08, 2.37),
    Level.L5_S1: (31.33, 2.55),
}  # fmt: skip
"""Front to back: mean and standard deviation."""

CORRIDORS: Final = {
    Level.L3_L4: (64.0, 40.0, -3.0, 100.0),
    Level.L4_L5: (77.0, 47.0, 10.0, 105.0),
    Level.L5_S1: (85.0, 52.0, 27.0, 108.0),
}
"""To the nucleus's centre: entry from the midline in mm, angle from the sagittal plane and caudal inclination in
degrees, length in mm."""

CORRIDOR_MARGINS: Final = (
    ("from the midline", "mm", 15.0),
    ("angle from the sagittal plane", "deg", 9.0),
    ("caudal inclination", "deg", 9.0),
    ("length", "mm", 10.0),
)
"""Quantity, unit and what counts as agreement: no spread is published; patients differ by about as much."""

OVER_THE_CREST: Final = (20.0, 12.0, 19.0, 15.0)
"""At L5-S1 the crest decides, which differs more among people."""

SKIN_TO_CANAL_CM: Final = {
    Level.L2_L3: (4.4, 0.62),
    Level.L3_L4: (4.6, 0.69),
    Level.L4_L5: (4.6, 0.69),
    Level.L5_S1: (4.1, 0.52),
}
"""Depth of the epidural space below the skin: mean and standard deviation."""

ROOT_TO_FACET_MM: Final = {Level.L1_L2: ((3.42, 3.01), (6.07, 1.13)), Level.L5_S1: ((4.57, 2.49), (12.9, 2.83))}
"""Exiting root to facet at a disc's upper and lower border: means and standard deviations."""

SKIN_HU: Final = -300.0
"""Below this is air."""


def spine_rows(patient: Patient) -> Iterator[Row]:
    """Rows measured on a patient, the built-in phantom."""
    yield from _discs(patient)
    yield from _volumes(patient)
    yield from _corridors(patient)
    for level, (mean_cm, sd_cm) in SKIN_TO_CANAL_CM.items():
        basis = Basis.CALIBRATED if level is Level.L4_L5 else Basis.PREDICTED
        yield Row(
            ROOM,
            f"skin to epidural space, {level}",
            "cm",
            CHA,
            Published.people(mean_cm, sd_cm),
            basis,
            _skin_to_canal(patient, level),
        )
    for level, borders in ROOT_TO_FACET_MM.items():
        for border, (mean_mm, sd_mm) in zip((1, -1), borders, strict=True):
            what = f"exiting root to facet, {level}, {'upper' if border > 0 else 'lower'} border"
            yield Row(
                ROOM,
                what,
                "mm",
                PAIRAITURKAR,
                Published.people(mean_mm, sd_mm),
                Basis.CALIBRATED,
                _root_to_facet(patient, level, border),
            )
    yield Row(
        ROOM,
        "curve from T12 to S1, lying",
        "deg",
        "PMC6680033, n=627",
        Published.people(36.8, 13.2),
        Basis.CALIBRATED,
        _curve_deg,
    )


def _discs(patient: Patient) -> Iterator[Row]:
    for level, (low, high) in MIDDLE_HEIGHT_MM.items():
        shape = patient.discs[level]
        yield Row(
            ROOM,
            f"disc height in the middle, {level}",
            "mm",
            TWO_SERIES,
            Published.between(low, high, "two series"),
            Basis.CALIBRATED,
            _height(shape),
        )
    for level, (mean_mm, sd_mm) in DEPTH_MM.items():
        yield Row(
            ROOM,
            f"disc from front to back, {level}",
            "mm",
            IRAN,
            Published.people(mean_mm, sd_mm),
            Basis.PREDICTED,
            _depth(patient.discs[level]),
        )
    l4_l5 = patient.discs[Level.L4_L5]
    yield Row(
        ROOM,
        "nucleus over disc, area, L4-L5",
        "",
        "J Biomech Eng 2019;141:051004",
        Published.between(0.21, 0.60),
        Basis.PREDICTED,
        lambda: l4_l5.nucleus_fraction**2,
    )
    yield Row(
        ROOM,
        "nucleus over disc, length, L4-L5",
        "",
        "in vivo MRI n=41, ovid 00005792-201412030-00064",
        Published.about(0.64, 0.01, "printed as 64.0 %"),
        Basis.INPUT,
        lambda: l4_l5.nucleus_fraction,
    )


def _volumes(patient: Patient) -> Iterator[Row]:
    lumbar = tuple(patient.discs[level] for level in MIDDLE_HEIGHT_MM)
    yield Row(
        ROOM,
        "volume of a disc, mean of five",
        "mL",
        f"{CORNELL}, 220 discs",
        Published.people(14.4, 4.2),
        Basis.PREDICTED,
        lambda: float(np.mean([sum(_volumes_ml(shape).values()) for shape in lumbar])),
    )
    l4_l5 = patient.discs[Level.L4_L5]
    yield Row(
        ROOM,
        "volume of the L4-L5 disc",
        "mL",
        f"{CORNELL}, 127 normal discs",
        Published.people(17.5, 2.9),
        Basis.PREDICTED,
        lambda: sum(_volumes_ml(l4_l5).values()),
    )
    yield Row(
        ROOM,
        "volume of the herniation",
        "mL",
        CORNELL,
        Published.people(0.503, 0.301),
        Basis.CALIBRATED,
        lambda: _volumes_ml(l4_l5)[Tissue.PROTRUSION],
    )


def _corridors(patient: Patient) -> Iterator[Row]:
    for level, values in CORRIDORS.items():
        for side in Side:
            for part, (what, unit, margin) in enumerate(CORRIDOR_MARGINS):
                wide = OVER_THE_CREST[part] if level is Level.L5_S1 else margin
                within = Published.near(values[part], wide, "no spread is published")
                basis = Basis.CALIBRATED if level is Level.L4_L5 else Basis.PREDICTED
                yield Row(
                    ROOM,
                    f"planned way, {level} {side}, {what}",
                    unit,
                    RAJAGOPAL,
                    within,
                    basis,
                    _way(patient, level, side, part),
                )


def _height(shape: DiscShape) -> Callable[[], float]:
    return lambda: float(shape.height_mm(np.zeros(3)))


def _depth(shape: DiscShape) -> Callable[[], float]:
    """Along the midline, from where the outline is crossed in front to behind."""

    def ours() -> float:
        ahead, behind = (1.0 / float(shape.rim(np.array([0.0, y, 0.0]))) for y in (-1.0, 1.0))
        return ahead + behind

    return ours


@cache
def _volumes_ml(shape: DiscShape) -> dict[Tissue, float]:
    return {part: float(ml) for part, ml in zip(Tissue, voxelise(shape, voxel_mm=0.8).ledger.initial_ml, strict=True)}


@cache
def _planned(patient: Patient, level: Level, side: Side) -> Trajectory:
    return posterolateral(patient, level, side)


def _way(patient: Patient, level: Level, side: Side, part: int) -> Callable[[], float]:
    def ours() -> float:
        plan = _planned(patient, level, side)
        return (plan.from_midline_mm, plan.angle_from_sagittal_deg, plan.inclination_deg, plan.length_mm)[part]

    return ours


def _skin_to_canal(patient: Patient, level: Level) -> Callable[[], float]:
    """From the back of the sac or its fat to the skin, in the midline along the interspace, as a needle for it goes."""

    def ours() -> float:
        along = np.arange(0.0, 160.0, 0.25)
        points = patient.discs[level].patient_from_disc.points(along[:, None] * np.array([0.0, 1.0, 0.0]))
        inside = np.isin(patient.volume.label_at(points), [Structure.THECAL_SAC, Structure.EPIDURAL_FAT])
        skin = int(np.argmax(patient.volume.hu_at(points) < SKIN_HU))
        return float(along[skin] - along[np.flatnonzero(inside).max()]) / 10.0

    return ours


def _root_to_facet(patient: Patient, level: Level, border: int) -> Callable[[], float]:
    """Least distance of the exiting root, where it passes a border of the disc, from the superior articular process."""

    def ours() -> float:
        shape = patient.discs[level]
        root = next(s for s in patient.strands if s.name.startswith(f"left {level.value[:2]} exiting"))
        at = np.linspace(0.0, len(root.path_mm) - 1.0, 40 * len(root.path_mm))
        fine = np.stack([np.interp(at, np.arange(len(root.path_mm)), part) for part in root.path_mm.T], axis=1)
        local = shape.patient_from_disc.inverse().points(fine)
        lateral = local[:, 0] > 0.5 * shape.half_width_mm
        rim_mm = border * (shape.height_anterior_mm + shape.height_posterior_mm) / 4.0
        near = fine[lateral][np.argmin(np.abs(local[lateral][:, 2] - rim_mm))]
        facet = rows(superior_process(joint_of(stack(PhantomSpec()).interspaces[level.value], 1)))
        return float(min(part_distance(row, near[0], near[1], near[2]) for row in facet)) - ROOT_RADIUS_MM

    return ours


def _curve_deg() -> float:
    """Between the upper endplates of T12 and the sacrum."""
    column = stack(PhantomSpec())
    normals = column.vertebrae["T12"].above.patient_from_disc, column.patient_from_sacrum
    top, bottom = (np.degrees(np.arctan2(-pose.rotation[1, 2], pose.rotation[2, 2])) for pose in normals)
    return float(bottom - top)
