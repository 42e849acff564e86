"""What the page takes in a browser on the same machine: needle moved to picture shown, pictures a second, the room.

    python benchmarks/page.py            # needs chromium and playwright

Latency is measured in the page: from the key press to the first picture on the canvas that shows its moment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

MEASURE = """
(pane) => new Promise((resolve) => {
  const page = document.querySelector('[data-test=page]');
  const moment = Number(page.dataset.moment), begun = performance.now();
  const listen = (event) => {
    if (event.detail.pane === pane && event.detail.moment > moment) {
      window.removeEventListener('dekomp-drawn', listen);
      requestAnimationFrame(() => resolve(performance.now() - begun));
    }
  };
  window.addEventListener('dekomp-drawn', listen);
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', code: 'ArrowUp', bubbles: true }));
  setTimeout(() => resolve(-1), 5000);
})
"""

COUNT = """
(seconds) => new Promise((resolve) => {
  let drawn = 0;
  const listen = (event) => { if (event.detail.pane === 'live') drawn += 1; };
  window.addEventListener('dekomp-drawn', listen);
  setTimeout(() => { window.removeEventListener('dekomp-drawn', listen); resolve(drawn / seconds); }, seconds * 1000);
})
"""

STEPS = (
    "assess_candidate", "consent", "give_antibiotic", "position_prone", "time_out", "prepare_sterile_field", "sedate",
)  # fmt: skip


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    command = [
        sys.executable,
        "-m",
        "dekomp_sim",
        "serve",
        "l4l5_left_posterolateral",
        "--own-time",
        "-o",
        folder / "case",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = next(line.strip() for line in server.stdout if line.startswith("http"))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(url)
            measure(page)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)


def measure(page: Any) -> None:
    drawn = "document.querySelector('[data-test=pane-room]').dataset.drawn > 0"
    page.wait_for_selector("[data-test=pane-room]", timeout=60_000)
    page.wait_for_function(drawn, timeout=120_000)
    ask = "(message) => window.trame.trigger('desk', [message])"

    def perform(do: str, **values: object) -> None:
        found = page.evaluate(ask, {"what": "perform", "do": do, "values": values})
        assert not found, found

    for do in STEPS:
        perform(do)
    perform("set_view", view="lateral")
    perform("set_fluoroscopy", rate="normal", pulses_per_s=15)
    perform("insert", instrument="anaesthetic_needle")
    page.wait_for_timeout(1500)
    show("room: needle moved to picture shown", [page.evaluate(MEASURE, "room") for _ in range(20)])
    show("CT, axial: needle moved to picture shown", [page.evaluate(MEASURE, "axial") for _ in range(20)])
    page.keyboard.down(" ")
    page.wait_for_timeout(1500)
    print(f"pulsing at 15/s: {page.evaluate(COUNT, 4):.1f} pictures/s shown")
    show("fluoroscopy: needle moved to picture shown", [page.evaluate(MEASURE, "live") for _ in range(20)])
    page.evaluate("""() => { window.pushing = setInterval(() => window.dispatchEvent(
        new KeyboardEvent('keydown', { key: Math.random() < 0.5 ? 'ArrowUp' : 'ArrowDown', bubbles: true })), 60); }""")
    print(f"pulsing at 15/s with the needle moving: {page.evaluate(COUNT, 4):.1f} pictures/s shown")
    page.evaluate("() => clearInterval(window.pushing)")
    page.keyboard.up(" ")


def show(what: str, found_ms: list[float]) -> None:
    late = sum(found < 0 for found in found_ms)
    good = sorted(found for found in found_ms if found >= 0)
    print(
        f"{what}: median {median(good):.0f} ms, 95 % {good[int(0.95 * (len(good) - 1))]:.0f} ms"
        + (f", {late} late" if late else "")
    )


if __name__ == "__main__":
    main()
