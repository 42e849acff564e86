"""The pictures of the quality page: three slices through the spine, and its bone projected from the side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from dekomp_sim.anatomy import VERTEBRAE, Level, Patient, Structure
from dekomp_sim.anatomy.landmarks import Landmarks
from dekomp_sim.anatomy.reformat import hu_on, labels_on
from dekomp_sim.arrays import FloatArray, UInt8Array
from dekomp_sim.debrief.quality import View
from dekomp_sim.files import png_bytes
from dekomp_sim.geometry.section import Section

PX: Final = 480
"""Pixels along a picture's edge."""

WINDOW_HU: Final = (-160.0, 440.0)
"""Black and white: between a bone and a soft tissue window, so that both endplates and discs are seen."""

TINT: Final = np.array([70.0, 190.0, 235.0])
"""Colour of the outlines of labelled vertebrae."""

DEPTH_MM, STEP_MM = 110.0, 1.5
"""Thickness of what is added up to the lateral projection, without hips and ribs' ends, and its steps."""

SOFT_HU, DENSEST_HU = 120.0, 900.0
"""Below the first nothing is counted, beyond the second no more: metal must not outshine bone."""

NEAR_PLANE_MM: Final = 15.0
"""A vertebra is named on a slice that passes its body's middle nearer than this."""


def views(patient: Patient, landmarks: Landmarks) -> tuple[View, ...]:
    """Axial slice through a disc, sagittal and coronal slice through the bodies, and the lateral projection."""
    level = Level.L4_L5 if Level.L4_L5 in patient.discs else list(patient.discs)[-1]
    disc = patient.discs[level].patient_from_disc.translation_mm
    bodies = np.array([vertebra.body_mm for vertebra in landmarks.vertebrae.values()])
    spine = (bodies.min(axis=0) + bodies.max(axis=0)) / 2.0
    tall = float(np.ptp(bodies[:, 2])) + 90.0
    right, front, down = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)
    wide = _across_mm(patient)
    axial = Section(_at(_middle(patient, disc)), right, front, wide / PX, PX, PX)
    sagittal = Section(_at(spine), front, down, tall / PX, PX, PX)
    coronal = Section(_at(spine), right, down, tall / PX, PX, PX)
    return (
        _slice(patient, landmarks, f"Axial through {level}", axial, ("R", "L", "front", "back")),
        _slice(patient, landmarks, "Sagittal through the bodies", sagittal, ("front", "back", "head", "feet")),
        _slice(patient, landmarks, "Coronal through the bodies", coronal, ("R", "L", "head", "feet")),
        _lateral(patient, landmarks, sagittal),
    )


def _at(point: FloatArray) -> tuple[float, float, float]:
    x, y, z = point.tolist()
    return x, y, z


def _across_mm(patient: Patient) -> float:
    corners = patient.volume.patient_from_index.points(_corners(patient))
    return float(np.ptp(corners[:, :2], axis=0).max())


def _middle(patient: Patient, disc_mm: FloatArray) -> FloatArray:
    """The volume's middle at a disc's height."""
    corners = patient.volume.patient_from_index.points(_corners(patient))
    return np.array([*((corners.min(axis=0) + corners.max(axis=0)) / 2.0)[:2], disc_mm[2]])


def _corners(patient: Patient) -> FloatArray:
    ends = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=np.float64)
    return np.asarray(ends * (np.array(patient.volume.size) - 1))


def _slice(
    patient: Patient, landmarks: Landmarks, title: str, section: Section, edges: tuple[str, str, str, str]
) -> View:
    low, high = WINDOW_HU
    grey = np.clip((hu_on(patient.volume, section) - low) / (high - low), 0.0, 1.0) * 255.0
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[_outlines(labels_on(patient.volume, section))] = TINT
    words = tuple(_marks(landmarks, section, NEAR_PLANE_MM))
    alt = f"{title}, CT slice with the labelled vertebrae outlined"
    return View(title, alt, png_bytes(picture.astype(np.uint8)), section.rows, section.cols, edges, words)


def _outlines(labels: UInt8Array) -> Any:
    """(rows, cols) where a labelled vertebra borders on anything else."""
    bone = np.where(np.isin(labels, [int(one) for one in VERTEBRAE]), labels, 0)
    edge = np.zeros(bone.shape, dtype=bool)
    edge[:, 1:] |= bone[:, 1:] != bone[:, :-1]
    edge[1:] |= bone[1:] != bone[:-1]
    return edge


def _marks(landmarks: Landmarks, section: Section, within_mm: float) -> list[tuple[float, float, str]]:
    """Names of the vertebrae whose bodies lie that near to a section, at their places on it."""
    found = []
    for structure, vertebra in landmarks.vertebrae.items():
        x, y, behind = section.pixel_of(vertebra.body_mm).tolist()
        if abs(behind) < within_mm and 0.0 < x < section.cols and 0.0 < y < section.rows:
            found.append((x, y, _word(structure)))
    return found


def _word(structure: Structure) -> str:
    return structure.name.removeprefix("VERTEBRA_")


def _lateral(patient: Patient, landmarks: Landmarks, middle: Section) -> View:
    """What dense bone adds up to along parallel rays from side to side, through the middle of the body alone."""
    total = np.zeros((middle.rows, middle.cols))
    x, y, z = middle.centre_mm
    for aside in np.arange(-DEPTH_MM / 2.0, DEPTH_MM / 2.0, STEP_MM):
        hu = hu_on(patient.volume, replace(middle, centre_mm=(x + float(aside), y, z)))
        total += np.clip(hu - SOFT_HU, 0.0, DENSEST_HU) * STEP_MM
    bright = max(float(np.percentile(total, 99.0)), 1.0)
    grey = (255.0 * np.clip(total / bright, 0.0, 1.0) ** 0.7).astype(np.uint8)
    title = f"Lateral projection of the middle {DEPTH_MM:.0f} mm (bone): count the vertebrae"
    alt = "Lateral projection of the spine's bone with the names of the vertebrae"
    edges = ("front", "back", "head", "feet")
    return View(title, alt, png_bytes(grey), middle.rows, middle.cols, edges, tuple(_marks(landmarks, middle, 1e3)))
