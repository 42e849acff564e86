"""`dekomp-sim import`: a scan and its segmentation become a patient's folder, with a page that says how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from dekomp_sim.anatomy import Level, Patient, Side, Volume
from dekomp_sim.anatomy.clearance import millimetres
from dekomp_sim.anatomy.landmarks import Landmarks, find_landmarks, patient_of_landmarks
from dekomp_sim.anatomy.suitability.acquisition import Acquisition
from dekomp_sim.anatomy.suitability.checks import Check, Verdict, check_scan, turned_prone
from dekomp_sim.anatomy.suitability.extent import body_part, kept, lumbar_part
from dekomp_sim.anatomy.suitability.spine import Finding, check_spine, find_levels
from dekomp_sim.anatomy.tissues import body_mask
from dekomp_sim.arrays import BoolArray
from dekomp_sim.cli.quality_views import views
from dekomp_sim.debrief.quality import quality_html
from dekomp_sim.errors import InputError
from dekomp_sim.files import MistakesError, load_labels, load_scan, output_folder, write_patient_folder, write_text
from dekomp_sim.files.patients import RECORD
from dekomp_sim.planning import posterolateral

AIR_HU = -1000
"""What table, pads and clothes become."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim import --help`."""

    scan: Path
    labels: Path | None
    series: str | None
    out: Path
    overwrite: bool = False


def perform(request: Request, console: Console) -> None:
    """Read, check, find the discs, and write the patient's folder.

    Raises
    ------
    InputError
        If the scan cannot be used: every reason that is found, each with what is allowed; nothing is then written.
    """
    with output_folder(request.out, request.overwrite, RECORD) as folder:
        with console.status("Reading the scan ..."):
            labelled, taken, checks = _read(request)
        with console.status("Finding the discs ..."):
            landmarks = find_landmarks(labelled)
            labelled, body = body_part(labelled, body_mask(labelled))
            checks = (*checks, kept(labelled), *check_spine(labelled, landmarks, body))
            _refuse(str(request.labels), checks)
            levels = find_levels(labelled, landmarks)
            cleaned = _without_table(labelled, body)
            del labelled, body  # large
            patient = patient_of_landmarks("scan", cleaned, landmarks, {}, "")
        with console.status("Writing the patient ..."):
            write_text(folder / "quality.html", _page(taken, checks, levels, patient, landmarks))
            del patient
            write_patient_folder(folder, cleaned, taken, checks, levels)
    _tell(console, checks, levels, request.out)


def _read(request: Request) -> tuple[Volume, Acquisition, tuple[Check, ...]]:
    """The lumbar part of the scan with its labels, how it was taken, and what was checked of the whole."""
    scan = load_scan(request.scan, request.series)
    checks = check_scan(scan)
    _refuse(str(request.scan), checks)
    return lumbar_part(load_labels(_labels(request), scan.volume)), scan.acquisition, checks


def _labels(request: Request) -> Path:
    if request.labels is None:
        raise InputError(
            str(request.scan),
            "no segmentation of the vertebrae",
            "--labels SEGMENTATION; the spine is not found without one",
            "Make one with: TotalSegmentator -i SCAN -o segmentation.nii.gz --ml",
        )
    return request.labels


def _refuse(where: str, checks: Sequence[Check]) -> None:
    """Raise what speaks against the scan, all of it."""
    refused = [
        InputError(where, check.found, check.allowed, check.remedy)
        for check in checks
        if check.verdict is Verdict.REFUSED
    ]
    if refused:
        raise MistakesError(refused)


def _without_table(volume: Volume, body: BoolArray) -> Volume:
    """The volume with air around the body: the table of the scanner is not that of the procedure."""
    hu = np.where(body, volume.hu, np.int16(AIR_HU))
    return replace(volume, hu=hu)


def _page(
    taken: Acquisition, checks: Sequence[Check], levels: Sequence[Finding], patient: Patient, landmarks: Landmarks
) -> str:
    ways = {level: [_way(patient, level, side) for side in Side] for level in patient.discs}
    return quality_html(checks, levels, ways, views(patient, landmarks), turned_prone(taken.posture))


def _way(patient: Patient, level: Level, side: Side) -> str:
    try:
        plan = posterolateral(patient, level, side)
    except InputError:
        return f"{side}: no free way"
    gap = millimetres(plan.clearance_mm, plan.uncertainty_mm)
    doubt = "" if plan.keeps_deviation else ", nearer than that uncertainty asks for"
    return f"{side}: {plan.length_mm:.0f} mm at {plan.angle_from_sagittal_deg:.0f}°, {gap} from {plan.nearest}{doubt}"


def _tell(console: Console, checks: Sequence[Check], levels: Sequence[Finding], out: Path) -> None:
    for check in checks:
        if check.verdict is Verdict.CAUTION:
            console.print(f"Look at {check.name}: {check.found}. {check.remedy}".rstrip(), soft_wrap=True)
    for one in levels:
        found = "no disc" if one.disc is None else "sure" if one.sure else "unsure"
        console.print(f"{one.level}: {found}" + (f" ({'; '.join(one.doubts)})" if one.doubts else ""), soft_wrap=True)
    console.print(f"Quality: {(out / 'quality.html').resolve()}", soft_wrap=True)
    console.print(f"Play on it: dekomp-sim run SCENARIO --patient {out} -o out/first", soft_wrap=True)
