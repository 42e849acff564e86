"""What the hand feels while it pushes: stiffness before a layer gives way, cutting after, friction along the shaft.

The structure is Okamura, Simone and O'Leary's (IEEE Trans Biomed Eng 2004;51:1707): before puncture a second-order
polynomial in the depth of the dent, after it a constant cutting force, and friction with the length in the tissue. In
a hole that is there already there is nothing to cut, whoever cut it (Azar and Hayward, LNCS 2008;5104:166). The forces
of each layer are plausible orders of magnitude, uncalibrated: for the annulus of a human lumbar disc no measured value
was found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from dekomp_sim.anatomy import BONES, Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.instruments.insertion import Crossing
from dekomp_sim.units import STANDARD_GAUGE_MM

REFERENCE_OUTER_MM: Final = STANDARD_GAUGE_MM[17][0]
"""Outer diameter in mm for which the forces hold (17 G). Force is taken as proportional to the diameter: it scales
with it from 0.7 to 3.2 mm (Jiang et al., J Biomech 2014;47:3344).
"""

DENT_MM: Final = 2.0
"""Assumption: way in mm for which a layer yields before it gives way; of a thinner layer, its thickness."""

DENT_LINEAR: Final = 0.0020
"""Linear part in N/mm of the dent's stiffness in bovine liver (Okamura et al. 2004); only its share counts here."""

DENT_SQUARE: Final = 0.0023
"""Quadratic part in N/mm^2 of the dent's stiffness in bovine liver (Okamura et al. 2004); only its share counts."""

LAMELLA_MM: Final = 0.5
"""Assumption: way in mm through one layer of the annulus on an oblique path: 15 to 25 lamellae in 5 to 10 mm."""

GRIT: Final = 0.25
"""Assumption: share by which the cutting force rises and falls from lamella to lamella: the "gritty" feel."""

BONE_STOP_N: Final = 20.0
"""Force in N at which the hand stops on bone. Assumption: bone lets no needle of these sizes on below it."""

FLESH: Final = frozenset({Structure.FAT, Structure.MUSCLE})
"""Tissues that a scan tells apart by Hounsfield units alone."""

LEAST_LAYER_MM: Final = 3.0
"""Assumption: a streak of fat or muscle thinner than this has no fascia of its own."""

AHEAD_MM: Final = LEAST_LAYER_MM
"""Way in mm beyond the tip to be known, so that the force does not depend on where a push ends."""

STEP_MM: Final = 1.0
"""Spacing in mm of a recorded curve between the places where something changes."""

WITHIN_MM: Final = 1e-6
"""Distance in mm by which the value just before a change is told apart from the one after it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one tissue opposes to a 17 G point.

    Parameters
    ----------
    puncture_n
        Force at which its surface gives way.
    cutting_n
        Force to go on cutting in it.
    friction_n_mm
        Friction in N per mm of shaft in it.
    grit
        Share by which cutting rises and falls from layer to layer within it.
    """

    puncture_n: float
    cutting_n: float
    friction_n_mm: float
    grit: float = 0.0


_FLESH = Layer(1.5, 0.9, 0.01)
_MUSCLE = Layer(4.0, 1.5, 0.015)
_FAT = Layer(0.75, 0.75, 0.005)

LAYERS: Final[Mapping[Structure, Layer]] = MappingProxyType(
    {
        Structure.OUTSIDE: Layer(0.0, 0.0, 0.0),
        Structure.BOWEL_GAS: Layer(0.0, 0.0, 0.0),
        Structure.SKIN: Layer(5.0, 1.0, 0.01),
        Structure.FAT: _FAT,
        Structure.EPIDURAL_FAT: _FAT,
        Structure.FASCIA: Layer(4.0, 1.5, 0.015),
        Structure.LIGAMENTUM_FLAVUM: Layer(5.0, 4.0, 0.05),
        Structure.MUSCLE: _MUSCLE,
        Structure.ERECTOR_SPINAE_LEFT: _MUSCLE,
        Structure.ERECTOR_SPINAE_RIGHT: _MUSCLE,
        Structure.PSOAS_LEFT: _MUSCLE,
        Structure.PSOAS_RIGHT: _MUSCLE,
        Structure.QUADRATUS_LUMBORUM: _MUSCLE,
        Structure.ANNULUS: Layer(10.0, 7.0, 0.05, GRIT),
        Structure.PROTRUSION: Layer(6.0, 4.0, 0.05, GRIT),
        Structure.NUCLEUS: Layer(1.5, 1.5, 0.02),
        Structure.ENDPLATE: Layer(14.0, 12.0, 0.05),
    }
)
"""Layers by structure; what is not named is soft organ.

Assumption: orders of magnitude for 17 to 18 G: skin 3 to 8 N, fat 0.5 to 1, fascia (where muscle begins) 3 to 6, muscle
1 to 3, annulus 6 to 15, nucleus 1 to 2 N; a ligament lies between muscle and annulus. Organ: cutting 0.94 N in bovine
liver (Okamura et al. 2004), rounded.
"""


@dataclass(frozen=True, slots=True)
class Pass:
    """One push: what lies along the whole way, and how it is gone.

    Parameters
    ----------
    outer_mm
        Diameter of what cuts and rubs.
    free_from_mm
        Depth from which the shaft rubs on tissue: the skin, or the tip of what it lies in.
    holes
        (depth, diameter) of holes that the way lies in from the skin on.
    skin_cut
        Whether it goes through an incision.
    """

    outer_mm: float
    free_from_mm: float = 0.0
    holes: tuple[tuple[float, float], ...] = ()
    skin_cut: bool = False


def felt_n(met: Sequence[Crossing], how: Pass, depth_mm: ArrayLike) -> FloatArray:
    """Force in N on the hand at tip depths (n,); a function of the depth alone, however the push was divided.

    F = (stiffness or cutting at the tip, times what is still to be cut of the diameter) + friction summed over the
    shaft in tissue, times the diameter over 17 G's. So a finer needle's hole helps by its own diameter. Bone is not in
    it: it stops the needle (`resistance`). Left out: speed, static friction,
    relaxation, the force of bending; nerves and vessels, which are too small to be told apart.

    Parameters
    ----------
    met
        The gapless tissues along the way from the skin.
    how
        The push.
    depth_mm
        (n,) tip depths below the skin.
    """
    depth = np.atleast_1d(np.asarray(depth_mm, dtype=np.float64))
    layers = np.array([_row(crossing, skin_cut=how.skin_cut) for crossing in met]).reshape(-1, len(Column))
    holes = np.array(how.holes).reshape(-1, 2)
    return np.asarray(_felt(depth, layers, holes, (how.outer_mm, how.free_from_mm)) / REFERENCE_OUTER_MM)


class Column(IntEnum):
    """What the kernel's table holds of a tissue along the way."""

    FROM_MM = 0
    TO_MM = 1
    GIVES_WAY_MM = 2
    PUNCTURE_N = 3
    CUTTING_N = 4
    FRICTION_N_MM = 5
    GRIT = 6
    UNCUT = 7


def resistance(
    met: Sequence[Crossing], how: Pass, from_mm: float, to_mm: float, *, on_bone: bool = False
) -> tuple[tuple[float, float], ...]:
    """The curve of a push as (depth in mm, force in N): every mm, and on both sides of whatever gives way.

    Parameters
    ----------
    met
        The gapless tissues along the way from the skin to `AHEAD_MM` beyond `to_mm`.
    how
        The push.
    from_mm, to_mm
        Tip depths before and after.
    on_bone
        Whether bone stopped it: the force then rises to `BONE_STOP_N` on the spot.
    """
    tissues = [c for c in even(met) if c.structure not in BONES]
    marks: list[FloatArray] = [np.arange(np.ceil(from_mm), to_mm, STEP_MM), np.array([from_mm, to_mm])]
    marks += [np.array([end_mm, end_mm + WITHIN_MM]) for end_mm, _ in how.holes]
    for crossing in tissues:
        breaks = np.array([crossing.from_mm, _gives_way_mm(crossing), crossing.to_mm])
        marks += [breaks, breaks + WITHIN_MM]
        if LAYERS.get(crossing.structure, _FLESH).grit:
            marks.append(np.arange(_gives_way_mm(crossing), crossing.to_mm, LAMELLA_MM / 4.0))  # its peaks and troughs
    depth = np.unique(np.concatenate(marks))
    depth = depth[(depth >= from_mm) & (depth <= to_mm)]
    curve = list(zip(depth.tolist(), felt_n(tissues, how, depth).tolist(), strict=True))
    if on_bone and curve:
        curve.append((to_mm, max(BONE_STOP_N, curve[-1][1])))
    return tuple(curve)


def even(met: Sequence[Crossing]) -> tuple[Crossing, ...]:
    """Tissues with the speckle of a noisy scan taken out: thin streaks of fat and muscle belong to what is before."""
    kept: list[Crossing] = []
    for crossing in met:
        streak = crossing.to_mm - crossing.from_mm < LEAST_LAYER_MM and crossing.structure in FLESH
        if kept and (crossing.structure is kept[-1].structure or (streak and kept[-1].structure in FLESH)):
            kept[-1] = replace(kept[-1], to_mm=crossing.to_mm)
        else:
            kept.append(crossing)
    return tuple(kept)


def _gives_way_mm(crossing: Crossing) -> float:
    return min(crossing.from_mm + DENT_MM, crossing.to_mm)


def _row(crossing: Crossing, *, skin_cut: bool) -> tuple[float, ...]:
    """One tissue as the kernel reads it; skin that was cut opposes nothing to the point."""
    layer = LAYERS.get(crossing.structure, _FLESH)
    uncut = not (skin_cut and crossing.structure is Structure.SKIN)
    gives_mm = _gives_way_mm(crossing)
    return (
        crossing.from_mm, crossing.to_mm, gives_mm,
        layer.puncture_n, layer.cutting_n, layer.friction_n_mm, layer.grit, float(uncut),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _felt(depth_mm: FloatArray, layers: FloatArray, holes: FloatArray, shaft: tuple[float, float]) -> FloatArray:
    """(n,) force at tip depths (n,) times the diameter: table (m, `Column`), holes (k, 2) of depth and diameter; the
    shaft's diameter, and the depth from which it rubs.
    """
    outer_mm, free_from_mm = shaft
    felt = np.zeros(len(depth_mm))
    for n in range(len(depth_mm)):
        depth, before_n = depth_mm[n], 0.0
        for m in range(len(layers)):
            row = layers[m]
            if depth <= row[Column.FROM_MM]:
                break
            rubbing = min(depth, row[Column.TO_MM]) - max(row[Column.FROM_MM], free_from_mm)
            felt[n] += row[Column.FRICTION_N_MM] * max(rubbing, 0.0)
            if depth <= row[Column.TO_MM] and row[Column.UNCUT] > 0.0:
                least_n = min(before_n, row[Column.CUTTING_N])
                felt[n] += _at_tip(row, depth, least_n) * _fresh(depth, holes, outer_mm)
            before_n = row[Column.CUTTING_N]
    return felt * outer_mm


@njit(cache=True, nogil=True)
def _fresh(depth_mm: float, holes: FloatArray, outer_mm: float) -> float:
    """Share of the diameter that is still to be cut at a depth: none in a hole as wide as what cuts."""
    wide = 0.0
    for k in range(len(holes)):
        if depth_mm <= holes[k, 0]:
            wide = max(wide, holes[k, 1])
    return min(max(1.0 - wide / outer_mm, 0.0), 1.0)


@njit(cache=True, nogil=True)
def _at_tip(row: FloatArray, depth_mm: float, least_n: float) -> float:
    """Force at the point in one layer: the dent's polynomial up to the puncture, cutting beyond.

    A dent begins at `least_n`, the lesser of what was cut before and what will be: a softer layer lets go at once.
    """
    gives_mm = row[Column.GIVES_WAY_MM]
    if depth_mm <= gives_mm:
        whole, dent = gives_mm - row[Column.FROM_MM], depth_mm - row[Column.FROM_MM]
        stiff = (DENT_LINEAR * dent + DENT_SQUARE * dent**2) / (DENT_LINEAR * whole + DENT_SQUARE * whole**2)
        return float(max(row[Column.PUNCTURE_N] * stiff, least_n))
    phase = 2.0 * math.pi * (depth_mm - gives_mm) / LAMELLA_MM
    return float(row[Column.CUTTING_N] * (1.0 + row[Column.GRIT] * math.sin(phase)))
