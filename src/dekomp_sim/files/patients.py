"""The folder of an imported patient: volume.nii.gz, labels.nii.gz, and patient.yaml, which a person may read and edit.

The discs of patient.yaml are those a case is played on: whoever moves one there moves it, and the nerves laid from it.
Nerves that a person moved stand there too, and the herniation where it is the patient's own.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from dekomp_sim import __version__
from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.landmarks import Landmarks, patient_of_landmarks
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.suitability.acquisition import Acquisition
from dekomp_sim.anatomy.suitability.checks import Check, turned_prone
from dekomp_sim.anatomy.suitability.spine import Finding
from dekomp_sim.anatomy.vertebrae import find_vertebrae
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import absorb
from dekomp_sim.errors import InputError
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.files.journal import plain
from dekomp_sim.files.patient_record import RECORD_FORMAT, PatientRecord, corrections_of, level_of
from dekomp_sim.files.pictures import SIMULATED
from dekomp_sim.files.volumes import load_labels, load_volume, write_grid
from dekomp_sim.files.writing import replacing, write_text

RECORD: Final = "patient.yaml"
"""The file by which a folder is known as a patient's."""

VOLUME, LABELS = "volume.nii.gz", "labels.nii.gz"


def write_patient_folder(
    folder: Path, volume: Volume, taken: Acquisition, checks: Sequence[Check], levels: Sequence[Finding]
) -> None:
    """Write volume, labels and record into a folder that is there.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    assert volume.labels is not None
    for name, values in ((VOLUME, volume.hu), (LABELS, volume.labels)):
        with replacing(folder / name) as beside:
            write_grid(values, volume.patient_from_index, beside)
    record = PatientRecord(
        SIMULATED["Comment"],
        RECORD_FORMAT,
        __version__,
        _voxels_sha256(volume),
        taken.posture,
        turned_prone(taken.posture),
        UNSEEN_NERVE_SD_MM,
        tuple(checks),
        tuple(map(level_of, levels)),
    )
    write_record(folder / RECORD, record)


def write_record(path: Path, record: PatientRecord) -> None:
    """Write a record as YAML with its comments.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    write_text(path, _yaml(plain(record)))


def load_patient_folder(folder: Path | str, protrusions: Mapping[Level, Protrusion] | None = None) -> Patient:
    """The patient of a folder that `write_patient_folder` wrote; the name is "scan".

    The record's own herniation takes the place of that of `protrusions` at its level.

    Raises
    ------
    InputError
        If the folder is none, its files do not belong together, a disc of the record is none, or the record does not
        show a level of `protrusions`.
    """
    place = Path(folder)
    record, volume = open_patient_folder(place)
    placed = corrections_of(str(place / RECORD), record)
    wanted = placed.with_protrusions(protrusions or {})
    shown = ", ".join(placed.discs) or "none"
    reasons = {
        one.level: InputError(f"level {one.level}", "; ".join(one.doubts) or "no disc in the record", shown)
        for one in record.levels
        if one.disc is None
    }
    told = (record.levels, *filter(None, (record.nerves, record.herniation)))
    digest = hashlib.sha256(
        f"{record.voxels_sha256} {' '.join(map(repr, told))} {sorted((protrusions or {}).items())!r}".encode()
    )
    landmarks = Landmarks(find_vertebrae(volume), placed.discs, reasons)
    patient = patient_of_landmarks("scan", volume, landmarks, wanted, digest.hexdigest())
    return replace(patient, strands=placed.strands())


def open_patient_folder(place: Path) -> tuple[PatientRecord, Volume]:
    """Record and volume of a patient's folder, which belong together.

    Raises
    ------
    InputError
        If the folder is none, is of a later version, or its files do not belong together.
    """
    if not (place / RECORD).is_file():
        remedy = "Make one with: dekomp-sim import SCAN --labels SEGMENTATION -o FOLDER"
        raise InputError(str(place), f"no {RECORD}", "the folder of an imported patient", remedy)
    record = read_yaml(place / RECORD, PatientRecord)
    if record.format > RECORD_FORMAT:
        found, remedy = f"format {record.format}", f"It was written by dekomp_sim {record.dekomp_sim}"
        raise InputError(str(place / RECORD), found, f"up to {RECORD_FORMAT}", remedy)
    volume = load_labels(place / LABELS, load_volume(place / VOLUME))
    if _voxels_sha256(volume) != record.voxels_sha256:
        found = f"{VOLUME} and {LABELS} that are not those of {RECORD}"
        raise InputError(str(place), found, "files of one import", "Import the scan again")
    return record, volume


def _voxels_sha256(volume: Volume) -> str:
    digest = hashlib.sha256()
    absorb(digest, volume.hu)
    absorb(digest, volume.labels)
    return digest.hexdigest()


def _yaml(values: dict[str, Any]) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(values, text)
    return (
        "# A patient made of a scan for dekomp_sim: not for clinical use. Look at quality.html.\n"
        "# Move a disc here (centre_mm, up, back in patient mm: x left, y back, z head) and its nerves go with it,\n"
        "# or by hand on a page: dekomp-sim import --edit FOLDER\n"
        f"{text.getvalue()}"
    )
