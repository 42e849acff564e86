"""Mass attenuation coefficients of substances."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from dekomp_sim.arrays import FloatArray, sealed
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.matter.substances import Substance
from dekomp_sim.matter.tables import table


def mass_attenuation_cm2_g(substance: Substance, energies_kev: ArrayLike) -> FloatArray:
    """Total mass attenuation coefficient mu/rho of a substance, coherent scatter included.

    Straight lines between logarithms of a table in steps of 0.5 keV that holds both sides of every absorption edge,
    so an edge stays a step.

    Parameters
    ----------
    substance
        What attenuates.
    energies_kev
        (n,) photon energies from 5 to 150 keV.

    Returns
    -------
    (n,) cm2/g. Source: Elam, Ravel and Sieber 2002, Radiat Phys Chem 63:121, by elements; compositions in
    `substances.WEIGHT_FRACTIONS`.

    Raises
    ------
    OutOfRangeError
        If an energy lies outside the table.

    Examples
    --------
    >>> mass_attenuation_cm2_g(Substance.WATER, [60.0]).round(4).tolist()
    [0.2059]
    """
    energies = np.asarray(energies_kev, dtype=np.float64)
    nodes, _ = _logarithms(substance)
    if energies.size and not (energies.min() >= np.exp(nodes[0]) - 1e-9 and energies.max() <= np.exp(nodes[-1]) + 1e-9):
        raise OutOfRangeError("energies_kev", f"{energies.min():g} to {energies.max():g} keV", "5 to 150 keV")
    return np.asarray(np.exp(np.interp(np.log(energies), *_logarithms(substance))))


def known_elements() -> tuple[str, ...]:
    """Symbols of the elements of which a mixture may be made."""
    return table("element_attenuation").names


def mixture_attenuation_cm2_g(weight_fractions: Mapping[str, float], energy_kev: float) -> float:
    """Total mass attenuation coefficient of a mixture at one energy from 40 to 120 keV: the mean of its elements'.

    Straight lines between logarithms, every 10 keV: there none of the known elements has an edge.

    Parameters
    ----------
    weight_fractions
        By element; they add up to 1.
    energy_kev
        Photon energy.

    Examples
    --------
    >>> round(mixture_attenuation_cm2_g({"H": 0.111894, "O": 0.888106}, 60.0), 4)
    0.2059
    """
    held = table("element_attenuation")
    nodes = np.log(held.energies_kev)
    return sum(
        part * float(np.exp(np.interp(np.log(energy_kev), nodes, np.log(held.row(element)))))
        for element, part in weight_fractions.items()
    )


@cache
def _logarithms(substance: Substance) -> tuple[FloatArray, FloatArray]:
    held = table("mass_attenuation")
    return sealed(np.log(held.energies_kev)), sealed(np.log(held.row(str(substance))))
