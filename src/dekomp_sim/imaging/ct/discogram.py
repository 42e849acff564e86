"""CT of a disc after discography: one axial slice in the disc's own plane, with the contrast that is in it.

Left out: the scanner, whose slices `scanner` makes. This one is what a perfect one would show at one effective energy
in the disc's own oblique plane: the reference for what contrast there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from dekomp_sim.anatomy import Volume
from dekomp_sim.arrays import Float32Array, FloatArray, sealed
from dekomp_sim.disc.voxels import Disc
from dekomp_sim.imaging.console.display import annotated
from dekomp_sim.imaging.console.processing import WHITE
from dekomp_sim.imaging.ct.protocol import HU_RANGE
from dekomp_sim.matter import CT_EFFECTIVE_KEV, Substance, mass_attenuation_cm2_g

WINDOW_HU: Final = (-300.0, 2200.0)
"""Hounsfield units shown black and white. Assumption: wide enough to tell bone from contrast; a soft tissue window
would show both white."""

STEP_MM: Final = 0.5
"""Distance at most between the planes that a thick slice is the mean of."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which slice: how far headward of the disc's middle, how thick, how wide, and its pixels.

    Parameters
    ----------
    above_middle_mm, thickness_mm
        Along the disc's normal. Assumption: 4 mm thick, within the 3 to 5 mm of spine CT.
    half_width_mm
        Half the field of view.
    pixel_mm
        Edge of a pixel.
    """

    above_middle_mm: float = 0.0
    thickness_mm: float = 4.0
    half_width_mm: float = 50.0
    pixel_mm: float = 0.25


def hu_per_g_cm3(substance: Substance) -> float:
    """Hounsfield units that 1 g/cm3 of a substance adds: 1000 (mu/rho) / mu_water at `CT_EFFECTIVE_KEV`.

    Examples
    --------
    >>> round(hu_per_g_cm3(Substance.IODINE) / 1000.0)  # for 1 mg/mL
    26
    """
    return _hu_per_g_cm3()[substance]


def changed_hu(disc: Disc) -> Float32Array:
    """What contrast and missing tissue add to the CT of each voxel of a disc, HU, [k, j, i]."""
    iodine, soft = (hu_per_g_cm3(substance) for substance in (Substance.IODINE, Substance.SOFT_TISSUE))
    return np.asarray(np.float32(iodine) * disc.iodine_g_cm3 - np.float32(soft) * disc.missing_g_cm3)


def axial_ct(volume: Volume, disc: Disc, cut: Slice | None = None) -> Float32Array:
    """A slice in the plane of a disc, HU: the patient's CT with the disc as it is now.

    Parameters
    ----------
    volume
        The patient's.
    disc
        The disc with its contrast.
    cut
        Which slice; one through the disc's middle unless told.

    Returns
    -------
    (rows, cols) float32, anterior at the top and the patient's right at the left, as axial CT is read.
    """
    cut = cut or Slice()
    added, planes = changed_hu(disc), _planes(cut)
    seen = [_plane_hu(volume, disc, added, cut, float(z_mm)) for z_mm in planes]
    mean = np.mean(np.stack(seen), axis=0, dtype=np.float64)
    return sealed(np.clip(mean, *HU_RANGE).astype(np.float32))


def on_screen(hu: Float32Array, line: str) -> NDArray[np.uint16]:
    """A slice (rows, cols) as the console shows it: white is dense, with the banner and a line of words burned in."""
    low, high = WINDOW_HU
    grey = np.clip((hu - low) / (high - low), 0.0, 1.0) * WHITE
    return sealed(annotated(np.rint(grey).astype(np.uint16), None, [line, "R is left, A is up"]))


@cache
def _hu_per_g_cm3() -> dict[Substance, float]:
    at = [CT_EFFECTIVE_KEV]
    water = float(mass_attenuation_cm2_g(Substance.WATER, at)[0])
    chosen = (Substance.IODINE, Substance.SOFT_TISSUE)
    return {one: 1000.0 * float(mass_attenuation_cm2_g(one, at)[0]) / water for one in chosen}


def _planes(cut: Slice) -> FloatArray:
    """Heights of the planes that make up a slice, mm above the disc's middle."""
    count = max(1, int(np.ceil(cut.thickness_mm / STEP_MM)))
    return cut.above_middle_mm + ((np.arange(count) + 0.5) / count - 0.5) * cut.thickness_mm


def _plane_hu(volume: Volume, disc: Disc, added: Float32Array, cut: Slice, z_mm: float) -> FloatArray:
    """(rows, cols) HU in one plane: x of the disc's frame along the columns, y along the rows."""
    along = np.arange(-cut.half_width_mm, cut.half_width_mm + cut.pixel_mm / 2.0, cut.pixel_mm)
    y, x = np.meshgrid(along, along, indexing="ij")
    points = disc.shape.patient_from_disc.points(np.stack([x, y, np.full_like(x, z_mm)], axis=-1))
    index = np.moveaxis(disc.patient_from_index.indices(points), -1, 0)[::-1]
    change = map_coordinates(added, index, order=1, mode="constant", cval=0.0)
    return np.asarray(volume.hu_at(points) + change, dtype=np.float64)
