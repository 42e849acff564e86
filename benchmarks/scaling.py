"""How the cost of a projection grows with volume, rays and threads, beside the floor that bytes and operations set.

Writes docs/performance_scaling.svg and prints the table for docs/performance.md. The floor: the volume's bytes at the
speed of a plain copy, and one interpolated sample for each ray and plane at the speed of the vector loop alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from xray import median_s

from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.projection.lanes import add_columns
from dekomp_sim.imaging.projection.projector import Projector

ROOT = Path(__file__).parents[1]
EXTENT_MM = 360.0


def projection_s(voxels: int, rays: int, threads: int) -> float:
    """Seconds for one AP picture of `rays` x `rays` through a full cube of `voxels` a side."""
    counts = np.random.default_rng(0).integers(900, 1100, (voxels,) * 3).astype(np.int16)
    affine = Affine.from_spacing((EXTENT_MM / voxels,) * 3, (-EXTENT_MM / 2,) * 3)
    projector = Projector(counts, affine, threads=threads)
    carm, detector = CArm(180.0, 0.0, (0, 0, 0)), Detector(rays, rays, 307.2 / rays)
    return median_s(lambda: projector.line_integrals(carm, detector), 9)


def copy_bytes_per_s() -> float:
    held = np.zeros(100_000_000, dtype=np.int16)
    into = np.empty_like(held)
    return 2.0 * held.nbytes / median_s(lambda: np.copyto(into, held), 5)


@njit
def _add_again(blended: Any, left: Any, weights: Any, sums: Any, times: int) -> None:
    for _ in range(times):
        add_columns(blended, left, weights, np.int64(0), (np.int64(0), np.int64(left.size), np.int64(0)), sums)


def sample_s() -> float:
    """Seconds the vector loop takes for an interpolated sample when everything lies in the first cache."""
    columns, times = 256, 20_000
    left = (np.arange(columns) // 2).astype(np.int32)
    weights, sums = np.full(columns, 0.5, np.float32), np.zeros(8 * columns, np.float32)
    blended = np.ones(8 * (columns // 2 + 2), np.float32)
    return median_s(lambda: _add_again(blended, left, weights, sums, times), 9) / (8 * columns * times)


def floor_s(voxels: int, rays: int, threads: int, speeds: tuple[float, float]) -> float:
    bytes_per_s, one_sample_s = speeds
    return max(2.0 * voxels**3 / bytes_per_s, voxels * rays**2 * one_sample_s / threads)


def main() -> None:
    cores = os.cpu_count() or 1
    speeds = copy_bytes_per_s(), sample_s()
    print(f"copy {speeds[0] / 1e9:.1f} GB/s, one sample {speeds[1] * 1e9:.3f} ns on one core, {cores} cores")
    sweeps = {
        "volume, voxels a side (512 x 512 rays)": [(n, 512) for n in (128, 192, 256, 384, 512)],
        "rays a side (384 voxels a side)": [(384, n) for n in (128, 256, 512, 768, 1024)],
    }
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, 2), sweeps.items(), strict=True):
        across = [point[0] if "volume" in title else point[1] for point in points]
        for threads in range(1, min(cores, 2) + 1):
            took = [projection_s(*point, threads) for point in points]
            least = [floor_s(*point, threads, speeds) for point in points]
            (line,) = axes.loglog(across, [1e3 * t for t in took], "o-", label=f"{threads} thread(s)")
            axes.loglog(across, [1e3 * t for t in least], "--", color=line.get_color(), label="floor")
            for point, seconds, bound in zip(points, took, least, strict=True):
                print(f"| {point[0]}^3 | {point[1]}^2 | {threads} | {1e3 * seconds:.1f} | {1e3 * bound:.1f} |")
        axes.set(xlabel=title, ylabel="ms a picture")
        axes.set_xticks(across, [str(n) for n in across])
        axes.minorticks_off()
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(ROOT / "docs" / "performance_scaling.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
