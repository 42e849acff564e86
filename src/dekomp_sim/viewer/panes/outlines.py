"""Outlines of structures where a section cuts them: from labels, from nerves and vessels as tubes, from the discs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape, Level, Patient, Strand
from dekomp_sim.anatomy.reformat import labels_on
from dekomp_sim.arrays import FloatArray, UInt8Array, sealed
from dekomp_sim.geometry.section import Section
from dekomp_sim.imaging.console.strokes import fill_circles
from dekomp_sim.viewer.panes.marks import rgb
from dekomp_sim.viewer.scene.palette import (
    LABEL_LOOKS,
    NUCLEUS,
    OTHER_DISC,
    PROTRUSION,
    STRAND_LOOKS,
    TREATED_DISC,
)

STRAND_STEP_MM: Final = 0.8
"""Tubes are cut as balls this far apart; the outline of a root 2 mm wide then dents by 0.08 mm, a sixth of a pixel."""

OPACITY: Final = 0.8
"""How much of the grey an outline covers."""

LEAST_BUMP_MM: Final = 0.5
"""Height in mm from which a bump of the rim counts as protrusion, as where it is voxelised."""


@dataclass(frozen=True, slots=True)
class Treated:
    """A patient and the level that is treated: who is outlined, and which of his discs stands out."""

    patient: Patient
    level: Level


_LOOKS: Final = (
    *dict.fromkeys(LABEL_LOOKS.values()),
    *dict.fromkeys(STRAND_LOOKS.values()),
    OTHER_DISC,
    TREATED_DISC,
    NUCLEUS,
    PROTRUSION,
)
"""Looks in the order in which what lies in front covers what lies behind; numbers count from 1."""

_COLOURS: Final = np.stack([np.zeros(3, dtype=np.float32), *(rgb(look.colour) for look in _LOOKS)])


def draw_outlines(seen: UInt8Array, section: Section, treated: Treated) -> None:
    """Draw the outlines of bones, discs, nerves, vessels and organs onto a picture (rows, cols, 3)."""
    kinds = kinds_on(section, treated)
    edge = np.zeros(kinds.shape, dtype=np.bool_)
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[1:], np.s_[:-1]),
        (np.s_[:-1], np.s_[1:]),
    ):
        edge[here] |= kinds[here] > kinds[there]
    seen[edge] = np.rint((1.0 - OPACITY) * seen[edge] + OPACITY * _COLOURS[kinds[edge]]).astype(np.uint8)


def kinds_on(section: Section, treated: Treated) -> UInt8Array:
    """(rows, cols) number of the look that each pixel has, 0 for none."""
    patient = treated.patient
    kinds = _numbers(patient)[labels_on(patient.volume, section)]
    fill_circles(_circles(section, _balls(patient)), kinds)
    for level, shape in patient.discs.items():
        _cut_disc(kinds, section, shape, level is treated.level)
    return kinds


@lru_cache(maxsize=2)
def _numbers(patient: Patient) -> UInt8Array:
    """(256,) look's number for each label; what is laid as a tube is not taken from the labels."""
    laid = {strand.structure for strand in patient.strands}
    looks = LABEL_LOOKS | {kind: look for kind, look in STRAND_LOOKS.items() if kind not in laid}
    numbers = np.zeros(256, dtype=np.uint8)
    for structure, look in looks.items():
        numbers[structure] = 1 + _LOOKS.index(look)
    return sealed(numbers)


@lru_cache(maxsize=2)
def _balls(patient: Patient) -> FloatArray:
    """(n, 5) of all strands: centres and radii along their paths, and their look's number, least first."""
    drawn = [strand for strand in patient.strands if strand.structure in STRAND_LOOKS]
    balls = [_along(strand, 1 + _LOOKS.index(STRAND_LOOKS[strand.structure])) for strand in drawn]
    return np.concatenate([np.empty((0, 5)), *sorted(balls, key=lambda along: float(along[0, 4]))])


def _along(strand: Strand, number: int) -> FloatArray:
    lengths = np.linalg.norm(np.diff(strand.path_mm, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, at[-1], max(2, int(np.ceil(at[-1] / STRAND_STEP_MM)) + 1))
    columns = [np.interp(wanted, at, values) for values in (*strand.path_mm.T, strand.radius_mm)]
    return np.stack([*columns, np.full(len(wanted), float(number))], axis=-1)


def _circles(section: Section, balls: FloatArray) -> FloatArray:
    """(m, 4) x, y, radius in pixels and number of the circles that a section cuts from balls (n, 5)."""
    places = section.pixel_of(balls[:, :3])
    square = balls[:, 3] ** 2 - places[:, 2] ** 2
    cut = square > 0.0
    return np.column_stack([places[cut, :2], np.sqrt(square[cut]) / section.mm_per_px, balls[cut, 4]])


def _cut_disc(kinds: UInt8Array, section: Section, shape: DiscShape, is_treated: bool) -> None:
    """Fill a disc by its formulas; of the treated one its nucleus and protrusion too."""
    part = _around(section, shape)
    if part is None:
        return
    rows, cols = np.ogrid[part]
    across, along = (section.mm_per_px * np.array(way) for way in (section.right, section.down))
    points = section.corner_mm + cols[..., None] * across + rows[..., None] * along
    local = shape.patient_from_disc.inverse().points(points)
    inside = shape.depth_inside_mm(local) > 0.0
    here = kinds[part]
    here[inside] = 1 + _LOOKS.index(TREATED_DISC if is_treated else OTHER_DISC)
    if is_treated:
        here[inside & (shape.nucleus_rim(local) < 1.0)] = 1 + _LOOKS.index(NUCLEUS)
        bump = (shape.rim(local) > 1.0) & (shape.bump_mm(local) > LEAST_BUMP_MM)
        here[inside & bump] = 1 + _LOOKS.index(PROTRUSION)


def _around(section: Section, shape: DiscShape) -> tuple[slice, slice] | None:
    """Rows and columns of the box about a disc, or None where the section misses it."""
    bump = shape.protrusion.depth_mm if shape.protrusion else 0.0
    tall = 0.6 * max(shape.height_anterior_mm, shape.height_posterior_mm) + shape.concavity_mm / 2.0
    half = np.array([shape.half_width_mm + bump, shape.half_depth_mm + bump, tall])
    screen = np.stack([np.array(section.right), np.array(section.down), section.inward])
    reach_mm = np.abs(screen @ shape.patient_from_disc.rotation) @ half
    x, y, off_mm = section.pixel_of(shape.patient_from_disc.translation_mm)
    if abs(off_mm) > reach_mm[2]:
        return None
    across, along = reach_mm[:2] / section.mm_per_px
    top, left = max(0, int(y - along)), max(0, int(x - across))
    bottom, right = min(section.rows, int(y + along) + 2), min(section.cols, int(x + across) + 2)
    return (slice(top, bottom), slice(left, right)) if bottom > top and right > left else None
