"""A scan becomes a patient: checked, named, made anonymous, written in one step, and played on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from imported_spine import trunk_of_blocks
from segmentation_files import write_scan

from dekomp_sim.anatomy import Level, Volume
from dekomp_sim.anatomy.nerves import UNSEEN_NERVE_SD_MM
from dekomp_sim.cli.app import main
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_patient_folder, load_scan, read_yaml
from dekomp_sim.files.patient_record import PatientRecord
from dekomp_sim.files.patients import LABELS, RECORD, VOLUME, write_record
from dekomp_sim.files.volumes import write_grid
from dekomp_sim.geometry import Affine

DATA = Path(__file__).parents[3] / "shared" / "data"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line: exit code, output, errors."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        heard = capsys.readouterr()
        return int(ended.value.code or 0), heard.out, heard.err

    return run


@pytest.fixture(scope="module")
def spine() -> Volume:
    return trunk_of_blocks()


def written(folder: Path, volume: Volume) -> tuple[Path, Path]:
    """CT and label map as NIfTI."""
    folder.mkdir(parents=True, exist_ok=True)
    assert volume.labels is not None
    for name, values in (("ct", volume.hu), ("seg", volume.labels)):
        write_grid(values, volume.patient_from_index, folder / f"{name}.nii.gz")
    return folder / "ct.nii.gz", folder / "seg.nii.gz"


def test_a_scan_becomes_a_folder_with_volume_labels_record_and_page(imported: Path) -> None:
    assert sorted(path.name for path in imported.iterdir()) == [LABELS, RECORD, "quality.html", VOLUME]
    record = read_yaml(imported / RECORD, PatientRecord)
    assert [level.level for level in record.levels] == list(Level)
    assert all(level.sure and level.disc is not None for level in record.levels)
    assert record.posture == "supine"
    assert "turned prone as one rigid piece" in record.posture_limits
    posture = next(check for check in record.checks if check.name == "posture")
    assert posture.found == "scanned supine, feet first"


def test_the_table_of_the_scanner_is_taken_away_and_the_body_kept(imported: Path, spine: Volume) -> None:
    k, j, i = np.indices(spine.hu.shape)
    kept = load_scan(imported / VOLUME).volume.hu_at(spine.patient_from_index.points(np.stack([i, j, k], axis=-1)))
    assert (kept[:, -6:-4] == -1000).all()
    inside = spine.hu > -300
    inside[:, -6:-4] = False
    assert np.mean(kept[inside] != spine.hu[inside]) < 4e-3  # the block's sharp edges are opened away


def test_what_is_far_from_the_lumbar_spine_and_the_body_is_left_out(imported: Path, spine: Volume) -> None:
    """A body of 100 x 124 mm with 10 mm of air; a spine of 250 mm is not longer than what is kept."""
    assert load_scan(imported / VOLUME).volume.size == (121 - 2 * (6 + 25), 116 - 37, 125)
    record = read_yaml(imported / RECORD, PatientRecord)
    part = next(check for check in record.checks if check.name == "part kept")
    assert part.found == "118 x 158 x 250 mm about the lumbar spine"


def test_the_page_shows_pictures_checks_and_limits_and_asks_nothing_of_the_network(imported: Path) -> None:
    page = (imported / "quality.html").read_text()
    assert page.count('<image href="data:image/png;base64,') == 4
    told = ("Will this scan do?", "Length along the body", "mL of table, pads and clothes, taken away", "L4-L5",
            "Nerves and sac are not seen on a CT", "turned prone as one rigid", "NOT FOR CLINICAL USE")  # fmt: skip
    for words in told:
        assert words in page
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)
    assert "<script" not in page


def test_the_patient_of_the_folder_has_the_discs_of_the_record_and_nerves_with_their_uncertainty(
    imported: Path,
) -> None:
    patient = load_patient_folder(imported)
    assert patient.name == "scan"
    assert set(patient.discs) == set(Level)
    assert {strand.uncertainty_mm for strand in patient.strands} == {UNSEEN_NERVE_SD_MM}


def test_a_disc_moved_in_the_record_moves_with_its_nerves(imported: Path, tmp_path: Path) -> None:
    before = load_patient_folder(imported)
    record = read_yaml(imported / RECORD, PatientRecord)
    moved = []
    for level in record.levels:
        assert level.disc is not None
        x, y, z = level.disc.centre_mm
        moved.append(replace(level, disc=replace(level.disc, centre_mm=(x + 3.0, y, z))))
    for name in (VOLUME, LABELS):
        (tmp_path / name).symlink_to(imported / name)
    write_record(tmp_path / RECORD, replace(record, levels=tuple(moved)))

    after = load_patient_folder(tmp_path)

    assert after.digest != before.digest
    for one, other in zip(before.strands, after.strands, strict=True):
        np.testing.assert_allclose(other.path_mm - one.path_mm, np.broadcast_to([3.0, 0.0, 0.0], one.path_mm.shape))


def test_files_of_two_imports_do_not_go_together(imported: Path, tmp_path: Path) -> None:
    for name in (RECORD, VOLUME):
        (tmp_path / name).symlink_to(imported / name)
    labels = load_scan(imported / VOLUME).volume
    write_grid(np.where(labels.hu > 250, 28, 27).astype(np.uint8), labels.patient_from_index, tmp_path / LABELS)

    with pytest.raises(InputError, match=r"that are not those of patient.yaml; allowed: files of one import"):
        load_patient_folder(tmp_path)


def cut(volume: Volume, k: slice, j: slice = slice(None)) -> Volume:
    assert volume.labels is not None
    origin = volume.patient_from_index.points([0, j.start or 0, k.start or 0])
    return Volume(volume.hu[k, j].copy(), Affine(volume.patient_from_index.matrix, origin), volume.labels[k, j].copy())


def relabelled(volume: Volume, numbers: dict[int, int]) -> Volume:
    assert volume.labels is not None
    table = np.arange(256, dtype=np.uint8)
    for old, new in numbers.items():
        table[old] = new
    return Volume(volume.hu, volume.patient_from_index, table[volume.labels])


def turned(volume: Volume) -> Volume:
    """The same voxels, said to lie the other way round: feet where the header says head."""
    matrix = volume.patient_from_index.matrix @ np.diag([1.0, -1.0, -1.0])
    return Volume(volume.hu, Affine(matrix, np.zeros(3)), volume.labels)


WRONG = {
    "too short": (lambda v: cut(v, slice(0, 30)), "found a scan of 60 mm along the body; allowed: 100 mm for one disc"),
    "too narrow": (lambda v: cut(v, slice(None), slice(40, 100)), "found a field of 242 x 120 mm across the body;"),
    "slices far apart": (
        lambda v: Volume(v.hu[::4].copy(), Affine(v.patient_from_index.matrix @ np.diag([1, 1, 4.0]), np.zeros(3)),
                         v.labels[::4].copy()),
        "found slices 8 mm apart; allowed: up to 2 mm without gaps; to 5 mm with coarser endplates. Recon",
    ),
    "head down": (turned, "found vertebrae whose head points to"),
    "a head": (
        lambda v: relabelled(v, {26: 91, 27: 90, 28: 50, 29: 49, 30: 48, 31: 47}),
        "found 0 vertebrae between T11 and S1; allowed: at least two neighbours",
    ),
    "one of two neighbours": (
        lambda v: relabelled(v, {26: 0, 28: 0, 30: 0}), "found no disc between labelled vertebrae; allowed: one of",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_each_wrong_scan_has_its_sentence_and_leaves_nothing(
    tmp_path: Path, spine: Volume, say: Run, change: Callable[[Volume], Volume], sentence: str
) -> None:
    ct, seg = written(tmp_path / "in", change(spine))

    code, _, error = say("import", ct, "--labels", seg, "-o", tmp_path / "out")

    assert code == 2
    assert sentence in error
    assert "Traceback" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def balls(radii_mm: tuple[float, ...], hu: tuple[int, ...]) -> Volume:
    """Balls or, of two radii, shells within each other, in air: 220 mm each way, voxels of 4 mm."""
    reach = np.arange(-110.0, 111.0, 4.0)
    far = np.sqrt(sum(axis**2 for axis in np.meshgrid(reach, reach, reach, indexing="ij")))
    values = np.full(far.shape, -1000, dtype=np.int16)
    for radius, one in zip(radii_mm, hu, strict=True):
        values[far < radius] = one
    return Volume(values, Affine.from_spacing((4.0, 4.0, 4.0)), np.zeros(far.shape, dtype=np.uint8))


NO_SPINE = {
    "a phantom of water": ((100.0,), (0,)),
    "a head": ((100.0, 95.0, 88.0), (50, 900, 35)),
    "a ball of bone": ((100.0, 60.0), (50, 600)),
}


@pytest.mark.parametrize("shells", NO_SPINE.values(), ids=NO_SPINE)
def test_a_scan_without_a_spine_or_a_segmentation_says_so_and_leaves_nothing(
    tmp_path: Path, say: Run, shells: tuple[tuple[float, ...], tuple[int, ...]]
) -> None:
    code, _, error = say("import", written(tmp_path / "in", balls(*shells))[0], "-o", tmp_path / "out")

    assert code == 2
    assert re.search(r"spine: found (no canal ringed by bone|a canal, but 0 discs)", error)
    assert "allowed: a CT in Hounsfield units with 3 discs or more of a lumbar spine" in error
    assert "give a segmentation: --labels SEGMENTATION" in error
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_level_is_not_named_by_hand_where_a_segmentation_names_it(tmp_path: Path, spine: Volume, say: Run) -> None:
    ct, seg = written(tmp_path / "in", spine)

    code, _, error = say("import", ct, "--labels", seg, "--level-at", "L5-S1=3", "-o", tmp_path / "out")

    assert code == 2
    assert "--level-at: found a segmentation that names the levels; allowed: either --labels or --level-at" in error


@pytest.mark.skipif(not DATA.is_dir(), reason="the reference scans are not beside this checkout")
def test_a_real_series_of_twenty_slices_is_too_short_and_says_so(tmp_path: Path, say: Run) -> None:
    code, _, error = say("import", DATA / "ct_dicom_20", "-o", tmp_path / "out")

    assert code == 2
    assert "found a scan of 40 mm along the body; allowed: 100 mm for one disc, 180 mm for L2 to S1" in error


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"Modality": "MR"}, "found modality MR; allowed: CT, for only its values are Hounsfield units."),
        (
            {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
            "found only a localiser, the overview taken before a scan",
        ),
    ],
)
def test_what_is_no_ct_is_named(
    tmp_path: Path, spine: Volume, say: Run, changed: dict[str, object], sentence: str
) -> None:
    scan = write_scan(tmp_path / "in", cut(spine, slice(0, 3)), **changed)

    code, _, error = say("import", scan, "-o", tmp_path / "out")

    assert code == 2
    assert sentence in error


def test_a_localiser_beside_the_slices_is_left_alone(tmp_path: Path, spine: Volume) -> None:
    scan = write_scan(tmp_path / "in", cut(spine, slice(0, 4)))
    overview = write_scan(tmp_path / "scout", cut(spine, slice(0, 1)), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
                          ImageOrientationPatient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0])  # fmt: skip
    (overview / "000.dcm").rename(scan / "scout.dcm")

    assert load_scan(scan).volume.size[2] == 4


def test_a_folder_of_ten_gigabytes_or_of_too_many_files_is_answered_from_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    with (tmp_path / "large" / "0.dcm").open("wb") as file:
        file.truncate(10 * 1024**3)  # holes take no room on the disk
    (tmp_path / "many").mkdir()
    for number in range(20_001):
        (tmp_path / "many" / str(number)).touch()

    with pytest.raises(InputError, match="found more than 4 GiB to read; allowed: one CT series"):
        load_scan(tmp_path / "large")
    with pytest.raises(InputError, match="found more than 20000 files; allowed: the folder of one CT series"):
        load_scan(tmp_path / "many")


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_too_much_to_read_is_answered_before_it_is_read(
    tmp_path: Path, spine: Volume, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    from dekomp_sim.files import census

    scan = write_scan(tmp_path / "in", cut(spine, slice(0, 6)))
    monkeypatch.setattr(census, limit, 5)
    monkeypatch.setattr("pydicom.dcmread", lambda *_, **__: pytest.fail("a file was read"))

    with pytest.raises(
        InputError, match=r"found more than (5 files|0 GiB to read); allowed: (the folder of )?one CT series"
    ):
        load_scan(scan)


def test_a_nifti_that_unpacks_to_ten_gigabytes_is_answered_from_its_header(tmp_path: Path) -> None:
    import gzip
    import struct

    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, 2000, 2000, 1400, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, 4, 16)
    struct.pack_into("<8f", head, 76, 1, 0.5, 0.5, 0.5, 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352.0)
    struct.pack_into("<2h", head, 252, 1, 1)
    head[344:348] = b"n+1\0"
    path = tmp_path / "big.nii.gz"
    path.write_bytes(gzip.compress(bytes(head)))

    with pytest.raises(
        InputError, match="found more than 4 GiB to read; allowed: one CT series, or a volume of the trunk"
    ):
        load_scan(path)
