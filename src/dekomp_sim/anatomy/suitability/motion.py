"""Whether the patient moved or breathed while the scan was taken: the skin then jumps from one slice to the next."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from dekomp_sim.anatomy.suitability.checks import Check, Verdict, head_axis
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import BoolArray, FloatArray

JUMP_MM: Final = 3.0
"""Assumption: a smaller jump is the skin's own form; a breath moves the belly by 5 mm and more."""

JUMP_PIXELS: Final = 1.5
"""Assumption: the same where pixels are coarse: an outline on voxels is good to a pixel."""

AROUND: Final = 5
"""Slices from whose steps the skin's slope is taken."""


def check_motion(volume: Volume, body: BoolArray) -> Check:
    """The greatest jump of the skin between slices, beyond its slope there.

    Parameters
    ----------
    volume
        The CT.
    body
        Voxels [k, j, i] of the patient, without table and clothes.
    """
    along = head_axis(volume)
    spacing = volume.patient_from_index.spacing_mm
    slices = np.moveaxis(body, 2 - along, 0)
    first_mm, second_mm = (spacing[axis] for axis in (2, 1, 0) if axis != along)
    sides = [*_jumps_mm(slices, first_mm), *_jumps_mm(slices.transpose(0, 2, 1), second_mm)]
    jump = np.max(sides, axis=0)
    limit = max(JUMP_MM, JUMP_PIXELS * float(max(first_mm, second_mm)))
    allowed = f"up to {limit:.1f} mm"
    worst = int(np.argmax(jump)) if jump.size else 0
    if not jump.size or jump[worst] <= limit:
        return Check("motion", Verdict.GOOD, "skin without a jump between slices", allowed)
    words = f"a jump of the skin by {jump[worst]:.0f} mm between slices {worst + 1} and {worst + 2}"
    remedy = "Look at the slices there; where discs are torn apart take another series, in one held breath"
    return Check("motion", Verdict.CAUTION, words, allowed, remedy)


def _jumps_mm(slices: BoolArray, pixel_mm: float) -> list[FloatArray]:
    """(n - 1,) median jump of the skin between slices (n, rows, columns) at each end of the columns."""
    inside = np.asarray(slices.any(axis=1))  # (n, columns)
    seen = np.flatnonzero(inside.any(axis=0))
    if len(slices) < AROUND or not seen.size:
        return []
    quarter = (seen[-1] - seen[0]) // 4
    middle = slice(seen[0] + quarter, seen[-1] - quarter + 1)
    part, inside = slices[:, :, middle], inside[:, middle]
    return [_jump_mm(side, inside, pixel_mm) for side in (part, part[:, ::-1])]


def _jump_mm(slices: BoolArray, inside: BoolArray, pixel_mm: float) -> FloatArray:
    skin = slices.argmax(axis=1).astype(np.float64)
    skin[~inside | (skin == 0)] = np.nan  # no body, or cut off by the field
    step = np.diff(skin, axis=0) * pixel_mm
    known = np.isfinite(step)
    slope = ndimage.median_filter(np.where(known, step, 0.0), size=(AROUND, 1), mode="nearest")
    many = np.asarray(2 * known.sum(axis=1) > known.shape[1])
    jump = np.zeros(len(step))
    jump[many] = np.nanmedian(np.abs(step - slope)[many], axis=1)
    return jump
