"""A cached patient is the built one, bit for bit; a damaged or impossible cache costs time only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.anatomy.phantom.build import build_phantom
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.files import cached_patient, phantom_patient
from dekomp_sim.files.journal import plain
from dekomp_sim.files.phantoms import CACHE_VARIABLE, MOST_CACHED, cache_folder

SMALL = PhantomSpec(voxel_mm=3.0, cranial_mm=60.0, caudal_mm=60.0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def same(first: Patient, second: Patient) -> bool:
    assert first.volume.labels is not None
    assert second.volume.labels is not None
    return (
        np.array_equal(first.volume.hu, second.volume.hu)
        and np.array_equal(first.volume.labels, second.volume.labels)
        and plain(first.volume.patient_from_index) == plain(second.volume.patient_from_index)
        and plain(first.discs) == plain(second.discs)
        and plain(first.strands) == plain(second.strands)
        and (first.name, first.digest) == (second.name, second.digest)
    )


def test_the_second_time_the_same_patient_comes_from_the_cache(cache: Path) -> None:
    built, (file,) = cached_patient(SMALL), cache.iterdir()
    written = file.stat().st_ino

    loaded = cached_patient(SMALL)

    assert same(built, loaded)
    assert type(loaded.discs) is type(built.discs)
    assert not loaded.volume.hu.flags.writeable
    assert file.stat().st_ino == written


def test_who_comes_while_a_patient_is_built_waits_for_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[PhantomSpec] = []

    def slowly(spec: PhantomSpec) -> Patient:
        built.append(spec)
        time.sleep(0.2)
        return build_phantom(spec)

    monkeypatch.setattr("dekomp_sim.anatomy.phantom.build.build_phantom", slowly)
    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(cached_patient, [SMALL] * 3)

    assert len(built) == 1
    assert all(same(first, other) for other in others)
    assert [file.suffix for file in cache.iterdir()] == [".patient"]


def test_another_specification_is_another_patient(cache: Path) -> None:
    cached_patient(SMALL)
    other = cached_patient(replace(SMALL, herniation=None))

    assert all(disc.protrusion is None for disc in other.discs.values())
    assert len(list(cache.iterdir())) == 2


def shortened(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def with_a_changed_voxel(content: bytes) -> bytes:
    at = len(content) - 1000
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def with_a_changed_description(content: bytes) -> bytes:
    return content.replace(b'"half_width_mm"', b'"half_widht_mm"', 1)


@pytest.mark.parametrize("damage", [shortened, emptied, with_a_changed_voxel, with_a_changed_description])
def test_a_damaged_file_is_built_again(cache: Path, damage: Callable[[bytes], bytes]) -> None:
    built = cached_patient(SMALL)
    (file,) = cache.iterdir()
    file.write_bytes(damage(file.read_bytes()))

    assert same(built, cached_patient(SMALL))
    assert same(built, cached_patient(SMALL)), "and the file is whole again"


def test_without_a_place_for_the_cache_the_patient_is_built_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))

    assert cached_patient(SMALL).name == SMALL.name


def test_only_the_latest_patients_are_kept(cache: Path) -> None:
    cache.mkdir()
    for age in range(MOST_CACHED + 2):
        file = cache / f"phantom-{age}.patient"
        file.touch()
        os.utime(file, (1e9 - age, 1e9 - age))

    cached_patient(SMALL)

    assert len(list(cache.iterdir())) == MOST_CACHED
    assert (cache / "phantom-0.patient").exists()
    assert not (cache / f"phantom-{MOST_CACHED}.patient").exists()


def test_a_specifications_file_gives_its_patient(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text("voxel_mm: 3.0\ncranial_mm: 60.0\ncaudal_mm: 60.0\n")

    assert same(phantom_patient(tmp_path / "small.yaml"), cached_patient(SMALL))
    assert len(list(cache.iterdir())) == 1


def test_the_cache_lies_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)

    assert cache_folder().name == "dekomp-sim"
