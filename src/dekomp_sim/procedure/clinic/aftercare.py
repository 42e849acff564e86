"""What shows after the procedure: what a cause has settled, and what is left to a stated probability.

A draw is keyed by the case's seed and the ailment, so it does not depend on what else was done, and it is recorded
with its probability whether the ailment happens or not.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import Level
from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.procedure.actions import Route
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.clinic.answers import KEY_MUSCLE, injured_roots, numbed_roots
from dekomp_sim.procedure.clinic.awake import DERMATOME
from dekomp_sim.procedure.clinic.lapses import ANTIBIOTIC_LEAD_S, UNDRAPED
from dekomp_sim.procedure.events import Ailment, Breach, BreachKind, Outcome, Risk, Severity

HOUR_S: Final = 3600.0
DAY_S: Final = 24.0 * HOUR_S

DISCITIS_PER_DISC: Final = 12.0 / 12770.0
"""Probability of discitis for a disc entered through an introducer without antibiotics: 12 of 12 770 discs, 0.094 %
(Willems, Spine J 2004;4:16)."""

BARE_NEEDLE: Final = 2.0 / 0.7
"""Factor where a needle goes from the skin into the disc without an introducer (needles without against with a stylet:
2 against 0.7 %, Fraser, J Bone Joint Surg Br 1987;69:26).

Assumption: a bare needle carries skin into the disc as one without a stylet does.
"""

PROTECTED: Final = 0.25
"""Factor with an antibiotic in time. Assumption: no series is large enough to measure it; most of the risk goes."""

PROTECTED_LATE: Final = 0.5
"""Factor with an antibiotic given less than half an hour before. Assumption: half of what it would do in time."""

BARE_C_ARM: Final = 2.0
"""Factor with a C-arm that was not draped. Assumption: a doubled risk; nobody has measured it."""

SOILED: Final = 0.3
"""Probability of discitis after an instrument came through bowel into the disc.

Assumption: every such case report ends in infection, unharmed cases are not reported.
"""

HEADACHE: Final = {"anaesthetic_needle": 0.36, "discography_needle": 0.36, "fine_discography_needle": 0.14}
"""Probability of headache after a 22 G cutting needle opened the sac (36 %: Turnbull and Shepherd, Br J Anaesth
2003;91:718); both needles are of that gauge. The fine one is of 25 G: the middle of 3 to 25 % (the same table)."""

HEADACHE_LARGE: Final = 0.7
"""Probability of headache after a needle of 16 to 18 G opened it (70 % for 16 G: the same table)."""

PERITONITIS: Final = 0.05
"""Probability of peritonitis after a needle through bowel. Assumption: fine needles through bowel rarely harm; only
case reports for discs."""

SHOWS_AFTER_S: Final = {
    Ailment.WEAKNESS: 0.0,
    Ailment.LEG_ASLEEP: 0.0,
    Ailment.FRAGMENT: 0.0,
    Ailment.HAEMATURIA: 2.0 * HOUR_S,
    Ailment.HAEMATOMA: 6.0 * HOUR_S,
    Ailment.HEADACHE: 1.0 * DAY_S,
    Ailment.PERITONITIS: 2.0 * DAY_S,
    Ailment.PAIN_AS_BEFORE: 7.0 * DAY_S,
    Ailment.DISCITIS: 14.0 * DAY_S,
}
"""When each is noticed, s after discharge: results of the procedure are near final on day 7 (Amoretti, Clin Imaging
2006;30:242). Assumption for the others: headache in one to two days, discitis in one to four weeks, by common teaching.
"""

DRAWS: Final = (Ailment.HEADACHE, Ailment.DISCITIS, Ailment.PERITONITIS)
"""What is drawn; its place here is its number in the generator's key, so new ones are added at the end."""


def outcomes(case: Case) -> tuple[Outcome, ...]:
    """What shows after a case, in the order in which it shows; `case` is at discharge."""
    hurt = {event.kind for event in case.events if isinstance(event, Breach)}
    found = [*_roots(case), *_bleeding(case, hurt), *_head(case), *_belly(case, hurt), *_infection(case)]
    if BreachKind.DEVICE_FRACTURE in hurt:
        words = "The broken shaft lies in the back: a surgeon takes it out by an open operation (Domsky 2006)."
        found.append(_settled(case, Ailment.FRAGMENT, words))
    if BreachKind.WRONG_LEVEL in hurt and case.removed_ml == 0.0:
        words = f"The leg hurts as before: the {case.level} disc was not treated."
        found.append(_settled(case, Ailment.PAIN_AS_BEFORE, words))
    return tuple(sorted(found, key=lambda one: one.shows_after_s))


def discitis_probability(case: Case) -> float:
    """Probability that a disc that was worked on becomes infected; 0 where nothing came into any.

    Examples
    --------
    >>> round(100.0 * DISCITIS_PER_DISC, 3)
    0.094
    """
    clean = 1.0
    for level in case.discs:
        clean *= 1.0 - _infects(case, level)
    return 1.0 - clean


def _infects(case: Case, level: Level) -> float:
    """Probability that one disc becomes infected."""
    entered = _entered_disc(case, level)
    if not entered:
        return 0.0
    bare = any(p.instrument in entered and not p.through_incision for p in case.punctures)
    undraped = any(isinstance(event, Risk) and event.lapse == UNDRAPED for event in case.events)
    clean = (
        DISCITIS_PER_DISC
        * _protection(case, level)
        * (BARE_NEEDLE if bare else 1.0)
        * (BARE_C_ARM if undraped else 1.0)
    )
    soiled = any(isinstance(e, Breach) and e.kind is BreachKind.BOWEL and e.instrument in entered for e in case.events)
    return max(clean, SOILED) if soiled else clean


def _entered_disc(case: Case, level: Level) -> dict[str, float]:
    """Instruments whose tip came into a disc, and when first."""
    first: dict[str, float] = {}
    shape = case.patient.discs[level]
    at_mm = np.array([tip.at_mm for tip in case.track]).reshape(-1, 3)
    inside = shape.depth_inside_mm(shape.patient_from_disc.inverse().points(at_mm)) > 0.0
    for number in np.flatnonzero(inside).tolist():
        tip = case.track[number]
        first.setdefault(tip.instrument, tip.clock_s)
    return first


def _protection(case: Case, level: Level) -> float:
    if not case.antibiotics:
        return 1.0
    entered_s = min(_entered_disc(case, level).values())
    given = case.antibiotics[0]
    early = entered_s - given.clock_s >= ANTIBIOTIC_LEAD_S or given.route is Route.INTRADISCAL
    return PROTECTED if early else PROTECTED_LATE


def _settled(case: Case, ailment: Ailment, words: str, severity: Severity = Severity.HARM) -> Outcome:
    return Outcome(case.clock_s, ailment, True, SHOWS_AFTER_S[ailment], words, severity=severity)


def _drawn(case: Case, ailment: Ailment, probability: float, words: str) -> Outcome:
    """An ailment that happens where a number drawn from 0 to 1 is below its probability."""
    number = float(generator(case.seed, Purpose.COMPLICATION, DRAWS.index(ailment)).random())
    happens = number < probability
    told = words if happens else f"No {ailment} (chance {100.0 * probability:.2g} %)."
    severity = Severity.HARM if happens else Severity.INFO
    return Outcome(case.clock_s, ailment, happens, SHOWS_AFTER_S[ailment], told, probability, number, severity)


def _roots(case: Case) -> list[Outcome]:
    injured = injured_roots(case)
    found = [
        _settled(case, Ailment.WEAKNESS, f"For weeks {KEY_MUSCLE[root]} on the {side} is weak, {DERMATOME[root]} numb.")
        for side, root in injured
    ]
    asleep = sorted({side for side, root in numbed_roots(case) if (side, root) not in injured})
    words = "The {} leg is still asleep: no walking until the anaesthetic has gone."
    return found + [_settled(case, Ailment.LEG_ASLEEP, words.format(side), Severity.NOTICE) for side in asleep]


def _bleeding(case: Case, hurt: set[BreachKind]) -> list[Outcome]:
    found = []
    if BreachKind.VESSEL in hurt:
        words = "After hours pain in the flank and pallor: blood behind the peritoneum, to the vascular surgeon."
        found.append(_settled(case, Ailment.HAEMATOMA, words))
    if BreachKind.KIDNEY in hurt:
        found.append(_settled(case, Ailment.HAEMATURIA, "After hours blood in the urine: the kidney was hit."))
    return found


def _head(case: Case) -> list[Outcome]:
    by = [e.instrument for e in case.events if isinstance(e, Breach) and e.kind is BreachKind.DURA]
    if not by:
        return []
    probability = max(HEADACHE.get(key, HEADACHE_LARGE) for key in by)
    words = "On the next day a headache that comes on standing and goes on lying: cerebrospinal fluid leaks."
    return [_drawn(case, Ailment.HEADACHE, probability, words)]


def _belly(case: Case, hurt: set[BreachKind]) -> list[Outcome]:
    if BreachKind.BOWEL not in hurt:
        return []
    words = "After two days fever and a hard belly: peritonitis, to the abdominal surgeon."
    return [_drawn(case, Ailment.PERITONITIS, PERITONITIS, words)]


def _infection(case: Case) -> list[Outcome]:
    probability = discitis_probability(case)
    if probability == 0.0:
        return []
    words = "After two weeks growing back pain at night and fever: discitis, antibiotics for weeks."
    return [_drawn(case, Ailment.DISCITIS, probability, words)]
