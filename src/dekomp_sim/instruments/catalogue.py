"""The instruments on the tray, with their sizes. What no source gives is an assumption and says so.

Steel tube sizes are those of regular-wall hypodermic tube (`units.STANDARD_GAUGE_MM`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dekomp_sim.errors import InputError
from dekomp_sim.units import STANDARD_GAUGE_MM

MM_PER_INCH: Final = 25.4
"""mm in one inch, by definition."""

STYLET_OUTER_MM: Final = 0.95
"""Assumption: the trocar's stylet fills the 1.067 mm bore of a 17 G cannula but for 0.06 mm all round."""

STYLET_BEYOND_MM: Final = 2.0
"""Assumption: the stylet's sharp tip stands this far out of the cannula when it is fully in."""

PROBE_OUTER_MM: Final = 1.0
"""Assumption: outer diameter of the helix and shaft that pass the cannula.

The literature speaks of "a 1.5 mm probe" (Singh et al., Pain Physician 2009;12:589). A 1.5 mm shaft does not pass the
1.067 mm bore of a 17 G cannula, whose own outer diameter is 1.473 mm; so 1.5 mm is taken as the size of the assembly
that lies in the patient, and what turns inside is thinner than the bore.
"""

PROBE_CORE_MM: Final = 0.5
"""Assumption: diameter of the core on which the probe's thread is wound; no source gives it."""

PROBE_PITCH_MM: Final = 1.0
"""Assumption: axial distance of one turn of the probe's thread; no source gives it."""

PROBE_HELIX_MM: Final = 8.0
"""Assumption: length of bare helix beyond the cannula with the probe fully in; no source gives it."""


class Kind(StrEnum):
    """What an instrument does."""

    NEEDLE = "needle"
    CANNULA = "cannula"
    STYLET = "stylet"
    PROBE = "probe"
    BLADE = "blade"


class Tip(StrEnum):
    """How a point is ground; all but the symmetric one steer."""

    SHORT_BEVEL = "short_bevel"
    QUINCKE = "quincke"
    CHIBA = "chiba"
    TUOHY = "tuohy"
    WHITACRE = "whitacre"
    SYMMETRIC = "symmetric"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument, as made, with its tip at the origin of its frame and z running from tip to hub.

    Parameters
    ----------
    key
        The word for it in scenarios: "trocar_cannula".
    title
        What a person reads.
    kind
        What it does.
    outer_mm
        Outer diameter.
    inner_mm
        Diameter of the bore; 0 where it is solid.
    length_mm
        From tip to hub: how deep it reaches at most.
    helix_mm
        Length of bare thread at the tip; 0 but for the probe.
    source
        Where the sizes come from.
    tip
        How its point is ground: whether and how it steers.
    """

    key: str
    title: str
    kind: Kind
    outer_mm: float
    inner_mm: float
    length_mm: float
    source: str
    helix_mm: float = 0.0
    tip: Tip = Tip.SYMMETRIC

    @property
    def radius_mm(self) -> float:
        """Outer radius."""
        return self.outer_mm / 2.0


def _tube(key: str, title: str, gauge: int, inches: float, source: str, *, tip: Tip = Tip.SYMMETRIC) -> Instrument:
    outer_mm, inner_mm = STANDARD_GAUGE_MM[gauge]
    kind = Kind.CANNULA if key.endswith("cannula") else Kind.NEEDLE
    return Instrument(key, f"{title}, {gauge} G", kind, outer_mm, inner_mm, inches * MM_PER_INCH, source, tip=tip)


_CANNULA = _tube(
    "trocar_cannula",
    "Trocar cannula",
    17,
    6.0,
    "Assumption: 17 G and 6 in for lumbar discs, regular wall; confirm against the catalogue of the set in use.",
)

_TRAY = (
    _tube(
        "anaesthetic_needle",
        "Local-anaesthetic needle",
        22,
        3.5,
        "Assumption: a 3.5 in spinal needle, so that skin and the whole track to the facet can be numbed. "
        "Assumption: Quincke point.",
        tip=Tip.QUINCKE,
    ),
    _tube(
        "discography_introducer",
        "Discography introducer",
        18,
        3.5,
        "Gauge: double-needle discography 18 G / 22 G. Assumption: 3.5 in long, so that a 6 in needle leads by 2.5 in. "
        "Assumption: a symmetric stylet point, so that it goes straight.",
    ),
    _tube(
        "discography_needle",
        "Discography needle",
        22,
        6.0,
        "22 G, 6 in inner needle of double-needle discography. Assumption: Chiba point.",
        tip=Tip.CHIBA,
    ),
    _tube(
        "fine_discography_introducer",
        "Fine discography introducer",
        20,
        3.5,
        "Gauge: double-needle discography 20 G / 25 G. Assumption: long and pointed as the 18 G one.",
    ),
    _tube(
        "fine_discography_needle",
        "Fine discography needle",
        25,
        6.0,
        "25 G inner needle of double-needle discography. Assumption: 6 in, Chiba point.",
        tip=Tip.CHIBA,
    ),
    Instrument(
        "scalpel",
        "Scalpel, blade 11",
        Kind.BLADE,
        outer_mm=4.0,
        inner_mm=0.0,
        length_mm=6.0,
        source="Assumption: a stab of at most 6 mm depth with a blade about 4 mm wide; the skin opening is a few mm.",
    ),
    _CANNULA,
    Instrument(
        "trocar_stylet",
        "Trocar stylet",
        Kind.STYLET,
        outer_mm=STYLET_OUTER_MM,
        inner_mm=0.0,
        length_mm=_CANNULA.length_mm + STYLET_BEYOND_MM,
        source="STYLET_OUTER_MM and STYLET_BEYOND_MM are assumptions.",
    ),
    Instrument(
        "probe",
        "Decompression probe with helical tip",
        Kind.PROBE,
        outer_mm=PROBE_OUTER_MM,
        inner_mm=0.0,
        length_mm=_CANNULA.length_mm + PROBE_HELIX_MM,
        source="PROBE_OUTER_MM, PROBE_CORE_MM, PROBE_PITCH_MM and PROBE_HELIX_MM are assumptions.",
        helix_mm=PROBE_HELIX_MM,
    ),
)

CATALOGUE: Final[Mapping[str, Instrument]] = MappingProxyType({item.key: item for item in _TRAY})
"""Every instrument by its key."""

CANNULA_CHANNEL_ML: Final = 0.106
"""Assumption: what the cannula holds around the probe's core before anything reaches the handle, mL: bore 1.067 mm
less core 0.5 mm over 152.4 mm, pi/4 (1.067^2 - 0.5^2) 152.4 / 1000.
"""


def instrument(key: str) -> Instrument:
    """The instrument of that key.

    Raises
    ------
    InputError
        If the tray does not hold it.

    Examples
    --------
    >>> instrument("trocar_cannula").outer_mm
    1.473
    """
    if key not in CATALOGUE:
        raise InputError("instrument", key, ", ".join(CATALOGUE))
    return CATALOGUE[key]
