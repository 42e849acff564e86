"""What is inside what, and which exchanges are legal, each with its reason.

A nest is plain data: a mapping from the key of what is inside to the key of what it is inside of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dekomp_sim.instruments.catalogue import CATALOGUE, Kind, instrument

Nest = Mapping[str, str]

EMPTY_NEST: Final[Nest] = MappingProxyType({})
"""Nothing is inside anything."""

FITS_INSIDE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "discography_introducer": ("discography_needle", "fine_discography_needle"),
        "fine_discography_introducer": ("fine_discography_needle",),
        "trocar_cannula": ("trocar_stylet", "probe", "discography_needle", "fine_discography_needle"),
    }
)
"""What goes into an outer instrument, by the outer one's key."""

ONLY_INSIDE: Final = frozenset({"trocar_stylet", "probe"})
"""What enters the patient only through a cannula."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why; true in an `if` when it is yes.

    Examples
    --------
    >>> print(may_insert("probe", "discography_introducer").reason)
    Decompression probe with helical tip does not go into Discography introducer, 18 G.
    """

    yes: bool
    reason: str

    def __bool__(self) -> bool:
        return self.yes


YES: Final = Answer(True, "")
"""Yes, without more."""


def _no(reason: str) -> Answer:
    return Answer(False, reason)


def inner_of(outer: str, nest: Nest) -> str | None:
    """Key of what is inside `outer` now, or None."""
    return next((inner for inner, around in nest.items() if around == outer), None)


def may_insert(inner: str, outer: str, nest: Nest = EMPTY_NEST) -> Answer:
    """Whether `inner` may go into `outer` while `nest` is in place.

    Raises
    ------
    InputError
        If either key is not in the catalogue.
    """
    thin, wide = instrument(inner), instrument(outer)
    if inner not in FITS_INSIDE.get(outer, ()):
        return _no(f"{thin.title} does not go into {wide.title}.")
    if thin.outer_mm >= wide.inner_mm:
        return _no(f"{thin.title} is {thin.outer_mm} mm across, the bore of {wide.title} {wide.inner_mm} mm.")
    if inner in nest:
        return _no(f"{thin.title} is in {instrument(nest[inner]).title} already.")
    occupant = inner_of(outer, nest)
    if occupant is not None:
        return _no(f"{instrument(occupant).title} is still in {wide.title}: take it out first.")
    return YES


def may_remove(key: str, nest: Nest = EMPTY_NEST) -> Answer:
    """Whether `key` may leave the patient: a probe or needle comes out before what it is in; a trocar leaves whole."""
    item = instrument(key)
    occupant = inner_of(key, nest)
    if occupant is not None and instrument(occupant).kind is not Kind.STYLET:
        return _no(f"{instrument(occupant).title} is still in {item.title}: take it out first.")
    return YES


def may_enter_skin(key: str) -> Answer:
    """Whether `key` may go through the skin by itself."""
    if key in ONLY_INSIDE:
        hosts = [CATALOGUE[outer].title for outer, inner in FITS_INSIDE.items() if key in inner]
        return _no(f"{instrument(key).title} enters the patient only through {' or '.join(hosts)}.")
    instrument(key)
    return YES


def may_advance(key: str, nest: Nest = EMPTY_NEST) -> Answer:
    """Whether `key` may be pushed on through tissue: a cannula without its stylet would punch out a core."""
    item = instrument(key)
    occupant = inner_of(key, nest)
    if item.kind is Kind.CANNULA and (occupant is None or instrument(occupant).kind is Kind.NEEDLE):
        return _no(f"{item.title} has no stylet in: an open cannula cores the tissue.")
    return YES


def may_run(key: str, nest: Nest = EMPTY_NEST) -> Answer:
    """Whether `key` may be switched on: only the probe turns, and only through its cannula."""
    item = instrument(key)
    if item.kind is not Kind.PROBE:
        return _no(f"{item.title} has no motor.")
    if nest.get(key) is None or instrument(nest[key]).kind is not Kind.CANNULA:
        return _no(f"{item.title} is not in the trocar cannula.")
    return YES


def inserted(inner: str, outer: str, nest: Nest = EMPTY_NEST) -> Nest:
    """The nest with `inner` in `outer`; ask `may_insert` first."""
    return MappingProxyType({**nest, inner: outer})


def removed(key: str, nest: Nest) -> Nest:
    """The nest without `key` and without what was inside it."""
    return MappingProxyType({inner: outer for inner, outer in nest.items() if key not in (inner, outer)})
