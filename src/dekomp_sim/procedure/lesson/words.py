"""The numbers of a case that a lesson may speak of; `quantities` reads them."""

from __future__ import annotations

from enum import StrEnum


class Quantity(StrEnum):
    """A number that can be read off a case."""

    CLOCK_S = "clock_s"
    FLUOROSCOPY_S = "fluoroscopy_s"
    EXPOSURES = "exposures"
    KAP_GYCM2 = "kap_gycm2"
    CT_DLP_MGYCM = "ct_dlp_mgycm"
    CT_FLUOROSCOPY_S = "ct_fluoroscopy_s"
    TIP_TO_ROOT_MM = "tip_to_root_mm"
    TIP_TO_SAC_MM = "tip_to_sac_mm"
    TIP_TO_TARGET_MM = "tip_to_target_mm"
    TIP_DEPTH_MM = "tip_depth_mm"
    SKIN_PUNCTURES = "skin_punctures"
    REDIRECTS = "redirects"
    LIDOCAINE_MG = "lidocaine_mg"
    CONTRAST_ML = "contrast_ml"
    PRESSURE_KPA = "pressure_kpa"
    REMOVED_ML = "removed_ml"
    PAIN = "pain"
    REFUSED = "refused"
    HEART_BPM = "heart_bpm"
    SYSTOLIC_MMHG = "systolic_mmhg"
    SATURATION_PERCENT = "saturation_percent"
