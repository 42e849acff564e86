"""From grams per cm2 to what the detector absorbs: the polychromatic beam behind the patient, contrast and metal."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.imaging.signal.rows import by_rows
from dekomp_sim.matter import Beam, Substance, mass_attenuation_cm2_g, optical_depth, spectrum

SCINTILLATOR_MM: Final = 0.6
"""Assumption: thickness of the caesium iodide layer; makers of flat panels for fluoroscopy state 0.5 to 0.6 mm."""

SOFT_RANGE_G_CM2: Final = (-0.5, 70.0)
"""Soft tissue covered by the patient's table: 70 g/cm2 is a ray of 66 cm; below 0 lies tissue removed beyond what is
there."""

BONE_RANGE_G_CM2: Final = (0.0, 30.0)
"""Bone mineral covered by the patient's table: 30 g/cm2 is 19 cm of cortical bone."""

_SOFT_STEP, _BONE_STEP = 0.25, 0.05
"""Steps of the table in g/cm2; the bilinear error is step^2/8 times the variance of mu/rho over the beam, below 0.1
%."""

_PIXELS_AT_ONCE = 2048
"""Pixels whose exponentials fit a core's cache together."""


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What a detector of CsI(Tl) absorbs of a beam, by what lies in front of it.

    Absorbed energy per photon is E (1 - exp(-mu t)): escape of K fluorescence, the detector's cover, grid and table
    top are left out, and so is scatter.

    Parameters
    ----------
    beam
        The tube's setting.
    energies_kev
        (n,) photon energies.
    shares
        (n,) share of each energy in the energy absorbed without a patient; their sum is 1.
    open_kev_per_cm2_mas_at_1m
        Energy absorbed without a patient, in air, 1 m from the focus.
    log_table, quantum_table
        (soft, bone) float32: ln of the absorbed energy over that without a patient, and keV per noise quantum.
    """

    beam: Beam
    energies_kev: FloatArray
    shares: FloatArray
    open_kev_per_cm2_mas_at_1m: float
    log_table: Float32Array
    quantum_table: Float32Array

    def patient_log_signal(
        self, soft_g_cm2: Float32Array, bone_g_cm2: Float32Array, pool: Executor | None = None
    ) -> Float32Array:
        """ln(absorbed energy / that without a patient) behind soft tissue and bone mineral, from a table, within 0.1 %
        where neither is negative.

        Outside `SOFT_RANGE_G_CM2` and `BONE_RANGE_G_CM2` the value at the table's rim holds.

        Parameters
        ----------
        soft_g_cm2, bone_g_cm2
            (rows, cols) areal densities.
        pool
            Threads to share the rows out to.

        Returns
        -------
        (rows, cols) float32.
        """
        return _looked_up(self.log_table, soft_g_cm2, bone_g_cm2, pool)

    def quantum_kev(
        self, soft_g_cm2: Float32Array, bone_g_cm2: Float32Array, pool: Executor | None = None
    ) -> Float32Array:
        """Energy (rows, cols) of the quantum whose Poisson noise equals the beam's: sum(E^2 n) / sum(E n), keV.

        Photons of each energy arrive by Poisson's law, so the absorbed energy's variance is its mean times this
        (compound Poisson). Metal and contrast hardly change it and are left out. Blur of the light is left out.
        """
        return _looked_up(self.quantum_table, soft_g_cm2, bone_g_cm2, pool)

    def log_signal(
        self, soft_g_cm2: ArrayLike, bone_g_cm2: ArrayLike, iodine_g_cm2: ArrayLike = 0.0, steel_g_cm2: ArrayLike = 0.0
    ) -> Float32Array:
        """ln(absorbed energy / that without anything) by the sum over all energies; arguments broadcast, (...)
        g/cm2."""
        return self.log_signal_behind(
            {
                Substance.SOFT_TISSUE: soft_g_cm2,
                Substance.BONE_MINERAL: bone_g_cm2,
                Substance.IODINE: iodine_g_cm2,
                Substance.STEEL: steel_g_cm2,
            }
        )

    def log_signal_behind(self, areal_g_cm2: Mapping[Substance, ArrayLike]) -> Float32Array:
        """ln(absorbed energy / that without anything) behind any substances: ln sum_E share(E) exp(-sum mu/rho(E) m).

        Parameters
        ----------
        areal_g_cm2
            Mass per area of each substance; (...) shapes that broadcast.

        Returns
        -------
        (...) float32. About 0.15 us a pixel: meant for the pixels behind contrast and metal.
        """
        arrays = np.broadcast_arrays(*(np.asarray(mass, dtype=np.float32) for mass in areal_g_cm2.values()))
        per_g = [mass_attenuation_cm2_g(substance, self.energies_kev).astype(np.float32) for substance in areal_g_cm2]
        masses = [array.reshape(-1) for array in arrays]
        used = [(mass, mu) for mass, mu in zip(masses, per_g, strict=True) if mass.any()]
        out = np.empty(masses[0].shape, dtype=np.float32)
        for start in range(0, len(out), _PIXELS_AT_ONCE):
            part = slice(start, start + _PIXELS_AT_ONCE)
            out[part] = _log_sum([(mass[part], mu) for mass, mu in used], self.shares, len(out[part]))
        return out.reshape(arrays[0].shape)

    def open_kev(self, mas: float, pixel_mm2: float, source_to_detector_mm: float) -> float:
        """Energy a pixel absorbs without a patient, keV: falls with the square of the distance from the focus."""
        return self.open_kev_per_cm2_mas_at_1m * mas * pixel_mm2 / 100.0 * (1000.0 / source_to_detector_mm) ** 2


@lru_cache(maxsize=32)
def response(beam: Beam, scintillator_mm: float = SCINTILLATOR_MM) -> Response:
    """The response of a CsI(Tl) detector to a beam; kept for the beams in use.

    Parameters
    ----------
    beam
        The tube's setting.
    scintillator_mm
        Thickness of the scintillator at full density, 4.51 g/cm3.
    """
    made = spectrum(beam)
    absorbed = -np.expm1(-optical_depth(Substance.CSI, scintillator_mm, made.energies_kev))
    energy = made.fluence_per_cm2_mas_at_1m * made.energies_kev * absorbed
    shares = energy / energy.sum()
    used = shares > 1e-12
    log_table, quantum_table = _tables(made.energies_kev[used], shares[used])
    return Response(
        beam, sealed(made.energies_kev[used]), sealed(shares[used]), float(energy.sum()), log_table, quantum_table
    )


def _tables(energies_kev: FloatArray, shares: FloatArray) -> tuple[Float32Array, Float32Array]:
    """ln signal and keV per quantum on the grid of soft tissue (rows) and bone mineral (columns)."""
    soft = np.arange(SOFT_RANGE_G_CM2[0], SOFT_RANGE_G_CM2[1] + _SOFT_STEP / 2, _SOFT_STEP)
    bone = np.arange(BONE_RANGE_G_CM2[0], BONE_RANGE_G_CM2[1] + _BONE_STEP / 2, _BONE_STEP)
    tissue = mass_attenuation_cm2_g(Substance.SOFT_TISSUE, energies_kev)
    mineral = mass_attenuation_cm2_g(Substance.BONE_MINERAL, energies_kev)
    behind_soft = np.exp(-np.outer(soft, tissue)) * shares
    behind_bone = np.exp(-np.outer(mineral, bone))
    signal = behind_soft @ behind_bone
    quantum = (behind_soft * energies_kev) @ behind_bone / signal
    return sealed(np.log(signal).astype(np.float32)), sealed(quantum.astype(np.float32))


def _log_sum(layers: list[tuple[Float32Array, Float32Array]], shares: FloatArray, count: int) -> Float32Array:
    """ln sum_e shares[e] exp(-sum_s mass_s[p] mu_s[e]) for `count` pixels; no matrix library, so the same
    everywhere."""
    depth = np.zeros((count, len(shares)), dtype=np.float32)
    for mass, mu in layers:
        depth -= mass[:, None] * mu
    np.exp(depth, out=depth)
    return np.asarray(np.log(np.einsum("pe,e->p", depth, shares.astype(np.float32))), dtype=np.float32)


def _looked_up(table: Float32Array, soft: Float32Array, bone: Float32Array, pool: Executor | None) -> Float32Array:
    soft = np.ascontiguousarray(soft, dtype=np.float32)
    bone = np.ascontiguousarray(np.broadcast_to(bone, soft.shape), dtype=np.float32)
    out = np.empty(soft.shape, dtype=np.float32)
    grid = (np.float32(SOFT_RANGE_G_CM2[0]), np.float32(1.0 / _SOFT_STEP), np.float32(1.0 / _BONE_STEP))
    flat, mineral, result = soft.reshape(-1), bone.reshape(-1), out.reshape(-1)
    row = max(1, flat.size // max(1, len(soft)))

    def look(first: int, last: int) -> None:
        part = slice(first * row, last * row)
        _bilinear(table, flat[part], mineral[part], grid, result[part])

    by_rows(len(soft), look, pool)
    return out


@njit(cache=True, nogil=True)
def _bilinear(table, soft, bone, grid, out):  # type: ignore[no-untyped-def]
    """Bilinear look-up of each (soft, bone), held at the table's rim."""
    rows, cols = table.shape
    soft_start, per_soft, per_bone = grid
    for n in range(out.size):
        r = min(max((soft[n] - soft_start) * per_soft, np.float32(0.0)), np.float32(rows - 1))
        c = min(max(bone[n] * per_bone, np.float32(0.0)), np.float32(cols - 1))
        i, j = min(np.int32(r), rows - 2), min(np.int32(c), cols - 2)
        u, v = r - np.float32(i), c - np.float32(j)
        upper = table[i, j] + v * (table[i, j + 1] - table[i, j])
        lower = table[i + 1, j] + v * (table[i + 1, j + 1] - table[i + 1, j])
        out[n] = upper + u * (lower - upper)
