"""Names a row of discs, from the first sacral vertebra up, and says how sure the names are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import VERTEBRAE, Level, Structure
from dekomp_sim.anatomy.spine.discs import DiscPlane
from dekomp_sim.anatomy.spine.sureness import Sureness
from dekomp_sim.anatomy.spine.witnesses import Witnesses
from dekomp_sim.errors import InputError

WINGS_SEEN: Final = 0.4
"""Assumption: share of bone beside a body from which it is the sacrum's; a real last lumbar body had up to 0.06, the
first sacral one 0.88 to 1, whatever noise, size or lean was put on the scan."""

WINGS_CLEAR: Final = (0.25, 0.6)
"""Assumption: a last lumbar body has less than the first, a first sacral one more than the second, where nothing is in
doubt."""

CREST_AT: Final = (0.3, 1.95)
"""Assumption: the crests' tops lie between the lower part of L5 and the upper end of L4, counted in discs from L5-S1
(0) up; in most people at L4 or L4-L5."""

RIB_AT: Final = (4.7, 5.75)
"""Assumption: the last ribs begin at the body of T12, that is between T12-L1 (5) and T11-T12 (6)."""

LUMBAR_BELOW_RIB: Final = 1.5
"""A lowest rib is the last one only where a vertebra without ribs is seen below it."""

NEAR_MM: Final = 15.0
"""Assumption: who names a disc by its height points to within half a vertebra of it."""

ORDER: Final = tuple(reversed(Level))
"""Levels from caudal to cranial."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Which disc is L5-S1.

    Parameters
    ----------
    last
        Index of L5-S1 in the row of discs, from the lowest up; negative where it lies below what was seen.
    sureness
        Of the names.
    reasons
        What speaks for and against them, in words.
    """

    last: int
    sureness: Sureness
    reasons: tuple[str, ...]

    def vertebra(self, body: int) -> Structure | None:
        """The vertebra that is the body of that index, which lies below the disc of the same index; None outside
        T11 to S1.
        """
        number = body - self.last
        return VERTEBRAE[number] if 0 <= number < len(VERTEBRAE) else None

    def level(self, disc: int) -> Level | None:
        """The level of the disc of that index, or None above L1-L2 and below L5-S1."""
        number = disc - self.last
        return ORDER[number] if 0 <= number < len(ORDER) else None


@dataclass(frozen=True, slots=True)
class NamedLevel:
    """A disc that a person names by its height: "L4-L5=-132.5", patient z in mm."""

    level: Level
    z_mm: float

    @classmethod
    def parse(cls, text: str) -> NamedLevel:
        """Read "L5-S1=222".

        Raises
        ------
        InputError
            If it is no level and height.
        """
        name, _, height = text.partition("=")
        try:
            return cls(Level(name.strip().upper()), float(height))
        except ValueError:
            allowed = f"one of {', '.join(Level)}, =, and the height z of its middle in mm, as L5-S1=222.5"
            raise InputError("--level-at", f"{text!r}", allowed) from None


def name_levels(discs: Sequence[DiscPlane], heard: Witnesses, named: NamedLevel | None) -> Naming:
    """Name a row of discs by the sacrum, the crests and the ribs; or as a person named one of them.

    Raises
    ------
    InputError
        If nothing tells the levels apart and none is named, or none lies where one is named.
    """
    heights = np.array([disc.centre_mm[2] for disc in discs])
    if named is not None:
        return _by_hand(heights, heard, named)
    sacral = np.flatnonzero(heard.wings >= WINGS_SEEN)
    if len(sacral):
        return _by_sacrum(heights, heard, int(sacral[-1]))
    return _without_sacrum(heights, heard)


def told_heights(discs: Sequence[DiscPlane]) -> str:
    """The heights of a row of discs in words, from the lowest up."""
    return ", ".join(f"{disc.centre_mm[2]:.0f}" for disc in discs)


def _place(heights: np.ndarray[tuple[int], np.dtype[np.float64]], z_mm: float) -> float:
    """Where a height lies in a row, counted in discs from the lowest; drawn on beyond its ends."""
    step = float(np.mean(np.diff(heights)))
    if z_mm < heights[0]:
        return float((z_mm - heights[0]) / step)
    if z_mm > heights[-1]:
        return float(len(heights) - 1 + (z_mm - heights[-1]) / step)
    return float(np.interp(z_mm, heights, np.arange(len(heights))))


def _opinions(
    heights: np.ndarray[tuple[int], np.dtype[np.float64]], heard: Witnesses, last: int
) -> tuple[list[str], list[str]]:
    """What crests and ribs say for a naming, and against it."""
    speak: tuple[list[str], list[str]] = [], []
    seen = ((heard.crest_mm, "the iliac crests", CREST_AT), (_last_rib(heights, heard), "the last ribs", RIB_AT))
    for z_mm, who, (least, most) in seen:
        if z_mm is not None:
            at = _place(heights, z_mm) - last
            speak[not least <= at <= most].append(f"{who} at {_told_place(at)}")
    return speak


def _last_rib(heights: np.ndarray[tuple[int], np.dtype[np.float64]], heard: Witnesses) -> float | None:
    if heard.rib_mm is None or _place(heights, heard.rib_mm) < LUMBAR_BELOW_RIB:
        return None
    return heard.rib_mm


def _told_place(at: float) -> str:
    """A place counted in discs from L5-S1 in words: a disc where it is near one, else the body between."""
    names = ["L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2", "T12-L1", "T11-T12"]
    bodies = ["S1", "L5", "L4", "L3", "L2", "L1", "T12", "T11"]
    near = round(at)
    if abs(at - near) < 0.2 and 0 <= near < len(names):
        return names[near]
    return bodies[int(np.clip(np.ceil(at), 0, len(bodies) - 1))]


def _by_hand(heights: np.ndarray[tuple[int], np.dtype[np.float64]], heard: Witnesses, named: NamedLevel) -> Naming:
    nearest = int(np.argmin(np.abs(heights - named.z_mm)))
    if abs(heights[nearest] - named.z_mm) > NEAR_MM:
        found = f"no disc within {NEAR_MM:.0f} mm of z = {named.z_mm:g} mm"
        raise InputError("--level-at", found, f"a disc at z = {', '.join(f'{z:.0f}' for z in heights)} mm")
    last = nearest - ORDER.index(named.level)
    _, against = _opinions(heights, heard, last)
    return Naming(last, Sureness.SURE, (f"{named.level} named by hand", *(f"unlike {one}" for one in against)))


def _by_sacrum(heights: np.ndarray[tuple[int], np.dtype[np.float64]], heard: Witnesses, last: int) -> Naming:
    """Names counted from the sacrum: sure where its wings are clear and another witness agrees."""
    above = float(heard.wings[last + 1 :].max(initial=0.0))
    clear = above <= WINGS_CLEAR[0] and heard.wings[last] >= WINGS_CLEAR[1]
    agree, against = _opinions(heights, heard, last)
    if clear and agree and not against:
        word = Sureness.SURE
    elif (clear and (agree or not against)) or len(agree) == 2:
        word = Sureness.LIKELY
    else:
        word = Sureness.UNSURE
    wings = "the sacrum's wings" if clear else f"wings like the sacrum's in part ({heard.wings[last]:.0%} bone)"
    return Naming(last, word, (wings, *agree, *(f"against it {one}" for one in against)))


def _without_sacrum(heights: np.ndarray[tuple[int], np.dtype[np.float64]], heard: Witnesses) -> Naming:
    """Names counted from the last ribs, or from the crests; likely at best, and none without either."""
    rib = _last_rib(heights, heard)
    if rib is not None:
        last = round(_place(heights, rib) - sum(RIB_AT) / 2.0)
        agree, against = _opinions(heights, heard, last)
        word = Sureness.LIKELY if len(agree) == 2 else Sureness.UNSURE
        return Naming(last, word, ("the sacrum not seen", *agree, *(f"against it {one}" for one in against)))
    if heard.crest_mm is not None:
        last = round(_place(heights, heard.crest_mm) - sum(CREST_AT) / 2.0)
        return Naming(last, Sureness.UNSURE, ("neither sacrum nor last ribs seen", "counted from the iliac crests"))
    told = ", ".join(f"{z:.0f}" for z in heights)
    raise InputError(
        "names of the levels",
        f"discs at z = {told} mm, but neither sacrum, iliac crests nor last ribs",
        "one of them in the scan, or one disc named by hand",
        f"Name one: --level-at L4-L5={heights[0]:.0f}",
    )
