"""Patients unlike the reference: each variation against what is published or defined of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side, Structure
from dekomp_sim.anatomy.nerves import lay_nerves
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.frames import stack
from dekomp_sim.anatomy.phantom.spec import HerniationSpec, PhantomSpec
from dekomp_sim.anatomy.phantom.variants import Sex, Variation, varied
from dekomp_sim.errors import OutOfRangeError
from dekomp_sim.planning import posterolateral
from dekomp_sim.procedure.actions import Wait
from dekomp_sim.scenario.story import Story

PLACE = (Level.L4_L5, Side.LEFT)


def built(variation: Variation, voxel_mm: float = 2.0) -> Patient:
    return build_phantom(replace(varied(PhantomSpec(), variation, PLACE, HerniationSpec()), voxel_mm=voxel_mm))


@pytest.fixture(scope="module")
def curved() -> Patient:
    return built(Variation(scoliosis_deg=24.0), 1.4)


def outline_slope_deg(patient: Patient, vertebra: Structure, upper: bool) -> float:
    """Slope of an endplate in the frontal plane, + rising to the left, read off the vertebra's voxels."""
    labels = patient.volume.labels
    assert labels is not None
    k, j, i = np.nonzero(labels == vertebra)
    points = patient.volume.patient_from_index.points(np.stack([i, j, k], axis=1).astype(float))
    front = points[:, 1].min()
    body = points[(points[:, 1] > front + 10.0) & (points[:, 1] < front + 20.0)]  # the body's middle, before the arch
    middle = body[:, 0].mean()
    x = np.arange(middle - 12.0, middle + 12.1, 1.5)
    columns = [body[np.abs(body[:, 0] - at) < 0.8, 2] for at in x]
    edge = [column.max() if upper else column.min() for column in columns]
    return float(np.degrees(np.arctan(np.polyfit(x, edge, 1)[0])))


def test_the_cobb_angle_is_the_one_that_was_asked_for(curved: Patient) -> None:
    """Angle between L1's upper and L4's lower endplate; 2 degrees are a voxel over the width of a body."""
    upper = outline_slope_deg(curved, Structure.VERTEBRA_L1, upper=True)
    lower = outline_slope_deg(curved, Structure.VERTEBRA_L4, upper=False)
    assert upper - lower == pytest.approx(24.0, abs=2.0)


def test_a_positive_scoliosis_is_convex_to_the_left(curved: Patient) -> None:
    apex, ends = curved.discs[Level.L2_L3], (curved.discs[Level.L4_L5], curved.discs[Level.L1_L2])
    aside = apex.patient_from_disc.translation_mm[0] - np.mean(
        [end.patient_from_disc.translation_mm[0] for end in ends]
    )
    assert aside > 1.5  # LPS: x + is the patient's left


def test_vertebrae_of_a_curve_turn_their_front_to_the_convex_side(curved: Patient) -> None:
    front = curved.discs[Level.L2_L3].patient_from_disc.directions(np.array([0.0, -1.0, 0.0]))
    assert np.degrees(np.arctan2(front[0], -front[1])) == pytest.approx(0.35 * 24.0, abs=0.5)


def midline_skin_to_canal_mm(patient: Patient, level: Level) -> float:
    """Skin to the back of the thecal sac in the midline at a disc's height."""
    labels = patient.volume.labels
    assert labels is not None
    centre = patient.discs[level].patient_from_disc.translation_mm
    y = np.arange(centre[1], centre[1] + 160.0, 0.5)
    line = np.stack([np.full(y.shape, centre[0]), y, np.full(y.shape, centre[2])], axis=1)
    found = patient.volume.label_at(line)
    sac = y[found == Structure.THECAL_SAC].max()
    return float(y[found != 0].max() - sac)


@pytest.mark.parametrize(("bmi", "least", "most"), [(24.0, 43.6, 46.5), (27.5, 47.9, 50.6), (36.0, 57.9, 61.6)])
def test_the_way_to_the_canal_at_l4_l5_grows_with_weight_as_on_mri(bmi: float, least: float, most: float) -> None:
    """Mean depths of normal, overweight and obese people at L4-L5 (Lee 2004, Korean J Anesthesiol 47:34): 43.6 to
    46.5, 47.9 to 50.6, 57.9 to 61.6 mm. Their spread is 10 mm; the reference back is within 4 mm, so is each other.
    """
    assert least - 4.0 <= midline_skin_to_canal_mm(built(Variation(bmi=bmi)), Level.L4_L5) <= most + 4.0


def test_an_obese_patients_disc_is_reached_by_a_longer_way() -> None:
    slight, heavy = (posterolateral(built(Variation(bmi=bmi)), *PLACE) for bmi in (22.0, 36.0))
    assert heavy.length_mm > slight.length_mm + 20.0
    assert heavy.length_mm < 152.0  # a six-inch needle still reaches


def test_bone_thins_with_age_by_2_5_hu_a_year() -> None:
    """Jang 2019: 226 HU below 30 years, less 2.5 a year; measured in the core of L1."""
    assert core_hu(built(Variation(age_y=70.0))) - core_hu(built(Variation(age_y=30.0))) == pytest.approx(
        -100.0, abs=12
    )


def core_hu(patient: Patient) -> float:
    labels = patient.volume.labels
    assert labels is not None
    above = patient.discs[Level.L1_L2].patient_from_disc.translation_mm
    i, j, k = (round(float(n)) for n in patient.volume.patient_from_index.indices(above + np.array([0.0, -2.0, 17.0])))
    core = (slice(k - 3, k + 4), slice(j - 3, j + 4), slice(i - 5, i + 6))
    assert (labels[core] == Structure.VERTEBRA_L1).all()
    return float(patient.volume.hu[core].mean())


def test_a_womans_vertebrae_are_smaller_and_her_canal_is_not() -> None:
    woman = varied(PhantomSpec(), Variation(sex=Sex.FEMALE), PLACE, None)
    for name, man in PhantomSpec().vertebrae.items():
        assert woman.vertebrae[name].upper_width_mm == pytest.approx(0.91 * man.upper_width_mm)
        assert woman.vertebrae[name].canal_width_mm == man.canal_width_mm


def test_conjoined_roots_leave_the_sac_in_one_sheath_and_narrow_the_triangle() -> None:
    discs = stack(PhantomSpec()).discs(PhantomSpec())
    usual, joined = (
        {strand.name: strand for strand in lay_nerves(discs, where)} for where in (None, (Level.L4_L5, Side.LEFT))
    )
    exiting, traversing = joined["left L4 exiting root"], joined["left L5 traversing root"]
    assert np.linalg.norm(exiting.path_mm[0] - traversing.path_mm[0]) < exiting.radius_mm[0]
    shape = discs[Level.L4_L5]
    heights = [
        float(shape.patient_from_disc.inverse().points(strands["left L4 exiting root"].path_mm)[-4, 2])
        for strands in (usual, joined)
    ]
    assert heights[1] == pytest.approx(heights[0] - 4.5)
    for name in usual.keys() - {"left L4 exiting root", "left L4 ganglion"}:
        assert np.array_equal(usual[name].path_mm, joined[name].path_mm)


def test_a_retrorenal_colon_lies_behind_the_lower_pole_of_the_left_kidney() -> None:
    """Behind the kidney's hind edge at some height of its lower pole, as the term is defined (Prassopoulos 1990)."""
    patient = built(Variation(retrorenal_colon=True))
    labels = patient.volume.labels
    assert labels is not None
    kidney = np.argwhere(labels == Structure.KIDNEY_LEFT)
    low = kidney[:, 0].min()
    pole = kidney[(kidney[:, 0] >= low) & (kidney[:, 0] <= low + 10)]
    colon = np.isin(labels[low : low + 11], [Structure.COLON, Structure.BOWEL_GAS])
    behind = np.argwhere(colon[:, :, labels.shape[2] // 2 :])
    assert (behind[:, 1] > pole[:, 1].max()).any()


def test_sizes_beyond_the_phantoms_ranges_are_refused_with_the_range() -> None:
    discs = {name: replace(disc, anterior_height_mm=5.0) for name, disc in PhantomSpec().discs.items()}
    thin = replace(PhantomSpec(), discs=discs)
    with pytest.raises(OutOfRangeError, match=r"anterior_height_mm.*3 to 25"):
        varied(thin, Variation(disc_height_percent=40.0), PLACE, None)


def test_the_herniation_is_the_one_on_the_card(story_l3l4: Story) -> None:
    found = story_l3l4.specification(PhantomSpec()).herniation
    assert found == HerniationSpec(Level.L3_L4, Side.RIGHT, azimuth_deg=40.0, depth_mm=4.5)


@pytest.fixture
def story_l3l4() -> Story:
    return Story(1, "another disc", Level.L3_L4, Side.RIGHT, (Wait(1.0),))
