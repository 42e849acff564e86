"""Draws docs/gallery: AP, oblique and lateral of the built-in patient and of a real scan, for the eye to compare; and
the panes of the built-in scenario while the probe works.

The scan (`../shared/data` beside the checkout) is not part of the project; without it only the phantom is drawn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.files import load_patient, phantom_patient, read_yaml, shipped, write_png8
from dekomp_sim.geometry import CArm, Detector
from dekomp_sim.imaging.fluoroscope import Fluoroscope, Shot
from dekomp_sim.imaging.stand.brightness import Sensed, spot_controlled
from dekomp_sim.procedure import after
from dekomp_sim.procedure.actions import Expose, SetView, View
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.fluoroscopy.pictures import shot_of
from dekomp_sim.procedure.fluoroscopy.views import angles_of
from dekomp_sim.scenario.player import play
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.panes.disc import Cut, disc_picture, removed_picture
from dekomp_sim.viewer.panes.fluoroscopy import Live
from dekomp_sim.viewer.panes.gauges import manometer_picture, pressure_picture
from dekomp_sim.viewer.panes.roots import roots_picture
from dekomp_sim.viewer.panes.slices import Plane, Reading, picture
from dekomp_sim.viewer.practice.pedal import Pulse

ROOT = Path(__file__).parents[1]
SCAN = ROOT.parent / "shared" / "data"
SCENARIO = "l4l5_left_posterolateral"
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


def panes(patient: Patient) -> np.ndarray:
    """Live and stored fluoroscopy, the CT along the instrument and sagittal; the disc, its gauges; the roots."""
    cases = play(read_yaml(shipped("scenarios", SCENARIO), Story), patient)
    working = max(n for n, case in enumerate(cases) if "probe" in case.placements)
    case, live = cases[working], Live(patient)
    _pulsed(live, after(after(case, SetView(View.LATERAL)), Expose(frames=6)))
    live.store()
    _pulsed(live, after(after(case, SetView(View.AP)), Expose(frames=6)))
    fluoroscopy = [np.repeat(image[..., None], 3, axis=2) for image in (live.last_image, live.reference)]
    at = case.placements["probe"].tip_mm
    slices = [picture(case, plane, at, Reading(), 512) for plane in (Plane.ALONG, Plane.SAGITTAL)]
    above = np.hstack([*fluoroscopy, *slices])
    curves = np.vstack([removed_picture(case, (180, 400)), pressure_picture(cases[: working + 1], (180, 400))])
    disc = [disc_picture(case, cut, 360) for cut in Cut]
    below = [*disc, curves, manometer_picture(case, 360), roots_picture(cases, (360, 568), case.clock_s)]
    return np.vstack([above, np.hstack(below)])


def _pulsed(live: Live, case: Case) -> None:
    """The last exposure's pulses on the screen, and the pedal let go."""
    exposure = case.exposures[-1]
    for number in range(exposure.frames):
        live.frame(Pulse(shot_of(case, exposure, number, breathing=False), exposure, number))
    live.hold()


def main() -> None:
    folder = ROOT / "docs" / "gallery"
    folder.mkdir(exist_ok=True)
    reference = phantom_patient(shipped("phantoms", "lumbar_reference"))
    write_png8(folder / "phantom.png", row(reference))
    write_png8(folder / "panes.png", panes(reference))
    if SCAN.is_dir():
        scan = load_patient(SCAN / "torso_ct_3mm.nii.gz", SCAN / "torso_ct_3mm_vertebrae.nii.gz")
        write_png8(folder / "scan.png", row(scan))


if __name__ == "__main__":
    main()
