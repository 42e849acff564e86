"""The scene of a case: the patient, the treated disc as it is now, the instruments, the plan and the beam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.disc import Disc
from dekomp_sim.geometry import Ball, CArm, Detector, Rod, Solid
from dekomp_sim.instruments import Nest, Placement, solids
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.scene.anatomy_parts import anatomy_parts, disc_name, disc_surface, shaped
from dekomp_sim.viewer.scene.forms import Dashes, Metal, Pyramid, Surface
from dekomp_sim.viewer.scene.palette import (
    BEAM,
    CAVITY,
    CONTRAST,
    HUB,
    INNER_INSTRUMENT,
    INNER_TIP,
    NUCLEUS,
    OUTER_INSTRUMENT,
    PLAN,
    PROTRUSION,
    TREATED_DISC,
)
from dekomp_sim.viewer.scene.parts import Part, Scene

HUB_RADIUS_MM: Final = 2.4
"""Assumption: radius of a plastic hub or handle behind the shaft, drawn as a sign that it is there, not to measure."""

HUB_LENGTH_MM: Final = 14.0
"""Assumption: length of that hub."""

HALF: Final = 0.5
"""Share of a voxel from which on it is drawn as empty; also the height in mm from which a bump counts as protrusion."""

STAINED: Final = 0.05
"""Assumption: share of contrast in a voxel from which on it is drawn: it soaks in and fills no voxel."""


def scene_of(case: Case, with_beam: bool = False) -> Scene:
    """What there is to see now.

    Parameters
    ----------
    case
        The moment.
    with_beam
        Draw the X-ray beam too, where the C-arm stands somewhere.
    """
    shape = case.shape
    moving = (
        *plan_parts(case.plan.entry_mm, case.plan.target_mm),
        *instrument_parts(case.placements, case.nest),
        *treated_parts(case.disc),
        *(beam_parts(case.carm, case.machine.detector) if with_beam and case.carm is not None else ()),
    )
    still = (part for part in anatomy_parts(case.patient) if part.name != disc_name(shape))
    parts = sorted((*moving, *still), key=lambda part: part.look.opacity < 1.0)
    return Scene(tuple(parts), shape, case.side, _caption(case))


def telling(cases: Sequence[Case]) -> Case:
    """The moment that shows most: the last with an instrument's tip deepest in the disc, else the last of all.

    Raises
    ------
    ValueError
        If there is no case.
    """
    if not cases:
        raise ValueError("a picture needs at least one case")
    return max(enumerate(cases), key=lambda entry: (_insight(entry[1]), entry[0]))[1]


def _insight(case: Case) -> tuple[int, bool, bool]:
    """Ranks a moment: tips in the treated disc, any instrument at all, tissue removed already."""
    move = case.shape.patient_from_disc.inverse()
    tips = [move.points(placement.tip_mm) for placement in case.placements.values()]
    inside = sum(bool(case.shape.depth_inside_mm(tip) > 0.0) for tip in tips)
    return inside, bool(tips), case.removed_ml > 0.0


def _caption(case: Case) -> str:
    minutes, seconds = divmod(round(case.clock_s), 60)
    return f"{case.level} from the {case.side}; {minutes}:{seconds:02d} min, {case.removed_ml:.2f} mL removed"


def instrument_parts(placements: Mapping[str, Placement], nest: Nest) -> Iterator[Part]:
    """Each placed instrument's steel; a hub behind each that lies in nothing else; what stands out of the outer one."""
    for key, placement in placements.items():
        steel = solids(placement)
        if key in nest and nest[key] in placements:
            yield Part(key, Metal(steel), INNER_INSTRUMENT)
            beyond = tuple(_beyond(steel, placement, placements[nest[key]].tip_mm))
            if beyond:
                yield Part(f"{key} tip", Metal(beyond), INNER_TIP)
        else:
            end = placement.hub_mm - HUB_LENGTH_MM * placement.direction
            yield Part(key, Metal(steel), OUTER_INSTRUMENT)
            yield Part(f"{key} hub", Metal((Rod(placement.hub_mm, end, HUB_RADIUS_MM),)), HUB)


def _beyond(steel: tuple[Solid, ...], placement: Placement, outer_tip_mm: FloatArray) -> Iterator[Solid]:
    """What of straight solids, each drawn from its tip end, lies past `outer_tip_mm` (3,)."""
    for solid in steel:
        if isinstance(solid, Ball):
            continue
        past_mm = float((solid.start_mm - outer_tip_mm) @ placement.direction)
        length_mm = float(np.linalg.norm(solid.end_mm - solid.start_mm))
        if past_mm > 0.0 and length_mm > 0.0:
            share = min(1.0, past_mm / length_mm)
            yield replace(solid, end_mm=frozen(solid.start_mm + share * (solid.end_mm - solid.start_mm)))


def plan_parts(entry_mm: FloatArray, target_mm: FloatArray) -> Iterator[Part]:
    """The planned path from skin to target."""
    yield Part("planned path", Dashes(entry_mm, target_mm), PLAN)


@lru_cache(maxsize=4)
def treated_parts(disc: Disc) -> tuple[Part, ...]:
    """The treated disc: cavity and contrast where there are any, nucleus, protrusion, and the disc around them."""
    gone, filled = disc.coverage - disc.fraction, disc.contrast_ml / disc.voxel_ml
    cavity = [Part("cavity", _in_disc(disc, gone, HALF), CAVITY)] if gone.max() > HALF else []
    contrast = [Part("contrast", _in_disc(disc, filled, STAINED), CONTRAST)] if filled.max() > STAINED else []
    return (*cavity, *contrast, *_whole(disc.shape))


def _in_disc(disc: Disc, share: FloatArray, level: float) -> Surface:
    return Surface(share.astype(np.float32), disc.patient_from_index, level, smooth_voxels=0.7, most_triangles=8_000)


@lru_cache(maxsize=4)
def _whole(shape: DiscShape) -> tuple[Part, ...]:
    nucleus = Part("nucleus", shaped(shape, lambda points: 1.0 - shape.nucleus_rim(points)), NUCLEUS)
    protrusion = Part("protrusion", shaped(shape, lambda points: _beyond_rim(shape, points)), PROTRUSION)
    disc = Part(disc_name(shape), disc_surface(shape), TREATED_DISC)
    return (nucleus, disc) if shape.protrusion is None else (nucleus, protrusion, disc)


def _beyond_rim(shape: DiscShape, points_mm: FloatArray) -> FloatArray:
    """Positive in the protrusion: inside the disc, where it stands out over its intact outline by half a mm or more."""
    past_rim_mm = (shape.rim(points_mm) - 1.0) * shape.half_depth_mm
    return np.minimum(np.minimum(shape.depth_inside_mm(points_mm), past_rim_mm), shape.bump_mm(points_mm) - HALF)


def beam_parts(carm: CArm, detector: Detector) -> Iterator[Part]:
    """The beam from the focus to the detector's corners."""
    right = carm.image_right * detector.width_mm / 2.0
    up = carm.image_up * detector.height_mm / 2.0
    corners = [right + up, right - up, -right - up, up - right]
    yield Part("beam", Pyramid(carm.source_mm, carm.detector_centre_mm + np.array(corners)), BEAM)
