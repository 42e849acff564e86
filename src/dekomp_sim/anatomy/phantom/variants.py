"""Patients unlike the reference: a phantom's specification changed by age, sex, size, degeneration and anatomy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final

from annotated_types import Ge, Le

from dekomp_sim.anatomy.labels import Level, Side
from dekomp_sim.anatomy.phantom.spec import (
    BodySpec,
    ConjoinedSpec,
    CurveSpec,
    DiscSpec,
    HerniationSpec,
    PhantomSpec,
    VertebraSpec,
)


class Sex(StrEnum):
    """Of the skeleton."""

    FEMALE = "female"
    MALE = "male"


REFERENCE_BMI: Final = 24.0
"""Body mass index of the reference trunk, kg/m2: a man of 75 kg and 177 cm."""

BACK_MM_PER_BMI: Final = 0.9777
"""What the midline of the back gains in depth per kg/m2: skin to epidural space is 17.8 + 0.978 BMI mm (Ravi 2011,
J Anaesth Clin Pharmacol 27:39, n=120)."""

LATERAL_SHARE: Final = 1.6
"""How much more than its midline the back gains beside it. Assumption: fat is thickest over the flanks; MRI at L4-L5
gives 58 to 62 mm to the epidural space in obese people against 44 to 47 (Lee 2004, Korean J Anesthesiol 47:34), which
the midline's slope meets."""

GIRTH_MM_PER_BMI: Final = 7.0
"""What width and depth of the trunk gain per kg/m2. Assumption: the waist's girth grows by about 22 mm, shared evenly
by an ellipse."""

FEMALE_SCALE: Final = {
    "upper_width_mm": 0.91, "upper_depth_mm": 0.91, "lower_width_mm": 0.91, "lower_depth_mm": 0.91,
    "anterior_height_mm": 0.95, "posterior_height_mm": 0.95, "transverse_span_mm": 0.92,
    "pedicle_width_mm": 0.92, "pedicle_height_mm": 0.95,
}  # fmt: skip
"""A woman's vertebra over a man's. Assumption: about a tenth narrower and a twentieth lower, the canal as wide."""

FEMALE_FACETS: Final = 0.93
"""The same for the distance of the facet joints from the midline."""

YOUNG_HU, YOUNG_Y, LOSS_HU_PER_Y, LEAST_HU = 226.0, 30.0, 2.5, 60.0
"""Trabecular bone: 226 HU up to 30 years, less 2.5 a year (Jang 2019, Radiology 291:360); never below 60 (Assumption:
osteoporosis at any age)."""


@dataclass(frozen=True, slots=True)
class Variation:
    """How a patient differs from the phantom's specification; None leaves a thing as it is.

    Parameters
    ----------
    age_y
        Age, which sets the density of spongy bone.
    sex
        Size of the vertebrae; the reference is a man.
    bmi
        Body mass index, kg/m2: width and depth of the trunk, fat, the way from skin to disc.
    disc_height_percent
        Height of the treated disc over the specified one.
    crest_height_mm
        Top of the iliac crests above the middle of L4-L5.
    scoliosis_deg
        Cobb angle of a lumbar curve, + convex to the patient's left.
    conjoined_root
        The exiting and the traversing root share a sheath at the treated disc, on the side of the herniation.
    retrorenal_colon
        The descending colon runs behind the left kidney's lower pole (7 % of people lying prone: Sharma 2014,
        Urolithiasis, doi 10.1007/s00240-014-0733-5).
    """

    age_y: Annotated[float, Ge(18.0), Le(100.0)] | None = None
    sex: Sex | None = None
    bmi: Annotated[float, Ge(17.0), Le(45.0)] | None = None
    disc_height_percent: Annotated[float, Ge(40.0), Le(110.0)] | None = None
    crest_height_mm: Annotated[float, Ge(-30.0), Le(30.0)] | None = None
    scoliosis_deg: Annotated[float, Ge(-40.0), Le(40.0)] | None = None
    conjoined_root: bool = False
    retrorenal_colon: bool = False


def varied(
    spec: PhantomSpec, variation: Variation, place: tuple[Level, Side], herniation: HerniationSpec | None
) -> PhantomSpec:
    """The specification of another patient.

    Parameters
    ----------
    spec
        The reference.
    variation
        What differs.
    place
        The disc that is treated, and the side of the complaint.
    herniation
        Its protrusion, or None.

    Raises
    ------
    OutOfRangeError
        If the changed sizes leave the specification's ranges.

    Examples
    --------
    >>> heavy = varied(PhantomSpec(), Variation(bmi=34.0), (Level.L4_L5, Side.LEFT), HerniationSpec())
    >>> round(heavy.body.back_midline_mm - PhantomSpec().body.back_midline_mm, 1)
    9.8
    """
    level, side = place
    found = replace(spec, herniation=herniation, retrorenal_colon=spec.retrorenal_colon or variation.retrorenal_colon)
    if variation.sex is Sex.FEMALE:
        found = _female(found)
    if variation.age_y is not None:
        found = replace(found, hu=replace(found.hu, trabecular_bone=_trabecular_hu(variation.age_y)))
    if variation.bmi is not None:
        found = replace(found, body=_sized(found.body, variation.bmi - REFERENCE_BMI))
    if variation.crest_height_mm is not None:
        found = replace(found, body=replace(found.body, crest_height_mm=variation.crest_height_mm))
    if variation.disc_height_percent is not None:
        discs = {**found.discs, level.value: _lowered(found.discs[level.value], variation.disc_height_percent / 100.0)}
        found = replace(found, discs=discs)
    if variation.scoliosis_deg is not None:
        found = replace(found, curve=CurveSpec(variation.scoliosis_deg))
    if variation.conjoined_root:
        found = replace(found, conjoined_root=ConjoinedSpec(level, side))
    return found


def _trabecular_hu(age_y: float) -> float:
    return max(LEAST_HU, YOUNG_HU - LOSS_HU_PER_Y * max(0.0, age_y - YOUNG_Y))


def _female(spec: PhantomSpec) -> PhantomSpec:
    return replace(
        spec,
        vertebrae={name: _smaller(vertebra) for name, vertebra in spec.vertebrae.items()},
        discs={
            name: replace(disc, facet_offset_mm=disc.facet_offset_mm * FEMALE_FACETS)
            for name, disc in spec.discs.items()
        },
    )


def _smaller(vertebra: VertebraSpec) -> VertebraSpec:
    return replace(vertebra, **{key: getattr(vertebra, key) * scale for key, scale in FEMALE_SCALE.items()})


def _lowered(disc: DiscSpec, share: float) -> DiscSpec:
    return replace(
        disc,
        anterior_height_mm=disc.anterior_height_mm * share,
        posterior_height_mm=disc.posterior_height_mm * share,
    )


def _sized(body: BodySpec, more_bmi: float) -> BodySpec:
    """The trunk of a heavier or slighter person: what is gained is fat."""
    midline, girth = BACK_MM_PER_BMI * more_bmi, GIRTH_MM_PER_BMI * more_bmi
    beside = LATERAL_SHARE * midline
    return replace(
        body,
        width_mm=body.width_mm + girth,
        depth_mm=body.depth_mm + girth,
        subcutaneous_fat_mm=max(4.0, body.subcutaneous_fat_mm + beside),
        back_midline_mm=body.back_midline_mm + midline,
        skin_depth_mm=body.skin_depth_mm + beside,
        skin_lateral_mm=body.skin_lateral_mm * (body.skin_depth_mm + beside) / body.skin_depth_mm,
    )
