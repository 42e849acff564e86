"""Draws docs/gallery/ct/*.png: what the scanner sees in the scenario ct_guided."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.files import cached_patient, read_yaml, shipped
from dekomp_sim.imaging.ct.display import CONTRAST_WINDOW, NEEDLE_WINDOW, HuWindow, on_screen
from dekomp_sim.imaging.ct.scanner import Scanner
from dekomp_sim.procedure.ct.pictures import nearest_slice, shots_of
from dekomp_sim.scenario import Story, play

FOLDER = Path(__file__).parents[1] / "docs" / "gallery" / "ct"
SIZE = 320
CHOSEN: dict[int, tuple[str, HuWindow]] = {
    0: ("planning", NEEDLE_WINDOW), 3: ("tip", NEEDLE_WINDOW), 5: ("discogram", CONTRAST_WINDOW),
    8: ("cannula", NEEDLE_WINDOW),
}  # fmt: skip


def main() -> None:
    story = read_yaml(shipped("scenarios", "ct_guided"), Story)
    patient = cached_patient(story.specification(PhantomSpec()))
    scanner, cases = Scanner(patient), play(story, patient)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for before, later in pairwise(cases):
        for taken in later.acquisitions[len(before.acquisitions) :]:
            if taken.index not in CHOSEN:
                continue
            name, window = CHOSEN[taken.index]
            number = nearest_slice(later, taken, later.plan.target_mm) if taken.slices > 3 else taken.slices // 2
            made = scanner.scan(shots_of(later, taken, [number])[0])
            grey = (on_screen(made, window, ()) >> 8).astype(np.uint8)
            Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
