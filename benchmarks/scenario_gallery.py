"""Draws a picture of every shipped scenario into docs/gallery/scenarios, and writes docs/scenarios.md about them.

python benchmarks/scenario_gallery.py [NAME ...]    draws only those named; the page is always about all
"""

from __future__ import annotations

import io
import re
import sys
from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np
from PIL import Image

from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.files import cached_patient, read_yaml, shipped
from dekomp_sim.files.shipped import shipped_names
from dekomp_sim.imaging.ct.display import NEEDLE_WINDOW, enlarged, on_screen
from dekomp_sim.imaging.ct.scanner import Scanner
from dekomp_sim.imaging.fluoroscope import Fluoroscope
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.pictures import shots_of
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.scenario.player import play
from dekomp_sim.scenario.story import Difficulty, Story
from dekomp_sim.viewer.probe import probe
from dekomp_sim.viewer.scene.cameras import View
from dekomp_sim.viewer.scene.of_case import telling
from dekomp_sim.viewer.snapshot import snapshot

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery" / "scenarios"
HEIGHT = 240
COLOURS = 160


def story_of(name: str) -> Story:
    return read_yaml(shipped("scenarios", name), Story)


def drawn(story: Story) -> Image.Image:
    """The telling moment in three dimensions, beside the last fluoroscopy with an instrument in it."""
    patient = cached_patient(story.specification(read_yaml(shipped("phantoms", story.phantom), PhantomSpec)))
    cases = play(story.as_performed(), patient)
    scene = Image.open(io.BytesIO(snapshot(cases, (HEIGHT * 4 // 3, HEIGHT), View.CLOSE_UP, probe())))
    pictures = [scene.convert("RGB")]
    shown = [case for case in cases if case.exposures and case.placements] or [case for case in cases if case.exposures]
    if cases[-1].guidance.has_scanner:
        pictures.append(slice_of(cases))
    elif shown:
        case = next((case for case in reversed(cases) if case is telling(cases)), shown[-1])
        case = case if case.exposures else shown[-1]
        display = Fluoroscope(patient).expose(shot_of(case, case.exposures[-1])).display
        grey = Image.fromarray((display >> 8).astype(np.uint8)).resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
        pictures.append(grey.convert("RGB"))
    whole = Image.new("RGB", (sum(one.width for one in pictures), HEIGHT))
    at = 0
    for one in pictures:
        whole.paste(one, (at, 0))
        at += one.width
    return whole.quantize(COLOURS)


def slice_of(cases: tuple[Case, ...]) -> Image.Image:
    """The last single slice of the scanner with an instrument's tip in it."""
    pairs = [(later, later.acquisitions[-1]) for before, later in pairwise(cases)
             if len(later.acquisitions) > len(before.acquisitions)]  # fmt: skip
    case, taken = [pair for pair in pairs if pair[1].shows][-1]
    made = Scanner(case.patient).scan(shots_of(case, taken, [taken.slices // 2])[0])
    grey = (on_screen(enlarged(made), NEEDLE_WINDOW, ()) >> 8).astype(np.uint8)
    return Image.fromarray(grey).resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS).convert("RGB")


def head_of(name: str) -> tuple[str, str]:
    """What a scenario says it teaches in its first lines, and how it ends."""
    lines = shipped("scenarios", name).read_text().splitlines()
    said = " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("# "), lines))
    teaches = re.search(r"Teaches:? (.*?)(?:It ends in harm\.|$)", said)
    return (teaches.group(1).strip() if teaches else ""), "harm" if "ends in harm" in said else ""


def page(names: list[str]) -> str:
    rank = {level: number for number, level in enumerate(Difficulty)}

    def order(name: str) -> tuple[bool, int, str]:
        return name.startswith(("complication", "reaction")), rank[story_of(name).difficulty], name

    rows = [
        "# The scenarios that come with it",
        "",
        "`dekomp-sim explain NAME` tells one in words, `dekomp-sim view NAME` lets you perform it, and",
        "`dekomp-sim run NAME -o FOLDER` plays it. Each picture shows the telling moment in three dimensions and a",
        "fluoroscopy or CT slice of it; `python benchmarks/scenario_gallery.py` draws them all.",
        "",
        "| scenario | for whom | what it teaches | ends in | picture |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in sorted(names, key=order):
        story, (teaches, ends) = story_of(name), head_of(name)
        words = teaches or story.title
        picture = f"![{story.title}](gallery/scenarios/{name}.png)"
        rows.append(f"| `{name}`: {story.title} | {story.difficulty} | {words} | {ends} | {picture} |")
    return "\n".join(rows) + "\n"


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = list(shipped_names("scenarios"))
    for name in wanted or names:
        drawn(story_of(name)).save(FOLDER / f"{name}.png", optimize=True)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
    (ROOT / "docs" / "scenarios.md").write_text(page(names))


if __name__ == "__main__":
    main(sys.argv[1:])
