"""How a scan was taken, as far as a case must know: numbers and words of our own, nothing of a header's text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dekomp_sim.anatomy.volume import Volume


class Posture(StrEnum):
    """How the patient lay in the scanner."""

    SUPINE = "supine"
    PRONE = "prone"
    LEFT_SIDE = "on the left side"
    RIGHT_SIDE = "on the right side"
    UNKNOWN = "unknown"


class Format(StrEnum):
    """What kind of file a scan came from."""

    DICOM = "DICOM"
    GRID = "NIfTI, NRRD or MetaImage"


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How a scan was taken.

    Parameters
    ----------
    format
        What kind of file it came from.
    posture
        How the patient lay.
    feet_first
        Whether the feet went in first; None where it is not told.
    thickness_mm
        Thickness of a slice; None where it is not told.
    tilt_deg
        Angle by which the gantry leaned against the table's way; such a stack is straightened when it is read.
    """

    format: Format
    posture: Posture = Posture.UNKNOWN
    feet_first: bool | None = None
    thickness_mm: float | None = None
    tilt_deg: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A CT volume and how it was taken."""

    volume: Volume
    acquisition: Acquisition
