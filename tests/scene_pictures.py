"""The small pictures of the 3D scene that are compared with committed ones; run as a script, it renews them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from trunk import CENTRE_MM, case

from dekomp_sim.arrays import UInt8Array
from dekomp_sim.files import write_png8
from dekomp_sim.geometry import CArm
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.records import Tip
from dekomp_sim.viewer.probe import Renderer, probe
from dekomp_sim.viewer.scene.cameras import View
from dekomp_sim.viewer.scene.of_case import scene_of
from dekomp_sim.viewer.scene.parts import Scene
from dekomp_sim.viewer.scene.visibility import AXIAL, CLOSE_UP, DEBRIEF, EXAM, PRACTICE, Visibility
from dekomp_sim.viewer.snapshot import picture

FOLDER = Path(__file__).parent / "baselines"

SIZE = (240, 180)


@dataclass(frozen=True)
class Baseline:
    """From where, and what of it is shown; `nearer` is a moment of its own."""

    view: View
    visibility: Visibility
    moment: Callable[[], Case] = case


def debriefed() -> Case:
    """The way of the cannula: in, back, and in again beside its plan."""
    entry, inward = case().plan.entry_mm, case().plan.direction
    aside = np.array([0.05, 0.0, 0.25])
    places = [entry, entry + 40.0 * inward, entry + 10.0 * inward, entry + 70.0 * (inward + aside)]
    depths = (0.0, 40.0, 10.0, 70.0)
    tips = (
        Tip(float(n), "trocar_cannula", depth, tuple(at))
        for n, (depth, at) in enumerate(zip(depths, places, strict=True))
    )
    return replace(case(), track=tuple(tips))


BASELINES = {
    "close-up": Baseline(View.CLOSE_UP, CLOSE_UP),
    "axial": Baseline(View.AXIAL, AXIAL),
    "room": Baseline(View.ROOM, PRACTICE),
    "examination": Baseline(View.OVERVIEW, EXAM, lambda: replace(case(), carm=CArm(-90.0, 0.0, CENTRE_MM))),
    "needle": Baseline(View.NEEDLE, CLOSE_UP),
    "debriefing": Baseline(View.CLOSE_UP, DEBRIEF, debriefed),
}


def drawn(name: str, renderer: Renderer, change: Callable[[Scene], Scene] = lambda scene: scene) -> UInt8Array:
    """One of the pictures, of a scene that may be changed before; without key and caption, which change with it."""
    asked = BASELINES[name]
    scene = change(scene_of(asked.moment(), beam=True))
    bare = tuple(replace(part, look=replace(part.look, meaning="")) for part in scene.parts)
    return picture(replace(scene, parts=bare, outside="", inside=""), renderer, SIZE, asked.view, asked.visibility)


def changed_pixels(one: UInt8Array, other: UInt8Array) -> int:
    """How many pixels differ by more than 16 of 255 in any colour."""
    return int((np.abs(one.astype(int) - other.astype(int)).max(axis=2) > 16).sum())


def baseline(name: str) -> UInt8Array:
    """The committed picture."""
    return np.asarray(Image.open(FOLDER / f"{name}.png").convert("RGB"))


def main() -> None:
    renderer = probe()
    for name in BASELINES:
        write_png8(FOLDER / f"{name}.png", drawn(name, renderer), {"Description": f"baseline of {renderer.reason}"})


if __name__ == "__main__":
    main()
