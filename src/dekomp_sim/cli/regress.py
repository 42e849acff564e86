"""`dekomp-sim regress`: scenarios played again and compared with their baselines, or made the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from dekomp_sim.cli.documents import document
from dekomp_sim.errors import DekompSimError
from dekomp_sim.files import write_text
from dekomp_sim.regress.page import page
from dekomp_sim.regress.scene import Scene, Verdict, judge, renew, scenes_in

HERE: Final = "scenarios"
"""The folder that is played where no path is given."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: see `dekomp-sim regress --help`."""

    paths: tuple[str, ...] = ()
    baselines: Path | None = None
    page: Path = Path("regress.html")
    update: bool = False
    any_platform: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Whether all scenes were what they were, and the mistakes that kept some from being compared."""

    same: bool
    mistakes: tuple[DekompSimError, ...]


def regress(request: Request, console: Console) -> Result:
    """Compare or renew every scene, and say for each how it went; a mistake in one does not stop the others.

    Raises
    ------
    InputError
        If a path is no scenario, or the page cannot be written.
    """
    paths = [document("scenarios", name) for name in request.paths] or [Path(HERE)]
    verdicts: list[Verdict] = []
    mistakes: list[DekompSimError] = []
    for scene in scenes_in(paths, request.baselines):
        try:
            if request.update:
                _renew(scene, console)
            else:
                verdicts.append(_judged(scene, request, console))
        except DekompSimError as mistake:
            mistakes.append(mistake)
    return _concluded(request, verdicts, mistakes, console)


def _renew(scene: Scene, console: Console) -> None:
    with console.status(f"{scene.name} ..."):
        renew(scene)
    console.print(f"{scene.name}: baseline written to {scene.baseline}", soft_wrap=True, markup=False)


def _judged(scene: Scene, request: Request, console: Console) -> Verdict:
    with console.status(f"{scene.name} ..."):
        verdict = judge(scene, request.any_platform, timing=True)
    _tell(verdict, console)
    return verdict


def _tell(verdict: Verdict, console: Console) -> None:
    outcome = "the same" if verdict.same else "changed"
    console.print(f"{verdict.scene.name}: {outcome}; {verdict.pace_words}", soft_wrap=True, markup=False)
    notes = (f"note: {note}" for note in verdict.notes)
    for words in (*verdict.state_words, *verdict.picture_words, *notes):
        console.print(f"  {words}", soft_wrap=True, markup=False)


def _concluded(
    request: Request, verdicts: Sequence[Verdict], mistakes: Sequence[DekompSimError], console: Console
) -> Result:
    changed = sum(not verdict.same for verdict in verdicts)
    if changed:
        write_text(request.page, page(verdicts))
        console.print(f"{changed} of {len(verdicts)} changed. Before, after, difference: {request.page.resolve()}")
    elif verdicts:
        console.print(f"{len(verdicts)} scenarios, all the same as their baselines.")
    return Result(not changed, tuple(mistakes))
