"""The lumbar nerves, laid from the discs' frames and sizes alone, so that a phantom and a scan get them the same way.

All stations are given in a disc's frame as fractions of its half width `a` and half depth `b` and as mm above or below
its upper or lower rim. The exiting root passes under the pedicle of the vertebra above the disc and leaves the foramen
obliquely forward, outward and downward; between it, the sac and the facet lies Kambin's triangle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape
from dekomp_sim.anatomy.labels import Level, Side, Structure
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray, frozen

SAC_RADIUS_MM: Final = 7.0
"""Radius of the thecal sac at L1 to L5, mm.

Assumption: half of the 15 to 16.6 mm midsagittal canal (Shukri 2013, J Surg Med Coll 10028, MRI, n=106) less 0.5 mm
of epidural fat all round.
"""

ROOT_RADIUS_MM: Final = 1.9
"""Radius of a lumbar root with its sheath, mm.

Assumption: roots L2 to S1 are 3 to 5 mm thick in dissections; no table by level is used.
"""

GANGLION_RADIUS_MM: Final = 2.8
"""Radius of a dorsal root ganglion at its middle, mm.

Assumption: ganglia of L1 to L5 are 5 to 7 mm wide and 9 to 13 mm long on MRI.
"""

DISC_TO_SAC_MM: Final = 1.5
"""Gap between the disc's posterior wall and the sac, mm. Assumption: longitudinal ligament and epidural fat."""

UNSEEN_NERVE_SD_MM: Final = 1.5
"""How far, one standard deviation, a nerve or the sac may lie from where it is laid on a scan, mm.

Assumption: among 50 people root and facet lie apart with a standard deviation of 1.1 to 3.0 mm by level (Pairaiturkar
2019, JKNS 62(4), MRI); part of that is the size of the person, which the discs' own frames and sizes follow. How much
is left is not published. A built-in patient's nerves are where they are laid: 0.
"""

TOWARD_FACET_MM: Final = {
    Level.L1_L2: 4.2,
    Level.L2_L3: 3.4,
    Level.L3_L4: 2.3,
    Level.L4_L5: 0.8,
    Level.L5_S1: 0.5,
}
"""How far, at each level, the exiting root runs nearer to the facet than the common stations say, mm: root and facet
lie 3.4 mm apart at the upper border of L1-L2 and 4.6 at L5-S1, 6.1 and 12.9 at the lower (Pairaiturkar 2019, JKNS
62(4), MRI, n=50)."""

_ORDER: Final = tuple(Level)


SHEATH_RADIUS_MM: Final = 2.7
"""Radius of the sheath that two conjoined roots share, mm. Assumption: the section of two roots of `ROOT_RADIUS_MM`."""

CONJOINED_MM: Final = 4.5
"""How much lower a conjoined exiting root leaves its foramen, mm.

Assumption: it takes off at the disc instead of under the pedicle above (types of Postacchini and of Neidre and MacNab),
so that it lies across Kambin's triangle; how low it runs is published for single cases only. One patient in 25 on CT,
one cadaver in 7 (Boettcher 2004, Eur Spine J 13:147).
"""


def lay_nerves(discs: Mapping[Level, DiscShape], conjoined: tuple[Level, Side] | None = None) -> tuple[Strand, ...]:
    """Thecal sac, and on each side exiting roots, ganglia and traversing roots, for the discs that are there.

    Parameters
    ----------
    discs
        At least one disc.
    conjoined
        Disc and side at which the exiting root shares a sheath with the traversing one, or None.

    Returns
    -------
    tuple of Strand
        The sac first, then level by level, left before right. An exiting root and its ganglion carry the level whose
        foramen they leave; a traversing root carries the level it leaves further down (None for S1).

    Raises
    ------
    ValueError
        If `discs` is empty.
    """
    present = [discs[level] for level in _ORDER if level in discs]
    if not present:
        raise ValueError("nerves are laid from at least one disc")
    strands = [_sac(present)]
    for number, disc in enumerate(present):
        above = present[number - 1] if number > 0 and _adjacent(present[number - 1], disc) else None
        for side in Side:
            together = conjoined == (disc.level, side)
            strands += [
                _conjoined(disc, _exiting(disc, above, side)) if together else _exiting(disc, above, side),
                _lowered(disc, _ganglion(disc, side)) if together else _ganglion(disc, side),
                _traversing(disc, present[number + 1 :], side),
            ]
    return tuple(strands)


def _lowered(disc: DiscShape, strand: Strand) -> Strand:
    """The strand shifted down by `CONJOINED_MM`."""
    shift = disc.patient_from_disc.directions(np.array([0.0, 0.0, -CONJOINED_MM]))
    return replace(strand, path_mm=frozen(strand.path_mm + shift))


def _conjoined(disc: DiscShape, exiting: Strand) -> Strand:
    """The exiting root leaving the sac in one sheath with the traversing root, at the disc, and running out low."""
    side = exiting.side
    assert side is not None  # an exiting root has one
    half, wall = _half_height(disc), posterior_wall_mm(disc)
    sheath = [_station(disc, side, 0.26, wall + 4.6, half + 3.0), _station(disc, side, 0.34, wall + 4.8, half - 2.0)]
    low = _lowered(disc, exiting).path_mm[3:]
    radii = np.full(len(low) + 2, ROOT_RADIUS_MM)
    radii[:2] = SHEATH_RADIUS_MM
    return replace(exiting, path_mm=frozen(np.array([*sheath, *low])), radius_mm=frozen(radii))


def _adjacent(above: DiscShape, below: DiscShape) -> bool:
    return _ORDER.index(below.level) - _ORDER.index(above.level) == 1


def _half_height(disc: DiscShape) -> float:
    return (disc.height_anterior_mm + disc.height_posterior_mm) / 4.0


def posterior_wall_mm(disc: DiscShape) -> float:
    """y of the disc's posterior wall in the midline, in its own frame, without the protrusion."""
    return disc.half_depth_mm / float(disc.rim(np.array([0.0, disc.half_depth_mm, 0.0])))


def _station(disc: DiscShape, side: Side, across: float, y_mm: float, z_mm: float) -> FloatArray:
    """A point (3,) of the patient frame `across` half widths to the side, at `y_mm` and `z_mm` of the disc's frame."""
    return disc.patient_from_disc.points([side.sign * across * disc.half_width_mm, y_mm, z_mm])


def _sac(present: Sequence[DiscShape]) -> Strand:
    """The sac behind discs and bodies; it tapers and ends behind S2."""
    first, last = present[0], present[-1]
    points = [first.patient_from_disc.points([0.0, _sac_y(first), z]) for z in (75.0, 40.0)]
    for above, below in pairwise(present):
        points += [above.patient_from_disc.points([0.0, _sac_y(above), 0.0]), _between(above, below)]
    points.append(last.patient_from_disc.points([0.0, _sac_y(last), 0.0]))
    radii = [SAC_RADIUS_MM] * len(points)
    for y_mm, z_mm, radius in ((0.0, -16.0, 6.6), (1.0, -32.0, 5.0), (4.0, -50.0, 3.0)):
        points.append(last.patient_from_disc.points([0.0, _sac_y(last) + y_mm, z_mm]))
        radii.append(radius)
    return Strand("thecal sac", Structure.THECAL_SAC, np.array(points), np.array(radii))


def _sac_y(disc: DiscShape) -> float:
    return posterior_wall_mm(disc) + DISC_TO_SAC_MM + SAC_RADIUS_MM


def _between(above: DiscShape, below: DiscShape) -> FloatArray:
    """The sac's axis (3,) at mid-vertebra: where straight lines down and up the two discs' canals meet, on average."""
    apart = above.patient_from_disc.translation_mm - below.patient_from_disc.translation_mm
    half = 0.5 * float(np.linalg.norm(apart))
    down = above.patient_from_disc.points([0.0, _sac_y(above), -half])
    up = below.patient_from_disc.points([0.0, _sac_y(below), half])
    return np.asarray((down + up) / 2.0)


def _origin(disc: DiscShape, side: Side) -> FloatArray:
    """Where the root of the vertebra below `disc` lies in the lateral recess, just under the disc (3,)."""
    return _station(disc, side, 0.37, posterior_wall_mm(disc) + 5.0, -_half_height(disc) - 5.0)


def _recess(disc: DiscShape, above: DiscShape | None, side: Side) -> FloatArray:
    """Medial to the pedicle of the vertebra above `disc` (3,)."""
    z = _half_height(disc)
    low = _station(disc, side, 0.38, posterior_wall_mm(disc) + 4.5, z + 16.0)
    if above is None:
        return low
    high = _station(above, side, 0.38, posterior_wall_mm(above) + 4.5, -_half_height(above) - 9.0)
    return np.asarray((low + high) / 2.0)


def _beneath(disc: DiscShape, side: Side) -> FloatArray:
    """Under the pedicle, where the ganglion lies (3,)."""
    return _station(disc, side, 0.80, disc.half_depth_mm + 3.5, _half_height(disc) + 4.6)


def _nearer_facet(disc: DiscShape, side: Side, point: FloatArray, share: float) -> FloatArray:
    """The point (3,) moved backward and inward by the level's share of `TOWARD_FACET_MM`."""
    shift = share * TOWARD_FACET_MM[disc.level] * np.array([-0.5 * side.sign, 0.866, 0.0])
    return np.asarray(point + disc.patient_from_disc.directions(shift))


def _exiting(disc: DiscShape, above: DiscShape | None, side: Side) -> Strand:
    b, half = disc.half_depth_mm, _half_height(disc)
    upper = disc.level.vertebra_above.name.removeprefix("VERTEBRA_")
    start = _origin(above, side) if above else _station(disc, side, 0.34, posterior_wall_mm(disc) + 5.0, half + 22.0)
    path = [
        start,
        _recess(disc, above, side),
        _station(disc, side, 0.58, posterior_wall_mm(disc) + 5.5, half + 6.6),
        _beneath(disc, side),
        _nearer_facet(disc, side, _station(disc, side, 1.0, 0.86 * b, 0.0), 1.0),
    ]
    if disc.level is Level.L5_S1:
        tail = ((1.10, 0.50 * b, -half - 0.5), (1.32, -0.60 * b, -half - 9.0), (1.42, -1.1 * b, -half - 25.0))
    elif disc.level is Level.L4_L5:
        tail = ((1.16, 0.42 * b, -half - 3.0), (1.32, 0.05 * b, -half - 18.0), (1.42, -0.15 * b, -half - 30.0))
    else:
        tail = ((1.12, 0.55 * b, -half - 5.0), (1.26, 0.25 * b, -half - 18.0), (1.36, 0.05 * b, -half - 30.0))
    path += [_station(disc, side, *station) for station in tail]
    path[5] = _nearer_facet(disc, side, path[5], 1.2)
    name = f"{side} {upper} exiting root"
    return Strand(name, Structure.NERVE_ROOT, np.array(path), np.full(len(path), ROOT_RADIUS_MM), disc.level, side)


def _ganglion(disc: DiscShape, side: Side) -> Strand:
    upper = disc.level.vertebra_above.name.removeprefix("VERTEBRA_")
    before = _station(disc, side, 0.58, posterior_wall_mm(disc) + 5.5, _half_height(disc) + 6.6)
    after = _nearer_facet(disc, side, _station(disc, side, 1.0, 0.86 * disc.half_depth_mm, 0.0), 1.0)
    path = _ganglion_path(before, _beneath(disc, side), after)
    radii = np.array([ROOT_RADIUS_MM + 0.1, GANGLION_RADIUS_MM, ROOT_RADIUS_MM + 0.1])
    return Strand(f"{side} {upper} ganglion", Structure.GANGLION, path, radii, disc.level, side)


def _ganglion_path(before: FloatArray, centre: FloatArray, after: FloatArray) -> FloatArray:
    """(3, 3) about half of the root's way to its stations on either side."""
    return np.array([centre + 0.55 * (before - centre), centre, centre + 0.45 * (after - centre)])


def ganglion_on(ganglion: Strand, exiting_mm: FloatArray) -> Strand:
    """A ganglion on an exiting root with stations (n, 3) as `lay_nerves` gives them, wherever they were moved.

    Its middle is the station under the pedicle, the fourth.
    """
    return replace(ganglion, path_mm=_ganglion_path(*exiting_mm[2:5]))


def _traversing(disc: DiscShape, below: Sequence[DiscShape], side: Side) -> Strand:
    lower = disc.level.vertebra_below.name.removeprefix("VERTEBRA_")
    half, wall = _half_height(disc), posterior_wall_mm(disc)
    path = [_station(disc, side, 0.26, wall + 4.6, half + 3.0), _station(disc, side, 0.33, wall + 4.2, -half)]
    path.append(_origin(disc, side))
    exits: Level | None = None
    if below and _adjacent(disc, below[0]):
        exits = below[0].level
    elif disc.level is Level.L5_S1:
        path += [
            _station(disc, side, 0.46, wall + 7.5, -half - 17.0),
            _station(disc, side, 0.62, wall + 10.5, -half - 27.0),
        ]
    name = f"{side} {lower} traversing root"
    return Strand(name, Structure.NERVE_ROOT, np.array(path), np.full(len(path), ROOT_RADIUS_MM), exits, side)
