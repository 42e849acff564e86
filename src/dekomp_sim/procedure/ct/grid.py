"""The grid on the skin: wires laid over the back, seen by the scanner, and the places that its lines and laser name."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray, frozen
from dekomp_sim.errors import InputError
from dekomp_sim.geometry import Rod, Solid
from dekomp_sim.imaging.radiation.body import body_of
from dekomp_sim.procedure.actions import GridMark
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import GRID_FROM_MIDLINE_MM, GRID_LENGTH_MM, GRID_PITCH_MM, GridLine, SkinGrid
from dekomp_sim.procedure.needle.skin import onto_skin

WIRE_MM: Final = 0.2
"""Radius of a wire. Assumption: a fine steel wire, dense enough for a dot and too fine for streaks."""

OFF_SKIN_MM: Final = 0.5
"""How far above the skin a wire lies. Assumption: tape and slack."""

SECOND_MM: Final = 3.0
"""Distance of the wire that doubles line A. Assumption: two dots that a slice of 350 mm in 512 pixels parts."""

STEP_MM: Final = 15.0
"""Length of the straight pieces that follow the skin. Assumption: half a millimetre of sagitta on a bent back."""

NEAR_LASER_MM: Final = 0.05
"""How well the laser's crossing with a line is found."""

BACKWARD: Final = frozen([0.0, 1.0, 0.0])


def grid_over(case: Case, middle_z_mm: float) -> SkinGrid:
    """A grid laid over the side of approach, its middle at a height along the body."""
    middle_x = float(case.shape.patient_from_disc.translation_mm[0])
    sign = case.side.sign
    return SkinGrid(middle_x + sign * GRID_FROM_MIDLINE_MM, sign * GRID_PITCH_MM, middle_z_mm)


def marked_mm(case: Case, mark: GridMark) -> FloatArray:
    """(3,) the place on the skin that a line of the grid and the laser name.

    Raises
    ------
    InputError
        If no grid was laid, or the two do not meet on the skin.
    """
    if case.grid is None:
        raise InputError("entry", f"line {mark.line}", "a line of the skin grid: lay_grid first")
    table_mm = case.couch.table_mm if mark.table_mm is None else mark.table_mm
    return _crossed(case, case.grid.x_mm(mark.line, mark.aside_mm), table_mm)


def wires(volume: Volume, grid: SkinGrid) -> tuple[Solid, ...]:
    """The grid as steel, its lines following the skin as far as there is any."""
    return _wires(volume, grid)


@lru_cache(maxsize=4)
def _wires(volume: Volume, grid: SkinGrid) -> tuple[Solid, ...]:
    inward = 1.0 if grid.step_x_mm > 0.0 else -1.0
    places = [grid.first_x_mm + inward * SECOND_MM, *(grid.x_mm(line) for line in GridLine)]
    found: list[Solid] = []
    for x_mm in places:
        skin = [_on_back(volume, x_mm, float(z)) for z in _heights(grid)]
        found += [Rod(a, b, WIRE_MM) for a, b in pairwise(skin) if a is not None and b is not None]
    return tuple(found)


def _heights(grid: SkinGrid) -> FloatArray:
    half = GRID_LENGTH_MM / 2.0
    return grid.middle_z_mm + np.arange(-half, half + STEP_MM / 2.0, STEP_MM)


def _on_back(volume: Volume, x_mm: float, z_mm: float) -> FloatArray | None:
    """(3,) just above the skin of the back; None beside the body."""
    try:
        return skin_at(volume, x_mm, z_mm) + OFF_SKIN_MM * BACKWARD
    except InputError:
        return None


def skin_at(volume: Volume, x_mm: float, z_mm: float) -> FloatArray:
    """(3,) the skin of the back at a place to the left and headward.

    Raises
    ------
    InputError
        If there is none.
    """
    body = body_of(volume)
    behind = body.outward[:, 1] > 0.0
    away = np.hypot(body.skin_mm[behind, 0] - x_mm, body.skin_mm[behind, 2] - z_mm)
    near = body.skin_mm[behind][int(np.argmin(away))]
    return onto_skin(volume, np.array([x_mm, near[1], z_mm]), -BACKWARD)


def _crossed(case: Case, x_mm: float, table_mm: float) -> FloatArray:
    """Where the laser's plane crosses the skin at a place to the left: with the gantry upright in one step."""
    lean = math.tan(math.radians(case.couch.tilt_deg))
    middle = middle_mm(case)
    at = skin_at(case.patient.volume, x_mm, middle[2] + table_mm)
    for _ in range(20):
        z_mm = middle[2] + table_mm + lean * (at[1] - middle[1])
        if abs(z_mm - at[2]) < NEAR_LASER_MM:
            break
        at = skin_at(case.patient.volume, x_mm, z_mm)
    return at


def middle_mm(case: Case) -> FloatArray:
    """(3,) the isocentre in the patient with the couch at 0: amid the body, at the height of the treated disc.

    The patient who has moved on the couch has moved it in himself.
    """
    body = body_of(case.patient.volume)
    low, high = float(body.skin_mm[:, 1].min()), float(body.skin_mm[:, 1].max())
    lies = [sum(body.across_mm) / 2.0, (low + high) / 2.0, float(case.shape.patient_from_disc.translation_mm[2])]
    return np.asarray(np.array(lies) - case.couch.drift_mm)
