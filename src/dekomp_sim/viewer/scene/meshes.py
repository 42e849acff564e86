"""Forms made into PyVista meshes, in patient mm. No window is needed for this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, assert_never

import numpy as np
import pyvista
from fast_simplification import simplify

from dekomp_sim.arrays import FloatArray, frozen, unit
from dekomp_sim.geometry import Ball, Helix, Rod, Solid, Tube
from dekomp_sim.imaging.projection.shadow import helix_centre_line
from dekomp_sim.viewer.scene.cameras import Cut
from dekomp_sim.viewer.scene.forms import Box, Dashes, Form, Metal, Prism, Pyramid, Surface, Tubing

FACETS: Final = 24
"""Flat faces around a round instrument."""

WIRE_FACETS: Final = 8
"""Flat faces around the wire of a thread, which is a fifth of a mm thick."""

STRAND_FACETS: Final = 12
"""Flat faces around a nerve or a vessel, of which there are many."""

THREAD_PARTS: Final = 14
"""Straight pieces of one turn of a thread."""

CURVE_PARTS: Final = 5
"""Pieces into which the way between two points of a curved tube is cut."""


def mesh(form: Form) -> pyvista.PolyData:
    """The triangles of a form in the patient frame, with outward normals; a surface is made once and kept."""
    return _surface(form) if isinstance(form, Surface) else _edged(_built(form))


def _built(form: Tubing | Metal | Dashes | Pyramid | Box | Prism) -> pyvista.PolyData:
    match form:
        case Tubing():
            return _tube(curved(form.path_mm), curved(form.radius_mm[:, None])[:, 0], facets=STRAND_FACETS)
        case Metal():
            return _together([_solid(solid) for solid in form.solids])
        case Dashes():
            return _together([_rod(ends, form.radius_mm) for ends in form.ends_mm()])
        case Pyramid():
            return _pyramid(form)
        case Box():
            return _box(form)
        case Prism():
            return _prism(form)
        case _:
            assert_never(form)


def opened(closed: pyvista.PolyData, cuts: Sequence[Cut], proud_mm: float = 0.0) -> pyvista.PolyData:
    """What planes leave of a mesh, `proud_mm` more than they ask for, with the openings of a closed one filled in."""
    for asked in cuts:
        cut = replace(asked, at_mm=frozen(asked.at_mm - proud_mm * asked.keep))
        if not closed.n_points:
            break
        kept = (closed.points - cut.at_mm) @ cut.keep > 0.0
        if not kept.any():
            return pyvista.PolyData()
        if not kept.all():
            closed = _clipped(closed, cut)
    return closed


def _clipped(split: pyvista.PolyData, cut: Cut) -> pyvista.PolyData:
    whole = split.clean()  # joins the points that were split for their normals
    if whole.is_manifold:
        return _edged(whole.clip_closed_surface(normal=cut.keep, origin=cut.at_mm))
    return _edged(whole.clip(normal=cut.keep, origin=cut.at_mm, invert=False))


def _edged(smooth: pyvista.PolyData) -> pyvista.PolyData:
    """Triangles with normals that break at edges, so that a rod's end is flat and its side round."""
    shaded: pyvista.PolyData = smooth.triangulate().compute_normals(
        cell_normals=False, split_vertices=True, feature_angle=40.0, consistent_normals=False
    )
    return shaded


def _together(meshes: list[pyvista.PolyData]) -> pyvista.PolyData:
    joined: pyvista.PolyData = meshes[0].append_polydata(*meshes[1:])
    return joined


@lru_cache(maxsize=64)
def _surface(form: Surface) -> pyvista.PolyData:
    nk, nj, ni = form.values.shape
    image = pyvista.ImageData(dimensions=(ni, nj, nk))
    image.point_data["field"] = form.values.ravel()
    if form.smooth_voxels > 0.0:
        image = image.gaussian_smooth(std_dev=form.smooth_voxels, radius_factor=3.0, scalars="field")
    found = image.contour([form.level], scalars="field", method="flying_edges")
    if form.largest_only and found.n_points:
        found = found.extract_largest()
    placed = pyvista.PolyData(form.patient_from_index.points(found.points), found.faces)
    if np.linalg.det(form.patient_from_index.matrix) < 0.0:
        placed = placed.flip_faces()  # a mirrored grid turns every triangle inside out
    return _shaded(_thinned(placed, form.most_triangles))


def _thinned(whole: pyvista.PolyData, most: int) -> pyvista.PolyData:
    """A mesh with fewer triangles, closed where it was: one with a hole cannot be cut open and its inside filled in.

    Edges are taken away by quadrics (Garland and Heckbert, SIGGRAPH 1997:209), those first that cost least shape.
    """
    if whole.n_cells <= most:
        return whole
    points, triangles = simplify(np.asarray(whole.points, np.float32), whole.regular_faces, target_count=most)
    thinned: pyvista.PolyData = pyvista.PolyData.from_regular_faces(points, triangles)
    return thinned


def _shaded(bare: pyvista.PolyData) -> pyvista.PolyData:
    return bare.compute_normals(cell_normals=False, consistent_normals=False) if bare.n_cells else bare


def curved(points: FloatArray) -> FloatArray:
    """A smooth curve (m, d) through points (n, d): cubic pieces with Catmull and Rom's slopes, straight for two."""
    if len(points) < 3:
        return points
    slopes = np.gradient(points, axis=0)
    t = np.linspace(0.0, 1.0, CURVE_PARTS, endpoint=False)[None, :, None]
    a, b, u, v = points[:-1, None], points[1:, None], slopes[:-1, None], slopes[1:, None]
    pieces = (2 * t**3 - 3 * t**2 + 1) * a + (t**3 - 2 * t**2 + t) * u + (3 * t**2 - 2 * t**3) * b + (t**3 - t**2) * v
    return np.concatenate([pieces.reshape(-1, points.shape[1]), points[-1:]])


def _tube(path_mm: FloatArray, radius_mm: FloatArray, capped: bool = True, facets: int = FACETS) -> pyvista.PolyData:
    line = pyvista.PolyData(path_mm, lines=np.array([len(path_mm), *range(len(path_mm))]))
    line.point_data["radius"] = radius_mm
    round_: pyvista.PolyData = line.tube(scalars="radius", absolute=True, n_sides=facets, capping=capped)
    round_.point_data.remove("radius")
    return round_


def _rod(ends_mm: FloatArray, radius_mm: float, capped: bool = True) -> pyvista.PolyData:
    return _tube(ends_mm, np.full(2, radius_mm), capped)


def _solid(solid: Solid) -> pyvista.PolyData:
    match solid:
        case Rod():
            return _rod(np.stack([solid.start_mm, solid.end_mm]), solid.radius_mm)
        case Tube():
            return _hollow(solid)
        case Helix():
            wire = helix_centre_line(solid, THREAD_PARTS)
            return _tube(wire, np.full(len(wire), solid.wire_mm), facets=WIRE_FACETS)
        case Ball():
            ball: pyvista.PolyData = pyvista.Sphere(radius=solid.radius_mm, center=solid.centre_mm)
            return ball
        case _:
            assert_never(solid)


def _hollow(tube: Tube) -> pyvista.PolyData:
    ends = np.stack([tube.start_mm, tube.end_mm])
    walls = [_rod(ends, radius, capped=False) for radius in (tube.radius_mm, tube.bore_mm)]
    axis = unit(tube.end_mm - tube.start_mm)
    rims = [
        pyvista.Disc(center=end, inner=tube.bore_mm, outer=tube.radius_mm, normal=axis, c_res=FACETS) for end in ends
    ]
    return _together([*walls, *rims])


def _pyramid(form: Pyramid) -> pyvista.PolyData:
    points = np.vstack([form.apex_mm, form.corners_mm])
    sides = [[3, 0, n, n % 4 + 1] for n in range(1, 5)]
    return pyvista.PolyData(points, np.array(sides).ravel())


def _box(form: Box) -> pyvista.PolyData:
    cube = pyvista.Cube(x_length=2.0, y_length=2.0, z_length=2.0)
    cube.points = form.centre_mm + (cube.points * form.half_mm) @ form.axes
    return cube


def _prism(form: Prism) -> pyvista.PolyData:
    count = len(form.outline_mm)
    points = np.vstack([form.outline_mm, form.outline_mm + form.way_mm])
    sides = [[4, n, (n + 1) % count, (n + 1) % count + count, n + count] for n in range(count)]
    ends = [[count, *range(first, first + count)] for first in (0, count)]
    return pyvista.PolyData(points, np.concatenate([*ends, *sides]))
