"""What is on the tray, what fits in what, where it is in the patient and what it meets on the way in."""

from dekomp_sim.instruments.catalogue import CATALOGUE, Instrument, Kind, Tip, instrument
from dekomp_sim.instruments.course import Bend, Course
from dekomp_sim.instruments.deflection import gel_curvature_per_mm, support
from dekomp_sim.instruments.insertion import (
    Advance,
    Crossing,
    advance,
    crossings,
    crossings_along,
    structure_at,
    tissues_along,
    withdraw,
)
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
from dekomp_sim.instruments.resistance import Pass, felt_n, resistance

__all__ = [
    "CATALOGUE",
    "EMPTY_NEST",
    "FITS_INSIDE",
    "Advance",
    "Answer",
    "Bend",
    "Course",
    "Crossing",
    "Instrument",
    "Kind",
    "Nest",
    "Pass",
    "Placement",
    "Tip",
    "advance",
    "coaxial",
    "crossings",
    "crossings_along",
    "felt_n",
    "gel_curvature_per_mm",
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
    "resistance",
    "solids",
    "structure_at",
    "support",
    "tissues_along",
    "withdraw",
]
