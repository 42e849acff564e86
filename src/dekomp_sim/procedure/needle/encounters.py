"""What a movement through tissue does: contacts, complications and pain, read off the crossings of its path."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dekomp_sim.anatomy.labels import BONES, Level, Structure
from dekomp_sim.arrays import FloatArray
from dekomp_sim.instruments import Advance, Crossing, Placement
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.awake import DEEP_FROM, NOTICED, complaint, dermatome, heard, rated, rating
from dekomp_sim.procedure.clinic.local_anaesthetic import numbness
from dekomp_sim.procedure.events import Breach, BreachKind, Contact, Event, Pain
from dekomp_sim.procedure.needle.sites import as_tuple, levels_worked

NERVES: Final = {
    Structure.NERVE_ROOT: BreachKind.ROOT,
    Structure.GANGLION: BreachKind.ROOT,
    Structure.THECAL_SAC: BreachKind.DURA,
}
"""Nervous structures: touched they hurt, pierced they are injured."""

ORGANS: Final = {
    Structure.AORTA: BreachKind.VESSEL,
    Structure.INFERIOR_VENA_CAVA: BreachKind.VESSEL,
    Structure.ILIAC_ARTERY_LEFT: BreachKind.VESSEL,
    Structure.ILIAC_ARTERY_RIGHT: BreachKind.VESSEL,
    Structure.ILIAC_VEIN_LEFT: BreachKind.VESSEL,
    Structure.ILIAC_VEIN_RIGHT: BreachKind.VESSEL,
    Structure.KIDNEY_LEFT: BreachKind.KIDNEY,
    Structure.KIDNEY_RIGHT: BreachKind.KIDNEY,
    Structure.COLON: BreachKind.BOWEL,
    Structure.BOWEL_GAS: BreachKind.BOWEL,
    Structure.BOWEL_CONTENT: BreachKind.BOWEL,
}
"""Structures injured as soon as a needle enters them."""

DISC_PARTS: Final = frozenset({Structure.NUCLEUS, Structure.ANNULUS, Structure.ENDPLATE, Structure.PROTRUSION})
"""What a disc consists of."""

TELLING: Final = DISC_PARTS | NERVES.keys() | ORGANS.keys()
"""What may be told of when a needle meets it."""

SPEED_MM_S: Final = 2.0
"""Speed of a needle in mm/s. Assumption: a careful hand."""

ENDPLATE_NEAR_MM: Final = 0.5
"""Distance in mm from the endplate's surface within which a path counts as leaving the disc through it.

Assumption: about the radius of the needles.
"""


def encounters(case: Case, travel: Advance, start_mm: float) -> tuple[Event, ...]:
    """Events of one instrument's way from `start_mm` to where `travel` ended, each when the tip was there.

    Parameters
    ----------
    case
        The case before the movement.
    travel
        The movement with its crossings.
    start_mm
        Depth of the tip before it; what was entered earlier is not told again.
    """
    key = travel.placement.instrument.key
    entered = tuple(c for c in travel.crossings if c.from_mm > start_mm + 1e-6 or start_mm <= 0.0)
    found = [
        *(event for crossing in entered for event in _met(case, travel.placement, crossing)),
        *(breach for level in levels_worked(case, key) for breach in _left_disc(case, travel, level)),
        *_bone(case, travel),
    ]
    return (*found, *_aches(case, travel, entered))


def disc_entered_mm(travel: Advance, level: Level, start_mm: float) -> float | None:
    """Depth at which the tip came into the disc of a level from outside it."""
    first = min((c.from_mm for c in travel.crossings if c.level is level and c.structure in DISC_PARTS), default=None)
    return first if first is not None and (first > start_mm + 1e-6 or start_mm <= 0.0) else None


def reached(case: Case, key: str, depth_mm: float) -> Case:
    """The case before a movement, its clock at the moment when an instrument's tip has come to a depth."""
    way_mm = max(depth_mm - case.placements[key].depth_mm, 0.0)
    return replace(case, clock_s=case.clock_s + way_mm / SPEED_MM_S)


def _met(before: Case, placement: Placement, crossing: Crossing) -> list[Event]:
    structure = crossing.structure
    if structure not in TELLING:
        return []
    case = reached(before, placement.instrument.key, crossing.from_mm)
    if structure in NERVES:
        touched: list[Event] = [_contact(case, placement, crossing)]
        if crossing.pierced:
            touched.append(_breach(case, placement, crossing, NERVES[structure]))
        pain = _nerve_pain(case, placement, crossing)
        return [*touched, pain] if pain.rating >= NOTICED else touched
    if structure in ORGANS and crossing.pierced:
        return [_breach(case, placement, crossing, ORGANS[structure])]
    worked = levels_worked(case, placement.instrument.key)
    if structure in DISC_PARTS and crossing.level is not None and crossing.level not in worked:
        return _wrong_level(case, placement, crossing)
    return []


def _wrong_level(case: Case, placement: Placement, crossing: Crossing) -> list[Event]:
    told = {(e.instrument, e.name) for e in case.events if isinstance(e, Breach)}
    breach = _breach(case, placement, crossing, BreachKind.WRONG_LEVEL, f"the {crossing.level} disc")
    return [] if (breach.instrument, breach.name) in told else [breach]


def _at(placement: Placement, depth_mm: float) -> FloatArray:
    return placement.course.points(depth_mm)


def _contact(case: Case, placement: Placement, crossing: Crossing) -> Contact:
    at = as_tuple(_at(placement, crossing.from_mm))
    name = _spoken(crossing)
    return Contact(case.clock_s, placement.instrument.key, crossing.structure, name, crossing.from_mm, at)


def _breach(case: Case, placement: Placement, crossing: Crossing, kind: BreachKind, name: str = "") -> Breach:
    at = as_tuple(_at(placement, crossing.from_mm))
    return Breach(
        case.clock_s,
        kind,
        placement.instrument.key,
        crossing.structure,
        name or _spoken(crossing),
        crossing.from_mm,
        at,
    )


def _spoken(crossing: Crossing) -> str:
    return f"the {crossing.name}"


def _nerve_pain(case: Case, placement: Placement, crossing: Crossing) -> Pain:
    strand = next((s for s in case.patient.strands if s.name == crossing.name), None)
    numb = numbness(case.deposits, _at(placement, crossing.from_mm), case.clock_s)
    score = rated(rating(crossing.structure, numb, case.sedation_depth))
    root = dermatome(strand) if strand and case.sedation_depth < DEEP_FROM else ""
    side = strand.side.value if strand and strand.side else ""
    words = heard(complaint(crossing.structure, score, root, side), case.sedation_depth)
    return Pain(case.clock_s, score, words, crossing.structure, root)


def _left_disc(case: Case, travel: Advance, level: Level) -> list[Event]:
    """A path that leaves a disc in front or through an endplate opens it there."""
    parts = [c for c in travel.crossings if c.level is level and c.structure in DISC_PARTS]
    if not parts:
        return []
    out_mm = max(c.to_mm for c in parts)
    beyond = travel.placement.depth_mm > out_mm + 1e-6
    if not beyond and travel.stopped_by not in BONES:
        return []
    shape = case.patient.discs[level]
    local = shape.patient_from_disc.inverse().points(_at(travel.placement, out_mm))
    to_endplate = float(shape.height_mm(local)) / 2.0 - abs(float(local[2]))
    last = parts[-1]
    if to_endplate < ENDPLATE_NEAR_MM:
        kind, structure, name = BreachKind.ENDPLATE, Structure.ENDPLATE, f"the {level} endplate"
    elif beyond and local[1] < 0.0:
        kind, structure, name = BreachKind.ANTERIOR_ANNULUS, Structure.ANNULUS, f"the anterior {level} annulus"
    else:
        return []
    at = Crossing(structure, out_mm, out_mm, last.name, last.level)
    then = reached(case, travel.placement.instrument.key, out_mm)
    return [_breach(then, travel.placement, at, kind, name)]


def _bone(case: Case, travel: Advance) -> list[Event]:
    if travel.stopped_by is None:
        return []
    case = reached(case, travel.placement.instrument.key, travel.placement.depth_mm)
    name = f"bone ({travel.stopped_by.name.lower().replace('_', ' ')})"
    depth = travel.placement.depth_mm
    at = as_tuple(travel.placement.tip_mm)
    return [Contact(case.clock_s, travel.placement.instrument.key, travel.stopped_by, name, depth, at)]


def _aches(case: Case, travel: Advance, entered: tuple[Crossing, ...]) -> list[Event]:
    """The worst of what else hurts on the way, once."""
    places = [(c.structure, c.from_mm) for c in entered if c.structure not in NERVES and not _painless(case, c)]
    if travel.stopped_by is not None:
        places.append((travel.stopped_by, travel.placement.depth_mm))
    asleep, where = case.sedation_depth, travel.placement
    scores = [
        (rating(what, numbness(case.deposits, _at(where, depth), case.clock_s), asleep), what, depth)
        for what, depth in places
    ]
    felt, worst, depth_mm = max(scores, key=lambda found: found[0], default=(0.0, Structure.FAT, 0.0))
    score = rated(felt)
    if score < NOTICED:
        return []
    felt_s = reached(case, where.instrument.key, depth_mm).clock_s
    return [Pain(felt_s, score, heard(complaint(worst, score), asleep), worst)]


def _painless(case: Case, crossing: Crossing) -> bool:
    """Cut skin does not hurt again."""
    return crossing.structure is Structure.SKIN and case.incision is not None
