"""What the channels read in one turn: the polychromatic beam behind bow-tie, patient, contrast and steel, with noise.

Each channel's signal is the energy it absorbs, as in an energy-integrating detector. Left out: scattered radiation
(taken as removed by the collimator blades and corrected), crosstalk and afterglow of channels, the turn of the gantry
during a view, the couch.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit

from dekomp_sim.arrays import BoolArray, Float32Array, FloatArray, sealed
from dekomp_sim.imaging.ct.gantry import Gantry
from dekomp_sim.imaging.ct.paths import FINE_RAYS, steel_of_view
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.signal.beam import Response, response
from dekomp_sim.imaging.signal.noise import COUNTED_BELOW_QUANTA, Purpose, normal_quantiles, random_words
from dekomp_sim.imaging.signal.rows import by_rows, noise_rows, normal_rows
from dekomp_sim.matter import DENSITY_G_CM3, Beam, Substance, mass_attenuation_cm2_g

SCINTILLATOR_MM: Final = 3.0
"""Caesium iodide that absorbs like a CT channel's ceramic. Assumption: 93 % at 100 keV, as 1.4 mm of gadolinium
oxysulphide."""

ELECTRONIC_KEV: Final = 200.0
"""Standard deviation of the electronic noise of one cell (channel and row) in absorbed energy: 3.3 photons of 60 keV.
Assumption: published models of low-dose CT take a variance near 10 photons."""

LEAST_KEV: Final = 60.0
"""Least signal of a cell whose logarithm is taken: one photon. Assumption: scanners hold what noise made negative; how
is not published. Behind steel, where less arrives, pictures show it."""

_LEAST_SHARE: Final = 1e-9
"""The same for a turn without noise, as a share of the open beam."""

_STEEL_STEP_MM, _STEEL_STEPS = 0.05, 1200
"""Grid of the steel table: 60 mm; beyond, a millionth is left of any beam."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn is taken.

    Parameters
    ----------
    protocol, gantry
        Settings and sizes.
    seed, index
        Key the noise; None for `index` takes a turn without noise.
    """

    protocol: Protocol = Protocol()  # noqa: RUF009 - frozen
    gantry: Gantry = Gantry()  # noqa: RUF009 - frozen
    seed: int = 0
    index: int | None = 0

    @property
    def rows(self) -> int:
        """Detector rows of the slice."""
        return self.gantry.rows(self.protocol.thickness_mm)

    @property
    def offsets_mm(self) -> FloatArray:
        """(rows, n) heights that make up the slice's thickness."""
        return self.gantry.slice_offsets_mm(self.protocol.thickness_mm)

    @property
    def least_share(self) -> float:
        """Least signal of a cell over its open beam's whose logarithm is taken."""
        if self.index is None:
            return _LEAST_SHARE
        return LEAST_KEV * self.rows / open_channel_kev(self.gantry, self.protocol)


@dataclass(frozen=True, slots=True, eq=False)
class Masses:
    """Mass per area on every ray, (views, channels) float32 each; None where there is none.

    Parameters
    ----------
    soft_g_cm2, bone_g_cm2
        The patient, changes included.
    other
        More substances.
    """

    soft_g_cm2: Float32Array
    bone_g_cm2: Float32Array
    other: tuple[tuple[Substance, Float32Array], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the rows of a slice give together on every ray, (views, channels) float32 each.

    Parameters
    ----------
    signal
        Energy over that of the open beam without bow-tie; behind steel the geometric mean over the rows, as their
        logarithms are averaged.
    quantum_kev
        Energy of the quantum whose Poisson noise gives the noise of that logarithm.
    """

    signal: Float32Array
    quantum_kev: Float32Array


def ct_response(beam: Beam) -> Response:
    """What a CT channel absorbs of a beam."""
    return response(beam, SCINTILLATOR_MM)


def reading(masses: Masses, steel: FloatArray, turn: Turn, pool: Executor | None = None) -> Reading:
    """Expected signal of one turn.

    Parameters
    ----------
    masses
        What the rays meet.
    steel
        (n, 9) rods in the scan frame. Within a row energy is averaged, not mass, and then logarithms over rows.
    turn
        How it is taken.
    pool
        Threads.
    """
    gantry, behind = turn.gantry, ct_response(turn.protocol.beam)
    soft = masses.soft_g_cm2 + gantry.bow_tie_g_cm2.astype(np.float32)
    signal = behind.patient_log_signal(soft, masses.bone_g_cm2, pool)
    np.exp(signal, out=signal)
    quantum = behind.quantum_kev(soft, masses.bone_g_cm2, pool)
    layers = ((Substance.SOFT_TISSUE, soft), (Substance.BONE_MINERAL, masses.bone_g_cm2), *masses.other)
    mu = np.stack([_per_g(substance, behind) for substance, _ in layers])
    exact = _exact_rays(masses, soft.shape)
    if len(steel) or exact.any():
        stacked = np.ascontiguousarray(np.stack([mass for _, mass in layers], axis=-1), dtype=np.float32)
        _refine((stacked, mu, exact), turn, steel, (signal, quantum), pool)
    return Reading(signal, quantum)


def measured(read: Reading, turn: Turn, pool: Executor | None = None) -> Float32Array:
    """ln of each channel's signal over the open beam's, (views, channels): noise added, least signal held.

    Parameters
    ----------
    read
        Expected signal; left as it is.
    turn
        Its charge, thickness and channels give the energy of an open channel; its seed and number key the noise.
    pool
        Threads.
    """
    open_kev = np.float32(open_channel_kev(turn.gantry, turn.protocol))
    mean = np.asarray(read.signal * open_kev)
    if turn.index is not None:
        mean += _noise(mean, read.quantum_kev, turn, pool)
        np.maximum(mean, np.float32(LEAST_KEV * turn.rows), out=mean)
    mean /= open_kev
    return np.asarray(np.log(mean, out=mean))


def open_channel_kev(gantry: Gantry, protocol: Protocol) -> float:
    """Energy that a channel absorbs in one view of the open beam, keV: proportional to charge and thickness."""
    area_mm2 = gantry.channel_mm * protocol.thickness_mm * gantry.magnification
    mas = protocol.mas / gantry.views
    return ct_response(protocol.beam).open_kev(mas, area_mm2, gantry.source_to_detector_mm)


def _noise(mean: Float32Array, quantum: Float32Array, turn: Turn, pool: Executor | None) -> Float32Array:
    """Quantum noise's deviation from the mean and the rows' electronic noise, keV."""
    index = turn.index or 0
    words = random_words(mean.shape, turn.seed, Purpose.CT_QUANTUM_NOISE, index, pool)
    more = random_words(mean.shape, turn.seed, Purpose.CT_ELECTRONIC_NOISE, index, pool)
    electronic = np.float32(ELECTRONIC_KEV * np.sqrt(turn.rows))
    out, white = np.empty_like(mean), np.empty_like(mean)

    def draw(first: int, last: int) -> None:
        quantiles = normal_quantiles()
        noise_rows(mean, quantum, words, quantiles, np.float32(COUNTED_BELOW_QUANTA), first, last, out)
        normal_rows(more, quantiles, first, last, white)
        out[first:last] += electronic * white[first:last]

    by_rows(len(mean), draw, pool)
    return out


def _exact_rays(masses: Masses, shape: tuple[int, ...]) -> BoolArray:
    """Rays on which more than soft tissue and bone mineral lies."""
    exact = np.zeros(shape, dtype=np.bool_)
    for _, mass in masses.other:
        exact |= mass != 0.0
    return exact


def _refine(
    layers: tuple[Float32Array, Float32Array, BoolArray], turn: Turn, steel: FloatArray,
    out: tuple[Float32Array, Float32Array], pool: Executor | None,
) -> None:  # fmt: skip
    """Put the sum over the spectrum where contrast, steel or any other substance is met."""
    gantry, behind = turn.gantry, ct_response(turn.protocol.beam)
    fine = FINE_RAYS * np.array([gantry.focal_spot_mm, gantry.channel_rad])
    spectrum = (behind.shares.astype(np.float32), behind.energies_kev.astype(np.float32), _steel_table(behind.beam))
    geometry = (
        gantry.source_to_isocentre_mm, gantry.source_to_detector_mm, float(gantry.fan_rad[0]), gantry.channel_rad,
    )  # fmt: skip
    views, met = gantry.view_rad, (steel, turn.offsets_mm, fine, np.float32(turn.least_share))

    def sum_up(first: int, last: int) -> None:
        _sum_up(layers, spectrum, met, (views, geometry), (first, last), out)

    by_rows(gantry.views, sum_up, pool)


@lru_cache(maxsize=8)
def _steel_table(beam: Beam) -> Float32Array:
    """(steps, energies) share of each energy that a path in steel lets through."""
    per_mm = _per_g(Substance.STEEL, ct_response(beam)) * DENSITY_G_CM3[Substance.STEEL] / 10.0
    lengths = np.arange(_STEEL_STEPS + 1) * _STEEL_STEP_MM
    return sealed(np.exp(-np.outer(lengths, per_mm)).astype(np.float32))


def _per_g(substance: Substance, behind: Response) -> Float32Array:
    return mass_attenuation_cm2_g(substance, behind.energies_kev).astype(np.float32)


@njit(cache=True, nogil=True)
def _sum_up(layers, spectrum, steel, geometry, span, out):  # type: ignore[no-untyped-def]
    """Signal and energy of a quantum, summed over the spectrum, on the rays of a span that are exact or meet steel."""
    masses, mu, exact = layers
    rods, offsets, fine, least = steel
    views, (radius, aim, first, step) = geometry
    channels = masses.shape[1]
    lengths = np.zeros((channels, offsets.shape[0], fine.shape[0] * offsets.shape[1]), np.float32)
    touched = np.zeros(channels, np.bool_)
    left = np.empty(mu.shape[1], np.float32)
    for v in range(span[0], span[1]):
        touched[:] = False
        steel_of_view(rods, offsets, fine, (views[v], radius, aim, first, step), lengths, touched)
        for c in range(channels):
            if touched[c] or exact[v, c]:
                _behind(masses[v, c], mu, spectrum[0], left)
                if touched[c]:
                    out[0][v, c], out[1][v, c] = _over_rows(lengths[c], spectrum, left, least)
                else:
                    out[0][v, c], out[1][v, c] = _summed(left, spectrum[1])


@njit(cache=True, nogil=True)
def _behind(mass, mu, shares, left):  # type: ignore[no-untyped-def]
    """What each energy contributes behind the masses (substances,) of one ray."""
    for e in range(left.size):
        depth = np.float32(0.0)
        for s in range(mass.size):
            depth += mass[s] * mu[s, e]
        left[e] = shares[e] * np.exp(-depth)


@njit(cache=True, nogil=True, fastmath=True)
def _summed(left, energies):  # type: ignore[no-untyped-def]
    """Signal, and energy of its quantum."""
    total, square = np.float32(0.0), np.float32(0.0)
    for e in range(left.size):
        total += left[e]
        square += left[e] * energies[e]
    return total, square / max(total, np.float32(1e-30))


@njit(cache=True, nogil=True)
def _over_rows(lengths, spectrum, left, least):  # type: ignore[no-untyped-def]
    """Geometric mean of the rows' signals behind steel, and the quantum that gives the noise of its logarithm."""
    behind = np.empty_like(left)
    log, noise = np.float32(0.0), np.float32(0.0)
    for r in range(lengths.shape[0]):
        _behind_steel(lengths[r], spectrum[2], left, behind)
        signal, quantum = _summed(behind, spectrum[1])
        held = max(signal, least)
        log += np.log(held)
        noise += quantum / held
    mean = np.exp(log / np.float32(lengths.shape[0]))
    return mean, mean * noise / np.float32(lengths.shape[0])


@njit(cache=True, nogil=True, fastmath=True)
def _behind_steel(lengths, table, left, behind):  # type: ignore[no-untyped-def]
    """Each energy times its mean transmission over the fine rays, straight lines between the table's steps."""
    clear = np.float32(0.0)
    behind[:] = np.float32(0.0)
    for n in range(lengths.size):
        if lengths[n] == 0.0:
            clear += np.float32(1.0)
            continue
        at = lengths[n] * np.float32(1.0 / _STEEL_STEP_MM)
        i = min(int(at), table.shape[0] - 2)
        f = min(np.float32(at - i), np.float32(1.0))
        low, high = table[i], table[i + 1]
        for e in range(left.size):
            behind[e] += low[e] + f * (high[e] - low[e])
    for e in range(left.size):
        behind[e] = left[e] * (behind[e] + clear) / np.float32(lengths.size)
