"""Patients of phantom specifications, kept on disk once built, because building takes seconds and loading does not.

The cache is a convenience: what cannot be read is built again, and where it cannot be written the patient is returned
all the same. A cached patient is one file, written beside its place and moved there, so that processes never see a half
of it: a line of JSON with its length before it, then the voxels as they lie in memory, which are mapped, not copied.
Who finds a patient being built by another process waits for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

import dekomp_sim
from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level, Side, Structure
from dekomp_sim.anatomy.patient import Patient, Strand
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.errors import InputError
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.files.journal import plain
from dekomp_sim.files.locks import only_one
from dekomp_sim.files.writing import replacing
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.rigid import Rigid

CACHE_VERSION: Final = 1
"""Grows whenever cached files are laid out differently."""

CACHE_VARIABLE: Final = "DEKOMP_SIM_CACHE"
"""Environment variable that names another cache folder."""

MOST_CACHED: Final = 6
"""Assumption: patients kept; one of 0.8 mm voxels takes about 150 MB."""

STALE_S: Final = 24 * 3600.0
"""Assumption: age at which an unfinished file is taken to be left over from a process that was killed."""

_ALIGNED: Final = 4096

_BUILDER: Final = ("phantom/*.py", "nerves.py", "disc_*.py", "labels.py")


def phantom_patient(spec_path: Path | str) -> Patient:
    """The patient that a phantom's specification file describes, from the cache where it was built before.

    Raises
    ------
    InputError, OutOfRangeError
        If the file is no specification.
    """
    return cached_patient(read_yaml(spec_path, PhantomSpec))


def cached_patient(spec: PhantomSpec) -> Patient:
    """The patient of a specification, from the cache where it was built before."""
    file = _file(spec)
    found = _read(file)
    if found is not None:
        return found
    with only_one(file.with_suffix(".lock")):
        return _read(file) or _built(spec, file)


def kept_patient(spec: PhantomSpec) -> Patient | None:
    """The patient of a specification where it was built before; None where that would take its seconds now."""
    return _read(_file(spec))


def _file(spec: PhantomSpec) -> Path:
    return cache_folder() / f"phantom-{_key(spec)}.patient"


def _built(spec: PhantomSpec, file: Path) -> Patient:
    """The patient built, and put into the cache where there is room."""
    from dekomp_sim.anatomy.phantom.build import build_phantom  # a second of import with its compiler, wanted here only

    patient = build_phantom(spec)
    with suppress(OSError, InputError):
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, patient)
        _tidy(file.parent)
    return patient


def cache_folder() -> Path:
    """Where built patients are kept: `DEKOMP_SIM_CACHE`, or the platform's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("dekomp-sim")


def _key(spec: PhantomSpec) -> str:
    """SHA-256 of the specification and of what builds it."""
    return hashlib.sha256(f"{_builder()} {asdict(spec)!r}".encode()).hexdigest()[:32]


@cache
def _builder() -> str:
    """SHA-256 of the versions and the builder's source: who edits the builder is not shown what it built before."""
    digest = hashlib.sha256(f"{CACHE_VERSION} {dekomp_sim.__version__}".encode())
    anatomy = Path(dekomp_sim.__file__).parent / "anatomy"
    for source in sorted(file for pattern in _BUILDER for file in anatomy.glob(pattern)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _write(file: Path, patient: Patient) -> None:
    """Raises OSError or InputError where there is no room or no right to write."""
    volume = patient.volume
    arrays: list[NDArray[Any]] = [volume.hu] if volume.labels is None else [volume.hu, volume.labels]
    described = {
        "name": patient.name,
        "digest": patient.digest,
        "matrix": volume.patient_from_index.matrix,
        "origin_mm": volume.patient_from_index.origin_mm,
        "discs": {level: asdict(disc) for level, disc in patient.discs.items()},
        "strands": [asdict(strand) for strand in patient.strands],
        "arrays": [[array.dtype.str, array.shape, zlib.crc32(np.ascontiguousarray(array).data)] for array in arrays],
    }
    head = json.dumps(plain(described)).encode()
    with replacing(file) as beside, beside.open("wb") as out:
        out.write(b"%016d%08x" % (len(head), zlib.crc32(head)) + head)
        for array in arrays:
            out.write(b"\0" * (-out.tell() % _ALIGNED))
            out.write(np.ascontiguousarray(array).data)


def _read(file: Path) -> Patient | None:
    """The patient in a cached file, or None where it is absent or damaged."""
    try:
        with file.open("rb") as source:
            length, checked = int(source.read(16)), int(source.read(8), 16)
            head = source.read(length)
            if len(head) != length or zlib.crc32(head) != checked:
                return None
        described = json.loads(head)
        patient = _patient(described, _mapped(file, 24 + length, described["arrays"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    with suppress(OSError):
        os.utime(file)
    return patient


def _mapped(file: Path, offset: int, arrays: list[Any]) -> list[NDArray[Any]]:
    """The arrays of a cached file, mapped read-only. ValueError if one is cut short or has changed."""
    found = []
    for dtype, shape, checked in arrays:
        offset += -offset % _ALIGNED
        array = np.asarray(np.memmap(file, dtype=dtype, mode="r", offset=offset, shape=tuple(shape)))
        if zlib.crc32(array.data) != checked:
            raise ValueError("changed since it was written")
        found.append(array)
        offset += array.nbytes
    return found


def _patient(described: dict[str, Any], arrays: list[NDArray[Any]]) -> Patient:
    affine = Affine(np.array(described["matrix"]), np.array(described["origin_mm"]))
    volume = Volume(arrays[0], affine, arrays[1] if len(arrays) > 1 else None)
    discs = {Level(level): _disc(disc) for level, disc in described["discs"].items()}
    strands = tuple(_strand(strand) for strand in described["strands"])
    return Patient(described["name"], volume, discs, strands, described["digest"])


def _disc(found: dict[str, Any]) -> DiscShape:
    frame, bump = found["patient_from_disc"], found["protrusion"]
    read = {
        "level": Level(found["level"]),
        "patient_from_disc": Rigid(np.array(frame["rotation"]), np.array(frame["translation_mm"])),
        "protrusion": bump and Protrusion(**{**bump, "side": Side(bump["side"])}),
    }
    return DiscShape(**{**found, **read})


def _strand(found: dict[str, Any]) -> Strand:
    read = {
        "structure": Structure(found["structure"]),
        "path_mm": np.array(found["path_mm"]),
        "radius_mm": np.array(found["radius_mm"]),
        "level": found["level"] and Level(found["level"]),
        "side": found["side"] and Side(found["side"]),
    }
    return Strand(**{**found, **read})


def _tidy(folder: Path) -> None:
    """Remove the longest unused patients and what killed processes left."""
    kept = sorted(folder.glob("phantom-*.patient"), key=lambda file: file.stat().st_mtime, reverse=True)
    left = [file for file in folder.glob(".phantom-*") if time.time() - file.stat().st_mtime > STALE_S]
    for file in (*kept[MOST_CACHED:], *left):
        with suppress(OSError):
            file.unlink()
