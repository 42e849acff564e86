"""What README shows is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dekomp_sim.cli.app import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_python_of_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == "(512, 512) uint16\n"


def test_every_command_of_readme_exists(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    named = set(re.findall(r"^dekomp-sim ([a-z]+)", README, re.MULTILINE))
    assert {"run", "check", "schema", "phantom"} <= named
    for word in sorted(named):
        monkeypatch.setattr("sys.argv", ["dekomp-sim", word, "--help"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, word
    capsys.readouterr()


def test_every_file_and_picture_of_readme_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_every_make_target_of_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
