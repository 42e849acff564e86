"""The phantom: a parametric lumbar spine in a prone trunk, built from its specification into a patient."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from typing import Final

import numpy as np

from dekomp_sim.anatomy.disc_shape import DiscShape, Protrusion
from dekomp_sim.anatomy.labels import Level, Structure
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.anatomy.patient import Patient, Strand
from dekomp_sim.anatomy.phantom.bones import arch, joint_of, ribs, sacrum
from dekomp_sim.anatomy.phantom.fields import FAR
from dekomp_sim.anatomy.phantom.frames import Column, Interspace, Vertebra, stack
from dekomp_sim.anatomy.phantom.organs import organs, strand_parts, vessels_and_bowel
from dekomp_sim.anatomy.phantom.paint import Canvas, noise_cube, paint_bone, paint_disc, paint_soft, paint_wing
from dekomp_sim.anatomy.phantom.parts import Part, reach, rows
from dekomp_sim.anatomy.phantom.spec import VERTEBRA_NAMES, PhantomSpec
from dekomp_sim.anatomy.phantom.trunk import gluteal_table, paint_trunk, sacroiliac, trunk_matter, trunk_profile, wing
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.geometry.affine import Affine
from dekomp_sim.geometry.rigid import Rigid

BUILDER_VERSION: Final = 3
"""Grows whenever the same specification would give other voxels, so that cached phantoms are rebuilt."""

ENDPLATE_MM: Final = 0.8
"""Thickness of the bony endplate with its subchondral bone, mm. Assumption: 0.6 to 1 mm in sections."""

SHELL_MM: Final = 1.7
"""Thickness of cortical bone on arches and processes, mm. Assumption: 1 to 2 mm on CT."""

TEXTURE_CELLS_PER_MM: Final = 0.8
"""Cells of the noise cube per mm of bone: trabecular clusters of about 2 to 4 mm.

Assumption: what radiographs resolve of trabecular bone.
"""

ROUGHNESS_MM: Final = 0.3
"""Standard deviation of the unevenness of bony surfaces other than endplates, mm.

Assumption: real bones are not smooth curves.
"""

_BONE_CUBE, _SOFT_CUBE = 1, 2
"""Purposes of the two noise cubes."""


def phantom_digest(spec: PhantomSpec) -> str:
    """SHA-256 of a specification and the builder's version."""
    return hashlib.sha256(f"phantom {BUILDER_VERSION} {asdict(spec)!r}".encode()).hexdigest()


def build_phantom(spec: PhantomSpec) -> Patient:
    """Build the patient that `spec` describes; the same specification gives the same voxels, bit for bit.

    The patient frame's origin is the centre of the L4-L5 disc. The body lies prone: its front is down.
    """
    column = stack(spec)
    discs = column.discs(spec)
    joined = spec.conjoined_root
    nerves = lay_nerves(discs, (joined.level, joined.side) if joined is not None else None)
    tubes = vessels_and_bowel(column, spec.retrorenal_colon)
    bone, soft = noise_cube(spec.seed, _BONE_CUBE), noise_cube(spec.seed, _SOFT_CUBE)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        canvas = _blank(spec, pool)
        _paint_trunk(canvas, spec, column, soft)
        _paint_soft_parts(canvas, spec, column, tubes, soft)
        _paint_nerves(canvas, spec, nerves, soft)
        _paint_discs(canvas, spec, column, discs)
        _paint_bones(canvas, spec, column, bone)
    volume = Volume(canvas.hu, Affine.from_spacing((spec.voxel_mm,) * 3, canvas.origin_mm), canvas.labels)
    return Patient(spec.name, volume, discs, (*nerves, *tubes), phantom_digest(spec))


def _blank(spec: PhantomSpec, pool: Executor) -> Canvas:
    voxel, body = spec.voxel_mm, spec.body
    half = body.width_mm / 2.0 * 1.03 + 6.0
    low = np.array([-half, -(body.depth_mm - body.back_midline_mm + 14.0), -spec.caudal_mm])
    high = np.array([half, body.back_midline_mm + 34.0, spec.cranial_mm])
    first = np.floor(low / voxel) * voxel
    ni, nj, nk = (int(n) for n in np.ceil((high - first) / voxel).astype(int) + 1)
    return Canvas(np.full((nk, nj, ni), -1000, np.int16), np.zeros((nk, nj, ni), np.uint8), voxel, first, pool)


def _paint_trunk(canvas: Canvas, spec: PhantomSpec, column: Column, cube: Float32Array) -> None:
    y, z = (canvas.origin_mm[n] + canvas.voxel_mm * np.arange(canvas.hu.shape[2 - n]) for n in (1, 2))
    profile, beside = trunk_profile(spec, column, z), gluteal_table(spec, y, z)
    canvas.paint(paint_trunk, None, profile, beside, trunk_matter(spec), cube)


def soft_matter(hu: float, structure: Structure, texture_hu: float = 0.0, gas_above_mm: float = FAR) -> FloatArray:
    """(8,) what `paint_soft` reads."""
    return np.array([hu, texture_hu, float(structure), 0.3, gas_above_mm, -920.0, float(Structure.BOWEL_GAS), 13.0])


def _paint(canvas: Canvas, parts: list[Part], matter: FloatArray, cube: Float32Array) -> None:
    canvas.paint(paint_soft, reach(parts), rows(parts), matter, cube)


def _paint_soft_parts(
    canvas: Canvas, spec: PhantomSpec, column: Column, tubes: tuple[Strand, ...], cube: Float32Array
) -> None:
    for organ in organs(spec, column):
        _paint(canvas, organ.parts, soft_matter(organ.hu, organ.structure, organ.texture_hu), cube)
    for strand in tubes:
        if strand.structure is Structure.COLON:
            gas = float(strand.path_mm[:, 1].mean() + 0.5 * strand.radius_mm.mean())
            matter = soft_matter(spec.hu.bowel, strand.structure, 12.0, gas)
            matter[5] = spec.hu.gas
        else:
            matter = soft_matter(spec.hu.blood, strand.structure)
        _paint(canvas, strand_parts(strand), matter, cube)


def _paint_nerves(canvas: Canvas, spec: PhantomSpec, nerves: tuple[Strand, ...], cube: Float32Array) -> None:
    hu = {
        Structure.THECAL_SAC: spec.hu.thecal_sac,
        Structure.NERVE_ROOT: spec.hu.nerve,
        Structure.GANGLION: spec.hu.ganglion,
    }
    for strand in nerves:
        _paint(canvas, strand_parts(strand), soft_matter(hu[strand.structure], strand.structure), cube)


def disc_row(space: Interspace, protrusion: Protrusion | None) -> FloatArray:
    """(22,) a disc as the painters read it: frame, sizes, protrusion."""
    inverse = space.patient_from_disc.inverse()
    spec = space.spec
    bump = (
        [0.0] * 4
        if protrusion is None
        else [float(protrusion.side.sign), protrusion.depth_mm, protrusion.azimuth_deg, protrusion.width_deg / 2.3548]
    )
    sizes = [space.half_width_mm, space.half_depth_mm, spec.anterior_height_mm, spec.posterior_height_mm]
    return np.array(
        [*inverse.rotation.ravel(), *inverse.translation_mm, *sizes, spec.concavity_mm, spec.nucleus_fraction, *bump]
    )


def _paint_discs(canvas: Canvas, spec: PhantomSpec, column: Column, discs: dict[Level, DiscShape]) -> None:
    labels = [Structure.NUCLEUS, Structure.ANNULUS, Structure.PROTRUSION, Structure.ENDPLATE]
    matter = np.array([spec.hu.nucleus, spec.hu.annulus, *(float(s) for s in labels)])
    shapes = {level.value: disc for level, disc in discs.items()}
    for name, space in column.interspaces.items():
        disc = shapes.get(name)
        row = disc_row(space, disc.protrusion if disc else None)
        out = np.array([space.half_width_mm + 10.0, space.half_width_mm + 10.0, 18.0])
        centre = space.patient_from_disc.translation_mm
        corners = np.array([centre - out, centre + out])
        canvas.paint(paint_disc, corners, row, matter)


def _body_rows(vertebra: Vertebra) -> FloatArray:
    """(3, 22) frame, sizes and waists of a body with the discs above and below it."""
    inverse = vertebra.patient_from_vertebra.inverse()
    spec = vertebra.spec
    sizes = [spec.upper_width_mm, spec.upper_depth_mm, spec.lower_width_mm, spec.lower_depth_mm]
    own = [*inverse.rotation.ravel(), *inverse.translation_mm, *(s / 2.0 for s in sizes)]
    centre = vertebra.patient_from_vertebra.translation_mm
    own += [vertebra.half_height_mm, *WAIST, float(centre[0]), 0.0]
    return np.stack([np.array(own), disc_row(vertebra.above, None), disc_row(vertebra.below, None)])


WAIST: Final = (0.13, 0.13, 0.05)
"""How much narrower a body is at mid-height than its endplates: across, in front, behind (as fractions).

Assumption: 3 mm each side and in front of a 23 mm half width and 17 mm half depth, as radiographs show.
"""


def _bone_matter(spec: PhantomSpec, label: Structure) -> FloatArray:
    hu = spec.hu
    plates = [SHELL_MM, ENDPLATE_MM, hu.cortical_bone, hu.trabecular_bone, hu.trabecular_texture]
    return np.array([*plates, float(label), TEXTURE_CELLS_PER_MM, ROUGHNESS_MM])


def _paint_bones(canvas: Canvas, spec: PhantomSpec, column: Column, cube: Float32Array) -> None:
    none = np.zeros((0, 22))
    for parts in ribs(column):
        _bone(canvas, parts, none, _bone_matter(spec, Structure.RIB), cube)
    sacral = _bone_matter(spec, Structure.SACRUM)
    _bone(canvas, sacrum(column, sacroiliac(spec)), _body_rows(column.first_sacral), sacral, cube, wing(spec))
    _name_first_sacral(canvas, column)
    for name in VERTEBRA_NAMES:
        vertebra = column.vertebrae[name]
        joints = [[joint_of(space, sign) for sign in (1, -1)] for space in (vertebra.above, vertebra.below)]
        parts = arch(vertebra, (joints[0][0], joints[0][1]), (joints[1][0], joints[1][1]))
        _bone(canvas, parts, _body_rows(vertebra), _bone_matter(spec, Structure[f"VERTEBRA_{name}"]), cube)
    for sign, label in ((1.0, Structure.HIP_LEFT), (-1.0, Structure.HIP_RIGHT)):
        matter = np.append(_bone_matter(spec, label), sign)
        x = sorted((sign * 15.0, sign * 145.0))
        corners = np.array([[x[0], -125.0, -spec.caudal_mm], [x[1], 90.0, 40.0]])
        canvas.paint(paint_wing, corners, wing(spec), matter, cube)


def _name_first_sacral(canvas: Canvas, column: Column) -> None:
    """Give the sacrum's voxels above the S1-S2 remnant the label of S1."""
    frame = column.first_sacral.below.patient_from_disc
    inverse = frame.inverse()
    top = float(column.patient_from_sacrum.translation_mm[2]) + 60.0
    i0, j0, k0, i1, j1, k1 = canvas.window(np.array([[-75.0, -60.0, -canvas.origin_mm[2] * -1.0], [75.0, 110.0, top]]))
    axes = [
        canvas.origin_mm[n] + canvas.voxel_mm * np.arange(a, b)
        for n, (a, b) in enumerate(((i0, i1), (j0, j1), (k0, k1)))
    ]
    normal, shift = inverse.rotation[2], inverse.translation_mm[2]
    height = normal[2] * axes[2][:, None, None] + normal[1] * axes[1][None, :, None] + normal[0] * axes[0] + shift
    labels = canvas.labels[k0:k1, j0:j1, i0:i1]
    labels[(labels == Structure.SACRUM) & (height > 0.0)] = Structure.VERTEBRA_S1


def _bone(
    canvas: Canvas,
    parts: list[Part],
    body: FloatArray,
    matter: FloatArray,
    cube: Float32Array,
    beside: FloatArray | None = None,
) -> None:
    corners = reach(parts)
    if body.shape[0]:
        frame = Rigid(body[0, :9].reshape(3, 3), body[0, 9:12]).inverse()
        centre, out = frame.translation_mm, np.array([30.0, 30.0, 28.0])
        corners = np.stack([np.minimum(corners[0], centre - out), np.maximum(corners[1], centre + out)])
    form = (rows(parts), body, np.zeros((0, 4)) if beside is None else beside)
    canvas.paint(paint_bone, corners, form, matter, cube)
