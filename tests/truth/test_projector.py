"""Line integrals against closed forms: the chord of a sphere, a slab, a rod and a tube."""

from __future__ import annotations

import numpy as np
import pytest

from dekomp_sim.arrays import FloatArray, Int16Array
from dekomp_sim.geometry import Affine, Ball, CArm, Detector, Helix, Material, Rod, Tube
from dekomp_sim.imaging.projection.projector import Projector
from dekomp_sim.imaging.projection.shadow import shadows
from dekomp_sim.matter import DENSITY_G_CM3, Substance

CENTRE_MM, RADIUS_MM = np.array([3.3, -2.1, 4.7]), 40.0
STEEL = DENSITY_G_CM3[Substance.STEEL]


def ball_counts(affine: Affine, size: int) -> Int16Array:
    """1000 inside the ball, antialiased by the signed distance at its surface."""
    k, j, i = np.meshgrid(*[np.arange(size)] * 3, indexing="ij")
    distance = np.linalg.norm(affine.points(np.stack([i, j, k], axis=-1)) - CENTRE_MM, axis=-1)
    counts = 1000 * np.clip(0.5 + (RADIUS_MM - distance) / affine.spacing_mm[0], 0.0, 1.0)
    return np.asarray(np.rint(counts), dtype=np.int16)


def ball_chord(carm: CArm, detector: Detector) -> tuple[FloatArray, FloatArray]:
    """Chord length and distance from the centre of each pixel's ray."""
    ray = carm.pixel_centres_mm(detector) - carm.source_mm
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    towards = CENTRE_MM - carm.source_mm
    off2 = towards @ towards - (ray @ towards) ** 2
    return 2.0 * np.sqrt(np.clip(RADIUS_MM**2 - off2, 0.0, None)), np.sqrt(off2)


@pytest.mark.parametrize(
    ("primary_deg", "secondary_deg"), [(0, 0), (180, 0), (35, 0), (-35, 20), (90, 0), (270, -15), (145, 25), (45, 40)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_sphere_casts_its_chord_length_from_any_angle_in_any_grid(
    primary_deg: float, secondary_deg: float, turned: bool
) -> None:
    matrix = np.eye(3)
    if turned:  # an oblique, flipped grid: 20 degrees about z, i to the right, k to the feet
        c, s = np.cos(np.radians(20.0)), np.sin(np.radians(20.0))
        matrix = np.array([[-c, -s, 0.0], [-s, c, 0.0], [0.0, 0.0, -1.0]])
    affine = Affine(matrix, -matrix @ np.full(3, 49.5))
    carm, detector = CArm(primary_deg, secondary_deg, (0.0, 0.0, 0.0)), Detector(128, 128, 1.8)
    got = Projector(ball_counts(affine, 100), affine).line_integrals(carm, detector)[0] / 1000.0
    chord, off = ball_chord(carm, detector)
    inside = off < 0.9 * RADIUS_MM
    # 0.2 % inside: the voxelised ball itself is that rough at 1 mm. At the rim a surface uncertain by a quarter voxel
    # moves the chord by up to 2 sqrt(2 R 0.25 mm) = 8.9 mm, whatever projects it; its RMS stays under 1 % of the peak
    assert np.sqrt(np.mean((got / np.where(inside, chord, 1.0) - 1.0)[inside] ** 2)) < 0.002
    assert np.abs(got - chord)[~inside].max() < 8.9
    assert np.sqrt(np.mean((got - chord)[~inside] ** 2)) < 0.01 * 2 * RADIUS_MM


def test_a_slab_casts_its_thickness_over_the_cosine_of_the_ray() -> None:
    counts = np.full((60, 30, 60), 1000, dtype=np.int16)
    affine = Affine.from_spacing((5.0, 2.0, 5.0), (-147.5, -29.0, -147.5))
    carm, detector = CArm(0.0, 0.0, (0.0, 0.0, 0.0)), Detector(64, 64, 4.0)
    got = Projector(counts, affine).line_integrals(carm, detector)[0] / 1000.0
    ray = carm.pixel_centres_mm(detector) - carm.source_mm
    cosine = np.abs(ray[..., 1]) / np.linalg.norm(ray, axis=-1)
    np.testing.assert_allclose(got, 60.0 / cosine, rtol=1e-5)


def areal(solid: Rod | Tube | Helix | Ball, carm: CArm, detector: Detector) -> FloatArray:
    (only,) = shadows([solid], carm, detector)
    return np.asarray(only.areal_g_cm2, dtype=np.float64)


def test_a_rod_across_the_beam_shows_its_diameter_and_a_tube_its_two_walls() -> None:
    carm, detector = CArm(0.0, 0.0, (0.0, 0.0, 0.0)), Detector(201, 201, 0.05)
    ends = np.array([0.0, 0.0, -60.0]), np.array([0.0, 0.0, 60.0])
    rod = areal(Rod(*ends, 0.75), carm, detector)
    tube = areal(Tube(*ends, 0.75, 0.5), carm, detector)
    assert rod[100, 100] == pytest.approx(STEEL * 0.15, rel=2e-3)
    assert tube[100, 100] == pytest.approx(STEEL * 0.05, rel=2e-3)
    # 10 pixels aside is x = 0.2941 mm at the isocentre: 2 (sqrt(0.75^2 - x^2) - sqrt(0.5^2 - x^2)) = 0.5713 mm; 20
    # pixels aside, past the bore, 2 sqrt(0.75^2 - 0.5882^2) = 0.9306 mm
    assert tube[100, 110] == pytest.approx(STEEL * 0.05713, rel=3e-3)
    assert tube[100, 120] == pytest.approx(STEEL * 0.09306, rel=3e-3)
    # mass in one row: area of the section times magnification
    width_mm = 0.05 / carm.magnification
    assert rod[100].sum() * width_mm == pytest.approx(STEEL / 10 * np.pi * 0.75**2, rel=2e-3)
    assert tube[100].sum() * width_mm == pytest.approx(STEEL / 10 * np.pi * (0.75**2 - 0.5**2), rel=2e-3)


def test_a_needle_seen_from_its_hub_is_a_dot_of_its_length() -> None:
    carm, detector = CArm(180.0, 0.0, (0.0, 0.0, 0.0)), Detector(101, 101, 0.2)
    rod = areal(Rod(np.array([0.0, 0.0, 0.0]), np.array([0.0, 100.0, 0.0]), 0.75), carm, detector)
    assert rod[50, 50] == pytest.approx(STEEL * 10.0, rel=1e-6)
    assert rod[50, 70] == 0.0


def test_a_ball_shows_its_chord() -> None:
    carm, detector = CArm(35.0, 10.0, (3.3, -2.1, 4.7)), Detector(256, 256, 0.6)
    ball = areal(Ball(CENTRE_MM, RADIUS_MM, Material.WATER), carm, detector)
    chord, off = ball_chord(carm, detector)
    inside = off < 0.9 * RADIUS_MM
    np.testing.assert_allclose(ball[inside], chord[inside] / 10.0, rtol=2e-3)


def test_a_helix_weighs_its_wire() -> None:
    carm, detector = CArm(0.0, 0.0, (0.0, 0.0, 0.0)), Detector(400, 400, 0.1)
    helix = Helix(np.array([0.0, 0.0, -5.0]), np.array([0.0, 0.0, 5.0]), 0.35, 0.12, 1.0)
    shadow = areal(helix, carm, detector)
    wire_mm = 10.0 * np.hypot(2.0 * np.pi * 0.35, 1.0)
    mass_g = STEEL / 1000.0 * np.pi * 0.12**2 * wire_mm
    pixel_cm2 = (0.1 / carm.magnification / 10.0) ** 2
    assert shadow.sum() * pixel_cm2 == pytest.approx(mass_g, rel=0.01)


def test_a_needle_drawn_analytically_equals_one_projected_from_a_fine_grid() -> None:
    start, end, radius = np.array([-3.0, 2.0, -4.0]), np.array([3.0, -1.0, 4.0]), 0.735
    step = 0.05
    grid = np.arange(-5.0, 5.0, step)
    z, y, x = np.meshgrid(grid, grid, grid, indexing="ij")
    point = np.stack([x, y, z], axis=-1) - start
    axis = (end - start) / np.linalg.norm(end - start)
    along = point @ axis
    off = np.linalg.norm(point - along[..., None] * axis, axis=-1)
    inside = np.clip(0.5 + (radius - off) / step, 0, 1) * np.clip(0.5 + along / step, 0, 1)
    inside *= np.clip(0.5 + (np.linalg.norm(end - start) - along) / step, 0, 1)
    carm, detector = CArm(25.0, 0.0, (0.0, 0.0, 0.0)), Detector(64, 64, 0.3)
    affine = Affine.from_spacing((step,) * 3, (-5.0, -5.0, -5.0))
    fine = Projector(np.rint(inside * 10000).astype(np.int16), affine).line_integrals(carm, Detector(256, 256, 0.075))[
        0
    ]
    voxels = fine.reshape(64, 4, 64, 4).mean(axis=(1, 3)) / 10000.0 * STEEL / 10.0
    drawn = areal(Rod(start, end, radius), carm, detector)
    assert np.abs(drawn - voxels).max() < 0.01 * drawn.max()
