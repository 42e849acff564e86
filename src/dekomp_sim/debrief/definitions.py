"""What each figure of a debrief means, in which unit, and who has used it: the table behind metrics and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Group(StrEnum):
    """Headings under which metrics are shown, in this order: what told experts from novices in studies comes first."""

    EXPERTS = "What tells experts from novices"
    TIME = "Time"
    RADIATION = "Radiation"
    NEEDLE = "Needle"
    SAFETY = "Safety"
    DISC = "Disc"


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric for a reader.

    Parameters
    ----------
    title
        Its name in a table.
    unit
        As shown; empty for a count.
    meaning
        What is counted or measured, exactly.
    source
        Who used it, or with what to compare it; "Assumption:" where nothing is published.
    group
        Its heading.
    digits
        Decimals shown.
    as_clock
        Whether seconds are shown as a clock has them.
    """

    title: str
    unit: str
    meaning: str
    source: str
    group: Group
    digits: int = 0
    as_clock: bool = False


_TIMES = "Time and number of shots part experts from novices on a transforaminal simulator (World Neurosurg 2024)"
_LIVER = "Discriminates consultants from trainees on a liver-biopsy simulator (Johnson, Br J Radiol 2012;85)"
_NO_MARK = "Assumption: no pass mark is published"

METRICS: Final[Mapping[str, Definition]] = MappingProxyType(
    {
        "procedure_s": Definition(
            "Skin to skin",
            "s",
            "From the first instrument on the skin until the last one is out.",
            f"{_TIMES}; disc block L2-L5 under 20 min is a pass (LC-CUSUM, Chin J Spine 2021).",
            Group.EXPERTS,
            as_clock=True,
        ),
        "exposures": Definition(
            "Exposures",
            "",
            "Presses of the pedal; one held while a needle moves, or with two planes at once, counts once.",
            f"{_TIMES}; at most 5 for a disc block L2-L5 (LC-CUSUM, Chin J Spine 2021).",
            Group.EXPERTS,
        ),
        "risk_contacts": Definition(
            "Risk regions touched",
            "",
            "Times an instrument touched a root, a ganglion or the sac, or opened a vessel, kidney or bowel.",
            "Invasions of risk regions part experts from novices (p = 0.016, World Neurosurg 2024).",
            Group.EXPERTS,
        ),
        "redirects": Definition(
            "Redirections",
            "",
            "Turns of an instrument about its skin entry.",
            "Fall with training on a printed lumbosacral phantom (Li 2018, PMC6179970).",
            Group.EXPERTS,
        ),
        "tip_to_target_mm": Definition(
            "Tip to target",
            "mm",
            "Least distance from the planned target to the path of the working instrument's tip (the probe, else the "
            "trocar, else the discography needle) after its last advance.",
            f"{_LIVER}, as targeting error; {_NO_MARK.removeprefix('Assumption: ')}.",
            Group.EXPERTS,
            1,
        ),
        "total_s": Definition(
            "Whole session",
            "s",
            "The case's clock from the first step to the last, in the simulation's own time.",
            "Clinics state 15 min to 1 h; step times are assumptions of this simulator.",
            Group.TIME,
            as_clock=True,
        ),
        "frames": Definition(
            "Frames",
            "",
            "X-ray pulses of all exposures.",
            "Each is one picture with its own noise and dose.",
            Group.RADIATION,
        ),
        "fluoroscopy_s": Definition(
            "Fluoroscopy time",
            "s",
            "Frames over the pulse rate.",
            "61 s for discography (Manchikanti, BMC Anesthesiol 2003;3:2), 57 s for one level (Botwin, Pain Physician "
            "2003;6:295).",
            Group.RADIATION,
            1,
        ),
        "air_kerma_reference_mgy": Definition(
            "Air kerma at the reference point",
            "mGy",
            "Sum over exposures, free in air, 150 mm from the isocentre toward the focus.",
            "IEC 60601-2-43; a display may be wrong by 35 %.",
            Group.RADIATION,
            2,
        ),
        "kap_gycm2": Definition(
            "Kerma-area product",
            "Gy cm²",
            "Sum over exposures of air kerma times field area.",
            "0.59 to 5.31 Gy cm² for lumbar nerve blocks (Choi, J Korean Med Sci 2016); none is published for this "
            "procedure.",
            Group.RADIATION,
            3,
        ),
        "ct_acquisitions": Definition(
            "CT acquisitions",
            "",
            "Scans, steps and presses of the scanner's pedal; one held while a needle moves counts once.",
            "Pedal steps fall with a course in CT-guided puncture (40 residents, AJR).",
            Group.RADIATION,
        ),
        "ct_fluoroscopy_s": Definition(
            "CT fluoroscopy time",
            "s",
            "Time of beam in CT fluoroscopy, whatever the slices.",
            "10.4 s (SD 7.5) for a lumbar nerve-root block (Schauberger 2012).",
            Group.RADIATION,
            1,
        ),
        "ct_dlp_mgycm": Definition(
            "Dose-length product of CT",
            "mGy cm",
            "Sum over acquisitions of the CTDIvol of the 32 cm phantom times the length.",
            "1458 before and 199 mGy cm after a low-dose programme for spine injections (Shepherd, AJNR 2011); 2.26 "
            "at ultra-low dose (doi 10.1177/0284185117694508).",
            Group.RADIATION,
            1,
        ),
        "ct_effective_msv": Definition(
            "Effective dose of CT",
            "mSv",
            "The dose-length product times 0.015 mSv per mGy cm: an average adult's, an estimate.",
            "AAPM Report 96; 5.73 mSv by CT and 0.55 by fluoroscopy for a lumbar injection (PMC10110633).",
            Group.RADIATION,
            2,
        ),
        "peak_skin_mgy": Definition(
            "Peak skin dose",
            "mGy",
            "Highest dose of the C-arm on the skin: inverse square, collimator, table, backscatter; all exposures.",
            "Skin reddens from about 2 Gy (2000 mGy); backscatter after Benmakhlouf 2011; uncertain by 35 %.",
            Group.RADIATION,
            1,
        ),
        "operator_apron_usv": Definition(
            "Operator, on the apron",
            "µSv",
            "Personal dose equivalent at the operator's chest, outside the apron; C-arm and CT together.",
            "23.5 µSv a level of discography (Botwin, Pain Physician 2003;6:295); an order of magnitude.",
            Group.RADIATION,
            1,
        ),
        "operator_eye_usv": Definition(
            "Operator, eye",
            "µSv",
            "At the operator's eye, behind what is worn and hung there.",
            "14.9 µSv a level on the glasses (Botwin 2003); limit 20 mSv a year.",
            Group.RADIATION,
            1,
        ),
        "operator_hand_usv": Definition(
            "Operator, hand",
            "µSv",
            "At the operator's hand.",
            "36.6 µSv a level at the ring (Botwin 2003); limit 500 mSv a year.",
            Group.RADIATION,
            1,
        ),
        "skin_punctures": Definition(
            "Skin punctures",
            "",
            "Instruments set on the skin, through an incision or not.",
            f"{_LIVER}, as skin contacts.",
            Group.NEEDLE,
        ),
        "tip_path_mm": Definition(
            "Way of the tips",
            "mm",
            "Sum of what the tips of all instruments moved forward and back in the patient, before their removal.",
            f"{_LIVER}, as total needle distance.",
            Group.NEEDLE,
        ),
        "past_target_mm": Definition(
            "Tip beyond target",
            "mm",
            "Where that tip stood along the planned axis: above 0 beyond the target, below 0 short of it.",
            f"{_NO_MARK}; a probe that works back from the far nucleus stands beyond.",
            Group.NEEDLE,
            1,
        ),
        "off_axis_mm": Definition(
            "Axis off target",
            "mm",
            "Distance of the planned target from that instrument's axis, whatever its depth.",
            "Entry and aim apart from depth (Luciano, Neurosurgery 2013;72(s1) scored both).",
            Group.NEEDLE,
            1,
        ),
        "angle_error_deg": Definition(
            "Angle to plan",
            "°",
            "Angle between that instrument's axis and the planned one.",
            f"{_NO_MARK}; falls with practice in CT-guided puncture (Dimmick).",
            Group.NEEDLE,
            1,
        ),
        "least_clearance_mm": Definition(
            "Least clearance",
            "mm",
            "Smallest gap between any instrument's surface and a nerve, vessel or organ; below 0 inside it.",
            "Invasions of risk regions part experts from novices (World Neurosurg 2024); root 4.4 mm from the facet in "
            "injured, 6.4 mm in spared patients (Choi, 2013).",
            Group.SAFETY,
            1,
        ),
        "nerve_contacts": Definition(
            "Nerve contacts",
            "",
            "Times an instrument touched a root, a ganglion or the sac.",
            "Exiting root injured in 20 of 233 endoscopic discectomies (Choi, 2013).",
            Group.SAFETY,
        ),
        "breaches": Definition(
            "Complications",
            "",
            "Structures opened that should have stayed whole.",
            "Below 1 % each in published series of automated percutaneous discectomy.",
            Group.SAFETY,
        ),
        "lapses": Definition(
            "Lapses",
            "",
            "Breaks of good practice that did no harm by themselves.",
            "Checklist scoring, as in OSATS.",
            Group.SAFETY,
        ),
        "refused": Definition(
            "Refused steps",
            "",
            "Steps asked for that the rules of the procedure did not let happen.",
            "Checklist scoring, as in OSATS.",
            Group.SAFETY,
        ),
        "worst_pain": Definition(
            "Worst pain",
            "of 10",
            "Highest rating the awake patient gave.",
            "Assumption: ratings by structure are not published; their order is common teaching.",
            Group.SAFETY,
            1,
        ),
        "lidocaine_mg": Definition(
            "Lidocaine",
            "mg",
            "Volume times concentration of all deposits.",
            "At most 4.5 mg per kg of plain lidocaine (product label).",
            Group.SAFETY,
        ),
        "contrast_ml": Definition(
            "Contrast injected",
            "mL",
            "Into the treated disc, at all injections.",
            "About 3 to 3.5 mL at most (discography practice).",
            Group.DISC,
            2,
        ),
        "opening_pressure_kpa": Definition(
            "Pressure at rest",
            "kPa",
            "In the nucleus of the prone patient before anything was injected or removed.",
            "0.1 MPa prone (Wilke, Spine 1999;24:755).",
            Group.DISC,
        ),
        "highest_pressure_kpa": Definition(
            "Highest pressure",
            "kPa",
            "Highest manometer reading after an injection, plunger at rest; the disc's own where none was made.",
            "Stop at 50 psi (345 kPa) above opening (Derby and Vorobeychik 2026, PMC12874308).",
            Group.DISC,
        ),
        "pressure_before_kpa": Definition(
            "Pressure before removal",
            "kPa",
            "In the nucleus when the probe was first started.",
            "Closed form: pressure at rest and elastance by Dallas grade (PMC2729819).",
            Group.DISC,
        ),
        "pressure_after_kpa": Definition(
            "Pressure after removal",
            "kPa",
            "In the nucleus when the probe last stopped; 0 where more came out than pressed.",
            "Closed form: pressure at rest and elastance by Dallas grade (PMC2729819).",
            Group.DISC,
        ),
        "probe_s": Definition(
            "Probe running",
            "s",
            "Time for which the probe turned.",
            "1 to 2 min of channelling (Domsky, Reg Anesth Pain Med 2006;31:177).",
            Group.DISC,
        ),
        "outside_nucleus_s": Definition(
            "Probe outside the nucleus",
            "s",
            "Part of that time for which the turning tip was not in the nucleus.",
            "Assumption: good practice is none beyond the turn of a stroke.",
            Group.DISC,
            1,
        ),
        "removed_ml": Definition(
            "Tissue removed",
            "mL",
            "All tissues, in the cannula and collected.",
            "0.5 to 2 mL (Singh, Pain Physician 2009;12:589).",
            Group.DISC,
            2,
        ),
        "removed_g": Definition(
            "Mass removed",
            "g",
            "The same, weighed: volume times wet density by tissue.",
            "Assumption: wet densities of 1.06 to 1.10 g/mL.",
            Group.DISC,
            2,
        ),
        "removal_ml_min": Definition(
            "Rate of removal",
            "mL/min",
            "Tissue removed over the probe's running time.",
            "0.4 to 0.75 mL/min (Domsky, Reg Anesth Pain Med 2006;31:177).",
            Group.DISC,
            2,
        ),
    }
)
"""Every single-valued field of `metrics.Metrics`, in the order of the report."""
