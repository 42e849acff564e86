"""Discs found from vertebra labels, against discs known on paper, the phantom's own, and a real scan's anatomy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spine_blocks import DISC_MM, HALF_DEPTH_MM, HALF_WIDTH_MM, spine_volume, true_discs

from dekomp_sim.anatomy import BONES, DiscShape, Level, Patient, Protrusion, Side, Structure, Volume
from dekomp_sim.anatomy.landmarks import disc_at, patient_from_scan
from dekomp_sim.arrays import FloatArray
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_patient
from dekomp_sim.geometry import Affine, Rigid

DATA = Path(__file__).parents[3] / "shared" / "data"

GRIDS = {
    "plain": np.diag([1.0, 1.0, 1.0]),
    "flipped as scanners and NIfTI do": np.diag([-1.0, -1.0, 1.0]),
    "axes in another order": np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
    "oblique": Rigid.about_axis([1.0, 2.0, -0.5], 33.0).rotation,
}

TURNED_SPINE = Rigid.about_axis([0.0, 0.0, 1.0], 11.0) @ Rigid.about_axis([0.0, 1.0, 0.0], -8.0)
"""A patient who lies a little turned and leaning: 11 degrees about the long axis, 8 to a side."""


def angle_deg(first: FloatArray, second: FloatArray) -> float:
    return float(np.degrees(np.arccos(np.clip(first @ second, -1.0, 1.0))))


def checked_against_paper(disc: DiscShape, true: Rigid, voxel_mm: float) -> None:
    """Within a third of a voxel in place and half a voxel in size; angles to 2 degrees."""
    found = disc.patient_from_disc
    np.testing.assert_allclose(found.translation_mm, true.translation_mm, atol=voxel_mm / 3.0 + 0.2)
    assert angle_deg(found.rotation[:, 2], true.rotation[:, 2]) < 2.0
    assert angle_deg(found.rotation[:, 1], true.rotation[:, 1]) < 3.0
    assert abs(disc.half_width_mm - HALF_WIDTH_MM) < voxel_mm / 2.0
    assert abs(disc.half_depth_mm - HALF_DEPTH_MM) < voxel_mm / 2.0
    assert abs(disc.height_anterior_mm - DISC_MM[0]) < voxel_mm / 2.0
    assert abs(disc.height_posterior_mm - DISC_MM[1]) < voxel_mm / 2.0


@pytest.mark.parametrize("directions", GRIDS.values(), ids=GRIDS)
def test_discs_lie_where_they_were_drawn_whatever_the_grid(directions: FloatArray) -> None:
    volume = spine_volume(Affine(directions * 2.5, np.array([5.0, -20.0, 40.0])))

    patient = patient_from_scan("scan", volume, {}, "")

    assert set(patient.discs) == set(Level)
    for level, true in true_discs(Rigid.identity()).items():
        checked_against_paper(patient.discs[level], true, 2.5)


def test_a_turned_patients_back_is_found_by_symmetry_not_by_the_longer_process() -> None:
    volume = spine_volume(Affine.from_spacing((2.0, 2.0, 2.0)), TURNED_SPINE)

    patient = patient_from_scan("scan", volume, {}, "")

    for level, true in true_discs(TURNED_SPINE).items():
        checked_against_paper(patient.discs[level], true, 2.0)


def test_the_phantoms_discs_are_found_again_from_its_labels(coarse_phantom: Patient) -> None:
    found = patient_from_scan("scan", coarse_phantom.volume, {}, "").discs

    for level, true in coarse_phantom.discs.items():
        disc = found[level]
        # 2 mm voxels; a phantom's bodies have a waist, so that walls just beyond the endplate lie 1 mm further in.
        np.testing.assert_allclose(
            disc.patient_from_disc.translation_mm, true.patient_from_disc.translation_mm, atol=1.2
        )
        assert angle_deg(disc.patient_from_disc.rotation[:, 2], true.patient_from_disc.rotation[:, 2]) < 2.5
        assert abs(disc.half_width_mm - true.half_width_mm) < 2.0
        assert abs(disc.half_depth_mm - true.half_depth_mm) < 1.5
        assert abs(disc.height_anterior_mm - true.height_anterior_mm) < 1.5
        assert abs(disc.height_posterior_mm - true.height_posterior_mm) < 1.5


def test_a_spine_standing_on_its_head_contradicts_its_header() -> None:
    volume = spine_volume(Affine.from_spacing((3.0, 3.0, 3.0)))
    upside_down = Affine(volume.patient_from_index.matrix @ np.diag([1.0, -1.0, -1.0]), np.zeros(3))

    with pytest.raises(InputError, match=r"vertebrae whose head points to .* in left, posterior, superior"):
        patient_from_scan("scan", Volume(volume.hu, upside_down, volume.labels), {}, "")


def test_a_back_in_front_contradicts_its_header() -> None:
    volume = spine_volume(Affine.from_spacing((3.0, 3.0, 3.0)))
    mirrored = Affine(volume.patient_from_index.matrix @ np.diag([-1.0, -1.0, 1.0]), np.zeros(3))

    with pytest.raises(InputError, match="vertebrae whose back points to"):
        patient_from_scan("scan", Volume(volume.hu, mirrored, volume.labels), {}, "")


def test_a_level_that_is_not_shown_is_refused_with_the_levels_that_are() -> None:
    volume = spine_volume(Affine.from_spacing((3.0, 3.0, 3.0)))
    assert volume.labels is not None
    without_s1 = np.where(volume.labels == Structure.VERTEBRA_S1, 0, volume.labels).astype(np.uint8)
    cut = Volume(volume.hu, volume.patient_from_index, without_s1)

    message = "level L5-S1: found a label map without S1; allowed: L1-L2, L2-L3, L3-L4, L4-L5."
    with pytest.raises(InputError, match=message):
        patient_from_scan("scan", cut, {Level.L5_S1: Protrusion(Side.LEFT)}, "")
    patient = patient_from_scan("scan", cut, {}, "")
    assert Level.L5_S1 not in patient.discs
    with pytest.raises(InputError, match="level L5-S1: found no L5-S1 disc in this volume; allowed: L1-L2, "):
        disc_at(patient, Level.L5_S1)


def test_vertebrae_whose_labels_touch_leave_no_disc_there_but_elsewhere() -> None:
    volume = spine_volume(Affine.from_spacing((3.0, 3.0, 3.0)))
    assert volume.labels is not None
    labels = volume.labels.copy()
    k, j, i = np.indices(labels.shape)
    at_l4_l5 = true_discs(Rigid.identity())[Level.L4_L5].inverse()
    local = at_l4_l5.points(volume.patient_from_index.points(np.stack([i, j, k], axis=-1)))
    between = (labels == 0) & np.all(np.abs(local) < (22.0, 15.0, 7.0), axis=-1)
    labels[between] = Structure.VERTEBRA_L4
    touching = Volume(volume.hu, volume.patient_from_index, labels)

    with pytest.raises(InputError, match=r"level L4-L5: found (vertebra labels that leave|endplates that face)"):
        patient_from_scan("scan", touching, {Level.L4_L5: Protrusion(Side.LEFT)}, "")
    found = patient_from_scan("scan", touching, {Level.L3_L4: Protrusion(Side.LEFT)}, "")
    assert set(found.discs) == set(Level) - {Level.L4_L5}


def test_every_voxel_of_the_body_has_a_name_and_none_outside() -> None:
    volume = spine_volume(Affine.from_spacing((2.5, 2.5, 2.5)))

    patient = patient_from_scan("scan", volume, {Level.L4_L5: Protrusion(Side.LEFT, depth_mm=8.0)}, "")
    labels = patient.volume.labels

    assert labels is not None
    # The block's sharp corners, such as no body has, are opened away with the table: 15 voxels of 300 000.
    assert np.mean((labels == Structure.OUTSIDE) != (volume.hu < -300)) < 1e-4
    disc = patient.discs[Level.L4_L5]
    assert patient.volume.label_at(disc.nucleus_centre_mm) == Structure.NUCLEUS
    apex = disc.patient_from_disc.points([np.sin(np.radians(35.0)) * 21.0, np.cos(np.radians(35.0)) * 21.0, 0.0])
    assert patient.volume.label_at(apex) == Structure.PROTRUSION
    skin, muscle, belly = patient.volume.label_at([[47.0, 5.0, 100.0], [30.0, 30.0, 100.0], [30.0, -45.0, 100.0]])
    assert (skin, muscle, belly) == (Structure.SKIN, Structure.MUSCLE, Structure.ABDOMINAL_SOFT_TISSUE)


def test_numbers_of_other_segmented_structures_get_a_name_of_ours() -> None:
    volume = spine_volume(Affine.from_spacing((2.5, 2.5, 2.5)))
    assert volume.labels is not None
    labels, hu = volume.labels.copy(), volume.hu.copy()
    box = (slice(20, 24), slice(10, 14), slice(12, 16))  # in the belly
    for number, offset in ((3, 0), (5, 6), (95, 12), (75, 18), (120, 24)):
        labels[box[0].start + offset : box[0].stop + offset, box[1], box[2]] = number
    names = patient_from_scan("scan", Volume(hu, volume.patient_from_index, labels), {}, "").volume.labels

    assert names is not None
    found = [int(names[21 + offset, 11, 13]) for offset in (0, 6, 12, 18, 24)]
    belly = Structure.ABDOMINAL_SOFT_TISSUE
    assert found == [Structure.KIDNEY_LEFT, belly, Structure.RIB, Structure.BONE, belly]


REAL_MM = {
    # level: mean height, width, depth as this code found them, held against cuts drawn with their outlines:
    # these figures guard against change and prove nothing; the published ranges below are the check from outside
    Level.L1_L2: (9.0, 46.0, 38.0),
    Level.L2_L3: (10.0, 48.0, 38.0),
    Level.L3_L4: (11.0, 50.0, 38.0),
    Level.L4_L5: (11.0, 52.0, 38.0),
    Level.L5_S1: (8.5, 49.0, 34.0),
}
PUBLISHED_MM = np.array([[5.0, 37.0, 28.0], [15.0, 60.0, 42.0]])
"""Mean height, width and depth of adult lumbar discs, least and most: mid heights 7.9 +- 2 to 13.8 +- 2 mm (MRI, n=106
and n=14), endplate widths 41 to 50 mm and depths 33 to 36 mm (Panjabi 1992, means of 12), a fifth more or less."""


@pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")
def test_a_real_scans_discs_agree_with_its_anatomy() -> None:
    patient = load_patient(DATA / "torso_ct_3mm.nii.gz", DATA / "torso_ct_3mm_vertebrae.nii.gz")

    assert tuple(patient.discs) == tuple(Level)
    centres = np.array([disc.patient_from_disc.translation_mm for disc in patient.discs.values()])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert np.all((steps > 28.0) & (steps < 42.0))  # a body of 24 to 28 mm and a disc of 6 to 14 mm
    tilts = [np.degrees(np.arctan2(-d.patient_from_disc.rotation[1, 2], d.patient_from_disc.rotation[2, 2]))
             for d in patient.discs.values()]  # fmt: skip
    assert tilts == sorted(tilts), "lordosis: each disc leans further forward than the one above"
    assert 35.0 < tilts[-1] - tilts[0] < 75.0
    for level, disc in patient.discs.items():
        middle = float(disc.height_mm(np.zeros(3))) - disc.concavity_mm / 2.0
        found = np.array([middle, 2 * disc.half_width_mm, disc.half_depth_mm * (1 + 1 / 1.12)])
        np.testing.assert_allclose(found, REAL_MM[level], atol=3.0)  # one voxel
        assert np.all((found > PUBLISHED_MM[0]) & (found < PUBLISHED_MM[1])), level
        in_disc = patient.volume.hu_at(disc.patient_from_disc.points([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]))
        assert np.all((in_disc > 20.0) & (in_disc < 200.0)), "disc, neither bone nor fat"
        bone = patient.volume.label_at(disc.patient_from_disc.points([[0.0, 0.0, 14.0], [0.0, 0.0, -14.0]]))
        assert bone.tolist() == [level.vertebra_above, level.vertebra_below]
        canal = patient.volume.hu_at(disc.patient_from_disc.points([0.0, disc.half_depth_mm + 6.0, 0.0]))
        assert -50.0 < canal < 120.0, "behind the disc lies the canal"


@pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")
def test_a_real_scans_way_to_the_disc_is_told_in_tissues() -> None:
    patient = load_patient(DATA / "torso_ct_3mm.nii.gz", DATA / "torso_ct_3mm_vertebrae.nii.gz")
    disc = patient.discs[Level.L3_L4]
    angle = np.radians(47.0)
    out = disc.patient_from_disc.directions([np.sin(angle), np.cos(angle), 0.0])
    met = [Structure(int(patient.volume.label_at(disc.nucleus_centre_mm + mm * out))) for mm in np.arange(200.0)]
    order = [name for number, name in enumerate(met) if number == 0 or name is not met[number - 1]]

    assert order[0] is Structure.NUCLEUS
    assert Structure.ANNULUS in order
    assert Structure.MUSCLE in order
    assert order[-3:] == [Structure.FAT, Structure.SKIN, Structure.OUTSIDE]
    assert not set(order) & BONES
