"""The page's picture in README and docs: a needle steered under fluoroscopy, in a real browser.

`python benchmarks/page_gallery.py [FOLDER]` writes `steering.png` there, into docs/gallery/page where none is named. It
needs Playwright and a Chromium, as the tests of the page do. It performs the steps of `tests/page.py` up to the needle.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from page import STEPS, served  # noqa: E402 - found where the tests are
from visitor import Visitor, chromium  # noqa: E402

OBLIQUE: Final = {"do": "set_view", "view": "oblique"}
"""How the corridor is looked along."""

DEEP: Final = {"do": "advance", "instrument": "discography_needle", "to": "annulus", "offset_mm": 1.0}
"""The last step: the tip just within the annulus."""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/gallery/page"
    steps = YAML(typ="safe").load("steps:" + STEPS)["steps"]
    last = next(n for n, step in enumerate(steps) if step["do"] == "advance" and step.get("to") == "nucleus_centre")
    with TemporaryDirectory() as place, served(Path(place)) as page, chromium() as browser:
        visitor = Visitor(browser, page)
        for step in steps[:last]:
            visitor.perform(step)
        for words in ("To reference", "Close"):
            visitor.tab.get_by_role("button", name=words, exact=True).click()
        for step in (DEEP, OBLIQUE):
            visitor.perform(step)
        visitor.tab.locator("[data-test=pedal]").hover()
        visitor.tab.mouse.down()
        visitor.tab.wait_for_timeout(2500)
        visitor.tab.screenshot(path=folder / "steering.png")
        visitor.tab.mouse.up()
    print(folder / "steering.png")


if __name__ == "__main__":
    main()
