"""A page served by a process of its own, for the tests that knock at its door and those that perform a case on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

STEPS = """
  - {do: assess_candidate}
  - {do: consent}
  - {do: give_antibiotic}
  - {do: wait, seconds: 1500}
  - {do: position_prone}
  - {do: time_out}
  - {do: prepare_sterile_field}
  - {do: sedate}
  - {do: set_view, view: ap}
  - {do: expose, frames: 2}
  - {do: insert, instrument: anaesthetic_needle}
  - {do: advance, instrument: anaesthetic_needle, to_depth_mm: 5.0}
  - {do: advance, instrument: anaesthetic_needle, to_depth_mm: 10.0}
  - {do: anaesthetise, volume_ml: 3}
  - {do: remove, instrument: anaesthetic_needle}
  - {do: wait, seconds: 90}
  - {do: set_view, view: lateral}
  - {do: insert, instrument: discography_introducer}
  - {do: advance, instrument: discography_introducer, to: annulus, offset_mm: -20}
  - {do: insert, instrument: discography_needle}
  - {do: advance, instrument: discography_needle, to: nucleus_centre, offset_mm: 0}
  - {do: inject_contrast, volume_ml: 0.25}
  - {do: ask_patient}
  - {do: remove, instrument: discography_needle}
  - {do: remove, instrument: discography_introducer}
  - {do: incise}
  - {do: insert, instrument: trocar_cannula}
  - {do: advance, instrument: trocar_cannula, to: nucleus, offset_mm: 5}
  - {do: remove_stylet}
  - {do: insert_probe}
  - {do: expose, spot: true}
  - {do: decompress, strokes: 10, stroke_mm: 10, seconds: 20}
  - {do: remove, instrument: probe}
  - {do: send_specimen}
  - {do: remove, instrument: trocar_cannula}
  - {do: bandage}
  - {do: advise_recovery}
"""

SCENARIO = f"""dekomp_sim: 1
title: "On the page"
level: L4-L5
side: left
card: {{weight_kg: 68}}
objectives: {{removed_ml_at_least: 0.1}}
steps:{STEPS}"""


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is up."""

    url: str
    folder: Path
    pid: int

    @property
    def root(self) -> str:
        return f"http://{urlsplit(self.url).netloc}"

    @property
    def key(self) -> str:
        return urlsplit(self.url).query.removeprefix("key=")

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


@contextmanager
def served(folder: Path, *more: str, shipped: str | None = None) -> Iterator[Served]:
    """`dekomp-sim serve` on a scenario, ended afterwards, which it must do in order; a `shipped` one by its name."""
    scenario = folder / "case.yaml"
    scenario.write_text(SCENARIO)
    command = [
        sys.executable,
        "-m",
        "dekomp_sim",
        "serve",
        shipped or str(scenario),
        "--own-time",
        "-o",
        str(folder / "out"),
        *more,
    ]
    with (folder / "complaints").open("w") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
        assert process.stdout is not None
        try:
            url = next((line.strip() for line in process.stdout if line.startswith("http")), "")
            assert url, (folder / "complaints").read_text()
            yield Served(url, folder / "out", process.pid)
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode == 0
