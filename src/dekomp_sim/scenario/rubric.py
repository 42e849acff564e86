"""How a case is marked: criteria with weights, errors that fail it, and the share that passes. Debriefing scores it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen


class Metric(StrEnum):
    """A figure of a debrief that a criterion may use; each is defined in the report."""

    TOTAL_S = "total_s"
    PROCEDURE_S = "procedure_s"
    EXPOSURES = "exposures"
    FRAMES = "frames"
    FLUOROSCOPY_S = "fluoroscopy_s"
    AIR_KERMA_REFERENCE_MGY = "air_kerma_reference_mgy"
    KAP_GYCM2 = "kap_gycm2"
    CT_ACQUISITIONS = "ct_acquisitions"
    CT_DLP_MGYCM = "ct_dlp_mgycm"
    CT_FLUOROSCOPY_S = "ct_fluoroscopy_s"
    PEAK_SKIN_MGY = "peak_skin_mgy"
    OPERATOR_APRON_USV = "operator_apron_usv"
    OPERATOR_EYE_USV = "operator_eye_usv"
    OPERATOR_HAND_USV = "operator_hand_usv"
    SKIN_PUNCTURES = "skin_punctures"
    REDIRECTS = "redirects"
    TIP_PATH_MM = "tip_path_mm"
    TIP_TO_TARGET_MM = "tip_to_target_mm"
    OFF_AXIS_MM = "off_axis_mm"
    ANGLE_ERROR_DEG = "angle_error_deg"
    LEAST_CLEARANCE_MM = "least_clearance_mm"
    NERVE_CONTACTS = "nerve_contacts"
    RISK_CONTACTS = "risk_contacts"
    BREACHES = "breaches"
    LAPSES = "lapses"
    REFUSED = "refused"
    WORST_PAIN = "worst_pain"
    LIDOCAINE_MG = "lidocaine_mg"
    CONTRAST_ML = "contrast_ml"
    HIGHEST_PRESSURE_KPA = "highest_pressure_kpa"
    PROBE_S = "probe_s"
    OUTSIDE_NUCLEUS_S = "outside_nucleus_s"
    REMOVED_ML = "removed_ml"


class Critical(StrEnum):
    """An error that fails a case whatever its score."""

    HARM = "harm"
    ROOT_BREACH = "root_breach"
    DURA_BREACH = "dura_breach"
    VESSEL_BREACH = "vessel_breach"
    ORGAN_BREACH = "organ_breach"
    WRONG_LEVEL = "wrong_level"
    COLLAPSE = "collapse"
    NO_CONSENT = "no_consent"
    NO_TIME_OUT = "no_time_out"
    NO_STERILE_FIELD = "no_sterile_field"
    WRONG_CANDIDATE = "wrong_candidate"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: full marks at one value of its metric, none at another, in proportion between."""

    metric: Metric
    full_at: float
    zero_at: float
    weight: Annotated[float, Gt(0.0)] = 1.0

    def __post_init__(self) -> None:
        if self.full_at == self.zero_at:
            raise ValueError(f"{self.metric}: full_at and zero_at are both {self.full_at:g}")


@dataclass(frozen=True, slots=True)
class Rubric:
    """One way to mark a case.

    Parameters
    ----------
    name
        Its own within a scenario.
    criteria
        What earns marks.
    critical
        What fails the case whatever its score.
    pass_percent
        Share of all marks that passes.
    source
        Where its thresholds come from.
    """

    name: Annotated[str, MinLen(1)]
    criteria: Annotated[tuple[Criterion, ...], MinLen(1)]
    critical: tuple[Critical, ...] = ()
    pass_percent: Annotated[float, Ge(0.0), Le(100.0)] = 70.0
    source: str = ""
