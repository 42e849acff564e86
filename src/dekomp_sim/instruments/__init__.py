"""What is on the tray, what fits in what, where it is in the patient and what it meets on the way in."""

from dekomp_sim.instruments.catalogue import CATALOGUE, Instrument, Kind, Tip, instrument
from dekomp_sim.instruments.course import Bend, Course
from dekomp_sim.instruments.deflection import gel_curvature_per_mm, support
from dekomp_sim.instruments.hole import Hole, dug, opened_along
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
from dekomp_sim.instruments.prebend import left_of_bend_deg, may_be_prebent, prebend_curvature_per_mm, swept_mm
from dekomp_sim.instruments.redirection import followed, holding_mm
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
    "Hole",
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
    "dug",
    "felt_n",
    "followed",
    "gel_curvature_per_mm",
    "holding_mm",
    "inner_of",
    "inserted",
    "instrument",
    "left_of_bend_deg",
    "may_advance",
    "may_be_prebent",
    "may_enter_skin",
    "may_insert",
    "may_remove",
    "may_run",
    "opened_along",
    "prebend_curvature_per_mm",
    "redirected",
    "removed",
    "resistance",
    "solids",
    "structure_at",
    "support",
    "swept_mm",
    "tissues_along",
    "withdraw",
]
