"""Draws docs/gallery/discograms.png: the five types of Adams, each lateral, AP and in CT, in the built-in patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dekomp_sim.anatomy import Level, Side
from dekomp_sim.disc import Disc, discogram, inject, voxelise
from dekomp_sim.files import phantom_patient, shipped, write_png8
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.console.display import annotated
from dekomp_sim.imaging.ct.acquisition import Turn
from dekomp_sim.imaging.ct.display import CONTRAST_WINDOW, on_screen
from dekomp_sim.imaging.ct.gantry import Gantry, tilt_along_deg
from dekomp_sim.imaging.ct.protocol import Protocol
from dekomp_sim.imaging.ct.scanner import Scanner, SliceShot
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.stand.brightness import Sensed, spot_controlled
from dekomp_sim.procedure.actions import View
from dekomp_sim.procedure.fluoroscopy.views import angles_of

ROOT = Path(__file__).parents[1]
LEVEL = Level.L3_L4
VIEWS = ((View.LATERAL, 95.0), (View.AP, 80.0))
DETECTOR = Detector(320, 320, 0.35)
PROTOCOL = Protocol(120.0, 150.0, 3.0, 80.0, matrix=320)


@dataclass(frozen=True)
class Kind:
    """What is injected to show a type: grade, lobes and volume."""

    grade: int
    lobular: bool
    volume_ml: float


KINDS = (Kind(0, False, 0.9), Kind(0, True, 0.8), Kind(2, False, 1.3), Kind(3, False, 1.3), Kind(5, False, 2.5))


def column(scanner: Scanner, scope: Fluoroscope, disc: Disc) -> np.ndarray:
    """One type: lateral, AP and CT over each other."""
    read = discogram(disc)
    name = f"{read.adams}, Dallas {read.dallas}" if read else "nothing"
    pictures = []
    for view, kv in VIEWS:
        way = np.array([-0.7, -0.7, 0.0])
        carm = CArm(*angles_of(view, disc.shape, Side.LEFT, way, 180.0), disc.shape.patient_from_disc.translation_mm)
        technique = spot_controlled(Sensed(20.0, 1.0), carm, kv).technique
        display = scope.expose(Shot(carm, DETECTOR, technique, discs=(disc,), seed=1)).display
        pictures.append((annotated(display, None, ["", "", "", name]) >> 8).astype(np.uint8))
    tilt = tilt_along_deg(disc.shape.patient_from_disc.directions([0.0, 1.0, 0.0]))
    turn = Turn(PROTOCOL, Gantry(tilt_deg=tilt), seed=1)
    taken = scanner.scan(SliceShot(disc.shape.patient_from_disc.translation_mm, turn, discs=(disc,)))
    pictures.append((on_screen(taken, CONTRAST_WINDOW, (name,), prone=False) >> 8).astype(np.uint8))
    return np.vstack(pictures)


def main() -> None:
    patient = phantom_patient(shipped("phantoms", "lumbar_reference"))
    scanner, scope = Scanner(patient), Fluoroscope(patient)
    discs = [
        inject(voxelise(patient.discs[LEVEL], kind.grade, lobular=kind.lobular), kind.volume_ml, 0.05) for kind in KINDS
    ]
    write_png8(
        ROOT / "docs" / "gallery" / "discograms.png", np.hstack([column(scanner, scope, disc) for disc in discs])
    )


if __name__ == "__main__":
    main()
