"""Dose of the patient's skin: every exposure drawn on the body's surface, and where it adds up to most."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.anatomy.volume import lookup_frame, nearest
from dekomp_sim.arrays import BoolArray, FloatArray, frozen
from dekomp_sim.geometry.carm import CArm, Detector
from dekomp_sim.imaging.radiation.body import Body
from dekomp_sim.imaging.radiation.dose import UNCERTAINTY_WORDS, reference_distance_mm
from dekomp_sim.imaging.stand.collimator import Collimator
from dekomp_sim.imaging.stand.machine import Table, table_block
from dekomp_sim.imaging.stand.touching import Block
from dekomp_sim.matter import Beam

_BACKSCATTER_KV: Final = (50.0, 80.0, 110.0, 150.0)
_BACKSCATTER_COPPER_MM: Final = (0.0, 0.1, 0.2, 0.3, 0.6, 0.9)
_BACKSCATTER_SIDE_CM: Final = (5.0, 10.0, 20.0, 35.0)

BACKSCATTER: Final = frozen(
    [
        [
            [1.2, 1.3, 1.3, 1.3],
            [1.3, 1.3, 1.4, 1.4],
            [1.3, 1.4, 1.4, 1.4],
            [1.3, 1.4, 1.4, 1.5],
            [1.3, 1.4, 1.5, 1.5],
            [1.3, 1.5, 1.5, 1.6],
        ],
        [
            [1.3, 1.4, 1.4, 1.5],
            [1.3, 1.4, 1.5, 1.5],
            [1.3, 1.5, 1.6, 1.6],
            [1.4, 1.5, 1.6, 1.7],
            [1.4, 1.5, 1.7, 1.7],
            [1.4, 1.5, 1.7, 1.7],
        ],
        [
            [1.3, 1.4, 1.5, 1.5],
            [1.3, 1.5, 1.6, 1.6],
            [1.3, 1.5, 1.6, 1.7],
            [1.4, 1.5, 1.6, 1.7],
            [1.4, 1.5, 1.7, 1.7],
            [1.3, 1.5, 1.7, 1.7],
        ],
        [
            [1.3, 1.5, 1.5, 1.6],
            [1.3, 1.5, 1.6, 1.6],
            [1.3, 1.5, 1.6, 1.7],
            [1.3, 1.5, 1.6, 1.7],
            [1.3, 1.5, 1.6, 1.7],
            [1.3, 1.5, 1.6, 1.7],
        ],
    ]
)
"""Dose of the skin over air kerma free in air, by kV (50, 80, 110, 150), added copper (0 to 0.9 mm) and side of the
field (5, 10, 20, 35 cm): backscatter times the ratio of absorption in tissue and air (Benmakhlouf, Phys Med Biol
2011;56:7179, rounded to 0.1 as openSkin tabulates it)."""

_TABLE_KV: Final = (60.0, 80.0, 110.0, 125.0)

TABLE_AND_PAD: Final = frozen(
    [
        [0.66, 0.68, 0.71, 0.72],
        [0.73, 0.75, 0.78, 0.78],
        [0.75, 0.78, 0.81, 0.81],
        [0.76, 0.79, 0.83, 0.83],
        [0.79, 0.81, 0.85, 0.85],
        [0.80, 0.82, 0.85, 0.86],
    ]
)
"""Transmission of a carbon-fibre table with its mattress by copper (0 to 0.9 mm) and kV (60, 80, 110, 125), measured
on an Artis zeego at the Royal Free Hospital in 2016 (published with openSkin). A pain clinic's own tables took
1 / 1.34 = 0.75 (Pain Med 2019;20:971)."""

_CLEAR_OF_SKIN_MM: Final = 12.0
"""Way toward the focus after which body in between counts as body in between: the surface's own grid is 4 mm."""

_RAY_STEP_MM: Final = 4.0
"""Step along that way: the body's grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Irradiation:
    """What an exposure sent into the patient.

    Parameters
    ----------
    carm, active, collimator
        Pose, the active part of the detector and the blades: the beam's outline.
    beam
        Voltage and filter.
    air_kerma_reference_mgy
        Air kerma at the reference point.
    """

    carm: CArm
    active: Detector
    collimator: Collimator
    beam: Beam
    air_kerma_reference_mgy: float


@dataclass(frozen=True, slots=True, eq=False)
class SkinMap:
    """Dose on the skin.

    Parameters
    ----------
    body
        Whose skin.
    dose_mgy
        (n,) at each of its points.
    """

    body: Body
    dose_mgy: FloatArray

    @property
    def peak_mgy(self) -> float:
        """Highest dose of the skin."""
        return float(self.dose_mgy.max(initial=0.0))

    @property
    def peak_at_mm(self) -> FloatArray:
        """(3,) where it is, patient frame."""
        return np.asarray(self.body.skin_mm[int(np.argmax(self.dose_mgy))])

    def area_above_cm2(self, dose_mgy: float) -> float:
        """Area of skin above a dose."""
        return float(self.body.area_mm2[self.dose_mgy > dose_mgy].sum()) / 100.0

    @property
    def words(self) -> str:
        """The peak as a sentence, with what it is worth."""
        return f"Peak skin dose {self.peak_mgy:.2g} mGy; {UNCERTAINTY_WORDS}"


def skin_dose(body: Body, irradiations: Iterable[Irradiation], table: Table | None = None) -> SkinMap:
    """Dose of the skin from any number of exposures.

    A point gets K_ref (d_ref / d)^2 B T where the beam enters: inside the outline, facing the focus, with no body
    before it. B is backscatter, T the table's transmission where the ray crosses it. The beam's exit, scatter from
    beyond the field and the heel effect are left out.

    Parameters
    ----------
    body
        The patient.
    irradiations
        The exposures.
    table
        The table under the patient, or None where the beam meets none.
    """
    dose = np.zeros(len(body.skin_mm))
    top = table_block(table, body) if table is not None else None
    for one in irradiations:
        share = _entering_share(body, one)
        hit = np.flatnonzero(share)
        rays = body.skin_mm[hit] - one.carm.source_mm
        distance = np.linalg.norm(rays, axis=1)
        kerma = one.air_kerma_reference_mgy * (reference_distance_mm(one.carm) / distance) ** 2
        side_cm = np.sqrt(_field_cm2(one) * (distance / one.carm.source_to_detector_mm) ** 2)
        kerma = kerma * backscatter(one.beam, side_cm)
        if top is not None:
            crossed = crosses(top, one.carm.source_mm, body.skin_mm[hit])
            kerma = np.where(crossed, kerma * table_transmission(one.beam), kerma)
        dose[hit] += share[hit] * kerma
    return SkinMap(body, frozen(dose))


def backscatter(beam: Beam, side_cm: FloatArray | float) -> FloatArray:
    """Skin dose over air kerma (...) for square fields of a side (...) in cm: `BACKSCATTER`, linear between its points.

    Examples
    --------
    >>> float(backscatter(Beam(80.0), 20.0))
    1.5
    """
    by_side = _between(BACKSCATTER, _BACKSCATTER_KV, beam.kv)
    by_side = _between(by_side, _BACKSCATTER_COPPER_MM, beam.copper_mm)
    return np.asarray(np.interp(side_cm, _BACKSCATTER_SIDE_CM, by_side))


def table_transmission(beam: Beam) -> float:
    """Share of air kerma behind table and mattress: `TABLE_AND_PAD`, linear between its points.

    Examples
    --------
    >>> round(table_transmission(Beam(80.0)), 2)
    0.75
    """
    return float(np.interp(beam.kv, _TABLE_KV, _between(TABLE_AND_PAD, _BACKSCATTER_COPPER_MM, beam.copper_mm)))


def _between(table: FloatArray, at: tuple[float, ...], value: float) -> FloatArray:
    """A table interpolated along its first axis, held at its ends."""
    upper = int(np.clip(np.searchsorted(at, value), 1, len(at) - 1))
    share = float(np.clip((value - at[upper - 1]) / (at[upper] - at[upper - 1]), 0.0, 1.0))
    return np.asarray((1.0 - share) * table[upper - 1] + share * table[upper])


def _field_cm2(one: Irradiation) -> float:
    """Area of the open beam on the detector."""
    return one.active.width_mm * one.active.height_mm * one.collimator.open_share(one.active) / 100.0


def _entering_share(body: Body, one: Irradiation) -> FloatArray:
    """Share (n,) of the beam that each point of the skin gets: 0 outside the outline, behind, and in shadow."""
    carm = one.carm
    rays = body.skin_mm - carm.source_mm
    along = rays @ carm.towards_detector
    facing = (np.einsum("nx,nx->n", rays, body.outward) < 0.0) & (along > 0.0)
    scale = carm.source_to_detector_mm / np.where(facing, along, np.inf)
    share = one.collimator.passes(rays @ carm.image_right * scale, rays @ carm.image_up * scale, one.active)
    share = np.where(facing, share, 0.0)
    lit = np.flatnonzero(share)
    share[lit[_shaded(body, carm.source_mm, body.skin_mm[lit])]] = 0.0
    return np.asarray(share)


def _shaded(body: Body, source_mm: FloatArray, points_mm: FloatArray) -> BoolArray:
    """Whether body lies between each point (n, 3) and the focus."""
    return np.asarray(_met(body.inside, lookup_frame(body.patient_from_index), source_mm, points_mm))


@njit(cache=True, nogil=True)
def _met(inside: BoolArray, frame: FloatArray, source_mm: FloatArray, points_mm: FloatArray) -> BoolArray:
    """Whether the way from each point (n, 3) to the focus comes into body, looked for every `_RAY_STEP_MM`."""
    met = np.zeros(len(points_mm), dtype=np.bool_)
    for n in range(len(points_mm)):
        x, y, z = points_mm[n]
        dx, dy, dz = source_mm[0] - x, source_mm[1] - y, source_mm[2] - z
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        dx, dy, dz = dx / distance, dy / distance, dz / distance
        step = 0
        while not met[n]:
            way = _CLEAR_OF_SKIN_MM + step * _RAY_STEP_MM
            if way >= distance:
                break
            k, j, i = nearest(frame, inside.shape, x + way * dx, y + way * dy, z + way * dz)
            met[n] = k >= 0 and inside[k, j, i]
            step += 1
    return met


def crosses(block: Block, from_mm: FloatArray, to_mm: FloatArray) -> BoolArray:
    """Whether the straight ways from a point to points (n, 3) pass through a box (slab method)."""
    start = (from_mm - block.centre_mm) @ block.axes.T
    way = (to_mm - from_mm) @ block.axes.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a way along a face meets it at infinity
        one, other = (-block.half_mm - start) / way, (block.half_mm - start) / way
    near, far = np.fmin(one, other).max(axis=1), np.fmax(one, other).min(axis=1)
    return np.asarray((near < far) & (far > 0.0) & (near < 1.0))
