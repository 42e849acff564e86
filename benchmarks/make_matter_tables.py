"""Make the tables that `dekomp_sim.matter` ships: unfiltered spectra, air's energy absorption, mass attenuation.

    python benchmarks/make_matter_tables.py

SpekPy and xraydb are needed here and in the tests that compare with them, not at run time: importing them costs about
2 s and a spectrum 20 ms, while the shipped tables load in some ms. Takes about half a minute.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import spekpy
import xraydb

from dekomp_sim.matter.substances import WEIGHT_FRACTIONS, Substance

DATA = Path(__file__).parents[1] / "src" / "dekomp_sim" / "matter" / "data"
KV = range(40, 151)
BIN_CENTRES_KEV = np.arange(5.5, 150.0)
NODES_KEV = np.arange(5.0, 150.25, 0.5)
# what physical phantoms are made of
ELEMENTS = (
    *("H", "Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca", "Ti", "Mn"),
    *("Fe", "Cu", "Zn", "Br", "Sr", "Zr", "Ag", "Sn", "I", "Ba"),
)
EDGE_GAP_KEV = 1e-3  # xraydb steps within 1 eV of an edge


def tube(kv):
    """SpekPy's model as used here: tungsten, 12 degrees, 1 keV bins, 100 cm, no filter and no air."""
    return spekpy.Spek(kvp=kv, th=12, dk=1.0, z=100.0, physics="casim", mu_data_source="pene")


def unfiltered(kv):
    """Fluence (145,) in 1/(cm2 keV mAs) at 1 m in the bins of `BIN_CENTRES_KEV`."""
    energies, fluence = tube(kv).get_spectrum(edges=False)
    held = np.zeros(len(BIN_CENTRES_KEV))
    kept = energies > 5.0
    held[: kept.sum()] = fluence[kept]
    return held


def nodes():
    """Energies of the attenuation table, keV: 0.5 keV steps and both sides of each absorption edge."""
    elements = {element for parts in WEIGHT_FRACTIONS.values() for element in parts}
    edges = {edge.energy / 1000.0 for element in elements for edge in xraydb.xray_edges(element).values()}
    inside = np.array(sorted(edge for edge in edges if 5.0 < edge < 150.0))
    return np.unique(np.concatenate([NODES_KEV, inside - EDGE_GAP_KEV, inside + EDGE_GAP_KEV]))


def mass_attenuation(substance, energies_kev):
    """(n,) cm2/g by Elam's tables, coherent scatter included."""
    parts = WEIGHT_FRACTIONS[substance]
    return sum(part * xraydb.mu_elam(element, energies_kev * 1000.0) for element, part in parts.items())


def write(name, header, columns, table, formats):
    lines = [f"# {line}" for line in header] + [",".join(columns)]
    lines += [",".join(f % v for f, v in zip(formats, row, strict=True)) for row in table]
    (DATA / name).write_text("\n".join(lines) + "\n", encoding="ascii")


def main():
    DATA.mkdir(exist_ok=True)
    versions = {name: importlib.metadata.version(name) for name in ("spekpy", "xraydb")}
    spek = f"SpekPy {versions['spekpy']} (casim, mu data pene), W anode, 12 deg"
    write(
        "spectra.csv",
        [
            "Unfiltered X-ray spectra: fluence in photons/(cm2 keV mAs) 1 m from the focus, no filter, no air.",
            f"Source: {spek}. Energies are centres of 1 keV bins; one column for each tube voltage in kV.",
        ],
        ["energy_kev", *(str(kv) for kv in KV)],
        np.column_stack([BIN_CENTRES_KEV, *(unfiltered(kv) for kv in KV)]),
        ["%g"] + ["%.7g"] * len(KV),
    )
    write(
        "air_energy_absorption.csv",
        [
            "Mass energy-absorption coefficient of dry air, cm2/g.",
            f"Source: the table of {spek}.",
        ],
        ["energy_kev", "cm2_g"],
        np.column_stack([BIN_CENTRES_KEV, tube(100).muen_air_data.get_muen_over_rho_air(BIN_CENTRES_KEV)]),
        ["%g", "%.8g"],
    )
    energies = nodes()
    write(
        "mass_attenuation.csv",
        [
            "Mass attenuation coefficients with coherent scatter, cm2/g; both sides of each absorption edge.",
            f"Source: Elam, Ravel and Sieber 2002, Radiat Phys Chem 63:121, through xraydb {versions['xraydb']};"
            " compositions in substances.py.",
        ],
        ["energy_kev", *(str(s) for s in Substance)],
        np.column_stack([energies, *(mass_attenuation(s, energies) for s in Substance)]),
        ["%.7f"] + ["%.8g"] * len(Substance),
    )
    above_edges = np.arange(40.0, 125.0, 10.0)
    write(
        "element_attenuation.csv",
        [
            "Mass attenuation coefficients of elements with coherent scatter, cm2/g, from 40 to 120 keV, where none of"
            " these has an edge.",
            f"Source: Elam, Ravel and Sieber 2002, Radiat Phys Chem 63:121, through xraydb {versions['xraydb']}.",
        ],
        ["energy_kev", *ELEMENTS],
        np.column_stack([above_edges, *(xraydb.mu_elam(element, above_edges * 1000.0) for element in ELEMENTS)]),
        ["%g"] + ["%.8g"] * len(ELEMENTS),
    )


if __name__ == "__main__":
    main()
