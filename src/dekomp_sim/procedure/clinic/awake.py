"""The awake patient: what hurts, how much, and where a touched root is felt.

A root that is touched hurts down the leg, in its own dermatome; everything else hurts where it is. Local anaesthetic
takes away what lies in it (`local_anaesthetic`), sedation a little of everything while it lasts; in a deep one nobody
says where it hurts. All ratings are on the scale from 0 to 10.
"""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np

from dekomp_sim.anatomy.labels import BONES, Structure
from dekomp_sim.anatomy.patient import Strand
from dekomp_sim.procedure.actions import Sedation

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

EASED: Final = 1.0
"""Points by which a light sedation lowers each rating, a deep one by three times that. Assumption: the edge only."""

DEEP_FROM: Final = 2.0
"""Depth of sedation, light being 1 and deep 3, from which on the patient no longer says where it hurts. Assumption."""

LIGHT_FROM: Final = 0.3
"""Depth of sedation below which nobody would notice any. Assumption: a third of a light dose."""

GROAN: Final = "Groans, and says nothing."
"""What is heard of pain in deep sedation."""

SAID_TO: Final = 0.5
"""Step of what a patient says. Assumption: nobody asked how much it hurts tells smaller parts than halves."""

NOTICED: Final = 1.5
"""Least rating the patient mentions. Assumption."""

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


def rating(structure: Structure, numb: float, depth: float) -> float:
    """Pain felt, 0 to 10, on entering a structure: the table's, less what anaesthetic and a depth of sedation take.

    Examples
    --------
    >>> rating(Structure.SKIN, 0.0, 0.0), rating(Structure.SKIN, 0.0, 1.0), rating(Structure.NUCLEUS, 0.0, 0.0)
    (4.0, 3.0, 0.0)
    """
    plain = BONE_PAIN if structure in BONES else PAIN.get(structure, 0.0)
    return float(np.clip(plain * (1.0 - numb) - EASED * depth, 0.0, 10.0))


def rated(felt: float) -> float:
    """What a patient says of a pain on the numeric scale from 0 to 10: a whole number, or "seven and a half".

    Examples
    --------
    >>> rated(6.13), rated(7.4), rated(-0.4), rated(11.0)
    (6.0, 7.5, 0.0, 10.0)
    """
    return min(max(math.floor(felt / SAID_TO + 0.5) * SAID_TO, 0.0), 10.0)


def sedation_seen(depth: float) -> Sedation:
    """How far from awake a patient of that depth of sedation looks, whatever was asked for.

    Examples
    --------
    >>> [sedation_seen(depth).value for depth in (0.1, 1.0, 2.4)]
    ['none', 'light', 'deep']
    """
    if depth >= DEEP_FROM:
        return Sedation.DEEP
    return Sedation.LIGHT if depth >= LIGHT_FROM else Sedation.NONE


def dermatome(strand: Strand) -> str:
    """The root, "L4", from a strand's name or the disc it leaves above; empty for the sac or a vessel."""
    if strand.structure not in {Structure.NERVE_ROOT, Structure.GANGLION}:
        return ""
    named = re.search(r"\b(L[1-5]|S[12])\b", strand.name)
    if named:
        return named.group(1)
    return strand.level.value.partition("-")[0] if strand.level else ""


def heard(words: str, depth: float) -> str:
    """What is heard of a complaint at a depth of sedation.

    Examples
    --------
    >>> heard("It stings.", 1.0), heard("It stings.", 3.0)
    ('It stings.', 'Groans, and says nothing.')
    """
    return words if depth < DEEP_FROM else GROAN


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
