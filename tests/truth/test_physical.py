"""Physical phantoms: surfaces fill the volumes that they enclose, and attenuate as their material does on paper."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Structure
from dekomp_sim.anatomy.phantom.physical import Material, Mixture, PhysicalSpec, hounsfield_of
from dekomp_sim.anatomy.volume import Volume
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import DekompSimError
from dekomp_sim.files import read_yaml
from dekomp_sim.files.physical import load_physical_phantom, physical_volume
from dekomp_sim.files.volumes import write_grid
from dekomp_sim.geometry import Affine, CArm, Detector
from dekomp_sim.imaging.projection.thickness import PatientProjector
from dekomp_sim.matter import (
    CT_EFFECTIVE_KEV,
    DENSITY_G_CM3,
    WEIGHT_FRACTIONS,
    Substance,
    mass_attenuation_cm2_g,
    mixture_attenuation_cm2_g,
)

FACES = ((0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4), (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6),
         (1, 3, 5), (3, 7, 5))  # fmt: skip
"""Of a box whose corners are counted x first: outward by the right hand."""


def write_stl(path: Path, triangles: FloatArray) -> Path:
    """Binary STL."""
    with path.open("wb") as file:
        file.write(b"".ljust(80) + struct.pack("<I", len(triangles)))
        for triangle in triangles:
            file.write(struct.pack("<12fH", 0.0, 0.0, 0.0, *triangle.ravel(), 0))
    return path


def box(low: tuple[float, ...], high: tuple[float, ...]) -> FloatArray:
    corners = np.array([[(low, high)[bit >> axis & 1][axis] for axis in range(3)] for bit in range(8)])
    return np.asarray(corners[np.array(FACES)])


def ball(centre: tuple[float, ...], radius: float, rings: int = 60) -> FloatArray:
    """Triangles of a sphere by latitude and longitude; their volume is 0.3 % below the sphere's."""
    polar, turn = np.linspace(0.0, np.pi, rings + 1), np.linspace(0.0, 2.0 * np.pi, 2 * rings, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)])
    found = []
    for a, b in pairwise(polar):
        upper = np.column_stack([np.sin(a) * around, np.full(len(turn), np.cos(a))])
        lower = np.column_stack([np.sin(b) * around, np.full(len(turn), np.cos(b))])
        for n in range(len(turn)):
            m = (n + 1) % len(turn)
            if b < np.pi:
                found.append((upper[n], lower[n], lower[m]))
            if a > 0.0:
                found.append((upper[n], lower[m], upper[m]))
    return np.asarray(np.array(found) * radius + centre)


def volume_of(folder: Path, text: str) -> Volume:
    path = folder / "twin.yaml"
    path.write_text(f"physical: 1\nname: test\n{text}")
    return physical_volume(path, read_yaml(path, PhysicalSpec))


def filled_mm3(volume: Volume, hu: int) -> float:
    share = (volume.hu.astype(np.float64) + 1000.0) / (hu + 1000.0)
    return float(share.sum() * volume.patient_from_index.voxel_mm3)


@pytest.mark.parametrize("voxel_mm", [0.8, 2.0])
def test_a_sphere_keeps_its_volume_and_its_place(tmp_path: Path, voxel_mm: float) -> None:
    """Within 0.5 % of 4/3 pi r^3, of which 0.3 % is the surface's own flatness; its middle to a tenth of a voxel."""
    centre, radius = (11.3, -7.7, 23.1), 25.0
    write_stl(tmp_path / "ball.stl", ball(centre, radius))
    volume = volume_of(tmp_path, f"voxel_mm: {voxel_mm}\nbodies:\n  - {{file: ball.stl, hu: 500, structure: L4}}\n")

    true_mm3 = 4.0 / 3.0 * np.pi * radius**3
    assert filled_mm3(volume, 500) == pytest.approx(true_mm3, rel=5e-3)
    named = np.argwhere(volume.labels == Structure.VERTEBRA_L4)
    assert len(named) * voxel_mm**3 == pytest.approx(true_mm3, rel=1e-2)
    np.testing.assert_allclose(volume.patient_from_index.points(named.mean(axis=0)[::-1]), centre, atol=0.1 * voxel_mm)


def test_a_box_off_the_grid_keeps_its_volume(tmp_path: Path) -> None:
    write_stl(tmp_path / "box.stl", box((0.13, 0.27, 0.41), (40.63, 30.97, 22.71)))
    volume = volume_of(tmp_path, "bodies:\n  - {file: box.stl, material: water}\n")

    assert filled_mm3(volume, 0) == pytest.approx(40.5 * 30.7 * 22.3, rel=1.5e-2)


def test_units_are_taken_at_their_word(tmp_path: Path) -> None:
    write_stl(tmp_path / "box.stl", box((0.0, 0.0, 0.0), (0.04, 0.03, 0.05)))
    volume = volume_of(tmp_path, "unit: m\nbodies:\n  - {file: box.stl, material: water}\n")

    assert filled_mm3(volume, 0) == pytest.approx(40.0 * 30.0 * 50.0, rel=1e-2)


def test_a_later_body_displaces_an_earlier_one_and_a_body_in_a_hole_leaves_no_film_of_air(tmp_path: Path) -> None:
    write_stl(tmp_path / "block.stl", box((0.0, 0.0, 0.0), (40.0, 40.0, 40.0)))
    write_stl(tmp_path / "left.stl", box((0.0, 0.0, 0.0), (20.4, 40.0, 40.0)))
    write_stl(tmp_path / "right.stl", box((20.4, 0.0, 0.0), (40.0, 40.0, 40.0)))
    within = volume_of(tmp_path, "bodies:\n  - {file: block.stl, hu: 0}\n  - {file: right.stl, hu: 1000}\n")
    beside = volume_of(tmp_path, "bodies:\n  - {file: left.stl, hu: 0}\n  - {file: right.stl, hu: 1000}\n")

    np.testing.assert_array_equal(within.hu, beside.hu)
    line = within.hu_at(np.column_stack([np.arange(2.0, 38.0), np.full(36, 20.0), np.full(36, 20.0)]))
    assert line.min() == 0.0
    assert (np.diff(line) >= 0.0).all()


def attenuation_70_kev(volume: Volume) -> float:
    """Of the central ray from front to back, -ln of what comes through, in the two materials that a picture knows."""
    seen = PatientProjector(volume).thickness(CArm(0.0, 0.0, (0.0, 0.0, 0.0)), Detector(9, 9, 1.0))
    parts = ((seen.soft_g_cm2, Substance.SOFT_TISSUE), (seen.bone_g_cm2, Substance.BONE_MINERAL))
    return sum(float(areal[4, 4]) * float(mass_attenuation_cm2_g(one, [CT_EFFECTIVE_KEV])[0]) for areal, one in parts)


@pytest.mark.parametrize("substance", ["water", "pmma", "muscle", "spongiosa", "cortical_bone", "aluminium"])
def test_a_slab_attenuates_as_its_material_does_on_paper(tmp_path: Path, substance: str) -> None:
    """mu/rho x rho x 40.6 mm at 70 keV; the slab's faces lie between voxels."""
    write_stl(tmp_path / "slab.stl", box((-40.0, -20.3, -40.0), (40.0, 20.3, 40.0)))
    volume = volume_of(tmp_path, f"bodies:\n  - {{file: slab.stl, material: {substance}}}\n")

    one = Substance(substance)
    paper = float(mass_attenuation_cm2_g(one, [CT_EFFECTIVE_KEV])[0]) * DENSITY_G_CM3[one] * 4.06
    # the faces' voxels are taken at 3 points: 40.6 mm come out as 40.67
    assert attenuation_70_kev(volume) == pytest.approx(paper, rel=1e-2)


def test_acrylic_reads_what_scanners_must_show_of_it() -> None:
    """110 to 135 HU at 120 kV: acceptance range of the American College of Radiology's CT phantom."""
    assert 110 <= hounsfield_of(Material(material=Substance.PMMA), "") <= 135


@pytest.mark.parametrize("substance", [Substance.WATER, Substance.PMMA, Substance.CORTICAL_BONE, Substance.MUSCLE])
def test_a_mixture_of_a_substances_elements_is_that_substance(substance: Substance) -> None:
    told = mixture_attenuation_cm2_g(WEIGHT_FRACTIONS[substance], CT_EFFECTIVE_KEV)

    assert told == pytest.approx(float(mass_attenuation_cm2_g(substance, [CT_EFFECTIVE_KEV])[0]), rel=1e-3)
    mixture = Mixture(DENSITY_G_CM3[substance], WEIGHT_FRACTIONS[substance])
    same = hounsfield_of(Material(mixture=mixture), ""), hounsfield_of(Material(material=substance), "")
    assert abs(same[0] - same[1]) <= 2


def test_a_label_map_becomes_the_materials_of_its_table(tmp_path: Path) -> None:
    given = np.zeros((30, 20, 25), dtype=np.uint8)
    given[5:25, 4:16, 4:20], given[10:20, 8:12, 8:16] = 1, 7
    write_grid(given, Affine.from_spacing((1.5, 1.5, 2.0), (3.0, 4.0, 5.0)), tmp_path / "map.nii.gz")
    volume = volume_of(
        tmp_path,
        "voxels:\n  file: map.nii.gz\n  materials:\n    - {label: 1, material: water}\n"
        "    - {label: 7, hu: 700, structure: vertebra L5}\n",
    )

    np.testing.assert_array_equal(volume.hu, np.select([given == 1, given == 7], [0, 700], -1000))
    np.testing.assert_array_equal(volume.labels, np.where(given == 7, Structure.VERTEBRA_L5, 0))


def test_a_disc_lies_between_the_middles_of_its_faces(tmp_path: Path) -> None:
    write_stl(tmp_path / "block.stl", box((-60.0, -50.0, -40.0), (60.0, 70.0, 60.0)))
    path = tmp_path / "twin.yaml"
    path.write_text(
        "physical: 1\nname: test\nbodies: [{file: block.stl, material: water}]\n"
        "discs: [{level: L4-L5, lower_mm: [1, 2, 5], upper_mm: [1, 2, 15], width_mm: 50, depth_mm: 36}]\n"
    )
    disc = load_physical_phantom(path).discs[Level.L4_L5]

    inside = disc.depth_inside_mm(disc.patient_from_disc.inverse().points(
        [[1.0, 2.0, 10.0], [1.0, 2.0, 14.9], [1.0, 2.0, 15.1], [25.9, 2.0, 10.0], [26.3, 2.0, 10.0],
         [1.0, -15.9, 10.0], [1.0, -16.1, 10.0], [1.0, 19.9, 10.0], [1.0, 20.1, 10.0]]))  # fmt: skip
    assert (inside > 0.0).tolist() == [True, True, False, True, False, True, False, True, False]


BODY = "bodies:\n  - {{file: {file}, {made_of}}}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            BODY.format(file="open.stl", made_of="material: water"),
            "found an open surface, with 3 edges of one triangle",
        ),
        (BODY.format(file="small.stl", made_of="material: water"), "Does it count in metres? Say unit: m"),
        (BODY.format(file="none.stl", made_of="material: water"), "found no such file; allowed: an STL file beside"),
        (BODY.format(file="text.stl", made_of="material: water"), "found no triangles; allowed: an STL file"),
        (BODY.format(file="box.stl", made_of="material: watter"), "The nearest is water"),
        (BODY.format(file="box.stl", made_of="material: lead"), "metals are instruments'"),
        (BODY.format(file="box.stl", made_of="hu: 40, material: water"), "more than one word of what it is made"),
        (BODY.format(file="box.stl", made_of="structure: L4"), "nothing of what it is made; allowed: one of material"),
        (BODY.format(file="box.stl", made_of="hu: 300, structure: sacrm"), "The nearest is sacrum"),
        (
            BODY.format(file="box.stl", made_of="mixture: {density_g_cm3: 1, weight_fractions: {H: 0.1, O: 0.8}}"),
            "found weight fractions that add up to 0.900; allowed: 1",
        ),
        (
            BODY.format(file="box.stl", made_of="mixture: {density_g_cm3: 1, weight_fractions: {h: 1.0}}"),
            "found the element h; allowed: H, Li",
        ),
        ("", "found neither bodies nor voxels"),
        ("voxels: {file: map.nii.gz, materials: [{label: 1, hu: 0}]}\n", "found labels without a material: 2"),
        ("voxel_mm: 9\n", "voxel_mm: 9; allowed: a number at least 0.3 and at most 3"),
        ("body: []\n", "found the key body; allowed: "),
    ],
)
def test_what_cannot_be_used_is_answered_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    cube = box((0.0, 0.0, 0.0), (40.0, 40.0, 40.0))
    write_stl(tmp_path / "box.stl", cube)
    write_stl(tmp_path / "open.stl", cube[1:])
    write_stl(tmp_path / "small.stl", cube / 1000.0)
    (tmp_path / "text.stl").write_text("hello\n")
    write_grid(np.full((4, 4, 4), 2, dtype=np.uint8), Affine.from_spacing((1, 1, 1)), tmp_path / "map.nii.gz")

    with pytest.raises(DekompSimError) as caught:
        volume_of(tmp_path, text)

    assert sentence in str(caught.value)
