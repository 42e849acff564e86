"""The patient a command is about: the story's phantom, or the user's scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.errors import InputError
from dekomp_sim.files import (
    cached_patient,
    load_patient,
    load_patient_folder,
    load_physical_phantom,
    read_yaml,
    shipped,
    shipped_names,
)
from dekomp_sim.files.shipped import Kind
from dekomp_sim.scenario.story import Story

PHYSICAL: Final[Kind] = "phantoms/physical"
"""Physical phantoms that come with the package."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as given on the command line: a CT, its labels, and which series; or an imported patient's folder or a
    physical phantom's file. All are None for the built-in phantom.
    """

    ct: Path | None = None
    labels: Path | None = None
    series: str | None = None
    patient: Path | None = None

    @property
    def given(self) -> bool:
        """Whether it is a scan and not the phantom."""
        return self.ct is not None or self.patient is not None


def patient_of(story: Story, scan: Scan) -> Patient:
    """The patient of a story.

    Raises
    ------
    InputError
        If a CT comes without labels, labels without a CT, an imported patient with either, or one cannot be read.
    """
    if scan.patient is not None:
        if scan.ct is not None or scan.labels is not None:
            raise InputError("--patient", "an imported patient and a scan", "either --patient or --ct with --labels")
        if str(scan.patient) in shipped_names(PHYSICAL) and not scan.patient.exists():
            return load_physical_phantom(shipped(PHYSICAL, str(scan.patient)), story.protrusions)
        if scan.patient.suffix in {".yaml", ".yml"}:
            return load_physical_phantom(scan.patient, story.protrusions)
        return load_patient_folder(scan.patient, story.protrusions)
    if scan.ct is None:
        if scan.labels is not None:
            raise InputError("--labels", "a label map without a CT", "--ct CT --labels LABELS")
        return cached_patient(story.specification(read_yaml(shipped("phantoms", story.phantom), PhantomSpec)))
    if scan.labels is None:
        remedy = "Import it without: dekomp-sim import CT -o patient/, then --patient patient/"
        raise InputError("--ct", "a CT without a label map", "--ct CT --labels LABELS", remedy)
    return load_patient(scan.ct, scan.labels, story.protrusions, scan.series)
