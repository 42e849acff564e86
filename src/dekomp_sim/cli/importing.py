"""`dekomp-sim import`: a scan becomes a patient's folder, with a page that says how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from dekomp_sim.anatomy import Level, Patient, Side, Volume
from dekomp_sim.anatomy.clearance import millimetres
from dekomp_sim.anatomy.landmarks import Landmarks, find_landmarks, patient_of_landmarks
from dekomp_sim.anatomy.spine.find import find_spine
from dekomp_sim.anatomy.spine.naming import NamedLevel
from dekomp_sim.anatomy.suitability.acquisition import Acquisition
from dekomp_sim.anatomy.suitability.checks import Check, Verdict, check_scan, turned_prone
from dekomp_sim.anatomy.suitability.extent import body_part, kept, lumbar_part
from dekomp_sim.anatomy.suitability.motion import check_motion
from dekomp_sim.anatomy.suitability.naming import check_naming
from dekomp_sim.anatomy.suitability.spine import NO_DOUBTS, Doubts, Finding, check_spine, find_levels
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
    level_at: str | None = None


def perform(request: Request, console: Console) -> None:
    """Read, check, find the discs, and write the patient's folder.

    Raises
    ------
    InputError
        If the scan cannot be used: every reason that is found, each with what is allowed; nothing is then written.
    """
    with output_folder(request.out, request.overwrite, RECORD) as folder:
        with console.status(
            "Reading the scan ..." if request.labels else "Reading the scan and finding its vertebrae ..."
        ):
            labelled, taken, checks, doubts = _read(request)
        with console.status("Finding the discs ..."):
            landmarks = find_landmarks(labelled)
            labelled, body = body_part(labelled, body_mask(labelled))
            seen = (kept(labelled), *check_spine(labelled, landmarks, body), check_motion(labelled, body))
            checks = (*checks, *seen)
            _refuse(str(request.labels or request.scan), checks)
            levels = find_levels(labelled, landmarks, doubts)
            cleaned = _without_table(labelled, body)
            del labelled, body  # large
            patient = patient_of_landmarks("scan", cleaned, landmarks, {}, "")
        with console.status("Writing the patient ..."):
            write_text(folder / "quality.html", _page(taken, checks, levels, patient, landmarks))
            del patient
            write_patient_folder(folder, cleaned, taken, checks, levels)
    _tell(console, checks, levels, request.out)


def _read(request: Request) -> tuple[Volume, Acquisition, tuple[Check, ...], Doubts]:
    """The lumbar part of the scan with its labels, how it was taken, what was checked of the whole, and what is
    doubtful of levels that were found without a segmentation.
    """
    named = None if request.level_at is None else NamedLevel.parse(request.level_at)
    scan = load_scan(request.scan, request.series)
    checks = check_scan(scan)
    _refuse(str(request.scan), checks)
    if request.labels is not None:
        if named is not None:
            raise InputError("--level-at", "a segmentation that names the levels", "either --labels or --level-at")
        return lumbar_part(load_labels(request.labels, scan.volume)), scan.acquisition, checks, NO_DOUBTS
    found = find_spine(scan.volume, named)
    return lumbar_part(found.labelled), scan.acquisition, (*checks, check_naming(found)), found.doubts


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
        console.print(
            f"{one.level}: {one.word}" + (f" ({'; '.join(one.doubts)})" if one.doubts else ""), soft_wrap=True
        )
    console.print(f"Quality: {(out / 'quality.html').resolve()}", soft_wrap=True)
    console.print(f"Play on it: dekomp-sim run SCENARIO --patient {out} -o out/first", soft_wrap=True)
