"""No name, number, date or text of a scan's header reaches a file that the program writes: planted in every tag."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID
from rich.console import Console
from segmentation_files import item, write_scan, write_seg
from spine_blocks import spine_volume

from dekomp_sim.anatomy import Structure, Volume
from dekomp_sim.cli.importing import Request, perform
from dekomp_sim.cli.patients import Scan
from dekomp_sim.cli.run import Request as RunRequest
from dekomp_sim.cli.run import perform as run
from dekomp_sim.geometry import Affine

TEXTS = {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DT": 26, "LO": 64, "LT": 64, "PN": 64, "SH": 16, "ST": 64, "TM": 14,
         "UC": 64, "UI": 64, "UR": 64, "UT": 64, "DS": 16, "IS": 12}  # fmt: skip
"""Value representations that bear text, with the room in each (DICOM PS3.5, 6.2)."""

KEPT = {"Modality", "ImageType", "PatientPosition", "SegmentationType", "SOPClassUID", "PhotometricInterpretation",
        "RescaleType", "RescaleSlope", "RescaleIntercept", "PixelSpacing", "ImagePositionPatient",
        "ImageOrientationPatient", "SliceThickness", "NumberOfFrames", "SegmentLabel", "SegmentNumber",
        "SpecificCharacterSet"}  # fmt: skip
"""What the reading itself needs: codes and geometry, and the segments' names, which must match."""


def planted(number: int, vr: str) -> str:
    """A value of that representation that is found nowhere else."""
    if vr == "DA":
        return f"1931{1 + number % 12:02d}{1 + number % 28:02d}"
    if vr == "TM":
        return f"0317{number % 60:02d}.{number:06d}"
    if vr == "DT":
        return f"19310317{number % 24:02d}1731.{number:06d}"
    if vr == "AS":
        return f"{number % 1000:03d}W"
    if vr in {"DS", "IS"}:
        return f"7{number:05d}7731"
    if vr == "UI":
        return f"1.2.7731.{number}.1337"
    return f"ZQ{number:05d}XK"


def planted_values() -> Iterator[tuple[Any, str, str]]:
    """(tag, representation, value) for every public element that bears text."""
    for number, (tag, (vr, _, _, retired, keyword)) in enumerate(sorted(DicomDictionary.items())):
        group = Tag(tag).group
        if vr in TEXTS and keyword and keyword not in KEPT and group not in {0x0000, 0x0002, 0x0004} and not retired:
            yield Tag(tag), vr, planted(number, vr)


def plant(dataset: Dataset) -> set[str]:
    """Put a value of its own into every text-bearing element, and into a private one and a nested one."""
    values = set()
    for tag, vr, value in planted_values():
        if tag not in dataset or vr == "PN":
            dataset.add_new(tag, vr, value)
            values.add(value)
    for name in ("PatientName", "PatientID", "StudyDate", "SeriesInstanceUID", "SOPInstanceUID"):
        tag = Tag(name)
        value = next(value for one, _, value in planted_values() if one == tag)
        setattr(dataset, name, value)
        values.add(value)
    dataset.private_block(0x0011, "ZQ88888XK", create=True).add_new(0x01, "LO", "ZQ99999XK")
    dataset.RequestAttributesSequence = [item(RequestedProcedureDescription="ZQ77777XK")]
    return values | {"ZQ88888XK", "ZQ99999XK", "ZQ77777XK"}


def replant(path: Path) -> set[str]:
    dataset = dcmread(path)
    values = plant(dataset)
    dataset.preamble = b"ZQ66666XK".ljust(128, b"\0")
    dataset.save_as(path)
    return values | {"ZQ66666XK"}


def contents(path: Path) -> bytes:
    """All that can be read in a file: as it is, unpacked, the texts of its pictures and what lies packed in them."""
    held = path.read_bytes()
    found = [path.name.encode(), held]
    if path.name.endswith(".gz"):
        found.append(gzip.decompress(held))
    if path.suffix == ".png":
        found += list(unpacked_texts(held))
    return b"\n".join(found)


def unpacked_texts(png: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(png):
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind == b"zTXt":
            yield zlib.decompress(png[at + 8 : at + 8 + length].split(b"\0\0", 1)[1])
        at += 12 + length


@pytest.fixture(scope="module")
def volume() -> Volume:
    """A spine of blocks in a trunk; coarse, for it is played on."""
    made = spine_volume(Affine.from_spacing((3.0, 3.0, 3.0)))
    assert made.labels is not None
    around = ((0, 0), (14, 14), (20, 20))
    hu, labels = np.pad(made.hu, around, constant_values=-1000), np.pad(made.labels, around)
    return Volume(hu, Affine(made.patient_from_index.matrix, made.patient_from_index.points([-20, -14, 0])), labels)


SCENARIO = """
dekomp_sim: 1
title: A picture
level: L3-L4
side: left
steps:
  - {do: assess_candidate}
  - {do: consent}
  - {do: position_prone}
  - {do: time_out}
  - {do: set_view, view: ap}
  - {do: expose}
"""


def test_nothing_of_the_header_reaches_any_file(tmp_path: Path, volume: Volume) -> None:
    series = next(value for tag, _, value in planted_values() if tag == Tag("SeriesInstanceUID"))
    scan = write_scan(tmp_path / "ZQ55555XK", volume, SeriesInstanceUID=series)
    segments = {n: Structure(n).name.replace("VERTEBRA_", "vertebrae_") for n in range(26, 32)}
    seg = write_seg(tmp_path / "ZQ44444XK.dcm", volume, segments)
    # the first slice, of which most is read, one more, and the segmentation: thousands of elements in each
    values = replant(scan / "000.dcm") | replant(scan / "030.dcm") | replant(seg) | {"ZQ55555XK", "ZQ44444XK"}
    assert len(values) > 1500, "every public element that bears text"
    written = tmp_path / "written"
    (tmp_path / "case.yaml").write_text(SCENARIO)

    perform(Request(scan, seg, None, written / "patient"), Console(quiet=True))
    run(
        RunRequest(str(tmp_path / "case.yaml"), written / "by_folder", Scan(patient=written / "patient"), False),
        Console(quiet=True),
    )
    run(RunRequest(str(tmp_path / "case.yaml"), written / "by_scan", Scan(scan, seg), False), Console(quiet=True))

    files = [path for path in written.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".gz", ".yaml", ".html", ".json", ".jsonl", ".png"}
    unique = [value.encode() for value in values if "ZQ" in value or "7731" in value or value.startswith("19310317")]
    dates = [value.encode() for value in values if value.startswith("1931") and len(value) == 8]
    assert len(unique) > 1200
    for path in files:
        held = contents(path)
        found = [value for value in (*unique, *dates) if value in held]
        assert not found, f"{path.name} holds {found[:5]}"


def test_the_search_would_find_what_it_looks_for(tmp_path: Path, volume: Volume) -> None:
    scan = write_scan(tmp_path / "scan", Volume(volume.hu[:2].copy(), volume.patient_from_index))
    path = next(iter(scan.iterdir()))
    values = replant(path)
    held = contents(path)
    missing = [value for value in values if value.encode() not in held]
    assert not missing, "every planted value is in the file that was planted"
    assert UID(dcmread(path).SOPInstanceUID).startswith("1.2.7731")
