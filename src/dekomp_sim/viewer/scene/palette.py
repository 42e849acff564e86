"""What things look like: colours that a colour-blind person can tell apart, and how solid they are.

Most colours are those of Okabe and Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dekomp_sim.anatomy import Structure


class Layer(StrEnum):
    """Parts that are shown and hidden together."""

    SKIN = "skin"
    BONE = "bone"
    PELVIS = "pelvis"
    DISC = "disc"
    NERVE = "nerve"
    VESSEL = "vessel"
    ORGAN = "organ"
    INSTRUMENT = "instrument"
    PLAN = "plan"
    TRACK = "track"
    C_ARM = "c-arm"
    TABLE = "table"
    BEAM = "beam"


@dataclass(frozen=True, slots=True)
class Look:
    """How a part is drawn.

    Parameters
    ----------
    layer
        What it is shown and hidden with.
    colour
        "#rrggbb".
    opacity
        1 hides what is behind.
    meaning
        Its words in the key; parts with the same words share one line, "" has none.
    gloss
        Strength of the highlight, 0 to 1.
    glow
        Share of its own light, 0 to 1: what is seen edge-on would go dark under the one lamp at the camera.
    through
        Opacity with which it shows through whatever hides it.
    ghost
        Opacity where it is ghosted rather than shown.
    """

    layer: Layer
    colour: str
    opacity: float = 1.0
    meaning: str = ""
    gloss: float = 0.15
    glow: float = 0.0
    through: float = 0.0
    ghost: float = 0.2


BACKGROUND: Final = "#1c2536"
"""Behind everything: dark, so that thin bright steel stands out."""

INK: Final = "#f2f4f8"
"""Letters."""

SKIN: Final = Look(Layer.SKIN, "#efb48c", glow=0.3, ghost=0.22)
BONE: Final = Look(Layer.BONE, "#e6dcc3", ghost=0.25)
PELVIS: Final = Look(Layer.PELVIS, "#e6dcc3", glow=0.2, ghost=0.22)
OTHER_DISC: Final = Look(Layer.DISC, "#8fa3b8")
TREATED_DISC: Final = Look(Layer.DISC, "#56b4e9", 0.42, "treated disc", 0.15, 0.1)
NUCLEUS: Final = Look(Layer.DISC, "#009e73", 0.55, "nucleus", glow=0.1)
PROTRUSION: Final = Look(Layer.DISC, "#d55e00", 0.6, "protrusion", glow=0.2)
CONTRAST: Final = Look(Layer.DISC, "#050505", 0.6, "contrast medium")
CONTROL_CONTRAST: Final = Look(Layer.DISC, "#050505", 1.0, "contrast medium", through=0.6)
CAVITY: Final = Look(Layer.DISC, "#cc79a7", 1.0, "tissue removed", glow=0.3, through=0.5)
OUTER_INSTRUMENT: Final = Look(Layer.INSTRUMENT, "#eef2f7", 1.0, "needle or cannula", 0.5, 0.35, 0.3)
INNER_INSTRUMENT: Final = Look(Layer.INSTRUMENT, "#e69f00", 1.0, "stylet, needle or probe inside", 0.5, 0.35)
INNER_TIP: Final = Look(Layer.INSTRUMENT, "#e69f00", 1.0, "", 0.5, 0.35, 0.6)
HUB: Final = Look(Layer.INSTRUMENT, "#7a8aa3", 1.0, "", 0.3, 0.2)
PLAN: Final = Look(Layer.PLAN, "#ffffff", 1.0, "planned path", glow=0.6, through=0.3, ghost=0.5)
TRACK: Final = Look(Layer.TRACK, "#b6ff5c", 1.0, "way the tip took", glow=0.6, through=0.4)
C_ARM: Final = Look(Layer.C_ARM, "#c9d1de", 1.0, "", 0.4, 0.15)
C_ARM_TUBE: Final = Look(Layer.C_ARM, "#8c98ab", 1.0, "", 0.4, 0.15)
C_ARM_PANEL: Final = Look(Layer.C_ARM, "#39465c", 1.0, "", 0.3, 0.2)
TABLE: Final = Look(Layer.TABLE, "#46536a", glow=0.15)
PAD: Final = Look(Layer.TABLE, "#2f4a5c", glow=0.15)
DRAPE: Final = Look(Layer.TABLE, "#5b93a6", glow=0.2)
BEAM: Final = Look(Layer.BEAM, "#f0e442", 0.12, "X-ray beam", glow=0.6, ghost=0.06)

NERVE: Final = Look(Layer.NERVE, "#f0e442", 1.0, "nerve root, ganglion")
SAC: Final = Look(Layer.NERVE, "#cfc05a", 1.0, "thecal sac")
ARTERY: Final = Look(Layer.VESSEL, "#b5202a", 1.0, "artery")
VEIN: Final = Look(Layer.VESSEL, "#2f5fb3", 1.0, "vein")
ORGAN: Final = Look(Layer.ORGAN, "#b79ad6", 1.0, "kidney, colon", glow=0.3, ghost=0.22)

STRAND_LOOKS: Final = {
    Structure.THECAL_SAC: SAC,
    Structure.NERVE_ROOT: NERVE,
    Structure.GANGLION: NERVE,
    Structure.AORTA: ARTERY,
    Structure.ILIAC_ARTERY_LEFT: ARTERY,
    Structure.ILIAC_ARTERY_RIGHT: ARTERY,
    Structure.INFERIOR_VENA_CAVA: VEIN,
    Structure.ILIAC_VEIN_LEFT: VEIN,
    Structure.ILIAC_VEIN_RIGHT: VEIN,
    Structure.COLON: ORGAN,
}
"""Looks of what is laid as a tube along a line."""

LABEL_LOOKS: Final = {
    Structure.SACRUM: BONE,
    Structure.VERTEBRA_S1: BONE,
    Structure.VERTEBRA_L5: BONE,
    Structure.VERTEBRA_L4: BONE,
    Structure.VERTEBRA_L3: BONE,
    Structure.VERTEBRA_L2: BONE,
    Structure.VERTEBRA_L1: BONE,
    Structure.VERTEBRA_T12: BONE,
    Structure.VERTEBRA_T11: BONE,
    Structure.RIB: BONE,
    Structure.BONE: PELVIS,
    Structure.HIP_LEFT: PELVIS,
    Structure.HIP_RIGHT: PELVIS,
    Structure.KIDNEY_LEFT: ORGAN,
    Structure.KIDNEY_RIGHT: ORGAN,
}
"""Looks of what is taken from the label volume wherever it is labelled.

What `STRAND_LOOKS` names is taken from there too, where no tube of its kind was laid.
"""
