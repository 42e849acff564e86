"""A scan without a segmentation gets one: canal, column, discs, bodies, names, and a label map of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.spine.bodies import Body, Plates, find_body, find_plates, levelled
from dekomp_sim.anatomy.spine.canal import find_canal
from dekomp_sim.anatomy.spine.column import Column, find_column
from dekomp_sim.anatomy.spine.discs import DiscPlane, find_discs, steps_mm
from dekomp_sim.anatomy.spine.naming import WINGS_SEEN, NamedLevel, Naming, name_levels, told_heights
from dekomp_sim.anatomy.spine.painting import painted
from dekomp_sim.anatomy.spine.sureness import Sureness, least_sure
from dekomp_sim.anatomy.spine.upright import upright
from dekomp_sim.anatomy.spine.witnesses import Witnesses, hear
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.errors import InputError

FEWEST: Final = 3
"""Assumption: fewer discs in a row are not told from other dark planes between bright ones."""

CONTRAST_HU: Final = (30.0, 45.0)
"""Assumption: a disc whose endplates stand out by less than the first is unsure, by less than the second likely."""

INSIDE_HU: Final = (0.0, 170.0)
"""Assumption: median of the discs' own greys; discs have 60 to 120 HU, blurred with their endplates to 150."""

UNEVEN_MM: Final = (8.0, 12.0)
"""Assumption: a step that differs from the row's median by more than the second is unsure, than the first likely; from
T12-L1 to L5-S1 steps grow by 4 to 8 mm."""

TURN_DEG: Final = (34.0, 40.0)
"""Assumption: neighbouring discs lean against each other by less than the first; L4-L5 and L5-S1 by 15 to 30."""

CANAL_SCORE: Final = 0.25
"""Assumption: where the canal looks less like one, a disc before it is likely at best."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundSpine:
    """What was found in a scan without labels.

    Parameters
    ----------
    labelled
        The scan with a label map.
    naming
        Which disc is which.
    discs
        The row of discs, from the lowest up.
    doubts
        Of each level that was found: how sure it is, and why it is not surer.
    """

    labelled: Volume
    naming: Naming
    discs: tuple[DiscPlane, ...]
    doubts: Mapping[Level, tuple[Sureness, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, eq=False)
class SeenSpine:
    """A spine before its levels are named.

    Parameters
    ----------
    block
        The upright copy of the scan.
    column
        The bodies' middle line.
    discs
        From the lowest up.
    bodies
        Below, between and above the discs, from the lowest up.
    witnesses
        What tells the levels apart.
    """

    block: Volume
    column: Column
    discs: tuple[DiscPlane, ...]
    bodies: tuple[Body, ...]
    witnesses: Witnesses


def find_spine(volume: Volume, named: NamedLevel | None = None) -> FoundSpine:
    """Find the spine of a CT in Hounsfield units, name its levels and label its vertebrae T11 to S1.

    Parameters
    ----------
    volume
        The CT; its labels are not looked at.
    named
        One level that a person names, or None.

    Raises
    ------
    InputError
        If no spine is found, or it cannot be named.
    """
    seen = see_spine(volume)
    naming = name_levels(seen.discs, seen.witnesses, named)
    vertebrae = {name: body for n, body in enumerate(seen.bodies) if (name := naming.vertebra(n)) is not None}
    if len(vertebrae) < 2:
        raise _no_spine(f"discs at z = {told_heights(seen.discs)} mm, none of them lumbar")
    doubts = {level: _doubts(seen, n, naming)
              for n in range(len(seen.discs)) if (level := naming.level(n)) is not None}  # fmt: skip
    labels = painted(replace(volume, labels=None), seen.block, vertebrae)
    return FoundSpine(replace(volume, labels=labels), naming, seen.discs, MappingProxyType(doubts))


def see_spine(volume: Volume) -> SeenSpine:
    """Find canal, column, discs and bodies of a CT in Hounsfield units, and what tells the levels apart.

    Raises
    ------
    InputError
        If no spine is found.
    """
    bare = replace(volume, labels=None)
    block = upright(bare)
    column = _column(block)
    discs = find_discs(bare, column)
    if len(discs) < FEWEST:
        seen = f" (at z = {told_heights(discs)} mm)" if discs else ""
        raise _no_spine(f"a canal, but {len(discs)} disc{'' if len(discs) == 1 else 's'} before it{seen}")
    discs = tuple(levelled(disc, find_plates(bare, disc)) for disc in discs)
    inside = float(np.median([disc.inside_hu for disc in discs]))
    if not INSIDE_HU[0] <= inside <= INSIDE_HU[1]:
        raise _no_spine(f"a row of gaps of {inside:.0f} HU (at z = {told_heights(discs)} mm), which are no discs")
    bodies = _bodies(bare, column, discs)
    return SeenSpine(block, column, discs, bodies, hear(bare, block, column, bodies))


def _column(block: Volume) -> Column:
    canal = find_canal(block)
    if canal is None:
        raise _no_spine("no canal ringed by bone behind a column of bone")
    return find_column(block, canal)


def _no_spine(found: str) -> InputError:
    return InputError(
        "spine", found, f"a CT in Hounsfield units with {FEWEST} discs or more of a lumbar spine",
        "Scan from T12 to S1, or give a segmentation: --labels SEGMENTATION",
    )  # fmt: skip


def _bodies(volume: Volume, column: Column, discs: Sequence[DiscPlane]) -> tuple[Body, ...]:
    """The bodies below, between and above a row of discs, from the lowest up."""
    plates: list[Plates | None] = [None, *(find_plates(volume, disc) for disc in discs), None]
    ends: list[DiscPlane | None] = [None, *discs, None]
    return tuple(
        find_body(volume, column, ends[n], ends[n + 1], (plates[n], plates[n + 1])) for n in range(len(discs) + 1)
    )


def _doubts(seen: SeenSpine, at: int, naming: Naming) -> tuple[Sureness, tuple[str, ...]]:
    """How sure a disc of the row is, and why it is not surer."""
    disc, steps = seen.discs[at], steps_mm(seen.discs)
    beside = steps[max(at - 1, 0) : at + 1]
    uneven = float(np.abs(beside - np.median(steps)).max())
    canal = float(seen.column.seen[int(disc.station)])
    contrast = disc.contrast_hu
    wingless = naming.level(at) is Level.L5_S1 and seen.witnesses.wings[at] < WINGS_SEEN
    measures = (
        (_graded(-contrast, -CONTRAST_HU[1], -CONTRAST_HU[0]), f"endplates stand out by {contrast:.0f} HU"),
        (_graded(uneven, *UNEVEN_MM), f"a step to its neighbours that differs by {uneven:.0f} mm from the others"),
        (_graded(-canal, -CANAL_SCORE, np.inf), "the canal behind it hardly seen"),
        (_graded(_turn_deg(seen.discs, at), *TURN_DEG), "a neighbour that leans quite otherwise"),
        (Sureness.UNSURE if wingless else Sureness.SURE, "no sacrum's wings below it"),
        (naming.sureness, f"name: {', '.join(naming.reasons)}"),
    )
    doubtful = [(word, why) for word, why in measures if word is not Sureness.SURE]
    return least_sure(word for word, _ in doubtful), tuple(why for _, why in doubtful)


def _turn_deg(discs: Sequence[DiscPlane], at: int) -> float:
    """Greatest angle between a disc's normal and those of the discs next to it."""
    normals = [disc.patient_from_plane.rotation[:, 2] for disc in discs[max(at - 1, 0) : at + 2]]
    cosine = min(float(one @ other) for one, other in pairwise(normals))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def _graded(value: float, sure: float, likely: float) -> Sureness:
    """Sure up to the first bound, likely up to the second."""
    return Sureness.SURE if value <= sure else Sureness.LIKELY if value <= likely else Sureness.UNSURE
