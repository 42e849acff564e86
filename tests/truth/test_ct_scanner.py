"""The CT scanner against what is known: water, Hounsfield units, noise, resolution, slice profile, steel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Volume
from dekomp_sim.arrays import Float32Array, FloatArray
from dekomp_sim.disc import inject, voxelise
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.geometry import Affine, Rigid, Rod, Solid, Tube
from dekomp_sim.imaging.ct.acquisition import Turn
from dekomp_sim.imaging.ct.gantry import Gantry, tilt_along_deg
from dekomp_sim.imaging.ct.paths import rods_in_slice
from dekomp_sim.imaging.ct.protocol import PROTOCOLS, Kernel, Preset, Protocol
from dekomp_sim.imaging.ct.scanner import Scanner, SliceShot, picture_hu
from dekomp_sim.matter import Substance
from dekomp_sim.validation.cylinders import Cylinder, masses_of, scanned, water_with, within

GANTRY = Gantry()
QUICK = GANTRY.quick()
FIELD_MM = 350.0
NOISELESS = Turn(Protocol(field_mm=FIELD_MM, matrix=256), QUICK, index=None)


def at_kv(kv: float) -> Turn:
    return replace(NOISELESS, protocol=replace(NOISELESS.protocol, kv=kv))


def insert_hu(substance: Substance, kv: float, radius_mm: float = 12.0) -> float:
    """Mean of a rod off the middle of 25 cm of water, its rim left out."""
    picture = scanned(water_with([Cylinder.of(substance, 40.0, 0.0, radius_mm)], 125.0), at_kv(kv))
    return float(within(picture, FIELD_MM, 40.0, 0.0, 0.5 * radius_mm).mean())


@pytest.mark.parametrize("kv", [80.0, 100.0, 120.0, 140.0])
@pytest.mark.parametrize("radius_mm", [100.0, 160.0])
def test_water_is_0_hu_in_the_middle_and_at_the_rim(kv: float, radius_mm: float) -> None:
    """Within the 4 HU that acceptance tests ask of a scanner, for 20 and 32 cm: no cupping is left."""
    picture = scanned(water_with([], radius_mm), at_kv(kv))
    for x_mm in (0.0, 0.5 * radius_mm, radius_mm - 15.0):
        assert float(within(picture, FIELD_MM, x_mm, 0.0, 8.0).mean()) == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize(
    ("substance", "published_hu"),
    [
        (Substance.ADIPOSE, (-96.0, -84.0, -77.0, -72.0)),
        (Substance.MUSCLE, (45.0, 44.0, 43.0, 43.0)),
        (Substance.CARTILAGE, (119.0, 109.0, 104.0, 100.0)),
        (Substance.NERVE, (40.0, 39.0, 38.0, 37.0)),
        (Substance.BLOOD, (61.0, 58.0, 56.0, 55.0)),
        (Substance.SPONGIOSA, (404.0, 337.0, 298.0, 271.0)),
    ],
)
def test_tissues_have_their_hounsfield_units(substance: Substance, published_hu: tuple[float, ...]) -> None:
    """ICRU compositions behind 25 cm of water, computed with SpekPy's spectra and attenuation alone, no scanner."""
    for kv, expected in zip((80.0, 100.0, 120.0, 140.0), published_hu, strict=True):
        assert insert_hu(substance, kv) == pytest.approx(expected, abs=2.0, rel=0.03)


def test_cortical_bone_has_its_hounsfield_units() -> None:
    """2143, 1790, 1581, 1436 HU for a thin layer; a rod of 6 mm hardens the beam for itself and reads less."""
    for kv, expected in ((80.0, 2143.0), (100.0, 1790.0), (120.0, 1581.0), (140.0, 1436.0)):
        assert 0.92 * expected < insert_hu(Substance.CORTICAL_BONE, kv, 3.0) < 1.01 * expected


def test_iodine_falls_with_voltage_as_published() -> None:
    """41.5, 31.9, 25.9, 21.6 HU a mg/mL at 80 to 140 kV."""
    for kv, expected in ((80.0, 41.5), (100.0, 31.9), (120.0, 25.9), (140.0, 21.6)):
        rods = [*water_with([], 125.0), Cylinder(Substance.IODINE, 40.0, 0.0, 12.0, 0.010)]
        seen = float(within(scanned(rods, at_kv(kv)), FIELD_MM, 40.0, 0.0, 6.0).mean()) / 10.0
        assert seen == pytest.approx(expected, rel=0.05)


def test_two_rods_of_bone_leave_a_dark_band_between_them() -> None:
    """Water calibration leaves bone's hardening: the line through both is measured as less than the sum of each."""
    bones = [Cylinder.of(Substance.CORTICAL_BONE, x, 0.0, 15.0) for x in (-50.0, 50.0)]
    picture = scanned(water_with(bones, 125.0), NOISELESS)
    between = float(within(picture, FIELD_MM, 0.0, 0.0, 5.0).mean())
    beside = float(within(picture, FIELD_MM, 0.0, 60.0, 5.0).mean())
    assert between < -15.0 < beside


def noise_hu(protocol: Protocol, index: int = 3) -> float:
    """Standard deviation within 3 cm of the middle of 20 cm of water, two turns subtracted."""
    one, two = (
        scanned(water_with([], 100.0), Turn(protocol, QUICK, seed=5, index=turn)) for turn in (index, index + 1)
    )
    return float(within(one - two, protocol.field_mm, 0.0, 0.0, 30.0).std() / np.sqrt(2.0))


def test_noise_falls_with_the_root_of_dose_and_of_thickness() -> None:
    """Four times the photons halve it; 5 % are two standard errors of some 700 independent spots."""
    plain = Protocol(mas=100.0, thickness_mm=2.0, field_mm=240.0, matrix=256)
    one = noise_hu(plain)
    assert noise_hu(replace(plain, mas=400.0)) == pytest.approx(one / 2.0, rel=0.05)
    assert noise_hu(replace(plain, thickness_mm=8.0)) == pytest.approx(one / 2.0, rel=0.05)
    assert noise_hu(replace(plain, kernel=Kernel.SOFT)) < one < noise_hu(replace(plain, kernel=Kernel.BONE)) / 1.8


def test_noise_is_about_that_of_a_scanner() -> None:
    """Scanners state 3 to 5 HU for 20 cm of water at 120 kV, 250 mAs, 5 mm and a kernel for the abdomen."""
    assert 2.0 < noise_hu(Protocol(120.0, 250.0, 5.0, 240.0, Kernel.STANDARD, 256)) < 5.0


def test_a_turn_repeats_bit_for_bit_and_the_next_one_differs() -> None:
    turn = Turn(Protocol(field_mm=240.0, matrix=64), QUICK, seed=5)
    one, again, other = (scanned(water_with([], 100.0), replace(turn, index=n)) for n in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def steel_in_water(solids: tuple[Solid, ...], turn: Turn, radius_mm: float) -> Float32Array:
    """Steel in the scan frame within a cylinder of water."""
    rods = rods_in_slice(solids, Rigid.identity(), turn.offsets_mm)
    return picture_hu(masses_of(water_with([], radius_mm), turn.gantry), rods, turn)


def mtf(kernel: Kernel, gantry: Gantry = GANTRY) -> tuple[FloatArray, FloatArray]:
    """Modulation transfer at frequencies per mm: the transform of a wire of 0.1 mm, 20 mm from the isocentre."""
    protocol = Protocol(thickness_mm=1.0, field_mm=50.0, kernel=kernel)
    wire = Rod(np.array([12.0, 16.0, -20.0]), np.array([12.0, 16.0, 20.0]), 0.05)
    turn = Turn(protocol, gantry, index=None)
    seen = steel_in_water((wire,), turn, 40.0) - steel_in_water((), turn, 40.0)
    at = (np.arange(512) - 255.5) * 50.0 / 512
    near = np.hypot(at[None, :] - 12.0, at[:, None] - 16.0) < 6.0
    spread = np.abs(np.fft.fft2(seen * near))
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(512, 50.0 / 512),) * 2))
    steps = np.arange(0.0, 2.0, 0.04)
    rings = [spread[(frequency >= f - 0.02) & (frequency < f + 0.02)].mean() for f in steps]
    return steps, np.array(rings) / spread[0, 0]


@pytest.mark.parametrize(
    ("kernel", "half_per_cm", "tenth_per_cm"),
    [
        (Kernel.SOFT, (2.8, 4.0), (5.0, 7.5)),
        (Kernel.STANDARD, (3.5, 4.8), (6.0, 9.0)),
        (Kernel.BONE, (7.0, 10.0), (10.0, 14.5)),
    ],
)
def test_the_kernels_transfer_what_makers_state(
    kernel: Kernel, half_per_cm: tuple[float, float], tenth_per_cm: tuple[float, float]
) -> None:
    steps, transfer = mtf(kernel)
    half = 10.0 * steps[np.argmax(transfer < 0.5)]
    tenth = 10.0 * steps[np.argmax(transfer < 0.1)]
    assert half_per_cm[0] <= half <= half_per_cm[1]
    assert tenth_per_cm[0] <= tenth <= tenth_per_cm[1]


def test_the_transfer_function_is_that_of_channel_focus_interpolation_and_window() -> None:
    """Channel 0.584 mm and focus 0.430 mm wide at the isocentre, straight lines over 0.292 mm, the kernel's window."""
    steps, transfer = mtf(Kernel.BONE)
    paper = np.sinc(0.5837 * steps) * np.sinc(0.430 * steps) * np.sinc(0.2918 * steps) ** 4
    paper *= Protocol(kernel=Kernel.BONE).window(steps)
    assert np.abs(transfer - paper)[steps < 1.4].max() < 0.06


@pytest.mark.parametrize("thickness_mm", [1.0, 3.0, 5.0])
def test_a_slice_is_as_thick_as_it_says(thickness_mm: float) -> None:
    """A wire that climbs as far as it goes shows the profile of the slice along itself."""
    protocol = Protocol(thickness_mm=thickness_mm, field_mm=50.0, kernel=Kernel.BONE, matrix=256)
    turn = Turn(protocol, replace(GANTRY, views=360), index=None)
    wire = Rod(np.array([-20.0, 0.0, -20.0]), np.array([20.0, 0.0, 20.0]), 0.12)
    seen = steel_in_water((wire,), turn, 40.0) - steel_in_water((), turn, 40.0)
    along = np.convolve(seen[108:148].sum(axis=0), np.ones(3) / 3.0, mode="same")
    wide = np.flatnonzero(along > along.max() / 2.0)
    assert (wide[-1] - wide[0] + 1) * 50.0 / 256 == pytest.approx(thickness_mm, abs=0.4)


TROCAR = Tube(np.array([-90.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0]), 0.737, 0.534)
STYLET = Rod(np.array([-90.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0]), 0.5)


def test_a_steel_trocar_ends_in_a_dark_streak_that_fades() -> None:
    """The rays along it starve: beyond its tip lies the known black shadow, and none beside it."""
    picture = steel_in_water((TROCAR, STYLET), replace(NOISELESS, gantry=GANTRY), 125.0)
    near, far, aside = (float(within(picture, FIELD_MM, x, y, 1.5).mean()) for x, y in ((8, 0), (60, 0), (30, 30)))
    assert float(within(picture, FIELD_MM, -40.0, 0.0, 1.0).max()) > 1000.0
    assert near < -300.0
    assert near < far < -60.0
    assert abs(aside) < 40.0


def test_behind_steel_noise_makes_streaks_and_less_charge_more_of_them() -> None:
    def streaks(mas: float) -> tuple[float, float]:
        protocol = replace(NOISELESS.protocol, mas=mas)
        one, two = (
            steel_in_water((TROCAR, STYLET), replace(NOISELESS, protocol=protocol, index=n), 125.0) for n in (0, 1)
        )
        noise = one - two
        return float(within(noise, FIELD_MM, 40.0, 0.0, 4.0).std()), float(
            within(noise, FIELD_MM, 0.0, 50.0, 4.0).std()
        )

    behind, beside = streaks(100.0)
    assert behind > 2.0 * beside
    assert streaks(10.0)[0] > 1.2 * behind


def test_undiluted_contrast_is_cut_at_the_scale_s_end_and_streaks() -> None:
    pool = [*water_with([], 125.0), *(Cylinder(Substance.IODINE, x, 0.0, 5.0, 0.300) for x in (-15.0, 15.0))]
    picture = scanned(pool, replace(NOISELESS, protocol=Protocol(field_mm=100.0, matrix=256)))
    assert float(within(picture, 100.0, 15.0, 0.0, 2.0).min()) == 3071.0
    # the beam hardened by one pool meets the other: a dark band joins them
    assert float(within(picture, 100.0, 0.0, 0.0, 3.0).mean()) < -100.0
    # what a soft tissue window shows as white is wider than the pool
    seen = picture[len(picture) // 2, :] > 200.0
    assert seen.sum() * 100.0 / 256 > 2.0 * 10.0 + 2.0


def block(radius_mm: float = 60.0) -> Patient:
    """A round rod of muscle along the table with a plug of bone on the left, behind and toward the head."""
    k, j, i = np.indices((60, 80, 80))
    x, y, z = i * 2.0 - 79.0, j * 2.0 - 79.0, k * 2.0 - 59.0
    hu = np.where(x**2 + y**2 < radius_mm**2, 40, -1000).astype(np.int16)
    hu[(x - 20.0) ** 2 + (y - 30.0) ** 2 + (z - 10.0) ** 2 < 64.0] = 900
    return Patient("block", Volume(hu, Affine.from_spacing((2.0, 2.0, 2.0), (-79.0, -79.0, -59.0))), {}, (), "0" * 64)


def test_the_patients_left_is_at_the_right_the_back_below_and_the_slice_where_the_table_is() -> None:
    scanner = Scanner(block())
    shot = SliceShot(np.array([0.0, 0.0, 10.0]), Turn(Protocol(field_mm=140.0, matrix=128), QUICK, index=None))
    slice_ = scanner.scan(shot)
    row, col = slice_.pixel_of([20.0, 30.0, 10.0]).round().astype(int)
    assert (row, col) == (91, 82)
    assert float(slice_.hu[row - 2 : row + 3, col - 2 : col + 3].mean()) == pytest.approx(
        900.0, rel=0.1
    )  # 12 cm harden the beam less than 25
    assert float(slice_.hu[36, 64]) == pytest.approx(40.0, abs=6.0)
    elsewhere = scanner.scan(replace(shot, centre_mm=np.array([0.0, 0.0, -20.0]))).hu
    assert float(elsewhere[row, col]) == pytest.approx(40.0, abs=6.0)


def test_a_tilted_slice_holds_a_needle_that_climbs() -> None:
    inward = np.array([-0.6, -0.6, -0.2])
    needle = Rod(-40.0 * inward, 40.0 * inward, 0.6)
    tilted = replace(QUICK, tilt_deg=tilt_along_deg(inward))
    scanner = Scanner(block())
    shot = SliceShot(
        np.zeros(3), Turn(Protocol(field_mm=140.0, matrix=128, thickness_mm=1.0), QUICK, index=None), (needle,)
    )

    def length_mm(gantry: Gantry) -> float:
        seen = scanner.scan(replace(shot, turn=replace(shot.turn, gantry=gantry)))
        points = np.linspace(-0.95, 0.95, 77)[:, None] * 40.0 * inward
        rows, cols = seen.pixel_of(points).round().astype(int).T
        return float((seen.hu[rows, cols] > 1500.0).mean() * 76.0 * np.linalg.norm(inward))

    assert length_mm(tilted) > 60.0
    assert length_mm(QUICK) < 15.0
    with pytest.raises(OutOfRangeError, match="flatter way"):
        tilt_along_deg([0.0, -0.5, -0.5])


def test_contrast_in_the_disc_and_what_was_carved_are_in_the_slice(glass: Patient) -> None:
    disc = voxelise(glass.discs[Level.L4_L5], 0)
    filled = inject(disc, 0.8, 0.05)
    centre = disc.shape.nucleus_centre_mm
    shot = SliceShot(centre, Turn(Protocol(field_mm=100.0, matrix=128, thickness_mm=1.0), QUICK, index=None))
    scanner = Scanner(glass)
    row, col = scanner.scan(shot).pixel_of(centre).round().astype(int)
    patch = np.s_[row - 1 : row + 2, col - 1 : col + 2]
    plain, contrast = (scanner.scan(replace(shot, discs=(d,))).hu[patch].mean() for d in (disc, filled))
    # 60 mg/mL of iodine in the pores, less what 24 mm of it harden the beam for themselves
    assert 0.8 * 60.0 * 25.9 < contrast - plain < 60.0 * 25.9
    carved = replace(disc, fraction=np.zeros_like(disc.fraction))
    assert scanner.scan(replace(shot, discs=(carved,))).hu[patch].mean() - plain == pytest.approx(-60.0, abs=6.0)


def test_slices_do_not_depend_on_the_number_of_threads() -> None:
    shot = SliceShot(np.zeros(3), Turn(Protocol(field_mm=140.0, matrix=128), QUICK), (STYLET,))
    one, three = (Scanner(block(), threads=n).scan(shot).hu for n in (1, 3))
    assert np.array_equal(one, three)


def test_an_ultra_low_dose_slice_is_noisier_than_a_step() -> None:
    assert noise_hu(replace(PROTOCOLS[Preset.ULTRA_LOW_DOSE], field_mm=240.0, matrix=128)) > 2.0 * noise_hu(
        replace(PROTOCOLS[Preset.STEP], field_mm=240.0, matrix=128)
    )


def test_settings_out_of_reach_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="80 to 140"):
        Protocol(kv=60.0)
    with pytest.raises(OutOfRangeError, match="-30 to 30"):
        Gantry(tilt_deg=45.0)
    with pytest.raises(OutOfRangeError, match="even number"):
        Gantry(views=361)
