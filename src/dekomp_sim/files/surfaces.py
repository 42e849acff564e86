"""Closed surfaces in STL files, and the voxels that they fill; VTK reads and fills.

VTK takes a second to import; it is imported where a surface is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from dekomp_sim.arrays import FloatArray, Int16Array, UInt8Array
from dekomp_sim.errors import InputError
from dekomp_sim.files.census import refuse_bytes
from dekomp_sim.geometry.affine import Affine

FINER: Final = 3
"""Sample points along each edge of a voxel: its Hounsfield units are the mean of what they meet."""

SLAB: Final = 8
"""Slices that are filled at once: fine samples of a whole phantom would take gigabytes."""

AROUND_MM: Final = 10.0
"""Air around the phantom."""

SMALLEST_MM, LARGEST_MM = 20.0, 2000.0
"""A phantom that measures less or more from end to end was written in other units."""

MOST_VOXELS: Final = 200_000_000

Surface = Any
"""A vtkPolyData: the library has no types."""


def read_surface(path: Path, in_mm: float) -> Surface:
    """A closed surface from an STL file, its points in mm.

    Raises
    ------
    InputError
        If there is none, it is empty, or it is open.
    """
    from vtkmodules.util import numpy_support
    from vtkmodules.vtkFiltersCore import vtkCleanPolyData
    from vtkmodules.vtkIOGeometry import vtkSTLReader

    if not path.is_file():
        raise InputError(str(path), "no such file", "an STL file beside the specification")
    refuse_bytes(path, path.stat().st_size)
    reader, clean = vtkSTLReader(), vtkCleanPolyData()
    reader.SetFileName(str(path))
    _quietly(reader)
    clean.SetInputConnection(reader.GetOutputPort())
    clean.Update()
    surface = clean.GetOutput()
    if surface.GetNumberOfCells() == 0:
        raise InputError(str(path), "no triangles", "an STL file, text or binary", "Export it again")
    _refuse_open(path, surface)
    untyped: Any = numpy_support
    points = untyped.vtk_to_numpy(surface.GetPoints().GetData())
    points *= in_mm
    surface.GetPoints().Modified()
    surface.ComputeBounds()
    return surface


def _quietly(reader: Any) -> None:
    """VTK prints what it cannot read; what is missing is told by us."""
    reader.AddObserver("ErrorEvent", lambda *_: None)


def _refuse_open(path: Path, surface: Surface) -> None:
    """Refuse a surface with edges that belong to one triangle alone: it has no inside."""
    from vtkmodules.vtkFiltersCore import vtkFeatureEdges

    edges = vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.NonManifoldEdgesOff()
    edges.BoundaryEdgesOn()
    edges.Update()
    count = edges.GetOutput().GetNumberOfLines()
    if count:
        found = f"an open surface, with {count} edges of one triangle alone"
        raise InputError(str(path), found, "a closed surface, which has an inside", "Close its holes, as MeshLab does")


def enclosing(where: str, surfaces: Sequence[Surface], voxel_mm: float) -> tuple[tuple[int, int, int], Affine]:
    """Shape (nk, nj, ni) and affine of a grid about surfaces, with air around.

    Raises
    ------
    InputError
        If they measure what no phantom does, or would take too many voxels.
    """
    bounds = np.array([surface.GetBounds() for surface in surfaces]).reshape(-1, 3, 2)
    low, high = bounds[..., 0].min(axis=0), bounds[..., 1].max(axis=0)
    size = float((high - low).max())
    if not SMALLEST_MM <= size <= LARGEST_MM:
        remedy = "Does it count in metres? Say unit: m" if size < SMALLEST_MM else "Does it count in micrometres?"
        found = f"surfaces of {size:.3g} mm from end to end"
        raise InputError(where, found, f"{SMALLEST_MM:g} to {LARGEST_MM:g} mm", remedy)
    counts = np.ceil((high - low + 2.0 * AROUND_MM) / voxel_mm).astype(int)
    if int(np.prod(counts)) > MOST_VOXELS:
        found = f"{' x '.join(map(str, counts))} voxels of {voxel_mm:g} mm"
        raise InputError(where, found, f"{MOST_VOXELS // 1_000_000} million", "Make voxel_mm larger")
    first = (low + high) / 2.0 - (counts - 1) / 2.0 * voxel_mm
    ni, nj, nk = (int(count) for count in counts)
    return (nk, nj, ni), Affine.from_spacing([voxel_mm] * 3, first)


def filled(
    surfaces: Sequence[Surface],
    values: tuple[Int16Array, UInt8Array],
    shape: tuple[int, int, int],
    patient_from_index: Affine,
) -> tuple[Int16Array, UInt8Array]:
    """Hounsfield units and structures [k, j, i] of surfaces on a grid that is parallel to the axes.

    A voxel's Hounsfield units are the mean over 27 points within it: attenuation adds up, so that volumes and line
    integrals keep their size to a fraction of a voxel. Its structure is that of its middle.

    Parameters
    ----------
    surfaces
        Later ones displace earlier ones.
    values
        (n + 1,) Hounsfield units and (n + 1,) structure numbers: of what surrounds them, then of each.
    shape, patient_from_index
        The grid.
    """
    hounsfield, structures = values
    hu, labels = np.empty(shape, dtype=np.int16), np.empty(shape, dtype=np.uint8)
    middle = FINER // 2
    for first in range(0, shape[0], SLAB):
        last = min(first + SLAB, shape[0])
        owners = _owners(surfaces, (last - first, *shape[1:]), patient_from_index, first)
        hu[first:last] = np.rint(_summed(hounsfield[owners].astype(np.int32)) / FINER**3)
        labels[first:last] = structures[owners[middle::FINER, middle::FINER, middle::FINER]]
    return hu, labels


def _summed(fine: Any) -> Any:
    """(nk, nj, ni) sums over the samples of each voxel; axis by axis, for that is fastest."""
    fine = fine[:, :, ::FINER] + fine[:, :, 1::FINER] + fine[:, :, 2::FINER]
    fine = fine[:, ::FINER] + fine[:, 1::FINER] + fine[:, 2::FINER]
    return fine[::FINER] + fine[1::FINER] + fine[2::FINER]


def _owners(
    surfaces: Sequence[Surface], shape: tuple[int, int, int], patient_from_index: Affine, first: int
) -> UInt8Array:
    """Which surface fills each fine sample of a slab, from 1; 0 none."""
    spacing = patient_from_index.spacing_mm / FINER
    corner = patient_from_index.points([0, 0, first]) - patient_from_index.spacing_mm / 2.0 + spacing / 2.0
    nk, nj, ni = (size * FINER for size in shape)
    owners = np.zeros((nk, nj, ni), dtype=np.uint8)
    for number, surface in enumerate(surfaces, 1):
        bounds = np.array(surface.GetBounds()).reshape(3, 2)
        low = np.maximum(np.floor((bounds[:, 0] - corner) / spacing).astype(int), 0)
        high = np.minimum(np.ceil((bounds[:, 1] - corner) / spacing).astype(int) + 1, (ni, nj, nk))
        if (high > low).all():
            part = owners[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
            part[_inside(surface, corner + low * spacing, spacing, part.shape)] = number
    return owners


def _inside(surface: Surface, corner_mm: FloatArray, spacing_mm: FloatArray, shape: tuple[int, ...]) -> Any:
    """(nk, nj, ni) whether points of a grid lie inside a closed surface."""
    from vtkmodules.util import numpy_support
    from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

    stencil, image = vtkPolyDataToImageStencil(), vtkImageStencilToImage()
    stencil.SetInputData(surface)
    stencil.SetOutputOrigin(corner_mm.tolist())
    stencil.SetOutputSpacing(spacing_mm.tolist())
    stencil.SetOutputWholeExtent(0, shape[2] - 1, 0, shape[1] - 1, 0, shape[0] - 1)
    stencil.SetTolerance(0.0)
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    untyped: Any = numpy_support
    return untyped.vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(shape) > 0
