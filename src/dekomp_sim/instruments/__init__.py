"""What is on the tray, what fits in what, where it is in the patient and what it meets on the way in."""

from dekomp_sim.instruments.catalogue import CATALOGUE, Instrument, Kind, instrument
from dekomp_sim.instruments.insertion import Advance, Crossing, advance, crossings, structure_at, withdraw
from dekomp_sim.instruments.nesting import (
    EMPTY_NEST,
    FITS_INSIDE,
    Answer,
    Nest,
    inner_of,
    inserted,
    may_advance,
    may_enter_skin,
    may_insert,
    may_remove,
    may_run,
    removed,
)
from dekomp_sim.instruments.placement import Placement, coaxial, redirected, solids

__all__ = [
    "CATALOGUE",
    "EMPTY_NEST",
    "FITS_INSIDE",
    "Advance",
    "Answer",
    "Crossing",
    "Instrument",
    "Kind",
    "Nest",
    "Placement",
    "advance",
    "coaxial",
    "crossings",
    "inner_of",
    "inserted",
    "instrument",
    "may_advance",
    "may_enter_skin",
    "may_insert",
    "may_remove",
    "may_run",
    "redirected",
    "removed",
    "solids",
    "structure_at",
    "withdraw",
]
