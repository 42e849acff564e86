"""Draws docs/gallery: AP, oblique and lateral of the built-in patient and of a real scan, for the eye to compare.

The scan (`../shared/data` beside the checkout) is not part of the project; without it only the phantom is drawn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.files import load_patient, phantom_patient, shipped, write_png8
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.stand.brightness import Sensed, spot_controlled
from dekomp_sim.procedure.actions import View
from dekomp_sim.procedure.fluoroscopy.views import angles_of

ROOT = Path(__file__).parents[1]
SCAN = ROOT.parent / "shared" / "data"
VIEWS = ((View.AP, 80.0), (View.OBLIQUE, 80.0), (View.LATERAL, 110.0))


def row(patient: Patient) -> np.ndarray:
    """The three views of the L4-L5 disc side by side, automatic exposure for a spot picture."""
    shape = patient.discs[Level.L4_L5]
    scope, detector = Fluoroscope(patient), Detector()
    pictures = []
    for number, (view, kv) in enumerate(VIEWS):
        way = np.array([-0.7, -0.7, 0.0])
        carm = CArm(*angles_of(view, shape, Side.LEFT, way, 180.0), shape.patient_from_disc.translation_mm)
        technique = spot_controlled(Sensed(20.0, 1.0), carm, kv).technique
        shot = Shot(carm, detector, technique, seed=1, index=number)
        pictures.append((scope.expose(shot).display >> 8).astype(np.uint8))
    return np.hstack(pictures)


def main() -> None:
    folder = ROOT / "docs" / "gallery"
    folder.mkdir(exist_ok=True)
    write_png8(folder / "phantom.png", row(phantom_patient(shipped("phantoms", "lumbar_reference"))))
    if SCAN.is_dir():
        scan = load_patient(SCAN / "torso_ct_3mm.nii.gz", SCAN / "torso_ct_3mm_vertebrae.nii.gz")
        write_png8(folder / "scan.png", row(scan))


if __name__ == "__main__":
    main()
