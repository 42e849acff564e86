"""The scene of a case: the patient, the treated disc as it is now, the instruments, the plan and the beam."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from dekomp_sim.anatomy import DiscShape
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.disc import Disc
from dekomp_sim.geometry import Affine
from dekomp_sim.procedure.case import Case
from dekomp_sim.viewer.scene.anatomy_parts import (
    DISC_TRIANGLES,
    anatomy_parts,
    averaged,
    disc_name,
    disc_surface,
    shaped,
)
from dekomp_sim.viewer.scene.forms import Surface
from dekomp_sim.viewer.scene.instrument_parts import instrument_parts, plan_parts, track_parts
from dekomp_sim.viewer.scene.machine_parts import machine_parts
from dekomp_sim.viewer.scene.palette import CAVITY, CONTRAST, CONTROL_CONTRAST, NUCLEUS, PROTRUSION, TREATED_DISC
from dekomp_sim.viewer.scene.parts import Part, Scene

HALF: Final = 0.5
"""Share of a voxel from which on it is drawn as empty; also the height in mm from which a bump counts as protrusion."""

STAINED: Final = 0.05
"""Assumption: share of contrast in a voxel from which on it is drawn: it soaks in and fills no voxel."""


def scene_of(case: Case, beam: bool = False) -> Scene:
    """Everything there is now, the patient, the instruments, the machine; `visibility.shown` chooses what is drawn.

    Parameters
    ----------
    case
        The moment.
    beam
        Whether X-rays are on; the C-arm and its beam are there once it stands somewhere.
    """
    shape = case.shape
    parts = (
        *(part for level in case.discs for part in plan_parts(level, case.plan_to(level))),
        *track_parts(case.track),
        *instrument_parts(case.placements, case.nest),
        *treated_parts(case.disc),
        *(part for control in case.control_discs.values() for part in _control_parts(control.disc)),
        *(part for part in anatomy_parts(case.patient) if part.name != disc_name(shape)),
        *machine_parts(case, beam),
    )
    return Scene(parts, shape, case.side, _outside(case), f"{case.removed_ml:.2f} mL removed", _axis(case))


def _axis(case: Case) -> tuple[FloatArray, FloatArray]:
    """Point and inward direction of the deepest instrument's straight part; of the plan where none is in."""
    if not case.placements:
        return case.plan.target_mm, case.plan.direction
    deepest = max(case.placements.values(), key=lambda placement: placement.depth_mm)
    return deepest.entry_mm + max(deepest.depth_mm, 0.0) * deepest.direction, deepest.direction


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


def _outside(case: Case) -> str:
    minutes, seconds = divmod(round(case.clock_s), 60)
    return f"{case.level} from the {case.side}; {minutes}:{seconds:02d} min"


@lru_cache(maxsize=4)
def treated_parts(disc: Disc) -> tuple[Part, ...]:
    """The treated disc: cavity and contrast where there are any, nucleus, protrusion, and the disc around them."""
    gone, filled = disc.coverage - disc.fraction, disc.contrast_ml / disc.voxel_ml
    cavity = [Part("cavity", _in_disc(gone, disc.patient_from_index, HALF), CAVITY)] if gone.max() > HALF else []
    contrast = [Part("contrast", _stain(filled, disc.patient_from_index), CONTRAST)] if filled.max() > STAINED else []
    return (*cavity, *contrast, *_whole(disc.shape))


@lru_cache(maxsize=4)
def _control_parts(disc: Disc) -> tuple[Part, ...]:
    """Contrast in a disc that discography took as a control; the disc about it is drawn as any other."""
    filled = disc.contrast_ml / disc.voxel_ml
    if filled.max() <= STAINED:
        return ()
    return (Part(f"contrast, {disc.shape.level}", _stain(filled, disc.patient_from_index), CONTROL_CONTRAST),)


def _in_disc(share: FloatArray | Float32Array, patient_from_index: Affine, level: float) -> Surface:
    return Surface(
        share.astype(np.float32), patient_from_index, level, smooth_voxels=0.7, most_triangles=DISC_TRIANGLES
    )


def _stain(share: FloatArray, patient_from_index: Affine) -> Surface:
    """Contrast, on voxels twice as large: a torn, soaking thing of many small faces, drawn anew at every stroke."""
    return _in_disc(*averaged(share, patient_from_index, (2, 2, 2)), STAINED)


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
