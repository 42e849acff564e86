"""Draws the picture of docs/scale.md: the page of a small sweep, photographed in a browser.

python benchmarks/sweep_gallery.py docs/gallery            # needs chromium and playwright; half a minute
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

SWEEP = ("l5s1_left_posterolateral", "--vary", "operator.entry_error_mm=0:12", "--vary", "card.weight_kg=50:110")
CASES = 128
WIDTH_PX = 1120
SHOWN = ("keys", "maps", "figures")
"""Sections of the page that are shown, from the top of the first; of the last only the beginning."""
LAST_PX = 620


def photograph(page: Path, png: Path) -> None:
    """What a reader of the sections sees, as PNG."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        sheet = browser.new_page(viewport={"width": WIDTH_PX, "height": 900})
        sheet.goto(page.as_uri())
        first, last = (sheet.locator(f"#{SHOWN[end]}").bounding_box() for end in (0, -1))
        assert first is not None
        assert last is not None
        clip = {"x": 0, "y": first["y"], "width": WIDTH_PX, "height": last["y"] + LAST_PX - first["y"]}
        sheet.screenshot(path=png, full_page=True, clip=clip)
        browser.close()
    Image.open(png).convert("P", palette=Image.Palette.ADAPTIVE, colors=160).save(png, optimize=True)


def main() -> None:
    """Perform the sweep and photograph its page."""
    with TemporaryDirectory() as folder:
        words = ["sweep", *SWEEP, "-o", folder, "--cases", str(CASES), "--workers", "2"]
        subprocess.run([sys.executable, "-m", "dekomp_sim", *words], check=True)
        photograph(Path(folder) / "report.html", Path(sys.argv[1]) / "sweep.png")


if __name__ == "__main__":
    main()
