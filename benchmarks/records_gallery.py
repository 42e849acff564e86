"""Draws the pictures of docs/records.md: pages of made-up learners, photographed in a browser.

python benchmarks/records_gallery.py docs/gallery            # needs chromium and playwright
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from dekomp_sim.debrief.scoring.rating import Checklist, HumanAssessment, Rating
from dekomp_sim.records.pages import Asked, cohort_page, learner_page
from dekomp_sim.records.place import place_of
from dekomp_sim.records.store import Kept, Marked, Performed, opened

CASES = {"L01": 26, "L02": 19, "L03": 22, "L04": 14, "L05": 9, "L06": 3}
"""How many cases each made-up learner performed."""

WIDTH_PX, HEIGHT_PX = 1120, 1500
"""Size of a picture."""


def made_up(learner: str, number: int) -> Performed:
    """A case of a learner who gets better; drawn by learner and number."""
    sha256 = hashlib.sha256(f"{learner} {number}".encode()).hexdigest()
    draw = np.random.Generator(np.random.Philox(key=int(sha256[:16], 16))).random(6)
    left = max(0.2, 1.0 - 0.06 * number)  # of what a beginner still has to learn
    passed = bool(draw[5] > 0.5 * left**2)
    figures = {
        "procedure_s": (840.0 + 1000.0 * left * (0.8 + 0.4 * draw[0]), "s"),
        "exposures": (float(round(6 + 26 * left * (0.8 + 0.4 * draw[1]))), ""),
        "risk_contacts": (float(draw[2] < 0.4 * left), ""),
        "redirects": (float(round(5 * left * draw[3])), ""),
        "tip_to_target_mm": (1.5 + 8.0 * left * draw[4], "mm"),
    }
    title = ("L4-L5, left posterolateral", "Examination", "Obese patient")[number % 3]
    about = (sha256, f"2026-03-{number + 1:02d}", title, "L4-L5", "left", str(number), sha256, "0.1.0", False)
    return Performed(*about, figures, (Marked("examination", 60.0 + 35.0 * passed, passed),))


def cohort(folder: Path) -> tuple[Kept, ...]:
    """All cases, kept and read again."""
    with opened(place_of(str(folder / "records.sqlite")), new=True) as records:
        for learner, many in CASES.items():
            records.add(learner, *(made_up(learner, number) for number in range(many)))
        seen = Checklist(candidate_assessed=True, consent_obtained=True, recovery_explained=False)
        records.assess(1, HumanAssessment(1, "A3", Rating(3, 2, 3, 4, 3, 3, 4), seen))
        return records.cases()


def photograph(pages: Sequence[Path], folder: Path) -> None:
    """The upper part of each page as PNG."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for page in pages:
            sheet = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
            sheet.goto(page.as_uri())
            png = folder / f"records_{page.stem}.png"
            sheet.screenshot(path=png)
            Image.open(png).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(png, optimize=True)
        browser.close()


def main() -> None:
    """Write the pages and their pictures."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        cases, asked = cohort(folder), Asked("examination")
        pages = {"learner": learner_page([c for c in cases if c.learner == "L01"], asked)}
        pages["cohort"] = cohort_page(cases, asked)
        for name, text in pages.items():
            (folder / f"{name}.html").write_text(text)
        photograph([folder / f"{name}.html" for name in pages], Path(sys.argv[1]))


if __name__ == "__main__":
    main()
