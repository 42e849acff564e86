"""Patients and cases that several tests share; each is made once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from disks import Disk, mounted
from glass import glass_patient
from hypothesis import settings
from imported_spine import import_blocks

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.cli.app import main
from dekomp_sim.files import read_yaml
from dekomp_sim.procedure import Case, Setting, begin
from dekomp_sim.scenario import Story, play, player
from dekomp_sim.viewer.probe import Renderer, probe

SCENARIOS = Path(__file__).parents[1] / "scenarios"

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("fuzz", deadline=None)
# `make test` tries the same examples every time; `make fuzz` draws new ones, seed after seed
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def glass() -> Patient:
    """A block of muscle with discs, nerves and organs where a test knows them."""
    return glass_patient()


@pytest.fixture(scope="session")
def coarse_phantom() -> Patient:
    """The reference phantom on a 2 mm grid."""
    return build_phantom(replace(PhantomSpec(), voxel_mm=2.0))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """Four megabytes that a test may fill; skipped where the user may not mount any."""
    (tmp_path / "small").mkdir()
    with mounted(tmp_path / "small", 4096) as disk:
        if disk is None:
            pytest.skip("this user may not mount a small disk")
        yield disk


@pytest.fixture(scope="session")
def opened(glass: Patient) -> Case:
    """The glass patient's case before its first step, left L4-L5."""
    return begin(glass, Setting(Level.L4_L5, Side.LEFT))


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the spine of blocks, imported; not to be written to."""
    return import_blocks(tmp_path_factory.mktemp("import"))


@pytest.fixture
def planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case begins by planning its corridor, a third of a second; the same beginning is planned once for all tests."""
    monkeypatch.setattr(player, "begin", _begun_once)


_BEGUN: dict[str, Case] = {}


def _begun_once(patient: Patient, setting: Setting) -> Case:
    key = repr((patient.digest, setting))
    if key not in _BEGUN:
        _BEGUN[key] = begin(patient, setting)
    return _BEGUN[key]


@pytest.fixture(scope="session")
def played(coarse_phantom: Patient) -> Callable[[str], Case]:
    """The last case of a shipped scenario on the coarse phantom; each is played once."""
    return cache(lambda name: play(read_yaml(SCENARIOS / f"{name}.yaml", Story), coarse_phantom)[-1])


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """What draws 3D pictures on this machine; skipped where nothing can."""
    found = probe()
    if not found:
        pytest.skip(f"this machine cannot draw: {found.reason}")
    return found


@pytest.fixture
def records_file(tmp_path: Path) -> Path:
    """Where a test keeps its records; nothing is there yet."""
    return tmp_path / "records.sqlite"


@pytest.fixture
def records_cli(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, records_file: Path
) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output and standard error of `dekomp-sim records WORDS` on the test's own file."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "records", *map(str, words)])
        monkeypatch.setenv("DEKOMP_SIM_RECORDS", str(records_file))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
