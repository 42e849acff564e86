"""The folder of an imported patient: volume.nii.gz, labels.nii.gz, and patient.yaml, which a person may read and edit.

The discs of patient.yaml are those a case is played on: whoever moves one there moves it, and the nerves laid from it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from dekomp_sim import __version__
from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level
from dekomp_sim.anatomy.landmarks import Landmarks, patient_of_landmarks
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.suitability.acquisition import Acquisition, Posture
from dekomp_sim.anatomy.suitability.checks import Check, turned_prone
from dekomp_sim.anatomy.suitability.spine import Finding
from dekomp_sim.anatomy.vertebrae import find_vertebrae
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import absorb
from dekomp_sim.errors import InputError
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.files.journal import plain
from dekomp_sim.files.pictures import SIMULATED
from dekomp_sim.files.volumes import load_labels, load_volume, write_grid
from dekomp_sim.files.writing import replacing, write_text
from dekomp_sim.geometry.rigid import Rigid

RECORD: Final = "patient.yaml"
"""The file by which a folder is known as a patient's."""

VOLUME, LABELS = "volume.nii.gz", "labels.nii.gz"

RECORD_FORMAT: Final = 1
"""Grows whenever older readers would misunderstand a record."""

SIZES_MM: Final = (0.5, 80.0)
"""Sizes that a disc of a record may have: anything a person could mean."""

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class DiscRecord:
    """A disc as its record tells it: places and directions in patient LPS mm; sizes as `DiscShape` has them."""

    centre_mm: Point
    up: Point
    back: Point
    half_width_mm: float
    half_depth_mm: float
    height_anterior_mm: float
    height_posterior_mm: float
    concavity_mm: float
    nucleus_fraction: float


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level: whether its disc is sure, what is doubtful, and the disc where there is one."""

    level: Level
    sure: bool
    doubts: tuple[str, ...] = ()
    disc: DiscRecord | None = None


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What patient.yaml holds.

    Parameters
    ----------
    notice
        That it is for simulation.
    format, dekomp_sim
        Version of the record, and of what wrote it.
    voxels_sha256
        Of volume and labels, by which it is seen that they belong to this record.
    posture, posture_limits
        How the patient was scanned, and what follows from it.
    nerves_uncertainty_mm
        Standard deviation of where a nerve lies.
    checks
        What was looked at.
    levels
        From L1-L2 to L5-S1.
    """

    notice: str
    format: int
    dekomp_sim: str
    voxels_sha256: str
    posture: Posture
    posture_limits: str
    nerves_uncertainty_mm: float
    checks: tuple[Check, ...]
    levels: tuple[LevelRecord, ...]


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
        tuple(map(_level, levels)),
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

    Raises
    ------
    InputError
        If the folder is none, its files do not belong together, a disc of the record is none, or the record does not
        show a level of `protrusions`.
    """
    place = Path(folder)
    if not (place / RECORD).is_file():
        remedy = "Make one with: dekomp-sim import SCAN --labels SEGMENTATION -o FOLDER"
        raise InputError(str(place), f"no {RECORD}", "the folder of an imported patient", remedy)
    record = read_yaml(place / RECORD, PatientRecord)
    volume = load_labels(place / LABELS, load_volume(place / VOLUME))
    if _voxels_sha256(volume) != record.voxels_sha256:
        found = f"{VOLUME} and {LABELS} that are not those of {RECORD}"
        raise InputError(str(place), found, "files of one import", "Import the scan again")
    discs = {one.level: _shape(place, one.level, one.disc) for one in record.levels if one.disc is not None}
    shown = ", ".join(discs) or "none"
    reasons = {
        one.level: InputError(f"level {one.level}", "; ".join(one.doubts) or "no disc in the record", shown)
        for one in record.levels
        if one.disc is None
    }
    digest = hashlib.sha256(
        f"{record.voxels_sha256} {record.levels!r} {sorted((protrusions or {}).items())!r}".encode()
    )
    landmarks = Landmarks(find_vertebrae(volume), discs, reasons)
    return patient_of_landmarks("scan", volume, landmarks, protrusions or {}, digest.hexdigest())


def _voxels_sha256(volume: Volume) -> str:
    digest = hashlib.sha256()
    absorb(digest, volume.hu)
    absorb(digest, volume.labels)
    return digest.hexdigest()


def _level(found: Finding) -> LevelRecord:
    return LevelRecord(found.level, found.sure, found.doubts, None if found.disc is None else _recorded(found.disc))


def _recorded(disc: DiscShape) -> DiscRecord:
    frame = disc.patient_from_disc
    return DiscRecord(
        _rounded(frame.translation_mm, 3),
        _rounded(frame.rotation[:, 2], 5),
        _rounded(frame.rotation[:, 1], 5),
        round(disc.half_width_mm, 3),
        round(disc.half_depth_mm, 3),
        round(disc.height_anterior_mm, 3),
        round(disc.height_posterior_mm, 3),
        round(disc.concavity_mm, 3),
        disc.nucleus_fraction,
    )


def _rounded(values: Any, digits: int) -> Point:
    x, y, z = (round(float(value), digits) + 0.0 for value in values)
    return x, y, z


def _shape(folder: Path, level: Level, disc: DiscRecord) -> DiscShape:
    where = f"{folder / RECORD}: {level}"
    sizes = {name: getattr(disc, name) for name in
             ("half_width_mm", "half_depth_mm", "height_anterior_mm", "height_posterior_mm")}  # fmt: skip
    for name, value in sizes.items():
        if not SIZES_MM[0] <= value <= SIZES_MM[1]:
            raise InputError(where, f"{name}: {value:g}", f"{SIZES_MM[0]:g} to {SIZES_MM[1]:g} mm")
    try:
        frame = Rigid.from_axes(disc.centre_mm, disc.up, disc.back)
    except ValueError:
        raise InputError(where, "up and back along one line, or 0", "two directions that differ") from None
    return DiscShape(level, frame, **sizes, concavity_mm=disc.concavity_mm, nucleus_fraction=disc.nucleus_fraction)


def _yaml(values: dict[str, Any]) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(values, text)
    return (
        "# A patient made of a scan for dekomp_sim: not for clinical use. Look at quality.html.\n"
        "# Move a disc here (centre_mm, up, back in patient mm: x left, y back, z head) and its nerves go with it.\n"
        f"{text.getvalue()}"
    )
