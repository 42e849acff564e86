"""A disc from near: two sections of its voxels with what is in them, and what has come out."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.anatomy.reformat import codes_on, values_on
from dekomp_sim.arrays import Float32Array, FloatArray, UInt8Array, sealed, unit
from dekomp_sim.disc import PARTS, Disc, Tissue
from dekomp_sim.geometry.section import Section, Vector
from dekomp_sim.imaging.console.display import direction_letters
from dekomp_sim.instruments import Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.needle.sites import in_disc, level_at_tip
from dekomp_sim.viewer.panes import marks
from dekomp_sim.viewer.panes.overlays import draw_instruments, draw_plan
from dekomp_sim.viewer.scene.palette import CAVITY, NUCLEUS, PROTRUSION, TREATED_DISC

TISSUE_COLOURS: Final = {
    Tissue.NUCLEUS: NUCLEUS.colour,
    Tissue.ANNULUS: TREATED_DISC.colour,
    Tissue.ENDPLATE: "#c9b98a",
    Tissue.PROTRUSION: PROTRUSION.colour,
}
"""Colours of the tissues, those of the 3D scene; cartilage is sand."""

STRENGTH: Final = 0.6
"""How strongly tissue is coloured on the dark paper, so that steel, contrast and cavity stand out."""

CONTRAST: Final = "#ffffff"
"""Contrast is white here, as in a CT after discography."""

STAINED: Final = 0.25
"""Share of contrast in a voxel from which on it is drawn at full strength: it soaks in and fills none."""

ROOM_MM: Final = 14.0
"""Width around the disc that is shown too."""


class Cut(StrEnum):
    """Which section: across the disc, or along the instrument and the disc's axis."""

    ACROSS = "across"
    ALONG = "along"


def level_shown(case: Case) -> Level:
    """The disc that is worked on now: where a tip lies, the deepest first, else the last injected, else the treated."""
    tips = (level_at_tip(case, placed.instrument.key) for placed in _by_depth(case))
    injected = (given.level for given in case.injections[-1:] if not case.receipts)
    return next((level for level in (*tips, *injected) if level is not None), case.level)


def disc_picture(case: Case, cut: Cut = Cut.ACROSS, size_px: int = 300, instruments: bool = True) -> UInt8Array:
    """A section (size, size, 3) of the voxelised disc: tissue left, cavity, contrast, instruments.

    Across, it is seen from the feet as an axial CT is; along, head up, the skin of the approach on the approach's side.
    It goes through the deepest tip in the disc, else through the planned target. `level_shown` says which disc.

    Parameters
    ----------
    case
        The moment.
    cut
        Which section.
    size_px
        Rows and columns.
    instruments
        Whether instruments and plan are drawn.
    """
    section = disc_section(case, cut, size_px)
    level = level_shown(case)
    seen = tissue_picture(case.discs[level], section).copy()
    if instruments:
        draw_plan(seen, section, case.plan_to(level))
        draw_instruments(seen, section, case)
    size = max(10, round(size_px / 28))
    _lettered(seen, section, size, f"{level} {cut}")
    _key(seen, case.discs[level], cut, size)
    return seen


def disc_section(case: Case, cut: Cut, size_px: int) -> Section:
    """Where a picture of the disc lies."""
    shape = case.patient.discs[level_shown(case)]
    frame = shape.patient_from_disc
    bump = shape.protrusion.depth_mm if shape.protrusion else 0.0
    field_mm = 2.0 * (shape.half_width_mm + bump) + ROOM_MM
    through = frame.inverse().points(_through_mm(case))
    if cut is Cut.ACROSS:
        centre, right, down = np.array([0.0, 0.0, through[2]]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    else:
        inward = frame.inverse().directions(_inward(case))
        right = unit([-inward[0], -inward[1], 0.0]) * (1.0 if case.side is Side.LEFT else -1.0)
        down = np.array([0.0, 0.0, -1.0])
        centre = through - (through @ right) * right - np.array([0.0, 0.0, through[2]])
    middle, across, along = frame.points(centre), frame.directions(right), frame.directions(down)
    return Section(_plain(middle), _plain(across), _plain(along), field_mm / size_px, size_px, size_px)


@lru_cache(maxsize=8)
def tissue_picture(disc: Disc, section: Section) -> UInt8Array:
    """(rows, cols, 3) what the voxels hold: tissue by what is left of it, pink where it is gone, white contrast."""
    place = disc.patient_from_index
    colours = np.tile(marks.rgb(marks.PAPER), (256, 1))
    for tissue, named in TISSUE_COLOURS.items():
        colours[tissue] += STRENGTH * (marks.rgb(named) - colours[tissue])
    left, filled = values_on(disc.fraction, place, section), values_on(disc.coverage, place, section)
    stain = np.clip(values_on(disc.contrast_ml, place, section) / (STAINED * disc.voxel_ml), 0.0, 1.0)
    seen = np.tile(marks.rgb(marks.PAPER), (section.rows, section.cols, 1))
    for colour, share in (
        (marks.rgb(CAVITY.colour), np.clip(filled - left, 0.0, 1.0)),
        (colours[codes_on(disc.tissue, place, section)], np.clip(left, 0.0, 1.0)),
        (marks.rgb(CONTRAST), stain * np.float32(0.9)),
    ):
        _laid(seen, colour, share)
    return sealed(np.rint(seen).astype(np.uint8))


def removed_picture(case: Case, size_px: tuple[int, int] = (170, 300)) -> UInt8Array:
    """Bars (rows, cols, 3) of what has been taken out, by tissue, where it is, and how far the thread is packed."""
    rows, cols = size_px
    seen, ledger = marks.paper(rows, cols), case.disc.ledger
    size = max(10, round(min(cols / 26, rows / 14)))
    step, left, right = 1.75 * size, 6.5 * size, cols - 8.0 * size
    removed = ledger.removed_ml
    marks.write(seen, f"Removed {removed.sum():.2f} mL", (0.6 * size, 0.5 * size), round(1.3 * size))
    most = max(0.5, 1.1 * float(removed.max()))
    for number, tissue in enumerate(PARTS):
        y = 2.9 * size + number * step
        marks.write(seen, tissue.name.lower(), (left - 0.5 * size, y), size, marks.INK, "rm")
        marks.box(seen, (left, y - 0.4 * size), (right - left, 0.8 * size), marks.FAINT)
        length = float(removed[tissue]) / most * (right - left)
        marks.box(seen, (left, y - 0.4 * size), (length, 0.8 * size), TISSUE_COLOURS[tissue])
        words = f"{removed[tissue]:.2f} of {ledger.initial_ml[tissue]:.2f}"
        marks.write(seen, words, (right + 0.5 * size, y), size, marks.INK, "lm")
    y = 2.9 * size + len(PARTS) * step
    where = f"{ledger.collected_ml.sum():.2f} mL in the chamber, {ledger.in_cannula_ml.sum():.2f} in the cannula"
    for line, words in enumerate((where, f"probe's thread {case.disc.clogged:.0%} packed")):
        marks.write(seen, words, (0.6 * size, y + (1.25 * line - 0.5) * size), size, marks.QUIET)
    marks.stamp(seen, size)
    return seen


def _through_mm(case: Case) -> FloatArray:
    """(3,) the deepest tip in the disc, else the planned target."""
    tips = [placed.tip_mm for placed in _in_it(case)]
    return tips[0] if tips else case.plan_to(level_shown(case)).target_mm


def _inward(case: Case) -> FloatArray:
    inside = [placed.tip_direction for placed in _in_it(case)]
    return inside[0] if inside else case.plan_to(level_shown(case)).direction


def _in_it(case: Case) -> list[Placement]:
    """The instruments with their tip in the disc shown, the deepest first."""
    return [placed for placed in _by_depth(case) if in_disc(case.patient.discs[level_shown(case)], placed.tip_mm)]


def _by_depth(case: Case) -> list[Placement]:
    return sorted(case.placements.values(), key=lambda placed: -placed.depth_mm)


def _laid(seen: Float32Array, colour: Float32Array, share: Float32Array) -> None:
    seen += share[..., None] * (colour - seen)


def _lettered(seen: UInt8Array, section: Section, size: int, title: str) -> None:
    middle, pad = section.rows / 2.0, 0.5 * size
    right, down = np.array(section.right), np.array(section.down)
    large = round(1.3 * size)
    marks.write(seen, title, (pad, pad), size)
    marks.write(seen, direction_letters(-right), (pad, middle), large, anchor="lm")
    marks.write(seen, direction_letters(right), (section.cols - pad, middle), large, anchor="rm")
    marks.write(seen, direction_letters(-down), (middle, 1.8 * size), large, anchor="ma")
    marks.write(seen, direction_letters(down), (middle, section.rows - 3.6 * size), large, anchor="md")
    bar = 10.0 / section.mm_per_px
    marks.line(seen, [[section.cols - pad - bar, 1.2 * size], [section.cols - pad, 1.2 * size]], marks.INK, 1.5)
    marks.write(seen, "1 cm", (section.cols - pad, 1.5 * size), size, anchor="ra")


def _key(seen: UInt8Array, disc: Disc, cut: Cut, size: int) -> None:
    """What the colours mean, above the notice: tissues on the one section, what has changed on the other."""
    shown = [(tissue.name.lower(), TISSUE_COLOURS[tissue]) for tissue in PARTS if disc.ledger.initial_ml[tissue] > 0.0]
    if cut is Cut.ALONG:
        shown = [("removed", CAVITY.colour)] if disc.removed_ml > 0.0 else []
        shown += [("contrast", CONTRAST)] if disc.injected_ml > 0.0 else []
    small, pad = max(9, size - 1), 0.5 * size
    x, y = pad, seen.shape[0] - 1.9 * size
    for words, colour in reversed(shown):
        length = 1.5 * size + marks.length(words, small)
        if x + length > seen.shape[1]:
            x, y = pad, y - 1.2 * size
        marks.box(seen, (x, y - 0.35 * size), (0.7 * size, 0.7 * size), colour)
        marks.write(seen, words, (x + 0.9 * size, y), small, marks.QUIET, "lm")
        x += length
    marks.stamp(seen, small)


def _plain(values: FloatArray) -> Vector:
    x, y, z = np.round(values, 9).tolist()  # so that a tip moved along the section finds it again
    return x, y, z
