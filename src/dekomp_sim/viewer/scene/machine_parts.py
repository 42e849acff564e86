"""The machine in the room as parts of a scene: C-arm with its beam, and the table under the patient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.geometry import CArm, Detector, Rigid, Rod
from dekomp_sim.imaging.radiation.body import Body, body_of
from dekomp_sim.imaging.stand.machine import Gantry, Table, arc_blocks, housings, table_block
from dekomp_sim.imaging.stand.touching import Block
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.scene.forms import Box, Form, Metal, Prism, Pyramid, Tubing
from dekomp_sim.viewer.scene.palette import BEAM, C_ARM, C_ARM_PANEL, C_ARM_TUBE, DRAPE, PAD, TABLE
from dekomp_sim.viewer.scene.parts import Part

COLLIMATOR_SHARE: Final = 0.55
"""Radius of the collimator's housing over the tube's. Assumption: as it looks, not to measure."""


DRAPE_MM: Final = 380.0
"""How far the drapes are drawn beyond the scan. Assumption: as far as the picture of the room goes."""

RIM_MM: Final = 9.0
"""Skin this near to the scan's end makes its outline: two steps of the grid on which the skin is found."""

SECTORS: Final = 40
"""Corners of that outline."""


_Y, _Z = frozen([0.0, 1.0, 0.0]), frozen([0.0, 0.0, 1.0])


def machine_parts(case: Case, beam: bool) -> Iterator[Part]:
    """The table, and each plane of the C-arm that stands somewhere.

    Parameters
    ----------
    case
        The moment.
    beam
        Whether X-rays are drawn.
    """
    machine = case.machine
    yield from _table_parts(machine.table, case.patient.volume)
    gantry = machine.gantry.facing(case.side)
    for plane, carm in (("", case.carm), ("lateral ", case.lateral)):
        if carm is not None:
            forms = _forms(gantry, machine.detector, carm.source_to_isocentre_mm, carm.source_to_detector_mm)
            place = patient_from_carm(carm)
            looks = {"beam": BEAM, "C": C_ARM, "tube": C_ARM_TUBE, "panel": C_ARM_PANEL, "detector": C_ARM}
            for name, form in forms.items():
                if beam or name != "beam":
                    yield Part(f"{plane}{name}", form, looks[name], place)


def patient_from_carm(carm: CArm) -> Rigid:
    """Frame at the isocentre with x along a picture's rows, y to its upper edge, z to the detector."""
    axes = np.column_stack([carm.image_right, carm.image_up, carm.towards_detector])
    return Rigid(frozen(axes), frozen(carm.isocentre_mm))


@lru_cache(maxsize=4)
def _forms(gantry: Gantry, detector: Detector, isocentre_mm: float, detector_mm: float) -> dict[str, Form]:
    """The C-arm in its own frame: made once, then only turned."""
    posed = CArm(0.0, 0.0, (0.0, 0.0, 0.0), isocentre_mm, detector_mm)
    home = patient_from_carm(posed).inverse()
    source, plate = home.points(posed.source_mm), home.points(posed.detector_centre_mm)
    blocks = {name: _moved(block, home) for name, block in housings(gantry, posed, detector).items()}
    middle = home.points(np.array([block.centre_mm for block in arc_blocks(gantry, posed)]))
    ends = [_inner(blocks["tube"], -1.0), *middle, _inner(blocks["detector"], 1.0)]
    half = np.array([detector.width_mm / 2.0, detector.height_mm / 2.0])
    corners = plate + np.array([[x * half[0], y * half[1], 0.0] for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1))])
    return {
        "C": Tubing(np.array(ends), np.full(len(ends), gantry.arc_half_mm)),
        "tube": _tube(gantry, source),
        "detector": blocks["detector"],
        "panel": Box(plate - 2.0 * _Z, np.eye(3), np.array([*half, 2.0])),
        "beam": Pyramid(source, corners),
    }


def _tube(gantry: Gantry, source_mm: FloatArray) -> Metal:
    """The tube's round housing about the focus, and the collimator before it."""
    back, neck, front = (
        source_mm + way * _Z for way in (-gantry.tube_behind_mm, gantry.tube_ahead_mm / 2.0, gantry.tube_ahead_mm)
    )
    wide = gantry.tube_half_mm
    return Metal((Rod(back, neck, wide), Rod(neck, front, COLLIMATOR_SHARE * wide)))


def _moved(block: Block, move: Rigid) -> Box:
    return Box(move.points(block.centre_mm), move.directions(block.axes), block.half_mm)


def _inner(box: Box, side: float) -> FloatArray:
    """Where the C ends in a housing: the middle of its outer face along the beam, z in the C-arm's frame."""
    return np.asarray(box.centre_mm + side * box.half_mm[2] * _Z)


@lru_cache(maxsize=2)
def _table_parts(table: Table, volume: Volume) -> tuple[Part, ...]:
    """The table's top, the mattress, and drapes over the body where the scan ends."""
    body = body_of(volume)
    top = table_block(table, body)
    across, thick, along = top.half_mm
    pad_mm = np.array([across, table.pad_mm / 2.0, along])
    pad = Box(top.centre_mm + (thick + table.pad_mm / 2.0) * _Y, top.axes, pad_mm)
    feet, head = (Prism(_end(body, side), side * DRAPE_MM * _Z) for side in (-1.0, 1.0))
    return (
        Part("table", Box(top.centre_mm, top.axes, top.half_mm), TABLE),
        Part("mattress", pad, PAD),
        Part("drape of the legs", feet, DRAPE),
        Part("drape of the chest", head, DRAPE),
    )


def _end(body: Body, side: float) -> FloatArray:
    """Outline (n, 3) of the body where the scan ends, to the feet (-1) or the head (+1): the farthest each way."""
    z = side * (side * body.skin_mm[:, 2]).max()
    rim = body.skin_mm[np.abs(body.skin_mm[:, 2] - z) < RIM_MM, :2]
    middle = (rim.min(axis=0) + rim.max(axis=0)) / 2.0
    angle = np.arctan2(*(rim - middle).T)
    sector = ((angle + np.pi) / (2.0 * np.pi) * SECTORS).astype(int) % SECTORS
    far = [rim[sector == n] for n in np.unique(sector)]
    outline = [some[np.linalg.norm(some - middle, axis=1).argmax()] for some in far]
    return np.column_stack([outline, np.full(len(outline), z)])
