"""The awake patient: what hurts, how much, and where a touched root is felt.

A root that is touched hurts down the leg, in its own dermatome; everything else hurts where it is. Local anaesthetic
takes away what lies within its deposit. All ratings are on the scale from 0 to 10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.arrays import FloatArray
from dekomp_sim.procedure.actions import Sedation
from dekomp_sim.units import MM3_PER_ML

PAIN: Final = {
    Structure.SKIN: 4.0,
    Structure.FAT: 0.5,
    Structure.FASCIA: 3.0,
    Structure.MUSCLE: 1.5,
    Structure.ERECTOR_SPINAE_LEFT: 1.5,
    Structure.ERECTOR_SPINAE_RIGHT: 1.5,
    Structure.QUADRATUS_LUMBORUM: 1.5,
    Structure.PSOAS_LEFT: 2.5,
    Structure.PSOAS_RIGHT: 2.5,
    Structure.ANNULUS: 4.0,
    Structure.PROTRUSION: 4.0,
    Structure.ENDPLATE: 5.0,
    Structure.THECAL_SAC: 5.0,
    Structure.NERVE_ROOT: 8.0,
    Structure.GANGLION: 10.0,
    Structure.KIDNEY_LEFT: 4.0,
    Structure.KIDNEY_RIGHT: 4.0,
    Structure.COLON: 4.0,
}
"""Rating when a needle enters a structure without anaesthetic.

Assumption: no such table is published; the order (skin, fascia, periosteum and outer annulus innervated, fat, muscle
and nucleus hardly, root most) is common clinical teaching.
"""

BONE_PAIN: Final = 5.0
"""Rating when a needle meets periosteum. Assumption: as `PAIN`."""

NUMBS: Final = 0.9
"""Part of a structure's pain that lidocaine takes within its deposit. Assumption: nearly all."""

ONSET_S: Final = 60.0
"""Time in s until infiltrated lidocaine works. Assumption: one to two minutes are commonly taught; the shorter end."""

LASTS_S: Final = 3600.0
"""Time in s for which infiltrated plain lidocaine works. Assumption: about one hour is commonly taught."""

SPREAD: Final = 0.15
"""Part of the tissue's volume that infiltrated fluid takes up.

Assumption: with 0.15 a deposit of 2 mL numbs a ball of 15 mm radius, one of 5 mL a ball of 20 mm.
"""

EASED: Final = {Sedation.NONE: 0.0, Sedation.LIGHT: 1.0, Sedation.DEEP: 3.0, Sedation.GENERAL: 10.0}
"""Points by which sedation lowers each rating. Assumption: light sedation takes the edge off only."""

NOTICED: Final = 1.5
"""Least rating the patient mentions. Assumption."""

LIDOCAINE_MG_KG_AT_MOST: Final = 4.5
"""Largest dose of plain lidocaine in mg per kg of body weight (product label of plain lidocaine)."""

DERMATOME: Final = {
    "L1": "the groin",
    "L2": "the front of the thigh",
    "L3": "the inner side of the knee",
    "L4": "the inner side of the shin, down to the ankle",
    "L5": "the outer side of the shin, the top of the foot and the big toe",
    "S1": "the calf, the heel and the outer edge of the foot",
    "S2": "the back of the thigh",
}
"""Where a root's pain is felt (key sensory points of the ISNCSCI examination)."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Local anaesthetic lying in tissue.

    Parameters
    ----------
    clock_s
        When it was given.
    at_mm
        Its centre, patient frame.
    volume_ml, concentration_percent
        How much of what; 1 percent is 10 mg/mL.
    """

    clock_s: float
    at_mm: tuple[float, float, float]
    volume_ml: float
    concentration_percent: float

    @property
    def radius_mm(self) -> float:
        """Radius of the numb ball: volume over `SPREAD` as a sphere."""
        return float((3.0 * self.volume_ml * MM3_PER_ML / (4.0 * np.pi * SPREAD)) ** (1.0 / 3.0))

    @property
    def lidocaine_mg(self) -> float:
        """Mass of drug."""
        return self.volume_ml * self.concentration_percent * 10.0


def numbness(deposits: tuple[Deposit, ...], at_mm: FloatArray, clock_s: float) -> float:
    """How much of a pain at `at_mm` (3,) is taken away now: 0 or `NUMBS`."""
    working = (d for d in deposits if ONSET_S <= clock_s - d.clock_s <= LASTS_S)
    return NUMBS if any(np.linalg.norm(at_mm - np.array(d.at_mm)) <= d.radius_mm for d in working) else 0.0


def rating(structure: Structure, numb: float, sedation: Sedation) -> float:
    """Pain from 0 to 10 on entering a structure: the table's, less what anaesthetic and sedation take.

    Examples
    --------
    >>> rating(Structure.SKIN, 0.0, Sedation.NONE), rating(Structure.NUCLEUS, 0.0, Sedation.NONE)
    (4.0, 0.0)
    """
    plain = BONE_PAIN if structure in BONES else PAIN.get(structure, 0.0)
    return float(np.clip(plain * (1.0 - numb) - EASED[sedation], 0.0, 10.0))


def dermatome(strand: Strand) -> str:
    """The root, "L4", from a strand's name or the disc it leaves above; empty for the sac or a vessel."""
    if strand.structure not in {Structure.NERVE_ROOT, Structure.GANGLION}:
        return ""
    named = re.search(r"\b(L[1-5]|S[12])\b", strand.name)
    if named:
        return named.group(1)
    return strand.level.value.partition("-")[0] if strand.level else ""


def complaint(structure: Structure, score: float, root: str = "", side: str = "") -> str:
    """What the patient says of a pain."""
    strong = "Stop!" if score >= 7.0 else "Ow." if score >= 4.0 else "I feel that."
    if root:
        return f"{strong} It shoots down my {side} leg, into {DERMATOME[root]}.".replace("  ", " ")
    return f"{strong} {_WHERE.get(structure, 'It hurts deep in the back')}."


_WHERE = {
    Structure.SKIN: "It stings on the skin",
    Structure.FASCIA: "It pulls under the skin",
    Structure.ANNULUS: "A dull ache in the middle of my back",
    Structure.PROTRUSION: "A dull ache in the middle of my back",
    Structure.THECAL_SAC: "A flash in both legs",
    Structure.COLON: "A cramp in my belly",
}
