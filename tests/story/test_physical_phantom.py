"""The shipped block of gelatin carries a case as a scan does: planned, seen in X-ray, needled, and carved."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side, Structure
from dekomp_sim.cli.app import main
from dekomp_sim.cli.patients import Scan, patient_of
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_physical_phantom, read_yaml
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.projection.thickness import PatientProjector
from dekomp_sim.planning import posterolateral
from dekomp_sim.procedure import Case
from dekomp_sim.scenario import Story, play

ROOT = Path(__file__).parents[2]
BLOCK = ROOT / "phantoms" / "physical" / "gelatin_block.yaml"


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The block in voxels of 2 mm."""
    place = tmp_path_factory.mktemp("block")
    shutil.copytree(BLOCK.parent / "gelatin_block", place / "gelatin_block")
    text = BLOCK.read_text()
    assert "voxel_mm: 1.25" in text
    (place / "block.yaml").write_text(text.replace("voxel_mm: 1.25", "voxel_mm: 2.0"))
    return place / "block.yaml"


@pytest.fixture(scope="module")
def story() -> Story:
    return read_yaml(ROOT / "scenarios" / "l4l5_left_posterolateral.yaml", Story)


@pytest.fixture(scope="module")
def block(coarse: Path, story: Story) -> Patient:
    return patient_of(story, Scan(patient=coarse))


@pytest.fixture(scope="module")
def played(block: Patient, story: Story) -> Case:
    return play(story, block)[-1]


def test_the_block_has_its_bones_its_discs_and_gelatin_around_them(block: Patient) -> None:
    assert set(block.discs) == {Level.L3_L4, Level.L4_L5, Level.L5_S1}
    points = {(0, 0, 50): Structure.VERTEBRA_L5, (0, 35, 55): Structure.OUTSIDE, (0, 0, 70): Structure.NUCLEUS,
              (0, 55, 56): Structure.VERTEBRA_L5, (0, 80, -20): Structure.MUSCLE, (0, -70, 56): None}  # fmt: skip
    for at, structure in points.items():
        if structure not in {None, Structure.OUTSIDE}:
            assert block.volume.label_at(at) == structure, at
    assert block.volume.hu_at([0, 55, -20]) == pytest.approx(14, abs=3)  # 10 % gelatin: 1.02 g/cm3
    assert block.name == "gelatin_block"


def test_a_way_leads_into_its_disc_from_either_side(block: Patient) -> None:
    left, right = (posterolateral(block, Level.L4_L5, side) for side in Side)

    assert left.entry_mm[0] == pytest.approx(-right.entry_mm[0], abs=4.0)  # voxels of 2 mm
    assert left.uncertainty_mm == 0.0
    assert left.clearance_mm > 2.0


def test_its_x_ray_shows_as_much_bone_as_the_blocks_are_thick(block: Patient) -> None:
    """Through the middle of L4's body from the side: 48 mm of spongiosa, 1.18 g/cm3."""
    middle = (0.0, -5.0, 89.5)
    seen = PatientProjector(block.volume).thickness(CArm(90.0, 0.0, middle), Detector(9, 9, 1.0))
    beside = PatientProjector(block.volume).thickness(CArm(90.0, 0.0, (0.0, -45.0, 89.5)), Detector(9, 9, 1.0))

    assert beside.bone_g_cm2[4, 4] == pytest.approx(0.0, abs=0.01)
    # 294 HU is 1 part in 21 of solid mineral: (294 - 100) / (4130 - 100) x 3.16 g/cm3 x 4.8 cm
    assert seen.bone_g_cm2[4, 4] == pytest.approx(194.0 / 4030.0 * 3.16 * 4.7, rel=0.03)


def test_the_whole_procedure_is_performed_on_it(played: Case, story: Story) -> None:
    assert len(played.exposures) > 10
    assert float(np.sum(played.disc.ledger.collected_ml)) > 0.2
    assert not played.harmed


def test_a_wrong_level_is_answered_with_those_it_has(coarse: Path, story: Story) -> None:
    with pytest.raises(InputError, match="level L1-L2: found no L1-L2 disc in this phantom; allowed: L5-S1, L4-L5"):
        patient_of(replace(story, level=Level.L1_L2), Scan(patient=coarse))


def test_a_phantom_of_another_kind_is_answered_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nvoxel_mm: 1\n")
    words = ["run", "l4l5_left_posterolateral", "--patient", str(tmp_path / "mine.yaml"), "-o", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["dekomp-sim", *words])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "mine.yaml:1:1: found no key physical" in capsys.readouterr().err


def test_the_same_block_is_the_same_patient(coarse: Path, block: Patient, story: Story) -> None:
    again = load_physical_phantom(coarse, story.protrusions)

    assert again.digest == block.digest
    np.testing.assert_array_equal(again.volume.hu, block.volume.hu)


def test_the_shipped_block_is_known_by_its_name(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("dekomp_sim.cli.patients.load_physical_phantom", lambda path, _: asked.append(path))
    patient_of(story, Scan(patient=Path("gelatin_block")))

    assert asked == [BLOCK]
