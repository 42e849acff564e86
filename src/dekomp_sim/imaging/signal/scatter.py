"""Radiation scattered in the patient: kernels superposed on a coarse grid, behind an air gap and an anti-scatter grid.

Each part of the field scatters in proportion to the primary energy it lets through, by an amount that grows with the
thickness there (Boone and Seibert, Med Phys 1988;15:721); the field's size follows, as nothing beyond it scatters. The
kernels come from photons followed through slabs of water (benchmarks/make_scatter_tables.py). Left out: the patient's
outline (a slab is wider than the field), scatter in table and cover, and metal, which changes scatter little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry.carm import CArm
from dekomp_sim.imaging.signal.cells import cell_grid, cell_means, on_pixels, spread
from dekomp_sim.units import MM_PER_CM

GRID_RATIOS: Final = (0, 8, 10, 12)
"""Height over gap of the grid's lead strips for which kernels are shipped; 0 is no grid."""

_COLUMNS = ("kv", "water_cm", "gap_mm", "grid_ratio", "primary")


@dataclass(frozen=True, slots=True, eq=False)
class ScatterKernels:
    """Scatter by thickness for one voltage, air gap and grid.

    Parameters
    ----------
    water_g_cm2
        (n,) thicknesses.
    sigmas_mm
        (m,) standard deviations of the Gaussians, on the detector.
    amplitudes
        (n, m) energy scattered into each Gaussian over the primary energy behind that thickness, both behind the grid.
    primary_share
        (n,) share of the primary energy that passes the grid.
    """

    water_g_cm2: FloatArray
    sigmas_mm: FloatArray
    amplitudes: FloatArray
    primary_share: FloatArray

    def grid_passes(self, water_g_cm2: float) -> float:
        """Share of the primary energy that passes the grid behind a thickness: the price of the grid."""
        return float(np.interp(water_g_cm2, self.water_g_cm2, self.primary_share))

    def amplitudes_at(self, water_g_cm2: FloatArray) -> FloatArray:
        """(m, ...) amplitudes behind thicknesses (...); held beyond the thickest slab, none in front of nothing."""
        return np.stack([np.interp(water_g_cm2, self.water_g_cm2, column) for column in self.amplitudes.T])


@lru_cache(maxsize=64)
def scatter_kernels(kv: float, gap_mm: float, grid_ratio: int) -> ScatterKernels:
    """The kernels for a tube voltage, air gap and grid: straight lines between the table's.

    Parameters
    ----------
    kv
        Tube voltage behind 3 mm Al and 0.1 mm Cu; held outside 60 to 120 kV, where scatter hardly depends on it.
    gap_mm
        From the patient's far side to the detector; held outside 0 to 350 mm.
    grid_ratio
        One of `GRID_RATIOS`.

    Raises
    ------
    OutOfRangeError
        If there is no such grid.
    """
    if grid_ratio not in GRID_RATIOS:
        raise OutOfRangeError("grid_ratio", str(grid_ratio), ", ".join(map(str, GRID_RATIOS)))
    sigmas, columns = _table()
    kvs, gaps = np.unique(columns["kv"]), np.unique(columns["gap_mm"])
    water = np.unique(columns["water_cm"])
    chosen = columns["grid_ratio"] == grid_ratio
    shape = (len(kvs), len(water), len(gaps))
    primary = columns["primary"][chosen].reshape(shape)
    amplitudes = columns["amplitudes"][:, chosen].reshape(len(sigmas), *shape)
    by_kv = _between(kvs, kv)
    by_gap = _between(gaps, gap_mm)
    share = np.einsum("k,kwg,g->w", by_kv, primary, by_gap)
    scattered = np.einsum("k,skwg,g->ws", by_kv, amplitudes, by_gap) / share[:, None]
    return ScatterKernels(
        sealed(np.concatenate([[0.0], water])),
        sigmas,
        sealed(np.concatenate([np.zeros((1, len(sigmas))), scattered])),
        sealed(np.concatenate([share[:1], share])),
    )


def air_gap_mm(carm: CArm, water_g_cm2: float) -> float:
    """Gap between patient and detector. Assumption: the patient lies centred on the isocentre and is as thick as so
    much water; a C-arm's detector is usually nearer on one side and farther on the other.
    """
    behind = carm.source_to_detector_mm - carm.source_to_isocentre_mm
    return max(0.0, behind - water_g_cm2 * MM_PER_CM / 2.0)


def scattered(
    primary: Float32Array, water_g_cm2: Float32Array, pixel_mm: float, kernels: ScatterKernels
) -> Float32Array:
    """Scattered energy on each pixel, on the scale of `primary`: both behind the grid.

    Parameters
    ----------
    primary
        (rows, cols) primary energy, of any unit; 0 where the collimator closes the field.
    water_g_cm2
        (rows, cols) thickness as mass per area, soft tissue and bone together: electrons scatter, and both have about
        as many per gram.
    pixel_mm
        Pixel pitch.
    kernels
        From `scatter_kernels`.

    Returns
    -------
    (rows, cols) float32.
    """
    shape = (primary.shape[0], primary.shape[1])
    cells, edges_mm = cell_grid(shape, pixel_mm)
    return on_pixels(
        scattered_cells(cell_means(primary, cells), cell_means(water_g_cm2, cells), edges_mm, kernels), shape
    )


def scattered_cells(
    primary: FloatArray, water_g_cm2: FloatArray, edges_mm: tuple[float, float], kernels: ScatterKernels
) -> FloatArray:
    """The same for means over cells with edges in mm down and across."""
    total = np.zeros(primary.shape)
    for amplitude, sigma_mm in zip(kernels.amplitudes_at(water_g_cm2), kernels.sigmas_mm, strict=True):
        total += spread(primary * amplitude, (sigma_mm / edges_mm[0], sigma_mm / edges_mm[1]))
    return total


def _between(nodes: FloatArray, value: float) -> FloatArray:
    """(n,) weights of the nodes for a straight line at `value`, held beyond the ends."""
    return np.array([np.interp(value, nodes, row) for row in np.eye(len(nodes))])


@cache
def _table() -> tuple[FloatArray, dict[str, FloatArray]]:
    """Standard deviations in mm, and the columns of the shipped table; `amplitudes` is (widths, rows)."""
    text = (files("dekomp_sim.imaging.signal") / "data" / "scatter_kernels.csv").read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names = lines[0].split(",")
    values = np.loadtxt(lines[1:], delimiter=",", unpack=True, dtype=np.float64)
    sigmas = np.array([float(name.split("_")[1]) for name in names[len(_COLUMNS) :]])
    columns = dict(zip(_COLUMNS, values, strict=False))
    return sealed(sigmas), {**columns, "amplitudes": values[len(_COLUMNS) :]}
