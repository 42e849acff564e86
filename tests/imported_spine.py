"""The spine of blocks in a trunk on a scanner's table, imported: a patient that is quick to make and known on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from segmentation_files import write_masks, write_scan
from spine_blocks import spine_volume

from dekomp_sim.anatomy import Structure, Volume
from dekomp_sim.cli.importing import Request, perform
from dekomp_sim.geometry import Affine


def trunk_of_blocks() -> Volume:
    """A spine of blocks in a trunk wide enough for a case, on a table."""
    made = spine_volume(Affine.from_spacing((2.0, 2.0, 2.0)))
    assert made.labels is not None
    around = ((0, 0), (20, 20), (30, 30))
    hu, labels = np.pad(made.hu, around, constant_values=-1000), np.pad(made.labels, around)
    hu[:, -6:-4, 10:-10] = 200
    origin = made.patient_from_index.points([-30, -20, 0])
    return Volume(hu, Affine(made.patient_from_index.matrix, origin), labels)


def import_blocks(place: Path) -> Path:
    """The folder of that spine, imported from DICOM with masks."""
    volume = trunk_of_blocks()
    scan = write_scan(place / "dicom", volume, PatientPosition="FFS", SliceThickness=2.0)
    names = {n: Structure(n).name.replace("VERTEBRA_", "vertebrae_") for n in range(26, 32)}
    masks = write_masks(place / "masks", volume, names)
    perform(Request(scan, masks, None, place / "patient"), Console(quiet=True))
    return place / "patient"
