"""Another project keeps its own scenes: with the package installed, pytest there collects its scenario files."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from test_regress import SHORT

from dekomp_sim.regress.scene import renew, scene_of

ROOT = Path(__file__).parents[2]

PROJECT = """
[tool.pytest.ini_options]
dekomp_scenarios = ["scenes/*.yaml"]
"""


def installed(folder: Path) -> None:
    """What an installer leaves beside the package: its entry points, as this project declares them."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    about = folder / "dekomp_sim_outside-0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dekomp-sim-outside\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in declared.items()]
    (about / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]) + "\n")


def test_an_outside_project_keeps_its_own_scenes(tmp_path: Path) -> None:
    installed(tmp_path / "site")
    project = tmp_path / "project"
    scenes = project / "scenes"
    scenes.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "notes.yaml").write_text("no: scenario")
    (project / "test_own.py").write_text("def test_of_its_own(): assert True\n")
    for name in ("as_before", "changed", "new"):
        (scenes / f"{name}.yaml").write_text(SHORT)
    renew(scene_of(scenes / "as_before.yaml"))
    (scenes / "baselines" / "changed").mkdir()
    for file in (scenes / "baselines" / "as_before").iterdir():
        (scenes / "baselines" / "changed" / file.name).write_bytes(file.read_bytes())
    state = scenes / "baselines" / "changed" / "state.yaml"
    state.write_text(state.read_text().replace("heart_bpm: 72\n", "heart_bpm: 71\n", 1))

    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--dekomp-page", "changed.html"]
    run = subprocess.run(
        command, cwd=project, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )

    assert run.returncode == 1, run.stdout + run.stderr
    assert "scenes/as_before.yaml::state PASSED" in run.stdout
    assert "scenes/as_before.yaml::pictures PASSED" in run.stdout
    assert "scenes/changed.yaml::state FAILED" in run.stdout
    assert "scenes/changed.yaml::pictures PASSED" in run.stdout
    assert "step 0 (opening): heart_bpm was 71, is 72" in run.stdout
    assert "found no baseline; allowed: a folder with state.yaml. Write one with --update" in run.stdout
    assert "test_own.py::test_of_its_own PASSED" in run.stdout
    assert "notes.yaml" not in run.stdout
    assert "Traceback" not in run.stdout
    assert "3 failed, 4 passed" in run.stdout
    assert "1 of 2 scenarios changed" in (project / "changed.html").read_text()
