"""The scanner: one slice of a patient with instruments, contrast and what was removed, as they are now."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import Patient, Volume
from dekomp_sim.arrays import Float32Array, FloatArray, frozen, sealed
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.geometry import Rigid, Solid
from dekomp_sim.imaging.ct.acquisition import Masses, Turn, measured, reading
from dekomp_sim.imaging.ct.calibration import water_g_cm2
from dekomp_sim.imaging.ct.gantry import patient_from_scan
from dekomp_sim.imaging.ct.paths import areal_g_cm2, rods_in_slice
from dekomp_sim.imaging.ct.protocol import HU_RANGE
from dekomp_sim.imaging.ct.reconstruction import reconstructed
from dekomp_sim.imaging.ct.slab import change_of, slab_of
from dekomp_sim.matter import Substance

KEPT_SLICES: Final = 6
"""Slices of the standing patient whose rays are kept: a three-slice step forth and back."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceShot:
    """What one turn sees.

    Parameters
    ----------
    centre_mm
        (3,) the isocentre in the slice's middle, in the patient: where table and laser put it.
    turn
        How it is taken; the gantry's tilt turns the slice.
    solids
        Instruments, in the patient frame.
    discs
        Discs that are worked on, as they are now.
    middle_mm
        (x, y) of the picture's middle in the scan frame.
    """

    centre_mm: FloatArray
    turn: Turn = Turn()  # noqa: RUF009 - frozen
    solids: tuple[Solid, ...] = ()
    discs: tuple[Disc, ...] = ()
    middle_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen(self.centre_mm, (3,)))

    @property
    def patient_from_scan(self) -> Rigid:
        """Where the slice lies."""
        return patient_from_scan(self.centre_mm, self.turn.gantry.tilt_deg)


@dataclass(frozen=True, slots=True, eq=False)
class CtSlice:
    """A reconstructed slice.

    Parameters
    ----------
    hu
        (matrix, matrix) float32 Hounsfield units within `HU_RANGE`: the patient's right at the left, the front at the
        top.
    patient_from_scan
        Where it lies.
    pixel_mm
        Edge of a pixel.
    middle_mm
        (x, y) of its middle in the scan frame.
    """

    hu: Float32Array
    patient_from_scan: Rigid
    pixel_mm: float
    middle_mm: tuple[float, float] = (0.0, 0.0)

    def pixel_of(self, point_mm: ArrayLike) -> FloatArray:
        """(..., 2) row and column of points (..., 3) of the patient, seen along the slice's normal."""
        x, y, _ = np.moveaxis(self.patient_from_scan.inverse().points(point_mm), -1, 0)
        off = np.stack([y - self.middle_mm[1], x - self.middle_mm[0]], axis=-1)
        return np.asarray(off / self.pixel_mm + (len(self.hu) - 1) / 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """The patient's rays in one slice."""

    pose: tuple[object, ...]
    soft_g_cm2: Float32Array
    bone_g_cm2: Float32Array


class Scanner:
    """Takes slices of one patient; keeps the patient's rays while table and gantry stand.

    Parameters
    ----------
    patient
        Whose volume lies on the table. Nothing is computed before the first slice.
    threads
        Worker threads; slices do not depend on their number.
    """

    def __init__(self, patient: Patient, threads: int | None = None) -> None:
        self._volume = patient.volume
        count = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(count) if count > 1 else None
        self._standing: tuple[_Standing, ...] = ()

    def scan(self, shot: SliceShot) -> CtSlice:
        """The slice of one turn, the patient and the table at rest.

        Left out: what `acquisition` and `slab` leave out, and motion during the turn.
        """
        turn = shot.turn
        rods = rods_in_slice(shot.solids, shot.patient_from_scan, turn.offsets_mm)
        hu = picture_hu(self._masses(shot), rods, turn, self._pool, shot.middle_mm)
        pixel_mm = turn.protocol.field_mm / turn.protocol.matrix
        return CtSlice(hu, shot.patient_from_scan, pixel_mm, shot.middle_mm)

    def _masses(self, shot: SliceShot) -> Masses:
        standing = self._stand(shot)
        masses = Masses(standing.soft_g_cm2, standing.bone_g_cm2)
        for disc in shot.discs:
            change = change_of(disc, shot.patient_from_scan, shot.turn.offsets_mm)
            if change is not None:
                iodine, gone = areal_g_cm2(change, shot.turn.gantry, self._pool)
                other = (*masses.other, (Substance.IODINE, iodine)) if iodine.any() else masses.other
                masses = replace(masses, soft_g_cm2=masses.soft_g_cm2 + gone, other=other)
        return masses

    def _stand(self, shot: SliceShot) -> _Standing:
        """The patient's rays, followed when the slice moved; the last `KEPT_SLICES` are kept."""
        pose = (tuple(shot.centre_mm), shot.turn.gantry, shot.turn.protocol.thickness_mm)
        for held in self._standing:
            if held.pose == pose:
                return held
        made = _Standing(pose, *_patient_rays(self._volume, shot, self._pool))
        self._standing = (made, *self._standing[: KEPT_SLICES - 1])
        return made


def picture_hu(
    masses: Masses, steel: FloatArray, turn: Turn, pool: Executor | None = None,
    middle_mm: tuple[float, float] = (0.0, 0.0),
) -> Float32Array:  # fmt: skip
    """Hounsfield units (matrix, matrix) of what the rays of a turn meet: read, calibrated, reconstructed, cut to range.

    Parameters
    ----------
    masses, steel
        As for `acquisition.reading`.
    turn
        How it is taken.
    pool
        Threads.
    middle_mm
        (x, y) of the picture's middle in the scan frame.
    """
    logs = measured(reading(masses, steel, turn, pool), turn, pool)
    lines = water_g_cm2(logs, turn.gantry, turn.protocol.beam, pool)
    water = reconstructed(lines, turn.gantry, turn.protocol, middle_mm, pool)
    return sealed(np.clip(1000.0 * water - 1000.0, *HU_RANGE, dtype=np.float32))


def _patient_rays(volume: Volume, shot: SliceShot, pool: Executor | None) -> tuple[Float32Array, Float32Array]:
    turn, where = shot.turn, shot.patient_from_scan
    slab = slab_of(volume, where, turn.offsets_mm, turn.gantry.field_mm, pool)
    if slab is None:
        nothing = sealed(np.zeros((turn.gantry.views, turn.gantry.channels), dtype=np.float32))
        return nothing, nothing
    soft, bone = areal_g_cm2(slab, turn.gantry, pool)
    return sealed(soft), sealed(bone)
