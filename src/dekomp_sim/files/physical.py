"""Reads physical phantoms: a short YAML with surfaces or a label map beside it becomes a patient to play on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dekomp_sim.anatomy.disc_shape import Protrusion
from dekomp_sim.anatomy.labels import Level, Structure
from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.anatomy.phantom.physical import (
    AIR_HU,
    PhysicalSpec,
    VoxelsSpec,
    hounsfield_of,
    physical_patient,
    structure_of,
)
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Int16Array, UInt8Array, absorb
from dekomp_sim.errors import InputError
from dekomp_sim.files.documents import read_yaml
from dekomp_sim.files.grids import open_grid
from dekomp_sim.files.itk import label_numbers
from dekomp_sim.files.surfaces import enclosing, filled, read_surface


def load_physical_phantom(path: Path | str, protrusions: Mapping[Level, Protrusion] | None = None) -> Patient:
    """The patient of a physical phantom's file.

    Parameters
    ----------
    path
        The YAML; the files that it names lie beside it.
    protrusions
        Herniations by level, of the scenario.

    Raises
    ------
    InputError, OutOfRangeError
        If the file, a surface, a label map or a material cannot be used, or a level of `protrusions` is not there.
    """
    source = Path(path)
    spec = read_yaml(source, PhysicalSpec)
    volume = physical_volume(source, spec)
    digest = hashlib.sha256(f"{spec!r} {sorted((protrusions or {}).items())!r}".encode())
    absorb(digest, volume.hu)
    absorb(digest, volume.labels)
    return physical_patient(spec, volume, protrusions or {}, digest.hexdigest())


def physical_volume(source: Path, spec: PhysicalSpec) -> Volume:
    """Hounsfield units and named structures of a phantom.

    Raises
    ------
    InputError, OutOfRangeError
        As `load_physical_phantom`.
    """
    if bool(spec.bodies) == (spec.voxels is not None):
        found = "bodies and voxels" if spec.bodies else "neither bodies nor voxels"
        raise InputError(str(source), found, "either surfaces as bodies, or a label map as voxels")
    if spec.voxels is not None:
        return _of_voxels(source, spec.voxels)
    surfaces = [read_surface(source.parent / body.file, spec.unit.in_mm) for body in spec.bodies]
    shape, affine = enclosing(str(source), surfaces, spec.voxel_mm)
    hu, labels = filled(surfaces, _values(source, spec), shape, affine)
    return Volume(hu, affine, labels)


def _values(source: Path, spec: PhysicalSpec) -> tuple[Int16Array, UInt8Array]:
    """Hounsfield units and structure numbers: of the air around, then of each material."""
    names = [f"{source}: {name}" for name in _names(spec)]
    hounsfield = [hounsfield_of(one, name) for one, name in zip(spec.materials, names, strict=True)]
    structures = [structure_of(one, name) for one, name in zip(spec.materials, names, strict=True)]
    return np.array([AIR_HU, *hounsfield], dtype=np.int16), np.array([Structure.OUTSIDE, *structures], dtype=np.uint8)


def _names(spec: PhysicalSpec) -> list[str]:
    if spec.voxels is None:
        return [body.file for body in spec.bodies]
    return [f"label {one.label}" for one in spec.voxels.materials]


def _of_voxels(source: Path, voxels: VoxelsSpec) -> Volume:
    path = source.parent / voxels.file
    if not path.is_file():
        raise InputError(str(path), "no such file", "a label map beside the specification")
    grid = open_grid(path)
    given = label_numbers(grid.planes(), grid.shape, str(path))
    hounsfield, structures = _values(source, PhysicalSpec(1, "voxels", voxels=voxels))
    numbers = [one.label for one in voxels.materials]
    unknown = sorted(set(np.unique(given).tolist()) - {0, *numbers})
    if unknown:
        told = ", ".join(map(str, unknown[:8])) + (" ..." if len(unknown) > 8 else "")
        raise InputError(str(path), f"labels without a material: {told}", ", ".join(map(str, numbers)), "Add them")
    hu, labels = np.full(256, AIR_HU, dtype=np.int16), np.zeros(256, dtype=np.uint8)
    hu[numbers], labels[numbers] = hounsfield[1:], structures[1:]
    return Volume(hu[given], grid.patient_from_index, labels[given])
