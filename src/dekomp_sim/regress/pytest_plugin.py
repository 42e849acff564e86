"""A pytest plugin: another project's scenario files become tests beside its own.

In that project's pyproject.toml:

    [tool.pytest.ini_options]
    dekomp_scenarios = ["scenes/*.yaml"]

It is loaded by its entry point wherever the package is installed, and collects nothing unless asked; so this file
imports the simulator only where a scenario is played.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from dekomp_sim.errors import DekompSimError

if TYPE_CHECKING:
    from dekomp_sim.regress.scene import Verdict

SCENARIOS: Final = "dekomp_scenarios"
BASELINES: Final = "dekomp_baselines"
UPDATE: Final = "--dekomp-update"
PAGE: Final = "--dekomp-page"
ANY_PLATFORM: Final = "--dekomp-any-platform"

_HANDED: Final = "dekomp_sim_verdicts"
"""Key of what a process of pytest-xdist hands to the one that started it; only simple types travel, such as bytes."""

_VERDICTS = pytest.StashKey[list["Verdict"]]()
_SCENARIOS = pytest.StashKey[frozenset[Path]]()


class ChangedError(Exception):
    """A scene is not what it was; its message says where."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which files are scenarios, and where their baselines are."""
    group = parser.getgroup("dekomp_sim")
    group.addoption(UPDATE, action="store_true", help="write the baselines of scenarios instead of comparing")
    group.addoption(PAGE, type=Path, help="write before, after and difference of scenarios to this HTML file")
    group.addoption(ANY_PLATFORM, action="store_true", help="compare with baselines of another platform as well")
    parser.addini(SCENARIOS, "scenario files, as patterns from the project's root", type="linelist")
    parser.addini(BASELINES, "folder of their baselines; 'baselines' beside each where not given")


def pytest_configure(config: pytest.Config) -> None:
    """Which files are scenarios, and a place for what is found."""
    config.stash[_VERDICTS] = []
    config.stash[_SCENARIOS] = frozenset(
        file for pattern in config.getini(SCENARIOS) for file in _named(config.rootpath, pattern)
    )


def _named(root: Path, pattern: str) -> Iterable[Path]:
    if Path(pattern).is_absolute():
        raise pytest.UsageError(
            f"{SCENARIOS}: found {pattern}; allowed: patterns from the project's root, as scenes/*.yaml."
        )
    return root.glob(pattern)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """A scenario, if the project calls the file one."""
    if file_path not in parent.config.stash[_SCENARIOS]:
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A scenario: played once, and two tests of what it left."""

    def collect(self) -> Iterable[ScenarioItem]:
        """Its state, and its pictures; when baselines are written, that alone."""
        names = ("baseline",) if self.config.getoption(UPDATE) else ("state", "pictures")
        return [ScenarioItem.from_parent(self, name=name) for name in names]

    @cached_property
    def verdict(self) -> Verdict:
        """What the comparison found."""
        from dekomp_sim.regress.scene import judge

        found = judge(self.scene, self.config.getoption(ANY_PLATFORM))
        self.config.stash[_VERDICTS].append(found)
        return found

    @cached_property
    def scene(self) -> Any:
        """The scenario with its baseline."""
        from dekomp_sim.regress.scene import scene_of

        folder = self.config.getini(BASELINES)
        return scene_of(self.path, self.config.rootpath / folder if folder else None)


class ScenarioItem(pytest.Item):
    """One test of a scenario."""

    def runtest(self) -> None:
        """Compare, or write the baseline."""
        scenario = self.parent
        assert isinstance(scenario, ScenarioFile)
        if self.name == "baseline":
            from dekomp_sim.regress.scene import renew

            renew(scenario.scene)
            return
        verdict = scenario.verdict
        told = verdict.state_words if self.name == "state" else verdict.picture_words
        if told:
            raise ChangedError("\n".join((*told, *(f"note: {note}" for note in verdict.notes))))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A sentence for what has changed and for a mistake, a traceback for anything else."""
        if isinstance(excinfo.value, ChangedError | DekompSimError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What the report calls it."""
        return self.path, None, f"{self.path.name}: {self.name}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where tests run side by side (pytest-xdist): hand what was found to the process that writes the page."""
    handed: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed is not None and session.config.getoption(PAGE) is not None:
        handed[_HANDED] = pickle.dumps(session.config.stash[_VERDICTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what another process found; of a scenario that two of them compared, once."""
    handed = getattr(node, "workeroutput", {}).get(_HANDED)
    if handed is not None:
        found: list[Verdict] = pickle.loads(handed)
        verdicts = node.config.stash[_VERDICTS]
        known = {verdict.scene.path for verdict in verdicts}
        verdicts.extend(verdict for verdict in found if verdict.scene.path not in known)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Write the page where it was asked for."""
    target, verdicts = config.getoption(PAGE), config.stash[_VERDICTS]
    if target is None or not verdicts:
        return
    from dekomp_sim.files import write_text
    from dekomp_sim.regress.page import page

    try:
        write_text(target, page(sorted(verdicts, key=lambda verdict: verdict.scene.path)))
    except DekompSimError as mistake:
        terminalreporter.write_line(f"{PAGE}: {mistake}", red=True)
    else:
        terminalreporter.write_line(f"Scenarios before and after: {target.resolve()}")
