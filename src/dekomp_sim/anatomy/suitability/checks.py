"""What is checked of a scan before a case is made of it, each with what was found, what is allowed and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from dekomp_sim.anatomy.suitability.acquisition import Acquisition, Format, Posture, Scan
from dekomp_sim.anatomy.volume import Volume

SHORTEST_MM: Final = 100.0
"""Assumption: one disc with the body above and below (12 + 2 x 27 mm: Panjabi 1992, Spine 17:299) and 15 mm either way
for needles that do not run in its plane."""

WHOLE_MM: Final = 180.0
"""Assumption: L2 to S1 with their discs, 5 x 27 + 4 x 11 mm."""

NARROWEST_MM: Final = 150.0
"""Assumption: a posterolateral entry lies up to 100 mm from the midline; less shows neither entry nor skin."""

SLICES_MM: Final = (2.0, 5.0)
"""Assumption: apart by less a scan shows endplates well, apart by more a disc of 8 mm is one slice."""

PIXELS_MM: Final = (1.5, 4.0)
"""Assumption: the same within a slice; the landmarks are tested to 3 mm."""

GAP: Final = 0.9
"""Assumption: slices thinner than this part of their distance leave something unseen between them."""

TILT_DEG: Final = 0.5
"""Assumption: less is the rounding of a header."""


class Verdict(StrEnum):
    """What a check comes to."""

    GOOD = "good"
    CAUTION = "caution"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What.
    verdict
        What it comes to.
    found, allowed
        What is there; what would do.
    remedy
        What to do; empty where nothing.
    """

    name: str
    verdict: Verdict
    found: str
    allowed: str
    remedy: str = ""


def check_scan(scan: Scan) -> tuple[Check, ...]:
    """What can be checked without segmentations: extent, voxels, slices, gantry, posture."""
    volume, taken = scan.volume, scan.acquisition
    return (
        _length(volume),
        _width(volume),
        _slices(volume, taken),
        _pixels(volume),
        _tilt(taken),
        _posture(taken),
    )


def graded(value: float, good: float, worst: float) -> Verdict:
    """GOOD up to `good`, CAUTION up to `worst`, REFUSED beyond."""
    return Verdict.GOOD if value <= good else Verdict.CAUTION if value <= worst else Verdict.REFUSED


def head_axis(volume: Volume) -> int:
    """Which of i, j, k (0, 1, 2) runs most nearly along the patient."""
    matrix = volume.patient_from_index.matrix
    return int(np.argmax(np.abs(matrix[2]) / np.linalg.norm(matrix, axis=0)))


def _extents_mm(volume: Volume) -> np.ndarray:
    return np.array(volume.size) * volume.patient_from_index.spacing_mm


def _length(volume: Volume) -> Check:
    length = float(_extents_mm(volume)[head_axis(volume)])
    allowed = f"{SHORTEST_MM:.0f} mm for one disc, {WHOLE_MM:.0f} mm for L2 to S1"
    remedy = "" if length >= WHOLE_MM else "Export the whole series, from L2 to the sacrum"
    verdict = graded(-length, -WHOLE_MM, -SHORTEST_MM)
    return Check("length along the body", verdict, f"a scan of {length:.0f} mm along the body", allowed, remedy)


def _width(volume: Volume) -> Check:
    across = np.delete(_extents_mm(volume), head_axis(volume))
    found = f"a field of {across.max():.0f} x {across.min():.0f} mm across the body"
    verdict = Verdict.GOOD if across.min() >= NARROWEST_MM else Verdict.REFUSED
    remedy = "" if verdict is Verdict.GOOD else "Reconstruct the series again with the skin of the back in its field"
    return Check("field across the body", verdict, found, f"{NARROWEST_MM:.0f} mm each way", remedy)


def _slices(volume: Volume, taken: Acquisition) -> Check:
    apart = float(volume.patient_from_index.spacing_mm[head_axis(volume)])
    verdict, words = graded(apart, *SLICES_MM), f"slices {apart:.2g} mm apart"
    if taken.thickness_mm is not None:
        words += f" and {taken.thickness_mm:.2g} mm thick"
        if taken.thickness_mm < GAP * apart:
            verdict = max(verdict, Verdict.CAUTION, key=list(Verdict).index)
            words += ", with gaps between them"
    elif taken.format is Format.DICOM:
        words += " of untold thickness"
    allowed = f"up to {SLICES_MM[0]:g} mm without gaps; to {SLICES_MM[1]:g} mm with coarser endplates"
    return Check("slices", verdict, words, allowed, "" if verdict is Verdict.GOOD else "Reconstruct thinner slices")


def _pixels(volume: Volume) -> Check:
    size = float(np.delete(volume.patient_from_index.spacing_mm, head_axis(volume)).max())
    verdict = graded(size, *PIXELS_MM)
    allowed = f"up to {PIXELS_MM[0]:g} mm; to {PIXELS_MM[1]:g} mm with coarser outlines"
    remedy = "" if verdict is Verdict.GOOD else "Take the original series, not one that was resampled"
    return Check("pixels", verdict, f"pixels of {size:.2g} mm", allowed, remedy)


def _tilt(taken: Acquisition) -> Check:
    if taken.tilt_deg <= TILT_DEG:
        return Check("gantry", Verdict.GOOD, "an upright gantry", "any; a tilted one is straightened")
    found = f"a gantry tilted by {taken.tilt_deg:.1f} degrees, straightened"
    return Check("gantry", Verdict.CAUTION, found, "any; segmentations must be made of the straightened volume",
                 "Segment the volume.nii.gz that is written, not the tilted series")  # fmt: skip


def _posture(taken: Acquisition) -> Check:
    way = {True: ", feet first", False: ", head first", None: ""}[taken.feet_first]
    allowed = "prone, as in the procedure; any other is turned prone as it is"
    if taken.posture is Posture.PRONE:
        return Check("posture", Verdict.GOOD, f"scanned prone{way}", allowed)
    if taken.posture is Posture.UNKNOWN:
        return Check("posture", Verdict.CAUTION, "no word of how the patient lay", allowed,
                     "Taken as supine; read the limits below")  # fmt: skip
    return Check("posture", Verdict.CAUTION, f"scanned {taken.posture}{way}", allowed, "Read the limits below")


def turned_prone(posture: Posture) -> str:
    """What turning a patient prone leaves as it was in the scanner: a sentence for the page and the record."""
    if posture is Posture.PRONE:
        return "Scanned prone, as in the procedure; nothing was turned."
    lay = "supine (assumed: the file does not tell)" if posture is Posture.UNKNOWN else posture
    return (
        f"Scanned {lay} and turned prone as one rigid piece: the lordosis, the discs' wedge, the bowel and the kidneys "
        "stay where they were, the fat of the back stays flattened, and the way from the skin may differ by "
        "centimetres from that of the patient on the table."
    )
