"""Slow parts of a picture on a coarse grid: means over cells of pixels, spread, and brought back to the pixels."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import erf

from dekomp_sim.arrays import Float32Array, FloatArray, sealed

CELL_MM: Final = 6.4
"""Edge of the cells on the detector: half the standard deviation of scatter's narrowest kernel."""


def cell_grid(shape: tuple[int, int], pixel_mm: float) -> tuple[tuple[int, int], tuple[float, float]]:
    """Number of cells down and across for a picture (rows, cols), and their edges in mm: about `CELL_MM`."""
    down, across = (max(2, min(size, round(size * pixel_mm / CELL_MM))) for size in shape)
    return (down, across), (shape[0] * pixel_mm / down, shape[1] * pixel_mm / across)


def cell_means(image: Float32Array, cells: tuple[int, int]) -> FloatArray:
    """(cells) float64 means of an image (rows, cols) over cells that share it out evenly, no smaller than a pixel."""
    starts = [np.linspace(0, size, count + 1).astype(int) for size, count in zip(image.shape, cells, strict=True)]
    by_row = np.add.reduceat(image, starts[0][:-1], axis=0)
    sums = np.add.reduceat(by_row, starts[1][:-1], axis=1, dtype=np.float64)
    return np.asarray(sums / np.multiply.outer(np.diff(starts[0]), np.diff(starts[1])))


def on_pixels(cells: FloatArray, shape: tuple[int, int]) -> Float32Array:
    """(rows, cols) float32: straight lines between the cells' centres, held beyond the outer ones."""
    left, right, across = _places(cells.shape[1], shape[1])
    wide = (cells[:, left] * (1.0 - across) + cells[:, right] * across).astype(np.float32)
    below, above, share = _places(cells.shape[0], shape[0])
    down = share.astype(np.float32)[:, None]
    # whole rows last: they are copied at the speed of memory
    near, out = wide[below], wide[above]
    out -= near
    out *= down
    out += near
    return np.asarray(out, dtype=np.float32)


@lru_cache(maxsize=16)
def _places(cells: int, pixels: int) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Cell before and after each pixel and the latter's share."""
    place = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0.0, cells - 1.0)
    below = np.minimum(place.astype(int), max(cells - 2, 0))
    return sealed(below), sealed(np.minimum(below + 1, cells - 1)), sealed(place - below)


def spread(cells: FloatArray, sigmas: tuple[float, float]) -> FloatArray:
    """Each cell's content spread over the grid by a Gaussian; what leaves the grid is lost.

    Parameters
    ----------
    cells
        (n, m) amounts.
    sigmas
        Standard deviation along the first and second axis, in cells.
    """
    down, across = (_gaussian(count, sigma) for count, sigma in zip(cells.shape, sigmas, strict=True))
    return np.asarray(np.einsum("ij,jk,lk->il", down, cells, across, optimize=["einsum_path", (0, 1), (0, 1)]))


@lru_cache(maxsize=64)
def _gaussian(count: int, sigma: float) -> FloatArray:
    """(count, count) share of cell j's content that falls into cell i."""
    offset = np.arange(count)[:, None] - np.arange(count)[None, :]
    upper, lower = ((offset + half) / (sigma * math.sqrt(2.0)) for half in (0.5, -0.5))
    return sealed(np.asarray((erf(upper) - erf(lower)) / 2.0))
