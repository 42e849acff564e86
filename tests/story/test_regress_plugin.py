"""Another project keeps its own scenes: with the package installed, pytest there collects its scenario files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from test_regress import SHORT

from dekomp_sim.regress.scene import renew, scene_of

ROOT = Path(__file__).parents[2]

PROJECT = """
[tool.pytest.ini_options]
dekomp_scenarios = ["scenes/*.yaml"]
dekomp_baselines = "kept"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a test of its own, a scene, and a YAML file that is none."""
    folder = tmp_path / "project"
    (folder / "scenes").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "notes.yaml").write_text("no: scenario")
    (folder / "test_own.py").write_text("def test_of_its_own(): assert True\n")
    (folder / "scenes" / "as_before.yaml").write_text(SHORT)
    return folder


def installed(folder: Path) -> str:
    """A path on which the package is found as an installer leaves it: with the entry points this project declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    about = folder / "dekomp_sim_outside-0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dekomp-sim-outside\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in declared.items()]
    (about / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]) + "\n")
    return os.pathsep.join([str(folder), str(ROOT / "src")])


def run_pytest(project: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of `pytest WORDS` in that project."""
    environment = {**os.environ, "PYTHONPATH": installed(project.parent / "site")}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *words]
    run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_an_outside_project_keeps_its_own_scenes(project: Path) -> None:
    code, said = run_pytest(project, "--dekomp-update", "scenes")
    assert (code, "scenes/as_before.yaml::baseline PASSED" in said) == (0, True), said

    shutil.copytree(project / "kept" / "as_before", project / "kept" / "changed")
    state = project / "kept" / "changed" / "state.yaml"
    state.write_text(state.read_text().replace("heart_bpm: 72\n", "heart_bpm: 71\n", 1))
    for name in ("changed", "new"):
        (project / "scenes" / f"{name}.yaml").write_text(SHORT)
    code, said = run_pytest(project, "--dekomp-page", "changed.html")

    assert code == 1, said
    assert "scenes/as_before.yaml::state PASSED" in said
    assert "scenes/as_before.yaml::pictures PASSED" in said
    assert "scenes/changed.yaml::state FAILED" in said
    assert "scenes/changed.yaml::pictures PASSED" in said
    assert "step 0 (opening): heart_bpm was 71, is 72" in said
    assert "found no baseline; allowed: a folder with state.yaml. Write one with --update" in said
    assert "test_own.py::test_of_its_own PASSED" in said
    assert "notes.yaml" not in said
    assert "Traceback" not in said
    assert "3 failed, 4 passed" in said
    assert "1 of 2 scenarios changed" in (project / "changed.html").read_text()


def test_side_by_side_a_scene_that_two_processes_compare_is_on_the_page_once(project: Path) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    renew(scene_of(project / "scenes" / "as_before.yaml", project / "kept"))
    page = project / "page.html"

    code, said = run_pytest(project, "-n", "2", "--dekomp-page", str(page), "scenes")

    assert (code, "2 passed" in said, f"Scenarios before and after: {page}" in said) == (0, True, True), said
    assert "0 of 1 scenarios changed" in page.read_text()


def test_a_pattern_that_is_none_of_the_project_is_refused_in_a_sentence(project: Path) -> None:
    (project / "pyproject.toml").write_text(PROJECT.replace("scenes/*", "/scenes/*"))
    code, said = run_pytest(project)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "dekomp_scenarios: found /scenes/*.yaml; allowed: patterns from the project's root" in said
    assert "Traceback" not in said
