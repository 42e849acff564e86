"""A spine is found in a scan without labels, against the labels that were hidden from it: real ones and phantoms'."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dekomp_sim.anatomy import DiscShape, Level, Side
from dekomp_sim.anatomy.landmarks import find_landmarks
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.anatomy.phantom.variants import Sex, Variation, varied
from dekomp_sim.anatomy.spine.find import see_spine
from dekomp_sim.anatomy.spine.naming import name_levels
from dekomp_sim.anatomy.spine.sureness import Sureness
from dekomp_sim.cli.importing import Request, perform
from dekomp_sim.files import load_patient_folder, read_yaml
from dekomp_sim.files.patient_record import PatientRecord
from dekomp_sim.files.patients import RECORD
from dekomp_sim.files.volumes import load_labels, load_volume
from dekomp_sim.procedure import Setting, begin

DATA = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")

PLACE = (Level.L4_L5, Side.LEFT)
REFERENCE = replace(PhantomSpec(), voxel_mm=3.0)
LOW = {name: replace(disc, anterior_height_mm=0.6 * disc.anterior_height_mm,
                     posterior_height_mm=0.65 * disc.posterior_height_mm)
       for name, disc in REFERENCE.discs.items()}  # fmt: skip

VARIANTS = {
    "reference": REFERENCE,
    "a curve of 35 degrees": varied(REFERENCE, Variation(scoliosis_deg=-35.0), PLACE, REFERENCE.herniation),
    "very heavy": varied(REFERENCE, Variation(bmi=40.0, crest_height_mm=20.0), PLACE, REFERENCE.herniation),
    "a slight woman": varied(REFERENCE, Variation(bmi=19.0, sex=Sex.FEMALE), PLACE, REFERENCE.herniation),
    "poor bone at 90 years": varied(REFERENCE, Variation(age_y=90.0), PLACE, REFERENCE.herniation),
    "all discs low": replace(REFERENCE, discs=LOW),
}


def lean_deg(first: DiscShape, second: DiscShape) -> float:
    cosine = float(first.patient_from_disc.rotation[:, 2] @ second.patient_from_disc.rotation[:, 2])
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def apart_mm(first: DiscShape, second: DiscShape) -> float:
    return float(np.linalg.norm(first.patient_from_disc.translation_mm - second.patient_from_disc.translation_mm))


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real torso, imported without its labels."""
    place = tmp_path_factory.mktemp("found") / "patient"
    perform(Request(DATA / "torso_ct_3mm.nii.gz", None, None, place), Console(quiet=True))
    return place


@real
def test_the_discs_of_a_real_scan_lie_where_its_hidden_labels_put_them(imported: Path) -> None:
    labelled = load_labels(DATA / "torso_ct_3mm_vertebrae.nii.gz", load_volume(DATA / "torso_ct_3mm.nii.gz"))
    true, found = find_landmarks(labelled).discs, load_patient_folder(imported).discs

    assert set(found) == set(true) == set(Level)
    for level, disc in found.items():
        # a voxel of 3 mm; the labels' own discs move by half of one from one labelling to the next
        assert apart_mm(disc, true[level]) < (1.5 if level is not Level.L5_S1 else 3.0)
        assert lean_deg(disc, true[level]) < (3.0 if level is not Level.L5_S1 else 6.0)
        assert abs(disc.half_width_mm - true[level].half_width_mm) < 2.0
        assert abs(disc.half_depth_mm - true[level].half_depth_mm) < 2.0


@real
def test_the_names_of_a_real_scan_are_sure_and_the_page_says_by_whom(imported: Path) -> None:
    record = read_yaml(imported / RECORD, PatientRecord)
    names = next(check for check in record.checks if check.name == "names of the levels")

    assert names.verdict == "good"
    assert names.found.startswith("sure: the sacrum's wings, the iliac crests at L4")
    assert "likely: slices 3 mm apart: heights to 1.5 mm" in (imported / "quality.html").read_text()


@real
def test_a_case_begins_on_a_real_scan_that_came_without_labels(imported: Path) -> None:
    case = begin(load_patient_folder(imported), Setting(Level.L4_L5, Side.LEFT))

    assert case.plan.clearance_mm > 0.0


@pytest.mark.parametrize("spec", VARIANTS.values(), ids=VARIANTS)
def test_every_phantom_has_its_discs_found_and_rightly_named(spec: PhantomSpec) -> None:
    patient = build_phantom(spec)

    seen = see_spine(patient.volume)
    naming = name_levels(seen.discs, seen.witnesses, None)

    assert naming.sureness is Sureness.SURE
    for n, disc in enumerate(seen.discs):
        if (level := naming.level(n)) is not None:
            frame = patient.discs[level].patient_from_disc
            x, y, z = frame.inverse().points(disc.centre_mm).tolist()
            # through the disc's middle half, on its plane to half a voxel; its lean to the search's step and a half
            assert abs(x) < 10.0
            assert abs(y) < 8.0
            assert abs(z) < 1.5
            assert float(frame.rotation[:, 2] @ disc.patient_from_plane.rotation[:, 2]) > np.cos(np.radians(6.0))
    assert {naming.level(n) for n in range(len(seen.discs))} >= set(Level)
