"""Whether the C-arm can take a pose: its reach, the table, the patient, the focus' distance from the skin.

For a prone patient with the tube under the table. Frames: the patient's (LPS, mm); up is posterior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Side
from dekomp_sim.arrays import frozen
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.radiation.body import Body
from dekomp_sim.imaging.stand.touching import Block, bounds, focus_skin_mm, touching_skin

OVER_THE_BACK_DEG: Final = 180.0
"""Primary angle of a detector over a prone patient's back."""

FOCUS_SKIN_MM_AT_LEAST: Final = 300.0
"""Least distance from focus to skin on a mobile fluoroscope (21 CFR 1020.32(g); 380 mm on a stationary one, 200 mm for
special surgery)."""

TABLE_LENGTH_MM: Final = 2000.0
"""Length of the table top. Assumption: the usual 2 m."""

_GANTRY_RANGES: Final = {
    "under_deg": (0.0, 180.0),
    "over_deg": (0.0, 180.0),
    "tilt_deg": (0.0, 90.0),
    "tube_half_mm": (20.0, 400.0),
    "tube_behind_mm": (0.0, 600.0),
    "tube_ahead_mm": (0.0, 500.0),
    "housing_rim_mm": (0.0, 300.0),
    "housing_depth_mm": (5.0, 600.0),
    "arc_gap_mm": (0.0, 800.0),
    "arc_half_mm": (5.0, 300.0),
}
"""What a description may hold. Assumption: wide about any C-arm, so that a typing error is caught."""

_TABLE_RANGES: Final = {
    "height_mm": (300.0, 1500.0),
    "width_mm": (200.0, 1200.0),
    "thickness_mm": (2.0, 300.0),
    "pad_mm": (0.0, 300.0),
}
"""The same for tables."""

_REMEDY: Final = {
    "The tube": "raise the table or turn less",
    "The detector": "lower the table or turn less",
    "The C": "turn less, or bring the C-arm from the other side",
}
"""What to do about a part in the way."""

_ARC_STEP_DEG: Final = 10.0
"""Angle between the blocks of which the C is built, for asking whether it hits something."""


def require_within(thing: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a description one of whose numbers lies outside its range.

    Raises
    ------
    OutOfRangeError
        Naming the first that does.
    """
    for name, (low, high) in ranges.items():
        found = getattr(thing, name)
        if not low <= found <= high:
            raise OutOfRangeError(name, f"{found:g}", f"{low:g} to {high:g}")


@dataclass(frozen=True, slots=True)
class Gantry:
    """What the C-arm can do and how much room it takes.

    Assumption: all defaults are of the order makers of mobile isocentric C-arms with a 30 cm flat detector state; no
    one machine is meant.

    Parameters
    ----------
    stand
        Side of the patient at which the C-arm stands; the C opens to the other side. None: opposite the operator,
        whom `facing` tells; at the right where nobody did.
    under_deg, over_deg
        How far the C slides along its orbit from the detector straight over the back: until the detector comes to
        the stand's side and the C under the table; the other way, with the C over the patient. Arms that are not
        isocentric do 90 and 25 to 55.
    tilt_deg
        How far it tilts toward the head or the feet.
    isocentre_height_mm
        Lowest and highest isocentre above the floor.
    tube_half_mm, tube_behind_mm, tube_ahead_mm
        The tube's housing with collimator and spacer: half its width, and where it ends along the beam, from the focus.
    housing_rim_mm, housing_depth_mm
        The detector's housing: its rim about the active area, and its depth.
    arc_gap_mm, arc_half_mm
        Distance of the C's middle line from the focus and the detector, and half the C's thickness.

    Raises
    ------
    OutOfRangeError
        If a size or a way is none that a C-arm could have.
    """

    stand: Side | None = None
    under_deg: float = 95.0
    over_deg: float = 95.0
    tilt_deg: float = 45.0
    isocentre_height_mm: tuple[float, float] = (880.0, 1340.0)
    tube_half_mm: float = 105.0
    tube_behind_mm: float = 150.0
    tube_ahead_mm: float = 150.0
    housing_rim_mm: float = 40.0
    housing_depth_mm: float = 110.0
    arc_gap_mm: float = 180.0
    arc_half_mm: float = 60.0

    def __post_init__(self) -> None:
        require_within(self, _GANTRY_RANGES)
        low, high = self.isocentre_height_mm
        if not 0.0 < low < high:
            raise OutOfRangeError("isocentre_height_mm", f"{low:g} to {high:g}", "two heights, the lower first")

    def facing(self, side: Side) -> Gantry:
        """The same, standing opposite an operator at `side` unless its stand is given."""
        other = Side.RIGHT if side is Side.LEFT else Side.LEFT
        return replace(self, stand=self.stand or other)

    @property
    def stands(self) -> Side:
        """Where it stands."""
        return self.stand or Side.RIGHT


@dataclass(frozen=True, slots=True)
class Table:
    """The table under the patient.

    Assumption: a carbon-fibre pain or theatre table of usual size, at standing height.

    Parameters
    ----------
    height_mm
        Its top above the floor.
    width_mm, thickness_mm
        Its top.
    pad_mm
        The mattress between it and the patient.

    Raises
    ------
    OutOfRangeError
        If a size is none that a table could have.
    """

    height_mm: float = 850.0
    width_mm: float = 530.0
    thickness_mm: float = 40.0
    pad_mm: float = 50.0

    def __post_init__(self) -> None:
        require_within(self, _TABLE_RANGES)


def hindrances(gantry: Gantry, carm: CArm, detector: Detector, table: Table, body: Body) -> tuple[str, ...]:
    """Every reason why the C-arm cannot stand like this; none where it can.

    Parameters
    ----------
    gantry, table
        The machine and the table.
    carm, detector
        The pose asked for, and the full detector.
    body
        The patient, prone.

    Returns
    -------
    Sentences, each with what was asked and what is allowed.
    """
    return (
        *_out_of_reach(gantry, carm),
        *_height(gantry, carm, table, body),
        *_focus_skin(carm, detector, body),
        *_collisions(gantry, carm, detector, table, body),
    )


def table_top_mm(table: Table, body: Body) -> float:
    """y of the table's upper face in the patient frame: below the pad below the belly."""
    return body.front_mm - table.pad_mm


def table_block(table: Table, body: Body) -> Block:
    """The table's top as a box in the patient frame, centred under the patient."""
    middle = (
        sum(body.across_mm) / 2.0,
        table_top_mm(table, body) - table.thickness_mm / 2.0,
        float(body.skin_mm[:, 2].mean()),
    )
    half = np.array([table.width_mm, table.thickness_mm, TABLE_LENGTH_MM]) / 2.0
    return Block(frozen(middle), frozen(np.eye(3)), frozen(half))


def housings(gantry: Gantry, carm: CArm, detector: Detector) -> dict[str, Block]:
    """The tube's and the detector's housings as boxes."""
    axes = np.stack([carm.image_right, carm.image_up, carm.towards_detector])
    ahead, behind = gantry.tube_ahead_mm, gantry.tube_behind_mm
    tube = carm.source_mm + carm.towards_detector * (ahead - behind) / 2.0
    tube_half = (gantry.tube_half_mm, gantry.tube_half_mm, (ahead + behind) / 2.0)
    panel = carm.detector_centre_mm + carm.towards_detector * gantry.housing_depth_mm / 2.0
    rim = gantry.housing_rim_mm
    half = (detector.width_mm / 2.0 + rim, detector.height_mm / 2.0 + rim, gantry.housing_depth_mm / 2.0)
    return {
        "tube": Block(frozen(tube), frozen(axes), frozen(tube_half)),
        "detector": Block(frozen(panel), frozen(axes), frozen(half)),
    }


def pair_collides(gantry: Gantry, frontal: CArm, lateral: CArm, detector: Detector) -> tuple[str, ...]:
    """Which housings of a biplane pair would be in each other's place."""
    first, second = housings(gantry, frontal, detector), housings(gantry, lateral, detector)
    return tuple(
        f"The frontal {one} and the lateral {other} would collide."
        for one, mine in first.items()
        for other, theirs in second.items()
        if mine.meets(theirs)
    )


def _out_of_reach(gantry: Gantry, carm: CArm) -> list[str]:
    turned = (carm.primary_deg - OVER_THE_BACK_DEG + 180.0) % 360.0 - 180.0
    toward_stand = -turned * gantry.stands.sign
    most, way = (gantry.under_deg, "toward") if toward_stand >= 0.0 else (gantry.over_deg, "away from")
    found = []
    if abs(toward_stand) > most + 1e-9:
        found.append(
            f"The C-arm slides {most:g} degrees at most {way} its stand at the patient's {gantry.stands}; "
            f"this view needs {abs(toward_stand):.0f}."
        )
    if abs(carm.secondary_deg) > gantry.tilt_deg + 1e-9:
        found.append(
            f"The C-arm tilts {gantry.tilt_deg:g} degrees at most; this view needs {abs(carm.secondary_deg):.0f}."
        )
    return found


def _height(gantry: Gantry, carm: CArm, table: Table, body: Body) -> list[str]:
    above = table.height_mm + float(carm.isocentre_mm[1]) - table_top_mm(table, body)
    low, high = gantry.isocentre_height_mm
    if low <= above <= high:
        return []
    remedy = "raise" if above < low else "lower"
    return [f"The isocentre would be {above:.0f} mm above the floor; {low:.0f} to {high:.0f} mm: {remedy} the table."]


def _focus_skin(carm: CArm, detector: Detector, body: Body) -> list[str]:
    found = focus_skin_mm(carm, detector, body)
    if found >= FOCUS_SKIN_MM_AT_LEAST:
        return []
    return [f"The focus would be {found:.0f} mm from the skin; {FOCUS_SKIN_MM_AT_LEAST:.0f} mm at least."]


def _collisions(gantry: Gantry, carm: CArm, detector: Detector, table: Table, body: Body) -> list[str]:
    top = table_block(table, body)
    parts = [(f"The {name}", block) for name, block in housings(gantry, carm, detector).items()]
    parts += [("The C", block) for block in arc_blocks(gantry, carm)]
    low, high = bounds([block for _, block in parts])
    at_table = np.flatnonzero(
        np.all((low < top.centre_mm + top.half_mm) & (high > top.centre_mm - top.half_mm), axis=1)
    )
    hit_table = [parts[n][0] for n in at_table if parts[n][1].meets(top)]
    touching = touching_skin([block for _, block in parts], body)
    hit_skin = [name for (name, _), hit in zip(parts, touching, strict=True) if hit]
    found = [f"{name} would hit the table: {_REMEDY[name]}." for name in hit_table]
    found += [f"{name} would hit the patient: {_REMEDY[name]}." for name in hit_skin]
    return list(dict.fromkeys(found))


def arc_blocks(gantry: Gantry, carm: CArm) -> list[Block]:
    """The C as blocks on half a circle about the middle between focus and detector, on the stand's side."""
    side = -gantry.stands.sign * carm.image_right
    centre = carm.source_mm + carm.towards_detector * carm.source_to_detector_mm / 2.0
    radius = carm.source_to_detector_mm / 2.0 + gantry.arc_gap_mm
    turns = np.radians(np.arange(-90.0, 90.0 + _ARC_STEP_DEG / 2.0, _ARC_STEP_DEG))[:, None]
    outward = np.cos(turns) * side + np.sin(turns) * carm.towards_detector
    onward = -np.sin(turns) * side + np.cos(turns) * carm.towards_detector
    axes = np.stack([outward, onward, np.broadcast_to(carm.image_up, outward.shape)], axis=1)
    half = frozen([gantry.arc_half_mm, radius * np.radians(_ARC_STEP_DEG) / 2.0, gantry.arc_half_mm])
    return [Block(at, turned, half) for at, turned in zip(centre + radius * outward, axes, strict=True)]
