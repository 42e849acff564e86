"""Make the scatter kernels that `dekomp_sim.imaging.signal.scatter` ships: photons followed through slabs of water.

    python benchmarks/make_scatter_tables.py

A pencil beam enters a slab at right angles. Each photon is followed with weights (absorption as loss of weight, every
collision forced inside the slab); after every scattering the chance to leave through the far side is scored where it
would meet the detector, behind an air gap and a grid. Compton: Klein and Nishina's formula, with no binding of
electrons; Rayleigh: Thomson's formula times the squared form factor of free atoms; cross sections and form factors
from xraydb (Elam 2002; Waasmaier and Kirfel 1995). Grid: lead strips pointing at the focus, straight rays, no
fluorescence of lead and no scatter in the grid. The radial profiles are then fitted by Gaussians of fixed widths. Takes
some minutes.
"""

# ruff: noqa: NPY002 - inside compiled loops numba has the legacy generator only; it is seeded for each slab

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import xraydb
from numba import njit
from scipy.optimize import nnls

from dekomp_sim.imaging.signal.beam import SCINTILLATOR_MM
from dekomp_sim.matter import Beam, Substance, optical_depth, spectrum

OUT = Path(__file__).parents[1] / "src" / "dekomp_sim" / "imaging" / "signal" / "data" / "scatter_kernels.csv"
KV = (60, 80, 100, 120)
WATER_CM = (2.5, 5, 10, 15, 20, 25, 30, 35, 40, 50)
GAPS_MM = (0.0, 100.0, 200.0, 350.0)
GRIDS = (0, 8, 10, 12)
SIGMAS_MM = (12.0, 40.0, 90.0, 200.0)
EDGES_MM = np.concatenate([[0.0], np.geomspace(2.0, 500.0, 60)])
HISTORIES = 200_000
FITTED_TO_MM = 260.0
STRIP_MM, SPACE_MM = 0.05, 0.20  # 40 lines/cm, aluminium between strips
ENERGIES_KEV = np.arange(5.0, 150.5, 0.5)  # nodes for cross sections
MOMENTA = np.linspace(0.0, 12.0, 2401)  # sin(theta/2)/lambda in 1/angstrom


def water_cross_sections():
    """(3, n) total, Compton and Rayleigh cm2/g of water at `ENERGIES_KEV`."""
    weights = {"H": 0.111894, "O": 0.888106}
    energies = ENERGIES_KEV * 1000.0
    return np.stack([
        sum(part * xraydb.mu_elam(element, energies, kind=kind) for element, part in weights.items())
        for kind in ("total", "incoh", "coh")
    ])  # fmt: skip


def rayleigh_table():
    """Integral over q^2 of the squared form factor of H2O from 0 to each of `MOMENTA`."""
    squared = 2.0 * xraydb.f0("H", MOMENTA) ** 2 + xraydb.f0("O", MOMENTA) ** 2
    steps = np.diff(MOMENTA**2) * (squared[1:] + squared[:-1]) / 2.0
    return np.concatenate([[0.0], np.cumsum(steps)])


@njit(cache=False)
def at(energy, table):
    place = min(max((energy - 5.0) * 2.0, 0.0), table.size - 1.001)
    low = int(place)
    return table[low] + (place - low) * (table[low + 1] - table[low])


@njit(cache=False)
def compton(energy):
    """(energy, cosine) after a Klein-Nishina scattering, by rejection from 1 + cos^2-like flat cosine."""
    share = energy / 511.0
    while True:
        cosine = 2.0 * np.random.random() - 1.0
        ratio = 1.0 / (1.0 + share * (1.0 - cosine))
        if 2.0 * np.random.random() < ratio * ratio * (ratio + 1.0 / ratio - 1.0 + cosine * cosine):
            return energy * ratio, cosine


@njit(cache=False)
def rayleigh(energy, momenta, integral):
    """Cosine after a Rayleigh scattering: momentum transfer from the form factor, kept by Thomson's factor."""
    largest = energy / 12.398
    stop = np.interp(largest, momenta, integral)
    while True:
        q = np.interp(np.random.random() * stop, integral, momenta)
        cosine = 1.0 - 2.0 * min(1.0, (q / largest) ** 2)
        if 2.0 * np.random.random() < 1.0 + cosine * cosine:
            return cosine


@njit(cache=False)
def turned(ux, uy, uz, cosine):
    sine, angle = np.sqrt(max(0.0, 1.0 - cosine * cosine)), 2.0 * np.pi * np.random.random()
    a, b = sine * np.cos(angle), sine * np.sin(angle)
    if abs(uz) > 0.99999:
        return a, b, cosine * np.sign(uz)
    side = np.sqrt(1.0 - uz * uz)
    return (
        ux * cosine + (ux * uz * a - uy * b) / side,
        uy * cosine + (uy * uz * a + ux * b) / side,
        uz * cosine - side * a,
    )


@njit(cache=False)
def grid_passes(ratio, across, down, lead_per_mm, aluminium_per_mm):
    """Mean transmission over the place of entry; `across` and `down` are direction cosines, strips along y."""
    pitch, height = STRIP_MM + SPACE_MM, ratio * SPACE_MM
    path, shift = height / down, abs(across) / down * height
    total = 0.0
    for n in range(16):
        start = (n + 0.5) / 16 * pitch
        if shift < 1e-6:
            lead = path if start < STRIP_MM else 0.0
        else:
            end = start + shift
            inside = np.floor(end / pitch) * STRIP_MM + min(end % pitch, STRIP_MM) - min(start, STRIP_MM)
            lead = path * inside / shift
        total += np.exp(-lead * lead_per_mm - (path - lead) * aluminium_per_mm)
    return total / 16


@njit(cache=False)
def score(ray, grid_per_mm, edges, gaps, grids, scored):
    """Add a ray (place where it leaves in cm, direction, energy) to the rings it meets behind each gap and grid."""
    x, y, ux, uy, uz, left = ray
    for g in range(gaps.size):
        far = gaps[g] / 10.0 / uz
        ring = np.searchsorted(edges, 10.0 * np.hypot(x + ux * far, y + uy * far)) - 1
        if ring >= edges.size - 1:
            continue
        for m in range(grids.size):
            passed = 1.0
            if grids[m] > 0:
                passed = grid_passes(grids[m], ux, uz, grid_per_mm[0], grid_per_mm[1])
            scored[g, m, ring] += left * passed


@njit(cache=False)
def follow(seed, histories, energies, thick_cm, tables, momenta, integral, edges, gaps, grids, scored):  # noqa: PLR0913
    """Add to `scored` (gaps, grids, rings) the energy absorbed in the scintillator per incident photon."""
    np.random.seed(seed)
    total, incoherent, coherent, scintillator, lead, aluminium = tables
    for n in range(histories):
        energy, weight = energies[n], 1.0 / histories
        x = y = z = 0.0
        ux, uy, uz = 0.0, 0.0, 1.0
        for _ in range(60):
            mu = at(energy, total)
            room = (thick_cm - z) / uz if uz > 1e-9 else (z / -uz if uz < -1e-9 else 1e9)
            inside = 1.0 - np.exp(-mu * room)
            weight *= inside
            path = -np.log(1.0 - np.random.random() * inside) / mu
            x, y, z = x + ux * path, y + uy * path, z + uz * path
            compton_mu, coherent_mu = at(energy, incoherent), at(energy, coherent)
            weight *= (compton_mu + coherent_mu) / mu
            if weight < 1e-4 / histories:
                if np.random.random() < 0.9:
                    break
                weight *= 10.0
            if np.random.random() * (compton_mu + coherent_mu) < compton_mu:
                energy, cosine = compton(energy)
            else:
                cosine = rayleigh(energy, momenta, integral)
            ux, uy, uz = turned(ux, uy, uz, cosine)
            if energy < 6.0:
                break
            if uz > 0.02:
                depth = (thick_cm - z) / uz
                left = weight * np.exp(-at(energy, total) * depth)
                left *= energy * (1.0 - np.exp(-at(energy, scintillator) / uz))
                ray = (x + ux * depth, y + uy * depth, ux, uy, uz, left)
                score(ray, (at(energy, lead), at(energy, aluminium)), edges, gaps, grids, scored)


def kernels(kv, thick_cm, cross, integral):
    """(gaps, grids, widths) scattered over primary energy by Gaussian, and (grids,) primary transmission."""
    made = spectrum(Beam(float(kv)))
    chance = np.random.default_rng([kv, int(10 * thick_cm)])
    share = made.fluence_per_cm2_mas_at_1m / made.fluence_per_cm2_mas_at_1m.sum()
    energies = chance.choice(made.energies_kev, HISTORIES, p=share)
    nodes = np.clip(ENERGIES_KEV, 5.0, 150.0)
    lead, aluminium = (optical_depth(s, 1.0, nodes) for s in (Substance.LEAD, Substance.ALUMINIUM))
    tables = np.stack([*cross, optical_depth(Substance.CSI, SCINTILLATOR_MM, nodes), lead, aluminium])
    scored = np.zeros((len(GAPS_MM), len(GRIDS), len(EDGES_MM) - 1))
    grids = np.array(GRIDS)
    follow(
        kv, HISTORIES, energies, float(thick_cm), tables, MOMENTA, integral, EDGES_MM, np.array(GAPS_MM), grids, scored
    )
    absorbed = made.energies_kev * -np.expm1(-optical_depth(Substance.CSI, SCINTILLATOR_MM, made.energies_kev))
    behind = share * absorbed * np.exp(-np.interp(made.energies_kev, ENERGIES_KEV, cross[0]) * thick_cm)
    passing = np.array([1.0 if r == 0 else primary_passes(r, made.energies_kev, behind) for r in GRIDS])
    rings = np.stack(
        [np.exp(-(EDGES_MM[:-1] ** 2) / 2 / s**2) - np.exp(-(EDGES_MM[1:] ** 2) / 2 / s**2) for s in SIGMAS_MM]
    )
    ratio = scored / behind.sum()  # per primary without grid
    fitted = np.zeros((len(GAPS_MM), len(GRIDS), len(SIGMAS_MM)))
    mean_radius = np.sqrt((EDGES_MM[1:] ** 2 + EDGES_MM[:-1] ** 2) / 2)
    weight = np.where(mean_radius < FITTED_TO_MM, 1.0 / np.sqrt(mean_radius), 0.0)
    for g in range(len(GAPS_MM)):
        for m in range(len(GRIDS)):
            fitted[g, m], _ = nnls((rings * weight).T, ratio[g, m] * weight)
    return fitted, passing, ratio


def primary_passes(ratio, energies, behind):
    lead, aluminium = (optical_depth(s, 1.0, energies) for s in (Substance.LEAD, Substance.ALUMINIUM))
    passed = np.array([grid_passes(ratio, 0.0, 1.0, a, b) for a, b in zip(lead, aluminium, strict=True)])
    return float(behind @ passed / behind.sum())


def within_mm(radius, amplitudes):
    """Share that Gaussians of `SIGMAS_MM` hold within a radius, times their amplitudes (..., widths), added up."""
    return amplitudes @ (1.0 - np.exp(-(radius**2) / 2.0 / np.array(SIGMAS_MM) ** 2))


def main() -> None:
    cross, integral = water_cross_sections(), rayleigh_table()
    lines, errors = [], []
    inside = EDGES_MM[1:] < 170.0
    for kv in KV:
        for thick in WATER_CM:
            fitted, passing, ratio = kernels(kv, thick, cross, integral)
            errors.append(within_mm(EDGES_MM[1:][inside][-1], fitted) / ratio[..., inside].sum(axis=-1) - 1.0)
            for g, gap in enumerate(GAPS_MM):
                for m, grid in enumerate(GRIDS):
                    row = ",".join(f"{a:.4g}" for a in fitted[g, m])
                    lines.append(f"{kv},{thick:g},{gap:g},{grid},{passing[m]:.4f},{row}")
            print(kv, "kV", thick, "cm done", flush=True)
    spread = np.percentile(np.abs(errors), [50, 90, 100])
    print("error of the scatter within 170 mm by the fit, median, 90 %, worst:", spread.round(3))
    widths = ", ".join(f"{s:g}" for s in SIGMAS_MM)
    version = importlib.metadata.version("xraydb")
    header = [
        "Scatter kernels: energy scattered into a CsI(Tl) layer of 0.6 mm over the primary energy absorbed there",
        "without grid, by slab of water (cm), tube voltage (kV; 3 mm Al + 0.1 mm Cu), air gap (mm) and grid ratio",
        f"(0: none), as Gaussians of standard deviation {widths} mm on the detector; primary: share of it that passes",
        "the grid.",
        f"Source: benchmarks/make_scatter_tables.py, {HISTORIES} photons each; cross sections of xraydb {version}.",
        f"Grid: {10 / (STRIP_MM + SPACE_MM):g} lines/cm, lead {STRIP_MM} mm, aluminium between.",
    ]
    names = ["kv", "water_cm", "gap_mm", "grid_ratio", "primary", *(f"sigma_{s:g}_mm" for s in SIGMAS_MM)]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join([*(f"# {line}" for line in header), ",".join(names), *lines]) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
