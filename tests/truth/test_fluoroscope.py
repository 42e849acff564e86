"""The whole chain: only what changed is computed anew, and it equals the chain computed whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient
from dekomp_sim.arrays import Float32Array
from dekomp_sim.disc import Disc, inject, voxelise
from dekomp_sim.geometry import CArm, Detector, Rod, Solid, Tube
from dekomp_sim.imaging.console.processing import Console
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Picture, Shot, Trail
from dekomp_sim.imaging.projection.projector import Projector
from dekomp_sim.imaging.projection.region import Region
from dekomp_sim.imaging.projection.shadow import shadow_region, shadows
from dekomp_sim.imaging.projection.thickness import Counted, PatientProjector, field_patch
from dekomp_sim.imaging.radiation.dose import Technique
from dekomp_sim.imaging.signal.beam import response
from dekomp_sim.imaging.signal.cells import cell_grid, cell_means
from dekomp_sim.imaging.signal.detector import Light, Panel, blurred, detected, picture_taps, with_glare
from dekomp_sim.imaging.signal.scatter import air_gap_mm, scatter_kernels, scattered
from dekomp_sim.matter import Beam, Substance

DETECTOR = Detector(200, 240, 1.0)
TECHNIQUE = Technique(Beam(80.0), 1.0)


@pytest.fixture(scope="module")
def carm(glass: Patient) -> CArm:
    return CArm(145.0, 5.0, glass.discs[Level.L4_L5].patient_from_disc.translation_mm)


@pytest.fixture(scope="module")
def carved(glass: Patient) -> Disc:
    disc = inject(voxelise(glass.discs[Level.L4_L5], voxel_mm=0.8), 1.0, 0.05)
    fraction = disc.fraction.copy()
    fraction[:, 20:35, 25:40] *= 0.5
    return replace(disc, fraction=fraction)


@pytest.fixture(scope="module")
def needle(carm: CArm) -> tuple[Solid, ...]:
    tip = np.asarray(carm.isocentre_mm)
    hub = tip + np.array([70.0, 60.0, 10.0])
    return (Tube(tip, hub, 0.74, 0.53), Rod(tip, hub, 0.5))


def whole_chain(patient: Patient, shot: Shot) -> Float32Array:
    """The signal with every pixel of every layer computed, nothing kept."""
    carm, detector = shot.carm, shot.detector
    thick = PatientProjector(patient.volume).thickness(carm, detector)
    made = response(shot.technique.beam)
    before = np.exp(made.patient_log_signal(thick.soft_g_cm2, thick.bone_g_cm2))
    masses = {Substance.SOFT_TISSUE: thick.soft_g_cm2.copy(), Substance.BONE_MINERAL: thick.bone_g_cm2}
    for disc in shot.discs:
        for density, substance, sign in (
            (disc.iodine_g_cm3, Substance.IODINE, 1.0),
            (disc.missing_g_cm3, Substance.SOFT_TISSUE, -1.0),
        ):
            patch = field_patch(density, disc.patient_from_index, carm, detector)
            areal = np.zeros((detector.rows, detector.cols), dtype=np.float32)
            areal[patch.region.pixels] = np.float32(sign) * patch.areal_g_cm2
            masses[substance] = masses[substance] + areal if substance in masses else areal
    for shadow in shadows(shot.solids, carm, detector):
        masses[shadow.substance] = shadow.areal_g_cm2
    water = thick.soft_g_cm2 + thick.bone_g_cm2
    middle = float(np.median(cell_means(water, cell_grid(water.shape, detector.pixel_mm)[0])))
    kernels = scatter_kernels(shot.technique.beam.kv, air_gap_mm(carm, middle), shot.panel.grid_ratio)
    sharp = blurred(np.exp(made.log_signal_behind(masses)), picture_taps(shot.panel, detector.pixel_mm, carm))
    veil = scattered(before, water, detector.pixel_mm, kernels)
    # glare, like scatter, is the patient's alone
    still = blurred(before, picture_taps(shot.panel, detector.pixel_mm, carm))
    glared = with_glare(still + veil, shot.panel, detector.pixel_mm)
    mean = glared + np.float32(1.0 - shot.panel.glare[0]) * (sharp - still)
    scale = made.open_kev(shot.technique.mas, detector.pixel_mm**2, carm.source_to_detector_mm)
    scale *= kernels.grid_passes(middle)
    quantum = made.quantum_kev(thick.soft_g_cm2, thick.bone_g_cm2)
    light = Light((mean * scale).astype(np.float32), quantum, detector.pixel_mm)
    return detected(light, shot.panel, shot.seed, shot.index) / np.float32(scale)


def test_a_moving_needle_and_a_changing_disc_give_what_the_whole_chain_gives(
    glass: Patient, carm: CArm, needle: tuple[Solid, ...], carved: Disc
) -> None:
    scope = Fluoroscope(glass)
    above = voxelise(glass.discs[Level.L3_L4], 1, voxel_mm=0.8)
    control = inject(above, 1.0, 0.05)
    states = ((needle, ()), ((), (carved,)), (needle, (carved, above)), (needle, (carved, control)))
    for solids, discs in states:
        shot = Shot(carm, DETECTOR, TECHNIQUE, solids, discs, seed=3, index=8)
        scope.expose(replace(shot, solids=(), discs=()))
        got = scope.expose(shot).signal
        # the patient's table is within 0.1 % of the sum; where quanta are counted one may fall on the other side
        np.testing.assert_allclose(got, whole_chain(glass, shot), rtol=2e-3, atol=2e-5)


def test_a_picture_has_the_same_bits_for_any_number_of_threads_and_whatever_came_before(
    glass: Patient, carm: CArm, needle: tuple[Solid, ...], carved: Disc
) -> None:
    shot = Shot(carm, DETECTOR, TECHNIQUE, needle, (carved,), seed=1, index=2)
    fresh = Fluoroscope(glass, threads=1).expose(shot)
    used = Fluoroscope(glass, threads=3)
    for other in (
        replace(shot, discs=()),
        replace(shot, technique=Technique(Beam(70.0), 2.0)),
        replace(shot, index=9),
    ):
        used.expose(other)
    again = used.expose(shot)
    assert fresh.signal.tobytes() == again.signal.tobytes()
    assert fresh.display.tobytes() == again.display.tobytes()


def test_a_disc_projected_in_its_own_region_equals_it_on_the_whole_detector(carm: CArm, carved: Disc) -> None:
    patch = field_patch(carved.iodine_g_cm3, carved.patient_from_index, carm, DETECTOR)
    counted = Counted.from_density(carved.iodine_g_cm3)
    whole = Projector(counted.counts, carved.patient_from_index).line_integrals(carm, DETECTOR)[0]
    whole *= np.float32(counted.step_g_cm3 / 10.0)
    inside = whole[patch.region.pixels]
    outside = whole.copy()
    outside[patch.region.pixels] = 0.0
    assert not outside.any()
    # the same rays on two accumulation planes that are sampled apart, where contrast ends within a voxel
    assert np.abs(patch.areal_g_cm2 - inside).max() < 0.02 * whole.max()
    assert patch.areal_g_cm2.sum() == pytest.approx(float(inside.sum()), rel=2e-3)


def test_no_pixel_beyond_its_region_is_darkened_by_a_needle(carm: CArm, needle: tuple[Solid, ...]) -> None:
    region = shadow_region(needle, carm, DETECTOR)
    (shadow,) = shadows(needle, carm, DETECTOR)
    beyond = shadow.areal_g_cm2.copy()
    assert beyond[region.pixels].max() > 0.5
    beyond[region.pixels] = 0.0
    assert not beyond.any()
    assert not Region.around([Region(3, 3, 0, 0)])


def test_scatter_veils_the_needle_and_a_grid_lifts_the_veil(
    glass: Patient, carm: CArm, needle: tuple[Solid, ...]
) -> None:
    scope, depth = Fluoroscope(glass), {}
    for ratio in (0, 8, 12):
        shot = Shot(carm, DETECTOR, Technique(Beam(80.0), 20.0), panel=Panel(grid_ratio=ratio))
        without, with_needle = scope.expose(shot).signal, scope.expose(replace(shot, solids=needle)).signal
        region = shadow_region(needle, carm, DETECTOR).pixels
        depth[ratio] = float((with_needle[region] / without[region]).min())
    assert depth[0] > depth[8] > depth[12]


def test_the_collimator_darkens_what_it_closes_and_takes_its_scatter_away(glass: Patient, carm: CArm) -> None:
    shutter = np.zeros((DETECTOR.rows, DETECTOR.cols), dtype=np.float32)
    shutter[80:120, 90:150] = 1.0
    scope = Fluoroscope(glass)
    shot = Shot(carm, DETECTOR, Technique(Beam(80.0), 10.0), panel=Panel(grid_ratio=0))
    open_field, closed = scope.expose(shot), scope.expose(replace(shot, shutter=shutter))
    middle = np.s_[95:105, 110:130]
    assert closed.signal[middle].mean() < 0.8 * open_field.signal[middle].mean()
    assert closed.signal[:40].mean() < 0.25 * open_field.signal[:40].mean()
    assert np.median(closed.display[20:40, 20:40]) == 0


def run_of(scope: Fluoroscope, shots: list[Shot], console: Console) -> list[Picture]:
    pictures, trail = [], Trail()
    for shot in shots:
        pictures.append(scope.expose(shot, console, trail))
        trail = pictures[-1].trail
    return pictures


def test_in_a_run_a_needle_that_has_gone_leaves_a_tail_and_noise_falls(
    glass: Patient, carm: CArm, needle: tuple[Solid, ...]
) -> None:
    scope, console = Fluoroscope(glass), Console(recursion=0.6)
    still = [Shot(carm, DETECTOR, TECHNIQUE, index=n) for n in range(8)]
    with_needle = [replace(shot, solids=needle) for shot in still[:4]] + still[4:]
    left = run_of(scope, with_needle, console)[4].trail.filtered
    clean = run_of(scope, still, console)[4].trail.filtered
    assert left is not None
    assert clean is not None
    region = shadow_region(needle, carm, DETECTOR).pixels
    assert (left[region] - clean[region]).min() < -0.2
    others = [replace(shot, seed=1) for shot in still]
    smooth, other = (run_of(scope, shots, console)[-1].trail.filtered for shots in (still, others))
    assert smooth is not None
    assert other is not None
    plain = scope.expose(still[-1]).log_signal - scope.expose(others[-1]).log_signal
    # sqrt((1 - k) / (1 + k)) is a half
    assert (smooth - other).std() == pytest.approx(0.5 * plain.std(), rel=0.1)


def test_a_trail_of_another_size_starts_anew(glass: Patient, carm: CArm) -> None:
    scope = Fluoroscope(glass)
    small = scope.expose(Shot(carm, Detector(64, 64, 3.0), TECHNIQUE), None, Trail())
    big = scope.expose(Shot(carm, DETECTOR, TECHNIQUE), None, small.trail)
    assert big.signal.shape == (DETECTOR.rows, DETECTOR.cols)


def test_the_console_turns_the_picture_and_not_the_signal(glass: Patient, carm: CArm) -> None:
    scope, shot = Fluoroscope(glass), Shot(carm, DETECTOR, TECHNIQUE)
    plain, turned = scope.expose(shot), scope.expose(shot, Console(rotated_deg=90.0, inverted=True))
    assert turned.display.shape == plain.display.shape[::-1]
    assert plain.signal.tobytes() == turned.signal.tobytes()
