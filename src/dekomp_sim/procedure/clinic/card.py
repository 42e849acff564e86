"""The patient's card, and whether the card speaks for or against the procedure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le

from dekomp_sim.anatomy.labels import Level

Scale = Annotated[float, Ge(0.0), Le(10.0)]
"""A pain rating from 0 to 10."""

Percent = Annotated[float, Ge(0.0), Le(100.0)]
"""A share in percent."""

PAIN_AT_LEAST: Final = 6.0
"""Least leg pain, 0 to 10, of a candidate (Amoretti, ASSR 2014: VAS >= 6)."""

CONSERVATIVE_WEEKS_AT_LEAST: Final = 6.0
"""Least weeks of failed conservative care (6 weeks to 3 months: Erginousakis, Radiology 2011;260:487)."""

DISC_HEIGHT_PERCENT_AT_LEAST: Final = 50.0
"""Least part of the disc's height preserved, percent (Bakshi, percutaneous disc decompressions, ch. 32)."""

HERNIATION_MM_AT_MOST: Final = 6.0
"""Deepest contained herniation in mm.

Assumption: custom in the nucleoplasty literature; no limit is published for this device.
"""


PAINLESS_KPA: Final = 690.0
"""Pressure above opening in kPa at which a healthy disc hurts: 100 psi, out of discography's reach (a normal disc does
not hurt up to 90 psi: Derby, Spine 1999;24:364)."""

POSITIVE_PAIN: Final = 7.0
"""Least rating of a positive discography (criteria: concordant pain of at least 7 of 10)."""


class Herniation(StrEnum):
    """Form of the herniation (Fardon 2014, Spine J 14:2525)."""

    NONE = "none"
    BULGE = "bulge"
    PROTRUSION = "protrusion"
    EXTRUSION = "extrusion"
    SEQUESTRATION = "sequestration"


class Site(StrEnum):
    """Where on the disc's rim the herniation sits."""

    POSTEROMEDIAN = "posteromedian"
    POSTEROLATERAL = "posterolateral"
    FORAMINAL = "foraminal"


class Nucleus(StrEnum):
    """Make of a nucleus: one mass, or parted by a fibrous plate as it matures (seen on MRI in most over 30 years)."""

    WHOLE = "whole"
    LOBULAR = "lobular"


class Allergy(StrEnum):
    """What the patient reacts to."""

    IODINE_CONTRAST = "iodine_contrast"
    CEPHALOSPORIN = "cephalosporin"
    LOCAL_ANAESTHETIC = "local_anaesthetic"


class Condition(StrEnum):
    """A condition that speaks against the procedure."""

    COAGULOPATHY = "coagulopathy"
    ANTICOAGULATED = "anticoagulated"
    INFECTION = "infection"
    FRACTURE = "fracture"
    TUMOUR = "tumour"
    PREGNANCY = "pregnancy"
    SEVERE_STENOSIS = "severe_stenosis"
    SEVERE_DEGENERATION = "severe_degeneration"
    INSTABILITY = "instability"
    RAPID_DEFICIT = "rapid_deficit"
    CAUDA_EQUINA = "cauda_equina"
    PAIN_NOT_FROM_HERNIATION = "pain_not_from_herniation"
    GENERAL_ANAESTHESIA = "general_anaesthesia"
    CANNOT_LIE_PRONE = "cannot_lie_prone"
    CANNOT_COOPERATE = "cannot_cooperate"
    EARLIER_SURGERY_AT_LEVEL = "earlier_surgery_at_level"


AGAINST: Final = {
    Condition.COAGULOPATHY: "blood that does not clot bleeds into the canal",
    Condition.ANTICOAGULATED: "anticoagulants must be stopped first",
    Condition.INFECTION: "an infection, local or general, would be carried into the disc",
    Condition.FRACTURE: "a fracture at the level needs another treatment",
    Condition.TUMOUR: "a tumour at the level needs another treatment",
    Condition.PREGNANCY: "the X-ray field covers the pelvis",
    Condition.SEVERE_STENOSIS: "severe stenosis is not relieved by removing nucleus",
    Condition.SEVERE_DEGENERATION: "a severely degenerated disc holds no nucleus to remove",
    Condition.INSTABILITY: "an unstable segment is made no better",
    Condition.RAPID_DEFICIT: "a rapidly growing deficit needs open surgery now",
    Condition.CAUDA_EQUINA: "cauda equina syndrome needs open surgery now",
    Condition.PAIN_NOT_FROM_HERNIATION: "the pain does not come from the herniation",
    Condition.GENERAL_ANAESTHESIA: "under general anaesthesia the patient cannot report a touched root",
    Condition.CANNOT_LIE_PRONE: "the patient cannot lie prone",
    Condition.CANNOT_COOPERATE: "the patient cannot lie still and answer",
}
"""Absolute contraindications and their reasons (Onik, J Neurosurg 1987;66:143; Singh, Pain Physician 2009;12:589)."""


@dataclass(frozen=True, slots=True)
class DiscFindings:
    """What discography would find in a disc; unless told, one that is healthy and painless, as a control should be.

    Parameters
    ----------
    dallas_grade
        Fissures, modified Dallas 0 to 5.
    nucleus
        One mass or two lobes.
    pain_above_opening_kpa
        Pressure above opening at which it hurts.
    pain
        The rating then, 0 to 10, without sedation.
    concordant
        Whether it is the patient's own pain.
    water_percent
        Water in its nucleus.
    """

    dallas_grade: Annotated[int, Ge(0), Le(5)] = 0
    nucleus: Nucleus = Nucleus.WHOLE
    pain_above_opening_kpa: Annotated[float, Gt(0.0)] = PAINLESS_KPA
    pain: Scale = 3.0
    concordant: bool = False
    water_percent: Annotated[float, Ge(60.0), Le(90.0)] = 80.0


@dataclass(frozen=True, slots=True)
class PatientCard:
    """What the referral says of the patient.

    Parameters
    ----------
    age_y, weight_kg
        Age in years; body weight, which limits the local anaesthetic.
    leg_pain, back_pain
        Ratings from 0 to 10 before the procedure.
    conservative_weeks
        Weeks of physiotherapy and medicine without relief.
    steroid_injection_failed
        At least one foraminal or epidural steroid injection gave no lasting relief.
    root_block_positive
        A selective block of the root relieved the leg pain.
    herniation, site, herniation_mm
        Its form, its place and its depth beyond the rim on MRI.
    disc_height_percent
        Height of the disc against its neighbours.
    conditions, allergies
        What speaks against it.
    dallas_grade
        Fissures in the disc, modified Dallas 0 to 5.
    pain_above_opening_kpa
        Pressure above opening at which discography hurts (mean 220 kPa: Jain, Korean J Pain 2021;34(4), 31.9 psi).
    concordant
        That pain is the patient's own.
    anxiety
        0 to 10: how afraid the patient is of needles and of the room.
    unknown_allergies
        What the patient reacts to although nobody knows it yet: nothing warns, the body answers.
    breath_mm
        How far the lumbar spine moves with each breath, lying prone: 1.3 mm for L3 and L4 (Glossop and Hu, Spine
        1997;22:903), 0.9 to 2.3 for L4 in another series (both in Saghbiny et al., Hamlyn Symposium 2023).
    nucleus
        Whether the treated nucleus is one mass or in lobes.
    discography_pain
        The rating when the treated disc is provoked; not told, it is that of the leg, at least 7.
    water_percent
        Water in the treated nucleus: 80 in a healthy adult (70 to 85: Castro, Eur Spine J 1992;1:96); a drier one is
        tougher and flows less.
    retraction_share, relief_share
        Hypotheses, evidence mixed, which the debrief tells as such: by which share of its depth the protrusion would go
        back, and of which share the leg's pain would be gone, were all of the disc's pressure lost. 0 claims nothing.
    controls
        Discs beside the treated one that discography takes as controls, by level.
    """

    age_y: Annotated[float, Ge(16.0), Le(110.0)] = 42.0
    weight_kg: Annotated[float, Ge(30.0), Le(250.0)] = 75.0
    leg_pain: Scale = 7.5
    back_pain: Scale = 4.0
    conservative_weeks: Annotated[float, Ge(0.0)] = 12.0
    steroid_injection_failed: bool = True
    root_block_positive: bool = True
    herniation: Herniation = Herniation.PROTRUSION
    site: Site = Site.POSTEROLATERAL
    herniation_mm: Annotated[float, Ge(0.0), Le(20.0)] = 4.5
    disc_height_percent: Percent = 85.0
    conditions: tuple[Condition, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    dallas_grade: Annotated[int, Ge(0), Le(5)] = 2
    pain_above_opening_kpa: Annotated[float, Gt(0.0)] = 120.0
    concordant: bool = True
    anxiety: Scale = 3.0
    unknown_allergies: tuple[Allergy, ...] = ()
    breath_mm: Annotated[float, Ge(0.0), Le(10.0)] = 1.3
    nucleus: Nucleus = Nucleus.WHOLE
    discography_pain: Scale | None = None
    water_percent: Annotated[float, Ge(60.0), Le(90.0)] = 80.0
    retraction_share: Annotated[float, Ge(0.0), Le(1.0)] = 0.0
    relief_share: Annotated[float, Ge(0.0), Le(1.0)] = 0.0
    controls: Mapping[Level, DiscFindings] = field(default_factory=dict, hash=False)

    @property
    def treated(self) -> DiscFindings:
        """What discography would find in the treated disc."""
        pain = max(POSITIVE_PAIN, self.leg_pain) if self.discography_pain is None else self.discography_pain
        hurts_at_kpa = self.pain_above_opening_kpa
        return DiscFindings(self.dallas_grade, self.nucleus, hurts_at_kpa, pain, self.concordant, self.water_percent)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What speaks for, what is missing, what warns and what forbids; each a sentence for a clinician."""

    supports: tuple[str, ...]
    missing: tuple[str, ...]
    cautions: tuple[str, ...]
    forbids: tuple[str, ...]

    @property
    def suitable(self) -> bool:
        """Nothing forbids the procedure and no indication is missing."""
        return not self.forbids and not self.missing


def assess(card: PatientCard) -> Assessment:
    """Indications and contraindications of a card, with reasons.

    Examples
    --------
    >>> assess(PatientCard()).suitable
    True
    >>> assess(PatientCard(conditions=(Condition.PREGNANCY,))).forbids
    ('pregnancy: the X-ray field covers the pelvis',)
    """
    wanted = _indications(card)
    return Assessment(
        supports=tuple(words for met, words, _ in wanted if met),
        missing=tuple(words for met, _, words in wanted if not met),
        cautions=_cautions(card),
        forbids=_forbids(card),
    )


def _indications(card: PatientCard) -> tuple[tuple[bool, str, str], ...]:
    """Each indication: met or not, its sentence where met, its sentence where not."""
    contained = card.herniation in {Herniation.BULGE, Herniation.PROTRUSION}
    failed = card.conservative_weeks >= CONSERVATIVE_WEEKS_AT_LEAST
    return (
        (contained, f"contained herniation ({card.herniation})", f"no contained herniation ({card.herniation})"),
        (
            card.leg_pain >= PAIN_AT_LEAST,
            f"leg pain {card.leg_pain:g} of 10",
            f"leg pain {card.leg_pain:g} of 10, below {PAIN_AT_LEAST:g}",
        ),
        (card.leg_pain > card.back_pain, "leg pain above back pain", "back pain is not below leg pain"),
        (
            failed,
            f"{card.conservative_weeks:g} weeks of conservative care failed",
            f"only {card.conservative_weeks:g} weeks of conservative care, {CONSERVATIVE_WEEKS_AT_LEAST:g} wanted",
        ),
        (card.steroid_injection_failed, "steroid injection failed", "no steroid injection was tried"),
        (
            card.disc_height_percent >= DISC_HEIGHT_PERCENT_AT_LEAST,
            f"disc height {card.disc_height_percent:g} % preserved",
            f"disc height {card.disc_height_percent:g} % preserved, {DISC_HEIGHT_PERCENT_AT_LEAST:g} wanted",
        ),
    )


def _cautions(card: PatientCard) -> tuple[str, ...]:
    found = (
        (card.site is Site.POSTEROMEDIAN, "posteromedian herniation: fewer gain (50 against 79 %, Amoretti 2006)"),
        (card.herniation_mm > HERNIATION_MM_AT_MOST, f"herniation {card.herniation_mm:g} mm deep"),
        (not card.root_block_positive, "no selective root block confirms the level"),
        (Condition.EARLIER_SURGERY_AT_LEVEL in card.conditions, "earlier surgery at this level: scar holds the root"),
        (Allergy.IODINE_CONTRAST in card.allergies, "allergic to iodinated contrast: no discography"),
        (Allergy.CEPHALOSPORIN in card.allergies, "allergic to cephalosporins: choose another antibiotic"),
        (Allergy.LOCAL_ANAESTHETIC in card.allergies, "allergic to the local anaesthetic: choose another agent"),
    )
    return tuple(words for present, words in found if present)


def _forbids(card: PatientCard) -> tuple[str, ...]:
    spoken = tuple(f"{c.replace('_', ' ')}: {AGAINST[c]}" for c in card.conditions if c in AGAINST)
    if card.herniation in {Herniation.EXTRUSION, Herniation.SEQUESTRATION}:
        return (*spoken, f"{card.herniation}: a fragment outside the annulus is not reached through the nucleus")
    return spoken
